"""How many persons and events each coefficient rests on, and whether a release would show it."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import yaml

from utvandring.common.project import project_root
from utvandring.regressions.design import Cells, FloatArray

TOO_FEW_PERSONS, TOO_FEW_EVENTS = "too_few_persons", "too_few_events"


@dataclass(frozen=True)
class Fewest:
    """What an estimate must rest on to leave the secure zone (docs/disclosure.md)."""

    persons: int
    events: int

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> "Fewest":
        """Return the numbers that a database was released by, or those of the project where it was not."""
        released = connection.execute(
            "select count(*) from duckdb_tables() "
            "where schema_name = 'release' and table_name = 'disclosure_rule'"
        ).fetchall()
        if released == [(1,)]:
            rules = dict(connection.execute("select rule, value from release.disclosure_rule").fetchall())
            return cls(int(rules["min_persons"]), int(rules["min_events"]))
        text = (project_root() / "dbt_project.yml").read_text(encoding="utf-8")
        variables = yaml.safe_load(text)["vars"]
        return cls(variables["disclosure_min_persons"], variables["disclosure_min_events"])


def rests_on(cells: Cells, outcomes: tuple[str, ...], fewest: Fewest, *, logit: bool) -> pd.DataFrame:
    """Count what each coefficient rests on, as a release does.

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
        A row for each `term` and `equation`: `persons_n` and `events_n`, person-years of its category or of
        the reference category, whichever are fewer, and of them those with the outcome or those it is
        compared with, whichever are fewer; `withheld_reason`, missing where a release would show the
        coefficient. What is no category rests on everybody.
    """
    rows = []
    for position, (name, term) in enumerate(zip(cells.names, cells.terms, strict=True)):
        groups = _compared(cells.matrix, position, [of == term for of in cells.terms])
        counts = [cells.counts[group].sum(axis=0) for group in groups]
        for number, outcome in enumerate(outcomes):
            if logit and number == 0:
                continue
            persons = min(round(count.sum()) for count in counts)
            events = min(
                round(min(count[number], count[0] if logit else count.sum() - count[number]))
                for count in counts
            )
            few_persons, few_events = persons < fewest.persons, events < fewest.events
            reason = TOO_FEW_PERSONS if few_persons else TOO_FEW_EVENTS if few_events else None
            rows.append((name, outcome, persons, events, reason))
    return pd.DataFrame(rows, columns=["term", "equation", "persons_n", "events_n", "withheld_reason"])


def _compared(matrix: FloatArray, position: int, same_term: list[bool]) -> list[np.ndarray]:
    """Return the rows of a category and of its reference category; for a number, all rows."""
    column = matrix[:, position]
    if position == 0 or not np.isin(column, (0, 1)).all():
        return [np.ones(len(column), dtype=bool)]
    return [column == 1, ~matrix[:, same_term].any(axis=1)]
