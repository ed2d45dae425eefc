"""How a file stores a value decides nothing: the same value has the same verdict and arrives the same."""

import json
import math
import shutil
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from conftest import Command, Ran, run_command
from deliveries import Key, Row, day, entry, good_files, write_delivery, write_manifest, write_parquet

from utvandring.deliveries import reading

POPULATION: Key = ("befolkning", 2013, 1)
PERSON: Key = ("person", 2012, 1)
MOVES: Key = ("flytting", 2012, 1)
EDUCATION: Key = ("utdanning", 2012, 1)
JOBS: Key = ("sysselsetting", 2012, 1)
INCOME: Key = ("inntekt", 2012, 1)


class Deliver:
    """Delivers one file at a time to a data root of the test."""

    def __init__(self, command: Command, root: Path, folder: Path) -> None:
        self.command = command
        self.root = root
        self.folder = folder

    def rows(self, key: Key, rows: Sequence[Row], **types: pa.DataType) -> Ran:
        path = self._path(key, "parquet")
        write_parquet(path, key[0], rows, types)
        return self._deliver(key, path, len(rows))

    def column(self, key: Key, column: str, values: Sequence[Any], data_type: pa.DataType) -> Ran:
        """Deliver the good file with values for the first rows of a column, of a type."""
        rows = [
            {**row, column: value} for row, value in zip(good_files()[key], values, strict=False)
        ] or good_files()[key]
        return self.rows(key, rows, **{column: data_type})

    def csv(self, key: Key, content: str) -> Ran:
        path = self._path(key, "csv")
        path.write_text(content, encoding="utf-8")
        return self._deliver(key, path, content.count("\n") - 1)

    def stored(self, key: Key, column: str) -> list[Any]:
        """Return the values of a column as accepted, in the order of the rows."""
        register, period, _ = key
        (path,) = (self.root / "accepted/files" / register).glob(f"{register}_p{period}_*.parquet")
        with duckdb.connect() as connection:
            return [row[0] for row in connection.execute(f"select {column} from '{path}'").fetchall()]

    def _path(self, key: Key, ending: str) -> Path:
        register, period, version = key
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self.folder / f"{register}_p{period}_v{version}.{ending}"

    def _deliver(self, key: Key, path: Path, rows: int) -> Ran:
        write_manifest(
            self.folder,
            {"delivery_id": "d", "produced_at": "2014-03-15", "files": [entry(path, *key, rows)]},
        )
        return self.command("deliver", self.folder)


@pytest.fixture
def deliver(utvandring: Command, data_root: Path, tmp_path: Path) -> Deliver:
    return Deliver(utvandring, data_root, tmp_path / "delivery")


def refused(ran: Ran, *parts: str) -> None:
    assert ran.code == 1, ran.text
    assert "Traceback" not in ran.text
    for part in parts:
        assert part in ran.out, (part, ran.out)


def accepted(ran: Ran) -> None:
    assert ran.code == 0, ran.text


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
    data_type: pa.DataType, deliver: Deliver
) -> None:
    ran = deliver.column(POPULATION, "kommnr", [None] * 3, data_type)
    refused(ran, "column kommnr: 2 rows without a value, which is required where statuskode = 1")
    ran = deliver.column(MOVES, "flyttedato", [None] * 2, data_type)
    refused(ran, "column flyttedato: 2 rows without a value")


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
def test_every_required_column_must_have_values(key: Key, column: str, deliver: Deliver) -> None:
    rows = good_files()[key]
    for data_type in (pa.null(), pa.int32(), pa.float64()):
        ran = deliver.column(key, column, [None] * len(rows), data_type)
        refused(ran, f"column {column}: {len(rows)} row", "without a value")


def test_an_optional_column_without_values_is_unknown_whatever_its_type(deliver: Deliver) -> None:
    for data_type in ANY_TYPE:
        accepted(deliver.column(POPULATION, "famnr", [None] * 3, data_type))
        assert deliver.stored(POPULATION, "famnr") == [None] * 3


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
    key: Key, column: str, value: int, data_type: pa.DataType, deliver: Deliver
) -> None:
    number = np.float16(value) if pa.types.is_float16(data_type) else float(value)
    ran = deliver.column(key, column, [number] * len(good_files()[key]), data_type)

    refused(ran, f"column {column}", "no longer keeps every whole number", "int32 or int64")
    assert "not a whole number" not in ran.out
    assert "without a value" not in ran.out


