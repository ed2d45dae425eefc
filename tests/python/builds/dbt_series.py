"""Builds of one data root, one after the other in one process, each over another ledger.

    python dbt_series.py ROOT LEDGER [--full] [LEDGER ...]

Models only, without disclosure control, and of the regressions (of 2009) the cells alone; the first run loads
the seeds as well. `--full` before a ledger builds it in full.
After each build its tables are in ROOT/exported/<number>/<schema>.<table>.parquet, rows in order.
A line of output for each build names the models that it left alone.
"""

import gc
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb

from utvandring.builds.dbt_process import COLLECTION_THRESHOLD, run

PROJECT = Path(__file__).resolve().parents[3]
# Said when the project is read as well: the last year that a model reads is worked out then.
VARIABLES = ("--vars", "{estimates_base_years: [2009]}")


def build(dbt: Any, root: Path, ledger: Path, *, full: bool, first: bool) -> None:
    """Build the models over a ledger."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    shutil.copyfile(ledger, root / "accepted" / "ledger.json")
    if dbt.manifest is None:
        dbt.manifest = run(dbt, "parse", "--quiet", *options(root), *VARIABLES)
    kinds = ["model", "seed"] if first else ["model"]
    arguments = [*options(root), "--quiet", *VARIABLES]
    arguments += ["--exclude", "path:models/intermediate/disclosure+", "path:models/estimates/survival+"]
    arguments += ["path:models/estimates/fits+", "path:models/estimates/descendants+"]
    arguments += [part for kind in kinds for part in ("--resource-type", kind)]
    results = run(dbt, "build", *arguments, *(["--full-refresh"] if full else []))
    print(*(result.node.name for result in results if result.message == "UNCHANGED"), flush=True)
    DuckDBConnectionManager.close_all_connections()
    made = root / "target" / "run" / "utvandring" / "models" / "marts" / "person_year" / "person_year.sql"
    if ("delete from" in made.read_text(encoding="utf-8")) is (first or full):
        sys.exit(f"the build over {ledger.name} was not {'full' if full or first else 'by year'}")


def options(root: Path) -> list[str]:
    """Return where dbt finds the project and leaves its artefacts."""
    found = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--no-send-anonymous-usage-stats"]
    return [*found, "--target-path", str(root / "target"), "--log-path", str(root / "logs")]


def export(database: Path, folder: Path) -> None:
    """Write every table of the warehouse as Parquet, rows in their order."""
    folder.mkdir(parents=True)
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name <> 'builds'"
        ).fetchall()
        for schema, name in tables:
            connection.execute(f"copy {schema}.{name} to '{folder}/{schema}.{name}.parquet'")


def main() -> None:
    """Build and export over every ledger that is named."""
    root, *steps = map(Path, sys.argv[1:])
    os.environ["UTVANDRING_DATA"] = str(root)
    os.chdir(PROJECT)
    gc.set_threshold(COLLECTION_THRESHOLD)
    from dbt.cli.main import dbtRunner

    dbt = dbtRunner()
    full = False
    number = 0
    for step in steps:
        if str(step) == "--full":
            full = True
            continue
        build(dbt, root, step, full=full, first=number == 0)
        export(root / "warehouse.duckdb", root / "exported" / str(number))
        number, full = number + 1, False


if __name__ == "__main__":
    main()
