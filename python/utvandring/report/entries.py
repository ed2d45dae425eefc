"""What `analysis/` declares: the queries that the report runs, and the figures and tables made of them.

A query is a file of SQL in one of `FOLDERS`, run as it stands over the released tables. Beside it is a YAML
file of the same name: dbt's description, and under `config.meta` its entry (`entry.yml`, docs/analysis.md).
What does not fit is refused in one sentence, before any database is opened.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from utvandring.common.errors import UtvandringError
from utvandring.common.files import read_yaml
from utvandring.report.texts import LANGUAGES, Words, texts

# The folders of `analysis/` that the report reads, and what the entries in them declare besides their query.
FOLDERS: Mapping[str, str] = {
    "analysis/figures": "figures",
    "analysis/tables": "tables",
    "analysis/pages": "",
}
COUNTIES, MUNICIPALITIES = "counties", "municipalities"
# Counties of later divisions, whose codes recur with other borders.
LATER_COUNTIES = ("counties_2020", "counties_2024")
COUNTS = ("residents_n", "movers_n")


@dataclass(frozen=True)
class Kind:
    """What charts of a kind must declare besides a series and y, may declare, and need of their query."""

    must: frozenset[str]
    may: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()


CHARTS: Mapping[str, Kind] = {
    "line": Kind(frozenset({"x"}), frozenset({"counted", "printed"})),
    "dots": Kind(frozenset({"place"}), frozenset({"year"})),
    "bars": Kind(frozenset({"place"}), frozenset({"year"})),
    "dots_by_period": Kind(frozenset({"place", "period"}), frozenset({"printed"})),
    "bars_by_period": Kind(frozenset({"place", "period"}), frozenset({"printed"})),
    "map": Kind(frozenset({"place"})),
    "compared": Kind(frozenset({"place", "panel"})),
    "stated": Kind(
        frozenset({"place"}), columns=("stated_value", "relation", "unit", "base_n", "is_simulated")
    ),
}
_OF_KINDS = frozenset().union(*(kind.must | kind.may for kind in CHARTS.values()))

# What a figure or table can be about, and the texts that name it in a title; the database names counties.
ABOUT: Mapping[str, str] = {
    "background": "backgrounds_long",
    "outcome": "outcomes",
    "centrality": "centrality_long",
    "county": "",
    "sex": "sexes_long",
    "dimension": "dimensions_varied",
}
# Columns that a filter of a page goes by another name for.
_FILTERS = {"immigration_background": "background", "centrality_level": "centrality", "county_code": "county"}


@dataclass(frozen=True)
class Query:
    """A query of `analysis/`.

    Attributes
    ----------
    name, file
        Its name, and its file in the project.
    sql
        The text as it is run and shown: without the lines that tell dbt what it reads.
    columns
        What it gives.
    heading, note
        What is shown with it: a heading and the definition; empty where it is not shown.
    """

    name: str
    file: str
    sql: str
    columns: tuple[str, ...]
    heading: Words
    note: Words


@dataclass(frozen=True)
class Series:
    """A column of codes and their names.

    Attributes
    ----------
    column
        The column.
    names
        Words by code, or the name of a list of texts, or `counties` or `municipalities`.
    codes
        What is shown in any case, in this order; where there are none, what the query gives, in the order of
        the names.
    """

    column: str
    names: str | Mapping[str, Mapping[str, str]]
    codes: tuple[str, ...] = ()

    @property
    def filter(self) -> str:
        """The filter of a page that the codes are compared with."""
        return _FILTERS.get(self.column, self.column)

    @property
    def colours(self) -> Mapping[str, str]:
        """The colours that the entry chooses, by code."""
        names = {} if isinstance(self.names, str) else self.names
        return {code: words["colour"] for code, words in names.items() if "colour" in words}


@dataclass(frozen=True)
class Axis:
    """A column of numbers: what they are, their decimals, where their errors and printed values are."""

    column: str
    title: Words = ""
    digits: int = 2
    error: str = ""
    printed: str = ""


@dataclass(frozen=True)
class Entry:
    """A figure or table: its number, where it stands, and the characteristics by which a page is filtered."""

    number: str
    query: Query
    block: str
    title: Words
    about: Mapping[str, str]

    @property
    def order(self) -> tuple[str, tuple[int, ...]]:
        """What sorts by number: 4.9 before 4.10, E8 after D1."""
        letters, numbers = re.findall(r"[A-Z]+", self.number), re.findall(r"\d+", self.number)
        return "".join(letters), tuple(map(int, numbers))


@dataclass(frozen=True)
class FigureEntry(Entry):
    """A figure.

    Attributes
    ----------
    chart
        One of `CHARTS`.
    series, place, panel, x, y
        What the lines, dots or bars are, what their rows are, into which parts these fall, and the axes; an x
        without a title is a year.
    period, year
        Columns with the period of each value, and with the one year that all values are of.
    counted
        Whether the query gives the counts behind the rates, `COUNTS`.
    printed
        Whether it is shown what the text of the report says.
    wide
        Whether the figure takes the whole width of a page.
    """

    chart: str
    series: Series
    y: Axis
    x: Axis | None = None
    place: Series | None = None
    panel: Series | None = None
    period: str = ""
    year: str = ""
    counted: bool = False
    printed: bool = False
    wide: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns that are needed of the query."""
        named = [self.series.column, self.y.column, self.y.error, self.y.printed, self.period, self.year]
        named += [part.column for part in (self.x, self.place, self.panel) if part is not None]
        needed = ("figure", *named, *CHARTS[self.chart].columns, *(COUNTS if self.counted else ()))
        return [column for column in needed if column]


