"""The database that readers open: only what is meant for them, replaced in one step."""

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from utvandring.errors import UtvandringError
from utvandring.files import IMMUTABLE_FILE, remove, replace_file
from utvandring.project import DataRoot
from utvandring.sql import identifier, literal

# Registers, deliveries, staging and intermediate tables stay in the warehouse.
PUBLISHED_SCHEMAS = ("marts", "estimates", "release", "quality", "code_lists", "published_report")
# Views over the published tables under other names; they stay views.
VIEW_SCHEMA = "norsk"

# Readable by clients two years older than the engine that writes: not every client has the newest one.
_STORAGE_VERSION = "v1.4.0"

_MEMORY_LIMIT = os.environ.get("UTVANDRING_MEMORY", "4GB")


@dataclass(frozen=True)
class Publication:
    """What was published."""

    path: Path
    tables: int
    person_years: int
    first_base_year: int | None
    last_base_year: int | None


def publish(root: DataRoot) -> Publication:
    """Write the publication from the warehouse, check it, and put it in the place of the last one.

    The tables are written into a new file rather than dropped from a copy: a dropped table leaves its
    pages in the file, and with them what was not to be published. Views become tables, but for those of
    `norsk`.

    Parameters
    ----------
    root
        The data root, its lock held, its warehouse closed.

    Raises
    ------
    UtvandringError
        If the warehouse has no `marts.person_year`, or the copy is not equal to it.
    """
    temporary = root.published / ".publishing.duckdb"
    _remove_database(temporary)
    try:
        counts = _copy(root.warehouse, temporary)
        publication = _verify(temporary, counts, root.publication)
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


def _copy(warehouse: Path, destination: Path) -> dict[tuple[str, str], int]:
    """Copy the tables of the published schemas with their descriptions; return the rows read of each."""
    with duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 2}) as connection:
        connection.execute(
            f"attach {literal(str(destination))} as publication (storage_version {literal(_STORAGE_VERSION)})"
        )
        connection.execute("use publication")
        connection.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
        relations: list[tuple[str, str]] = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'warehouse' and list_contains($schemas, table_schema) "
            "order by table_schema, table_name",
            {"schemas": PUBLISHED_SCHEMAS},
        ).fetchall()
        if ("marts", "person_year") not in relations:
            raise UtvandringError("The warehouse has no marts.person_year, so it was not published.")
        counts = {}
        for schema, name in relations:
            target = f"{identifier(schema)}.{identifier(name)}"
            connection.execute(f"create schema if not exists {identifier(schema)}")
            connection.execute(f"create table {target} as from warehouse.{target}")
            row = connection.execute(f"select count(*) from warehouse.{target}").fetchone()
            counts[schema, name] = row[0] if row else 0
        _copy_views(connection)
        for statement in _descriptions(connection):
            connection.execute(statement)
        connection.execute("detach warehouse")
        connection.execute("checkpoint publication")
    return counts


def _copy_views(connection: duckdb.DuckDBPyConnection) -> None:
    views = connection.execute(
        "select sql from duckdb_views() where database_name = 'warehouse' and schema_name = $schema "
        "order by view_name",
        {"schema": VIEW_SCHEMA},
    ).fetchall()
    connection.execute(f"create schema if not exists {identifier(VIEW_SCHEMA)}")
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


def _verify(path: Path, counts: dict[tuple[str, str], int], final: Path) -> Publication:
    with duckdb.connect(str(path), read_only=True) as connection:
        for (schema, name), expected in counts.items():
            row = connection.execute(
                f"select count(*) from {identifier(schema)}.{identifier(name)}"
            ).fetchone()
            if row != (expected,):
                raise UtvandringError(
                    f"{schema}.{name} was not copied whole; the last publication is unchanged."
                )
        years = connection.execute("select min(base_year), max(base_year) from marts.person_year").fetchone()
    first, last = years if years else (None, None)
    return Publication(final, len(counts), counts["marts", "person_year"], first, last)
