"""Settings of disclosure control: each keeps what it says, in SQL as in Python, or is refused by name."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import duckdb
import jinja2
import numpy as np
import pytest
from dbt_server import DbtServer

from utvandring.common.project import DataRoot
from utvandring.deliveries.deliver import deliver
from utvandring.release.suppression import Rule, largest_protection

PROJECT = Path(__file__).resolve().parents[3]
MACROS = ("macros/rules/disclosure.sql", "macros/disclosure/require_declared_release.sql")
THRESHOLDS, BASES = range(3, 21), (3, 5, 10)
DEFAULTS = {
    "disclosure_threshold": 5,
    "disclosure_rounding_base": 5,
    "disclosure_protection": 4,
    "disclosure_min_persons": 30,
    "disclosure_min_events": 5,
    "disclosure_estimate_decimals": 4,
    "disclosure_min_degrees_of_freedom": 10,
}


def all_settings() -> Iterator[tuple[int, int, int]]:
    return (
        (threshold, base, protection)
        for threshold in THRESHOLDS
        for base in BASES
        for protection in range(1, threshold + 2)
    )


def shown_by(threshold: int, base: int, protection: int, count: int) -> int:
    """Return a count as it is shown, from the words of docs/disclosure.md."""
    multiples = [base * number for number in range(count + base) if base * number >= threshold]
    if count < threshold + protection:
        return multiples[0]
    return min(multiples, key=lambda multiple: (abs(multiple - count), -multiple))


def values_left(threshold: int, base: int, protection: int) -> dict[int, int]:
    """Return how many counts every number that is shown stands for."""
    shown = [shown_by(threshold, base, protection, count) for count in range(threshold, 4 * base + 45)]
    # The last number may be cut off.
    return {number: shown.count(number) for number in sorted(set(shown))[:-1]}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_every_count_keeps_as_many_values_as_the_setting_says_or_the_setting_is_refused(
    threshold: int, base: int
) -> None:
    for protection in range(1, threshold + 2):
        # A small count has `threshold` values, and not all of them can be kept.
        kept = min(threshold - 1, *values_left(threshold, base, protection).values()) >= protection
        if threshold < base or not kept:
            with pytest.raises(ValueError, match=r"threshold|protection"):
                Rule(threshold, base, protection)
            continue
        rule = Rule(threshold, base, protection)
        counts = np.arange(0, 100)
        shown = rule.shown(counts)
        least, most = rule.bounds(counts, np.zeros(len(counts), dtype=bool))
        for count in range(threshold, 80):
            assert shown[count] == shown_by(threshold, base, protection, count)
            alike = counts[(shown == shown[count]) & (counts >= threshold)]
            assert (least[count], most[count]) == (alike.min(), alike.max())
        assert (most[:threshold] == threshold - 1).all()


def environment() -> jinja2.Environment:
    return jinja2.Environment(extensions=["jinja2.ext.do"])


@cache
def compiled(body: str) -> CodeType:
    """Compile a macro, which is the same under all settings, once."""
    return environment().compile(body)


class Jinja:
    """The macros of disclosure control under other settings, without dbt."""

    def __init__(self, **settings: Any) -> None:
        variables = {**DEFAULTS, **settings}
        self.environment = environment()
        self.environment.globals |= {"var": variables.__getitem__, "return": self._return}
        for path in MACROS:
            text = (PROJECT / path).read_text(encoding="utf-8")
            for body, name in re.findall(r"({% macro (\w+)\(.*?{%-? endmacro %})", text, re.DOTALL):
                self.environment.globals[name] = self._called(body, name)

    class _Returned(Exception):
        pass

    def _return(self, value: Any) -> None:
        raise self._Returned(value)

    def _called(self, body: str, name: str) -> Callable[..., Any]:
        """Return a macro as dbt calls it: what it returns, or else what it writes."""

        def call(*values: Any, **named: Any) -> Any:
            template = jinja2.Template.from_code(self.environment, compiled(body), self.environment.globals)
            try:
                return getattr(template.module, name)(*values, **named)
            except self._Returned as returned:
                return returned.args[0]

        return call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        called: Callable[..., Any] = self.environment.globals[name]
        return called


def test_sql_shows_the_counts_that_the_library_reckons_with_by_every_setting() -> None:
    kept = [setting for setting in all_settings() if setting[0] >= setting[1]]
    kept = [setting for setting in kept if setting[2] <= largest_protection(*setting[:2])]
    assert len(kept) > 100
    counts = np.arange(0, 130)
    for threshold, base, protection in kept:
        macros = Jinja(
            disclosure_threshold=threshold,
            disclosure_rounding_base=base,
            disclosure_protection=protection,
        )
        assert macros.faults_of_settings() == []
        query = f"select {macros.released_count('n')} from range(130) as counts (n) order by n"
        found = [shown for (shown,) in duckdb.sql(query).fetchall()]
        rule = Rule(threshold, base, protection)
        expected = np.where(rule.is_small(counts), -1, rule.shown(counts))
        assert [-1 if shown is None else shown for shown in found] == expected.tolist()


def test_every_setting_that_cannot_be_kept_is_refused_with_one_that_can() -> None:
    refused = 0
    for threshold, base, protection in all_settings():
        if threshold >= base and protection <= largest_protection(threshold, base):
            continue
        refused += 1
        (fault,) = Jinja(
            disclosure_threshold=threshold,
            disclosure_rounding_base=base,
            disclosure_protection=protection,
        ).faults_of_settings()
        instead = {"threshold": threshold, "base": base, "protection": protection}
        advice = re.findall(r"(threshold|protection|base) of (?:at least |at most )?(\d+)", fault)
        assert advice, fault
        for name, value in advice:
            changed = {**instead, name: int(value)}
            if "is below" in fault:
                changed["protection"] = 1
            Rule(**changed)
    assert refused > 100


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("disclosure_threshold", "ten", "disclosure_threshold is ten, and must be a whole number from 3."),
        ("disclosure_threshold", 2, "disclosure_threshold is 2, and must be a whole number from 3."),
        ("disclosure_threshold", None, "disclosure_threshold is None, and must be a whole number from 3."),
        ("disclosure_protection", 0, "disclosure_protection is 0, and must be a whole number from 1."),
        ("disclosure_protection", 3.5, "disclosure_protection is 3.5, and must be a whole number from 1."),
        ("disclosure_rounding_base", 4, "disclosure_rounding_base is 4, and must be 3, 5 or 10."),
        (
            "disclosure_min_persons",
            True,
            "disclosure_min_persons is True, and must be a whole number from 1.",
        ),
        ("disclosure_min_events", 0, "disclosure_min_events is 0, and must be a whole number from 1."),
        (
            "disclosure_estimate_decimals",
            -1,
            "disclosure_estimate_decimals is -1, and must be a whole number from 0.",
        ),
        (
            "disclosure_rounding_base",
            10,
            "disclosure_threshold 5 is below disclosure_rounding_base 10: choose a threshold of at least 10.",
        ),
        (
            "disclosure_rounding_base",
            3,
            "disclosure_protection 4 is more than threshold 5 and rounding base 3 can keep: "
            "choose a protection of at most 3, or a rounding base of 5.",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(name: str, value: Any, said: str) -> None:
    assert Jinja(**{name: value}).faults_of_settings() == [said]


def test_dbt_builds_nothing_by_a_setting_that_cannot_be_kept(
    good_delivery: Path, data_root: Path, forked_dbt: DbtServer
) -> None:
    """Threshold 10, base 3 and protection 8 once showed 9, which could only be a true 10."""
    root = DataRoot(data_root)
    deliver(root, good_delivery, PROJECT)
    settings = "{disclosure_threshold: 10, disclosure_rounding_base: 3, disclosure_protection: 8}"
    with pytest.raises(AssertionError) as failed:
        forked_dbt.run(root.path, "build", "--vars", settings)
    said = str(failed.value)
    assert "disclosure_protection 8 is more than threshold 10 and rounding base 3 can keep" in said
    assert "choose a protection of at most 3" in said
    with duckdb.connect(root.warehouse, read_only=True) as connection:
        assert connection.execute("select * from duckdb_tables()").fetchall() == []


def test_the_documentation_has_the_largest_protection_of_every_setting() -> None:
    text = (PROJECT / "docs/disclosure.md").read_text(encoding="utf-8")
    table = re.search(r"\| base \\ threshold \|(.*)\|\n\|[-|]*\n((?:\|.*\|\n)+)", text)
    assert table is not None
    thresholds = [int(cell) for cell in table.group(1).split("|")]
    assert thresholds == list(THRESHOLDS)
    rows = {}
    for line in table.group(2).strip().splitlines():
        base, *largest = (cell.strip() for cell in line.strip("|").split("|"))
        rows[int(base)] = [int(cell) if cell else None for cell in largest]
    assert rows == {
        base: [largest_protection(threshold, base) if threshold >= base else None for threshold in THRESHOLDS]
        for base in BASES
    }
