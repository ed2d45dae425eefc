"""The released rates in a form small enough for a page: every characteristic as a number into a list."""

from collections.abc import Mapping, Sequence
from typing import Any

from utvandring.report.catalogue import BACKGROUNDS
from utvandring.report.released import Row
from utvandring.report.texts import Texts

# Family size and type together have a table of their own (4.1-4.3).
DIMENSIONS = (
    "sex",
    "age_group",
    "residence_group",
    "education_group",
    "labour_status",
    "family_size",
    "family_type",
)
_POPULATIONS = ("all", "age_15_74", "age_20_35")
# By the later divisions there is everybody only, too little to compare by characteristics.
_LEVELS = ("country", "centrality", "county")
_COUNTS = {
    "residents": "residents_n",
    "emigrants": "emigrants_n",
    "centrality": "internal_outmigrants_centrality_n",
    "county": "internal_outmigrants_county_n",
}
MEASURES: Mapping[str, Mapping[str, str]] = {
    "emigration": {"count": "emigrants", "rate": "emigration_rate"},
    "internal_outmigration_centrality": {
        "count": "centrality",
        "rate": "internal_outmigration_centrality_rate",
    },
    "internal_outmigration_county": {"count": "county", "rate": "internal_outmigration_county_rate"},
}


def pack_rates(rates: Sequence[Row], county_names: Mapping[str, str], text: Texts) -> dict[str, Any]:
    """Pack the rows of `release.mobility_rate`.

    Parameters
    ----------
    rates
        The rows; a count that is None is withheld.
    county_names
        Name of every county by its code.
    text
        The language of the labels.

    Returns
    -------
    dict
        `rows` holds one list per column, all of the same length; `year`, `region`, `background`, `population`
        and `category` are positions in the lists of those names.
    """
    kept = [
        row for row in rates if row["dimension"] in ("none", *DIMENSIONS) and row["region_level"] in _LEVELS
    ]
    years = sorted({row["outcome_year"] for row in kept})
    regions = sorted(
        {(row["region_level"], row["region_code"]) for row in kept}, key=lambda r: (_LEVELS.index(r[0]), r[1])
    )
    backgrounds = ["all", *BACKGROUNDS]
    categories = [("none", "all")]
    for dimension in DIMENSIONS:
        found = {row["category"] for row in kept if row["dimension"] == dimension}
        categories += [(dimension, code) for code in text.group("categories", dimension) if code in found]
    place = {
        "year": {year: i for i, year in enumerate(years)},
        "region": {region: i for i, region in enumerate(regions)},
        "background": {background: i for i, background in enumerate(backgrounds)},
        "population": {population: i for i, population in enumerate(_POPULATIONS)},
        "category": {category: i for i, category in enumerate(categories)},
    }
    located = sorted(
        (
            (
                place["region"][row["region_level"], row["region_code"]],
                place["background"][row["immigration_background"]],
                place["population"][row["population"]],
                place["category"][row["dimension"], row["category"]],
                place["year"][row["outcome_year"]],
            ),
            tuple(row[column] for column in _COUNTS.values()),
        )
        for row in kept
    )
    keys = ("region", "background", "population", "category", "year")
    columns: dict[str, list[Any]] = {key: [at[i] for at, _ in located] for i, key in enumerate(keys)}
    columns |= {key: [counts[i] for _, counts in located] for i, key in enumerate(_COUNTS)}
    return {
        "years": years,
        "regions": [
            {"level": level, "code": f"{level}|{code}", "label": _region(level, code, county_names, text)}
            for level, code in regions
        ],
        "backgrounds": [{"code": code, "label": text("backgrounds", code)} for code in backgrounds],
        "populations": list(_POPULATIONS),
        "categories": [
            {"dimension": dimension, "code": f"{dimension}|{code}", "label": _category(dimension, code, text)}
            for dimension, code in categories
        ],
        "measures": MEASURES,
        "labels": {
            "measures": [[code, text("measures", code)] for code in MEASURES],
            "populations": [[code, text("populations", code)] for code in _POPULATIONS],
            "dimensions": [[code, text("dimensions", code)] for code in DIMENSIONS],
        },
        "rows": columns,
    }


def _region(level: str, code: str, county_names: Mapping[str, str], text: Texts) -> str:
    if level == "county":
        return county_names[code]
    return text("centrality", code) if level == "centrality" else text("explore", "whole_country")


def _category(dimension: str, code: str, text: Texts) -> str:
    return text("explore", "everyone") if dimension == "none" else text("categories", dimension, code)
