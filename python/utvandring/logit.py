"""The multinomial logit, pooled or with random effects: fits and their effects (docs/estimation.md).

The names that others import; the work is in `utvandring.estimators`.
"""

from utvandring.estimators.effects import (
    Coefficients,
    Derivative,
    Discrete,
    average_marginal_effects,
    probability_difference,
)
from utvandring.estimators.multinomial import OUTCOME_ROWS, fit_multinomial, fit_multinomial_cells
from utvandring.estimators.multinomial_result import MultinomialFit
from utvandring.estimators.newton import (
    GRADIENT_STEPS,
    MANY_ROWS,
    NEAR,
    QUICK_SHRINKING,
    ROUNDING_STEP,
    SAMPLE_STRIDE,
    SHORT_STEP,
    SLOW_SHRINKING,
    SLOW_STEPS,
    STEP_HALVINGS,
    STEP_TOLERANCE,
)
from utvandring.estimators.panel import fit_panel_multinomial, panel_log_likelihood
from utvandring.estimators.panel_result import PanelMultinomialFit

__all__ = [
    "GRADIENT_STEPS",
    "MANY_ROWS",
    "NEAR",
    "OUTCOME_ROWS",
    "QUICK_SHRINKING",
    "ROUNDING_STEP",
    "SAMPLE_STRIDE",
    "SHORT_STEP",
    "SLOW_SHRINKING",
    "SLOW_STEPS",
    "STEP_HALVINGS",
    "STEP_TOLERANCE",
    "Coefficients",
    "Derivative",
    "Discrete",
    "MultinomialFit",
    "PanelMultinomialFit",
    "average_marginal_effects",
    "fit_multinomial",
    "fit_multinomial_cells",
    "fit_panel_multinomial",
    "panel_log_likelihood",
    "probability_difference",
]
