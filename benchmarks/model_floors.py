"""The models that take longest, each beside its floor: a hand-written query over the same tables, same rows.

    python benchmarks/model_floors.py --data DIR            # of a data root that was built once, in full
    python benchmarks/model_floors.py --data DIR --only presence family_year
    python benchmarks/run.py floor --majority --scale 0.1   # simulates, delivers and builds before

A floor (`floor/<model>.sql`) reads the tables that the model reads; of a view that the model reads it writes
out what it needs. Both are run in processes of their own, one after the other, each into a new file, several
times; the least counts. What dbt adds (contract, comments, hooks) is in neither.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from utvandring.common.engine import engine_settings
from utvandring.common.sql import path_literal

FLOORS = Path(__file__).resolve().parent / "floor"
REPEATS = 3


def compiled(data: Path, model: str) -> str:
    """Return the query of a model as the last build of a data root compiled it."""
    found = list((data / "target" / "compiled").rglob(f"models/**/{model}.sql"))
    if len(found) != 1:
        sys.exit(
            f"{data} holds no compiled {model}: build it in full first (utvandring build --full-refresh)."
        )
    return found[0].read_text(encoding="utf-8")


def run(data: Path, query: str, result: Path) -> None:
    """Write the rows of a query into a new file; print seconds, processor seconds and peak GB as JSON."""
    with duckdb.connect(str(result), config=engine_settings()) as connection:
        connection.execute(f"attach {path_literal(data / 'warehouse.duckdb')} as warehouse (read_only)")
        began, cpu = time.monotonic(), time.process_time()
        connection.execute(f"create table result as {query}")
        connection.execute("checkpoint")
        took = (time.monotonic() - began, time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps([*took, peak]))


def in_a_process(data: Path, *arguments: str) -> Any:
    """Return what this file prints with `--run`: a process is born with the peak memory of its parent."""
    command = [sys.executable, __file__, "--data", str(data), "--run", *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def differing(one: Path, other: Path) -> int:
    """Count the rows that are in one result and not in the other, both ways."""
    with duckdb.connect(config=engine_settings()) as connection:
        connection.execute(f"attach {path_literal(one)} as one (read_only)")
        connection.execute(f"attach {path_literal(other)} as other (read_only)")
        row = connection.execute(
            "select count(*) from ((from one.result except all from other.result) "
            "union all (from other.result except all from one.result))"
        ).fetchone()
        assert row is not None
        return int(row[0])


def compare(data: Path, models: Sequence[str], repeats: int) -> str:
    """Measure models and floors; returns a table in Markdown."""
    lines = [
        f"{date.today()}, {os.cpu_count()} cores, {platform.machine()}, DuckDB {version('duckdb')}; "
        f"least of {repeats} runs of each, by turns.",
        "",
        "| model | rows that differ | CPU s | floor | CPU / floor | elapsed s | floor | peak GB | floor |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(prefix="utvandring-floors-") as folder:
        for model in models:
            results = {kind: Path(folder) / f"{kind}.duckdb" for kind in ("model", "floor")}
            runs: dict[str, list[list[float]]] = {kind: [] for kind in results}
            for _ in range(repeats):
                for kind, result in results.items():
                    print(f"{model}: {kind} ...", file=sys.stderr, flush=True)
                    result.unlink(missing_ok=True)
                    runs[kind].append(in_a_process(data, kind, model, str(result)))
            wall, cpu, peak = zip(
                *([min(run) for run in zip(*runs[k], strict=True)] for k in runs), strict=True
            )
            different = in_a_process(data, "compare", *map(str, results.values()))
            lines.append(
                f"| `{model}` | {different:,} | {cpu[0]:.2f} | {cpu[1]:.2f} | {cpu[0] / cpu[1]:.2f} "
                f"| {wall[0]:.2f} | {wall[1]:.2f} | {peak[0]:.2f} | {peak[1]:.2f} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure all floors, or some, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a data root that was built in full")
    parser.add_argument("--only", nargs="+", help="these models alone")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if arguments.run:
        kind, *names = arguments.run
        if kind == "compare":
            print(differing(*map(Path, names)))
            return
        query = (
            compiled(data, names[0]) if kind == "model" else (FLOORS / f"{names[0]}.sql").read_text("utf-8")
        )
        run(data, query, Path(names[1]))
        return
    models = arguments.only or sorted(path.stem for path in FLOORS.glob("*.sql"))
    print(compare(data, models, arguments.repeats))


if __name__ == "__main__":
    main()
