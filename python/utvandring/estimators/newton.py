"""The maximum of the multinomial logit's likelihood: where the search begins, its steps, what it refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from utvandring.estimators.design import (
    Design,
    Factor,
    FloatArray,
    Moments,
    Rows,
    cross_product,
    linear_index,
    moments,
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
# Many rows: the long steps are taken on every eighth row, short ones by the gradient alone, which costs a
# quarter of a pass for the information. The information is needed twice: near the maximum, and at it.
MANY_ROWS = 50_000
SAMPLE_STRIDE = 8
NEAR = 0.1
GRADIENT_STEPS = 8
QUICK_SHRINKING = 0.2


@dataclass(frozen=True)
class Step:
    """Log likelihood, gradient and negative Hessian at some coefficients."""

    log_likelihood: float
    gradient: FloatArray
    information: FloatArray


def start_from_constants(
    design: Design, counts: Callable[[Rows], FloatArray], totals: FloatArray, outcomes: tuple[str, ...]
) -> tuple[Moments, FloatArray, Step]:
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
    return sums, params, Step(float(totals @ np.log(share)), gradient.ravel(order="F"), information)


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


def start_from_sample(
    design: Design,
    counts: Callable[[Rows], FloatArray],
    outcomes: tuple[str, ...],
    sums: Moments,
    params: FloatArray,
    step: Step,
    max_steps: int,
    tolerance: float = NEAR,
) -> tuple[FloatArray, Step, int]:
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
        sample_sums, guess, at_guess = start_from_constants(sample, sample_counts, totals, outcomes)
        guess, at_guess, _ = start_from_sample(
            sample, sample_counts, outcomes, sample_sums, guess, at_guess, GRADIENT_STEPS, roughly
        )
        guess, _, factor, _, _ = newton(sample, sample_sums, outcomes, guess, at_guess, 50, roughly)
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


def newton(
    design: Design,
    sums: Moments,
    outcomes: tuple[str, ...],
    params: FloatArray,
    step: Step,
    max_iterations: int,
    tolerance: float = STEP_TOLERANCE,
) -> tuple[FloatArray, Step, Factor, int, bool]:
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


def _climb(
    design: Design,
    sums: Moments,
    params: FloatArray,
    here: Step,
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


def _rounding(step: Step) -> float:
    """Return how much of a difference in log likelihood may be rounding."""
    return 1e-13 * abs(step.log_likelihood)


def _factor(design: Design, sums: Moments, outcomes: tuple[str, ...], step: Step) -> Factor:
    try:
        return Factor(step.information)
    except np.linalg.LinAlgError:
        _raise_separated(design, sums, outcomes, step)


def _evaluate(design: Design, sums: Moments, params: FloatArray, *, with_information: bool = True) -> Step:
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
    return Step(
        float(np.sum(sums.cross[:, 1:] * params)) - float(log_sum),
        (sums.cross[:, 1:] - expected.T).ravel(order="F"),
        (square + square.T) / 2,
    )


def _raise_separated(design: Design, sums: Moments, outcomes: tuple[str, ...], step: Step) -> NoReturn:
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
