"""Fits by formula, to rows of a DataFrame: `utvandring.formulas` names what others import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from utvandring.common.near import near
from utvandring.estimators.broom import broom, glance
from utvandring.estimators.changes import Change, average_changes
from utvandring.estimators.design import FloatArray, framed
from utvandring.estimators.formulas import CONSTANT, Layout, read_formula
from utvandring.estimators.inference import require_clusters
from utvandring.estimators.least_squares import LinearProbabilityFit, fit_linear_probability
from utvandring.estimators.multinomial import fit_multinomial
from utvandring.estimators.multinomial_result import MultinomialFit, not_converged
from utvandring.estimators.restrictions import wald_test


@dataclass(frozen=True)
class FormulaFit:
    """A model that was fitted by a formula, and keeps it.

    Attributes
    ----------
    fit
        The fit of the laid out columns.
    layout
        The formula with the names and categories that were found.
    weighted
        Whether rows had weights.
    deviations
        K standard deviations of the columns, weights counted.
    """

    fit: MultinomialFit | LinearProbabilityFit
    layout: Layout
    weighted: bool
    deviations: FloatArray

    def predict(self, data: Any) -> FloatArray:
        """Return probabilities, n × J with the base first; of a linear model n fitted values.

        Parameters
        ----------
        data
            n rows with the columns of the formula, in any order. Its outcome may be there.

        Raises
        ------
        ValueError
            If a column is missing, unknown or empty, or a category was not among those of the fit.
        """
        return self.fit.predict(pd.DataFrame(self.layout.matrix(data), columns=list(self.layout.names)))

    def tidy(self, level: float = 0.95, *, names: Literal["plain", "broom"] = "plain") -> pd.DataFrame:
        """Return one row for each coefficient; with the names of ``"broom"`` for R."""
        table = self.fit.tidy(level)
        return broom(table) if names == "broom" else table

    def glance(self) -> pd.DataFrame:
        """Return one row on the fit; see :func:`utvandring.estimators.broom.glance`."""
        return glance(self.fit)

    def standardised(self) -> pd.DataFrame:
        """Return the coefficients for one standard deviation of each column; see :func:`standardised`."""
        return standardised(self.fit, self.deviations)

    def test(self, restrictions: str) -> pd.DataFrame:
        """Test linear restrictions; see :func:`utvandring.estimators.restrictions.wald_test`."""
        return wald_test(self.fit, restrictions)

    def marginal_effects(
        self,
        data: Any,
        variables: Sequence[str] | None = None,
        *,
        weights: ArrayLike | None = None,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return average marginal effects: of a number its derivative, of a category against the reference.

        Parameters
        ----------
        data
            Rows to average over, as in :meth:`predict`.
        variables
            Columns of the formula; default all.
        weights
            Frequencies of the rows; needed where the fit had weights.
        level
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            See :func:`utvandring.estimators.changes.average_changes`.
        """
        chosen = self.layout.formula.variables if variables is None else tuple(variables)
        rows = self._rows(data, weights, chosen)
        categories = self.layout.categories
        changes = [change for name in chosen for change in changes_of(name, categories.get(name), rows[name])]
        return average_changes(self.fit, self.layout.matrix, rows, changes, weights=weights, level=level)

    def contrast(
        self,
        data: Any,
        contrasts: Mapping[str, tuple[Any, Any]],
        *,
        weights: ArrayLike | None = None,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Compare two values of a variable, everybody having the one and then the other.

        Parameters
        ----------
        data, weights, level
            As in :meth:`marginal_effects`.
        contrasts
            By column, the value compared and the one it is compared with.
        """
        rows = self._rows(data, weights, tuple(contrasts))
        changes = []
        for column, values in contrasts.items():
            require_known(column, values, self.layout.categories.get(column))
            changes.append(Change.between(column, values[1], values[0]))
        return average_changes(self.fit, self.layout.matrix, rows, changes, weights=weights, level=level)

    def _rows(self, data: Any, weights: ArrayLike | None, columns: Sequence[str]) -> pd.DataFrame:
        if self.weighted and weights is None:
            raise ValueError("The fit had weights: give those of these rows as well, or ones.")
        there = self.layout.formula.variables
        unknown = [column for column in columns if column not in there]
        if unknown:
            hint = near(unknown[0], there)
            raise ValueError(f"The formula has no column {unknown[0]!r}.{hint} It has {', '.join(there)}.")
        self.layout.matrix(data)
        rows: pd.DataFrame = framed(data)[list(there)]
        return rows


def require_known(column: str, values: Sequence[Any], known: Sequence[Any] | None) -> None:
    """Make sure that values are among the categories of a fit.

    Raises
    ------
    ValueError
        If one is not; the text has those that there are.
    """
    for value in values:
        if known is not None and value not in known:
            there = ", ".join(map(repr, known))
            raise ValueError(f"{column} has no category {value!r}.{near(value, known)} There are {there}.")


def changes_of(name: str, categories: Sequence[Any] | None, values: "pd.Series[Any]") -> list[Change]:
    """Return how a variable changes for its marginal effects.

    Parameters
    ----------
    name
        The variable.
    categories
        Its categories, the reference first; None for a number or a truth value.
    values
        The column.
    """
    if categories is not None:
        return [Change.between(name, categories[0], other) for other in categories[1:]]
    if pd.api.types.is_bool_dtype(values):
        return [Change.between(name, False, True)]
    return [Change.derivative(name)]


def standard_deviations(matrix: FloatArray, weights: ArrayLike | None) -> FloatArray:
    """Return the standard deviations of columns, each row standing for as many as its weight."""
    counts = np.ones(len(matrix)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = counts / counts.sum()
    return np.asarray(np.sqrt(np.maximum(share @ (matrix - share @ matrix) ** 2, 0.0)))


def standardised(fit: MultinomialFit | LinearProbabilityFit, deviations: FloatArray) -> pd.DataFrame:
    """Return the coefficients for one standard deviation of each column.

    Parameters
    ----------
    fit
        The fitted model.
    deviations
        K standard deviations.

    Returns
    -------
    pandas.DataFrame
        As ``fit.tidy()``, with ``estimate``, ``std_error`` and limits times ``standard_deviation``, and
        without the constant.
    """
    table = fit.tidy()
    scale = table["term"].map(dict(zip(fit.names, deviations, strict=True)))
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        table[column] *= scale
    table = table.assign(standard_deviation=scale)
    return table[table["term"] != CONSTANT].reset_index(drop=True)


def fit_multinomial_formula(
    formula: str,
    data: Any,
    *,
    weights: ArrayLike | None = None,
    outcomes: Sequence[Any] | None = None,
    vcov: Literal["classical", "robust"] = "classical",
    clusters: ArrayLike | None = None,
) -> FormulaFit:
    """Fit a multinomial logit by a formula.

    Parameters
    ----------
    formula
        ``outcome ~ age + I(age**2) + C(background, ref="nordic") * sex``. Columns of text are categories, the
        first in the alphabet their reference; ``C(column, ref=value)`` takes another, or makes categories of
        numbers.
    data
        n rows with the columns of the formula, none of them empty.
    weights
        n frequencies.
    outcomes
        The values of the outcome, base first; default in their order.
    vcov, clusters
        As in :func:`utvandring.logit.fit_multinomial`.

    Raises
    ------
    ValueError
        If the formula cannot be read, a column is missing or holds empty values, the outcome has other
        values, or the model cannot be fitted; the text names what is at fault.
    """
    layout, matrix, outcome = _laid_out(formula, data, clusters)
    there = outcome.unique().tolist()
    order = sorted(there) if outcomes is None else list(outcomes)
    strange = [value for value in there if value not in order]
    if strange:
        known = ", ".join(map(repr, order))
        raise ValueError(f"The outcome holds {strange[0]!r}, which is not among {known}.")
    never = [value for value in order if value not in there]
    if never:
        raise ValueError(f"The outcome {never[0]!r} never occurs in the {len(outcome)} rows.")
    codes = outcome.map({value: code for code, value in enumerate(order)}).to_numpy(dtype=np.int64)
    fit = fit_multinomial(
        matrix, codes, weights=weights, names=layout.names, outcomes=order, vcov=vcov, clusters=clusters
    )
    if not fit.converged:
        raise ValueError(not_converged(fit.n_iterations))
    return FormulaFit(fit, layout, weights is not None, standard_deviations(matrix, weights))


def fit_linear_probability_formula(
    formula: str,
    data: Any,
    *,
    weights: ArrayLike | None = None,
    vcov: Literal["classical", "HC1"] = "classical",
    clusters: ArrayLike | None = None,
) -> FormulaFit:
    """Fit a linear probability model by a formula whose outcome is 0 or 1, or false or true.

    Parameters
    ----------
    formula, data, weights
        As in :func:`fit_multinomial_formula`.
    vcov, clusters
        As in :func:`utvandring.lpm.fit_linear_probability`.

    Raises
    ------
    ValueError
        As :func:`fit_multinomial_formula`.
    """
    layout, matrix, outcome = _laid_out(formula, data, clusters)
    name = layout.formula.outcome
    if not pd.api.types.is_numeric_dtype(outcome):
        raise ValueError(
            f"{name} is text, and here it must be 0 or 1: make it with data['{name}'] == 'value'."
        )
    events: NDArray[np.float64] = outcome.to_numpy(dtype=np.float64)
    fit = fit_linear_probability(
        matrix, events, weights=weights, names=layout.names, outcomes=[name], vcov=vcov, clusters=clusters
    )
    return FormulaFit(fit, layout, weights is not None, standard_deviations(matrix, weights))


def _laid_out(
    text: str, data: Any, clusters: ArrayLike | None
) -> tuple[Layout, FloatArray, "pd.Series[Any]"]:
    formula = read_formula(text)
    frame = framed(data)
    layout, matrix = Layout.of(formula, frame)
    name = formula.outcome
    if name not in frame:
        raise ValueError(f"The data have no column {name!r}.{near(name, frame.columns)}")
    outcome: pd.Series[Any] = frame[name]
    if outcome.isna().any():
        raise ValueError(f"{name} is empty in {int(outcome.isna().sum())} rows: leave them out first.")
    if clusters is not None:
        require_clusters(pd.Series(np.asarray(clusters)).nunique(), len(layout.names))
    return layout, matrix, outcome
