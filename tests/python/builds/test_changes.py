"""`macros/incremental/changes.sql` without dbt, on a project of five models."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from deliveries import PROJECT

SCRIPT = (PROJECT / "macros/incremental/changes.sql").read_text(encoding="utf-8")
REGISTER, LEDGER = "source.befolkning", "source.delivery"


def node(
    node_id: str, materialized: str, *parents: str, year: str | None = None, **years: int
) -> dict[str, Any]:
    """A model that says of some parents by which year it reads them, relative to its own."""
    inputs = [{"name": name, "year": "in_year", "years": number} for name, number in years.items()]
    return {
        "node_id": node_id,
        "name": node_id,
        "materialized": materialized,
        "year": year,
        "parents": list(parents),
        "inputs": inputs,
    }


PROJECT_READ = [
    {"node_id": REGISTER, "name": "befolkning", "source_name": "registers"},
    {"node_id": LEDGER, "name": "delivery", "source_name": "deliveries"},
    node("staged", "view", REGISTER, year="in_year"),
    node("resident", "incremental", "staged", year="in_year", staged=0),
    node("pairs", "view", "resident", year="in_year", resident=-1),
    node("person_year", "incremental", "pairs", "person", year="in_year", pairs=-1),
    node("person", "table", "staged", staged=0),
]


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema deliveries")
        connection.execute("create table deliveries.delivery (arrival integer)")
        connection.execute(
            "create table deliveries.delivery_file (register varchar, period integer, stored_sha256 varchar, "
            "missing_columns varchar[], is_current boolean)"
        )
        begin(connection, PROJECT_READ)
        yield connection


def begin(connection: duckdb.DuckDBPyConnection, nodes: list[dict[str, Any]]) -> None:
    """Do what `open_builds` does, but for the files."""
    connection.execute(SCRIPT)
    connection.execute("insert into builds.program values ('this program')")
    connection.execute("insert into builds.project values (?)", [json.dumps(nodes)])
    connection.execute("insert into builds.input from builds.reading")


def changed(connection: duckdb.DuckDBPyConnection, node_id: str, first_year: int) -> None:
    connection.execute(
        "insert into builds.difference values (?, nextval('builds.number'), ?)", [node_id, first_year]
    )


def built(connection: duckdb.DuckDBPyConnection, node_id: str, program: str = "this program") -> None:
    connection.execute("delete from builds.seen where node_id = ?", [node_id])
    connection.execute("insert into builds.seen values (?, nextval('builds.number'), ?)", [node_id, program])


def first_year(connection: duckdb.DuckDBPyConnection, node_id: str) -> int | None:
    row = connection.execute("select builds.first_changed_year(?)", [node_id]).fetchone()
    assert row is not None
    return None if row[0] is None else int(row[0])


def test_years_add_up_through_views(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("select node_id, input_id, years from builds.input").fetchall()
    assert set(found) == {
        # A register is read by its periods.
        ("staged", REGISTER, 0),
        ("resident", REGISTER, 0),
        ("pairs", "resident", -1),
        ("person_year", "resident", -2),
        # What a model does not say, and what one says that is built as a whole, matters to all years.
        ("person_year", "person", None),
        ("person", REGISTER, None),
    }


def test_a_table_is_built_from_the_first_year_that_an_input_changed_since(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    changed(warehouse, "resident", 2001)
    built(warehouse, "person_year")
    assert first_year(warehouse, "person_year") == 9999, "nothing changed since"
    changed(warehouse, "resident", 2010)
    changed(warehouse, "resident", 2012)
    assert first_year(warehouse, "person_year") == 2008
    changed(warehouse, "person", 2011)
    assert first_year(warehouse, "person_year") == 0, "by which year persons are read is not said"
    built(warehouse, "person_year")
    changed(warehouse, "resident", 0)
    assert first_year(warehouse, "person_year") == 0, "all of the input changed"


def test_a_table_that_is_not_there_or_that_another_program_built_has_no_first_year(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert first_year(warehouse, "person_year") is None
    built(warehouse, "person_year", "another program")
    assert first_year(warehouse, "person_year") is None


def test_years_after_the_last_that_matters_leave_a_table_alone_through_views_too(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    nodes = [one if one["name"] != "person_year" else json.loads(json.dumps(one)) for one in PROJECT_READ]
    nodes[5]["inputs"][0]["last_year"] = 2012
    begin(warehouse, nodes)
    built(warehouse, "person_year")
    changed(warehouse, "resident", 2014)
    assert first_year(warehouse, "person_year") == 9999, "a row of 2014 is one of 2013 in the view"
    changed(warehouse, "resident", 2013)
    assert first_year(warehouse, "person_year") == 2011


def test_a_model_that_reads_by_a_year_that_rows_do_not_have_stops_the_run(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    nodes = [*PROJECT_READ, node("late", "incremental", "person", year="in_year", person=0)]
    with pytest.raises(duckdb.Error, match=r"late reads person by in_year, .* is not said\."):
        begin(warehouse, nodes)


def test_a_run_forgets_changes_that_a_later_one_includes(warehouse: duckdb.DuckDBPyConnection) -> None:
    for year in (2003, 2008, 2005):
        changed(warehouse, "resident", year)
    changed(warehouse, "person", 2009)
    begin(warehouse, PROJECT_READ)
    left = warehouse.execute("select node_id, first_year from builds.difference order by number").fetchall()
    assert left == [("resident", 2003), ("resident", 2005), ("person", 2009)]


def test_what_sources_hold_is_their_current_files_and_of_the_ledger_everything(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute("insert into deliveries.delivery values (1), (2)")
    warehouse.execute(
        "insert into deliveries.delivery_file values ('befolkning', 2001, 'old', [], false), "
        "('befolkning', 2001, 'new', [], true), ('befolkning', 2002, 'one', ['landbak'], true), "
        "('inntekt', 2001, 'other', [], true)"
    )
    held = "select node_id, year_n, checksum from builds.content_of_files where node_id = ? order by year_n"
    assert warehouse.execute(held, [REGISTER]).fetchall() == [
        (REGISTER, 2001, "new[]"),
        (REGISTER, 2002, "one[landbak]"),
    ]
    ((_, year, before),) = warehouse.execute(held, [LEDGER]).fetchall()
    warehouse.execute("insert into deliveries.delivery values (3)")
    ((_, _, after),) = warehouse.execute(held, [LEDGER]).fetchall()
    assert year == 0
    assert before != after


def test_a_year_has_changed_that_appears_disappears_or_has_another_checksum(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    contents = {
        "same": ({2001: "a", 2002: "b"}, {2001: "a", 2002: "b"}),
        "another": ({2001: "a", 2002: "b", 2003: "c"}, {2001: "a", 2002: "x", 2003: "y"}),
        "appeared": ({2002: "b"}, {2002: "b", 2003: "c"}),
        "disappeared": ({2001: "a", 2002: "b"}, {2002: "b"}),
    }
    for node_id, states in contents.items():
        for is_new, state in enumerate(states):
            for year, checksum in state.items():
                entry = [node_id, year, checksum, bool(is_new)]
                warehouse.execute("insert into builds.content values (?, ?, ?, ?)", entry)
    found = dict(warehouse.execute("from builds.changed_content").fetchall())
    assert found == {"another": 2002, "appeared": 2003, "disappeared": 2001}
