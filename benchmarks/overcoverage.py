"""How well rules and the model find residents who left without saying so, where the truth is known.

    python benchmarks/overcoverage.py [--scale F] [--work DIR]

Simulates worlds that differ in how often people show signs of life (as shipped, 30 per cent less and 30 per
cent more), accepts each with the truth beside it, makes the tables of over-coverage, and prints precision,
recall and F1 of every rule for immigrants, and how often those who are said to have left with a probability
did leave. The model is tried with the parameters that are shipped and with those that `utvandring
overcoverage` estimates from the delivery. What is made in `--work` (default `target/overcoverage`) is used
again: delete the folder after a change of models or simulation.

The last classifier knows the truth: the share that left in every cell of group, length of silence, whether it
began before the registers, and short residence. No classifier on these facts has fewer errors in its world.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from utvandring.builds.building import Request, build
from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import literal
from utvandring.deliveries.deliver import deliver
from utvandring.deliveries.verdict import Status
from utvandring.regressions.overcoverage import renew_parameters
from utvandring.simulation import parameters, simulate

PROJECT = project_root()
sys.path.append(str(PROJECT / "tests/python"))

from dbt_server import COMPILED, in_order, read_project  # noqa: E402

WORLDS = {"as shipped": 1.0, "30 per cent fewer signs": 0.7, "30 per cent more signs": 1.3}
# What makes signs of life in the simulation: shares of a year.
SHARES = (
    "WORKING", "LOOKING", "OCCASIONAL_INCOME_OF_UNEMPLOYED", "OCCASIONAL_INCOME_OF_STUDENTS",
    "OCCASIONAL_INCOME_TO_66", "OCCASIONAL_INCOME_FROM_67", "EXAM_OF_OTHERS",
)  # fmt: skip
SILENCE = "intermediate.int_sign_of_life__silence"
BINS = [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]

# Every immigrant in the base years of which two years and more could have been heard, with the truth.
RESIDENTS = Path(__file__).with_suffix(".sql")
RATES = Path(__file__).with_name("overcoverage_rates.sql")


def main() -> None:
    """Read the command line, make every world and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1, help="not 2016, from which the shipped parameters are")
    parser.add_argument("--work", type=Path, default=Path("target/overcoverage"))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for name, factor in WORLDS.items():
        folder = arguments.work.absolute() / f"{factor}"
        residents = world(folder, factor, arguments.scale, arguments.seed)
        print(f"\n### {name}\n\n{scores(residents)}\n\n{reliability(residents)}", flush=True)
        print(f"\n{rates(pd.read_parquet(folder / 'rates.parquet'))}", flush=True)


def world(folder: Path, factor: float, scale: float, seed: int) -> pd.DataFrame:
    """Simulate a world, accept and build it, and return its immigrants with what each classifier needs."""
    root, truth = DataRoot(folder / "root"), folder / "truth.parquet"
    done = folder / "residents.parquet"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shipped = {name: getattr(parameters, name) for name in SHARES}
        for name, value in shipped.items():
            scaled = np.minimum(np.multiply(value, factor), 1.0)
            setattr(parameters, name, tuple(scaled) if scaled.ndim else float(scaled))
        try:
            simulate(folder / "delivery", scale=scale, seed=seed, truth=truth)
        finally:
            for name, value in shipped.items():
                setattr(parameters, name, value)
        verdict = deliver(root, folder / "delivery", PROJECT)
        if verdict.status is Status.REFUSED:
            sys.exit("\n".join(finding.sentence() for finding in verdict.refusals))
        wanted = ("+emigration_rate_corrected", "+int_sign_of_life__run")
        build(root, PROJECT, Request(select=wanted, only_tables=True))
        renew_parameters(root.warehouse, folder / "parameters.csv", "benchmark")
        compiled = folder.parent / "dbt" / COMPILED
        if not compiled.exists():
            read_project(folder.parent / "dbt")
        models = {model.table: model for model in in_order(json.loads(compiled.read_text("utf-8"))["nodes"])}
        read_residents(root.warehouse, folder, models[SILENCE].query).to_parquet(done)
    return pd.read_parquet(done)


