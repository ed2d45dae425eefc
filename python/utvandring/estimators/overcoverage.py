"""How often residents show a sign of life, and how often they leave without saying so.

A hidden Markov model of two states, here and gone, fitted by the EM algorithm of Baum and Welch to counts of
histories. A sign proves that a person is here in that year; who is gone shows none before coming back. So
a history falls apart into runs of silent years, and sums over paths of states are sums over the year in which
a person left. hmmlearn and pomegranate take sequences, one person after the other, and no counts of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """Counts of runs of silent years; arrays of n cells.

    Attributes
    ----------
    group : position of the group that shares probabilities of signs.
    leaving_group : position of the group that shares the probability to leave; several groups may.
    begins_unknown : whether nothing is known of the person before the first year of the run.
    ends_with_sign : whether the year after the silent ones has a sign; otherwise the history ends.
    silent_years : from 0; from 1 where the run ends without a sign.
    count : runs of the cell.
    """

    group: IntArray
    leaving_group: IntArray
    begins_unknown: npt.NDArray[np.bool_]
    ends_with_sign: npt.NDArray[np.bool_]
    silent_years: IntArray
    count: FloatArray


@dataclass(frozen=True)
class Parameters:
    """Probabilities of a year: those of signs by group, the others by leaving group.

    Attributes
    ----------
    sign_after_sign, sign_after_silence : that a person who is here shows a sign, after a year with or
        without one.
    sign_at_first : the same in a year before which nothing is known.
    leaving : that a person who is here leaves without saying so.
    coming_back : that a person who is gone comes back, which shows a sign.
    gone_at_first : that a person is gone in a year before which nothing is known.
    """

    sign_after_sign: FloatArray
    sign_after_silence: FloatArray
    sign_at_first: FloatArray
    leaving: FloatArray
    coming_back: FloatArray
    gone_at_first: FloatArray

    def as_mapping(self) -> Mapping[str, FloatArray]:
        """Return the arrays by name."""
        return {name: getattr(self, name) for name in _START}


# Where a first fit begins: most people show signs, few leave, fewer come back.
_START = {
    "sign_after_sign": 0.9, "sign_after_silence": 0.5, "sign_at_first": 0.8,
    "leaving": 0.005, "coming_back": 0.03, "gone_at_first": 0.02,
}  # fmt: skip
#: The parameters of leaving groups.
OF_LEAVING_GROUP = ("leaving", "coming_back", "gone_at_first")


def vague(groups_n: int, leaving_groups_n: int) -> Parameters:
    """Return the same probabilities for all groups, where a first fit can begin."""
    return Parameters(**{
        name: np.full(leaving_groups_n if name in OF_LEAVING_GROUP else groups_n, start)
        for name, start in _START.items()
    })  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """Parameters, the log likelihood of the runs without the prior, and whether the steps came to rest."""

    parameters: Parameters
    log_likelihood: float
    n_iterations: int
    converged: bool


def fit_runs(
    runs: Runs,
    prior: Parameters,
    prior_years: float,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 2000,
) -> Fit:
    """Estimate the probabilities by EM.

    Parameters
    ----------
    runs : counts of runs.
    prior : probabilities that small groups are drawn to, as if `prior_years` years of each had been seen
        beside the data; also where the steps begin. `vague` with half a year hardly matters, and keeps
        probabilities inside (0, 1).
    tolerance : the largest change of a probability in the last step.

    Raises
    ------
    ValueError
        If there are no runs, or none that ends with a sign: nothing can be told apart then.
    """
    if not runs.count.sum() > 0:
        raise ValueError("There are no histories of signs.")
    if not runs.count[runs.ends_with_sign].sum() > 0:
        raise ValueError("No history of signs has two years with signs.")
    parameters, converged, steps = prior, False, 0
    while not converged and steps < max_iterations:
        after = _step(runs, parameters, prior, prior_years)
        change = max(
            float(np.abs(new - old).max())
            for new, old in zip(after.as_mapping().values(), parameters.as_mapping().values(), strict=True)
        )
        parameters, converged, steps = after, change < tolerance, steps + 1
    likelihood = float(runs.count @ np.log(_paths(runs, parameters)[0]))
    return Fit(parameters, likelihood, steps, converged)


def _paths(runs: Runs, parameters: Parameters) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what the runs say of the hidden years.

    Returns
    -------
    The likelihood of a run (n), the posterior probability that the person was here to its end (n), and that
    the person left, or was gone, first in each of its silent years (n × years; the first column of runs that
    begin unknown stands for all years up to it).
    """
    first = parameters.sign_after_sign[runs.group]
    later = parameters.sign_after_silence[runs.group]
    leaving = parameters.leaving[runs.leaving_group]
    back = parameters.coming_back[runs.leaving_group]
    at_first = parameters.gone_at_first[runs.leaving_group]
    unknown, years = runs.begins_unknown, int(max(runs.silent_years.max(), 1))
    here = np.ones(len(runs.count))
    left = np.zeros((len(here), years))
    for year in range(years):
        within = year < runs.silent_years
        goes, sign = leaving, first if year == 0 else later
        if year == 0:
            goes = np.where(unknown, at_first, goes)
            sign = np.where(unknown, parameters.sign_at_first[runs.group], sign)
        left[:, year] = np.where(within, here * goes * (1 - back) ** (runs.silent_years - 1 - year), 0.0)
        here = np.where(within, here * (1 - goes) * (1 - sign), here)
    soon = np.where(unknown, (1 - at_first) * parameters.sign_at_first[runs.group], (1 - leaving) * first)
    sign = np.where(runs.silent_years == 0, soon, (1 - leaving) * later)
    here = np.where(runs.ends_with_sign, here * sign, here)
    left = np.where(runs.ends_with_sign[:, None], left * back[:, None], left)
    likelihood = here + left.sum(axis=1)
    return likelihood, here / likelihood, left / likelihood[:, None]


