"""`utvandring fit`: formulas, files for papers and for R, what is near a wrong name, and what may leave."""

import json
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import Command
from deliveries import PROJECT

from utvandring.formulas import fit_multinomial_formula
from utvandring.regressions.leaving import withheld_together
from utvandring.regressions.own import Asked, fit_own_model
from utvandring.regressions.papers import side_by_side
from utvandring.regressions.specification import read_own_model

OUTCOMES = ["stay", "internal_outmigration", "emigration"]
FORMULA = 'outcome ~ age + I(age**2) + C(immigration_background, ref="nordic") * sex'
WHERE = "base_year <= 2012"


@pytest.fixture(scope="module")
def mart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give 600 persons over three years; 24 of them have a rare background."""
    path = tmp_path_factory.mktemp("mart") / "mart.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.person_year as
            select
                'p' || i as person_id, 2010 + year as base_year, 20 + year + (hash(i) % 40)::int as age,
                case when i < 24 then 'rare' else ['nordic', 'work', 'refuge'][1 + i % 3] end
                    as immigration_background,
                ['female', 'male'][1 + (hash(i + 5000) % 2)::int] as sex,
                ['01', '03', '08'][1 + (hash(i + 6000) % 3)::int] as county_code,
                ['stay', 'stay', 'stay', 'internal_outmigration', 'emigration', 'death']
                    [1 + (hash(i + 7000 * year) % 6)::int] as outcome_centrality
            from range(600) as rows (i), range(3) as years (year)
            """
        )
    return path


def rows_of(mart: Path) -> pd.DataFrame:
    with duckdb.connect(str(mart), read_only=True) as connection:
        rows = connection.execute("select * from marts.person_year where outcome_centrality <> 'death'").df()
    return rows


