"""What the report reads: the schemas `release` and `published_report` of a database, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from utvandring.common.errors import UtvandringError
from utvandring.common.opening import open_to_read
from utvandring.common.project import project_root
from utvandring.report.entries import Query

Row = dict[str, Any]

# The queries of `analysis/` are written over the marts; the released tables have the same names and columns.
_MARTS, _RELEASE = "marts.", "release."

TABLES = (
    "mobility_rate",
    "county_composition",
    "county_rate",
    "linear_probability",
    "trinomial_logit",
    "trinomial_logit_fit",
    "trinomial_logit_difference",
    "emigration_by_region",
    "descendant_emigration_rate",
    "descendant_incidence",
    "immigration_survival",
    "former_resident",
    "presence_rate",
    "emigration_rate_by_basis",
    "registration_lag",
    "emigration_revision",
    "stated_number",
    "reproduction",
    "delivery",
    "quality_count",
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

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of a query, NULL as None."""
        cursor = self._connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def columns(self, schema: str, table: str) -> list[str]:
        """Return the columns of a table; none if there is no such table."""
        found = self._connection.execute(
            "select column_name from duckdb_columns() "
            "where schema_name = $schema and table_name = $table and database_name = current_database() "
            "order by column_index",
            {"schema": schema, "table": table},
        )
        return [name for (name,) in found.fetchall()]


@contextmanager
def open_released(path: Path) -> Iterator[Released]:
    """Open the published database for reading.

    Raises
    ------
    UtvandringError
        If it cannot be opened, or it holds no released tables.
    """
    with open_to_read(path) as connection:
        released = Released(connection)
        missing = [f"release.{name}" for name in TABLES if not released.columns("release", name)]
        if missing:
            raise UtvandringError(
                f"{path} lacks released tables, among them {missing[0]}: run `utvandring build`, "
                "or name a database that it has published."
            )
        yield released


def query_text(query: Query) -> str:
    """Return a query as it is run here: one of `analysis/` over the released tables."""
    if query.sql is not None:
        return query.sql
    lines = (project_root() / query.file).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("-- depends_on")]
    return "\n".join(kept).strip().replace(_MARTS, _RELEASE)
