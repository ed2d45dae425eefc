"""A researcher's own models: `utvandring fit`, and what it answers to a specification that is none."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from conftest import Command, Ran, run_command

from utvandring.errors import UsageError
from utvandring.estimates.own import fit_own_model
from utvandring.estimates.specification import read_own_model

LOGIT = """
model: trinomial_logit
where: base_year = 2012 and is_immigrant and age between 20 and 60
columns: {alone: family_size = 1}
terms:
  - age
  - {name: age_squared, column: age, divide_by: 10, power: 2}
  - {column: sex, reference: male}
  - alone
"""
LINEAR = """
model: linear_probability
outcome: county
where: base_year between 2010 and 2012 and is_immigrant and age between 15 and 74
by: sex
std_errors: clustered
deaths: false
terms:
  - {column: labour_status, reference: outside_labour_force, prefix: ""}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.yml"
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(root: Path, where: str) -> pd.DataFrame:
    with duckdb.connect(str(root / "published" / "utvandring.duckdb"), read_only=True) as connection:
        return connection.execute(f"select * from marts.person_year where {where}").df()


def test_a_logit_of_my_own_is_printed_and_written(built_warehouse: Path, tmp_path: Path) -> None:
    ran = run_command(
        built_warehouse, "fit", "--spec", written(tmp_path, LOGIT), "--out", tmp_path / "estimates.csv"
    )
    assert ran.code == 0, ran.text
    for text in ("person-years", "emigration", "age_squared", "sex_female", "log likelihood"):
        assert text in ran.out
    estimates = pd.read_csv(tmp_path / "estimates.csv")
    rows = rows_of(
        built_warehouse,
        "base_year = 2012 and is_immigrant and age between 20 and 60 and family_size is not null "
        "and outcome_centrality in ('stay', 'internal_outmigration', 'emigration')",
    )
    regressors = pd.DataFrame(
        {
            "constant": 1.0,
            "age": rows["age"],
            "age_squared": (rows["age"] / 10) ** 2,
            "sex_female": (rows["sex"] == "female").astype(float),
            "alone": (rows["family_size"] == 1).astype(float),
        }
    )
    codes = rows["outcome_centrality"].map({"stay": 0, "internal_outmigration": 1, "emigration": 2})
    fit = sm.MNLogit(codes.to_numpy(), regressors).fit(method="newton", tol=1e-12, disp=False)
    np.testing.assert_allclose(estimates["estimate"], fit.params.to_numpy().ravel(order="F"), rtol=1e-7)
    np.testing.assert_allclose(estimates["std_error"], fit.bse.to_numpy().ravel(order="F"), rtol=1e-7)
    assert set(estimates["n_obs"]) == {len(rows)}


def test_several_years_are_pooled_with_errors_clustered_by_person(
    built_warehouse: Path, tmp_path: Path
) -> None:
    database = built_warehouse / "published" / "utvandring.duckdb"
    fits = fit_own_model(database, read_own_model(written(tmp_path, LINEAR)))
    assert [fit.group for fit in fits] == [{"sex": "female"}, {"sex": "male"}]
    rows = rows_of(
        built_warehouse,
        "base_year between 2010 and 2012 and is_immigrant and age between 15 and 74 and sex = 'male' "
        "and outcome_county in ('stay', 'internal_outmigration', 'emigration')",
    )
    names = ["employed", "employed_in_education", "in_education", "unemployed"]
    regressors = pd.DataFrame(
        {"constant": 1.0} | {n: (rows["labour_status"] == n).astype(float) for n in names}
    )
    theirs = sm.OLS((rows["outcome_county"] == "emigration").astype(float), regressors).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(rows["person_id"])[0]}
    )
    estimates = fits[1].estimates
    assert estimates is not None
    ours = estimates[estimates["equation"] == "emigration"].set_index("term").loc[["constant", *names]]
    assert fits[1].n_obs == len(rows) > rows["person_id"].nunique()
    np.testing.assert_allclose(ours["estimate"], theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours["std_error"], theirs.bse, rtol=1e-8)


def test_a_group_that_cannot_be_fitted_is_shown_with_the_reason(
    built_warehouse: Path, tmp_path: Path
) -> None:
    ran = run_command(
        built_warehouse,
        *("fit", "--out", tmp_path / "estimates.csv", "--spec"),
        written(tmp_path, LOGIT.replace("terms:", "by: {centrality_level: [4, 9]}\nterms:")),
    )
    assert ran.code == 1
    assert "centrality_level 9: 0 person-years" in ran.out
    assert "Not fitted. No person is in the sample." in ran.out
    last = pd.read_csv(tmp_path / "estimates.csv").iloc[-1]
    assert last["not_fitted_reason"] == "No person is in the sample."


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("model: trinomial_logit", "model: probit", "model must be linear_probability or trinomial_logit"),
        ("where:", "weher:", "no key 'weher'"),
        ("terms:", "outcome: village\nterms:", "outcome must be centrality, county or municipality"),
        ("  - alone", "  - {name: alone}", "has a column"),
        ("  - alone", "  - {column: alone, ref: 1}", "no key 'ref'"),
        ("  - alone", "  - {column: alone, categories: {a: 1}}", "categories but no reference"),
        ("divide_by: 10", "divide_by: 0", "divide_by must be a number but zero"),
        ("terms:", "std_errors: none\nterms:", "std_errors must be classical, robust or clustered"),
        ("terms:", "terms: [", "is not YAML"),
    ],
)
def test_a_faulty_specification_is_named(old: str, new: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"my\.yml") as error:
        read_own_model(written(tmp_path, LOGIT.replace(old, new)))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  - alone", "  - income", "income"),
        ("family_size = 1", "family_size = = 1", "syntax error"),
        ("base_year = 2012", "base_year = 1812", "selects no person-year"),
    ],
)
def test_a_specification_that_does_not_fit_the_mart_is_explained(
    old: str, new: str, says: str, built_warehouse: Path, tmp_path: Path
) -> None:
    ran: Ran = run_command(built_warehouse, "fit", "--spec", written(tmp_path, LOGIT.replace(old, new)))
    assert ran.code in (1, 2)
    assert says in ran.err
    assert "Traceback" not in ran.text


def test_without_a_publication_the_next_step_is_named(utvandring: Command, tmp_path: Path) -> None:
    ran = utvandring("fit", "--spec", written(tmp_path, LOGIT))
    assert ran.code == 1
    assert "utvandring build" in ran.err
