"""The notebook in `examples/notebook.py`: its cells in their order, over a publication."""

import inspect
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import duckdb
import pytest
from deliveries import PROJECT


class Cells:
    """What marimo makes of a notebook whose cells stand in the order in which they need each other.

    marimo itself, with the server that shows a notebook, takes three times the room of what tests install.
    """

    def __init__(self, **_: Any) -> None:
        self.functions: list[Callable[..., Any]] = []

    def cell(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self.functions.append(function)
        return function

    def run(self) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for function in self.functions:
            code = function.__code__
            needed = code.co_varnames[: code.co_argcount]
            given = function(**{name: known[name] for name in needed})
            known |= dict(zip(returned(function), given, strict=True))
        return known


def returned(function: Callable[..., Any]) -> list[str]:
    """Return the names in the last line of a cell, `return a, b` or `return (a,)`."""
    last = inspect.getsource(function).strip().splitlines()[-1].strip()
    return [name.strip() for name in last.removeprefix("return").strip(" ()").split(",") if name.strip()]


def test_the_notebook_runs_from_its_first_cell_to_its_last(
    built_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTVANDRING_DATA", str(built_warehouse))
    marimo = ModuleType("marimo")
    marimo.App = Cells  # type: ignore[attr-defined]
    marimo.md = lambda text: SimpleNamespace(text=text)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "marimo", marimo)

    found = runpy.run_path(str(PROJECT / "examples/notebook.py"))["app"].run()

    assert list(found["estimates"]["term"]) == ["constant", "residence_years", "male"]
    assert found["estimates"]["std_error"].gt(0).all()
    with duckdb.connect(str(built_warehouse / "published/utvandring.duckdb"), read_only=True) as connection:
        persons = connection.execute(
            "select count(*) from marts.person_year where is_immigrant and residence_years between 0 and 15 "
            "and outcome_municipality is not null"
        ).fetchone()
    assert persons == (found["rates"]["residents"].sum(),)
    assert len(found["released"]) >= 4
