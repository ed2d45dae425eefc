"""The trinomial logit: against statsmodels, R and print, by its own theory, and on data it must refuse."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from utvandring.estimators import design
from utvandring.logit import (
    Coefficients,
    Derivative,
    Discrete,
    MultinomialFit,
    average_marginal_effects,
    fit_multinomial,
    fit_multinomial_cells,
    probability_difference,
)

R = Path(__file__).parent / "r"
PUBLISHED = Path(__file__).parents[3] / "seeds" / "published"
TERMS_OF_R = {
    "simulated": ["constant", "age", "age_sq_scaled", "female", "size"],
    "infert": ["constant", "age", "parity", "case", "spontaneous"],
}
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=15, deadline=None, derandomize=True)


def simulate(
    seed: int, n: int = 3000, n_outcomes: int = 3, n_dummies: int = 3
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Draw persons with a constant, an age, its square and dummies, and outcomes by the logit."""
    rng = np.random.default_rng(seed)
    age = rng.integers(15, 75, n).astype(float)
    dummies = rng.random((n, n_dummies)) < 0.4
    X = np.column_stack([np.ones(n), age, (age / 10) ** 2, dummies])
    beta = rng.normal(scale=0.4, size=(X.shape[1], n_outcomes - 1))
    beta[1] = rng.normal(scale=0.01, size=n_outcomes - 1)
    beta[2] = rng.normal(scale=0.005, size=n_outcomes - 1)
    utility = np.column_stack([np.zeros(n), X @ beta]) + rng.gumbel(size=(n, n_outcomes))
    names = ["constant", "age", "age_sq", *(f"dummy_{k}" for k in range(1, n_dummies + 1))]
    return X, utility.argmax(axis=1), names


