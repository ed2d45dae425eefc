"""A made-up delivery whose registers agree with each other, and the one of the year after."""

import json
from typing import Any

from deliveries import Key, Row, day

PERSONS = 120


def name(number: int) -> str:
    return f"pseudonym-{number:04}"


def resident(number: int, **other: Any) -> Row:
    row = {"personid": name(number), "statuskode": 1, "kommnr": "0301", "famnr": f"family-{number}"}
    return {**row, "personkode": 1 + number % 3, "sivstand": 1, **other}


def person(number: int, **other: Any) -> Row:
    row = {"personid": name(number), "kjoenn": 1 + number % 2, "foedselsaar_mnd": 198000 + 1 + number % 12}
    row |= {"fodeland": "131", "landbak3gen": "131", "invkat": "B", "inngrunn1": "ARB", "forstdato": 20070815}
    return {**row, "doedsdato": None, "mor_id": None, "far_id": None, **other}


def move(number: int, kind: str, date: str, **other: Any) -> Row:
    row: Row = {"personid": name(number), "hendelse": kind, "flyttedato": day(date), "regdato": day(date)}
    row |= {"fra_kommnr": None, "til_kommnr": None, "fra_land": None, "til_land": None}
    return {**row, "utvandringstype": None, **other}


def job(number: int, **other: Any) -> Row:
    return {
        "personid": name(number),
        "yrkstat": 1,
        "orgnr": "987654321",
        "naring": "47.111",
        "timer": 37.5,
        "hovedarbeid": True,
        **other,
    }


def world() -> dict[Key, list[Row]]:
    """Return a delivery of 2011 to 2013 in which everything agrees."""
    everyone = range(PERSONS)
    return {
        **{
            ("befolkning", year, 1): [
                resident(number, famnr=f"family-{year}-{number}") for number in everyone
            ]
            for year in (2011, 2012, 2013)
        },
        ("person", 2012, 1): [person(number) for number in everyone],
        ("flytting", 2011, 1): [move(number, "innenlands", "2011-05-05") for number in range(PERSONS)],
        ("flytting", 2012, 1): [move(number, "innenlands", "2012-05-05") for number in range(PERSONS)],
        ("sysselsetting", 2012, 1): [job(number) for number in everyone],
    }


def following(**files: list[Row]) -> dict[Key, list[Row]]:
    """Return a delivery of the year after the world, some registers replaced."""
    usual = {
        "befolkning": [resident(number) for number in range(PERSONS)],
        "flytting": [move(number, "innenlands", "2013-05-05") for number in range(PERSONS)],
        "sysselsetting": [job(number, orgnr="987654322") for number in range(PERSONS)],
    }
    periods = {"befolkning": 2014, "flytting": 2013, "sysselsetting": 2013, "person": 2013}
    return {(register, periods[register], 1): rows for register, rows in (usual | files).items()}


def findings(ran_json: str, level: str) -> dict[str, str]:
    """Return the sentences of one level by the name of the check."""
    verdict = json.loads(ran_json)
    key = {"refuse": "refusals", "warn": "warnings", "note": "notes"}[level]
    return {finding["check"]: f"{finding['file']}: {finding['text']}" for finding in verdict[key]}
