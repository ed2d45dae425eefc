"""`person_year` by hand in SQL and in Polars, from the same accepted files, in one run; equal on all rows.

    python benchmarks/peers.py --data DIR       # of a data root that was built

Polars is no dependency of the project: `pip install polars`. Compared are the columns that `run.py` compares.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import duckdb
from run import COMPARED, FLOOR_STEP, PROJECT, compare, measure, table_of

from utvandring.common.engine import engine_settings
from utvandring.common.project import DataRoot
from utvandring.common.sql import path_literal
from utvandring.deliveries.ledger import read_ledger

POLARS_STEP = "Polars: person_year, lazy and streaming"
RESULT = "polars.parquet"


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
    frame.sink_parquet(data / RESULT, engine="streaming")


def differing(data: Path) -> int:
    """Count the rows of Polars that are not in the mart, and those of the mart that Polars has not."""
    with duckdb.connect(config=engine_settings()) as connection:
        connection.execute(f"attach {path_literal(data / 'warehouse.duckdb')} as warehouse (read_only)")
        polars = f"select {COMPARED} from read_parquet({path_literal(data / RESULT)})"
        mart = f"select {COMPARED} from warehouse.marts.person_year"
        row = connection.execute(
            f"select count(*) from (({polars} except all {mart}) union all ({mart} except all {polars}))"
        ).fetchone()
        assert row is not None
        return int(row[0])


def main() -> None:
    """Run both and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a data root that was built")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if arguments.step == POLARS_STEP:
        run_polars(data)
        return
    if find_spec("polars") is None:
        sys.exit("Polars is not installed: pip install polars.")
    environment: Mapping[str, str] = {**os.environ, "UTVANDRING_DATA": str(data), "POLARS_MAX_THREADS": "2"}
    run = str(PROJECT / "benchmarks" / "run.py")
    steps = [
        measure(
            "DuckDB: person_year by hand",
            [sys.executable, run, FLOOR_STEP, "--folder", str(data)],
            environment,
        ),
        measure(
            POLARS_STEP, [sys.executable, __file__, "--step", POLARS_STEP, "--data", str(data)], environment
        ),
    ]
    print(f"Rows that differ from the mart: by hand {compare(data):,}, Polars {differing(data):,}.\n")
    print(table_of(steps, steps[0], "DuckDB"))


if __name__ == "__main__":
    main()
