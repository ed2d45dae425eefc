"""What the report reads: the schemas `release`, `published_report` and `code_lists`, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from utvandring.common.errors import UtvandringError
from utvandring.common.opening import OF_THE_QUERY, open_to_read
from utvandring.release.released import SCHEMA, absent, said, undeclared
from utvandring.report.catalogue import queries
from utvandring.report.entries import Query

Row = dict[str, Any]

MUNICIPALITIES = "code_lists.municipality_2013"

SCHEMAS = (SCHEMA, "published_report", "code_lists")

# Released tables of which the pages read all rows, without a query.
FITS, REPRODUCTION, QUALITY, DELIVERY, FINDING, CITATION = WHOLE = (
    "release.trinomial_logit_fit",
    "release.reproduction",
    "release.quality_count",
    "release.delivery",
    "release.finding",
    "release.citation",
)


class Released:
    """The released tables of one database.

    Parameters
    ----------
    connection
        Open, read only.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def reads(self, query: Query) -> set[str]:
        """Return the tables that a query reads, such as `release.mobility_rate`.

        Raises
        ------
        UtvandringError
            If it is no query, or reads what has not passed disclosure control.
        """
        with _explained(query):
            found = self._connection.get_table_names(query.sql, qualified=True)
        # As the engine writes them: "release".mobility_rate AS rate.
        tables = {name.replace('"', "").partition(" AS ")[0] for name in found}
        others = sorted(name for name in tables if name.partition(".")[0] not in SCHEMAS)
        if others:
            raise UtvandringError(
                f"{query.file} reads {others[0]}: the report may read {', '.join(SCHEMAS)}, nothing else."
            )
        return tables

    def run(self, query: Query) -> list[Row]:
        """Return the rows of a query, NULL as None.

        Raises
        ------
        UtvandringError
            If it cannot be run, gives other columns than its entry says, or reads what it may not.
        """
        self.reads(query)
        with _explained(query):
            rows, columns = self._fetch(query.sql)
        if columns != query.columns:
            raise UtvandringError(
                f"{query.file} gives the columns {', '.join(columns)}, but the file beside it describes "
                f"{', '.join(query.columns)}: make them agree."
            )
        return rows

    def table(self, name: str) -> list[Row]:
        """Return the rows of a table, such as `release.reproduction`, ordered by all its columns."""
        return self._fetch(f"from {name} order by all")[0]

    def county_names(self) -> dict[str, str]:
        """Return the name of every county by its code."""
        return {
            row["scope_code"]: row["scope_name"]
            for row in self.table("published_report.published_lpm")
            if row["scope_type"] == "county"
        }

    def later_county_names(self) -> dict[str, str]:
        """Return the name of every county that there has been since 2002 by its code."""
        return {row["county_code"]: row["county_name"] for row in self.table("code_lists.county")}

    def municipality_names(self) -> dict[str, str]:
        """Return the name of every municipality of 2013 by its code."""
        return {row["municipality_code"]: row["municipality_name"] for row in self.table(MUNICIPALITIES)}

    def _fetch(self, sql: str) -> tuple[list[Row], tuple[str, ...]]:
        cursor = self._connection.execute(sql)
        columns = tuple(column[0] for column in cursor.description or ())
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()], columns


@contextmanager
def _explained(query: Query) -> Iterator[None]:
    """Say in one sentence why a query cannot be run, with the engine's own words for who writes it."""
    try:
        yield
    except OF_THE_QUERY as error:
        reason = str(error).partition("\n")[0]
        raise UtvandringError(
            f"{query.file} cannot be run on this database ({reason}): correct the query, "
            "or build and publish with this program."
        ) from error


@contextmanager
def open_released(path: Path) -> Iterator[Released]:
    """Open the published database for reading.

    Raises
    ------
    UtvandringError
        If it cannot be opened, or it lacks released tables or declares not all that it holds.
    """
    with open_to_read(path) as connection:
        unknown = undeclared(connection)
        if unknown:
            raise UtvandringError(f"{path} does not declare {said(unknown)}: run `utvandring build`.")
        released = Released(connection)
        needed = {*WHOLE, *(table for query in queries() for table in released.reads(query))}
        missing = absent(
            connection, sorted(name.partition(".")[2] for name in needed if name.startswith(SCHEMA))
        )
        if missing:
            raise UtvandringError(
                f"{path} lacks released tables: {said(missing)}. Run `utvandring build`, or name a database "
                "that it has published."
            )
        yield released