def _step(runs: Runs, parameters: Parameters, prior: Parameters, prior_years: float) -> Parameters:
    """Return the parameters after one step of EM: shares of expected counts, with those of the prior."""
    _, here, left = _paths(runs, parameters)
    n, unknown, silent_years = runs.count, runs.begins_unknown, runs.silent_years
    known, at_once = ~unknown, silent_years == 0
    # Expected persons who leave in a year, and who are here and silent in it.
    goes = left * n[:, None]
    silent_here = (here * n)[:, None] + goes[:, ::-1].cumsum(axis=1)[:, ::-1] - goes
    silent_here = np.where(np.arange(left.shape[1]) < silent_years[:, None], silent_here, 0.0)
    signs_here = np.where(runs.ends_with_sign, here * n, 0.0)
    returns = np.where(runs.ends_with_sign, goes.sum(axis=1), 0.0)
    away = (goes * np.maximum(silent_years[:, None] - 1 - np.arange(left.shape[1]), 0)).sum(axis=1)
    first, later = silent_here[:, 0], silent_here[:, 1:].sum(axis=1)
    leaves = np.where(known, goes[:, 0], 0.0) + goes[:, 1:].sum(axis=1)
    stays = np.where(known, first, 0.0) + later + np.where(known | ~at_once, signs_here, 0.0)
    signs = {
        "sign_after_sign": (at_once & known, np.where(known, first, 0.0)),
        "sign_at_first": (at_once & unknown, np.where(unknown, first, 0.0)),
        "sign_after_silence": (~at_once, later),
    }
    shares = {
        name: (np.where(shows, signs_here, 0.0), np.where(shows, signs_here, 0.0) + silent, runs.group)
        for name, (shows, silent) in signs.items()
    }
    gone = np.where(unknown, goes[:, 0], 0.0)
    not_gone = np.where(unknown, first + np.where(at_once, signs_here, 0.0), 0.0)
    shares["leaving"] = (leaves, leaves + stays, runs.leaving_group)
    shares["coming_back"] = (returns, returns + away, runs.leaving_group)
    shares["gone_at_first"] = (gone, gone + not_gone, runs.leaving_group)
    result = {}
    for name, (events, years, position) in shares.items():
        before: FloatArray = getattr(prior, name)
        happened = np.bincount(position, events, minlength=len(before))
        possible = np.bincount(position, years, minlength=len(before))
        result[name] = (happened + prior_years * before) / (possible + prior_years)
    return Parameters(**result)
