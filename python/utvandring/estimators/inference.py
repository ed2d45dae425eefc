"""Covariance by cluster, standard errors, and estimates as a tidy table."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, stdtr, stdtrit

from utvandring.estimators.design import Design, FloatArray, Rows, cross_product


def standard_errors(cov: FloatArray) -> FloatArray:
    """Return the square roots of the diagonal(s) of one or several covariance matrices."""
    return np.sqrt(np.maximum(np.diagonal(cov, axis1=-2, axis2=-1), 0.0))


def cluster_codes(clusters: ArrayLike, n_rows: int) -> tuple[NDArray[np.intp], int]:
    """Give the clusters numbers 0, 1, … in order of appearance.

    Returns
    -------
    codes, n_clusters
        One code a row, and how many clusters there are.

    Raises
    ------
    ValueError
        When there is not one cluster for each row, one is missing, or there is only one.
    """
    values = np.asarray(clusters)
    if values.shape != (n_rows,):
        raise ValueError(f"clusters must have shape ({n_rows},), one for each row of X, not {values.shape}.")
    codes, found = pd.factorize(values)
    if (codes < 0).any():
        raise ValueError(f"clusters has no value in row {int((codes < 0).argmax())}.")
    if len(found) < 2:
        raise ValueError("clusters must name at least two clusters.")
    return codes.astype(np.intp), len(found)


def require_clusters(n_clusters: int, n_columns: int) -> None:
    """Make sure that there are more clusters than columns: else the clustered covariance has no inverse.

    Raises
    ------
    ValueError
        If there are not; the text says what to do.
    """
    if n_clusters <= n_columns:
        raise ValueError(
            f"There are {n_clusters} clusters for {n_columns} columns: too few for clustered standard "
            "errors. Take columns out, or ask for classical or robust ones."
        )


def clustered_meat(
    design: Design,
    codes: NDArray[np.intp],
    residuals: Callable[[Rows, FloatArray], FloatArray],
) -> FloatArray:
    """Sum the outer products of the scores of the clusters.

    Rows are read in the order of their clusters, a block at a time; a cluster that continues in the next
    block is carried over, so that neither many nor large clusters cost memory.

    Parameters
    ----------
    design
        The regressors, n × K.
    codes
        Cluster of each row.
    residuals
        Gives the weighted residuals of some rows, and their block of X, as E × rows.

    Returns
    -------
    FloatArray
        EK × EK, equation-major.
    """
    order = np.argsort(codes, kind="stable")
    meat: FloatArray | None = None
    carried: FloatArray | None = None
    carried_code = -1
    for start in range(0, design.n_rows, design.block_rows):
        rows = order[start : start + design.block_rows]
        block = design.take(rows)
        residual = residuals(rows, block)
        scores = (residual.T[:, :, None] * block[:, None, :]).reshape(len(rows), -1)
        sorted_codes = codes[rows]
        first = np.flatnonzero(np.r_[True, sorted_codes[1:] != sorted_codes[:-1]])
        sums = np.add.reduceat(scores, first, axis=0)
        if carried is None or meat is None:
            meat = np.zeros((scores.shape[1], scores.shape[1]))
        elif carried_code == sorted_codes[0]:
            sums[0] += carried
        else:
            meat += np.outer(carried, carried)
        carried, carried_code = sums[-1], int(sorted_codes[-1])
        meat += cross_product(sums[:-1], sums[:-1])
    assert meat is not None and carried is not None  # a design has at least one row
    return meat + np.outer(carried, carried)


def tidy_table(
    labels: dict[str, list[str]],
    estimate: FloatArray,
    std_error: FloatArray,
    *,
    level: float,
    degrees_of_freedom: float = np.inf,
) -> pd.DataFrame:
    """Lay estimates out one a row, with tests against zero and confidence intervals.

    Parameters
    ----------
    labels
        The first columns of the table, each as long as the estimates.
    estimate, std_error
        Vectors.
    level
        Confidence level between 0 and 1.
    degrees_of_freedom
        Of the t distribution; infinity gives the normal distribution.

    Raises
    ------
    ValueError
        When the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"The confidence level must lie between 0 and 1, not {level}.")
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = estimate / std_error
    reach = stdtrit(degrees_of_freedom, (1 + level) / 2) * std_error
    return pd.DataFrame(
        labels
        | {
            "estimate": estimate,
            "std_error": std_error,
            "statistic": statistic,
            "p_value": two_sided(statistic, degrees_of_freedom),
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
        }
    )


def coefficient_table(
    names: Sequence[str],
    equations: Sequence[str],
    params: FloatArray,
    std_errors: FloatArray,
    *,
    level: float,
    degrees_of_freedom: float = np.inf,
) -> pd.DataFrame:
    """Lay the K × M coefficients of a fit out one a row, equation by equation; see :func:`tidy_table`."""
    return tidy_table(
        {
            "term": [*names] * len(equations),
            "equation": [equation for equation in equations for _ in names],
        },
        params.ravel(order="F"),
        std_errors.ravel(order="F"),
        level=level,
        degrees_of_freedom=degrees_of_freedom,
    )


def two_sided(statistic: FloatArray, degrees_of_freedom: float = np.inf) -> FloatArray:
    """Return two-sided p values under the t distribution, the normal one for infinite degrees of freedom."""
    result: FloatArray = 2 * stdtr(degrees_of_freedom, -np.abs(statistic))
    return result


def chi_square_tail(statistic: float, degrees_of_freedom: int) -> float:
    """Return the chance that a chi-square variable is larger; 1 for a statistic below 0 by rounding."""
    return float(chdtrc(degrees_of_freedom, max(statistic, 0.0)))


def wald_of_equality(estimates: Sequence[ArrayLike], covariances: Sequence[ArrayLike]) -> tuple[float, int]:
    """Test whether independent estimates of the same K parameters are equal.

    Parameters
    ----------
    estimates
        m vectors of K.
    covariances
        Their m covariance matrices, K × K.

    Returns
    -------
    tuple
        Σ (b − b̄)′ V⁻¹ (b − b̄) with b̄ the mean weighted by V⁻¹, and its (m − 1) K degrees of freedom:
        chi-square if they are equal. For m = 2 it is (b − c)′ (V + W)⁻¹ (b − c).
    """
    b = [np.asarray(one, dtype=np.float64) for one in estimates]
    precisions = [np.linalg.inv(np.asarray(one, dtype=np.float64)) for one in covariances]
    weighted = np.sum([p @ one for p, one in zip(precisions, b, strict=True)], axis=0)
    mean = np.linalg.solve(np.sum(precisions, axis=0), weighted)
    distance = sum(float((one - mean) @ p @ (one - mean)) for p, one in zip(precisions, b, strict=True))
    return distance, (len(b) - 1) * len(mean)
