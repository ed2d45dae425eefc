"""The yearly series through the command line: as of earlier deliveries, by year, killed, compared."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import run_command
from deliveries import read_manifest, write_manifest
from killing import NODE, Point, build_warehouse, kill_at

from utvandring.builds import building
from utvandring.common.project import DataRoot
from utvandring.simulation import simulate_yearly

pytestmark = pytest.mark.long

FIRST, SECOND = "2013-03-01", "2014-03-01"
# The code of the migration register.
EMIGRATION = "utvandring"
PROJECT = Path(__file__).resolve().parents[3]
REGRESSIONS = {
    "sample",
    "linear_probability",
    "linear_probability_fit",
    "trinomial_logit",
    "trinomial_logit_difference",
    "trinomial_logit_marginal_effect",
}


def export(root: Path, folder: Path) -> dict[str, bytes]:
    """Return every published table as Parquet, rows in their order."""
    folder.mkdir()
    with duckdb.connect(str(root / "published" / "utvandring.duckdb"), read_only=True) as connection:
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall():
            connection.execute(f"copy {schema}.{name} to '{folder}/{schema}.{name}.parquet'")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def first_year_built(root: Path) -> int:
    """Return the first base year of which person-years were built last; 0 if all of them were."""
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        row = connection.execute(
            "select first(first_year order by number desc) from builds.difference "
            "where node_id = 'model.utvandring.person_year'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def build(root: Path, *arguments: str) -> None:
    ran = run_command(root, "build", *arguments)
    assert ran.code == 0, ran.text


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two deliveries, the second with the last year only."""
    folder = tmp_path_factory.mktemp("series") / "yearly"
    return simulate_yearly(folder, 2012, scale=0.004, first_year=2010, last_year=2014, seed=7)


@pytest.fixture(scope="module")
def built(
    series: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, dict[str, bytes]]]:
    """Build after each delivery, refused ones between; return the root and what was published each time."""
    root = tmp_path_factory.mktemp("yearly") / "data"
    exports = tmp_path_factory.mktemp("exports")
    published = {}
    for name, folder in zip((FIRST, SECOND), series, strict=True):
        assert run_command(root, "deliver", folder).code == 0
        build(root)
        published[name] = export(root, exports / name)
        refused = shutil.copytree(folder, exports / f"refused-{name}")
        write_manifest(refused, {**read_manifest(refused), "delivery_id": f"refused-{name}"})
        next(refused.glob("befolkning*")).write_bytes(b"damaged")
        assert run_command(root, "deliver", refused).code == 1
    return root, published


def test_by_year_and_as_of_are_bit_for_bit_what_was_built_then(
    built: tuple[Path, dict[str, dict[str, bytes]]], tmp_path: Path
) -> None:
    root, published = built
    assert first_year_built(root) > 0, "the second build was to be by year"

    build(root, "--as-of", FIRST)
    then = export(root, tmp_path / "then")
    assert {name for name in then if then[name] != published[FIRST].get(name)} == set()
    assert then.keys() == published[FIRST].keys()

    build(root, "--as-of", SECOND, "--full-refresh")
    now = export(root, tmp_path / "now")
    assert {name for name in now if now[name] != published[SECOND].get(name)} == set()
    assert now.keys() == published[SECOND].keys()


def test_outcomes_are_built_from_the_earliest_move_that_differs(
    series: list[Path], built: tuple[Path, dict[str, dict[str, bytes]]], tmp_path: Path
) -> None:
    def moves(folder: Path, name: str) -> set[tuple[Any, ...]]:
        rows = pq.read_table(folder / name, columns=["personid", "flyttedato", "hendelse", "regdato"])
        return {tuple(row.values()) for row in rows.to_pylist()}

    first, second = series
    corrected = moves(second, "flytting_p2012_v2.parquet")
    differing = corrected ^ moves(first, "flytting_p2012_v1.parquet")
    new = moves(second, "flytting_p2013_v1.parquet")
    on_first_day = {(person, day.year) for person, day, *_ in corrected | new if day.timetuple().tm_yday == 1}
    expected = min(
        day.year - ((person, day.year) in on_first_day or day.timetuple().tm_yday == 1)
        for person, day, *_ in differing | new
    )
    root = shutil.copytree(built[0], tmp_path / "data")
    build(root, "--as-of", FIRST)
    build(root, "--as-of", SECOND)
    before, after = (
        pq.read_table(pa.BufferReader(built[1][name]["marts.person_year.parquet"])).to_pylist()
        for name in (FIRST, SECOND)
    )
    differing_rows = {tuple(row.values()) for row in before} ^ {tuple(row.values()) for row in after}
    base_year = [*after[0]].index("base_year")
    # The base year is the one before the outcome year.
    assert expected - 1 <= first_year_built(root) <= min(row[base_year] for row in differing_rows)


