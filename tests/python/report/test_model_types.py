"""Whether the types of logit differ: from the printed log likelihoods, and where a model is missing."""

import csv
from pathlib import Path
from typing import Any

import pytest

from utvandring.report.model_types import compare_types, type_fits
from utvandring.report.texts import texts

PROJECT = Path(__file__).resolve().parents[3]


def printed_fits() -> list[dict[str, Any]]:
    """Give the printed diagnostics as rows of `release.trinomial_logit_fit`, ours not fitted."""
    path = PROJECT / "seeds/published/published_mnl_diagnostics.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    types = {"6": 1, "D": 2, "E": 3}
    return [
        {"table_id": row["table_id"], "model_type": types[row["table_id"][0]]}
        | {f"published_{name}": float(row[name]) for name in ("n_obs", "log_likelihood", "schwarz_bic")}
        | dict.fromkeys(("n_obs", "log_likelihood", "schwarz_bic"))
        for row in rows
    ]


def test_the_printed_types_differ_by_the_tests_and_schwarz_prefers_the_first() -> None:
    found = type_fits(printed_fits(), "published_")

    assert {kind: fit.parameters for kind, fit in found.items()} == {1: 54, 2: 4 * 48, 3: 8 * 46}
    assert {round(fit.n_obs) for fit in found.values()} == {545_966}
    assert [round(found[kind].schwarz_bic) for kind in (1, 2, 3)] == [117_022, 117_479, 118_269]
    ratios = [2 * (found[kind + 1].log_likelihood - found[kind].log_likelihood) for kind in (1, 2)]
    assert ratios == pytest.approx([907.7, 746.7], abs=0.1)


def test_a_type_with_a_missing_model_is_not_compared() -> None:
    lines = compare_types(printed_fits(), texts("en")).lines
    assert [line.cells[0].text for line in lines] == ["Printed", "Printed"]
    assert [line.cells[3].text for line in lines] == ["138", "176"]

    without = [row for row in printed_fits() if row["table_id"] != "E4"]
    without.append({**printed_fits()[-1], "table_id": "E4", "published_log_likelihood": None})
    assert len(compare_types(without, texts("en")).lines) == 1
