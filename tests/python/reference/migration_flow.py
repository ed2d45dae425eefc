"""`marts.migration_flow`: everyone resident on either of two 1 Januaries, once, by place on both."""

from collections import Counter
from datetime import date

from .characteristics import AGE_GROUPS, group, immigration_background
from .code_lists import country_groups
from .evidence import Evidence, Row, in_order
from .outcome import PersonYear
from .regions import LAST_YEAR_IN_DIVISION_2013, class_on, class_version, is_unknown, municipality_codes
from .regions import region as region_of_address

FLOW = ("outcome_year", "region_level", "from_region", "to_region", "dimension", "category")
ALL_AGES = [(-1, 14, "0-14"), *AGE_GROUPS, (75, 200, "75+")]


def levels(outcome_year: int) -> list[str]:
    """Levels that have one standard for both 1 Januaries."""
    result = ["municipality", "county"]
    if outcome_year <= LAST_YEAR_IN_DIVISION_2013:
        result.append("centrality")
    if class_version(outcome_year) is not None and class_version(outcome_year) == class_version(
        outcome_year + 1
    ):
        result.append("centrality_class")
    return result


def region(code: str | None, level: str, outcome_year: int) -> str:
    if is_unknown(code):
        return "unknown"
    assert code is not None
    if municipality_codes()[code]["kind"] != "ordinary":
        return code if level == "municipality" else code[:2]  # Svalbard and the other territories
    if level == "centrality_class":
        return class_on(code, date(outcome_year, 1, 1)) or "unknown"
    place = region_of_address(code, outcome_year)
    return str(
        {
            "municipality": place.municipality_code_2013,
            "county": place.county_code,
            "centrality": place.centrality_level,
        }[level]
    )


def country(code: str | None) -> str:
    name = country_groups().get(code or "", {}).get("destination_group", "unknown")
    return f"abroad:{'unknown' if name == 'norway' else name}"


# "A resident goes where the outcome says"; who stayed is a row from a region to itself, and no move is known
# of an address that is not.
def whereto(evidence: Evidence, row: Row, level: str, outcome: Row, outcome_year: int) -> str:
    end = outcome["outcome_municipality"]
    if end == "emigration":
        return country(outcome["emigration_country"])
    if end in ("death", "unaccounted"):
        return str(end)
    here = region(row["kommnr"], level, outcome_year)
    there = region(evidence.address(row["personid"], outcome_year + 1), level, outcome_year)
    moved = outcome[f"outcome_{level}"] == "internal_outmigration"
    return there if moved or "unknown" in (here, there) else here


# "From the country of the last immigration: dated in the year or on the next 1 January, or earlier and
# registered in the year; else birth in the year or on the next 1 January; else unaccounted."
def whence(evidence: Evidence, person_id: str, outcome_year: int) -> str:
    next_january = date(outcome_year + 1, 1, 1)
    immigrations = [
        event
        for event in evidence.moves(person_id, "innvandring")
        if event["flyttedato"] <= next_january
        and (
            event["flyttedato"].year == outcome_year
            or event["flyttedato"] == next_january
            or (event["regdato"] is not None and event["regdato"].year == outcome_year)
        )
    ]
    if immigrations:
        last = max(event["flyttedato"] for event in immigrations)
        return country(
            min((event for event in immigrations if event["flyttedato"] == last), key=in_order)["fra_land"]
        )
    person = evidence.person(person_id)
    return "birth" if person and person["foedselsaar_mnd"] // 100 >= outcome_year else "unaccounted"


def categories(person: Row | None, outcome_year: int) -> list[tuple[str, str]]:
    if person is None:
        return [
            ("none", "all"),
            ("sex", "missing"),
            ("age_group", "missing"),
            ("immigration_background", "native"),
            ("origin_group", "missing"),
        ]
    age = outcome_year - 1 - person["foedselsaar_mnd"] // 100
    origin = country_groups().get(person["landbak3gen"] or "", {}).get("origin_group", "unknown")
    others = "descendant" if person["invkat"] == "C" else "native"
    return [
        ("none", "all"),
        ("sex", {1: "male", 2: "female"}[person["kjoenn"]]),
        ("age_group", group(max(age, -1), ALL_AGES) or "missing"),
        ("immigration_background", immigration_background(person) or others),
        ("origin_group", origin),
    ]


def migration_flow(evidence: Evidence) -> list[Row]:
    counts: Counter[tuple[int, str, str, str, str, str]] = Counter()

    def add(person_id: str, year: int, level: str, start: str, end: str) -> None:
        for dimension, category in categories(evidence.person(person_id), year):
            if level != "municipality" or dimension in ("none", "immigration_background"):
                counts[year, level, start, end, dimension, category] += 1

    for year in evidence.periods("befolkning"):
        if not evidence.delivered("befolkning", year + 1):
            continue
        for row in evidence.residents(year):
            outcome = PersonYear(evidence, row["personid"], year).describe()
            for level in levels(year):
                start = region(row["kommnr"], level, year)
                add(row["personid"], year, level, start, whereto(evidence, row, level, outcome, year))
        for row in evidence.residents(year + 1):
            if evidence.is_resident(row["personid"], year):
                continue
            for level in levels(year):
                start = whence(evidence, row["personid"], year)
                add(row["personid"], year, level, start, region(row["kommnr"], level, year))
    return [dict(zip(FLOW, key, strict=True)) | {"persons_n": n} for key, n in counts.items()]
