"""`marts.person_year`: everyone resident on 1 January t+1 (2.1.4)."""

from . import characteristics
from .evidence import Evidence, Row
from .family import carries_numbers, describe, families, family_of
from .outcome import PersonYear
from .overcoverage import overcoverage_probability
from .regions import region


# "Probable over-coverage: resident since 1 January t-1 or earlier and no sign of life in t-1 and t, neither
# of the person nor of anyone in the family of 1 January t+1; false for those resident for less; NULL where a
# sign register of the two years is missing and no sign is found." Before the first 1 January that was
# delivered only the first immigration and the birth tell who is resident for less: anybody else who came in
# the two years has an immigration in them, which is a sign.
def is_resident_for_less(evidence: Evidence, person_id: str, base_year: int) -> bool:
    januaries = [year for year in (base_year - 1, base_year) if evidence.delivered("befolkning", year)]
    if any(not evidence.is_resident(person_id, year) for year in januaries):
        return True
    person = evidence.person(person_id)
    if base_year - 1 in januaries or person is None:
        return False
    born, first = person["foedselsaar_mnd"] // 100, person["forstdato"]
    return born >= base_year - 1 or (first is not None and first > (base_year - 1) * 10000 + 101)


def is_probable_overcoverage(
    evidence: Evidence, person_id: str, family: list[Row] | None, base_year: int
) -> bool | None:
    years = (base_year - 1, base_year)
    if is_resident_for_less(evidence, person_id, base_year):
        return False
    household = {person_id, *(row["personid"] for row in family or [])}
    if any(evidence.has_sign(member, year) for member in household for year in years):
        return False
    return True if evidence.all_sign_registers(*years) and family is not None else None


def person_year(evidence: Evidence) -> list[Row]:
    result = []
    for outcome_year in evidence.periods("befolkning"):
        base_year = outcome_year - 1
        members, numbered = families(evidence, outcome_year), carries_numbers(evidence, outcome_year)
        for row in evidence.residents(outcome_year):
            person_id, family_id = row["personid"], row["famnr"]
            family = family_of(evidence, row, members, numbered)
            size, immigrants, kind = describe(evidence, family) if family else (None, None, None)
            person = characteristics.of_person(evidence.person(person_id), base_year)
            place = region(row["kommnr"], outcome_year)
            result.append(
                {
                    "person_id": person_id,
                    "base_year": base_year,
                    "outcome_year": outcome_year,
                    **person,
                    "citizenship": row.get("statsborgerskap"),
                    "municipality_code": row["kommnr"],
                    "municipality_code_2013": place.municipality_code_2013,
                    "county_code": place.county_code,
                    "county_code_2020": place.county_code_2020,
                    "county_code_2024": place.county_code_2024,
                    "centrality_level": place.centrality_level,
                    "centrality_class": place.centrality_class,
                    "centrality_class_version": place.centrality_class_version,
                    "centrality_class_2024_back": place.centrality_class_2024_back,
                    **characteristics.education(evidence, person_id, base_year),
                    **characteristics.labour(evidence, person_id, base_year, person["age"]),
                    "family_id": family_id,
                    "family_size": size,
                    "family_immigrants": immigrants,
                    "family_type": kind,
                    **PersonYear(evidence, person_id, outcome_year).describe(),
                    "last_sign_of_life_year": evidence.last_sign_of_life_year(person_id, base_year),
                    "is_probable_overcoverage": is_probable_overcoverage(
                        evidence, person_id, family, base_year
                    ),
                    "overcoverage_probability": overcoverage_probability(
                        evidence, person_id, person, family, base_year
                    ),
                }
            )
    return result
