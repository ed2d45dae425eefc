"""The multinomial logit of chapter 6 (Vedlegg C): estimates, differences in probability, marginal effects.

With outcomes 0 … J−1 and outcome 0 as the base,

    P(j | x) = exp(x b_j) / (1 + Σ_l exp(x b_l)),  b_0 = 0                                  (C.1–C.3)

so that the report's trinomial logit is J = 3: stay, internal out-migration, emigration. Coefficients are K ×
(J−1), one column an equation. Covariances are equation-major: all K coefficients of equation 1, then those of
equation 2, ….
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utvandring.estimation.design import (
    Design,
    Factor,
    FloatArray,
    Moments,
    Rows,
    columns_by_name,
    cross_product,
    framed,
    labels,
    linear_index,
    moments,
    names_of_frame,
    numbers,
    read_design,
    whole,
)
from utvandring.estimation.inference import (
    cluster_codes,
    clustered_meat,
    standard_errors,
    tidy_table,
    two_sided,
)

# Newton stops when the squared length of its step, in standard errors, is below this: the step is still
# taken, and leaves an error far below rounding.
STEP_TOLERANCE = 1e-18
# A sound step shrinks quadratically once it is short. Under separation every step is one unit of the linear
# predictor, and its squared length falls by e only.
SHORT_STEP = 1e-3
SLOW_SHRINKING = 0.1
SLOW_STEPS = 3
STEP_HALVINGS = 30
# Below this length a step that no longer shrinks is rounding.
ROUNDING_STEP = 1e-9
# Outcomes are counted so many rows at a time.
OUTCOME_ROWS = 1_000_000
# Many rows: the long steps are taken on every eighth row, short ones by the gradient alone, which costs a
# quarter of a pass for the information. The information is needed twice: near the maximum, and at it.
MANY_ROWS = 50_000
SAMPLE_STRIDE = 8
NEAR = 0.1
GRADIENT_STEPS = 8
QUICK_SHRINKING = 0.2


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
        X = columns_by_name(X, self.names, self.named)  # noqa: N806
        matrix = np.asarray(numbers(X, "X"), dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.names):
            raise ValueError(
                f"X must have {len(self.names)} columns as in the fit, but has shape {matrix.shape}."
            )
        return np.ascontiguousarray(_probabilities(matrix, self.params).T)

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
        equations = self.outcomes[1:]
        return tidy_table(
            {
                "term": list(self.names) * len(equations),
                "equation": [equation for equation in equations for _ in self.names],
            },
            self.params.ravel(order="F"),
            self.std_errors.ravel(order="F"),
            level=level,
        )


def fit_multinomial(
    X: Any,  # noqa: N803
    y: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    names: Sequence[object] | None = None,
    outcomes: Sequence[object] | None = None,
    vcov: Literal["classical", "robust"] = "classical",
    clusters: ArrayLike | None = None,
    max_iterations: int = 50,
) -> MultinomialFit:
    """Fit a multinomial logit to rows by maximum likelihood.

    Parameters
    ----------
    X
        n × K array or DataFrame, the constant included as a column.
    y
        n outcomes 0 … J−1; 0 is the base.
    weights
        n frequencies above zero: a row with weight 3 counts as three equal rows.
    names
        K names of the columns, for messages and tables; default those of a DataFrame.
    outcomes
        J names of the outcomes, base first. Without them J is the largest code in ``y`` plus one.
    vcov
        ``"classical"`` for the inverse of the observed information, ``"robust"`` for the sandwich without a
        small-sample factor (HC0).
    clusters
        n labels, for instance persons: the sandwich with scores summed within clusters, times G/(G−1).
    max_iterations
        Steps before giving up; the fit then says ``converged=False``.

    Raises
    ------
    ValueError
        When a shape, a weight or a value is wrong, an outcome never occurs, columns are collinear, or the
        outcomes are separated, so that no finite estimate exists. The text names the column or outcome at
        fault.
    """
    design = read_design(X, weights=weights, names=names)
    codes = np.asarray(numbers(y, "y"))
    if codes.shape != (design.n_rows,):
        raise ValueError(f"y must have shape ({design.n_rows},), one for each row of X, not {codes.shape}.")
    if codes.dtype.kind == "f":
        bad = ~(np.isfinite(codes) & (codes == np.floor(codes)))
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"y must hold the outcomes 0, 1, …, but row {row} has {codes[row]}.")
    low, high = int(codes.min()), int(codes.max())
    n_outcomes = high + 1 if outcomes is None else len(outcomes)
    if low < 0 or high >= n_outcomes or high >= design.n_rows:
        expected = "0, 1, … without gaps" if outcomes is None else f"0 … {n_outcomes - 1}"
        raise ValueError(f"y must hold the outcomes {expected}, but runs from {low} to {high}.")
    each = np.arange(n_outcomes)[:, None]
    totals = np.zeros(n_outcomes)
    for start in range(0, design.n_rows, OUTCOME_ROWS):
        rows = slice(start, start + OUTCOME_ROWS)
        part = None if design.weights is None else design.weights[rows]
        totals += np.bincount(codes[rows].astype(np.intp), weights=part, minlength=n_outcomes)

    def counts(rows: Rows) -> FloatArray:
        return np.asarray((codes[rows] == each) * design.weights_of(rows), dtype=np.float64)

    outcome_names = labels(outcomes, range(n_outcomes), "names of outcomes")
    return _fit(design, counts, totals, outcome_names, vcov, clusters, max_iterations)


def fit_multinomial_cells(
    X: Any,  # noqa: N803
    counts: Any,
    *,
    names: Sequence[object] | None = None,
    outcomes: Sequence[object] | None = None,
    vcov: Literal["classical", "robust"] = "classical",
    clusters: ArrayLike | None = None,
    max_iterations: int = 50,
) -> MultinomialFit:
    """Fit a multinomial logit to cells: rows of equal regressors with a count of each outcome.

    The estimates and all covariances are those of the rows that the cells stand for. Cells in which nothing
    is counted are left out.

    Parameters
    ----------
    X
        n_cells × K array or DataFrame.
    counts
        n_cells × J frequencies, base outcome first; a DataFrame gives the names of the outcomes as well.
    names, outcomes, vcov, max_iterations
        As in :func:`fit_multinomial`.
    clusters
        One label a cell: exact when no cluster is spread over the rows of one cell, so group by the cluster
        as well.

    Raises
    ------
    ValueError
        As in :func:`fit_multinomial`.
    """
    counts = framed(counts)
    if isinstance(counts, pd.DataFrame):
        outcomes = names_of_frame(counts, outcomes, "names of outcomes")
        counts = counts.to_numpy(dtype=np.float64, na_value=np.nan)
    table = np.asarray(numbers(counts, "counts"), dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(
            f"counts must have one column for each outcome, at least two, not shape {table.shape}."
        )
    outcome_names = labels(outcomes, range(table.shape[1]), "names of outcomes")
    bad = ~np.isfinite(table) | (table < 0)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"counts must be finite and not negative, but row {row} has {table[row, column]} of outcome "
            f"{outcome_names[column]!r}."
        )
    X = framed(X)  # noqa: N806
    if np.ndim(X) == 2 and len(X) != len(table):
        raise ValueError(f"counts has {len(table)} rows, X has {len(X)}.")
    weights = table.sum(axis=1)
    filled = weights > 0
    if not filled.all():
        X, table, weights = X[filled], table[filled], weights[filled]  # noqa: N806
        clusters = None if clusters is None else np.asarray(clusters)[filled]
    design = read_design(X, weights=weights, names=names)
    totals = table.sum(axis=0)
    return _fit(design, lambda rows: table[rows].T, totals, outcome_names, vcov, clusters, max_iterations)


def probability_difference(
    params: ArrayLike, cov: ArrayLike, x_reference: ArrayLike, x_compared: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Compare the probabilities of two persons, with standard errors by the delta method (C.13–C.18).

    Parameters
    ----------
    params
        Coefficients, K × (J−1); a DataFrame gives the names of the columns as its index.
    cov
        Their covariance, K(J−1) square, equation-major.
    x_reference, x_compared
        Regressors of the two persons, K each, the constant included. A Series, a mapping or a DataFrame of
        one row is matched by name with ``params``, which must then have names; of params without names two
        Series with the same index are taken in their order.

    Returns
    -------
    estimate, std_error
        J each, base outcome first (stay, internal out-migration, emigration): the probability of the person
        compared minus that of the reference person. The estimates sum to zero.

    Raises
    ------
    ValueError
        When shapes do not fit together, a column is missing or unknown, or a value is not finite.
    """
    names = _row_names(params)
    _check_order(cov, names)
    beta = np.asarray(params, dtype=np.float64)
    beta = beta[:, None] if beta.ndim == 1 else beta
    variance = np.asarray(cov, dtype=np.float64)
    if beta.ndim != 2 or variance.shape != (beta.size, beta.size):
        raise ValueError(
            f"cov must be {beta.size} × {beta.size} for {beta.shape} params, not {variance.shape}."
        )
    if names is None and _say_the_same_columns(x_reference, x_compared):
        x_reference, x_compared = np.asarray(x_reference), np.asarray(x_compared)
    persons = []
    for what, person in (("x_reference", x_reference), ("x_compared", x_compared)):
        x = np.asarray(_person(person, names, what), dtype=np.float64)
        if x.shape != beta.shape[:1]:
            raise ValueError(f"{what} must have shape ({beta.shape[0]},) like the params, not {x.shape}.")
        persons.append(x)
    for what, array in (
        ("params", beta),
        ("cov", variance),
        ("x_reference", persons[0]),
        ("x_compared", persons[1]),
    ):
        if not np.isfinite(array).all():
            raise ValueError(f"{what} must be finite.")
    (p_reference, p_compared) = (_probabilities(x[None, :], beta)[:, 0] for x in persons)
    jacobian = _slopes(p_compared, persons[1]) - _slopes(p_reference, persons[0])
    return p_compared - p_reference, _delta(jacobian, variance)


