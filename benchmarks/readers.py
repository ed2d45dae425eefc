"""Ten readers of the publication, without a build and during one: how long they wait, and what they read.

    python benchmarks/readers.py --data DIR     # of a data root that was built; it is built again in full

A reader is a process that opens the publication, asks the rates of `queries/` several times and closes it,
again and again, as a SQL client does. Within one opening every answer has to be the same, whatever is
published meanwhile. Without a build they read for as long as `--seconds` says, with one until it has ended.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
from run import UTVANDRING
from storage import QUERIES

from utvandring.common.engine import engine_settings

ASKED_IN_AN_OPENING = 3


def read(publication: Path, stop: Path) -> None:
    """Read until a file is there; print seconds by query, openings, and openings with different answers."""
    queries = {path.stem: path.read_text("utf-8") for path in sorted(QUERIES.glob("rate_*.sql"))}
    seconds: dict[str, list[float]] = {name: [] for name in queries}
    openings, mixed = 0, 0
    files = set()
    while not stop.exists():
        files.add(publication.stat().st_ino)
        answers: dict[str, set[str]] = {name: set() for name in queries}
        with duckdb.connect(str(publication), read_only=True, config=engine_settings()) as connection:
            connection.execute("use marts")
            for _ in range(ASKED_IN_AN_OPENING):
                for name, query in queries.items():
                    began = time.monotonic()
                    answer = connection.execute(query).fetchall()
                    seconds[name].append(time.monotonic() - began)
                    answers[name].add(str(answer))
        openings += 1
        mixed += any(len(different) > 1 for different in answers.values())
    print(json.dumps({"seconds": seconds, "openings": openings, "mixed": mixed, "files": len(files)}))


def readers(data: Path, number: int, seconds: float, build: bool) -> tuple[list[dict[str, Any]], float]:
    """Let readers read, with a build or without; returns what each of them saw, and for how long."""
    publication = data / "published" / "utvandring.duckdb"
    with tempfile.TemporaryDirectory(prefix="utvandring-readers-") as folder:
        stop = Path(folder) / "stop"
        command = [sys.executable, __file__, "--data", str(data), "--stop", str(stop)]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
        began = time.monotonic()
        if build:
            environment = {**os.environ, "UTVANDRING_DATA": str(data)}
            subprocess.run([*UTVANDRING, "--quiet", "build", "--full-refresh"], env=environment, check=True)
        else:
            time.sleep(seconds)
        took = time.monotonic() - began
        # The new publication is read as well.
        time.sleep(1)
        stop.touch()
        found = [json.loads(process.communicate()[0]) for process in started]
    if not publication.exists():
        sys.exit(f"There is no publication any more: {publication}.")
    return found, took


def main() -> None:
    """Measure readers without and with a build, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a data root that was built")
    parser.add_argument("--readers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30, help="how long to read without a build")
    parser.add_argument("--stop", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if arguments.stop:
        read(data / "published" / "utvandring.duckdb", arguments.stop)
        return
    print(
        f"{date.today()}, {os.cpu_count()} cores, {platform.machine()}, DuckDB {version('duckdb')}; "
        f"{arguments.readers} readers.\n\n"
        "| | seconds | query | answers | median s | longest s | openings | publications | openings with two "
        "answers |\n|---|---:|---|---:|---:|---:|---:|---:|---:|"
    )
    medians: dict[str, list[float]] = {}
    for build in (False, True):
        found, took = readers(data, arguments.readers, arguments.seconds, build)
        openings, mixed = (sum(one[name] for one in found) for name in ("openings", "mixed"))
        for query in found[0]["seconds"]:
            times = [second for one in found for second in one["seconds"][query]]
            medians.setdefault(query, []).append(median(times))
            print(
                f"| {'during a build' if build else 'without a build'} | {took:.0f} "
                f"| {query.replace('_', ' ')} | {len(times):,} | {median(times):.3f} | {max(times):.2f} "
                f"| {openings} | {max(one['files'] for one in found)} | {mixed} |"
            )
    times_as_long = {name: beside / alone for name, (alone, beside) in medians.items()}
    ratios = ", ".join(f"{name.replace('_', ' ')} {ratio:.1f}" for name, ratio in times_as_long.items())
    print(f"\nMedian during a build, of that without one: {ratios}.")


if __name__ == "__main__":
    main()
