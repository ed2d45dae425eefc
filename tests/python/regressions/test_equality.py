"""Wald tests of equal coefficients between the logits of one type."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from utvandring.estimators.inference import wald_of_equality
from utvandring.regressions.equality import TERMS, equality_tests

EQUATIONS = ("internal_outmigration", "emigration")


def model(
    spec: str, level: int | None, sex: str | None, changed: dict[str, float], converged: bool = True
) -> pd.DataFrame:
    """A fitted logit whose coefficients are all 1 with variance 0.25, but for those that changed."""
    names = [
        "constant",
        *(term for terms in TERMS.values() for term in terms),
        *(["female"] if sex is None else []),
    ]
    rows = [(equation, name, 1.0 + changed.get(name, 0.0)) for equation in EQUATIONS for name in names]
    frame = pd.DataFrame(rows, columns=["equation", "term", "estimate"])
    return frame.assign(
        base_year=2012, spec=spec, centrality_level=level, sex=sex, position=np.arange(1, len(rows) + 1),
        covariance=list(0.25 * np.eye(len(rows))), converged=converged,
    )  # fmt: skip


def test_two_estimates_are_compared_as_their_difference() -> None:
    rng = np.random.default_rng(3)
    b, c = rng.normal(size=3), rng.normal(size=3)
    v, w = (a @ a.T + np.eye(3) for a in rng.normal(size=(2, 3, 3)))
    statistic, degrees = wald_of_equality([b, c], [v, w])
    assert statistic == pytest.approx((b - c) @ np.linalg.inv(v + w) @ (b - c))
    assert degrees == 3


def test_equal_coefficients_give_chi_square() -> None:
    rng = np.random.default_rng(4)
    variances = [np.diag([0.2, 1.0]), np.diag([3.0, 0.5]), np.eye(2)]
    drawn = [
        wald_of_equality([rng.multivariate_normal([1, 2], v) for v in variances], variances)[0]
        for _ in range(2_000)
    ]
    below = np.mean(np.array(drawn) < chi2.ppf(0.9, 4))
    assert abs(below - 0.9) < 4 * np.sqrt(0.09 / 2_000)


def test_only_terms_that_differ_between_levels_are_said_to_differ() -> None:
    fits = pd.concat(
        [model("type_2", level, None, {"bg_work": 2.0 * (level == 3)}) for level in (1, 2, 3, 4)]
    )
    found = equality_tests(fits).query("model_type == 2").set_index("terms")
    # One of four is off by 2, in both equations: Σ (b − b̄)² / 0.25 = 4 · 3/4 / 0.25.
    assert found.loc["immigration_background", "statistic"] == pytest.approx(2 * 12)
    assert found.loc["all", "statistic"] == pytest.approx(24)
    assert found.loc["all", "degrees_of_freedom"] == 3 * 2 * 23
    assert found.drop(["all", "immigration_background"])["statistic"].abs().max() < 1e-9
    # Models of type 3 were not given: their tests are not known.
    others = equality_tests(fits).query("model_type == 3")
    assert len(others) and others["p_value"].isna().all()


def test_the_sexes_are_compared_by_level_and_without_a_fit_that_level_and_the_total_are_unknown() -> None:
    fits = pd.concat([
        model("type_3", level, sex, {"age": float(sex == "male")}, converged=(level, sex) != (2, "male"))
        for level in (1, 2, 3, 4) for sex in ("female", "male")
    ])  # fmt: skip
    found = equality_tests(fits).query("compared == 'sex' and terms == 'age'").set_index("centrality_level")
    assert found.loc[[1, 3, 4], "statistic"].tolist() == pytest.approx([4.0] * 3)
    assert np.isnan(found.loc[2, "statistic"]) and found["statistic"].isna().sum() == 2
    everywhere = equality_tests(fits.assign(converged=True))
    total = everywhere.query("compared == 'sex' and terms == 'age' and centrality_level.isna()")
    assert total["statistic"].tolist() == pytest.approx([16.0])
    assert total["degrees_of_freedom"].tolist() == [16]