def public_data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Give regressors and outcomes of a data set that statsmodels ships."""
    data = getattr(sm.datasets, name).load_pandas()
    X = sm.add_constant(data.exog).to_numpy(float)
    y = data.endog.to_numpy(float)
    if name == "fair":
        y = np.digitize(y, [1e-9, 1.0])
    return X, y.astype(int)


def same(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=tolerance, atol=0)


# Against statsmodels


@pytest.mark.parametrize("data", ["simulated", "two outcomes", "four outcomes", "anes96", "fair"])
def test_estimates_and_standard_errors_are_those_of_statsmodels(data: str) -> None:
    if data in ("anes96", "fair"):
        X, y = public_data(data)
    else:
        X, y, _ = simulate(1, n_outcomes={"simulated": 3, "two outcomes": 2, "four outcomes": 4}[data])
    ours = fit_multinomial(X, y)
    theirs = sm.MNLogit(y, X).fit(method="newton", disp=0, tol=1e-14, maxiter=100)
    assert ours.converged
    same(ours.params, theirs.params, 1e-8)
    same(ours.std_errors, theirs.bse, 1e-8)
    same(ours.z, theirs.tvalues, 1e-8)
    np.testing.assert_allclose(ours.p_values, theirs.pvalues, rtol=1e-6, atol=1e-300)
    scale = np.outer(ours.std_errors.ravel(order="F"), ours.std_errors.ravel(order="F"))
    np.testing.assert_allclose(ours.cov / scale, theirs.cov_params() / scale, atol=1e-8)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-12)
    assert ours.log_likelihood_null == pytest.approx(theirs.llnull, rel=1e-7)
    same(ours.predict(X[:50]), theirs.predict(X[:50]), 1e-8)


def test_a_large_fit_that_starts_from_a_sample_is_that_of_statsmodels() -> None:
    X, y, names = simulate(2, n=60_000)
    ours = fit_multinomial(X, y, names=names)
    theirs = sm.MNLogit(y, X).fit(method="newton", disp=0, tol=1e-14)
    same(ours.params, theirs.params, 1e-8)
    same(ours.std_errors, theirs.bse, 1e-8)


def test_a_large_fit_does_without_the_sample_where_the_sample_is_singular() -> None:
    X, y, _ = simulate(3, n=60_000)
    # This dummy is never 1 in the rows of the sample.
    odd = (np.arange(len(X)) % 16 == 1).astype(float)
    fit = fit_multinomial(np.column_stack([X, odd]), y)
    assert fit.converged
    same(fit.params[-1], fit_multinomial(np.column_stack([odd, X])[::-1], y[::-1]).params[0], 1e-8)


def test_robust_and_clustered_standard_errors_are_those_of_statsmodels() -> None:
    X, y, _ = simulate(4)
    persons = np.random.default_rng(5).integers(0, 400, len(y))
    model = sm.MNLogit(y, X)
    settings_ = {"method": "newton", "disp": 0, "tol": 1e-14}
    robust = fit_multinomial(X, y, vcov="robust")
    same(robust.std_errors, model.fit(cov_type="HC0", **settings_).bse, 1e-8)
    same(robust.std_errors_classical, fit_multinomial(X, y).std_errors, 1e-14)
    clustered = fit_multinomial(X, y, clusters=persons)
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": persons}, **settings_)
    # statsmodels multiplies by (n − 1)/(n − k) as well, which is a rule for least squares.
    n, k = len(y), robust.params.size
    same(clustered.std_errors * np.sqrt((n - 1) / (n - k)), theirs.bse, 1e-8)
    assert clustered.vcov == "cluster"
    assert clustered.n_clusters == len(set(persons))


def test_average_derivatives_are_those_of_statsmodels() -> None:
    X, y = public_data("anes96")
    names = ["constant", "population", "position", "age", "education", "income"]
    fit = fit_multinomial(X, y, names=names)
    theirs = sm.MNLogit(y, X).fit(method="newton", disp=0, tol=1e-14).get_margeff()
    ours = average_marginal_effects(fit, X, {name: Derivative(name) for name in names[1:]})
    shape = (len(names) - 1, 7)
    same(ours["estimate"].to_numpy().reshape(shape), theirs.margeff, 1e-8)
    same(ours["std_error"].to_numpy().reshape(shape), theirs.margeff_se, 1e-6)


def test_average_effects_of_dummies_are_those_of_statsmodels() -> None:
    """For two outcomes: statsmodels cannot take dummies in its MNLogit."""
    X, y, names = simulate(26, n=1500, n_outcomes=2)
    fit = fit_multinomial(X, y, names=names)
    theirs = sm.Logit(y, X).fit(method="newton", disp=0, tol=1e-14).get_margeff(dummy=True)
    ours = average_marginal_effects(fit, X).query("outcome == '1'")
    assert ours["term"].tolist() == names[1:]
    same(ours["estimate"].to_numpy(), theirs.margeff, 1e-8)
    same(ours["std_error"].to_numpy(), theirs.margeff_se, 1e-6)


# Against R: stored values, made by tests/python/estimators/r/reference.R


@pytest.mark.parametrize(
    ("data", "model"),
    [("simulated", "multinom"), ("simulated", "multinom_weighted"), ("infert", "multinom")],
)
def test_estimates_and_standard_errors_are_those_of_r(data: str, model: str) -> None:
    frame = pd.read_csv(R / f"{data}.csv")
    stored = pd.read_csv(R / "estimates.csv", dtype={"equation": str}).query(
        "data == @data and model == @model"
    )
    logs = pd.read_csv(R / "log_likelihoods.csv").query("data == @data and model == @model")
    X = frame[TERMS_OF_R[data]]
    weights = frame["weight"] if model == "multinom_weighted" else None
    shape = {"classical": "std_error", "robust": "std_error_robust", "cluster": "std_error_clustered"}
    fits = [
        fit_multinomial(X, frame["outcome"], weights=weights),
        fit_multinomial(X, frame["outcome"], weights=weights, vcov="robust"),
        fit_multinomial(X, frame["outcome"], weights=weights, clusters=frame["person"]),
    ]
    for fit in fits:
        assert fit.tidy()["term"].tolist() == stored["term"].tolist()
        assert fit.tidy()["equation"].tolist() == stored["equation"].tolist()
        # multinom climbs by BFGS and stops a little below the maximum.
        np.testing.assert_allclose(
            (fit.params.ravel(order="F") - stored["estimate"]) / stored["std_error"], 0, atol=1e-7
        )
        same(fit.std_errors.ravel(order="F"), stored[shape[fit.vcov]], 1e-8)
        assert fit.log_likelihood == pytest.approx(logs["log_likelihood"].item(), rel=1e-10)


# Against print


def printed_coefficients() -> pd.DataFrame:
    printed = pd.read_csv(PUBLISHED / "published_mnl.csv", dtype={"table_id": str})
    table = printed[printed["table_id"] == "6.1"]
    order = table["term"].drop_duplicates()
    return table.pivot_table(index="term", columns="equation", values="estimate").loc[
        order, ["internal_outmigration", "emigration"]
    ]


def regressors(person: dict[str, object], terms: list[str]) -> np.ndarray:
    """Lay a printed profile out in the terms of table 6.1; reference categories have no term."""
    age = float(str(person["age"]))
    values = {
        "constant": 1.0,
        "age": age,
        "age_sq_scaled": (age / 10) ** 2,
        "female": float(person["sex"] == "female"),
        "family_total": float(str(person["family_total"])),
        "family_immigrants": float(str(person["family_immigrants"])),
        f"centrality_{person['centrality']}": 1.0,
        f"status_{person['status']}": 1.0,
        f"bg_{person['background']}": 1.0,
        str(person["education"]): 1.0,
        str(person["residence"]): 1.0,
    }
    return np.array([values.get(term, 0.0) for term in terms])


@pytest.mark.parametrize("table_id", ["6.2", "6.4", "6.5", "6.6"])
def test_printed_coefficients_give_the_printed_differences(table_id: str) -> None:
    coefficients = printed_coefficients()
    terms = coefficients.index.tolist()
    profiles = pd.read_csv(PUBLISHED / "published_mnl_difference_profiles.csv", dtype=str)
    reference = profiles.set_index("table_id").loc[table_id].to_dict()
    differences = pd.read_csv(PUBLISHED / "published_mnl_differences.csv", dtype={"table_id": str})
    table = differences[differences["table_id"] == table_id]
    column = {"6.2": "residence", "6.4": "background", "6.5": "education"}.get(table_id)
    params = coefficients.to_numpy()
    checked = 0
    for comparison, rows in table.groupby("comparison"):
        compared = dict(reference)
        if column is None:
            _, compared["family_total"], _, compared["family_immigrants"] = str(comparison).split("_")
        else:
            compared[column] = comparison
        estimate, _ = probability_difference(
            params, np.eye(params.size), regressors(reference, terms), regressors(compared, terms)
        )
        printed = rows.set_index("outcome").loc[["stay", "internal_outmigration", "emigration"], "estimate"]
        np.testing.assert_allclose(estimate, printed, atol=0.0006)
        checked += 3
    assert checked == len(table) > 0


def test_bic_and_scaled_r2_are_those_that_the_report_prints() -> None:
    """Table 6.1: −116 665, k = 54 and n = 545 966 give 117 022; logL₀ = −0.2609 n gives 0.099."""
    fit = MultinomialFit(
        params=np.zeros((27, 2)),
        cov=np.eye(54),
        cov_classical=np.eye(54),
        log_likelihood=-116665,
        log_likelihood_null=-0.2609 * 545966,
        n_obs=545966,
        n_iterations=1,
        converged=True,
        names=tuple(f"x{k}" for k in range(27)),
        outcomes=("stay", "internal_outmigration", "emigration"),
        vcov="classical",
    )
    assert fit.schwarz_bic == pytest.approx(117022, abs=0.5)
    assert fit.scaled_r2 == pytest.approx(0.099, abs=0.0005)


# The delta method


def test_standard_errors_of_differences_follow_a_numerical_jacobian() -> None:
    X, y, _ = simulate(6, n_outcomes=4)
    fit = fit_multinomial(X, y)
    reference, compared = X[0], X[1]

    def difference(theta: np.ndarray) -> np.ndarray:
        params = theta.reshape(fit.params.shape, order="F")
        return probability_difference(params, fit.cov, reference, compared)[0]

    jacobian = numerical_jacobian(difference, fit.params.ravel(order="F"), fit.std_errors.ravel(order="F"))
    estimate, std_error = probability_difference(fit.params, fit.cov, reference, compared)
    same(std_error, np.sqrt(np.diag(jacobian @ fit.cov @ jacobian.T)), 1e-6)
    assert estimate.sum() == pytest.approx(0, abs=1e-15)
    same(estimate, fit.predict(X[[1]])[0] - fit.predict(X[[0]])[0], 1e-10)


def numerical_jacobian(function, at: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Differentiate by central differences of fourth order, in steps that suit each argument."""
    columns = []
    for k in range(len(at)):
        step = np.zeros(len(at))
        step[k] = 0.01 * unit[k]
        near = function(at + step) - function(at - step)
        far = function(at + 2 * step) - function(at - 2 * step)
        columns.append((8 * near - far) / (12 * step[k]))
    return np.column_stack(columns)


