"""Where the rows at fault are: positions for who may look at the file, and nothing of what stands there.

The list is for the closed zone. It is no part of a report, a page or the ledger; only its owner can read it.
"""

import csv
import io
from pathlib import Path

import duckdb

from utvandring.common.errors import UsageError
from utvandring.common.files import owner_only
from utvandring.common.sql import literal
from utvandring.deliveries.verdict import Finding

_COLUMNS = ("file", "row", "column", "check", "level")
_AT_ONCE = 100_000


def collect_into(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table that :func:`collect` fills."""
    connection.execute(
        "create temporary table row_at_fault "
        "(file varchar, row bigint, column_name varchar, check_name varchar, level varchar)"
    )


def collect(connection: duckdb.DuckDBPyConnection, finding: Finding, violated: str, relation: str) -> None:
    """Keep the positions of the rows of a finding.

    Parameters
    ----------
    connection
        With the table of :func:`collect_into`.
    finding
        What was found.
    violated
        SQL that is true for the rows at fault; may hold windows.
    relation
        SQL of the rows, in the order of the file.
    """
    place = ", ".join(literal(text or "") for text in (finding.column, finding.check, finding.level.value))
    connection.execute(
        f"insert into row_at_fault select {literal(finding.file or '')}, position, {place} from "
        f"(select position, {violated} as is_at_fault from "
        f"(select *, row_number() over () as position from {relation})) where is_at_fault"
    )


def require_new(path: Path) -> None:
    """Check that a list can be written, before anything is read.

    Raises
    ------
    UsageError
        If the file exists already, or there is no folder for it.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists already: name a new file, or remove it.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}: make it, or name another file.")


def write_positions(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the collected positions as CSV that only the owner can read.

    Parameters
    ----------
    connection
        With the table of :func:`collect_into`.
    path
        A new file: `file`, `row` (1 is the first row after the header), `column`, `check`, `level`.

    Returns
    -------
    int
        How many positions were written.
    """
    written = 0
    with owner_only(path) as binary, io.TextIOWrapper(binary, encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        answer = connection.execute("select * from row_at_fault order by file, row, column_name, check_name")
        while rows := answer.fetchmany(_AT_ONCE):
            writer.writerows(rows)
            written += len(rows)
    return written
