"""The whole of Norway by size: simulate, deliver and build, with peak memory, temporary disk and slopes.

    python benchmarks/whole.py --folder DIR --scales 0.01 0.03 0.1     # or: make whole
    python benchmarks/whole.py --folder DIR --scales 0.01 0.03 0.1 0.3 1 --memory 12GB --write

Every step is a process of its own. What is measured stays in the folder: with the same folder the command
goes on where it was stopped, and another scale is another row. `--write` puts the tables in their place in
`results.md`. Scale 1 has some 58 million person-years: it takes an hour of a quiet machine and 40 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import re
import shutil
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
from run import PROJECT, UTVANDRING, measure

from utvandring.common.project import DataRoot
from utvandring.deliveries.ledger import read_ledger

RESULTS = PROJECT / "benchmarks" / "results.md"
HEADING = "## The whole of Norway by size"
# What was asked for, and has to be said if it was not run.
WANTED = (0.01, 0.03, 0.1, 0.3, 1.0)
SHOWN_MODELS = 15
SECONDS_BETWEEN_LOOKS = 0.5
# Nodes that take less hardly say how they grow.
FEWEST_SECONDS = 0.5


class Disk(threading.Thread):
    """Looks at what the engine spills in a data root, until it is told to stop; `peak_gb` is the most."""

    def __init__(self, data: Path) -> None:
        super().__init__(daemon=True)
        self.data = data
        self.peak_gb = 0.0
        self.stopped = threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self.stopped.wait(SECONDS_BETWEEN_LOOKS):
            spilled = [self.data / "tmp", *self.data.glob("accepted/.staging-*/spill")]
            self.peak_gb = max(self.peak_gb, sum(map(gigabytes, spilled)))


def gigabytes(folder: Path) -> float:
    """Return the size of all files in a folder; files that go away meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total / 1e9


def run_scale(folder: Path, scale: float, memory: str, last_year: int) -> dict[str, Any]:
    """Simulate, deliver and build one scale, or go on with it; returns what was measured."""
    place = folder / f"{scale:g}"
    place.mkdir(parents=True, exist_ok=True)
    record = place / "measured.json"
    found: dict[str, Any] = json.loads(record.read_text("utf-8")) if record.exists() else {"scale": scale}
    incoming, data = place / "incoming", place / "data"
    env = {**os.environ, "UTVANDRING_DATA": str(data), "UTVANDRING_MEMORY": memory}
    simulate = ["simulate", "--majority", "--scale", str(scale), "--last-year", str(last_year)]
    commands = {
        "simulate": [*simulate, "--out", str(incoming)],
        "deliver": ["deliver", str(incoming)],
        "build": ["build"],
    }
    for step, command in commands.items():
        if step in found:
            continue
        if step == "simulate":
            shutil.rmtree(incoming, ignore_errors=True)
        temporary = Disk(data)
        temporary.start()
        measured = measure(f"scale {scale:g}: {step}", [*UTVANDRING, "--quiet", *command], env)
        temporary.stopped.set()
        found[step] = asdict(measured) | {"temporary_gb": temporary.peak_gb, "memory": memory}
        found[step] |= {"date": str(date.today())}
        if step == "deliver":
            files = read_ledger(DataRoot(data)).current_files().values()
            found["rows"] = sum(file.rows for file in files)
            found["delivery_gb"] = gigabytes(incoming)
        if step == "build":
            found["person_years"] = person_years(data)
            found["models"] = seconds_by_model(data)
        record.write_text(json.dumps(found), encoding="utf-8")
    return found


def person_years(data: Path) -> int:
    """Return the rows of the published `person_year`."""
    with duckdb.connect(str(data / "published" / "utvandring.duckdb"), read_only=True) as connection:
        row = connection.execute("select count(*) from marts.person_year").fetchone()
        return int(row[0]) if row else 0


