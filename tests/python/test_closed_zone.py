"""The program never opens a network connection: a process that tries to is ended."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from deliveries import good_files, write_delivery

# Taken up by every Python process of the command, dbt's included, through PYTHONPATH. Not socket.bind:
# urllib3, which comes with Great Expectations, binds a local port when imported to learn if there is IPv6;
# nothing is sent.
GUARD = """
import os, sys

EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")

def refuse(event, arguments):
    if event in EVENTS:
        sys.stderr.write(f"NETWORK {event} {arguments[1:]}\\n")
        sys.stderr.flush()
        os._exit(97)

sys.addaudithook(refuse)
"""


@pytest.fixture
def guarded(tmp_path: Path, new_root: Callable[[Path], Path]) -> dict[str, str]:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard/sitecustomize.py").write_text(GUARD, encoding="utf-8")
    return {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "guard"),
        "UTVANDRING_DATA": str(new_root(tmp_path / "data")),
    }


def run(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)


def test_the_guard_stops_a_process_that_opens_a_connection(guarded: dict[str, str]) -> None:
    ran = run(guarded, "-c", "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)")

    assert ran.returncode == 97
    assert "NETWORK" in ran.stderr


def test_no_command_opens_a_network_connection(guarded: dict[str, str], tmp_path: Path) -> None:
    folder = write_delivery(tmp_path / "delivery", "2014-03-01", good_files())
    for arguments in (
        ("simulate", "--out", tmp_path / "simulated", "--scale", "0.0005"),
        ("deliver", folder),
        ("deliveries",),
        ("build",),
        ("export", "--out", tmp_path / "tables"),
        ("export", "--format", "xlsx", "--out", tmp_path / "workbook", "--table", "delivery"),
        ("report", "--out", tmp_path / "pages"),
        ("figures", "--out", tmp_path / "figures", "--figure", "4.1"),
    ):
        ran = run(guarded, "-m", "utvandring.cli", *arguments)
        assert "NETWORK" not in ran.stderr, arguments
        assert ran.returncode == 0, (arguments, ran.stdout + ran.stderr)
