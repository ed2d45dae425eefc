"""The database that readers open: only what is meant for them, replaced in one step."""

import os
import shutil
import sys
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from utvandring.common.engine import engine_settings
from utvandring.common.errors import UtvandringError
from utvandring.common.files import IMMUTABLE_FILE, PRIVATE_FILE, remove, replace_file, sha256_of
from utvandring.common.project import DataRoot
from utvandring.common.sql import identifier, literal
from utvandring.release.released import DECLARATION, said, undeclared

# Registers, deliveries, staging and intermediate tables stay in the warehouse.
PUBLISHED_SCHEMAS = ("marts", "estimates", "release", "quality", "code_lists", "published_report")
# Views over the published tables under other names; they stay views.
VIEW_SCHEMA = "norsk"

# Readable by clients two years older than the engine that writes: not every client has the newest one.
_STORAGE_VERSION = "v1.4.0"

# Behind the build, but not so far behind that it would starve on a machine that others keep busy.
_LOW_PRIORITY = 10

# (schema, table)
Relation = tuple[str, str]


@dataclass(frozen=True)
class _Written:
    """The rows of a table that were written, by a condition, and what the warehouse holds of them."""

    condition: str
    rows: int
    checksum: int
    total_rows: int


# A file of which more than this is free space is written anew.
_FREE_SHARE = 0.5


@dataclass(frozen=True)
class Publication:
    """What was published."""

    path: Path
    tables: int
    person_years: int
    first_base_year: int | None
    last_base_year: int | None


@contextmanager
def copying_last(root: DataRoot) -> Iterator[Future[bool]]:
    """Copy the last publication beside itself, while something else is done, as the basis of the next one.

    Parameters
    ----------
    root
        The data root, its lock held, its warehouse closed; the copy is removed if it was not published.

    Yields
    ------
    Future
        For `publish`: whether the copy is whole, and is what was last published from the warehouse.
    """
    expected = _last_checksum(root)
    try:
        with ThreadPoolExecutor(1) as executor:
            yield executor.submit(_copy_last, root, expected)
    finally:
        _remove_database(_temporary(root))


def publish(
    root: DataRoot,
    copied: Future[bool] | None = None,
) -> Publication:
    """Write the publication from the warehouse, check it, and put it in the place of the last one.

    Tables are written into a file of their own rather than dropped from a copy of the warehouse: a dropped
    table leaves its pages in the file, and with them what was not to be published. Views become tables, but
    for those of `norsk`.

    What was not built since the last publication is taken from a copy of it, and of tables that are built by
    year the earlier years too; the schema `builds` of the warehouse says what was built, and which file was
    published (by checksum: another file, or a damaged one, is no basis). What was written is read again from
    the file and compared with the warehouse, by rows and a checksum over all values.

    Parameters
    ----------
    root
        The data root, its lock held, its warehouse closed.
    copied
        Of `copying_last`. Without it everything is written, and the file holds no page of an earlier one.

    Raises
    ------
    UtvandringError
        If the schema `release` holds a column that is not declared, or the copy is not equal to the
        warehouse.
    """
    temporary = _temporary(root)
    try:
        _require_declared(root.warehouse)
        is_basis = copied is not None and copied.result()
        if not is_basis:
            _remove_database(temporary)
        written = _copy(root.warehouse, temporary, _unpublished(root) if is_basis else {})
        with ThreadPoolExecutor(1) as executor:
            hashing = executor.submit(sha256_of, temporary)
            publication = _verify(temporary, written, root.publication)
            checksum = hashing.result()
        temporary.chmod(IMMUTABLE_FILE)
        replace_file(temporary, root.publication)
        _remember(root.warehouse, checksum)
    except duckdb.Error as error:
        raise UtvandringError(
            f"The publication could not be written ({type(error).__name__}); the last one is unchanged."
        ) from error
    finally:
        _remove_database(temporary)
    return publication


def require_years(warehouse: Path, base_years: Collection[int]) -> None:
    """Make sure that a warehouse holds person-years, and some of every year that it must have.

    Raises
    ------
    UtvandringError
        If it has no `marts.person_year`, or that is empty or lacks a year.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        if ("marts", "person_year") not in _relations(connection, warehouse.stem):
            raise UtvandringError("The warehouse has no marts.person_year, so it was not published.")
        found = connection.execute("select distinct base_year from marts.person_year").fetchall()
    if not found:
        raise UtvandringError(
            "marts.person_year has no rows, so it was not published; the last one is unchanged."
        )
    absent = sorted({*base_years} - {year for (year,) in found})
    if absent:
        raise UtvandringError(
            f"marts.person_year has no rows of base year {', '.join(map(str, absent))}, which the accepted "
            "population registers must give, so it was not published; the last one is unchanged."
        )


def _require_declared(warehouse: Path) -> None:
    """Make sure that a warehouse has nothing to release but what is declared."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        unknown = undeclared(connection)
    if unknown:
        raise UtvandringError(
            f"{said(unknown)}: not declared in {DECLARATION}, so nothing was published; the last publication "
            f"is unchanged. Declare it; or, if no model makes it, delete {warehouse} and build again from "
            "the accepted deliveries."
        )


