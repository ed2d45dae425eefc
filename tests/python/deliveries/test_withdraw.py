"""A delivery that was accepted by mistake is withdrawn: recorded, and nothing deleted."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Command
from dbt_server import DbtServer
from deliveries import Key, Row, good_files, write_delivery

from utvandring.common.project import DataRoot
from utvandring.deliveries.ledger import read_ledger
from utvandring.deliveries.store import damaged_files

BECAUSE = ["--reason", "the file of another project"]


def education(nus2000: str) -> list[Row]:
    return [{"personid": "pseudonym-bo", "nus2000": nus2000}]


def deliver(utvandring: Command, folder: Path, name: str, files: dict[Key, list[Row]]) -> None:
    ran = utvandring("deliver", write_delivery(folder / name, name, files))
    assert ran.code == 0, ran.text


def current(data_root: Path) -> dict[tuple[str, int], int]:
    return {key: file.version for key, file in read_ledger(DataRoot(data_root)).current_files().items()}


def everything_stored(data_root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (data_root / "accepted" / "files").rglob("*.parquet")}


@pytest.fixture
def corrected(utvandring: Command, good_delivery: Path, tmp_path: Path) -> None:
    """Deliver the good delivery, and then a correction of the educations with those of another year."""
    assert utvandring("deliver", good_delivery).code == 0
    files = {("utdanning", 2012, 2): education("641108"), ("utdanning", 2011, 1): education("641109")}
    deliver(utvandring, tmp_path, "correction", files)


def test_the_version_before_is_current_again_and_nothing_is_deleted(
    utvandring: Command, corrected: None, data_root: Path
) -> None:
    stored = everything_stored(data_root)
    assert current(data_root)["utdanning", 2012] == 2

    ran = utvandring("withdraw", "correction", *BECAUSE)

    assert ran.code == 0, ran.text
    assert "Withdrawn correction: 2 files that the warehouse read. Nothing was deleted." in ran.out
    assert "utdanning 2012 version 1 is current again." in ran.out
    assert "The warehouse can be built" in ran.out
    assert current(data_root)["utdanning", 2012] == 1
    assert ("utdanning", 2011) not in current(data_root)
    assert everything_stored(data_root) == stored


def test_a_program_is_told_what_changed(utvandring: Command, corrected: None) -> None:
    told = json.loads(utvandring("withdraw", "correction", *BECAUSE, "--json").out)

    assert told["withdrawn"] == [
        {"register": "utdanning", "period": 2012, "version": 2},
        {"register": "utdanning", "period": 2011, "version": 1},
    ]
    assert told["current_again"] == [{"register": "utdanning", "period": 2012, "version": 1}]


def test_a_withdrawal_is_recorded_and_listed_with_its_reason(
    utvandring: Command, corrected: None, data_root: Path
) -> None:
    utvandring("withdraw", "correction", *BECAUSE)

    listed = json.loads(utvandring("deliveries", "--json").out)
    assert [(one["delivery_id"], one["state"]) for one in listed] == [
        ("2014-03-01", "accepted"),
        ("correction", "withdrawn"),
        ("correction", "withdrawal"),
    ]
    assert listed[-1]["reasons"] == ["the file of another project"]
    assert not any(file["is_current"] for file in listed[1]["files"])
    assert "the file of another project" in utvandring("deliveries").out
    page = Path(utvandring("deliveries", "--page", "correction").out.strip()).read_text(encoding="utf-8")
    assert "<strong>Withdrawn</strong>" in page
    assert "the file of another project. No build reads it" in page


def test_the_next_delivery_removes_nothing_of_a_withdrawn_one(
    utvandring: Command, corrected: None, tmp_path: Path, data_root: Path
) -> None:
    utvandring("withdraw", "correction", *BECAUSE)
    stored = everything_stored(data_root)

    deliver(utvandring, tmp_path, "next", {("inntekt", 2013, 1): good_files()["inntekt", 2012, 1]})

    assert everything_stored(data_root).items() >= stored.items()
    root = DataRoot(data_root)
    for delivery_id in ("2014-03-01", "correction", "next"):
        files = tuple(read_ledger(root).as_of(delivery_id).current_files().values())
        assert damaged_files(root, files) == ()


def test_as_of_the_delivery_and_earlier_ones_everything_is_as_it_was(
    utvandring: Command, corrected: None, data_root: Path
) -> None:
    root = DataRoot(data_root)
    before = {one: read_ledger(root).as_of(one).current_files() for one in ("2014-03-01", "correction")}

    utvandring("withdraw", "correction", *BECAUSE)

    assert {one: read_ledger(root).as_of(one).current_files() for one in before} == before


def test_a_withdrawn_delivery_may_come_again_under_its_id(
    utvandring: Command, corrected: None, tmp_path: Path, data_root: Path
) -> None:
    utvandring("withdraw", "correction", *BECAUSE)

    ran = utvandring("deliver", tmp_path / "correction")

    assert ran.code == 0, ran.text
    assert "Accepted correction: 2 files" in ran.out
    assert current(data_root)["utdanning", 2012] == 2
    assert utvandring("withdraw", "correction", *BECAUSE).code == 0
    assert current(data_root)["utdanning", 2012] == 1
    assert len(everything_stored(data_root)) == 9 + 2 + 2


def test_another_version_of_a_withdrawn_file_may_come_with_its_number(
    utvandring: Command, corrected: None, tmp_path: Path, data_root: Path
) -> None:
    utvandring("withdraw", "correction", *BECAUSE)
    deliver(utvandring, tmp_path, "right", {("utdanning", 2012, 2): education("641110")})

    file = read_ledger(DataRoot(data_root)).current_files()["utdanning", 2012]
    stored = duckdb.read_parquet(str(data_root / "accepted" / file.path)).fetchall()
    assert stored == [("pseudonym-bo", "641110", 2012)]


def test_a_file_that_another_delivery_repeated_still_counts(
    utvandring: Command, corrected: None, tmp_path: Path, data_root: Path
) -> None:
    files = {
        ("utdanning", 2012, 2): education("641108"),
        ("inntekt", 2013, 1): good_files()["inntekt", 2012, 1],
    }
    deliver(utvandring, tmp_path, "again", files)

    utvandring("withdraw", "correction", *BECAUSE)
    assert current(data_root)["utdanning", 2012] == 2
    assert ("utdanning", 2011) not in current(data_root)
    utvandring("withdraw", "again", *BECAUSE)
    assert current(data_root)["utdanning", 2012] == 1


@pytest.mark.parametrize(
    "register_of_the_second", [("befolkning", 2014), ("flytting", 2013)], ids=lambda one: str(one[0])
)
def test_the_only_delivery_of_a_required_year_is_not_withdrawn(
    register_of_the_second: tuple[str, int],
    utvandring: Command,
    good_delivery: Path,
    tmp_path: Path,
    data_root: Path,
) -> None:
    register, period = register_of_the_second
    utvandring("deliver", good_delivery)
    rows: list[dict[str, Any]] = good_files()[register, period - 1, 1]
    if register == "flytting":
        rows = [{**row, "flyttedato": row["flyttedato"].replace(year=2013)} for row in rows]
    deliver(utvandring, tmp_path, "second", {(register, period, 1): rows})
    ledger = (data_root / "accepted" / "ledger.json").read_bytes()

    for delivery_id, gone in (
        ("second", f"{register} {period}"),
        ("2014-03-01", "befolkning 2012, befolkning 2013"),
    ):
        ran = utvandring("withdraw", delivery_id, *BECAUSE)
        assert ran.code == 1
        assert f"It is the only delivery of {gone}" in ran.err
        assert "deliver a corrected version" in ran.err
    assert (data_root / "accepted" / "ledger.json").read_bytes() == ledger


def test_the_last_person_register_is_not_withdrawn_but_an_older_one_serves(
    utvandring: Command, good_delivery: Path, tmp_path: Path, data_root: Path
) -> None:
    utvandring("deliver", good_delivery)
    deliver(utvandring, tmp_path, "second", {("person", 2013, 1): good_files()["person", 2012, 1]})

    assert utvandring("withdraw", "second", *BECAUSE).code == 0
    assert ("person", 2012) in current(data_root)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["correction"], "needs a reason"),
        (["correction", "--reason", " "], "needs a reason"),
        (["another", *BECAUSE], "No delivery has the id another"),
        (["bad", *BECAUSE], "was refused, so that nothing of it counts"),
    ],
)
def test_what_cannot_be_withdrawn_is_wrong_usage(
    arguments: list[str], says: str, utvandring: Command, corrected: None, tmp_path: Path, data_root: Path
) -> None:
    utvandring("deliver", write_delivery(tmp_path / "bad", "bad", {("utdanning", 2010, 1): education("1")}))
    ledger = (data_root / "accepted" / "ledger.json").read_bytes()

    ran = utvandring("withdraw", *arguments)

    assert ran.code == 2
    assert says in ran.err
    assert (data_root / "accepted" / "ledger.json").read_bytes() == ledger


def test_a_delivery_is_withdrawn_once(utvandring: Command, corrected: None) -> None:
    utvandring("withdraw", "correction", *BECAUSE)
    ran = utvandring("withdraw", "correction", *BECAUSE)
    assert ran.code == 2
    assert "was withdrawn before" in ran.err


@pytest.mark.long
def test_the_warehouse_reads_what_counts_now_and_what_counted_then(
    utvandring: Command, corrected: None, data_root: Path, tmp_path: Path, forked_dbt: DbtServer
) -> None:
    def read(as_of: str = "") -> dict[tuple[str, int], int]:
        forked_dbt.run(data_root, "run-operation", "open_registers", environment={"UTVANDRING_AS_OF": as_of})
        with duckdb.connect(str(data_root / "warehouse.duckdb"), read_only=True) as connection:
            rows = connection.execute(
                "select register, period, version from deliveries.delivery_file where is_current"
            ).fetchall()
        return {(register, period): version for register, period, version in rows}

    root = DataRoot(data_root)
    assert read() == current(data_root)
    utvandring("withdraw", "correction", *BECAUSE)
    assert read() == current(data_root)
    assert read()["utdanning", 2012] == 1
    for delivery_id in ("2014-03-01", "correction"):
        then = read_ledger(root).as_of(delivery_id).current_files()
        assert read(delivery_id) == {key: file.version for key, file in then.items()}
    utvandring("deliver", tmp_path / "correction")
    assert read() == current(data_root)
    assert read()["utdanning", 2012] == 2
