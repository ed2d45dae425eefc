"""Delivered files as SQL relations: which columns there are, and how their values become typed values.

Nothing is guessed. A conversion either keeps the value exactly or gives NULL, which the checks count.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from utvandring.common.sql import literal, path_literal
from utvandring.deliveries.verdict import Finding

_INTEGERS = frozenset(
    [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
    ]
)
_FRACTIONS = frozenset(["FLOAT", "DOUBLE", "DECIMAL"])
_TIMESTAMPS = frozenset(["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"])
_TEXTS = frozenset(["VARCHAR", "ENUM"])
_MAXIMUM_HEADER_BYTES = 1 << 20


class UnreadableFileError(Exception):
    """A delivered file is not what its name says; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.sentence())


@dataclass(frozen=True)
class Source:
    """A delivered file that can be selected from.

    `columns` maps the names as delivered to DuckDB's types without parameters; `is_text` tells that every
    value is text because the format has no types.
    """

    relation: str
    columns: dict[str, str]
    is_text: bool


def open_source(connection: duckdb.DuckDBPyConnection, location: Path, name: str) -> Source:
    """Open a delivered file, Parquet or CSV by its name.

    Parameters
    ----------
    connection
        Where it will be read.
    location
        The file, links resolved.
    name
        The name in the delivery, for messages.

    Raises
    ------
    UnreadableFileError
        If the file cannot be opened as what its name says.
    """
    if name.endswith(".csv"):
        return _open_csv(location, name)
    return _open_parquet(connection, location, name)


def _open_parquet(connection: duckdb.DuckDBPyConnection, location: Path, name: str) -> Source:
    path = path_literal(location)
    try:
        names = _top_level_names(connection, path)
        relation = f"read_parquet({path}, binary_as_string=false, hive_partitioning=false)"
        described = connection.execute(f"describe select * from {relation}").fetchall()
    except duckdb.Error as error:
        raise UnreadableFileError(unreadable(error, name)) from error
    _refuse_repeated_columns(names, name)
    return Source(relation, {row[0]: _bare(row[1]) for row in described}, is_text=False)


def _top_level_names(connection: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """Return the column names as written; DuckDB itself renames those that differ by case only."""
    schema = connection.execute(
        f"select name, coalesce(num_children, 0) from parquet_schema({path})"
    ).fetchall()
    names = []
    position = 1
    while position < len(schema):
        names.append(schema[position][0])
        open_children = 1
        while open_children and position < len(schema):
            open_children += schema[position][1] - 1
            position += 1
    return names


def _bare(data_type: str) -> str:
    return re.split(r"[(\[ ]", data_type.strip('"'), maxsplit=1)[0] if not data_type.endswith("]") else "LIST"


def _open_csv(location: Path, name: str) -> Source:
    header, separator = _header(location, name)
    _refuse_repeated_columns(header, name)
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in header)
    relation = (
        f"read_csv({path_literal(location)}, auto_detect=false, header=true, delim={literal(separator)}, "
        f"quote='\"', escape='\"', nullstr='', strict_mode=true, hive_partitioning=false, "
        f"columns={{{columns}}})"
    )
    return Source(relation, dict.fromkeys(header, "VARCHAR"), is_text=True)


def _header(location: Path, name: str) -> tuple[list[str], str]:
    with location.open("rb") as file:
        line = file.readline(_MAXIMUM_HEADER_BYTES)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(Finding("encoding", "line 1 is not UTF-8.", name)) from error
    if not text or len(line) == _MAXIMUM_HEADER_BYTES:
        raise UnreadableFileError(
            Finding("structure", "the first line must hold the names of the columns.", name)
        )
    separator = ";" if text.count(";") > text.count(",") else ","
    header = next(csv.reader([text], delimiter=separator))
    if not all(column and column.isprintable() for column in header):
        raise UnreadableFileError(
            Finding("structure", "the first line must be names of columns, separated by ';' or ','.", name)
        )
    return header, separator


