"""Characteristics of year t: age, background, residence, education and labour market status."""

from .code_lists import nordic_countries
from .evidence import Evidence, Row


def group(value: int | None, limits: list[tuple[int, int, str]]) -> str | None:
    if value is None:
        return None
    return next((name for low, high, name in limits if low <= value <= high), None)


# "Age groups 15-24, 25-35, 36-61, 62-74 (2.1.4)."
AGE_GROUPS = [(15, 24, "15-24"), (25, 35, "25-35"), (36, 61, "36-61"), (62, 74, "62-74")]
RESIDENCE_GROUPS = [(0, 2, "0-2"), (3, 5, "3-5"), (6, 10, "6-10"), (11, 15, "11-15"), (16, 999, "16+")]


# "nordic if born in a Nordic country other than Norway, whatever the reason code; otherwise by reason of
# first immigration ARB work, FLU refuge, FAM family, UTD education; everything else unknown (ANN, UKJ, NULL,
# and every non-Nordic immigrant who first came before 1990, even with a code)."
def immigration_background(person: Row) -> str | None:
    if person["invkat"] != "B":
        return None
    if person["fodeland"] in nordic_countries():
        return "nordic"
    if person["forstdato"] is not None and person["forstdato"] // 10000 < 1990:
        return "unknown"
    reasons = {"ARB": "work", "FLU": "refuge", "FAM": "family", "UTD": "education"}
    return reasons.get(person["inngrunn1"], "unknown")


# "t - year of first immigration, unchanged by later re-immigration; 0 for someone who first came on
# 1 January t+1; computed for non-immigrants with a first immigration too."
def residence_years(first_immigration: int | None, base_year: int) -> int | None:
    if first_immigration == (base_year + 1) * 10000 + 101:
        return 0
    if first_immigration is None or first_immigration // 10000 > base_year:
        return None
    return base_year - first_immigration // 10000


def of_person(person: Row | None, base_year: int) -> Row:
    if person is None:
        person = {}
    known = bool(person)
    birth_year = person["foedselsaar_mnd"] // 100 if known else None
    age = base_year - birth_year if birth_year is not None else None
    first = person.get("forstdato")
    residence = residence_years(first, base_year)
    return {
        "sex": {1: "male", 2: "female"}[person["kjoenn"]] if known else None,
        "birth_year": birth_year,
        "age": age,
        "age_group": group(age, AGE_GROUPS),
        "immigration_category": person.get("invkat"),
        "is_immigrant": person["invkat"] == "B" if known else None,
        "is_descendant": person["invkat"] == "C" if known else None,
        "immigration_background": immigration_background(person) if known else None,
        "country_of_birth": person.get("fodeland"),
        "country_background": person.get("landbak3gen"),
        "first_immigration_year": first // 10000 if first is not None else None,
        "residence_years": residence,
        "residence_group": group(residence, RESIDENCE_GROUPS),
    }


# "Education, from the first digit of NUS2000"; the register missing: NULL, the person missing: unknown.
EDUCATION = {
    "0": ("unknown", "none_or_unknown"),
    "1": ("compulsory", "education_1"),
    "2": ("compulsory", "education_1"),
    "3": ("upper_secondary", "education_2"),
    "4": ("upper_secondary", "education_3"),
    "5": ("upper_secondary", "education_3"),
    "6": ("tertiary_short", "education_4"),
    "7": ("tertiary_long", "education_5"),
    "8": ("tertiary_long", "education_5"),
    "9": ("unknown", "none_or_unknown"),
}


def education(evidence: Evidence, person_id: str, year: int) -> Row:
    if not evidence.delivered("utdanning", year):
        groups: tuple[str | None, str | None] = (None, None)
    else:
        rows = evidence.rows("utdanning", year, person_id)
        groups = EDUCATION[rows[0]["nus2000"][0] if rows else "9"]
    return {"education_group": groups[0], "education_group_logit": groups[1]}


# "employed = employee or self-employed in the November reference week (a person with any such job is
# employed; the main job only tells employee from self-employed)".
def is_employed(evidence: Evidence, person_id: str, year: int) -> bool | None:
    if not evidence.delivered("sysselsetting", year):
        return None
    return any(job["yrkstat"] in (1, 2) for job in evidence.rows("sysselsetting", year, person_id))


# "in_education = enrolled on 1 October, or an exam passed at any time during the year".
def is_in_education(evidence: Evidence, person_id: str, year: int) -> bool | None:
    if not evidence.delivered("utdanningsaktivitet", year):
        return None
    return bool(evidence.rows("utdanningsaktivitet", year, person_id))


# "distinct calendar months with at least one registration as wholly unemployed".
def unemployed_months(evidence: Evidence, person_id: str, year: int) -> int | None:
    if not evidence.delivered("arbeidssoker", year):
        return None
    rows = evidence.rows("arbeidssoker", year, person_id)
    return len({row["maaned"] for row in rows if row["hovedstatus"] == 1})


# "Precedence, first match wins ... Defined for ages 15-74; NULL outside."
def labour_status(
    age: int | None, employed: bool | None, in_education: bool | None, months: int | None
) -> str | None:
    if age is None or not 15 <= age <= 74 or employed is None or in_education is None or months is None:
        return None
    if months >= 7:
        return "unemployed"
    if employed and in_education:
        return "employed_in_education"
    if employed:
        return "employed"
    if in_education:
        return "in_education"
    return "unemployed" if months >= 1 else "outside_labour_force"


def labour(evidence: Evidence, person_id: str, year: int, age: int | None) -> Row:
    employed = is_employed(evidence, person_id, year)
    studies = is_in_education(evidence, person_id, year)
    months = unemployed_months(evidence, person_id, year)
    return {
        "is_employed": employed,
        "is_in_education": studies,
        "unemployed_months": months,
        "labour_status": labour_status(age, employed, studies, months),
    }
