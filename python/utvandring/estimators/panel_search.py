"""The maximum of the panel logit's likelihood, and the test against the model without effects."""

from dataclasses import dataclass

import numpy as np

from utvandring.estimators.design import FloatArray, cross_product
from utvandring.estimators.inference import chi_square_tail
from utvandring.estimators.multinomial_result import shares
from utvandring.estimators.panel_histories import Block, Histories
from utvandring.estimators.panel_likelihood import Evaluation, evaluate, over_blocks

# The search ends when the squared length of its step, in standard errors, is below this.
STEP_TOLERANCE = 1e-14
# Below this length a step that no longer shrinks is rounding.
ROUNDING_STEP = 1e-8
SLOW_SHRINKING = 0.5
STEP_HALVINGS = 30
# Longer steps, in squared standard errors, tell more of the likelihood's shape than of the nodes.
LEARNING = 0.1
# Directions flatter than this share of a parameter's own curvature are taken to be so steep.
FLATTEST = 1e-9
# Effects of such a standard deviation on the scale of the logit have no finite estimate: the search gives up.
LARGEST_EFFECT = 50.0
# An element of L below this on the scale of the indices (and of its effect's standard deviation) is zero.
NOTHING = 1e-3
# Many histories: the long steps are taken on every eighth, until they are short in its standard errors.
MANY_HISTORIES = 20_000
SAMPLE_STRIDE = 8
SAMPLE_STEPS = 30
NEAR = 0.1
# Fewer nodes know too little of the posterior's variance for the information.
INFORMATION_NODES = 5
# Draws for the weights of the chi-bar-square distribution: their standard error is below 0.001.
DRAWS = 400_000
SEED = 2016


@dataclass(frozen=True)
class Maximum:
    """Where a search ended."""

    theta: FloatArray
    n_iterations: int
    converged: bool


