"""A whole build on Spark, measured, and what larger populations would need by it.

    UTVANDRING_DATA=DIR python benchmarks/spark_build.py run   # dbt build --target spark, no unit tests
    python benchmarks/spark_build.py needs DIR [DIR …]         # tables, and the needs by the two largest

`run` writes Spark's log of events and what it measured to `DIR/spark/measured`. Processor time of tasks and
bytes are those that Spark counts; processor time of the build is that of dbt and Java, start included.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import duckdb

from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import literal
from utvandring.spark.session import Settings

SECONDS_BETWEEN_LOOKS = 0.2
SHOWN_NODES = 12
POPULATIONS = (100e6, 1_000e6)
# Of the cluster that the needs are computed for: cores that work at a time, and their share of useful time.
CORES, BUSY_SHARE = 256, 0.5


def run(root):
    """Build, and write what was measured."""
    place = root.path / "spark" / "measured"
    events = place / "events"
    events.mkdir(parents=True, exist_ok=True)
    known = set(events.iterdir())
    options = {"enabled": "true", "compress": "false", "dir": events.absolute().as_uri()}
    submitted = " ".join(f"--conf spark.eventLog.{name}={value}" for name, value in options.items())
    begun = time.monotonic()
    build = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from dbt.cli.main import cli; cli()",
            "build",
            "--target",
            "spark",
            "--exclude-resource-type",
            "unit_test",
        ],
        cwd=project_root(),
        env={
            **os.environ,
            "UTVANDRING_DATA": str(root.path),
            "PYSPARK_SUBMIT_ARGS": f"{submitted} pyspark-shell",
        },
    )
    took = defaultdict(float)
    while build.poll() is None:
        for process, seconds in of_tree(build.pid).items():
            took[process] = max(took[process], seconds)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    measured = {
        "elapsed_s": time.monotonic() - begun,
        "cpu_s": sum(took.values()),
        "code": build.returncode,
        "partitions": os.environ.get("UTVANDRING_SPARK_PARTITIONS", "8"),
        "master": os.environ.get("UTVANDRING_SPARK_MASTER", "local[2]"),
    }
    for log in set(events.iterdir()) - known:
        measured |= tasks_of(log)
    if build.returncode == 0:
        measured |= size_of(Settings(root.path / "spark").published)
    (place / "measured.json").write_text(json.dumps(measured, indent=1), encoding="utf-8")
    print(json.dumps({name: value for name, value in measured.items() if name != "nodes"}, indent=1))
    return build.returncode


def of_tree(process):
    """Return the seconds of processor time of a process and of all that it started, by their numbers."""
    parents, seconds = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(stat.parent.name)
        parents[number] = int(fields[1])
        seconds[number] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    found = {}
    for number, took in seconds.items():
        above = number
        while above != process and above in parents:
            above = parents[above]
        if above == process:
            found[number] = took
    return found


def tasks_of(log):
    """Return sums over all tasks of a log of events, and by node of dbt."""
    files = sorted(log.glob("events_*")) if log.is_dir() else [log]
    nodes, node_of_stage = defaultdict(lambda: defaultdict(float)), {}
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                if event["Event"] == "SparkListenerJobStart":
                    name = (event.get("Properties") or {}).get("spark.job.description") or "other"
                    node_of_stage |= {stage: name for stage in event["Stage IDs"]}
                    nodes[name]["jobs"] += 1
                if event["Event"] == "SparkListenerTaskEnd" and (found := event.get("Task Metrics")):
                    sums = nodes[node_of_stage.get(event["Stage ID"], "other")]
                    sums["tasks"] += 1
                    sums["task_cpu_s"] += found["Executor CPU Time"] / 1e9
                    sums["written_bytes"] += found["Output Metrics"]["Bytes Written"]
                    sums["shuffled_bytes"] += found["Shuffle Write Metrics"]["Shuffle Bytes Written"]
                    sums["spilled_bytes"] += found["Disk Bytes Spilled"]
    total = defaultdict(float)
    for sums in nodes.values():
        for name, value in sums.items():
            total[name] += value
    return {**total, "nodes": nodes}


def size_of(published):
    """Return the persons and person-years of what was published."""
    files = literal(str(published / "marts" / "person_year" / "*.parquet"))
    persons, rows = duckdb.execute(
        f"select count(distinct person_id), count(*) from read_parquet({files})"
    ).fetchone()
    return {"persons": persons, "person_years": rows}


def needs(folders):
    """Print what was measured and what is computed from it."""
    files = [Path(folder) / "spark" / "measured" / "measured.json" for folder in folders]
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    found.sort(key=lambda one: one["person_years"])
    print(
        "| persons | person-years | elapsed s | CPU s | of it tasks | jobs | tasks | shuffled MB "
        "| written MB |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for one in found:
        sizes = [f"{one[name] / 1e6:,.0f}" for name in ("shuffled_bytes", "written_bytes")]
        counts = [f"{one[name]:,.0f}" for name in ("elapsed_s", "cpu_s", "task_cpu_s", "jobs", "tasks")]
        print(f"| {one['persons']:,} | {one['person_years']:,} | {' | '.join(counts + sizes)} |")
    last = found[-1]
    heaviest = sorted(last["nodes"].items(), key=lambda item: -item[1].get("task_cpu_s", 0))[:SHOWN_NODES]
    print("\n| node | task CPU s | shuffled MB |\n|---|---:|---:|")
    for name, sums in heaviest:
        print(
            f"| {name.rpartition('.')[2] if name.startswith('model') else name} "
            f"| {sums.get('task_cpu_s', 0):.1f} | {sums.get('shuffled_bytes', 0) / 1e6:.1f} |"
        )
    if len(found) > 1:
        print_needs(found[-2], last)


def print_needs(smaller, larger):
    """Print the needs of larger populations: a line through two sizes."""
    print("\n| persons | task CPU hours | shuffled TB | written TB | hours |")
    print("|---:|---:|---:|---:|---:|")
    for persons in POPULATIONS:
        computed = {
            name: larger[name]
            + (larger[name] - smaller[name])
            / (larger["persons"] - smaller["persons"])
            * (persons - larger["persons"])
            for name in ("task_cpu_s", "shuffled_bytes", "written_bytes")
        }
        hours = computed["task_cpu_s"] / 3600
        print(
            f"| {persons:,.0f} | {hours:,.0f} | {computed['shuffled_bytes'] / 1e12:.2f} "
            f"| {computed['written_bytes'] / 1e12:.2f} "
            f"| {hours / (CORES * BUSY_SHARE):.1f} |"
        )


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "needs"])
    parser.add_argument("folders", nargs="*")
    arguments = parser.parse_args()
    if arguments.what == "run":
        sys.exit(run(DataRoot.from_environment()))
    needs(arguments.folders)


if __name__ == "__main__":
    main()
