"""The folder of an import: `sources.yml`, its code tables, and the queries.

sources.yml          what the files are, and the choices that the data do not make
<register>.sql       one query for each register of the contract that is made
steps/<name>.sql     queries that others read by name
lookups/<name>.csv   code tables that queries read by name: two columns, `from` and `to`
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from utvandring.common.files import read_yaml
from utvandring.deliveries.specification import Specification
from utvandring.importing.faults import FolderError
from utvandring.importing.patterns import Pattern, PatternError

SOURCES = "sources.yml"
FORMATS = ("csv", "parquet", "stata", "sas", "xport", "spss")
DATE_UNITS = (
    "days since 1960", "seconds since 1960", "milliseconds since 1960", "months since 1960", "year",
    "seconds since 1582", "days since 1970", "number",
)  # fmt: skip
_SUFFIXES = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".parquet": "parquet", ".dta": "stata",
    ".sas7bdat": "sas", ".xpt": "xport", ".sav": "spss", ".zsav": "spss",
}  # fmt: skip
_PACKED = "packed: unpack it first"
_NOT_READ = {
    ".gz": _PACKED, ".zip": _PACKED, ".7z": _PACKED, ".xz": _PACKED,
    ".xlsx": "a workbook: save its sheet as text (CSV)", ".xls": "a workbook: save its sheet as text (CSV)",
    ".rds": "an object of R: write it as Parquet or Stata first", ".rdata": "objects of R: write "
    "them as Parquet first",
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SEPARATORS = {"tab": "\t", "\\t": "\t"}
_TOP = ("periods", "choices", "sources", "id_prefix", "received", "recognised_by")
_KEYS = (
    "files", "format", "encoding", "separator", "quote", "decimal", "columns", "id", "id_width", "missing",
    "missing_in", "keep_marks", "drop", "drop_rows", "years", "dates", "lines_in_values", "optional",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What the data do not say and the researcher has to: its value, and why."""

    name: str
    value: str
    why: str = ""


@dataclass(frozen=True)
class SourceEntry:
    """A source as `sources.yml` describes it; patterns of columns are as written."""

    name: str
    files: tuple[Pattern, ...]
    format: str | None
    encoding: str
    separator: str | None
    quote: str
    decimal: str
    columns: tuple[str, ...]
    id: tuple[Pattern, ...]
    id_width: int | None
    missing: tuple[str, ...]
    missing_in: tuple[tuple[Pattern, tuple[str, ...]], ...]
    keep_marks: tuple[Pattern, ...]
    drop: tuple[Pattern, ...]
    drop_rows: dict[str, str] = field(hash=False)
    years: Pattern | None
    dates: dict[str, str] = field(hash=False)
    lines_in_values: bool
    optional: bool
    optional_columns: tuple[str, ...]

    def format_of(self, name: str) -> str:
        """Return the format of a file: as stated, else by the ending of its name."""
        if self.format is not None:
            return self.format
        suffix = Path(name).suffix.lower()
        if suffix in _NOT_READ:
            raise FolderError(f"{SOURCES}, source {self.name}: {name} is {_NOT_READ[suffix]}.")
        if suffix not in _SUFFIXES:
            raise FolderError(
                f"{SOURCES}, source {self.name}: the ending of {name} says nothing about its format; "
                f"write `format:` with one of {', '.join(FORMATS)}."
            )
        return _SUFFIXES[suffix]

    def unit_of(self, column: str) -> str | None:
        """Return what the number of a column counts, as `dates:` states; None where it does not."""
        stated = {name.lower(): unit for name, unit in self.dates.items()}.get(column.lower())
        return None if stated == "number" else stated

    def missing_of(self, column: str) -> tuple[str, ...]:
        """Return the texts that stand for nothing in a column."""
        for pattern, marks in self.missing_in:
            if pattern.match(column):
                return marks
        return self.missing


@dataclass(frozen=True)
class Import:
    """An import as its folder describes it."""

    folder: Path
    sources: dict[str, SourceEntry]
    choices: dict[str, Choice]
    first: int | None
    last: int | None
    years_of: tuple[str, ...]
    id_prefix: str
    received: str | None
    recognised_by: tuple[str, ...]
    lookups: dict[str, Path]
    steps: dict[str, str]
    registers: dict[str, str]


