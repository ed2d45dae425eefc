"""The command line itself: help, versions, colours, exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from deliveries import PROJECT, good_files, write_delivery

import utvandring as package
from utvandring import cli, simulation
from utvandring.builds.building import Result
from utvandring.builds.comparison import comparing
from utvandring.builds.locking import exclusive
from utvandring.cli import app
from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot
from utvandring.deliveries.ledger import Ledger, read_ledger

COMMANDS = [
    command.name or command.callback.__name__ for command in app.registered_commands if command.callback
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, utvandring: Command) -> None:
    ran = utvandring(command, "--help")

    assert ran.code == 0
    assert "Example" in ran.out
    assert f"utvandring {command}" in ran.out.partition("Examples")[2]
    assert "--json" in ran.out


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
        ("report", "--language", "sv"),
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
    for word in ("one  replaced", "two  accepted", "three  refused", "nus2000"):
        assert word in shown


def test_the_list_of_deliveries_is_readable_in_80_columns(
    utvandring: Command, good_delivery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    utvandring("deliver", good_delivery)
    rows = [{**row, "nus2000": "7"} for row in good_files()["utdanning", 2012, 1]]
    name = "a-delivery-of-64-letters-" + "x" * 39
    utvandring("deliver", write_delivery(tmp_path / "long", name, {("utdanning", 2012, 2): rows}))

    lines = utvandring("deliveries").out.splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[0] == "2014-03-01  accepted"
    assert re.fullmatch(r"  [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}, 9 files, 20 rows", lines[1])
    assert lines[2].startswith("  befolkning 2012-2013, person 2012, flytting 2012")
    assert any(line == f"{name}  refused" for line in lines)


def test_arguments_that_simulate_does_not_take_are_told_in_one_sentence(
    utvandring: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("The scale must be above 0.")

    monkeypatch.setattr(simulation, "simulate", refuse)
    ran = utvandring("simulate", "--out", tmp_path / "x", "--scale", "0")

    assert ran.code == 2
    assert ran.err == "The scale must be above 0.\n"


def test_a_simulated_delivery_is_accepted_without_a_warning(built_warehouse: Path) -> None:
    (delivery,) = read_ledger(DataRoot(built_warehouse)).accepted
    assert delivery.warnings == ()


def test_the_documentation_of_the_command_line_names_every_command(utvandring: Command) -> None:
    documented = (PROJECT / "docs/command-line.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`utvandring {command}" in documented


def test_commands_with_json_print_nothing_else(utvandring: Command, good_delivery: Path) -> None:
    assert json.loads(utvandring("deliver", good_delivery, "--json").out)
    assert json.loads(utvandring("deliveries", "--json").out)


@pytest.fixture
def no_database(tmp_path: Path) -> Path:
    path = tmp_path / "no.duckdb"
    path.write_text("This is no database.", encoding="utf-8")
    return path


@pytest.fixture
def specification(tmp_path: Path) -> Path:
    path = tmp_path / "my.yml"
    path.write_text(
        "model: linear_probability\noutcome: centrality\nwhere: base_year = 2012\n"
        "terms: [{column: sex, reference: female}]\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("command", ["report", "figures", "fit"])
def test_a_file_that_is_no_database_is_told_in_one_sentence(
    command: str, utvandring: Command, no_database: Path, specification: Path
) -> None:
    arguments = ["--spec", specification] if command == "fit" else []
    ran = utvandring(command, "--database", no_database, *arguments)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"{no_database} cannot be read as a DuckDB database: name another file, or rebuild it with "
        "`utvandring build`.\n"
    )


def test_a_database_that_another_program_writes_is_told_in_one_sentence(
    utvandring: Command, tmp_path: Path
) -> None:
    path = tmp_path / "held.duckdb"
    script = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        ran = utvandring("report", "--database", path)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"{path} is being written by another program: close it there and run the command again.\n"
    )


def test_a_place_that_cannot_be_made_is_told_with_the_next_step(utvandring: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = utvandring("simulate", "--out", tmp_path / "file" / "below", "--scale", "0.0005")

    assert ran.code == 1
    assert ran.err.startswith("A folder was expected but something else is there (")
    assert ran.err.endswith("): name another folder.\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("UTVANDRING_THREADS", "two"), ("UTVANDRING_THREADS", "0"), ("UTVANDRING_MEMORY", "6")],
)
@pytest.mark.parametrize("command", [("build",), ("diff", "one", "two")])
def test_settings_of_the_engine_that_make_no_sense_are_wrong_use(
    name: str, value: str, command: tuple[str, ...], utvandring: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    ran = utvandring(*command)

    assert ran.code == 2
    assert ran.err.startswith(f"{name} must be ")
    assert repr(value) in ran.err


def test_a_selection_of_nothing_is_wrong_use(utvandring: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "build_warehouse", lambda *_: Result(0, 0, 0, 0, (), 1.0, None))
    ran = utvandring("build", "--select", "no_such_model")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "Nothing is selected by no_such_model: name a model, a tag or a path "
        "(unit tests with --unit-tests).\n"
    )


def test_a_comparison_leaves_alone_what_another_one_is_working_on(data_root: Path) -> None:
    root = DataRoot(data_root)
    root.prepare()
    scratch = DataRoot(data_root / ".diff")
    scratch.path.mkdir()
    (scratch.path / "half done").touch()

    with (
        exclusive(scratch, "diff"),
        pytest.raises(UtvandringError, match="Another utvandring command is working"),
        comparing._scratch(root, Ledger(())),
    ):
        pass

    assert (scratch.path / "half done").exists()


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
