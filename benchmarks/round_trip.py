"""Whether templates give back what extracts of their layouts were made of: in every cell, and in the marts.

    python benchmarks/round_trip.py EXTRACT ... [--work DIR]

An EXTRACT is a folder with `layout.json` (its `layout`: A0, B or C), `extract/`, the files as they would be
sent, and `expected/`, the delivery that a right import gives. Each is imported with the template of its
layout as it is, compared with `expected/`, and both are delivered and made into marts by the models as dbt
compiles them. A row of a table is printed for each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import duckdb

from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import identifier, path_literal
from utvandring.deliveries.deliver import deliver
from utvandring.deliveries.verdict import Status
from utvandring.importing.making import make_import
from utvandring.importing.running import run_import

PROJECT = project_root()
sys.path.append(str(PROJECT / "tests/python"))

from dbt_server import COMPILED, DbtServer, read_project  # noqa: E402

TEMPLATES = {"A0": "tsd-csv", "B": "stata-institute", "C": "latin1-spells"}
MARTS = ("marts.person_year", "marts.migration_event", "marts.family_year")
# A hash of all that is said of an event: an import says more, such as that it was inferred.
UNLIKE = {"marts.migration_event": "event_id"}


def main() -> None:
    """Read the command line, and print a row for each extract; the code is 1 if anything differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("extracts", type=Path, nargs="+", metavar="EXTRACT")
    parser.add_argument("--work", type=Path, default=Path("target/round-trip"))
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "dbt" / COMPILED).exists():
        read_project(work / "dbt")
    server_folder = work / "server"
    shutil.rmtree(server_folder, ignore_errors=True)
    server_folder.mkdir()
    dbt = DbtServer(server_folder, work / "dbt")
    print("| extract | files | cells that differ: rows missing, too many | mart: rows, rows that differ |")
    print("|---|---:|---|---|")
    is_right = True
    try:
        for extract in arguments.extracts:
            is_right &= one(extract, work, dbt)
    finally:
        dbt.close()
    sys.exit(not is_right)


def one(extract: Path, work: Path, dbt: DbtServer) -> bool:
    """Import an extract and compare it with what is expected; say whether all is equal."""
    layout = json.loads((extract / "layout.json").read_text("utf-8"))
    mine, out = work / f"import-{extract.name}", work / f"{extract.name}-imported"
    for folder in (mine, out):
        shutil.rmtree(folder, ignore_errors=True)
    make_import(TEMPLATES[layout["layout"]], mine, PROJECT)
    run_import(mine, extract / "extract", out, PROJECT)
    files, cells = compare_files(extract / "expected", out, layout.get("compare", {}))
    marts = compare_marts(*(marts_of(delivery, work, dbt) for delivery in (extract / "expected", out)))
    told = ", ".join(f"{mart}: {rows:,}, {different:,}" for mart, (rows, different) in marts.items())
    print(f"| {extract.name} | {files} | {cells[0]:,}, {cells[1]:,} | {told} |", flush=True)
    return not any(cells) and not any(different for _, different in marts.values())


def compare_files(
    expected: Path, out: Path, compare: dict[str, dict[str, list[str]]]
) -> tuple[int, list[int]]:
    """Return the number of files, and the rows of them that are missing or too many."""
    free = compare.get("columns where NULL and any value are both right", {})
    sides = [
        {
            (file["register"], str(file["period"])): folder / file["path"]
            for file in json.loads((folder / "delivery.json").read_text("utf-8"))["files"]
        }
        for folder in (expected, out)
    ]
    cells = [0, 0]
    with duckdb.connect() as connection:
        for place, (one_side, other_side) in enumerate((sides, sides[::-1])):
            for key, path in one_side.items():
                like = path_literal(sides[0].get(key, path))
                described = connection.execute(f"describe from {like}").fetchall()
                kinds = {name: kind for name, kind, *_ in described}
                names = [name for name in kinds if name not in free.get(key[0], [])]
                mine = rows_of(connection, path, names, kinds)
                query = mine if key not in other_side else (
                    f"{mine} except {rows_of(connection, other_side[key], names, kinds)}"
                )  # fmt: skip
                row = connection.execute(f"select count(*) from ({query})").fetchone()
                cells[place] += row[0] if row else 0
    return len(sides[0]), cells


def rows_of(
    connection: duckdb.DuckDBPyConnection, path: Path, names: list[str], kinds: dict[str, str]
) -> str:
    """Return the query of some columns of a file; a column that it does not have is NULL."""
    described = connection.execute(f"describe from {path_literal(path)}").fetchall()
    present = {row[0] for row in described}
    terms = [
        f"cast({identifier(name) if name in present else 'null'} as {kinds[name]}) as {identifier(name)}"
        for name in names
    ]
    return f"select {', '.join(terms)} from {path_literal(path)}"


def marts_of(delivery: Path, work: Path, dbt: DbtServer) -> Path:
    """Deliver and make the marts; return the warehouse."""
    copy, folder = (
        work / f"{delivery.parent.name}-delivery",
        work / f"root-{delivery.parent.name}-{delivery.name}",
    )
    for path in (copy, folder):
        shutil.rmtree(path, ignore_errors=True)
    # Expected deliveries are read-only, and named alike.
    shutil.copytree(delivery, copy, copy_function=shutil.copyfile)
    root = DataRoot(folder)
    verdict = deliver(root, copy, PROJECT)
    if verdict.status is Status.REFUSED:
        sys.exit("\n".join(finding.sentence() for finding in verdict.refusals))
    dbt.seed(root.path)
    dbt.make(root.path, *MARTS)
    return root.warehouse


def compare_marts(expected: Path, imported: Path) -> dict[str, tuple[int, int]]:
    """Return, for each mart, its rows and those that only one of two warehouses has."""
    found = {}
    with duckdb.connect() as connection:
        for name, path in (("expected", expected), ("imported", imported)):
            connection.execute(f"attach {path_literal(path)} as {name} (read_only)")
        for mart in MARTS:
            columns = f"* exclude ({UNLIKE[mart]})" if mart in UNLIKE else "*"
            different = 0
            for first, second in (("expected", "imported"), ("imported", "expected")):
                row = connection.execute(
                    f"select count(*) from (select {columns} from {first}.{mart} except all "
                    f"select {columns} from {second}.{mart})"
                ).fetchone()
                different += row[0] if row else 0
            row = connection.execute(f"select count(*) from expected.{mart}").fetchone()
            found[mart.removeprefix("marts.")] = (row[0] if row else 0, different)
    return found


if __name__ == "__main__":
    main()
