"""The multinomial logit with random effects: a panel in which some persons move more than others.

Person i has in the equation of outcome j an effect u_ij that stays the same in all years,

    P(y_it = j | x_it, u_i) = exp(x_it b_j + u_ij) / (1 + Σ_l exp(x_it b_l + u_il)),   u_i ~ N(0, Σ)

with Σ free: J−1 variances and their covariances. What is assumed:

- The effects are independent of the regressors. Where they may not be, add the means over time of a person's
  regressors as further columns (Mundlak 1978): their coefficients take up the dependence.
- They are normal among the persons as these are first observed. Who leaves later leaves by the model: an
  emigration, or another outcome after which a person has no further rows, ends the person's panel and needs
  nothing else.
- Given the effects, the years of a person are independent.

The likelihood is that of `panel_likelihood`. Coefficients are those of a person, not of the average of
persons, and are larger than the pooled ones where the variances are: compare probabilities and average
marginal effects.
"""

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utvandring.estimators.design import (
    Design,
    Factor,
    FloatArray,
    labels,
    numbers,
    read_design,
    refuse_not_finite,
    whole,
)
from utvandring.estimators.multinomial import fit_multinomial, outcome_codes
from utvandring.estimators.panel_histories import Histories, read_histories
from utvandring.estimators.panel_likelihood import evaluate, posterior
from utvandring.estimators.panel_result import PanelMultinomialFit
from utvandring.estimators.panel_search import (
    LARGEST_EFFECT,
    canonical,
    chi_bar_weights,
    climb,
    covariance_jacobian,
)

# The search begins with effects of this standard deviation, uncorrelated.
FIRST_DEVIATION = 1.0
# As many nodes more show what the quadrature leaves out.
MORE_NODES = 4
MOST_POINTS = 5_000
# Estimates that would move by more than this share of their standard errors with more nodes are warned of.
QUADRATURE_SHIFT = 0.1


