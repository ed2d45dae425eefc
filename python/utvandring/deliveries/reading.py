"""Delivered files as SQL relations: which columns there are, and how their values become typed values.

Nothing is guessed. A conversion either keeps the value exactly or gives NULL, which the checks count.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from utvandring.common.opening import is_of_the_computer
from utvandring.common.sql import literal, path_literal
from utvandring.deliveries.formats import is_parquet, is_text, told_by_content
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
_FRACTIONS = frozenset(["HALF", "FLOAT", "DOUBLE", "DECIMAL"])
# From here on two neighbouring whole numbers are stored as one: 16,777,217 is read as 16,777,216.
_EXACT_BELOW = {"HALF": 2**11, "FLOAT": 2**24, "DOUBLE": 2**53}
_TIMESTAMPS = frozenset(["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"])
# Instants; Arrow's name of the zone is not in the file for other readers, only that the time is UTC.
_INSTANTS = {"TIMESTAMPTZ": "us", "TIMESTAMPTZ_NS": "ns"}
_PER_DAY = {"us": 86_400_000_000, "ns": 86_400_000_000_000}
_TEXTS = frozenset(["VARCHAR", "ENUM"])
# R writes 100000 as 1e+05.
_NUMBER = r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?"
_WHOLE_NUMBER = r"-?[0-9]+(\.0+)?"
_MIDNIGHT = r"[ T]00:00(:00(\.0+)?)?(Z|\+00(:?00)?)?"
_MAXIMUM_HEADER_BYTES = 1 << 20
_AS_UTF_8 = (
    '; if it is Latin-1 (Windows-1252), write it as UTF-8 (R: fileEncoding = "UTF-8"; SAS: encoding="utf-8"; '
    "Excel: CSV UTF-8; or iconv -f latin1 -t utf-8)"
)


class UnreadableFileError(Exception):
    """A delivered file is not what its name says; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.sentence())


@dataclass(frozen=True)
class Source:
    """A delivered file that can be selected from.

    `columns` maps the names as delivered to DuckDB's types without parameters.
    """

    relation: str
    columns: dict[str, str]


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
    if other := told_by_content(location):
        check = "encoding" if "UTF-16" in other else "structure"
        raise UnreadableFileError(Finding(check, f"{other}.", name))
    if name.endswith(".csv"):
        if is_parquet(location):
            raise UnreadableFileError(Finding("structure", "it is Parquet: name it .parquet.", name))
        return _open_csv(location, name)
    if not location.stat().st_size:
        text = "the file is empty, which Parquet never is: copy or write it again."
        raise UnreadableFileError(Finding("structure", text, name))
    if not is_parquet(location) and is_text(location):
        raise UnreadableFileError(Finding("structure", "it is text and not Parquet: name it .csv.", name))
    return _open_parquet(connection, location, name)


def _open_parquet(connection: duckdb.DuckDBPyConnection, location: Path, name: str) -> Source:
    path = path_literal(location)
    try:
        names, halves = _top_level_names(connection, path)
        relation = f"read_parquet({path}, binary_as_string=false, hive_partitioning=false)"
        described = connection.execute(f"describe select * from {relation}").fetchall()
    except duckdb.Error as error:
        raise UnreadableFileError(unreadable(error, name)) from error
    _refuse_repeated_columns(names, name)
    return Source(relation, {row[0]: "HALF" if row[0] in halves else _bare(row[1]) for row in described})


def _top_level_names(connection: duckdb.DuckDBPyConnection, path: str) -> tuple[list[str], set[str]]:
    """Return the column names as written, and those of 16-bit floats.

    DuckDB itself renames columns that differ by case only, and reads 16-bit floats as wider ones.
    """
    schema = connection.execute(
        "select name, coalesce(num_children, 0), logical_type is not distinct from 'Float16Type()' "
        f"from parquet_schema({path})"
    ).fetchall()
    names, halves = [], set()
    position = 1
    while position < len(schema):
        names.append(schema[position][0])
        if schema[position][2]:
            halves.add(schema[position][0])
        open_children = 1
        while open_children and position < len(schema):
            open_children += schema[position][1] - 1
            position += 1
    return names, halves


