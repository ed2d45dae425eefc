"""The command that estimates the parameters of over-coverage anew."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from conftest import Command

from utvandring.common.errors import UtvandringError
from utvandring.common.project import project_root
from utvandring.regressions.overcoverage import SEED_FILE, renew_parameters

ALONE = "work, Africa or Asia, alone, 25-49"
SHIPPED = project_root() / SEED_FILE


def warehouse(path: Path, runs: str) -> Path:
    """A warehouse with counts of runs: text of SQL values."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema intermediate; create schema code_lists")
        connection.execute(f"create table code_lists.overcoverage_parameter as from read_csv('{SHIPPED}')")
        connection.execute(
            "create view intermediate.int_sign_of_life__run as from (values "
            f"{runs}) as run (overcoverage_group, begins_unknown, ends_with_sign, silent_years_n, runs_n)"
        )
    return path


def test_estimates_replace_the_list_and_have_every_group(tmp_path: Path) -> None:
    runs = ", ".join(
        f"('{ALONE}', {unknown}, true, {silent}, {n})"
        for unknown, silent, n in (("false", 0, 9000), ("false", 1, 700), ("false", 2, 90), ("true", 0, 500))
    )
    written = tmp_path / "parameters.csv"
    written.write_text("of before")

    renewed = renew_parameters(warehouse(tmp_path / "w.duckdb", runs), written, "a test")

    shipped, found = pd.read_csv(SHIPPED), pd.read_csv(written)
    assert list(found.columns) == list(shipped.columns)
    assert list(found["overcoverage_group"]) == list(shipped["overcoverage_group"])
    assert ((found.filter(like="_probability") >= 0) & (found.filter(like="_probability") <= 1)).all(
        axis=None
    )
    # Nearly everybody comes back from silence, so that hardly anybody can have left.
    row = found.set_index("overcoverage_group").loc[ALONE]
    assert row["sign_after_sign_probability"] == pytest.approx(0.92, abs=0.01)
    assert row["leaving_probability"] < 0.01
    assert renewed.runs_n == 10_290


def test_too_few_histories_leave_the_list_as_it_was(tmp_path: Path) -> None:
    written = tmp_path / "parameters.csv"
    written.write_text("of before")
    silent = warehouse(tmp_path / "w.duckdb", f"('{ALONE}', true, false, 3, 10)")

    with pytest.raises(UtvandringError, match="Deliver registers"):
        renew_parameters(silent, written, "a test")

    assert written.read_text() == "of before"
    assert not list(tmp_path.glob(".*"))


def test_without_a_warehouse_the_command_says_what_to_do(utvandring: Command, tmp_path: Path) -> None:
    ran = utvandring("overcoverage", "--out", str(tmp_path / "parameters.csv"))

    assert ran.code == 1
    assert "utvandring build" in ran.text
    assert not list(tmp_path.iterdir())