def fit_panel_multinomial(
    X: Any,  # noqa: N803
    y: ArrayLike,
    person: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    names: Sequence[object] | None = None,
    outcomes: Sequence[object] | None = None,
    nodes: int = 7,
    vcov: Literal["observed", "opg", "robust"] = "observed",
    start: ArrayLike | PanelMultinomialFit | None = None,
    max_iterations: int = 100,
) -> PanelMultinomialFit:
    """Fit a multinomial logit with a normal effect of each person in each equation.

    Parameters
    ----------
    X
        n × K array or DataFrame, the constant included as a column. A person may have any number of rows, in
        any order and anywhere.
    y
        n outcomes 0 … J−1; 0 is the base.
    person
        n labels, numbers or texts: rows with the same label are one person.
    weights
        n frequencies above zero, the same in all rows of a person: so many persons with the same rows.
    names
        K names of the columns; default those of a DataFrame.
    outcomes
        J names of the outcomes, base first. Without them J is the largest code in ``y`` plus one.
    nodes
        Nodes of the quadrature in each of the J−1 dimensions. ``quadrature_error`` of the fit says whether
        they are enough.
    vcov
        ``"observed"`` for the inverse of the observed information, ``"opg"`` for that of the outer product of
        the persons' scores, ``"robust"`` for the sandwich of both, clustered by person, times G/(G−1).
    start
        Where the search begins: all parameters in the order of ``cov``, the K × (J−1) coefficients, or an
        earlier fit. Default: the coefficients of the pooled fit, and uncorrelated effects.
    max_iterations
        Steps before giving up; the fit then says ``converged=False`` and warns.

    Returns
    -------
    PanelMultinomialFit
        Estimates, tests, probabilities. A covariance at the boundary (an effect without variance, or a
        correlation of ±1) is no error: ``at_boundary`` says so.

    Raises
    ------
    ValueError
        When a shape, a weight or a value is wrong, weights vary within a person, nobody is observed twice, an
        outcome never occurs, columns are collinear, outcomes are separated, or there are too many nodes.
    """
    if vcov not in ("observed", "opg", "robust"):
        raise ValueError(f"vcov must be 'observed', 'opg' or 'robust', not {vcov!r}.")
    if max_iterations < 1:
        raise ValueError(f"max_iterations must be at least 1, not {max_iterations}.")
    design, codes, n_outcomes = _read(X, y, weights, names, outcomes)
    outcome_names = labels(outcomes, range(n_outcomes), "names of outcomes")
    n_effects = n_outcomes - 1
    _check_nodes(nodes, n_effects)
    histories = read_histories(design, codes, person)

    pooled = fit_multinomial(
        histories.matrix,
        histories.codes,
        weights=np.repeat(histories.weights, histories.lengths),
        names=design.names,
        outcomes=outcome_names,
    )
    _refuse_always_or_never(histories, outcome_names)
    uncorrelated = FIRST_DEVIATION * np.eye(n_effects)
    first = np.r_[pooled.params.ravel(order="F"), uncorrelated[np.tril_indices(n_effects)]]
    theta = first if start is None else _start(start, first, pooled.params.shape)
    found = climb(histories, theta, n_effects, nodes, max_iterations)
    n_slopes = pooled.params.size
    slopes = found.theta[:n_slopes]
    factor = np.zeros((n_effects, n_effects))
    factor[np.tril_indices(n_effects)] = found.theta[n_slopes:]
    _refuse_without_limit(factor, outcome_names)
    root, zero = canonical(factor)
    theta = np.r_[slopes, root[np.tril_indices(n_effects)]]

    here = evaluate(histories, theta, n_effects, nodes, meat=True)
    more = evaluate(histories, theta, n_effects, nodes + MORE_NODES, information=True)
    assert more.gradient is not None and more.information is not None
    # Where a diagonal element of L is zero nothing depends on the elements below it.
    below = [a != b and b in zero for a, b in zip(*np.tril_indices(n_effects), strict=True)]
    free = np.r_[np.ones(n_slopes, dtype=bool), ~np.array(below)]
    n_persons = whole(float(histories.weights.sum()))
    assert here.meat is not None
    asked, sandwich = (
        _covariance(more.information, here.meat, free, kind, n_persons) for kind in (vcov, "robust")
    )
    converged = found.converged and asked is not None
    unknown = np.full((len(theta), len(theta)), np.nan)
    cov = unknown if asked is None else asked
    if not converged:
        warnings.warn(
            f"The fit did not converge in {found.n_iterations} iterations: try more nodes or iterations, "
            "columns of like size (age in tens of years), fewer columns, or start= with an earlier fit; with "
            "few persons observed more than once the variances cannot be told.",
            RuntimeWarning,
            stacklevel=2,
        )
    with np.errstate(invalid="ignore"):
        shift = np.max(np.abs(cov @ more.gradient)[free] / np.sqrt(np.diag(cov)[free]))
    if shift > QUADRATURE_SHIFT:
        warnings.warn(
            f"{nodes} nodes are few: with {MORE_NODES} more the estimates would move by up to {shift:.2f} of "
            "their standard errors. Fit again with more nodes.",
            RuntimeWarning,
            stacklevel=2,
        )
    mean, deviation = posterior(histories, theta, n_effects, nodes)
    return PanelMultinomialFit(
        params=slopes.reshape(n_effects, -1).T,
        random_covariance=root @ root.T,
        cholesky=root,
        random_covariance_std_error=_covariance_errors(root, cov[n_slopes:, n_slopes:]),
        at_boundary=bool(zero),
        cov=cov,
        cov_robust=unknown if sandwich is None else sandwich,
        log_likelihood=here.log_likelihood,
        log_likelihood_pooled=pooled.log_likelihood,
        quadrature_error=more.log_likelihood - here.log_likelihood,
        quadrature_shift=float(shift),
        lr_weights=chi_bar_weights(histories, pooled.params),
        n_obs=pooled.n_obs,
        n_persons=n_persons,
        n_iterations=found.n_iterations,
        converged=converged,
        nodes=nodes,
        names=design.names,
        outcomes=outcome_names,
        vcov=vcov,
        named=design.named,
        weighted=design.weights is not None,
        persons=histories.persons,
        effect_means=mean[histories.history_of],
        effect_deviations=deviation[histories.history_of],
    )


def panel_log_likelihood(
    X: Any,  # noqa: N803
    y: ArrayLike,
    person: ArrayLike,
    params: ArrayLike,
    random_covariance: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    nodes: int = 7,
) -> float:
    """Return the log likelihood of the panel logit at given parameters.

    Parameters
    ----------
    X, y, person, weights, nodes
        As in :func:`fit_panel_multinomial`.
    params
        Coefficients, K × (J−1).
    random_covariance
        Covariance of the effects, J−1 square.

    Raises
    ------
    ValueError
        When shapes do not fit together or the covariance is none; otherwise as in
        :func:`fit_panel_multinomial`.
    """
    beta = np.asarray(params, dtype=np.float64)
    beta = beta[:, None] if beta.ndim == 1 else beta
    covariance = np.atleast_2d(np.asarray(random_covariance, dtype=np.float64))
    n_effects = beta.shape[1]
    design, codes, n_outcomes = _read(X, y, weights, None, [f"{j}" for j in range(n_effects + 1)])
    if beta.shape != (design.n_columns, n_outcomes - 1):
        raise ValueError(f"params must have {design.n_columns} rows like X has columns, not {beta.shape[0]}.")
    if covariance.shape != (n_effects, n_effects):
        raise ValueError(f"random_covariance must be {n_effects} square, not {covariance.shape}.")
    if not np.allclose(covariance, covariance.T) or np.linalg.eigvalsh(covariance)[0] < -1e-12:
        raise ValueError("random_covariance must be symmetric, without a negative variance in any direction.")
    _check_nodes(nodes, n_effects)
    values, vectors = np.linalg.eigh(covariance)
    upper: FloatArray = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T)[1]
    root = upper.T
    root = root * np.where(np.diag(root) < 0, -1.0, 1.0)
    theta = np.r_[beta.ravel(order="F"), root[np.tril_indices(n_effects)]]
    histories = read_histories(design, codes, person, alone=True)
    return evaluate(histories, theta, n_effects, nodes, gradient=False).log_likelihood


