"""The likelihood of the panel logit with random effects, by adaptive Gauss–Hermite quadrature.

Person i has the effects u = L z, z standard normal of D = J−1 dimensions, in the equations of all outcomes
but the base:

    L_i = ∫ Π_t P(y_it | x_it b + L z) φ(z) dz

The nodes lie around the mode a of the integrand, spread by its curvature H there (Pinheiro and Bates 1995;
Rabe-Hesketh, Skrondal and Pickles 2005):

    log L_i ≈ log Σ_q w_q exp(t_q′t_q + g(a + √2 R⁻ᵀ t_q)) − Σ log R_jj − D/2 log π,   H = R R′

with g the log of the integrand without its constant and t, w the nodes and weights of exp(−t²). The factor √2
is part of the change of variable: without it more nodes lead to another number. The gradient is that of this
approximation: nodes move with the parameters, through a and R. The information holds the nodes (Louis 1982).
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar

import numpy as np
from scipy.special import logsumexp

from utvandring.estimators.design import FloatArray, cross_product
from utvandring.estimators.panel_histories import Block, Histories

MODE_STEPS = 100
# A step so short, in posterior standard deviations, is not taken any more: its square is rounding.
MODE_TOLERANCE = 1e-8
# Effects that differ from the mode by more than this are as impossible, and exp() stays finite.
LARGEST_DEVIATION = 500.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Nodes:
    """Product nodes of Gauss–Hermite quadrature: t is D × Q, log weights with exp(t′t) are Q."""

    points: FloatArray
    log_weights: FloatArray


@dataclass(frozen=True)
class Evaluation:
    """What one pass over the panel gives; what was not asked for is None.

    Parameters are slopes, equation by equation, then the lower triangle of L row by row.
    """

    log_likelihood: float
    gradient: FloatArray | None = None
    information: FloatArray | None = None
    meat: FloatArray | None = None


def hermite(nodes: int, dimensions: int) -> Nodes:
    """Return the product rule of so many nodes in each dimension."""
    t, w = np.polynomial.hermite.hermgauss(nodes)
    points = np.array(list(product(t, repeat=dimensions))).T
    log_w = np.array(list(product(np.log(w) + t**2, repeat=dimensions))).sum(axis=1)
    return Nodes(points, log_w)


def split(theta: FloatArray, n_columns: int, n_effects: int) -> tuple[FloatArray, FloatArray]:
    """Return the K × D slopes and the D × D lower triangular L of a vector of parameters."""
    n_slopes = n_columns * n_effects
    factor = np.zeros((n_effects, n_effects))
    factor[np.tril_indices(n_effects)] = theta[n_slopes:]
    return theta[:n_slopes].reshape(n_effects, n_columns).T, factor


def evaluate(
    histories: Histories,
    theta: FloatArray,
    n_effects: int,
    nodes: int,
    *,
    gradient: bool = True,
    information: bool = False,
    meat: bool = False,
) -> Evaluation:
    """Return the log likelihood with its gradient, observed information, and outer product of scores.

    Parameters
    ----------
    histories
        The panel.
    theta
        Slopes, equation by equation, and the lower triangle of L row by row.
    n_effects
        J−1.
    nodes
        Nodes in each dimension.
    """
    n_columns = histories.matrix.shape[1]
    slopes, factor = split(theta, n_columns, n_effects)
    rule = hermite(nodes, n_effects)
    gradient = gradient or information or meat

    def one(block: Block) -> tuple[Any, ...]:
        at = _At(histories, block, slopes, factor, rule)
        weights = histories.weights[block.first : block.last]
        value = float(at.log_likelihood @ weights)
        if not gradient:
            return (value,)
        rows, lower = at.gradient()
        result: list[Any] = [value, at.over_rows(rows * weights), lower @ weights]
        if information:
            result.append(at.information(weights))
        if meat:
            scores = np.column_stack([at.by_person(rows), lower.T])
            result.append(cross_product(scores * weights[:, None], scores))
        return tuple(result)

    parts = over_blocks(one, histories.blocks(rule.points.shape[1]))
    sums = next(parts)
    for part in parts:
        sums = tuple(a + b for a, b in zip(sums, part, strict=True))
    if not gradient:
        return Evaluation(sums[0])
    slopes_and_factor = np.r_[sums[1].ravel(order="F"), sums[2]]
    return Evaluation(
        sums[0],
        slopes_and_factor,
        sums[3] if information else None,
        sums[-1] if meat else None,
    )


def posterior(
    histories: Histories, theta: FloatArray, n_effects: int, nodes: int
) -> tuple[FloatArray, FloatArray]:
    """Return means and standard deviations of the effects given each history, both histories × D."""
    slopes, factor = split(theta, histories.matrix.shape[1], n_effects)
    rule = hermite(nodes, n_effects)

    def one(block: Block) -> tuple[FloatArray, FloatArray]:
        at = _At(histories, block, slopes, factor, rule)
        effects = np.einsum("ab,bqm->aqm", factor, at.z)
        mean = np.einsum("qm,aqm->ma", at.posterior, effects)
        square = np.einsum("qm,aqm->ma", at.posterior, (effects - mean.T[:, None]) ** 2)
        return mean, np.sqrt(square)

    parts = list(over_blocks(one, histories.blocks(rule.points.shape[1])))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def over_blocks(one: Callable[[Block], Result], blocks: list[Block]) -> Iterator[Result]:
    """Work on blocks side by side; results come in the order of the blocks, whatever the threads."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(blocks) == 1 or threads == 1:
        yield from map(one, blocks)
        return
    with ThreadPoolExecutor(min(threads, len(blocks))) as pool:
        yield from pool.map(one, blocks)


