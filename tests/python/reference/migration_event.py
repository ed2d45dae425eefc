"""Migration events, the basis of an emigration (2.1.5) and first immigrations (2.1.3)."""

from datetime import date

from .evidence import Evidence, Row, in_order

TYPES = {"innvandring": "immigration", "utvandring": "emigration", "innenlands": "internal"}


# "infer administrative only as a flagged heuristic: destination unknown (990 or NULL) and no sign of life in
# the emigration year and the year before. Where one of the sign registers is missing for either year the
# basis stays unknown."
def emigration_basis(evidence: Evidence, event: Row) -> tuple[str, str | None]:
    if event["utvandringstype"] == "meldt":
        return "reported", "delivered"
    if event["utvandringstype"] == "administrativ":
        return "administrative", "delivered"
    years = (event["flyttedato"].year, event["flyttedato"].year - 1)
    if (
        event["til_land"] in (None, "990")
        and evidence.all_sign_registers(*years)
        and not any(evidence.has_sign(event["personid"], year) for year in years)
    ):
        return "administrative", "inferred"
    return "unknown", None


# The first immigration is the earliest on record, unless the person register names an earlier year; without
# a first immigration in the person register it is not known.
def is_first_immigration(evidence: Evidence, event: Row) -> bool | None:
    person = evidence.person(event["personid"])
    if person is None or person["forstdato"] is None:
        return None
    earliest = evidence.moves(event["personid"], "innvandring")[0]
    return in_order(event) == in_order(earliest) and event["flyttedato"].year <= person["forstdato"] // 10000


def lag(event: Row) -> int | None:
    registered: date | None = event["regdato"]
    return (registered - event["flyttedato"]).days if registered is not None else None


def describe(evidence: Evidence, event: Row) -> Row:
    basis: tuple[str | None, str | None] = (None, None)
    if event["hendelse"] == "utvandring":
        basis = emigration_basis(evidence, event)
    first: bool | None = False
    again: bool | None = False
    if event["hendelse"] == "innvandring":
        first = is_first_immigration(evidence, event)
        again = None if first is None else not first
    return {
        "person_id": event["personid"],
        "event_type": TYPES[event["hendelse"]],
        "event_date": event["flyttedato"],
        "registered_date": event["regdato"],
        "registration_lag_days": lag(event),
        "from_municipality_code": event["fra_kommnr"],
        "to_municipality_code": event["til_kommnr"],
        "from_country": event["fra_land"],
        "to_country": event["til_land"],
        "emigration_basis": basis[0],
        "emigration_basis_source": basis[1],
        "is_first_immigration": first,
        "is_reimmigration": again,
    }


def migration_event(evidence: Evidence) -> list[Row]:
    """Every event once, exact repetitions removed."""
    result, seen = [], set()
    for period in evidence.periods("flytting"):
        for event in evidence.registers["flytting", period]:
            key = tuple(sorted((name, str(value)) for name, value in event.items()))
            if key not in seen:
                seen.add(key)
                result.append(describe(evidence, event))
    return result
