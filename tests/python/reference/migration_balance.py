"""`marts.migration_balance`: what a region gains and loses, person by person."""

from collections import Counter, defaultdict
from typing import Any

from .evidence import Evidence, Row
from .migration_flow import categories, levels, region, whence, whereto
from .outcome import PersonYear

BALANCE = ("outcome_year", "region_level", "region_code", "dimension", "category")
COUNTS = (
    "residents_n",
    "emigrants_n",
    "internal_outmigrants_n",
    "moved_up_n",
    "moved_down_n",
    "deaths_n",
    "arrivals_from_abroad_n",
    "internal_inmigrants_n",
    "births_n",
)
# 4 is the most central level of 2008, 1 the most central class of the index.
UP = {"centrality": 1, "centrality_class": -1}


# "Nobody moves from or to the region unknown; territories are on no step of the ladder."
def of_leaver(level: str, here: str, end: str) -> list[str]:
    """What a resident of a region is counted in there; `end` is a region or what became of the person."""
    if end in (here, "unknown", "unaccounted"):
        return []
    if end == "death":
        return ["deaths_n"]
    if end.startswith("abroad:"):
        return ["emigrants_n"]
    steps = UP.get(level, 0) * (int(end) - int(here)) if len(here) == len(end) == 1 else 0
    return ["internal_outmigrants_n", *(["moved_up_n" if steps > 0 else "moved_down_n"] if steps else [])]


def of_arrival(start: str) -> list[str]:
    """What a person is counted in who is in a region and was not there a year before."""
    if start.startswith("abroad:"):
        return ["arrivals_from_abroad_n"]
    return {"birth": ["births_n"], "unaccounted": [], "unknown": []}.get(start, ["internal_inmigrants_n"])


def migration_balance(evidence: Evidence) -> list[Row]:
    counts: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)

    def add(person_id: str, year: int, level: str, code: str, items: list[str]) -> None:
        if code == "unknown":
            return
        for dimension, category in categories(evidence.person(person_id), year):
            if level != "municipality" or dimension in ("none", "immigration_background"):
                counts[year, level, code, dimension, category].update(items)

    for year in evidence.periods("befolkning"):
        if not evidence.delivered("befolkning", year + 1):
            continue
        for row in evidence.residents(year):
            person_id = row["personid"]
            outcome = PersonYear(evidence, person_id, year).describe()
            for level in levels(year):
                here = region(row["kommnr"], level, year)
                end = whereto(evidence, row, level, outcome, year)
                add(person_id, year, level, here, ["residents_n", *of_leaver(level, here, end)])
                if end != here and end.isdigit():
                    add(person_id, year, level, end, of_arrival(here))
        for row in evidence.residents(year + 1):
            person_id = row["personid"]
            if not evidence.is_resident(person_id, year):
                for level in levels(year):
                    code = region(row["kommnr"], level, year)
                    add(person_id, year, level, code, of_arrival(whence(evidence, person_id, year)))
    return [
        dict(zip(BALANCE, key, strict=True)) | described(count, key[1] in UP) for key, count in counts.items()
    ]


def described(count: Counter[str], is_on_a_ladder: bool) -> Row:
    row: Row = {item: count[item] for item in COUNTS}
    if not is_on_a_ladder:
        row |= {"moved_up_n": None, "moved_down_n": None}
    from_abroad = count["arrivals_from_abroad_n"] - count["emigrants_n"]
    internal = count["internal_inmigrants_n"] - count["internal_outmigrants_n"]
    leavers = count["emigrants_n"] + count["internal_outmigrants_n"]
    residents = count["residents_n"]
    return row | {
        "net_from_abroad_n": from_abroad,
        "net_internal_n": internal,
        "net_migration_rate": 100.0 * (from_abroad + internal) / residents if residents else None,
        "emigration_share_of_leavers": 100.0 * count["emigrants_n"] / leavers if leavers else None,
    }
