"""Why do the rates of two populations differ: by who is in them, or by what like persons do? From counts.

Three methods, one result. Persons are counted in cells by factors (sex, age group, ...), with how many of
them had the event:

- `kitagawa`: nothing but the rates of the cells (Kitagawa 1955); who is in the populations is taken apart by
  factor, averaged over all orders (Das Gupta 1993, chapter 5).
- `oaxaca_blinder`: linear probability models of the factors (Oaxaca 1973; Blinder 1973), coefficients of
  everybody as the standard, dummies normalised (Yun 2005): no category is a reference.
- `yun_logit`: the same for the logit, with the weights of Yun (2004).

A category or cell that one population alone has says nothing of how the populations differ in what like
persons do. It belongs to the composition: `kitagawa` gives it as terms of its own, `only_compared` and
`only_reference` (Ñopo 2008); the regressions count it in the composition of its factor, and normalise over
the categories that both have.

Standard errors are those of counts as draws (Poisson, which for rates and shares is the same as multinomial):
who is there and what they do are both chance; which cells exist is taken as given. Where the compared
population is part of the other (a county of the country), its persons are counted once, in both.

Own code: statsmodels has the two-fold decomposition without its parts by factor, normalised dummies, logit or
part and whole; the tests compare with it where it can follow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from utvandring.estimators.design import FloatArray
from utvandring.estimators.inference import standard_errors
from utvandring.estimators.least_squares import fit_linear_probability_cells
from utvandring.estimators.multinomial import fit_multinomial_cells

Method = Literal["kitagawa", "oaxaca_blinder", "yun"]
COMPOSITION: Final = "composition"
RATE: Final = "rate"
CONSTANT: Final = "constant"
ALL: Final = "all"


@dataclass(frozen=True)
class Decomposition:
    """A difference of two rates in parts that add up to it. Rates are shares, 0 to 1.

    Attributes
    ----------
    method
        kitagawa, oaxaca_blinder or yun.
    persons, events
        Of the compared population, and of the reference.
    components, terms
        What each of T parts is: composition by factor, or rate.
    contributions
        T parts.
    covariance
        T × T.
    only_compared_share, only_reference_share
        Shares of the persons of either population in cells (regressions: categories) that the other lacks.
    """

    method: Method
    persons: tuple[float, float]
    events: tuple[float, float]
    components: tuple[str, ...]
    terms: tuple[str, ...]
    contributions: FloatArray
    covariance: FloatArray
    only_compared_share: float
    only_reference_share: float

    @property
    def compared_rate(self) -> float:
        """Events a person in the compared population."""
        return self.events[0] / self.persons[0]

    @property
    def reference_rate(self) -> float:
        """Events a person in the reference; the parts are of the compared rate less this one."""
        return self.events[1] / self.persons[1]

    @property
    def std_errors(self) -> FloatArray:
        """T standard errors of the parts."""
        return standard_errors(self.covariance)

    def total(self, component: str | None = None) -> tuple[float, float]:
        """Return the sum of the parts of a component, or of all of them, and its standard error."""
        chosen = np.array([component in (None, name) for name in self.components], dtype=float)
        return float(chosen @ self.contributions), _root(chosen @ self.covariance @ chosen)

    def composition_share(self) -> tuple[float, float]:
        """Return the share of the difference that is composition, and its standard error (delta method).

        NaN where there is no difference.
        """
        difference, _ = self.total()
        if difference == 0:
            return float("nan"), float("nan")
        composition, _ = self.total(COMPOSITION)
        share = composition / difference
        slope = np.array([(name == COMPOSITION) - share for name in self.components]) / difference
        return share, _root(slope @ self.covariance @ slope)

    def tidy(self) -> pd.DataFrame:
        """Return one row a part: component, term, contribution, std_error."""
        return pd.DataFrame(
            {
                "component": self.components,
                "term": self.terms,
                "contribution": self.contributions,
                "std_error": self.std_errors,
            }
        )


def kitagawa(
    categories: Any,
    compared: ArrayLike,
    reference: ArrayLike,
    *,
    is_part: bool,
) -> Decomposition:
    """Take the difference of two rates apart by cells.

    The rate component is the differences of the cells' rates, weighted with the mean of both distributions;
    the composition is the differences of the distributions, weighted with the mean of both rates. The share
    of a cell is a product of one number for each factor (Das Gupta's, the Shapley value of the logarithm of
    the margins); the factors are exchanged in every order, and the mean is the part of the factor.

    Parameters
    ----------
    categories
        DataFrame of n cells × K factors; every combination once.
    compared, reference
        n × 2 counts of each cell: persons, and those of them with the event.
    is_part
        Whether the persons compared are among those of the reference.

    Returns
    -------
    Decomposition
        Parts: composition by factor, `only_compared` and `only_reference`, and rate, `all`.

    Raises
    ------
    ValueError
        When a population has no persons, the two are the same, nothing is common to them, a part is larger
        than its whole, or the arrays do not fit.
    """
    codes, names, _, c, r = _read(categories, compared, reference, is_part)
    common = (c[:, 0] > 0) & (r[:, 0] > 0)
    if not common.any():
        raise ValueError(
            "The two populations have no group in common, so their rates in like groups are unknown."
        )
    groups = [_groups(codes[common], subset) for subset in _subsets(len(names))]
    sides = [_Cells(side[common], groups, len(names)) for side in (c, r)]
    a, b = sides
    mean_rate = (a.rate + b.rate) / 2
    contributions: list[float] = []
    slopes: list[FloatArray] = []
    for factor in range(len(names)):
        exchanged, by_factor = _exchanged(a.numbers, b.numbers, factor)
        contributions.append(float(mean_rate @ exchanged))
        slopes.append(
            _placed(
                [
                    cells.through_rate(exchanged / 2) + cells.through_numbers(mean_rate * own)[:, None]
                    for cells, own in zip(sides, by_factor, strict=True)
                ],
                common,
            )
        )
    for (counts, sign), position in zip(((c, 1.0), (r, -1.0)), range(2), strict=True):
        inside = counts[common].sum(axis=0)
        outside = counts.sum(axis=0)
        # Plus zero: none, not none of a sign.
        contributions.append(sign * float(outside[1] / outside[0] - inside[1] / inside[0]) + 0.0)
        slope = np.zeros((2, len(codes), 2))
        slope[position] = sign * (_of_mean(outside) - np.where(common[:, None], _of_mean(inside), 0.0))
        slopes.append(slope if not common.all() else np.zeros_like(slope))
    mean_share = (a.share + b.share) / 2
    gap = a.rate - b.rate
    contributions.append(float(mean_share @ gap))
    slopes.append(
        _placed(
            [
                cells.through_rate(sign * mean_share) + cells.through_share(gap / 2)[:, None]
                for cells, sign in ((a, 1.0), (b, -1.0))
            ],
            common,
        )
    )
    return Decomposition(
        method="kitagawa",
        persons=(c[:, 0].sum(), r[:, 0].sum()),
        events=(c[:, 1].sum(), r[:, 1].sum()),
        components=(COMPOSITION,) * (len(names) + 2) + (RATE,),
        terms=(*names, "only_compared", "only_reference", ALL),
        contributions=np.array(contributions),
        covariance=_covariance(np.array(slopes), c, r, is_part),
        only_compared_share=float(c[~common, 0].sum() / c[:, 0].sum()),
        only_reference_share=float(r[~common, 0].sum() / r[:, 0].sum()),
    )


def oaxaca_blinder(
    categories: Any, compared: ArrayLike, reference: ArrayLike, *, is_part: bool
) -> Decomposition:
    """Take the difference of two rates apart by linear probability models with the factors as dummies.

    Composition of a factor: differences of the shares of its categories, times the coefficients of everybody
    in either population. Rate: how the coefficients of either differ from these, with the constant.

    Parameters, Raises
    ------------------
    As :func:`kitagawa`; and when a model cannot be fitted: too few persons, collinear factors.
    """
    fit = _Regressions(_counted(categories, compared, reference, is_part), logit=False)
    a, b = fit.means
    own_a, own_b, standard = (fit.coefficients[one] for one in (_COMPARED, _REFERENCE, _EVERYBODY))
    composition = (a - b) * standard
    rate = a * (own_a - standard) + b * (standard - own_b)
    blocks = fit.counted.blocks
    terms = (CONSTANT, *fit.counted.names)
    return fit.result("oaxaca_blinder", composition.by(blocks[1:]), rate.by(blocks), terms)


def yun_logit(categories: Any, compared: ArrayLike, reference: ArrayLike, *, is_part: bool) -> Decomposition:
    """Take the difference of two rates apart by the logit of everybody with the factors as dummies.

    Composition: the mean probability of the two populations under the coefficients of everybody in either. A
    factor has its share of the difference of the mean linear indexes (Yun's weights), so that the parts add
    up although the logit is not linear; where factors pull against each other the weights can be large.
    Rate: what is left. It has no parts by factor: their weights have sums near zero for a denominator.

    Parameters, Raises
    ------------------
    As :func:`kitagawa`; and when the logit cannot be fitted: a category in which everybody or nobody has the
    event.
    """
    fit = _Regressions(_counted(categories, compared, reference, is_part), logit=True)
    a, b = fit.means
    index = ((a - b) * fit.coefficients[_EVERYBODY]).by(fit.counted.blocks[1:])
    composition = _weighted(fit.chances[0] - fit.chances[1], index)
    rate = fit.rates[0] - fit.rates[1] - (fit.chances[0] - fit.chances[1])
    return fit.result("yun", composition, rate, (ALL,))


# --- what is counted ------------------------------------------------------------------------------------


def _read(
    categories: Any, compared: ArrayLike, reference: ArrayLike, is_part: bool
) -> tuple[NDArray[np.intp], tuple[str, ...], list[list[Any]], FloatArray, FloatArray]:
    """Return codes of the cells (n × K), names and levels of the factors, the counts of both; checked."""
    frame = pd.DataFrame(categories)
    names = tuple(str(column) for column in frame.columns)
    c, r = (np.asarray(counts, dtype=np.float64) for counts in (compared, reference))
    if not names:
        raise ValueError("A decomposition needs at least one factor.")
    for counts, what in ((c, "compared"), (r, "reference")):
        if counts.shape != (len(frame), 2):
            raise ValueError(
                f"{what} must have shape ({len(frame)}, 2), persons and events, not {counts.shape}."
            )
        if not (
            np.isfinite(counts).all() and (counts[:, 1] >= 0).all() and (counts[:, 0] >= counts[:, 1]).all()
        ):
            raise ValueError(f"{what} must hold counts: no fewer persons than events, none of them negative.")
        if counts[:, 0].sum() == 0:
            raise ValueError(f"The {what} population has no persons, so that its rate is unknown.")
    if frame.isna().any(axis=None):
        raise ValueError("A cell lacks a category; leave out persons whose characteristics are not known.")
    if frame.duplicated().any():
        raise ValueError("Every combination of categories must be one cell, but one occurs twice.")
    if is_part and (c > r).any():
        raise ValueError(
            "The compared population has a cell with more persons or events than the whole it is part of."
        )
    if (c == r).all():
        raise ValueError("A population is compared with itself: there is no difference to take apart.")
    there = (c[:, 0] > 0) | (r[:, 0] > 0)
    frame, c, r = frame[there], c[there], r[there]
    found = [pd.factorize(frame[name], sort=True) for name in frame]
    codes = np.column_stack([numbers for numbers, _ in found])
    return codes, names, [list(levels) for _, levels in found], c, r


def _root(variance: Any) -> float:
    return float(np.sqrt(max(float(variance), 0.0)))


def _of_mean(total: FloatArray) -> FloatArray:
    """Return how a rate changes with one more person without and with the event."""
    rate = total[1] / total[0]
    slope: FloatArray = np.array([-rate, 1 - rate]) / total[0]
    return slope


def _placed(of_sides: Sequence[FloatArray], common: NDArray[np.bool_]) -> FloatArray:
    """Return slopes in the common cells as slopes in all cells, 2 × n × 2."""
    slope = np.zeros((2, len(common), 2))
    for position, values in enumerate(of_sides):
        slope[position, common] = values
    return slope


def _covariance(slopes: FloatArray, compared: FloatArray, reference: FloatArray, is_part: bool) -> FloatArray:
    """Return the covariance of T parts from their slopes in the counts.

    Parameters
    ----------
    slopes
        T × 2 × n × 2: compared and reference; cells; one more person without and with the event.
    """

    def cells(counts: FloatArray) -> FloatArray:
        return np.column_stack([counts[:, 0] - counts[:, 1], counts[:, 1]]).ravel()

    def spread(slope: FloatArray, counts: FloatArray) -> FloatArray:
        flat = slope.reshape(len(slope), -1)
        result: FloatArray = (flat * cells(counts)) @ flat.T
        return result

    if is_part:
        return spread(slopes.sum(axis=1), compared) + spread(slopes[:, 1], reference - compared)
    return spread(slopes[:, 0], compared) + spread(slopes[:, 1], reference)


# --- Kitagawa and Das Gupta -----------------------------------------------------------------------------


def _subsets(n: int) -> Iterator[tuple[int, ...]]:
    for size in range(n + 1):
        yield from combinations(range(n), size)


def _weight(size: int, n: int) -> float:
    """Return the share of the orders of n factors in which exactly these `size` come before a given one."""
    return factorial(size) * factorial(n - size - 1) / factorial(n)


def _groups(codes: NDArray[np.intp], subset: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the group of each cell by the factors of a subset, from 0 on."""
    result = np.zeros(len(codes), dtype=np.intp)
    for factor in subset:
        _, result = np.unique(result * (codes[:, factor].max() + 1) + codes[:, factor], return_inverse=True)
    return result


class _Cells:
    """One population in the common cells: shares, rates, and the numbers whose product is the share."""

    def __init__(self, counts: FloatArray, groups: Sequence[NDArray[np.intp]], n_factors: int) -> None:
        self.persons, events = counts.T
        self.total = self.persons.sum()
        self.rate: FloatArray = events / self.persons
        self.share: FloatArray = self.persons / self.total
        self.groups = groups
        self.margins = [np.bincount(group, weights=self.persons)[group] for group in groups]
        # How often the logarithm of each margin counts in the number of each factor.
        place = {subset: position for position, subset in enumerate(_subsets(n_factors))}
        self.counted = np.zeros((n_factors, len(place)))
        for subset, position in place.items():
            for factor in set(range(n_factors)) - set(subset):
                weight = _weight(len(subset), n_factors)
                self.counted[factor, place[tuple(sorted((*subset, factor)))]] += weight
                self.counted[factor, position] -= weight
        self.numbers: FloatArray = np.exp(self.counted @ np.log(np.array(self.margins)))

    def through_rate(self, of_rate: FloatArray) -> FloatArray:
        """Return slopes in the counts, n × 2, from those in the rates of the cells."""
        outcome = np.array([0.0, 1.0])
        slope: FloatArray = (of_rate / self.persons)[:, None] * (outcome - self.rate[:, None])
        return slope

    def through_share(self, of_share: FloatArray) -> FloatArray:
        """Return slopes in the persons of the cells from those in their shares."""
        result: FloatArray = (of_share - of_share @ self.share) / self.total
        return result

    def through_numbers(self, of_logarithm: FloatArray) -> FloatArray:
        """Return slopes in the persons of the cells from those in the logarithms of the numbers, K × n."""
        result = np.zeros(len(self.persons))
        for values, group, margin in zip(
            self.counted.T @ of_logarithm, self.groups, self.margins, strict=True
        ):
            result += np.bincount(group, weights=values / margin)[group]
        return result


def _exchanged(a: FloatArray, b: FloatArray, factor: int) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
    """Exchange the numbers of one factor in every order, in every cell.

    Parameters
    ----------
    a, b
        K × n numbers of the two populations.

    Returns
    -------
    exchanged
        n: the mean, over the orders, of what the exchange changes in the product.
    slopes
        Two K × n: its slopes in the logarithms of the numbers of either population.
    """
    n_factors, n_cells = a.shape
    others = [other for other in range(n_factors) if other != factor]
    exchanged = np.zeros(n_cells)
    of_a, of_b = np.zeros((n_factors, n_cells)), np.zeros((n_factors, n_cells))
    for size in range(n_factors):
        for subset in combinations(others, size):
            product = np.full(n_cells, _weight(size, n_factors))
            for other in others:
                product = product * (a if other in subset else b)[other]
            change = product * (a[factor] - b[factor])
            exchanged += change
            of_a[factor] += product * a[factor]
            of_b[factor] -= product * b[factor]
            for other in others:
                (of_a if other in subset else of_b)[other] += change
    return exchanged, (of_a, of_b)


# --- regressions ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Drawn:
    """Numbers computed from counts, with their slopes in the basic ones: means and coefficients.

    Attributes
    ----------
    value
        m numbers.
    slope
        m × P.
    """

    value: FloatArray
    slope: FloatArray

    def __add__(self, other: "_Drawn") -> "_Drawn":
        return _Drawn(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: "_Drawn") -> "_Drawn":
        return _Drawn(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: "_Drawn") -> "_Drawn":
        slope = self.slope * other.value[:, None] + other.slope * self.value[:, None]
        return _Drawn(self.value * other.value, slope)

    def __truediv__(self, other: "_Drawn") -> "_Drawn":
        quotient = self.value / other.value
        return _Drawn(quotient, (self.slope - other.slope * quotient[:, None]) / other.value[:, None])

    def by(self, blocks: FloatArray) -> "_Drawn":
        """Return sums of the numbers: blocks (B × m) times them."""
        return _Drawn(blocks @ self.value, blocks @ self.slope)


def _weighted(change: _Drawn, index: _Drawn) -> _Drawn:
    """Give every part of a linear index its share of a change of probability."""
    whole = index.by(np.ones((1, len(index.value))))
    if whole.value[0] == 0:
        if change.value[0] == 0:
            return _Drawn(np.zeros_like(index.value), np.zeros_like(index.slope))
        raise ValueError(
            "The linear index is the same in both populations, so a change has no parts by factor."
        )
    return index / whole * change


@dataclass(frozen=True)
class _Counted:
    """Two populations in cells, and the columns of their regressions.

    Attributes
    ----------
    names, labels
        K factors, and M columns.
    matrix
        n × M: one, and a dummy for every category of every factor.
    blocks
        (1 + K) × M: which columns are the constant and each factor.
    is_common
        M: which columns somebody of both populations has.
    counts
        Those compared, the reference, and everybody in either; each n × 2.
    is_part
        Whether those compared are among the reference.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    matrix: FloatArray
    blocks: FloatArray
    is_common: NDArray[np.bool_]
    counts: tuple[FloatArray, FloatArray, FloatArray]
    is_part: bool

    def persons_of(self, population: int) -> tuple[bool, bool]:
        """Return whether those compared, and the reference, are what a population is counted from."""
        return ((True, False), (False, True), (not self.is_part, True))[population]

    def slopes(self, population: int, of_person: FloatArray) -> FloatArray:
        """Return m × 2 × n × 2 slopes in the counts from those of one more person, m × n × 2."""
        of = self.persons_of(population)
        return np.stack([of_person if counted else np.zeros_like(of_person) for counted in of], axis=1)

    def mean(self, population: int, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return means of m × n values over the persons of a population, and their slopes in the counts."""
        persons = self.counts[population][:, 0]
        mean: FloatArray = values @ persons / persons.sum()
        of_person = np.repeat(((values - mean[:, None]) / persons.sum())[:, :, None], 2, axis=2)
        return mean, self.slopes(population, of_person)

    def rate(self, population: int) -> tuple[FloatArray, FloatArray]:
        """Return the rate of a population, one number, and its slopes in the counts."""
        total = self.counts[population].sum(axis=0)
        of_person = np.broadcast_to(_of_mean(total), (1, len(self.matrix), 2))
        return np.array([total[1] / total[0]]), self.slopes(population, of_person)

    def coefficients(self, population: int, *, logit: bool) -> tuple[FloatArray, FloatArray]:
        """Fit a population; return M coefficients and their slopes in the counts.

        They are around the mean of the common categories of each factor; 0 for a category without persons.
        """
        counts = self.counts[population]
        there = counts[:, 0] > 0
        # Without the first common category of each factor, and without categories that nobody is in.
        kept = [0]
        spread = np.zeros((self.matrix.shape[1],) * 2)
        spread[0, 0] = 1
        for columns in self.blocks[1:] > 0:
            common = np.flatnonzero(columns & self.is_common)
            chosen = [
                column
                for column in np.flatnonzero(columns)
                if column != common[0] and self.matrix[there, column].any()
            ]
            for column in chosen:
                kept.append(int(column))
                spread[column, column] += 1
                if column in common:
                    spread[columns, column] -= 1 / len(common)
                    spread[0, column] += 1 / len(common)
        design, labels = self.matrix[:, kept], [self.labels[column] for column in kept]
        persons, events = counts[there].T
        if logit:
            fitted = fit_multinomial_cells(
                design[there],
                np.column_stack([persons - events, events]),
                names=labels,
                outcomes=("without the event", "with the event"),
            )
            if not fitted.converged:
                raise ValueError(f"Newton's method did not converge in {fitted.n_iterations} iterations.")
            params = fitted.params[:, 0]
            probability = expit(design @ params)
            weights = persons * (probability * (1 - probability))[there]
        else:
            params = fit_linear_probability_cells(design[there], events, persons, names=labels).params
            probability, weights = design @ params, persons
        information = (design[there].T * weights) @ design[there]
        to_all = spread[:, kept]
        # One more person in a cell pulls the coefficients towards its outcome.
        pull = to_all @ np.linalg.solve(information, design.T)
        outcome = np.array([0.0, 1.0])
        return to_all @ params, self.slopes(population, pull[:, :, None] * (outcome - probability[:, None]))

    def one_sided_share(self, side: int) -> float:
        """Return the share of the persons of a population with a category that the other lacks."""
        persons = self.counts[side][:, 0]
        return float(persons[self.matrix[:, ~self.is_common].any(axis=1)].sum() / persons.sum())


_COMPARED, _REFERENCE, _EVERYBODY = 0, 1, 2


class _Regressions:
    """Fits to the populations, with the covariance of all that is computed from them.

    Attributes
    ----------
    means
        M means of the columns, in the compared population and in the reference.
    coefficients
        M of each population that was fitted: a logit to everybody alone.
    rates, chances
        Of a logit: share with the event, and mean probability under the coefficients of everybody, in the
        compared population and in the reference; one number each.
    """

    def __init__(self, counted: _Counted, *, logit: bool) -> None:
        self.counted = counted
        sides = (_COMPARED, _REFERENCE)
        basic = [counted.mean(side, counted.matrix.T) for side in sides]
        # The whole is everybody: its coefficients are the standard.
        fitted = [_EVERYBODY] if logit else [_COMPARED, _EVERYBODY] if counted.is_part else [0, 1, 2]
        basic.extend(counted.coefficients(population, logit=logit) for population in fitted)
        if logit:
            probability = expit(counted.matrix @ basic[-1][0])
            basic.extend(counted.rate(side) for side in sides)
            basic.extend(counted.mean(side, probability[None, :]) for side in sides)
        slopes = np.concatenate([slope for _, slope in basic])
        c, r, _ = counted.counts
        self._covariance = _covariance(slopes, c, r, counted.is_part)
        drawn, start = [], 0
        for value, _ in basic:
            drawn.append(_Drawn(value, np.eye(len(value), len(slopes), start)))
            start += len(value)
        self.means = (drawn[0], drawn[1])
        self.coefficients = dict(zip(fitted, drawn[2:], strict=False))
        self.coefficients.setdefault(_REFERENCE, self.coefficients[_EVERYBODY])
        if logit:
            self.rates = (drawn[3], drawn[4])
            self.chances = tuple(
                _Drawn(
                    chance.value,
                    chance.slope
                    + counted.mean(side, (probability * (1 - probability))[None, :] * counted.matrix.T)[0][
                        None, :
                    ]
                    @ self.coefficients[_EVERYBODY].slope,
                )
                for side, chance in zip(sides, drawn[5:], strict=True)
            )

    def result(
        self, method: Method, composition: _Drawn, rate: _Drawn, terms_of_rate: tuple[str, ...]
    ) -> Decomposition:
        """Return the parts, those of composition by factor, as a decomposition."""
        counted = self.counted
        c, r, _ = counted.counts
        slope = np.concatenate([composition.slope, rate.slope])
        return Decomposition(
            method=method,
            persons=(c[:, 0].sum(), r[:, 0].sum()),
            events=(c[:, 1].sum(), r[:, 1].sum()),
            components=(COMPOSITION,) * len(counted.names) + (RATE,) * len(terms_of_rate),
            terms=(*counted.names, *terms_of_rate),
            contributions=np.concatenate([composition.value, rate.value]),
            covariance=slope @ self._covariance @ slope.T,
            only_compared_share=counted.one_sided_share(_COMPARED),
            only_reference_share=counted.one_sided_share(_REFERENCE),
        )


def _counted(categories: Any, compared: ArrayLike, reference: ArrayLike, is_part: bool) -> _Counted:
    codes, names, levels, c, r = _read(categories, compared, reference, is_part)
    columns, of_factor, labels = [np.ones(len(codes))], [0], [CONSTANT]
    for factor, name in enumerate(names):
        for code, level in enumerate(levels[factor]):
            columns.append((codes[:, factor] == code).astype(float))
            of_factor.append(factor + 1)
            labels.append(f"{name} {level}")
    matrix = np.column_stack(columns)
    blocks = (np.array(of_factor) == np.arange(len(names) + 1)[:, None]).astype(float)
    is_common = (c[:, 0] @ matrix > 0) & (r[:, 0] @ matrix > 0)
    for name, block in zip(names, blocks[1:], strict=True):
        if not (block @ is_common):
            raise ValueError(f"The two populations have no category of {name} in common.")
    return _Counted(names, tuple(labels), matrix, blocks, is_common, (c, r, r if is_part else c + r), is_part)
