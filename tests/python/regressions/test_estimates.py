"""The regressions: against statsmodels on persons, beside the report, and models that cannot be fitted."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from reference.labour import STATUS_AT_EVERY_AGE

from utvandring.logit import Derivative, Discrete
from utvandring.regressions.design import cells_of, design_matrix, effects_of
from utvandring.regressions.fitting import (
    expected_names,
    linear_probabilities,
    linear_probability_counts,
    marginal_effects,
    probability_differences,
    trinomial_logits,
)
from utvandring.regressions.recovery import recoveries
from utvandring.regressions.specification import Model, Term, comparisons_with, read_report

PROJECT = Path(__file__).resolve().parents[3]
REPORT = read_report()
LOGITS = {model.name: model for model in REPORT.trinomial_logit}
SAMPLE = "base_year = 2012 and is_immigrant and age between 15 and 74 and centrality_level is not null"
OUTCOMES = ["stay", "internal_outmigration", "emigration"]


@pytest.fixture(scope="module")
def published(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(
        str(built_warehouse / "published" / "utvandring.duckdb"), read_only=True
    ) as connection:
        yield connection


def one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def dummies(rows: pd.DataFrame, column: str, values: list[str], prefix: str) -> dict[str, pd.Series]:
    return {f"{prefix}{value}".replace("-", "_"): (rows[column] == value).astype(float) for value in values}


def slope(function: Callable[[float], np.ndarray], step: float) -> np.ndarray:
    """Differentiate at zero by central differences of fourth order."""
    near = function(step) - function(-step)
    far = function(2 * step) - function(-2 * step)
    return (8 * near - far) / (12 * step)


# --- against statsmodels, from persons ----------------------------------------------------------------------


def test_a_linear_probability_model_is_the_regression_on_persons(
    published: duckdb.DuckDBPyConnection,
) -> None:
    rows = published.execute(f"select * from marts.person_year where {SAMPLE} and centrality_level = 4").df()
    regressors = pd.DataFrame(
        {"constant": 1.0, "male": (rows["sex"] == "male").astype(float)}
        | dummies(rows, "age_group", ["15-24", "25-35", "36-61"], "age_")
        | dummies(
            rows,
            "education_group",
            ["compulsory", "upper_secondary", "tertiary_short", "tertiary_long"],
            "",
        )
        | dummies(rows, "residence_group", ["0-2", "3-5", "6-10", "11-15"], "residence_")
        | dummies(
            rows, "labour_status", ["employed", "employed_in_education", "in_education", "unemployed"], ""
        )
        | dummies(rows, "immigration_background", ["work", "refuge", "family", "education", "nordic"], "")
    )
    for outcome in OUTCOMES:
        fit = sm.OLS((rows["outcome_centrality"] == outcome).astype(float), regressors).fit()
        ours = (
            published.execute(
                "select * from estimates.linear_probability where base_year = 2012 and spec = 'main' "
                "and scope_type = 'centrality' and scope_code = '4' and outcome = ?",
                [outcome],
            )
            .df()
            .set_index("term")
            .loc[list(regressors.columns)]
        )
        assert len(ours) == 22
        assert set(ours["n_obs"]) == {len(rows)}
        for column, theirs in {
            "estimate": fit.params,
            "std_error": fit.bse,
            "std_error_hc1": fit.HC1_se,
            "statistic": fit.tvalues,
            "p_value": fit.pvalues,
            "conf_low": fit.conf_int()[0],
            "conf_high": fit.conf_int()[1],
        }.items():
            np.testing.assert_allclose(
                ours[column].to_numpy(), theirs.to_numpy(), rtol=1e-8, atol=1e-12, err_msg=column
            )


def test_a_trinomial_logit_is_the_logit_on_persons(published: duckdb.DuckDBPyConnection) -> None:
    rows = published.execute(
        f"select * exclude (labour_status), {STATUS_AT_EVERY_AGE} as labour_status "
        "from marts.person_year where base_year = 2012 and is_immigrant and age >= 15 "
        "and centrality_level is not null and family_size is not null "
        "and outcome_centrality in ('stay', 'internal_outmigration', 'emigration')"
    ).df()
    assert (rows["age"] > 74).any()
    regressors = pd.DataFrame(
        {
            "constant": 1.0,
            "age": rows["age"].astype(float),
            "age_sq_scaled": (rows["age"] / 10) ** 2,
            "female": (rows["sex"] == "female").astype(float),
            "family_total": rows["family_size"].astype(float),
            "family_immigrants": rows["family_immigrants"].astype(float),
        }
        | dummies(rows, "residence_group", ["0-2", "3-5", "6-10", "11-15"], "residence_")
        | dummies(rows, "education_group_logit", [f"education_{n}" for n in range(1, 6)], "")
        | dummies(
            rows,
            "labour_status",
            ["employed", "employed_in_education", "in_education", "unemployed"],
            "status_",
        )
        | dummies(rows, "immigration_background", ["work", "refuge", "family", "education", "unknown"], "bg_")
        | {f"centrality_{n}": (rows["centrality_level"] == n).astype(float) for n in (1, 2, 3)}
    )
    codes = rows["outcome_centrality"].map(OUTCOMES.index)
    fit = sm.MNLogit(codes.to_numpy(), regressors).fit(method="newton", maxiter=50, tol=1e-12, disp=False)
    for position, equation in enumerate(OUTCOMES[1:]):
        ours = (
            published.execute(
                "select * from estimates.trinomial_logit "
                "where base_year = 2012 and model_type = 1 and equation = ?",
                [equation],
            )
            .df()
            .set_index("term")
            .loc[list(regressors.columns)]
        )
        assert len(ours) == 27
        np.testing.assert_allclose(ours["estimate"], fit.params.iloc[:, position], rtol=1e-7)
        np.testing.assert_allclose(ours["std_error"], fit.bse.iloc[:, position], rtol=1e-7)
    diagnostics = published.execute(
        "select n_obs, log_likelihood, log_likelihood_null, schwarz_bic from estimates.trinomial_logit_fit "
        "where base_year = 2012 and model_type = 1"
    ).fetchone()
    k = 54 / 2 * np.log(len(rows))
    assert diagnostics == pytest.approx((len(rows), fit.llf, fit.llnull, k - fit.llf))


def test_the_covariances_belong_to_the_standard_errors(published: duckdb.DuckDBPyConnection) -> None:
    compared, largest = one(
        published,
        "select count(*), max(abs(sqrt(covariance) / std_error - 1)) "
        "from estimates.trinomial_logit_covariance join estimates.trinomial_logit "
        "using (base_year, model_type, equation, term) "
        "where model_type = 1 and other_equation = equation and other_term = term",
    )
    assert compared == 54
    assert largest < 1e-12


# --- beside the report --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "cells"),
    [("linear_probability", 633), ("trinomial_logit", 614), ("trinomial_logit_difference", 69 + 1092)],
)
def test_every_printed_cell_is_found_once(
    published: duckdb.DuckDBPyConnection, table: str, cells: int
) -> None:
    counted = one(
        published,
        f"select count(*) from estimates.{table} "
        "where published_estimate is not null and table_id is not null",
    )
    assert counted == cells


def test_one_row_a_printed_table(published: duckdb.DuckDBPyConnection) -> None:
    tables, cells = one(published, "select count(*), sum(cells_n) from estimates.reproduction")
    assert (tables, cells) == (3 + 31 + 13 + 25, 228 + 633 + 614 + 69 + 1092)
    misprinted = dict(
        published.execute(
            "select table_id, misprinted_n from estimates.reproduction where misprinted_n > 0"
        ).fetchall()
    )
    assert misprinted["6.3"] == 9
    assert sum(misprinted.values()) == 9 + 44


def test_the_grain_is_all_models_terms_and_outcomes(published: duckdb.DuckDBPyConnection) -> None:
    per_outcome = 4 * 22 + 4 * 26 + 4 * 29 + 19 * 22
    assert one(published, "select count(*) from estimates.linear_probability") == 3 * per_outcome
    assert one(published, "select count(*) from estimates.trinomial_logit") == 54 + 4 * 48 + 8 * 46
    assert one(published, "select count(*) from estimates.trinomial_logit_fit") == 13
    assert one(published, "select count(*) from estimates.trinomial_logit_difference") == 18 * 23 * 3
    effects = 25 + 4 * 22 + 8 * 21
    assert one(published, "select count(*) from estimates.trinomial_logit_marginal_effect") == 3 * effects
    dimensions = one(
        published,
        "select count(*) from (select distinct model_type, centrality_level, sex, varied_dimension "
        "from estimates.trinomial_logit_difference)",
    )
    assert dimensions == 18 * 5


def test_marginal_effects_average_over_the_persons_of_the_model(
    published: duckdb.DuckDBPyConnection,
) -> None:
    """Recomputed from the published coefficients: everyone in a category, and numerical derivatives."""
    terms = list(expected_names(LOGITS["type_1"]))
    order = "where model_type = 1 order by equation desc, list_position($terms, term)"
    theta = (
        published.execute(f"select estimate from estimates.trinomial_logit {order}", {"terms": terms})
        .df()["estimate"]
        .to_numpy()
    )
    covariance = (
        published.execute(
            f"select covariance from estimates.trinomial_logit_covariance {order}, "
            "other_equation desc, list_position($terms, other_term)",
            {"terms": terms},
        )
        .df()["covariance"]
        .to_numpy()
        .reshape(54, 54)
    )
    cells = published.execute("select * from estimates.trinomial_logit_cell where base_year = 2012").df()
    weights = cells[[f"{outcome}_n" for outcome in OUTCOMES]].sum(axis=1).to_numpy()

    def put(**changed: Any) -> np.ndarray:
        return design_matrix(cells.assign(**changed), LOGITS["type_1"].terms)[0]

    in_work, nordic = put(immigration_background="work"), put(immigration_background="nordic")
    aged = {by: put(age=cells["age"] + by) for by in (-0.2, -0.1, 0.1, 0.2)}

    def probabilities(theta: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        odds = np.exp(np.column_stack([np.zeros(len(matrix)), matrix @ theta.reshape(2, -1).T]))
        return weights @ (odds / odds.sum(axis=1, keepdims=True)) / weights.sum()

    def work(theta: np.ndarray) -> np.ndarray:
        return probabilities(theta, in_work) - probabilities(theta, nordic)

    def age(theta: np.ndarray) -> np.ndarray:
        return slope(lambda by: probabilities(theta, aged[by]), 0.1)

    for term, effect in (("bg_work", work), ("age", age)):
        ours = (
            published.execute(
                "select outcome, estimate, std_error, n_obs from estimates.trinomial_logit_marginal_effect "
                "where model_type = 1 and term = ?",
                [term],
            )
            .df()
            .set_index("outcome")
            .loc[OUTCOMES]
        )
        assert set(ours["n_obs"]) == {weights.sum()}
        np.testing.assert_allclose(ours["estimate"], effect(theta), rtol=1e-7)
        jacobian = np.column_stack(
            [
                slope(lambda by, unit=unit, effect=effect: effect(theta + by * unit), 0.01)
                for unit in np.diag(np.sqrt(np.diag(covariance)))
            ]
        ) / np.sqrt(np.diag(covariance))
        np.testing.assert_allclose(
            ours["std_error"], np.sqrt(np.diag(jacobian @ covariance @ jacobian.T)), rtol=1e-6
        )


def test_differences_sum_to_zero(published: duckdb.DuckDBPyConnection) -> None:
    largest = one(
        published,
        "select max(abs(total)) from ("
        "select sum(estimate) as total from estimates.trinomial_logit_difference "
        "group by model_type, centrality_level, sex, varied_dimension, comparison)",
    )
    assert largest < 1e-12


def test_everyone_is_in_a_sample_or_counted_with_the_reason(published: duckdb.DuckDBPyConnection) -> None:
    everyone = {
        oldest: one(
            published,
            "select count(*) from marts.person_year "
            f"where base_year = 2012 and is_immigrant and age between 15 and {oldest}",
        )
        for oldest in (74, 200)
    }
    assert everyone[74] < everyone[200]
    for sample, persons in published.execute(
        "select sample, sum(persons_n) from estimates.sample group by sample"
    ).fetchall():
        assert persons == everyone[200 if sample == "trinomial_logit" else 74], sample
    in_sample = dict(
        published.execute(
            "select sample, persons_n from estimates.sample where reason = 'in_sample'"
        ).fetchall()
    )
    fitted = dict(
        published.execute(
            "select spec, sum(n_obs) from estimates.linear_probability_fit "
            "where outcome = 'stay' group by spec"
        ).fetchall()
    )
    types = published.execute(
        "select sum(n_obs) from estimates.trinomial_logit_fit group by model_type"
    ).fetchall()
    assert types == [(in_sample.pop("trinomial_logit"),)] * 3
    assert fitted == in_sample


# --- models that cannot be fitted ---------------------------------------------------------------------------


def test_a_logit_without_events_is_reported_and_not_dropped(published: duckdb.DuckDBPyConnection) -> None:
    reasons = published.execute(
        "select not_fitted_reason, log_likelihood from estimates.trinomial_logit_fit where not converged"
    ).fetchall()
    assert reasons
    assert all("never occurs where column" in reason and value is None for reason, value in reasons)
    rows, estimates = one(
        published,
        "select count(*), count(estimate) from estimates.trinomial_logit "
        "where model_type = 3 and centrality_level = 2",
    )
    assert (rows, estimates) == (92, 0)
    rows, estimates = one(
        published,
        "select count(*), count(estimate) from estimates.trinomial_logit_difference "
        "where model_type = 3 and centrality_level = 2",
    )
    assert (rows, estimates) == (2 * 69, 0)


def test_a_linear_model_that_cannot_be_fitted_names_the_column_or_the_outcome(
    published: duckdb.DuckDBPyConnection,
) -> None:
    reasons = published.execute(
        "select not_fitted_reason from estimates.linear_probability_fit where not is_fitted"
    ).fetchall()
    assert reasons
    assert all(re.search(r"[Cc]olumn '\w+'|Outcome '\w+'", reason) for (reason,) in reasons)


def test_one_outcome_that_never_happens_leaves_the_others_fitted() -> None:
    model = Model("main", "linear_probability", "county", (Term("x", "x"),), {"county_code": ("01",)})
    cells = pd.DataFrame({"base_year": 2012, "county_code": "01", "x": [0, 1, 2, 3]})
    for count, values in zip(
        linear_probability_counts(model),
        ([9, 8, 7, 9], [0, 0, 0, 0], [1, 2, 3, 1], [0, 1, 0, 0]),
        strict=True,
    ):
        cells[count] = values
    fitted = linear_probabilities(cells, (model,), [2012]).set_index(["outcome", "term"])
    assert fitted.loc["stay", "is_fitted"].all()
    assert fitted.loc["emigration", "is_fitted"].all()
    assert not fitted.loc["internal_outmigration", "is_fitted"].any()
    assert "internal_outmigration" in fitted.loc[("internal_outmigration", "x"), "not_fitted_reason"]
    assert len(fitted) == 6


def test_a_base_year_without_cells_is_reported() -> None:
    columns = {column for model in REPORT.trinomial_logit for column in model.columns}
    nothing = pd.DataFrame(columns=["base_year", *columns, *[f"{outcome}_n" for outcome in OUTCOMES]])
    fits = trinomial_logits(nothing, REPORT.trinomial_logit, [1999])
    assert len(fits) == 54 + 4 * 48 + 8 * 46
    assert set(fits["not_fitted_reason"]) == {"No person is in the sample."}
    differences = probability_differences(fits, REPORT.trinomial_logit, REPORT.comparisons)
    assert len(differences) == 18 * 69
    assert differences["estimate"].isna().all()
    effects = marginal_effects(fits, nothing, REPORT.trinomial_logit)
    assert len(effects) == 3 * (25 + 4 * 22 + 8 * 21)
    assert effects["estimate"].isna().all()


def test_no_base_years_give_tables_without_rows() -> None:
    columns = {column for model in REPORT.trinomial_logit for column in model.columns}
    nothing = pd.DataFrame(columns=["base_year", *columns, *[f"{outcome}_n" for outcome in OUTCOMES]])
    fits = trinomial_logits(nothing, REPORT.trinomial_logit, [])
    assert len(fits) == 0
    assert len(probability_differences(fits, REPORT.trinomial_logit, REPORT.comparisons)) == 0
    assert len(marginal_effects(fits, nothing, REPORT.trinomial_logit)) == 0


def test_a_level_without_persons_is_reported() -> None:
    model = Model(
        "type_2", "trinomial_logit", "centrality", (Term("age", "age"),), {"centrality_level": (1, 2)}
    )
    cells = pd.DataFrame(
        {
            "base_year": 2012,
            "centrality_level": 1,
            "age": [20, 30, 40],
            "stay_n": [50, 60, 70],
            "internal_outmigration_n": [5, 3, 4],
            "emigration_n": [9, 5, 2],
        }
    )
    fits = trinomial_logits(cells, (model,), [2012]).groupby("centrality_level").first()
    assert fits["converged"].to_list() == [True, False]
    assert fits["not_fitted_reason"].loc[2] == "No person is in the sample."


# --- specifications -----------------------------------------------------------------------------------------


def seed(name: str) -> pd.DataFrame:
    return pd.read_csv(PROJECT / "seeds" / "published" / f"{name}.csv", dtype=str, keep_default_na=False)


def test_the_logits_have_the_printed_terms() -> None:
    printed = seed("published_mnl")
    for model_type in "123":
        terms = printed.loc[printed["model_type"] == model_type, "term"]
        assert set(expected_names(LOGITS[f"type_{model_type}"])) == set(terms)


def test_the_comparisons_are_those_of_the_printed_profiles() -> None:
    printed = seed("published_mnl_differences")
    wanted = set(zip(printed["dimension"], printed["comparison"], strict=True))
    assert {(one.dimension, one.name) for one in REPORT.comparisons} == wanted
    vocabulary = {"none_or_unknown": "education_0"}
    for row in seed("published_mnl_difference_profiles").to_dict("records"):
        assert row["centrality"] == ("4" if row["model_type"] == "1" else "1|2|3|4")
        for comparison in REPORT.comparisons:
            person = comparison.reference
            if (comparison.dimension, person["sex"]) == (row["varied_dimension"], row["sex"]):
                education = str(person["education_group_logit"])
                residence = "residence_" + str(person["residence_group"]).replace("-", "_")
                assert row["age"] == str(person["age"])
                assert person["centrality_level"] == 4
                assert row["status"] == person["labour_status"]
                assert row["education"] == vocabulary.get(education, education)
                assert row["residence"] == residence.replace("+", "plus")
                assert row["background"] == person["immigration_background"]
                assert row["family_total"] == str(person["family_size"])
                assert row["family_immigrants"] == str(person["family_immigrants"])


def test_another_reference_person_keeps_what_is_varied() -> None:
    changed = comparisons_with({"age": 50, "labour_status": "unemployed"})
    assert [(one.dimension, one.name) for one in changed] == [
        (one.dimension, one.name) for one in REPORT.comparisons
    ]
    for one, original in zip(changed, REPORT.comparisons, strict=True):
        assert one.reference["age"] == 50
        assert one.reference["sex"] == original.reference["sex"]
        if one.dimension == "labour_status":
            assert one.reference["labour_status"] == "outside_labour_force"
        else:
            assert one.reference["labour_status"] == one.compared["labour_status"] == "unemployed"
    assert comparisons_with({}) == REPORT.comparisons


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"height": 180}, "has no height; it has age"),
        ({"sex": "male"}, "has no sex"),
        ({"labour_status": "retired"}, "must be employed, .* not 'retired'"),
        ({"age": "fifty"}, "age of the reference person must be a whole number, not 'fifty'"),
    ],
)
def test_a_reference_person_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        comparisons_with(changes)


def printed_logits() -> pd.DataFrame:
    """Return the printed coefficients as fits with a covariance, rounded to three decimals as they are."""
    printed = seed("published_mnl")
    found = []
    for _, table in printed.groupby("table_id"):
        model = LOGITS[f"type_{table['model_type'].iloc[0]}"]
        names = expected_names(model)
        values = table.set_index(["equation", "term"])["estimate"].astype(float)
        rows = pd.DataFrame(
            [
                {"equation": equation, "term": term, "estimate": values[equation, term]}
                for equation in OUTCOMES[1:]
                for term in names
            ]
        )
        level, sex = table["centrality_level"].iloc[0], table["sex"].iloc[0]
        found.append(
            rows.assign(
                base_year=2012,
                spec=model.name,
                centrality_level=float(level) if level.isdigit() else np.nan,
                sex=sex if sex in ("female", "male") else None,
                position=range(len(rows)),
                covariance=list(np.eye(len(rows))),
                converged=True,
                n_obs=1,
            )
        )
    return pd.concat(found, ignore_index=True)


def test_printed_coefficients_give_the_printed_differences() -> None:
    """Every cell of tables 6.2-6.26, but for those of which a note says that they are misprinted."""
    ours = probability_differences(printed_logits(), REPORT.trinomial_logit, REPORT.comparisons)
    ours = ours.assign(model_type=ours["spec"].str[-1], centrality_level=ours["centrality_level"].astype(str))
    keys = ["model_type", "centrality_level", "sex", "dimension", "comparison", "outcome"]
    printed = seed("published_mnl_differences").astype({"estimate": float})
    both = printed.merge(ours.rename(columns={"varied_dimension": "dimension"}), on=keys, how="left")
    assert both["estimate_y"].notna().all()
    away = (both["estimate_x"] - both["estimate_y"]).abs()
    noted = both["note"].str.contains("follow|misprint in original: printed -?0|larger in magnitude")
    assert (len(both), noted.sum()) == (69 + 1092, 53)
    assert away[~noted].max() < 0.0015
    # Coefficients have three decimals, and are multiplied by age.
    assert (away[~noted] < 0.0006).mean() > 0.98


def test_every_term_but_the_constant_and_the_square_of_age_has_an_effect() -> None:
    for model in LOGITS.values():
        effects = effects_of(model)
        assert set(effects) == set(expected_names(model)) - {"constant", "age_sq_scaled"}
        age = effects["age"]
        assert isinstance(age, Derivative)
        assert age.through["age_sq_scaled"](np.array([30.0])) == pytest.approx(0.6)
        work = effects["bg_work"]
        assert isinstance(work, Discrete)
        assert set(work.instead_of) == {"bg_refuge", "bg_family", "bg_education", "bg_unknown"}
        assert effects["family_total"] == Derivative("family_total")


def test_a_number_that_enters_only_as_a_square_has_no_effect() -> None:
    model = Model("own", "trinomial_logit", "county", (Term("age", "age_sq", power=2),))
    with pytest.raises(ValueError, match="age needs a term of its own"):
        effects_of(model)


def test_a_value_outside_the_categories_is_refused() -> None:
    model = LOGITS["type_3"]
    person = dict(REPORT.comparisons[0].reference) | {"labour_status": "retired", "stay_n": 1}
    with pytest.raises(ValueError, match="labour_status holds 'retired'"):
        cells_of(pd.DataFrame([person]), model, {}, ["stay_n"])


def test_persons_without_a_value_are_left_out_and_counted() -> None:
    model = LOGITS["type_3"]
    person = dict(REPORT.comparisons[0].reference) | {"stay_n": 3}
    frame = pd.DataFrame([person, person | {"family_size": None, "stay_n": 2}])
    cells = cells_of(frame, model, {"sex": "female"}, ["stay_n"])
    assert cells.counts.tolist() == [[3.0]]
    assert cells.incomplete_n == 2


# --- recovery -----------------------------------------------------------------------------------------------


def test_recovery_says_what_was_not_fitted(published: duckdb.DuckDBPyConnection) -> None:
    found = recoveries(published)
    assert [one.table_id for one in found] == [f"E{n}" for n in range(1, 9)]
    assert all(np.isnan(one.wald) and one.largest_term == "not fitted" for one in found)


def test_recovery_is_the_distance_in_the_metric_of_the_covariance() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema estimates")
        connection.execute(
            "create table estimates.trinomial_logit as select 2012 as base_year, 3 as model_type, "
            "'E1' as table_id, 1 as centrality_level, 'female' as sex, 100 as n_obs, "
            "'emigration' as equation, * from (values ('age', 1.0, 2.0, 0.0), ('constant', 5.0, 3.0, 2.0)) "
            "as t (term, estimate, std_error, published_estimate)"
        )
        connection.execute(
            "create table estimates.trinomial_logit_covariance as select 2012 as base_year, 3 as model_type, "
            "1 as centrality_level, 'female' as sex, 'emigration' as equation, "
            "'emigration' as other_equation, * "
            "from (values ('age', 'age', 4.0), ('age', 'constant', 1.0), ('constant', 'age', 1.0), "
            "('constant', 'constant', 9.0)) as t (term, other_term, covariance)"
        )
        (found,) = recoveries(connection)
    distance = np.array([1.0, 3.0])
    assert found.wald == pytest.approx(distance @ np.linalg.inv([[4, 1], [1, 9]]) @ distance)
    assert (found.degrees_of_freedom, found.largest_z) == (2, 1.0)
    assert found.largest_term == "constant, emigration"
