"""Regressors from cells: the terms of a specification as columns of a matrix."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from utvandring.estimators.effects import Derivative, Discrete
from utvandring.regressions.specification import Model, Term, Value

if TYPE_CHECKING:
    from utvandring.estimators.formulas import Layout

FloatArray = NDArray[np.float64]

CONSTANT = "constant"


@dataclass(frozen=True)
class Cells:
    """The cells of one fit.

    Attributes
    ----------
    matrix
        n × K regressors, the constant first.
    names
        K names of the coefficients.
    counts
        n × J persons by outcome.
    incomplete_n
        Persons left out because a column of the model is NULL for them.
    clusters
        n numbers of the clusters, where they were asked for.
    terms
        K numbers: the term of the specification that each coefficient belongs to, -1 for the constant.
    rows
        The n cells themselves, where they were to be kept.
    layout
        How a formula laid them out, where the model has one.
    """

    matrix: FloatArray
    names: tuple[str, ...]
    counts: FloatArray
    incomplete_n: int
    clusters: NDArray[Any] | None = None
    terms: tuple[int, ...] = ()
    rows: pd.DataFrame | None = field(default=None, repr=False)
    layout: "Layout | None" = None

    def compared(self, position: int) -> Iterator[NDArray[np.bool_]]:
        """Give the groups of rows that a coefficient compares; for the constant or a number, all rows."""
        column = self.matrix[:, position]
        is_group = position > 0 and _is_dummy(column)
        if self.layout is not None and self.rows is not None and self.layout.categorical[position]:
            yield from self.layout.compared(self.rows, column, position)
        elif not is_group:
            yield np.ones(len(column), dtype=bool)
        else:
            same_term = [of == self.terms[position] for of in self.terms]
            yield column == 1
            yield np.count_nonzero(self.matrix[:, same_term], axis=1) == 0


def _is_dummy(column: FloatArray) -> bool:
    return bool(np.isin(column, (0, 1)).all())


def prepared(frame: pd.DataFrame, models: tuple[Model, ...], cluster: str | None = None) -> pd.DataFrame:
    """Encode once what all models compare: text columns become categories.

    Parameters
    ----------
    frame
        The cells of all models.
    models
        The models that will be fitted to them.
    cluster
        Column with the clusters, if they are wanted.
    """
    columns = {column for model in models for column in model.columns} | {cluster}
    texts = [
        column
        for column in sorted(filter(None, columns))
        if column in frame
        and not isinstance(frame[column].dtype, pd.CategoricalDtype)
        and not pd.api.types.is_numeric_dtype(frame[column])
    ]
    return frame.astype(dict.fromkeys(texts, "category"))


def cells_of(
    frame: pd.DataFrame,
    model: Model,
    group: Mapping[str, Value],
    counts: list[str],
    cluster: str | None = None,
    *,
    keep_rows: bool = False,
) -> Cells:
    """Select the cells of one group and lay out its regressors.

    Parameters
    ----------
    frame
        Cells with the columns of the model.
    model
        The specification.
    group
        Columns and the one value that the fit is for.
    counts
        Columns with the persons by outcome, J of them.
    cluster
        Column with the clusters, if they are wanted.
    keep_rows
        Whether the cells themselves are kept; with a formula they are.

    Returns
    -------
    Cells
        Complete cells only.

    Raises
    ------
    ValueError
        If a column holds a value that is neither the reference nor among the categories.
    """
    wanted = np.ones(len(frame), dtype=bool)
    for column, value in group.items():
        wanted &= (frame[column] == value).fillna(False).to_numpy(dtype=bool)
    for column, values in model.only.items():
        wanted &= frame[column].isin(list(values)).to_numpy(dtype=bool)
    selected = frame.loc[wanted]
    complete = selected[list(model.columns)].notna().all(axis=1).to_numpy(dtype=bool)
    persons = selected[counts].to_numpy(dtype=np.float64)
    used = selected if complete.all() else selected.loc[complete]
    left_out = round(float(persons[~complete].sum()))
    clusters = None if cluster is None else used[cluster].astype("category").cat.codes.to_numpy()
    if model.formula is not None:
        from utvandring.estimators.formulas import Layout

        rows = used[list(model.regressors)].reset_index(drop=True)
        layout, matrix = Layout.of(model.formula, rows)
        return Cells(matrix, layout.names, persons[complete], left_out, clusters, layout.terms, rows, layout)
    columns, belongs = _columns(used, model.terms)
    return Cells(
        _matrix(columns, len(used)),
        tuple(columns),
        persons[complete],
        left_out,
        clusters,
        belongs,
        used if keep_rows else None,
    )


def design_matrix(frame: pd.DataFrame, terms: tuple[Term, ...]) -> tuple[FloatArray, tuple[str, ...]]:
    """Lay out the constant and the terms.

    Parameters
    ----------
    frame
        Rows without NULL in the columns of the terms.
    terms
        Regressors after the constant.

    Returns
    -------
    matrix, names
        n × K and the K names of the coefficients.

    Raises
    ------
    ValueError
        If a column holds a value that is neither the reference nor among the categories.
    """
    columns, _ = _columns(frame, terms)
    return _matrix(columns, len(frame)), tuple(columns)


def _columns(frame: pd.DataFrame, terms: tuple[Term, ...]) -> tuple[dict[str, NDArray[Any]], tuple[int, ...]]:
    """Return the constant and the terms by name, and which term each belongs to."""
    columns: dict[str, NDArray[Any]] = {CONSTANT: np.ones(len(frame), dtype=bool)}
    belongs = {CONSTANT: -1}
    for number, term in enumerate(terms):
        if term.reference is None:
            values = frame[term.column].to_numpy(dtype=np.float64)
            found = {term.name: (values / term.divide_by) ** term.power}
        else:
            found = _dummies(frame[term.column], term)
        columns |= found
        belongs |= dict.fromkeys(found, number)
    return columns, tuple(belongs.values())


def _matrix(columns: Mapping[str, NDArray[Any]], rows: int) -> FloatArray:
    matrix = np.empty((rows, len(columns)))
    for position, column in enumerate(columns.values()):
        matrix[:, position] = column
    return matrix


def with_categories(frame: pd.DataFrame, terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return the terms with the categories that they found in some rows, so that others are laid out alike.

    Parameters
    ----------
    frame
        The rows of a fit.
    terms
        Its terms.
    """
    return tuple(
        term
        if term.reference is None or term.categories is not None
        else replace(term, categories=_found_categories(frame[term.column], term))
        for term in terms
    )


