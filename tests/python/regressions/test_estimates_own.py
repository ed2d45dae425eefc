"""A researcher's own models: `utvandring fit`, and what it answers to a specification that is none."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from conftest import Command

from utvandring.common.errors import UsageError
from utvandring.regressions.own import fit_own_model
from utvandring.regressions.specification import read_own_model

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


CODES = """
model: linear_probability
where: base_year = 2012
terms:
  - age
"""


@pytest.fixture
def mart(tmp_path: Path) -> Path:
    """Give a database whose counties are codes that YAML takes for something else than text."""
    path = tmp_path / "mart.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.person_year as
            select
                'p' || i as person_id, 2012 as base_year, 20 + (hash(i) % 40)::int as age,
                ['01', '03', '08', '000', 'no', '12:30', '1e3', '~', 'NULL'][1 + i % 9] as county_code,
                [8, 10, 12][1 + i % 3] as code, i % 2 = 0 as is_even, date '2012-01-01' as emigration_date,
                ['stay', 'stay', 'internal_outmigration', 'emigration', 'death']
                    [1 + (hash(i + 7000) % 5)::int] as outcome_centrality,
                1 + i % 6 as centrality_class,
                ['stay', 'stay', 'internal_outmigration', 'emigration', null]
                    [1 + (hash(i + 9000) % 5)::int] as outcome_centrality_class
            from range(1800) as rows (i)
            """
        )
    return path


def people(mart: Path, tmp_path: Path, only: str) -> int:
    """Return how many are in the sample of a model with a limit."""
    (fit,) = fit_own_model(mart, read_own_model(written(tmp_path, f"{CODES}only: {only}\n")))
    assert fit.estimates is not None, fit.reason
    return fit.n_obs


def database(root: Path) -> Path:
    return root / "published" / "utvandring.duckdb"


def rows_of(root: Path, where: str) -> pd.DataFrame:
    with duckdb.connect(str(database(root)), read_only=True) as connection:
        return connection.execute(f"select * from marts.person_year where {where}").df()


def test_a_logit_of_my_own_is_printed_and_written(
    built_warehouse: Path, tmp_path: Path, utvandring: Command
) -> None:
    ran = utvandring(
        *("fit", "--database", database(built_warehouse), "--out", tmp_path / "estimates.csv"),
        *("--spec", written(tmp_path, LOGIT)),
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


FEW = """
model: {model}
where: education <> '{without}'
terms:
  - age
  - {{column: education, reference: low, prefix: ""}}
  - is_even
"""


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Give 34 persons: one with a long education, three with a middle one; who moves or leaves is listed."""
    path = tmp_path / "few.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.person_year as
            select
                'p' || i as person_id, 2012 as base_year, 20 + i % 11 as age, i % 2 = 0 as is_even,
                case when i = 0 then 'long' when i < 4 then 'middle' else 'low' end as education,
                case
                    when i % 5 = 2 then 'emigration' when i % 7 = 3 then 'internal_outmigration' else 'stay'
                end as outcome_centrality
            from range(34) as rows (i)
            """
        )
    return path


@pytest.mark.parametrize("model", ["linear_probability", "trinomial_logit"])
def test_every_coefficient_says_what_it_rests_on_and_whether_a_release_would_show_it(
    model: str, few: Path, tmp_path: Path
) -> None:
    # Who has a long education stayed, of which a logit has no finite estimate.
    without = "long" if model == "trinomial_logit" else "none"
    spec = written(tmp_path, FEW.format(model=model, without=without))
    (fit,) = fit_own_model(few, read_own_model(spec))
    assert fit.estimates is not None, fit.reason
    with duckdb.connect(str(few), read_only=True) as connection:
        rows = connection.execute("select * from marts.person_year where education <> ?", [without]).df()
    equation = fit.estimates[fit.estimates["equation"] == "emigration"].set_index("term")
    left = rows["outcome_centrality"] == "emigration"
    other = rows["outcome_centrality"] == "stay" if model == "trinomial_logit" else ~left

    def events(chosen: "pd.Series[bool]") -> int:
        return int(min((left & chosen).sum(), (other & chosen).sum()))

    low, everybody = rows["education"] == "low", rows["age"] > 0
    expected = {
        "constant": (len(rows), events(everybody)),
        "age": (len(rows), events(everybody)),
        **({"long": (1, 0)} if without == "none" else {}),
        "middle": (3, min(events(rows["education"] == "middle"), events(low))),
        "is_even": (int(rows["is_even"].sum()), min(events(rows["is_even"]), events(~rows["is_even"]))),
    }
    found = {term: (row["persons_n"], row["events_n"]) for term, row in equation.iterrows()}
    assert found == expected
    assert set(equation.drop(["constant", "age"])["withheld_reason"]) == {"too_few_persons"}
    assert events(everybody) >= 5 and pd.isna(equation.loc["age", "withheld_reason"])

    # What the database was released by comes before the settings of the project.
    with duckdb.connect(str(few)) as connection:
        connection.execute("create schema release")
        connection.execute(
            "create table release.disclosure_rule as select * from "
            "(values ('min_persons', 1), ('min_events', 1)) as rule (rule, value)"
        )
    (fit,) = fit_own_model(few, read_own_model(spec))
    assert fit.estimates is not None
    reasons = fit.estimates[fit.estimates["equation"] == "emigration"].set_index("term")["withheld_reason"]
    assert without == "long" or reasons["long"] == "too_few_events"
    assert pd.isna(reasons["is_even"])


