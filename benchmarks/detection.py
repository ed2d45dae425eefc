"""How often a clean delivery is warned of, and which faults of a delivery are found.

    python benchmarks/detection.py clean    # twenty simulated series of yearly deliveries, as they are
    python benchmarks/detection.py faults   # detection.yml's faults, in the second delivery of three series
    python benchmarks/detection.py table    # both in Markdown, from the results so far

Everything happens in `--work` (default `target/detection`); each result is a line of JSON there, so that a
run goes on where it was stopped. Delete the folder after a change of the checks. A fault counts as found if a
check says something that it does not say of the same delivery without the fault. A hash decides whose rows
are changed, so that the same program gives the same table.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from utvandring.common.files import read_yaml
from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import identifier, literal, path_literal
from utvandring.deliveries.deliver import deliver
from utvandring.deliveries.verdict import Status
from utvandring.simulation import simulate_yearly

FAULTS = Path(__file__).with_suffix(".yml")
SCALE = 0.01
CLEAN_SEEDS = range(1, 21)
FAULT_SEEDS = range(1, 4)
FIRST_DELIVERY = 2011


def main() -> None:
    """Read the command line and do what it asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["clean", "faults", "table"])
    parser.add_argument("--work", type=Path, default=Path("target/detection"))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    {"clean": run_clean, "faults": run_faults, "table": print_tables}[arguments.what](arguments.work)


def run_clean(work: Path) -> None:
    """Deliver every series and note what each delivery is warned of."""
    for seed in CLEAN_SEEDS:
        if any(result["seed"] == seed for result in results(work, "clean")):
            continue
        root = work / f"root-{seed}"
        shutil.rmtree(root, ignore_errors=True)
        said = []
        for number, folder in enumerate(series(work, seed)):
            status, findings = judge(root, folder)
            said.append({"status": status, "findings": findings})
            if number == 0 and seed in FAULT_SEEDS:
                shutil.rmtree(work / f"before-{seed}", ignore_errors=True)
                shutil.copytree(root, work / f"before-{seed}")
        shutil.rmtree(root)
        note(work, "clean", {"seed": seed, "deliveries": said})
        if seed not in FAULT_SEEDS:
            shutil.rmtree(work / f"series-{seed}")


def run_faults(work: Path) -> None:
    """Put every fault at every size into the second delivery of some series, and note what is said of it."""
    run_clean(work)
    clean = {result["seed"]: result["deliveries"][1] for result in results(work, "clean")}
    done = {(result["fault"], result["size"], result["seed"]) for result in results(work, "faults")}
    for fault in read_yaml(FAULTS):
        for size in fault["sizes"]:
            for seed in FAULT_SEEDS:
                if (fault["fault"], size, seed) in done:
                    continue
                root, folder = work / "root-fault", work / "faulty"
                for path in (root, folder):
                    shutil.rmtree(path, ignore_errors=True)
                shutil.copytree(work / f"before-{seed}", root)
                shutil.copytree(series(work, seed)[1], folder)
                spoil(folder, fault, size)
                status, findings = judge(root, folder)
                usual = {(check, file) for check, file, _ in clean[seed]["findings"]}
                new = sorted({check for check, file, _ in findings if (check, file) not in usual})
                note(
                    work,
                    "faults",
                    {"fault": fault["fault"], "size": size, "seed": seed, "status": status, "checks": new},
                )


def series(work: Path, seed: int) -> list[Path]:
    """Return the folders of a simulated series of yearly deliveries, oldest first."""
    folder = work / f"series-{seed}"
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        simulate_yearly(folder, FIRST_DELIVERY, scale=SCALE, seed=seed)
        (folder / "whole").touch()
    return sorted(path for path in folder.iterdir() if path.is_dir())


def judge(root: Path, folder: Path) -> tuple[str, list[tuple[str, str, str]]]:
    """Deliver a folder; return the status and check, file and sentence of every refusal and warning."""
    verdict = deliver(DataRoot(root), folder, project_root())
    findings = [
        (finding.check, finding.file or "", finding.sentence())
        for finding in (*verdict.refusals, *verdict.warnings)
    ]
    return ("refused" if verdict.status is Status.REFUSED else "accepted"), findings


def spoil(folder: Path, fault: dict[str, Any], size: float) -> None:
    """Write the newest file of a register again with the fault, and its manifest."""
    manifest = json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
    entry = max(
        (entry for entry in manifest["files"] if entry["register"] == fault["register"]),
        key=lambda entry: int(entry["period"]),
    )
    path = folder / entry["path"]
    connection = duckdb.connect()
    connection.execute(
        f"create table delivered as select *, hash(personid) % 1000 < {1000 * size} as is_changed, "
        f"max(personid) over () as last_id from read_parquet({path_literal(path)})"
    )
    (population,) = folder.glob("befolkning_*.parquet")
    connection.execute(f"create view population as select * from read_parquet({path_literal(population)})")
    replaced = ", ".join(
        f"case when is_changed then {expression} else {identifier(column)} end as {identifier(column)}"
        for column, expression in fault.get("replace", {}).items()
    )
    columns = f"* exclude (is_changed, last_id){f' replace ({replaced})' if replaced else ''}"
    connection.execute(
        f"copy (select {columns} from delivered where {fault.get('keep', 'true')}) "
        f"to {literal(str(path))} (format parquet)"
    )
    ((entry["rows"],),) = connection.sql(
        f"select count(*) from read_parquet({path_literal(path)})"
    ).fetchall()
    entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "delivery.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def results(work: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield the results so far."""
    path = work / f"{name}.jsonl"
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def note(work: Path, name: str, result: dict[str, Any]) -> None:
    """Keep a result."""
    with (work / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(result, ensure_ascii=False) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "deliveries"}), file=sys.stderr)


def print_tables(work: Path) -> None:
    """Print both tables in Markdown."""
    clean = list(results(work, "clean"))
    later = [delivery for result in clean for delivery in result["deliveries"][1:]]
    first = [result["deliveries"][0] for result in clean]
    print(f"| clean deliveries of {len(clean)} series | number | refused | warnings: none | one | more |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, deliveries in (("the first, of all years", first), ("those that follow", later)):
        counts = [len(delivery["findings"]) for delivery in deliveries]
        refused = sum(delivery["status"] == "refused" for delivery in deliveries)
        rest = sum(count > 1 for count in counts)
        print(f"| {name} | {len(counts)} | {refused} | {counts.count(0)} | {counts.count(1)} | {rest} |")
    print("\n| fault | share of persons: found in, of 3 series | by |\n|---|---|---|")
    faults: dict[str, dict[float, list[dict[str, Any]]]] = {}
    for result in results(work, "faults"):
        faults.setdefault(result["fault"], {}).setdefault(result["size"], []).append(result)
    for fault, sizes in faults.items():
        found = []
        for size, runs in sizes.items():
            refused = all(run["status"] == "refused" for run in runs)
            number = sum(bool(run["checks"]) for run in runs)
            found.append(f"{100 * size:g} %: {number}{' (refused)' if refused else ''}")
        names = sorted({check for runs in sizes.values() for run in runs for check in run["checks"]})
        print(f"| {fault} | {', '.join(found)} | {', '.join(f'`{name}`' for name in names)} |")


if __name__ == "__main__":
    main()
