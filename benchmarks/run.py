"""Time and memory of simulate, deliver and dbt build beside a hand-written floor.

    python benchmarks/run.py --scale 1

Each step is a process of its own, measured by the operating system. Absolute times depend on the machine
and on what else it does: quote the ratios to the floor, which was run on the same machine just after.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
FLOOR = PROJECT / "benchmarks" / "person_year_floor.sql"
COMPARED = """
    person_id, base_year, age, immigration_background, residence_years, municipality_code_2013,
    centrality_level, family_size, family_immigrants, outcome_centrality, outcome_county, emigration_date,
    emigration_country, returned_within_year, last_sign_of_life_year
"""


@dataclass(frozen=True)
class Measured:
    """One step as the operating system saw it: seconds, CPU seconds, peak memory in GB."""

    step: str
    wall_s: float
    cpu_s: float
    peak_gb: float


def measure(step: str, command: list[str], env: dict[str, str]) -> Measured:
    """Run a command to its end and measure it with its children."""
    print(f"{step} ...", file=sys.stderr, flush=True)
    started = time.monotonic()
    pid = os.posix_spawn(command[0], command, env)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{step} failed: {' '.join(command)}")
    return Measured(step, time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


def run_floor(root: Path) -> None:
    """Compute person_year by the floor script and check it against the mart."""
    accepted = root / "accepted"
    with duckdb.connect(
        str(root / "floor.duckdb"), config={"threads": 2, "memory_limit": "5GB"}
    ) as connection:
        connection.execute(f"attach '{root / 'warehouse.duckdb'}' as warehouse (read_only)")
        ledger = json.loads((accepted / "ledger.json").read_text())
        files: dict[str, list[str]] = {}
        for delivery in ledger["deliveries"]:
            for file in delivery["files"]:
                files.setdefault(file["register"], []).append(str(accepted / file["path"]))
        for register, paths in files.items():
            connection.execute(
                f"create macro register_{register}() as table select * from read_parquet({sorted(paths)!r})"
            )
        connection.execute(FLOOR.read_text())


def compare(root: Path) -> int:
    """Count the rows of the floor that differ from the mart."""
    with duckdb.connect(str(root / "floor.duckdb")) as connection:
        connection.execute(f"attach '{root / 'warehouse.duckdb'}' as warehouse (read_only)")
        query = (
            f"select count(*) from (select {COMPARED} from person_year except "
            f"select {COMPARED} from warehouse.marts.person_year)"
        )
        row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def main() -> None:
    """Measure every step and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=2016)
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.floor:
        run_floor(arguments.floor)
        return
    root = Path(tempfile.mkdtemp(prefix="utvandring-benchmark-"))
    try:
        env = {**os.environ, "UTVANDRING_DATA": str(root)}
        utvandring = [sys.executable, "-m", "utvandring.cli"]
        dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet"]
        incoming = str(root / "incoming" / "simulated")
        os.chdir(PROJECT)
        simulate = [
            "simulate",
            "--out",
            incoming,
            "--scale",
            str(arguments.scale),
            "--seed",
            str(arguments.seed),
        ]
        target = ["--target-path", str(root / "target"), "--log-path", str(root / "logs")]
        steps = [
            measure("simulate", [*utvandring, *simulate], env),
            measure("deliver", [*utvandring, "deliver", incoming], env),
            measure(
                "dbt build, marts and data tests",
                [*dbt, "build", "--exclude-resource-type", "unit_test", *target],
                env,
            ),
            measure("floor: person_year by hand", [sys.executable, __file__, "--floor", str(root)], env),
        ]
        floor = steps[-1]
        with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
            row = connection.execute("select count(*) from marts.person_year").fetchone()
            assert row is not None
        print(
            f"Scale {arguments.scale:g}, {row[0]:,} person-years, "
            f"{os.cpu_count()} cores, {platform.machine()}."
        )
        print(f"Rows of the floor that differ from the mart: {compare(root):,}.\n")
        print("| step | wall s | CPU s | peak GB | wall / floor | CPU / floor |")
        print("|---|---:|---:|---:|---:|---:|")
        for step in steps:
            print(
                f"| {step.step} | {step.wall_s:.1f} | {step.cpu_s:.1f} | {step.peak_gb:.1f} "
                f"| {step.wall_s / floor.wall_s:.1f} | {step.cpu_s / floor.cpu_s:.1f} |"
            )
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
