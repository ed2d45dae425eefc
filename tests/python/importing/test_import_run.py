# ruff: noqa: E501 - small files and queries, in one line each
"""Runs and checks of an import: what is refused, what is told, and that nothing half-written stays."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from deliveries import PROJECT
from imports import SmallImport

from utvandring.common.errors import UsageError, UtvandringError
from utvandring.importing.checking import check_import
from utvandring.importing.faults import ImportFaultError
from utvandring.importing.suggesting import suggested

SOURCES = "  status: {files: 'status_{yyyy}.csv', id: lnr}\n"
BEFOLKNING = "select file_year as periode, personid, status as statuskode, kommune as kommnr from status"
STATUS = "lnr,status,kommune\nP1,1,0301\nP2,1,0219\n"


@pytest.fixture
def small(tmp_path: Path) -> SmallImport:
    made = SmallImport(tmp_path)
    made.write(SOURCES, befolkning=BEFOLKNING)
    for year in (2010, 2011):
        (made.extract / f"status_{year}.csv").write_text(STATUS)
    return made


def refusal(small: SmallImport, kind: type[UtvandringError] = ImportFaultError) -> str:
    """Return the sentence of a refusal; nothing stays, and no id is named."""
    with pytest.raises(kind) as refused:
        small.run()
    assert not small.out.exists()
    assert small.left_over() == []
    said = str(refused.value)
    assert "\n" not in said
    assert "P1" not in said
    return said


def test_a_run_writes_a_delivery_with_its_record(small: SmallImport) -> None:
    small.run()
    assert small.rows("befolkning", 2010, "personid, statuskode, kommnr") == [
        ("P1", 1, "0301"),
        ("P2", 1, "0219"),
    ]
    assert stat.S_IMODE(small.out.stat().st_mode) == 0o750
    page = (small.out / "import.html").read_text("utf-8")
    assert "P1" not in page
    assert "://" not in page
    assert small.record()["sources"][0]["rows"] == 4
    assert small.left_over() == []


def test_the_same_extract_gives_the_same_bytes(small: SmallImport) -> None:
    small.run()
    first = {path.name: path.read_bytes() for path in small.out.iterdir()}
    small.out.rename(small.folder / "before")
    small.run()
    assert {path.name: path.read_bytes() for path in small.out.iterdir()} == first


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda small: (small.extract / "status_2011.csv").unlink(), "befolkning.sql gives no row for 2011"),
        (
            lambda small: [path.unlink() for path in small.extract.iterdir()],
            "source status: no file is called status_{yyyy}.csv under --from",
        ),
        (
            lambda small: small.write("  status: {files: '*status_{yyyy}.csv', id: lnr}\n")
            or (small.extract / "old_status_2011.csv").write_text(STATUS),
            "source status has two files for 2011: old_status_2011.csv and status_2011.csv",
        ),
        (
            lambda small: small.write("  status: {files: 'status_{yyyy}.csv', id: pnr}\n"),
            "status_2010.csv has no column pnr, the id of source status",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_text(STATUS.replace("0219", "219")),
            "befolkning 2011, column kommnr: 1 row with 1 code outside the code list municipality_code: "
            "'219' (1)",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_text(STATUS.replace("P2,1", "P2,x")),
            "befolkning 2011, column statuskode: 1 value that cannot be read as integer",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_text(STATUS.replace("0219", "")),
            "befolkning 2011, column kommnr: 1 row without a value, which the contract wants where "
            "statuskode = 1",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_text(STATUS + "P2,3,\n"),
            "befolkning 2011: 1 person with several rows that differ",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_text(STATUS.replace("P2", "1000001.0")),
            "the id column lnr has 1 value such as 123.0 or 1e+06, which went through a float",
        ),
        (lambda small: (small.extract / "status_2011.csv").write_text("lnr;status,x\n"), "the first line holds ';' and ','"),
        (lambda small: (small.extract / "status_2011.csv").write_text(""), "status_2011.csv is empty"),
        (
            lambda small: (small.extract / "status_2011.csv").write_text("lnr,status,STATUS\n"),
            "the column status occurs 2 times",
        ),
        (
            lambda small: [path.write_text("lnr,status,kommune\n") for path in small.extract.iterdir()],
            "gives no row for 2010, 2011 (no file of status holds a row)",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_text("1000001,1,0301\n1000002,1,0219\n"),
            "the first line holds values, not the names of 3 columns: name each with `columns:`",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_bytes(STATUS.encode().replace(b"0301\n", b"0301\r\n")),
            "its lines end in two ways (1 with a carriage return, 2 without)",
        ),
        (
            lambda small: (small.extract / "status_2011.csv").write_bytes(STATUS.encode().replace(b"\n", b"\r")),
            "its lines end with a carriage return alone",
        ),
        (
            lambda small: [path.unlink() for path in small.extract.iterdir()],
            "under --from (it holds no file at all)",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence(small: SmallImport, change: object, said: str) -> None:
    change(small)  # type: ignore[operator]
    assert said in refusal(small)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sources": SOURCES.replace("files", "fils")}, "source status: `fils` is not an option. Did you mean `files`?"),
        ({"sources": SOURCES.replace("{yyyy}", "{year}")}, "{year} is not a place of a pattern"),
        ({"sources": "periods: [\n"}, "it is not YAML"),
        ({"sources": SOURCES.replace("csv", "xlsx")}, "status_2010.xlsx is a workbook: save its sheet as text"),
        ({"befolkning": "select 1 as periode from nothing"}, "befolkning.sql: Table with name nothing does not exist"),
        ({"befolkning": "drop table status"}, "befolkning.sql: one query is needed"),
        ({"befolkning": BEFOLKNING + "; select 1"}, "befolkning.sql: one query is needed"),
        ({"befolkning": "select 2010 as periode, personid from status"}, "does not give statuskode, kommnr"),
        ({"befolkning": BEFOLKNING.replace("kommnr", "komnr")}, "gives a column komnr, which the register does not have. Did you mean kommnr?"),
        ({"sources": SOURCES.replace("status:", "Status:")}, "a name has small letters"),
        ({"befolkningg": "select 1"}, "there is no register befolkningg"),
        ({"befolkning": BEFOLKNING + " where status = '{{ choice('which') }}'"}, "the choice `which` is asked for and not made"),
        ({"befolkning": BEFOLKNING + " where {{ ''.__class__ }}"}, "the macro cannot be filled in"),
        ({"befolkning": BEFOLKNING.replace("kommune as", "kommun as")}, 'column "kommun" not found in FROM clause; there are "kommune"'),
        ({"befolkning": BEFOLKNING.replace("select", "select '0301' as kommnr,")}, "befolkning.sql: the query gives the column kommnr twice"),
        ({"sources": "  status: {files: 'status_{yyyy}.csv', id: lnr, encoding: base64}\n"}, "base64 is not an encoding"),
        ({"befolkning": BEFOLKNING, "flytting": "select 2010 as periode, * from {{ events_from_status('status') }}"}, "flytting.sql: status has no column year; the macro reads personid, year, statuskode"),
        ({"befolkning": BEFOLKNING, "inntekt": "select 2010 as periode, personid, '1' as wies from status"}, "does not say which concept it is"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_understood_says_where(
    small: SmallImport, change: dict[str, str], said: str
) -> None:
    sources = change.pop("sources", SOURCES)
    if "xlsx" in sources:
        (small.extract / "status_2010.xlsx").write_bytes(b"PK")
    small.write(sources, **change)
    assert said in refusal(small, UtvandringError)


def test_a_query_may_end_with_a_comment_and_has_to_be_utf_8(small: SmallImport) -> None:
    small.write(SOURCES, befolkning=f"-- på norsk\n{BEFOLKNING}; -- the end")
    small.run()
    assert len(small.rows("befolkning", 2010)) == 2
    small.out.rename(small.folder / "my-import" / "earlier")
    (small.mine / "befolkning.sql").write_bytes(f"-- på norsk\n{BEFOLKNING}".encode("latin-1"))
    assert "befolkning.sql: save the query as UTF-8" in refusal(small, UsageError)


@pytest.mark.parametrize(
    ("table", "said"),
    [("from;to\n1;1\n", "its first line must be `from,to`"), ("from,to\n1,1\n1,3\n", "1 has two answers")],
)
def test_a_code_table_has_one_answer_to_a_code(small: SmallImport, table: str, said: str) -> None:
    query = BEFOLKNING.replace("status as", "{{ looked_up('codes', 'status') }} as")
    small.write(SOURCES, befolkning=query)
    (small.mine / "lookups").mkdir()
    (small.mine / "lookups/codes.csv").write_text(table)
    assert f"lookups/codes.csv: {said}" in refusal(small, UsageError)


def test_ids_that_are_identity_numbers_are_refused_and_those_by_chance_may_be_prefixed(
    small: SmallImport,
) -> None:
    # A number of the kind that tests use: the month has 80 added.
    numbers = [identity_number(serial) for serial in range(3)]
    pseudonyms = [f"9{serial:010}" for serial in range(200)]

    def write(ids: list[str]) -> None:
        for year in (2010, 2011):
            rows = "".join(f"{one},1,0301\n" for one in ids)
            (small.extract / f"status_{year}.csv").write_text("lnr,status,kommune\n" + rows)

    write(numbers)
    assert "holds 3 national identity numbers among 3 ids of eleven digits" in refusal(small)
    write([*pseudonyms, numbers[0]])
    assert "1 id of eleven digits that look like national identity numbers" in refusal(small)
    prefixed = "periods: {first: 2010, last: 2011}\nid_prefix: P\nsources:\n" + SOURCES
    small.write(prefixed)
    small.run()
    assert ("P" + numbers[0],) in small.rows("befolkning", 2010, "personid")
    write(numbers)
    small.out.rename(small.folder / "my-import" / "earlier")
    assert "holds 3 national identity numbers" in refusal(small)
    for year in (2010, 2011):
        rows = "".join(f"R{serial},1,{one}\n" for serial, one in enumerate(numbers))
        (small.extract / f"status_{year}.csv").write_text("lnr,status,kommune\n" + rows)
    small.write(
        prefixed,
        befolkning=BEFOLKNING.replace("kommune as kommnr", "'0301' as kommnr, kommune as famnr"),
    )
    said = "befolkning 2010, column famnr holds 3 national identity numbers among 3 ids"
    assert said in refusal(small)


def identity_number(serial: int) -> str:
    """Return eleven digits with a day, a month of test numbers, and control digits."""
    for individual in range(100 + 50 * serial, 1000):
        digits = [int(one) for one in f"0181{50:02}{individual:03}"]
        first = -sum(w * d for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), digits, strict=True)) % 11
        second = (
            -sum(w * d for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), [*digits, first], strict=True)) % 11
        )
        if first < 10 and second < 10:
            return "".join(map(str, [*digits, first, second]))
    raise AssertionError


def test_rows_are_dropped_by_a_stated_reason_and_counted(small: SmallImport) -> None:
    small.write(
        "  status: {files: 'status_{yyyy}.csv', id: lnr, missing: NA, drop_rows: {in Oslo: kommune = "
        "'0301'}}\n"
    )
    (small.extract / "status_2011.csv").write_text(STATUS + "NA,1,0301\n,1,0301\n")
    small.run()
    assert small.record()["sources"][0]["dropped"] == {"without an id": 2, "in Oslo": 2}
    assert small.rows("befolkning", 2011, "personid") == [("P2",)]


def test_identical_rows_of_a_person_count_once(small: SmallImport) -> None:
    (small.extract / "status_2011.csv").write_text(STATUS + "P2,1,0219\n")
    small.run()
    assert len(small.rows("befolkning", 2011)) == 2
    assert small.record()["registers"][0]["identical_rows"] == 1


def test_rows_of_other_years_are_left_out_and_counted(small: SmallImport) -> None:
    (small.extract / "status_2009.csv").write_text(STATUS)
    small.run()
    assert sorted(path.name for path in small.out.glob("*.parquet")) == [
        "befolkning_p2010_v1.parquet", "befolkning_p2011_v1.parquet",
    ]  # fmt: skip
    assert small.record()["registers"][0]["outside_the_periods"] == {"2009": 2}


def test_parts_of_a_year_and_folders_of_years_are_one_source(small: SmallImport) -> None:
    for path in list(small.extract.iterdir()):
        path.unlink()
    for year in (2010, 2011):
        (small.extract / str(year)).mkdir()
        (small.extract / str(year) / "part-1.csv").write_text(STATUS)
        (small.extract / str(year) / "part-2.csv").write_text(STATUS.replace("P", "Q"))
    small.write("  status: {files: '{yyyy}/part-{part}.csv', id: lnr}\n")
    small.run()
    assert len(small.rows("befolkning", 2010)) == 4


def test_columns_that_no_query_uses_are_not_read(small: SmallImport) -> None:
    # 31 February would be refused if it were looked at.
    (small.extract / "status_2011.csv").write_text("lnr,status,kommune,secret\nP1,1,0301,x\n")
    report = check_import(small.mine, small.extract, PROJECT)
    assert report.sections["Columns that no query uses (they are not read)"] == ["status: secret"]
    assert report.sections["Columns that differ between files"] == []
    small.run()
    assert "secret" not in (small.out / "import.html").read_text("utf-8")


def test_a_check_tells_years_columns_and_what_will_be_missing(small: SmallImport) -> None:
    (small.extract / "status_2013.csv").write_text("lnr,status,kommune\n")
    (small.extract / "notes.md").write_text("nothing")
    report = check_import(small.mine, small.extract, PROJECT)
    assert report.sections["Years"][0] == "status: 2010 to 2011, 2013"
    assert report.sections["Files that belong to no source"] == ["notes.md"]
    assert any(
        line.startswith("the register utdanning: unknown: education_group")
        for line in report.sections["What the contract will lack"]
    )
    assert report.refusals == [
        "there is no person.sql: the register is required for a build (1 periods).",
        "there is no flytting.sql: the register is required for a build (1 periods).",
    ]
    assert not small.out.exists()


def test_a_draft_names_no_value_of_a_file_without_names_and_says_what_it_cannot_read(
    small: SmallImport,
) -> None:
    (small.extract / "BEFOLKNING_STATUSKODE.txt").write_text("10000000001;1;20100101;20100101;\n")
    (small.extract / "status.dta").write_bytes(b"no such file")
    draft = suggested(small.extract)
    assert "10000000001" not in draft
    assert "20100101" not in draft
    assert "columns: [column_1, column_2, column_3, column_4, column_5]" in draft
    assert "# not read: status.dta: status.dta cannot be read as a file of Stata" in draft
    sources = yaml.safe_load(draft)["sources"]
    assert sources["befolkning_statuskode"]["files"] == "BEFOLKNING_STATUSKODE.txt"
    assert sources["status"] == {"files": "status_{yyyy}.csv", "separator": ",", "id": "lnr"}


def test_a_draft_puts_parts_in_year_folders_together_and_states_the_encoding(small: SmallImport) -> None:
    for year in (2010, 2011):
        (small.extract / "STATUS" / str(year)).mkdir(parents=True)
        for part in (1, 2):
            text = f"00000001;01.01.{year};1;Ørsta\n"
            (small.extract / "STATUS" / str(year) / f"del{part}.txt").write_bytes(text.encode("utf-16"))
    (small.extract / "lønn2010.csv").write_text("LØPENR;LØNN\nP1;7\n")
    sources = yaml.safe_load(suggested(small.extract))["sources"]
    assert sources["del"] == {
        "files": "STATUS/{yyyy}/del{part}.txt", "separator": ";", "encoding": "utf-16",
        "columns": ["column_1", "column_2", "column_3", "column_4"],
    }  # fmt: skip
    assert sources["lonn"] == {"files": "lønn{yyyy}.csv", "separator": ";", "id": "LØPENR"}


def test_years_and_words_in_a_first_line_are_names(small: SmallImport) -> None:
    small.write(
        "  status: {files: 'w_{yyyy}.csv', id: w19_lnr, years: '{yyyy}'}\n",
        befolkning=BEFOLKNING.replace("kommune", '"2010"').replace("status as", "'1' as"),
    )
    for year in (2010, 2011):
        (small.extract / f"w_{year}.csv").write_text("w19_lnr,2010,2011\nP1,0301,0301\n")
    small.run()
    assert small.rows("befolkning", 2011, "personid, kommnr") == [("P1", "0301")]


def test_names_of_columns_and_files_are_shown_short_and_never_run(small: SmallImport) -> None:
    hostile = 'x"); drop table status; --' + "é" * 80
    (small.extract / "status_2011.csv").write_text(
        STATUS.replace("kommune", f'kommune,"{hostile.replace(chr(34), chr(34) * 2)}"')
        .replace("1\n", "1,y\n")
        .replace("9\n", "9,y\n")
    )
    stated = SOURCES.replace("id: lnr", "id: lnr, separator: ','")
    small.write(
        stated, befolkning=BEFOLKNING.replace("from status", ", null as famnr from (select * from status)")
    )
    report = check_import(small.mine, small.extract, PROJECT)
    named = [line for lines in report.sections.values() for line in lines if "drop table" in line]
    assert named
    assert max(map(len, named)) < 400
    small.run()
    assert len(small.rows("befolkning", 2011)) == 2


def test_a_link_that_leads_out_of_the_extract_is_not_followed(small: SmallImport, tmp_path: Path) -> None:
    elsewhere = tmp_path / "extract-elsewhere.csv"
    elsewhere.write_text(STATUS)
    (small.extract / "status_2011.csv").unlink()
    (small.extract / "status_2011.csv").symlink_to(elsewhere)
    with pytest.raises(ImportFaultError, match="gives no row for 2011"):
        small.run()


def test_an_existing_folder_is_not_written_over(small: SmallImport) -> None:
    small.out.mkdir()
    (small.out / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="exists already"):
        small.run()
    assert (small.out / "mine.txt").read_text() == "x"


def test_a_killed_run_leaves_nothing_that_could_be_taken_for_whole(small: SmallImport) -> None:
    rows = "".join(f"P{number},1,0301\n" for number in range(400_000))
    for year in (2010, 2011):
        (small.extract / f"status_{year}.csv").write_text("lnr,status,kommune\n" + rows)
    command = [
        sys.executable,
        "-m",
        "utvandring.cli",
        "import",
        small.mine,
        "--from",
        small.extract,
        "--out",
        small.out,
    ]
    left: list[str] = []
    for kind in (signal.SIGKILL, signal.SIGTERM):
        running = subprocess.Popen(
            list(map(str, command)), env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        while small.left_over() in ([], left) and running.poll() is None:
            time.sleep(0.01)
        left = small.left_over()
        assert len(left) == 1
        assert stat.S_IMODE((small.folder / left[0]).stat().st_mode) == 0o700
        running.send_signal(kind)
        assert b"Traceback" not in running.communicate()[1]
        assert not small.out.exists()
    # What the first left the second removed, and itself.
    assert small.left_over() == []


def test_the_record_is_json_that_names_no_person(small: SmallImport) -> None:
    small.run()
    text = (small.out / "import.json").read_text("utf-8")
    assert json.loads(text)["format"] == 1
    assert "P1" not in text
