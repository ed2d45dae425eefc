"""Specifications of regressions in YAML: a researcher's own and, beside the models, those of the report."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import yaml

from utvandring.common.errors import UsageError
from utvandring.common.files import read_yaml
from utvandring.common.near import near
from utvandring.common.project import project_root

if TYPE_CHECKING:  # formulaic takes a second to import, and the models of the report have no formulas
    from utvandring.estimators.formulas import ReadFormula

Kind = Literal["linear_probability", "trinomial_logit"]
Region = Literal["centrality", "centrality_class", "county", "municipality"]
StdErrors = Literal["classical", "robust", "clustered"]
Value = str | int | float | bool

REPORT = Path("models/estimates/specifications/report.yml")
PANEL_LOGIT = Path("models/estimates/specifications/panel_logit.yml")

KINDS = ("linear_probability", "trinomial_logit")
STD_ERRORS = ("classical", "robust", "clustered")
REGIONS = ("centrality", "centrality_class", "county", "municipality")
OUTCOMES = ("stay", "internal_outmigration", "emigration")

OUTCOME = "outcome"

_MODEL_KEYS = {
    *("model", "outcome", "where", "by", "only", "terms", "formula"),
    *("columns", "deaths", "std_errors"),
}
_TERM_KEYS = {"name", "column", "divide_by", "power", "reference", "categories", "prefix"}


@dataclass(frozen=True)
class Term:
    """A number, or a column of categories that becomes one dummy for each category but the reference.

    Attributes
    ----------
    column
        Column of the cells.
    name
        Name of the coefficient of a number; not used for categories.
    divide_by, power
        A number enters as (value / divide_by) ** power.
    reference
        Reference category, or None for a number.
    categories
        Name of the coefficient and value of each category; None takes every value that is found.
    prefix
        Begins the names of coefficients where no categories are given.
    """

    column: str
    name: str = ""
    divide_by: float = 1.0
    power: int = 1
    reference: Value | None = None
    categories: Mapping[str, Value] | None = None
    prefix: str = ""


@dataclass(frozen=True)
class Model:
    """One specification, fitted once for each group of `by`.

    Attributes
    ----------
    name
        Its name, the `spec` of a linear probability model.
    kind
        Linear probability or trinomial logit.
    outcome
        Out of which region a move counts as internal out-migration.
    terms
        Regressors after the constant.
    by
        Columns and the values for which the model is fitted one at a time; no values: all that are found.
    only
        Columns and the values that the sample is limited to.
    formula
        What stands instead of terms in a model of one's own.
    """

    name: str
    kind: Kind
    outcome: Region
    terms: tuple[Term, ...]
    by: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    only: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    formula: "ReadFormula | None" = None

    @property
    def regressors(self) -> tuple[str, ...]:
        """Columns that the terms, or the formula, are made of, each once."""
        named = [term.column for term in self.terms] if self.formula is None else self.formula.variables
        return tuple(dict.fromkeys(named))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a cell of the model must have, each once."""
        return tuple(dict.fromkeys([*self.by, *self.only, *self.regressors]))

    def groups(self) -> Iterator[dict[str, Value]]:
        """Give the groups for which the model is fitted, in their declared order."""
        for values in product(*self.by.values()):
            yield dict(zip(self.by, values, strict=True))


@dataclass(frozen=True)
class Comparison:
    """Two persons alike but for one characteristic.

    Attributes
    ----------
    dimension, name
        The varied characteristic, and the name of the person compared.
    reference, compared
        The two persons, a value for every column.
    """

    dimension: str
    name: str
    reference: Mapping[str, Value]
    compared: Mapping[str, Value]


@dataclass(frozen=True)
class Report:
    """All specifications of the report."""

    linear_probability: tuple[Model, ...]
    trinomial_logit: tuple[Model, ...]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class OwnModel:
    """A researcher's own model over `marts.person_year`.

    Attributes
    ----------
    model
        The model.
    where
        Condition in SQL that selects the person-years.
    columns
        Further columns, as SQL expressions over `marts.person_year`.
    deaths
        Whether persons who died or are unaccounted for stay in a linear probability model, with none of the
        outcomes.
    std_errors
        Classical, robust (HC1; for a logit the sandwich), or clustered by person, for base years pooled.
    """

    model: Model
    where: str
    columns: Mapping[str, str]
    deaths: bool
    std_errors: StdErrors


