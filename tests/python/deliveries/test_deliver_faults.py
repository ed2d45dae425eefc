"""One fault at a time in a good delivery: refused, named, and nothing of it kept."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import Command, run_command
from deliveries import Key, Row, day, good_files, read_manifest, reseal, write_delivery, write_manifest
from deliveries import write_parquet as parquet

IDENTITY_NUMBER = "01010112377"
D_NUMBER = "41010112360"
PSEUDONYMS = ("pseudonym-anna", "pseudonym-bo", "pseudonym-carl", "family-of", IDENTITY_NUMBER, D_NUMBER)

Apply = Callable[[Path], None]


@dataclass(frozen=True)
class Fault:
    """A way to spoil the good delivery, and what the refusal must say."""

    name: str
    apply: Apply
    says: tuple[str, ...]


FAULTS: list[Fault] = []


def fault(*says: str) -> Callable[[Apply], Apply]:
    def register(apply: Apply) -> Apply:
        FAULTS.append(Fault(apply.__name__, apply, says))
        return apply

    return register


def rewrite(folder: Path, key: Key, rows: list[Row], **types: pa.DataType) -> None:
    """Replace a file by other rows and make the manifest agree with it."""
    register, period, version = key
    path = folder / f"{register}_p{period}_v{version}.parquet"
    parquet(path, register, rows, types)
    manifest = read_manifest(folder)
    for file in manifest["files"]:
        if file["path"] == path.name:
            file["rows"] = len(rows)
    write_manifest(folder, manifest)
    reseal(folder)


def with_value(
    folder: Path, key: Key, column: str, value: Any, *row_numbers: int, **types: pa.DataType
) -> None:
    rows = good_files()[key]
    for number in row_numbers or range(len(rows)):
        rows[number] = {**rows[number], column: value}
    rewrite(folder, key, rows, **types)


def without_column(folder: Path, key: Key, column: str) -> None:
    rewrite(folder, key, [{name: row[name] for name in row if name != column} for row in good_files()[key]])


def manifest_with(folder: Path, **changes: Any) -> None:
    """Change keys of the first file's description."""
    manifest = read_manifest(folder)
    manifest["files"][0].update(changes)
    write_manifest(folder, manifest)


def as_csv(folder: Path, key: Key, content: bytes) -> None:
    """Replace a file by a CSV file of these bytes."""
    register, period, version = key
    name = f"{register}_p{period}_v{version}"
    (folder / f"{name}.parquet").unlink()
    (folder / f"{name}.csv").write_bytes(content)
    manifest = read_manifest(folder)
    for file in manifest["files"]:
        if file["path"] == f"{name}.parquet":
            file["path"] = f"{name}.csv"
    write_manifest(folder, manifest)
    reseal(folder)


POPULATION: Key = ("befolkning", 2013, 1)
PERSON: Key = ("person", 2012, 1)
MOVES: Key = ("flytting", 2012, 1)
EDUCATION: Key = ("utdanning", 2012, 1)


# The manifest.


@fault("delivery.json", "no such file")
def no_manifest(folder: Path) -> None:
    (folder / "delivery.json").unlink()


@fault("delivery.json", "not JSON", "line 1")
def malformed_json(folder: Path) -> None:
    (folder / "delivery.json").write_text('{"delivery_id": "x",', encoding="utf-8")


@fault("delivery.json", "must be an object")
def json_of_another_kind(folder: Path) -> None:
    (folder / "delivery.json").write_text("[]", encoding="utf-8")


@fault("delivery.json", "not UTF-8")
def manifest_in_latin_1(folder: Path) -> None:
    (folder / "delivery.json").write_bytes('{"delivery_id": "tromsø"}'.encode("latin-1"))


@fault("delivery.json", "repeats a key")
def repeated_key_in_json(folder: Path) -> None:
    text = (folder / "delivery.json").read_text(encoding="utf-8")
    (folder / "delivery.json").write_text(text.replace("{", '{"files": [],', 1), encoding="utf-8")


