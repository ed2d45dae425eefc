"""`marts.emigration_by_origin`: emigration, administrative emigration, over-coverage by origin."""

from collections import Counter, defaultdict
from typing import Any

from .code_lists import rows
from .evidence import Row

ORIGIN_GRAIN = ("outcome_year", "country_group", "country_of_birth", "entry_period", "dimension", "category")


def entry_period(row: Row, country: dict[str, str] | None) -> str | None:
    """Of who was born in a Nordic country, or in a member of the EU in the year of the first immigration."""
    year = row["first_immigration_year"]
    if country is None or year is None:
        return None
    if country["origin_group"] != "nordic":
        first, last = country["eu_member_from"], country["eu_member_to"]
        if not first or year < int(first[:4]) or (last and year >= int(last[:4])):
            return None
    return "before_2010" if year < 2010 else "from_2010"


def emigration_by_origin(person_years: list[Row]) -> list[Row]:
    countries = {row["country_code"]: row for row in rows("country_group")}
    counts: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in person_years:
        if not row["is_immigrant"] or row["outcome_municipality"] is None:
            continue
        country = countries.get(row["country_of_birth"])
        group = country["origin_group"] if country else "unknown"
        code = row["country_of_birth"] or "unknown"
        left = row["outcome_municipality"] == "emigration"
        dimensions = (
            ("county", row["county_code"]),
            ("entry_year", row["first_immigration_year"]),
            ("immigration_background", row["immigration_background"]),
        )
        cells = [
            (*origin, period, "none", "all")
            for origin in (("all", "all"), (group, "all"), (group, code))
            for period in ("all", entry_period(row, country))
            if period
        ]
        cells += [
            (origin, "all", "all", dimension, str(category))
            for origin in ("all", group)
            for dimension, category in dimensions
            if category is not None
        ]
        for cell in cells:
            count = counts[(row["outcome_year"], *cell)]
            count["residents"] += 1
            count["emigrants"] += left
            count["administrative"] += left and row["emigration_basis"] == "administrative"
            count["unknown"] += left and row["emigration_basis"] == "unknown"
            count["judged"] += row["is_probable_overcoverage"] is not None
            count["overcoverage"] += row["is_probable_overcoverage"] is True
    return [
        dict(zip(ORIGIN_GRAIN, cell, strict=True))
        | {
            "residents_n": count["residents"],
            "emigrants_n": count["emigrants"],
            "administrative_n": count["administrative"],
            "unknown_basis_n": count["unknown"],
            "judged_n": count["judged"],
            "overcoverage_n": count["overcoverage"] if count["judged"] else None,
            "emigration_rate": 100.0 * count["emigrants"] / count["residents"],
        }
        for cell, count in counts.items()
    ]
