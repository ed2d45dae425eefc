"""Values that stand for nothing: refused by name, or unknown when a steward says so."""

import json
import math
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from agreeing import findings, move, person, resident
from conftest import Command
from deliveries import Key, Row, day, good_files, write_delivery
from hypothesis import given
from hypothesis import strategies as st
from one_file import INCOME, JOBS, MOVES, PERSON, POPULATION, SPECIFICATION, Check, population, refused, taken

from utvandring.deliveries import identity
from utvandring.deliveries.checks import ORDINARY_IDENTIFIER, ORDINARY_WORD
from utvandring.deliveries.specification import Column

# Words, with the blanks and cases in which programs write them.
WORDS = [
    "NA",
    "na",
    "N/A",
    "#N/A",
    "<NA>",
    "NaN",
    "nan",
    "-NaN",
    "NaT",
    "None",
    "NULL",
    "null",
    "(null)",
    "\\N",
]
WORDS += [
    "nil",
    ".",
    "..",
    "...",
    ":",
    ".a",
    ".Z",
    "._",
    "-",
    "--",
    "–",
    "?",
    "*",
    "#NULL!",
    "#I/T",
    "undefined",
]
WORDS += [
    "missing",
    "Unknown",
    "Ukjent",
    "UOPPGITT",
    "ikke oppgitt",
    "Mangler",
    "n.a.",
    " ",
    "   ",
    " NA",
    "NA ",
]
# What stands for nothing in an identifier only.
NUMBERS = ["0", "000000", "00000000000", "0.0", "0 0", "00-00", "999999999", "99999999999", "-1", "-9", "-99"]
NUMBERS += ["xxx", "XXXXXX", "*****", "......", "------", "????", "____"]


def column(register: str, name: str) -> Column:
    return next(one for one in SPECIFICATION.registers[register].columns if one.name == name)


@pytest.mark.parametrize(
    ("key", "name"),
    [(POPULATION, "famnr"), (PERSON, "mor_id"), (PERSON, "far_id")],
    ids=lambda value: str(value),
)
def test_what_stands_for_nothing_is_no_family_and_no_parent(key: Key, name: str, check: Check) -> None:
    values = WORDS + NUMBERS
    rows = [{**good_files()[key][0], "personid": f"p{number}", name: v} for number, v in enumerate(values)]

    checked = check.rows(key, rows)

    refused(
        checked, f"column {name}: {len(values)} rows with a word for an unknown value: ", "leave such fields"
    )
    (found,) = [found for found in checked.result.findings if found.column == name]
    assert (found.name, found.waivable) == (f"{key[0]}.{name}.nothing", True)
    checked = check.rows(key, rows, [found.name])
    assert taken(checked).stored(name) == [None] * len(values)
    assert f"{len(values)} rows" in checked.warnings
    assert checked.result.unknown == {found.name: len(values)}


@pytest.mark.parametrize("word", ["NA", "0", "000000", ".", "null", "-9", " "])
def test_what_stands_for_nothing_is_no_person_and_is_never_waived(word: str, check: Check) -> None:
    checked = check.rows(
        POPULATION, population("personid", []) or [{**good_files()[POPULATION][0], "personid": word}]
    )
    refused(checked, "column personid: 1 row with a word for an unknown value")
    assert "without a value" not in checked.refusals
    (found,) = checked.result.findings
    assert not found.waivable
    again = check.rows(
        POPULATION, [{**good_files()[POPULATION][0], "personid": word}], ["befolkning.personid.nothing"]
    )
    refused(again, "column personid: 1 row with a word for an unknown value")


def test_the_words_are_named_with_their_numbers_also_where_they_stand_in_several_columns(
    check: Check,
) -> None:
    lines = "".join(f"p{number}-1;1;0301;{word};NA\n" for number, word in enumerate(["NA", "NA", "."]))
    checked = check.csv(POPULATION, f"personid;statuskode;kommnr;famnr;personkode\n{lines}")
    refused(
        checked,
        "column famnr: 3 rows with a word for an unknown value: 'NA' (2 rows), '.' (1 row)",
        "column personkode: 3 rows with a word for an unknown value: 'NA' (3 rows)",
    )
    assert "not a whole number" not in checked.refusals