def test_average_effects_and_their_standard_errors_follow_numerical_derivatives() -> None:
    X, y, names = simulate(7, n=500, n_outcomes=3)
    # Dummies 1 and 2 belong to one set.
    X[:, 4] *= 1 - X[:, 3]
    weights = np.random.default_rng(8).integers(1, 5, len(y))
    fit = fit_multinomial(X, y, names=names, weights=weights)
    effects = {
        "age": Derivative("age", {"age_sq": lambda age: age / 50}),
        "dummy_1": Discrete("dummy_1", instead_of=["dummy_2"]),
        "dummy_3": Discrete("dummy_3"),
    }

    def probabilities(theta: np.ndarray, data: np.ndarray) -> np.ndarray:
        eta = np.column_stack([np.zeros(len(data)), data @ theta.reshape(fit.params.shape, order="F")])
        odds = np.exp(eta)
        return weights @ (odds / odds.sum(axis=1, keepdims=True)) / weights.sum()

    def aged(by: float) -> np.ndarray:
        data = X.copy()
        data[:, 1] += by
        data[:, 2] = (data[:, 1] / 10) ** 2
        return data

    def put(columns: list[int], values: list[float]) -> np.ndarray:
        data = X.copy()
        data[:, columns] = values
        return data

    def expected(theta: np.ndarray) -> np.ndarray:
        near = probabilities(theta, aged(0.01)) - probabilities(theta, aged(-0.01))
        far = probabilities(theta, aged(0.02)) - probabilities(theta, aged(-0.02))
        set_ = probabilities(theta, put([3, 4], [1, 0])) - probabilities(theta, put([3, 4], [0, 0]))
        own = probabilities(theta, put([5], [1])) - probabilities(theta, put([5], [0]))
        return np.concatenate([(8 * near - far) / 0.12, set_, own])

    ours = average_marginal_effects(fit, X, effects, weights=weights)
    theta = fit.params.ravel(order="F")
    np.testing.assert_allclose(ours["estimate"], expected(theta), rtol=1e-6, atol=1e-12)
    jacobian = numerical_jacobian(expected, theta, fit.std_errors.ravel(order="F"))
    same(ours["std_error"].to_numpy(), np.sqrt(np.diag(jacobian @ fit.cov @ jacobian.T)), 1e-6)
    np.testing.assert_allclose(ours.groupby("term")["estimate"].sum(), 0, atol=1e-14)


