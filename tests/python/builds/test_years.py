"""What a model says of the years of its inputs, and what the warehouse makes of it."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from accepted import Deliveries
from dbt_server import DbtServer
from reference.adversary import Adversary
from reference.evidence import Registers, Row

FIRST, LAST = 2003, 2008
#: A small part of the project: a register by year, persons, a table of both, moves.
SELECTED = (
    "--select",
    "+int_education__student",
    "+family_year",
    "+int_migration__event",
    "--resource-type",
    "model",
)


@pytest.fixture(scope="module")
def registers() -> Registers:
    return Adversary(5, 30, FIRST, LAST).draw()


@pytest.fixture(scope="module")
def first_built(
    tmp_path_factory: pytest.TempPathFactory, registers: Registers, forked_dbt: DbtServer
) -> Deliveries:
    """Give a data root of one delivery with all that is selected, built; each test takes a copy of it."""
    accepted = Deliveries(tmp_path_factory.mktemp("first") / "data")
    accepted.root.mkdir()
    accepted.accept("first", registers)
    shutil.copyfile(accepted.ledgers[-1], accepted.root / "accepted" / "ledger.json")
    forked_dbt.run(accepted.root, "build", *SELECTED, "--resource-type", "seed", "--quiet")
    return accepted


@pytest.fixture
def deliveries(tmp_path: Path, first_built: Deliveries) -> Deliveries:
    return first_built.copied(tmp_path / "data")


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
    return int(query(root, "select coalesce(max(number), 0) from builds.seen")[0][0])


def test_a_code_list_whose_columns_were_others_is_built(
    deliveries: Deliveries, forked_dbt: DbtServer
) -> None:
    def columns() -> list[str]:
        with duckdb.connect(str(deliveries.root / "warehouse.duckdb")) as connection:
            found = [row[0] for row in connection.sql("describe code_lists.immigration_category").fetchall()]
            connection.execute(f"alter table code_lists.immigration_category drop column {found[-1]}")
        return found

    before = columns()
    forked_dbt.run(deliveries.root, "seed", "--select", "immigration_category", "--quiet")
    assert columns() == before


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
    late, first_january, others = one_who_came_late(registers)
    died = [row | {"doedsdato": None} for row in others]
    deliveries.accept("deaths", {("person", LAST): [*died, late]})
    built = build()
    assert built["int_person__characteristics"] == 0
    assert (built["int_population__person"], built["family_year"]) == (None, None)

    deliveries.accept("sex", {("person", LAST): [*died, late | {"kjoenn": 3 - late["kjoenn"]}]})
    assert build()["family_year"] == first_january


def one_who_came_late(registers: Registers) -> tuple[Row, int, list[Row]]:
    """Return somebody who was not resident at first, the first 1 January as a resident, and all others."""
    came: dict[str, int] = {}
    for (register, year), rows in sorted(registers.items()):
        if register == "befolkning":
            for row in rows:
                if row["statuskode"] == 1:
                    came.setdefault(row["personid"], year)
    persons = registers["person", LAST]
    late = next(row for row in persons if came.get(row["personid"], FIRST) > FIRST)
    return late, came[late["personid"]], [row for row in persons if row is not late]


def test_what_a_build_of_a_part_left_is_found_by_the_next_one(
    deliveries: Deliveries, registers: Registers, build: Callable[..., dict[str, int | None]]
) -> None:
    late, first_january, others = one_who_came_late(registers)
    became = {"invkat": "A" if late["invkat"] == "B" else "B"}
    files = {
        ("person", LAST): [*others, late | became],
        ("befolkning", LAST): registers["befolkning", LAST][1:],
    }
    deliveries.accept("both", files)
    build("run", "--select", "int_population__resident")
    assert build("run", "--select", "family_year")["family_year"] == LAST, "of persons as they were"
    assert build()["family_year"] == first_january, "its persons had not been built yet"
    assert build() == dict.fromkeys(build(), None)
    by_year = query(deliveries.root, "from marts.family_year")
    build("build", *SELECTED, "--full-refresh")
    assert query(deliveries.root, "from marts.family_year") == by_year
    # Back to the first delivery: what came since matters again.
    assert build(ledger=0)["family_year"] == first_january


def test_a_move_that_was_registered_late_matters_from_the_year_of_its_date(
    deliveries: Deliveries, registers: Registers, build: Callable[..., dict[str, int | None]]
) -> None:
    events = ("--select", "+int_migration__event", "--resource-type", "model")
    moves = registers["flytting", 2006]
    late = moves[0] | {"flyttedato": date(2004, 5, 17)}
    for name, rows, first_year in (
        ("late", [*moves, late], 2004),
        ("another date", [*moves, late | {"flyttedato": date(2005, 5, 17)}], 2004),
        # In whatever file it stands, and in what order: its year is that of its date.
        ("the same", [late | {"flyttedato": date(2005, 5, 17)}, *moves], None),
        ("taken back", moves, 2005),
        ("without a date", [*moves, late | {"flyttedato": None}], 2006),
    ):
        deliveries.accept(name, {("flytting", 2006): rows})
        assert build("build", *events)["int_migration__event"] == first_year, name
    by_year = query(deliveries.root, "from intermediate.int_migration__event order by event_id")
    build("build", *events, "--full-refresh")
    assert query(deliveries.root, "from intermediate.int_migration__event order by event_id") == by_year


def test_what_was_built_without_rows_is_built_again_with_what_reads_it(
    deliveries: Deliveries, build: Callable[..., dict[str, int | None]]
) -> None:
    whole = query(deliveries.root, "from marts.family_year")
    build("run", "--select", "int_population__person", "--empty")
    build("run", "--select", "family_year")
    assert query(deliveries.root, "from marts.family_year") != whole
    build()
    assert query(deliveries.root, "from marts.family_year") == whole
