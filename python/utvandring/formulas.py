"""Fits by formula, `outcome ~ age + C(background, ref="nordic") * sex` (docs/estimation.md).

The names that others import; the work is in `utvandring.estimators`. `utvandring.logit` and `utvandring.lpm`
do not need formulaic.
"""

from utvandring.estimators.broom import broom, glance
from utvandring.estimators.formula_fits import (
    FormulaFit,
    fit_linear_probability_formula,
    fit_multinomial_formula,
)
from utvandring.estimators.restrictions import wald_test

__all__ = [
    "FormulaFit",
    "broom",
    "fit_linear_probability_formula",
    "fit_multinomial_formula",
    "glance",
    "wald_test",
]
