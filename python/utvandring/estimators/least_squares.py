"""The linear probability model of chapter 5 (Vedlegg B): least squares on outcomes that are 0 or 1.

Several outcomes are fitted to the same regressors at once. The estimates of one outcome are those of a
regression of its own; nothing makes the rows of the report's tables sum to zero where persons have none of
the outcomes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utvandring.estimators.design import (
    Design,
    Factor,
    FloatArray,
    Rows,
    cross_product,
    framed,
    labels,
    linear_index,
    matrix_by_name,
    moments,
    names_of_frame,
    numbers,
    read_design,
    whole,
)
from utvandring.estimators.inference import (
    cluster_codes,
    clustered_meat,
    coefficient_table,
    standard_errors,
    two_sided,
)


@dataclass(frozen=True)
class LinearProbabilityFit:
    """Fitted linear probability models of M outcomes on the same regressors.

    Where a single vector was given as ``y``, the last axis of ``params``, ``std_errors``, ``t``, ``p_values``
    and ``residual_variance`` and the first of the covariances is dropped.

    Attributes
    ----------
    params
        Coefficients, K × M.
    cov
        Covariance of each outcome's coefficients, M × K × K, of the kind that ``vcov`` names.
    cov_classical
        Covariance under equal variances, σ²(X′X)⁻¹, whatever ``vcov``.
    residual_variance
        σ² with n − K degrees of freedom, M.
    n_obs
        Observations: the sum of the weights.
    degrees_of_freedom
        Of the t distribution of the tests: n − K, or G − 1 with clusters.
    names
        K names of the columns.
    outcomes
        M names of the outcomes.
    vcov
        ``"classical"``, ``"HC1"`` or ``"cluster"``.
    n_clusters
        Clusters, where the covariance is clustered.
    named
        Whether ``names`` were given; without them the fit takes arrays only.
    """

    params: FloatArray
    cov: FloatArray
    cov_classical: FloatArray
    residual_variance: FloatArray
    n_obs: float
    degrees_of_freedom: float
    names: tuple[str, ...]
    outcomes: tuple[str, ...]
    vcov: str
    n_clusters: int | None = None
    named: bool = True

    @property
    def std_errors(self) -> FloatArray:
        """Standard errors, K × M."""
        return standard_errors(self.cov).T

    @property
    def std_errors_classical(self) -> FloatArray:
        """Standard errors under equal variances, K × M."""
        return standard_errors(self.cov_classical).T

    @property
    def t(self) -> FloatArray:
        """Estimates divided by their standard errors, K × M."""
        return self.params / self.std_errors

    @property
    def p_values(self) -> FloatArray:
        """Two-sided p values under the t distribution, K × M."""
        return two_sided(self.t, self.degrees_of_freedom)

    def predict(self, X: Any) -> FloatArray:  # noqa: N803
        """Return the fitted probabilities, n × M; they may lie outside 0 and 1.

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
        return np.asarray(matrix @ self.params)

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row for each coefficient, outcome by outcome.

        Parameters
        ----------
        level
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``term, equation, estimate, std_error, statistic, p_value, conf_low, conf_high``; the equation is
            named by its outcome.
        """
        return coefficient_table(
            self.names,
            self.outcomes,
            self.params,
            self.std_errors,
            level=level,
            degrees_of_freedom=self.degrees_of_freedom,
        )


def fit_linear_probability(
    X: Any,  # noqa: N803
    y: Any,
    *,
    weights: ArrayLike | None = None,
    names: Sequence[object] | None = None,
    outcomes: Sequence[object] | None = None,
    vcov: Literal["classical", "HC1"] = "classical",
    clusters: ArrayLike | None = None,
) -> LinearProbabilityFit:
    """Fit linear probability models to rows by least squares.

    Parameters
    ----------
    X
        n × K array or DataFrame, the constant included as a column.
    y
        n outcomes, or n × M for several at once; usually 0 or 1, but any finite numbers are fitted.
    weights
        n frequencies above zero: a row with weight 3 counts as three equal rows.
    names
        K names of the columns; default those of a DataFrame.
    outcomes
        M names of the outcomes; default those of a DataFrame.
    vcov
        ``"classical"`` for σ²(X′X)⁻¹, ``"HC1"`` for White's covariance times n/(n−K).
    clusters
        n labels, for instance persons: scores summed within clusters, times G/(G−1) · (n−1)/(n−K).

    Raises
    ------
    ValueError
        When a shape, a weight or a value is wrong, an outcome never varies, or columns are collinear. The
        text names the column or outcome at fault.
    """
    y = framed(y)
    if isinstance(y, pd.DataFrame):
        outcomes = names_of_frame(y, outcomes, "names of outcomes")
        y = y.to_numpy(dtype=np.float64, na_value=np.nan)
    design = read_design(X, weights=weights, names=names)
    values = numbers(y, "y")
    single = values.ndim == 1
    table = values[:, None] if single else values
    if table.ndim != 2 or len(table) != design.n_rows or table.shape[1] == 0:
        raise ValueError(
            f"y must have {design.n_rows} rows, one for each row of X, but has shape {values.shape}."
        )
    names_of_outcomes = labels(outcomes, _default_outcomes(table.shape[1]), "names of outcomes")
    for column, name in zip(table.T, names_of_outcomes, strict=True):
        bad = ~np.isfinite(column)
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"Outcome {name!r} holds {column[row]} (row {row}).")
        if (column == column[0]).all():
            raise ValueError(f"Outcome {name!r} never varies: it is {column[0]} in every row.")

    def sums(rows: Rows) -> FloatArray:
        return np.asarray(table[rows].T * design.weights_of(rows), dtype=np.float64)

    def squared_residuals(rows: Rows, fitted: FloatArray) -> FloatArray:
        return np.asarray((table[rows].T - fitted) ** 2 * design.weights_of(rows), dtype=np.float64)

    return _fit(design, sums, squared_residuals, names_of_outcomes, vcov, clusters, single)


def fit_linear_probability_cells(
    X: Any,  # noqa: N803
    events: Any,
    totals: ArrayLike,
    *,
    names: Sequence[object] | None = None,
    outcomes: Sequence[object] | None = None,
    vcov: Literal["classical", "HC1"] = "classical",
    clusters: ArrayLike | None = None,
) -> LinearProbabilityFit:
    """Fit linear probability models to cells: rows of equal regressors with counts of events.

    The estimates and all covariances are those of the rows that the cells stand for.

    Parameters
    ----------
    X
        n_cells × K array or DataFrame.
    events
        n_cells × M, how many in the cell have each outcome (n_cells for a single outcome); a DataFrame gives
        the names of the outcomes as well.
    totals
        n_cells, how many are in the cell, above zero; persons with none of the outcomes (deaths) count here.
    names, outcomes, vcov
        As in :func:`fit_linear_probability`.
    clusters
        One label a cell: exact when no cluster is spread over the rows of one cell, so group by the cluster
        as well.

    Raises
    ------
    ValueError
        As in :func:`fit_linear_probability`; and when a cell has fewer in it than have an outcome.
    """
    events = framed(events)
    if isinstance(events, pd.DataFrame):
        outcomes = names_of_frame(events, outcomes, "names of outcomes")
        events = events.to_numpy(dtype=np.float64, na_value=np.nan)
    design = read_design(X, weights=totals, names=names)
    values = np.asarray(numbers(events, "events"), dtype=np.float64)
    single = values.ndim == 1
    table = values[:, None] if single else values
    if table.ndim != 2 or len(table) != design.n_rows or table.shape[1] == 0:
        raise ValueError(
            f"events must have {design.n_rows} rows, one for each row of X, but has shape {values.shape}."
        )
    names_of_outcomes = labels(outcomes, _default_outcomes(table.shape[1]), "names of outcomes")
    weights = np.asarray(design.weights)
    for column, name in zip(table.T, names_of_outcomes, strict=True):
        bad = ~(np.isfinite(column) & (column >= 0) & (column <= weights))
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"Outcome {name!r} has {column[row]} events among {weights[row]} (row {row}).")
        if column.sum() in (0, weights.sum()):
            raise ValueError(f"Outcome {name!r} {'always' if column.any() else 'never'} occurs.")

    def squared_residuals(rows: Rows, fitted: FloatArray) -> FloatArray:
        count = table[rows].T
        return count * (1 - fitted) ** 2 + (weights[rows] - count) * fitted**2

    return _fit(
        design, lambda rows: table[rows].T, squared_residuals, names_of_outcomes, vcov, clusters, single
    )


def _default_outcomes(n_outcomes: int) -> list[str]:
    return ["y"] if n_outcomes == 1 else [f"y{m}" for m in range(n_outcomes)]


def _fit(
    design: Design,
    sums: Callable[[Rows], FloatArray],
    squared_residuals: Callable[[Rows, FloatArray], FloatArray],
    outcomes: tuple[str, ...],
    vcov: str,
    clusters: ArrayLike | None,
    single: bool,
) -> LinearProbabilityFit:
    """Fit from ``sums(rows)``, the weighted outcomes, and their weighted squared residuals, both M × rows."""
    if vcov not in ("classical", "HC1"):
        raise ValueError(f"vcov must be 'classical' or 'HC1', not {vcov!r}.")
    if clusters is not None and vcov != "classical":
        raise ValueError("Give either vcov='HC1' or clusters: clusters ask for the clustered covariance.")
    grouping = None if clusters is None else cluster_codes(clusters, design.n_rows)
    n_obs, n_columns = design.n_obs, design.n_columns
    if n_obs <= n_columns:
        raise ValueError(f"{n_obs} observations leave no degrees of freedom for {n_columns} columns.")
    known = moments(design, sums)
    factor = Factor(known.gram)
    params = factor.solve(known.cross)

    def partial(strip: slice) -> tuple[FloatArray, ...]:
        square_sums = np.zeros(len(outcomes))
        gradient = np.zeros((len(outcomes), n_columns))
        meat = np.zeros((len(outcomes), n_columns, n_columns))
        for rows, block in design.blocks(strip):
            fitted = linear_index(params, block)
            squares = squared_residuals(rows, fitted)
            square_sums += squares.sum(axis=1)
            gradient += cross_product((sums(rows) - fitted * design.weights_of(rows)).T, block)
            if vcov == "HC1":
                for m, square in enumerate(squares):
                    meat[m] += cross_product(block * square[:, None], block)
        return square_sums, gradient, meat

    square_sums, gradient, meat = design.total(partial)
    # One refinement from the residuals recovers the digits that forming X'X cost.
    params = params + factor.solve(gradient.T)

    inverse = factor.inverse()
    variance = square_sums / (n_obs - n_columns)
    cov_classical = variance[:, None, None] * inverse
    cov, kind, n_clusters, degrees = cov_classical, vcov, None, n_obs - n_columns
    if grouping is not None:
        codes, n_clusters = grouping
        kind, degrees = "cluster", n_clusters - 1

        def residuals(rows: Rows, block: FloatArray) -> FloatArray:
            return sums(rows) - linear_index(params, block) * design.weights_of(rows)

        n_outcomes = len(outcomes)
        joint = clustered_meat(design, codes, residuals).reshape(n_outcomes, n_columns, n_outcomes, n_columns)
        meat = np.stack([joint[m, :, m] for m in range(n_outcomes)])
        meat *= n_clusters / (n_clusters - 1) * (n_obs - 1) / (n_obs - n_columns)
        cov = inverse @ meat @ inverse
    elif vcov == "HC1":
        cov = inverse @ meat @ inverse * (n_obs / (n_obs - n_columns))
    return LinearProbabilityFit(
        params=params[:, 0] if single else params,
        cov=cov[0] if single else cov,
        cov_classical=cov_classical[0] if single else cov_classical,
        residual_variance=variance[0] if single else variance,
        n_obs=whole(n_obs),
        degrees_of_freedom=whole(degrees),
        names=design.names,
        outcomes=outcomes,
        vcov=kind,
        n_clusters=n_clusters,
        named=design.named,
    )
