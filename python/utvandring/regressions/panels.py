"""Logits with an effect of each person, fitted to panels, as a tidy frame for one dbt Python model."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from utvandring.estimators.multinomial_result import not_converged
from utvandring.estimators.panel import fit_panel_multinomial
from utvandring.estimators.panel_result import PanelMultinomialFit
from utvandring.regressions.design import Cells, cells_of, prepared
from utvandring.regressions.fitting import (
    ESTIMATES,
    LOGIT_COUNTS,
    PERSON,
    expected_names,
    spelled_years,
)
from utvandring.regressions.specification import OUTCOMES, Model

# Enough for variances of one or two; quadrature_error tells.
_NODES = 5
_FIGURES = (
    *("nodes", "quadrature_error", "log_likelihood", "log_likelihood_pooled", "lr_statistic", "lr_p_value"),
    *("variance_internal", "variance_internal_std_error", "variance_emigration"),
    *("variance_emigration_std_error", "correlation", "correlation_std_error"),
)
_COLUMNS = {
    "base_years": "object",
    "population": "object",
    "area": "object",
    "equation": "object",
    "term": "object",
    "position": "int32",
    **dict.fromkeys((*ESTIMATES, "std_error_hc1"), "float64"),
    "n_obs": "int64",
    "n_persons": "int64",
    **dict.fromkeys(_FIGURES, "float64"),
    "at_boundary": "object",
    "converged": "bool",
    "not_fitted_reason": "object",
}


def panel_logits(frame: pd.DataFrame, models: tuple[Model, ...], base_years: Sequence[int]) -> pd.DataFrame:
    """Fit every logit with effects of persons to each of its areas.

    Parameters
    ----------
    frame
        Person-years with `person_id`, the columns of the models and one of three counts equal to 1.
    models
        Specifications, each of one population and with `area` in `by`.
    base_years
        Years of the panel; none: no rows.

    Returns
    -------
    pandas.DataFrame
        One row for each population, area, equation and term, with what is known of the whole fit on each.
    """
    frame = prepared(frame, models, PERSON)
    found = []
    for model in models if base_years else ():
        for group in model.groups():
            cells = cells_of(frame, model, group, LOGIT_COUNTS, PERSON)
            rows = _rows(model, cells)
            found.append(rows.assign(base_years=spelled_years(base_years), population=model.name, **group))
    if not found:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in _COLUMNS.items()})
    stacked = pd.concat([table.reindex(columns=list(_COLUMNS)) for table in found], ignore_index=True)
    return stacked.astype(_COLUMNS)


def _rows(model: Model, cells: Cells) -> pd.DataFrame:
    assert cells.clusters is not None
    fit: PanelMultinomialFit | None = None
    reason = None
    try:
        if not len(cells.counts):
            raise ValueError("No person is in the sample.")
        fit = _fitted(cells)
        if not fit.converged:
            raise ValueError(not_converged(fit.n_iterations))
    except ValueError as error:
        fit, reason = None, str(error)
    names = expected_names(model)
    if fit is None:
        table = pd.DataFrame({"term": list(names) * 2, "equation": np.repeat(OUTCOMES[1:], len(names))})
        figures: dict[str, Any] = {"at_boundary": None}
    else:
        robust = fit.std_errors_robust.ravel(order="F")
        table, figures = fit.tidy().assign(std_error_hc1=robust), _figures(fit)
    return table.assign(
        position=np.arange(1, len(table) + 1),
        n_obs=len(cells.counts),
        n_persons=len(np.unique(cells.clusters)),
        converged=fit is not None,
        not_fitted_reason=reason,
        **figures,
    )


def _fitted(cells: Cells) -> PanelMultinomialFit:
    assert cells.clusters is not None
    with warnings.catch_warnings():
        # What it warns of is in the table: the error of the quadrature, and whether it converged.
        warnings.simplefilter("ignore", RuntimeWarning)
        return fit_panel_multinomial(
            cells.matrix,
            cells.counts.argmax(axis=1),
            cells.clusters,
            names=cells.names,
            outcomes=OUTCOMES,
            nodes=_NODES,
        )


def _figures(fit: PanelMultinomialFit) -> dict[str, Any]:
    effects = fit.random_effects()
    by = {(row.term, row.equation): row for row in effects.itertuples()}
    internal, emigration = (by["variance", name] for name in OUTCOMES[1:])
    correlation = by["correlation", f"{OUTCOMES[2]}:{OUTCOMES[1]}"]
    return {
        "nodes": fit.nodes,
        "quadrature_error": fit.quadrature_error,
        "log_likelihood": fit.log_likelihood,
        "log_likelihood_pooled": fit.log_likelihood_pooled,
        "lr_statistic": fit.lr_statistic,
        "lr_p_value": fit.lr_p_value,
        "variance_internal": internal.estimate,
        "variance_internal_std_error": internal.std_error,
        "variance_emigration": emigration.estimate,
        "variance_emigration_std_error": emigration.std_error,
        "correlation": correlation.estimate,
        "correlation_std_error": correlation.std_error,
        "at_boundary": fit.at_boundary,
    }
