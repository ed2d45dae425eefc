"""The command line itself: help, versions, colours, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from deliveries import good_files, write_delivery

import utvandring as package
from utvandring import simulation


@pytest.mark.parametrize("command", ["simulate", "deliver", "deliveries", "build"])
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
