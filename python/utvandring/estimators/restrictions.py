"""Wald tests of linear restrictions, written like equations: ``age = 0``, ``education_4 = education_5``."""

import re

import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.utils.constraints import LinearConstraints
from scipy.special import chdtrc, fdtrc

from utvandring.common.near import near
from utvandring.estimators.design import FloatArray
from utvandring.estimators.least_squares import LinearProbabilityFit
from utvandring.estimators.multinomial_result import MultinomialFit

ALL = "all"


def wald_test(fit: MultinomialFit | LinearProbabilityFit, restrictions: str) -> pd.DataFrame:
    """Test linear restrictions of the coefficients, in every equation and, of a logit, in all together.

    Parameters
    ----------
    fit
        The fitted model; the test is by its ``cov``, so robust or clustered where that is.
    restrictions
        One or several, with commas between: ``sex_female = 0, age = 2 * age_squared``. Without ``=``
        something is tested against zero. A name that is no word goes into backticks. ``emigration: age = 0``
        tests in one equation only.

    Returns
    -------
    pandas.DataFrame
        ``restriction, equation, statistic, df, df_residual, p_value``: chi-square for a logit
        (``df_residual`` is NaN), F for least squares.

    Raises
    ------
    ValueError
        If a name is unknown, the text is no restriction, or restrictions repeat or contradict each other.
    """
    logit = isinstance(fit, MultinomialFit)
    equations = list(fit.outcomes[1:] if logit else fit.outcomes)
    asked, text = _equation(restrictions, equations)
    matrix, values = _matrix(text, fit.names)
    params = np.asarray(fit.params).reshape(len(fit.names), -1)
    rows = []
    for number, equation in enumerate(equations):
        if asked is None or equation == asked:
            if isinstance(fit, MultinomialFit):
                here = slice(number * len(fit.names), (number + 1) * len(fit.names))
                cov = fit.cov[here, here]
            else:
                cov = fit.cov if np.ndim(fit.cov) == 2 else fit.cov[number]
            distance: FloatArray = matrix @ params[:, number] - values
            rows.append((equation, len(values), _wald(distance, matrix, cov)))
    if isinstance(fit, MultinomialFit) and len(rows) > 1:
        several: FloatArray = np.asarray(np.kron(np.eye(len(equations)), matrix), dtype=np.float64)
        distance = several @ params.ravel(order="F") - np.tile(values, len(equations))
        rows.append((ALL, len(distance), _wald(distance, several, fit.cov)))
    table = pd.DataFrame(rows, columns=["equation", "df", "statistic"])
    table.insert(0, "restriction", text)
    if isinstance(fit, MultinomialFit):
        table["df_residual"] = np.nan
        table["p_value"] = chdtrc(table["df"], table["statistic"])
    else:
        table["statistic"] /= table["df"]
        table["df_residual"] = float(fit.degrees_of_freedom)
        table["p_value"] = fdtrc(table["df"], table["df_residual"], table["statistic"])
    return table[["restriction", "equation", "statistic", "df", "df_residual", "p_value"]]


def _equation(restrictions: str, equations: list[str]) -> tuple[str | None, str]:
    found = re.match(r"\s*(\w+)\s*:(?=\s)(.*)$", restrictions, re.DOTALL)
    if found is None:
        return None, restrictions.strip()
    name, text = found.groups()
    if name not in equations:
        raise ValueError(
            f"There is no equation {name!r}.{near(name, equations)} There are {', '.join(equations)}."
        )
    return name, text.strip()


def _matrix(text: str, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    quoted = text
    # Names that are no words, such as sex[T.male] or I(age ** 2), are understood without backticks too.
    for name in sorted(names, key=len, reverse=True):
        if not name.isidentifier():
            quoted = re.sub(rf"(?<![`\w.]){re.escape(name)}(?![`\w])", lambda found: f"`{found[0]}`", quoted)
    try:
        found = LinearConstraints.from_spec(quoted, variable_names=list(names))
    except (FormulaicError, ValueError, KeyError, TypeError, SyntaxError) as error:
        unknown = [
            name
            for name in re.findall(r"`([^`]+)`|([A-Za-z_]\w*)", quoted)
            if max(name, key=len) not in names
        ]
        if unknown:
            name = max(unknown[0], key=len)
            raise ValueError(
                f"No coefficient is called {name!r}.{near(name, names)} There are {', '.join(names)}."
            ) from error
        raise ValueError(
            f"{text!r} is no linear restriction: write age = 0, or a = b, c = 2 for two at once."
        ) from error
    matrix: FloatArray = np.asarray(found.constraint_matrix, dtype=np.float64)
    values: FloatArray = np.asarray(found.constraint_values, dtype=np.float64)
    if not len(matrix) or np.linalg.matrix_rank(matrix) < len(matrix):
        raise ValueError(f"The restrictions {text!r} repeat or contradict each other: leave one out.")
    return matrix, values


def _wald(distance: FloatArray, matrix: FloatArray, cov: FloatArray) -> float:
    return float(distance @ np.linalg.solve(matrix @ cov @ matrix.T, distance))
