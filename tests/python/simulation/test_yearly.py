"""The simulated world as a series of deliveries: what a register owner could know in March of every year."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Command
from deliveries import read_manifest

from utvandring.simulation import simulate, simulate_yearly

WORLD: dict[str, Any] = {"scale": 0.005, "first_year": 2005, "last_year": 2009, "seed": 3}


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulate_yearly(tmp_path_factory.mktemp("yearly") / "series", 2006, **WORLD)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("whole") / "world", **WORLD).parent


def files(folder: Path) -> Iterator[tuple[str, int, int, str]]:
    for file in read_manifest(folder)["files"]:
        yield file["register"], int(file["period"]), file["version"], str(folder / file["path"])


def current(series: list[Path]) -> dict[tuple[str, int], str]:
    latest: dict[tuple[str, int], tuple[int, str]] = {}
    for folder in series:
        for register, period, version, path in files(folder):
            latest[register, period] = max(latest.get((register, period), (0, "")), (version, path))
    return {key: path for key, (_, path) in latest.items()}


def rows(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def test_together_the_deliveries_say_what_the_world_says(series: list[Path], world: Path) -> None:
    said = current(series)
    compared = 0
    for register, period, _, path in files(world):
        if register == "person" or (register != "befolkning" and period == WORLD["last_year"]):
            continue
        # What is registered after the last delivery, none of them can say.
        known = f" where regdato <= date '{series[-1].name}'" if register == "flytting" else ""
        assert rows(f"from '{path}'{known}") == rows(f"from '{said[register, period]}'"), (register, period)
        compared += 1
    assert compared == len([register for register, _ in said if register != "person"])


def test_each_delivery_brings_one_year_and_the_late_registrations(series: list[Path]) -> None:
    assert [folder.name for folder in series] == ["2007-03-01", "2008-03-01", "2009-03-01"]
    brought = [{(register, period) for register, period, _, _ in files(folder)} for folder in series]
    assert max(period for register, period in brought[0] if register == "befolkning") == 2007
    assert max(period for register, period in brought[0] if register != "befolkning") == 2006
    assert {("befolkning", 2008), ("person", 2007), ("flytting", 2007), ("inntekt", 2007)} <= brought[1]
    late = [file[:3] for folder in series[1:] for file in files(folder) if file[2] > 1]
    assert late
    assert all(register == "flytting" for register, _, _ in late)


def test_nobody_knows_the_future(series: list[Path]) -> None:
    for folder in series:
        year = int(folder.name[:4])
        assert rows(
            f"select count(*) from '{folder}/flytting*.parquet' where regdato > date '{folder.name}'"
        ) == [(0,)]
        assert rows(f"select max(year(doedsdato)) from '{folder}/person*.parquet'") == [(year - 1,)]
        assert rows(f"select max(foedselsaar_mnd // 100) from '{folder}/person*.parquet'")[0][0] <= year - 1
        population = f"(from '{folder}/befolkning*.parquet' where statuskode = 1)"
        unknown = f"from {population} anti join (from '{folder}/person*.parquet') using (personid)"
        assert rows(f"select count(*) {unknown}") == [(0,)]


def test_the_same_arguments_give_the_same_bytes(series: list[Path], tmp_path: Path) -> None:
    again = simulate_yearly(tmp_path / "again", 2006, **WORLD)
    for one, other in zip(series, again, strict=True):
        assert {f.name: hashlib.sha256(f.read_bytes()).digest() for f in one.iterdir()} == {
            f.name: hashlib.sha256(f.read_bytes()).digest() for f in other.iterdir()
        }


def test_the_series_is_accepted_one_after_the_other(series: list[Path], utvandring: Command) -> None:
    for folder in series:
        ran = utvandring("deliver", folder)
        assert ran.code == 0, ran.text
        assert "The warehouse can be built" in ran.out


def test_a_first_delivery_outside_the_years_is_wrong_usage(utvandring: Command, tmp_path: Path) -> None:
    ran = utvandring("simulate", "--out", tmp_path / "x", "--yearly-from", "2014")

    assert ran.code == 2
    assert "must end with a year from 2003 to 2013, not 2014" in ran.err
    assert list(tmp_path.iterdir()) == []
