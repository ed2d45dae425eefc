"""What the report reads: the schemas `release` and `published_report` of a database, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from utvandring.errors import UtvandringError
from utvandring.opening import open_to_read
from utvandring.project import project_root
from utvandring.released import absent_from_report, said, undeclared
from utvandring.report.entries import Query

Row = dict[str, Any]

# The queries of `analysis/` are written over the marts; the released tables have the same names and columns.
_MARTS, _RELEASE = "marts.", "release."


class Released:
    """The released tables of one database.

    Parameters
    ----------
    connection
        Open, read only.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of a query, NULL as None."""
        cursor = self._connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def open_released(path: Path) -> Iterator[Released]:
    """Open the published database for reading.

    Raises
    ------
    UtvandringError
        If it cannot be opened, or it lacks released tables or declares not all that it holds.
    """
    with open_to_read(path) as connection:
        absent = absent_from_report(connection)
        if absent:
            raise UtvandringError(
                f"{path} lacks released tables: {said(absent)}. Run `utvandring build`, or name a database "
                "that it has published."
            )
        unknown = undeclared(connection)
        if unknown:
            raise UtvandringError(f"{path} does not declare {said(unknown)}: run `utvandring build`.")
        yield Released(connection)


def query_text(query: Query) -> str:
    """Return a query as it is run here: one of `analysis/` over the released tables."""
    if query.sql is not None:
        return query.sql
    lines = (project_root() / query.file).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("-- depends_on")]
    return "\n".join(kept).strip().replace(_MARTS, _RELEASE)
