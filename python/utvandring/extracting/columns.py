"""The columns that are extracted: what they are, what is in them, and what a kind of file can hold of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import duckdb

from utvandring.common.sql import identifier


class Kind(StrEnum):
    """What the values of a column are, whatever their width."""

    TRUTH = "truth"
    WHOLE = "whole"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    MOMENT = "moment"
    OTHER = "other"


_WHOLE = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")}
_KINDS = {
    "BOOLEAN": Kind.TRUTH, "DATE": Kind.DATE, "VARCHAR": Kind.TEXT,
    "FLOAT": Kind.NUMBER, "DOUBLE": Kind.NUMBER,
    "TIMESTAMP WITH TIME ZONE": Kind.MOMENT, "INTEGER": Kind.WHOLE, "UINTEGER": Kind.WHOLE,
    **dict.fromkeys(_WHOLE, Kind.WHOLE),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Kind.MOMENT),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column as the database has it.

    Attributes
    ----------
    name, type, description
        Of the database.
    labels
        Names of its codes, for those codes that occur.
    rows, nulls_n
        Rows that are extracted, and those without a value.
    low, high
        Of whole numbers, of numbers as doubles, of dates as days and of moments as seconds since 1970.
    bytes_n
        Length of the longest text, in bytes of UTF-8.
    empty_n, ends_in_space_n
        Texts without a letter, and texts that end in a space.
    unfit_n
        Values that statistical packages do not hold: texts with a NUL, numbers and dates without end, numbers
        that a double rounds, moments finer than a millisecond.
    """

    name: str
    type: str
    description: str = ""
    labels: dict[str | int, str] = field(default_factory=dict)
    rows: int = 0
    nulls_n: int = 0
    low: float | None = None
    high: float | None = None
    bytes_n: int = 0
    empty_n: int = 0
    ends_in_space_n: int = 0
    unfit_n: int = 0

    @property
    def kind(self) -> Kind:
        """What its values are."""
        if self.type.startswith("ENUM"):
            return Kind.TEXT
        if self.type.startswith("DECIMAL"):
            return Kind.NUMBER
        return _KINDS.get(self.type, Kind.OTHER)

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers in a file of a statistical package."""
        return self.kind in (Kind.TRUTH, Kind.WHOLE, Kind.DATE)

    @property
    def plain(self) -> str:
        """The column in SQL, as the number or text that files hold; moments as seconds."""
        name = identifier(self.name)
        return {
            Kind.TRUTH: f"cast({name} as integer)",
            Kind.DATE: f"{name} - date '1970-01-01'",
            Kind.MOMENT: f"epoch_us({name}) / 1e6",
            Kind.NUMBER: f"cast({name} as double)",
            Kind.TEXT: f"cast({name} as varchar)",
        }.get(self.kind, name)

    def fits(self, low: float, high: float) -> bool:
        """Say whether all values lie between two bounds."""
        return self.low is None or self.high is None or (low <= self.low and self.high <= high)


def measured(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column]
) -> tuple[Column, ...]:
    """Count what is in the columns of a table, in one pass.

    Parameters
    ----------
    connection, table
        The table, as it is named in SQL.
    columns
        Columns of it, with their names, types, descriptions and labels.
    """
    terms = ["count(*)"]
    for column in columns:
        terms += [f"count({identifier(column.name)})", *_measures(column)]
    rows, *found = connection.execute(f"select {', '.join(terms)} from {table}").fetchone() or (0,)
    counted = []
    for place, column in enumerate(columns):
        known, low, high, length, empty, spaced, unfit = found[7 * place : 7 * place + 7]
        counted.append(
            Column(
                column.name, column.type, column.description, column.labels, rows, rows - known, low, high,
                length or 0, empty, spaced, unfit,
            )
        )  # fmt: skip
    return tuple(counted)


def _measures(column: Column) -> tuple[str, str, str, str, str, str]:
    """Return the lowest and highest value, the longest, empty, spaced and unfit ones, in SQL."""
    name, none = identifier(column.name), "null"
    if column.kind is Kind.TEXT:
        text = column.plain
        return (
            none,
            none,
            f"max(strlen({text}))",
            f"count_if({text} = '')",
            f"count_if(suffix({text}, ' '))",
            f"count_if(contains({text}, chr(0)))",
        )
    if column.kind in (Kind.OTHER, Kind.TRUTH):
        return none, none, none, "0", "0", "0"
    finite = name if column.kind is Kind.WHOLE else f"case when isfinite({name}) then {column.plain} end"
    unfit = {
        Kind.WHOLE: f"count_if({name} not between -9007199254740992 and 9007199254740992)",
        Kind.DATE: f"count_if(not isfinite({name}))",
        Kind.MOMENT: f"count_if(not isfinite({name}) or epoch_us({name}) % 1000 <> 0)",
        Kind.NUMBER: f"count_if(not isfinite({name}))",
    }[column.kind]
    if column.type.startswith("DECIMAL"):
        finite = column.plain
        unfit = f"count_if(try_cast({column.plain} as {column.type}) is distinct from {name})"
    return f"min({finite})", f"max({finite})", none, "0", "0", unfit
