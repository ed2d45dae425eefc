"""`marts.mover_profile`: who left a place in a year, beside the four years before."""

from collections import Counter, defaultdict
from statistics import median

from .characteristics import group
from .evidence import Evidence, Row
from .migration_flow import ALL_AGES

PROFILE = ("outcome_year", "region_level", "region_code", "destination", "dimension", "category")
PLACES = {
    "county": "county_code",
    "centrality": "centrality_level",
    "centrality_class": "centrality_class",
}
Place = tuple[str, str, str]


# "Occupational income against the median of everybody who has some that year: none, low (below half), middle
# (up to one and a half), high"; none for who is not in the register.
def income_group(evidence: Evidence, person_id: str, year: int, typical: float | None) -> str:
    income = next((row["wyrkinnt"] for row in evidence.rows("inntekt", year, person_id)), None)
    if income is None or income <= 0 or typical is None:
        return "none"
    return "low" if income < typical / 2 else "high" if income > 1.5 * typical else "middle"


def characteristics(evidence: Evidence, row: Row, typical: dict[int, float | None]) -> dict[str, str]:
    year, age = row["base_year"], row["age"]
    is_child = age is not None and age < 15
    others = "descendant" if row["is_descendant"] else "native"
    result = {
        "none": "all",
        "sex": row["sex"] or "missing",
        "age_group": group(max(age, -1) if age is not None else None, ALL_AGES) or "missing",
        "immigration_background": row["immigration_background"] or others,
    }
    if row["education_group"] is not None:
        result["education_group"] = "under_15" if is_child else row["education_group"]
    if year in typical:
        result["income_group"] = (
            "under_15" if is_child else income_group(evidence, row["person_id"], year, typical[year])
        )
    if row["family_size"] is not None:
        result["family_type"] = row["family_type"]
        result["family_size"] = str(row["family_size"]) if row["family_size"] < 3 else "3+"
    return result


def mover_profile(evidence: Evidence, person_years: list[Row]) -> list[Row]:
    typical: dict[int, float | None] = {}
    for year in evidence.periods("inntekt"):
        incomes = [row["wyrkinnt"] for row in evidence.registers["inntekt", year]]
        some = [income for income in incomes if income is not None and income > 0]
        typical[year] = median(some) if some else None
    counts: dict[tuple[Place, str], dict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in person_years:
        if row["outcome_is_provisional"]:
            continue
        for level, column in PLACES.items():
            outcome = row[f"outcome_{level}"]
            if row[column] is None or outcome not in ("emigration", "internal_outmigration"):
                continue
            there = "abroad" if outcome == "emigration" else "elsewhere"
            for destination in (there, "all"):
                for dimension, category in characteristics(evidence, row, typical).items():
                    place = (level, str(row[column]), destination)
                    counts[place, dimension][row["outcome_year"]][category] += 1
    result = []
    for (place, dimension), by_year in counts.items():
        for year, counted in by_year.items():
            before: Counter[str] = Counter()
            for earlier in range(year - 4, year):
                before += by_year.get(earlier, Counter())
            is_known = all(earlier in by_year for earlier in range(year - 4, year))
            for category in counted.keys() | before.keys():
                key = (year, *place, dimension, category)
                result.append(
                    dict(zip(PROFILE, key, strict=True))
                    | {
                        "persons_n": counted[category],
                        "share": 100 * counted[category] / counted.total(),
                        "persons_four_years_before_n": before[category] if is_known else None,
                        "share_four_years_before": (
                            100 * before[category] / before.total() if is_known else None
                        ),
                    }
                )
    return result