def read_residents(warehouse: Path, folder: Path, silence: str) -> pd.DataFrame:
    """Return the immigrants with both kinds of probabilities and the truth; write the rates beside."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"create or replace temp table shipped as from {SILENCE}")
        new = f"from read_csv({literal(str(folder / 'parameters.csv'))})"
        connection.execute(f"create or replace table code_lists.overcoverage_parameter as {new}")
        connection.execute(f"create or replace temp table renewed as {silence}")
        connection.execute(
            f"create or replace temp view truth as from {literal(str(folder / 'truth.parquet'))}"
        )
        connection.execute(RATES.read_text("utf-8")).df().to_parquet(folder / "rates.parquet")
        return connection.execute(RESIDENTS.read_text("utf-8")).df()


def classifiers(residents: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what every classifier says of every person-year."""
    young, alone = residents["age"] < 67, residents["is_alone"]
    rule, silent = residents["is_probable_overcoverage"], residents["silent_years_n"]
    cell = ["overcoverage_group", "silent_years_n", "begins_unknown", "is_new"]
    known = residents.groupby(cell)["is_gone"].transform("mean")
    return {
        "`is_probable_overcoverage`: two silent years": rule,
        "three silent years": rule & (silent >= 3),
        "two, under 67": rule & young,
        "two, under 67, alone": rule & young & alone,
        "three, under 67, alone": rule & young & alone & (silent >= 3),
        "two, under 67, alone; moves are no signs": residents["is_without_activity"] & young & alone,
        "the model, shipped parameters": residents["shipped"] >= 0.5,
        "the model, parameters of the delivery": residents["renewed"] >= 0.5,
        "the model with later signs (shipped)": residents["smoothed"] >= 0.5,
        "knows the truth of the cell": known >= 0.5,
    }


def scores(residents: pd.DataFrame) -> str:
    """Return precision, recall and F1 of every classifier as a table."""
    gone = residents["is_gone"]
    lines = [
        f"{len(residents):,} person-years of immigrants, of whom {gone.sum():,} had left "
        f"({100 * gone.mean():.2f} per cent).",
        "",
        "| classifier | found | precision | recall | F1 | of the last |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rows: list[tuple[str, Any, float, float, float]] = []
    for name, says in classifiers(residents).items():
        right = float((says & gone).sum())
        precision, recall = right / max(says.sum(), 1), right / gone.sum()
        rows.append((name, says.sum(), precision, recall, 2 * right / (says.sum() + gone.sum())))
    best = rows[-1][-1]
    lines += [
        f"| {name} | {n:,} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {f1 / best:.2f} |"
        for name, n, precision, recall, f1 in rows
    ]
    return "\n".join(lines)


def reliability(residents: pd.DataFrame) -> str:
    """Return how often those with a probability did leave, for both kinds of parameters."""
    lines = [
        "Left: who is gone, and, in brackets, with those who are found out the year after.",
        "",
        "| probability | shipped: person-years | mean | left | of the delivery: person-years | mean | left |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    wide = residents["is_gone"] | residents["is_found_next_year"]
    parts = []
    for name in ("shipped", "renewed"):
        by_place = residents.assign(wide=wide, expected=residents[name]).groupby(
            pd.cut(residents[name], BINS, include_lowest=True), observed=False
        )
        parts.append(by_place[["expected", "is_gone", "wide"]].mean().assign(n=by_place.size()))
    for low, high, *rows in zip(BINS[:-1], BINS[1:], *(part.itertuples() for part in parts), strict=True):
        cells = [f"{row.n:,} | {row.expected:.3f} | {row.is_gone:.3f} ({row.wide:.3f})" for row in rows]
        lines.append(f"| {low:.2f}–{high:.2f} | {' | '.join(cells)} |")
    shipped, renewed = residents["shipped"].sum(), residents["renewed"].sum()
    lines.append(
        f"\nExpected to have left: {shipped:,.0f} (shipped), {renewed:,.0f} (parameters of the delivery); "
        f"left: {residents['is_gone'].sum():,}, with those found out the year after {wide.sum():,}."
    )
    return "\n".join(lines)


def rates(found: pd.DataFrame) -> str:
    """Return the corrected emigration rates beside those of the truth."""
    lines = ["| outcome year | registered | corrected | interval | true |", "|---|---:|---:|---:|---:|"]
    for row in found.itertuples():
        registered, corrected = row.emigration_rate_registered, row.emigration_rate_corrected
        lines.append(
            f"| {row.outcome_year} | {registered:.2f} | {corrected:.2f} "
            f"| {row.conf_low:.2f}–{row.conf_high:.2f} | {row.true_rate:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
