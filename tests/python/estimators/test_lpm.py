"""The linear probability model: against statsmodels and R, by its own theory, and on data it must refuse."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from utvandring.lpm import fit_linear_probability, fit_linear_probability_cells

R = Path(__file__).parent / "r"
TERMS_OF_R = {
    "simulated": ["constant", "age", "age_sq_scaled", "female", "size"],
    "infert": ["constant", "age", "parity", "case", "spontaneous"],
}
OUTCOMES = ["stay", "internal_outmigration", "emigration"]
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=15, deadline=None, derandomize=True)


def simulate(seed: int, n: int = 3000) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Draw persons with a constant, an age and dummies, and three outcomes; the dead have none of them."""
    rng = np.random.default_rng(seed)
    age = rng.integers(15, 75, n).astype(float)
    X = np.column_stack([np.ones(n), age, rng.random((n, 3)) < 0.4])
    emigration = 0.02 + 0.1 * X[:, 2] + 0.001 * (75 - age)
    drawn = rng.random(n)
    y = np.column_stack(
        [
            (drawn > emigration + 0.05) & (drawn < 0.97),
            (drawn > emigration) & (drawn <= emigration + 0.05),
            drawn <= emigration,
        ]
    )
    return X, y, ["constant", "age", "dummy_1", "dummy_2", "dummy_3"]


def same(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=tolerance, atol=0)


# Against statsmodels


