"""Draw outcomes and fit: `python -m utvandring.simulation.coverage [--scale F] [--seed N] [--tilts FILE]`.

What the printed tables of models give on simulated lives, without registers and without a warehouse: how many
of their cells our 95 per cent intervals hold, widened by rounding, by what the simulation took from them; and
whether the fits of E1-E8 recover the coefficients that the outcomes are drawn from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from utvandring.estimators.inference import chi_square_tail
from utvandring.simulation import fitting, moves, tilts
from utvandring.simulation import parameters as p
from utvandring.simulation.labour import printed_groups, status_of
from utvandring.simulation.outcomes import EMIGRATION, INTERNAL, STAY, covariates, draw_outcomes
from utvandring.simulation.streams import Stream


def drawn_persons(scale: float, seed: int) -> fitting.Persons:
    """Return the immigrants of simulated lives with their drawn status, education and outcome as certain."""
    run = fitting.lives(scale, seed)
    pop, geo, year = run.pop, run.geo, fitting.BASE_YEAR + 1
    resident = pop.resident & pop.immigrant & (pop.age(fitting.BASE_YEAR) >= 15)
    people = np.flatnonzero(resident & (pop.unknown_address == 0))
    groups = printed_groups(pop, people, fitting.BASE_YEAR, geo)
    x = covariates(pop, people, fitting.BASE_YEAR, geo)
    status = np.eye(5)[status_of(pop, people)]
    knows = pop.education_known[people] & (groups["education"] > 0)

    before = geo.county[pop.municipality[people]]
    outcome = draw_outcomes(pop, year, geo, run.rng(Stream.OUTCOMES, year))
    destination = np.full(len(pop), moves.NOWHERE, dtype=np.int16)
    rng = run.rng(Stream.DESTINATIONS_WITHIN_NORWAY, year)
    movers = np.flatnonzero(outcome == INTERNAL)
    destination[movers] = moves.other_level(pop.municipality[movers], geo, rng)
    moves.take_family_along(pop, outcome, destination, fitting.BASE_YEAR, rng)
    moves.further_moves(pop, outcome, destination, fitting.BASE_YEAR, geo, rng)
    found, place = outcome[people], destination[people]
    resident = (found == STAY) | (found == INTERNAL)
    crosses = resident & (place >= 0) & (geo.county[np.maximum(place, 0)] != before)
    happened = np.array(
        [found == INTERNAL, found == EMIGRATION, crosses, found == STAY, resident & ~crosses],
        dtype=np.float32,
    )
    n = len(people)
    return fitting.Persons(
        weight=np.ones(n),
        groups=groups,
        age=x.age,
        family_total=x.family_total,
        family_immigrants=x.family_immigrants,
        alive=(resident | (found == EMIGRATION)).astype(np.float64),
        status=status,
        known=np.repeat(knows[:, None], 5, axis=1).astype(np.float64),
        outcomes=np.broadcast_to(happened[:, :, None, None], (5, n, 5, 2)),
        further=np.zeros(n),
    )


def fitted_cells(persons: fitting.Persons) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit every printed model to drawn outcomes.

    Returns
    -------
    cells : table_id, term, outcome, printed, estimate, error, use (`drawn_from`, `calibrated` or `held_out`),
        and whether covered.
    recovery : of E1-E8: table_id, n, the Wald statistic against the printed coefficients, its p value, the
        largest |z|. A model that cannot be fitted has NaN in both.
    """
    known = np.stack([1 - persons.known, persons.known], axis=2)
    share = np.asarray(persons.status[:, :, None] * known, dtype=np.float32)
    rows, recovery = [], []
    for model in fitting.models(persons, drawn=True):
        try:
            found = model.fit(share[model.rows])
        except np.linalg.LinAlgError:
            found = [(float("nan"), float("nan"))] * len(model.cells)
        for cell, (estimate, error) in zip(model.cells, found, strict=True):
            use = "held_out" if cell.held_out else "calibrated"
            use = "drawn_from" if cell.table_id.startswith("E") else use
            rows.append((cell.table_id, cell.term, cell.outcome, cell.printed, estimate, error, use))
        if isinstance(model, fitting.Logit) and model.spec == "3":
            z = [(b - cell.printed) / error for cell, (b, error) in zip(model.cells, found, strict=True)]
            statistic = model.distance_from_print() if np.isfinite(z).all() else float("nan")
            alive = int(persons.alive[model.rows].sum())
            p_value = chi_square_tail(statistic, len(z))
            recovery.append((model.scope, alive, statistic, p_value, float(np.max(np.abs(z)))))
    cells = pd.DataFrame(rows, columns=["table_id", "term", "outcome", "printed", "estimate", "error", "use"])
    reach = 1.96 * cells["error"] + 0.0005
    cells["covered"] = (cells["estimate"] - cells["printed"]).abs() <= reach
    names = ["table_id", "n", "wald", "p_value", "largest_z"]
    return cells, pd.DataFrame(recovery, columns=names).sort_values("table_id", ignore_index=True)


def main() -> None:
    """Print the coverage of the printed tables, and the recovery of E1-E8, of one simulated population."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of the lives (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=2016, help="of lives and draws (default: %(default)s)")
    parser.add_argument(
        "--tilts", type=Path, default=tilts.TABLE, help="as fitting writes them (default: %(default)s)"
    )
    arguments = parser.parse_args()
    if not arguments.tilts.is_file():
        parser.error(f"there is no file {arguments.tilts}: make calibration writes one.")
    with tilts.used(tilts.read(arguments.tilts)):
        persons = drawn_persons(arguments.scale, arguments.seed)
    working = persons.age <= 74
    print(f"{int(persons.alive.sum()):,} of 15 and over, {int(working.sum()):,} of 15-74")
    for name, positions in (("level", 4), ("county", 19)):
        counts = np.bincount(persons.groups[name][working], minlength=positions)
        print(name, *(f"{value}: {n:,}" for value, n in enumerate(counts, 1)))
    cells, recovery = fitted_cells(persons)
    block = cells["table_id"].where(~cells["table_id"].str[0].isin(["D", "E"]), cells["table_id"].str[0])
    block = block.where(block.isin(["D", "E", "6.1"]), "5.1-5.31")
    print(cells.groupby([block, "use"])["covered"].agg(["sum", "size", "mean"]).round(3).to_string())
    print(recovery.round(4).to_string(index=False))
    statuses = persons.status[working].mean(axis=0)
    print({name: round(float(share), 3) for name, share in zip(p.STATUSES, statuses, strict=True)})


if __name__ == "__main__":
    main()