@fault("delivery.json", "nested too deeply")
def bottomless_json(folder: Path) -> None:
    (folder / "delivery.json").write_text("[" * 100_000, encoding="utf-8")


@fault("delivery.json", "'delivery_id'")
def missing_delivery_id(folder: Path) -> None:
    manifest = read_manifest(folder)
    del manifest["delivery_id"]
    write_manifest(folder, manifest)


@fault("delivery.json", "'delivery_id'")
def delivery_id_that_is_a_path(folder: Path) -> None:
    write_manifest(folder, {**read_manifest(folder), "delivery_id": "../../2014"})


@fault("delivery.json", "'simulated'")
def simulated_that_is_neither_true_nor_false(folder: Path) -> None:
    write_manifest(folder, {**read_manifest(folder), "simulated": "yes"})


@fault("delivery.json", "'produced_at'")
def produced_on_no_day(folder: Path) -> None:
    write_manifest(folder, {**read_manifest(folder), "produced_at": "2014-02-30"})


@fault("delivery.json", "'files'")
def no_files(folder: Path) -> None:
    write_manifest(folder, {**read_manifest(folder), "files": []})


@fault("entry 1", "must be an object")
def file_that_is_only_a_name(folder: Path) -> None:
    manifest = read_manifest(folder)
    manifest["files"][0] = manifest["files"][0]["path"]
    write_manifest(folder, manifest)


@fault("befolkning_p2012_v1.parquet", "'sha256'")
def missing_key_of_a_file(folder: Path) -> None:
    manifest = read_manifest(folder)
    del manifest["files"][0]["sha256"]
    write_manifest(folder, manifest)


@fault("befolkning_p2012_v1.parquet", "'period'")
def period_that_is_no_year(folder: Path) -> None:
    manifest_with(folder, period="20l2")


@fault("befolkning_p2012_v1.parquet", "'period'")
def period_in_a_far_future(folder: Path) -> None:
    manifest_with(folder, period="2999")


@fault("befolkning_p2012_v1.parquet", "'version'")
def version_zero(folder: Path) -> None:
    manifest_with(folder, version=0)


@fault("befolkning_p2012_v1.parquet", "'version'")
def version_that_is_true(folder: Path) -> None:
    manifest_with(folder, version=True)


@fault("befolkning_p2012_v1.parquet", "'rows'")
def negative_rows(folder: Path) -> None:
    manifest_with(folder, rows=-1)


@fault("befolkning_p2012_v1.parquet", "'register'", "befolkning, person, flytting")
def unknown_register(folder: Path) -> None:
    manifest_with(folder, register="trygd")


@fault("befolkning_p2012_v1.parquet", "do not agree")
def name_of_another_period(folder: Path) -> None:
    manifest_with(folder, period="2011")


@fault("population.parquet", "<register>_p<period>_v<version>")
def name_against_the_convention(folder: Path) -> None:
    (folder / "befolkning_p2012_v1.parquet").rename(folder / "population.parquet")
    manifest_with(folder, path="population.parquet")


@fault("befolkning 2012 version 1", "listed 2 times")
def file_listed_twice(folder: Path) -> None:
    manifest = read_manifest(folder)
    manifest["files"].append(manifest["files"][0])
    write_manifest(folder, manifest)


# Files and paths.


@fault("befolkning_p2012_v1.parquet", "missing")
def missing_file(folder: Path) -> None:
    (folder / "befolkning_p2012_v1.parquet").unlink()


@fault("../delivery/befolkning_p2012_v1.parquet", "inside the delivery")
def path_that_climbs_out(folder: Path) -> None:
    manifest_with(folder, path=f"../{folder.name}/befolkning_p2012_v1.parquet")


@fault("befolkning_p2012_v1.parquet", "inside the delivery")
def absolute_path(folder: Path) -> None:
    manifest_with(folder, path=str(folder / "befolkning_p2012_v1.parquet"))