def test_a_table_that_may_not_leave_says_so(few: Path, tmp_path: Path, utvandring: Command) -> None:
    spec = written(tmp_path, FEW.format(model="linear_probability", without="none"))
    ran = utvandring("fit", "--spec", spec, "--database", few, "--out", tmp_path / "few.csv")
    assert ran.code == 0, ran.text
    assert "may not leave the secure zone" in " ".join(ran.text.split())
    table = pd.read_csv(tmp_path / "few.csv").set_index(["equation", "term"])
    assert table.loc[("emigration", "long"), "persons_n"] == 1
    assert table.loc[("emigration", "long"), "withheld_reason"] == "too_few_persons"


def test_a_group_that_cannot_be_fitted_is_shown_with_the_reason(
    built_warehouse: Path, tmp_path: Path, utvandring: Command
) -> None:
    ran = utvandring(
        *("fit", "--database", database(built_warehouse), "--out", tmp_path / "estimates.csv", "--spec"),
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
        ("terms:", "outcome: village\nterms:", "outcome must be centrality, centrality_class, county or"),
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
    old: str, new: str, says: str, built_warehouse: Path, tmp_path: Path, utvandring: Command
) -> None:
    spec = written(tmp_path, LOGIT.replace(old, new))
    ran = utvandring("fit", "--database", database(built_warehouse), "--spec", spec)
    assert ran.code in (1, 2)
    assert says in ran.err
    assert "Traceback" not in ran.text


def test_without_a_publication_the_next_step_is_named(utvandring: Command, tmp_path: Path) -> None:
    ran = utvandring("fit", "--spec", written(tmp_path, LOGIT))
    assert ran.code == 1
    assert "utvandring build" in ran.err


# Values are what their column holds


@pytest.mark.parametrize(
    ("only", "share"),
    [
        ("{county_code: [01, 03, 08]}", 3 / 9),
        ("{county_code: ['01', '03', '08']}", 3 / 9),
        ("{county_code: [01]}", 1 / 9),
        ("{county_code: 03}", 1 / 9),
        ("{county_code: [000, no, 12:30, 1e3]}", 4 / 9),
        ("{county_code: ['~', 'NULL']}", 2 / 9),
        ("{code: [010]}", 1 / 3),
        ("{code: ['8', 12.0]}", 2 / 3),
        ("{is_even: [yes]}", 1 / 2),
        ("{is_even: [true, 'false']}", 1),
        ("{County_Code: [03]}", 1 / 9),
    ],
)
def test_values_are_read_as_what_their_column_holds(
    only: str, share: float, mart: Path, tmp_path: Path
) -> None:
    assert people(mart, tmp_path, only) == 1800 * share


def test_a_model_of_moves_between_classes_is_fitted_to_who_has_such_an_outcome(
    mart: Path, tmp_path: Path
) -> None:
    text = f"outcome: centrality_class\nby: centrality_class\n{CODES}"
    fits = fit_own_model(mart, read_own_model(written(tmp_path, text)))
    with duckdb.connect(str(mart), read_only=True) as connection:
        persons = connection.execute(
            "select centrality_class, count(outcome_centrality_class) from marts.person_year group by all"
        ).fetchall()
    assert {fit.group["centrality_class"]: fit.n_obs for fit in fits} == dict(persons)
    assert sum(n for _, n in persons) < 1800


