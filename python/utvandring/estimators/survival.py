"""Competing risks over time since an origin: the Aalen-Johansen estimator, by statsmodels."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.duration.survfunc import CumIncidenceRight

DAYS_A_YEAR = 365.25


def cumulative_incidence(
    days: NDArray[Any], cause: NDArray[Any], at_days: NDArray[Any], causes_n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate the share to which each competing event has happened after some days (Aalen-Johansen).

    Events of one day are tied, not ordered; a person censored on the day of an event is at risk of it.

    Parameters
    ----------
    days
        n durations in whole days, from 0.
    cause
        n codes: 0 censored, 1 ... `causes_n` the event that ended the duration.
    at_days
        m durations at which the shares are wanted.
    causes_n
        Number of competing events J, whether they occur or not.

    Returns
    -------
    share, std_error
        m x J. Standard errors are those of the delta method (statsmodels `CumIncidenceRight`); NaN once
        nobody is left at risk.

    Raises
    ------
    ValueError
        If there is nobody, a duration is negative, or a code is not among the causes.

    References
    ----------
    Aalen and Johansen (1978); standard errors as in Dinse and Larson (1986), which statsmodels follows.
    """
    days, cause = np.asarray(days), np.asarray(cause)
    if len(days) == 0:
        raise ValueError("days is empty")
    if days.min() < 0:
        raise ValueError("days holds a negative duration")
    if cause.min() < 0 or cause.max() > causes_n:
        raise ValueError(f"cause must be 0 to {causes_n}")
    share, std_error = np.zeros((2, len(at_days), causes_n))
    if cause.max() == 0:
        return share, std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = CumIncidenceRight(days, cause)
    # Times in ascending order; before the first one nothing has happened.
    row = np.searchsorted(estimate.times, at_days, side="right") - 1
    known = row >= 0
    for column, (values, errors) in enumerate(zip(estimate.cinc, estimate.cinc_se, strict=True)):
        share[known, column] = values[row[known]]
        std_error[known, column] = errors[row[known]]
    return share, std_error


def incidence_by_year(
    spells: pd.DataFrame, events: Sequence[str], dimensions: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """Estimate cumulative incidence by years since the origin, for every cohort and category.

    Parameters
    ----------
    spells
        One row a person: `transition`, `cohort` (year), `duration_days`, `event` (one of `events`, or missing
        for a censored duration) and the columns of `dimensions`.
    events
        The competing events.
    dimensions
        Columns by which the spells are split, one at a time; persons without a value are left out of it.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        One row for each transition, cohort (and `all`), dimension (and `none`), category, whole year with
        somebody at risk, and event.
    """
    days = spells["duration_days"].to_numpy(dtype=np.int64)
    # Codes count from 0, and are -1 for what is missing.
    cause = pd.Categorical(spells["event"], categories=events).codes.astype(np.int64) + 1
    width = float(norm.ppf((1 + level) / 2))
    found = [
        table
        for key, rows in _groups(spells, dimensions)
        for table in _tables(key, days[rows], cause[rows], events, width)
    ]
    return pd.DataFrame(found, columns=list(_COLUMNS)).astype(_COLUMNS)


_COLUMNS = {
    "transition": "object",
    "cohort": "object",
    "dimension": "object",
    "category": "object",
    "years_since": "int32",
    "event": "object",
    "persons_n": "int64",
    "at_risk_n": "int64",
    "events_n": "int64",
    "estimate": "float64",
    "std_error": "float64",
    "conf_low": "float64",
    "conf_high": "float64",
}


def _groups(
    spells: pd.DataFrame, dimensions: Sequence[str]
) -> Iterator[tuple[tuple[str, str, str, str], NDArray[np.int64]]]:
    """Give the label of every group and the positions of its persons."""
    for dimension in ("none", *dimensions):
        keys = ["transition"] if dimension == "none" else ["transition", dimension]
        for by_cohort in (False, True):
            columns = [*keys, "cohort"] if by_cohort else keys
            for key, rows in sorted(spells.groupby(columns).indices.items()):
                values = key if isinstance(key, tuple) else (key,)
                category = "all" if dimension == "none" else str(values[1])
                cohort = str(values[-1]) if by_cohort else "all"
                yield (str(values[0]), cohort, dimension, category), rows


def _tables(
    key: tuple[str, str, str, str],
    days: NDArray[np.int64],
    cause: NDArray[np.int64],
    events: Sequence[str],
    width: float,
) -> Iterator[tuple[Any, ...]]:
    years = np.arange(1, int(days.max() // DAYS_A_YEAR) + 1)
    at_days = np.floor(years * DAYS_A_YEAR)
    share, std_error = cumulative_incidence(days, cause, at_days, len(events))
    half = width * std_error
    low, high = np.clip(share - half, 0, 1), np.clip(share + half, 0, 1)
    at_risk = len(days) - np.searchsorted(np.sort(days), at_days, side="left")
    for column, event in enumerate(events):
        happened = np.searchsorted(np.sort(days[cause == column + 1]), at_days, side="right")
        for row, year in enumerate(years):
            numbers = (share[row, column], std_error[row, column], low[row, column], high[row, column])
            yield (*key, year, event, len(days), at_risk[row], happened[row], *numbers)