def _refuse_repeated_columns(names: list[str], name: str) -> None:
    for column, times in Counter(column.lower() for column in names).items():
        if times > 1:
            text = f"the column occurs {times} times (upper and lower case are the same name)."
            raise UnreadableFileError(Finding("structure", text, name, column[:60], times))


def unreadable(error: duckdb.Error, name: str) -> Finding:
    """Say why a file could not be read, without repeating the engine's message: it quotes data.

    Raises
    ------
    duckdb.Error
        Again, if the fault lies with this computer and not with the file.
    """
    message = str(error)
    if isinstance(error, duckdb.OutOfMemoryException) or "No space left" in message:
        raise error
    line = re.search(r"CSV Error on Line: ([0-9]+)", message)
    place = f"line {line[1]}: " if line else ""
    if re.search(r"utf-?8|unicode|encoding", message, re.IGNORECASE):
        return Finding("encoding", f"{place}the text is not UTF-8.", name)
    if columns := re.search(r"Expected Number of Columns: ([0-9]+) Found: ([0-9]+)", message):
        return Finding("structure", f"{place}{columns[2]} fields where the header has {columns[1]}.", name)
    if name.endswith(".csv"):
        return Finding(
            "structure", f"{place}it cannot be read as CSV (quotes, separators or line ends).", name
        )
    return Finding("structure", "it cannot be read as Parquet: truncated, damaged, or another format.", name)


def absent(value: str, delivered: str) -> str:
    """Return the SQL of a delivered value in which an empty text is NULL."""
    return f"nullif(cast({value} as varchar), '')" if delivered in _TEXTS else value


def conversion(value: str, delivered: str, wanted: str, *, from_text: bool) -> str | None:
    """Return SQL that gives the typed value, or NULL where it cannot be kept exactly.

    Parameters
    ----------
    value
        SQL of the delivered value, empty text already NULL.
    delivered
        Its DuckDB type without parameters.
    wanted
        The type of the specification.
    from_text
        Whether the format has no types (CSV), so that text is converted.

    Returns
    -------
    str or None
        None if no value of the delivered type is acceptable.
    """
    if wanted == "varchar":
        return value if delivered in _TEXTS else None
    if from_text:
        return _from_text(value, wanted)
    if wanted in ("integer", "bigint"):
        if delivered in _INTEGERS:
            return f"try_cast({value} as {wanted})"
        # Tables with empty cells often carry whole numbers as fractions.
        return (
            f"case when {value} = trunc({value}) then try_cast({value} as {wanted}) end"
            if delivered in _FRACTIONS
            else None
        )
    if wanted == "double":
        if delivered not in _INTEGERS | _FRACTIONS:
            return None
        return f"case when isfinite(cast({value} as double)) then cast({value} as double) end"
    if wanted == "date":
        if delivered == "DATE":
            return value
        if delivered in _TIMESTAMPS:
            return f"case when {value} = date_trunc('day', {value}) then cast({value} as date) end"
        return None
    if wanted == "boolean":
        if delivered == "BOOLEAN":
            return value
        return f"case {value} when 0 then false when 1 then true end" if delivered in _INTEGERS else None
    raise ValueError(f"the specification uses an unknown type: {wanted}")


def _from_text(value: str, wanted: str) -> str:
    if wanted == "boolean":
        true, false = f"lower({value}) in ('true', '1')", f"lower({value}) in ('false', '0')"
        return f"case when {true} then true when {false} then false end"
    form = {
        "integer": r"-?[0-9]+(\.0+)?",
        "bigint": r"-?[0-9]+(\.0+)?",
        "double": r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?",
        "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]00:00:00)?",
    }[wanted]
    exact = f"try_cast({value} as {wanted})"
    if wanted == "date":
        exact = f"try_cast(left({value}, 10) as date)"
    return f"case when regexp_full_match({value}, {literal(form)}) then {exact} end"
