"""Outcomes drawn in memory follow the chances that the fit of the tilts rests on."""

from __future__ import annotations

import numpy as np
import pytest

from utvandring.simulation import coverage, fitting


@pytest.fixture(scope="module")
def persons() -> tuple[fitting.Persons, fitting.Persons]:
    """The same people: with the chances of all alternatives, and as drawn."""
    return fitting.simulated_persons(0.02, 9), coverage.drawn_persons(0.02, 9)


def test_statuses_and_known_education_are_drawn_as_often_as_expected(
    persons: tuple[fitting.Persons, fitting.Persons],
) -> None:
    expected, drawn = persons
    n = len(expected.age)
    for status in range(5):
        share = expected.status[:, status].mean()
        assert abs(drawn.status[:, status].mean() - share) < 4 * np.sqrt(share * (1 - share) / n) + 0.003
    known = (expected.status * expected.known).sum(axis=1)
    found = drawn.known[:, 0].mean()
    assert abs(found - known.mean()) < 4 * np.sqrt((known * (1 - known)).mean() / n) + 0.003


def test_emigration_and_moves_are_drawn_as_often_as_expected(
    persons: tuple[fitting.Persons, fitting.Persons],
) -> None:
    expected, drawn = persons
    known = np.stack([1 - expected.known, expected.known], axis=2)
    share = expected.status[:, :, None] * known * expected.alive[:, None, None]
    for outcome in range(3):
        chance = (share * expected.outcomes[outcome]).sum(axis=(1, 2))
        happened = drawn.outcomes[outcome][:, 0, 0].mean()
        # Families move together: moves vary up to twice as much as those of so many persons would.
        spread = np.sqrt((chance * (1 - chance)).mean() / len(chance)) * (2 if outcome == 2 else 1)
        assert abs(happened - chance.mean()) < 4 * spread + 0.001


def test_every_printed_cell_is_fitted_or_says_that_it_cannot_be(
    persons: tuple[fitting.Persons, fitting.Persons],
) -> None:
    cells, recovery = coverage.fitted_cells(persons[1])
    assert len(cells) == 633 + 54 + 192 + 368
    assert set(cells["use"]) == {"drawn_from", "calibrated", "held_out"}
    everyone = cells[cells["table_id"] == "6.1"]
    assert everyone["covered"].mean() > 0.8 and everyone["error"].gt(0).all()
    assert recovery["table_id"].tolist() == [f"E{number}" for number in range(1, 9)]
    assert (recovery["wald"].isna() == (recovery["largest_z"].isna())).all()
