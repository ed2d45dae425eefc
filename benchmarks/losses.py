"""What becomes of the marts where an extract lacks a column or a register: by building them without each.

    python benchmarks/losses.py run      # the marts without any loss, then without each; goes on where it was stopped
    python benchmarks/losses.py write    # consequences.yml of the imports and the table in docs/import.md, from the results

Everything happens in `--work` (default `target/losses`): one line of JSON there for each loss. Delete the folder
after a change of the models. A simulated delivery is accepted, with citizenship beside it, and what is lost is taken
out of the accepted files; the marts are made by the models as dbt compiles them, without their tests. A column is
unknown if it is NULL in every row; the share beside another column is that of the rows whose value is not found again.
"""

from __future__ import annotations

import argparse
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
sys.path.append(str(PROJECT / "tests/python"))

from dbt_server import DbtServer  # noqa: E402

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
        return self.says or (
            f"`{self.register}.{self.column}`" if self.column else f"the register `{self.register}`"
        )


def cases() -> list[Case]:
    """Return every loss, in the order of the table."""
    registers = read_specification(PROJECT).registers.values()
    columns = [
        Case(register.name, column.name)
        for register in registers
        for column in register.columns
        if column.nullable
        and column.required_where is None
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
    arguments = parser.parse_args()
    if arguments.what == "write":
        write(arguments.work)
        return
    arguments.work.mkdir(parents=True, exist_ok=True)
    server = DbtServer((arguments.work / "dbt").absolute())
    for case in cases():
        if case.key not in {result["loss"] for result in results(arguments.work)}:
            note(arguments.work, measure(case, arguments.work, server))
    server.close()


def measure(case: Case, work: Path, server: DbtServer) -> dict[str, Any]:
    """Make the marts without something, and say what differs from those that have everything."""
    whole, mine = whole_root(work, server), DataRoot((work / f"lossy-{os.getpid()}").absolute())
    shutil.rmtree(mine.path, ignore_errors=True)
    mine.prepare()
    try:
        shutil.copytree(whole.accepted, mine.accepted, dirs_exist_ok=True)
        # The code lists, and everything else that is made anew.
        shutil.copy(whole.warehouse, mine.warehouse)
        lose(case, mine, work / DELIVERY)
        # Any command that builds lays open the versions of the registers.
        server.run(mine.path, "seed", "--quiet", "--select", "population_status")
        server.make(mine.path, *marts_of(server))
        return {"loss": case.key} | differences(whole.warehouse, mine.warehouse)
    finally:
        shutil.rmtree(mine.path)


def whole_root(work: Path, server: DbtServer) -> DataRoot:
    """Return the data root in which nothing is lost; it is made the first time."""
    root, delivery, made = DataRoot((work / "whole").absolute()), work / DELIVERY, work / "whole-is-made"
    if not made.exists():
        for path in (delivery, root.path):
            shutil.rmtree(path, ignore_errors=True)
        simulate(delivery, scale=SCALE, seed=SEED)
        verdict = deliver(root, delivery, PROJECT)
        if verdict.status is Status.REFUSED:
            sys.exit("\n".join(finding.sentence() for finding in verdict.refusals))
        # The simulation delivers no citizenship: here it is the country of birth, as for many.
        persons = max(root.accepted.glob("files/person/*.parquet"))
        rewrite(
            root,
            "befolkning",
            "select own.* replace (born.fodeland as statsborgerskap) from own "
            f"left join read_parquet({path_literal(persons)}) as born using (personid)",
        )
        server.seed(root.path)
        server.make(root.path, *marts_of(server))
        made.touch()
    return root


def marts_of(server: DbtServer) -> list[str]:
    """Return the tables of all marts."""
    return [model.table for model in server.models() if model.table.startswith("marts.")]


def lose(case: Case, root: DataRoot, delivery: Path) -> None:
    """Take what is lost out of the accepted files of a data root."""
    if case.inferred:
        made = root.path / "inferred"
        run_import(INFERRED, delivery, made, PROJECT)
        events = path_literal(made) + f" || '/{case.register}_p*.parquet'"
        rewrite(
            root,
            case.register,
            f"select * from (select *, year(flyttedato) as periode from read_parquet({events})) "
            "where periode in (select periode from own)",
        )
    elif case.replace:
        replaced = ", ".join(f"{sql} as {identifier(name)}" for name, sql in case.replace.items())
        rewrite(root, case.register, f"select * replace ({replaced}) from own")
    elif case.column:
        rewrite(root, case.register, f"select * replace (null as {identifier(case.column)}) from own")
    else:
        ledger = json.loads(root.ledger.read_text("utf-8"))
        for entry in ledger["deliveries"]:
            entry["files"] = [file for file in entry["files"] if file["register"] != case.register]
        root.ledger.write_text(json.dumps(ledger), encoding="utf-8")


def rewrite(root: DataRoot, register: str, query: str) -> None:
    """Write every accepted file of a register again as a query gives it, with the same columns; the file is `own`."""
    for path in root.accepted.glob(f"files/{register}/*.parquet"):
        with duckdb.connect() as connection:
            connection.execute(f"create table own as from read_parquet({path_literal(path)})")
            connection.execute("create table other as from own limit 0")
            connection.execute(f"insert into other by name {query}")
            connection.execute(f"copy other to {path_literal(path)} (format parquet)")


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
                if (
                    number(connection, f"select * from {one} except all select * from {other}")
                    or rows != left
                ):
                    found["figures"].append(table)
            else:
                compare_rows(connection, table, one, other, columns, found)
    return found


def compare_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    one: str,
    other: str,
    columns: list[str],
    found: dict[str, Any],
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
    """Return schema, name and columns of the marts."""
    return connection.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = 'before' and schema_name = 'marts' group by all order by all"
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
    CONSEQUENCES.write_text(
        head + yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=120), "utf-8"
    )
    guide, count = re.subn(
        r"(?m)^\| missing \|(?:.*\n)(?:\|.*\n)+",
        lambda _: table_of_losses(read_losses()),
        GUIDE.read_text("utf-8"),
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
