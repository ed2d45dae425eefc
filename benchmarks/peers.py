"""`person_year` by hand in SQL and in Polars, from the same accepted files, in one run; equal on all rows.

    python benchmarks/peers.py --data DIR       # of a data root that was built

Polars is no dependency of the project: `pip install '.[peers]'`. Compared are the columns that `run.py`
compares.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb
from run import COMPARED, PROJECT, measure, table_of

from utvandring.common.engine import engine_settings
from utvandring.common.project import DataRoot
from utvandring.common.sql import path_literal
from utvandring.deliveries.ledger import read_ledger

SQL = PROJECT / "benchmarks" / "person_year_peer.sql"
SQL_STEP, POLARS_STEP = "DuckDB", "Polars, lazy and streaming"
RESULTS = {SQL_STEP: "duckdb.parquet", POLARS_STEP: "polars.parquet"}


def current_files(data: Path) -> dict[str, list[str]]:
    """Return the paths of the current files by register."""
    root = DataRoot(data)
    files: dict[str, list[str]] = {}
    for file in read_ledger(root).current_files().values():
        files.setdefault(file.register, []).append(str(root.accepted / file.path))
    return {register: sorted(paths) for register, paths in files.items()}


def run_polars(data: Path) -> None:
    """Write `person_year` by Polars into the data root."""
    from polars_person_year import person_year

    frame = person_year(current_files(data), PROJECT / "seeds" / "code_lists")
    frame.sink_parquet(data / RESULTS[POLARS_STEP], engine="streaming")


def run_sql(data: Path) -> None:
    """Write the same by one statement of SQL."""
    lists = PROJECT / "seeds" / "code_lists"
    with duckdb.connect(config={**engine_settings(), "temp_directory": str(data / "tmp")}) as connection:
        for register, paths in current_files(data).items():
            name = "person_register" if register == "person" else register
            connection.execute(f"create view {name} as from read_parquet({paths!r})")
        for name in ("country", "reason_for_immigration", "municipality_code", "municipality_2013"):
            path = path_literal(lists / f"{name}.csv")
            connection.execute(f"create view {name} as from read_csv({path}, all_varchar = true)")
        query = SQL.read_text("utf-8")
        connection.execute(f"copy ({query}) to {path_literal(data / RESULTS[SQL_STEP])} (format parquet)")


def differing(data: Path, result: Path) -> int:
    """Count the rows that only a result or only the mart has."""
    with duckdb.connect(config=engine_settings()) as connection:
        connection.execute(f"attach {path_literal(data / 'warehouse.duckdb')} as warehouse (read_only)")
        peer = f"select {COMPARED} from read_parquet({path_literal(result)})"
        mart = f"select {COMPARED} from warehouse.marts.person_year"
        row = connection.execute(
            f"select count(*) from (({peer} except all {mart}) union all ({mart} except all {peer}))"
        ).fetchone()
        assert row is not None
        return int(row[0])


def main() -> None:
    """Run both and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a data root that was built")
    parser.add_argument("--step", choices=[*RESULTS], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if arguments.step:
        (run_polars if arguments.step == POLARS_STEP else run_sql)(data)
        return
    if find_spec("polars") is None:
        sys.exit("Polars is not installed: pip install '.[peers]'.")
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    steps = [
        measure(step, [sys.executable, __file__, "--step", step, "--data", str(data)], environment)
        for step in RESULTS
    ]
    told = ", ".join(f"{step} {differing(data, data / result):,}" for step, result in RESULTS.items())
    print(f"Rows that differ from the mart: {told}.\n")
    print(table_of(steps, steps[0], "DuckDB"))


if __name__ == "__main__":
    main()
