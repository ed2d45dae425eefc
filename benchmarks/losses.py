"""What becomes of the marts where an extract lacks a column or a register: by building them without each.

    python benchmarks/losses.py run      # goes on where it was stopped
    python benchmarks/losses.py write    # consequences.yml of the imports, and the table in docs/import.md

Everything happens in `--work` (default `target/losses`): one line of JSON there for each loss. Delete the
folder after a change of the models. A simulated delivery is accepted and its marts are built; then, in a copy
of the warehouse, the views of the registers are laid without what is lost, and the models as dbt compiles
them are run over these, without tests. What the simulated delivery does not have cannot be taken away, and
stays marked as read from the models. A column is unknown if it is NULL in every row; the share beside another
column is that of the rows whose value is not found again.
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

from utvandring.builds.building import Request, build
from utvandring.common.files import read_yaml
from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import identifier, path_literal
from utvandring.deliveries.deliver import deliver
from utvandring.deliveries.specification import read_specification
from utvandring.deliveries.verdict import Status
from utvandring.importing.consequences import CONSEQUENCES, read_losses, table_of_losses
from utvandring.importing.running import run_import
from utvandring.simulation import simulate, totals_of

PROJECT = project_root()
sys.path.append(str(PROJECT / "tests/python"))

from dbt_server import COMPILED, Model, in_order, needed, read_project  # noqa: E402

OTHERS = Path(__file__).with_suffix(".yml")
INFERRED = Path(__file__).with_name("inferred_events")
GUIDE = PROJECT / "docs/import.md"
SCALE, SEED = 0.01, 1
DELIVERY = "2014-03-01"
# Marts with a row for each person, family or event, and what a row is known by; of the others only the rows
# are compared.
ROWS = {
    "person_year": ("person_id", "base_year"),
    "family_year": ("family_id", "reference_year"),
    "migration_event": ("person_id", "event_type", "event_date"),
    "immigration_spell": ("person_id", "stay_number"),
}
# The views over the accepted files: their current versions, and all of them.
SOURCES = ("registers", "register_versions")
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
    whole, models = whole_warehouse(arguments.work), compiled_models(arguments.work)
    for case in cases():
        is_measured = case.key in {result["loss"] for result in results(arguments.work)}
        if not is_measured and is_delivered(case, whole):
            note(arguments.work, measure(case, whole, models, arguments.work))


def whole_warehouse(work: Path) -> Path:
    """Return the warehouse in which nothing is lost, built the first time."""
    root, delivery, built = (
        DataRoot((work / "root-whole").absolute()),
        work / DELIVERY,
        work / "whole-is-built",
    )
    if not built.exists():
        for path in (delivery, root.path):
            shutil.rmtree(path, ignore_errors=True)
        # Only the aligned world has citizenship.
        simulate(delivery, scale=SCALE, seed=SEED, align=totals_of("published"))
        verdict = deliver(root, delivery, PROJECT)
        if verdict.status is Status.REFUSED:
            sys.exit("\n".join(finding.sentence() for finding in verdict.refusals))
        build(root, PROJECT, Request(select=("+models/marts",), only_tables=True))
        built.touch()
    return root.warehouse


def compiled_models(work: Path) -> list[Model]:
    """Return the models of the marts, and all that they read, as dbt compiles them."""
    compiled = work / "dbt" / COMPILED
    if not compiled.exists():
        read_project(work.absolute() / "dbt")
    models = in_order(json.loads(compiled.read_text("utf-8"))["nodes"])
    return needed(models, tuple(model.table for model in models if model.table.startswith("marts.")))


def is_delivered(case: Case, whole: Path) -> bool:
    """Say whether there is anything to lose: the simulated delivery may have no value of a column."""
    if case.column is None:
        return True
    with duckdb.connect(str(whole), read_only=True) as connection:
        return (
            number(connection, f"from registers.{case.register} where {identifier(case.column)} is not null")
            > 0
        )


def measure(case: Case, whole: Path, models: list[Model], work: Path) -> dict[str, Any]:
    """Make the marts without something, and say what differs from those that have everything."""
    mine = work / f"lossy-{os.getpid()}"
    mine.mkdir()
    try:
        shutil.copy(whole, mine / "warehouse.duckdb")
        with duckdb.connect(str(mine / "warehouse.duckdb"), config={"threads": 1}) as connection:
            for schema in SOURCES:
                lose(connection, case, schema, work / DELIVERY, mine)
            for model in models:
                connection.execute(f"create or replace {model.kind} {model.table} as {model.query}")
        return {"loss": case.key} | differences(whole, mine / "warehouse.duckdb")
    finally:
        shutil.rmtree(mine)


def lose(connection: duckdb.DuckDBPyConnection, case: Case, schema: str, delivery: Path, aside: Path) -> None:
    """Lay the view of a register anew, without what is lost."""
    view = f"{schema}.{case.register}"
    found = connection.execute(
        "select sql from duckdb_views() where schema_name = $schema and view_name = $register",
        {"schema": schema, "register": case.register},
    ).fetchone()
    if found is None:
        return
    _, _, delivered = found[0].rstrip("; \n").partition(" AS ")
    columns = [row[0] for row in connection.execute(f"describe {view}").fetchall()]
    if case.inferred:
        made = aside / "inferred"
        if not made.exists():
            run_import(INFERRED, delivery, made, PROJECT)
        events = f"{path_literal(made)} || '/{case.register}_p*.parquet'"
        came_with = "".join(
            f", (select any_value({name}) from own) as {name}"
            for name in ("version", "delivery_id", "arrival")
            if name in columns
        )
        query = (
            f"with own as ({delivered}), events as (select *, year(flyttedato) as periode{came_with} from "
            f"read_parquet({events})), together as (from own where false union all by name from events) "
            f"select {', '.join(columns)} from together"
        )
    elif case.replace:
        # Optional columns are not in the versions of a register.
        replaced = ", ".join(
            f"{sql} as {identifier(name)}" for name, sql in case.replace.items() if name in columns
        )
        query = f"select * replace ({replaced}) from ({delivered})"
    elif case.column:
        if case.column not in columns:
            return
        name = identifier(case.column)
        query = f"select * replace (nullif({name}, {name}) as {name}) from ({delivered})"
    else:
        query = f"from ({delivered}) where false"
        connection.execute("delete from deliveries.delivery_file where register = $1", [case.register])
    connection.execute(f"create or replace view {view} as {query}")


def differences(before: Path, after: Path) -> dict[str, Any]:
    """Compare two warehouses.

    Returns
    -------
    dict
        `empty`: tables without a row; `unknown`: columns that are NULL in every row; `weaker`: columns with
        the share of rows whose value is not found again; `gone`: marts with the share of rows not found;
        `figures`: other tables whose rows differ.
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
    """Return how many rows a query gives."""
    row = connection.execute(f"select count(*) from ({query})").fetchone()
    return int(row[0]) if row else 0


