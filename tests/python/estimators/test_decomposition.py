"""Decompositions of a difference of rates: by hand, by definition, against statsmodels, and in draws."""

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.oaxaca import OaxacaBlinder

from utvandring.estimators.decomposition import Decomposition, kitagawa, oaxaca_blinder, yun_logit

METHODS = (kitagawa, oaxaca_blinder, yun_logit)
Method = Callable[..., Decomposition]


def parts(found: Decomposition) -> dict[tuple[str, str], float]:
    return dict(zip(zip(found.components, found.terms, strict=True), found.contributions, strict=True))


def drawn(seed: int, levels: tuple[int, ...] = (2, 3, 2), mean: float = 60.0) -> tuple[pd.DataFrame, ...]:
    """Return cells, compared counts and reference counts of two populations that differ in everything."""
    rng = np.random.default_rng(seed)
    cells = pd.DataFrame(
        list(itertools.product(*(range(n) for n in levels))),
        columns=[f"factor_{k}" for k in range(len(levels))],
    )
    sides = []
    for _ in range(2):
        persons = rng.poisson(mean * rng.gamma(2, 0.5, len(cells))) + 5
        sides.append(np.column_stack([persons, rng.binomial(persons, rng.uniform(0.1, 0.4, len(cells)))]))
    return cells, *sides


def test_an_example_worked_by_hand() -> None:
    # Rates 0.1 and 0.01 against 0.05 and 0.02; a quarter is young against a half.
    found = kitagawa(
        pd.DataFrame({"age": ["young", "old"]}), [[100, 10], [300, 3]], [[200, 10], [200, 4]], is_part=False
    )
    assert found.compared_rate - found.reference_rate == pytest.approx(-0.0025)
    assert parts(found) == pytest.approx(
        {
            ("composition", "age"): -0.25 * 0.075 + 0.25 * 0.015,
            ("composition", "only_compared"): 0,
            ("composition", "only_reference"): 0,
            ("rate", "all"): 0.375 * 0.05 + 0.625 * -0.01,
        }
    )
    assert found.total() == pytest.approx(
        (-0.0025, np.sqrt(0.0325 * 0.9675 / 400 + 0.035 * 0.965 / 400))  # two independent rates
    )


def test_a_cell_that_one_population_lacks_is_composition_and_has_a_name() -> None:
    # The common cells have the rates 0.1 and 0.2 against 0.05 and 0.1 and the same shares; of the reference a
    # fifth is in a cell with a rate of one half, which lifts it from 0.075 to 0.16.
    cells = pd.DataFrame({"age": ["young", "old", "oldest"]})
    compared, reference = [[50, 5], [50, 10], [0, 0]], [[40, 2], [40, 4], [20, 10]]
    found = kitagawa(cells, compared, reference, is_part=False)
    assert parts(found) == pytest.approx(
        {
            ("composition", "age"): 0,
            ("composition", "only_compared"): 0,
            ("composition", "only_reference"): -(0.16 - 0.075),
            ("rate", "all"): 0.075,
        },
        abs=1e-15,
    )
    assert (found.only_compared_share, found.only_reference_share) == (0, pytest.approx(0.2))
    # The regression has no coefficient for it in one population: the rate component does not hold it.
    linear = oaxaca_blinder(cells, compared, reference, is_part=False)
    assert linear.only_reference_share == pytest.approx(0.2)
    assert linear.total()[0] == pytest.approx(-0.01)


def test_three_factors_that_are_independent_have_the_parts_of_their_margins() -> None:
    # 0.1, and 0.1 more for x and 0.05 more for z, in both populations; 0.4 against 0.5 have x, 0.8 against
    # 0.5 have z.
    cells = pd.DataFrame(list(itertools.product((0, 1), repeat=3)), columns=["x", "y", "z"])
    rate = 0.1 + 0.1 * cells["x"] + 0.05 * cells["z"]
    sides = []
    for x, z in ((0.4, 0.8), (0.5, 0.5)):
        share = (
            np.where(cells["x"], x, 1 - x) * np.where(cells["y"], 0.5, 0.5) * np.where(cells["z"], z, 1 - z)
        )
        sides.append(np.column_stack([4000 * share, 4000 * share * rate]))
    found = parts(kitagawa(cells, *sides, is_part=False))
    assert found == pytest.approx(
        {
            ("composition", "x"): -0.01,
            ("composition", "y"): 0,
            ("composition", "z"): 0.015,
            ("composition", "only_compared"): 0,
            ("composition", "only_reference"): 0,
            ("rate", "all"): 0,
        },
        abs=1e-12,
    )


