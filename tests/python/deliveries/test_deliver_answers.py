"""A refusal says what to do next, in the words of the tool that wrote the file."""

import csv
import errno
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from agreeing import findings, move, world
from conftest import Command
from deliveries import Key, Row, day, good_files, read_manifest, reseal, write_delivery, write_manifest
from one_file import (
    EDUCATION,
    EXAMS,
    INCOME,
    JOBS,
    MOVES,
    PERSON,
    POPULATION,
    Check,
    population,
    refused,
    taken,
)

from utvandring.deliveries import deliver as deliver_module

# What a file is.


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x1f\x8b\x08\x00rest", ("compressed by gzip", "unpack it")),
        (b"PK\x03\x04rest", ("zip archive or an Excel workbook", "CSV, UTF-8")),
        (b"BZh91AY", ("compressed by bzip2",)),
        (b"\xfd7zXZ\x00", ("compressed by xz",)),
        (b"(\xb5/\xfdrest", ("compressed by zstd",)),
        (b"7z\xbc\xaf\x27\x1c", ("7-Zip",)),
        (b"\xd0\xcf\x11\xe0rest", ("protected by a password",)),
        (b"Salted__rest", ("encrypted by OpenSSL", "decrypt it")),
        (b"-----BEGIN PGP MESSAGE-----", ("encrypted by PGP",)),
        (b"\x85\x02\x0c\x03", ("encrypted by PGP",)),
        (b"age-encryption.org/v1", ("encrypted by age",)),
        (b"$FL2@(#) SPSS", ("an SPSS file",)),
        (b"<stata_dta><header>", ("a Stata file",)),
        (bytes(12) + b"\xc2\xea\x81\x60" + bytes(16), ("a SAS data set",)),
        (b"RDX3\nX\n", ("an R data file", "arrow::write_parquet")),
        (b"ARROW1\x00\x00", ("Feather",)),
        (b"<!DOCTYPE html>", ("a web page", "download the file again")),
        (b"version https://git-lfs.github.com/spec/v1\n", ("git lfs pull",)),
        ("personid;nus2000\nbo;641107\n".encode("utf-16"), ("UTF-16", "CSV UTF-8")),
        (bytes(4096), ("copy it again",)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_of_another_format_is_named_with_what_to_do(
    content: bytes, says: tuple[str, ...], ending: str, check: Check, tmp_path: Path
) -> None:
    path = tmp_path / f"file.{ending}"
    path.write_bytes(content)
    refused(check.file(EDUCATION, path, 1), *says)


def test_parquet_and_csv_under_the_name_of_the_other(check: Check, tmp_path: Path) -> None:
    parquet = tmp_path / "file.parquet"
    taken(check.rows(EDUCATION, good_files()[EDUCATION]))
    wrong = parquet.rename(tmp_path / "wrong.csv")
    refused(check.file(EDUCATION, wrong, 1), "it is Parquet: name it .parquet")
    wrong = tmp_path / "wrong.parquet"
    wrong.write_text("personid;nus2000\nbo;641107\n", encoding="utf-8")
    refused(check.file(EDUCATION, wrong, 1), "it is text and not Parquet: name it .csv")


def test_row_names_of_r_are_told_with_and_without_an_empty_heading(check: Check) -> None:
    quoted = check.csv(EDUCATION, '"";"personid";"nus2000"\n"1";"bo";"641107"\n')
    refused(quoted, "column 1 has no name in the first line", "row.names = FALSE")
    refused(check.csv(EDUCATION, "personid;nus2000;\nbo;641107;\n"), "column 3 has no name")
    refused(
        check.csv(EDUCATION, "personid;nus2000\n1;bo;641107\n"),
        "3 fields where the header has 2",
        "row.names",
    )


def test_latin_1_is_told_with_how_to_write_utf_8(check: Check) -> None:
    for text in ("personid;nus2000\npseudonym-bø;641107\n", "personid;nus2000;kjønn\nbo;641107;1\n"):
        refused(check.csv(EDUCATION, text.encode("latin-1")), "not UTF-8", 'fileEncoding = "UTF-8"', "iconv")


def test_tabs_between_columns_are_named(check: Check) -> None:
    refused(check.csv(EDUCATION, "personid\tnus2000\nbo\t641107\n"), "separated by ';' or ','; it has tabs")


# How values are written.


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("20.05.2012", "DD.MM.YYYY, wanted YYYY-MM-DD"),
        ("1.5.12", "written DD.MM.YYYY"),
        ("20/05/2012", "written as DD/MM/YYYY"),
        ("05-20-2012", "written as DD/MM/YYYY"),
        ("2012/05/20", "written YYYY/MM/DD"),
        ("20120520", "written YYYYMMDD"),
        ("20MAY2012", "written as 20MAY2012"),
        ("20 mai 2012", "written as 20MAY2012"),
        ("2012-05-20T13:45:00", "with a time of day or a zone"),
        ("2012-05-20T00:00:00+02:00", "with a time of day or a zone"),
        ("2012-02-30", "there is no such day"),
        ("41049", "numbers of days"),
    ],
)
def test_how_days_are_written_is_named(text: str, says: str, check: Check) -> None:
    checked = check.csv(EXAMS, f"personid;aktivitet;dato\nbo;eksamen;{text}\nan;eksamen;2012-05-20\n")
    refused(checked, "column dato: 1 row with a value that is not a date", "; 1 row written", says)
    assert text == "20MAY2012" or text not in checked.refusals
    refused(check.column(MOVES, "regdato", [text], pa.string()), "; 1 row written", says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("37,5", "with a decimal comma"),
        ("1 234", "a sign between thousands"),
        ("1.234.567", "a sign between thousands"),
        ("1\u00a0234", "a sign between thousands"),
        ("1,5e+02", "scientific notation"),
        ("−12", "a typographic minus"),
        ("+12", "with a plus"),
        ("12 kr", "a currency or blanks"),
        ("0x1F", "hexadecimal"),
    ],
)
def test_how_numbers_are_written_is_named(text: str, says: str, check: Check) -> None:
    for key, column, row in ((JOBS, "timer", f"bo;1;{text}"), (INCOME, "wyrkinnt", f"bo;2;{text}")):
        names = "personid;yrkstat;timer" if key == JOBS else "personid;wies;wyrkinnt"
        checked = check.csv(key, f"{names}\n{row}\n")
        refused(checked, f"column {column}: 1 row with a value that is not", "; 1 row written", says)
        assert text not in checked.refusals