def test_average_effects_by_default_take_every_column_that_varies() -> None:
    X, y, names = simulate(9)
    fit = fit_multinomial(X, y, names=names)
    table = average_marginal_effects(fit, X)
    assert table["term"].unique().tolist() == names[1:]
    named = average_marginal_effects(fit, X, {"dummy_2": Discrete("dummy_2"), "age": Derivative("age")})
    pd.testing.assert_frame_equal(
        table[table["term"] == "dummy_2"].reset_index(drop=True), named[named["term"] == "dummy_2"]
    )
    with pytest.raises(ValueError, match="'age' holds other values"):
        average_marginal_effects(fit, X, {"age": Discrete("age")})
    with pytest.raises(ValueError, match="No column is called 'income'"):
        average_marginal_effects(fit, X, {"income": Derivative("income")})


# What theory says must hold


@quick
@given(seeds, st.integers(2, 5))
def test_differences_sum_to_zero(seed: int, n_outcomes: int) -> None:
    rng = np.random.default_rng(seed)
    params = rng.normal(scale=3, size=(4, n_outcomes - 1))
    root = rng.normal(size=(params.size, params.size))
    estimate, std_error = probability_difference(
        params, root @ root.T, rng.normal(size=4), rng.normal(size=4)
    )
    assert abs(estimate.sum()) < 1e-14
    assert (std_error >= 0).all()
    assert estimate.shape == std_error.shape == (n_outcomes,)


@quick
@given(seeds, st.floats(-50, 50), st.floats(0.01, 100))
def test_shifting_and_scaling_a_column_moves_the_coefficients_as_theory_says(
    seed: int, shift: float, scale: float
) -> None:
    X, y, _ = simulate(seed, n=800)
    before = fit_multinomial(X, y)
    moved = X.copy()
    moved[:, 1] = shift + scale * X[:, 1]
    after = fit_multinomial(moved, y)
    expected = before.params.copy()
    expected[1] /= scale
    expected[0] -= shift * expected[1]
    np.testing.assert_allclose((after.params - expected) / after.std_errors, 0, atol=1e-7)
    same(after.std_errors[1], before.std_errors[1] / scale, 1e-7)
    same(after.std_errors[2:], before.std_errors[2:], 1e-7)
    assert after.log_likelihood == pytest.approx(before.log_likelihood, rel=1e-11)


@quick
@given(seeds)
def test_weights_and_cells_equal_repeated_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y, names = simulate(seed, n=400)
    X[:, 1] = np.round(X[:, 1], -1)
    X[:, 2] = (X[:, 1] / 10) ** 2
    weights = rng.integers(1, 6, len(y))
    rows = np.repeat(np.arange(len(y)), weights)
    cells, position = np.unique(X, axis=0, return_inverse=True)
    counts = np.zeros((len(cells), 3))
    np.add.at(counts, (position, y), weights)
    for vcov in ("classical", "robust"):
        repeated = fit_multinomial(X[rows], y[rows], vcov=vcov)
        weighted = fit_multinomial(X, y, weights=weights, vcov=vcov)
        grouped = fit_multinomial_cells(cells, counts, names=names, vcov=vcov)
        for fit in (weighted, grouped):
            np.testing.assert_allclose((fit.params - repeated.params) / repeated.std_errors, 0, atol=1e-8)
            same(fit.std_errors, repeated.std_errors, 1e-8)
            assert fit.n_obs == repeated.n_obs == weights.sum()
            assert fit.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)
            assert fit.log_likelihood_null == pytest.approx(repeated.log_likelihood_null, rel=1e-12)
    clustered = fit_multinomial(X, y, weights=weights, clusters=np.arange(len(y)))
    same(clustered.std_errors, fit_multinomial(X[rows], y[rows], clusters=rows).std_errors, 1e-8)


@quick
@given(seeds)
def test_the_order_of_rows_and_of_outcomes_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y, _ = simulate(seed, n=800)
    persons = rng.integers(0, 100, len(y))
    order = rng.permutation(len(y))
    fit = fit_multinomial(X, y, clusters=persons)
    shuffled = fit_multinomial(X[order], y[order], clusters=persons[order])
    np.testing.assert_allclose((shuffled.params - fit.params) / fit.std_errors, 0, atol=1e-9)
    same(shuffled.std_errors, fit.std_errors, 1e-9)
    swapped = fit_multinomial(X, np.array([0, 2, 1])[y], clusters=persons)
    np.testing.assert_allclose((swapped.params[:, ::-1] - fit.params) / fit.std_errors, 0, atol=1e-9)
    same(swapped.std_errors[:, ::-1], fit.std_errors, 1e-9)


def test_clusters_of_one_row_give_the_robust_covariance() -> None:
    X, y, _ = simulate(10, n=30_000)  # three blocks
    n = len(y)
    clustered = fit_multinomial(X, y, clusters=[f"person {i}" for i in range(n)])
    same(clustered.std_errors, fit_multinomial(X, y, vcov="robust").std_errors * np.sqrt(n / (n - 1)), 1e-9)