def _read(
    X: Any,  # noqa: N803
    y: ArrayLike,
    weights: ArrayLike | None,
    names: Sequence[object] | None,
    outcomes: Sequence[object] | None,
) -> tuple[Design, NDArray[np.intp], int]:
    """Check rows where messages can still name them by their number."""
    design = read_design(X, weights=weights, names=names)
    refuse_not_finite(design)
    codes, n_outcomes = outcome_codes(y, design.n_rows, outcomes)
    return design, codes.astype(np.intp), n_outcomes


def _check_nodes(nodes: int, n_effects: int) -> None:
    if not isinstance(nodes, int | np.integer) or nodes < 1:
        raise ValueError(f"nodes must be a whole number from 1, not {nodes!r}.")
    if nodes**n_effects > MOST_POINTS:
        most = int(MOST_POINTS ** (1 / n_effects) + 1e-9)
        raise ValueError(
            f"{nodes} nodes in {n_effects} dimensions are {nodes**n_effects:,} points for each person: with "
            f"{n_effects + 1} outcomes use at most {most}, or join outcomes."
        )


def _start(start: ArrayLike | PanelMultinomialFit, first: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    if isinstance(start, PanelMultinomialFit):
        start = start.theta
    theta = np.asarray(numbers(start, "start"), dtype=np.float64)
    size, n_effects = len(first), shape[1]
    if theta.shape == shape:
        theta = np.r_[theta.ravel(order="F"), first[theta.size :]]
    if theta.shape != (size,) or not np.isfinite(theta).all():
        raise ValueError(
            f"start must hold all {size} parameters in the order of cov, finite: slopes by equation, then "
            f"the lower triangle of the effects' Cholesky factor row by row; it has shape {theta.shape}."
        )
    theta = theta.copy()
    rows, columns = np.tril_indices(n_effects)
    diagonal = size - len(rows) + np.flatnonzero(rows == columns)
    # Nothing leads away from an effect without variance: the likelihood is the same for either sign of L.
    theta[diagonal] = np.maximum(theta[diagonal], 0.01)
    return theta


def _refuse_always_or_never(histories: Histories, outcomes: tuple[str, ...]) -> None:
    """Refuse an outcome that some persons with several rows always have, and all others never."""
    first = np.r_[0, np.cumsum(histories.lengths)[:-1]]
    several = histories.lengths > 1
    for code, outcome in enumerate(outcomes[1:], start=1):
        times = np.add.reduceat(histories.codes == code, first, dtype=np.intp)[several]
        always = times == histories.lengths[several]
        if always.any() and (always | (times == 0)).all():
            raise _without_limit(outcome)


def _refuse_without_limit(factor: FloatArray, outcomes: tuple[str, ...]) -> None:
    deviations = np.sqrt((factor**2).sum(axis=1))
    if deviations.max() > LARGEST_EFFECT:
        raise _without_limit(outcomes[1 + int(deviations.argmax())])


def _without_limit(outcome: str) -> ValueError:
    return ValueError(
        f"No finite estimate exists: the variance of the effects on outcome {outcome!r} grows without limit, "
        "because those who are observed several times have it (nearly) always or never; join it with another "
        "outcome, or use fit_multinomial."
    )


def _covariance(
    information: FloatArray, meat: FloatArray, free: NDArray[np.bool_], vcov: str, n_persons: float
) -> FloatArray | None:
    """Return the covariance of all parameters, zero for those that are held; None where it does not exist."""
    held = np.ix_(free, free)
    result = np.zeros_like(information)
    try:
        if vcov == "opg":
            result[held] = Factor(meat[held]).inverse()
        else:
            inverse = Factor(information[held]).inverse()
            if vcov == "robust":
                inverse = inverse @ meat[held] @ inverse * (n_persons / (n_persons - 1))
            result[held] = (inverse + inverse.T) / 2
    except np.linalg.LinAlgError:
        return None
    return result


def _covariance_errors(root: FloatArray, cov: FloatArray) -> FloatArray:
    """Return standard errors of the elements of L L′ by the delta method; NaN where one is held at zero."""
    jacobian = covariance_jacobian(root)
    variance = np.einsum("abk,kl,abl->ab", jacobian, cov, jacobian)
    with np.errstate(invalid="ignore"):
        return np.where(variance > 0, np.sqrt(variance), np.nan)
