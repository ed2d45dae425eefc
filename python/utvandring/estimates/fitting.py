"""Fits of many models to cells, as tidy frames: one call for each dbt Python model.

A model that cannot be fitted (an empty level, a dummy without events) gives rows without estimates and the
reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from utvandring.estimates.design import CONSTANT, Cells, cells_of, design_matrix, prepared
from utvandring.estimates.specification import OUTCOMES, Comparison, Model, Value
from utvandring.estimation.inference import tidy_table
from utvandring.logit import MultinomialFit, fit_multinomial_cells, probability_difference
from utvandring.lpm import LinearProbabilityFit, fit_linear_probability_cells

ESTIMATES = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "std_error_hc1")
LOGIT_COUNTS = [f"{outcome}_n" for outcome in OUTCOMES]
_EQUATIONS = OUTCOMES[1:]


def expected_names(model: Model) -> tuple[str, ...]:
    """Name the coefficients of a model whose categories are declared, whether they occur or not."""
    names = [CONSTANT]
    for term in model.terms:
        names += [term.name] if term.reference is None else list(term.categories or ())
    return tuple(names)


# --- linear probability -------------------------------------------------------------------------------------


def linear_probability_counts(model: Model) -> list[str]:
    """Name the columns that count the three outcomes and those with none of them."""
    region = f"_{model.outcome}_n"
    return [f"stay{region}", f"internal_outmigration{region}", "emigration_n", "neither_n"]


def linear_probabilities(
    frame: pd.DataFrame, models: tuple[Model, ...], base_years: Sequence[int]
) -> pd.DataFrame:
    """Fit every linear probability model to the cells, each base year by itself.

    Parameters
    ----------
    frame
        Cells with `base_year`, the columns of the models and the counts of `linear_probability_counts`.
    models
        Specifications, each with one column in `by`: the regions.
    base_years
        Years to fit; one without cells gives rows that say so.

    Returns
    -------
    pandas.DataFrame
        One row for each base year, model, region, outcome and term.
    """
    frame = prepared(frame, models)
    found = [
        _linear_rows(year, model, group, frame[frame["base_year"] == year])
        for year in sorted(base_years)
        for model in models
        for group in model.groups()
    ]
    return _stacked(found, _LINEAR_COLUMNS)


_LINEAR_COLUMNS = {
    "base_year": "int32",
    "spec": "object",
    "scope_type": "object",
    "scope_code": "object",
    "outcome": "object",
    "term": "object",
    "position": "int32",
    **dict.fromkeys(ESTIMATES, "float64"),
    "n_obs": "int64",
    "is_fitted": "bool",
    "not_fitted_reason": "object",
}


def _linear_rows(year: int, model: Model, group: Mapping[str, Value], frame: pd.DataFrame) -> pd.DataFrame:
    cells = cells_of(frame, model, group, linear_probability_counts(model))
    (region,) = group.values()
    tables = []
    for outcomes, fit, reason in fitted_linear_probability(cells):
        if fit is None:
            names = expected_names(model)
            table = pd.DataFrame(
                {"outcome": np.repeat(outcomes, len(names)), "term": list(names) * len(outcomes)}
            )
        else:
            table = replace(fit, cov=fit.cov_classical).tidy().rename(columns={"equation": "outcome"})
            table["std_error_hc1"] = fit.std_errors.ravel(order="F")
        tables.append(table.assign(is_fitted=fit is not None, not_fitted_reason=reason))
    stacked = pd.concat(tables, ignore_index=True)
    return stacked.assign(
        base_year=year,
        spec=model.name,
        scope_type=model.outcome,
        scope_code=str(region),
        position=np.arange(1, len(stacked) + 1),
        n_obs=round(cells.counts.sum()),
    )


def fitted_linear_probability(
    cells: Cells,
) -> list[tuple[tuple[str, ...], LinearProbabilityFit | None, str | None]]:
    """Fit the three linear probability models at once, or one by one where one of them cannot be fitted.

    Parameters
    ----------
    cells
        Cells with the counts of `linear_probability_counts`.

    Returns
    -------
    list of (outcomes, fit, reason)
        `cov` of a fit is HC1. Either the fit or the reason is None.
    """
    totals = cells.counts.sum(axis=1)
    if not totals.any():
        return [(OUTCOMES, None, "No person is in the sample.")]
    filled = totals > 0

    def fit(chosen: tuple[str, ...]) -> LinearProbabilityFit:
        events = cells.counts[filled][:, [OUTCOMES.index(outcome) for outcome in chosen]]
        return fit_linear_probability_cells(
            cells.matrix[filled], events, totals[filled], names=cells.names, outcomes=chosen, vcov="HC1"
        )

    try:
        return [(OUTCOMES, fit(OUTCOMES), None)]
    except ValueError:
        found: list[tuple[tuple[str, ...], LinearProbabilityFit | None, str | None]] = []
        for outcome in OUTCOMES:
            try:
                found.append(((outcome,), fit((outcome,)), None))
            except ValueError as error:
                found.append(((outcome,), None, str(error)))
        return found


# --- trinomial logit ----------------------------------------------------------------------------------------


def trinomial_logits(
    frame: pd.DataFrame, models: tuple[Model, ...], base_years: Sequence[int]
) -> pd.DataFrame:
    """Fit every trinomial logit to the cells, each base year by itself.

    Parameters
    ----------
    frame
        Cells with `base_year`, the columns of the models and one count for each outcome.
    models
        Specifications.
    base_years
        Years to fit; one without cells gives rows that say so.

    Returns
    -------
    pandas.DataFrame
        One row for each base year, model, group, equation and term: estimates, a row of the covariance matrix
        (equation-major), and the diagnostics of the model.
    """
    frame = prepared(frame, models)
    found = [
        _logit_rows(year, model, group, frame[frame["base_year"] == year])
        for year in sorted(base_years)
        for model in models
        for group in model.groups()
    ]
    return _stacked(found, _LOGIT_COLUMNS)


_LOGIT_COLUMNS = {
    "base_year": "int32",
    "spec": "object",
    "centrality_level": "float64",
    "sex": "object",
    "equation": "object",
    "term": "object",
    "position": "int32",
    **dict.fromkeys(ESTIMATES, "float64"),
    "covariance": "object",
    "n_obs": "int64",
    "log_likelihood": "float64",
    "log_likelihood_null": "float64",
    "schwarz_bic": "float64",
    "scaled_r2": "float64",
    "n_iterations": "float64",
    "converged": "bool",
    "not_fitted_reason": "object",
}


def _logit_rows(year: int, model: Model, group: Mapping[str, Value], frame: pd.DataFrame) -> pd.DataFrame:
    about = {"base_year": year, "spec": model.name, "centrality_level": None, "sex": None, **group}
    cells = cells_of(frame, model, group, LOGIT_COUNTS)
    fit, reason = fitted_logit(cells)
    if fit is None:
        names = expected_names(model)
        table = pd.DataFrame({"term": list(names) * 2, "equation": np.repeat(_EQUATIONS, len(names))})
        return table.assign(
            **about,
            position=np.arange(1, len(table) + 1),
            n_obs=round(cells.counts.sum()),
            converged=False,
            not_fitted_reason=reason,
        )
    table = replace(fit, cov=fit.cov_classical).tidy()
    return table.assign(
        **about,
        position=np.arange(1, len(table) + 1),
        std_error_hc1=fit.std_errors.ravel(order="F"),
        covariance=list(fit.cov_classical),
        n_obs=round(fit.n_obs),
        log_likelihood=fit.log_likelihood,
        log_likelihood_null=fit.log_likelihood_null,
        schwarz_bic=fit.schwarz_bic,
        scaled_r2=fit.scaled_r2,
        n_iterations=fit.n_iterations,
        converged=True,
        not_fitted_reason=None,
    )


def fitted_logit(cells: Cells) -> tuple[MultinomialFit | None, str | None]:
    """Fit one trinomial logit, or say why it cannot be fitted.

    Parameters
    ----------
    cells
        Cells with the three outcomes stay, internal out-migration, emigration.

    Returns
    -------
    fit, reason
        One of them is None. `cov` of the fit is robust, `cov_classical` from the observed information.
    """
    if not cells.counts.sum():
        return None, "No person is in the sample."
    try:
        fit = fit_multinomial_cells(
            cells.matrix, cells.counts, names=cells.names, outcomes=OUTCOMES, vcov="robust"
        )
    except ValueError as error:
        return None, str(error)
    if not fit.converged:
        return None, f"Newton's method did not converge in {fit.n_iterations} iterations."
    return fit, None


# --- differences in probability -----------------------------------------------------------------------------


def probability_differences(
    fits: pd.DataFrame, models: tuple[Model, ...], comparisons: tuple[Comparison, ...]
) -> pd.DataFrame:
    """Compare persons who are alike but for one characteristic, for every fitted logit (C.13-C.18).

    Parameters
    ----------
    fits
        What `trinomial_logits` gave.
    models
        The same specifications.
    comparisons
        The persons; in a model by level or sex they get the level and sex of the model.

    Returns
    -------
    pandas.DataFrame
        One row for each base year, model, group, comparison and outcome; without estimates where the model
        was not fitted.
    """
    specs = {model.name: model for model in models}
    found = []
    keys = ["base_year", "spec", "centrality_level", "sex"]
    for (year, spec, level, sex), rows in fits.groupby(keys, dropna=False, sort=True):
        fit = rows.sort_values("position")
        own = {
            column: value
            for column, value in (("centrality_level", level), ("sex", sex))
            if not pd.isna(value)
        }
        persons = pd.DataFrame(
            [{**person, **own} for one in comparisons for person in (one.reference, one.compared)]
        )
        estimates = np.full((2, len(comparisons), len(OUTCOMES)), np.nan)
        if fit["estimate"].notna().all():
            params = fit["estimate"].to_numpy(dtype=np.float64).reshape(-1, len(_EQUATIONS), order="F")
            cov = np.array(fit["covariance"].to_list(), dtype=np.float64)
            matrix, _ = design_matrix(persons, specs[spec].terms)
            for row, (reference, compared) in enumerate(zip(matrix[::2], matrix[1::2], strict=True)):
                estimates[:, row] = probability_difference(params, cov, reference, compared)
        each = np.repeat(np.arange(len(comparisons)), len(OUTCOMES))
        compared_persons = persons.iloc[1::2].reset_index(drop=True).loc[each]
        labels = {
            "centrality_level": compared_persons["centrality_level"].to_list(),
            "sex": compared_persons["sex"].to_list(),
            "varied_dimension": [comparisons[row].dimension for row in each],
            "comparison": [comparisons[row].name for row in each],
            "outcome": list(OUTCOMES) * len(comparisons),
        }
        table = tidy_table(labels, estimates[0].ravel(), estimates[1].ravel(), level=0.95)
        found.append(table.assign(base_year=year, spec=spec))
    return _stacked(found, _DIFFERENCE_COLUMNS)


_DIFFERENCE_COLUMNS = {
    "base_year": "int32",
    "spec": "object",
    "centrality_level": "int32",
    "sex": "object",
    "varied_dimension": "object",
    "comparison": "object",
    "outcome": "object",
    **dict.fromkeys(ESTIMATES[:-1], "float64"),
}


def _stacked(found: list[pd.DataFrame], columns: dict[str, Any]) -> pd.DataFrame:
    """Stack the rows of all models, with the same columns and types also when there are none."""
    if not found:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
    stacked = pd.concat([table.reindex(columns=list(columns)) for table in found], ignore_index=True)
    return stacked.astype(columns)
