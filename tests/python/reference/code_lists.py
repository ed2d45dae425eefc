"""Code lists of the project, read as plain dictionaries."""

import csv
from functools import cache
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[3] / "seeds" / "code_lists"


@cache
def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def nordic_countries() -> frozenset[str]:
    """Nordic countries other than Norway; Greenland and the Faroe Islands count (2.1.2, choice)."""
    codes = frozenset(row["country_code"] for row in rows("country") if row["is_nordic"] == "true")
    assert codes == {"101", "102", "103", "104", "105", "106"}
    return codes


@cache
def norwegian_born() -> dict[str, str]:
    """Group of every immigration category whose members were born in Norway."""
    groups = {
        row["immigration_category"]: row["norwegian_born_group"] for row in rows("norwegian_born_group")
    }
    assert set(groups) == {"A", "C", "F"}
    return groups


@cache
def country_groups() -> dict[str, dict[str, str]]:
    """Rows of the country groups by country."""
    return {row["country_code"]: row for row in rows("country_group")}
