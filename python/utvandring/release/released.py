"""What may leave the secure zone: the schema `release`, as its table `declared_column` lists it."""

from collections.abc import Iterable

import duckdb

SCHEMA = "release"
DECLARATION = "macros/disclosure/released_tables.sql"

_LIST = "declared_column"
_COLUMNS = (
    "select table_name || '.' || column_name from duckdb_columns() "
    f"where database_name = current_database() and lower(schema_name) = '{SCHEMA}' order by all"
)


def undeclared(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return what the schema `release` of a database holds and does not declare.

    Returns
    -------
    list of str
        Columns with their tables, in order; every column where there is no list of what is declared.
    """
    found = [name for (name,) in connection.execute(_COLUMNS).fetchall()]
    if f"{_LIST}.column_name" not in found:
        return found
    rows = connection.execute(f"select table_name || '.' || column_name from {SCHEMA}.{_LIST}").fetchall()
    declared = {name for (name,) in rows}
    return [name for name in found if name not in declared]


def absent(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> list[str]:
    """Return which released tables a database lacks, in the order in which they are named."""
    found = {name.partition(".")[0] for (name,) in connection.execute(_COLUMNS).fetchall()}
    return [name for name in tables if name not in found]


def said(names: list[str]) -> str:
    """Name released tables or columns in a sentence: the first ones, and how many there are."""
    shown = ", ".join(f"{SCHEMA}.{name}" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