@pytest.mark.parametrize("text", ["J", "N", "T", "F", "ja", "Nei", "sann", "yes"])
def test_how_switches_are_written_is_named(text: str, check: Check) -> None:
    checked = check.csv(JOBS, f"personid;yrkstat;hovedarbeid\nbo;1;{text}\n")
    refused(checked, "not true or false", "1 row written as letters or words: true and false, or 1 and 0")


def test_several_ways_of_writing_are_counted_each(check: Check) -> None:
    days = ["20.05.2012", "21.05.2012", "20120522", "someday"]
    lines = "".join(f"p{number};eksamen;{text}\n" for number, text in enumerate(days))
    refused(
        check.csv(EXAMS, f"personid;aktivitet;dato\n{lines}"),
        "column dato: 4 rows with a value that is not a date (YYYY-MM-DD in CSV); 2 rows written DD.MM.YYYY",
        "; 1 row written YYYYMMDD",
    )


# Names of columns.


@pytest.mark.parametrize("name", ["KOMMNR", "Kommnr", " kommnr", "komm_nr", "komnr", "kommnr1", "kommunenr"])
def test_a_column_under_another_name_is_found(name: str, check: Check) -> None:
    rows = [
        {name if key == "kommnr" else key: value for key, value in row.items()}
        for row in good_files()[POPULATION]
    ]
    refused(check.rows(POPULATION, rows), "column kommnr: the column is missing (there is ", name)


def test_an_optional_column_under_another_name_is_a_warning_that_names_it(check: Check) -> None:
    rows = [{"personid": "bo", "w_yrkinnt": 1, "wies": 2, "formue": 3}]
    checked = check.rows(INCOME, rows)
    taken(checked)
    assert "column wyrkinnt: the column was not delivered; its values are unknown (there is 'w_yrkinnt'" in (
        checked.warnings
    )
    assert "column nettoformue: the column was not delivered; its values are unknown." in checked.warnings


def test_a_column_of_another_meaning_is_not_proposed(check: Check) -> None:
    rows = [{"personid": "bo", "statuskode": 1, "fylke": "03", "bydel": "01"}]
    refused(check.rows(POPULATION, rows), "column kommnr: the column is missing.")


# Codes, keys and dates.


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("0718", "; 0718 is a code until "),
        ("5001", "; 5001 is a code from 2018"),
        ("3005", "; 3005 is a code from 2020"),
    ],
)
def test_an_unknown_code_is_told_with_the_years_in_which_it_is_valid(
    code: str, says: str, check: Check
) -> None:
    checked = check.column(POPULATION, "kommnr", [code], pa.string())
    refused(checked, f"'{code}' (1 row){says}")