@dataclass(frozen=True)
class TableEntry(Entry):
    """A table, and how it is made."""

    table: str


@dataclass(frozen=True)
class Declared:
    """Everything that `analysis/` declares; figures and tables as the files come."""

    queries: Mapping[str, Query]
    figures: tuple[FigureEntry, ...]
    tables: tuple[TableEntry, ...]


def read_entries(project: Path, blocks: Collection[str]) -> Declared:
    """Read every query with its entry.

    Parameters
    ----------
    project
        The project.
    blocks
        The parts of the pages, in one of which each figure and table stands.

    Raises
    ------
    UtvandringError
        If one of them is not as it must be.
    """
    queries: dict[str, Query] = {}
    figures: list[FigureEntry] = []
    tables: list[TableEntry] = []
    for folder, key in FOLDERS.items():
        files = [path for path in (project / folder).iterdir() if path.suffix in (".sql", ".yml")]
        for name in sorted({path.stem for path in files}):
            place = f"{folder}/{name}"
            query, meta = _read(project, place)
            queries[name] = query
            try:
                for number, declared in _numbered(query, meta, key):
                    if declared["block"] not in blocks:
                        raise _EntryError(
                            f"there is no block {declared['block']}; there are {', '.join(blocks)}"
                        )
                    if key == "figures":
                        figures.append(_figure(number, query, declared))
                    else:
                        tables.append(TableEntry(**_entry(number, query, declared)))
            except _EntryError as wrong:
                raise UtvandringError(f"{place}.yml: {wrong}.") from wrong
    for kind, entries in (("figure", figures), ("table", tables)):
        numbered: dict[str, str] = {}
        for entry in entries:
            other = numbered.setdefault(entry.number, entry.query.file)
            if other != entry.query.file:
                raise UtvandringError(
                    f"{other} and {entry.query.file} both have {kind} {entry.number}: renumber one of them."
                )
    return Declared(queries, tuple(figures), tuple(tables))


class _EntryError(Exception):
    """What is wrong with an entry."""


def _read(project: Path, place: str) -> tuple[Query, dict[str, Any]]:
    """Read the query at a place, such as `analysis/figures/figure_b_01_…`, and what its entry declares."""
    sql, described = project / f"{place}.sql", project / f"{place}.yml"
    if not sql.is_file():
        raise UtvandringError(f"{place}.yml describes a query that is missing: write {place}.sql.")
    if not described.is_file():
        raise UtvandringError(f"{place}.sql has no entry: write {place}.yml beside it (docs/analysis.md).")
    try:
        (analysis,) = read_yaml(described)["analyses"]
        name, meta = analysis["name"], analysis["config"]["meta"]
        columns = tuple(column["name"] for column in analysis["columns"])
        _check(meta, "query", "config.meta")
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise UtvandringError(
            f"{place}.yml must describe one query under analyses, with name, config.meta and columns."
        ) from error
    except _EntryError as wrong:
        raise UtvandringError(f"{place}.yml: {wrong}.") from wrong
    if name != sql.stem:
        raise UtvandringError(f"{place}.yml describes {name}: it must be named like its file, {sql.stem}.")
    lines = sql.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("-- depends_on")).strip()
    query = Query(name, f"{place}.sql", text, columns, meta.get("heading", ""), meta.get("note", ""))
    return query, meta


