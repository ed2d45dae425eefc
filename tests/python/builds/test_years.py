"""What a model says of the years of its inputs, and what the warehouse makes of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from accepted import Deliveries
from dbt_server import DbtServer
from reference.adversary import Adversary
from reference.evidence import Registers

FIRST, LAST = 2003, 2008
#: A small part of the project: a register by year, persons, a table of both.
SELECTED = (
    "--select",
    "+int_education__student",
    "+family_year",
    "--resource-type",
    "model",
    "--resource-type",
    "seed",
)


@pytest.fixture(scope="module")
def registers() -> Registers:
    return Adversary(5, 30, FIRST, LAST).draw()


@pytest.fixture
def deliveries(tmp_path: Path, registers: Registers) -> Deliveries:
    accepted = Deliveries(tmp_path / "data")
    accepted.root.mkdir()
    accepted.accept("first", registers)
    return accepted


@pytest.fixture
def build(deliveries: Deliveries, forked_dbt: DbtServer) -> Callable[..., dict[str, int | None]]:
    """Build over a ledger; return from which year on every table was built, None where it was left alone."""

    def build(*arguments: str, ledger: int = -1) -> dict[str, int | None]:
        shutil.copyfile(deliveries.ledgers[ledger], deliveries.root / "accepted" / "ledger.json")
        before = number(deliveries.root)
        forked_dbt.run(deliveries.root, *(arguments or ("build", *SELECTED)), "--quiet")
        results = json.loads((deliveries.root / "target" / "run_results.json").read_text(encoding="utf-8"))
        built = dict(
            query(
                deliveries.root,
                "select node_id, min(first_year) from builds.difference "
                f"where number > {before} and node_id like 'model.%' group by all",
            )
        )
        return {
            result["unique_id"].rpartition(".")[2]: built.get(result["unique_id"])
            for result in results["results"]
            if result["unique_id"].startswith("model.")
        }

    return build


def query(root: Path, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def number(root: Path) -> int:
    if not (root / "warehouse.duckdb").exists():
        return 0
    return int(query(root, "select coalesce(max(number), 0) from builds.seen")[0][0])


def test_every_input_of_a_model_by_year_says_its_year(forked_dbt: DbtServer) -> None:
    """What is not said is right, and slow: the model would be built in full whenever the input changed."""
    nodes = forked_dbt.manifest()["nodes"]

    def changes(key: str) -> bool:
        return key.startswith("source.") or any(map(changes, nodes[key]["depends_on"].get("nodes", ())))

    silent = [
        (node["name"], parent)
        for node in nodes.values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
        for parent in node["depends_on"]["nodes"]
        if changes(parent)
        and nodes[parent]["name"] not in {said["name"] for said in node["config"]["meta"]["inputs"]}
    ]
    assert silent == []


def test_a_model_is_built_from_the_year_that_its_reference_says(
    deliveries: Deliveries, registers: Registers, build: Callable[..., dict[str, int | None]]
) -> None:
    build()
    deliveries.accept("activity", {("utdanningsaktivitet", 2006): []})
    built = build()
    assert (built["int_education__student"], built["family_year"]) == (2006, None)

    # A 1 January counts in its own year and in the two after it; a new person from the first one on.
    january = registers["befolkning", 2006]
    deliveries.accept("january", {("befolkning", 2006): january[1:]})
    built = build()
    assert (built["int_population__resident"], built["family_year"]) == (2006, 2006)
    assert built["int_education__student"] is None


def test_a_person_who_differs_is_built_from_the_first_january_on_and_one_who_died_is_not(
    deliveries: Deliveries, registers: Registers, build: Callable[..., dict[str, int | None]]
) -> None:
    build()
    persons = registers["person", LAST]
    came: dict[str, int] = {}
    for (register, year), rows in sorted(registers.items()):
        if register == "befolkning":
            for row in rows:
                if row["statuskode"] == 1:
                    came.setdefault(row["personid"], year)
    late = next(row for row in persons if came.get(row["personid"], FIRST) > FIRST)
    others = [row for row in persons if row is not late]
    died = [row | {"doedsdato": None} for row in others]
    deliveries.accept("deaths", {("person", LAST): [*died, late]})
    built = build()
    assert built["int_person__characteristics"] == 0
    assert (built["int_population__person"], built["family_year"]) == (None, None)

    deliveries.accept("sex", {("person", LAST): [*died, late | {"kjoenn": 3 - late["kjoenn"]}]})
    assert build()["family_year"] == came[late["personid"]]


def test_what_a_build_of_a_part_left_is_found_by_the_next_one(
    deliveries: Deliveries, registers: Registers, build: Callable[..., dict[str, int | None]]
) -> None:
    build()
    deliveries.accept("january", {("befolkning", 2006): registers["befolkning", 2006][1:]})
    build("run", "--select", "int_population__resident")
    deliveries.accept("activity", {("utdanningsaktivitet", 2006): []})
    assert build("run", "--select", "family_year")["family_year"] == 2006
    assert build()["family_year"] is not None, "its persons had not been built yet"
    assert build() == dict.fromkeys(build(), None)
    # Back to the first delivery: what came since matters again.
    assert build(ledger=0)["int_education__student"] == 2006


def test_what_was_built_without_rows_is_built_again_with_what_reads_it(
    deliveries: Deliveries, build: Callable[..., dict[str, int | None]]
) -> None:
    build()
    whole = query(deliveries.root, "from marts.family_year")
    build("run", "--select", "int_population__person", "--empty")
    build("run", "--select", "family_year")
    assert query(deliveries.root, "from marts.family_year") != whole
    build()
    assert query(deliveries.root, "from marts.family_year") == whole