def test_a_formula_on_the_command_line_is_the_one_of_the_library(
    mart: Path, tmp_path: Path, utvandring: Command
) -> None:
    ran = utvandring(
        *("fit", "--formula", FORMULA, "--where", WHERE, "--std-errors", "clustered", "--database", mart),
        *("--out", tmp_path / "rows.csv", "--effects", "--broom", tmp_path / "r"),
        *("--contrast", "age: 60 - 30", "--test", "sex[T.male] = 0", "--standardised"),
    )
    assert ran.code == 0, ran.text
    written = pd.read_csv(tmp_path / "rows.csv")
    rows = rows_of(mart)
    fit = fit_multinomial_formula(
        FORMULA.replace("outcome", "outcome_centrality"), rows, outcomes=OUTCOMES, clusters=rows["person_id"]
    )
    expected = fit.tidy()
    assert list(written["term"]) == list(expected["term"])
    np.testing.assert_allclose(written["estimate"], expected["estimate"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(written["std_error"], expected["std_error"], rtol=1e-6)
    assert not written["may_leave"].any()

    regressors = rows[["age", "immigration_background", "sex"]]
    effects = pd.read_csv(tmp_path / "r" / "effects.csv")
    ours = fit.marginal_effects(regressors)
    np.testing.assert_allclose(effects["estimate"].iloc[: len(ours)], ours["estimate"], rtol=1e-6)
    np.testing.assert_allclose(effects["std.error"].iloc[: len(ours)], ours["std_error"], rtol=1e-6)
    contrast = fit.contrast(regressors, {"age": (60, 30)})
    np.testing.assert_allclose(effects["estimate"].iloc[len(ours) :], contrast["estimate"], rtol=1e-6)
    tests = pd.read_csv(tmp_path / "r" / "tests.csv")
    np.testing.assert_allclose(tests["p.value"], fit.test("sex[T.male] = 0")["p_value"], rtol=1e-5)
    scaled = pd.read_csv(tmp_path / "r" / "standardised.csv")
    np.testing.assert_allclose(scaled["estimate"], fit.standardised()["estimate"], rtol=1e-6, atol=1e-9)

    # What modelsummary asks for: broom's names in tidy and glance.
    tidy, glance = (pd.read_csv(tmp_path / "r" / f"{name}.csv") for name in ("tidy", "glance"))
    assert {"term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"} <= set(tidy)
    assert glance.loc[0, "nobs"] == len(rows) and glance.loc[0, "nclusters"] == rows["person_id"].nunique()


def test_the_example_by_country_of_birth_has_groups_of_countries_as_terms(
    mart: Path, tmp_path: Path, utvandring: Command
) -> None:
    path = tmp_path / "origin.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"attach '{mart}' as small (read_only)")
        connection.execute("create schema marts; create schema code_lists")
        connection.execute(
            "create table code_lists.country_group (country_code varchar, origin_group varchar); "
            "insert into code_lists.country_group values "
            "('101', 'nordic'), ('131', 'eu_2004_2007'), ('444', 'asia')"
        )
        connection.execute(
            "create table marts.person_year as select *, true as is_immigrant, "
            "outcome_centrality as outcome_county, "
            "if(hash(person_id) % 2 = 0, '16+', '3-5') as residence_group, "
            "['101', '131', '444', null][1 + (hash(person_id, 1) % 4)::int] as country_of_birth "
            "from small.marts.person_year"
        )
        (persons,) = connection.execute(
            "select count(*) from marts.person_year where base_year = 2012 and age between 20 and 60 "
            "and outcome_county <> 'death' and country_of_birth is not null"
        ).fetchone() or (0,)
    example = PROJECT / "docs/examples/emigration_by_origin.yml"
    ran = utvandring("fit", "--spec", example, "--database", path, "--out", tmp_path / "rows.csv")
    assert ran.code == 0, ran.text
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert {"born_in_asia", "born_in_eu_2004_2007"} <= set(rows["term"])
    assert set(rows["n_obs"]) == {persons}


def test_in_eighty_columns_no_name_is_cut_and_no_line_is_longer(mart: Path, utvandring: Command) -> None:
    ran = utvandring(
        *("fit", "--formula", FORMULA, "--where", WHERE, "--database", mart, "--effects"),
    )
    assert "immigration_background[T.refuge]:sex[T.male]" in ran.out
    assert "immigration_background: refuge - nordic" in ran.out
    assert "…" not in ran.out
    assert max(map(len, ran.out.splitlines()[:-1])) <= 100
    tables = [line for line in ran.out.splitlines() if line.startswith("  ")]
    assert max(map(len, tables)) <= 80


SPEC = "model: trinomial_logit\nwhere: {where}\nformula: {formula}\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--formula", "outcome ~ age + C(background)"),
            "Near is immigration_background. There are person_id",
        ),
        (("--formula", "outcome ~ C(county_code, ref=3)"), "county_code is text: write '3', not 3."),
        (("--formula", "outcome ~ C(county_code, ref='3')"), "'01', '03', '08'. Near is '03'."),
        (("--formula", "outcme ~ age"), "cannot explain 'outcme'. Near are outcome"),
        (("--formula", "outcome ~ age", "--where", "base_yr = 2010"), "Near is base_year."),
        (("--formula", "outcome ~ age", "--where", "age = 'x'"), "write codes in quotes"),
        (
            ("--formula", "outcome ~ age", "--by", "sexx"),
            "no column 'sexx' in marts.person_year. Near is sex.",
        ),
        (("--formula", "outcome ~ age", "--test", "agee = 0"), "called 'agee'. Near is age."),
        (("--formula", "outcome ~ age", "--contrast", "age 60"), "must be 'column: value - value'"),
        (
            ("--formula", "outcome ~ age", "--contrast", "age: old - 30"),
            "age is a number, which 'old' is not",
        ),
        (
            ("--formula", "outcome ~ sex", "--contrast", "sex: mal - female"),
            "no category 'mal'. Near are male, female.",
        ),
        (
            ("--formula", "outcome ~ sex", "--contrast", "sx: male - female"),
            "no column of the model. Near is sex.",
        ),
        (("--formula", "outcome ~ age", "--model", "probit"), "model must be linear_probability or"),
        ((), "Name a model"),
        (("--formula", "outcome ~ age", "--out", "x.txt"), ".tex"),
        (("--formula", "outcome ~ age", "--out", "nowhere/x.tex"), "does not exist: make it first"),
    ],
)
def test_what_is_wrong_is_named_with_what_there_is_and_what_is_near(
    options: tuple[str, ...], says: str, mart: Path, utvandring: Command
) -> None:
    where = () if "--where" in options else ("--where", WHERE)
    ran = utvandring("fit", *options, *where, "--database", mart)
    assert ran.code == 2, ran.text
    assert says in " ".join(ran.err.split())
    assert not Path("x.txt").exists()


