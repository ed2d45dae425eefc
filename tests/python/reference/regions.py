"""Regions (2.2, Vedlegg A) and the comparison of two addresses in one municipal division."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar

from .code_lists import rows
from .klass import lies_in

T = TypeVar("T")
LEVELS = ("centrality", "centrality_class", "county", "municipality")
LAST_YEAR_IN_DIVISION_2013 = 2017


@cache
def municipalities_2013() -> dict[str, dict[str, str]]:
    return {row["municipality_code"]: row for row in rows("municipality_2013")}


@cache
def municipality_codes() -> dict[str, dict[str, str]]:
    return {row["municipality_code"]: row for row in rows("municipality_code")}


def is_unknown(code: str | None) -> bool:
    """0000 and 9999: blocked or unknown address."""
    return code is None or municipality_codes()[code]["kind"] == "unknown"


def municipality_code_2013(code: str | None) -> str | None:
    """The municipality of 2013 that stands for a code; NULL for unknown addresses and Svalbard."""
    return municipality_codes()[code]["municipality_code_2013"] or None if code is not None else None


@dataclass(frozen=True)
class Region:
    municipality_code_2013: str | None
    county_code: str | None
    centrality_level: int | None
    county_code_2020: str | None = None
    county_code_2024: str | None = None
    centrality_class: int | None = None
    centrality_class_version: int | None = None
    centrality_class_2024_back: int | None = None


def region(code: str | None, outcome_year: int) -> Region:
    """Characteristics of the address on 1 January of the outcome year."""
    municipality = municipality_code_2013(code)
    if municipality is None:
        return Region(None, None, None)
    level = None
    if outcome_year <= LAST_YEAR_IN_DIVISION_2013:
        level = int(municipalities_2013()[municipality]["centrality_level"])
    assert code is not None
    version = class_version(outcome_year)
    known_class = centrality_classes(version).get(code) if version is not None else None
    return Region(
        municipality,
        municipality[:2],
        level,
        only({there[:2] for there in lies_in(code, 2020)}),
        only({there[:2] for there in lies_in(code, 2024)}),
        known_class,
        version if known_class is not None else None,
        only({centrality_classes(2024)[there] for there in lies_in(code, 2024)}),
    )


# "centrality_class 1-6 by the municipality on 1 January base_year + 1, centrality_class_version (2020, 2024:
# the list used; NULL where none fits)"
def class_version(year: int) -> int | None:
    """The list of the centrality index in force on 1 January; 2018 has no public one."""
    return 2024 if year >= 2024 else 2020 if year >= 2020 else None


@cache
def centrality_classes(version: int) -> dict[str, int]:
    return {
        row["municipality_code"]: int(row["centrality_class"])
        for row in rows("centrality_class")
        if row["centrality_class_version"] == str(version)
    }


def only(values: set[T]) -> T | None:
    return next(iter(values)) if len(values) == 1 else None


@cache
def possible_municipalities_2013(code: str) -> frozenset[str]:
    """A municipality merged after 2013 stands for all its predecessors of 2013; Svalbard for itself."""
    if code in municipalities_2013():
        return frozenset({code})
    if municipality_codes()[code]["kind"] != "ordinary":
        return frozenset({code})
    predecessors = [
        row["old_code"]
        for row in rows("municipality_reform")
        if row["new_code"] == code and "2013-01-01" < row["changed_on"] <= "2018-01-01"
    ]
    if not predecessors:  # gone before 2013: one municipality of 2013 took it in
        only = municipality_code_2013(code)
        assert only is not None
        return frozenset({only})
    return frozenset().union(*(possible_municipalities_2013(old) for old in predecessors))


def translated_forward(code: str, day: date) -> frozenset[str]:
    """The successors, in the division of a 1 January, of a code of the division of the year before."""
    successors = {
        row["new_code"]
        for row in rows("municipality_reform")
        if row["old_code"] == code and row["changed_on"] == day.isoformat()
    }
    return frozenset(successors or {code})


def region_of(municipality: str, level: str) -> str:
    """Region of an address; places without municipality (Svalbard) are a region of their own."""
    code_2013 = municipality_code_2013(municipality)
    if level == "municipality":
        return municipality
    if code_2013 is None:
        return municipality_codes()[municipality]["kind"]
    if level == "county":
        return code_2013[:2]
    return municipalities_2013()[code_2013]["centrality_level"]


def compare(
    first: str | None, second: str | None, outcome_year: int, division: date
) -> dict[str, str | None]:
    """`stay` or `internal_outmigration` at three region levels.

    "Regions are compared in one municipal division: a merger, renumbering or split is never a move. Up to
    outcome year 2017 both addresses are translated to the division of 2013; later, the first address is
    translated forward to the division of the second, and after a split everyone who is in one of the
    successors stayed. An unknown address (0000, 9999) at either date is not a move."
    """
    if first is None or second is None or is_unknown(first) or is_unknown(second):
        return dict.fromkeys(LEVELS, "stay")
    if outcome_year <= LAST_YEAR_IN_DIVISION_2013:
        before, after = possible_municipalities_2013(first), possible_municipalities_2013(second)
    else:
        before, after = translated_forward(first, division), frozenset({second})
    if second in translated_forward(first, division):  # a part of Stokke joined Tønsberg
        return dict.fromkeys(LEVELS, "stay")
    result: dict[str, str | None] = {
        "centrality_class": compare_classes(before, second, outcome_year, division)
    }
    for level in ("centrality", "county", "municipality"):
        regions_before = {region_of(code, level) for code in before}
        regions_after = {region_of(code, level) for code in after}
        result[level] = "stay" if regions_before & regions_after else "internal_outmigration"
    if outcome_year > LAST_YEAR_IN_DIVISION_2013 and result["municipality"] != "stay":
        result["centrality"] = None  # no centrality standard for the later divisions
    if result["municipality"] == "stay":
        result["centrality_class"] = "stay"
    return result


# "outcome_centrality_class classifies both addresses by one list, in the division of the second January,
# and a municipality that changes class is no move."
def compare_classes(before: frozenset[str], second: str, outcome_year: int, division: date) -> str | None:
    if outcome_year <= LAST_YEAR_IN_DIVISION_2013:
        return None
    possible, after = {class_on(code, division) for code in before} - {None}, class_on(second, division)
    if after is None or not possible:
        return None
    return "stay" if after in possible else "internal_outmigration"


def class_on(code: str, division: date) -> str | None:
    """Class of an address by the list of a 1 January; Svalbard is a region of its own."""
    if municipality_codes()[code]["kind"] != "ordinary":
        return municipality_codes()[code]["kind"]
    version = class_version(division.year)
    known_class = centrality_classes(version).get(code) if version is not None else None
    return str(known_class) if known_class is not None else None
