"""What becomes of the marts where an extract lacks a column or a register: by building without each of them.

    python benchmarks/losses.py run      # a build without any loss, then one without each; goes on where it was stopped
    python benchmarks/losses.py run --backwards    # beside it, from the other end
    python benchmarks/losses.py write    # consequences.yml of the imports and the table in docs/import.md, from the results

Everything happens in `--work` (default `target/losses`): one line of JSON there for each loss. Delete the folder
after a change of the models. The delivery is simulated (`SCALE`), with citizenship beside it. A column is unknown if it
is NULL in every row of a build without the loss; the share beside another column is that of the rows whose value is
not found again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from utvandring.builds.building import Request, build
from utvandring.common.files import read_yaml
from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import identifier, path_literal
from utvandring.deliveries.deliver import deliver
from utvandring.deliveries.specification import read_specification
from utvandring.deliveries.verdict import Status
from utvandring.importing.consequences import CONSEQUENCES, read_losses, table_of_losses
from utvandring.importing.running import run_import
from utvandring.simulation import simulate

PROJECT = project_root()
OTHERS = Path(__file__).with_suffix(".yml")
INFERRED = Path(__file__).with_name("inferred_events")
GUIDE = PROJECT / "docs/import.md"
SCALE, SEED = 0.01, 1
DELIVERY = "2014-03-01"
# Marts with a row for each person, family or event, and what a row is known by; of the others only the rows are compared.
ROWS = {
    "person_year": ("person_id", "base_year"),
    "family_year": ("family_id", "reference_year"),
    "migration_event": ("person_id", "event_type", "event_date"),
    "immigration_spell": ("person_id", "stay_number"),
}
# A hash of everything that the register says, not a fact.
HASHES = ("event_id",)


@dataclass(frozen=True)
class Case:
    """A loss: a register, and the column or the part of its meaning that is gone."""

    register: str
    column: str | None = None
    says: str | None = None
    replace: dict[str, str] = field(default_factory=dict)
    inferred: bool = False
    told_by: str | None = None

    @property
    def key(self) -> str:
        """Its words in the table."""
        return self.says or (f"`{self.register}.{self.column}`" if self.column else f"the register `{self.register}`")


def cases() -> list[Case]:
    """Return every loss, in the order of the table."""
    registers = read_specification(PROJECT).registers.values()
    columns = [
        Case(register.name, column.name)
        for register in registers
        for column in register.columns
        if column.nullable and column.required_where is None
        and (not column.is_optional or column.name == "statsborgerskap")
    ]
    optional = [Case(register.name) for register in registers if not register.required]
    return [*columns, *(Case(**entry) for entry in read_yaml(OTHERS)), *optional]


def main() -> None:
    """Read the command line and do what it asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "write"])
    parser.add_argument("--work", type=Path, default=Path("target/losses"))
    parser.add_argument("--backwards", action="store_true", help="begin with the last loss")
    arguments = parser.parse_args()
    if arguments.what == "write":
        write(arguments.work)
        return
    arguments.work.mkdir(parents=True, exist_ok=True)
    for case in reversed(cases()) if arguments.backwards else cases():
        if case.key not in {result["loss"] for result in results(arguments.work)}:
            note(arguments.work, measure(case, arguments.work))


def measure(case: Case, work: Path) -> dict[str, Any]:
    """Build without something, and say what differs from the build that has everything."""
    mine = work / f"lossy-{os.getpid()}"
    whole, folder, root = whole_build(work), mine / DELIVERY, (mine / "root").absolute()
    shutil.copytree(work / "whole" / DELIVERY, folder)
    try:
        lose(case, folder, mine)
        built(DataRoot(root), folder)
        return {"loss": case.key} | differences(whole.warehouse, DataRoot(root).warehouse)
    finally:
        shutil.rmtree(mine)


def whole_build(work: Path) -> DataRoot:
    """Return the data root in which nothing is lost, built the first time."""
    root, folder = DataRoot((work / "root-whole").absolute()), work / "whole" / DELIVERY
    if not (work / "whole-is-built").exists():
        for path in (folder.parent, root.path):
            shutil.rmtree(path, ignore_errors=True)
        simulate(folder, scale=SCALE, seed=SEED)
        # The simulation delivers no citizenship: here it is the country of birth, as for many.
        persons = sorted(folder.glob("person_p*.parquet"))[-1]
        rewrite(
            folder,
            "befolkning",
            f"select own.*, born.fodeland as statsborgerskap from own left join read_parquet({path_literal(persons)}) "
            "as born using (personid)",
        )
        built(root, folder)
        (work / "whole-is-built").touch()
    return root


def lose(case: Case, folder: Path, aside: Path) -> None:
    """Take what is lost out of a delivery."""
    if case.inferred:
        made = aside / "inferred"
        run_import(INFERRED, folder, made, PROJECT)
        forget(folder, case.register)
        for path in made.glob(f"{case.register}_p*.parquet"):
            shutil.copy(path, folder)
        adopt(folder, made, case.register)
    elif case.replace:
        added = [name for name in case.replace if name.endswith("_presisjon")]
        kept = ", ".join(f"{sql} as {identifier(name)}" for name, sql in case.replace.items() if name not in added)
        new = "".join(f", {case.replace[name]} as {identifier(name)}" for name in added)
        rewrite(folder, case.register, f"select * replace ({kept}){new} from own")
    elif case.column:
        rewrite(folder, case.register, f"select * exclude ({identifier(case.column)}) from own")
    else:
        forget(folder, case.register)


def manifest_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "delivery.json").read_text("utf-8"))
    return content