def _bare(data_type: str) -> str:
    if data_type == "TIMESTAMP WITH TIME ZONE":
        return "TIMESTAMPTZ"
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
    return Source(relation, dict.fromkeys(header, "VARCHAR"))


def _header(location: Path, name: str) -> tuple[list[str], str]:
    with location.open("rb") as file:
        line = file.readline(_MAXIMUM_HEADER_BYTES)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(Finding("encoding", f"line 1 is not UTF-8{_AS_UTF_8}.", name)) from error
    if not text or len(line) == _MAXIMUM_HEADER_BYTES:
        raise UnreadableFileError(
            Finding("structure", "the first line must hold the names of the columns.", name)
        )
    separator = ";" if text.count(";") > text.count(",") else ","
    header = next(csv.reader([text], delimiter=separator))
    for number, column in enumerate(header, start=1):
        if not column:
            text = (
                f"column {number} has no name in the first line; if it holds the numbers of the rows, "
                "write the file without them (R: row.names = FALSE; pandas: index=False)."
            )
            raise UnreadableFileError(Finding("structure", text, name))
    if not all(column.isprintable() for column in header):
        found = "; it has tabs between them" if "\t" in text else ""
        text = f"the first line must be names of columns, separated by ';' or ','{found}."
        raise UnreadableFileError(Finding("structure", text, name))
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
    if is_of_the_computer(error):
        raise error
    line = re.search(r"CSV Error on Line: ([0-9]+)", message)
    place = f"line {line[1]}: " if line else ""
    if re.search(r"utf-?8|unicode|encoding", message, re.IGNORECASE):
        return Finding("encoding", f"{place}the text is not UTF-8{_AS_UTF_8}.", name)
    if columns := re.search(r"Expected Number of Columns: ([0-9]+) Found: ([0-9]+)", message):
        found, wanted = int(columns[2]), int(columns[1])
        hint = ""
        if found == wanted + 1:
            hint = (
                "; if every line has one field more, it is the name of the row, which the header leaves out "
                "(R: row.names = FALSE), or a decimal comma in a file that is separated by commas"
            )
        return Finding("structure", f"{place}{found} fields where the header has {wanted}{hint}.", name)
    if name.endswith(".csv"):
        return Finding(
            "structure", f"{place}it cannot be read as CSV (quotes, separators or line ends).", name
        )
    return Finding("structure", "it cannot be read as Parquet: truncated, damaged, or another format.", name)


def absent(value: str, delivered: str) -> str:
    """Return the SQL of a delivered value in which an empty text is NULL."""
    return f"nullif(cast({value} as varchar), '')" if delivered in _TEXTS else value


def conversion(value: str, delivered: str, wanted: str) -> str | None:
    """Return SQL that gives the typed value, or NULL where it cannot be kept exactly.

    Text is read alike in CSV and in Parquet. Amounts (`bigint`) are rounded to whole kroner.

    Parameters
    ----------
    value
        SQL of the delivered value, empty text already NULL.
    delivered
        Its DuckDB type without parameters.
    wanted
        The type of the specification.

    Returns
    -------
    str or None
        None if no value of the delivered type is acceptable.
    """
    if wanted == "varchar":
        return value if delivered in _TEXTS else None
    if wanted in ("integer", "bigint"):
        return _whole_number(value, delivered, wanted)
    if wanted == "double":
        return _number(value, delivered)
    if wanted == "date":
        return _date(value, delivered)
    if wanted == "boolean":
        return _boolean(value, delivered)
    raise ValueError(f"the specification uses an unknown type: {wanted}")


def imprecise(value: str, delivered: str, wanted: str) -> str | None:
    """Return SQL that is true where a float is so large that it stands for more than one whole number.

    Parameters
    ----------
    value, delivered, wanted
        As for :func:`conversion`.

    Returns
    -------
    str or None
        None if the delivered type keeps every whole number, or none is wanted.
    """
    if wanted not in ("integer", "bigint") or delivered not in _EXACT_BELOW:
        return None
    # Not a number compares as larger than every number.
    return f"coalesce(isfinite({value}) and abs({value}) >= {_EXACT_BELOW[delivered]}, false)"