def test_clusters_may_be_larger_than_a_block() -> None:
    X, y, _ = simulate(11, n=40_000)
    persons = np.random.default_rng(12).integers(0, 3, len(y))
    fit = fit_multinomial(X, y, clusters=persons)
    residual = (y[:, None] == [1, 2]) - fit.predict(X)[:, 1:]
    scores = np.concatenate([residual[:, [j]] * X for j in range(2)], axis=1)
    sums = np.stack([scores[persons == g].sum(axis=0) for g in range(3)])
    expected = fit.cov_classical @ (sums.T @ sums) @ fit.cov_classical * 3 / 2
    same(fit.std_errors.ravel(order="F"), np.sqrt(np.diag(expected)), 1e-6)


def test_a_model_without_a_constant_is_fitted() -> None:
    X, y, _ = simulate(13)
    ours = fit_multinomial(X[:, 3:], y)
    theirs = sm.MNLogit(y, X[:, 3:]).fit(method="newton", disp=0, tol=1e-14)
    same(ours.params, theirs.params, 1e-8)
    same(ours.std_errors, theirs.bse, 1e-8)


def test_a_dummy_that_covers_an_outcome_is_no_separation_without_a_constant() -> None:
    X, _, _ = simulate(13)
    y = np.where(X[:, 3] == 1, np.arange(len(X)) % 2, 0)
    ours = fit_multinomial(X[:, [1, 3]], y)
    theirs = sm.MNLogit(y, X[:, [1, 3]]).fit(method="newton", disp=0, tol=1e-14)
    same(ours.params, theirs.params, 1e-8)
    with pytest.raises(ValueError, match="outcome '1' never occurs where column 'x2' is 0"):
        fit_multinomial(X[:, [0, 1, 3]], y)


@pytest.mark.parametrize("seed", [53, 108, 241])
def test_a_full_step_that_overshoots_is_halved(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=40) * rng.choice([0.01, 1, 100], size=40)
    y = (rng.random(40) < 1 / (1 + np.exp(-np.clip(3 * x + 4, -50, 50)))).astype(int)
    X = np.column_stack([np.ones(40), x])
    fit = fit_multinomial(X, y)
    assert fit.converged
    np.testing.assert_allclose(X.T @ (y - fit.predict(X)[:, 1]), 0, atol=1e-9)


def test_a_sample_of_rows_unlike_the_others_does_no_harm() -> None:
    rng = np.random.default_rng(23)
    x = rng.normal(size=60_000)
    slope = np.where(np.arange(len(x)) % 16 == 0, 30, -30)
    y = (rng.random(len(x)) < 1 / (1 + np.exp(-slope * x))).astype(int)
    X = np.column_stack([np.ones(len(x)), x])
    order = rng.permutation(len(x))
    same(fit_multinomial(X, y).params[1], fit_multinomial(X[order], y[order]).params[1], 1e-8)


def test_a_column_far_from_zero_converges_and_is_no_separation() -> None:
    X, y, _ = simulate(24)
    far = np.column_stack([X, 1e4 + np.random.default_rng(25).normal(size=len(y))])
    near = far - np.array([0, 0, 0, 0, 0, 0, 1e4])
    ours, expected = fit_multinomial(far, y), fit_multinomial(near, y)
    assert ours.converged
    np.testing.assert_allclose((ours.params - expected.params)[1:] / expected.std_errors[1:], 0, atol=1e-7)
    same(ours.std_errors[1:], expected.std_errors[1:], 1e-5)


def test_a_rare_outcome_is_no_separation() -> None:
    X, y, _ = simulate(15, n=5000)
    y[:] = np.where(np.arange(len(y)) % 50 == 1, 1, 0)
    rare = np.flatnonzero(X[:, 3] == 1)
    y[rare] = 0
    y[rare[0]] = 1
    ours = fit_multinomial(X, y)
    theirs = sm.MNLogit(y, X).fit(method="newton", disp=0, tol=1e-14, maxiter=100)
    assert ours.converged
    same(ours.params, theirs.params, 1e-8)
    same(ours.std_errors, theirs.bse, 1e-8)


# Form


def test_a_tidy_table_has_one_row_for_each_coefficient() -> None:
    X, y, names = simulate(16)
    outcomes = ["stay", "internal_outmigration", "emigration"]
    fit = fit_multinomial(pd.DataFrame(X, columns=names), y, outcomes=outcomes)
    table = fit.tidy()
    assert table.columns.tolist() == [
        "term", "equation", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
    ]  # fmt: skip
    assert table["term"].tolist() == names * 2
    assert table["equation"].tolist() == [outcomes[1]] * 6 + [outcomes[2]] * 6
    row = table[(table["term"] == "age") & (table["equation"] == "emigration")].iloc[0]
    assert row["estimate"] == fit.params[1, 1]
    assert row["std_error"] == pytest.approx(np.sqrt(fit.cov[7, 7]), rel=1e-14)
    assert row["conf_high"] - row["conf_low"] == pytest.approx(
        2 * 1.959963984540054 * row["std_error"], rel=1e-12
    )
    assert isinstance(fit.n_obs, int)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, _ = simulate(22, n=300_000)
    fits = []
    for processors in (1, 3):
        monkeypatch.setattr(design, "_processors", lambda processors=processors: processors)
        fits.append(fit_multinomial(X, y, vcov="robust"))
    assert fits[0].params.tobytes() == fits[1].params.tobytes()
    assert fits[0].cov.tobytes() == fits[1].cov.tobytes()
    assert fits[0].log_likelihood == fits[1].log_likelihood