def read_import(folder: Path, specification: Specification) -> Import:
    """Read the folder of an import.

    Parameters
    ----------
    folder
        With `sources.yml` and the queries.
    specification
        The registers that exist.

    Raises
    ------
    FolderError
        If something in it cannot be understood; the sentence names the place.
    """
    content = _mapping(_yaml(folder / SOURCES), SOURCES)
    _known(content, _TOP, SOURCES)
    sources = {
        name: _source(name, entry) for name, entry in _mapping(content.get("sources"), "sources").items()
    }
    if not sources:
        raise FolderError(f"{folder / SOURCES} names no source: see `utvandring import --suggest DIR`.")
    first, last, years_of = _periods(content.get("periods"), sources)
    steps = {path.stem: _query(path) for path in sorted((folder / "steps").glob("*.sql"))}
    lookups = {path.stem: path for path in sorted((folder / "lookups").glob("*.csv"))}
    queries = {path.stem: _query(path) for path in sorted(folder.glob("*.sql"))}
    _names(sources, steps, lookups, queries, specification)
    received = content.get("received")
    if received is not None and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(received)):
        raise FolderError(f"{SOURCES}: `received:` must be a day, YYYY-MM-DD.")
    return Import(
        folder=folder,
        sources=sources,
        choices=_choices(content.get("choices")),
        first=first,
        last=last,
        years_of=years_of,
        id_prefix=_prefix(content.get("id_prefix")),
        received=None if received is None else str(received),
        recognised_by=_texts(content.get("recognised_by"), "recognised_by"),
        lookups=lookups,
        steps=steps,
        registers=queries,
    )