def _row_names(table: Any) -> tuple[str, ...] | None:
    """Return the names of the rows of a pandas object, if it has any; numbers from 0 on are none."""
    if not isinstance(table, pd.DataFrame | pd.Series) or isinstance(table.index, pd.RangeIndex):
        return None
    return tuple(str(name[-1] if isinstance(name, tuple) else name) for name in table.index)


def _check_order(cov: Any, names: tuple[str, ...] | None) -> None:
    """Make sure that the names of a covariance, if it has any, are those of the coefficients, in order."""
    found = _row_names(cov)
    if found is None or names is None:
        return
    columns = _row_names(cov.T)
    expected = names * (len(found) // len(names))
    for given in (found, columns):
        if given is not None and given != expected:
            raise ValueError(
                f"cov must have the names of params in their order, equation by equation: "
                f"{', '.join(expected)}, not {', '.join(given)}."
            )


def _say_the_same_columns(one: Any, other: Any) -> bool:
    """Return whether two persons are Series of the same columns in the same order: rows of one frame."""
    return isinstance(one, pd.Series) and isinstance(other, pd.Series) and one.index.equals(other.index)


def _person(person: Any, names: tuple[str, ...] | None, what: str) -> Any:
    """Return the regressors of one person in the order of the coefficients."""
    if isinstance(person, Mapping):
        person = pd.Series(dict(person), dtype=np.float64)
    if isinstance(person, pd.Series) and not isinstance(person.index, pd.RangeIndex):
        person = person.to_frame().T
    if not isinstance(person, pd.DataFrame):
        return person
    if names is None:
        raise ValueError(
            f"params have no names, so {what} must be an array: give params as a DataFrame with the names as "
            "its index to have columns matched by name."
        )
    row = columns_by_name(person, names, True, what)
    return row[0] if len(row) == 1 else row


@dataclass(frozen=True)
class Discrete:
    """A dummy that goes from 0 to 1.

    Attributes
    ----------
    column
        Name of the dummy.
    instead_of
        The other dummies of the same set, put to 0 in both states: the effect is then against the set's
        reference category. Without them they stay as they are in each row, which makes sense only for a dummy
        of its own.
    """

    column: str
    instead_of: Sequence[str] = ()


@dataclass(frozen=True)
class Derivative:
    """A variable that is measured or counted, and changes by a little.

    Attributes
    ----------
    column
        Name of the column that holds the variable itself.
    through
        Further columns that are functions of it, each with the derivative as a function of the variable's
        values. With the report's (age/10)²: ``Derivative("age", {"age_sq_scaled": lambda age: age / 50})``.
    """

    column: str
    through: Mapping[str, Callable[[FloatArray], FloatArray]] = field(default_factory=dict)


@dataclass(frozen=True)
class Coefficients:
    """What effects are computed from, where a fit was read back from a table.

    Attributes
    ----------
    params, cov, names, outcomes, named, weighted
        As in :class:`MultinomialFit`.
    """

    params: FloatArray
    cov: FloatArray
    names: tuple[str, ...]
    outcomes: tuple[str, ...]
    named: bool = True
    weighted: bool = False


def average_marginal_effects(
    fit: MultinomialFit | Coefficients,
    X: Any,  # noqa: N803
    effects: Mapping[str, Discrete | Derivative] | None = None,
    *,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Average the effects of variables on the probabilities over rows, with delta-method standard errors.

    The standard errors are those of the coefficients only: the rows count as given.

    Parameters
    ----------
    fit
        The fitted model; its ``cov`` is used.
    X
        n × K rows or cells to average over: a DataFrame, whose columns are matched by name, or an array with
        columns as in the fit.
    effects
        Name of each variable and how it enters. Default: every column that varies, by its own name, as
        :class:`Discrete` where it holds only 0 and 1 and as :class:`Derivative` elsewhere. Name the effects
        where several columns belong together (age and its square, the dummies of one set).
    weights
        n frequencies above zero. They must be given where the fit was made of cells or with weights; for rows
        that count once each give ones.
    level
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``term, outcome, estimate, std_error, statistic, p_value, conf_low, conf_high``, one row for each
        variable and outcome, base outcome first. A variable's effects sum to zero over the outcomes.

    Raises
    ------
    ValueError
        When a column is unknown, a :class:`Discrete` column holds other values than 0 and 1, X does not fit,
        or the fit has weights and none were given.
    """
    if fit.weighted and weights is None:
        raise ValueError(
            "The fit was made of cells or with weights: give the weights of the rows of X as well, ones "
            "where every row is one observation."
        )
    X = columns_by_name(X, fit.names, fit.named)  # noqa: N806
    if np.ndim(X) == 2 and np.shape(X)[1] != len(fit.names):
        raise ValueError(f"X must have {len(fit.names)} columns as in the fit, but has shape {np.shape(X)}.")
    design = read_design(X, weights=weights, names=fit.names)
    if effects is None:
        effects = _default_effects(design)
    position = {name: k for k, name in enumerate(fit.names)}
    for effect in effects.values():
        others = effect.instead_of if isinstance(effect, Discrete) else effect.through
        for name in (effect.column, *others):
            if name not in position:
                raise ValueError(f"No column is called {name!r}; the fit has {', '.join(fit.names)}.")
    n_outcomes = len(fit.outcomes)

    def partial(strip: slice) -> tuple[FloatArray, ...]:
        estimate = np.zeros((len(effects), n_outcomes))
        jacobian = np.zeros((len(effects), n_outcomes, n_outcomes - 1, design.n_columns))
        for rows, block in design.blocks(strip):
            if not np.isfinite(block).all():
                raise ValueError(
                    f"Column {fit.names[np.argwhere(~np.isfinite(block))[0, 1]]!r} holds NaN or infinity."
                )
            share = np.broadcast_to(design.weights_of(rows), block.shape[:1]) / design.n_obs
            average = _BlockAverage(position, fit.params, block, share)
            for index, effect in enumerate(effects.values()):
                if isinstance(effect, Discrete):
                    mean, slopes = average.difference(effect)
                else:
                    mean, slopes = average.derivative(effect)
                estimate[index] += mean
                jacobian[index] += slopes
        return estimate, jacobian

    estimate, jacobian = design.total(partial)
    std_error = np.array([_delta(part.reshape(n_outcomes, -1), fit.cov) for part in jacobian])
    return tidy_table(
        {
            "term": [name for name in effects for _ in fit.outcomes],
            "outcome": list(fit.outcomes) * len(effects),
        },
        estimate.ravel(),
        std_error.ravel(),
        level=level,
    )


def _default_effects(design: Design) -> dict[str, Discrete | Derivative]:
    low = np.full(design.n_columns, np.inf)
    high = np.full(design.n_columns, -np.inf)
    binary = np.ones(design.n_columns, dtype=bool)
    for _, block in design.blocks():
        low = np.minimum(low, block.min(axis=0))
        high = np.maximum(high, block.max(axis=0))
        binary &= ((block == 0) | (block == 1)).all(axis=0)
    return {
        name: Discrete(name) if is_binary else Derivative(name)
        for name, is_binary, varies in zip(design.names, binary, low < high, strict=True)
        if varies
    }


class _BlockAverage:
    """Effects averaged over one block of rows, with their derivatives by the coefficients, J × (J−1) × K."""

    def __init__(
        self, position: Mapping[str, int], params: FloatArray, block: FloatArray, share: FloatArray
    ) -> None:
        self._position = position
        self._params = params
        self._block = block
        self._share = share
        self._index = linear_index(params, block)
        # The state in which all dummies of a set are 0 serves every dummy of the set.
        self._references: dict[frozenset[int], tuple[FloatArray, FloatArray, FloatArray]] = {}

    def difference(self, effect: Discrete) -> tuple[FloatArray, FloatArray]:
        """Average P(dummy = 1) − P(dummy = 0)."""
        column = self._position[effect.column]
        dummy = self._block[:, column]
        if not ((dummy == 0) | (dummy == 1)).all():
            raise ValueError(
                f"Column {effect.column!r} holds other values than 0 and 1: use Derivative for it."
            )
        together = [column, *(self._position[name] for name in effect.instead_of)]
        key = frozenset(together)
        if key not in self._references:
            without = self._index - linear_index(self._params[together], self._block[:, together])
            self._references[key] = (without, *self._state(without, together, None))
        without, p_without, slopes_without = self._references[key]
        p_with, slopes_with = self._state(without + self._params[column][:, None], together, column)
        return p_with - p_without, slopes_with - slopes_without

    def _state(
        self, index: FloatArray, together: list[int], column: int | None
    ) -> tuple[FloatArray, FloatArray]:
        """Average the probabilities where of the columns together only the one given is 1."""
        p = _shares(index)
        n_outcomes = len(p)
        weights = (np.eye(n_outcomes)[:, 1:, None] - p[None, 1:]) * (p * self._share)[:, None]
        slopes = cross_product(weights.reshape(-1, len(self._block)).T, self._block)
        slopes = slopes.reshape(n_outcomes, n_outcomes - 1, -1)
        slopes[:, :, together] = 0
        if column is not None:
            slopes[:, :, column] = weights.sum(axis=2)
        return p @ self._share, slopes

    def derivative(self, effect: Derivative) -> tuple[FloatArray, FloatArray]:
        """Average dP_j/dv = P_j (s_j − Σ P_m s_m), s_m = (dx/dv) b_m."""
        variable = self._block[:, self._position[effect.column]]
        direction = np.zeros_like(self._block)
        direction[:, self._position[effect.column]] = 1.0
        for name, derivative in effect.through.items():
            direction[:, self._position[name]] = derivative(variable)
        p = _shares(self._index)
        n_outcomes = len(p)
        slope = np.vstack([np.zeros(len(variable)), linear_index(self._params, direction)])
        deviation = slope - (p * slope).sum(axis=0)
        slopes = np.empty((n_outcomes, n_outcomes - 1, self._block.shape[1]))
        for j in range(n_outcomes):
            for m in range(1, n_outcomes):
                own = p[j] * ((j == m) - p[m])
                slopes[j, m - 1] = (
                    (own * deviation[j] - p[j] * p[m] * deviation[m]) * self._share
                ) @ self._block
                slopes[j, m - 1] += (own * self._share) @ direction
        return (p * deviation) @ self._share, slopes


def _probabilities(block: FloatArray, params: FloatArray) -> FloatArray:
    """Return P(j | x) of (C.1–C.3) as J × rows, base first."""
    return _shares(linear_index(params, block))


def _shares(index: FloatArray) -> FloatArray:
    """Return the probabilities, J × rows, from the indices of all outcomes but the base, without overflow."""
    top = np.maximum(index.max(axis=0), 0.0)
    odds = np.exp(np.vstack([-top, index - top]))
    return np.asarray(odds / odds.sum(axis=0))


def _slopes(p: FloatArray, x: FloatArray) -> FloatArray:
    """Return dP_j/db_l = P_j (1{j = l} − P_l) x as J × K(J−1), equation-major, for one person."""
    inner = np.diag(p)[:, 1:] - np.outer(p, p[1:])
    return np.asarray(np.kron(inner, x[None, :]))


def _delta(jacobian: FloatArray, cov: FloatArray) -> FloatArray:
    variance = np.einsum("jk,kl,jl->j", jacobian, cov, jacobian, optimize=True)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


@dataclass(frozen=True)
class _Step:
    """Log likelihood, gradient and negative Hessian at some coefficients."""

    log_likelihood: float
    gradient: FloatArray
    information: FloatArray


def _fit(
    design: Design,
    counts: Callable[[Rows], FloatArray],
    totals: FloatArray,
    outcomes: tuple[str, ...],
    vcov: str,
    clusters: ArrayLike | None,
    max_iterations: int,
) -> MultinomialFit:
    """Fit from counts of the outcomes by row: ``counts(rows)`` gives J × rows, ``totals`` their J sums."""
    if vcov not in ("classical", "robust"):
        raise ValueError(f"vcov must be 'classical' or 'robust', not {vcov!r}.")
    if max_iterations < 1:
        raise ValueError(f"max_iterations must be at least 1, not {max_iterations}.")
    if clusters is not None and vcov != "classical":
        raise ValueError("Give either vcov='robust' or clusters: clusters ask for the clustered sandwich.")
    grouping = None if clusters is None else cluster_codes(clusters, design.n_rows)
    if len(totals) < 2:
        raise ValueError(f"Only outcome {outcomes[0]!r} occurs.")
    if not totals.all():
        raise ValueError(f"Outcome {outcomes[int((totals == 0).argmax())]!r} never occurs.")
    sums, params, step = _start(design, counts, totals, outcomes)
    params, step, n_steps = _start_from_sample(
        design, counts, outcomes, sums, params, step, max_iterations - 1
    )
    params, step, factor, n_iterations, converged = _newton(
        design, sums, outcomes, params, step, max_iterations - n_steps
    )
    n_iterations += n_steps

    cov_classical = factor.inverse()
    cov, kind, n_clusters = cov_classical, vcov, None
    if grouping is not None:
        codes, n_clusters = grouping
        kind = "cluster"

        def residuals(rows: Rows, block: FloatArray) -> FloatArray:
            p = _probabilities(block, params)[1:]
            return counts(rows)[1:] - p * design.weights_of(rows)

        meat = clustered_meat(design, codes, residuals) * (n_clusters / (n_clusters - 1))
        cov = cov_classical @ meat @ cov_classical
    elif vcov == "robust":
        cov = cov_classical @ _robust_meat(design, counts, params) @ cov_classical
    return MultinomialFit(
        params=params,
        cov=cov,
        cov_classical=cov_classical,
        log_likelihood=step.log_likelihood,
        log_likelihood_null=float(totals @ np.log(totals / totals.sum())),
        n_obs=whole(float(totals.sum())),
        n_iterations=n_iterations,
        converged=converged,
        names=design.names,
        outcomes=outcomes,
        vcov=kind,
        n_clusters=n_clusters,
        named=design.named,
        weighted=design.weights is not None,
    )


def _raise_empty_dummy(
    design: Design, sums: Moments, totals: FloatArray, outcomes: tuple[str, ...], spans_constant: bool
) -> None:
    """Find separation by a single dummy, from sums alone: an outcome that never occurs at one of its values.

    A column is a dummy when its sum of squares equals its sum: for whole numbers that holds for 0 and 1 only.
    """
    n_obs = totals.sum()
    squares = np.diag(sums.gram)
    faults: list[str] = []
    for k, name in enumerate(design.names):
        ones = sums.column_sums[k]
        if abs(squares[k] - ones) > 1e-9 * ones or n_obs - ones <= 1e-9 * n_obs:
            continue
        for j, outcome in enumerate(outcomes):
            where = None
            if sums.cross[k, j] == 0:
                where = 1
            elif spans_constant and totals[j] - sums.cross[k, j] <= 1e-12 * totals[j]:
                where = 0
            if where is not None:
                faults.append(f"outcome {outcome!r} never occurs where column {name!r} is {where}")
    if faults:
        raise ValueError(f"Separation, no finite estimate exists: {'; '.join(faults)}.")


def _start(
    design: Design, counts: Callable[[Rows], FloatArray], totals: FloatArray, outcomes: tuple[str, ...]
) -> tuple[Moments, FloatArray, _Step]:
    """Check the data in one pass, and return the model with constants only, derivatives included."""
    sums = moments(design, counts)
    n_obs = totals.sum()
    combination = Factor(sums.gram).solve(sums.column_sums)
    spans_constant = bool(n_obs - sums.column_sums @ combination <= 1e-9 * n_obs)
    _raise_empty_dummy(design, sums, totals, outcomes, spans_constant)
    # Without a constant the start is zero: all outcomes equally likely.
    share = totals / n_obs if spans_constant else np.full(len(totals), 1 / len(totals))
    params = np.outer(combination, np.log(share[1:] / share[0]))
    gradient = sums.cross[:, 1:] - np.outer(sums.column_sums, share[1:])
    information = np.kron(np.diag(share[1:]) - np.outer(share[1:], share[1:]), sums.gram)
    return sums, params, _Step(float(totals @ np.log(share)), gradient.ravel(order="F"), information)


def _start_from_sample(
    design: Design,
    counts: Callable[[Rows], FloatArray],
    outcomes: tuple[str, ...],
    sums: Moments,
    params: FloatArray,
    step: _Step,
    max_steps: int,
    tolerance: float = NEAR,
) -> tuple[FloatArray, _Step, int]:
    """Come near the maximum from the estimates of every eighth row; stay where those do not do.

    Returns the coefficients, the derivatives there, and the number of steps taken on all rows.
    """
    if design.n_rows < MANY_ROWS:
        return params, step, 0
    # In any direction the maximum of the sample lies about a standard error of its own from that of all rows.
    roughly = float(params.size)
    weights = design.weights
    sample = Design(
        design.matrix[::SAMPLE_STRIDE], design.names, None if weights is None else weights[::SAMPLE_STRIDE]
    )

    def sample_counts(rows: Rows) -> FloatArray:
        assert isinstance(rows, slice)
        return counts(slice(*(SAMPLE_STRIDE * part for part in (rows.start, rows.stop, rows.step or 1))))

    totals = sample_counts(slice(0, sample.n_rows)).sum(axis=1)
    if not totals.all():
        return params, step, 0
    try:
        sample_sums, guess, at_guess = _start(sample, sample_counts, totals, outcomes)
        guess, at_guess, _ = _start_from_sample(
            sample, sample_counts, outcomes, sample_sums, guess, at_guess, GRADIENT_STEPS, roughly
        )
        guess, _, factor, _, _ = _newton(sample, sample_sums, outcomes, guess, at_guess, 50, roughly)
    except ValueError:
        # Collinear or separated in the sample, which says nothing about all rows.
        return params, step, 0
    inverse = factor.inverse() * (sample.n_obs / design.n_obs)
    here = _evaluate(design, sums, guess, with_information=False)
    guess, n_steps = _climb(design, sums, guess, here, inverse, min(GRADIENT_STEPS, max_steps), tolerance)
    at_guess = _evaluate(design, sums, guess)
    if at_guess.log_likelihood > step.log_likelihood:
        return guess, at_guess, n_steps
    return params, step, 0


def _climb(
    design: Design,
    sums: Moments,
    params: FloatArray,
    here: _Step,
    inverse: FloatArray,
    max_steps: int,
    tolerance: float,
) -> tuple[FloatArray, int]:
    """Step by the gradient and an approximate inverse of the information that every step improves (BFGS).

    Stops when the next step is expected to be shorter than the tolerance, and where a step would lead
    downwards or steps no longer shrink quickly. Returns the coefficients and the number of steps.
    """
    last_length = np.inf
    for n_steps in range(max_steps):
        direction = inverse @ here.gradient
        length = float(here.gradient @ direction)
        if length <= tolerance and n_steps == 0:
            return params, 0
        shrinking = length / last_length
        if not 0 < shrinking <= QUICK_SHRINKING and n_steps > 0:
            return params, n_steps
        candidate = params + direction.reshape(params.shape, order="F")
        if length * shrinking <= tolerance and n_steps > 0:
            return candidate, n_steps + 1
        after = _evaluate(design, sums, candidate, with_information=False)
        change = here.gradient - after.gradient
        curvature = float(change @ direction)
        if not (curvature > 0 and after.log_likelihood >= here.log_likelihood - _rounding(here)):
            return params, n_steps
        turned = inverse @ change
        crossed = np.outer(turned, direction)
        inverse = (
            inverse
            + np.outer(direction, direction) * ((curvature + change @ turned) / curvature**2)
            - (crossed + crossed.T) / curvature
        )
        params, here, last_length = candidate, after, length
    return params, max_steps


def _newton(
    design: Design,
    sums: Moments,
    outcomes: tuple[str, ...],
    params: FloatArray,
    step: _Step,
    max_iterations: int,
    tolerance: float = STEP_TOLERANCE,
) -> tuple[FloatArray, _Step, Factor, int, bool]:
    """Climb to the maximum; return the coefficients, the derivatives there, the factor and how it went."""
    last_length = np.inf
    slow = 0
    iteration = 0
    while True:
        iteration += 1
        factor = _factor(design, sums, outcomes, step)
        direction = factor.solve(step.gradient)
        length = float(step.gradient @ direction)
        move = direction.reshape(params.shape, order="F")
        shrinks = length <= SLOW_SHRINKING * last_length
        if length <= tolerance or (length <= ROUNDING_STEP and not shrinks):
            return params + move, step, factor, iteration, True
        if iteration == max_iterations:
            return params, step, factor, iteration, False
        slow = slow + 1 if length < SHORT_STEP and not shrinks else 0
        if slow == SLOW_STEPS:
            _raise_separated(design, sums, outcomes, step)
        last_length = length
        if design.n_rows >= MANY_ROWS and length <= NEAR:
            most = min(GRADIENT_STEPS, max_iterations - iteration)
            params, n_steps = _climb(design, sums, params, step, factor.inverse(), most, tolerance)
            if n_steps:
                iteration += n_steps - 1
                step = _evaluate(design, sums, params)
                continue
        # The log likelihood is concave, so halving finds a higher point unless rounding is all that is left.
        for halving in range(STEP_HALVINGS):
            candidate = params + move / 2**halving
            after = _evaluate(design, sums, candidate)
            if after.log_likelihood >= step.log_likelihood - _rounding(step):
                break
        else:
            return params, step, factor, iteration, False
        params, step = candidate, after


def _rounding(step: _Step) -> float:
    """Return how much of a difference in log likelihood may be rounding."""
    return 1e-13 * abs(step.log_likelihood)


def _factor(design: Design, sums: Moments, outcomes: tuple[str, ...], step: _Step) -> Factor:
    try:
        return Factor(step.information)
    except np.linalg.LinAlgError:
        _raise_separated(design, sums, outcomes, step)


def _evaluate(design: Design, sums: Moments, params: FloatArray, *, with_information: bool = True) -> _Step:
    """Read the rows once for log likelihood, gradient and information; without the last it is left at zero.

    The outcomes enter only through X′Y, which is known: log L = Σ b_j X′y_j − Σ w ln(1 + Σ exp(x b_j)).
    """
    n_columns, n_equations = params.shape

    def partial(strip: slice) -> tuple[FloatArray, ...]:
        log_sum = 0.0
        expected = np.zeros((n_equations, n_columns))
        information = np.zeros((n_equations, n_columns, n_equations, n_columns))
        scaled = np.empty((design.block_rows, n_columns))
        for rows, block in design.blocks(strip):
            weights = design.weights_of(rows)
            index = linear_index(params, block)
            top = np.maximum(index.max(axis=0), 0.0)
            np.exp(np.subtract(index, top, out=index), out=index)
            total = np.exp(-top)
            total += index.sum(axis=0)
            log_sum += float(np.sum((np.log(total) + top) * weights))
            p = np.divide(index, total, out=index)
            mass = p * weights
            expected += cross_product(mass.T, block)
            if not with_information:
                continue
            product = scaled[: len(block)]
            for j in range(n_equations):
                for m in range(j + 1):
                    variance = mass[j] * (1 - p[j]) if m == j else -mass[j] * p[m]
                    np.multiply(block, variance[:, None], out=product)
                    information[j, :, m] += cross_product(product, block)
        return np.asarray(log_sum), expected, information

    log_sum, expected, information = design.total(partial)
    for j in range(n_equations):
        for m in range(j):
            information[m, :, j] = information[j, :, m].T
    size = n_equations * n_columns
    square = information.reshape(size, size)
    return _Step(
        float(np.sum(sums.cross[:, 1:] * params)) - float(log_sum),
        (sums.cross[:, 1:] - expected.T).ravel(order="F"),
        (square + square.T) / 2,
    )


def _robust_meat(design: Design, counts: Callable[[Rows], FloatArray], params: FloatArray) -> FloatArray:
    """Sum the outer products of the scores of the observations, K(J−1) square.

    An observation with outcome o has the residuals 1{o = j} − P_j, so a row needs only its counts:
    Σ_o c_o (1{o = j} − P_j)(1{o = m} − P_m) = 1{j = m} c_j − c_j P_m − c_m P_j + w P_j P_m.
    """
    n_columns, n_equations = params.shape

    def partial(strip: slice) -> tuple[FloatArray, ...]:
        meat = np.zeros((n_equations, n_columns, n_equations, n_columns))
        for rows, block in design.blocks(strip):
            count = counts(rows)[1:]
            p = _probabilities(block, params)[1:]
            weights = design.weights_of(rows)
            for j in range(n_equations):
                for m in range(j + 1):
                    product = (j == m) * count[j] - count[j] * p[m] - count[m] * p[j] + weights * p[j] * p[m]
                    part = cross_product(block * product[:, None], block)
                    meat[j, :, m] += part
                    if m != j:
                        meat[m, :, j] += part.T
        return (meat,)

    (meat,) = design.total(partial)
    size = n_columns * n_equations
    return meat.reshape(size, size)


def _raise_separated(design: Design, sums: Moments, outcomes: tuple[str, ...], step: _Step) -> NoReturn:
    """Name the coefficients along which the log likelihood has become flat: they grow without limit."""
    scale = np.tile(np.sqrt(np.diag(sums.gram)), len(outcomes) - 1)
    flattest = np.linalg.eigh(step.information / np.outer(scale, scale))[1][:, 0]
    weight = np.abs(flattest.reshape(len(outcomes) - 1, design.n_columns))
    equation = int(weight.max(axis=1).argmax())
    leading = np.argsort(-weight[equation], kind="stable")
    named = [repr(design.names[k]) for k in leading if weight[equation, k] >= 0.3 * weight[equation].max()]
    raise ValueError(
        f"Separation, no finite estimate exists: the coefficients of {', '.join(named)} in the equation of "
        f"outcome {outcomes[equation + 1]!r} grow without limit, because a combination of these columns "
        "predicts an outcome perfectly."
    )