@cache
def read_report() -> Report:
    """Read the specifications of the report.

    Returns
    -------
    Report
        The four linear probability models, the three types of logit and the comparisons of tables 6.2-6.26.
    """
    content = read_yaml(project_root() / REPORT)
    models = {kind: tuple(_model(entry, kind) for entry in content[kind]) for kind in KINDS}
    comparisons = _comparisons(content["differences"], {})
    return Report(models["linear_probability"], models["trinomial_logit"], comparisons)


@cache
def read_panel_logits() -> tuple[Model, ...]:
    """Read the specifications of the logits with effects of persons, one for each population."""
    content = read_yaml(project_root() / PANEL_LOGIT)
    return tuple(_model(entry, "trinomial_logit") for entry in content["panel_logit"])


def comparisons_with(changes: Mapping[str, Value]) -> tuple[Comparison, ...]:
    """Return the comparisons of the report with another reference person.

    Parameters
    ----------
    changes
        Values of the reference person that differ from the report's, by column, such as `{"age": 50}`. The
        sexes cannot be changed: there are a woman and a man.

    Raises
    ------
    ValueError
        If there is no such column or value.
    """
    differences = read_yaml(project_root() / REPORT)["differences"]
    changeable = [column for column in differences["profile"] if column != "sex"]
    for column, value in changes.items():
        if column not in changeable:
            raise ValueError(f"The reference person has no {column}; it has {', '.join(changeable)}.")
        known = _known_values(column)
        if known and value not in known:
            raise ValueError(f"{column} of the reference person must be {_either(known)}, not {value!r}.")
        if not known and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise ValueError(f"{column} of the reference person must be a whole number, not {value!r}.")
    return _comparisons(differences, changes)


def _known_values(column: str) -> list[Any]:
    """Return the categories of a column of the logits; none for a number."""
    terms = [term for model in read_report().trinomial_logit for term in model.terms if term.column == column]
    found = [value for term in terms for value in (*(term.categories or {}).values(), term.reference)]
    return list(dict.fromkeys(value for value in found if value is not None))


def _comparisons(differences: Mapping[str, Any], changes: Mapping[str, Value]) -> tuple[Comparison, ...]:
    profile, varied = {**differences["profile"], **changes}, differences["varied"]
    return tuple(
        Comparison(dimension, name, {**person, **entry["reference"]}, {**person, **values})
        for person in ({**profile, "sex": sex} for sex in profile["sex"])
        for dimension, entry in varied.items()
        for name, values in entry["comparisons"].items()
    )


def categories_of_terms(report: Report) -> pd.DataFrame:
    """Return which persons each coefficient of the report is about, and whom it compares them with.

    Parameters
    ----------
    report
        The specifications.

    Returns
    -------
    DataFrame
        `spec`, `dimension` (a column of the cells), `category` (one of its values, as text) and `term`; the
        reference category of a dimension has no term. The constant, and the terms of numbers, are about
        everybody: dimension `everybody`, category `all`.
    """
    rows: list[tuple[str, str, str, str | None]] = []
    for model in (*report.linear_probability, *report.trinomial_logit):
        rows.append((model.name, "everybody", "all", "constant"))
        for term in model.terms:
            if term.reference is None:
                rows.append((model.name, "everybody", "all", term.name))
                continue
            rows.append((model.name, term.column, str(term.reference), None))
            named = (term.categories or {}).items()
            rows += [(model.name, term.column, str(value), name) for name, value in named]
    return pd.DataFrame(rows, columns=["spec", "dimension", "category", "term"])


