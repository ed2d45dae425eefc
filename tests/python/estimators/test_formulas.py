"""Fits by formula: against statsmodels, on other rows by name, and what a formula may not hold."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from utvandring.estimators.changes import Change
from utvandring.formulas import (
    FormulaFit,
    fit_linear_probability_formula,
    fit_multinomial_formula,
)

FORMULA = 'outcome ~ age + I(age**2) + C(background, ref="nordic") * sex + alone'
OUTCOMES = ["stay", "internal", "emigration"]


def made_rows(n: int = 4000) -> pd.DataFrame:
    """Return persons with an outcome that depends on age, background and sex."""
    draw = np.random.default_rng(30)
    rows = pd.DataFrame(
        {
            "age": draw.integers(20, 60, n),
            "background": draw.choice(["work", "nordic", "refuge"], n),
            "sex": draw.choice(["male", "female"], n),
            "alone": draw.random(n) < 0.4,
        }
    )
    index = np.column_stack(
        [
            np.zeros(n),
            -1 + 0.02 * rows["age"] + 0.5 * (rows["sex"] == "male"),
            -0.5 - 0.02 * rows["age"] + 0.5 * (rows["background"] == "work"),
        ]
    )
    chances = np.exp(index) / np.exp(index).sum(axis=1, keepdims=True)
    drawn = (draw.random((n, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return rows.assign(outcome=[OUTCOMES[code] for code in drawn], leaves=(drawn == 2).astype(int))


ROWS = made_rows()


@pytest.fixture(scope="module")
def logit() -> FormulaFit:
    return fit_multinomial_formula(FORMULA, ROWS, outcomes=OUTCOMES, vcov="robust")


def test_a_logit_by_formula_is_the_one_of_statsmodels(logit: FormulaFit) -> None:
    rows = ROWS.assign(code=ROWS["outcome"].map(OUTCOMES.index), alone=ROWS["alone"].astype(float))
    theirs = smf.mnlogit(
        'code ~ age + I(age**2) + C(background, Treatment("nordic")) * C(sex) + alone', rows
    ).fit(method="newton", disp=False)
    for term, index in (("age", "age"), ("sex[T.male]", "C(sex)[T.male]"), ("alone", "alone")):
        ours = logit.tidy().set_index("term").loc[term, "estimate"]
        np.testing.assert_allclose(ours, theirs.params.loc[index], rtol=1e-6)
    assert logit.glance().loc[0, "logLik"] == pytest.approx(theirs.llf)
    assert logit.glance().loc[0, "AIC"] == pytest.approx(theirs.aic)
    assert logit.glance().loc[0, "BIC"] == pytest.approx(theirs.bic)
    np.testing.assert_allclose(logit.predict(ROWS[[*logit.layout.formula.variables]]), theirs.predict())


def test_columns_are_matched_by_name(logit: FormulaFit) -> None:
    columns = list(logit.layout.formula.variables)
    expected = logit.predict(ROWS[columns].head(50))
    np.testing.assert_array_equal(logit.predict(ROWS[columns[::-1]].head(50)), expected)
    # Rows of one category alone, and rows with the outcome, are laid out as in the fit.
    chosen = ROWS["background"].head(50) == "work"
    np.testing.assert_array_equal(
        logit.predict(ROWS[["outcome", *columns]].head(50)[chosen]), expected[chosen]
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows.drop(columns="age"), "have no column 'age'"),
        (lambda rows: rows.rename(columns={"background": "bakground"}), "formula has not: 'bakground'"),
        (lambda rows: rows.assign(income=1), "columns that the formula has not: 'income'"),
        (lambda rows: rows.assign(background="nordisk"), "not seen: 'nordisk'. Near is nordic."),
        (lambda rows: rows.assign(sex=None), "sex is empty in 5 of 5 rows"),
        (lambda rows: rows.assign(age="30"), "age was a number in the fit"),
        (lambda rows: rows.to_numpy(), "needs a DataFrame"),
    ],
)
def test_rows_that_the_fit_cannot_read_are_named(change, says: str, logit: FormulaFit) -> None:
    rows = ROWS[[*logit.layout.formula.variables]].head()
    with pytest.raises(ValueError, match=re.escape(says)):
        logit.predict(change(rows))


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("age + sex", "names no outcome"),
        ("leaves ~ age + 0", "takes the constant away"),
        ("leaves ~ scale(age)", "depends on how all persons are spread"),
        ("leaves ~ C(sex, ref=03)", "Write codes in quotes"),
        ("leaves ~ C(sex, contr.sum)", "write C(column) or C(column, ref='value')"),
        ("leaves ~ I(__import__('os').getcwd())", "cannot be used in a formula"),
        ("leaves ~ I((lambda: 1)())", "cannot be used in a formula"),
        ("leaves ~ lg(age)", "no function lg in a formula. Near are log, log2."),
        ("leaves ~ age | sex", "one sum right of it"),
        ("leaves ~ 1", "no regressor"),
        ("leaves ~ (age", "cannot be read"),
        ("leaves ~ C(background, ref='nordik')", "no row has 'nordik'. Near are nordic, work."),
        ("leaves ~ C(age, ref='30')", "age holds numbers. Near is 30."),
        ("leaves ~ age + C(age)", "within C() and without"),
        ("leaves ~ bakground", "no column 'bakground'. Near is background."),
        ("leaves ~ log(I(age - 100))", "cannot be computed"),
        ("left ~ age", "no column 'left'"),
        ("outcome ~ age", "outcome is text"),
    ],
)
def test_a_formula_that_cannot_be_used_is_explained(formula: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        fit_linear_probability_formula(formula, ROWS)


def test_an_outcome_that_never_occurs_is_named() -> None:
    with pytest.raises(ValueError, match="'death' never occurs"):
        fit_multinomial_formula("outcome ~ age", ROWS, outcomes=[*OUTCOMES, "death"])
    with pytest.raises(ValueError, match="holds 'emigration', which is not among"):
        fit_multinomial_formula("outcome ~ age", ROWS, outcomes=OUTCOMES[:2])


def test_effects_follow_squares_and_interactions(logit: FormulaFit) -> None:
    rows = ROWS[[*logit.layout.formula.variables]]
    effects = logit.marginal_effects(rows)
    by = effects.set_index(["term", "contrast", "outcome"])["estimate"].sort_index()
    work, nordic = (logit.predict(rows.assign(background=value)).mean(axis=0) for value in ("work", "nordic"))
    np.testing.assert_allclose(by.loc["background", "work - nordic"][OUTCOMES], work - nordic)
    older, younger = (logit.predict(rows.assign(age=rows["age"] + way)).mean(axis=0) for way in (0.01, -0.01))
    np.testing.assert_allclose(by.loc["age", "dY/dX"][OUTCOMES], (older - younger) / 0.02, rtol=1e-5)
    assert ("alone", "True - False") in {(term, contrast) for term, contrast, _ in by.index}

    # A difference of two values is the same question; its error is by the delta method.
    both = logit.contrast(rows, {"background": ("work", "nordic"), "age": (60, 30)})
    same = both[both["term"] == "background"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        same, effects[effects["contrast"] == "work - nordic"].reset_index(drop=True)
    )
    moved = logit.fit.params + 0
    slopes = []
    matrices = [logit.layout.matrix(rows.assign(age=age)) for age in (60, 30)]
    for place in range(moved.size):
        at = []
        for way in (1e-6, -1e-6):
            theta = moved.ravel(order="F").copy()
            theta[place] += way
            params = theta.reshape(moved.shape, order="F")
            shares = [np.exp(np.column_stack([np.zeros(len(x)), x @ params])) for x in matrices]
            p60, p30 = ((s / s.sum(axis=1, keepdims=True)).mean(axis=0) for s in shares)
            at.append(p60 - p30)
        slopes.append((at[0] - at[1]) / 2e-6)
    slopes_of = np.array(slopes)
    errors = np.sqrt(np.diag(slopes_of.T @ logit.fit.cov @ slopes_of))
    np.testing.assert_allclose(both[both["term"] == "age"]["std_error"], errors, rtol=1e-4)
    with pytest.raises(ValueError, match=r"no category 'wrk'. Near is work."):
        logit.contrast(rows, {"background": ("wrk", "nordic")})
    with pytest.raises(ValueError, match=r"no column 'bakground'. Near is background."):
        logit.marginal_effects(rows, ["bakground"])


def test_a_linear_model_tests_restrictions_as_statsmodels_does() -> None:
    fit = fit_linear_probability_formula("leaves ~ age + C(background, ref='nordic') + sex", ROWS, vcov="HC1")
    theirs = smf.ols("leaves ~ age + C(background, Treatment('nordic')) + C(sex)", ROWS).fit(
        cov_type="HC1", use_t=True
    )
    ours = fit.test("background[T.work] = background[T.refuge], sex[T.male] = 0").iloc[0]
    work, refuge = (f"C(background, Treatment('nordic'))[T.{name}]" for name in ("work", "refuge"))
    names = list(theirs.params.index)
    matrix = np.zeros((2, len(names)))
    matrix[0, [names.index(work), names.index(refuge)]] = 1, -1
    matrix[1, names.index("C(sex)[T.male]")] = 1
    expected = theirs.f_test(matrix)
    assert (ours["statistic"], ours["p_value"]) == pytest.approx((expected.fvalue, expected.pvalue))
    assert (ours["df"], ours["df_residual"]) == (2, expected.df_denom)


@pytest.mark.parametrize(
    ("restriction", "says"),
    [
        ("agee = 0", "No coefficient is called 'agee'. Near is age."),
        ("sex = 0", "No coefficient is called 'sex'. Near are sex[T.male]"),
        ("age = 0, age = 0", "repeat or contradict"),
        ("age ==", "no linear restriction"),
        ("emigrated: age = 0", "no equation 'emigrated'. Near is emigration."),
    ],
)
def test_a_restriction_that_is_none_is_explained(restriction: str, says: str, logit: FormulaFit) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        logit.test(restriction)


def test_a_restriction_of_a_logit_is_tested_in_each_equation_and_in_all(logit: FormulaFit) -> None:
    table = logit.test("age = 0").set_index("equation")
    assert list(table.index) == ["internal", "emigration", "all"]
    assert table.loc["internal", "statistic"] == pytest.approx(
        logit.tidy().query("term == 'age' and equation == 'internal'")["statistic"].iloc[0] ** 2
    )
    assert table.loc["all", "df"] == 2
    assert list(logit.test("emigration: age = 0")["equation"]) == ["emigration"]


def test_a_standardised_coefficient_of_cells_counts_their_weights() -> None:
    formula = "leaves ~ age + background"
    cells = ROWS.groupby(["age", "background", "leaves"], as_index=False).size()
    by_rows = fit_linear_probability_formula(formula, ROWS).standardised()
    by_cells = fit_linear_probability_formula(formula, cells, weights=cells["size"]).standardised()
    pd.testing.assert_frame_equal(by_rows, by_cells)
    age = by_rows.set_index("term").loc["age"]
    assert age["standard_deviation"] == pytest.approx(ROWS["age"].std(ddof=0))
    assert "constant" not in set(by_rows["term"])
    with pytest.raises(ValueError, match="The fit had weights"):
        fit_linear_probability_formula(formula, cells, weights=cells["size"]).marginal_effects(
            cells[["age", "background"]]
        )


def test_tidy_has_the_names_of_broom(logit: FormulaFit) -> None:
    assert list(logit.tidy(names="broom")) == [
        *("term", "y.level", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high")
    ]


def test_a_derivative_needs_no_spread() -> None:
    rows = pd.DataFrame({"age": [30, 30]})
    before, after, per = Change.derivative("age").states(rows, 0.0)
    assert per > 0
    np.testing.assert_allclose(after["age"] - before["age"], per)


def test_too_few_clusters_are_named() -> None:
    for fit in (fit_multinomial_formula, fit_linear_probability_formula):
        formula = f"{'outcome' if fit is fit_multinomial_formula else 'leaves'} ~ age + background"
        with pytest.raises(ValueError, match="There are 4 clusters for 4 columns: too few"):
            fit(formula, ROWS, clusters=ROWS.index % 4)
        assert fit(formula, ROWS, clusters=ROWS.index % 5).fit.n_clusters == 5
