"""The program never opens a network connection: a process that tries to is ended.

Deliveries, builds and the report: `built_warehouse` and `report` are made behind the same guard.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_command, without_network


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    return without_network(tmp_path)


def test_the_guard_stops_a_process_that_opens_a_connection(guarded: dict[str, str]) -> None:
    opens = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"
    ran = subprocess.run(
        [sys.executable, "-c", opens],
        env={**os.environ, **guarded},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 97
    assert "NETWORK" in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "--out", "{out}", "--scale", "0.0005"),
        ("deliveries",),
        ("export", "--out", "{out}"),
        pytest.param(
            ("export", "--format", "xlsx", "--out", "{out}", "--table", "delivery"), marks=pytest.mark.long
        ),
        ("extract", "--table", "marts.family_year", "--out", "{out}.dta"),
        ("figures", "--out", "{out}", "--figure", "4.1"),
    ],
    ids=" ".join,
)
def test_no_command_opens_a_network_connection(
    arguments: tuple[str, ...], guarded: dict[str, str], built_warehouse: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "out")

    ran = run_command(
        built_warehouse, *(argument.format(out=out) for argument in arguments), environment=guarded
    )

    assert "NETWORK" not in ran.err
    assert ran.code == 0, ran.text
