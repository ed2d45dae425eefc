"""The models on Spark held against DuckDB's tables, row by row; doubles to nine significant digits.

    python benchmarks/spark.py models [--only NAME …] [--partitions N] [--master URL]
    python benchmarks/spark.py tables

`models` takes the tables of a data root that `utvandring build` has built, runs every model by itself over
what it reads there, and compares what it gives, so that one difference does not make others. `tables`
compares what `dbt build --target spark` published with the warehouse. Both end with code 1 if one differs.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

import duckdb
from dbt.cli.main import dbtRunner

from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import identifier, literal
from utvandring.spark.session import Settings, start
from utvandring.spark.translation import translate


def models_of(root):
    """Yield the SQL models of the selector `on_spark` by their relations, as the last build compiled them."""
    nodes = json.loads((root.target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    # The manifest of the build stays: dbt would write one without compiled statements.
    options = ["--quiet", "--no-write-json"]
    selected = ["--selector", "on_spark", "--resource-type", "model", "--output", "json"]
    place = ["--project-dir", str(project_root()), "--profiles-dir", str(project_root())]
    done = dbtRunner().invoke(
        [*options, "ls", *selected, "--output-keys", "unique_id", *place, "--target-path", str(root.target)]
    )
    if not done.success:
        sys.exit(f"dbt does not say which models run on Spark: {done.exception}")
    for line in done.result:
        node = nodes[json.loads(line)["unique_id"]]
        if node["language"] == "sql":
            yield f"{node['schema']}.{node['alias']}", node


def compared(connection, one, other, columns):
    """Say how two relations differ, in words; an empty text if they hold the same rows."""
    values = ", ".join(
        f"printf('%.9e', {identifier(name)}::double) as {identifier(name)}"
        if kind == "DOUBLE" or kind.startswith("DECIMAL")
        else f"{identifier(name)}::varchar as {identifier(name)}"
        for name, kind in columns
    )
    rows = [connection.execute(f"select count(*) from {side}").fetchone()[0] for side in (one, other)]
    differing = connection.execute(
        f"select count(*) from (select {values} from {one} except all select {values} from {other})"
    ).fetchone()[0]
    if rows[0] == rows[1] and not differing:
        return ""
    return f"{rows[0]} rows in DuckDB, {rows[1]} in Spark, {differing} without an equal one"


def columns_of(connection, relation):
    """Return names and types of the columns of a relation."""
    return [(row[0], row[1]) for row in connection.execute(f"describe {relation}").fetchall()]


def processor_seconds(process):
    """Return the seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_models(root, arguments):
    """Run every model over DuckDB's tables and print one line each."""
    work = root.path / "spark" / "compared"
    shutil.rmtree(work, ignore_errors=True)
    settings = Settings(work, arguments.master, arguments.memory, arguments.partitions)
    session = start(settings)
    java = session.sparkContext._gateway.proc.pid
    begun, java_begun = time.process_time(), processor_seconds(java)
    warehouse = duckdb.connect(str(root.warehouse), read_only=True)
    warehouse.execute("set threads = 2")
    models = dict(models_of(root))
    only = set(arguments.only or [])
    known, differing = {}, 0
    for relation, node in models.items():
        if only and node["name"] not in only:
            continue
        sql = node["compiled_code"].replace(f'"{root.warehouse.stem}".', "").replace('"', "")
        for read in sorted(read_by(node, sql)):
            lay(session, warehouse, work, read, known)
        before = time.monotonic()
        folder = work / "given" / node["name"]
        translated = translate(sql, node["name"], lambda table: known.get(table.replace("`", "")))
        session.sql(translated).write.parquet(folder.as_uri())
        in_spark, before = time.monotonic() - before, time.monotonic()
        warehouse.execute(f"create or replace temporary table given as {sql}")
        in_duckdb = time.monotonic() - before
        columns = columns_of(warehouse, relation)
        difference = compared(
            warehouse, relation, f"read_parquet({literal(str(folder))} || '/*.parquet')", columns
        )
        differing += bool(difference)
        print(f"{node['name']}: {difference or 'equal'}, {in_spark:.1f} s, {in_duckdb:.2f} s", flush=True)
    print(
        f"{differing} differ; processor seconds: {processor_seconds(java) - java_begun:.0f} of Spark, "
        f"{time.process_time() - begun:.0f} of DuckDB and Python"
    )
    return differing


def read_by(node, sql):
    """Return the relations that a model names, as schema.name."""
    words = set(sql.replace("(", " ").replace(")", " ").replace(",", " ").split())
    return {word for word in words if word.count(".") == 1 and not word[0].isdigit()}


def lay(session, warehouse, work, relation, known):
    """Make a table of the warehouse one of Spark's, under the same name."""
    if relation in known:
        return
    schema, table = relation.split(".")
    found = warehouse.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
        [schema, table],
    ).fetchone()[0]
    if not found:
        return
    columns = columns_of(warehouse, relation)
    # Parquet has no whole number of 128 bits.
    values = ", ".join(
        f"{identifier(name)}::bigint as {identifier(name)}" if kind == "HUGEINT" else identifier(name)
        for name, kind in columns
    )
    folder = work / "tables" / schema / table
    folder.mkdir(parents=True)
    file = literal(str(folder / "rows.parquet"))
    warehouse.execute(f"copy (select {values} from {relation}) to {file} (format parquet)")
    session.sql(f"create schema if not exists {schema}")
    session.sql(f"create table {relation} using parquet location '{folder.as_uri()}'")
    known[relation] = [name for name, _ in columns]


def compare_tables(root):
    """Compare what Spark published with the warehouse."""
    published = Settings(root.path / "spark").published
    connection = duckdb.connect(str(root.warehouse), read_only=True)
    differing = 0
    folders = sorted(folder for folder in published.glob("*/*") if folder.is_dir())
    for folder in folders:
        relation = f"{folder.parent.name}.{folder.name}"
        files = f"read_parquet({literal(str(folder))} || '/*.parquet')"
        difference = compared(connection, relation, files, columns_of(connection, relation))
        differing += bool(difference)
        print(f"{relation}: {difference or 'equal'}", flush=True)
    print(f"{differing} of {len(folders)} tables differ")
    return differing


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["models", "tables"])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--memory", default="2g")
    arguments = parser.parse_args()
    root = DataRoot.from_environment()
    sys.exit(bool(run_models(root, arguments) if arguments.what == "models" else compare_tables(root)))


if __name__ == "__main__":
    main()
