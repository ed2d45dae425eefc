"""The database that readers open: only what is meant for them, replaced in one step."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from utvandring.errors import UtvandringError
from utvandring.files import IMMUTABLE_FILE, PRIVATE_FILE, remove, replace_file
from utvandring.project import DataRoot
from utvandring.sql import identifier, literal

# Registers, deliveries, staging and intermediate tables stay in the warehouse.
PUBLISHED_SCHEMAS = ("marts", "estimates", "release", "quality", "code_lists", "published_report")
# Views over the published tables under other names; they stay views.
VIEW_SCHEMA = "norsk"

# Readable by clients two years older than the engine that writes: not every client has the newest one.
_STORAGE_VERSION = "v1.4.0"

_MEMORY_LIMIT = os.environ.get("UTVANDRING_MEMORY", "4GB")


# (schema, table)
Relation = tuple[str, str]

# Rows and checksum of a table by year; a table that is not built by year is one year, None.
Content = dict[int | None, tuple[int, int]]


@dataclass(frozen=True)
class _Written:
    """The rows of a table that were written, by a condition, and what the warehouse holds of them."""

    condition: str
    rows: int
    checksum: int
    total_rows: int


# A file of which more than this is free space is written anew.
_FREE_SHARE = 0.3


@dataclass(frozen=True)
class Publication:
    """What was published."""

    path: Path
    tables: int
    person_years: int
    first_base_year: int | None
    last_base_year: int | None


def publish(root: DataRoot, *, anew: bool = False) -> Publication:
    """Write the publication from the warehouse, check it, and put it in the place of the last one.

    Tables are written into a file of their own rather than dropped from a copy of the warehouse: a dropped
    table leaves its pages in the file, and with them what was not to be published. Views become tables, but
    for those of `norsk`.

    Of tables that are built by year only the years that differ from the last publication are written, into a
    copy of it: every year of every table of the copy is compared with the warehouse by rows and checksum.
    What was written is read again from the file and compared once more.

    Parameters
    ----------
    root
        The data root, its lock held, its warehouse closed.
    anew
        Whether to write everything, so that the file holds no page of an earlier publication.

    Raises
    ------
    UtvandringError
        If the warehouse has no `marts.person_year`, or the copy is not equal to it.
    """
    temporary = root.published / ".publishing.duckdb"
    _remove_database(temporary)
    try:
        publication = None if anew else _renew_last(root, temporary)
        if publication is None:
            _remove_database(temporary)
            publication = _verify(temporary, _copy(root.warehouse, temporary), root.publication)
        temporary.chmod(IMMUTABLE_FILE)
        replace_file(temporary, root.publication)
    except duckdb.Error as error:
        raise UtvandringError(
            f"The publication could not be written ({type(error).__name__}); the last one is unchanged."
        ) from error
    finally:
        _remove_database(temporary)
    return publication


def _remove_database(path: Path) -> None:
    remove(path)
    remove(path.with_name(path.name + ".wal"))


def _renew_last(root: DataRoot, temporary: Path) -> Publication | None:
    """Bring a copy of the last publication up to date; None if it is no basis for the new one."""
    if not root.publication.exists():
        return None
    try:
        shutil.copyfile(root.publication, temporary)
        temporary.chmod(PRIVATE_FILE)
        if not _is_compact(temporary):
            return None
        return _verify(temporary, _copy(root.warehouse, temporary), root.publication)
    except (duckdb.Error, UtvandringError):
        # Damaged, or of another program: what went wrong goes wrong again if it has another cause.
        return None


def _is_compact(path: Path) -> bool:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("select free_blocks, total_blocks from pragma_database_size()").fetchone()
    return row is not None and row[0] <= _FREE_SHARE * row[1]


def _copy(warehouse: Path, destination: Path) -> dict[Relation, _Written]:
    """Bring the tables of the published schemas, with their descriptions, to what the warehouse holds.

    Returns
    -------
    dict
        What of every table was written.
    """
    written: dict[Relation, _Written] = {}
    with duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 2}) as connection:
        connection.execute(
            f"attach {literal(str(destination))} as publication (storage_version {literal(_STORAGE_VERSION)})"
        )
        connection.execute("use publication")
        connection.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
        here = "publication"
        relations = _relations(connection, "warehouse")
        if ("marts", "person_year") not in relations:
            raise UtvandringError("The warehouse has no marts.person_year, so it was not published.")
        published = _relations(connection, here)
        for schema, name in published.keys() - relations.keys():
            connection.execute(f"drop table {identifier(schema)}.{identifier(name)}")
        years = _years(connection)
        for relation, columns in relations.items():
            table = f"{identifier(relation[0])}.{identifier(relation[1])}"
            year = years.get(relation)
            content = _content(connection, f"warehouse.{table}", year)
            if year is not None and published.get(relation) == columns:
                written[relation] = _replace_years(connection, table, year, content)
            else:
                connection.execute(f"create schema if not exists {identifier(relation[0])}")
                connection.execute(f"create or replace table {table} as from warehouse.{table}")
                written[relation] = _part(content, "true", list(content))
        _copy_views(connection)
        for statement in _descriptions(connection):
            connection.execute(statement)
        connection.execute("detach warehouse")
        connection.execute("checkpoint publication")
    return written


def _relations(connection: duckdb.DuckDBPyConnection, database: str) -> dict[Relation, str]:
    """Return the tables and views of the published schemas with their columns and types."""
    rows = connection.execute(
        "select schema_name, table_name, "
        "string_agg(column_name || ' ' || data_type, ', ' order by column_index) "
        "from duckdb_columns() where database_name = $database and list_contains($schemas, schema_name) "
        "group by all order by all",
        {"database": database, "schemas": PUBLISHED_SCHEMAS},
    ).fetchall()
    return {(schema, name): columns for schema, name, columns in rows}


def _years(connection: duckdb.DuckDBPyConnection) -> dict[Relation, str]:
    """Return the tables that are built by year, with what gives the year of a row."""
    known = connection.execute(
        "select count(*) from duckdb_tables() "
        "where database_name = 'warehouse' and schema_name = 'builds' and table_name = 'by_year'"
    ).fetchone()
    if known == (0,):
        return {}
    rows = connection.execute("select schema_name, table_name, year from warehouse.builds.by_year").fetchall()
    return {(schema, name): year for schema, name, year in rows}


def _content(connection: duckdb.DuckDBPyConnection, table: str, year: str | None) -> Content:
    rows = connection.execute(
        f"select {year or 'null'}, count(*), sum(hash(content)) from {table} as content group by all"
    ).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def _part(content: Content, condition: str, years: list[int | None]) -> _Written:
    return _Written(
        condition,
        rows=sum(content[year][0] for year in years),
        checksum=sum(content[year][1] or 0 for year in years),
        total_rows=sum(rows for rows, _ in content.values()),
    )


def _replace_years(
    connection: duckdb.DuckDBPyConnection, table: str, year: str, expected: Content
) -> _Written:
    """Write the years from the first one on that differs from what was published."""
    published = _content(connection, table, year)
    differing = [
        number
        for number in expected.keys() | published.keys()
        if expected.get(number) != published.get(number)
    ]
    if not differing:
        return _part(expected, "false", [])
    first = min((number for number in differing if number is not None), default=9999)
    condition = f"coalesce({year} >= {first}, true)"
    connection.execute(f"delete from {table} where {condition}")
    connection.execute(f"insert into {table} from warehouse.{table} where {condition}")
    return _part(expected, condition, [number for number in expected if number is None or number >= first])


def _copy_views(connection: duckdb.DuckDBPyConnection) -> None:
    views = connection.execute(
        "select sql from duckdb_views() where database_name = 'warehouse' and schema_name = $schema "
        "order by view_name",
        {"schema": VIEW_SCHEMA},
    ).fetchall()
    connection.execute(f"drop schema if exists {identifier(VIEW_SCHEMA)} cascade")
    connection.execute(f"create schema {identifier(VIEW_SCHEMA)}")
    for (statement,) in views:
        connection.execute(statement)


def _descriptions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    schemas = [*PUBLISHED_SCHEMAS, VIEW_SCHEMA]
    relations = connection.execute(
        "select 'table', schema_name, table_name, comment from duckdb_tables() "
        "where database_name = 'warehouse' and comment is not null and list_contains($schemas, schema_name) "
        "union all "
        "select if(schema_name = $views, 'view', 'table'), schema_name, view_name, comment "
        "from duckdb_views() "
        "where database_name = 'warehouse' and comment is not null and list_contains($schemas, schema_name)",
        {"schemas": schemas, "views": VIEW_SCHEMA},
    ).fetchall()
    columns = connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where database_name = 'warehouse' and comment is not null and list_contains($schemas, schema_name)",
        {"schemas": schemas},
    ).fetchall()
    statements = [
        f"comment on {kind} {identifier(schema)}.{identifier(name)} is {literal(comment)}"
        for kind, schema, name, comment in relations
    ]
    for schema, table, column, comment in columns:
        place = ".".join(identifier(part) for part in (schema, table, column))
        statements.append(f"comment on column {place} is {literal(comment)}")
    return statements


def _verify(path: Path, written: dict[Relation, _Written], final: Path) -> Publication:
    """Compare what was written, read from the disk again, with what the warehouse holds."""
    with duckdb.connect(
        str(path), read_only=True, config={"memory_limit": _MEMORY_LIMIT, "threads": 2}
    ) as connection:
        for (schema, name), part in written.items():
            table = f"{identifier(schema)}.{identifier(name)}"
            total = connection.execute(f"select count(*) from {table}").fetchone()
            found = connection.execute(
                f"select count(*), coalesce(sum(hash(content)), 0) from {table} as content "
                f"where {part.condition}"
            ).fetchone()
            if total != (part.total_rows,) or found != (part.rows, part.checksum):
                raise UtvandringError(
                    f"{schema}.{name} was not copied whole; the last publication is unchanged."
                )
        years = connection.execute("select min(base_year), max(base_year) from marts.person_year").fetchone()
    first, last = years if years else (None, None)
    return Publication(final, len(written), written["marts", "person_year"].total_rows, first, last)