def _temporary(root: DataRoot) -> Path:
    return root.published / ".publishing.duckdb"


def _remove_database(path: Path) -> None:
    remove(path)
    remove(path.with_name(path.name + ".wal"))


def _last_checksum(root: DataRoot) -> str | None:
    """Return the checksum of what was last published from the warehouse, if anything was."""
    if not root.publication.exists() or not root.warehouse.exists():
        return None
    with duckdb.connect(str(root.warehouse), read_only=True) as connection:
        if not _has_table(connection, "published"):
            return None
        row = connection.execute("select sha256 from builds.published").fetchone()
    return row[0] if row else None


def _copy_last(root: DataRoot, expected: str | None) -> bool:
    # Mostly in time that the build has no use for. Only on Linux have threads priorities of their own.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOW_PRIORITY)
    temporary = _temporary(root)
    _remove_database(temporary)
    if expected is None:
        return False
    shutil.copyfile(root.publication, temporary)
    temporary.chmod(PRIVATE_FILE)
    return sha256_of(temporary) == expected and _is_compact(temporary)


def _unpublished(root: DataRoot) -> dict[Relation, str]:
    """Return the relations that were built since they were published, and a condition on the rows."""
    with duckdb.connect(str(root.warehouse), read_only=True) as connection:
        changed = connection.execute(
            "select schema_name, table_name, if(bool_or(condition = 'true'), 'true', "
            "string_agg(distinct condition, ' or ' order by condition)) "
            "from builds.unpublished_rows group by all"
        ).fetchall()
    return {(schema, name): condition for schema, name, condition in changed}


def _remember(warehouse: Path, checksum: str) -> None:
    """Enter in the warehouse what was published from it; otherwise the next publication is written anew."""
    with duckdb.connect(str(warehouse)) as connection:
        if _has_table(connection, "unpublished_rows"):
            connection.execute("begin")
            connection.execute("delete from builds.unpublished_rows")
            connection.execute("create or replace table builds.published as select $1 as sha256", [checksum])
            connection.execute("commit")


def _has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'builds' and table_name = $1", [name]
    ).fetchone()
    return found is not None


def _is_compact(path: Path) -> bool:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("select free_blocks, total_blocks from pragma_database_size()").fetchone()
    return row is not None and row[0] <= _FREE_SHARE * row[1]


def _copy(warehouse: Path, destination: Path, changed: dict[Relation, str]) -> dict[Relation, _Written]:
    """Bring the tables of the published schemas, with their descriptions, to what the warehouse holds.

    Parameters
    ----------
    warehouse, destination
        The two databases; `destination` may be missing, or hold an earlier state of the same tables.
    changed
        The relations of `destination` that the warehouse built since, with a condition on the rows.

    Returns
    -------
    dict
        What of every table was written.
    """
    written: dict[Relation, _Written] = {}
    with duckdb.connect(config=engine_settings()) as connection:
        connection.execute(
            f"attach {literal(str(destination))} as publication (storage_version {literal(_STORAGE_VERSION)})"
        )
        connection.execute("use publication")
        connection.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
        relations = _relations(connection, "warehouse")
        published = _relations(connection, "publication")
        for schema, name in published.keys() - relations.keys():
            connection.execute(f"drop table {identifier(schema)}.{identifier(name)}")
        for relation, columns in relations.items():
            table = f"{identifier(relation[0])}.{identifier(relation[1])}"
            condition = changed.get(relation, "false") if published.get(relation) == columns else "true"
            if condition == "true":
                connection.execute(f"create schema if not exists {identifier(relation[0])}")
                connection.execute(f"create or replace table {table} as from warehouse.{table}")
            elif condition != "false":
                connection.execute(f"delete from {table} where {condition}")
                connection.execute(f"insert into {table} from warehouse.{table} where {condition}")
            written[relation] = _Written(condition, *_content(connection, f"warehouse.{table}", condition))
        _copy_views(connection)
        # A thousand statements, which by themselves would each wait for the disk.
        connection.execute("begin")
        for statement in _descriptions(connection):
            connection.execute(statement)
        connection.execute("commit")
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


def _content(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> tuple[int, int, int]:
    """Return the number and a checksum of the rows that meet a condition, and the number of all rows."""
    total = connection.execute(f"select count(*) from {table}").fetchone()
    chosen = connection.execute(
        f"select count(*), coalesce(sum(hash(content)), 0) from {table} as content where {condition}"
    ).fetchone()
    assert total is not None
    assert chosen is not None
    return chosen[0], chosen[1], total[0]


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
    with duckdb.connect(str(path), read_only=True, config=engine_settings()) as connection:
        for (schema, name), part in written.items():
            table = f"{identifier(schema)}.{identifier(name)}"
            found = _content(connection, table, part.condition)
            if found != (part.rows, part.checksum, part.total_rows):
                raise UtvandringError(
                    f"{schema}.{name} was not copied whole; the last publication is unchanged."
                )
        years = connection.execute("select min(base_year), max(base_year) from marts.person_year").fetchone()
    first, last = years if years else (None, None)
    return Publication(final, len(written), written["marts", "person_year"].total_rows, first, last)