def climb(
    histories: Histories,
    theta: FloatArray,
    n_effects: int,
    nodes: int,
    max_iterations: int,
    tolerance: float = STEP_TOLERANCE,
) -> Maximum:
    """Climb by Newton's method; where the likelihood is not concave, by the sizes of its curvatures.

    Counts the steps taken on all histories.
    """
    if len(histories.lengths) >= MANY_HISTORIES:
        sample = histories.every(SAMPLE_STRIDE)
        guess = climb(sample, theta, n_effects, nodes, SAMPLE_STEPS, NEAR)
        # Where the sample has no maximum it says nothing about all.
        theta = guess.theta if guess.converged else theta
    here = _with_information(histories, theta, n_effects, nodes)
    last_length = np.inf
    # The information holds the nodes: what their movement adds is learnt from the gradients on the way.
    correction = np.zeros((len(theta), len(theta)))
    for iteration in range(1, max_iterations + 1):
        assert here.gradient is not None and here.information is not None
        direction = _uphill(here.information + correction, here.gradient)
        length = float(here.gradient @ direction)
        shrinks = length <= SLOW_SHRINKING * last_length
        if length <= tolerance or (length <= ROUNDING_STEP and not shrinks):
            return Maximum(theta, iteration, True)
        last_length = length
        least = here.log_likelihood - 1e-13 * abs(here.log_likelihood)
        there = _with_information(histories, theta + direction, n_effects, nodes)
        if there.log_likelihood < least:
            for _ in range(STEP_HALVINGS):
                direction = direction / 2
                there = evaluate(histories, theta + direction, n_effects, nodes, gradient=False)
                if there.log_likelihood >= least:
                    break
            else:
                return Maximum(theta, iteration, False)
            there = _with_information(histories, theta + direction, n_effects, nodes)
        assert there.gradient is not None and there.information is not None
        between = (here.information + there.information) / 2 + correction
        missing = here.gradient - there.gradient - between @ direction
        if length <= LEARNING:
            correction = _corrected(correction, missing, direction)
        theta, here = theta + direction, there
        if np.abs(theta[-n_effects * (n_effects + 1) // 2 :]).max() > LARGEST_EFFECT:
            return Maximum(theta, iteration, False)
    return Maximum(theta, max_iterations, False)


def _with_information(histories: Histories, theta: FloatArray, n_effects: int, nodes: int) -> Evaluation:
    if nodes >= INFORMATION_NODES:
        return evaluate(histories, theta, n_effects, nodes, information=True)
    here = evaluate(histories, theta, n_effects, nodes)
    more = evaluate(histories, theta, n_effects, INFORMATION_NODES, information=True)
    return Evaluation(here.log_likelihood, here.gradient, more.information)


def _corrected(correction: FloatArray, missing: FloatArray, move: FloatArray) -> FloatArray:
    """Return the correction that explains what the information did not: of rank one and symmetric (SR1)."""
    along = float(missing @ move)
    if abs(along) <= 1e-8 * float(np.linalg.norm(missing) * np.linalg.norm(move)):
        return correction
    return correction + np.outer(missing, missing) / along


def _uphill(information: FloatArray, gradient: FloatArray) -> FloatArray:
    size = np.sqrt(np.abs(np.diag(information)))
    size[size == 0] = 1.0
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    steep = np.maximum(np.abs(values), FLATTEST)
    return np.asarray(vectors @ ((vectors.T @ (gradient / size)) / steep) / size)


def canonical(factor: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Return the lower triangular root of L L′ without negative diagonal, and which columns are zero.

    A column is zero where the variance that its effect has of its own is nothing: the covariance lies at the
    boundary of the possible ones.
    """
    covariance = factor @ factor.T
    size = len(covariance)
    root = np.zeros_like(covariance)
    zero = []
    for j in range(size):
        own = covariance[j, j] - root[j, :j] @ root[j, :j]
        if own <= (NOTHING * max(1.0, np.sqrt(covariance[j, j]))) ** 2:
            zero.append(j)
            continue
        root[j, j] = np.sqrt(own)
        root[j + 1 :, j] = (covariance[j + 1 :, j] - root[j + 1 :, :j] @ root[j, :j]) / root[j, j]
    return root, tuple(zero)


def chi_bar_weights(histories: Histories, slopes: FloatArray) -> FloatArray:
    """Return the weights of the chi-square distributions with 0, 1, … degrees of freedom under no effects.

    Without effects the likelihood is a quadratic in their covariance, and the ratio is the squared length of
    the projection of a normal variable on the cone of covariances (Self and Liang 1987; Shapiro 1988). One
    effect: a half each. Two: the weight of three degrees is the chance of a draw inside the cone, that of
    none the chance of one in the polar cone, and those of odd and of even degrees add up to a half each; both
    chances are drawn, with the information of the pooled fit. For more effects a half each of the two highest
    degrees is returned, which no cone exceeds: the test is then conservative.

    Parameters
    ----------
    histories
        The panel.
    slopes
        Estimates of the pooled fit, K × D.
    """
    n_effects = slopes.shape[1]
    degrees = n_effects * (n_effects + 1) // 2
    weights = np.zeros(degrees + 1)
    if n_effects != 2:
        weights[-2:] = 0.5
        return weights
    return cone_weights(_information_of_covariance(histories, slopes))


def cone_weights(information: FloatArray) -> FloatArray:
    """Return the weights for the cone of 2 × 2 covariances by simulation.

    Parameters
    ----------
    information
        3 × 3, of σ_11, σ_21, σ_22.
    """
    try:
        root = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        # Too few persons to tell: the bound that holds for every cone.
        return np.array([0.0, 0.0, 0.5, 0.5])
    weights = np.zeros(4)
    normal = np.random.default_rng(SEED).standard_normal((DRAWS, 3))
    estimate = normal @ np.linalg.inv(root)
    score = normal @ root.T
    inside = (estimate[:, 0] > 0) & (estimate[:, 0] * estimate[:, 2] > estimate[:, 1] ** 2)
    outside = (score[:, 0] < 0) & (score[:, 0] * score[:, 2] > score[:, 1] ** 2 / 4)
    weights[3], weights[0] = inside.mean(), outside.mean()
    weights[1], weights[2] = 0.5 - weights[3], 0.5 - weights[0]
    return np.maximum(weights, 0.0)


def chi_bar_tail(statistic: float, weights: FloatArray) -> float:
    """Return the chance of a larger value under a mixture of chi-square distributions."""
    if statistic <= 0:
        return 1.0
    return float(sum(w * chi_square_tail(statistic, k) for k, w in enumerate(weights) if k > 0))


def _information_of_covariance(histories: Histories, slopes: FloatArray) -> FloatArray:
    """Return what the panel tells about the covariance where it is zero, the slopes being estimated.

    The score of σ_ab is r_a r_b − W_ab (half of it on the diagonal), r and W the sums of residuals and of
    variances over a person's rows.
    """
    n_effects = slopes.shape[1]
    n_slopes = slopes.size

    def one(block: Block) -> FloatArray:
        rows = np.asarray(histories.matrix[block.rows], dtype=np.float64)
        weights = histories.weights[block.first : block.last]
        shape = (len(weights), block.length)
        p = shares((rows @ slopes).T)[1:].reshape(n_effects, *shape)
        chosen = histories.codes[block.rows].reshape(shape) == np.arange(1, n_effects + 1)[:, None, None]
        residual = chosen - p
        by_slope = np.matmul(residual.transpose(1, 0, 2), rows.reshape(*shape, -1)).reshape(shape[0], -1)
        total = residual.sum(axis=2)
        scores = [by_slope.T]
        for a, b in zip(*np.tril_indices(n_effects), strict=True):
            spread = (p[a] * (float(a == b) - p[b])).sum(axis=1)
            scores.append(((total[a] * total[b] - spread) * (0.5 if a == b else 1.0))[None])
        stacked = np.concatenate(scores).T
        return cross_product(stacked * weights[:, None], stacked)

    meat = np.sum(list(over_blocks(one, histories.blocks(1))), axis=0)
    by_slopes, crossed = meat[:n_slopes, :n_slopes], meat[:n_slopes, n_slopes:]
    rest = meat[n_slopes:, n_slopes:] - crossed.T @ np.linalg.lstsq(by_slopes, crossed)[0]
    return np.asarray((rest + rest.T) / 2)


def covariance_jacobian(factor: FloatArray) -> FloatArray:
    """Return the derivatives of the elements of L L′ by the lower triangle of L, D × D × M."""
    size = len(factor)
    pairs = list(zip(*np.tril_indices(size), strict=True))
    result = np.zeros((size, size, len(pairs)))
    for place, (a, b) in enumerate(pairs):
        result[a, :, place] += factor[:, b]
        result[:, a, place] += factor[:, b]
    return result
