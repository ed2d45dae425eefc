"""The panel logit: against direct integration, by its own theory, and on panels that it must refuse."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from utvandring.estimators.design import Design
from utvandring.estimators.panel_histories import Histories, read_histories
from utvandring.estimators.panel_likelihood import evaluate
from utvandring.estimators.panel_search import chi_bar_tail, chi_bar_weights, cone_weights
from utvandring.logit import (
    PanelMultinomialFit,
    average_marginal_effects,
    fit_multinomial,
    fit_panel_multinomial,
    panel_log_likelihood,
)

BETA = np.array([[-1.2, -1.8], [0.5, -0.3], [0.4, 0.8]])
SIGMA = np.array([[2.0, -1.0], [-1.0, 1.5]])
NAMES = ["constant", "x", "group"]
Panel = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw(seed: int, persons: int, sigma: np.ndarray = SIGMA, years: int = 5) -> Panel:
    """Draw a panel with late entry, in which an emigration (2) is a person's last row."""
    rng = np.random.default_rng(seed)
    person, year = np.repeat(np.arange(persons), years), np.tile(np.arange(years), persons)
    effects = rng.multivariate_normal([0, 0], sigma, persons)
    X = np.column_stack(
        [np.ones(len(person)), rng.normal(size=len(person)), np.repeat(rng.random(persons) < 0.4, years)]
    )
    utility = np.column_stack([np.zeros(len(person)), X @ BETA + effects[person]])
    y = (utility + rng.gumbel(size=utility.shape)).argmax(axis=1)
    entry = rng.integers(0, 3, persons)[person]
    left = np.where((y == 2) & (year >= entry), year, years).reshape(persons, years).min(axis=1)[person]
    kept = (year >= entry) & (year <= left)
    return X[kept], y[kept], person[kept]


@cache
def fitted() -> tuple[Panel, PanelMultinomialFit]:
    """Give one panel and its fit to all tests that only read them."""
    X, y, person = draw(1, 400)
    fit = fit_panel_multinomial(X, y, person, names=NAMES, outcomes=["stay", "internal", "emigration"])
    return (X, y, person), fit


def with_parameters(fit: PanelMultinomialFit, theta: np.ndarray) -> PanelMultinomialFit:
    factor = np.zeros((2, 2))
    factor[np.tril_indices(2)] = theta[6:]
    return replace(fit, params=theta[:6].reshape(2, 3).T, cholesky=factor)


