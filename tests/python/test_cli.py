"""The command line itself: help, versions, colours, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from deliveries import PROJECT, good_files, write_delivery

import utvandring as package
from utvandring import simulation
from utvandring.cli import app


@pytest.mark.parametrize("command", ["simulate", "deliver", "deliveries", "build", "fit", "export"])
def test_every_command_has_help_with_an_example(command: str, utvandring: Command) -> None:
    ran = utvandring(command, "--help")

    assert ran.code == 0
    assert "Example" in ran.out
    assert f"utvandring {command}" in ran.out


def test_the_version_is_that_of_the_package(utvandring: Command) -> None:
    assert utvandring("--version").out == f"utvandring {package.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("deliver",),
        ("deliver", "no-such-folder"),
        ("simulate",),
        ("build", "--threads", "0"),
        ("report",),
    ],
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...], utvandring: Command, data_root: Path) -> None:
    ran = utvandring(*arguments)

    assert ran.code == 2
    assert "Traceback" not in ran.text
    assert not data_root.exists()


def test_output_that_is_not_a_terminal_has_no_colours_and_no_progress(
    utvandring: Command, good_delivery: Path
) -> None:
    ran = utvandring("deliver", good_delivery)

    assert "\x1b" not in ran.text
    assert ran.err == ""


def test_quiet_says_only_what_went_wrong(utvandring: Command, good_delivery: Path, tmp_path: Path) -> None:
    ran = utvandring("--quiet", "deliver", good_delivery)
    assert (ran.code, ran.text) == (0, "")

    bad = {("utdanning", 2013, 1): [{"personid": "a", "nus2000": "6"}]}
    ran = utvandring("--quiet", "deliver", write_delivery(tmp_path / "bad", "bad", bad))
    assert ran.code == 1
    assert ran.out.startswith("Refused bad")


def test_no_deliveries_are_listed_as_none(utvandring: Command) -> None:
    assert utvandring("deliveries").out == "No delivery has arrived yet.\n"
    assert utvandring("deliveries", "--json").out == "[]\n"


def test_accepted_refused_and_replaced_deliveries_are_listed(utvandring: Command, tmp_path: Path) -> None:
    row = good_files()["utdanning", 2012, 1][0]
    for delivery_id, version, code in (("one", 1, "641107"), ("two", 2, "741107"), ("three", 3, "7")):
        files = {("utdanning", 2012, version): [{**row, "nus2000": code}]}
        utvandring("deliver", write_delivery(tmp_path / delivery_id, delivery_id, files))

    listed = json.loads(utvandring("deliveries", "--json").out)
    assert [entry["state"] for entry in listed] == ["replaced", "accepted", "refused"]
    assert [[file["is_current"] for file in entry["files"]] for entry in listed] == [[False], [True], []]
    shown = utvandring("deliveries").out
    for word in ("one", "replaced", "two", "accepted", "three", "refused", "nus2000"):
        assert word in shown


def test_arguments_that_simulate_does_not_take_are_told_in_one_sentence(
    utvandring: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("The scale must be above 0.")

    monkeypatch.setattr(simulation, "simulate", refuse)
    ran = utvandring("simulate", "--out", tmp_path / "x", "--scale", "0")

    assert ran.code == 2
    assert ran.err == "The scale must be above 0.\n"


def test_a_simulated_delivery_is_accepted(small_delivery: Path, utvandring: Command) -> None:
    ran = utvandring("deliver", small_delivery)

    assert ran.code == 0, ran.text
    assert "Warning" not in ran.out
    assert "The warehouse can be built" in ran.out


def test_the_documentation_of_the_command_line_names_every_command(utvandring: Command) -> None:
    documented = (PROJECT / "docs/command-line.md").read_text(encoding="utf-8")
    listed = [
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    ]
    for command in listed:
        assert f"`utvandring {command}" in documented


def test_commands_with_json_print_nothing_else(utvandring: Command, good_delivery: Path) -> None:
    assert json.loads(utvandring("deliver", good_delivery, "--json").out)
    assert json.loads(utvandring("deliveries", "--json").out)


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_respect_no_color(no_color: str, coloured: bool, data_root: Path) -> None:
    environment = {**os.environ, "FORCE_COLOR": "1", "NO_COLOR": no_color, "UTVANDRING_DATA": str(data_root)}
    ran = subprocess.run(
        [sys.executable, "-m", "utvandring.cli", "build"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ("\x1b[31m" in ran.stderr) is coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    variables = {"_UTVANDRING_COMPLETE": f"complete_{shell}"}
    variables |= {"COMP_WORDS": "utvandring del", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "utvandring del"}
    variables |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "del"}
    script = Path(sys.executable).with_name("utvandring")
    ran = subprocess.run(
        [script], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert "deliver" in ran.stdout and "deliveries" in ran.stdout
    assert "simulate" not in ran.stdout
