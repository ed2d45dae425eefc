"""Competing risks over time since an origin: the Aalen-Johansen estimator, from counts.

Own code, since statsmodels has no late entry with competing events; the tests compare with it where it can
follow.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

DAYS_A_YEAR = 365.25


def aalen_johansen(
    at_risk: NDArray[Any], events: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate the share to which each competing event has happened, from counts at ascending times.

    Whoever entered late is counted from the first time at risk, whoever was censored until the last one.

    Parameters
    ----------
    at_risk
        T persons at risk, above 0.
    events
        T x J events of those at risk at each time; together no more than are at risk.

    Returns
    -------
    share, std_error
        T x J. Standard errors by the delta method; NaN once nobody is left at risk.

    References
    ----------
    Aalen and Johansen (1978); standard errors as in Dinse and Larson (1986), which statsmodels follows.
    """
    n = np.asarray(at_risk, dtype=np.float64)[:, None]
    events = np.asarray(events, dtype=np.float64)
    ended = events.sum(axis=1, keepdims=True)
    # By logarithms, as statsmodels has it: equal to the last bit.
    with np.errstate(divide="ignore"):
        survival = np.exp(np.cumsum(np.log(1 - ended / n), axis=0))
    before = np.concatenate([np.ones((1, 1)), survival[:-1]])
    each = before / n
    share = np.cumsum(each * events, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_survival = ended / (n * (n - ended))
        variance = share**2 * np.cumsum(of_survival, axis=0)
        variance -= 2 * share * np.cumsum(share * of_survival, axis=0)
        variance += np.cumsum(share**2 * of_survival, axis=0)
    variance += np.cumsum(each**2 * ((n - events) * events / n), axis=0)
    covariance = each * events / n
    variance -= 2 * share * np.cumsum(covariance, axis=0)
    variance += 2 * np.cumsum(share * covariance, axis=0)
    # Rounding may take a variance of nothing just below 0; np.maximum keeps NaN.
    std_error = np.sqrt(np.maximum(variance, 0))
    std_error[np.cumsum(n[:, 0] == ended[:, 0]) > 0] = np.nan
    return share, std_error


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
        m x J. Standard errors are those of `aalen_johansen`; NaN once nobody is left at risk.

    Raises
    ------
    ValueError
        If there is nobody, a duration is negative, or a code is not among the causes.
    """
    days, cause = np.asarray(days), np.asarray(cause)
    if len(days) == 0:
        raise ValueError("days is empty")
    if days.min() < 0:
        raise ValueError("days holds a negative duration")
    if cause.min() < 0 or cause.max() > causes_n:
        raise ValueError(f"cause must be 0 to {causes_n}")
    times, position = np.unique(days, return_inverse=True)
    ended = np.bincount(position * (causes_n + 1) + cause, minlength=len(times) * (causes_n + 1))
    ended = ended.reshape(len(times), causes_n + 1)
    at_risk = np.cumsum(ended.sum(axis=1)[::-1])[::-1]
    estimate, error = aalen_johansen(at_risk, ended[:, 1:])
    # Before the first time nothing has happened.
    nothing = np.zeros((1, causes_n))
    row = np.searchsorted(times, at_days, side="right")
    return np.concatenate([nothing, estimate])[row], np.concatenate([nothing, error])[row]


def incidence_by_age(exposure: pd.DataFrame, events: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """Estimate cumulative incidence by age from counts of person-years at risk.

    Parameters
    ----------
    exposure
        One row a group and `age`: the columns that name the group, `at_risk_n`, and for each event its
        column, such as `emigration_n`.
    events
        The competing events.
    level
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        One row for each group, age and event, with the columns of the group, `age`, `event`, `at_risk_n`,
        `events_n`, `estimate`, `std_error`, `conf_low`, `conf_high`.
    """
    counted = [f"{event}_n" for event in events]
    group = [column for column in exposure.columns if column not in ("age", "at_risk_n", *counted)]
    width = float(ndtri((1 + level) / 2))
    tables = []
    for _, rows in exposure.sort_values([*group, "age"]).groupby(group, sort=True):
        share, std_error = aalen_johansen(rows["at_risk_n"].to_numpy(), rows[counted].to_numpy())
        for column, event in enumerate(events):
            half = width * std_error[:, column]
            tables.append(
                rows[[*group, "age", "at_risk_n"]].assign(
                    event=event,
                    events_n=rows[counted[column]],
                    estimate=share[:, column],
                    std_error=std_error[:, column],
                    conf_low=np.clip(share[:, column] - half, 0, 1),
                    conf_high=np.clip(share[:, column] + half, 0, 1),
                )
            )
    return pd.concat(tables, ignore_index=True)


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
    width = float(ndtri((1 + level) / 2))
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