def test_three_factors_have_the_mean_over_all_orders_of_the_numbers_of_das_gupta() -> None:
    cells, compared, reference = drawn(4)
    names = list(cells)

    def numbers(counts: np.ndarray) -> dict[str, np.ndarray]:
        persons = pd.Series(counts[:, 0].astype(float))

        def n(*factors: str) -> np.ndarray:
            if not factors:
                return np.full(len(cells), persons.sum())
            return persons.groupby([cells[factor] for factor in factors]).transform("sum").to_numpy()

        result = {}
        for own in names:
            j, k = (other for other in names if other != own)
            result[own] = (n(own, j, k) / n(j, k) * n(own) / n()) ** (1 / 3) * (
                n(own, j) / n(j) * n(own, k) / n(k)
            ) ** (1 / 6)
        return result

    a, b = numbers(compared), numbers(reference)
    mean_rate = (compared[:, 1] / compared[:, 0] + reference[:, 1] / reference[:, 0]) / 2
    expected = dict.fromkeys(names, 0.0)
    for order in itertools.permutations(names):
        current = dict(b)
        for factor in order:
            before = np.prod(list(current.values()), axis=0)
            current[factor] = a[factor]
            expected[factor] += mean_rate @ (np.prod(list(current.values()), axis=0) - before) / 6
    found = parts(kitagawa(cells, compared, reference, is_part=False))
    assert {name: found["composition", name] for name in names} == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_part", [True, False])
def test_the_parts_add_up_and_depend_on_no_order_and_no_reference_category(
    method: Method, is_part: bool
) -> None:
    cells, compared, other = drawn(5)
    reference = compared + other if is_part else other
    found = method(cells, compared, reference, is_part=is_part)
    assert found.contributions.sum() == pytest.approx(found.compared_rate - found.reference_rate, abs=1e-14)
    # Other names put other categories first; columns and rows in another order.
    again = cells.map(lambda level: 9 - level)[list(reversed(cells.columns))].iloc[::-1]
    renamed = method(again, compared[::-1], reference[::-1], is_part=is_part)
    assert parts(renamed) == pytest.approx(parts(found), abs=1e-12)
    errors = [
        dict(zip(zip(one.components, one.terms, strict=True), np.diag(one.covariance), strict=True))
        for one in (found, renamed)
    ]
    assert errors[1] == pytest.approx(errors[0], abs=1e-14)
    # The difference has the error of the two rates: of a part and the rest of its whole, where it is a part.
    p, q = found.compared_rate, (other[:, 1].sum() / other[:, 0].sum())
    share = compared[:, 0].sum() / reference[:, 0].sum() if is_part else 0
    variance = p * (1 - p) / compared[:, 0].sum() + q * (1 - q) / other[:, 0].sum()
    if is_part:
        # The share that is compared is chance too, and moves the rate of the whole.
        total = reference[:, 0].sum()
        variance = (1 - share) ** 2 * variance + (p - q) ** 2 * share * (1 - share) / total
    assert found.total()[1] == pytest.approx(np.sqrt(variance))


def test_composition_and_rate_are_those_of_statsmodels_with_pooled_coefficients() -> None:
    cells, compared, reference = drawn(6)
    rows = []
    for group, counts in enumerate((reference, compared)):
        for (_, cell), (persons, events) in zip(cells.iterrows(), counts, strict=True):
            rows.extend(
                [{**cell, "group": group, "event": e} for e in [1] * events + [0] * (persons - events)]
            )
    frame = pd.DataFrame(rows)
    design = sm.add_constant(
        pd.get_dummies(frame[list(cells)].astype(str), drop_first=True, dtype=float).assign(
            group=frame["group"]
        )
    )
    theirs = OaxacaBlinder(frame["event"], design, "group", swap=False).two_fold(two_fold_type="nuemark")
    found = oaxaca_blinder(cells, compared, reference, is_part=False)
    # Of theirs the first population is that of the smaller value; unexplained, explained, difference.
    unexplained, explained, gap = theirs.params
    assert abs(found.total("rate")[0]) == pytest.approx(abs(unexplained), rel=1e-9)
    assert abs(found.total("composition")[0]) == pytest.approx(abs(explained), rel=1e-9)
    assert found.total("composition")[0] * gap * found.total()[0] == pytest.approx(
        explained * found.total()[0] ** 2, rel=1e-9
    )