@fault("befolkning_p2012_v1.parquet", "through a link")
def link_that_leads_out(folder: Path) -> None:
    inside = folder / "befolkning_p2012_v1.parquet"
    outside = folder.parent / "elsewhere.parquet"
    inside.rename(outside)
    inside.symlink_to(outside)


@fault("befolkning_p2012_v1.parquet", "ordinary file")
def folder_in_place_of_a_file(folder: Path) -> None:
    (folder / "befolkning_p2012_v1.parquet").unlink()
    (folder / "befolkning_p2012_v1.parquet").mkdir()


@fault("befolkning_p2012_v1.parquet", "ordinary file")
def pipe_in_place_of_a_file(folder: Path) -> None:
    (folder / "befolkning_p2012_v1.parquet").unlink()
    os.mkfifo(folder / "befolkning_p2012_v1.parquet")


@fault("befolkning_p2012_v1.parquet", "checksum")
def wrong_checksum(folder: Path) -> None:
    manifest_with(folder, sha256="0" * 64)


@fault("befolkning_p2013_v1.parquet", "Parquet", "truncated")
def truncated_parquet(folder: Path) -> None:
    path = folder / "befolkning_p2013_v1.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    reseal(folder)


@fault("befolkning_p2013_v1.parquet", "Parquet")
def damage_in_the_middle(folder: Path) -> None:
    path = folder / "befolkning_p2013_v1.parquet"
    content = bytearray(path.read_bytes())
    content[4:300] = bytes(296)
    path.write_bytes(content)
    reseal(folder)


@fault("befolkning_p2013_v1.parquet", "Parquet")
def empty_file(folder: Path) -> None:
    (folder / "befolkning_p2013_v1.parquet").write_bytes(b"")
    reseal(folder)


@fault("befolkning_p2012_v1.parquet", "3 rows", "4")
def wrong_row_count(folder: Path) -> None:
    manifest_with(folder, rows=4)


# CSV.


@fault("utdanning_p2012_v1.csv", "line 2", "UTF-8")
def csv_in_latin_1(folder: Path) -> None:
    as_csv(folder, EDUCATION, "personid;nus2000\npseudonym-bø;641107\n".encode("latin-1"))


@fault("utdanning_p2012_v1.csv", "line 1", "UTF-8")
def csv_header_in_latin_1(folder: Path) -> None:
    as_csv(folder, EDUCATION, "personid;nus2000;kjønn\npseudonym-bo;641107;1\n".encode("latin-1"))


@fault("utdanning_p2012_v1.csv", "line 2", "3 fields where the header has 2")
def csv_with_too_many_fields(folder: Path) -> None:
    as_csv(folder, EDUCATION, b"personid;nus2000\npseudonym-bo;641107;1\n")


@fault("utdanning_p2012_v1.csv", "cannot be read as CSV")
def csv_with_an_open_quote(folder: Path) -> None:
    as_csv(folder, EDUCATION, b'personid;nus2000\n"pseudonym-bo;641107\n')


@fault("utdanning_p2012_v1.csv", "first line")
def csv_without_anything(folder: Path) -> None:
    as_csv(folder, EDUCATION, b"")


@fault("utdanning_p2012_v1.csv", "first line", "separated by ';' or ','")
def csv_with_another_separator(folder: Path) -> None:
    as_csv(folder, EDUCATION, b"personid\tnus2000\npseudonym-bo\t641107\n")


@fault("utdanning_p2012_v1.csv", "column nus2000", "2 times")
def csv_with_a_repeated_column(folder: Path) -> None:
    as_csv(folder, EDUCATION, b"personid;nus2000;NUS2000\npseudonym-bo;641107;641107\n")


