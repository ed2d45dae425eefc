"""The same deliveries give the same marts, row by row and in order, however they came and were computed."""

import os
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from dbt_server import DbtServer
from deliveries import PROJECT, entry, read_manifest, write_manifest

from utvandring.common.project import DataRoot
from utvandring.deliveries.deliver import deliver
from utvandring.simulation import simulate

MARTS = (
    "person_year",
    "family_year",
    "migration_event",
    "mobility_rate",
    "municipality",
    "municipality_change",
)


def hand_in(folder: Path, delivery_id: str, files: list[dict[str, Any]], source: Path) -> Path:
    """Make a delivery of some of the files of another one."""
    folder.mkdir(parents=True)
    for file in files:
        if not (folder / file["path"]).exists():
            os.link(source / file["path"], folder / file["path"])
    write_manifest(folder, {"delivery_id": delivery_id, "produced_at": "2015-03-15", "files": files})
    return folder


def as_version(folder: Path, file: dict[str, Any], version: int, rows: int, source: Path) -> dict[str, Any]:
    """Write the first rows of a file as another version of it."""
    path = folder / f"{file['register']}_p{file['period']}_v{version}.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pq.read_table(source / file["path"]).slice(0, rows), path)
    return entry(path, file["register"], int(file["period"]), version, rows)


@pytest.fixture(scope="module")
def two_ways(tmp_path_factory: pytest.TempPathFactory, forked_dbt: DbtServer) -> tuple[Path, Path]:
    """Give the marts of one delivery, and of late, repeated and replaced ones with other threads."""
    work = tmp_path_factory.mktemp("two-ways")
    simulated = simulate(work / "simulated", scale=0.005, first_year=2010, last_year=2014, seed=1).parent
    files = read_manifest(simulated)["files"]

    late = [file for file in files if int(file["period"]) % 2]
    rest = [file for file in files if not int(file["period"]) % 2]
    corrected = next(file for file in rest if file["register"] == "befolkning")
    first = as_version(work / "first", corrected, 1, corrected["rows"] // 2, simulated)
    second = {**corrected, "version": 2, "path": corrected["path"].replace("_v1", "_v2")}
    os.link(simulated / corrected["path"], work / second["path"])
    rest.remove(corrected)

    parts = [
        hand_in(work / "late", "late", list(reversed(late)), simulated),
        hand_in(work / "corrected", "corrected", [second], work),
        hand_in(work / "before-correction", "before-correction", [first], work / "first"),
        hand_in(work / "rest", "rest", [*rest, late[0]], simulated),
    ]
    roots = work / "whole-root", work / "parts-root"
    for root, deliveries, threads in zip(roots, ([simulated], parts), (1, 3), strict=True):
        for delivery in deliveries:
            verdict = deliver(DataRoot(root), delivery, PROJECT)
            assert not verdict.refusals, verdict.refusals
        forked_dbt.seed(root)
        forked_dbt.make(root, *(f"marts.{mart}" for mart in MARTS), threads=threads)
    return roots


@pytest.mark.parametrize("mart", MARTS)
def test_marts_do_not_depend_on_order_of_arrival_or_threads(two_ways: tuple[Path, Path], mart: str) -> None:
    tables = []
    for root in two_ways:
        with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
            tables.append(connection.sql(f"select * from marts.{mart}").to_arrow_table())
    one, other = tables
    assert one.num_rows > 0
    assert one.equals(other)