def rounded(value: str, delivered: str, wanted: str) -> str | None:
    """Return SQL that is true where an amount has a fraction, which :func:`conversion` rounds away.

    Parameters
    ----------
    value, delivered, wanted
        As for :func:`conversion`.

    Returns
    -------
    str or None
        None if there can be no fraction, or no amount is wanted.
    """
    if wanted != "bigint":
        return None
    if delivered in _TEXTS:
        number = _decimal(value)
        return f"(not {_has_form(value, _WHOLE_NUMBER)} and {number} <> round({number}))"
    if delivered not in _FRACTIONS:
        return None
    finite = f"isfinite({value}) and " if delivered in _EXACT_BELOW else ""
    return f"({finite}{value} <> round({value}))"


def largest_exact(delivered: str) -> int:
    """Return the first whole number of which a float is not sure."""
    return _EXACT_BELOW[delivered]


def _whole_number(value: str, delivered: str, wanted: str) -> str | None:
    if delivered in _INTEGERS:
        return f"try_cast({value} as {wanted})"
    if delivered in _TEXTS:
        other = _without_fraction(_decimal(value), wanted)
        return (
            f"case when {_has_form(value, _WHOLE_NUMBER)} then try_cast({value} as {wanted}) else {other} end"
        )
    if delivered not in _FRACTIONS:
        return None
    # Tables with empty cells often carry whole numbers as fractions.
    unsure = imprecise(value, delivered, wanted) or "false"
    return f"case when not {unsure} then {_without_fraction(value, wanted)} end"


def _without_fraction(number: str, wanted: str) -> str:
    if wanted == "bigint":
        return f"try_cast(round({number}) as bigint)"
    return f"case when {number} = trunc({number}) then try_cast({number} as {wanted}) end"


def _decimal(value: str) -> str:
    return f"case when {_has_form(value, _NUMBER)} then try_cast({value} as decimal(38, 18)) end"


def _number(value: str, delivered: str) -> str | None:
    if delivered in _TEXTS:
        exact = f"case when {_has_form(value, _NUMBER)} then try_cast({value} as double) end"
        return f"case when isfinite({exact}) then {exact} end"
    if delivered not in _INTEGERS | _FRACTIONS:
        return None
    return f"case when isfinite(cast({value} as double)) then cast({value} as double) end"


def _date(value: str, delivered: str) -> str | None:
    if delivered in _TEXTS:
        form = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({_MIDNIGHT})?"
        return f"case when {_has_form(value, form)} then try_cast(left({value}, 10) as date) end"
    if delivered == "DATE":
        return f"case when isfinite({value}) then {value} end"
    if delivered in _TIMESTAMPS:
        midnight = f"isfinite({value}) and {value} = date_trunc('day', {value})"
        return f"case when {midnight} then cast({value} as date) end"
    if delivered in _INSTANTS:
        # Not by casts: they follow the zone of the machine. Midnight is midnight in UTC, wherever it is read.
        unit = _INSTANTS[delivered]
        since = f"epoch_{unit}({value})"
        day = f"date '1970-01-01' + cast({since} // {_PER_DAY[unit]} as integer)"
        return f"case when {since} % {_PER_DAY[unit]} = 0 then {day} end"
    return None


def _boolean(value: str, delivered: str) -> str | None:
    if delivered == "BOOLEAN":
        return value
    if delivered in _TEXTS:
        true, false = (
            f"lower({value}) in ('{word}', '{digit}', '{digit}.0')"
            for word, digit in (("true", 1), ("false", 0))
        )
        return f"case when {true} then true when {false} then false end"
    if delivered in _INTEGERS | _FRACTIONS:
        return f"case {value} when 0 then false when 1 then true end"
    return None


def _has_form(value: str, form: str) -> str:
    return f"regexp_full_match({value}, {literal(form)})"
