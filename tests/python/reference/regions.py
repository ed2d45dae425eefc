"""Regions (2.2, Vedlegg A) and the comparison of two addresses in one municipal division."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from .code_lists import rows

LEVELS = ("centrality", "county", "municipality")
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


def region(code: str | None, outcome_year: int) -> Region:
    """Characteristics of the address on 1 January of the outcome year."""
    municipality = municipality_code_2013(code)
    if municipality is None:
        return Region(None, None, None)
    level = None
    if outcome_year <= LAST_YEAR_IN_DIVISION_2013:
        level = int(municipalities_2013()[municipality]["centrality_level"])
    return Region(municipality, municipality[:2], level)


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
    result: dict[str, str | None] = {}
    for level in LEVELS:
        regions_before = {region_of(code, level) for code in before}
        regions_after = {region_of(code, level) for code in after}
        result[level] = "stay" if regions_before & regions_after else "internal_outmigration"
    if outcome_year > LAST_YEAR_IN_DIVISION_2013 and result["municipality"] != "stay":
        result["centrality"] = None  # no centrality standard for the later divisions
    return result