def read_own_model(path: Path | None, options: Mapping[str, Any] | None = None) -> OwnModel:
    """Read a researcher's own model.

    Parameters
    ----------
    path
        A YAML file as described in docs/regressions.md; None where options are the whole model.
    options
        Keys of a model that come before those of the file, such as ``formula``. A formula replaces terms.

    Raises
    ------
    UsageError
        If the file is no such model; the text says what is wrong.
    """
    if path is None:
        return _own_model({"model": "trinomial_logit", **(options or {})}, "model")
    try:
        content = yaml.load(path.read_text("utf-8"), _TextLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} must hold the keys of a model, such as model, where and terms.")
    try:
        if options and "formula" in options:
            content = {key: value for key, value in content.items() if key not in ("terms", "outcome")}
        return _own_model({**content, **(options or {})}, path.stem)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


class _TextLoader(yaml.SafeLoader):
    """Reads every value as the text that was written, but for empty ones; a key that occurs twice is refused.

    YAML makes numbers of 03 and 010 (8) and a truth value of no. Only the column that a value is compared
    with knows what it is.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Read a mapping."""
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.MarkedYAMLError(
                problem=f"the key {twice[0]!r} occurs twice", problem_mark=node.start_mark
            )
        return node


def _own_model(content: dict[str, Any], name: str) -> OwnModel:
    _known(content, _MODEL_KEYS, "A model")
    kind = content.get("model")
    if kind not in KINDS:
        raise UsageError(f"model must be {_either(KINDS)}, not {kind!r}.")
    if "where" not in content and "formula" in content:
        raise UsageError("where is missing: it selects person-years, for example base_year = 2012.")
    if not isinstance(content.get("where"), str):
        raise UsageError("where must select person-years, for example base_year = 2012 and is_immigrant.")
    columns = content.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(value, str) for value in columns.values()):
        raise UsageError("columns must map names to SQL expressions over marts.person_year.")
    deaths = truth(content.get("deaths", "true"))
    if deaths is None:
        raise UsageError("deaths must be true or false.")
    std_errors = content.get("std_errors", "classical")
    if std_errors not in STD_ERRORS:
        raise UsageError(f"std_errors must be {_either(STD_ERRORS)}, not {std_errors!r}.")
    entry = {**content, "name": name, "outcome": content.get("outcome", "centrality")}
    formula = None
    if "formula" in content:
        formula = _formula(content)
        named = formula.outcome.removeprefix(f"{OUTCOME}_")
        if named not in (OUTCOME, entry["outcome"]) and "outcome" in content:
            raise UsageError(f"outcome says {entry['outcome']!r} and the formula {formula.outcome!r}.")
        entry["outcome"] = entry["outcome"] if named == OUTCOME else named
    by = entry.get("by", {})
    if isinstance(by, str | list):
        entry["by"] = dict.fromkeys([by] if isinstance(by, str) else by, ())
    if isinstance(entry.get("terms"), list):
        entry["terms"] = [_with_numbers(term) for term in entry["terms"]]
    return OwnModel(_model(entry, kind, formula), content["where"], columns, deaths, std_errors)


def _formula(content: Mapping[str, Any]) -> "ReadFormula":
    from utvandring.estimators.formulas import read_formula

    if "terms" in content:
        raise UsageError("a model has terms or a formula, not both.")
    if not isinstance(content["formula"], str):
        raise UsageError("formula must be a text, such as outcome ~ age + C(sex, ref='male').")
    try:
        formula = read_formula(content["formula"])
    except ValueError as error:
        raise UsageError(str(error)) from error
    known = [OUTCOME, *(f"{OUTCOME}_{region}" for region in REGIONS)]
    if formula.outcome not in known:
        raise UsageError(
            f"The formula cannot explain {formula.outcome!r}.{near(formula.outcome, known)} Left of ~ stands "
            f"{_either(known)}."
        )
    return formula


def _with_numbers(term: Any) -> Any:
    """Read as numbers what must be one; what is none stays text, and is refused with its term."""
    if not isinstance(term, dict):
        return term
    return {key: number(value) if key in ("divide_by", "power") else value for key, value in term.items()}


