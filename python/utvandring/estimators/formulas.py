"""Formulas: from `outcome ~ age + C(background, ref="nordic") * sex` to the columns of a fit, by formulaic.

What is read here may be cells that stand for many persons, so functions that depend on how persons are spread
(`scale`, `poly`, `bs`) are refused: they would give the spread of the cells.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula, ModelSpec
from formulaic.errors import FormulaicError
from formulaic.formula import StructuredFormula
from formulaic.parser.types import Term as FormulaTerm
from numpy.typing import NDArray

from utvandring.common.near import near
from utvandring.estimators.design import FloatArray, framed

CONSTANT = "constant"
_FUNCTIONS = ("C", "I", "log", "log2", "log10", "exp")
_OF_NUMPY = ("abs", "exp", "floor", "log", "log10", "log2", "maximum", "minimum", "sqrt", "where")
_OF_ALL_ROWS = (
    *("scale", "center", "standardize", "poly", "bs", "cs", "cr", "cc"),
    *("hashed", "lag"),
)
_LISTED = 60


@dataclass(frozen=True)
class ReadFormula:
    """A formula that was read, before there are data.

    Attributes
    ----------
    text
        As it was written.
    outcome
        The name left of ``~``.
    terms
        Of formulaic, the constant among them.
    variables
        Columns right of ``~``, in the order of their first use.
    references
        Columns inside ``C()``, each with its reference category, or None for the first one.
    """

    text: str
    outcome: str
    terms: tuple[FormulaTerm, ...]
    variables: tuple[str, ...]
    references: Mapping[str, Any]


def read_formula(text: str) -> ReadFormula:
    """Read a formula of one outcome and a constant.

    Parameters
    ----------
    text
        For example ``outcome ~ age + I(age**2) + C(background, ref="nordic") * sex``.

    Raises
    ------
    ValueError
        If it cannot be read, has no outcome or no constant, or uses what is refused here.
    """
    try:
        formula = Formula(text)
    except SyntaxError as error:
        hint = " Write codes in quotes, such as '03'." if "leading zeros" in str(error) else ""
        raise ValueError(f"The formula {text!r} cannot be read: {error.msg}.{hint}") from error
    except FormulaicError as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise ValueError(f"The formula {text!r} cannot be read: {first}.") from error
    if not isinstance(formula, StructuredFormula) or "lhs" not in formula._structure:
        raise ValueError(f"The formula {text!r} names no outcome: write outcome ~ age + sex.")
    left, right = formula.lhs, formula.rhs
    if isinstance(right, tuple) or len(left) != 1 or not str(left[0]).isidentifier():
        raise ValueError(f"The formula {text!r} must have one column left of ~ and one sum right of it.")
    terms = tuple(right)
    if not any(str(term) == "1" for term in terms):
        raise ValueError(f"The formula {text!r} takes the constant away, which every model here has.")
    variables: dict[str, None] = {}
    references: dict[str, Any] = {}
    expressions = dict.fromkeys(factor.expr for term in terms for factor in term.factors)
    expressions.pop("1", None)
    for expression in expressions:
        _read_factor(expression, variables, references)
    plain = {name for text in expressions if not text.startswith("C(") for name in _names_in(text)}
    twofold = [column for column in references if column in plain]
    if twofold:
        raise ValueError(
            f"{twofold[0]} stands in the formula within C() and without: make a column of its own of one."
        )
    if not variables:
        raise ValueError(f"The formula {text!r} has no regressor right of ~.")
    return ReadFormula(text, str(left[0]), terms, tuple(variables), references)


def _names_in(expression: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)}


def _read_factor(expression: str, variables: dict[str, None], references: dict[str, Any]) -> None:
    """Note the columns of one factor, and refuse what it may not hold."""
    tree = ast.parse(expression, mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "C":
        column, reference = _read_category(tree, expression)
        if references.setdefault(column, reference) != reference:
            raise ValueError(
                f"{column} has two references in the formula: {references[column]!r}, {reference!r}."
            )
        variables[column] = None
        return
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    numpy_names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id == "np" and node.attr in _OF_NUMPY):
                raise ValueError(
                    f"{expression!r} cannot be used in a formula: of np there are {_spelled(_OF_NUMPY)}."
                )
            numpy_names.add(id(node.value))
        elif isinstance(node, ast.Name) and id(node) in called:
            if node.id in _OF_ALL_ROWS:
                raise ValueError(
                    f"{node.id}() depends on how all persons are spread, and rows here may stand for many: "
                    f"write the numbers out, such as I((age - 40) / 10)."
                )
            if node.id == "C":
                raise ValueError(
                    f"{expression!r}: C() stands by itself or in an interaction, not within others."
                )
            if node.id not in _FUNCTIONS:
                raise ValueError(
                    f"There is no function {node.id} in a formula.{near(node.id, _FUNCTIONS)} There are "
                    f"{', '.join(_FUNCTIONS)} and those of np: {', '.join(_OF_NUMPY)}."
                )
        elif isinstance(node, ast.Name) and id(node) not in numpy_names and node.id != "np":
            variables[node.id] = None
        elif isinstance(node, ast.Lambda | ast.NamedExpr | ast.comprehension | ast.Await | ast.Yield):
            raise ValueError(f"{expression!r} is more than arithmetic, and cannot be used in a formula.")


def _read_category(tree: ast.Call, expression: str) -> tuple[str, Any]:
    plain = len(tree.args) == 1 and isinstance(tree.args[0], ast.Name)
    known = all(keyword.arg == "ref" and isinstance(keyword.value, ast.Constant) for keyword in tree.keywords)
    if not plain or not known:
        raise ValueError(
            f"{expression!r} cannot be used in a formula: write C(column) or C(column, ref='value'), and "
            "make other columns beforehand."
        )
    reference = tree.keywords[0].value.value if tree.keywords else None  # type: ignore[attr-defined]
    return tree.args[0].id, reference  # type: ignore[attr-defined]


def _listed(values: Sequence[object]) -> str:
    more = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return ", ".join(map(repr, values[:_LISTED])) + more


def _spelled(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))


@dataclass(frozen=True)
class Layout:
    """How rows become the columns of a fit: what a formula needs to be used on other rows.

    Attributes
    ----------
    formula
        The formula.
    names
        K names of the coefficients, the constant first.
    categories
        The values of each column of categories, its reference first.
    terms
        K numbers of the terms that the coefficients belong to, -1 for the constant.
    categorical
        For each coefficient the columns of categories in its term.
    """

    formula: ReadFormula
    names: tuple[str, ...]
    categories: Mapping[str, tuple[Any, ...]]
    terms: tuple[int, ...]
    categorical: tuple[tuple[str, ...], ...]
    _spec: ModelSpec = field(repr=False)

    @classmethod
    def of(cls, formula: ReadFormula, data: Any) -> tuple["Layout", FloatArray]:
        """Lay out the rows that a model is fitted to.

        Parameters
        ----------
        formula
            The formula.
        data
            n rows with its columns, and others.

        Returns
        -------
        layout, matrix
            The layout and the n × K regressors.

        Raises
        ------
        ValueError
            If a column is missing or holds empty values or dates, or a reference does not occur.
        """
        frame = _with_columns(data, formula.variables)
        categories: dict[str, tuple[Any, ...]] = {}
        for column in formula.variables:
            values = frame[column]
            _require_values(values)
            if column in formula.references or not _is_numeric(values):
                categories[column] = _ordered(values, formula.references.get(column))
        matrix = _evaluated(list(formula.terms), frame, categories)
        spec: ModelSpec = matrix.model_spec
        names, terms, categorical = [], [], []
        used = {str(factor) for term in spec.terms for factor in term.factors}
        for number, term in enumerate(spec.terms):
            columns = tuple(
                column
                for column in dict.fromkeys(_column_of(str(factor)) for factor in term.factors)
                if column in categories
            )
            for position in range(*spec.term_slices[term].indices(len(spec.column_names))):
                names.append(_shorter(spec.column_names[position], [str(one) for one in term.factors], used))
                terms.append(-1 if str(term) == "1" else number)
                categorical.append(columns)
        layout = cls(formula, tuple(names), categories, tuple(terms), tuple(categorical), spec)
        return layout, _constant_first(layout, np.asarray(matrix, dtype=np.float64))

    def matrix(self, data: Any, *, only: bool = True) -> FloatArray:
        """Lay out other rows like those of the fit.

        Parameters
        ----------
        data
            m rows; columns are matched by name.
        only
            Whether columns that the formula has not are refused; its outcome may always be there.

        Returns
        -------
        FloatArray
            m × K.

        Raises
        ------
        ValueError
            If a column is missing, unknown or empty, or a category was not among those of the fit.
        """
        frame = framed(data)
        if not isinstance(frame, pd.DataFrame):
            raise ValueError("A fit by formula needs a DataFrame, whose columns are matched by name.")
        extra = [str(column) for column in frame.columns if column not in self.formula.variables]
        extra = [column for column in extra if column != self.formula.outcome]
        if only and extra:
            raise ValueError(
                f"The data have columns that the formula has not: {_listed(extra)}. It has "
                f"{_spelled(self.formula.variables)}."
            )
        frame = _with_columns(frame, self.formula.variables)
        for column in self.formula.variables:
            _require_values(frame[column])
            if column in self.categories:
                known = self.categories[column]
                strange = [value for value in frame[column].unique().tolist() if value not in known]
                if strange:
                    raise ValueError(
                        f"{column} has a category that the fit has not seen: {strange[0]!r}."
                        f"{near(strange[0], known)} The fit has {_listed(known)}."
                    )
            elif not _is_numeric(frame[column]):
                raise ValueError(f"{column} was a number in the fit, and is none here.")
        matrix = _evaluated(self._spec, frame, self.categories)
        return _constant_first(self, np.asarray(matrix, dtype=np.float64))

    def compared(self, frame: pd.DataFrame, column: FloatArray, position: int) -> Iterator[NDArray[np.bool_]]:
        """Give the groups of rows that a coefficient compares.

        Parameters
        ----------
        frame
            The n rows.
        column
            The column of the coefficient, n.
        position
            Its position.

        Yields
        ------
        array of bool
            Everybody for the constant and for numbers; else the rows of its categories, and those with one
            or more of them at the reference.
        """
        variables = self.categorical[position]
        chosen = np.flatnonzero(column)
        if not variables or not len(chosen):
            yield np.ones(len(frame), dtype=bool) if not variables else column != 0
            return
        own = {variable: frame[variable].iloc[chosen[0]] for variable in variables}
        for at_reference in product((False, True), repeat=len(variables)):
            group = np.ones(len(frame), dtype=bool)
            for variable, is_reference in zip(variables, at_reference, strict=True):
                value = self.categories[variable][0] if is_reference else own[variable]
                group &= (frame[variable] == value).to_numpy(dtype=bool)
            yield group


def _with_columns(data: Any, variables: Sequence[str]) -> pd.DataFrame:
    frame = framed(data)
    if not isinstance(frame, pd.DataFrame):
        raise ValueError("A formula needs a DataFrame with its columns.")
    there = [str(column) for column in frame.columns]
    twice = [column for column in variables if there.count(column) > 1]
    if twice:
        raise ValueError(f"The data have the column {twice[0]!r} more than once.")
    missing = [column for column in variables if column not in there]
    if missing:
        raise ValueError(
            f"The data have no column {missing[0]!r}.{near(missing[0], there)} There are {_listed(there)}."
        )
    return frame[list(variables)]


def _require_values(values: "pd.Series[Any]") -> None:
    if pd.api.types.is_datetime64_any_dtype(values):
        raise ValueError(f"{values.name} holds dates: make text or a number of it first.")
    empty = values.isna()
    if empty.any():
        raise ValueError(
            f"{values.name} is empty in {int(empty.sum())} of {len(values)} rows: leave them out first."
        )


def _is_numeric(values: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))


def _ordered(values: "pd.Series[Any]", reference: Any) -> tuple[Any, ...]:
    """Return the values that occur, the reference first."""
    there = sorted(values.unique().tolist())
    if reference is None:
        return tuple(there)
    same_kind = isinstance(reference, str) == isinstance(there[0], str)
    if reference not in there or not same_kind:
        hint = (
            "" if same_kind else f" {values.name} holds {'text' if isinstance(there[0], str) else 'numbers'}."
        )
        raise ValueError(
            f"ref of {values.name}: no row has {reference!r}.{hint}{near(reference, there)} There are "
            f"{_listed(there)}."
        )
    return (reference, *(value for value in there if value != reference))


def _evaluated(formula: Any, frame: pd.DataFrame, categories: Mapping[str, tuple[Any, ...]]) -> Any:
    """Let formulaic lay out the rows; texts become categories in the order of the fit."""
    ready: dict[str, Any] = {}
    for column in frame:
        values = frame[column]
        if column not in categories:
            kind = bool if pd.api.types.is_bool_dtype(values) else np.float64
            ready[str(column)] = values.to_numpy(dtype=kind)
        elif _is_numeric(values):
            ready[str(column)] = values.to_numpy()
        else:
            ready[str(column)] = pd.Categorical(values, categories=list(categories[str(column)]))

    def category(values: Any, ref: Any = None) -> Any:
        levels = list(categories[str(values.name)])
        return pd.Series(pd.Categorical(values, categories=levels), index=values.index)

    source = formula if isinstance(formula, ModelSpec) else Formula(formula)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return source.get_model_matrix(
                pd.DataFrame(ready, index=frame.index), context={"C": category}, na_action="raise"
            )
        except FormulaicError as error:
            cause = error.__cause__ or error
            raise ValueError(f"The formula cannot be computed: {' '.join(str(cause).split())}.") from error


def _column_of(factor: str) -> str:
    tree = ast.parse(factor, mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "C":
        return _read_category(tree, factor)[0]
    return factor


def _shorter(name: str, factors: Sequence[str], used: set[str]) -> str:
    """Return a name of formulaic with the column for C(column, ref=...), where that is no other factor."""
    if name == "Intercept":
        return CONSTANT
    for factor in factors:
        column = _column_of(factor)
        if column not in used:
            name = name.replace(f"{factor}[", f"{column}[")
    return name


def _constant_first(layout: Layout, matrix: FloatArray) -> FloatArray:
    assert layout.names[0] == CONSTANT  # formulaic orders terms by their degree
    if not np.isfinite(matrix).all():
        position = int(np.argwhere(~np.isfinite(matrix))[0, 1])
        raise ValueError(
            f"{layout.names[position]} is not a number in some row: change the formula or leave them out."
        )
    return matrix