def _numbered(query: Query, meta: dict[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the numbers of an entry, each with all that is declared for it."""
    common = {name: value for name, value in meta.items() if name not in ("grain", "heading", "note", key)}
    if not key and common:
        raise _EntryError(f"config.meta has an unknown key, {min(common)}")
    if key and not (meta.get(key) and query.heading and query.note):
        raise _EntryError(f"config.meta needs heading, note and {key}")
    for number, own in meta.get(key, {}).items():
        if not isinstance(number, str):
            raise _EntryError(f"the number {number} must be written in quotes, or 4.10 would be 4.1")
        declared = common | own
        _check(declared, key.removesuffix("s"), f"{key}.{number}")
        for words in (query.heading, query.note, declared["title"]):
            _find(words)
        for name in re.findall(r"{(\w*)}", "".join(texts(lang).say(declared["title"]) for lang in LANGUAGES)):
            if name not in declared.get("about", {}):
                raise _EntryError(f"the title of {number} holds {{{name}}}, which is not in its about")
        yield number, declared


def _entry(number: str, query: Query, declared: dict[str, Any]) -> dict[str, Any]:
    return {"number": number, "query": query, "about": {}, **declared}


def _figure(number: str, query: Query, declared: dict[str, Any]) -> FigureEntry:
    chart = declared["chart"]
    if chart not in CHARTS:
        raise _EntryError(f"figures.{number}: there is no chart {chart}; there are {', '.join(CHARTS)}")
    kind, given = CHARTS[chart], declared.keys() & _OF_KINDS
    for key in sorted(kind.must - given):
        raise _EntryError(f"figures.{number}: a chart of the kind {chart} needs {key}")
    for key in sorted(given - kind.must - kind.may):
        raise _EntryError(f"figures.{number}: a chart of the kind {chart} has no {key}")
    read: Mapping[str, Callable[[dict[str, Any]], Any]] = {
        "series": _series,
        "place": _series,
        "panel": _series,
        "x": _axis,
        "y": _axis,
    }
    parts = {key: make(declared[key]) for key, make in read.items() if key in declared}
    figure = FigureEntry(**_entry(number, query, declared | parts))
    for column in figure.columns:
        if column not in query.columns:
            raise _EntryError(
                f"figures.{number} reads the column {column}, which is not among the columns of the query"
            )
    return figure


def _axis(declared: dict[str, Any]) -> Axis:
    if "title" in declared:
        _find(declared["title"])
    return Axis(**declared)


def _series(declared: dict[str, Any]) -> Series:
    names, codes = declared["names"], tuple(declared.get("codes", ()))
    if names not in (COUNTIES, *LATER_COUNTIES, MUNICIPALITIES):
        try:
            known = texts(LANGUAGES[0]).names(names)
        except KeyError as error:
            raise _EntryError(f"there is no list {names} in the texts of the report") from error
        for code in codes:
            if code not in known:
                raise _EntryError(f"the code {code} of {declared['column']} has no name")
    return Series(declared["column"], names, codes)


def _find(words: Words) -> None:
    """Refuse the name of a text that there is not."""
    try:
        texts(LANGUAGES[0]).say(words)
    except KeyError as error:
        raise _EntryError(f"there is no text {words} in the texts of the report") from error


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = read_yaml(Path(__file__).with_name("entry.yml"))
    return schema


def _check(declared: Any, schema: str, what: str) -> None:
    """Hold what is declared against its schema."""
    validator = jsonschema.Draft202012Validator(_schema()[schema])
    error = jsonschema.exceptions.best_match(validator.iter_errors(declared))
    if error is not None:
        where = ".".join(map(str, (what, *error.absolute_path)))
        raise _EntryError(f"{where}: {error.message}")
