"""First emigration of descendants and of the groups they are compared with."""

from datetime import date

from .code_lists import country_groups, norwegian_born
from .evidence import Evidence, Row
from .stay import immigration_spell


def group_of(person: Row) -> str | None:
    if person["invkat"] in norwegian_born():
        return norwegian_born()[person["invkat"]]
    first = person["forstdato"]
    young = first is not None and first // 10000 - person["foedselsaar_mnd"] // 100 < 7
    return "childhood_immigrant" if person["invkat"] == "B" and young else None


def is_foreign(country: str | None) -> bool:
    row = country_groups().get(country or "")
    return row is not None and row["origin_group"] not in ("norway", "unknown")


# "the country background, where that is a foreign country; otherwise the country of birth of a foreign-born
# mother, then father; for an immigrant in the end the own country of birth. NULL for the majority."
def parents_country(evidence: Evidence, person: Row) -> str | None:
    candidates = [person["landbak3gen"]]
    for parent in (person["mor_id"], person["far_id"]):
        known = evidence.person(parent) if parent else None
        candidates.append(known["fodeland"] if known else None)
    candidates.append(person["fodeland"])
    return next((country for country in candidates if is_foreign(country)), None)


def destination(country: str | None, of_parents: str | None) -> str:
    if country is not None and country == of_parents:
        return "parents_country"
    group = country_groups().get(country or "", {}).get("destination_group", "unknown")
    return "unknown" if group == "norway" else group


def plus_years(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)


def is_back(stay: Row, death: date | None, observed_until: date, years: int) -> bool | None:
    limit = plus_years(stay["exit_date"], years)
    if stay["next_entry_date"] is not None and stay["next_entry_date"] <= limit:
        return True
    followed = limit < observed_until and (death is None or death > limit)
    return False if followed else None


def observed_until(evidence: Evidence) -> date:
    return max(
        date(max(evidence.periods("befolkning")), 1, 1), date(max(evidence.periods("flytting")) + 1, 1, 1)
    )


def descendant_emigration(evidence: Evidence) -> list[Row]:
    """One row for every person of the compared groups, in Norway or abroad."""
    departures: dict[str, Row] = {}
    for stay in immigration_spell(evidence):
        if stay["exit_type"] == "emigration":
            departures.setdefault(stay["person_id"], stay)
    result = []
    everyone = {
        row["personid"]
        for period in evidence.periods("person")
        for row in evidence.registers["person", period]
    }
    for person_id in sorted(everyone):
        person = evidence.person(person_id)
        assert person is not None
        group = group_of(person)
        if group is None:
            continue
        of_parents = None if group == "majority" else parents_country(evidence, person)
        stay = departures.get(person_id)
        row: Row = {
            "person_id": person_id,
            "immigrant_group": group,
            "parents_country": of_parents,
            "has_emigrated": stay is not None,
            "first_emigration_date": stay["exit_date"] if stay else None,
            "destination_country": stay["exit_country"] if stay else None,
            "destination": destination(stay["exit_country"], of_parents) if stay else None,
            "return_date": stay["next_entry_date"] if stay else None,
        }
        for years in (1, 3, 5):
            back = is_back(stay, person["doedsdato"], observed_until(evidence), years) if stay else None
            row[f"is_back_within_{years}_years"] = back
        result.append(row)
    return result
