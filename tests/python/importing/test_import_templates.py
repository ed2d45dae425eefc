"""The templates, on extracts that are written of a simulated delivery in their layouts."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from deliveries import PROJECT
from extracts import Delivered, write_latin1, write_stata, write_tsd_csv

from utvandring.importing.checking import check_import
from utvandring.importing.making import make_import
from utvandring.importing.recognising import recognised
from utvandring.importing.running import run_import
from utvandring.simulation import simulate

# Registers that the written extracts do not have: their queries and sources are taken out of the template.
LAYOUTS: dict[str, tuple[Callable[[Path, Path], Delivered], tuple[str, ...], tuple[str, ...]]] = {
    "tsd-csv": (write_tsd_csv, (), ()),
    "stata-institute": (
        write_stata,
        ("utdanning", "utdanningsaktivitet", "sysselsetting", "arbeidssoker"),
        ("f_utd_demografi", "f_utd_kurs", "atmlto", "ameld", "sofa"),
    ),
    "latin1-spells": (
        write_latin1,
        ("utdanning", "utdanningsaktivitet", "sysselsetting", "arbeidssoker", "inntekt"),
        ("f_utd_demografi", "f_utd_kurs", "sysselsatt", "f_arbsok", "nettoinnt", "formue"),
    ),
}


def imported(template: str, delivery: Path, folder: Path) -> tuple[Delivered, Path]:
    """Write an extract of a delivery and import it; return what is expected, and the folder."""
    write, registers, sources = LAYOUTS[template]
    data = write(delivery, folder / "extract")
    mine = folder / "my-import"
    make_import(template, mine, PROJECT)
    for register in registers:
        (mine / f"{register}.sql").unlink()
    if "utdanningsaktivitet" in registers:
        (mine / "steps/ongoing.sql").unlink()
    text = (mine / "sources.yml").read_text("utf-8")
    # The years from which the later files of the extract count
    text = text.replace("'2012'", f"'{data.last - 3}'")
    lines, skipping = [], False
    for line in text.splitlines():
        if line.startswith("  ") and not line.startswith("   ") and not line.strip().startswith("#"):
            skipping = line.strip().split(":")[0] in sources
        if not skipping:
            lines.append(line)
    (mine / "sources.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = check_import(mine, folder / "extract", PROJECT)
    assert report.refusals == []
    assert recognised(folder / "extract").get(template, 0) > 3
    run_import(mine, folder / "extract", folder / "out", PROJECT)
    return data, folder / "out"


def different(data: Delivered, out: Path) -> dict[str, tuple[int, int]]:
    """Return the rows missing and too many of each register that is expected."""
    counts = {}
    expected = data.connection.execute(
        "select table_name from duckdb_tables() where starts_with(table_name, 'expected_') order by 1"
    ).fetchall()
    for (table,) in expected:
        register = table.removeprefix("expected_")
        last = data.last if register == "befolkning" else data.last - 1
        columns = [
            row[0] for row in data.connection.execute(f"describe {table}").fetchall() if row[0] != "periode"
        ]
        names = ", ".join(columns)
        born = f" and foedselsaar_mnd // 100 <= {last}" if register == "person" else ""
        want = f"select periode, {names} from {table} where periode between {data.first} and {last}{born}"
        got = (
            f"select cast(regexp_extract(filename, '_p([0-9]{{4}})_v', 1) as integer) as periode, {names} "
            f"from read_parquet('{out}/{register}_p*.parquet', filename = true)"
        )
        rows = []
        for one, other in ((want, got), (got, want)):
            row = data.connection.execute(f"select count(*) from ({one} except {other})").fetchone()
            rows.append(row[0] if row else 0)
        assert data.connection.execute(f"select count(*) > 50 from ({want})").fetchone() == (True,)
        counts[register] = (rows[0], rows[1])
    return counts


@pytest.mark.parametrize("template", LAYOUTS)
def test_a_template_makes_the_delivery_again(template: str, small_delivery: Path, tmp_path: Path) -> None:
    data, out = imported(template, small_delivery, tmp_path)
    found = different(data, out)
    assert found == dict.fromkeys(found, (0, 0))


@pytest.mark.long
@pytest.mark.parametrize("template", LAYOUTS)
def test_a_template_makes_a_delivery_of_a_tenth_of_norway_again(template: str, tmp_path: Path) -> None:
    simulate(tmp_path / "delivery", scale=0.1)
    data, out = imported(template, tmp_path / "delivery", tmp_path)
    found = different(data, out)
    assert found == dict.fromkeys(found, (0, 0))
    shutil.rmtree(tmp_path / "extract")