@pytest.mark.parametrize("fmt", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("key", "name"),
    [
        (INCOME, "wyrkinnt"),
        (INCOME, "nettoformue"),
        (JOBS, "timer"),
        (JOBS, "hovedarbeid"),
        (JOBS, "naring"),
        (POPULATION, "personkode"),
        (POPULATION, "sivstand"),
        (PERSON, "landbak3gen"),
        (PERSON, "forstdato"),
        (PERSON, "doedsdato"),
        (MOVES, "regdato"),
        (MOVES, "utvandringstype"),
    ],
)
def test_words_are_recognised_in_every_type(key: Key, name: str, fmt: str, check: Check) -> None:
    row = good_files()[key][-1]
    rows = [{**row, "personid": f"p{number}", name: word} for number, word in enumerate(WORDS)]
    waiver = f"{key[0]}.{name}.nothing"

    def checked(*waived: str) -> Any:
        if fmt == "parquet":
            return check.rows(key, rows, waived, **{name: pa.string()})
        text = (
            ";".join(row)
            + "\n"
            + "".join(";".join(cell(value) for value in row.values()) + "\n" for row in rows)
        )
        return check.csv(key, text, waived)

    found = checked()
    refused(found, f"column {name}: {len(WORDS)} rows with a word for an unknown value")
    assert "\n" not in found.refusals
    assert taken(checked(waiver)).stored(name) == [None] * len(WORDS)


def cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_not_a_number_in_parquet_stands_for_nothing(check: Check) -> None:
    for data_type in (pa.float32(), pa.float64()):
        checked = check.column(INCOME, "nettoformue", [math.nan, None], data_type)
        refused(checked, "column nettoformue: 1 row with a value that is not a number (NaN): 'nan' (1 row)")
        assert "not a whole number" not in checked.refusals


def test_zero_stays_a_value_in_amounts_and_where_a_code_list_has_it(check: Check) -> None:
    rows = [{**good_files()[INCOME][0], "wyrkinnt": 0, "wies": 0, "nettoformue": 0}]
    assert taken(check.rows(INCOME, rows)).stored("wyrkinnt") == [0]
    checked = check.csv(INCOME, "personid;wyrkinnt;wies;nettoformue\np1-1;0;0.0;-0\n")
    assert taken(checked).stored("wies") == [0]
    assert taken(check.column(POPULATION, "statuskode", [0], pa.int32())).stored("statuskode") == [0]
    assert taken(check.column(POPULATION, "kommnr", ["0000"], pa.string())).stored("kommnr") == ["0000"]
    assert taken(check.column(PERSON, "fodeland", ["000"], pa.string())).stored("fodeland") == ["000"]
    assert taken(check.column(JOBS, "yrkstat", [0], pa.int32())).stored("yrkstat") == [0]
    assert taken(check.column(JOBS, "timer", [0.0], pa.float64())).stored("timer") == [0.0]


def test_a_code_of_a_list_is_a_value_also_if_it_reads_like_a_word(check: Check) -> None:
    """The word is one in every other column; here the code list would have it."""
    checking = check.connection
    checking.execute("create temporary table kept as from seed_reason_for_immigration")
    checking.execute("insert into seed_reason_for_immigration (reason_code) values ('NA')")
    try:
        checked = check.column(PERSON, "inngrunn1", ["NA"], pa.string())
        assert taken(checked).stored("inngrunn1") == ["NA"]
    finally:
        checking.execute("create or replace temporary table seed_reason_for_immigration as from kept")
        checking.execute("drop table kept")


def test_no_organisation_has_a_number_of_zeros_or_nines(check: Check) -> None:
    for number in ("000000000", "999999999"):
        checked = check.column(JOBS, "orgnr", [number], pa.string())
        refused(checked, f"column orgnr: 1 row with a value that stands for nothing: '{number}' (1 row)")


# Dates.


@pytest.mark.parametrize("sentinel", ["1900-01-01", "1899-12-30", "1899-12-31", "1800-01-01", "9999-12-31"])
@pytest.mark.parametrize(
    ("key", "name"),
    [(PERSON, "doedsdato"), (MOVES, "regdato"), (MOVES, "flyttedato")],
    ids=lambda value: str(value),
)
def test_a_date_that_stands_for_nothing_is_no_date(sentinel: str, key: Key, name: str, check: Check) -> None:
    says = f"column {name}: 1 row with a value that stands for nothing: '{sentinel}' (1 row)"
    for value, data_type in ((day(sentinel), pa.date32()), (sentinel, pa.string())):
        checked = check.column(key, name, [value], data_type)
        refused(checked, says)
        assert "\n" not in checked.refusals
    waiver = f"{key[0]}.{name}.nothing"
    rows = [{**good_files()[key][0], name: day(sentinel)}]
    assert taken(check.rows(key, rows, [waiver])).stored(name) == [None]


