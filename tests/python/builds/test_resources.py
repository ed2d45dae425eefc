"""What a build needs of the machine is said before it begins."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from deliveries import PROJECT

from utvandring.builds.resources import _YEARS_AT_A_TIME, memory_needed, require_resources
from utvandring.common.engine import bytes_of_memory
from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot
from utvandring.deliveries.ledger import AcceptedFile, Delivery, Ledger

Usage = namedtuple("Usage", "total used free")


def a_root_with(tmp_path: Path, rows: int, size: int) -> tuple[DataRoot, Ledger]:
    """Return a data root with one accepted 1 January of so many rows and bytes, and its ledger."""
    root = DataRoot(tmp_path)
    file = AcceptedFile("befolkning", 2013, 1, "b.parquet", "0", "files/b.parquet", "0", rows, ())
    path = root.accepted / file.path
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(size))
    delivery = Delivery("d", "2014-03-15", "2014-03-16T00:00:00Z", "accepted", "0", (), (), (file,))
    return root, Ledger().with_delivery(delivery)


def test_memory_that_is_too_little_for_the_registers_is_told_before_the_build(tmp_path: Path) -> None:
    root, ledger = a_root_with(tmp_path, 5_000_000, 1)

    with pytest.raises(UtvandringError, match=r"500MB, and person_year .* 1\.0 GB at once: set .* to more"):
        require_resources(root, ledger, {"memory_limit": "500MB"})

    require_resources(root, ledger, {"memory_limit": "2GB"})


def test_more_memory_than_the_machine_has_is_told_where_somebody_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, ledger = a_root_with(tmp_path, 1, 1)
    # What nobody asked for is the default, which small deliveries never need.
    require_resources(root, ledger, {"memory_limit": "900TB"})
    monkeypatch.setenv("UTVANDRING_MEMORY", "900TB")

    with pytest.raises(UtvandringError, match=r"900TB, and the machine has [0-9.]+ GB: set it to less"):
        require_resources(root, ledger, {"memory_limit": "900TB"})


def test_a_disk_without_room_for_the_warehouse_is_told_before_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, ledger = a_root_with(tmp_path, 1, 1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 3 * 10**6, 3 * 10**6))

    with pytest.raises(UtvandringError, match=r"has 0\.0 GB free, .* takes some 0\.0 GB: make room"):
        require_resources(root, ledger, {"memory_limit": "6GB"})

    # What an earlier build has written already needs no further room.
    root.warehouse.write_bytes(bytes(4_000_000))
    require_resources(root, ledger, {"memory_limit": "6GB"})


def test_the_largest_four_years_in_a_row_decide_on_the_memory() -> None:
    assert memory_needed({2010: 1, 2011: 1, 2012: 10, 2013: 10, 2014: 10, 2015: 10, 2020: 30}) == 200 * 40


def test_person_year_is_built_so_many_years_at_a_time() -> None:
    model = (PROJECT / "models" / "marts" / "person_year" / "person_year.sql").read_text(encoding="utf-8")
    assert f"'block_years': {_YEARS_AT_A_TIME}}}" in model


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("6GB", 6 * 10**9), ("5.5 GiB", 5_905_580_032), ("512m", 512 * 10**6), ("80%", 800)],
)
def test_amounts_of_memory_are_those_of_the_engine(amount: str, expected: int) -> None:
    assert bytes_of_memory(amount, 1000) == expected