def test_memory_is_the_data_and_a_few_blocks() -> None:
    X, y, _ = simulate(17, n=120_000, n_dummies=20)
    weights = np.ones(len(y))
    tracemalloc.start()
    try:
        fit_multinomial(X, y, weights=weights)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 4


def test_a_fit_that_is_cut_short_says_so() -> None:
    X, y, _ = simulate(18)
    fit = fit_multinomial(X, y, max_iterations=2)
    assert not fit.converged
    assert fit.n_iterations == 2


@pytest.mark.parametrize("max_iterations", [1, 2, 3])
def test_a_large_fit_that_is_cut_short_says_so(max_iterations: int) -> None:
    X, y, _ = simulate(18, n=60_000)
    fit = fit_multinomial(X, y, max_iterations=max_iterations)
    assert not fit.converged
    assert fit.n_iterations <= max_iterations


@pytest.mark.parametrize("n", [55_000, 450_000])
def test_the_covariance_of_a_large_fit_is_taken_at_the_maximum(n: int) -> None:
    """The second size is sampled twice."""
    X, y, _ = simulate(27, n=n)
    fit = fit_multinomial(X, y)
    p = fit.predict(X)[:, 1:]
    residual = (y[:, None] == [1, 2]) - p
    size = X.shape[1]
    information = np.empty((2, size, 2, size))
    for j in range(2):
        for m in range(2):
            information[j, :, m] = (X * (p[:, j] * ((j == m) - p[:, m]))[:, None]).T @ X
    cov = np.linalg.inv(information.reshape(2 * size, 2 * size))
    score = (X.T @ residual).ravel(order="F")
    assert fit.converged
    assert score @ cov @ score < 1e-18
    same(fit.std_errors.ravel(order="F"), np.sqrt(np.diag(cov)), 1e-9)


# Bad input


def bad(change, match: str):
    return pytest.param(change, match, id=match)


def with_nan(X, y):
    X[5, 3] = np.nan
    return {"X": X}