def keep(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "delivery.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def rewrite(folder: Path, register: str, query: str) -> None:
    """Write every file of a register again as a query gives it; the file is `own` there."""
    manifest = manifest_of(folder)
    for entry in manifest["files"]:
        if entry["register"] == register:
            path, new = folder / entry["path"], folder / "new.parquet"
            duckdb.sql(
                f"copy (with own as (from read_parquet({path_literal(path)})) {query}) to {path_literal(new)}"
            )
            new.replace(path)
            entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    keep(folder, manifest)


def forget(folder: Path, register: str) -> None:
    """Take a register out of a delivery."""
    manifest = manifest_of(folder)
    for entry in manifest["files"]:
        if entry["register"] == register:
            (folder / entry["path"]).unlink()
    manifest["files"] = [entry for entry in manifest["files"] if entry["register"] != register]
    keep(folder, manifest)


def adopt(folder: Path, made: Path, register: str) -> None:
    """List the files of a register that another delivery brought."""
    manifest = manifest_of(folder)
    manifest["files"] += [entry for entry in manifest_of(made)["files"] if entry["register"] == register]
    keep(folder, manifest)


def built(root: DataRoot, folder: Path) -> None:
    """Deliver and build, with every test of the data."""
    verdict = deliver(root, folder, PROJECT)
    if verdict.status is Status.REFUSED:
        sys.exit("\n".join(finding.sentence() for finding in verdict.refusals))
    build(root, PROJECT, Request())


def differences(before: Path, after: Path) -> dict[str, Any]:
    """Compare two warehouses.

    Returns
    -------
    dict
        `empty`: tables without a row; `unknown`: columns that are NULL in every row; `weaker`: columns with the share
        of rows whose value is not found again; `gone`: marts with the share of rows that are not; `figures`: other
        tables whose rows differ.
    """
    found: dict[str, Any] = {"empty": [], "unknown": [], "weaker": {}, "gone": {}, "figures": []}
    with duckdb.connect() as connection:
        for name, path in (("before", before), ("after", after)):
            connection.execute(f"attach {path_literal(path)} as {name} (read_only)")
        for schema, table, columns in tables_of(connection):
            one, other = f"before.{schema}.{identifier(table)}", f"after.{schema}.{identifier(table)}"
            rows, left = number(connection, f"from {one}"), number(connection, f"from {other}")
            if rows and not left:
                found["empty"].append(table)
            elif table not in ROWS:
                if number(connection, f"select * from {one} except all select * from {other}") or rows != left:
                    found["figures"].append(table)
            else:
                compare_rows(connection, table, one, other, columns, found)
    return found


def compare_rows(
    connection: duckdb.DuckDBPyConnection, table: str, one: str, other: str, columns: list[str], found: dict[str, Any]
) -> None:
    """Compare a mart of persons, families or events column by column."""
    keys = ", ".join(map(identifier, ROWS[table]))
    rows = number(connection, f"from {one}")
    gone = number(connection, f"select {keys} from {one} except all select {keys} from {other}")
    if gone:
        found["gone"][table] = gone / rows
    for column in columns:
        if column in (*ROWS[table], *HASHES):
            continue
        name = identifier(column)
        known, still = (
            number(connection, f"from {where} where {name} is not null") for where in (one, other)
        )
        both = f"{keys}, {name}"
        changed = number(connection, f"select {both} from {one} except all select {both} from {other}") - gone
        said = column if table == "person_year" else f"{table}.{column}"
        if known and not still:
            found["unknown"].append(said)
        elif changed > 0:
            found["weaker"][said] = changed / rows


def tables_of(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, list[str]]]:
    """Return schema, name and columns of the compared tables."""
    return connection.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = 'before' and schema_name in ('marts', 'estimates') group by all order by all"
    ).fetchall()


def number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(f"select count(*) from ({query})").fetchone()
    return int(row[0]) if row else 0


def write(work: Path) -> None:
    """Write what was measured: for `--check` and the page of an import, and as the table of the guide."""
    measured = {result["loss"]: result for result in results(work)}
    entries = []
    for case in cases():
        result = measured[case.key]
        weaker = [f"rows of {table} ({_share(share)})" for table, share in result["gone"].items()]
        weaker += [f"{column} ({_share(share)})" for column, share in result["weaker"].items()]
        entry = {"says": case.key, "register": case.register, "column": case.column, "told_by": case.told_by}
        entry |= {name: result[name] for name in ("empty", "unknown")} | {"weaker": weaker}
        entry["figures"] = result["figures"]
        entries.append({name: value for name, value in entry.items() if value})
    head = "# What becomes of the marts where an import lacks something; written by benchmarks/losses.py write.\n"
    CONSEQUENCES.write_text(head + yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=120), "utf-8")
    guide, count = re.subn(
        r"(?m)^\| missing \|(?:.*\n)(?:\|.*\n)+", lambda _: table_of_losses(read_losses()), GUIDE.read_text("utf-8")
    )
    if count != 1:
        sys.exit(f"{GUIDE} has no table that begins with '| missing |'.")
    GUIDE.write_text(guide, encoding="utf-8")


def _share(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 1 else f"{percent:.1f} %" if percent >= 0.05 else "< 0.1 %"


def results(work: Path) -> Iterator[dict[str, Any]]:
    """Yield the results so far."""
    path = work / "losses.jsonl"
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def note(work: Path, result: dict[str, Any]) -> None:
    """Keep a result."""
    with (work / "losses.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    print(result["loss"], file=sys.stderr)


if __name__ == "__main__":
    main()
