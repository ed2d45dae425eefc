"""Regressions of the first emigration of descendants of immigrants, as one tidy frame."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from utvandring.estimators.multinomial import fit_multinomial_cells
from utvandring.estimators.multinomial_result import not_converged
from utvandring.regressions.design import design_matrix
from utvandring.regressions.specification import Term


def _dummies(column: str, reference: str, prefix: str, *others: str) -> Term:
    return Term(column, reference=reference, categories={f"{prefix}{value}": value for value in others})


_SITUATION = (
    Term("sex", reference="female", categories={"male": "male"}),
    Term("age", name="age"),
    Term("age", name="age_sq_scaled", divide_by=10, power=2),
    _dummies(
        "education_group",
        "compulsory",
        "education_",
        "upper_secondary",
        "tertiary_short",
        "tertiary_long",
        "unknown",
    ),
    _dummies(
        "labour_status",
        "employed",
        "",
        "employed_in_education",
        "in_education",
        "unemployed",
        "outside_labour_force",
    ),
    _dummies("income_group", "middle", "income_", "none", "low", "high"),
)


@dataclass(frozen=True)
class DescendantModel:
    """One regression: name, outcomes (base first) with their columns, terms, groups in the sample."""

    name: str
    outcomes: dict[str, str]
    terms: tuple[Term, ...]
    groups: tuple[str, ...] | None


_LOGIT = {"stay": "stay_n", "emigration": "emigration_n"}
_TRINOMIAL = {"stay": "stay_n", "parents_country": "parents_country_n", "elsewhere": "elsewhere_n"}
_GROUP = _dummies(
    "immigrant_group", "majority", "", "one_foreign_born_parent", "descendant", "childhood_immigrant"
)
_ORIGIN = _dummies("parents_region", "asia", "parents_from_", "western", "eastern_europe", "africa", "other")

MODELS = (
    DescendantModel(
        "logit_groups",
        _LOGIT,
        (_GROUP, *_SITUATION),
        None,
    ),
    DescendantModel("logit_descendants", _LOGIT, (_ORIGIN, *_SITUATION), ("descendant",)),
    DescendantModel("trinomial_descendants", _TRINOMIAL, (_ORIGIN, *_SITUATION), ("descendant",)),
)

_COLUMNS = {
    "model": "object",
    "equation": "object",
    "term": "object",
    "position": "int32",
    **dict.fromkeys(("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), "float64"),
    "n_obs": "int64",
    "emigrants_n": "int64",
    "log_likelihood": "float64",
    "is_fitted": "bool",
    "not_fitted_reason": "object",
}


def descendant_logits(cells: pd.DataFrame) -> pd.DataFrame:
    """Fit every regression to the cells.

    Parameters
    ----------
    cells
        One row a combination of regressors, with the counts of the outcomes (`descendant_cell`).

    Returns
    -------
    pandas.DataFrame
        One row for each regression, equation and term: a discrete-time hazard of the first emigration, with
        classical standard errors (a person has at most one first emigration). A regression that cannot be
        fitted has rows without estimates that give the reason, as separation, where a category never leaves.
    """
    found = [_fitted(cells, model) for model in MODELS]
    stacked = pd.concat([table.reindex(columns=list(_COLUMNS)) for table in found], ignore_index=True)
    return stacked.astype(_COLUMNS)


def _fitted(cells: pd.DataFrame, model: DescendantModel) -> pd.DataFrame:
    if model.groups is not None:
        cells = cells[cells["immigrant_group"].isin(model.groups)]
    counts = cells[list(model.outcomes.values())].to_numpy(dtype=np.float64)
    used = counts.sum(axis=1) > 0
    equations = list(model.outcomes)[1:]
    matrix, names = design_matrix(cells.loc[used], model.terms)
    about = {
        "model": model.name,
        "n_obs": round(counts.sum()),
        "emigrants_n": round(counts[:, 1:].sum()),
    }
    try:
        if not used.any():
            raise ValueError("No person is in the sample.")
        fit = fit_multinomial_cells(matrix, counts[used], names=names, outcomes=tuple(model.outcomes))
        if not fit.converged:
            raise ValueError(not_converged(fit.n_iterations))
    except ValueError as error:
        table = pd.DataFrame(
            {"term": list(names) * len(equations), "equation": np.repeat(equations, len(names))}
        )
        table = table.assign(**about, is_fitted=False, not_fitted_reason=str(error))
    else:
        table = fit.tidy().assign(
            **about, log_likelihood=fit.log_likelihood, is_fitted=True, not_fitted_reason=None
        )
    return table.assign(position=np.arange(1, len(table) + 1))