def number(text: Any) -> Any:
    """Return the number that a text is in decimal notation, 010 being ten; anything else as it is."""
    for kind in (int, float):
        try:
            value = kind(text) if isinstance(text, str) else text
        except ValueError:
            continue
        if isinstance(value, int | float) and math.isfinite(value):
            return value
    return text


def truth(text: Any) -> bool | None:
    """Return the truth value that a text is in YAML, if it is one."""
    if isinstance(text, bool):
        return text
    known = yaml.SafeLoader.bool_values
    return known.get(text.lower()) if isinstance(text, str) else None


def _model(entry: dict[str, Any], kind: Any, formula: "ReadFormula | None" = None) -> Model:
    outcome = entry["outcome"]
    if outcome not in REGIONS:
        raise UsageError(f"outcome must be {_either(REGIONS)}, not {outcome!r}.")
    terms = entry.get("terms", [])
    if not isinstance(terms, list) or not (terms or formula):
        raise UsageError("terms must be a list of at least one term, or a formula stands instead of them.")
    return Model(
        name=entry["name"],
        kind=kind,
        outcome=outcome,
        terms=tuple(_term(term) for term in terms),
        by=_values(entry.get("by", {}), "by"),
        only=_values(entry.get("only", {}), "only"),
        formula=formula,
    )


def _term(entry: Any) -> Term:
    if isinstance(entry, str):
        return Term(column=entry, name=entry)
    if not isinstance(entry, dict) or not isinstance(entry.get("column"), str):
        raise UsageError(f"a term is the name of a column, or has a column: {entry!r}.")
    _known(entry, _TERM_KEYS, f"The term {entry['column']}")
    column, categories = entry["column"], entry.get("categories")
    if categories is not None and not isinstance(categories, dict):
        raise UsageError(f"categories of {column} must map names to values.")
    for what, value in [
        *([("reference", entry["reference"])] if "reference" in entry else []),
        *(("categories", value) for value in (categories or {}).values()),
    ]:
        if not isinstance(value, Value):
            raise UsageError(f"{what} of {column} must be a single value, not {_shown(value)}.")
    if categories is not None and "reference" not in entry:
        raise UsageError(f"{column} has categories but no reference.")
    if "reference" in entry and {"name", "divide_by", "power"} & set(entry):
        raise UsageError(f"{column} has a reference, so it has no name, divide_by or power.")
    for key in ("name", "prefix"):
        if entry.get(key, "") is None:
            raise UsageError(f'{key} of {column} is empty: leave it out, or write "".')
    divide_by, power = entry.get("divide_by", 1), entry.get("power", 1)
    if not isinstance(divide_by, int | float) or divide_by == 0 or not isinstance(power, int) or power < 1:
        raise UsageError(f"{column}: divide_by must be a number but zero, power a whole number above zero.")
    return Term(
        column=column,
        name=str(entry.get("name", column)),
        divide_by=float(divide_by),
        power=power,
        reference=entry.get("reference"),
        categories=categories,
        prefix=str(entry.get("prefix", f"{column}_")),
    )


def _values(entry: Any, what: str) -> dict[str, tuple[Value, ...]]:
    if not isinstance(entry, dict):
        raise UsageError(f"{what} must map columns to lists of values.")
    found: dict[str, tuple[Value, ...]] = {}
    for column, values in entry.items():
        several = values if isinstance(values, list | tuple) else [values]
        strange = [value for value in several if not isinstance(value, Value)]
        if strange:
            raise UsageError(f"{what}: {column} must have a list of values, but has {_shown(strange[0])}.")
        found[str(column)] = tuple(several)
    return found


def _shown(value: Any) -> str:
    return "an empty one" if value is None else repr(value)


def _known(entry: Mapping[str, Any], keys: set[str], what: str) -> None:
    unknown = sorted(set(entry) - keys)
    if unknown:
        hint = near(unknown[0], keys)
        raise UsageError(f"{what} has no key {unknown[0]!r}; known are {', '.join(sorted(keys))}.{hint}")


def _either(names: Sequence[Any]) -> str:
    return " or ".join((", ".join(map(str, names[:-1])), str(names[-1])))