def test_regressions_of_years_that_did_not_change_are_left_alone(
    built: tuple[Path, dict[str, dict[str, bytes]]], tmp_path: Path
) -> None:
    root = DataRoot(shutil.copytree(built[0], tmp_path / "data"))
    project = tmp_path / "project"
    for name in ("models", "macros", "seeds", "tests/generic", "python/utvandring"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("profiles.yml", "requirements.lock"):
        shutil.copyfile(PROJECT / name, project / name)
    settings = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    of_2010 = settings.replace("estimates_base_years: [2012]", "estimates_base_years: [2010]")
    assert of_2010 != settings
    (project / "dbt_project.yml").write_text(of_2010, encoding="utf-8")

    def built_nodes(**request: Any) -> set[str]:
        building.build(root, project, building.Request(**request))
        results = json.loads((root.target / "run_results.json").read_text(encoding="utf-8"))["results"]
        return {result["unique_id"] for result in results if result["message"] != "UNCHANGED"}

    anew = built_nodes(as_of=FIRST, only_tables=True)
    assert anew >= {f"model.utvandring.{name}" for name in REGRESSIONS}, "another program"
    before = export(root.path, tmp_path / "before")

    nodes = built_nodes(as_of=SECOND)
    after = export(root.path, tmp_path / "after")
    assert anew - nodes >= {f"model.utvandring.{name}" for name in (*REGRESSIONS, "fit_trinomial_logit")}
    assert "model.utvandring.person_year" in nodes
    for name in REGRESSIONS:
        assert after[f"estimates.{name}.parquet"] == before[f"estimates.{name}.parquet"]

    built_nodes(as_of=SECOND, only_tables=True, full_refresh=True)
    anew_tables = export(root.path, tmp_path / "anew")
    assert {name for name in anew_tables if anew_tables[name] != after.get(name)} == set()


def test_the_delay_triangle_counts_what_each_delivery_knew(
    series: list[Path], built: tuple[Path, dict[str, dict[str, bytes]]]
) -> None:
    triangle = pq.read_table(
        pa.BufferReader(built[1][SECOND]["marts.emigration_revision.parquet"])
    ).to_pylist()
    found = {
        row["development_year"]: row
        for row in triangle
        if (row["basis"], row["event_year"]) == ("delivery", 2012)
    }

    known = [
        len({tuple(row.values()) for row in pq.read_table(file).to_pylist() if row["hendelse"] == EMIGRATION})
        for file in (series[0] / "flytting_p2012_v1.parquet", series[1] / "flytting_p2012_v2.parquet")
    ]
    assert known[1] > known[0] > 0, "the simulated year was to be corrected"
    assert [found[year]["emigrations_n"] for year in (1, 2)] == known
    # 2012 is the only year of which both a first and a second count are known.
    assert found[1]["completion_factor"] == pytest.approx(known[1] / known[0], rel=1e-12)
    assert (found[1]["is_latest"], found[2]["is_latest"]) == (False, True)
    latest = next(
        row
        for row in triangle
        if (row["basis"], row["event_year"], row["is_latest"]) == ("delivery", 2013, True)
    )
    assert latest["expected_n"] == pytest.approx(latest["emigrations_n"] * known[1] / known[0], rel=1e-12)


# In the order of a build; only the last one comes after the publication was replaced.
BUILD_POINTS: list[Point] = [
    ("start a process", 0),
    (NODE, 0),
    (f"{NODE} person_year", 0),
    (f"{NODE} person_year_residence_is_never_negative", 0),
    (f"{NODE} mobility_rate", 0),
    (f"{NODE} immigration_spell", 0),
    ("statement attach 'warehouse.duckdb' as warehouse (read_only)", 0),
    ("statement begin", 0),
    ("statement checkpoint publication", 0),
    ("rename published/.publishing.duckdb to published/utvandring.duckdb", 0),
    ("statement delete from builds.unpublished_rows", 0),
]


def test_builds_killed_at_every_stage(
    built: tuple[Path, dict[str, dict[str, bytes]]], tmp_path: Path
) -> None:
    root, published = built
    database = root / "published" / "utvandring.duckdb"
    ledger = (root / "accepted" / "ledger.json").read_bytes()
    before = database.read_bytes()
    for number, point in enumerate(BUILD_POINTS):
        # Each goes on from what the one before left, of the other delivery, so that there is something to do.
        kill_at(point, build_warehouse, root, (FIRST, SECOND)[number % 2])
        assert (root / "accepted" / "ledger.json").read_bytes() == ledger, point
        is_new = point == BUILD_POINTS[-1]
        assert (database.read_bytes() != before) == is_new, point
        with duckdb.connect(str(database), read_only=True) as connection:
            last = connection.execute("select max(base_year) from marts.person_year").fetchone()
        assert last == ((2012,) if is_new else (2013,)), point

    build(root)
    now = export(root, tmp_path / "now")
    # Refused deliveries came after the last accepted one: the ledger alone knows of them.
    assert {name for name in now if now[name] != published[SECOND].get(name)} == {
        "quality.delivery_ledger.parquet",
        "quality.failed_expectation.parquet",
    }


def test_rows_whose_tests_have_not_passed_are_tested_again(
    built: tuple[Path, dict[str, dict[str, bytes]]], tmp_path: Path
) -> None:
    root = shutil.copytree(built[0], tmp_path / "data")
    selected = ("--select", "person_year,resource_type:model", "--select", "person_year,resource_type:test")

    def change(statement: str) -> None:
        with duckdb.connect(str(root / "warehouse.duckdb")) as connection:
            connection.execute(statement)

    old_year = "base_year = (select min(base_year) from marts.person_year)"
    change(f"update marts.person_year set sex = 'wrong' where {old_year}")
    change("insert into builds.untested values ('model.utvandring.person_year', 2000)")
    for _ in range(2):
        ran = run_command(root, "build", *selected)
        assert ran.code == 1
        assert "accepted_values_person_year_sex" in ran.err
    change(f"update marts.person_year set sex = 'male' where {old_year}")
    assert run_command(root, "build", *selected).code == 0
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("from builds.untested").fetchall() == []


def test_the_difference_between_two_deliveries(
    built: tuple[Path, dict[str, dict[str, bytes]]], tmp_path: Path
) -> None:
    root = built[0]
    files = {path: path.read_bytes() for path in (root / "warehouse.duckdb", *(root / "published").iterdir())}

    ran = run_command(root, "diff", FIRST, SECOND, "--json", "--out", tmp_path / "difference")

    assert ran.code == 0, ran.text
    found = json.loads(ran.out)
    assert {path: path.read_bytes() for path in files} == files
    assert [path.name for path in (root / ".diff").iterdir()] == [".lock"]
    with duckdb.connect(str(root / "published" / "utvandring.duckdb"), read_only=True) as connection:
        person = connection.execute("select any_value(person_id) from marts.person_year").fetchall()[0][0]
        added, known = connection.execute(
            "select count(*) filter (where base_year = 2013), count(*) filter (where base_year = 2012) "
            "from marts.person_year"
        ).fetchall()[0]
        rates = connection.execute(
            "select immigration_background, emigration_rate from marts.mobility_rate "
            "where outcome_year = 2013 and region_level = 'country' and population = 'all' "
            "and dimension = 'none'"
        ).fetchall()
    years = found["person_years"]
    assert [row["person_years_n"] for row in years if row["change"] == "added"] == [added]
    became_known = [row for row in years if row["outcome_before"] == "not known"]
    assert sum(row["person_years_n"] for row in became_known) == known
    assert {row["outcome_year"] for row in became_known} == {2013}
    moved = {row["immigration_background"]: row["emigration_rate_after"] for row in found["rates"]}
    assert moved == pytest.approx(dict(rates))
    population = [row for row in found["registers"] if row["register"] == "befolkning"]
    assert [(row["period"], row["change"], row["rows_removed"]) for row in population] == [
        ("2014", "added", 0)
    ]
    latest = next(row for row in found["registers"] if row["period"] == "latest")
    assert latest["rows_added"] > 0
    assert latest["rows_changed"] > 0
    assert person not in ran.text
    with (tmp_path / "difference" / "person_years.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(years)


def test_what_diff_cannot_compare_is_told_in_one_sentence(
    built: tuple[Path, dict[str, dict[str, bytes]]],
) -> None:
    for arguments, message in (
        ((FIRST, FIRST), "Both deliveries are 2013-03-01"),
        ((FIRST, "unknown"), "No accepted delivery has the id unknown"),
        (("refused-" + FIRST, FIRST), f"No accepted delivery has the id refused-{FIRST}"),
    ):
        ran = run_command(built[0], "diff", *arguments)
        assert ran.code == 2
        assert message in ran.err
        assert ran.err.count("\n") == 1
