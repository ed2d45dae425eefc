"""What a change of one variable does to the probabilities, averaged over rows.

Every row is laid out twice, with the variable changed and not, by what laid out the rows of the fit. So
squares and interactions follow the variable.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utvandring.estimators.design import FloatArray
from utvandring.estimators.inference import tidy_table
from utvandring.estimators.least_squares import LinearProbabilityFit
from utvandring.estimators.multinomial_result import MultinomialFit, probabilities

LayOut = Callable[[pd.DataFrame], FloatArray]
# Half the step of a derivative, in standard deviations of the variable: the error falls with its square.
_STEP = 1e-4
_ROWS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class Change:
    """One variable at one value instead of another, in every row.

    Attributes
    ----------
    variable
        Column of the rows.
    contrast
        How the change is called, such as ``work - nordic`` or ``dY/dX``.
    reference, compared
        The two values; for a derivative None.
    """

    variable: str
    contrast: str
    reference: Any = None
    compared: Any = None

    @classmethod
    def derivative(cls, variable: str) -> "Change":
        """Let a number grow by a little."""
        return cls(variable, "dY/dX")

    @classmethod
    def between(cls, variable: str, reference: Any, compared: Any) -> "Change":
        """Compare two values."""
        return cls(variable, f"{compared} - {reference}", reference, compared)

    def states(self, rows: pd.DataFrame, spread: float) -> tuple[pd.DataFrame, pd.DataFrame, float]:
        """Return the rows before and after, and what the difference is divided by."""
        if self.reference is None:
            step = _STEP * (spread or 1.0)
            values = rows[self.variable].astype(np.float64)
            before, after = (rows.assign(**{self.variable: values + way * step}) for way in (-1, 1))
            return before, after, 2 * step
        before, after = (
            rows.assign(**{self.variable: pd.Series([value] * len(rows), index=rows.index)})
            for value in (self.reference, self.compared)
        )
        return before, after, 1.0


def average_changes(
    fit: MultinomialFit | LinearProbabilityFit,
    lay_out: LayOut,
    rows: pd.DataFrame,
    changes: Sequence[Change],
    *,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Average the effect of changes on the probabilities over rows, with delta-method standard errors.

    The standard errors are those of the coefficients, of the kind that ``fit.cov`` is: the rows count as
    given.

    Parameters
    ----------
    fit
        The fitted model.
    lay_out
        Makes the n × K regressors of rows, as it did for the fit.
    rows
        n rows to average over.
    changes
        What changes, one at a time.
    weights
        n frequencies; default ones.
    level
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``term, contrast, outcome, estimate, std_error, statistic, p_value, conf_low, conf_high``, a row for
        each change and outcome. A logit has a row for its base outcome as well, and its rows sum to zero.
    """
    share = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = share / share.sum()
    logit = isinstance(fit, MultinomialFit)
    params = np.asarray(fit.params).reshape(len(fit.names), -1)
    n_outcomes = len(fit.outcomes)
    n_slopes = params.size if logit else len(params)
    estimates, errors = np.zeros((len(changes), n_outcomes)), np.zeros((len(changes), n_outcomes))
    for place, change in enumerate(changes):
        spread = 0.0
        if change.reference is None:
            values = rows[change.variable].to_numpy(dtype=np.float64)
            spread = float(np.sqrt(share @ (values - share @ values) ** 2))
        jacobian = np.zeros((n_outcomes, n_slopes))
        for start in range(0, len(rows), _ROWS_AT_A_TIME):
            block = slice(start, start + _ROWS_AT_A_TIME)
            before, after, per = change.states(rows.iloc[block], spread)
            of_block = share[block] / per
            for state, sign in ((after, 1.0), (before, -1.0)):
                matrix = lay_out(state)
                if isinstance(fit, MultinomialFit):
                    mean, slopes = _average_probability(matrix, params, of_block)
                else:
                    slopes = np.tile(of_block @ matrix, (n_outcomes, 1))
                    mean = slopes[0] @ params
                estimates[place] += sign * mean
                jacobian += sign * slopes
        for outcome in range(n_outcomes):
            cov = fit.cov if logit or np.ndim(fit.cov) == 2 else fit.cov[outcome]
            errors[place, outcome] = np.sqrt(max(jacobian[outcome] @ cov @ jacobian[outcome], 0.0))
    return tidy_table(
        {
            "term": [change.variable for change in changes for _ in fit.outcomes],
            "contrast": [change.contrast for change in changes for _ in fit.outcomes],
            "outcome": list(fit.outcomes) * len(changes),
        },
        estimates.ravel(),
        errors.ravel(),
        level=level,
        degrees_of_freedom=np.inf if isinstance(fit, MultinomialFit) else fit.degrees_of_freedom,
    )


def _average_probability(
    matrix: FloatArray, params: FloatArray, share: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Average probabilities, J, and their derivatives by the coefficients, J × K(J−1), equation-major."""
    p = probabilities(matrix, params)
    n_outcomes = len(p)
    by_index = (np.eye(n_outcomes)[:, 1:, None] - p[None, 1:]) * (p * share)[:, None]
    return p @ share, (by_index @ matrix).reshape(n_outcomes, -1)
