"""How covariates go together: the tilts, what they do to the chances, and the fit that finds them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import numpy as np
import pytest

from utvandring.common.errors import UtvandringError
from utvandring.simulation import fitting, tilts
from utvandring.simulation import parameters as p

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def persons() -> fitting.Persons:
    return fitting.simulated_persons(0.02, 5)


def test_a_world_without_tilts_is_not_simulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tilts, "TABLE", tmp_path / "tilts.csv")
    with pytest.raises(UtvandringError, match=r"tilts\.csv is missing .* not calibrated"):
        tilts.tables()


FEW = ("totals", "4 main", "03 county_background", "4 family_size", "6.1 1")


def small_fit(
    persons: fitting.Persons, monkeypatch: pytest.MonkeyPatch, chosen: tuple[str, ...] = FEW
) -> fitting.Fit:
    """A fit of a few models, which so small a population can carry."""
    few = [m for m in fitting.models(persons) if f"{m.scope} {m.spec}".strip() in chosen]
    monkeypatch.setattr(fitting, "models", lambda _persons: few)
    return fitting.Fit(persons)


def test_a_fifth_of_the_printed_rows_is_held_out_by_the_same_rule_in_sql() -> None:
    linear, logits = p.published("published_lpm"), p.published("published_mnl")
    rows = sorted({*zip(linear["table_id"], linear["term"], strict=True),
                   *zip(logits["table_id"], logits["term"], strict=True)})  # fmt: skip
    macro = (ROOT / "macros/rules/calibration_use.sql").read_text(encoding="utf-8")
    case = re.search(r"case.*?end", macro.split("%}")[1], re.S)
    assert case is not None
    query = case.group().replace("{{ table_id }}", "$table").replace("{{ term }}", "$term")
    use = {
        row: duckdb.execute(f"select {query}", {"table": row[0], "term": row[1]}).fetchone() for row in rows
    }
    for (table, term), found in use.items():
        held_out = "held_out" if fitting.is_held_out(table, term) else "calibrated"
        assert found == ("drawn_from" if table.startswith("E") else held_out,)
    assert 0.15 < np.mean([fitting.is_held_out(*row) for row in rows if not row[0].startswith("E")]) < 0.25


def test_every_value_of_the_tilts_is_known_and_a_table_written_is_read_again(tmp_path: Path) -> None:
    tables = tilts.tables()
    assert all(np.isfinite(table).all() for table in tables.values())
    assert max(np.abs(table).max() for table in tables.values()) > 0.5
    fitting.write(tables, tmp_path / "tilts.csv")
    assert (tmp_path / "tilts.csv").read_bytes() == tilts.TABLE.read_bytes()


def test_chances_are_chances_and_no_change_of_the_tilts_leaves_them(
    persons: fitting.Persons, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert np.allclose(persons.status.sum(axis=1), 1) and persons.status.min() >= 0
    assert ((persons.known >= 0) & (persons.known <= 1)).all()
    fit = small_fit(persons, monkeypatch)
    share = fit.chances(fit.start)
    assert np.allclose(share.sum(axis=2), persons.status, atol=1e-6)
    assert np.allclose(fit.vector(fit.tables(fit.start)), fit.start)


def test_a_coefficient_changes_with_the_tilts_as_its_derivative_says(
    persons: fitting.Persons, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = small_fit(persons, monkeypatch)
    cells, matrix = fit.linearise(fit.start)
    direction = np.random.default_rng(1).normal(0, 1e-3, len(fit.start))
    up, down = (fit.linearise(fit.start + step, derivatives=False)[0] for step in (direction, -direction))
    tolerance = np.hypot(cells["error"], fitting.ROUNDING)
    found = ((up["estimate"] - down["estimate"]) / 2 / tolerance).to_numpy()
    linear = (cells["spec"] != "1").to_numpy()
    assert np.abs(found - matrix @ direction)[linear].max() < 0.02 * np.abs(found)[linear].max()
    # The logit is one step from the printed coefficients, and the derivative holds its information still.
    assert np.corrcoef(found[~linear], (matrix @ direction)[~linear])[0, 1] > 0.9


def test_a_step_brings_the_cells_nearer_to_print(
    persons: fitting.Persons, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = small_fit(persons, monkeypatch)
    without = np.zeros(len(fit.start))
    before = fit.linearise(without, derivatives=False)[0]
    after = fit.linearise(fit.improve(without, 1), derivatives=False)[0]
    fitted = ~before["held_out"]
    assert (after.loc[fitted, "z"] ** 2).sum() < 0.8 * (before.loc[fitted, "z"] ** 2).sum()


def test_the_search_begins_with_nothing_and_each_stage_simulates_lives_with_what_the_last_one_found(
    persons: fitting.Persons, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_fit(persons, monkeypatch, ("03 county_background",))
    followed = []

    def simulated_persons(scale: float, seed: int) -> fitting.Persons:
        followed.append((scale, seed, tilts.tables()))
        return persons

    monkeypatch.setattr(fitting, "simulated_persons", simulated_persons)
    monkeypatch.setattr(fitting, "STAGES", ((0.1, 1), (0.2, 0)))
    found = fitting.find(0.5, 7)
    assert [stage[:2] for stage in followed] == [(0.05, 7), (0.1, 7)]
    first, second = (stage[2] for stage in followed)
    assert all(not table.any() for table in first.values())
    assert all((second[pair] == table).all() for pair, table in found.items())
    assert any(table.any() for table in found.values())
    assert tilts.tables() is tilts.read(tilts.TABLE)
