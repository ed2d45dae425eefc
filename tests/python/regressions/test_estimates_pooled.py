"""The report's specifications on pooled base years: against statsmodels on persons, clustered by person."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from reference.labour import STATUS_AT_EVERY_AGE

from utvandring.common.project import project_root
from utvandring.regressions.fitting import (
    linear_probability_counts,
    pooled_linear_probabilities,
    pooled_trinomial_logits,
    spelled_years,
)
from utvandring.regressions.specification import Model, Term

pytestmark = pytest.mark.long

YEARS = [2010, 2011, 2012]
OUTCOMES = ["stay", "internal_outmigration", "emigration"]
SAMPLE = "base_year between 2010 and 2012 and is_immigrant and age between 15 and 74"
TABLES = {
    "linear_probability_pooled": 3 * (4 * 22 + 4 * 26 + 4 * 29 + 19 * 22),
    "linear_probability_pooled_fit": 31 * 3,
    "trinomial_logit_pooled": 54 + 4 * 48 + 8 * 46,
    "trinomial_logit_pooled_fit": 13,
    "trinomial_logit_pooled_difference": 18 * 69,
    "trinomial_logit_pooled_marginal_effect": 3 * (25 + 4 * 22 + 8 * 21),
}


@pytest.fixture(scope="module")
def pooled(
    built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Fit the pooled models in a copy of the built warehouse, by dbt."""
    root = tmp_path_factory.mktemp("pooled")
    (root / "accepted").symlink_to(built_warehouse / "accepted")
    shutil.copy(built_warehouse / "warehouse.duckdb", root / "warehouse.duckdb")
    ran = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *(
                "run",
                "--select",
                "path:models/estimates",
                "--vars",
                f"{{estimates_pooled_base_years: {YEARS}}}",
            ),
            *("--target-path", str(root / "target"), "--log-path", str(root / "logs")),
        ],
        cwd=project_root(),
        env={**os.environ, "UTVANDRING_DATA": str(root)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


def dummies(rows: pd.DataFrame, column: str, values: list[str], prefix: str = "") -> dict[str, pd.Series]:
    return {f"{prefix}{value}".replace("-", "_"): (rows[column] == value).astype(float) for value in values}


@pytest.mark.parametrize("table", TABLES)
def test_all_models_are_fitted_once_to_all_years(pooled: duckdb.DuckDBPyConnection, table: str) -> None:
    rows = pooled.execute(f"select base_years, count(*) from estimates.{table} group by 1").fetchall()
    assert rows == [("2010-2012", TABLES[table])]


def test_the_tables_of_single_base_years_are_left_as_they_are(
    pooled: duckdb.DuckDBPyConnection, built_warehouse: Path
) -> None:
    with duckdb.connect(str(built_warehouse / "warehouse.duckdb"), read_only=True) as before:
        for table in ("trinomial_logit", "linear_probability", "trinomial_logit_marginal_effect"):
            query = f"select * from estimates.{table}"
            assert pooled.sql(query).to_arrow_table().equals(before.sql(query).to_arrow_table())


def test_a_pooled_linear_model_is_that_of_statsmodels_on_persons(pooled: duckdb.DuckDBPyConnection) -> None:
    rows = pooled.execute(
        f"select * from marts.person_year where {SAMPLE} and centrality_level = 4 "
        "and outcome_centrality is not null"
    ).df()
    regressors = pd.DataFrame(
        {"constant": 1.0}
        | {"male": (rows["sex"] == "male").astype(float)}
        | dummies(rows, "age_group", ["15-24", "25-35", "36-61"], "age_")
        | dummies(
            rows, "education_group", ["compulsory", "upper_secondary", "tertiary_short", "tertiary_long"]
        )
        | dummies(rows, "residence_group", ["0-2", "3-5", "6-10", "11-15"], "residence_")
        | dummies(rows, "labour_status", ["employed", "employed_in_education", "in_education", "unemployed"])
        | dummies(rows, "immigration_background", ["work", "refuge", "family", "education", "nordic"])
    )
    persons = pd.factorize(rows["person_id"])[0]
    fit = sm.OLS((rows["outcome_centrality"] == "emigration").astype(float), regressors).fit(
        cov_type="cluster", cov_kwds={"groups": persons, "df_correction": True}, use_t=True
    )
    ours = (
        pooled.execute(
            "select * from estimates.linear_probability_pooled where spec = 'main' "
            "and scope_type = 'centrality' and scope_code = '4' and outcome = 'emigration'"
        )
        .df()
        .set_index("term")
        .loc[list(regressors.columns)]
    )
    assert set(ours["n_obs"]) == {len(rows)}
    assert set(ours["n_persons"]) == {len(set(persons))}
    for column, theirs in {
        "estimate": fit.params,
        "std_error": fit.bse,
        "p_value": fit.pvalues,
        "conf_low": fit.conf_int()[0],
        "std_error_classical": sm.OLS(fit.model.endog, fit.model.exog).fit().bse,
    }.items():
        np.testing.assert_allclose(ours[column], np.asarray(theirs), rtol=1e-7, atol=1e-12, err_msg=column)


def test_a_pooled_logit_is_that_of_statsmodels_on_persons(pooled: duckdb.DuckDBPyConnection) -> None:
    rows = pooled.execute(
        f"select * exclude (labour_status), {STATUS_AT_EVERY_AGE} as labour_status from marts.person_year "
        "where base_year between 2010 and 2012 and is_immigrant and age >= 15 "
        "and centrality_level is not null and family_size is not null "
        "and outcome_centrality in ('stay', 'internal_outmigration', 'emigration')"
    ).df()
    regressors = pd.DataFrame(
        {
            "constant": 1.0,
            "age": rows["age"].astype(float),
            "age_sq_scaled": (rows["age"] / 10) ** 2,
            "female": (rows["sex"] == "female").astype(float),
        }
        | dummies(rows, "residence_group", ["0-2", "3-5", "6-10", "11-15"], "residence_")
        | dummies(rows, "education_group_logit", [f"education_{n}" for n in range(1, 6)])
        | dummies(
            rows,
            "labour_status",
            ["employed", "employed_in_education", "in_education", "unemployed"],
            "status_",
        )
        | dummies(rows, "immigration_background", ["work", "refuge", "family", "education", "unknown"], "bg_")
        | {
            "family_total": rows["family_size"].astype(float),
            "family_immigrants": rows["family_immigrants"].astype(float),
        }
        | {f"centrality_{n}": (rows["centrality_level"] == n).astype(float) for n in (1, 2, 3)}
    )
    persons = pd.factorize(rows["person_id"])[0]
    codes = rows["outcome_centrality"].map(OUTCOMES.index).to_numpy()
    model = sm.MNLogit(codes, regressors)
    fit = model.fit(
        method="newton", maxiter=50, tol=1e-12, disp=False, cov_type="cluster", cov_kwds={"groups": persons}
    )
    # statsmodels multiplies by (n − 1)/(n − k) as well, which is a rule for least squares.
    n, k = regressors.shape[0], 2 * regressors.shape[1]
    theirs = fit.bse * np.sqrt((n - k) / (n - 1))
    for position, equation in enumerate(OUTCOMES[1:]):
        ours = (
            pooled.execute(
                "select * from estimates.trinomial_logit_pooled where model_type = 1 and equation = ?",
                [equation],
            )
            .df()
            .set_index("term")
            .loc[list(regressors.columns)]
        )
        assert set(ours["n_obs"]) == {n}
        np.testing.assert_allclose(ours["estimate"], fit.params.iloc[:, position], rtol=1e-6)
        np.testing.assert_allclose(ours["std_error"], theirs.iloc[:, position], rtol=1e-6)


def test_pooled_effects_and_differences_sum_to_zero(pooled: duckdb.DuckDBPyConnection) -> None:
    for table, what in (
        ("trinomial_logit_pooled_marginal_effect", "term"),
        ("trinomial_logit_pooled_difference", "varied_dimension, comparison"),
    ):
        fitted, largest = pooled.execute(
            "select count(*), max(abs(total)) from (select sum(estimate) as total "
            f"from estimates.{table} "
            f"group by model_type, centrality_level, sex, {what} having total is not null)"
        ).fetchone() or (0, None)
        assert fitted > 0
        assert largest is not None
        assert largest < 1e-12


# --- without the warehouse ----------------------------------------------------------------------------------


def person_years(years: list[int], persons: int = 300) -> pd.DataFrame:
    """Draw persons who tend to do the same every year."""
    rng = np.random.default_rng(len(years))
    taste = np.repeat(rng.normal(size=persons), len(years))
    frame = pd.DataFrame(
        {
            "person_id": np.repeat([f"p{n}" for n in range(persons)], len(years)),
            "base_year": np.tile(years, persons),
            "county_code": "01",
            "x": taste + rng.normal(size=len(taste)),
        }
    )
    chosen = np.digitize(taste + rng.normal(size=len(taste)), [0.5, 1.5])
    for position, outcome in enumerate(OUTCOMES):
        frame[f"{outcome}_n"] = (chosen == position).astype(int)
    frame["stay_county_n"], frame["internal_outmigration_county_n"] = (
        frame["stay_n"],
        frame["internal_outmigration_n"],
    )
    return frame.assign(neither_n=0)


LOGIT = Model("type_1", "trinomial_logit", "county", (Term("x", "x"),))
LINEAR = Model("main", "linear_probability", "county", (Term("x", "x"),), {"county_code": ("01",)})


def test_a_person_copied_to_every_year_tells_no_more_than_once() -> None:
    once = person_years([2012])
    twice = pd.concat([once, once.assign(base_year=2011)]).sort_values("person_id", kind="stable")
    for fit, model in ((pooled_trinomial_logits, LOGIT), (pooled_linear_probabilities, LINEAR)):
        one, two = fit(once, (model,), [2012]), fit(twice, (model,), [2011, 2012])
        np.testing.assert_allclose(two["estimate"], one["estimate"], rtol=1e-9)
        # The factor (n − 1)/(n − K) of least squares is all that changes.
        np.testing.assert_allclose(two["std_error"], one["std_error"], rtol=5e-3)
        np.testing.assert_allclose(
            two["std_error_classical"] * np.sqrt(2), one["std_error_classical"], rtol=5e-3
        )
        assert set(two["n_persons"]) == set(one["n_persons"]) == {300}
        assert set(two["n_obs"]) == {600}


def test_a_year_without_persons_is_not_pooled_silently() -> None:
    frame = person_years([2010, 2012])
    for fit, model in ((pooled_trinomial_logits, LOGIT), (pooled_linear_probabilities, LINEAR)):
        found = fit(frame, (model,), [2010, 2011, 2012])
        assert found["estimate"].isna().all()
        assert set(found["not_fitted_reason"]) == {"No person is in the sample of base year 2011."}
        assert set(found["base_years"]) == {"2010-2012"}


def test_nothing_is_pooled_where_no_years_are_named() -> None:
    frame = person_years([2010])
    assert len(pooled_trinomial_logits(frame, (LOGIT,), [])) == 0
    assert len(pooled_linear_probabilities(frame, (LINEAR,), [])) == 0
    assert linear_probability_counts(LINEAR)[2:] == ["emigration_n", "neither_n"]


@pytest.mark.parametrize(
    ("years", "text"),
    [([2012], "2012"), ([2012, 2010, 2011], "2010-2012"), ([2003, 2004, 2008], "2003-2004, 2008"), ([], "")],
)
def test_years_are_spelled_as_runs(years: list[int], text: str) -> None:
    assert spelled_years(years) == text