@pytest.mark.parametrize("data", ["simulated", "anes96", "fair"])
@pytest.mark.parametrize("vcov", ["classical", "HC1", "cluster"])
def test_estimates_and_standard_errors_are_those_of_statsmodels(data: str, vcov: str) -> None:
    if data == "simulated":
        X, y, _ = simulate(1)
    else:
        shipped = getattr(sm.datasets, data).load_pandas()
        X = sm.add_constant(shipped.exog).to_numpy(float)
        # The last outcome of `fair` is a number of hours, which least squares takes as well.
        values = shipped.endog.to_numpy(float)
        y = np.column_stack([values == 0, values > 1, values if data == "fair" else values > 4])
    persons = np.random.default_rng(2).integers(0, len(X) // 5, len(X))
    if vcov == "cluster":
        ours = fit_linear_probability(X, y, clusters=persons)
        arguments = {"cov_type": "cluster", "cov_kwds": {"groups": persons}, "use_t": True}
    else:
        ours = fit_linear_probability(X, y, vcov=vcov)
        arguments = {"cov_type": "nonrobust" if vcov == "classical" else vcov, "use_t": True}
    assert ours.vcov == vcov
    for m in range(3):
        theirs = sm.OLS(y[:, m].astype(float), X).fit(**arguments)
        same(ours.params[:, m], theirs.params, 1e-8)
        same(ours.std_errors[:, m], theirs.bse, 1e-8)
        same(ours.t[:, m], theirs.tvalues, 1e-8)
        np.testing.assert_allclose(ours.p_values[:, m], theirs.pvalues, rtol=1e-6, atol=1e-300)
        assert ours.residual_variance[m] == pytest.approx(theirs.scale, rel=1e-10)
        limits = ours.tidy(0.9).query("equation == @ours.outcomes[@m]")[["conf_low", "conf_high"]]
        np.testing.assert_allclose(limits, theirs.conf_int(0.1), atol=1e-8 * np.abs(theirs.params).max())
        same(ours.std_errors_classical[:, m], sm.OLS(y[:, m].astype(float), X).fit().bse, 1e-8)


def test_one_outcome_is_fitted_as_vectors() -> None:
    X, y, _ = simulate(3)
    one = fit_linear_probability(X, y[:, 2], vcov="HC1")
    several = fit_linear_probability(X, y, vcov="HC1")
    assert one.params.shape == one.std_errors.shape == one.t.shape == one.p_values.shape == (5,)
    assert one.cov.shape == (5, 5)
    assert several.cov.shape == (3, 5, 5)
    same(one.params, several.params[:, 2], 1e-12)
    same(one.cov, several.cov[2], 1e-9)
    assert len(one.tidy()) == 5
    same(one.predict(X[:4]), X[:4] @ one.params, 1e-14)


# Against R: stored values, made by tests/python/estimators/r/reference.R


@pytest.mark.parametrize("data", ["simulated", "infert"])
def test_estimates_and_standard_errors_are_those_of_r(data: str) -> None:
    frame = pd.read_csv(R / f"{data}.csv")
    stored = pd.read_csv(R / "estimates.csv", dtype={"equation": str}).query(
        "data == @data and model == 'lm'"
    )
    X = frame[TERMS_OF_R[data]]
    y = pd.DataFrame({str(j): frame["outcome"] == j for j in range(3)})
    for column, arguments in (
        ("std_error", {}),
        ("std_error_robust", {"vcov": "HC1"}),
        ("std_error_clustered", {"clusters": frame["person"]}),
    ):
        table = fit_linear_probability(X, y, **arguments).tidy()
        assert table["term"].tolist() == stored["term"].tolist()
        assert table["equation"].tolist() == stored["equation"].tolist()
        same(table["estimate"].to_numpy(), stored["estimate"], 1e-9)
        same(table["std_error"].to_numpy(), stored[column], 1e-9)


# What theory says must hold


@quick
@given(seeds)
def test_estimates_of_exhaustive_outcomes_sum_to_zero_and_their_constants_to_one(seed: int) -> None:
    X, y, _ = simulate(seed, n=500)
    y[:, 0] = ~(y[:, 1] | y[:, 2])
    total = fit_linear_probability(X, y).params.sum(axis=1)
    np.testing.assert_allclose(total, [1, 0, 0, 0, 0], atol=1e-12)


@quick
@given(seeds, st.floats(-1000, 1000), st.floats(0.001, 1000))
def test_shifting_and_scaling_a_column_moves_the_coefficients_as_theory_says(
    seed: int, shift: float, scale: float
) -> None:
    X, y, _ = simulate(seed, n=500)
    before = fit_linear_probability(X, y, vcov="HC1")
    moved = X.copy()
    moved[:, 1] = shift + scale * X[:, 1]
    if shift**2 > 1e6 * scale**2:
        return  # almost a constant: digits are lost before the fit begins
    after = fit_linear_probability(moved, y, vcov="HC1")
    expected = before.params.copy()
    expected[1] /= scale
    expected[0] -= shift * expected[1]
    np.testing.assert_allclose((after.params - expected) / after.std_errors, 0, atol=1e-7)
    same(after.std_errors[1], before.std_errors[1] / scale, 1e-7)
    same(after.std_errors[2:], before.std_errors[2:], 1e-7)


def test_a_column_far_from_zero_keeps_its_digits() -> None:
    X, y, _ = simulate(6)
    far = X + np.array([0, 1e5, 0, 0, 0])
    ours, expected = fit_linear_probability(far, y), fit_linear_probability(X, y)
    np.testing.assert_allclose((ours.params - expected.params)[1:] / expected.std_errors[1:], 0, atol=1e-10)
    same(ours.std_errors[1:], expected.std_errors[1:], 1e-6)


@quick
@given(seeds)
def test_weights_and_cells_equal_repeated_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y, names = simulate(seed, n=400)
    X[:, 1] = np.round(X[:, 1], -1)
    weights = rng.integers(1, 6, len(y))
    rows = np.repeat(np.arange(len(y)), weights)
    cells, position = np.unique(X, axis=0, return_inverse=True)
    events, totals = np.zeros((len(cells), 3)), np.zeros(len(cells))
    np.add.at(events, position, y * weights[:, None])
    np.add.at(totals, position, weights)
    for vcov in ("classical", "HC1"):
        repeated = fit_linear_probability(X[rows], y[rows], vcov=vcov)
        weighted = fit_linear_probability(X, y, weights=weights, vcov=vcov)
        grouped = fit_linear_probability_cells(cells, events, totals, names=names, vcov=vcov)
        for fit in (weighted, grouped):
            np.testing.assert_allclose((fit.params - repeated.params) / repeated.std_errors, 0, atol=1e-9)
            same(fit.std_errors, repeated.std_errors, 1e-9)
            assert fit.n_obs == repeated.n_obs == weights.sum()
            assert fit.degrees_of_freedom == weights.sum() - 5
    clustered = fit_linear_probability(X, y, weights=weights, clusters=np.arange(len(y)))
    same(clustered.std_errors, fit_linear_probability(X[rows], y[rows], clusters=rows).std_errors, 1e-9)


@quick
@given(seeds)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y, _ = simulate(seed, n=500)
    persons = rng.integers(0, 100, len(y))
    order = rng.permutation(len(y))
    fit = fit_linear_probability(X, y, clusters=persons)
    shuffled = fit_linear_probability(X[order], y[order], clusters=persons[order])
    np.testing.assert_allclose((shuffled.params - fit.params) / fit.std_errors, 0, atol=1e-10)
    same(shuffled.std_errors, fit.std_errors, 1e-10)


# Form


def test_a_tidy_table_has_one_row_for_each_coefficient() -> None:
    X, y, names = simulate(4)
    fit = fit_linear_probability(pd.DataFrame(X, columns=names), pd.DataFrame(y, columns=OUTCOMES))
    table = fit.tidy()
    assert table.columns.tolist() == [
        "term", "equation", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
    ]  # fmt: skip
    assert table["term"].tolist() == names * 3
    assert table["equation"].tolist() == [outcome for outcome in OUTCOMES for _ in names]
    row = table[(table["term"] == "age") & (table["equation"] == "emigration")].iloc[0]
    assert row["estimate"] == fit.params[1, 2]
    assert row["statistic"] == fit.t[1, 2]
    assert isinstance(fit.n_obs, int)


# Bad input


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X, y: {"X": np.where([[False, True, False, False, False]], np.nan, X)}, "'age' holds nan"),
        (lambda X, y: {"X": np.where([[False, True, False, False, False]], -np.inf, X)}, "'age' holds -inf"),
        (lambda X, y: {"X": X[:, 0]}, "two dimensions"),
        (lambda X, y: {"X": X[:4], "y": y[:4]}, "4 rows cannot determine .* 5 columns"),
        (lambda X, y: {"X": X * [1, 1, 0, 1, 1]}, "'dummy_1' is zero in every row"),
        (lambda X, y: {"X": X[:, [0, 1, 2, 3, 3]]}, "'dummy_3' is a linear combination of 'dummy_2'"),
        (lambda X, y: {"X": X[:, [0, 1, 2, 3, 0]]}, "'dummy_3' is a linear combination of 'constant'"),
        (lambda X, y: {"y": y[:-1]}, "y must have 300 rows"),
        (lambda X, y: {"y": y[None]}, "y must have 300 rows"),
        (lambda X, y: {"y": np.where(y, np.nan, 0.0)}, "Outcome 'stay' holds nan"),
        (lambda X, y: {"y": y & [True, False, True]}, "Outcome 'internal_outmigration' never varies"),
        (lambda X, y: {"y": y | [False, False, True]}, "Outcome 'emigration' never varies: it is True"),
        (lambda X, y: {"outcomes": ["stay"]}, "1 names of outcomes were given for 3"),
        (lambda X, y: {"names": ["a"]}, "1 names of columns were given for 5"),
        (lambda X, y: {"weights": np.r_[np.ones(299), 0]}, "row 299 has 0"),
        (lambda X, y: {"weights": np.r_[np.ones(299), np.inf]}, "row 299 has inf"),
        (lambda X, y: {"weights": np.ones((300, 1))}, "weights must have shape"),
        (lambda X, y: {"vcov": "HC3"}, "vcov must be"),
        (lambda X, y: {"vcov": "HC1", "clusters": np.arange(300)}, "either vcov='HC1' or clusters"),
        (lambda X, y: {"clusters": np.arange(299)}, "clusters must have shape"),
    ],
)
def test_bad_input_is_refused_by_name(change, match: str) -> None:
    X, y, names = simulate(5, n=300)
    arguments = {"X": X, "y": y, "names": names, "outcomes": OUTCOMES} | change(X, y)
    with pytest.raises(ValueError, match=match):
        fit_linear_probability(**arguments)


