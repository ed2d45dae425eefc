"""Where the time went in the last build and the last tests, as Markdown tables.

    python benchmarks/profiling.py            # or: make profile

Reads what dbt and pytest record anyway and runs neither: `target/run_results.json` in the data root (`data/`
or what `UTVANDRING_DATA` names), which every build writes, and `target/tests.xml` and `target/tests-long.xml`
in the checkout, which `make test` and `make test-all` write. Nodes and tests run two at a time: their seconds
add up to more than went by.
"""

from __future__ import annotations

import argparse
import json
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from utvandring.common.project import DataRoot, project_root

SLOWEST_NODES, SLOWEST_TESTS = 25, 30
RECORDS = ("tests.xml", "tests-long.xml")


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str | float]]) -> str:
    """Return a Markdown table; seconds get one decimal."""
    shown = [[f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    lines = [head, ["---:" if name in ("nodes", "tests", "seconds") else "---" for name in head], *shown]
    return "\n".join([f"## {title}", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def sums(seconds: Iterable[tuple[str, float]]) -> list[tuple[str, int, float]]:
    """Return how many there are of each kind and the seconds they took, the longest first."""
    by_kind: dict[str, list[float]] = defaultdict(list)
    for kind, took in seconds:
        by_kind[kind].append(took)
    rows = [(kind, len(all_took), sum(all_took)) for kind, all_took in by_kind.items()]
    return sorted(rows, key=lambda row: -row[2])


def phases(run: dict[str, Any], publication: Path) -> list[tuple[str, float]]:
    """Return the seconds of what came one after the other in a build.

    dbt's own clock starts when the project has been read, so reading it is not in here.
    """
    times = [time for result in run["results"] for time in result["timing"]]
    began = moment(run["metadata"]["invocation_started_at"])
    ended = moment(run["metadata"]["generated_at"])
    first = min((moment(time["started_at"]) for time in times), default=ended)
    last = max((moment(time["completed_at"]) for time in times), default=ended)
    rows = [
        ("from the start of dbt build to the first node", first - began),
        ("the nodes", last - first),
        ("from the last node to the end of dbt build", ended - last),
    ]
    # A build that changed nothing, or only a part of it, leaves the publication as it was.
    if publication.is_file() and (published := publication.stat().st_mtime) > ended:
        rows.append(("from there to the publication", published - ended))
    return rows


def moment(written: str) -> float:
    """Return a time that dbt wrote, in seconds since 1970."""
    return datetime.fromisoformat(written.replace("Z", "+00:00")).timestamp()


def profile_build(results: Path, publication: Path) -> str:
    """Return the tables of one build."""
    run = json.loads(results.read_text(encoding="utf-8"))
    nodes = [
        (kind, name, float(result["execution_time"]))
        for result in run["results"]
        for kind, name in [result["unique_id"].split(".", 1)]
    ]
    # utvandring.int_labour__status or, of a data test, utvandring.unique_person_id.0123456789
    slowest = sorted(nodes, key=lambda node: -node[2])[:SLOWEST_NODES]
    shown = [(name.split(".", 1)[1], kind, took) for kind, name, took in slowest]
    return "\n".join(
        [
            f"# The build that ended {run['metadata']['generated_at'][:19]}: {run['elapsed_time']:.1f} s\n",
            table("Phases", ("phase", "seconds"), phases(run, publication)),
            table(
                "Nodes by kind", ("kind", "nodes", "seconds"), sums((kind, took) for kind, _, took in nodes)
            ),
            table(f"Slowest {len(shown)} nodes", ("node", "kind", "seconds"), shown),
        ]
    )


def profile_tests(records: Sequence[Path]) -> str:
    """Return the tables of one or more runs of pytest."""
    suites = [suite for record in records for suite in ElementTree.parse(record).iter("testsuite")]
    tests = [
        # tests.python.builds.test_build or, of a test in a class, tests.python.builds.test_build.TestCase
        (
            case.get("classname", "").removeprefix("tests.python."),
            case.get("name", ""),
            float(case.get("time", 0)),
        )
        for suite in suites
        for case in suite.iter("testcase")
    ]
    runs = ", ".join(
        f"{record.name} of {suite.get('timestamp', '')[:19]} {float(suite.get('time', 0)):.0f} s"
        for record, suite in zip(records, suites, strict=True)
    )
    slowest = sorted(tests, key=lambda test: -test[2])[:SLOWEST_TESTS]
    return "\n".join(
        [
            f"# The tests: {runs}\n",
            "The first test that needs something built waits for it, and has that time as well.\n",
            table(
                "Tests by file", ("file", "tests", "seconds"), sums((file, took) for file, _, took in tests)
            ),
            table(
                f"Slowest {len(slowest)} tests",
                ("test", "file", "seconds"),
                [(n, f, s) for f, n, s in slowest],
            ),
        ]
    )


def main() -> int:
    """Print what there is; say what is missing and what to run. Exit code 1 if there is nothing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    root, target = DataRoot.from_environment(), project_root() / "target"
    results = root.target / "run_results.json"
    records = [target / name for name in RECORDS if (target / name).is_file()]
    if results.is_file():
        print(profile_build(results, root.publication))
    else:
        print(f"No build is recorded: {results} is missing. Run make build.", file=sys.stderr)
    if records:
        print(profile_tests(records))
    else:
        print(f"No tests are recorded: {target / RECORDS[0]} is missing. Run make test.", file=sys.stderr)
    return 0 if results.is_file() or records else 1


if __name__ == "__main__":
    sys.exit(main())
