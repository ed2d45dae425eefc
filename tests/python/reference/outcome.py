"""Outcome of a person-year (2.1.4, 6): the residence on 1 January t+1 against that on 1 January t+2."""

from datetime import date
from typing import Any

from .evidence import Evidence, Row, in_order
from .migration_event import emigration_basis
from .regions import LEVELS, compare

NOTHING: dict[str, Any] = {
    "outcome_centrality": None,
    "outcome_centrality_class": None,
    "outcome_county": None,
    "outcome_municipality": None,
    "outcome_is_provisional": None,
    "emigration_date": None,
    "emigration_registered_date": None,
    "emigration_country": None,
    "emigration_basis": None,
    "emigration_basis_source": None,
    "returned_within_year": None,
}


class PersonYear:
    """One person in one outcome year; each method is one sentence of the definition."""

    def __init__(self, evidence: Evidence, person_id: str, outcome_year: int) -> None:
        self.evidence = evidence
        self.person_id = person_id
        self.year = outcome_year
        self.first_day = date(outcome_year, 1, 1)
        self.next_january = date(outcome_year + 1, 1, 1)
        person = evidence.person(person_id)
        self.death_date: date | None = person["doedsdato"] if person else None
        self.status = evidence.status(person_id, outcome_year + 1)
        self.provisional = not evidence.delivered("befolkning", outcome_year + 1)

    def in_year(self, day: date | None) -> bool:
        return day is not None and day.year == self.year

    def returns(self) -> list[Row]:
        return self.evidence.moves(self.person_id, "innvandring")

    # "an emigration is dated in t+1 (1 January t+2 included ...); or it is dated earlier but registered in
    # t+1"; one followed by a return before the year began explains nothing; "an emigration dated on or after
    # the death does not count".
    def emigrations(self) -> list[Row]:
        result = []
        for event in self.evidence.moves(self.person_id, "utvandring"):
            day = event["flyttedato"]
            if self.death_date is not None and day >= self.death_date:
                continue
            dated_in_year = self.in_year(day) or day == self.next_january
            registered_in_year = day < self.first_day and self.in_year(event["regdato"])
            undone = any(
                in_order(r) > in_order(event) and r["flyttedato"] <= self.first_day for r in self.returns()
            )
            if dated_in_year or (registered_in_year and not undone):
                result.append(event)
        return result

    # "with no emigration dated before the death and not followed by a return"
    def is_abroad_on(self, day: date) -> bool:
        return any(
            event["flyttedato"] < day
            and not any(in_order(event) < in_order(r) and r["flyttedato"] <= day for r in self.returns())
            for event in self.emigrations()
        )

    # "a death date in t+1 while resident in Norway ...; also status 5 next January without a date". A death
    # on 1 January t+2 with status 5 that day belongs to the year.
    def died(self) -> bool:
        if self.death_date is None:
            return self.status == 5
        on_next_january = self.death_date == self.next_january and self.status == 5
        return (self.in_year(self.death_date) or on_next_january) and not self.is_abroad_on(self.death_date)

    # "For the last year for which no next 1 January was delivered the outcome is derived from that year's
    # events in order of date and registration."
    def is_resident_at_the_end(self) -> bool:
        if not self.provisional:
            return self.status == 1
        crossings = [*self.emigrations(), *(r for r in self.returns() if self.in_year(r["flyttedato"]))]
        last = max(crossings, key=in_order, default=None)
        return last is None or last["hendelse"] == "innvandring"

    def address_at_the_end(self) -> str | None:
        if not self.provisional:
            return self.evidence.address(self.person_id, self.year + 1)
        arrivals = self.evidence.moves(self.person_id, "innenlands", "innvandring")
        addresses = [event["til_kommnr"] for event in arrivals if self.in_year(event["flyttedato"])]
        known = [address for address in addresses if address is not None]
        return known[-1] if known else self.evidence.address(self.person_id, self.year)

    # "Emigrated and returned within the year is stay or a move by the same comparison"; somebody back on
    # 1 January t+2 is resident that day and has returned within the year.
    def returned(self) -> bool:
        return any(
            in_order(emigration) < in_order(r) and r["flyttedato"] <= self.next_january
            for emigration in self.emigrations()
            if self.in_year(emigration["flyttedato"])
            for r in self.returns()
        )

    # "the columns describe the last emigration, of several on one day the one registered first"
    def last_emigration(self) -> Row:
        emigrations = self.emigrations()
        last_day = max(event["flyttedato"] for event in emigrations)
        return min((event for event in emigrations if event["flyttedato"] == last_day), key=in_order)

    def has_outcome(self) -> bool:
        """With neither a next 1 January nor events the outcome columns are NULL."""
        return not self.provisional or self.evidence.delivered("flytting", self.year)

    def describe(self) -> dict[str, Any]:
        """First match wins."""
        if not self.has_outcome():
            return dict(NOTHING)
        result = {**NOTHING, "outcome_is_provisional": self.provisional, "returned_within_year": False}
        outcomes: dict[str, str | None]
        if self.died():
            outcomes = dict.fromkeys(LEVELS, "death")
        elif self.is_resident_at_the_end():
            first = self.evidence.address(self.person_id, self.year)
            division = self.first_day if self.provisional else self.next_january
            outcomes = compare(first, self.address_at_the_end(), self.year, division)
            result["returned_within_year"] = self.returned()
        elif self.emigrations():
            outcomes = dict.fromkeys(LEVELS, "emigration")
            event = self.last_emigration()
            result["emigration_date"] = event["flyttedato"]
            result["emigration_registered_date"] = event["regdato"]
            result["emigration_country"] = event["til_land"]
            basis, source = emigration_basis(self.evidence, event)
            result["emigration_basis"], result["emigration_basis_source"] = basis, source
        else:
            outcomes = dict.fromkeys(LEVELS, "unaccounted")
        return result | {f"outcome_{level}": outcomes[level] for level in LEVELS}