def test_a_condition_without_persons_says_which_years_and_values_there_are(
    mart: Path, utvandring: Command
) -> None:
    where = "base_year = 2030 and county_code = '3'"
    ran = utvandring("fit", "--formula", "outcome ~ age", "--where", where, "--database", mart)
    assert ran.code == 1
    said = " ".join(ran.err.split())
    assert "Base years with outcome_centrality are 2010-2012." in said
    assert "county_code has '01', '03', '08'." in said


def test_models_stand_side_by_side_in_every_form(mart: Path, tmp_path: Path, utvandring: Command) -> None:
    for name, formula in (("small", "outcome ~ age"), ("large_one", "outcome ~ age + sex")):
        (tmp_path / f"{name}.yml").write_text(SPEC.format(where=WHERE, formula=formula), encoding="utf-8")
    forms = ("md", "tex", "html", "xlsx", "docx", "svg", "csv", "json", "parquet")
    ran = utvandring(
        *("fit", "--spec", tmp_path / "small.yml", "--spec", tmp_path / "large_one.yml", "--database", mart),
        *(part for form in forms for part in ("--out", tmp_path / f"x.{form}")),
    )
    assert ran.code == 0, ran.text
    fits = [
        fit
        for name in ("small", "large_one")
        for fit in fit_own_model(mart, read_own_model(tmp_path / f"{name}.yml"))
    ]
    table = side_by_side(fits)
    assert list(table.columns) == ["", "small", "large_one"]
    age = [f"{fit.estimates.iloc[1]['estimate']:.4f}" for fit in fits if fit.estimates is not None]
    assert list(table.loc[table[""] == "age"].iloc[0, 1:]) == age
    # A term that one model has not is empty there.
    assert table.loc[table[""] == "sex[T.male]"].iloc[0, 1] == ""

    text = {form: (tmp_path / f"x.{form}").read_text("utf-8") for form in ("md", "tex", "html", "svg")}
    assert f"| age | {age[0]} | {age[1]} |" in text["md"]
    assert f"age & {age[0]} & {age[1]} \\\\" in text["tex"] and "large\\_one" in text["tex"]
    for form in ("md", "tex", "html"):
        assert "may not leave the secure zone" in " ".join(text[form].split())
    assert "large_one" in text["svg"] and "sex[T.male]" in text["svg"]
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book["models"]["D3"].value == pytest.approx(fits[0].fit.std_errors[1, 0])  # type: ignore[union-attr]
    with zipfile.ZipFile(tmp_path / "x.docx") as document:
        assert age[1] in document.read("word/document.xml").decode("utf-8")
    rows = pd.read_parquet(tmp_path / "x.parquet")
    assert set(rows["model"]) == {"small", "large_one"}
    assert not any(row["may_leave"] for row in json.loads((tmp_path / "x.json").read_text("utf-8")))


