"""A small language for persons written by hand: what the registers say of them, and what must come out."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .evidence import Registers, Row

#: One row of a register without its person: (register, period, row).
Fact = tuple[str, int, Row]


@dataclass(frozen=True)
class Relative:
    """Another person of the case; cases are about the person with no name."""

    name: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Expectation:
    """Columns of one row of a mart; without columns the row must not exist."""

    mart: str
    key: dict[str, Any]
    columns: dict[str, Any]


@dataclass(frozen=True)
class Case:
    name: str
    delivery: str
    facts: tuple[Fact, ...]
    relatives: tuple[Relative, ...]
    expectations: tuple[Expectation, ...]
    person_id: str = field(default="")

    def add_to(self, registers: Registers) -> None:
        for suffix, facts in (("", self.facts), *((f"-{r.name}", r.facts) for r in self.relatives)):
            for register, period, row in facts:
                full = {"personid": self.person_id + suffix, **row}
                if full.get("famnr") is not None:
                    full["famnr"] = f"{self.person_id}-{full['famnr']}"
                registers[register, period].append(full)


def day(text: str) -> date:
    return date.fromisoformat(text)


# What the registers say.

FIRST_CAME = 20000815


def person(
    born: int = 198001,
    country: str = "131",
    category: str = "B",
    reason: str | None = "ARB",
    first: int | None = FIRST_CAME,
    died: str | None = None,
    sex: int = 2,
    background: str | None = "131",
) -> Fact:
    if first == FIRST_CAME and born * 100 > FIRST_CAME:
        first = born * 100 + 28  # nobody comes before birth
    row = {"kjoenn": sex, "foedselsaar_mnd": born, "fodeland": country, "landbak3gen": background}
    row |= {"invkat": category, "inngrunn1": reason, "forstdato": first, "mor_id": None, "far_id": None}
    return "person", 0, row | {"doedsdato": day(died) if died else None}


def january(
    year: int,
    place: str | None = "0301",
    *,
    status: int = 1,
    family: str | None = None,
    role: int = 1,
    citizenship: str | None = None,
) -> Fact:
    row = {"statuskode": status, "kommnr": place, "famnr": family, "statsborgerskap": citizenship}
    return "befolkning", year, row | {"personkode": role if family else None, "sivstand": 1}


def gone(year: int, status: int = 3, family: str | None = None) -> Fact:
    return january(year, None, status=status, family=family)


def resident(first: int, last: int, place: str = "0301", family: str | None = None) -> list[Fact]:
    return [january(year, place, family=family) for year in range(first, last + 1)]


def move(kind: str, on: str, registered: str | None, **values: str | None) -> Fact:
    row: Row = {"hendelse": kind, "flyttedato": day(on), "fra_kommnr": None, "til_kommnr": None}
    row |= {"fra_land": None, "til_land": None, "utvandringstype": None}
    row["regdato"] = None if registered == "" else day(registered or on)
    return "flytting", day(on).year, row | values


def emigrated(
    on: str, to: str | None = "131", basis: str | None = "meldt", registered: str | None = None
) -> Fact:
    return move("utvandring", on, registered, fra_kommnr="0301", til_land=to, utvandringstype=basis)


def immigrated(on: str, place: str = "0301", registered: str | None = None) -> Fact:
    return move("innvandring", on, registered, til_kommnr=place, fra_land="131")


def moved(on: str, before: str, after: str, registered: str | None = None) -> Fact:
    return move("innenlands", on, registered, fra_kommnr=before, til_kommnr=after)


def job(year: int, status: int = 1, hours: float | None = 37.5, main: bool | None = True) -> Fact:
    row = {"yrkstat": status, "timer": hours, "hovedarbeid": main}
    return "sysselsetting", year, row | {"orgnr": "987654321", "naring": "47.111"}


def enrolled(on: str) -> Fact:
    return "utdanningsaktivitet", day(on).year, {"aktivitet": "igangvaerende", "dato": day(on)}


def exam(on: str) -> Fact:
    return "utdanningsaktivitet", day(on).year, {"aktivitet": "eksamen", "dato": day(on)}


def jobseeker(year: int, months: range | list[int], status: int = 1) -> list[Fact]:
    return [("arbeidssoker", year, {"maaned": month, "hovedstatus": status}) for month in months]


def income(year: int, work: int | None, household: int = 0, wealth: int = 0) -> Fact:
    return "inntekt", year, {"wyrkinnt": work, "wies": household, "nettoformue": wealth}


def education(year: int, nus2000: str) -> Fact:
    return "utdanning", year, {"nus2000": nus2000}


def relative(name: str, *facts: Fact | list[Fact]) -> Relative:
    return Relative(name, tuple(flattened(facts)))


# What must come out.


def expect(base_year: int, **columns: Any) -> Expectation:
    for name in ("emigration_date", "emigration_registered_date"):
        if isinstance(columns.get(name), str):
            columns[name] = day(columns[name])
    outcome = columns.pop("outcome", "not asked")
    if outcome != "not asked":
        columns |= dict.fromkeys(("outcome_centrality", "outcome_county", "outcome_municipality"), outcome)
        if outcome != "internal_outmigration":  # before the list of 2020 moves between classes are not known
            columns["outcome_centrality_class"] = outcome
    return Expectation("person_year", {"base_year": base_year}, columns)


def expect_no_row(base_year: int) -> Expectation:
    return Expectation("person_year", {"base_year": base_year}, {})


def expect_event(on: str, **columns: Any) -> Expectation:
    return Expectation("migration_event", {"event_date": day(on)}, columns)


def expect_family(name: str, year: int, **columns: Any) -> Expectation:
    return Expectation("family_year", {"family_id": name, "reference_year": year}, columns)


def expect_no_family(name: str, year: int) -> Expectation:
    return Expectation("family_year", {"family_id": name, "reference_year": year}, {})


def expect_stay(number: int, **columns: Any) -> Expectation:
    return Expectation("immigration_spell", {"stay_number": number}, dated(columns))


def expect_descendant(**columns: Any) -> Expectation:
    return Expectation("descendant_emigration", {}, dated(columns))


def expect_presence(base_year: int, **columns: Any) -> Expectation:
    return Expectation("presence", {"base_year": base_year}, columns)


def dated(columns: dict[str, Any]) -> dict[str, Any]:
    return {
        name: day(value) if name.endswith("_date") and isinstance(value, str) else value
        for name, value in columns.items()
    }


def flattened(parts: Any) -> list[Fact]:
    return [fact for part in parts for fact in (part if isinstance(part, list) else [part])]


def case(name: str, *parts: Fact | list[Fact] | Relative | Expectation, delivery: str = "complete") -> Case:
    facts = flattened(part for part in parts if isinstance(part, (tuple, list)))
    relatives = tuple(part for part in parts if isinstance(part, Relative))
    expectations = tuple(part for part in parts if isinstance(part, Expectation))
    assert expectations, name
    return Case(name, delivery, tuple(facts), relatives, expectations)