def test_floats_that_keep_their_numbers_are_taken(deliver: Deliver) -> None:
    accepted(deliver.column(INCOME, "nettoformue", [float(2**24 - 1), None], pa.float32()))
    assert deliver.stored(INCOME, "nettoformue") == [2**24 - 1, None]
    accepted(deliver.column(INCOME, "nettoformue", [float(2**53 - 1), None], pa.float64()))
    assert deliver.stored(INCOME, "nettoformue") == [2**53 - 1, None]
    accepted(deliver.column(PERSON, "forstdato", [20070815.0, None, None], pa.float64()))
    assert deliver.stored(PERSON, "forstdato") == [20070815, None, None]
    accepted(deliver.column(INCOME, "nettoformue", [2**53 + 1, None], pa.int64()))
    assert deliver.stored(INCOME, "nettoformue") == [2**53 + 1, None]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_as_that(value: float, deliver: Deliver) -> None:
    for data_type in (pa.float32(), pa.float64()):
        ran = deliver.column(INCOME, "nettoformue", [value, None], data_type)
        refused(ran, "column nettoformue: 1 row with a value that is not a whole number")


@pytest.mark.parametrize("data_type", [pa.float32(), pa.float64(), pa.decimal128(12, 0)], ids=str)
def test_an_identifier_is_never_a_float(data_type: pa.DataType, deliver: Deliver) -> None:
    values = [Decimal(number) if pa.types.is_decimal(data_type) else float(number) for number in (1, 2, 3)]
    for column in ("personid", "famnr"):
        refused(deliver.column(POPULATION, column, values, data_type), f"column {column}", "deliver text")


@pytest.mark.parametrize("value", ["1000001.0", "1e+06", "1.23457E+11"])
def test_an_identifier_that_went_through_a_float_is_refused(value: str, deliver: Deliver) -> None:
    ran = deliver.column(POPULATION, "personid", [value], pa.string())
    refused(ran, "column personid: 1 row with an identifier that went through a floating-point number")
    assert value not in ran.text


def test_a_pseudonym_of_hexadecimal_digits_is_no_float(deliver: Deliver) -> None:
    accepted(deliver.column(POPULATION, "personid", ["1e5", "12345e67", "9.x"], pa.string()))


# Dates.

MIDNIGHT = 1338508800  # 2012-06-01 in UTC