def with_infinity(X, y):
    X[7, 1] = np.inf
    return {"X": X}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        bad(with_nan, "'dummy_1' holds nan .row 5"),
        bad(with_infinity, "'age' holds inf .row 7"),
        bad(lambda X, y: {"X": X[:, 0]}, "two dimensions"),
        bad(lambda X, y: {"X": X[:, :0], "names": []}, "no columns"),
        bad(lambda X, y: {"X": X.astype(str)[:, :1] + "a", "names": ["a"]}, "must hold numbers"),
        bad(lambda X, y: {"y": y[:-1]}, r"y must have shape \(300,\)"),
        bad(lambda X, y: {"y": y - 1}, "runs from -1 to 1"),
        bad(lambda X, y: {"y": y + 0.5}, "row 0 has"),
        bad(lambda X, y: {"y": np.where(y == 1, np.nan, y)}, "has nan"),
        bad(lambda X, y: {"y": np.where(y == 2, 2013, y)}, "without gaps"),
        bad(lambda X, y: {"y": np.where(y == 1, 2, y)}, "Outcome '1' never occurs"),
        bad(lambda X, y: {"y": np.minimum(y, 1), "outcomes": ["stay", "internal", "emigration"]},
            "Outcome 'emigration' never occurs"),
        bad(lambda X, y: {"y": y, "outcomes": ["stay", "emigration"]}, r"0 … 1, but runs from 0 to 2"),
        bad(lambda X, y: {"y": 0 * y}, "Only outcome '0' occurs"),
        bad(lambda X, y: {"y": y[:4], "X": X[:4]}, "4 rows cannot determine .* 6 columns"),
        bad(lambda X, y: {"weights": np.r_[np.ones(299), -1]}, "row 299 has -1"),
        bad(lambda X, y: {"weights": np.r_[0, np.ones(299)]}, "row 0 has 0"),
        bad(lambda X, y: {"weights": np.r_[np.ones(299), np.nan]}, "row 299 has nan"),
        bad(lambda X, y: {"weights": np.ones(3)}, "one for each row of X"),
        bad(lambda X, y: {"names": ["a", "b"]}, "2 names of columns were given for 6"),
        bad(lambda X, y: {"names": list("abcdea")}, "'a' occurs more than once"),
        bad(lambda X, y: {"X": np.c_[X, 0 * X[:, 0]], "names": [*"abcdef", "empty"]},
            "'empty' is zero in every row"),
        bad(lambda X, y: {"X": np.c_[X, 7 * X[:, 0]], "names": [*"abcdef", "flat"]},
            "'flat' is a linear combination of 'a'"),
        bad(lambda X, y: {"X": np.c_[X, X[:, 3]], "names": [*"abcdef", "again"]},
            "'again' is a linear combination of 'd'"),
        bad(lambda X, y: {"X": np.c_[X, 2 * X[:, 1] - X[:, 4]], "names": [*"abcdef", "mix"]},
            "'mix' is a linear combination of 'b', 'e'"),
        bad(lambda X, y: {"X": np.c_[X, 1 - X[:, 5], 1 - X[:, 4]], "names": [*"abcdef", "g", "h"]},
            "'g' is a linear combination of 'a', 'f'; column 'h' is a linear combination of 'a', 'e'"),
        bad(lambda X, y: {"X": np.c_[X, X[:, 3] * (y != 2)], "names": [*"abcdef", "quiet"]},
            "outcome '2' never occurs where column 'quiet' is 1"),
        bad(lambda X, y: {"X": np.c_[X, (y == 1) | (X[:, 3] == 1)], "names": [*"abcdef", "loud"]},
            "outcome '1' never occurs where column 'loud' is 0"),
        bad(lambda X, y: {"vcov": "HC3"}, "vcov must be"),
        bad(lambda X, y: {"vcov": "robust", "clusters": y}, "either vcov='robust' or clusters"),
        bad(lambda X, y: {"clusters": y[:9]}, "clusters must have shape"),
        bad(lambda X, y: {"clusters": 0 * y}, "at least two clusters"),
        bad(lambda X, y: {"clusters": np.where(y == 1, np.nan, y)}, "clusters has no value in row"),
        bad(lambda X, y: {"max_iterations": 0}, "max_iterations"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(change, match: str) -> None:
    X, y, names = simulate(19, n=300)
    arguments = {"X": X, "y": y, "names": names} | change(X.copy(), y)
    if np.ndim(arguments["X"]) == 2 and len(arguments["names"]) == 6 != np.shape(arguments["X"])[1]:
        del arguments["names"]
    with pytest.raises(ValueError, match=match):
        fit_multinomial(**arguments)


@pytest.mark.parametrize("n_outcomes", [2, 3])
def test_general_separation_names_the_columns_that_separate(n_outcomes: int) -> None:
    rng = np.random.default_rng(20)
    names = ["constant", "left", "right", "other"]
    X = np.column_stack([np.ones(500), rng.normal(size=(500, 3))])
    above = X[:, 1] + X[:, 2] > 0.4
    y = np.where(above, n_outcomes - 1, rng.integers(0, n_outcomes - 1, 500))
    with pytest.raises(ValueError, match="grow without limit") as refused:
        fit_multinomial(X, y, names=names, outcomes=["stay", "internal", "emigration"][-n_outcomes:])
    text = str(refused.value)
    assert "'left'" in text
    assert "'right'" in text
    assert "'other'" not in text
    assert "'emigration'" in text


def test_quasi_separation_by_a_category_of_three_values_is_found() -> None:
    """The level 2 of a count never emigrates, which no dummy shows."""
    rng = np.random.default_rng(21)
    level = rng.integers(0, 3, 900)
    X = np.column_stack([np.ones(900), level, level == 1]).astype(float)
    y = np.where((level < 2) & (rng.random(900) < 0.3), 2, rng.integers(0, 2, 900))
    with pytest.raises(ValueError, match="the equation of outcome 'emigration' grow without limit"):
        fit_multinomial(X, y, names=["constant", "level", "one"], outcomes=["stay", "internal", "emigration"])


@pytest.mark.parametrize(
    ("counts", "match"),
    [
        ([[1, 2], [3, -1], [1, 1]], "row 1 has -1.0 of outcome '1'"),
        ([[1, 2], [3, np.nan], [1, 1]], "row 1 has nan"),
        ([[1], [3], [1]], "at least two"),
        ([[1, 2], [3, 1]], "counts has 2 rows, X has 3"),
        ([[1, 0], [3, 0], [2, 0]], "Outcome '1' never occurs"),
    ],
)
def test_bad_cells_are_refused_by_name(counts, match: str) -> None:
    X = np.array([[1.0, 0], [1, 1], [1, 2]])
    with pytest.raises(ValueError, match=match):
        fit_multinomial_cells(X, counts)


def test_empty_cells_are_left_out() -> None:
    X = np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]])
    counts = pd.DataFrame({"stay": [5, 6, 0, 9], "emigration": [4, 2, 0, 1]})
    with_empty = fit_multinomial_cells(X, counts, clusters=[1, 2, 3, 4])
    without = fit_multinomial_cells(X[[0, 1, 3]], counts.iloc[[0, 1, 3]], clusters=[1, 2, 4])
    same(with_empty.std_errors, without.std_errors, 1e-14)
    assert with_empty.outcomes == ("stay", "emigration")
    assert with_empty.n_obs == 27


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"cov": np.eye(3)}, "cov must be 4 × 4"),
        ({"x_compared": [1.0, 2.0, 3.0]}, "x_compared must have shape"),
        ({"x_reference": [1.0, np.nan]}, "x_reference must be finite"),
        ({"params": [[np.nan, 1], [1, 1]]}, "params must be finite"),
    ],
)
def test_differences_of_bad_input_are_refused(changed, match: str) -> None:
    arguments = {"params": np.ones((2, 2)), "cov": np.eye(4), "x_reference": [1.0, 0], "x_compared": [1.0, 1]}
    with pytest.raises(ValueError, match=match):
        probability_difference(**(arguments | changed))


# Names, not positions


