"""Fits of many models to cells, as tidy frames: one call for each dbt Python model.

A model that cannot be fitted (an empty level, a dummy without events) gives rows without estimates and the
reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from utvandring.estimators.effects import Coefficients, average_marginal_effects, probability_difference
from utvandring.estimators.inference import tidy_table
from utvandring.estimators.least_squares import LinearProbabilityFit, fit_linear_probability_cells
from utvandring.estimators.multinomial import fit_multinomial_cells
from utvandring.estimators.multinomial_result import MultinomialFit, not_converged
from utvandring.regressions.design import CONSTANT, Cells, cells_of, design_matrix, effects_of, prepared
from utvandring.regressions.specification import OUTCOMES, Comparison, Model, Value

ESTIMATES = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
PERSON = "person_id"
LOGIT_COUNTS = [f"{outcome}_n" for outcome in OUTCOMES]
_EQUATIONS = OUTCOMES[1:]


def expected_names(model: Model) -> tuple[str, ...]:
    """Name the coefficients of a model whose categories are declared, whether they occur or not."""
    names = [CONSTANT]
    for term in model.terms:
        names += [term.name] if term.reference is None else list(term.categories or ())
    return tuple(names)


# --- pooled base years --------------------------------------------------------------------------------------


def person_years(relation: Any, base_years: Sequence[int]) -> pd.DataFrame:
    """Read the person-years of pooled base years, person by person.

    Parameters
    ----------
    relation
        A DuckDB relation with `person_id` and `base_year`.
    base_years
        Years that are pooled; without any nothing is read.

    Returns
    -------
    pandas.DataFrame
        Text columns as categories: millions of rows in a few bytes each.
    """
    years = ", ".join(str(int(year)) for year in base_years)
    chosen = relation.filter(f"base_year in ({years})") if years else relation.limit(0)
    table = chosen.order("person_id, base_year").to_arrow_table()
    for position, field in enumerate(table.schema):
        if field.type in (pa.string(), pa.large_string()):
            column = table.column(position).combine_chunks().dictionary_encode()
            table = table.set_column(position, field.name, column)
    frame: pd.DataFrame = table.to_pandas(self_destruct=True, split_blocks=True)
    return frame


def spelled_years(base_years: Sequence[int]) -> str:
    """Spell years as runs, for example `2003-2006, 2008`."""
    ordered = sorted(set(base_years))
    runs = []
    for _, run in groupby(enumerate(ordered), lambda pair: pair[1] - pair[0]):
        years = [year for _, year in run]
        runs.append(str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}")
    return ", ".join(runs)


def _missing_year(frame: pd.DataFrame, group: Mapping[str, Value], base_years: Sequence[int]) -> str | None:
    """Say which of the pooled years has nobody in the group: the others are not what was asked for."""
    wanted = np.ones(len(frame), dtype=bool)
    for column, value in group.items():
        wanted &= (frame[column] == value).fillna(False).to_numpy(dtype=bool)
    found = set(frame["base_year"].to_numpy()[wanted].tolist())
    missing = [year for year in sorted(base_years) if year not in found]
    return f"No person is in the sample of base year {spelled_years(missing)}." if missing else None


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
    found = []
    for year in sorted(base_years):
        of_year = frame[frame["base_year"] == year]
        for model in models:
            for group in model.groups():
                cells = cells_of(of_year, model, group, linear_probability_counts(model))
                found.append(_linear_rows(model, group, cells, None).assign(base_year=year))
    return _stacked(found, {"base_year": "int32"} | _LINEAR_COLUMNS | {"std_error_hc1": "float64"})


def pooled_linear_probabilities(
    frame: pd.DataFrame, models: tuple[Model, ...], base_years: Sequence[int]
) -> pd.DataFrame:
    """Fit every linear probability model to several base years at once, with errors clustered by person.

    Parameters
    ----------
    frame
        Person-years with `person_id`, and the columns that :func:`linear_probabilities` needs.
    models
        Specifications, each with one column in `by`: the regions.
    base_years
        Years to pool; none: no rows.

    Returns
    -------
    pandas.DataFrame
        One row for each model, region, outcome and term. A model for which one of the years has no person
        is not fitted.
    """
    frame = prepared(frame, models, PERSON)
    found = []
    for model in models if base_years else ():
        counts = linear_probability_counts(model)
        for group in model.groups():
            cells = cells_of(frame, model, group, counts, PERSON)
            missing = _missing_year(frame, group, base_years)
            rows = _linear_rows(model, group, cells, missing)
            found.append(rows.assign(base_years=spelled_years(base_years), n_persons=_persons(cells)))
    return _stacked(found, {"base_years": "object"} | _LINEAR_COLUMNS | _POOLED_COLUMNS)


_LINEAR_COLUMNS = {
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
_POOLED_COLUMNS = {"std_error_classical": "float64", "n_persons": "int64"}


def _persons(cells: Cells) -> int:
    return len(np.unique(cells.clusters)) if cells.clusters is not None else 0


def _linear_rows(
    model: Model, group: Mapping[str, Value], cells: Cells, not_fitted: str | None
) -> pd.DataFrame:
    (region,) = group.values()
    tables = []
    fits = fitted_linear_probability(cells) if not_fitted is None else [(OUTCOMES, None, not_fitted)]
    for outcomes, fit, reason in fits:
        if fit is None:
            names = expected_names(model)
            table = pd.DataFrame(
                {"outcome": np.repeat(outcomes, len(names)), "term": list(names) * len(outcomes)}
            )
        else:
            table = _tidy(fit).rename(columns={"equation": "outcome"})
        tables.append(table.assign(is_fitted=fit is not None, not_fitted_reason=reason))
    stacked = pd.concat(tables, ignore_index=True)
    return stacked.assign(
        spec=model.name,
        scope_type=model.outcome,
        scope_code=str(region),
        position=np.arange(1, len(stacked) + 1),
        n_obs=round(cells.counts.sum()),
    )


def _tidy(fit: LinearProbabilityFit | MultinomialFit) -> pd.DataFrame:
    """Give classical errors with robust ones beside them, or clustered errors with classical ones."""
    if fit.vcov == "cluster":
        return fit.tidy().assign(std_error_classical=fit.std_errors_classical.ravel(order="F"))
    classical = replace(fit, cov=fit.cov_classical).tidy()
    return classical.assign(std_error_hc1=fit.std_errors.ravel(order="F"))


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
        `cov` of a fit is clustered where the cells have clusters, HC1 otherwise. Either the fit or the reason
        is None.
    """
    totals = cells.counts.sum(axis=1)
    if not totals.any():
        return [(OUTCOMES, None, "No person is in the sample.")]
    matrix, counts, clusters = cells.matrix, cells.counts, cells.clusters
    if not totals.all():
        filled = totals > 0
        matrix, counts, totals = matrix[filled], counts[filled], totals[filled]
        clusters = None if clusters is None else clusters[filled]

    def fit(chosen: tuple[str, ...]) -> LinearProbabilityFit:
        return fit_linear_probability_cells(
            matrix,
            counts[:, [OUTCOMES.index(outcome) for outcome in chosen]],
            totals,
            names=cells.names,
            outcomes=chosen,
            vcov="HC1" if clusters is None else "classical",
            clusters=clusters,
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
    found = []
    for year in sorted(base_years):
        of_year = frame[frame["base_year"] == year]
        for model in models:
            for group in model.groups():
                cells = cells_of(of_year, model, group, LOGIT_COUNTS)
                found.append(_logit_rows(model, group, cells, None).assign(base_year=year))
    return _stacked(found, {"base_year": "int32"} | _LOGIT_COLUMNS | {"std_error_hc1": "float64"})


def pooled_trinomial_logits(
    frame: pd.DataFrame, models: tuple[Model, ...], base_years: Sequence[int]
) -> pd.DataFrame:
    """Fit every trinomial logit to several base years at once, with errors clustered by person.

    Parameters
    ----------
    frame
        Person-years with `person_id`, and the columns that :func:`trinomial_logits` needs.
    models
        Specifications.
    base_years
        Years to pool; none: no rows.

    Returns
    -------
    pandas.DataFrame
        One row for each model, group, equation and term; the covariance is the clustered one. A model for
        which one of the years has no person is not fitted.
    """
    frame = prepared(frame, models, PERSON)
    found = []
    for model in models if base_years else ():
        for group in model.groups():
            cells = cells_of(frame, model, group, LOGIT_COUNTS, PERSON)
            missing = _missing_year(frame, group, base_years)
            rows = _logit_rows(model, group, cells, missing)
            found.append(rows.assign(base_years=spelled_years(base_years), n_persons=_persons(cells)))
    return _stacked(found, {"base_years": "object"} | _LOGIT_COLUMNS | _POOLED_COLUMNS)


_LOGIT_COLUMNS = {
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


def _logit_rows(
    model: Model, group: Mapping[str, Value], cells: Cells, not_fitted: str | None
) -> pd.DataFrame:
    about = {"spec": model.name, "centrality_level": None, "sex": None, **group}
    fit, reason = fitted_logit(cells) if not_fitted is None else (None, not_fitted)
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
    table = _tidy(fit)
    return table.assign(
        **about,
        position=np.arange(1, len(table) + 1),
        covariance=list(fit.cov if fit.vcov == "cluster" else fit.cov_classical),
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
        One of them is None. `cov` of the fit is clustered where the cells have clusters, robust otherwise;
        `cov_classical` is from the observed information.
    """
    if not cells.counts.sum():
        return None, "No person is in the sample."
    try:
        fit = fit_multinomial_cells(
            cells.matrix,
            cells.counts,
            names=cells.names,
            outcomes=OUTCOMES,
            vcov="robust" if cells.clusters is None else "classical",
            clusters=cells.clusters,
        )
    except ValueError as error:
        return None, str(error)
    if not fit.converged:
        return None, not_converged(fit.n_iterations)
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
        The persons; in a model by level they get the level of the model, and in one by sex those of the other
        sex are left out.

    Returns
    -------
    pandas.DataFrame
        One row for each base year, model, group, comparison and outcome; without estimates where the model
        was not fitted.
    """
    specs = {model.name: model for model in models}
    found = []
    for labels, own, fit in _stored_fits(fits):
        chosen = [one for one in comparisons if one.reference["sex"] == own.get("sex", one.reference["sex"])]
        persons = pd.DataFrame(
            [{**person, **own} for one in chosen for person in (one.reference, one.compared)]
        )
        estimates = np.full((2, len(chosen), len(OUTCOMES)), np.nan)
        stored = _coefficients(fit)
        if stored is not None:
            matrix, names = design_matrix(persons, specs[labels["spec"]].terms)
            _require_same(names, stored)
            for row, (reference, compared) in enumerate(zip(matrix[::2], matrix[1::2], strict=True)):
                estimates[:, row] = probability_difference(stored.params, stored.cov, reference, compared)
        each = np.repeat(np.arange(len(chosen)), len(OUTCOMES))
        compared_persons = persons.iloc[1::2].reset_index(drop=True).loc[each]
        persons_compared = {
            "centrality_level": compared_persons["centrality_level"].to_list(),
            "sex": compared_persons["sex"].to_list(),
            "varied_dimension": [chosen[row].dimension for row in each],
            "comparison": [chosen[row].name for row in each],
            "outcome": list(OUTCOMES) * len(chosen),
        }
        table = tidy_table(persons_compared, estimates[0].ravel(), estimates[1].ravel(), level=0.95)
        found.append(table.assign(**labels, n_obs=int(fit["n_obs"].iloc[0])))
    return _stacked(found, _years_column(fits) | _DIFFERENCE_COLUMNS)


_DIFFERENCE_COLUMNS = {
    "spec": "object",
    "centrality_level": "int32",
    "sex": "object",
    "varied_dimension": "object",
    "comparison": "object",
    "outcome": "object",
    **dict.fromkeys(ESTIMATES, "float64"),
    "n_obs": "int64",
}


def _years_column(fits: pd.DataFrame) -> dict[str, str]:
    """Name the column that says which base years a fit is of, and its type."""
    return {"base_years": "object"} if "base_years" in fits else {"base_year": "int32"}


def _stored_fits(
    fits: pd.DataFrame,
) -> Iterator[tuple[dict[str, Any], dict[str, Value], pd.DataFrame]]:
    """Give the base year(s) and spec, the group, and the rows of each logit, in order."""
    (years,) = _years_column(fits)
    keys = [years, "spec", "centrality_level", "sex"]
    for (year, spec, level, sex), rows in fits.groupby(keys, dropna=False, sort=True):
        group = {
            column: value
            for column, value in (("centrality_level", level), ("sex", sex))
            if not pd.isna(value)
        }
        yield {years: year, "spec": spec}, group, rows.sort_values("position")


def _coefficients(fit: pd.DataFrame) -> Coefficients | None:
    """Read a fit back from its rows; None where it was not fitted."""
    if not fit["converged"].all():
        return None
    n_equations = len(_EQUATIONS)
    return Coefficients(
        fit["estimate"].to_numpy(dtype=np.float64).reshape(-1, n_equations, order="F"),
        np.array(fit["covariance"].to_list(), dtype=np.float64),
        tuple(fit["term"].iloc[: len(fit) // n_equations]),
        OUTCOMES,
        weighted=True,
    )


def _require_same(names: tuple[str, ...], stored: Coefficients) -> None:
    """Make sure that regressors were laid out as in the fit that is read back."""
    if names != stored.names:
        raise ValueError(f"The regressors are {', '.join(names)}; the fit has {', '.join(stored.names)}.")


# --- average marginal effects -------------------------------------------------------------------------------


def marginal_effects(fits: pd.DataFrame, frame: pd.DataFrame, models: tuple[Model, ...]) -> pd.DataFrame:
    """Average the effect of every variable over the sample of its logit, with delta-method standard errors.

    Parameters
    ----------
    fits
        What `trinomial_logits` or `pooled_trinomial_logits` gave.
    frame
        The cells that they were fitted to; of pooled years, all together.
    models
        The same specifications.

    Returns
    -------
    pandas.DataFrame
        One row for each fit, variable and outcome; without estimates where the model was not fitted.
    """
    specs = {model.name: model for model in models}
    frame = prepared(frame, models)
    found = []
    for labels, group, fit in _stored_fits(fits):
        model, stored = specs[labels["spec"]], _coefficients(fit)
        effects = effects_of(model)
        if stored is None:
            table = pd.DataFrame(
                {"term": np.repeat(list(effects), len(OUTCOMES)), "outcome": list(OUTCOMES) * len(effects)}
            )
        else:
            of_fit = frame[frame["base_year"] == labels["base_year"]] if "base_year" in labels else frame
            cells = cells_of(of_fit, model, group, LOGIT_COUNTS)
            _require_same(cells.names, stored)
            table = average_marginal_effects(stored, cells.matrix, effects, weights=cells.counts.sum(axis=1))
        found.append(
            table.assign(
                **labels,
                centrality_level=group.get("centrality_level"),
                sex=group.get("sex"),
                position=np.arange(1, len(table) + 1),
                n_obs=int(fit["n_obs"].iloc[0]),
            )
        )
    return _stacked(found, _years_column(fits) | _EFFECT_COLUMNS)


_EFFECT_COLUMNS = {
    "spec": "object",
    "centrality_level": "float64",
    "sex": "object",
    "term": "object",
    "outcome": "object",
    "position": "int32",
    **dict.fromkeys(ESTIMATES, "float64"),
    "n_obs": "int64",
}


def _stacked(found: list[pd.DataFrame], columns: dict[str, Any]) -> pd.DataFrame:
    """Stack the rows of all models, with the same columns and types also when there are none."""
    if not found:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
    stacked = pd.concat([table.reindex(columns=list(columns)) for table in found], ignore_index=True)
    return stacked.astype(columns)
