"""Persons and events behind each coefficient, and whether a release would show it."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from utvandring.common.project import project_root
from utvandring.regressions.design import Cells

TOO_FEW_PERSONS, TOO_FEW_EVENTS = "too_few_persons", "too_few_events"
_PREFIX = "disclosure_"


@dataclass(frozen=True)
class Fewest:
    """What an estimate must rest on to leave the secure zone (docs/disclosure.md)."""

    persons: int
    events: int

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> "Fewest":
        """Return the numbers that a database was released by, or those of the project where it was not."""
        rules = rules_of(connection)
        return cls(rules["min_persons"], rules["min_events"])

    def reason(self, persons: int, events: int) -> str | None:
        """Say why an estimate is withheld that rests on so many, or None."""
        if persons < self.persons:
            return TOO_FEW_PERSONS
        return TOO_FEW_EVENTS if events < self.events else None


def rules_of(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the rules of disclosure control by their names in `release.disclosure_rule`.

    Rules that the database was not released by are those of the project.
    """
    text = (project_root() / "dbt_project.yml").read_text(encoding="utf-8")
    rules = {
        name.removeprefix(_PREFIX): int(value)
        for name, value in yaml.safe_load(text)["vars"].items()
        if name.startswith(_PREFIX)
    }
    released = connection.execute(
        "select count(*) from duckdb_tables() "
        "where schema_name = 'release' and table_name = 'disclosure_rule'"
    ).fetchall()
    if released == [(1,)]:
        found = connection.execute("select rule, value from release.disclosure_rule").fetchall()
        rules |= {name: int(value) for name, value in found}
    return rules


def rests_on(cells: Cells, outcomes: tuple[str, ...], fewest: Fewest, *, logit: bool) -> pd.DataFrame:
    """Count the persons and events behind each coefficient, as a release does.

    Parameters
    ----------
    cells
        The cells of the fit: n x K regressors and n x J person-years by outcome.
    outcomes
        Names of the first outcomes, the one of reference first in a logit.
    fewest
        What a release asks for.
    logit
        Whether an equation compares its outcome with the first one, and not with everything else.

    Returns
    -------
    DataFrame
        A row for each `term` and `equation`: `persons_n` and `events_n`, persons of its category or of the
        reference category, whichever are fewer, and of them those with the outcome or those it is compared
        with, whichever are fewer; `withheld_reason`, missing where a release would show the coefficient. An
        interaction compares every combination of its categories with the references. A coefficient of no
        category depends on everybody. Cells without persons (no clusters) count person-years.
    """
    rows = []
    for position, name in enumerate(cells.names):
        groups = [_persons(cells, group) for group in cells.compared(position)]
        for number, outcome in enumerate(outcomes):
            if logit and number == 0:
                continue
            persons = min(everybody for everybody, _, _ in groups)
            events = min(
                min(by_outcome[number], by_outcome[0] if logit else without[number])
                for _, by_outcome, without in groups
            )
            rows.append((name, outcome, persons, events, fewest.reason(persons, events)))
    return pd.DataFrame(rows, columns=["term", "equation", "persons_n", "events_n", "withheld_reason"])


def changes_rest_on(
    cells: Cells, groups: Sequence[NDArray[np.bool_]], n_outcomes: int, fewest: Fewest
) -> list[tuple[int, int, str | None]]:
    """Count the persons and events behind a change in probability, for each outcome.

    Parameters
    ----------
    cells
        The cells of the fit.
    groups
        The rows of the values that are compared; everybody for a number.
    n_outcomes
        Outcomes of the fit.
    fewest
        What a release asks for.

    Returns
    -------
    list of tuples
        `persons_n`, `events_n` and `withheld_reason`, as `rests_on`. In a probability an event is its
        outcome, against all others.
    """
    counted = [_persons(cells, group) for group in groups]
    rows = []
    for number in range(n_outcomes):
        persons = min(everybody for everybody, _, _ in counted)
        events = min(min(by_outcome[number], without[number]) for _, by_outcome, without in counted)
        rows.append((persons, events, fewest.reason(persons, events)))
    return rows


def _persons(cells: Cells, group: NDArray[np.bool_]) -> tuple[int, list[int], list[int]]:
    """Count a group: everybody, those with each outcome, and those without it.

    Where persons are known, each counts once, whatever the number of years; else person-years.
    """
    counts = cells.counts[group]
    if cells.clusters is None:
        total = counts.sum()
        by_outcome = counts.sum(axis=0)
        return round(total), [round(n) for n in by_outcome], [round(total - n) for n in by_outcome]
    of_group = cells.clusters[group]

    def distinct(chosen: NDArray[np.bool_]) -> int:
        return int(np.count_nonzero(np.bincount(of_group[chosen])))

    total = counts.sum(axis=1)
    with_outcome = [distinct(counts[:, number] > 0) for number in range(counts.shape[1])]
    without = [distinct(total > counts[:, number]) for number in range(counts.shape[1])]
    return distinct(total > 0), with_outcome, without
