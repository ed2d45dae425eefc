"""Family (2.1.8)."""

from collections import defaultdict

from .evidence import Evidence, Row


# "immigrants_only (size 1 included) or mixed; mixed is split ...; families without immigrants are
# no_immigrants"
def family_type(size: int, immigrants: int) -> str:
    if immigrants == 0:
        return "no_immigrants"
    if immigrants == size:
        return "immigrants_only"
    others = size - immigrants
    if immigrants > others:
        return "mixed_immigrant_majority"
    return "mixed_equal" if immigrants == others else "mixed_immigrant_minority"


# "A family is everyone resident with the same family number on 1 January"; relatives abroad are not counted.
def families(evidence: Evidence, year: int) -> dict[str, list[Row]]:
    members: dict[str, list[Row]] = defaultdict(list)
    for row in evidence.residents(year):
        if row["famnr"] is not None:
            members[row["famnr"]].append(row)
    return members


# "That holds only in a year whose befolkning carries family numbers".
def carries_numbers(evidence: Evidence, year: int) -> bool:
    return any(row["famnr"] is not None for row in evidence.residents(year))


# "A resident without a family number shares none with anybody and is a family of one".
def family_of(
    evidence: Evidence, row: Row, members: dict[str, list[Row]], numbered: bool
) -> list[Row] | None:
    if row["famnr"] is not None:
        return members[row["famnr"]]
    return [row] if numbered else None


def is_immigrant(evidence: Evidence, person_id: str) -> bool | None:
    person = evidence.person(person_id)
    return None if person is None else person["invkat"] == "B"


def describe(evidence: Evidence, members: list[Row]) -> tuple[int, int, str]:
    size = len(members)
    immigrants = sum(is_immigrant(evidence, row["personid"]) is True for row in members)
    return size, immigrants, family_type(size, immigrants)


def family_year(evidence: Evidence) -> list[Row]:
    result = []
    for year in evidence.periods("befolkning"):
        for family_id, members in families(evidence, year).items():
            size, immigrants, kind = describe(evidence, members)
            result.append(
                {
                    "family_id": family_id,
                    "reference_year": year,
                    "family_size": size,
                    "family_immigrants": immigrants,
                    "family_non_immigrants": size - immigrants,
                    "family_children": sum(row["personkode"] == 3 for row in members),
                    "family_type": kind,
                }
            )
    return result