@pytest.mark.parametrize(
    ("events", "totals", "match"),
    [
        ([[1, 2], [4, 0], [1, 1], [2, 2]], [3, 3, 3, 3], "Outcome 'y0' has 4.0 events among 3.0 .row 1"),
        ([[1, 2], [-1, 0], [1, 1], [2, 2]], [3, 3, 3, 3], "Outcome 'y0' has -1.0 events"),
        ([[1, 0], [2, 0], [1, 0], [2, 0]], [3, 3, 3, 3], "Outcome 'y1' never occurs"),
        ([[1, 3], [2, 3], [1, 3], [2, 3]], [3, 3, 3, 3], "Outcome 'y1' always occurs"),
        ([[1, 2], [2, 0]], [3, 3, 3, 3], "events must have 4 rows"),
        ([[1, 0], [1, 0], [1, 1], [2, 2]], [3, 0, 3, 3], "row 1 has 0"),
        ([[0.5, 0], [0, 0], [0, 0.5], [0, 0]], [0.5, 0.5, 0.5, 0.5], "no degrees of freedom"),
    ],
)
def test_bad_cells_are_refused_by_name(events, totals, match: str) -> None:
    X = np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]])
    with pytest.raises(ValueError, match=match):
        fit_linear_probability_cells(X, events, totals)


# Names, not positions


def test_columns_of_a_frame_are_matched_by_name() -> None:
    values, y, names = simulate(31)
    X = pd.DataFrame(values, columns=names)
    fit = fit_linear_probability(X, y)
    for frame in (values, X, X[X.columns[::-1]]):
        same(fit.predict(frame), values @ fit.params, 1e-12)
    with pytest.raises(ValueError, match="has no column 'age'"):
        fit.predict(X.drop(columns="age"))
    with pytest.raises(ValueError, match="has columns that the fit has not: 'income'"):
        fit.predict(X.assign(income=0))
    with pytest.raises(ValueError, match="'a', 'b', 'c', 'd', 'e'"):
        fit.predict(X.set_axis(list("abcde"), axis=1))
    with pytest.raises(ValueError, match="without names of columns, so X must be an array"):
        fit_linear_probability(values, y).predict(X)
    with pytest.raises(ValueError, match="names of columns are in another order"):
        fit_linear_probability(X, y, names=names[::-1])
    with pytest.raises(ValueError, match="names of outcomes are in another order"):
        fit_linear_probability(X, pd.DataFrame(y, columns=OUTCOMES), outcomes=OUTCOMES[::-1])