def differences(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """Return the derivatives of a function by central differences, parameters last."""
    step = 1e-5
    each = [(function(at + h) - function(at - h)) / (2 * step) for h in np.eye(len(at)) * step]
    return np.stack(each, axis=-1)


def by_direct_integration(panel: Panel, params: np.ndarray, sigma: np.ndarray) -> float:
    """Sum the integrand over an even grid of effects, which has nothing in common with adaptive nodes."""
    X, y, person = panel
    axis = np.linspace(-8, 8, 161)
    z = np.stack([each.ravel() for each in np.meshgrid(axis, axis)])
    mass = np.exp(-0.5 * (z**2).sum(axis=0)) / (2 * np.pi) * (axis[1] - axis[0]) ** 2
    effects = np.linalg.cholesky(sigma) @ z
    total = 0.0
    for one in np.unique(person):
        likelihood = np.ones(z.shape[1])
        for x, outcome in zip(X[person == one], y[person == one], strict=True):
            odds = np.exp((x @ params)[:, None] + effects)
            likelihood *= (odds[outcome - 1] if outcome else 1.0) / (1 + odds.sum(axis=0))
        total += np.log(likelihood @ mass)
    return float(total)


# The likelihood


def test_one_person_with_two_outcomes_has_the_likelihood_of_adaptive_integration() -> None:
    y = [0, 0, 1, 1, 0, 1, 0, 0]
    values = {
        nodes: panel_log_likelihood(np.ones((8, 1)), y, [7] * 8, [-3.0], 2.5**2, nodes=nodes)
        for nodes in (1, 3, 5, 9, 15, 31)
    }
    rounded = {nodes: round(value, 5) for nodes, value in values.items()}
    assert rounded == {1: -6.99275, 3: -6.96865, 5: -6.96427, 9: -6.96356, 15: -6.96354, 31: -6.96354}
    assert values[31] == pytest.approx(-6.963538872576, abs=1e-10)


def test_one_person_with_three_outcomes_has_the_likelihood_of_adaptive_integration() -> None:
    sigma = [[4, 1.2], [1.2, 2.25]]
    y = [0, 0, 1, 0, 2, 0]
    values = [
        panel_log_likelihood(np.ones((6, 1)), y, ["a"] * 6, [[-2, -3]], sigma, nodes=nodes)
        for nodes in (1, 3, 5, 9, 15, 31)
    ]
    errors = np.abs(np.array(values) - -6.586829799665)
    assert (np.diff(errors) < 0).all()
    assert errors[-1] < 1e-10


def test_the_likelihood_is_that_of_direct_integration() -> None:
    panel = draw(2, 60)
    direct = by_direct_integration(panel, BETA, SIGMA)
    assert panel_log_likelihood(*panel, BETA, SIGMA, nodes=25) == pytest.approx(direct, abs=1e-6)
    panel, fit = fitted()
    here = panel_log_likelihood(*panel, fit.params, fit.random_covariance)
    assert fit.log_likelihood == pytest.approx(here, rel=1e-12)


def histories_of(n_effects: int) -> tuple[Histories, np.ndarray]:
    rng = np.random.default_rng(n_effects)
    X = np.column_stack([np.ones(40), rng.normal(size=40)])
    y = rng.integers(0, n_effects + 1, 40)
    weights = np.array([1.0, 2.0, 3.0])
    person = rng.integers(0, 12, 40)
    histories = read_histories(Design(X, ("constant", "x"), weights[person % 3]), y, person)
    return histories, rng.normal(size=2 * n_effects + n_effects * (n_effects + 1) // 2)


@pytest.mark.parametrize("n_effects", [1, 2, 3])
def test_the_gradient_is_that_of_the_approximated_likelihood_however_few_the_nodes(n_effects: int) -> None:
    histories, theta = histories_of(n_effects)
    for nodes in (1, 2, 5):
        at = evaluate(histories, theta, n_effects, nodes)
        expected = differences(
            lambda there, nodes=nodes: np.asarray(
                evaluate(histories, there, n_effects, nodes).log_likelihood
            ),
            theta,
        )
        np.testing.assert_allclose(at.gradient, expected, atol=2e-7)


def test_the_information_is_the_slope_of_the_gradient() -> None:
    histories, theta = histories_of(2)
    at = evaluate(histories, theta, 2, 21, information=True)
    slope = differences(lambda there: evaluate(histories, there, 2, 21).gradient, theta)
    np.testing.assert_allclose(at.information, -slope, atol=1e-5 * np.abs(slope).max())


# The fit


def test_the_order_of_rows_and_the_labels_of_persons_change_no_bit() -> None:
    (X, y, person), fit = fitted()
    order = np.random.default_rng(3).permutation(len(y))
    labels = np.array([f"id-{(one * 7919) % 1009}" for one in person])
    again = fit_panel_multinomial(X[order], y[order], labels[order], names=NAMES)
    assert again.log_likelihood == fit.log_likelihood
    np.testing.assert_array_equal(again.params, fit.params)
    np.testing.assert_array_equal(again.cov, fit.cov)
    effects = dict(zip(again.person_effects()["person"], again.person_effects()["1"], strict=True))
    first = fit.person_effects()
    for one, expected in zip(first["person"], first["internal"], strict=True):
        assert effects[f"id-{(one * 7919) % 1009}"] == expected


def test_the_start_does_not_change_the_estimates() -> None:
    (X, y, person), fit = fitted()
    start = np.r_[np.zeros(6), 3.0, 2.0, 0.2]
    other = fit_panel_multinomial(X, y, person, start=start)
    errors = np.sqrt(np.diag(fit.cov))
    assert np.abs((other.theta - fit.theta) / errors).max() < 1e-5
    alone = fit_panel_multinomial(X, y, person, start=fit.params)
    assert np.abs((alone.theta - fit.theta) / errors).max() < 1e-5
    assert fit_panel_multinomial(X, y, person, start=fit).n_iterations <= 2


def test_weights_stand_for_identical_persons() -> None:
    X, y, person = draw(4, 150)
    times = np.random.default_rng(5).integers(1, 4, 150)
    rows = np.repeat(np.arange(len(y)), times[person])
    copies = np.concatenate([np.arange(times[one]) for one in person])
    many = fit_panel_multinomial(X[rows], y[rows], person[rows] * 10 + copies, vcov="robust")
    weighted = fit_panel_multinomial(X, y, person, weights=times[person], vcov="robust")
    assert (weighted.n_obs, weighted.n_persons) == (len(rows), times.sum())
    assert (many.n_obs, many.n_persons) == (weighted.n_obs, weighted.n_persons)
    assert weighted.log_likelihood == pytest.approx(many.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(weighted.theta, many.theta, rtol=1e-7)
    np.testing.assert_allclose(weighted.cov, many.cov, rtol=1e-6, atol=1e-12)


def test_parameters_of_a_simulated_panel_are_recovered() -> None:
    fit = fit_panel_multinomial(*draw(6, 1500))
    assert fit.converged
    assert not fit.at_boundary
    assert np.abs((fit.params - BETA) / fit.std_errors).max() < 3
    assert np.abs((fit.random_covariance - SIGMA) / fit.random_covariance_std_error).max() < 3
    effects = fit.random_effects()
    assert effects["conf_low"].lt(effects["estimate"]).all()
    assert effects["conf_high"].gt(effects["estimate"]).all()
    assert effects["conf_low"].iloc[2] < fit.correlation < 0
    assert fit.lr_p_value < 1e-20
    pooled = fit_multinomial(*draw(6, 1500)[:2])
    assert fit.log_likelihood_pooled == pytest.approx(pooled.log_likelihood, rel=1e-12)


def test_all_three_covariances_agree_where_the_model_holds() -> None:
    X, y, person = draw(7, 800)
    observed, opg, robust = (
        fit_panel_multinomial(X, y, person, vcov=vcov) for vcov in ("observed", "opg", "robust")
    )
    # The sandwich is there whichever was asked for.
    np.testing.assert_array_equal(observed.cov_robust, robust.cov)
    np.testing.assert_allclose(observed.std_errors_robust, robust.std_errors, rtol=1e-12)
    errors = [np.sqrt(np.diag(fit.cov)) for fit in (observed, opg, robust)]
    np.testing.assert_allclose(errors[1], errors[0], rtol=0.25)
    np.testing.assert_allclose(errors[2], errors[0], rtol=0.25)
    assert (errors[1] != errors[0]).all()


def test_a_panel_without_effects_ends_at_the_boundary_and_says_so() -> None:
    X, y, person = draw(10, 300, np.zeros((2, 2)))
    fit = fit_panel_multinomial(X, y, person)
    assert fit.converged
    assert fit.at_boundary
    assert fit.lr_p_value > 0.05
    assert fit.cholesky[1, 1] == 0
    assert abs(fit.correlation) == pytest.approx(1)
    assert np.isfinite(np.sqrt(np.diag(fit.cov))).all()
    # The element that is zero is even in the likelihood.
    np.testing.assert_allclose(fit.cov[8, :8], 0, atol=1e-6 * fit.cov[8, 8])
    correlation = fit.random_effects().iloc[2]
    assert -1 <= correlation["conf_low"] < correlation["conf_high"] <= 1
    assert correlation["estimate"] in (correlation["conf_low"], correlation["conf_high"])


def test_the_test_against_no_effects_mixes_chi_square_distributions() -> None:
    """One effect is known; for two and a sum of squares, the cone is round, half as wide as a right angle."""
    inside = (1 - np.sqrt(0.5)) / 2
    known = [inside, 0.5 - inside, 0.5 - inside, inside]
    np.testing.assert_allclose(cone_weights(np.diag([1.0, 2.0, 1.0])), known, atol=0.003)
    X, y, person = draw(8, 300)
    design = Design(X, tuple(NAMES), None)
    one = chi_bar_weights(read_histories(design, np.minimum(y, 1), person), BETA[:, :1])
    assert one.tolist() == [0.5, 0.5]
    assert chi_bar_tail(2.705543, one) == pytest.approx(0.05, abs=1e-6)
    two = chi_bar_weights(read_histories(design, y, person), BETA)
    assert two.sum() == pytest.approx(1)
    assert two[1::2].sum() == pytest.approx(0.5)
    assert (two > 0.05).all()
    assert chi_bar_tail(0.0, two) == 1


# What a fit says


def test_probabilities_go_by_name_and_average_over_the_effects() -> None:
    (X, y, person), fit = fitted()
    frame = pd.DataFrame(X[:4], columns=NAMES)
    np.testing.assert_array_equal(fit.predict(frame[["group", "constant", "x"]]), fit.predict(X[:4]))
    zero = fit.predict(frame, effects="zero")
    odds = np.exp(np.column_stack([np.zeros(4), X[:4] @ fit.params]))
    np.testing.assert_allclose(zero, odds / odds.sum(axis=1, keepdims=True), rtol=1e-12)
    averages = fit.predict(frame)
    for x, average in zip(X[:4], averages, strict=True):
        direct = [
            np.exp(
                by_direct_integration(
                    (x[None], np.array([j]), np.array([0])), fit.params, fit.random_covariance
                )
            )
            for j in range(3)
        ]
        np.testing.assert_allclose(average, direct, atol=1e-6)
    with pytest.raises(ValueError, match="X has no column 'x'"):
        fit.predict(frame[["group", "constant"]])
    with pytest.raises(ValueError, match="columns that the fit has not: 'age'"):
        fit.predict(frame.assign(age=1))
    with pytest.raises(ValueError, match="effects must be 'average' or 'zero'"):
        fit.predict(frame, effects="none")  # type: ignore[arg-type]
    # Later rows are those of persons who did not emigrate.
    first = np.unique(person, return_index=True)[1]
    assert np.abs(fit.predict(X[first]).mean(axis=0) - np.bincount(y[first]) / len(first)).max() < 0.05


def test_standard_errors_of_probabilities_and_effects_are_by_the_delta_method() -> None:
    (X, _, _), fit = fitted()
    frame = pd.DataFrame(X[:30], columns=NAMES)

    def effect(theta: np.ndarray) -> np.ndarray:
        other = with_parameters(fit, theta)
        one, zero = (other.predict(frame.assign(group=value)) for value in (1.0, 0.0))
        return np.asarray((one - zero).mean(axis=0))

    table = average_marginal_effects(fit, frame).query("term == 'group'")
    slope = differences(effect, fit.theta)
    np.testing.assert_allclose(table["estimate"], effect(fit.theta), rtol=1e-9)
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(slope @ fit.cov @ slope.T)), rtol=1e-5)

    persons = fit.probability_table(frame.iloc[:2])
    slope = differences(lambda theta: with_parameters(fit, theta).predict(frame.iloc[:2]).ravel(), fit.theta)
    np.testing.assert_allclose(persons["estimate"], fit.predict(frame.iloc[:2]).ravel(), rtol=1e-12)
    np.testing.assert_allclose(persons["std_error"], np.sqrt(np.diag(slope @ fit.cov @ slope.T)), rtol=1e-5)


def test_errors_of_variances_and_intervals_follow_from_those_of_the_root() -> None:
    _, fit = fitted()

    def elements(theta: np.ndarray) -> np.ndarray:
        factor = with_parameters(fit, theta).cholesky
        sigma = factor @ factor.T
        rho = sigma[1, 0] / np.sqrt(sigma[0, 0] * sigma[1, 1])
        return np.array([sigma[0, 0], sigma[1, 1], sigma[1, 0], rho])

    slope = differences(elements, fit.theta)
    errors = np.sqrt(np.diag(slope @ fit.cov @ slope.T))
    np.testing.assert_allclose(fit.random_covariance_std_error[[0, 1, 1], [0, 1, 0]], errors[:3], rtol=1e-6)
    table = fit.random_effects()
    np.testing.assert_allclose(table["std_error"], errors[[0, 1, 3]], rtol=1e-6)
    low, high, estimate = (table[column].to_numpy() for column in ("conf_low", "conf_high", "estimate"))
    np.testing.assert_allclose(low[:2] * high[:2], estimate[:2] ** 2)
    np.testing.assert_allclose(np.arccos(low[2]) + np.arccos(high[2]), 2 * np.arccos(estimate[2]))


def test_a_person_who_moved_often_has_a_high_effect_and_nobody_is_printed() -> None:
    (_, y, person), fit = fitted()
    effects = fit.person_effects().set_index("person")["internal"]
    moves = pd.Series(y == 1).groupby(person).sum()
    assert effects[moves.idxmax()] > 0.5 > effects[moves[moves == 0].index].max()
    assert " persons=" not in repr(fit)
    assert "effect_means" not in repr(fit)


# Warnings and refusals


def test_few_nodes_and_few_iterations_are_warned_of() -> None:
    X, y, person = draw(9, 150, 2 * SIGMA)
    with pytest.warns(RuntimeWarning, match="Fit again with more nodes"):
        fit = fit_panel_multinomial(X, y, person, nodes=1)
    more = panel_log_likelihood(X, y, person, fit.params, fit.random_covariance, nodes=5)
    assert fit.quadrature_error == pytest.approx(more - fit.log_likelihood, abs=1e-8)
    with pytest.warns(RuntimeWarning) as warned:
        assert not fit_panel_multinomial(X, y, person, max_iterations=2).converged
    assert "did not converge in 2 iterations: try" in str(warned[0].message)


def changed(row: int, value: float, column: int = 1) -> np.ndarray:
    X = fitted()[0][0].copy()
    X[row, column] = value
    return X


FAULTS: dict[str, tuple[Callable[[Panel], dict[str, object]], str]] = {
    "NaN": (lambda p: {"X": changed(5, np.nan)}, r"Column 'x1' holds nan \(row 5\)"),
    "shape of y": (lambda p: {"y": p[1][:-1]}, "y must have shape"),
    "shape of person": (lambda p: {"person": p[2][:-1]}, "person must have shape"),
    "no person": (
        lambda p: {"person": np.where(p[2] == p[2][3], np.nan, p[2])},
        "person has no value in row",
    ),
    "gaps in y": (lambda p: {"y": p[1] * 2}, "Outcome '1' never occurs"),
    "nobody twice": (lambda p: {"person": np.arange(len(p[1]))}, "Nobody is observed twice"),
    "weights that vary": (
        lambda p: {"weights": 1.0 + np.arange(len(p[1]))},
        "weights count identical persons and must be the same in all rows of a person, but row",
    ),
    "collinear": (lambda p: {"X": np.column_stack([p[0], p[0][:, 1]])}, "Perfect collinearity"),
    "separated": (
        lambda p: {"X": np.column_stack([p[0], (p[1] == 2) & (np.arange(len(p[1])) % 2 == 0)])},
        "Separation, no finite estimate exists",
    ),
    "too many nodes": (
        lambda p: {"outcomes": ["a", "b", "c", "d", "e"], "nodes": 15},
        "50,625 points for each person: with 5 outcomes use at most 8",
    ),
    "vcov": (lambda p: {"vcov": "HC1"}, "vcov must be 'observed', 'opg' or 'robust'"),
    "start": (lambda p: {"start": np.zeros(4)}, "start must hold all 9 parameters"),
    "always the same outcome": (
        lambda p: {"y": (p[2] * 7919 % 1000) % 3},
        "No finite estimate exists: the variance of the effects on outcome '[12]' grows without limit",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_is_refused_in_one_sentence(fault: str) -> None:
    panel, _ = fitted()
    change, text = FAULTS[fault]
    given = dict(zip(("X", "y", "person"), panel, strict=True)) | change(panel)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=text) as refused:
            fit_panel_multinomial(**given)
    assert "\n" not in str(refused.value)