@pytest.mark.parametrize("zone", ["UTC", "Europe/Oslo"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_an_instant_is_a_day_where_it_is_midnight_in_utc(zone: str, unit: str, deliver: Deliver) -> None:
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    accepted(deliver.column(MOVES, "flyttedato", [MIDNIGHT * per_second], pa.timestamp(unit, tz=zone)))
    assert deliver.stored(MOVES, "flyttedato") == [day("2012-06-01")]
    for seconds in (MIDNIGHT - 7_200, MIDNIGHT + 4 * 3_600):
        ran = deliver.column(MOVES, "flyttedato", [seconds * per_second], pa.timestamp(unit, tz=zone))
        refused(ran, "column flyttedato: 1 row with a value that is not a date", "without time and zone")


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


def test_an_instant_needs_no_calendar_of_zones(tmp_path: Path) -> None:
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
def test_a_date_as_text_is_the_same_in_csv_and_in_parquet(text: str, deliver: Deliver) -> None:
    accepted(deliver.column(MOVES, "flyttedato", [text], pa.string()))
    assert deliver.stored(MOVES, "flyttedato") == [day("2012-06-01")]
    accepted(deliver.csv(EXAMS, f"personid;aktivitet;dato\nbo;eksamen;{text}\n"))
    assert deliver.stored(EXAMS, "dato") == [day("2012-06-01")]


EXAMS: Key = ("utdanningsaktivitet", 2012, 1)


@pytest.mark.parametrize(
    "text", ["2012-06-01T00:00:00+02:00", "2012-06-01 12:00:00", "20120601", "01.06.2012"]
)
def test_what_is_no_day_as_text_is_refused_in_csv_and_in_parquet(text: str, deliver: Deliver) -> None:
    says = "1 row with a value that is not a date"
    refused(deliver.column(MOVES, "flyttedato", [text], pa.string()), f"column flyttedato: {says}")
    refused(deliver.csv(EXAMS, f"personid;aktivitet;dato\nbo;eksamen;{text}\n"), f"column dato: {says}")


def test_a_date_beyond_the_calendar_is_refused(deliver: Deliver) -> None:
    for number, data_type in ((2**31 - 1, pa.date32()), (2**63 - 1, pa.timestamp("us"))):
        values = pa.array([number], pa.int32() if number < 2**31 else pa.int64()).cast(data_type)
        path = deliver._path(PERSON, "parquet")
        write_parquet(path, "person", good_files()[PERSON][:1])
        table = pa.parquet.read_table(path)
        place = table.schema.get_field_index("doedsdato")
        pa.parquet.write_table(table.set_column(place, "doedsdato", values), path)
        refused(deliver._deliver(PERSON, path, 1), "column doedsdato: 1 row")


# Codes and switches.


def test_codes_as_text_in_parquet_are_taken_as_from_csv(deliver: Deliver) -> None:
    accepted(deliver.column(POPULATION, "statuskode", ["1", "1", "3"], pa.string()))
    assert deliver.stored(POPULATION, "statuskode") == [1, 1, 3]
    accepted(deliver.column(PERSON, "foedselsaar_mnd", ["198004", "197512", "199001"], pa.string()))
    assert deliver.stored(PERSON, "foedselsaar_mnd") == [198004, 197512, 199001]
    accepted(deliver.column(INCOME, "wyrkinnt", ["455000", ""], pa.string()))
    assert deliver.stored(INCOME, "wyrkinnt") == [455000, None]


def test_codes_as_text_that_are_not_digits_are_refused(deliver: Deliver) -> None:
    texts = [" 1", "1 ", "1.5", "0x1", "+1", "\uff11", "NA"]
    says = "column statuskode: 7 rows with a value that is not a whole number"
    ran = deliver.rows(POPULATION, population("statuskode", texts), statuskode=pa.string())
    refused(ran, says, "whole numbers in digits")
    lines = "".join(f"p{number};{text};0301\n" for number, text in enumerate(texts))
    refused(deliver.csv(POPULATION, f"personid;statuskode;kommnr\n{lines}"), says)


def test_a_switch_is_the_same_in_every_type(deliver: Deliver) -> None:
    for true, data_type in (
        (True, pa.bool_()),
        (1, pa.int8()),
        (1.0, pa.float64()),
        (Decimal(1), pa.decimal128(3, 0)),
        ("1", pa.string()),
        ("TRUE", pa.string()),
        ("1.0", pa.string()),
    ):
        accepted(deliver.column(JOBS, "hovedarbeid", [true], data_type))
        assert deliver.stored(JOBS, "hovedarbeid") == [True]
    refused(
        deliver.column(JOBS, "hovedarbeid", [0.5], pa.float64()),
        "not true or false",
        "1 or 0".replace("or", "and"),
    )


def test_a_number_with_a_comma_is_told_of_the_point(deliver: Deliver) -> None:
    ran = deliver.csv(JOBS, "personid;yrkstat;timer\nbo;1;37,5\n")
    refused(ran, "column timer: 1 row with a value that is not a number", "the decimal sign is a point")


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
    convert: Callable[[Sequence[float]], list[Any]], data_type: pa.DataType, deliver: Deliver
) -> None:
    amounts = [1234.5, -1234.5, 0.25, 99.75, 2.5, 400000.0]
    rounded = [1235, -1235, 0, 100, 3, 400000]

    ran = deliver.rows(INCOME, income(convert(amounts)), wyrkinnt=data_type)

    accepted(ran)
    assert "column wyrkinnt: 5 rows with a fraction of a krone, rounded to whole kroner" in ran.out
    assert deliver.stored(INCOME, "wyrkinnt") == rounded
    findings = json.loads((deliver.root / "accepted/ledger.json").read_text("utf-8"))["deliveries"][0][
        "findings"
    ]
    assert [(f["check"], f["level"], f["count"]) for f in findings if f["column"] == "wyrkinnt"] == [
        ("rounded", "warn", 5)
    ]


def test_amounts_as_r_writes_them(deliver: Deliver) -> None:
    ran = deliver.csv(
        INCOME, "personid;wyrkinnt;wies;nettoformue\nanna;1e+05;380000.0;-2e4\nbo;1.5e3;;1e-01\n"
    )
    accepted(ran)
    assert deliver.stored(INCOME, "wyrkinnt") == [100000, 1500]
    assert deliver.stored(INCOME, "wies") == [380000, None]
    assert deliver.stored(INCOME, "nettoformue") == [-20000, 0]
    assert "column nettoformue: 1 row with a fraction" in ran.out
    accepted(
        deliver.csv(
            PERSON, "personid;kjoenn;foedselsaar_mnd;fodeland;invkat;forstdato\nbo;1;197001;131;B;2e+07\n"
        )
    )
    assert deliver.stored(PERSON, "forstdato") == [20000000]


def test_only_amounts_are_rounded(deliver: Deliver) -> None:
    ran = deliver.column(PERSON, "foedselsaar_mnd", [198004.5], pa.float64())
    refused(ran, "column foedselsaar_mnd: 1 row with a value that is not a whole number")


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


def population(column: str, values: Sequence[str]) -> list[Row]:
    row = good_files()[POPULATION][0]
    return [{**row, "personid": f"person-{number}", column: value} for number, value in enumerate(values)]


@pytest.mark.parametrize("column", ["personid", "famnr"])
def test_identifiers_with_marks_that_are_not_seen_are_refused(column: str, deliver: Deliver) -> None:
    values = [text for mark in UNSEEN.values() for text in (f"p1{mark}", f"{mark}p1", f"p{mark}1")]
    ran = deliver.rows(POPULATION, population(column, values))
    refused(ran, f"column {column}: {len(values)} rows with blanks", "deliver the identifier as it was made")
    assert "p1" not in ran.out


def test_identifiers_of_letters_like_others_are_refused(deliver: Deliver) -> None:
    values = ["\uff501", "p\uff11", "p\u0661", "p\U0001d7cf", "a\u030a1"]
    ran = deliver.rows(POPULATION, population("personid", values))
    refused(ran, "column personid: 5 rows with full-width letters or digits", "NFKC")
    assert not any(value in ran.text for value in values)


def test_an_identifier_with_a_lost_letter_is_refused(deliver: Deliver) -> None:
    refused(deliver.column(POPULATION, "personid", ["p\ufffd1"], pa.string()), "a letter that was lost")


def test_ordinary_identifiers_are_taken(deliver: Deliver) -> None:
    values = ["Ærlig-Ås 1/2", "aB+/cd==", "{0a1b-2c}"]
    accepted(deliver.column(POPULATION, "personid", values, pa.string()))
    assert deliver.stored(POPULATION, "personid") == values


def test_a_word_for_nothing_is_no_identifier(deliver: Deliver) -> None:
    words = ["NA", ".", "NULL", "nan", "<NA>", "None", "0", "#N/A", "-"]
    ran = deliver.rows(POPULATION, population("famnr", words))
    refused(ran, "column famnr: 9 rows with a word for an unknown value", "leave such fields empty")
    ran = deliver.csv(POPULATION, "personid;statuskode;kommnr;famnr\nbo;1;0301;NA\n")
    refused(ran, "column famnr: 1 row with a word for an unknown value")


def test_identifiers_that_differ_in_case_only_are_counted(utvandring: Command, tmp_path: Path) -> None:
    files = good_files()
    files[POPULATION][0]["personid"] = "Pseudonym-Anna"
    files[INCOME][1]["personid"] = "PSEUDONYM-BO"
    files[PERSON][0]["mor_id"] = "pseudonym-BO"
    files[POPULATION][0]["famnr"], files[POPULATION][1]["famnr"] = "f-1x", "F-1x"

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files))

    accepted(ran)
    for file, column, rows in (
        ("befolkning_p2013_v1.parquet", "personid", 1),
        ("befolkning_p2013_v1.parquet", "famnr", 2),
        ("inntekt_p2012_v1.parquet", "personid", 1),
        ("person_p2012_v1.parquet", "mor_id", 1),
    ):
        assert f"{file}: column {column}: {rows} rows with an identifier that is written elsewhere" in ran.out
    assert ran.out.count("in other upper or lower case") == 4
    assert "seudonym-" not in ran.out.lower()


def test_a_person_register_in_two_cases_and_a_later_delivery_in_another(
    utvandring: Command, tmp_path: Path
) -> None:
    persons = good_files()[PERSON]
    twice = [*persons, {**persons[0], "personid": persons[0]["personid"].upper()}]
    accepted(utvandring("deliver", write_delivery(tmp_path / "a", "a", {PERSON: persons})))

    ran = utvandring("deliver", write_delivery(tmp_path / "b", "b", {("person", 2012, 2): twice}))
    accepted(ran)
    assert "column personid: 2 rows with an identifier that is written elsewhere" in ran.out

    later = [{**good_files()[EDUCATION][0], "personid": "Pseudonym-bo"}]
    ran = utvandring("deliver", write_delivery(tmp_path / "c", "c", {EDUCATION: later}))
    accepted(ran)
    assert "column personid: 1 rows with an identifier that is written elsewhere" in ran.out


def test_the_good_delivery_has_nothing_of_all_this(utvandring: Command, good_delivery: Path) -> None:
    ran = utvandring("deliver", good_delivery)
    accepted(ran)
    assert "Warning" not in ran.out
