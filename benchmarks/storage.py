"""How `person_year` is stored, by the queries that users run: order of rows, types, plain Parquet beside it.

    python benchmarks/storage.py --data DIR     # of a data root that was built

Every variant is written from the published table into a file of its own, and every query of `queries/` asked
of it several times, each in a new connection; the least counts. Parquet has only the columns that the rates
name, in the order of the published table.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb

from utvandring.common.engine import engine_settings
from utvandring.common.sql import identifier, path_literal

QUERIES = Path(__file__).resolve().parent / "queries"
REPEATS = 5
# Columns of few values, which an enumeration stores as numbers.
FEW_VALUES = 64
OF_THE_QUERIES = "person_id, base_year, immigration_background, sex, outcome_centrality"
ORDERS = {
    "published: by year and person": None,
    "by person and year": "person_id, base_year",
    "by year and group": "base_year, immigration_background, sex, outcome_centrality",
    "no order": "hash(person_id, base_year)",
}


def write_variants(publication: Path, folder: Path) -> dict[str, Path]:
    """Write the published table once for each variant; returns the files by name."""
    files: dict[str, Path] = {}
    with duckdb.connect(config=engine_settings()) as connection:
        connection.execute(f"attach {path_literal(publication)} as published (read_only)")
        source = "published.marts.person_year"
        for name, order in ORDERS.items():
            by = f"order by {order}" if order else ""
            files[name] = write(connection, f"from {source} {by}", folder / f"{len(files)}.duckdb")
        types, columns = enumerated(connection, source)
        files["enumerations for columns of few values"] = write(
            connection, f"select {columns} from {source}", folder / "enumerations.duckdb", types
        )
        parquet = folder / "plain.parquet"
        connection.execute(
            f"copy (select {OF_THE_QUERIES} from {source}) to {path_literal(parquet)} "
            "(format parquet, compression zstd)"
        )
        files["plain Parquet, columns of the queries"] = parquet
    return files


def write(connection: duckdb.DuckDBPyConnection, query: str, file: Path, types: Sequence[str] = ()) -> Path:
    """Write the rows of a query into a new database, as a publication is; the statements make its types."""
    connection.execute(f"attach {path_literal(file)} as stored (storage_version 'v1.4.0')")
    for statement in types:
        connection.execute(statement)
    connection.execute(f"create table stored.person_year as {query}")
    connection.execute("detach stored")
    return file


def enumerated(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[list[str], str]:
    """Return the statements that make enumerations of texts of few values, and the columns cast to them."""
    types, columns = [], []
    for column, data_type, *_ in connection.execute(f"describe {source}").fetchall():
        name, enumeration = identifier(column), f"stored.{identifier(f'type_{column}')}"
        known = f"(select distinct {name} from {source} where {name} is not null order by all)"
        row = connection.execute(f"select count(*) from {known}").fetchone()
        if data_type == "VARCHAR" and row is not None and row[0] <= FEW_VALUES:
            types.append(f"create type {enumeration} as enum {known}")
            name = f"{name}::{enumeration} as {name}"
        columns.append(name)
    return types, ", ".join(columns)


def seconds(file: Path, query: str) -> float:
    """Return the least time of a query, each in a connection of its own."""
    times = []
    for _ in range(REPEATS):
        with duckdb.connect(config=engine_settings()) as connection:
            if file.suffix == ".parquet":
                connection.execute(f"create view person_year as from read_parquet({path_literal(file)})")
            else:
                connection.execute(f"attach {path_literal(file)} as stored (read_only)")
                connection.execute("use stored")
            began = time.monotonic()
            connection.execute(query).fetchall()
            times.append(time.monotonic() - began)
    return min(times)


def has_all(file: Path, query: str) -> bool:
    """Say whether a file has the columns of a query: a history is of all columns, which Parquet has not."""
    return file.suffix != ".parquet" or query.startswith("rate")


def main() -> None:
    """Write the variants, ask the queries and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a data root that was built")
    arguments = parser.parse_args()
    publication = arguments.data.resolve() / "published" / "utvandring.duckdb"
    queries = {path.stem: path.read_text("utf-8") for path in sorted(QUERIES.glob("*.sql"))}
    with duckdb.connect(str(publication), read_only=True) as connection:
        row = connection.execute("select count(*) from marts.person_year").fetchone()
        rows = int(row[0]) if row else 0
    print(
        f"{date.today()}, {os.cpu_count()} cores, {platform.machine()}, DuckDB {version('duckdb')}; {rows:,} "
        f"person-years; seconds, the least of {REPEATS}.\n"
    )
    print(f"| stored | bytes a row | {' | '.join(name.replace('_', ' ') for name in queries)} |")
    print(f"|---|---:|{'---:|' * len(queries)}")
    with tempfile.TemporaryDirectory(prefix="utvandring-storage-") as folder:
        for name, file in write_variants(publication, Path(folder)).items():
            print(f"{name} ...", file=sys.stderr, flush=True)
            asked = {query: seconds(file, text) for query, text in queries.items() if has_all(file, query)}
            times = [f"{asked[query]:.3f}" if query in asked else "" for query in queries]
            print(f"| {name} | {file.stat().st_size / rows:.1f} | {' | '.join(times)} |")


if __name__ == "__main__":
    main()