def test_without_python_docx_a_word_file_is_refused_with_the_way_to_install_it(
    mart: Path, tmp_path: Path, utvandring: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utvandring.regressions.papers.find_spec", lambda name: None)
    ran = utvandring(
        *("fit", "--formula", "outcome ~ age", "--where", WHERE, "--database", mart),
        *("--out", tmp_path / "x.docx"),
    )
    assert ran.code == 2
    assert "pip install python-docx" in " ".join(ran.err.split())


# What may leave


def test_persons_of_several_years_count_once(mart: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.yml"
    path.write_text(SPEC.format(where=WHERE, formula="outcome ~ immigration_background * sex"), "utf-8")
    (fit,) = fit_own_model(mart, read_own_model(path), asked=Asked(persons=True))
    assert fit.estimates is not None, fit.reason
    rows = rows_of(mart)
    found = fit.estimates[fit.estimates["equation"] == "emigration"].set_index("term")
    left, stayed = rows["outcome_centrality"] == "emigration", rows["outcome_centrality"] == "stay"

    def counted(**values: str) -> tuple[int, int]:
        chosen = np.logical_and.reduce([rows[column] == value for column, value in values.items()])
        persons = rows["person_id"]
        return persons[chosen].nunique(), min(persons[chosen & who].nunique() for who in (left, stayed))

    groups = [
        counted(immigration_background=background, sex=sex)
        for background in ("refuge", "nordic")
        for sex in ("female", "male")
    ]
    term = found.loc["immigration_background[T.refuge]:sex[T.male]"]
    assert (term["persons_n"], term["events_n"]) == tuple(
        min(group[place] for group in groups) for place in (0, 1)
    )
    assert found.loc["constant", "persons_n"] == rows["person_id"].nunique() < len(rows)
    rare = found.loc["immigration_background[T.rare]"]
    assert (rare["persons_n"], rare["withheld_reason"]) == (24, "too_few_persons")


def test_what_may_leave_is_withheld_rounded_and_apart_from_what_is_behind_it(
    mart: Path, tmp_path: Path, utvandring: Command
) -> None:
    folder = tmp_path / "out"
    formula = 'outcome ~ age + C(immigration_background, ref="nordic") + sex'
    ran = utvandring(
        *("fit", "--formula", formula, "--where", WHERE, "--database", mart, "--effects"),
        *("--test", "immigration_background[T.rare] = 0", "--test", "age = 0", "--release", folder),
    )
    assert ran.code == 0, ran.text
    assert "Nothing leaves before that person agrees" in " ".join(ran.text.split())
    released = pd.read_csv(folder / "release" / "estimates.csv").set_index(["equation", "term"])
    behind = pd.read_csv(folder / "checking" / "estimates.csv").set_index(["equation", "term"])
    numbers = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    rare = released.loc[("emigration", "immigration_background[T.rare]")]
    assert rare[numbers].isna().all() and rare["withheld_reason"] == "too_few_persons"
    age = released.loc[("emigration", "age")]
    assert age["estimate"] == round(behind.loc[("emigration", "age"), "estimate"], 4)
    assert age["statistic"] == round(behind.loc[("emigration", "age"), "statistic"], 2)
    assert not {"persons_n", "events_n"} & set(released)
    assert released["n_obs"].iloc[0] % 5 == 0 and behind.loc[("emigration", "age"), "persons_n"] > 500

    # No file of what leaves holds a withheld or an exact number.
    secret = [
        repr(behind.loc[(equation, "immigration_background[T.rare]"), "estimate"])[:6]
        for equation in OUTCOMES[1:]
    ]
    exact = repr(behind.loc[("emigration", "age"), "estimate"])
    for path in (folder / "release").iterdir():
        text = path.read_text("utf-8")
        assert exact not in text
        assert not any(number in text for number in secret), path.name
    effects = pd.read_csv(folder / "release" / "effects.csv")
    assert effects.loc[effects["contrast"] == "rare - nordic", numbers].isna().all(axis=None)
    assert effects.loc[effects["contrast"] == "work - nordic", "estimate"].notna().all()
    tests = pd.read_csv(folder / "release" / "tests.csv").set_index("restriction")
    assert tests.loc["immigration_background[T.rare] = 0", "statistic"].isna().all()
    assert tests.loc["age = 0", "p_value"].notna().all()
    for name in ("table.md", "table.tex", "table.html"):
        assert "may not leave" not in (folder / "release" / name).read_text("utf-8")

    record = json.loads((folder / "results.json").read_text("utf-8"))["results"]["output_0"]
    assert record["status"] == "review" and "too_few_persons: 2 coefficients" in record["summary"]
    assert {file["name"] for file in record["files"]} == {
        f"release/{path.name}" for path in (folder / "release").iterdir()
    }
    query = (folder / "checking" / "query.model.sql").read_text("utf-8")
    with duckdb.connect(str(mart), read_only=True) as connection:
        cells = connection.sql(query).df()
    assert cells[[f"{outcome}_n" for outcome in OUTCOMES]].to_numpy().sum() == len(rows_of(mart))
    again = utvandring("fit", "--formula", formula, "--where", WHERE, "--database", mart, "--release", folder)
    assert again.code == 2 and "name a new folder" in " ".join(again.err.split())


def test_a_model_with_too_few_degrees_of_freedom_is_withheld_as_a_whole(
    mart: Path, tmp_path: Path, utvandring: Command
) -> None:
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as connection:
        connection.execute(f"attach '{mart}' as mart (read_only)")
        connection.execute(
            "create schema marts; create table marts.person_year as from mart.marts.person_year"
        )
        connection.execute("create schema release")
        connection.execute(
            "create table release.disclosure_rule as select * from (values ('min_degrees_of_freedom', 590)) "
            "as rule (rule, value)"
        )
    ran = utvandring(
        *("fit", "--formula", "outcome ~ age + sex + county_code", "--where", WHERE),
        *("--database", tmp_path / "copy.duckdb", "--release", tmp_path / "out"),
    )
    assert ran.code == 0, ran.text
    released = pd.read_csv(tmp_path / "out" / "release" / "estimates.csv")
    assert set(released["withheld_reason"]) == {"too_few_degrees_of_freedom"}
    assert released["estimate"].isna().all()


def test_what_adds_up_to_nothing_is_withheld_together() -> None:
    effects = pd.DataFrame(
        {
            "term": ["sex"] * 3 + ["age"] * 3,
            "outcome": OUTCOMES * 2,
            "withheld_reason": [None, None, "too_few_events", None, None, None],
        }
    )
    assert list(withheld_together(effects, ["term"])["withheld_reason"].isna()) == [False] * 3 + [True] * 3


def test_a_saturated_model_is_a_table_of_rates_and_is_withheld(
    mart: Path, tmp_path: Path, utvandring: Command
) -> None:
    ran = utvandring(
        *(
            "fit",
            "--formula",
            "outcome ~ sex * county_code",
            "--where",
            WHERE,
            "--model",
            "linear_probability",
        ),
        *("--database", mart, "--release", tmp_path / "out"),
    )
    assert ran.code == 0, ran.text
    released = pd.read_csv(tmp_path / "out" / "release" / "estimates.csv")
    assert set(released["withheld_reason"]) == {"saturated"}


def test_nothing_is_released_of_a_model_that_was_not_fitted(
    mart: Path, tmp_path: Path, utvandring: Command
) -> None:
    formula = "outcome ~ age + I(2 * age)"
    ran = utvandring(
        *("fit", "--formula", formula, "--where", WHERE, "--database", mart, "--release", tmp_path / "out"),
        *("--broom", tmp_path / "r"),
    )
    assert ran.code == 1
    assert " ".join(ran.text.split()).count("was not written: no model was fitted") == 2
    assert not (tmp_path / "out").exists() and not (tmp_path / "r").exists()
