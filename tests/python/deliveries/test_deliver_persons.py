"""The same persons from one year to the next: their addresses and events, and what registers know of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from agreeing import PERSONS, findings, following, job, move, name, person, resident, world
from conftest import Command
from deliveries import Key, Row, write_delivery

EVERYONE = range(PERSONS)
YEARS = (2011, 2012, 2013)


def income(number: int, wies: int = 400_000) -> Row:
    return {"personid": name(number), "wyrkinnt": 300_000, "wies": wies, "nettoformue": 0}


def lives(number: int, **other: object) -> Row:
    return resident(number, **{"kommnr": "1201" if number < 40 else "0301", **other})


def years() -> dict[Key, list[Row]]:
    """Return a first delivery of years in which nothing changes; a third of the persons live in Bergen."""
    files = world()
    files |= {("befolkning", year, 1): [lives(number) for number in EVERYONE] for year in (*YEARS, 2014)}
    files |= {
        ("flytting", year, 1): [move(n, "innenlands", f"{year}-05-05") for n in EVERYONE] for year in YEARS
    }
    files |= {("sysselsetting", year, 1): [job(number) for number in EVERYONE] for year in YEARS}
    files |= {("inntekt", year, 1): [income(number) for number in EVERYONE] for year in YEARS}
    files |= {
        ("utdanning", year, 1): [{"personid": name(number), "nus2000": "401101"} for number in EVERYONE]
        for year in YEARS
    }
    return files


@pytest.fixture
def told(utvandring: Command, tmp_path: Path) -> Callable[[dict[Key, list[Row]]], dict[str, list[str]]]:
    """Deliver files as the first ones; returns the sentences of every warning by check."""

    def deliver(files: dict[Key, list[Row]]) -> dict[str, list[str]]:
        ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")
        assert ran.code == 0, ran.text
        assert "pseudonym-" not in ran.out
        said: dict[str, list[str]] = {}
        for finding in json.loads(ran.out)["warnings"]:
            # That files of different years are equal is of no interest here.
            if finding["check"] != "manifest":
                said.setdefault(finding["check"], []).append(finding["text"])
        return said

    return deliver


def test_years_in_which_nothing_changes_give_no_warning(told: Callable[..., dict[str, list[str]]]) -> None:
    assert told(years()) == {}


def test_addresses_and_arrivals_without_an_event_are_told(told: Callable[..., dict[str, list[str]]]) -> None:
    files = years()
    before, after = files["befolkning", 2012, 1], files["befolkning", 2013, 1]
    events = {number: row for number, row in enumerate(files["flytting", 2012, 1])}
    # Ten move to Oslo and stay, five without an event; of five the municipality ended, of one it is unknown.
    for number in range(10):
        after[number]["kommnr"] = files["befolkning", 2014, 1][number]["kommnr"] = "0301"
    for year in (2013, 2014):
        files["befolkning", year, 1][55]["kommnr"] = "9999"
    for number in range(50, 55):
        files["befolkning", 2011, 1][number]["kommnr"] = before[number]["kommnr"] = "1901"
        after[number]["kommnr"] = files["befolkning", 2014, 1][number]["kommnr"] = "1903"
    # Ten of the eleven who registered a move to Bergen live in Oslo.
    for number in range(60, 70):
        events[number]["til_kommnr"] = "1201"
    events[11]["til_kommnr"] = "1201"
    # Six come of whom one immigrates; a seventh is born.
    files["person", 2012, 1][86] = person(86, foedselsaar_mnd=201205, forstdato=None)
    for year in (2011, 2012):
        del files["befolkning", year, 1][80:87]
        del files["flytting", year, 1][80:87]
    files["flytting", 2012, 1] = [
        row for number, row in events.items() if number not in {*range(5), *range(50, 56), *range(80, 87)}
    ] + [move(85, "innvandring", "2012-06-06", til_kommnr="0301", fra_land="131")]

    said = told(files)

    assert said.keys() == {"moved_with_event", "lives_where_registered", "new_with_event"}
    assert [text.split(" (")[0] for texts in said.values() for text in texts] == [
        "5 of 6 persons who became residents in 2012 and were not born then have no immigration",
        "5 of 10 residents who live in another municipality on 1 January a year later have no event in 2012",
        "10 of 12 residents of the 1 January after 2012 live in another municipality than the last event of "
        "the year says",
    ]


def test_a_part_of_a_register_that_is_missing_is_told_with_its_county(
    told: Callable[..., dict[str, list[str]]],
) -> None:
    files = years()
    del files["sysselsetting", 2013, 1][:40]

    assert told(files) == {
        "persons_remain": [
            "40 of 120 residents with a row the year before have none (33.3 %); a year earlier it was 0.0 %: "
            "a part of the file may be missing."
        ],
        "counties_remain": [
            "county 12: 40 of 40 residents with a row the year before have none (100.0 %); a year earlier it "
            "was 0.0 %: the region may be missing."
        ],
    }


def test_other_values_of_the_same_persons_are_told(told: Callable[..., dict[str, list[str]]]) -> None:
    files = years()
    for number in range(40, 80):
        files["befolkning", 2014, 1][number] |= {"sivstand": 2}
        files["befolkning", 2014, 1][number - 40] |= {"famnr": None}
        files["sysselsetting", 2013, 1][number] |= {"timer": 7.5}
        files["inntekt", 2013, 1][number] = income(number, wies=50_000)
        files["utdanning", 2013, 1][number] |= {"nus2000": "701101"}

    said = told(files)

    assert sorted(text.split(" persons")[0] for text in said["persons_in_line"]) == [
        f"column {column}: 33.3 % of 120" for column in ("nus2000 (level)", "sivstand", "timer", "wies")
    ]
    assert said["residents_keep_values"] == [
        "column famnr: 40 of 120 residents with a value on the 1 January before have none now (33.3 %)."
    ]


def test_families_of_two_reference_persons_and_persons_of_two_main_jobs_are_told(
    told: Callable[..., dict[str, list[str]]],
) -> None:
    files = years()
    for number in range(10):
        files["befolkning", 2014, 1][number] |= {"personkode": 1, "famnr": f"family-{number // 2}"}
    files["sysselsetting", 2013, 1] += [job(number) for number in range(5)]

    said = told(files)

    assert said["one_reference_person"] == [
        "column personkode: 5 of 115 families have more than one reference person (4.3 %): roles in the "
        "family, or family numbers, are those of others."
    ]
    assert said["one_main_job"] == [
        "column hovedarbeid: 5 of 120 persons with jobs do not have exactly one main job (4.2 %)."
    ]


def test_what_is_no_longer_known_of_persons_is_told(accepted: Callable[..., str]) -> None:
    people = [person(number, forstdato=None if number < 6 else 20070815) for number in EVERYONE]

    said = findings(accepted(following(person=people)), "warn")["facts_stay_known"]

    assert "column forstdato: 6 of 120 persons with a value in 2012 have none now (5.0 %)" in said