@fault("arbeidssoker_p2012_v1.csv", "column maaned", "not a whole number", "'mars' (1 row)")
def csv_with_a_month_in_words(folder: Path) -> None:
    as_csv(
        folder,
        ("arbeidssoker", 2012, 1),
        b"personid;maaned;hovedstatus\npseudonym-bo;1;1\npseudonym-bo;2;1\npseudonym-bo;mars;1\n",
    )


@fault("arbeidssoker_p2012_v1.csv", "column maaned", "not a whole number", "'1.5' (1 row)")
def csv_with_half_a_month(folder: Path) -> None:
    as_csv(
        folder,
        ("arbeidssoker", 2012, 1),
        b"personid;maaned;hovedstatus\npseudonym-bo;1;1\npseudonym-bo;2;1\npseudonym-bo;1.5;1\n",
    )


@fault("utdanningsaktivitet_p2012_v1.csv", "column dato", "not a date", "2 rows")
def csv_with_norwegian_dates(folder: Path) -> None:
    as_csv(
        folder,
        ("utdanningsaktivitet", 2012, 1),
        b"personid;aktivitet;dato\npseudonym-bo;eksamen;20.05.2012\npseudonym-anna;eksamen;2012-02-30\n",
    )


# Columns and types.


@fault("befolkning_p2013_v1.parquet", "column statuskode", "missing")
def missing_required_column(folder: Path) -> None:
    without_column(folder, POPULATION, "statuskode")


@fault("befolkning_p2013_v1.parquet", "column kommnr", "missing")
def missing_column_that_residents_need(folder: Path) -> None:
    without_column(folder, POPULATION, "kommnr")


@fault("befolkning_p2013_v1.parquet", "column statuskode", "STATUSKODE", "lower case")
def column_in_capitals(folder: Path) -> None:
    rows = [{**row, "STATUSKODE": row["statuskode"]} for row in good_files()[POPULATION]]
    for row in rows:
        del row["statuskode"]
    rewrite(folder, POPULATION, rows)


@fault("befolkning_p2013_v1.parquet", "column kommnr", "leading zeros", "2 rows")
def municipality_codes_as_numbers(folder: Path) -> None:
    rows = [{**row, "kommnr": row["kommnr"] and int(row["kommnr"])} for row in good_files()[POPULATION]]
    rewrite(folder, POPULATION, rows, kommnr=pa.int64())


@fault("befolkning_p2013_v1.parquet", "column statuskode", "not a whole number", "3 rows")
def status_as_text_that_is_not_digits(folder: Path) -> None:
    rows = [{**row, "statuskode": f" {row['statuskode']}"} for row in good_files()[POPULATION]]
    rewrite(folder, POPULATION, rows, statuskode=pa.string())


@fault("befolkning_p2013_v1.parquet", "column statuskode", "not a whole number", "'1.5' (1 row)")
def half_a_status(folder: Path) -> None:
    with_value(folder, POPULATION, "statuskode", 1.5, 0, statuskode=pa.float64())


@fault("befolkning_p2013_v1.parquet", "column statuskode", "not a whole number", "1 row")
def status_beyond_an_integer(folder: Path) -> None:
    with_value(folder, POPULATION, "statuskode", 2**40, 0, statuskode=pa.int64())


@fault("flytting_p2012_v1.parquet", "column flyttedato", "not a date", "2 rows")
def dates_with_a_time(folder: Path) -> None:
    rows = [{**row, "flyttedato": 1_340_000_000_000} for row in good_files()[MOVES]]
    rewrite(folder, MOVES, rows, flyttedato=pa.timestamp("ms"))


@fault("flytting_p2012_v1.parquet", "column flyttedato", "not a date", "YYYY-MM-DD", "2 rows")
def norwegian_dates_as_text_in_parquet(folder: Path) -> None:
    rows = [{**row, "flyttedato": f"{row['flyttedato']:%d.%m.%Y}"} for row in good_files()[MOVES]]
    rewrite(folder, MOVES, rows, flyttedato=pa.string())


# Values.