def seconds_by_model(data: Path) -> dict[str, float]:
    """Return the elapsed seconds of every model in the last build, as dbt wrote them."""
    results = json.loads((data / "target" / "run_results.json").read_text("utf-8"))["results"]
    return {
        result["unique_id"].rpartition(".")[2]: float(result["execution_time"])
        for result in results
        if result["unique_id"].startswith("model.")
    }


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope of a line through the logarithms: 1 is twice the time for twice the size."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(one, 1e-3)) for one in seconds]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def tables(found: Sequence[dict[str, Any]], last_year: int) -> str:
    """Return what was measured in Markdown: a row a scale and step, slopes, and what was not run."""
    found = sorted(found, key=lambda one: one["scale"])
    memory = " and ".join(sorted({one["build"]["memory"] for one in found}))
    dates = sorted({one["build"]["date"] for one in found})
    lines = [
        f"`python benchmarks/whole.py`, {dates[0]}{f' to {dates[-1]}' if len(dates) > 1 else ''}, "
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, DuckDB "
        f"{version('duckdb')}, dbt {version('dbt-core')}; `simulate --majority --last-year {last_year}`, "
        f"`UTVANDRING_MEMORY` {memory}. One run each.",
        "",
        "| scale | step | person-years | raw rows | elapsed s | CPU s | rows a CPU second | peak GB "
        "| temporary disk, of the delivery |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        for step in ("simulate", "deliver", "build"):
            seen = one[step]
            cells = [
                f"{one['scale']:g}",
                step,
                f"{one['person_years']:,}",
                f"{one['rows']:,}",
                f"{seen['wall_s']:.0f}",
                f"{seen['cpu_s']:.0f}",
                f"{one['rows'] / seen['cpu_s']:,.0f}",
                f"{seen['peak_gb']:.1f}",
                f"{seen['temporary_gb'] / one['delivery_gb']:.1f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    if len(found) > 1:
        sizes = [one["person_years"] for one in found]
        lines += [
            "",
            "Slope of the logarithm of time over that of person-years (1: as much longer as there is more; "
            "below 1: a part does not grow), from "
            f"{found[0]['scale']:g} to {found[-1]['scale']:g}, and between the two largest:",
            "",
            "| | seconds, largest scale | slope, all | slope, two largest |",
            "|---|---:|---:|---:|",
        ]
        for step in ("simulate", "deliver", "build"):
            seconds = [one[step]["cpu_s"] for one in found]
            lines.append(slope_row(f"{step}, CPU", sizes, seconds))
        last = found[-1]["models"]
        common = [name for name in last if all(name in one["models"] for one in found)]
        for name in sorted(common, key=lambda name: -last[name])[:SHOWN_MODELS]:
            seconds = [one["models"][name] for one in found]
            if seconds[-1] >= FEWEST_SECONDS:
                lines.append(slope_row(f"`{name}`, elapsed", sizes, seconds))
    missing = [f"{scale:g}" for scale in WANTED if scale not in {one["scale"] for one in found}]
    if missing:
        lines += ["", f"Not run: scale {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def slope_row(name: str, sizes: Sequence[float], seconds: Sequence[float]) -> str:
    """Return a row of the table of slopes."""
    near = slope(sizes[-2:], seconds[-2:])
    return f"| {name} | {seconds[-1]:.1f} | {slope(sizes, seconds):.2f} | {near:.2f} |"


def write_section(page: Path, heading: str, text: str) -> None:
    """Put a text under a heading of a page, in place of what stands there; a new heading comes at the end."""
    before = page.read_text(encoding="utf-8")
    section = f"{heading}\n\n{text.rstrip()}\n\n"
    pattern = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    after = (
        pattern.sub(lambda _: section, before)
        if pattern.search(before)
        else f"{before.rstrip()}\n\n{section}"
    )
    page.write_text(f"{after.rstrip()}\n", encoding="utf-8")


def main() -> None:
    """Run the scales that are missing from the folder, and print the tables of all that it holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where to work, and to go on")
    parser.add_argument("--scales", type=float, nargs="*", default=list(WANTED[:3]))
    parser.add_argument("--memory", default=os.environ.get("UTVANDRING_MEMORY", "6GB"))
    parser.add_argument("--last-year", type=int, default=2014, help="last 1 January")
    parser.add_argument("--write", action="store_true", help="put the tables into results.md")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    os.chdir(PROJECT)
    for scale in arguments.scales:
        run_scale(folder, scale, arguments.memory, arguments.last_year)
    found = [json.loads(path.read_text("utf-8")) for path in folder.glob("*/measured.json")]
    complete = [one for one in found if "build" in one]
    if not complete:
        sys.exit(f"Nothing was measured in {folder}: name a scale, such as --scales 0.01.")
    text = tables(complete, arguments.last_year)
    print(text)
    if arguments.write:
        write_section(RESULTS, HEADING, text)


if __name__ == "__main__":
    main()
