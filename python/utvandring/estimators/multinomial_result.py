"""A fitted multinomial logit: what it holds, its tables and the probabilities that it gives."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from utvandring.estimators.design import FloatArray, linear_index, matrix_by_name
from utvandring.estimators.inference import coefficient_table, standard_errors, two_sided


@dataclass(frozen=True)
class MultinomialFit:
    """A fitted multinomial logit.

    Attributes
    ----------
    params
        Coefficients, K × (J−1).
    cov
        Their covariance, K(J−1) square, equation-major, of the kind that ``vcov`` names.
    cov_classical
        Covariance from the observed information, whatever ``vcov``.
    log_likelihood, log_likelihood_null
        At the estimates, and with constants only.
    n_obs
        Observations: the sum of the weights.
    n_iterations
        Steps taken on all rows.
    converged
        Whether the last step was short enough.
    names
        K names of the columns.
    outcomes
        J names of the outcomes, base first.
    vcov
        ``"classical"``, ``"robust"`` or ``"cluster"``.
    n_clusters
        Clusters, where the covariance is clustered.
    named
        Whether ``names`` were given; without them the fit takes arrays only.
    weighted
        Whether it was made of cells, or of rows with weights.
    """

    params: FloatArray
    cov: FloatArray
    cov_classical: FloatArray
    log_likelihood: float
    log_likelihood_null: float
    n_obs: float
    n_iterations: int
    converged: bool
    names: tuple[str, ...]
    outcomes: tuple[str, ...]
    vcov: str
    n_clusters: int | None = None
    named: bool = True
    weighted: bool = False

    @property
    def std_errors(self) -> FloatArray:
        """Standard errors, K × (J−1)."""
        return standard_errors(self.cov).reshape(self.params.shape, order="F")

    @property
    def std_errors_classical(self) -> FloatArray:
        """Standard errors from the observed information, K × (J−1)."""
        return standard_errors(self.cov_classical).reshape(self.params.shape, order="F")

    @property
    def z(self) -> FloatArray:
        """Estimates divided by their standard errors (the report's t values), K × (J−1)."""
        return self.params / self.std_errors

    @property
    def p_values(self) -> FloatArray:
        """Two-sided p values under the normal distribution, K × (J−1)."""
        return two_sided(self.z)

    @property
    def schwarz_bic(self) -> float:
        """Schwarz's criterion as the report prints it, −logL + (k/2) ln n with k = K(J−1)."""
        return -self.log_likelihood + self.params.size / 2 * float(np.log(self.n_obs))

    @property
    def scaled_r2(self) -> float:
        """Estrella's scaled R², 1 − (logL / logL₀)^(−(2/n) logL₀)."""
        ratio = self.log_likelihood / self.log_likelihood_null
        return float(1 - ratio ** (-2 / self.n_obs * self.log_likelihood_null))

    def predict(self, X: Any) -> FloatArray:  # noqa: N803
        """Return the probabilities of all outcomes, n × J with the base first.

        Parameters
        ----------
        X
            n × K: a DataFrame, whose columns are matched by name, or an array with columns as in the fit.

        Raises
        ------
        ValueError
            When a column is missing or unknown, the shape is wrong or a value is not a number.
        """
        matrix = matrix_by_name(X, self.names, self.named)
        return np.ascontiguousarray(probabilities(matrix, self.params).T)

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row for each coefficient, equation by equation.

        Parameters
        ----------
        level
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``term, equation, estimate, std_error, statistic, p_value, conf_low, conf_high``.
        """
        return coefficient_table(self.names, self.outcomes[1:], self.params, self.std_errors, level=level)


def probabilities(block: FloatArray, params: FloatArray) -> FloatArray:
    """Return P(j | x) of (C.1–C.3) as J × rows, base first."""
    return shares(linear_index(params, block))


def shares(index: FloatArray) -> FloatArray:
    """Return the probabilities, J × rows, from the indices of all outcomes but the base, without overflow."""
    top = np.maximum(index.max(axis=0), 0.0)
    odds = np.exp(np.vstack([-top, index - top]))
    return np.asarray(odds / odds.sum(axis=0))


def not_converged(n_iterations: int) -> str:
    """Say that a logit has no estimates, and what to try."""
    return (
        f"Newton's method did not converge in {n_iterations} iterations. Join rare categories, leave terms "
        "out one by one, and keep numbers near zero, such as (income - 400000) / 100000."
    )