class _At:
    """The integrals of one block of persons at given parameters.

    Arrays have the persons last: d × m for modes, d × T × m for rows, Q × T × m for nodes and rows.
    """

    def __init__(
        self, histories: Histories, block: Block, slopes: FloatArray, factor: FloatArray, rule: Nodes
    ) -> None:
        self.block = np.asarray(histories.matrix[block.rows], dtype=np.float64)
        self.factor = factor
        self.rule = rule
        n_persons, length, n_effects = block.last - block.first, block.length, len(factor)
        self.shape = (n_effects, length, n_persons)
        index = (self.block @ slopes).reshape(n_persons, length, n_effects)
        self.index = np.ascontiguousarray(index.transpose(2, 1, 0))
        codes = histories.codes[block.rows].reshape(n_persons, length).T
        self.chosen = codes == np.arange(1, n_effects + 1)[:, None, None]
        self.counts = self.chosen.sum(axis=1).astype(np.float64)
        self.own = np.where(self.chosen, self.index, 0.0).sum(axis=(0, 1))
        self._find_mode()
        self._integrate()

    def _find_mode(self) -> None:
        """Climb to the mode of the integrand by Newton's method, all persons together.

        The log integrand is strictly concave (H ≥ 1), so a step is halved until it climbs.
        """
        z = np.zeros((self.shape[0], self.shape[2]))
        here = self._around(z)
        scale = np.ones(self.shape[2])
        for _ in range(MODE_STEPS):
            step = solve(here[3], here[1])
            if (step * here[1]).sum(axis=0).max() <= MODE_TOLERANCE**2:
                break
            candidate = z + scale * step
            there = self._around(candidate)
            climbed = there[0] >= here[0] - 1e-12 * (1 + np.abs(here[0]))
            if climbed.all():
                z, here = candidate, there
            else:
                z = np.where(climbed, candidate, z)
                here = tuple(np.where(climbed, b, a) for a, b in zip(here, there, strict=True))
            scale = np.where(climbed, 1.0, scale / 2)
        self.mode = z
        self.residual, self.root, self.spread = here[2:]

    def _around(self, z: FloatArray) -> tuple[FloatArray, ...]:
        """Return g, its gradient, the residuals Σ(y − p), the root R of its curvature, and Σ W, at z."""
        n_effects = len(z)
        effect = self.factor @ z
        index = self.index + effect[:, None]
        top = np.maximum(index.max(axis=0), 0.0)
        odds = np.exp(index - top)
        base = np.exp(-top)
        total = base + odds.sum(axis=0)
        p = odds / total
        value = self.own + (self.counts * effect).sum(axis=0) - 0.5 * (z * z).sum(axis=0)
        value -= (np.log(total) + top).sum(axis=0)
        residual = self.counts - p.sum(axis=1)
        spread = np.empty((n_effects, n_effects, z.shape[1]))
        for a in range(n_effects):
            for b in range(a + 1):
                spread[a, b] = spread[b, a] = -(p[a] * p[b]).sum(axis=0)
            spread[a, a] += p[a].sum(axis=0)
        curvature = np.einsum("ca,cdm,db->abm", self.factor, spread, self.factor)
        curvature += np.eye(n_effects)[:, :, None]
        return value, self.factor.T @ residual - z, residual, cholesky(curvature), spread

    def _integrate(self) -> None:
        """Evaluate the integrand at the nodes of every person."""
        n_effects = len(self.factor)
        effect = self.factor @ self.mode
        index = self.index + effect[:, None]
        top = np.maximum(index.max(axis=0), 0.0)
        self.odds = np.exp(index - top)
        base = np.exp(-top)
        self.p = self.odds / (base + self.odds.sum(axis=0))
        away = np.sqrt(2) * back(self.root[:, :, None], self.rule.points[:, :, None])
        self.z = self.mode[:, None] + away
        deviation = np.einsum("ab,bqm->aqm", self.factor, away)
        np.clip(deviation, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=deviation)
        self.growth = np.exp(deviation)
        total = self.growth[0, :, None] * self.odds[0]
        scratch = np.empty_like(total)
        for a in range(1, n_effects):
            total += np.multiply(self.growth[a, :, None], self.odds[a], out=scratch)
        total += base
        value = -np.log(total, out=scratch).sum(axis=1)
        self.inverse = np.reciprocal(total, out=total)
        self.scratch = scratch
        value += (self.counts[:, None] * deviation).sum(axis=0) - 0.5 * (self.z**2).sum(axis=0)
        value += self.rule.log_weights[:, None]
        whole = logsumexp(value, axis=0)
        self.posterior = np.exp(value - whole)
        log_root = np.log(np.einsum("aam->am", self.root)).sum(axis=0)
        constant = self.own + (self.counts * effect).sum(axis=0) - top.sum(axis=0)
        self.log_likelihood = whole + constant - log_root - n_effects / 2 * np.log(np.pi)

    def gradient(self) -> tuple[FloatArray, FloatArray]:
        """Return derivatives by the index of every row, D × T × m, and by the lower triangle of L.

        The second part of each is the movement of the nodes: by the adjoints of the mode and of R.
        """
        factor, p = self.factor, self.p
        n_effects = len(factor)
        rows = self.chosen.astype(np.float64)
        self.residuals = np.empty_like(self.z)
        for a in range(n_effects):
            share = self.posterior * self.growth[a]
            rows[a] -= self.odds[a] * np.einsum("qm,qtm->tm", share, self.inverse)
            self.residuals[a] = self.counts[a] - self.growth[a] * np.einsum(
                "tm,qtm->qm", self.odds[a], self.inverse
            )
        weighted = self.posterior * self.residuals
        lower = np.einsum("aqm,bqm->abm", weighted, self.z)
        slope = np.einsum("ab,aqm->bqm", factor, self.residuals) - self.z
        slope *= self.posterior
        by_mode = slope.sum(axis=1)
        by_spread = np.sqrt(2) * np.einsum("aqm,bq->abm", slope, self.rule.points)

        # From C = R⁻ᵀ to R, from R to H, from H = 1 + L′WL to W, L and the index at the mode.
        inverse = back(self.root, np.eye(n_effects)[:, :, None])
        by_root = -np.einsum("abm,cbm,cdm->adm", inverse, by_spread, inverse)
        diagonal = np.arange(n_effects)
        by_root[diagonal, diagonal] -= 1 / self.root[diagonal, diagonal]
        half = np.tril(np.ones((n_effects, n_effects)), -1) + 0.5 * np.eye(n_effects)
        inner = half[:, :, None] * np.einsum("bam,bcm->acm", self.root, by_root)
        inner = (inner + inner.transpose(1, 0, 2)) / 2
        by_curvature = np.einsum("abm,bcm,dcm->adm", inverse, inner, inverse)
        by_w = np.einsum("ab,bcm,dc->adm", factor, by_curvature, factor)
        lower += 2 * np.einsum("abm,bc,cdm->adm", self.spread, factor, by_curvature)
        by_p = by_w[diagonal, diagonal][:, None] - 2 * np.einsum("abm,btm->atm", by_w, p)
        by_index = p * (by_p - (p * by_p).sum(axis=0))
        rows += by_index
        moved = by_index.sum(axis=1)
        lower += moved[:, None] * self.mode
        by_mode = by_mode + factor.T @ moved

        # From the mode, where L′Σ(y − p) = a, to the index and L.
        pull = solve(self.root, by_mode)
        shift = factor @ pull
        drawn = p * (shift[:, None] - np.einsum("atm,am->tm", p, shift))
        rows -= drawn
        lower += self.residual[:, None] * pull - drawn.sum(axis=1)[:, None] * self.mode
        return rows, lower[np.tril_indices(n_effects)]

    def over_rows(self, rows: FloatArray) -> FloatArray:
        """Return Σ x · (D × T × m), K × D."""
        flat = np.ascontiguousarray(rows.transpose(2, 1, 0)).reshape(len(self.block), -1)
        return cross_product(self.block, flat)

    def by_person(self, rows: FloatArray) -> FloatArray:
        """Return Σ_t x · (D × T × m) of each person, m × KD, equation by equation."""
        _, length, n_persons = rows.shape
        block = self.block.reshape(n_persons, length, -1)
        return np.asarray(np.matmul(rows.transpose(2, 0, 1), block).reshape(n_persons, -1))

    def information(self, weights: FloatArray) -> FloatArray:
        """Return minus the second derivatives with the nodes held: E(−g″) − Var(g′), over the posterior.

        Both are first taken by the indices of a person's rows and by L, which are few; call after
        :meth:`gradient`.
        """
        n_effects, length, n_persons = self.shape
        n_columns = self.block.shape[1]
        pairs = [(a, b) for a in range(n_effects) for b in range(a + 1)]
        n_index = n_effects * length
        size = n_index + len(pairs)
        p = np.empty((n_effects, length, *self.posterior.shape))
        for a in range(n_effects):
            np.multiply(self.inverse.transpose(1, 0, 2), self.odds[a][:, None], out=p[a])
            p[a] *= self.growth[a]
        derivative = np.empty((n_persons, size, self.posterior.shape[0]))
        derivative[:, :n_index] = -p.reshape(n_index, *self.posterior.shape).transpose(2, 0, 1)
        for place, (a, b) in enumerate(pairs):
            derivative[:, n_index + place] = (self.residuals[a] * self.z[b]).T
        share = self.posterior.T[:, None]
        derivative -= (derivative * share).sum(axis=2, keepdims=True)
        # Both sides times the root of the weights: each product of a person is one symmetric matrix.
        derivative *= np.sqrt(share)
        matrix = -np.matmul(derivative, derivative.transpose(0, 2, 1))

        times = np.arange(length)
        for a, c in pairs:
            w = (float(a == c) - p[c]) * p[a]
            held = np.einsum("qm,tqm->mt", self.posterior, w)
            by_z = [np.einsum("qm,tqm->mt", self.posterior * z, w) for z in self.z]
            total = self.posterior * w.sum(axis=0)
            by_zz = np.einsum("bqm,fqm,qm->bfm", self.z, self.z, total)
            for one, other in sorted({(a, c), (c, a)}):
                at = one * length + times
                matrix[:, at, other * length + times] += held
                for place, (d, b) in enumerate(pairs, start=n_index):
                    if d == other:
                        matrix[:, at, place] += by_z[b]
                        matrix[:, place, at] += by_z[b]
                    if d == one:
                        for second, (e, f) in enumerate(pairs, start=n_index):
                            if e == other:
                                matrix[:, place, second] += by_zz[b, f]
        matrix *= weights[:, None, None]

        n_slopes = n_effects * n_columns
        result = np.zeros((n_slopes + len(pairs), n_slopes + len(pairs)))
        block = self.block.reshape(n_persons, length, n_columns)
        for a in range(n_effects):
            of_a = slice(a * length, (a + 1) * length)
            here = slice(a * n_columns, (a + 1) * n_columns)
            for c in range(a + 1):
                inner = np.matmul(matrix[:, of_a, c * length : (c + 1) * length], block)
                there = slice(c * n_columns, (c + 1) * n_columns)
                result[here, there] = cross_product(self.block, inner.reshape(-1, n_columns))
                result[there, here] = result[here, there].T
            crossed = matrix[:, of_a, n_index:].reshape(-1, len(pairs))
            result[here, n_slopes:] = cross_product(self.block, crossed)
            result[n_slopes:, here] = result[here, n_slopes:].T
        result[n_slopes:, n_slopes:] = matrix[:, n_index:, n_index:].sum(axis=0)
        return result


