"""Municipalities by KLASS's own graph (131, kommuneinndeling): variants of codes and what became of each.

`klass_131_codes.csv` and `klass_131_changes.csv` are the nodes and edges since 2002 of the graph that the
package klassR of Statistics Norway carries (statisticsnorway/ssb-klassr, data/klass_131_graph.RData), names
and dates as there.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
DIVISIONS = (2013, 2017, 2020, 2024)
YEARS = range(2002, 2027)

# Haram was a part of Ålesund from 2020 to 2023, and is itself again: no chain through Ålesund.
DIRECT = {"1534": "1580", "1504": "1508", "1523": "1508", "1529": "1508", "1546": "1508"}
DIRECT_FROM = date(2024, 1, 1)
NO_LINKS: Mapping[str, str] = {}


class Node(NamedTuple):
    code: str
    variant: str


class Life(NamedTuple):
    first: date
    end: date  # the first day on which it is no more


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def nodes() -> dict[Node, Life]:
    """All that is a municipality; 9999 is none."""
    return {
        Node(row["code"], row["variant"]): Life(
            date.fromisoformat(row["valid_from"]), date.fromisoformat(row["valid_to"] or "9999-12-31")
        )
        for row in _rows("klass_131_codes")
        if row["code"] != "9999"
    }


@cache
def edges() -> dict[Node, list[Node]]:
    result = defaultdict(list)
    for row in _rows("klass_131_changes"):
        result[Node(row["old_code"], row["old_variant"])].append(Node(row["new_code"], row["new_variant"]))
    return dict(result)


def january(year: int) -> date:
    return date(year, 1, 1)


@cache
def in_force(day: date) -> dict[str, Node]:
    return {node.code: node for node, life in nodes().items() if life.first <= day < life.end}


def became(node: Node, day: date, direct: Mapping[str, str]) -> set[str]:
    """Codes of a later day, following every change; a direct link instead of them once it holds."""
    if nodes()[node].end > day:
        return {node.code}
    if node.code in direct and day >= DIRECT_FROM:
        return became(in_force(DIRECT_FROM)[direct[node.code]], day, direct)
    return set().union(*(became(later, day, direct) for later in edges()[node]))


def between(first: date, last: date, direct: Mapping[str, str] = DIRECT) -> dict[str, set[str]]:
    """Codes of the first day and what they are on the last."""
    return {code: became(node, last, direct) for code, node in in_force(first).items()}


def translated(year: int, division: int, direct: Mapping[str, str] = DIRECT) -> set[tuple[str, str]]:
    """Pairs of a code of 1 January of the year and a code of the division that it may lie in."""
    if year <= division:
        pairs = between(january(year), january(division), direct)
        return {(code, later) for code, codes in pairs.items() for later in codes}
    pairs = between(january(division), january(year), direct)
    return {(later, code) for code, codes in pairs.items() for later in codes}


@cache
def lies_in(code: str, division: int) -> frozenset[str]:
    """Codes of the division that a code may lie in, whenever it is in force."""
    return frozenset(
        there
        for year in YEARS
        if code in in_force(january(year))
        for here, there in pairs_of(year, division)
        if here == code
    )


@cache
def pairs_of(year: int, division: int) -> frozenset[tuple[str, str]]:
    return frozenset(translated(year, division))
