"""Every column of a delivery is compared with what was accepted before."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agreeing import PERSONS, findings, following, job, move, name, person, resident, world
from conftest import Command
from deliveries import Row, day, write_delivery

EVERYONE = range(PERSONS)
Deliver = Callable[..., str]


def income(number: int, **other: Any) -> Row:
    row = {"personid": name(number), "wyrkinnt": 100_000 + 1_000 * number, "wies": 400_000 + 2_000 * number}
    return {**row, "nettoformue": 10_000 * (number - 100), **other}


def warned(ran_json: str, check: str) -> list[str]:
    """Return every sentence of a warning."""
    return [finding["text"] for finding in json.loads(ran_json)["warnings"] if finding["check"] == check]


def later_persons(**other: Any) -> list[Row]:
    return [person(number, **other) for number in EVERYONE]


@pytest.mark.parametrize(
    ("changed", "persons", "share"),
    [
        ({"kjoenn": 1}, 60, "50.0 %"),
        ({"fodeland": "106"}, 120, "100.0 %"),
        ({"landbak3gen": "106"}, 120, "100.0 %"),
        ({"invkat": "G"}, 120, "100.0 %"),
        ({"inngrunn1": "FLU"}, 120, "100.0 %"),
        ({"forstdato": 20080815}, 120, "100.0 %"),
    ],
)
def test_fixed_facts_that_change_are_told_and_refused_when_nearly_all_do(
    accepted: Deliver, changed: Row, persons: int, share: str
) -> None:
    (column,) = changed
    refused = persons == PERSONS
    ran = accepted(following(person=later_persons(**changed)), code=1 if refused else 0)

    said = findings(ran, "refuse" if refused else "warn")["fixed_facts"]

    assert (
        f"column {column}: {persons} of 120 persons known before have another value than in 2012 ({share})"
        in said
    )


def test_one_corrected_fact_in_a_thousand_is_no_warning(accepted: Deliver) -> None:
    ran = accepted(following(person=later_persons()))

    assert warned(ran, "fixed_facts") == []


def test_a_version_is_compared_with_the_version_that_it_replaces(accepted: Deliver) -> None:
    people = [person(number, kjoenn=1 if number < 10 else 1 + number % 2) for number in EVERYONE]

    (said,) = warned(accepted({("person", 2012, 2): people}), "fixed_facts")

    assert (
        "column kjoenn: 5 of 120 persons known before have another value than in the version before" in said
    )


def test_who_was_dead_and_lives_again_is_told(utvandring: Command, tmp_path: Path) -> None:
    files = world()
    files["person", 2012, 1] = [
        person(number, doedsdato=day(f"2012-12-{1 + number:02}") if number < 30 else None)
        for number in EVERYONE
    ]
    for number in range(30):
        files["befolkning", 2013, 1][number] = {**resident(number), "statuskode": 5, "kommnr": None}
    assert utvandring("deliver", write_delivery(tmp_path / "first", "first", files)).code == 0
    later = {
        ("person", 2013, 1): [
            person(n, doedsdato=day(f"2012-12-{1 + n:02}") if n < 20 else None) for n in EVERYONE
        ]
    }

    ran = utvandring("deliver", write_delivery(tmp_path / "second", "second", later), "--json")

    (said,) = warned(ran.out, "fixed_facts")
    assert "column doedsdato: 10 of 30 persons known before have another value than in 2012" in said


@pytest.mark.parametrize(
    ("register", "column", "rows"),
    [
        ("befolkning", "famnr", [resident(number, famnr=None) for number in EVERYONE]),
        ("person", "forstdato", later_persons(forstdato=None)),
        ("flytting", "regdato", [move(n, "innenlands", "2013-05-05", regdato=None) for n in EVERYONE]),
        ("sysselsetting", "timer", [job(number, timer=None) for number in EVERYONE]),
        ("sysselsetting", "orgnr", [job(number, orgnr=None) for number in EVERYONE]),
    ],
)
def test_a_column_that_becomes_empty_is_told(
    accepted: Deliver, register: str, column: str, rows: list[Row]
) -> None:
    ran = accepted(following(**{register: rows}))

    year = 2013 if register == "befolkning" else 2012
    assert warned(ran, "values_in_line") == [
        f"column {column}: 100.0 % of the rows are without a value, against 0.0 % in {year}."
    ]
    # Said once: what is empty is not compared by code as well.
    assert warned(ran, "shares_in_line") == []


def test_a_column_that_fills_up_is_told(accepted: Deliver) -> None:
    people = [person(number, mor_id=name((number + 1) % PERSONS)) for number in EVERYONE]

    (said,) = warned(accepted(following(person=people)), "values_in_line")

    assert said == "column mor_id: 0.0 % of the rows are without a value, against 100.0 % in 2012."


@pytest.mark.parametrize(
    ("register", "columns", "rows"),
    [
        ("sysselsetting", ["timer"], [job(number, timer=7.5) for number in EVERYONE]),
        ("sysselsetting", ["hovedarbeid"], [job(number, hovedarbeid=False) for number in EVERYONE]),
        ("sysselsetting", ["naring (two digits)"], [job(number, naring="85.310") for number in EVERYONE]),
        (
            "flytting",
            ["flyttedato (day of the month)", "flyttedato (day of the year)"],
            [move(n, "innenlands", "2013-01-01") for n in EVERYONE],
        ),
        (
            "flytting",
            ["regdato (days after flyttedato)"],
            [move(n, "innenlands", "2013-05-05", regdato=day("2013-12-31")) for n in EVERYONE],
        ),
    ],
)
def test_a_column_with_another_distribution_is_told(
    accepted: Deliver, register: str, columns: list[str], rows: list[Row]
) -> None:
    said = warned(accepted(following(**{register: rows})), "distribution_in_line")

    assert [text.split(":")[0] for text in said] == [f"column {column}" for column in columns]
    assert (
        said[0]
        .split(": ")[1]
        .startswith(("100.0 % of the values are where", "0.0 % of the values are where"))
    )


@pytest.mark.parametrize(
    ("spoil", "columns"),
    [
        (lambda row: {**row, "wyrkinnt": row["wyrkinnt"] // 1000}, ["wyrkinnt"]),
        (lambda row: {**row, "wies": row["wies"] // 8}, ["wies"]),
        (lambda row: {**row, "nettoformue": abs(row["nettoformue"])}, ["nettoformue"]),
        (lambda row: {**row, "wies": row["wyrkinnt"], "wyrkinnt": row["wies"]}, ["wies", "wyrkinnt"]),
        # Wages of a year later.
        (lambda row: {**row, "wies": row["wies"] * 104 // 100}, []),
    ],
)
def test_amounts_in_another_unit_are_told_in_a_first_delivery_too(
    utvandring: Command, tmp_path: Path, spoil: Callable[[Row], Row], columns: list[str]
) -> None:
    incomes = [income(number) for number in EVERYONE]
    files = world() | {("inntekt", 2011, 1): incomes, ("inntekt", 2012, 1): [spoil(row) for row in incomes]}

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 0, ran.text
    said = warned(ran.out, "distribution_in_line")
    assert [text.split(":")[0].removeprefix("column ") for text in said] == columns
    # A message names groups and no amount: a limit between two groups is the amount of a person.
    assert not any(
        str(row[column]) in text for text in said for row in incomes for column in ("wyrkinnt", "wies")
    )


def left_or_died() -> dict[tuple[str, int, int], list[Row]]:
    """Return the world, but forty persons emigrate in 2012 and forty die."""
    files = world()
    files["person", 2012, 1] = [
        person(number, doedsdato=day(f"2012-03-{1 + number % 28:02}") if 40 <= number < 80 else None)
        for number in EVERYONE
    ]
    files["flytting", 2012, 1] = [
        move(number, "utvandring", "2012-09-01", fra_kommnr="0301", til_land="131") for number in range(40)
    ]
    gone = [{**resident(n), "statuskode": 3 if n < 40 else 5, "kommnr": None} for n in range(80)]
    files["befolkning", 2013, 1] = gone + [resident(number) for number in range(80, PERSONS)]
    return files


def test_status_codes_that_agree_with_deaths_and_emigrations_are_accepted(
    utvandring: Command, tmp_path: Path
) -> None:
    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", left_or_died()), "--json")

    assert ran.code == 0, ran.text
    assert not {"status_of_the_dead", "status_of_emigrants", "status_not_in_use"} & set(
        findings(ran.out, "warn")
    )


@pytest.mark.parametrize(
    ("codes", "level", "check", "says"),
    [
        # Numbers of categories instead of codes, in a first delivery.
        ({3: 2, 5: 3}, "refuse", "status_of_the_dead", "40 of 40 persons who died before 1 January 2013"),
        (
            {3: 2, 5: 3},
            "refuse",
            "status_of_emigrants",
            "40 of 40 persons whose last event before 1 January 2013",
        ),
        ({3: 2, 5: 3}, "warn", "status_not_in_use", "40 of 120 rows have a code that is not in use (0 or 2)"),
        ({3: 5, 5: 3}, "refuse", "status_of_the_dead", "do not have the status of the dead (100.0 %)"),
        ({3: 5}, "refuse", "status_of_emigrants", "do not have the status of emigrants (100.0 %)"),
    ],
)
def test_status_codes_that_contradict_deaths_and_emigrations_are_refused(
    utvandring: Command,
    tmp_path: Path,
    codes: dict[int, int],
    level: str,
    check: str,
    says: str,
) -> None:
    files = left_or_died()
    for row in files["befolkning", 2013, 1]:
        row["statuskode"] = codes.get(row["statuskode"], row["statuskode"])

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 1, ran.text
    assert says in findings(ran.out, level)[check]


def test_a_few_contradictions_of_status_are_a_warning(utvandring: Command, tmp_path: Path) -> None:
    files = left_or_died()
    for row in files["befolkning", 2013, 1][40:45]:
        row["statuskode"] = 3

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 0, ran.text
    assert "5 of 40 persons who died before" in findings(ran.out, "warn")["status_of_the_dead"]


@pytest.mark.parametrize(("dead", "code"), [(24, 0), (40, 1)])
def test_residents_who_died_long_ago_are_refused_when_they_are_many(
    utvandring: Command, tmp_path: Path, dead: int, code: int
) -> None:
    files = world()
    files["person", 2012, 1] = [
        person(number, doedsdato=day(f"20{number % 10:02}-05-01") if number < dead else None, forstdato=None)
        for number in EVERYONE
    ]

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == code, ran.text
    assert f"{dead} of 120 residents" in findings(ran.out, "refuse" if code else "warn")["resident_alive"]