@pytest.mark.parametrize("reference", ["03", "000", "no", "'no'", "1e3"])
def test_a_reference_is_a_text_where_the_column_is(reference: str, mart: Path, tmp_path: Path) -> None:
    own = read_own_model(
        written(tmp_path, f"{CODES}  - {{column: county_code, reference: {reference}, prefix: no}}\n")
    )
    (fit,) = fit_own_model(mart, own)
    assert fit.estimates is not None, fit.reason
    codes = {"01", "03", "08", "000", "no", "12:30", "1e3", "~", "NULL"} - {reference.strip("'")}
    assert set(fit.estimates["term"]) == {"constant", "age", *(f"no{code}" for code in codes)}


def test_categories_are_texts_where_the_column_is(mart: Path, tmp_path: Path) -> None:
    limited = CODES.replace("terms:", "only: {county_code: [01, 03, no]}\nterms:")
    term = "{column: county_code, reference: 01, categories: {no: no, 03: 03}}"
    (fit,) = fit_own_model(mart, read_own_model(written(tmp_path, f"{limited}  - {term}\n")))
    assert fit.estimates is not None, fit.reason
    assert fit.estimates["term"].unique().tolist() == ["constant", "age", "no", "03"]


@pytest.mark.parametrize(
    ("added", "says"),
    [
        ("only: {county_code: [3]}", "no row of the sample has '3'. There are '000', '01', '03', '08',"),
        ("only: {county_code: [01, 99]}", "only of county_code: no row of the sample has '99'."),
        ("only: {code: [9]}", "only of code: no row of the sample has 9. There are 8, 10, 12."),
        ("only: {code: [a]}", "code is a number, which 'a' is not."),
        ("only: {code: [true]}", "code is a number, which 'true' is not."),
        ("only: {code: [.nan]}", "code is a number, which '.nan' is not."),
        ("only: {is_even: [1]}", "is_even is true or false, which '1' is not."),
        ("only: {emigration_date: [2012-01-01]}", "emigration_date is date"),
        ("only: {county_code: [~]}", "only: county_code must have a list of values, but has an empty one"),
        ("only: {county_code: [[01]]}", "only: county_code must have a list of values, but has ['01']"),
        ("only: {person_id: [me]}", "no row of the sample has 'me'. There are 1800 values."),
        ("only: {code: 8}\nonly: {code: 10}", "the key 'only' occurs twice"),
        ("  - {column: county_code, reference: 3}", "reference of county_code: no row of the sample has '3'"),
        ("  - {column: county_code, reference: }", "reference of county_code must be a single value"),
        (
            "  - {column: county_code, reference: 01, categories: {b: 99}}",
            "categories of county_code: no row of the sample has '99'",
        ),
        (
            "  - {column: county_code, reference: 01, categories: {b: 03, b: 08}}",
            "the key 'b' occurs twice",
        ),
        ("  - {column: county_code, reference: 01, categories: {b: 03, c: 03}}", "has '03' twice"),
        ("  - {column: code, reference: 010, prefix: }", "prefix of code is empty"),
        ("  - county_code", "county_code is text and no number: give the term a reference"),
        ("  - emigration_date", "emigration_date is date and no number"),
        ("  - {column: age, power: two}", "power a whole number"),
        ("  - {column: age, divide_by: nan}", "divide_by must be a number"),
    ],
)
def test_a_value_that_the_column_does_not_have_is_named(
    added: str, says: str, mart: Path, utvandring: Command, tmp_path: Path
) -> None:
    ran = utvandring("fit", "--spec", written(tmp_path, f"{CODES}{added}\n"), "--database", mart)
    assert ran.code == 2
    assert says in ran.err.replace("\n", " ")
    assert "Traceback" not in ran.text


def test_a_reference_that_a_group_lacks_is_its_reason(mart: Path, tmp_path: Path) -> None:
    text = CODES.replace("where: base_year = 2012", "where: is_even or county_code <> '03'\nby: is_even")
    term = "{column: county_code, reference: 03}"
    lacking, whole = fit_own_model(mart, read_own_model(written(tmp_path, f"{text}  - {term}\n")))
    assert whole.reason is None
    assert lacking.reason is not None
    assert lacking.reason.startswith("reference of county_code: no row of the sample has '03'. There are")