@pytest.mark.parametrize(
    "text", ["0", "00000000", "0000-00-00", "00.00.0000", "0000-00-00 00:00:00", "9999-99-99"]
)
def test_a_date_of_zeros_is_no_date(text: str, check: Check) -> None:
    checked = check.column(PERSON, "doedsdato", [text], pa.string())
    refused(checked, "column doedsdato: 1 row with a word for an unknown value")


@pytest.mark.parametrize("value", [0, 19000101, 19000000, 18991230, 18000101, 99991231, 99999999])
def test_a_first_immigration_that_stands_for_nothing(value: int, check: Check) -> None:
    checked = check.column(PERSON, "forstdato", [value], pa.int32())
    refused(checked, f"column forstdato: 1 row with a value that stands for nothing: '{value}' (1 row)")
    assert "\n" not in checked.refusals
    checked = check.rows(
        PERSON, [{**good_files()[PERSON][0], "forstdato": value}], ["person.forstdato.nothing"]
    )
    assert taken(checked).stored("forstdato") == [None]


def test_a_birth_in_january_1900_is_a_birth_and_month_0_is_none(check: Check) -> None:
    assert taken(check.column(PERSON, "foedselsaar_mnd", [190001], pa.int32()))
    refused(
        check.column(PERSON, "foedselsaar_mnd", [0], pa.int32()),
        "foedselsaar_mnd: 1 row with a value that stands",
    )


