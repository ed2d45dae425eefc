"""A researcher's own regressions over `marts.person_year`: what `utvandring fit` does."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.near import near
from utvandring.common.opening import OF_THE_QUERY, open_to_read
from utvandring.common.progress import Progress
from utvandring.common.sql import identifier
from utvandring.estimators.changes import Change, average_changes
from utvandring.estimators.design import FloatArray
from utvandring.estimators.inference import require_clusters
from utvandring.estimators.least_squares import LinearProbabilityFit, fit_linear_probability_cells
from utvandring.estimators.multinomial import fit_multinomial_cells
from utvandring.estimators.multinomial_result import MultinomialFit, not_converged
from utvandring.regressions.design import Cells, cells_of, design_matrix, prepared, with_categories
from utvandring.regressions.fitting import LOGIT_COUNTS, spelled_years
from utvandring.regressions.resting import Fewest, changes_rest_on, rests_on
from utvandring.regressions.specification import OUTCOMES, Model, OwnModel, Term, Value, number, truth

_COUNTS = [*LOGIT_COUNTS, "neither_n"]
_CLUSTER = "person_id"
_WEIGHT = "_persons"
# So many values of a column are listed where one that was asked for is not there; of persons none.
_LISTED = 60
_NOT_LISTED = (_CLUSTER, "family_id")


@dataclass(frozen=True)
class Asked:
    """What is asked of a model besides its coefficients.

    Attributes
    ----------
    effects
        Whether average marginal effects of all variables.
    contrasts
        Texts such as ``labour_status: unemployed - employed``.
    tests
        Restrictions such as ``age = 0``.
    standardised
        Whether coefficients for one standard deviation.
    persons
        Whether persons, not person-years, are counted behind each coefficient: what a release asks for.
    """

    effects: bool = False
    contrasts: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    standardised: bool = False
    persons: bool = False


@dataclass(frozen=True)
class OwnFit:
    """One fitted group.

    Attributes
    ----------
    group
        The values of `by`.
    n_obs, incomplete_n
        Person-years in the sample, and those left out because a column of the model is NULL.
    estimates
        Tidy rows (`term, equation, estimate, std_error, statistic, p_value, conf_low, conf_high`) with what
        each depends on (`persons_n, events_n, withheld_reason`, as `rests_on`), or None.
    notes
        Further figures of the fit, ready to be printed.
    reason
        Why there are no estimates.
    model
        Name of the specification.
    fit
        The fit itself.
    n_persons
        Persons in the sample, where they were read.
    effects, tests, standardised
        What was asked for besides, or None.
    patterns_n
        Different rows of regressors, where persons were read: as many as coefficients in a saturated model.
    """

    group: Mapping[str, Value]
    n_obs: int
    incomplete_n: int
    estimates: pd.DataFrame | None
    notes: str
    reason: str | None
    model: str = ""
    fit: MultinomialFit | LinearProbabilityFit | None = field(default=None, repr=False)
    n_persons: int | None = None
    effects: pd.DataFrame | None = None
    tests: pd.DataFrame | None = None
    standardised: pd.DataFrame | None = None
    patterns_n: int | None = None

    @property
    def label(self) -> str:
        """The group in words, such as ``sex female``."""
        return ", ".join(f"{column} {value}" for column, value in self.group.items())


def fit_own_model(
    database: Path, own: OwnModel, progress: Progress | None = None, asked: Asked | None = None
) -> list[OwnFit]:
    """Fit a researcher's own model, once for each group of `by`.

    Parameters
    ----------
    database
        A built or published database; it is only read.
    own
        The specification.
    progress
        Told which group is being fitted and the share that is done.
    asked
        What is asked for besides coefficients.

    Raises
    ------
    UsageError
        If the specification names a column that does not exist or is no SQL, or a value that is of another
        kind than its column or that no row has.
    UtvandringError
        If the database cannot be opened, or the condition selects nobody.
    """
    asked = asked or Asked()
    cells, types, fewest = _cells(database, own, asked)
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
        fits.append(_fit(frame, own, group, fewest, asked))
    return fits


def _as_the_columns(model: Model, types: Mapping[str, str]) -> Model:
    """Read the values of a specification as what the columns hold that they are compared with."""

    def several(given: Mapping[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
        return {
            column: tuple(_as_the_column(value, column, types) for value in values)
            for column, values in given.items()
        }

    for column in model.formula.variables if model.formula else ():
        kind = types[column]
        if not (_is_text(kind) or _is_number(kind) or kind == "BOOLEAN"):
            raise UsageError(f"{column} is {kind.lower()}: make text or a number of it under columns.")
    for column, reference in model.formula.references.items() if model.formula else ():
        if reference is not None:
            _as_the_column(reference, column, types)

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
    for column, reference in model.formula.references.items() if model.formula else ():
        asked.append(("ref", sample, column, () if reference is None else (reference,)))
    for what, rows, column, values in asked:
        there = sorted(rows[column].unique().tolist())
        absent = [value for value in values if value not in there]
        if absent:
            several = ", ".join(map(repr, absent))
            hint = "" if column in _NOT_LISTED else near(absent[0], there)
            return f"{what} of {column}: no row of the sample has {several}. {_listed(column, there)}{hint}"
    return None


def _listed(column: str, there: list[Value]) -> str:
    if column in _NOT_LISTED or not there:
        return f"There are {len(there)} values."
    more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    return f"There are {', '.join(map(repr, there[:_LISTED]))}{more}."


def _cells(database: Path, own: OwnModel, asked: Asked) -> tuple[pd.DataFrame, dict[str, str], Fewest]:
    """Read the cells, the types of their columns, and what a release asks of an estimate."""
    with open_to_read(database) as connection:
        connection.execute("set enable_external_access = false")
        there = _columns_of_mart(connection)
        _require_columns(own, there)
        try:
            cells = connection.sql(query_of(own, by_person=asked.persons))
            types = dict(zip(cells.columns, map(str, cells.types), strict=True))
            frame = cells.df()
        except OF_THE_QUERY as error:
            first = str(error).splitlines()[0]
            unknown = re.search(r'(?:column|Column)[^"]*"([^"]+)"', first)
            hint = near(unknown[1], there) if unknown else ""
            raise UsageError(f"The specification cannot be read as SQL. {first}{hint}") from error
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise UsageError(
                "The condition compares a column with a value of another kind, such as a text with a number: "
                "write codes in quotes."
            ) from error
        if frame.empty:
            raise UtvandringError(
                "The condition selects no person-year with an outcome. "
                + _what_there_is(connection, own, there)
            )
        return frame, types, Fewest.of(connection)


def query_of(own: OwnModel, *, by_person: bool = False) -> str:
    """Return the SQL that counts the cells of a model.

    Parameters
    ----------
    own
        The specification.
    by_person
        Whether there is a cell for each person.
    """
    columns = list(own.model.columns)
    if (by_person or own.std_errors == "clustered") and _CLUSTER not in columns:
        columns.append(_CLUSTER)
    outcome = f"outcome_{own.model.outcome}"
    derived = "".join(f", ({sql}) as {identifier(name)}" for name, sql in own.columns.items())
    chosen = ", ".join(identifier(column) for column in columns)
    # Under the name that the specification gives it: SQL does not mind capitals.
    named = ", ".join(f"{identifier(column)} as {identifier(column)}" for column in columns)
    counts = ", ".join(f"count(*) filter (where {outcome} = '{name}') as {name}_n" for name in OUTCOMES)
    keep = "true" if own.deaths and own.model.kind == "linear_probability" else "false"
    return (
        f"with person_year as (select *{derived} from marts.person_year)\n"
        f"select {named}, {counts},\n"
        f"count(*) filter (where {keep} and {outcome} in ('death', 'unaccounted')) as neither_n\n"
        f"from person_year where (\n{own.where}\n) and {outcome} is not null\n"
        f"group by {chosen} order by {chosen}"
    )


def _columns_of_mart(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = 'person_year' "
        "order by column_index"
    ).fetchall()
    if not found:
        raise UtvandringError("The database has no marts.person_year: name another file, or build it.")
    return [name for (name,) in found]


def _require_columns(own: OwnModel, there: Sequence[str]) -> None:
    """Name a column of the specification that the mart has not, before SQL does."""
    # SQL does not mind capitals, and neither do by, only and terms; Python, which a formula is, does.
    formula = own.model.formula
    known = [*there, *own.columns]
    lower = {name.lower() for name in known}
    for column in own.model.columns:
        exact = formula is not None and column in formula.variables
        if column not in known and (exact or column.lower() not in lower):
            raise UsageError(
                f"There is no column {column!r} in marts.person_year.{near(column, known)} There are "
                f"{', '.join(known)}; more can be made under columns."
            )


def _what_there_is(connection: duckdb.DuckDBPyConnection, own: OwnModel, there: Sequence[str]) -> str:
    """Say which years have the outcome, and which values the columns of the condition have in them."""
    outcome = identifier(f"outcome_{own.model.outcome}")
    source = f"from marts.person_year where {outcome} is not null"
    years = [
        year for (year,) in connection.execute(f"select distinct base_year {source} order by 1").fetchall()
    ]
    if not years:
        return f"No row of marts.person_year has outcome_{own.model.outcome}."
    said = [f"Base years with outcome_{own.model.outcome} are {spelled_years(years)}."]
    words = set(re.findall(r"\w+", own.where.lower()))
    for column in there:
        if (
            column.lower() not in words
            or column in (*_NOT_LISTED, "base_year")
            or column.startswith("outcome_")
        ):
            continue
        values = [
            value
            for (value,) in connection.execute(
                f"select distinct {identifier(column)} {source} and {identifier(column)} is not null "
                f"order by 1 limit {_LISTED + 1}"
            ).fetchall()
        ]
        if all(isinstance(value, str) for value in values):
            said.append(f"{column} has {_listed(column, values)[len('There are ') :]}")
    return " ".join(said)


def _of_group(frame: pd.DataFrame, group: Mapping[str, Value]) -> pd.DataFrame:
    for column, value in group.items():
        frame = frame[(frame[column] == value).fillna(False)]
    return frame


def _fit(
    frame: pd.DataFrame, own: OwnModel, group: Mapping[str, Value], fewest: Fewest, asked: Asked
) -> OwnFit:
    by_person = _CLUSTER if asked.persons or own.std_errors == "clustered" else None
    logit = own.model.kind == "trinomial_logit"
    counts = LOGIT_COUNTS if logit else _COUNTS
    incomplete_n = n_obs = 0
    try:
        absent = _absent_values(_of_group(frame, group), own.model)
        cells = cells_of(frame, own.model, group, counts, by_person, keep_rows=True)
        n_obs, incomplete_n = round(cells.counts.sum()), cells.incomplete_n
        if not n_obs:
            raise ValueError("No person is in the sample.")
        if absent:
            raise ValueError(absent)
        cells = _filled(cells)
        if own.std_errors == "clustered" and cells.clusters is not None:
            require_clusters(len(np.unique(cells.clusters)), len(cells.names))
        fit, notes = _logit(cells, own) if logit else _linear(cells, own)
        found = _besides(fit, cells, own, asked, fewest)
    except ValueError as error:
        return OwnFit(group, n_obs, incomplete_n, None, "", str(error), own.model.name)
    estimates = fit.tidy().merge(
        rests_on(cells, OUTCOMES, fewest, logit=logit), how="left", on=["term", "equation"]
    )
    persons = patterns = None
    if cells.clusters is not None and cells.rows is not None:
        persons = len(np.unique(cells.clusters))
        patterns = len(cells.rows[list(own.model.regressors)].drop_duplicates())
    return OwnFit(
        group,
        n_obs,
        incomplete_n,
        estimates,
        notes,
        None,
        own.model.name,
        fit,
        persons,
        effects=found["effects"],
        tests=found["tests"],
        standardised=found["standardised"],
        patterns_n=patterns,
    )


def _filled(cells: Cells) -> Cells:
    """Leave out cells of nobody: those whose persons have none of the outcomes."""
    filled = cells.counts.sum(axis=1) > 0
    if filled.all():
        return cells
    return replace(
        cells,
        matrix=cells.matrix[filled],
        counts=cells.counts[filled],
        clusters=None if cells.clusters is None else cells.clusters[filled],
        rows=None if cells.rows is None else cells.rows[filled].reset_index(drop=True),
    )


def _logit(cells: Cells, own: OwnModel) -> tuple[MultinomialFit, str]:
    fit = fit_multinomial_cells(
        cells.matrix,
        cells.counts,
        names=cells.names,
        outcomes=OUTCOMES,
        vcov="robust" if own.std_errors == "robust" else "classical",
        clusters=cells.clusters if own.std_errors == "clustered" else None,
    )
    if not fit.converged:
        raise ValueError(not_converged(fit.n_iterations))
    notes = (
        f"log likelihood {fit.log_likelihood:,.1f} ({fit.log_likelihood_null:,.1f} with constants only), "
        f"Schwarz BIC {fit.schwarz_bic:,.1f}, scaled R2 {fit.scaled_r2:.3f}"
    )
    return fit, notes


def _linear(cells: Cells, own: OwnModel) -> tuple[LinearProbabilityFit, str]:
    totals = cells.counts.sum(axis=1)
    fit = fit_linear_probability_cells(
        cells.matrix,
        cells.counts[:, :3],
        totals,
        names=cells.names,
        outcomes=OUTCOMES,
        vcov="HC1" if own.std_errors == "robust" else "classical",
        clusters=cells.clusters if own.std_errors == "clustered" else None,
    )
    shares = cells.counts.sum(axis=0)[:3] / totals.sum()
    means = ", ".join(f"{name} {share:.4f}" for name, share in zip(OUTCOMES, shares, strict=True))
    return fit, f"means: {means}"


# --- what is asked for besides ------------------------------------------------------------------------------


def _besides(
    fit: MultinomialFit | LinearProbabilityFit, cells: Cells, own: OwnModel, asked: Asked, fewest: Fewest
) -> dict[str, pd.DataFrame | None]:
    """Compute what was asked for besides the coefficients."""
    # The module needs formulaic, which takes a second.
    from utvandring.estimators.formula_fits import standard_deviations, standardised
    from utvandring.estimators.restrictions import wald_test

    weights = cells.counts.sum(axis=1)
    try:
        tests = [wald_test(fit, restriction) for restriction in asked.tests]
    except ValueError as error:
        raise UsageError(str(error)) from error
    return {
        "effects": _effects(fit, cells, own, asked, fewest) if asked.effects or asked.contrasts else None,
        "tests": pd.concat(tests, ignore_index=True) if tests else None,
        "standardised": standardised(fit, standard_deviations(cells.matrix, weights))
        if asked.standardised
        else None,
    }


def _effects(
    fit: MultinomialFit | LinearProbabilityFit, cells: Cells, own: OwnModel, asked: Asked, fewest: Fewest
) -> pd.DataFrame:
    from utvandring.estimators.formula_fits import changes_of

    assert cells.rows is not None
    regressors = list(own.model.regressors)
    # Cells of persons are many; what is averaged depends on the regressors alone.
    counted = cells.rows[regressors].assign(**{_WEIGHT: cells.counts.sum(axis=1)})
    rows = counted.groupby(regressors, observed=True, sort=True, as_index=False)[_WEIGHT].sum()
    categories: dict[str, tuple[Value, ...]]
    lay_out: Callable[[pd.DataFrame], FloatArray]
    if cells.layout is not None:
        layout = cells.layout
        categories, lay_out = dict(layout.categories), lambda some: layout.matrix(some, only=False)
    else:
        terms = with_categories(cells.rows, own.model.terms)
        categories = {
            term.column: (term.reference, *(term.categories or {}).values())
            for term in terms
            if term.reference is not None
        }
        lay_out = lambda some: design_matrix(some, terms)[0]  # noqa: E731
    changes = [_contrast(text, regressors, categories, rows) for text in asked.contrasts]
    if asked.effects:
        every = (changes_of(name, categories.get(name), rows[name]) for name in regressors)
        changes = [*(change for several in every for change in several), *changes]
    table = average_changes(fit, lay_out, rows, changes, weights=rows[_WEIGHT].to_numpy())
    resting = []
    for change in changes:
        groups = [np.ones(len(cells.counts), dtype=bool)]
        if change.variable in categories or isinstance(change.compared, bool):
            values = cells.rows[change.variable]
            groups = [(values == value).to_numpy(dtype=bool) for value in (change.reference, change.compared)]
        resting += changes_rest_on(cells, groups, len(fit.outcomes), fewest)
    return table.join(pd.DataFrame(resting, columns=["persons_n", "events_n", "withheld_reason"]))


def _contrast(
    text: str, regressors: Sequence[str], categories: Mapping[str, tuple[Value, ...]], rows: pd.DataFrame
) -> Change:
    """Read `column: value - value`; a value with a hyphen, such as 0-2, is told from the minus by spaces."""
    from utvandring.estimators.formula_fits import require_known

    column, colon, values = text.partition(":")
    pair = [value.strip() for value in values.split(" - ")]
    column = column.strip()
    if not colon or len(pair) != 2 or not all(pair):
        raise UsageError(
            f"The contrast {text!r} must be 'column: value - value', such as "
            "'labour_status: unemployed - employed', with spaces around the minus."
        )
    if column not in regressors:
        raise UsageError(
            f"The contrast {text!r} is of no column of the model.{near(column, regressors)} It has "
            f"{', '.join(regressors)}."
        )
    compared, reference = (_as_known(value, categories.get(column), rows[column]) for value in pair)
    try:
        require_known(column, (compared, reference), categories.get(column))
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Change.between(column, reference, compared)


def _as_known(value: str, known: tuple[Value, ...] | None, values: "pd.Series[Any]") -> Value:
    """Read the text of a value as what its column holds."""
    if known is not None:
        return next((one for one in known if str(one) == value or number(value) == one), value)
    read = truth(value) if pd.api.types.is_bool_dtype(values) else number(value)
    if read is None or isinstance(read, str):
        kind = "true or false" if pd.api.types.is_bool_dtype(values) else "a number"
        raise UsageError(f"{values.name} is {kind}, which {value!r} is not.")
    return read


def as_one_table(fits: Sequence[OwnFit], *, may_leave: bool = False) -> pd.DataFrame:
    """Put the estimates of all groups below each other; a group that was not fitted has one row, its reason.

    Parameters
    ----------
    fits
        What `fit_own_model` gave.
    may_leave
        What the column of that name says: whether the numbers went through disclosure control.
    """
    tables = []
    several = len({fit.model for fit in fits}) > 1
    for fit in fits:
        table = fit.estimates if fit.estimates is not None else pd.DataFrame({"term": [None]})
        labels = {**({"model": fit.model} if several else {}), **fit.group}
        described = table.assign(**labels, n_obs=fit.n_obs, not_fitted_reason=fit.reason, may_leave=may_leave)
        tables.append(described[[*labels, *table.columns, "n_obs", "not_fitted_reason", "may_leave"]])
    return pd.concat(tables, ignore_index=True)


def described(fits: Sequence[OwnFit], what: str) -> pd.DataFrame:
    """Put one kind of further results of all groups below each other.

    Parameters
    ----------
    fits
        What `fit_own_model` gave.
    what
        ``effects``, ``tests`` or ``standardised``.
    """
    several = len({fit.model for fit in fits}) > 1
    tables = []
    for fit in fits:
        table = getattr(fit, what)
        if table is not None:
            labels = {**({"model": fit.model} if several else {}), **fit.group}
            tables.append(table.assign(**labels)[[*labels, *table.columns]])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
