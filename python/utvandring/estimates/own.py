"""A researcher's own regressions over `marts.person_year`: what `utvandring fit` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import duckdb
import pandas as pd

from utvandring.errors import UsageError, UtvandringError
from utvandring.estimates.design import Cells, cells_of, prepared
from utvandring.estimates.fitting import LOGIT_COUNTS
from utvandring.estimates.specification import OUTCOMES, OwnModel, Value
from utvandring.logit import fit_multinomial_cells
from utvandring.lpm import fit_linear_probability_cells
from utvandring.opening import open_to_read
from utvandring.progress import Progress
from utvandring.sql import identifier

_COUNTS = [*LOGIT_COUNTS, "neither_n"]
_CLUSTER = "person_id"


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
        Tidy rows (`term, equation, estimate, std_error, statistic, p_value, conf_low, conf_high`), or None.
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
        If the specification names a column that does not exist or is no SQL.
    UtvandringError
        If the database cannot be opened, or the condition selects nobody.
    """
    frame = prepared(_cells(database, own), (own.model,), _CLUSTER)
    if frame.empty:
        raise UtvandringError("The condition selects no person-year with an outcome.")
    values = [
        declared or tuple(sorted(frame[column].dropna().unique().tolist()))
        for column, declared in own.model.by.items()
    ]
    groups = [dict(zip(own.model.by, chosen, strict=True)) for chosen in product(*values)]
    fits = []
    for done, group in enumerate(groups):
        if progress is not None:
            progress(", ".join(map(str, group.values())), done / len(groups))
        fits.append(_fit(frame, own, group))
    return fits


def _cells(database: Path, own: OwnModel) -> pd.DataFrame:
    columns = list(own.model.columns)
    if own.std_errors == "clustered" and _CLUSTER not in columns:
        columns.append(_CLUSTER)
    outcome = f"outcome_{own.model.outcome}"
    derived = "".join(f", ({sql}) as {identifier(name)}" for name, sql in own.columns.items())
    chosen = ", ".join(identifier(column) for column in columns)
    counts = ", ".join(f"count(*) filter (where {outcome} = '{name}') as {name}_n" for name in OUTCOMES)
    keep = "true" if own.deaths and own.model.kind == "linear_probability" else "false"
    query = (
        f"with person_year as (select *{derived} from marts.person_year) "
        f"select {chosen}, {counts}, "
        f"count(*) filter (where {keep} and {outcome} in ('death', 'unaccounted')) as neither_n "
        f"from person_year where (\n{own.where}\n) and {outcome} is not null "
        f"group by {chosen} order by {chosen}"
    )
    with open_to_read(database) as connection:
        connection.execute("set enable_external_access = false")
        try:
            return connection.execute(query).df()
        except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
            # These speak of the query only, never of values in the data.
            first = str(error).splitlines()[0]
            raise UsageError(f"The specification cannot be read as SQL. {first}") from error


def _fit(frame: pd.DataFrame, own: OwnModel, group: Mapping[str, Value]) -> OwnFit:
    cluster = _CLUSTER if own.std_errors == "clustered" else None
    logit = own.model.kind == "trinomial_logit"
    counts = LOGIT_COUNTS if logit else _COUNTS
    incomplete_n = n_obs = 0
    try:
        cells = cells_of(frame, own.model, group, counts, cluster)
        n_obs, incomplete_n = round(cells.counts.sum()), cells.incomplete_n
        if not n_obs:
            raise ValueError("No person is in the sample.")
        estimates, notes = _logit(cells, own) if logit else _linear(cells, own)
    except ValueError as error:
        return OwnFit(group, n_obs, incomplete_n, None, "", str(error))
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
