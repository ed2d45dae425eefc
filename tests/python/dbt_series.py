"""Builds of one data root, one after the other in one process, each over another ledger.

    python dbt_series.py ROOT LEDGER [--full] [LEDGER ...]

Models only, without disclosure control, and of the regressions (of 2009) the cells alone; the first run loads
the seeds as well. `--full` before a ledger builds it anew. After each build the tables are exported to
ROOT/exported/<number>/<schema>.<table>.parquet, rows in their order.
"""

import os
import shutil
import sys
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[2]


def build(root: Path, ledger: Path, *, full: bool, first: bool, manifest: object) -> object:
    """Build the models over a ledger; return the parsed project for the next build."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    shutil.copyfile(ledger, root / "accepted" / "ledger.json")
    runner = dbtRunner(manifest=manifest)
    if manifest is None:
        manifest = runner.invoke(["parse", "--quiet", *options(root)]).result
        runner = dbtRunner(manifest=manifest)
    kinds = ["model", "seed"] if first else ["model"]
    arguments = ["build", "--quiet", *options(root)]
    arguments += ["--vars", "{estimates_base_years: [2009]}"]
    arguments += ["--exclude", "path:models/intermediate/disclosure+", "path:models/estimates/survival+"]
    arguments += ["path:models/estimates/fits+", "path:models/estimates/descendants+"]
    arguments += [part for kind in kinds for part in ("--resource-type", kind)]
    done = runner.invoke([*arguments, *(["--full-refresh"] if full else [])])
    DuckDBConnectionManager.close_all_connections()
    if not done.success:
        sys.exit(f"the build over {ledger.name} failed: {done.exception or done.result}")
    made = root / "target" / "run" / "utvandring" / "models" / "marts" / "person_year" / "person_year.sql"
    if ("delete from" in made.read_text(encoding="utf-8")) is (first or full):
        sys.exit(f"the build over {ledger.name} was not {'full' if full or first else 'by year'}")
    return manifest


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
    manifest = None
    full = False
    number = 0
    for step in steps:
        if str(step) == "--full":
            full = True
            continue
        manifest = build(root, step, full=full, first=number == 0, manifest=manifest)
        export(root / "warehouse.duckdb", root / "exported" / str(number))
        number, full = number + 1, False


if __name__ == "__main__":
    main()