@fault("befolkning_p2013_v1.parquet", "column personid", "1 row without a value")
def person_without_pseudonym(folder: Path) -> None:
    with_value(folder, POPULATION, "personid", None, 2)


@fault("befolkning_p2013_v1.parquet", "column personid", "1 row without a value")
def person_with_an_empty_pseudonym(folder: Path) -> None:
    with_value(folder, POPULATION, "personid", "", 2)


@fault("befolkning_p2013_v1.parquet", "column personid", "blanks")
def pseudonym_with_a_blank(folder: Path) -> None:
    with_value(folder, POPULATION, "personid", "pseudonym-anna ", 0)


@fault("befolkning_p2013_v1.parquet", "column kommnr", "statuskode = 1", "1 row")
def resident_without_municipality(folder: Path) -> None:
    with_value(folder, POPULATION, "kommnr", None, 1)


@fault(
    "befolkning_p2013_v1.parquet", "column statuskode", "population_status", "'77' (2 rows)", "'88' (1 row)"
)
def unknown_status(folder: Path) -> None:
    rows = good_files()[POPULATION]
    rewrite(
        folder,
        POPULATION,
        [{**row, "statuskode": code} for row, code in zip(rows, (77, 88, 77), strict=True)],
    )


@fault("befolkning_p2013_v1.parquet", "column kommnr", "valid for 2013", "'0718' (1 row)")
def municipality_merged_long_ago(folder: Path) -> None:
    with_value(folder, POPULATION, "kommnr", "0718", 0)


@fault("befolkning_p2013_v1.parquet", "column kommnr", "valid for 2013", "'5001' (1 row)")
def municipality_of_a_later_division(folder: Path) -> None:
    with_value(folder, POPULATION, "kommnr", "5001", 1)


@fault("befolkning_p2013_v1.parquet", "column kommnr", "'12' (1 row)")
def municipality_of_two_digits(folder: Path) -> None:
    with_value(folder, POPULATION, "kommnr", "12", 1)


@fault(
    "befolkning_p2013_v1.parquet", "column personid", "2 rows with a key that occurs more than once", "2 rows"
)
def person_twice(folder: Path) -> None:
    with_value(folder, POPULATION, "personid", "pseudonym-anna", 0, 1)


@fault("person_p2012_v1.parquet", "column fodeland", "country", "'XYZ' (1 row)")
def unknown_country(folder: Path) -> None:
    with_value(folder, PERSON, "fodeland", "XYZ", 1)


@fault("person_p2012_v1.parquet", "column invkat", "'b' (1 row)")
def category_in_lower_case(folder: Path) -> None:
    with_value(folder, PERSON, "invkat", "b", 1)


@fault("person_p2012_v1.parquet", "column inngrunn1", "'WORK' (1 row)")
def unknown_reason(folder: Path) -> None:
    with_value(folder, PERSON, "inngrunn1", "WORK", 1)


@fault("person_p2012_v1.parquet", "column foedselsaar_mnd", "year and month", "1 row")
def birth_in_the_thirteenth_month(folder: Path) -> None:
    with_value(folder, PERSON, "foedselsaar_mnd", 198013, 1)


@fault("person_p2012_v1.parquet", "column foedselsaar_mnd", "1850 to 2012", "1 row")
def birth_after_the_period(folder: Path) -> None:
    with_value(folder, PERSON, "foedselsaar_mnd", 201304, 1)


@fault("person_p2012_v1.parquet", "column forstdato", "YYYYMMDD", "1 row")
def first_immigration_on_no_day(folder: Path) -> None:
    with_value(folder, PERSON, "forstdato", 20070230, 1)


@fault("person_p2012_v1.parquet", "column doedsdato", "1850 to 2014", "1 row")
def death_in_a_far_future(folder: Path) -> None:
    with_value(folder, PERSON, "doedsdato", day("2099-12-31"), 1)


