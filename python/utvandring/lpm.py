"""The linear probability model: least squares on outcomes that are 0 or 1 (docs/estimation.md).

The names that others import; the work is in `utvandring.estimators`.
"""

from utvandring.estimators.least_squares import (
    LinearProbabilityFit,
    fit_linear_probability,
    fit_linear_probability_cells,
)

__all__ = ["LinearProbabilityFit", "fit_linear_probability", "fit_linear_probability_cells"]
