"""The documentation: the diagram names what exists, exposures name every released table."""

import re
from pathlib import Path

import duckdb
import yaml
from deliveries import PROJECT

from utvandring.project import DataRoot


def test_the_diagram_names_tables_and_columns_that_exist(built_warehouse: Path) -> None:
    diagram = (PROJECT / "docs/diagram.md").read_text(encoding="utf-8")
    with duckdb.connect(str(DataRoot(built_warehouse).publication), read_only=True) as connection:
        columns = set(
            connection.execute(
                "select schema_name || '_' || table_name, column_name, lower(data_type) from duckdb_columns()"
            ).fetchall()
        )
    drawn = re.findall(r"^    (\w+) \{\n(.*?)^    \}", diagram, re.MULTILINE | re.DOTALL)
    assert len(drawn) >= 9
    for table, body in drawn:
        for line in body.strip().splitlines():
            kind, column = line.split()[:2]
            assert (table, column, kind) in columns
    for one, other in re.findall(r"^    (\w+) \S+--\S+ (\w+) :", diagram, re.MULTILINE):
        assert {one, other} <= {table for table, _ in drawn}


def test_every_released_table_is_an_exposure_of_report_and_export() -> None:
    released = {f"ref('{path.stem}')" for path in (PROJECT / "models/release").glob("*.sql")}
    exposures = yaml.safe_load((PROJECT / "models/exposures.yml").read_text(encoding="utf-8"))["exposures"]
    assert {exposure["name"] for exposure in exposures} == {"released_tables", "report"}
    for exposure in exposures:
        assert set(exposure["depends_on"]) == released
