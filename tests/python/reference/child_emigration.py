"""`marts.child_emigration`: emigrants per 100 residents of all ages, by county and in the country."""

from collections import Counter, defaultdict

from .evidence import Row

CHILD = ("outcome_year", "population", "age_group", "county_code")
# Ages of completed years on 31 December before the year; narrow groups, and wider ones over them.
AGES = {
    **{"0-5": (-1, 5), "6-14": (6, 14), "15-17": (15, 17), "18-24": (18, 24), "25-35": (25, 35)},
    **{"36-61": (36, 61), "62-74": (62, 74), "75-84": (75, 84), "85+": (85, 200)},
    **{"0-14": (-1, 14), "0-17": (-1, 17), "15-24": (15, 24), "75+": (75, 200)},
}


def child_emigration(person_years: list[Row]) -> list[Row]:
    counts: dict[tuple[int, str, str, str], Counter[str]] = defaultdict(Counter)
    for row in person_years:
        if row["outcome_municipality"] is None:
            continue
        population = (
            "immigrant" if row["is_immigrant"] else "descendant" if row["is_descendant"] else "native"
        )
        age = max(row["age"], -1) if row["age"] is not None else None
        groups = [name for name, (low, high) in AGES.items() if age is not None and low <= age <= high]
        for age_group in ["all", *groups]:
            for county in {"0", row["county_code"]} - {None}:
                count = counts[row["outcome_year"], population, age_group, county]
                count["residents"] += 1
                count[row["outcome_municipality"]] += 1
                count["county"] += row["outcome_county"] == "internal_outmigration"
    return [
        dict(zip(CHILD, cell, strict=True))
        | {
            "residents_n": count["residents"],
            "emigrants_n": count["emigration"],
            "internal_outmigrants_n": count["county"],
            "deaths_n": count["death"],
            "emigration_rate": 100 * count["emigration"] / count["residents"],
        }
        for cell, count in counts.items()
    ]
