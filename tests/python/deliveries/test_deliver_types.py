"""How a file stores a value decides nothing: the same value has the same verdict and arrives the same."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import run_command
from deliveries import Key, Row, day, entry, good_files, write_delivery, write_manifest, write_parquet
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

from utvandring.deliveries import reading
from utvandring.deliveries.verdict import Level

# A column without any value.

ANY_TYPE = [
    pa.null(),
    pa.string(),
    pa.int32(),
    pa.float64(),
    pa.float16(),
    pa.bool_(),
    pa.binary(),
    pa.date32(),
    pa.timestamp("us", tz="UTC"),
    pa.decimal128(12, 2),
    pa.list_(pa.string()),
    pa.struct([("a", pa.int32())]),
]


@pytest.mark.parametrize("data_type", ANY_TYPE, ids=str)
def test_a_required_column_without_values_is_refused_whatever_its_type(
    data_type: pa.DataType, check: Check
) -> None:
    checked = check.column(POPULATION, "kommnr", [None] * 3, data_type)
    refused(checked, "column kommnr: 2 rows without a value, which is required where statuskode = 1")
    checked = check.column(MOVES, "flyttedato", [None] * 2, data_type)
    refused(checked, "column flyttedato: 2 rows without a value")


@pytest.mark.parametrize(
    ("key", "column"),
    [
        (POPULATION, "personid"),
        (POPULATION, "statuskode"),
        (PERSON, "invkat"),
        (PERSON, "foedselsaar_mnd"),
        (MOVES, "hendelse"),
        (EDUCATION, "nus2000"),
    ],
)
def test_every_required_column_must_have_values(key: Key, column: str, check: Check) -> None:
    rows = good_files()[key]
    for data_type in (pa.null(), pa.int32(), pa.float64()):
        checked = check.column(key, column, [None] * len(rows), data_type)
        refused(checked, f"column {column}: {len(rows)} row", "without a value")


def test_an_optional_column_without_values_is_unknown_whatever_its_type(check: Check) -> None:
    for data_type in ANY_TYPE:
        assert taken(check.column(POPULATION, "famnr", [None] * 3, data_type)).stored("famnr") == [None] * 3


# Numbers in floats.


@pytest.mark.parametrize(
    ("key", "column", "value", "data_type"),
    [
        (PERSON, "forstdato", 20120715, pa.float32()),
        (PERSON, "forstdato", 20120701, pa.float32()),
        (INCOME, "nettoformue", 16777217, pa.float32()),
        (INCOME, "nettoformue", -16777217, pa.float32()),
        (INCOME, "nettoformue", 2**53 + 1, pa.float64()),
        (INCOME, "wyrkinnt", -(2**53) - 1, pa.float64()),
        (INCOME, "wyrkinnt", 2049, pa.float16()),
    ],
    ids=str,
)
def test_a_whole_number_that_a_float_does_not_keep_is_refused(
    key: Key, column: str, value: int, data_type: pa.DataType, check: Check
) -> None:
    number = np.float16(value) if pa.types.is_float16(data_type) else float(value)
    checked = check.column(key, column, [number] * len(good_files()[key]), data_type)

    refused(checked, f"column {column}", "no longer keeps every whole number", "int32 or int64")
    assert "not a whole number" not in checked.refusals
    assert "without a value" not in checked.refusals


def test_floats_that_keep_their_numbers_are_taken(check: Check) -> None:
    assert taken(check.column(INCOME, "nettoformue", [float(2**24 - 1), None], pa.float32())).stored(
        "nettoformue"
    ) == [2**24 - 1, None]
    assert taken(check.column(INCOME, "nettoformue", [float(2**53 - 1), None], pa.float64())).stored(
        "nettoformue"
    ) == [2**53 - 1, None]
    assert taken(check.column(PERSON, "forstdato", [20070815.0, None, None], pa.float64())).stored(
        "forstdato"
    ) == [20070815, None, None]
    assert taken(check.column(INCOME, "nettoformue", [2**53 + 1, None], pa.int64())).stored(
        "nettoformue"
    ) == [2**53 + 1, None]


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_what_is_no_number_is_refused_as_that(value: float, check: Check) -> None:
    for data_type in (pa.float32(), pa.float64()):
        checked = check.column(INCOME, "nettoformue", [value, None], data_type)
        refused(checked, "column nettoformue: 1 row with a value that is not a whole number")


@pytest.mark.parametrize("data_type", [pa.float32(), pa.float64(), pa.decimal128(12, 0)], ids=str)
def test_an_identifier_is_never_a_float(data_type: pa.DataType, check: Check) -> None:
    values = [Decimal(number) if pa.types.is_decimal(data_type) else float(number) for number in (1, 2, 3)]
    for column in ("personid", "famnr"):
        refused(check.column(POPULATION, column, values, data_type), f"column {column}", "deliver text")


@pytest.mark.parametrize("value", ["1000001.0", "1e+06", "1.23457E+11"])
def test_an_identifier_that_went_through_a_float_is_refused(value: str, check: Check) -> None:
    checked = check.column(POPULATION, "personid", [value], pa.string())
    refused(checked, "column personid: 1 row with an identifier that went through a floating-point number")
    assert value not in checked.refusals


def test_a_pseudonym_of_hexadecimal_digits_is_no_float(check: Check) -> None:
    taken(check.column(POPULATION, "personid", ["1e5", "12345e67", "9.x"], pa.string()))


# Dates.

MIDNIGHT = 1338508800  # 2012-06-01 in UTC


@pytest.mark.parametrize("zone", ["UTC", "Europe/Oslo"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_an_instant_is_a_day_where_it_is_midnight_in_utc(zone: str, unit: str, check: Check) -> None:
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    assert taken(
        check.column(MOVES, "flyttedato", [MIDNIGHT * per_second], pa.timestamp(unit, tz=zone))
    ).stored("flyttedato") == [day("2012-06-01")]
    for seconds in (MIDNIGHT - 7_200, MIDNIGHT + 4 * 3_600):
        checked = check.column(MOVES, "flyttedato", [seconds * per_second], pa.timestamp(unit, tz=zone))
        refused(checked, "column flyttedato: 1 row with a value that is not a date", "without time and zone")


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Europe/Oslo", "Pacific/Auckland"])
def test_the_zone_of_the_machine_decides_nothing(zone: str, tmp_path: Path) -> None:
    folders = []
    for name, seconds in (("midnight", MIDNIGHT), ("oslo", MIDNIGHT - 7_200)):
        folder = write_delivery(tmp_path / name, name, {MOVES: good_files()[MOVES][:1]})
        path = folder / "flytting_p2012_v1.parquet"
        rows = [{**good_files()[MOVES][0], "flyttedato": seconds}]
        write_parquet(path, "flytting", rows, {"flyttedato": pa.timestamp("s", tz="Europe/Oslo")})
        files = [entry(path, *MOVES, 1)]
        write_manifest(folder, {"delivery_id": name, "produced_at": "2014-03-15", "files": files})
        folders.append(folder)

    said = [run_command(tmp_path / "data", "deliver", folder, environment={"TZ": zone}) for folder in folders]

    assert [ran.code for ran in said] == [0, 1], [ran.text for ran in said]
    (stored,) = (tmp_path / "data/accepted/files/flytting").glob("*.parquet")
    with duckdb.connect() as connection:
        assert connection.execute(f"select flyttedato from '{stored}'").fetchall() == [(day("2012-06-01"),)]


def test_the_zone_of_the_engine_decides_nothing(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "f.parquet",
        "flytting",
        [{"flyttedato": MIDNIGHT}, {"flyttedato": MIDNIGHT - 7_200}],
        {"flyttedato": pa.timestamp("s", tz="Europe/Oslo")},
    )
    sql = reading.conversion("flyttedato", "TIMESTAMPTZ", "date")
    with duckdb.connect() as connection:
        for zone in ("UTC", "Europe/Oslo", "Pacific/Auckland"):
            connection.execute(f"set timezone = '{zone}'")
            found = connection.execute(f"select {sql} from '{tmp_path / 'f.parquet'}'").fetchall()
            assert found == [(day("2012-06-01"),), (None,)]


@pytest.mark.parametrize(
    "text",
    [
        "2012-06-01",
        "2012-06-01 00:00:00",
        "2012-06-01T00:00:00.000",
        "2012-06-01T00:00:00Z",
        "2012-06-01 00:00:00+00",
        "2012-06-01 00:00:00+00:00",
    ],
)
def test_a_date_as_text_is_the_same_in_csv_and_in_parquet(text: str, check: Check) -> None:
    assert taken(check.column(MOVES, "flyttedato", [text], pa.string())).stored("flyttedato") == [
        day("2012-06-01")
    ]
    assert taken(check.csv(EXAMS, f"personid;aktivitet;dato\nbo;eksamen;{text}\n")).stored("dato") == [
        day("2012-06-01")
    ]


@pytest.mark.parametrize(
    "text", ["2012-06-01T00:00:00+02:00", "2012-06-01 12:00:00", "20120601", "01.06.2012"]
)
def test_what_is_no_day_as_text_is_refused_in_csv_and_in_parquet(text: str, check: Check) -> None:
    says = "1 row with a value that is not a date"
    refused(check.column(MOVES, "flyttedato", [text], pa.string()), f"column flyttedato: {says}")
    refused(check.csv(EXAMS, f"personid;aktivitet;dato\nbo;eksamen;{text}\n"), f"column dato: {says}")


def test_a_date_beyond_the_calendar_is_refused(check: Check, tmp_path: Path) -> None:
    for number, data_type in ((2**31 - 1, pa.date32()), (2**63 - 1, pa.timestamp("us"))):
        values = pa.array([number], pa.int32() if number < 2**31 else pa.int64()).cast(data_type)
        path = tmp_path / "dates.parquet"
        write_parquet(path, "person", good_files()[PERSON][:1])
        table = pq.read_table(path)
        place = table.schema.get_field_index("doedsdato")
        pq.write_table(table.set_column(place, "doedsdato", values), path)
        refused(check.file(PERSON, path, 1), "column doedsdato: 1 row")


# Codes and switches.


def test_codes_as_text_in_parquet_are_taken_as_from_csv(check: Check) -> None:
    assert taken(check.column(POPULATION, "statuskode", ["1", "1", "3"], pa.string())).stored(
        "statuskode"
    ) == [1, 1, 3]
    assert taken(check.column(PERSON, "foedselsaar_mnd", ["198004", "197512", "199001"], pa.string())).stored(
        "foedselsaar_mnd"
    ) == [198004, 197512, 199001]
    assert taken(check.column(INCOME, "wyrkinnt", ["455000", ""], pa.string())).stored("wyrkinnt") == [
        455000,
        None,
    ]


def test_codes_as_text_that_are_not_digits_are_refused(check: Check) -> None:
    texts = [" 1", "1 ", "1.5", "0x1", "+1", "\uff11", "one"]
    says = "column statuskode: 7 rows with a value that is not a whole number"
    checked = check.rows(POPULATION, population("statuskode", texts), statuskode=pa.string())
    refused(checked, says, "whole numbers in digits")
    lines = "".join(f"p{number};{text};0301\n" for number, text in enumerate(texts))
    refused(check.csv(POPULATION, f"personid;statuskode;kommnr\n{lines}"), says)


def test_a_switch_is_the_same_in_every_type(check: Check) -> None:
    for true, data_type in (
        (True, pa.bool_()),
        (1, pa.int8()),
        (1.0, pa.float64()),
        (Decimal(1), pa.decimal128(3, 0)),
        ("1", pa.string()),
        ("TRUE", pa.string()),
        ("1.0", pa.string()),
    ):
        assert taken(check.column(JOBS, "hovedarbeid", [true], data_type)).stored("hovedarbeid") == [True]
    refused(
        check.column(JOBS, "hovedarbeid", [0.5], pa.float64()),
        "not true or false",
        "1 or 0".replace("or", "and"),
    )


def test_a_number_with_a_comma_is_told_of_the_point(check: Check) -> None:
    checked = check.csv(JOBS, "personid;yrkstat;timer\nbo;1;37,5\n")
    refused(checked, "column timer: 1 row with a value that is not a number", "the decimal sign is a point")


# Amounts.


def income(values: Sequence[Any]) -> list[Row]:
    return [
        {**good_files()[INCOME][0], "personid": f"p{number}", "wyrkinnt": v}
        for number, v in enumerate(values)
    ]


def as_decimal(values: Sequence[float]) -> list[Decimal]:
    return [Decimal(str(value)) for value in values]


@pytest.mark.parametrize(
    ("convert", "data_type"),
    [
        (list, pa.float64()),
        (list, pa.float32()),
        (as_decimal, pa.decimal128(12, 2)),
        (lambda values: [str(value) for value in values], pa.string()),
    ],
    ids=["double", "float", "decimal", "text"],
)
def test_decimals_of_an_amount_are_rounded_and_counted(
    convert: Callable[[Sequence[float]], list[Any]], data_type: pa.DataType, check: Check
) -> None:
    amounts = [1234.5, -1234.5, 0.25, 99.75, 2.5, 400000.0]
    rounded = [1235, -1235, 0, 100, 3, 400000]

    checked = check.rows(INCOME, income(convert(amounts)), wyrkinnt=data_type)

    assert taken(checked).stored("wyrkinnt") == rounded
    assert "column wyrkinnt: 5 rows with a fraction of a krone, rounded to whole kroner" in checked.warnings
    (found,) = [found for found in checked.result.findings if found.column == "wyrkinnt"]
    assert (found.check, found.level, found.count) == ("rounded", Level.WARN, 5)


def test_amounts_as_r_writes_them(check: Check) -> None:
    checked = check.csv(
        INCOME, "personid;wyrkinnt;wies;nettoformue\nanna;1e+05;380000.0;-2e4\nbo;1.5e3;;1e-01\n"
    )
    assert taken(checked).stored("wyrkinnt") == [100000, 1500]
    assert checked.stored("wies") == [380000, None]
    assert checked.stored("nettoformue") == [-20000, 0]
    assert "column nettoformue: 1 row with a fraction" in checked.warnings
    checked = check.csv(
        PERSON, "personid;kjoenn;foedselsaar_mnd;fodeland;invkat;forstdato\nbo;1;197001;131;B;2e+07\n"
    )
    assert taken(checked).stored("forstdato") == [20000000]


def test_only_amounts_are_rounded(check: Check) -> None:
    checked = check.column(PERSON, "foedselsaar_mnd", [198004.5], pa.float64())
    refused(checked, "column foedselsaar_mnd: 1 row with a value that is not a whole number")


# Identifiers.

UNSEEN = {
    "no-break space": "\u00a0",
    "thin space": "\u2009",
    "ideographic space": "\u3000",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "word joiner": "\u2060",
    "left-to-right mark": "\u200e",
    "variation selector": "\ufe0f",
    "Hangul filler": "\u3164",
    "line separator": "\u2028",
    "next line": "\u0085",
    "tabulator": "\t",
}


@pytest.mark.parametrize("column", ["personid", "famnr"])
def test_identifiers_with_marks_that_are_not_seen_are_refused(column: str, check: Check) -> None:
    values = [text for mark in UNSEEN.values() for text in (f"p1{mark}", f"{mark}p1", f"p{mark}1")]
    checked = check.rows(POPULATION, population(column, values))
    refused(
        checked, f"column {column}: {len(values)} rows with blanks", "deliver the identifier as it was made"
    )
    assert "p1" not in checked.refusals


def test_identifiers_of_letters_like_others_are_refused(check: Check) -> None:
    values = ["\uff501", "p\uff11", "p\u0661", "p\U0001d7cf", "a\u030a1"]
    checked = check.rows(POPULATION, population("personid", values))
    refused(checked, "column personid: 5 rows with full-width letters or digits", "NFKC")
    assert not any(value in checked.refusals for value in values)


def test_an_identifier_with_a_lost_letter_is_refused(check: Check) -> None:
    refused(check.column(POPULATION, "personid", ["p\ufffd1"], pa.string()), "a letter that was lost")


def test_ordinary_identifiers_are_taken(check: Check) -> None:
    values = ["Ærlig-Ås 1/2", "aB+/cd==", "{0a1b-2c}"]
    assert taken(check.column(POPULATION, "personid", values, pa.string())).stored("personid") == values


def test_the_good_delivery_has_nothing_of_all_this(check: Check) -> None:
    for key, rows in good_files().items():
        checked = check.rows(key, rows)
        assert (checked.refusals, checked.warnings) == ("", "")