def named_data() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return regressors with their names, outcomes, and the weights of the rows."""
    X, y, names = simulate(31, n=800)
    return pd.DataFrame(X, columns=names), y, np.random.default_rng(32).integers(1, 4, len(y))


def test_columns_of_a_frame_are_matched_by_name() -> None:
    X, y, weights = named_data()
    turned = X[X.columns[::-1]]
    effects = {"age": Derivative("age"), "dummy_1": Discrete("dummy_1")}
    for fit, counts in (
        (fit_multinomial(X, y), None),
        (fit_multinomial(X, y, weights=weights), weights),
        (fit_multinomial(X.to_numpy(), y, names=X.columns), None),
    ):
        expected = fit.predict(X.to_numpy())
        assert expected.shape == (len(X), 3)
        for frame in (X, turned, pa.Table.from_pandas(turned)):
            same(fit.predict(frame), expected, 1e-12)
        pd.testing.assert_frame_equal(
            average_marginal_effects(fit, turned, effects, weights=counts),
            average_marginal_effects(fit, X.to_numpy(), effects, weights=counts),
        )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda X: X.drop(columns="age"), "has no column 'age'"),
        (lambda X: X.assign(income=1.0), "has columns that the fit has not: 'income'"),
        (lambda X: X.rename(columns={"age": "alder"}), "no column 'age' and has columns .*: 'alder'"),
        (lambda X: pd.DataFrame(X.to_numpy()), "has no column 'constant', 'age'"),
        (lambda X: X.assign(b=1).rename(columns={"b": "age"}), "'age' occurs more than once"),
        (lambda X: X.to_numpy()[:, 1:], "must have 6 columns as in the fit"),
    ],
)
def test_other_columns_than_those_of_the_fit_are_refused(change: Callable, says: str) -> None:
    X, y, _ = named_data()
    fit = fit_multinomial(X, y)
    for use in (fit.predict, lambda frame: average_marginal_effects(fit, frame)):
        with pytest.raises(ValueError, match=says):
            use(change(X))


def test_a_fit_without_names_takes_arrays_only() -> None:
    X, y, _ = named_data()
    fit = fit_multinomial(X.to_numpy(), y)
    assert fit.predict(X.to_numpy()).shape == (len(X), 3)
    for use in (fit.predict, lambda frame: average_marginal_effects(fit, frame)):
        for frame in (X, pd.DataFrame(X.to_numpy())):
            with pytest.raises(ValueError, match="without names of columns, so X must be an array"):
                use(frame)


def test_names_in_another_order_than_those_of_the_frame_are_refused() -> None:
    X, y, _ = named_data()
    with pytest.raises(ValueError, match="'dummy_3' was given for column 0, which is 'constant'"):
        fit_multinomial(X, y, names=X.columns[::-1])
    assert fit_multinomial(X, y, names=list("abcdef")).names == tuple("abcdef")
    counts = pd.DataFrame(np.eye(3)[y], columns=["stay", "internal", "emigration"])
    with pytest.raises(ValueError, match="names of outcomes are in another order"):
        fit_multinomial_cells(X, counts, outcomes=["stay", "emigration", "internal"])


def test_effects_of_cells_ask_for_their_weights() -> None:
    X, y, weights = named_data()
    cells = fit_multinomial_cells(X, np.eye(3)[y] * weights[:, None])
    stored = Coefficients(cells.params, cells.cov, cells.names, cells.outcomes, weighted=True)
    for fit in (cells, fit_multinomial(X, y, weights=weights), stored):
        with pytest.raises(ValueError, match="made of cells or with weights"):
            average_marginal_effects(fit, X)
        assert len(average_marginal_effects(fit, X, weights=np.ones(len(X)))) == 15


def test_differences_of_named_persons_are_matched_by_name() -> None:
    X, y, _ = named_data()
    fit = fit_multinomial(X, y)
    named = pd.DataFrame(fit.params, index=fit.names)
    expected = probability_difference(fit.params, fit.cov, X.to_numpy()[0], X.to_numpy()[1])
    reference, compared = X.iloc[0][::-1], X.iloc[1]
    for first, second in (
        (reference, compared),
        (dict(reference), dict(compared)),
        (X.iloc[[0], ::-1], X.iloc[[1]]),
    ):
        found = probability_difference(named, fit.cov, first, second)
        same(np.array(found), np.array(expected), 1e-12)
    with pytest.raises(ValueError, match="x_compared has no column 'age'"):
        probability_difference(named, fit.cov, reference, compared.drop("age"))
    with pytest.raises(ValueError, match="x_reference has columns that the fit has not: 'income'"):
        probability_difference(named, fit.cov, {**reference, "income": 1}, compared)
    with pytest.raises(ValueError, match="params have no names, so x_reference must be an array"):
        probability_difference(fit.params, fit.cov, reference, compared)
    rows = probability_difference(fit.params, fit.cov, X.iloc[0], X.iloc[1])
    same(np.array(rows), np.array(expected), 1e-12)
    labels = list(fit.names) * 2
    turned = pd.DataFrame(fit.cov, index=labels, columns=labels).iloc[::-1, ::-1]
    with pytest.raises(ValueError, match="cov must have the names of params in their order"):
        probability_difference(named, turned, reference, compared)
