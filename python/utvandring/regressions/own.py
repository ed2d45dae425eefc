"""A researcher's own regressions over `marts.person_year`: what `utvandring fit` does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import duckdb
import pandas as pd

from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.opening import open_to_read
from utvandring.common.progress import Progress
from utvandring.common.sql import identifier
from utvandring.estimators.least_squares import fit_linear_probability_cells
from utvandring.estimators.multinomial import fit_multinomial_cells
from utvandring.regressions.design import Cells, cells_of, prepared
from utvandring.regressions.fitting import LOGIT_COUNTS
from utvandring.regressions.resting import Fewest, rests_on
from utvandring.regressions.specification import OUTCOMES, Model, OwnModel, Term, Value, number, truth

_COUNTS = [*LOGIT_COUNTS, "neither_n"]
_CLUSTER = "person_id"
# So many values of a column are listed where one that was asked for is not there; of persons none.
_LISTED = 60
_NOT_LISTED = (_CLUSTER, "family_id")


@dataclass(frozen=True)
class OwnFit:
    """One fitted group.

    Attributes
    ----------
    group
        The values of `by`.
    n_obs, incomplete_n
        Persons in the sample, and those left out because a column of the model is NULL.
    estimates
        Tidy rows (`term, equation, estimate, std_error, statistic, p_value, conf_low, conf_high`) with what
        each rests on (`persons_n, events_n, withheld_reason`, as `rests_on`), or None.
    notes
        Further figures of the fit, ready to be printed.
    reason
        Why there are no estimates.
    """

    group: Mapping[str, Value]
    n_obs: int
    incomplete_n: int
    estimates: pd.DataFrame | None
    notes: str
    reason: str | None


def fit_own_model(database: Path, own: OwnModel, progress: Progress | None = None) -> list[OwnFit]:
    """Fit a researcher's own model, once for each group of `by`.

    Parameters
    ----------
    database
        A built or published database; it is only read.
    own
        The specification.
    progress
        Told which group is being fitted and the share that is done.

    Raises
    ------
    UsageError
        If the specification names a column that does not exist or is no SQL, or a value that is of another
        kind than its column or that no row has.
    UtvandringError
        If the database cannot be opened, or the condition selects nobody.
    """
    cells, types, fewest = _cells(database, own)
    if cells.empty:
        raise UtvandringError("The condition selects no person-year with an outcome.")
    own = replace(own, model=_as_the_columns(own.model, types))
    absent = _absent_values(cells, own.model)
    if absent:
        raise UsageError(absent)
    frame = prepared(cells, (own.model,), _CLUSTER)
    values = [
        declared or tuple(sorted(frame[column].dropna().unique().tolist()))
        for column, declared in own.model.by.items()
    ]
    groups = [dict(zip(own.model.by, chosen, strict=True)) for chosen in product(*values)]
    fits = []
    for done, group in enumerate(groups):
        if progress is not None:
            progress(", ".join(map(str, group.values())), done / len(groups))
        fits.append(_fit(frame, own, group, fewest))
    return fits


def _as_the_columns(model: Model, types: Mapping[str, str]) -> Model:
    """Read the values of a specification as what the columns hold that they are compared with."""

    def several(given: Mapping[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
        return {
            column: tuple(_as_the_column(value, column, types) for value in values)
            for column, values in given.items()
        }

    def term_of(term: Term) -> Term:
        kind = types[term.column]
        if term.reference is None:
            if not (_is_number(kind) or kind == "BOOLEAN"):
                what = "text" if _is_text(kind) else kind.lower()
                raise UsageError(f"{term.column} is {what} and no number: give the term a reference.")
            return term
        categories = None
        if term.categories is not None:
            categories = {
                name: _as_the_column(value, term.column, types) for name, value in term.categories.items()
            }
            values = [_as_the_column(term.reference, term.column, types), *categories.values()]
            twice = [value for value in values if values.count(value) > 1]
            if twice:
                raise UsageError(f"{term.column} has {twice[0]!r} twice among reference and categories.")
        return replace(
            term, reference=_as_the_column(term.reference, term.column, types), categories=categories
        )

    return replace(
        model, by=several(model.by), only=several(model.only), terms=tuple(map(term_of, model.terms))
    )


_NUMBERS = {
    *(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")),
    *("INTEGER", "UINTEGER", "FLOAT", "DOUBLE"),
}


def _is_text(kind: str) -> bool:
    return kind == "VARCHAR" or kind.startswith("ENUM")


def _is_number(kind: str) -> bool:
    return kind in _NUMBERS or kind.startswith("DECIMAL")


def _as_the_column(value: Value, column: str, types: Mapping[str, str]) -> Value:
    kind = types[column]
    found: Value | None
    if _is_text(kind):
        if not isinstance(value, str):
            raise UsageError(f"{column} is text: write {str(value)!r}, not {value!r}.")
        return value
    if kind == "BOOLEAN":
        found, what = truth(value), "true or false"
    elif _is_number(kind):
        found, what = number(value), "a number"
        found = None if isinstance(found, str) else found
    else:
        raise UsageError(f"{column} is {kind.lower()}: make text or a number of it under columns.")
    if found is None:
        raise UsageError(f"{column} is {what}, which {value!r} is not.")
    return found


def _absent_values(frame: pd.DataFrame, model: Model) -> str | None:
    """Name a value of the specification that no complete row has, with those that there are."""
    complete = frame[frame[list(model.columns)].notna().all(axis=1)]
    sample = complete
    for column, values in model.only.items():
        sample = sample[sample[column].isin(list(values))]
    asked = [("only", complete, column, values) for column, values in model.only.items()]
    for term in model.terms:
        if term.reference is not None:
            asked.append(("reference", sample, term.column, (term.reference,)))
            asked.append(("categories", sample, term.column, tuple((term.categories or {}).values())))
    for what, rows, column, values in asked:
        there = sorted(rows[column].unique().tolist())
        absent = [value for value in values if value not in there]
        if absent:
            several = ", ".join(map(repr, absent))
            return f"{what} of {column}: no row of the sample has {several}. {_listed(column, there)}"
    return None


def _listed(column: str, there: list[Value]) -> str:
    if column in _NOT_LISTED or not there:
        return f"There are {len(there)} values."
    more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    return f"There are {', '.join(map(repr, there[:_LISTED]))}{more}."


def _cells(database: Path, own: OwnModel) -> tuple[pd.DataFrame, dict[str, str], Fewest]:
    """Read the cells, the types of their columns, and what a release asks of an estimate."""
    columns = list(own.model.columns)
    if own.std_errors == "clustered" and _CLUSTER not in columns:
        columns.append(_CLUSTER)
    outcome = f"outcome_{own.model.outcome}"
    derived = "".join(f", ({sql}) as {identifier(name)}" for name, sql in own.columns.items())
    chosen = ", ".join(identifier(column) for column in columns)
    # Under the name that the specification gives it: SQL does not mind capitals.
    named = ", ".join(f"{identifier(column)} as {identifier(column)}" for column in columns)
    counts = ", ".join(f"count(*) filter (where {outcome} = '{name}') as {name}_n" for name in OUTCOMES)
    keep = "true" if own.deaths and own.model.kind == "linear_probability" else "false"
    query = (
        f"with person_year as (select *{derived} from marts.person_year) "
        f"select {named}, {counts}, "
        f"count(*) filter (where {keep} and {outcome} in ('death', 'unaccounted')) as neither_n "
        f"from person_year where (\n{own.where}\n) and {outcome} is not null "
        f"group by {chosen} order by {chosen}"
    )
    with open_to_read(database) as connection:
        connection.execute("set enable_external_access = false")
        try:
            cells = connection.sql(query)
            types = dict(zip(cells.columns, map(str, cells.types), strict=True))
            return cells.df(), types, Fewest.of(connection)
        except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
            # These speak of the query only, never of values in the data.
            first = str(error).splitlines()[0]
            raise UsageError(f"The specification cannot be read as SQL. {first}") from error


def _of_group(frame: pd.DataFrame, group: Mapping[str, Value]) -> pd.DataFrame:
    for column, value in group.items():
        frame = frame[(frame[column] == value).fillna(False)]
    return frame


def _fit(frame: pd.DataFrame, own: OwnModel, group: Mapping[str, Value], fewest: Fewest) -> OwnFit:
    cluster = _CLUSTER if own.std_errors == "clustered" else None
    logit = own.model.kind == "trinomial_logit"
    counts = LOGIT_COUNTS if logit else _COUNTS
    incomplete_n = n_obs = 0
    try:
        absent = _absent_values(_of_group(frame, group), own.model)
        cells = cells_of(frame, own.model, group, counts, cluster)
        n_obs, incomplete_n = round(cells.counts.sum()), cells.incomplete_n
        if not n_obs:
            raise ValueError("No person is in the sample.")
        if absent:
            raise ValueError(absent)
        estimates, notes = _logit(cells, own) if logit else _linear(cells, own)
    except ValueError as error:
        return OwnFit(group, n_obs, incomplete_n, None, "", str(error))
    estimates = estimates.merge(
        rests_on(cells, OUTCOMES, fewest, logit=logit), how="left", on=["term", "equation"]
    )
    return OwnFit(group, n_obs, incomplete_n, estimates, notes, None)


def _logit(cells: Cells, own: OwnModel) -> tuple[pd.DataFrame, str]:
    fit = fit_multinomial_cells(
        cells.matrix,
        cells.counts,
        names=cells.names,
        outcomes=OUTCOMES,
        vcov="robust" if own.std_errors == "robust" else "classical",
        clusters=cells.clusters,
    )
    if not fit.converged:
        raise ValueError(f"Newton's method did not converge in {fit.n_iterations} iterations.")
    notes = (
        f"log likelihood {fit.log_likelihood:,.1f} ({fit.log_likelihood_null:,.1f} with constants only), "
        f"Schwarz BIC {fit.schwarz_bic:,.1f}, scaled R2 {fit.scaled_r2:.3f}"
    )
    return fit.tidy(), notes


def _linear(cells: Cells, own: OwnModel) -> tuple[pd.DataFrame, str]:
    totals = cells.counts.sum(axis=1)
    filled = totals > 0
    fit = fit_linear_probability_cells(
        cells.matrix[filled],
        cells.counts[filled, :3],
        totals[filled],
        names=cells.names,
        outcomes=OUTCOMES,
        vcov="HC1" if own.std_errors == "robust" else "classical",
        clusters=None if cells.clusters is None else cells.clusters[filled],
    )
    shares = cells.counts.sum(axis=0)[:3] / totals.sum()
    means = ", ".join(f"{name} {share:.4f}" for name, share in zip(OUTCOMES, shares, strict=True))
    return fit.tidy(), f"means: {means}"


def as_one_table(fits: list[OwnFit]) -> pd.DataFrame:
    """Put the estimates of all groups below each other; a group that was not fitted has one row, its reason.

    Parameters
    ----------
    fits
        What `fit_own_model` gave.
    """
    tables = []
    for fit in fits:
        table = fit.estimates if fit.estimates is not None else pd.DataFrame({"term": [None]})
        first = {**fit.group, "n_obs": fit.n_obs, "not_fitted_reason": fit.reason}
        described = table.assign(**first)
        tables.append(described[[*fit.group, *table.columns, "n_obs", "not_fitted_reason"]])
    return pd.concat(tables, ignore_index=True)
