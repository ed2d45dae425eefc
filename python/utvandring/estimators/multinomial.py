"""The multinomial logit of chapter 6 (Vedlegg C): estimates, differences in probability, marginal effects.

With outcomes 0 … J−1 and outcome 0 as the base,

    P(j | x) = exp(x b_j) / (1 + Σ_l exp(x b_l)),  b_0 = 0                                  (C.1–C.3)

so that the report's trinomial logit is J = 3: stay, internal out-migration, emigration. Coefficients are K ×
(J−1), one column an equation. Covariances are equation-major: all K coefficients of equation 1, then those of
equation 2, ….
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from utvandring.estimators.design import (
    Design,
    FloatArray,
    Rows,
    cross_product,
    framed,
    labels,
    names_of_frame,
    numbers,
    read_design,
    whole,
)
from utvandring.estimators.inference import cluster_codes, clustered_meat
from utvandring.estimators.multinomial_result import MultinomialFit, probabilities
from utvandring.estimators.newton import newton, start_from_constants, start_from_sample

# Outcomes are counted so many rows at a time.
OUTCOME_ROWS = 1_000_000


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
    codes, n_outcomes = outcome_codes(y, design.n_rows, outcomes)
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


def outcome_codes(y: ArrayLike, n_rows: int, outcomes: Sequence[object] | None) -> tuple[NDArray[Any], int]:
    """Check the outcomes of rows, and return them with the number of outcomes there are.

    Parameters
    ----------
    y
        n outcomes 0 … J−1.
    n_rows
        Rows of the design.
    outcomes
        J names; without them J is the largest code plus one.

    Raises
    ------
    ValueError
        When the shape is wrong, or a value is no outcome.
    """
    codes = np.asarray(numbers(y, "y"))
    if codes.shape != (n_rows,):
        raise ValueError(f"y must have shape ({n_rows},), one for each row of X, not {codes.shape}.")
    if codes.dtype.kind == "f":
        bad = ~(np.isfinite(codes) & (codes == np.floor(codes)))
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"y must hold the outcomes 0, 1, …, but row {row} has {codes[row]}.")
    low, high = int(codes.min()), int(codes.max())
    n_outcomes = high + 1 if outcomes is None else len(outcomes)
    if low < 0 or high >= n_outcomes or high >= n_rows:
        expected = "0, 1, … without gaps" if outcomes is None else f"0 … {n_outcomes - 1}"
        raise ValueError(f"y must hold the outcomes {expected}, but runs from {low} to {high}.")
    return codes, n_outcomes


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
    sums, params, step = start_from_constants(design, counts, totals, outcomes)
    params, step, n_steps = start_from_sample(
        design, counts, outcomes, sums, params, step, max_iterations - 1
    )
    params, step, factor, n_iterations, converged = newton(
        design, sums, outcomes, params, step, max_iterations - n_steps
    )
    n_iterations += n_steps

    cov_classical = factor.inverse()
    cov, kind, n_clusters = cov_classical, vcov, None
    if grouping is not None:
        codes, n_clusters = grouping
        kind = "cluster"

        def residuals(rows: Rows, block: FloatArray) -> FloatArray:
            p = probabilities(block, params)[1:]
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
            p = probabilities(block, params)[1:]
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
