"""Logits with effects of persons as tables: the numbers of the library, and reasons where there are none."""

import numpy as np
import pandas as pd

from utvandring.logit import fit_panel_multinomial
from utvandring.regressions.panels import panel_logits
from utvandring.regressions.specification import OUTCOMES, read_panel_logits

OF_TOWNS = ("is_single", "is_without_job", "has_tertiary_education", "is_recent", "is_in_oslo_area")


def made_panel() -> pd.DataFrame:
    """Return 700 immigrants in towns over three years, and one native."""
    draw = np.random.default_rng(5)
    persons = np.repeat(np.arange(700), 3)
    rows = pd.DataFrame(
        {
            "person_id": [f"p{person}" for person in persons],
            "base_year": np.tile([2010, 2011, 2012], 700),
            "population": "immigrant",
            "area": "urban",
            "sex": np.where(persons % 2, "male", "female"),
            "decades_from_40": draw.uniform(-2, 2, len(persons)),
            **{name: draw.random(len(persons)) < 0.4 for name in OF_TOWNS},
        }
    )
    drawn = draw.choice(3, p=[0.7, 0.2, 0.1], size=len(rows))
    for code, outcome in enumerate(OUTCOMES):
        rows[f"{outcome}_n"] = (drawn == code).astype(int)
    native = rows.iloc[[0]].assign(population="native", person_id="n")
    return pd.concat([rows, native], ignore_index=True)


def test_a_panel_logit_is_the_fit_of_the_library_and_the_others_say_why_there_is_none() -> None:
    rows = made_panel()
    table = panel_logits(rows, read_panel_logits(), [2010, 2011, 2012])
    by = table.groupby(["population", "area"])
    assert {key: bool(one["converged"].all()) for key, one in by} == {
        ("immigrant", "urban"): True,
        ("immigrant", "rural"): False,
        ("native", "urban"): False,
        ("native", "rural"): False,
    }
    ours = by.get_group(("immigrant", "urban"))
    immigrants = rows[rows["population"] == "immigrant"]
    columns = pd.DataFrame(
        {
            "constant": 1.0,
            "age": immigrants["decades_from_40"],
            "squared": immigrants["decades_from_40"] ** 2,
            "female": (immigrants["sex"] == "female").astype(float),
            **{name: immigrants[name].astype(float) for name in OF_TOWNS},
        }
    )
    codes = immigrants[[f"{outcome}_n" for outcome in OUTCOMES]].to_numpy().argmax(axis=1)
    fit = fit_panel_multinomial(columns, codes, immigrants["person_id"], nodes=5)
    np.testing.assert_allclose(ours["estimate"], fit.params.ravel(order="F"), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours["std_error"], fit.std_errors.ravel(order="F"), rtol=1e-5)
    assert set(ours["log_likelihood"]) == {fit.log_likelihood}
    assert set(ours["base_years"]) == {"2010-2012"} and set(ours["n_persons"]) == {700}
    # The sandwich by person is near the information, since the model is true, and not equal to it.
    ratio = (ours["std_error_hc1"] / ours["std_error"]).to_numpy()
    assert (np.abs(ratio - 1) < 0.2).all() and (ratio != 1).all()

    assert set(by.get_group(("immigrant", "rural"))["not_fitted_reason"]) == {"No person is in the sample."}
    (reason,) = set(by.get_group(("native", "urban"))["not_fitted_reason"])
    assert reason
    assert by.get_group(("native", "urban"))["estimate"].isna().all()


def test_without_years_there_are_no_rows() -> None:
    assert panel_logits(made_panel(), read_panel_logits(), []).empty
