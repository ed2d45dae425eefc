"""Time and memory of the commands, as a Markdown table with machine, versions and date.

    python benchmarks/run.py floor --scale 1                # simulate, deliver, dbt build beside floors
    python benchmarks/run.py floor --majority --scale 0.1   # of the whole population
    python benchmarks/run.py years --scale 1 --folder DIR   # a new year, built by year and in full

Each step is a process of its own, measured by the operating system. Absolute times depend on the machine and
on its other work: quote ratios of steps that ran one after the other. `years` with the same folder goes on
where it stopped.
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
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
FLOOR = PROJECT / "benchmarks" / "person_year_floor.sql"
MODEL_FLOORS = PROJECT / "benchmarks" / "model_floors.py"
FLOOR_STEP = "floor: person_year by hand"
UTVANDRING = [sys.executable, "-m", "utvandring.cli"]
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


def table_of(steps: Iterable[Measured], base: Measured, name: str) -> str:
    """Return machine, versions, date, and the steps with their ratios to one of them, in Markdown."""
    lines = [
        f"{date.today()}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"DuckDB {version('duckdb')}, dbt {version('dbt-core')}.",
        "",
        f"| step | elapsed s | CPU s | peak GB | elapsed / {name} | CPU / {name} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for step in steps:
        lines.append(
            f"| {step.step} | {step.wall_s:.1f} | {step.cpu_s:.1f} | {step.peak_gb:.1f} "
            f"| {step.wall_s / base.wall_s:.1f} | {step.cpu_s / base.cpu_s:.1f} |"
        )
    return "\n".join(lines)


def floor(root: Path, scale: float, majority: bool) -> None:
    """Measure a delivery and its marts beside the floor, and the models that take longest beside theirs."""
    env = {**os.environ, "UTVANDRING_DATA": str(root)}
    dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet"]
    incoming = str(root / "incoming" / "simulated")
    target = ["--target-path", str(root / "target"), "--log-path", str(root / "logs")]
    population = ["--scale", str(scale), *(["--majority"] if majority else [])]
    steps = [
        measure("simulate", [*UTVANDRING, "simulate", "--out", incoming, *population], env),
        measure("deliver", [*UTVANDRING, "deliver", incoming], env),
        measure(
            "dbt build, marts and data tests",
            [*dbt, "build", "--exclude-resource-type", "unit_test", *target],
            env,
        ),
        measure(FLOOR_STEP, [sys.executable, __file__, FLOOR_STEP, "--folder", str(root)], env),
    ]
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        row = connection.execute("select count(*) from marts.person_year").fetchone()
        assert row is not None
    print(
        f"Scale {scale:g}, {row[0]:,} person-years; {compare(root):,} rows of the floor differ from the mart."
    )
    print(table_of(steps, steps[-1], "floor"))
    models = [str(MODEL_FLOORS), "--data", str(root)]
    measure("models beside their floors", [sys.executable, *models], env)


def years(root: Path, scale: float, last_year: int) -> None:
    """Measure a build of all years but the last, then the last year by year and in full; compare the two."""
    env = {**os.environ, "UTVANDRING_DATA": str(root / "data")}
    simulate = [
        "simulate",
        "--out",
        str(root / "incoming"),
        "--scale",
        str(scale),
        "--last-year",
        str(last_year),
    ]
    first, second = (str(root / "incoming" / f"{year}-03-01") for year in (last_year - 1, last_year))
    commands = {
        "simulate": [*simulate, "--yearly-from", str(last_year - 2)],
        "deliver all years but the last": ["deliver", first],
        "build, all years but the last": ["build"],
        "deliver the last year": ["deliver", second],
        "build by year": ["build"],
        "build in full": ["build", "--full-refresh"],
    }
    record = root / "steps.json"
    done = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    for step, command in commands.items():
        if step in done:
            continue
        measured = measure(step, [*UTVANDRING, "--quiet", *command], env)
        tables = published(root / "data") if command[0] == "build" else {}
        done[step] = {"measured": asdict(measured), "tables": tables}
        record.write_text(json.dumps(done), encoding="utf-8")
    by_year, in_full = (done[step]["tables"] for step in ("build by year", "build in full"))
    differ = sorted(
        name for name in by_year.keys() | in_full.keys() if by_year.get(name) != in_full.get(name)
    )
    steps = [Measured(**one["measured"]) for one in done.values()]
    print(
        f"Scale {scale:g}, last 1 January {last_year}; of {len(in_full)} tables differ: {differ or 'none'}."
    )
    print(table_of(steps, Measured(**done["build by year"]["measured"]), "by year"))


def published(data: Path) -> dict[str, list[str]]:
    """Return the number of rows and a checksum of every published table, by name."""
    with duckdb.connect(str(data / "published" / "utvandring.duckdb"), read_only=True) as connection:
        names = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        found = {}
        for (name,) in names:
            row = connection.execute(f"select count(*), sum(hash(this)) from {name} as this").fetchone()
            assert row is not None
            found[name] = [str(value) for value in row]
        return found


def main() -> None:
    """Measure one subject and print its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("subject", choices=["floor", "years", FLOOR_STEP])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--majority", action="store_true", help="the whole population, of floor")
    parser.add_argument("--last-year", type=int, default=2014, help="last 1 January, of years")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder if not named")
    arguments = parser.parse_args()
    if arguments.subject == FLOOR_STEP:
        run_floor(arguments.folder)
        return
    root = (arguments.folder or Path(tempfile.mkdtemp(prefix="utvandring-benchmark-"))).resolve()
    root.mkdir(exist_ok=True)
    os.chdir(PROJECT)
    try:
        if arguments.subject == "floor":
            floor(root, arguments.scale, arguments.majority)
        else:
            years(root, arguments.scale, arguments.last_year)
    finally:
        if arguments.folder is None:
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
