"""What is released is what is declared: tables, columns and tests that are not, one by one, stop a build."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Command
from dbt_server import DbtServer

from utvandring.builds.building import BuildFailedError, Request, build
from utvandring.builds.publication import publish
from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot
from utvandring.deliveries.deliver import deliver

PROJECT = Path(__file__).resolve().parents[3]

# Names and types of all kinds: none is let through for looking harmless.
COLUMNS = {
    "person_id": "varchar",
    "is_odd": "boolean",
    "residents_n": "bigint",
    "base_year": "integer",
    "mean_income": "double",
    "born": "date",
    "picture": "blob",
    "incomes": "integer[]",
    "With space": "varchar",
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory, forked_dbt: DbtServer) -> dict[str, Any]:
    """Give what dbt knows of the project, with the queries of data tests of released tables."""
    folder = tmp_path_factory.mktemp("tests")
    forked_dbt.run(folder, "compile", "--select", "test_name:as_declared", "path:tests/singular")
    known: dict[str, Any] = json.loads((folder / "target/manifest.json").read_text(encoding="utf-8"))
    return known


@pytest.fixture(scope="module")
def compiled_tests(manifest: dict[str, Any]) -> dict[str, str]:
    """Give the queries of these tests by name."""
    return {
        node["name"]: node["compiled_code"].replace('"warehouse".', "")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("compiled_code")
    }


# Before anything is built


@pytest.fixture(scope="module")
def spoilt_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the project in which much is released that is not declared."""
    project = tmp_path_factory.mktemp("project")
    for name in ("models", "macros", "seeds", "analysis", "tests/generic", "tests/singular"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copyfile(PROJECT / name, project / name)

    release = project / "models/release"
    # A table with everything but an entry, and one that gets into the schema from elsewhere.
    (release / "release_secret.sql").write_text("select 1 as persons_n", encoding="utf-8")
    (release / "release_secret.yml").write_text(
        "models:\n  - name: release_secret\n    config: {alias: secret}\n    data_tests: [as_declared]\n"
        "    columns: [{name: persons_n, data_type: integer}]\n",
        encoding="utf-8",
    )
    (project / "models/marts/hidden.sql").write_text(
        "{{ config(schema='release', contract={'enforced': false}) }} select 'a' as note", encoding="utf-8"
    )
    change(
        release / "release_delivery.yml",
        "    columns:\n",
        "    columns:\n"
        + "".join(f"      - {{name: {name}, data_type: '{kind}'}}\n" for name, kind in COLUMNS.items()),
    )
    # No test of the counts, one that looks away, and one that only warns.
    change(
        release / "release_former_resident.yml",
        "      - as_declared\n",
        "      - expression_is_true: {arguments: {expression: 'true'}}\n",
    )
    change(
        release / "release_presence_rate.yml",
        "- as_declared\n",
        "- as_declared: {config: {where: 'false'}}\n",
    )
    change(release / "release_delivery.yml", "- as_declared\n", "- as_declared: {config: {severity: warn}}\n")
    change(
        release / "release_reproduction.yml",
        "      alias: reproduction\n",
        "      alias: reproduction\n      contract: {enforced: false}\n",
    )
    # A mean of counts that nobody has rounded.
    change(
        release / "release_county_composition.sql",
        "select * from {{ ref('release_mobility_rate') }}",
        "select * from {{ ref('mobility_rate') }}",
    )
    declaration = project / "macros/disclosure/released_tables.sql"
    change(declaration, "  key: [rule]\n", "  key: [rule]\n  tekst: [rule]\n")
    change(declaration, "residents_n >= with_job_n", "residents_n >= with_a_job_n")
    change(
        declaration,
        "residents_n >= internal_outmigrants_county_n",
        "residents_n = internal_outmigrants_county_n",
    )
    change(declaration, "grows_over: development_year", "grows_over: development_years")
    change(declaration, "{over: [lag_group]}", "{over: [lag_group], part: 'true'}")
    totals = "    totals: [lag_group]\n"
    change(declaration, totals, totals + "    groups: {event_type: []}\n")
    change(
        declaration,
        "    - persons_n >= left_n\n",
        "    - persons_n >= left_n\n"
        "  same_as:\n    - {table: delivery, count: rows_n, key: [statistic_id], where: 'true'}\n",
    )
    change(declaration, "  counts: [rows_n]\n", "  counts: [rows_n]\n  derived: [version]\n")
    change(declaration, "  counts: [affected_n, total_n]\n", "  counts: {persons_n: [affected_n, total_n]}\n")
    return project


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


FAULTS = (
    "secret is not declared",
    "hidden is not declared",
    *(f"delivery.{name} is not declared" for name in COLUMNS),
    "former_resident lacks the data test as_declared",
    "presence_rate lacks the data test as_declared",
    "delivery lacks the data test as_declared",
    "reproduction has no enforced contract",
    "county_composition is derived from released numbers alone, but reads mobility_rate",
    "disclosure_rule has the unknown entry tekst",
    "delivery.version is declared twice",
    "presence_rate has a formula that is not of its counts: residents_n >= with_a_job_n",
    "mobility_rate is wide and has a formula that is all of its total",
    "emigration_revision adds up over development_years",
    "registration_lag has the unknown entry part",
    "registration_lag has groups of event_type, over which it has no totals",
    "stated_number counts those of delivery.rows_n, which has no such count or key",
    "quality_count must have cells where its counts have measures",
)


def test_an_undeclared_table_column_or_test_stops_dbt_and_the_build_before_anything_is_built(
    spoilt_project: Path, good_delivery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = DataRoot(tmp_path / "root")
    deliver(root, good_delivery, PROJECT)
    with pytest.raises(BuildFailedError) as failed:
        build(root, spoilt_project, Request())
    assert "Nothing was built" in " ".join(failed.value.failures)
    assert not root.publication.exists()

    monkeypatch.setenv("UTVANDRING_DATA", str(root.path))
    ran = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build", "--target-path", root.target],
        cwd=spoilt_project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert [fault for fault in FAULTS if fault not in ran.stdout] == []
    with duckdb.connect(root.warehouse, read_only=True) as connection:
        assert connection.execute("select * from duckdb_tables()").fetchall() == []


def test_dbt_knows_every_released_table_where_the_declared_columns_are_listed(
    manifest: dict[str, Any],
) -> None:
    released = {key for key in manifest["nodes"] if key.startswith("model.utvandring.release_")}
    (listed,) = (key for key in released if key.endswith("release_declared_column"))
    assert len(released) > 20
    assert {*manifest["nodes"][listed]["depends_on"]["nodes"]} == released - {listed}
    assert {exposure["name"] for exposure in manifest["exposures"].values()} == {"released_tables", "report"}
    assert all(one["depends_on"]["nodes"] == [listed] for one in manifest["exposures"].values())


# What is in the warehouse, whoever made it


DECLARED = [
    ("rate", "event_year"),
    ("rate", "rate"),
    ("declared_column", "table_name"),
    ("declared_column", "column_name"),
]


@pytest.fixture
def warehouse(data_root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a warehouse with one released table, all of it declared."""
    root = DataRoot(data_root)
    root.prepare()
    with duckdb.connect(root.warehouse) as connection:
        connection.execute("create schema marts; create schema release")
        connection.execute("create table marts.person_year as select 2012 as base_year")
        connection.execute("create table release.rate as select 2013 as event_year, 0.5::double as rate")
        connection.execute("create table release.declared_column (table_name varchar, column_name varchar)")
        connection.executemany("insert into release.declared_column values (?, ?)", DECLARED)
        connection.execute("create schema norsk")
        yield connection


TABLES = (
    *(f'alter table release.rate add column "{name}" {kind}' for name, kind in COLUMNS.items()),
    "create table release.rate_of_persons as select 1 as event_year",
    "create view release.harmless as select 'a' as note",
    'create table release."RATE 2" as select null as rate',
)


@pytest.mark.parametrize("statement", TABLES)
def test_nothing_is_published_from_a_warehouse_that_would_release_what_is_not_declared(
    statement: str, warehouse: duckdb.DuckDBPyConnection, data_root: Path
) -> None:
    root = DataRoot(data_root)
    warehouse.execute("checkpoint")
    warehouse.close()
    publish(root)
    before = root.publication.read_bytes()

    with duckdb.connect(root.warehouse) as connection:
        connection.execute(statement)
    with pytest.raises(
        UtvandringError, match=r"release\..* not declared in macros/disclosure/released_tables"
    ):
        publish(root)
    assert root.publication.read_bytes() == before


@pytest.mark.parametrize("statement", TABLES)
def test_dbt_fails_where_the_warehouse_holds_what_is_not_declared(
    statement: str, warehouse: duckdb.DuckDBPyConnection, compiled_tests: dict[str, str]
) -> None:
    query = compiled_tests["every_column_of_the_schema_release_is_declared"]
    assert warehouse.execute(query).fetchall() == []
    warehouse.execute(statement)
    assert len(warehouse.execute(query).fetchall()) == 1


@pytest.mark.parametrize("command", [("export", "--out"), ("report", "--out"), ("figures", "--out")])
def test_no_file_is_written_from_a_publication_that_does_not_declare_what_it_holds(
    command: tuple[str, str], utvandring: Command, data_root: Path, tmp_path: Path
) -> None:
    root = DataRoot(data_root)
    root.prepare()
    with duckdb.connect(root.publication) as connection:
        connection.execute("create schema release")
        connection.execute(
            "create table release.declared_column as from (values ('declared_column', 'table_name'), "
            "('declared_column', 'column_name')) as t (table_name, column_name)"
        )
        connection.execute("create table release.rate as select 1 as person_id")
    ran = utvandring(*command, tmp_path / "out")
    assert ran.code == 1
    assert "declare release.rate.person_id" in ran.err
    assert ran.err.endswith("run `utvandring build`.\n")
    assert not (tmp_path / "out").exists()


# The data tests that every released table has


def broken(query: str, table: str, row: dict[str, str], **changed: str) -> set[str]:
    """Return what a test says of two rows in a table: a good one, and one like it with changes."""
    with duckdb.connect() as connection:
        connection.execute("create schema release")
        good = ", ".join(f"{value} as {name}" for name, value in row.items())
        bad = ", ".join(f"{value} as {name}" for name, value in {**row, **changed}.items())
        connection.execute(f"create table release.{table} as select {good} union all select {bad}")
        return {name for name, _ in connection.execute(query).fetchall()}


COUNTS = (
    "with_job_n",
    "with_education_activity_n",
    "with_jobseeker_registration_n",
    "with_occupational_income_n",
)
PRESENCE = {
    "base_year": "2012",
    "dimension": "'immigrant_group'",
    "category": "'all'",
    "residents_n": "200::bigint",
    **dict.fromkeys((*COUNTS, "with_move_n"), "100::bigint"),
    **{f"silent_{years}_n": "10::bigint" for years in ("1_year", "2_years", "3_years")},
    **{f"silent_{years}_rate": "5.0::double" for years in ("1_year", "2_years", "3_years")},
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, set()),
        ({"base_year": "2012"}, {"two rows have the same key"}),
        ({"with_job_n": "101::bigint"}, {"with_job_n is small or not rounded"}),
        ({"with_job_n": "0::bigint"}, {"with_job_n is small or not rounded"}),
        ({"with_job_n": "null"}, set()),
        ({"silent_1_year_rate": "5.5"}, {"silent_1_year_rate is not that of the shown counts"}),
        ({"silent_1_year_n": "null"}, {"silent_1_year_rate is not that of the shown counts"}),
        (
            {
                name: "null"
                for name in PRESENCE
                if name.startswith("silent") or name in (*COUNTS, "residents_n")
            },
            {"with_move_n is shown without residents_n"},
        ),
    ],
)
def test_counts_and_ratios_of_a_table_are_tested_as_they_are_declared(
    changed: dict[str, str], said: set[str], compiled_tests: dict[str, str]
) -> None:
    query = compiled_tests["as_declared_release_presence_rate_"]
    assert broken(query, "presence_rate", PRESENCE, **{"base_year": "2013", **changed}) == said


INCIDENCE = {
    **{
        "immigrant_group": "'majority'",
        "dimension": "'none'",
        "category": "'all'",
        "age": "4",
        "event": "'death'",
    },
    **dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), "0.1234"),
    "withheld_reason": "null::varchar",
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, set()),
        ({"estimate": "0.12345"}, {"estimate is not rounded"}),
        ({"estimate": "null"}, {"estimate is not withheld where a reason is given, and there alone"}),
        (
            {
                "withheld_reason": "'too_few_persons'",
                "estimate": "null",
                "conf_low": "null",
                "conf_high": "null",
            },
            {"std_error is not withheld where a reason is given, and there alone"},
        ),
    ],
)
def test_estimates_of_a_table_are_tested_as_they_are_declared(
    changed: dict[str, str], said: set[str], compiled_tests: dict[str, str]
) -> None:
    query = compiled_tests["as_declared_release_descendant_incidence_"]
    assert broken(query, "descendant_incidence", INCIDENCE, **{"age": "9", **changed}) == said