def test_a_code_that_never_was_has_no_years(check: Check) -> None:
    refused(check.column(POPULATION, "kommnr", ["9899"], pa.string()), "valid for 2013: '9899' (1 row).")


def test_exact_and_conflicting_repetitions_are_told_apart(check: Check) -> None:
    anna, bo, _ = good_files()[POPULATION]
    other = {**bo, "kommnr": "0101", "famnr": None}
    checked = check.rows(POPULATION, [anna, anna, anna, bo, other])
    refused(
        checked,
        "column personid: 5 rows with a key that occurs more than once",
        "; 3 rows of 1 key are the same in every column: leave one of each",
        "; 2 rows of 1 key contradict each other (kommnr 1, famnr 1): the register owner must say which",
    )
    assert "contradict" not in check.rows(POPULATION, [anna, anna]).refusals
    assert "the same in every" not in check.rows(POPULATION, [bo, other]).refusals


def test_an_event_after_its_period_is_refused_with_its_year(check: Check) -> None:
    rows = [
        {**good_files()[MOVES][0], "flyttedato": day(text)}
        for text in ("2013-01-01", "2014-02-02", "2014-03-03")
    ]
    refused(
        check.rows(MOVES, rows),
        "column flyttedato: 3 rows with a date outside the period 2012 and the years from 1850 before it",
        ": in 2014 (2 rows), 2013 (1 row)",
        "an event belongs in the period of its date, or in a later one if it was registered late",
    )


def test_an_exam_of_another_year_is_refused_on_either_side(check: Check) -> None:
    for text in ("2011-12-31", "2013-01-01"):
        row = {**good_files()[EXAMS][0], "dato": day(text)}
        refused(check.rows(EXAMS, [row]), f"outside the period 2012: in {text[:4]} (1 row)")


# Events that were registered late.


def test_late_events_are_accepted_and_counted(utvandring: Command, tmp_path: Path) -> None:
    files = world()
    late = [move(number, "innenlands", "2011-11-05", fra_kommnr="0301") for number in range(5)]
    files["flytting", 2012, 1] += late

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 0, ran.text
    assert findings(ran.out, "warn") == {}
    note = findings(ran.out, "note")["late_events"]
    assert "flytting_p2012_v1.parquet: 5 of 125 events are dated before 2012: registered late" in note


@pytest.mark.parametrize(
    ("late_n", "code", "name"), [(30, 0, "many_late_events"), (130, 1, "events_of_another_year")]
)
def test_many_late_events_are_told_and_a_file_of_another_year_is_refused(
    late_n: int, code: int, name: str, utvandring: Command, tmp_path: Path
) -> None:
    files = world()
    files["flytting", 2012, 1] += [
        move(number % 100, "innenlands", f"2011-1{number % 2}-{1 + number % 28:02}")
        for number in range(late_n)
    ]

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == code, ran.text
    assert f"{late_n} of {120 + late_n} events" in findings(ran.out, "refuse" if code else "warn")[name]


def test_a_late_emigration_is_one_of_its_own_year(utvandring: Command, tmp_path: Path) -> None:
    """Who left in 2011, told in 2012, and is not resident in between contradicts nothing."""
    files = world()
    for year in (2012, 2013):
        files["befolkning", year, 1] = files["befolkning", year, 1][9:]
    files["flytting", 2012, 1] += [
        move(number, "utvandring", "2011-09-01", fra_kommnr="0301", til_land="131") for number in range(9)
    ]
    files["sysselsetting", 2012, 1] = files["sysselsetting", 2012, 1][9:]

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 0, ran.text
    assert findings(ran.out, "warn") == {}


# Waivers, and where the rows are.


def spoiled() -> dict[Key, list[Row]]:
    files = good_files()
    files[POPULATION][0]["kommnr"] = "0718"
    files[POPULATION][1]["kommnr"] = "9899"
    files[MOVES][1]["flyttedato"] = day("2013-02-01")
    return files