@pytest.mark.parametrize(
    ("method", "is_part"), [(kitagawa, False), (kitagawa, True), (oaxaca_blinder, True), (yun_logit, False)]
)
def test_intervals_cover_the_truth_in_repeated_draws(method: Method, is_part: bool) -> None:
    cells = pd.DataFrame(list(itertools.product((0, 1), (0, 1, 2))), columns=["x", "y"])
    truth = [
        np.column_stack([persons, persons * rate])
        for persons, rate in (
            (np.array([900.0, 800, 700, 300, 200, 100]), np.array([0.3, 0.3, 0.25, 0.15, 0.2, 0.1])),
            (np.array([400.0, 600, 800, 1000, 1200, 1400]), np.array([0.25, 0.2, 0.2, 0.1, 0.1, 0.05])),
        )
    ]
    rng = np.random.default_rng(8)

    def decomposed(part: np.ndarray, rest: np.ndarray) -> Decomposition:
        return method(cells, part, part + rest if is_part else rest, is_part=is_part)

    def again(counts: np.ndarray) -> np.ndarray:
        stayed, events = rng.poisson(counts[:, 0] - counts[:, 1]), rng.poisson(counts[:, 1])
        return np.column_stack([stayed + events, events])

    exact = decomposed(*truth)
    found = [decomposed(again(truth[0]), again(truth[1])) for _ in range(100)]
    for component in ("composition", "rate"):
        values, errors = np.array([one.total(component) for one in found]).T
        covered = np.abs(values - exact.total(component)[0]) < 1.96 * errors
        assert 0.90 <= covered.mean() <= 0.99, component
    spread = np.array([one.contributions for one in found]).std(axis=0)
    assert spread == pytest.approx(np.sqrt(np.diag(exact.covariance)), rel=0.2, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_part", [True, False])
def test_the_covariance_is_that_of_small_changes_of_every_count_also_with_cells_on_one_side(
    method: Method, is_part: bool
) -> None:
    cells, compared, other = drawn(9, levels=(2, 3))
    compared, other = compared.astype(float), other.astype(float)
    compared[[2, 5]] = 0  # a category that nobody of those compared is in
    other[0] = 0

    def parts_of(one: np.ndarray, rest: np.ndarray) -> Decomposition:
        return method(cells, one, one + rest if is_part else rest, is_part=is_part)

    expected = 0.0
    for side, counts in enumerate((compared, other)):
        for cell, event in itertools.product(range(len(cells)), (0, 1)):
            n = counts[cell, 1] if event else counts[cell, 0] - counts[cell, 1]
            if n == 0:
                continue
            ends = []
            for step in (1e-3, -1e-3):
                changed = [compared.copy(), other.copy()]
                changed[side][cell] += (step, step * event)
                ends.append(parts_of(changed[0], changed[1]).contributions)
            slope = (ends[0] - ends[1]) / 2e-3
            expected = expected + n * np.outer(slope, slope)
    assert parts_of(compared, other).covariance == pytest.approx(expected, rel=1e-5, abs=1e-11)


CELLS = pd.DataFrame({"age": ["young", "old"]})
GOOD = [[100, 10], [100, 20]]


@pytest.mark.parametrize(
    ("cells", "compared", "reference", "is_part", "said"),
    [
        (
            CELLS,
            [[0, 0], [0, 0]],
            GOOD,
            False,
            "compared population has no persons, so that its rate is unknown",
        ),
        (CELLS, GOOD, [[0, 0], [0, 0]], False, "reference population has no persons"),
        (CELLS, GOOD, GOOD, False, "compared with itself: there is no difference to take apart"),
        (CELLS, [[9, 1], [0, 0]], [[0, 0], [9, 1]], False, "no (group|category of age) in common"),
        (CELLS, [[9, 1], [300, 1]], GOOD, True, "more persons or events than the whole"),
        (CELLS, [[9, 10], [9, 1]], GOOD, False, "compared must hold counts"),
        (CELLS, [[9, 1]], GOOD, False, r"compared must have shape \(2, 2\)"),
        (CELLS.replace("old", None), [[9, 1], [9, 2]], GOOD, False, "lacks a category"),
        (CELLS.replace("old", "young"), [[9, 1], [9, 2]], GOOD, False, "one occurs twice"),
        (CELLS[[]], [[9, 1], [9, 2]], GOOD, False, "at least one factor"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_taken_apart_is_refused_in_one_sentence(
    method: Method,
    cells: pd.DataFrame,
    compared: list[list[int]],
    reference: list[list[int]],
    is_part: bool,
    said: str,
) -> None:
    with pytest.raises(ValueError, match=said):
        method(cells, compared, reference, is_part=is_part)


def test_a_logit_that_cannot_be_fitted_says_why() -> None:
    with pytest.raises(ValueError, match="age"):
        yun_logit(CELLS, [[90, 0], [90, 5]], [[100, 0], [100, 20]], is_part=False)
