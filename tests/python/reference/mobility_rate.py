"""`marts.mobility_rate`: per 100 residents at the start of the year in the same group and region (2.1.4)."""

from collections import Counter, defaultdict
from typing import Any

from .evidence import Row
from .regions import class_version

Cell = tuple[Any, ...]
GRAIN = (
    "outcome_year",
    "region_level",
    "region_code",
    "immigration_background",
    "population",
    "dimension",
    "category",
)


def regions(row: Row) -> list[tuple[str, str]]:
    """Regions at the start of the year; unknown ones are kept in the country only."""
    result = [("country", "0")]
    if row["centrality_level"] is not None:
        result.append(("centrality", str(row["centrality_level"])))
    if row["centrality_class"] is not None:
        result.append(("centrality_class", str(row["centrality_class"])))
    for level in ("county", "county_2020", "county_2024"):
        code = row[level.replace("county", "county_code")]
        if code is not None:
            result.append((level, code))
    return result


def populations(row: Row) -> list[str]:
    result = ["all"]
    if row["age"] is not None and 15 <= row["age"] <= 74:
        result.append("age_15_74")
    if row["age"] is not None and 20 <= row["age"] <= 35:
        result.append("age_20_35")
    return result


def categories(row: Row) -> list[tuple[str, str]]:
    result = [("none", "all")]
    for dimension in (
        "sex",
        "age_group",
        "residence_group",
        "education_group",
        "labour_status",
        "family_type",
    ):
        if row[dimension] is not None:
            result.append((dimension, row[dimension]))
    if row["family_size"] is not None:
        size = str(row["family_size"]) if row["family_size"] < 3 else "3+"
        kinds = [row["family_type"], "all"]
        if row["family_type"].startswith("mixed_"):
            kinds.append("mixed")
        result.append(("family_size", size))
        result.extend(("family_size_type", f"{size}|{kind}") for kind in kinds)
    return result


def mobility_rate(person_years: list[Row]) -> list[Row]:
    counts: dict[Cell, Counter[str]] = defaultdict(Counter)
    for row in person_years:
        if not row["is_immigrant"] or row["outcome_municipality"] is None:
            continue
        for level, code in regions(row):
            for background in (row["immigration_background"], "all"):
                for population in populations(row):
                    for dimension, category in categories(row):
                        cell = (row["outcome_year"], level, code, background, population, dimension, category)
                        counts[cell]["residents"] += 1
                        counts[cell]["provisional"] += row["outcome_is_provisional"]
                        counts[cell][row["outcome_municipality"]] += 1
                        counts[cell]["county"] += row["outcome_county"] == "internal_outmigration"
                        counts[cell]["class"] += row["outcome_centrality_class"] == "internal_outmigration"
                        counts[cell]["centrality"] += row["outcome_centrality"] == "internal_outmigration"
    return [measures(cell, count) for cell, count in counts.items()]


def measures(cell: Cell, count: Counter[str]) -> Row:
    after_2017 = cell[0] > 2017
    second_january = cell[0] + (0 if count["provisional"] else 1)
    has_classes = class_version(second_january) is not None
    result = dict(zip(GRAIN, cell, strict=True)) | {
        "residents_n": count["residents"],
        "emigrants_n": count["emigration"],
        "internal_outmigrants_centrality_n": None if after_2017 else count["centrality"],
        "internal_outmigrants_centrality_class_n": count["class"] if has_classes else None,
        "internal_outmigrants_county_n": count["county"],
        "deaths_n": count["death"],
        "unaccounted_n": count["unaccounted"],
    }
    for rate, number in (
        ("emigration_rate", "emigrants_n"),
        ("internal_outmigration_centrality_rate", "internal_outmigrants_centrality_n"),
        ("internal_outmigration_centrality_class_rate", "internal_outmigrants_centrality_class_n"),
        ("internal_outmigration_county_rate", "internal_outmigrants_county_n"),
    ):
        result[rate] = None if result[number] is None else 100.0 * result[number] / result["residents_n"]
    return result
