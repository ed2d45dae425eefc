"""Estimates under the names of R's broom, which modelsummary and marginaleffects read."""

from typing import Any

import numpy as np
import pandas as pd

from utvandring.estimators.least_squares import LinearProbabilityFit
from utvandring.estimators.multinomial_result import MultinomialFit

_NAMES = {
    "std_error": "std.error",
    "p_value": "p.value",
    "conf_low": "conf.low",
    "conf_high": "conf.high",
    "df_residual": "df.residual",
    "restriction": "term",
    # As broom calls the outcome of an equation in `tidy.multinom`, and marginaleffects that of a row.
    "equation": "y.level",
    "outcome": "group",
}


def broom(table: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of a table of estimates the names that R's broom has for them.

    Parameters
    ----------
    table
        Of `tidy`, `average_changes` or `wald_test`; other columns keep their names.
    """
    return table.rename(columns={old: new for old, new in _NAMES.items() if old in table})


def glance(fit: MultinomialFit | LinearProbabilityFit) -> pd.DataFrame:
    """Describe a fit in one row, with the names of broom.

    Parameters
    ----------
    fit
        The fitted model.

    Returns
    -------
    pandas.DataFrame
        ``nobs``, ``nclusters`` (NaN without), ``vcov.type``, ``edf``; of a logit ``logLik``, ``AIC``,
        ``BIC``, ``deviance``, ``converged``, ``scaled.r2``; of least squares ``df.residual``.
    """
    row: dict[str, Any] = {
        "nobs": fit.n_obs,
        "nclusters": np.nan if fit.n_clusters is None else fit.n_clusters,
        "vcov.type": fit.vcov,
        "edf": int(np.size(fit.params)),
    }
    if isinstance(fit, MultinomialFit):
        row |= {
            "logLik": fit.log_likelihood,
            "AIC": -2 * fit.log_likelihood + 2 * fit.params.size,
            # Of the report's criterion this is twice.
            "BIC": 2 * fit.schwarz_bic,
            "deviance": -2 * fit.log_likelihood,
            "scaled.r2": fit.scaled_r2,
            "converged": fit.converged,
        }
    else:
        row["df.residual"] = fit.degrees_of_freedom
    return pd.DataFrame([row])
