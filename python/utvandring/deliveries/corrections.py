"""What a corrected period changes: a new version held against the one that it replaces."""

from pathlib import Path

import duckdb

from utvandring.common.sql import identifier, path_literal
from utvandring.deliveries.specification import Register
from utvandring.deliveries.verdict import counted


def describe_correction(
    connection: duckdb.DuckDBPyConnection, register: Register, before: Path, after: Path
) -> str:
    """Say what a version of a register and period changes.

    Parameters
    ----------
    connection
        Where both files can be read.
    register
        Their register.
    before, after
        The stored Parquet files.

    Returns
    -------
    str
        Rows added, removed and changed, the changes by column; without a key only added and removed.
    """
    old, new = f"read_parquet({path_literal(before)})", f"read_parquet({path_literal(after)})"
    if not register.key:
        added, removed = (
            connection.execute(f"select count(*) from (from {left} except all from {right})").fetchall()[0][0]
            for left, right in ((new, old), (old, new))
        )
        if not added and not removed:
            return "the same rows as in the version before."
        return f"{counted(added, 'row')} added, {counted(removed, 'row')} removed."
    values = [column.name for column in register.columns if column.name not in register.key]
    differs = [f"old.{identifier(name)} is distinct from new.{identifier(name)}" for name in values]
    key = ", ".join(map(identifier, register.key))
    first = identifier(register.key[0])
    both = f"old.{first} is not null and new.{first} is not null"
    ((added, removed, changed, *by_column),) = connection.execute(
        f"select count(*) filter (where old.{first} is null), count(*) filter (where new.{first} is null), "
        f"count(*) filter (where {both} and ({' or '.join(differs)})), "
        + ", ".join(f"count(*) filter (where {both} and {condition})" for condition in differs)
        + f" from (from {old}) as old full join (from {new}) as new using ({key})"
    ).fetchall()
    if not added and not removed and not changed:
        return "the same rows as in the version before."
    columns = [f"{name} {number:,}" for name, number in zip(values, by_column, strict=True) if number]
    detail = f" ({', '.join(columns)})" if columns else ""
    return f"{counted(added, 'row')} added, {counted(removed, 'row')} removed, {changed:,} changed{detail}."
