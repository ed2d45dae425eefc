"""A fitted panel logit: what it holds, its tables, and the probabilities that it gives."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from utvandring.estimators.design import FloatArray, linear_index, matrix_by_name
from utvandring.estimators.inference import coefficient_table, standard_errors, tidy_table, two_sided
from utvandring.estimators.multinomial_result import shares
from utvandring.estimators.panel_search import chi_bar_tail, covariance_jacobian

# Spacing and reach of the grid by which probabilities are averaged over the effects, in standard deviations.
WIDEST_STEP = 1.0
STEP_OF_LARGEST = 1.2
REACH = 5.5
# Rows times points of the grid that are in memory at once.
GRID_VALUES = 1_000_000


@dataclass(frozen=True)
class PanelMultinomialFit:
    """A fitted multinomial logit with random effects.

    Attributes
    ----------
    params
        Coefficients, K × (J−1): for a person with given effects.
    random_covariance
        Covariance of the effects, J−1 square.
    cholesky
        Its lower triangular root L.
    random_covariance_std_error
        Standard errors of the covariance's elements, by the delta method; NaN for one held at zero.
    at_boundary
        Whether an effect has no variance of its own: a variance of zero, or a correlation of ±1. A diagonal
        element of L is then zero. The likelihood is even in it, so that it is uncorrelated with the others in
        ``cov``, and its variance there says how far from zero it may be.
    cov
        Covariance of all parameters: slopes equation by equation, then the lower triangle of L row by row.
        The information is that of ``nodes`` + 4, which are computed for ``quadrature_error`` anyway.
    cov_robust
        The same by the sandwich, clustered by person, whatever ``vcov`` is.
    log_likelihood, log_likelihood_pooled
        At the estimates, and of the logit without effects.
    quadrature_error
        Change of the log likelihood with four more nodes.
    quadrature_shift
        How far four more nodes would move the estimate that moves most, in standard errors.
    lr_weights
        Weights of the chi-square distributions with 0, 1, … degrees of freedom, of which ``lr_p_value`` is
        made (:func:`utvandring.estimators.panel_search.chi_bar_weights`).
    n_obs, n_persons
        Rows and persons, weights counted.
    n_iterations, converged
        Steps of the search, and whether it ended at a maximum.
    nodes
        Nodes of the quadrature in each dimension.
    names, outcomes
        K names of the columns and J of the outcomes, base first.
    vcov
        ``"observed"``, ``"opg"`` or ``"robust"``.
    named, weighted
        Whether names of columns, and weights, were given.
    persons, effect_means, effect_deviations
        Behind :meth:`person_effects`: labels, and what is known of each person's effects, persons × (J−1).
    """

    params: FloatArray
    random_covariance: FloatArray
    cholesky: FloatArray
    random_covariance_std_error: FloatArray
    at_boundary: bool
    cov: FloatArray
    cov_robust: FloatArray
    log_likelihood: float
    log_likelihood_pooled: float
    quadrature_error: float
    quadrature_shift: float
    lr_weights: FloatArray
    n_obs: float
    n_persons: float
    n_iterations: int
    converged: bool
    nodes: int
    names: tuple[str, ...]
    outcomes: tuple[str, ...]
    vcov: str
    named: bool = True
    weighted: bool = False
    # Not printed: persons are personal data.
    persons: NDArray[Any] = field(repr=False, default_factory=lambda: np.empty(0))
    effect_means: FloatArray = field(repr=False, default_factory=lambda: np.empty((0, 0)))
    effect_deviations: FloatArray = field(repr=False, default_factory=lambda: np.empty((0, 0)))

    @property
    def theta(self) -> FloatArray:
        """All parameters in the order of ``cov``."""
        lower = self.cholesky[np.tril_indices(len(self.cholesky))]
        return np.concatenate([self.params.ravel(order="F"), lower])

    @property
    def std_errors(self) -> FloatArray:
        """Standard errors of the coefficients, K × (J−1)."""
        size = self.params.size
        return standard_errors(self.cov[:size, :size]).reshape(self.params.shape, order="F")

    @property
    def std_errors_robust(self) -> FloatArray:
        """Standard errors of the coefficients by the sandwich, K × (J−1), whatever ``vcov`` is."""
        size = self.params.size
        return standard_errors(self.cov_robust[:size, :size]).reshape(self.params.shape, order="F")

    @property
    def z(self) -> FloatArray:
        """Coefficients divided by their standard errors, K × (J−1)."""
        return self.params / self.std_errors

    @property
    def p_values(self) -> FloatArray:
        """Two-sided p values under the normal distribution, K × (J−1)."""
        return two_sided(self.z)

    @property
    def correlation(self) -> Any:
        """Correlation of the effects: one number where there are two; otherwise the matrix, J−1 square.

        NaN where an effect has no variance.
        """
        deviation = np.sqrt(np.diag(self.random_covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            matrix = self.random_covariance / np.outer(deviation, deviation)
        return float(matrix[1, 0]) if len(matrix) == 2 else matrix

    @property
    def lr_statistic(self) -> float:
        """Twice the difference in log likelihood from the logit without effects."""
        return max(0.0, 2 * (self.log_likelihood - self.log_likelihood_pooled))

    @property
    def lr_p_value(self) -> float:
        """Chance of a larger statistic where there are no effects, a mixture of chi-square distributions.

        With two outcomes ½χ²₀ + ½χ²₁; with three the weights are simulated; with more the bound
        ½χ²₍k−1₎ + ½χ²₍k₎, k the elements of the covariance, which is conservative.
        """
        return chi_bar_tail(self.lr_statistic, self.lr_weights)

    @property
    def schwarz_bic(self) -> float:
        """Schwarz's criterion as the report prints it, −logL + (k/2) ln n, n the persons."""
        return -self.log_likelihood + len(self.cov) / 2 * float(np.log(self.n_persons))

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

    def random_effects(self, level: float = 0.95) -> pd.DataFrame:
        """Return the variances of the effects and their correlations, with intervals.

        Intervals are symmetric in the log of a variance, and in the angle whose cosine is the correlation. On
        that scale the likelihood is smooth beyond ±1, where Fisher's z is infinite: near ±1 an interval by z
        reaches from −1 to 1. Intervals end at the boundary; at it they begin there, by the element of L that
        is zero. An effect without variance has no correlation (NaN).

        Parameters
        ----------
        level
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``term`` (``variance``, ``correlation``), ``equation`` (one outcome, or two as ``b:a``),
            ``estimate, std_error, conf_low, conf_high``.
        """
        if not 0 < level < 1:
            raise ValueError(f"The confidence level must lie between 0 and 1, not {level}.")
        reach = float(ndtri((1 + level) / 2))
        n_slopes = self.params.size
        cov = self.cov[n_slopes:, n_slopes:]
        jacobian = covariance_jacobian(self.cholesky)
        sigma = self.random_covariance
        rows: list[tuple[str, str, float, float, float, float]] = []
        size = len(sigma)
        lower = [(a, b) for a in range(size) for b in range(a + 1)]
        with np.errstate(invalid="ignore", divide="ignore"):
            for a in range(size):
                error = float(self.random_covariance_std_error[a, a])
                ratio = np.exp(reach * error / sigma[a, a])
                low, high = sigma[a, a] / ratio, sigma[a, a] * ratio
                if sigma[a, a] == 0:
                    place = lower.index((a, a))
                    low, high = 0.0, reach**2 * cov[place, place]
                rows.append(("variance", self.outcomes[a + 1], float(sigma[a, a]), error, low, high))
            for a in range(size):
                for b in range(a):
                    scale = np.sqrt(sigma[a, a] * sigma[b, b])
                    rho = sigma[a, b] / scale
                    slope = jacobian[a, b] / scale - rho / 2 * (
                        jacobian[a, a] / sigma[a, a] + jacobian[b, b] / sigma[b, b]
                    )
                    error = float(np.sqrt(slope @ cov @ slope))
                    by_angle = -slope / np.sqrt(1 - rho**2)
                    if abs(rho) > 1 - 1e-9:
                        # The angle is atan2(L₂₂, L₂₁), whatever the other effects.
                        rho, error = np.sign(rho), np.nan
                        by_angle = np.full(len(lower), np.nan)
                        if (a, b) == (1, 0):
                            by_angle = np.zeros(len(lower))
                            by_angle[2] = 1 / self.cholesky[1, 0]
                    angle, width = np.arccos(rho), reach * np.sqrt(by_angle @ cov @ by_angle)
                    low, high = np.cos(np.clip([angle + width, angle - width], 0, np.pi))
                    equation = f"{self.outcomes[a + 1]}:{self.outcomes[b + 1]}"
                    rows.append(("correlation", equation, float(rho), error, float(low), float(high)))
        return pd.DataFrame(
            rows, columns=["term", "equation", "estimate", "std_error", "conf_low", "conf_high"]
        )

    def person_effects(self) -> pd.DataFrame:
        """Return what is known of each person's effects given the person's outcomes: personal data.

        Returns
        -------
        pandas.DataFrame
            ``person`` in the order of their first rows, then for each outcome but the base its name with the
            mean, and ``<name>_std_dev`` with the standard deviation.
        """
        columns: dict[str, Any] = {"person": self.persons}
        for a, outcome in enumerate(self.outcomes[1:]):
            columns[outcome] = self.effect_means[:, a]
            columns[f"{outcome}_std_dev"] = self.effect_deviations[:, a]
        return pd.DataFrame(columns)

    def predict(
        self,
        X: Any,  # noqa: N803
        effects: Literal["average", "zero"] = "average",
    ) -> FloatArray:
        """Return the probabilities of all outcomes, n × J with the base first.

        Parameters
        ----------
        X
            n × K: a DataFrame, whose columns are matched by name, or an array with columns as in the fit.
        effects
            ``"average"`` over the effects of all persons (what a share in the population is compared with),
            or ``"zero"`` for a person whose effects are all zero.

        Raises
        ------
        ValueError
            When a column is missing or unknown, the shape is wrong or a value is not a number.
        """
        if effects not in ("average", "zero"):
            raise ValueError(f"effects must be 'average' or 'zero', not {effects!r}.")
        matrix = matrix_by_name(X, self.names, self.named)
        if effects == "zero":
            return np.ascontiguousarray(shares(linear_index(self.params, matrix)).T)
        points, weights = self.grid()
        shift = self.cholesky @ points
        result = np.empty((len(matrix), len(self.outcomes)))
        step = max(1, GRID_VALUES // len(weights))
        for start in range(0, len(matrix), step):
            index = linear_index(self.params, matrix[start : start + step])
            everyone = index[:, :, None] + shift[:, None]
            p = shares(everyone.reshape(len(shift), -1)).reshape(len(self.outcomes), -1, len(weights))
            result[start : start + step] = (p @ weights).T
        return result

    def probability_table(self, X: Any, level: float = 0.95) -> pd.DataFrame:  # noqa: N803
        """Return the probabilities averaged over the effects, with standard errors by the delta method.

        Parameters
        ----------
        X
            As in :meth:`predict`; some typical persons rather than a whole panel.
        level
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``row, outcome, estimate, std_error, statistic, p_value, conf_low, conf_high``; ``row`` is the
            index of a DataFrame, otherwise 0, 1, ….
        """
        rows = list(X.index) if isinstance(X, pd.DataFrame) else None
        matrix = matrix_by_name(X, self.names, self.named)
        points, weights = self.grid()
        n_outcomes, n_effects = len(self.outcomes), len(self.cholesky)
        pairs = np.tril_indices(n_effects)
        shift = self.cholesky @ points
        estimate, error = np.empty((len(matrix), n_outcomes)), np.empty((len(matrix), n_outcomes))
        for place, x in enumerate(matrix):
            p = shares((x @ self.params)[:, None] + shift)
            estimate[place] = p @ weights
            # dP_j/du_a at every point, J × D × Q.
            by_effect = p[:, None] * (np.eye(n_outcomes)[:, 1:, None] - p[None, 1:])
            by_slope = (by_effect @ weights)[:, :, None] * x
            by_root = (by_effect[:, pairs[0]] * points[pairs[1]]) @ weights
            slope = np.column_stack([by_slope.reshape(n_outcomes, -1), by_root])
            error[place] = np.sqrt(np.maximum(np.einsum("jk,kl,jl->j", slope, self.cov, slope), 0.0))
        labels = range(len(matrix)) if rows is None else rows
        table: dict[str, list[Any]] = {
            "row": [row for row in labels for _ in self.outcomes],
            "outcome": list(self.outcomes) * len(matrix),
        }
        return tidy_table(table, estimate.ravel(), error.ravel(), level=level)

    def grid(self) -> tuple[FloatArray, FloatArray]:
        """Return points z of the standard normal effects, D × Q, and their weights, which add up to one.

        An even grid: for smooth functions of a normal variable it converges faster than any power of its
        spacing, and it does not become wrong where variances are large, as few nodes of Gauss and Hermite do.
        The spacing falls with the largest variance; the error of a probability is below 1e-6.
        """
        axes = []
        for column in np.vstack([np.zeros(len(self.cholesky)), self.cholesky]).T:
            step = min(WIDEST_STEP, STEP_OF_LARGEST / max(float(np.ptp(column)), 1e-300))
            n = int(np.ceil(REACH / step))
            axes.append(np.arange(-n, n + 1) * step)
        points = np.array([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])
        weights = np.exp(-0.5 * (points**2).sum(axis=0))
        return points, weights / weights.sum()