@fault("flytting_p2012_v1.parquet", "column flyttedato", "outside the period 2012", "1 row")
def event_of_another_year(folder: Path) -> None:
    with_value(folder, MOVES, "flyttedato", day("2013-01-01"), 0)


@fault("flytting_p2012_v1.parquet", "column regdato", "1850 to 2014", "1 row")
def registered_after_the_delivery(folder: Path) -> None:
    with_value(folder, MOVES, "regdato", day("2015-01-01"), 0)


@fault("flytting_p2012_v1.parquet", "column hendelse", "'flytting' (1 row)")
def unknown_event(folder: Path) -> None:
    with_value(folder, MOVES, "hendelse", "flytting", 0)


@fault("utdanning_p2012_v1.parquet", "column nus2000", "'64110' (1 row)")
def education_of_five_digits(folder: Path) -> None:
    with_value(folder, EDUCATION, "nus2000", "64110")


@fault("utdanningsaktivitet_p2012_v1.parquet", "column dato", "outside the period 2012", "1 row")
def exam_of_another_year(folder: Path) -> None:
    with_value(folder, ("utdanningsaktivitet", 2012, 1), "dato", day("2011-12-31"), 0)


@fault("sysselsetting_p2012_v1.parquet", "column timer", "above 168", "1 row")
def more_hours_than_a_week_has(folder: Path) -> None:
    with_value(folder, ("sysselsetting", 2012, 1), "timer", 200.0)


@fault(
    "sysselsetting_p2012_v1.parquet", "column timer", "a value that is not a number (NaN)", "'nan' (1 row)"
)
def hours_that_are_no_number(folder: Path) -> None:
    with_value(folder, ("sysselsetting", 2012, 1), "timer", float("nan"))


@fault("sysselsetting_p2012_v1.parquet", "column naring", "'47111' (1 row)")
def industry_without_the_point(folder: Path) -> None:
    with_value(folder, ("sysselsetting", 2012, 1), "naring", "47111")


@fault("arbeidssoker_p2012_v1.parquet", "column maaned", "above 12", "'13' (1 row)")
def thirteenth_month(folder: Path) -> None:
    with_value(folder, ("arbeidssoker", 2012, 1), "maaned", 13, 2)


# Privacy.


@fault("befolkning_p2013_v1.parquet", "column personid", "national identity number", "1 row")
def identity_number_as_pseudonym(folder: Path) -> None:
    with_value(folder, POPULATION, "personid", IDENTITY_NUMBER, 0)


@fault("befolkning_p2013_v1.parquet", "column famnr", "national identity number", "1 row")
def d_number_as_family_number(folder: Path) -> None:
    with_value(folder, POPULATION, "famnr", D_NUMBER, 0)


@fault("befolkning_p2013_v1.parquet", "column comment", "national identity number", "1 row")
def identity_number_in_a_column_that_is_ignored(folder: Path) -> None:
    text = f"see {IDENTITY_NUMBER[:6]} {IDENTITY_NUMBER[6:]}, moved"
    with_value(folder, POPULATION, "comment", text, 0, comment=pa.string())


@fault("flytting_p2012_v1.parquet", "column hendelse", "national identity number", "not shown")
def identity_number_in_place_of_a_code(folder: Path) -> None:
    with_value(folder, MOVES, "hendelse", IDENTITY_NUMBER, 0)


@fault("befolkning_p2013_v1.parquet", "column kommnr", "not shown")
def pseudonyms_in_place_of_codes(folder: Path) -> None:
    rows = [
        {**row, "personid": f"p{number}", "kommnr": f"p{number}"}
        for number, row in enumerate(good_files()[POPULATION])
    ]
    rewrite(folder, POPULATION, rows)


def everything_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ledger_of(data_root: Path) -> list[dict[str, Any]]:
    ledger: dict[str, Any] = json.loads((data_root / "accepted" / "ledger.json").read_text(encoding="utf-8"))
    deliveries: list[dict[str, Any]] = ledger["deliveries"]
    return deliveries