def persons(n: int, **columns: Sequence[Any]) -> list[Row]:
    rows = [person(number) for number in range(n)]
    return [
        {
            **row,
            **{
                name: values[number] if number < len(values) else row[name]
                for name, values in columns.items()
            },
        }
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize("one", ["1960-01-01", "1970-01-01", "2012-01-01", "2000-02-29"])
def test_a_day_on_which_most_died_stands_for_no_death(one: str, check: Check) -> None:
    real = [date(2012, 1 + number % 12, 1 + number % 28) for number in range(30)]
    rows = persons(100, doedsdato=real + [day(one)] * 70)

    checked = check.rows(PERSON, rows)

    refused(
        checked, "column doedsdato: 7", f"more than 10 % of all have, which stands for nothing: '{one}' (7"
    )
    found = check.rows(PERSON, rows, ["person.doedsdato.nothing"])
    kept = taken(found).stored("doedsdato")
    assert kept == [None if value == day(one) else value for value in [row["doedsdato"] for row in rows]]


def test_few_deaths_on_one_day_are_deaths(check: Check) -> None:
    for days in (
        [day("2011-07-22")] * 19,
        [day("2004-12-26")] * 25 + [date(2000 + n // 300, 1 + n // 28 % 12, 1 + n % 28) for n in range(600)],
    ):
        assert taken(check.rows(PERSON, persons(1000, doedsdato=days)))


def test_first_immigrations_at_the_end_of_a_year_that_many_share(check: Check) -> None:
    for value in (19600101, 19700101, 20001231):
        rows = persons(100, forstdato=[20010203 + number for number in range(20)] + [value] * 80)
        refused(
            check.rows(PERSON, rows), "column forstdato: 80 rows with a value that more than 20 % of all have"
        )
    rows = persons(100, forstdato=[20070815] * 100)
    assert taken(check.rows(PERSON, rows))


# The list itself.


def test_nothing_that_stands_for_nothing_passes_as_an_ordinary_identifier() -> None:
    words = [*column("befolkning", "famnr").nothing.texts, *map(str.lower, NUMBERS)]
    assert not [word for word in words if re.fullmatch(ORDINARY_IDENTIFIER, word, re.IGNORECASE)]


@given(st.from_regex(ORDINARY_WORD, fullmatch=True))
def test_an_ordinary_word_is_an_ordinary_identifier_and_hides_no_identity_number(word: str) -> None:
    assert re.fullmatch(ORDINARY_IDENTIFIER, word)
    assert word < "A" or not re.search(identity._CANDIDATE, word)


@pytest.mark.parametrize(
    "value",
    [
        "1",
        "10",
        "9",
        "99",
        "100000",
        "0001",
        "p0",
        "a",
        "na1",
        "nan-2",
        "pseudonym-anna",
        "pdabcdefabc",
        "none-1",
    ],
)
def test_short_and_unusual_pseudonyms_are_persons(value: str, check: Check) -> None:
    rows = [{**good_files()[POPULATION][0], "personid": value, "famnr": value}]
    assert taken(check.rows(POPULATION, rows)).stored("famnr") == [value]


# Values that too many share.


def world(n: int = 120) -> dict[Key, list[Row]]:
    """Return a delivery in which nothing is shared."""
    moves = [
        move(number, "innenlands", f"2012-{1 + number % 12:02}-{1 + number % 28:02}") for number in range(n)
    ]
    return {
        ("befolkning", 2013, 1): [resident(number) for number in range(n)],
        ("person", 2012, 1): [person(number) for number in range(n)],
        ("flytting", 2012, 1): moves,
    }


def told(utvandring: Command, folder: Path, files: dict[Key, list[Row]], code: int = 0) -> dict[str, str]:
    ran = utvandring("deliver", write_delivery(folder, "d", files), "--json")
    assert ran.code == code, ran.text
    assert "pseudonym-" not in ran.out
    return findings(ran.out, "warn")


def test_a_family_a_mother_a_father_and_a_person_of_many_are_told_with_their_size(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    files = world()
    for row in files["befolkning", 2013, 1][:51]:
        row["famnr"] = "f-1"
    for number, row in enumerate(files["person", 2012, 1]):
        row["mor_id"] = "m-1" if number < 26 else None
        row["far_id"] = "f-1" if number < 51 else None
        row["foedselsaar_mnd"] = 198501 if number < 61 else row["foedselsaar_mnd"]
    files["flytting", 2012, 1] += [
        move(3, "innenlands", f"2012-06-{1 + number % 28:02}") for number in range(100)
    ]

    said = told(utvandring, tmp_path / "d", files)

    assert "one family number is shared by 51 of 120 residents (1 such numbers)" in said["family_of_many"]
    assert "one mother has 26 children among 26 persons" in said["children_of_one_mother"]
    assert "one father has 51 children among 51 persons" in said["children_of_one_father"]
    assert "61 of 120 persons are born in one and the same month (50.8 %)" in said["born_in_one_month"]
    assert "one person has 101 of 220 rows" in said["rows_of_one_person"]
    ledger = json.loads((data_root / "accepted" / "ledger.json").read_text("utf-8"))
    assert {"family_of_many", "children_of_one_mother"} <= {
        found["check"] for found in ledger["deliveries"][0]["findings"]
    }


def test_large_families_and_many_children_up_to_the_bounds_are_not_told(
    utvandring: Command, tmp_path: Path
) -> None:
    files = world()
    for row in files["befolkning", 2013, 1][:50]:
        row["famnr"] = "f-1"
    # Who is not resident, and who has no family number, is of no family.
    for row in files["befolkning", 2013, 1][50:]:
        row["famnr"] = None
    for number, row in enumerate(files["person", 2012, 1]):
        row["mor_id"] = "m-1" if number < 25 else None
        row["far_id"] = "f-1" if number < 50 else None

    assert told(utvandring, tmp_path / "d", files) == {}


@pytest.mark.parametrize(("shared", "is_told"), [(61, True), (60, False)])
def test_registrations_of_one_day_are_told_with_their_share(
    shared: int, is_told: bool, utvandring: Command, tmp_path: Path
) -> None:
    files = world()
    for row in files["flytting", 2012, 1][:shared]:
        row["regdato"] = day("2013-01-15")

    said = told(utvandring, tmp_path / "d", files)

    assert set(said) == ({"registered_on_one_day"} if is_told else set())
    if is_told:
        assert (
            "61 of 120 events are registered on one and the same day (50.8 %)"
            in said["registered_on_one_day"]
        )


def test_events_and_registrations_of_one_day_are_not_told(utvandring: Command, tmp_path: Path) -> None:
    files = world()
    for row in files["flytting", 2012, 1]:
        row["flyttedato"] = row["regdato"] = day("2012-05-05")

    assert told(utvandring, tmp_path / "d", files) == {}
