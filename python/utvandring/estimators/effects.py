"""What a multinomial logit says in probabilities: differences between persons, average marginal effects.

Standard errors are by the delta method, from the covariance of the coefficients.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utvandring.estimators.design import (
    Design,
    FloatArray,
    columns_by_name,
    cross_product,
    linear_index,
    read_design,
)
from utvandring.estimators.inference import tidy_table
from utvandring.estimators.multinomial_result import MultinomialFit, probabilities, shares
from utvandring.estimators.panel_result import PanelMultinomialFit


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
    (p_reference, p_compared) = (probabilities(x[None, :], beta)[:, 0] for x in persons)
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
    fit: MultinomialFit | PanelMultinomialFit | Coefficients,
    X: Any,  # noqa: N803
    effects: Mapping[str, Discrete | Derivative] | None = None,
    *,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Average the effects of variables on the probabilities over rows, with delta-method standard errors.

    The standard errors are those of the coefficients only: the rows count as given. With random effects they
    are averaged over these as well, and the standard errors include those of their covariance.

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

    # An effect of a person enters as a coefficient of L times a column that holds a point of the grid.
    n_effects = n_outcomes - 1 if isinstance(fit, PanelMultinomialFit) else 0
    params = np.vstack([fit.params, fit.cholesky.T]) if isinstance(fit, PanelMultinomialFit) else fit.params
    points, masses = fit.grid() if isinstance(fit, PanelMultinomialFit) else (np.zeros((0, 1)), np.ones(1))
    n_columns = design.n_columns

    def partial(strip: slice) -> tuple[FloatArray, ...]:
        estimate = np.zeros((len(effects), n_outcomes))
        jacobian = np.zeros((len(effects), n_outcomes, n_outcomes - 1, n_columns + n_effects))
        for rows, block in design.blocks(strip):
            if not np.isfinite(block).all():
                raise ValueError(
                    f"Column {fit.names[np.argwhere(~np.isfinite(block))[0, 1]]!r} holds NaN or infinity."
                )
            share = np.broadcast_to(design.weights_of(rows), block.shape[:1]) / design.n_obs
            for point, mass in zip(points.T, masses, strict=True):
                whole = np.column_stack([block, np.tile(point, (len(block), 1))]) if n_effects else block
                average = _BlockAverage(position, params, whole, share * mass)
                for index, effect in enumerate(effects.values()):
                    if isinstance(effect, Discrete):
                        mean, slopes = average.difference(effect)
                    else:
                        mean, slopes = average.derivative(effect)
                    estimate[index] += mean
                    jacobian[index] += slopes
        return estimate, jacobian

    estimate, jacobian = design.total(partial)
    equation, column = np.tril_indices(n_effects)
    std_error = np.array(
        [
            _delta(
                np.column_stack(
                    [part[:, :, :n_columns].reshape(n_outcomes, -1), part[:, equation, n_columns + column]]
                ),
                fit.cov,
            )
            for part in jacobian
        ]
    )
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
        p = shares(index)
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
        p = shares(self._index)
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


def _slopes(p: FloatArray, x: FloatArray) -> FloatArray:
    """Return dP_j/db_l = P_j (1{j = l} − P_l) x as J × K(J−1), equation-major, for one person."""
    inner = np.diag(p)[:, 1:] - np.outer(p, p[1:])
    return np.asarray(np.kron(inner, x[None, :]))


def _delta(jacobian: FloatArray, cov: FloatArray) -> FloatArray:
    variance = np.einsum("jk,kl,jl->j", jacobian, cov, jacobian, optimize=True)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
