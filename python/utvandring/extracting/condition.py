"""The condition that a researcher gives: one expression, checked before anything is asked with it."""

import json
from typing import Any

import duckdb

from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.opening import OF_THE_QUERY


def close_to_files(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection read and write nothing but the databases that it has open, for good."""
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def check_condition(connection: duckdb.DuckDBPyConnection, condition: str) -> None:
    """Check that a condition is one expression and nothing more.

    Parameters
    ----------
    connection
        Any connection; nothing is asked of its data.
    condition
        What would stand after `where`.

    Raises
    ------
    UsageError
        If it is no SQL, or more than one expression: what follows it would be left out, or would be done.
    """
    if not condition.strip():
        raise UsageError("--where cannot be read as SQL. It is empty: leave it out for all rows.")
    read = _parsed(connection, condition)
    if read.get("error"):
        raise UsageError(f"--where cannot be read as SQL. {str(read['error_message']).splitlines()[0]}")
    statements = read["statements"]
    plain = _parsed(connection, "true")["statements"]
    for statement in (*statements, *plain):
        statement["node"].pop("where_clause", None)
    if statements != plain:
        raise UsageError(
            "--where must be one condition, such as base_year = 2012 and is_immigrant, with nothing after it."
        )


def _parsed(connection: duckdb.DuckDBPyConnection, condition: str) -> dict[str, Any]:
    row = connection.execute(
        "select json_serialize_sql($1)", [f"select 1 from chosen where (\n{condition}\n)"]
    ).fetchone()
    assert row is not None
    parsed: dict[str, Any] = json.loads(row[0])
    return parsed


def explained(error: duckdb.Error) -> UtvandringError:
    """Say what was wrong with a condition, without a value of a person."""
    if isinstance(error, duckdb.PermissionException):
        return UsageError("--where may not read files or change settings: it sees the tables only.")
    if isinstance(error, OF_THE_QUERY):
        return UsageError(f"--where cannot be read as SQL. {str(error).splitlines()[0]}")
    if isinstance(
        error, (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)
    ):
        return UsageError(
            "--where failed on a value that it cannot convert or compute with; the value is not shown here. "
            "try_cast in place of cast makes such values NULL."
        )
    raise error
