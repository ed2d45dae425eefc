"""`utvandring export`: what is written, that it is whole, and that spreadsheets read it as it is."""

import csv
import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import openpyxl
import pytest
from conftest import Command

from utvandring.common.project import DataRoot
from utvandring.release import exporting

ROWS = [(2012, "03", None, None), (2013, "=1+1", 20, 12.5), (2013, 'Ålesund; "by"', 1005, 0.1 + 0.2)]


@pytest.fixture
def published(data_root: Path) -> Path:
    """Give a publication with released tables and others, written by hand."""
    root = DataRoot(data_root)
    root.prepare()
    with duckdb.connect(str(root.publication)) as connection:
        for schema in ("marts", "release"):
            connection.execute(f"create schema {schema}")
        connection.execute("create table marts.person_year (person_id varchar)")
        connection.execute("insert into marts.person_year values ('secret')")
        connection.execute(
            "create table release.rate (outcome_year integer, place varchar, persons_n bigint, rate double)"
        )
        connection.executemany("insert into release.rate values (?, ?, ?, ?)", ROWS)
        connection.execute("comment on table release.rate is 'Rates by place.'")
        connection.execute("comment on column release.rate.place is 'Where.'")
        connection.execute(
            "create table release.delivery as "
            "select '2014-03-01' as delivery_id, '2014-03-15' as produced_at, "
            "'2014-03-16' as received_at, true as is_simulated"
        )
        connection.execute(
            "create table release.disclosure_rule as "
            "select 'threshold' as rule, 5 as value, 'Small.' as description"
        )
        connection.execute("create table release.declared_column (table_name varchar, column_name varchar)")
        connection.execute(
            "insert into release.declared_column select table_name, column_name from duckdb_columns() "
            "where schema_name = 'release'"
        )
    return root.publication


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_csv_holds_the_table_and_no_formula(utvandring: Command, published: Path, tmp_path: Path) -> None:
    ran = utvandring("export", "--out", tmp_path / "out")

    assert ran.code == 0, ran.text
    heading, *rows = read_csv(tmp_path / "out/rate.csv")
    assert heading == ["outcome_year", "place", "persons_n", "rate"]
    assert rows[0] == ["2012", "03", "", ""]
    assert rows[1] == ["2013", "'=1+1", "20", "12.5"]
    assert rows[2][1:3] == ['Ålesund; "by"', "1005"]
    assert float(rows[2][3]) == 0.1 + 0.2


def test_parquet_is_read_back_equal(utvandring: Command, published: Path, tmp_path: Path) -> None:
    assert utvandring("export", "--format", "parquet", "--out", tmp_path / "out").code == 0

    assert duckdb.sql(f"from '{tmp_path}/out/rate.parquet'").fetchall() == ROWS


def test_excel_is_read_back_equal_with_text_that_stays_text(
    utvandring: Command, published: Path, tmp_path: Path
) -> None:
    assert utvandring("export", "--format", "xlsx", "--out", tmp_path / "out").code == 0

    book = openpyxl.load_workbook(tmp_path / "out/utvandring.xlsx")
    assert book.sheetnames == ["README", "columns", "declared_column", "delivery", "disclosure_rule", "rate"]
    heading, *rows = book["rate"].iter_rows()
    assert [cell.value for cell in heading] == ["outcome_year", "place", "persons_n", "rate"]
    # Spreadsheets keep 15 significant digits.
    expected = [(*row[:3], None if row[3] is None else pytest.approx(row[3], rel=1e-14)) for row in ROWS]
    assert [tuple(cell.value for cell in row) for row in rows] == expected
    assert rows[1][1].data_type == "s"
    assert [cell.value for cell in book["columns"][12]] == ["rate", "place", "VARCHAR", "Where."]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed here (2026-11-25)")
def test_libreoffice_opens_the_workbook_with_the_same_numbers(
    utvandring: Command, published: Path, tmp_path: Path
) -> None:
    utvandring("export", "--format", "xlsx", "--out", tmp_path / "out")
    # Every sheet as CSV: separator, quote, UTF-8, first row, formats as shown: no, sheet -1: all.
    options = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            options,
            "--outdir",
            str(tmp_path),
            str(tmp_path / "out/utvandring.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=600,
    )
    rows = read_csv(tmp_path / "utvandring-rate.csv")[1:]
    assert [(int(year), place) for year, place, _, _ in rows] == [(year, place) for year, place, _, _ in ROWS]
    assert [float(rate) for *_, rate in rows[1:]] == pytest.approx([12.5, 0.3], abs=1e-12)


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_the_description_names_deliveries_rules_and_tables(
    form: str, utvandring: Command, published: Path, tmp_path: Path
) -> None:
    utvandring("export", "--format", form, "--out", tmp_path / "out")

    text = (tmp_path / "out/README.txt").read_text(encoding="utf-8")
    facts = ("2014-03-01", "simulated, no facts about Norway", "threshold 5", "Rates by place.", "Cite as")
    assert all(words in text for words in facts)


def test_nothing_but_the_schema_release_is_written(
    utvandring: Command, published: Path, tmp_path: Path
) -> None:
    utvandring("export", "--out", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "README.txt",
        "columns.csv",
        "declared_column.csv",
        "delivery.csv",
        "disclosure_rule.csv",
        "rate.csv",
    ]
    assert not any("secret" in path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir())
    ran = utvandring("export", "--out", tmp_path / "other", "--table", "person_year")
    assert ran.code == 2
    assert ran.err == (
        "There is no released table person_year; "
        "there are declared_column, delivery, disclosure_rule, rate.\n"
    )
    assert not (tmp_path / "other").exists()


def test_one_table_and_what_was_written_as_json(utvandring: Command, published: Path, tmp_path: Path) -> None:
    ran = utvandring("export", "--out", tmp_path / "out", "--table", "rate", "--json")

    assert json.loads(ran.out) == {
        "folder": str(tmp_path / "out"),
        "files": ["rate.csv", "columns.csv", "README.txt"],
        "tables": {"rate": 3},
    }


def test_an_earlier_export_is_replaced_only_when_asked_and_other_folders_never(
    utvandring: Command, published: Path, tmp_path: Path
) -> None:
    utvandring("export", "--out", tmp_path / "out")
    assert utvandring("export", "--out", tmp_path / "out", "--table", "rate").code == 2
    assert (tmp_path / "out/delivery.csv").exists()
    assert utvandring("export", "--out", tmp_path / "out", "--table", "rate", "--replace").code == 0
    assert not (tmp_path / "out/delivery.csv").exists()

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("precious")
    ran = utvandring("export", "--out", tmp_path / "mine", "--replace")
    assert ran.code == 2
    assert "no earlier export" in ran.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_an_export_that_fails_leaves_nothing_half_done(
    utvandring: Command, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    utvandring("export", "--out", tmp_path / "out")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "_copy_columns", fail)
    ran = utvandring("export", "--out", tmp_path / "out", "--table", "rate", "--replace")
    assert ran.code == 1
    assert "disk is full" in ran.err
    assert (tmp_path / "out/delivery.csv").exists()
    ran = utvandring("export", "--out", tmp_path / "new")
    assert ran.code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


def test_without_a_publication_the_next_step_is_named(utvandring: Command, tmp_path: Path) -> None:
    ran = utvandring("export", "--out", tmp_path / "out")

    assert ran.code == 1
    assert ran.err.startswith("There is no built database at ")
    assert ran.err.endswith("run `utvandring build` first.\n")