def cholesky(matrix: FloatArray) -> FloatArray:
    """Return the lower Cholesky factors of many small matrices, D × D × m."""
    size = len(matrix)
    root = np.zeros_like(matrix)
    for j in range(size):
        root[j, j] = np.sqrt(matrix[j, j] - (root[j, :j] ** 2).sum(axis=0))
        for i in range(j + 1, size):
            root[i, j] = (matrix[i, j] - (root[i, :j] * root[j, :j]).sum(axis=0)) / root[j, j]
    return root


def back(root: FloatArray, right: FloatArray) -> FloatArray:
    """Return R⁻ᵀ times the right side, for D × D × … factors; the first dimension is solved for."""
    size = len(root)
    solution: list[FloatArray] = [right[0]] * size
    for i in reversed(range(size)):
        rest = right[i]
        for k in range(i + 1, size):
            rest = rest - root[k, i] * solution[k]
        solution[i] = rest / root[i, i]
    return np.array(np.broadcast_arrays(*solution))


def solve(root: FloatArray, right: FloatArray) -> FloatArray:
    """Return (R R′)⁻¹ times the right side, D × m."""
    size = len(root)
    forward: list[FloatArray] = []
    for i in range(size):
        rest = right[i]
        for k in range(i):
            rest = rest - root[i, k] * forward[k]
        forward.append(rest / root[i, i])
    return back(root, np.array(forward))
