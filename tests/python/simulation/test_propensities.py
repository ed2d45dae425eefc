"""Persistent propensities: their distribution, and a logit with random effects that finds them again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Command

from utvandring.logit import PanelMultinomialFit, fit_panel_multinomial
from utvandring.simulation import propensities_of, simulate
from utvandring.simulation.calibration import derived_covariates, logit_sample, open_delivery, person_years
from utvandring.simulation.outcomes import linear_predictor

FIRST, LAST = 2013, 2017
OUTCOMES = ["stay", "internal_outmigration", "emigration"]
#: Of a logit whose columns are 1 and the two predictors of tables E1-E8.
COEFFICIENTS = [0, 1, 0, 0, 0, 1]


def fitted(folder: Path, propensities: str | None) -> PanelMultinomialFit:
    """Simulate a world, and fit the years of its arrivals to the predictors by which they were drawn.

    Of those who were there at the start some had left before the first year whose facts are delivered.
    """
    known = None if propensities is None else propensities_of(propensities)
    simulate(folder, scale=0.2, first_year=FIRST, last_year=LAST, seed=5, propensities=known)
    with open_delivery(folder) as registers:
        years = [person_years(registers, year).assign(base_year=year) for year in range(FIRST, LAST - 1)]
    sample = logit_sample(pd.concat(years))
    sample = sample[sample["base_year"] - sample["residence"] >= FIRST]
    x = np.column_stack([np.ones(len(sample)), linear_predictor(derived_covariates(sample))])
    outcome = sample["outcome_centrality"].map({name: n for n, name in enumerate(OUTCOMES)})
    return fit_panel_multinomial(x, outcome.to_numpy(), sample["personid"].to_numpy(), nodes=11)


def test_propensities_have_the_variances_and_the_correlation_that_are_asked_for() -> None:
    effects = propensities_of("1,4,-0.5").effects(200_000, seed=3)
    assert np.cov(effects.T) == pytest.approx(np.array([[1, -1], [-1, 4]]), abs=0.03)
    assert effects.mean(axis=0) == pytest.approx([0, 0], abs=0.02)
    # No two persons near each other are alike.
    assert np.corrcoef(effects[:-1, 1], effects[1:, 1])[0, 1] == pytest.approx(0, abs=0.01)


def test_who_comes_later_changes_nobodys_propensities() -> None:
    propensities = propensities_of("1,2,0.5")
    assert (propensities.effects(50, 1) == propensities.effects(80, 1)[:50]).all()
    assert (propensities.effects(50, 1) != propensities.effects(50, 2)).all()


@pytest.mark.long
def test_a_logit_with_random_effects_finds_the_propensities(tmp_path: Path) -> None:
    fit = fitted(tmp_path / "world", "1,2,0.5")
    table, effects = fit.tidy(), fit.random_effects()
    z = (table["estimate"] - COEFFICIENTS) / table["std_error"]
    assert z.abs().max() < 3.5
    assert (effects["conf_low"] <= [1, 2, 0.5]).all()
    assert (effects["conf_high"] >= [1, 2, 0.5]).all()
    assert fit.lr_p_value < 1e-6


@pytest.mark.long
def test_without_propensities_the_years_of_a_person_are_independent(tmp_path: Path) -> None:
    fit = fitted(tmp_path / "world", None)
    z = (fit.tidy()["estimate"] - COEFFICIENTS) / fit.tidy()["std_error"]
    assert z.abs().max() < 3.5
    assert fit.lr_p_value > 0.01


def test_propensities_of_no_variance_change_nothing(tmp_path: Path) -> None:
    worlds = []
    for name, text in (("without", None), ("none", "0,0,0"), ("some", "1,2,0.5")):
        known = None if text is None else propensities_of(text)
        folder = tmp_path / name
        simulate(folder, scale=0.002, first_year=FIRST, last_year=2015, propensities=known)
        worlds.append({file.name: file.read_bytes() for file in folder.iterdir()})
    without, none, some = worlds
    assert without == none
    assert without["flytting_p2013_v1.parquet"] != some["flytting_p2013_v1.parquet"]


@pytest.mark.parametrize("text", ["1,2", "a,b,c", "1,2,3", "-1,2,0", "10,1,0", "nan,1,0", ""])
def test_propensities_that_cannot_be_are_refused(text: str, utvandring: Command, tmp_path: Path) -> None:
    ran = utvandring("simulate", "--out", tmp_path / "world", f"--propensities={text}")
    assert ran.code == 2
    assert "ersistent propensities" in ran.err
    assert not (tmp_path / "world").exists()