@pytest.fixture(scope="module")
def root_with_a_delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    population = {("befolkning", 2011, 1): good_files()["befolkning", 2012, 1]}
    ran = run_command(folder / "data", "deliver", write_delivery(folder / "delivery", "earlier", population))
    assert ran.code == 0, ran.text
    return folder / "data"


@pytest.mark.parametrize("spoiled", FAULTS, ids=lambda spoiled: spoiled.name)
def test_a_fault_refuses_the_delivery_and_names_itself(
    spoiled: Fault, utvandring: Command, data_root: Path, root_with_a_delivery: Path, tmp_path: Path
) -> None:
    shutil.copytree(root_with_a_delivery, data_root)
    files_before = everything_under(data_root / "accepted" / "files")
    ledger_before = ledger_of(data_root)
    folder = write_delivery(tmp_path / "delivery", "2014-03-01", good_files())
    spoiled.apply(folder)

    ran = utvandring("deliver", folder)

    assert ran.code == 1, ran.text
    assert "Refused" in ran.out
    assert "Traceback" not in ran.text
    reasons = ran.out.split("\n  ")[1:]
    for part in spoiled.says:
        assert any(part in reason for reason in reasons), (part, ran.out)
    kept = "\n".join(
        content.decode("utf-8", errors="replace")
        for name, content in everything_under(data_root).items()
        if not name.endswith(".parquet")
    )
    for pseudonym in PSEUDONYMS:
        assert pseudonym not in ran.text
        assert pseudonym not in kept
    assert everything_under(data_root / "accepted" / "files") == files_before
    ledger = ledger_of(data_root)
    assert ledger[: len(ledger_before)] == ledger_before
    assert [(entry["verdict"], entry["files"]) for entry in ledger[len(ledger_before) :]] == [("refused", [])]
    assert not list((data_root / "accepted").glob(".staging-*"))


def test_every_fault_of_a_delivery_is_told_at_once(utvandring: Command, good_delivery: Path) -> None:
    with_value(good_delivery, POPULATION, "statuskode", 77, 0)
    with_value(good_delivery, PERSON, "fodeland", "XYZ", 1)
    (good_delivery / "flytting_p2012_v1.parquet").unlink()

    ran = utvandring("deliver", good_delivery)

    assert "3 reasons" in ran.out
    for part in ("'77'", "'XYZ'", "flytting_p2012_v1.parquet: the file is missing"):
        assert part in ran.out


def test_at_most_five_offending_values_are_named_most_frequent_first(
    utvandring: Command, good_delivery: Path
) -> None:
    rows = good_files()[EDUCATION]
    codes = [code for code in "ABCDEFG" for _ in range(ord("H") - ord(code))]
    rewrite(
        good_delivery,
        EDUCATION,
        [
            {**rows[0], "personid": f"pseudonym-{number}", "nus2000": code}
            for number, code in enumerate(codes)
        ],
    )

    ran = utvandring("deliver", good_delivery)

    assert (
        "'A' (7 rows), 'B' (6 rows), 'C' (5 rows), 'D' (4 rows), 'E' (3 rows), 3 rows with values" in ran.out
    )


@pytest.mark.parametrize("separator", [";", ","])
def test_csv_reports_the_same_faults_as_parquet(separator: str, utvandring: Command, tmp_path: Path) -> None:
    files = good_files()
    rows = files[POPULATION]
    files[POPULATION] = [{**rows[0], "statuskode": 77}, {**rows[1], "kommnr": None}, rows[2]]
    said = []
    for fmt in ("parquet", "csv"):
        folder = write_delivery(tmp_path / fmt, fmt, files, fmt, separator)
        said.append(utvandring("deliver", folder).out.replace(fmt, "FORMAT").split("Page to read:")[0])
    assert said[0] == said[1]
    assert "'77' (1 row)" in said[0]