def effects_of(model: Model) -> dict[str, Discrete | Derivative]:
    """Say how each variable of a model changes, for average marginal effects.

    Parameters
    ----------
    model
        A specification whose categories are declared.

    Returns
    -------
    dict of str to Discrete or Derivative
        A category by the name of its coefficient, against the reference category; a number by the name of
        the term that holds it as it is, its powers included.

    Raises
    ------
    ValueError
        If a number enters only divided or raised to a power.
    """
    effects: dict[str, Discrete | Derivative] = {}
    for term in model.terms:
        if term.reference is not None:
            names = list(term.categories or ())
            effects |= {name: Discrete(name, [other for other in names if other != name]) for name in names}
            continue
        same = [other for other in model.terms if other.reference is None and other.column == term.column]
        plain = [other for other in same if other.divide_by == 1 and other.power == 1]
        if not plain:
            raise ValueError(f"{term.column} needs a term of its own for its marginal effect.")
        if term is plain[0]:
            effects[term.name] = Derivative(
                term.name, {other.name: _derivative(other) for other in same if other is not term}
            )
    return effects


def _derivative(term: Term) -> Callable[[FloatArray], FloatArray]:
    """Return the derivative of (value / divide_by) ** power."""

    def derivative(values: FloatArray) -> FloatArray:
        return term.power / term.divide_by * (values / term.divide_by) ** (term.power - 1)

    return derivative


def _found_categories(values: "pd.Series[Any]", term: Term) -> dict[str, Value]:
    found = [value for value in values.unique().tolist() if value != term.reference]
    return {f"{term.prefix}{_text(value)}": value for value in sorted(found, key=str)}


def _dummies(values: "pd.Series[Any]", term: Term) -> dict[str, NDArray[Any]]:
    encoded = values.astype("category").cat
    codes = encoded.codes.to_numpy()
    position = {value: code for code, value in enumerate(encoded.categories)}
    categories = term.categories
    if categories is None:
        categories = _found_categories(values, term)
    found = [value for value, code in position.items() if (codes == code).any()]
    strange = [value for value in found if value != term.reference and value not in categories.values()]
    if strange:
        raise ValueError(
            f"{term.column} holds {strange[0]!r}, which is neither the reference nor one of the categories."
        )
    return {name: codes == position.get(value, -2) for name, value in categories.items()}


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
