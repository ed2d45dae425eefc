"""Fixtures for all tests: data roots, the command line, hand-made deliveries and a small built warehouse."""

import atexit
import contextlib
import hashlib
import io
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

# Before numpy, as in every command: the package says with how many threads numpy works.
from utvandring.cli import main  # isort: skip

import duckdb
import pandas as pd
import pytest
from agreeing import world
from dbt_server import DbtServer, read_project
from deliveries import PROJECT, Key, Row, good_files, write_delivery
from one_file import SPECIFICATION, Check
from reference.warehouse import Warehouse

from utvandring.builds.locking import exclusive
from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot
from utvandring.common.sql import path_literal
from utvandring.deliveries import between, checks, expectations, identity, page
from utvandring.deliveries import deliver as delivering
from utvandring.deliveries.manifest import DeliveredFile
from utvandring.deliveries.rules import Rule
from utvandring.deliveries.specification import Register
from utvandring.deliveries.store import engine
from utvandring.deliveries.verdict import Status

# Files of tests that take minutes: begun first, so that no worker is left alone with one of them in the end.
LONGEST = (
    "test_yearly_builds.py",
    "test_closed_zone.py",
    "test_incremental.py",
    "test_kills.py",
    "test_build.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files of tests: the longest first, the others as they were found."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@atexit.register
def end_silently() -> None:
    """Let the interpreter say nothing as it ends, after pytest's summary.

    Hypothesis keeps modules of its tests to the end of the process, and the binding of the engine then lists
    its own types as leaked, over two pages. Nothing else is written that late.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


Command = Callable[..., Ran]

# Taken up by every Python process of a command, dbt's included, through PYTHONPATH. Not socket.bind:
# urllib3, which comes with Great Expectations, binds a local port when imported to learn if there is IPv6;
# nothing is sent.
NETWORK_GUARD = """
import os, sys

EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")

def refuse(event, arguments):
    if event in EVENTS:
        sys.stderr.write(f"NETWORK {event} {arguments[1:]}\\n")
        sys.stderr.flush()
        os._exit(97)

sys.addaudithook(refuse)
"""


def without_network(folder: Path) -> dict[str, str]:
    """Return an environment in which a Python process that opens a connection ends with exit code 97."""
    (folder / "sitecustomize.py").write_text(NETWORK_GUARD, encoding="utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a data root of its own to one test."""
    root = tmp_path / "data"
    monkeypatch.setenv("UTVANDRING_DATA", str(root))
    return root


@pytest.fixture
def utvandring(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Run the command line in this process, over the test's own data root."""
    before = os.umask(0o022)

    def run(*arguments: str | Path) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["utvandring", *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return Ran(code, out.getvalue(), err.getvalue())

    yield run
    os.umask(before)


@pytest.fixture(autouse=True)
def checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check a file without faults once: most files of most deliveries in tests are the same."""
    monkeypatch.setattr(delivering, "check_file", check_file_once)
    monkeypatch.setattr(checks, "count_violations", count_violations_once)
    monkeypatch.setattr(between, "outside", outside_once)
    monkeypatch.setattr(page, "_chart", draw_once)


CHECKED: dict[bytes, checks.CheckedFile] = {}
VIOLATED: dict[bytes, int] = {}
OUTSIDE: dict[bytes, list[bool]] = {}
DRAWN: dict[bytes, str] = {}


def check_file_once(
    connection: duckdb.DuckDBPyConnection,
    file: DeliveredFile,
    register: Register,
    delivery_year: int,
    waived: Sequence[str],
    *,
    collects_rows: bool,
) -> checks.CheckedFile:
    """Check a file as `check_file` does, or return what was found in the same rows at another place."""
    content = hashlib.sha256(file.location.read_bytes()).hexdigest()
    described = replace(file, location=Path())
    key = pickle.dumps((content, described, register, delivery_year, waived, collects_rows))
    if key in CHECKED:
        known = CHECKED[key]
        query = known.select.replace(path_literal(known.file.location), path_literal(file.location))
        return replace(known, file=file, select=query)
    found = checks.check_file(connection, file, register, delivery_year, waived, collects_rows=collects_rows)
    if not found.findings and path_literal(file.location) in found.select:
        CHECKED[key] = found
    return found


def count_violations_once(batch: pd.DataFrame, rules: Sequence[Rule]) -> list[int]:
    """Ask Great Expectations once how often the same values break the same rule."""
    keys = [
        pickle.dumps((rule.expectation, rule.arguments, batch[[*rule.of]].to_dict("list"))) for rule in rules
    ]
    new = {key: rule for key, rule in zip(keys, rules, strict=True) if key not in VIOLATED}
    VIOLATED.update(zip(new, expectations.count_violations(batch, [*new.values()]), strict=True))
    return [VIOLATED[key] for key in keys]


def outside_once(values: pd.Series, minimum: float | None, maximum: float | None) -> list[bool]:
    """Ask Great Expectations once whether the same numbers lie outside the same bounds."""
    key = pickle.dumps((values, minimum, maximum))
    if key not in OUTSIDE:
        OUTSIDE[key] = expectations.outside(values, minimum, maximum)
    return [*OUTSIDE[key]]


draw = page._chart


def draw_once(counts: list[dict[str, Any]], words: Mapping[str, Any]) -> str:
    """Draw the same counts in the same language once."""
    key = pickle.dumps((counts, words))
    if key not in DRAWN:
        DRAWN[key] = draw(counts, words)
    return DRAWN[key]


@pytest.fixture
def good_delivery(tmp_path: Path) -> Path:
    """Give a hand-made delivery of 2012 and 2013 with nothing wrong."""
    return write_delivery(tmp_path / "delivery", "2014-03-01", good_files())


@pytest.fixture(scope="session")
def checking_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the engine of `deliver` with the code lists read."""
    with engine(tmp_path_factory.mktemp("spill")) as connection:
        connection.execute(identity.macro())
        checks.load_code_lists(connection, SPECIFICATION)
        yield connection


@pytest.fixture
def check(checking_engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> Check:
    """Check one small file at a time, without the rest of a delivery."""
    return Check(checking_engine, tmp_path)


def run_command(data_root: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> Ran:
    """Run the command line in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", "utvandring.cli", *map(str, arguments)],
        env={**os.environ, "UTVANDRING_DATA": str(data_root), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(finished.returncode, finished.stdout, finished.stderr)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Make a folder once for the whole session, also when several workers share the tests.

    `make test-all` runs the tests in two sessions, and names a folder for what both of them need.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    base = Path(os.environ.get("UTVANDRING_TESTS_MADE", base))
    keeper = DataRoot(base / name)
    keeper.path.mkdir(parents=True, exist_ok=True)
    made, done = keeper.path / "made", keeper.path / "done"
    while not done.exists():
        # The other worker holds the lock for as long as it works.
        with contextlib.suppress(UtvandringError), exclusive(keeper, "tests"):
            if not done.exists():
                make(made)
                done.touch()
    return made


@pytest.fixture(scope="session")
def small_delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a simulated delivery, a hundredth of Norway."""

    def simulate(folder: Path) -> None:
        ran = run_command(folder, "simulate", "--out", folder, "--scale", "0.01", "--seed", "1")
        assert ran.code == 0, ran.text

    return made_once(tmp_path_factory, "simulated", simulate)


@pytest.fixture(scope="session")
def built_warehouse(small_delivery: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data root in which the simulated delivery was accepted, built and published.

    By the commands, and without a network: a process that asks for one would end.
    """

    def build(root: Path) -> None:
        guarded = without_network(tmp_path_factory.mktemp("guard"))
        for arguments in (("deliver", small_delivery), ("build",)):
            ran = run_command(root, *arguments, environment=guarded)
            assert ran.code == 0, ran.text
            assert "NETWORK" not in ran.err

    return made_once(tmp_path_factory, "built", build)


@pytest.fixture(scope="session")
def report(built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the report of the simulated delivery, written by the command without a network."""

    def write(folder: Path) -> None:
        guarded = without_network(tmp_path_factory.mktemp("guard"))
        ran = run_command(built_warehouse, "report", "--out", folder, environment=guarded)
        assert ran.code == 0, ran.text
        assert "NETWORK" not in ran.err
        assert all(str(path) in ran.out for path in folder.iterdir())

    return made_once(tmp_path_factory, "report", write)


@pytest.fixture(scope="session")
def forked_dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtServer]:
    """Give dbt with the project read once, by whichever worker needs it first."""
    read = made_once(tmp_path_factory, "read", read_project)
    server = DbtServer(tmp_path_factory.mktemp("dbt"), read)
    yield server
    server.close()


@pytest.fixture(scope="session")
def reference_warehouse(tmp_path_factory: pytest.TempPathFactory, forked_dbt: DbtServer) -> Warehouse:
    """Give the data root in which tests make the marts of hand-made registers."""
    return Warehouse(tmp_path_factory.mktemp("reference"), forked_dbt)


@pytest.fixture(scope="session")
def world_delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data root in which a world whose registers agree was accepted without a warning."""
    folder = tmp_path_factory.mktemp("world")
    verdict = delivering.deliver(
        DataRoot(folder / "data"), write_delivery(folder / "first", "first", world()), PROJECT
    )
    assert verdict.status is Status.ACCEPTED, verdict
    assert not verdict.warnings, verdict
    return folder / "data"


@pytest.fixture
def accepted(
    utvandring: Command, world_delivered: Path, data_root: Path, tmp_path: Path
) -> Callable[..., str]:
    """Deliver something after a world whose registers agree; returns the verdict as JSON."""

    def deliver_after_the_world(files: dict[Key, list[Row]], code: int = 0) -> str:
        shutil.copytree(world_delivered, data_root)
        ran = utvandring("deliver", write_delivery(tmp_path / "second", "second", files), "--json")
        assert ran.code == code, ran.text
        return ran.out

    return deliver_after_the_world