def _query(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FolderError(f"{path.name}: save the query as UTF-8.") from error


def _yaml(path: Path) -> Any:
    if not path.is_file():
        raise FolderError(
            f"{path.parent} is not the folder of an import (it has no {SOURCES}): "
            "make one with `utvandring import --new TEMPLATE FOLDER`."
        )
    try:
        return read_yaml(path)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise FolderError(f"{path.name}{line}: it is not YAML in UTF-8 (check blanks and quotes).") from error


def _mapping(value: Any, place: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise FolderError(
            f"{SOURCES}: `{place}` must be a list of names, each followed by ':' and its value."
        )
    return value


def _known(entry: Mapping[str, Any], keys: Iterable[str], place: str) -> None:
    for key in entry:
        if key not in keys:
            likely = difflib.get_close_matches(key, list(keys), 1)
            hint = f" Did you mean `{likely[0]}`?" if likely else f" There are: {', '.join(keys)}."
            raise FolderError(f"{SOURCES}, {place}: `{key}` is not an option.{hint}")


def _texts(value: Any, place: str) -> tuple[str, ...]:
    """Return a text or a list of texts; numbers are the texts that they were written as."""
    if value is None:
        return ()
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in entries):
        raise FolderError(
            f"{SOURCES}, {place}: a text or a list of texts is needed; put true, false and null in quotes."
        )
    return tuple(str(one) for one in entries)


def _patterns(value: Any, place: str) -> tuple[Pattern, ...]:
    patterns = tuple(Pattern(text) for text in _texts(value, place))
    for pattern in patterns:
        try:
            _ = pattern.expression
        except PatternError as error:
            raise FolderError(f"{SOURCES}, {place}: {error}") from error
    return patterns


def _source(name: str, value: Any) -> SourceEntry:
    place = f"source {name}"
    if not _NAME.fullmatch(name):
        raise FolderError(
            f"{SOURCES}, {place}: a name has small letters, digits and _, and begins with a letter."
        )
    entry = _mapping(value, place)
    _known(entry, _KEYS, place)
    files = _patterns(entry.get("files"), f"{place}, files")
    if not files:
        raise FolderError(
            f"{SOURCES}, {place}: `files:` is missing, such as `files: demo/hush_fam_{{yyyy}}.dta`."
        )
    form = entry.get("format")
    if form is not None and form not in FORMATS:
        raise FolderError(f"{SOURCES}, {place}: `format:` must be one of {', '.join(FORMATS)}.")
    separator = entry.get("separator")
    separator = _SEPARATORS.get(str(separator), separator)
    if separator is not None and (not isinstance(separator, str) or len(separator) != 1):
        raise FolderError(f"{SOURCES}, {place}: `separator:` must be one sign in quotes, or tab.")
    decimal = str(entry.get("decimal", "."))
    if decimal not in (".", ","):
        raise FolderError(f'{SOURCES}, {place}: `decimal:` must be "." or ",".')
    quote = str(entry.get("quote", '"'))
    if quote != "none" and len(quote) != 1:
        raise FolderError(f"{SOURCES}, {place}: `quote:` must be one sign, or none.")
    width = entry.get("id_width")
    if width is not None and (not isinstance(width, int) or not 1 <= width <= 40):
        raise FolderError(f"{SOURCES}, {place}: `id_width:` must be the number of digits of an id.")
    years = _patterns(entry.get("years"), f"{place}, years")
    optional = entry.get("optional", False)
    dates = {key: str(unit) for key, unit in _mapping(entry.get("dates"), f"{place}, dates").items()}
    for column, unit in dates.items():
        if unit not in DATE_UNITS:
            raise FolderError(f"{SOURCES}, {place}, dates, {column}: one of {', '.join(DATE_UNITS)}.")
    return SourceEntry(
        name=name,
        files=files,
        format=form,
        encoding=str(entry.get("encoding", "utf-8")),
        separator=separator,
        quote="" if quote == "none" else quote,
        decimal=decimal,
        columns=_texts(entry.get("columns"), f"{place}, columns"),
        id=_patterns(entry.get("id"), f"{place}, id"),
        id_width=width,
        missing=_texts(entry.get("missing"), f"{place}, missing"),
        missing_in=tuple(
            (pattern, _texts(marks, f"{place}, missing_in"))
            for key, marks in _mapping(entry.get("missing_in"), f"{place}, missing_in").items()
            for pattern in _patterns(key, f"{place}, missing_in")
        ),
        keep_marks=_patterns(entry.get("keep_marks"), f"{place}, keep_marks"),
        drop=_patterns(entry.get("drop"), f"{place}, drop"),
        drop_rows={
            key: str(text) for key, text in _mapping(entry.get("drop_rows"), f"{place}, drop_rows").items()
        },
        years=years[0] if years else None,
        dates=dates,
        lines_in_values=bool(entry.get("lines_in_values", False)),
        optional=bool(optional),
        optional_columns=() if isinstance(optional, bool) else _texts(optional, f"{place}, optional"),
    )


def plain_source(name: str) -> SourceEntry:
    """Return a source of one file about which nothing is stated."""
    return _source("unknown", {"files": [name.replace("{", "*").replace("}", "*")]})


def _periods(
    value: Any, sources: Mapping[str, SourceEntry]
) -> tuple[int | None, int | None, tuple[str, ...]]:
    entry = _mapping(value, "periods")
    _known(entry, ("first", "last", "years_of"), "periods")
    first, last, years_of = entry.get("first"), entry.get("last"), _texts(entry.get("years_of"), "periods")
    for name in years_of:
        if name not in sources:
            raise FolderError(f"{SOURCES}, periods, years_of: there is no source {name}.")
    for year in (first, last):
        if year is not None and (not isinstance(year, int) or not 1900 <= year <= 2100):
            raise FolderError(f"{SOURCES}, periods: `first:` and `last:` must be years, such as 2009.")
    if (first is None or last is None) and not years_of:
        raise FolderError(
            f"{SOURCES}: `periods:` must say the first and last 1 January to write (`first: 2009`, `last: "
            "2015`), "
            "or name the sources whose common years are written (`years_of: [kommnr]`)."
        )
    if first is not None and last is not None and last < first:
        raise FolderError(f"{SOURCES}, periods: `last:` lies before `first:`.")
    return first, last, years_of


def _choices(value: Any) -> dict[str, Choice]:
    choices = {}
    for name, entry in _mapping(value, "choices").items():
        if isinstance(entry, dict):
            _known(entry, ("value", "why"), f"choices, {name}")
            choices[name] = Choice(name, str(entry.get("value", "")), str(entry.get("why", "")))
        else:
            choices[name] = Choice(name, str(entry))
        if not _NAME.fullmatch(name) or not choices[name].value or len(choices[name].value) > 400:
            raise FolderError(
                f"{SOURCES}, choices, {name}: a name of small letters, digits and _, and a value of at most "
                "400 signs."
            )
    return choices


def _prefix(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z_]{0,9}", value):
        raise FolderError(f"{SOURCES}: `id_prefix:` must be one to ten letters, such as P.")
    return value


def _names(
    sources: Mapping[str, Any],
    steps: Mapping[str, str],
    lookups: Mapping[str, Path],
    queries: Mapping[str, str],
    specification: Specification,
) -> None:
    """Check that every query has a register, and that no name is used twice."""
    for name in queries:
        if name not in specification.registers:
            likely = difflib.get_close_matches(name, list(specification.registers), 1)
            hint = f" Did you mean {likely[0]}.sql?" if likely else ""
            raise FolderError(
                f"{name}.sql: there is no register {name}; queries that others read belong into steps/.{hint}"
            )
    if not queries:
        raise FolderError(
            "The folder holds no query: write one for each register, such as "
            f"{next(iter(specification.registers))}.sql."
        )
    seen: set[str] = set()
    for name in (*sources, *steps, *lookups):
        if not _NAME.fullmatch(name):
            raise FolderError(f"{name}: a name has small letters, digits and _, and begins with a letter.")
        if name in seen:
            raise FolderError(
                f"{name} is the name of two things among sources, steps and lookups: rename one."
            )
        seen.add(name)