def test_a_refusal_says_beforehand_what_a_waiver_loses(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    folder = write_delivery(tmp_path / "d", "d", spoiled())

    ran = utvandring("deliver", folder)

    assert ran.code == 1
    assert "--waive befolkning.kommnr.code_list --waive flytting.flyttedato.period --reason TEXT" in ran.out
    assert (
        "  befolkning.kommnr.code_list 2013: 2 values of 2 persons unknown; no municipality, county and"
        in ran.out
    )
    assert (
        "  flytting.flyttedato.period 2012: 1 value of 1 person unknown; these events are left out of every"
        in ran.out
    )
    waivers = [
        "--waive",
        "befolkning.kommnr.code_list",
        "--waive",
        "flytting.flyttedato.period",
        "--reason",
        "x",
    ]
    ran = utvandring("deliver", folder, *waivers)
    assert ran.code == 0
    assert "waived, the values are unknown: these events are left out of every mart" in ran.out


def test_positions_are_written_to_a_file_that_only_the_owner_reads(
    utvandring: Command, tmp_path: Path
) -> None:
    files = spoiled()
    files[POPULATION].append(files[POPULATION][2])
    target = tmp_path / "rows.csv"

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--rows-to", target)

    assert ran.code == 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["file", "row", "column", "check", "level"],
        ["befolkning_p2013_v1.parquet", "1", "kommnr", "code_list", "refuse"],
        ["befolkning_p2013_v1.parquet", "2", "kommnr", "code_list", "refuse"],
        ["befolkning_p2013_v1.parquet", "3", "personid", "key", "refuse"],
        ["befolkning_p2013_v1.parquet", "4", "personid", "key", "refuse"],
        ["flytting_p2012_v1.parquet", "2", "flyttedato", "period", "refuse"],
    ]
    assert "pseudonym-" not in target.read_text(encoding="utf-8")
    assert f"Positions of the rows: {target}" in ran.out


def test_positions_of_a_csv_count_from_the_first_row_after_the_header(
    utvandring: Command, tmp_path: Path
) -> None:
    files = {POPULATION: population("statuskode", [1, 77, 1, 77])}
    target = tmp_path / "rows.csv"

    utvandring("deliver", write_delivery(tmp_path / "d", "d", files, "csv"), "--rows-to", target)

    assert [line.split(",")[1] for line in target.read_text("utf-8").splitlines()] == ["row", "2", "4"]


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_positions_are_never_written_over_something(
    make: Callable[[Path], Any], utvandring: Command, good_delivery: Path, tmp_path: Path, data_root: Path
) -> None:
    target = tmp_path / "rows.csv"
    make(target)

    ran = utvandring("deliver", good_delivery, "--rows-to", target)

    assert ran.code == 2
    assert not data_root.exists()


def test_positions_need_a_folder(utvandring: Command, good_delivery: Path, tmp_path: Path) -> None:
    ran = utvandring("deliver", good_delivery, "--rows-to", tmp_path / "no" / "rows.csv")
    assert ran.code == 2
    assert "There is no folder" in ran.err


# Files that cannot be reached.


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, errno.ESTALE, errno.EIO, errno.ETIMEDOUT])
def test_a_file_that_is_locked_or_gone_with_its_drive_is_told_with_what_to_do(
    number: int, utvandring: Command, good_delivery: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(path: Path) -> str:
        raise OSError(number, "cannot", str(path))

    monkeypatch.setattr(deliver_module, "sha256_of", unreachable)
    ran = utvandring("deliver", good_delivery)

    assert ran.code == 1
    assert "befolkning_p2012_v1.parquet cannot be read" in ran.err
    assert "copy the delivery to a local disk" in ran.err
    assert "Traceback" not in ran.text
    assert json.loads((data_root / "accepted" / "ledger.json").read_text("utf-8"))["deliveries"] == []


def test_a_folder_of_part_files_is_told_to_be_one_file(utvandring: Command, good_delivery: Path) -> None:
    parts = good_delivery / "befolkning_p2012_v1.parquet"
    parts.unlink()
    parts.mkdir()
    (parts / "part-00000.parquet").write_bytes(b"PAR1")

    ran = utvandring("deliver", good_delivery)

    assert ran.code == 1
    assert "it is a folder of part files: write one file" in ran.out


def test_part_files_under_their_own_names_are_told_to_be_one_file(
    utvandring: Command, good_delivery: Path
) -> None:
    manifest = read_manifest(good_delivery)
    (good_delivery / "befolkning_p2012_v1.parquet").rename(good_delivery / "part-00000.parquet")
    manifest["files"][0]["path"] = "part-00000.parquet"
    write_manifest(good_delivery, manifest)
    reseal(good_delivery)

    ran = utvandring("deliver", good_delivery)

    assert "the name must be <register>_p<period>_v<version>.parquet or .csv" in ran.out


def test_the_good_rows_of_every_register_are_taken(check: Check) -> None:
    for key in (PERSON, MOVES, EXAMS, JOBS, INCOME):
        taken(check.rows(key, good_files()[key]))