def write(work: Path) -> None:
    """Write what was measured, for `--check`, pages of imports and the guide; the rest stays as it is."""
    measured = {result["loss"]: result for result in results(work)}
    before = {entry["says"]: entry for entry in read_yaml(CONSEQUENCES)}
    entries = []
    for case in cases():
        if case.key not in measured:
            entries += [before[case.key] | {"is_read": True}] if case.key in before else []
            continue
        result = measured[case.key]
        weaker = [f"rows of {table} ({_share(share)})" for table, share in result["gone"].items()]
        weaker += told_together(result["weaker"])
        entry = {"says": case.key, "register": case.register, "column": case.column, "told_by": case.told_by}
        entry |= {name: result[name] for name in ("empty", "unknown")} | {"weaker": weaker}
        entry["figures"] = result["figures"]
        entries.append({name: value for name, value in entry.items() if value})
    head = "# What becomes of the marts where an import lacks something: benchmarks/losses.py write.\n"
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


def told_together(shares: dict[str, float]) -> list[str]:
    """Return columns with shares; of another mart than person_year with more than three, their number."""
    others: dict[str, list[float]] = {}
    for column, share in shares.items():
        others.setdefault(column.rpartition(".")[0], []).append(share)
    told = [
        f"{column} ({_share(share)})"
        for column, share in shares.items()
        if "." not in column or len(others[column.rpartition(".")[0]]) <= 3
    ]
    return told + [
        f"{len(several)} columns of {mart} (at most {_share(max(several))})"
        for mart, several in others.items()
        if mart and len(several) > 3
    ]


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
