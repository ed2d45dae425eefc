"""The trinomial logit of this project beside others, on the same simulated rows.

    python benchmarks/estimation.py --rows 546000 6000000 --repeat 3

Every method runs in a process of its own, one after the other, and medians are printed. Coefficients and
standard errors are timed, making the rows is not. statsmodels runs with as many threads of linear algebra as
it likes and with one, which is faster where the processors are shared: compare with the faster of the two.
scikit-learn (`pip install scikit-learn`) gives no standard errors. R needs the package nnet and is run only
up to a million rows, where it takes minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Result = dict[str, float | str]

SEED = 2016
MOST_ROWS_FOR_R = 1_000_000
ONE_THREAD = "statsmodels, 1 thread"
DUMMIES = (
    (0.22, 0.2, 0.2, 0.13, 0.25),  # residence
    (0.2, 0.05, 0.2, 0.2, 0.1, 0.25),  # education
    (0.55, 0.05, 0.08, 0.05, 0.27),  # labour market status
    (0.2, 0.25, 0.2, 0.25, 0.05, 0.05),  # background
    (0.06, 0.04, 0.12, 0.78),  # centrality
)
# Coefficients near those of table 6.1; the last column is continuous, so that no two rows are alike.
INTERNAL = (
    *(-4.6, 0.017, -0.056, -0.141, -0.37, 0.16, 0.61, 0.4, 0.44, 0.22, -0.27, -0.37, -0.21, -0.07, 0.24),
    *(-0.38, 0.17, 0.23, 0.13, -0.14, 0.63, -0.01, 0.16, 0.12, 2.5, 2.7, 2.0, 0.05),
)
EMIGRATION = (
    *(-1.05, -0.033, 0.037, -0.142, -0.4, 0.2, 1.61, 1.39, 0.99, 0.75, -0.69, -0.74, -0.64, -0.46, -0.25),
    *(-1.35, -1.53, -0.48, -0.82, -0.92, -2.14, -1.35, -0.04, -0.7, -0.17, -0.11, -0.2, 0.02),
)


def simulate(n_rows: int) -> tuple[FloatArray, NDArray[np.int8]]:
    """Draw n_rows x 28 regressors as of table 6.1 and the outcomes 0, 1, 2."""
    rng = np.random.default_rng(SEED)
    x = np.zeros((n_rows, 28))
    age = rng.integers(15, 75, n_rows)
    size = 1 + rng.poisson(1.8, n_rows)
    x[:, 0], x[:, 1], x[:, 2] = 1, age, (age / 10) ** 2
    x[:, 3] = rng.random(n_rows) < 0.48
    x[:, 4], x[:, 5] = size, 1 + rng.binomial(size - 1, 0.8)
    column = 6
    for shares in DUMMIES:
        category = rng.choice(len(shares), size=n_rows, p=shares)
        for dummy in range(len(shares) - 1):
            x[:, column] = category == dummy
            column += 1
    x[:, column] = rng.normal(size=n_rows)
    y = np.empty(n_rows, dtype=np.int8)
    for start in range(0, n_rows, 200_000):
        rows = slice(start, start + 200_000)
        odds = np.exp(x[rows] @ np.array([INTERNAL, EMIGRATION]).T)
        drawn = rng.random(len(odds)) * (1 + odds.sum(axis=1))
        y[rows] = (drawn > 1).astype(np.int8) + (drawn > 1 + odds[:, 0])
    return x, y


def fit_ours(x: FloatArray, y: NDArray[np.int8]) -> tuple[FloatArray, FloatArray]:
    """Fit by this project."""
    from utvandring.logit import fit_multinomial

    fit = fit_multinomial(x, y)
    return fit.params, fit.std_errors


def fit_statsmodels(x: FloatArray, y: NDArray[np.int8]) -> tuple[FloatArray, FloatArray]:
    """Fit by statsmodels."""
    import statsmodels.api as sm

    fit = sm.MNLogit(y, x).fit(method="newton", disp=0)
    return np.asarray(fit.params), np.asarray(fit.bse)


def fit_scikit_learn(x: FloatArray, y: NDArray[np.int8]) -> tuple[FloatArray, FloatArray | None]:
    """Fit by scikit-learn, coefficients against the base outcome; it has no standard errors."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=np.inf, solver="newton-cholesky", fit_intercept=False, tol=1e-8, max_iter=100
    )
    coefficients = model.fit(x, y).coef_
    return (coefficients[1:] - coefficients[0]).T, None


def fit_r(x: FloatArray, y: NDArray[np.int8]) -> tuple[FloatArray, FloatArray]:
    """Fit by nnet::multinom in R; its own clock counts, not the reading of the rows."""
    folder = Path(tempfile.mkdtemp())
    try:
        x.T.tofile(folder / "x.bin")
        y.astype(np.int32).tofile(folder / "y.bin")
        script = f"""
            x <- matrix(readBin("{folder}/x.bin", "double", {x.size}), nrow = {len(x)}, byrow = FALSE)
            y <- readBin("{folder}/y.bin", "integer", {len(y)})
            begun <- proc.time()[["elapsed"]]
            fit <- nnet::multinom(y ~ x - 1, Hess = FALSE, trace = FALSE, maxit = 500, reltol = 1e-12)
            errors <- sqrt(diag(vcov(fit)))
            took <- proc.time()[["elapsed"]] - begun
            cat(took, t(coef(fit)), errors, sep = " ")
        """
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True)
        values = np.array(done.stdout.split(), dtype=float)
    finally:
        shutil.rmtree(folder)
    fit_r.seconds = float(values[0])  # type: ignore[attr-defined]
    params, errors = np.split(values[1:], 2)
    return params.reshape(2, -1).T, errors.reshape(2, -1).T


METHODS: dict[str, Callable[..., tuple[FloatArray, FloatArray | None]]] = {
    "ours": fit_ours,
    "statsmodels": fit_statsmodels,
    ONE_THREAD: fit_statsmodels,
    "scikit-learn": fit_scikit_learn,
    "R nnet": fit_r,
}


def why_not(method: str, n_rows: int) -> str | None:
    """Say why a method is not run, if so."""
    if method == "scikit-learn" and importlib.util.find_spec("sklearn") is None:
        return "not installed"
    if method == "R nnet" and shutil.which("Rscript") is None:
        return "not installed"
    if method == "R nnet" and n_rows > MOST_ROWS_FOR_R:
        return "not run at this size"
    return None


def run(method: str, n_rows: int) -> Result:
    """Fit once and measure seconds and memory beyond the data, in GB."""
    x, y = simulate(n_rows)
    if method != "R nnet":
        METHODS[method](x[:5000], y[:5000])  # Imports are not what is measured.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, cpu = time.perf_counter(), time.process_time()
    params, errors = METHODS[method](x, y)
    seconds = getattr(METHODS[method], "seconds", time.perf_counter() - started)
    kind = resource.RUSAGE_CHILDREN if method == "R nnet" else resource.RUSAGE_SELF
    peak = resource.getrusage(kind).ru_maxrss
    return {
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
        "extra_gb": (peak if method == "R nnet" else max(0, peak - before)) / 1e6,
        "params": json.dumps(params.tolist()),
        "errors": json.dumps(None if errors is None else errors.tolist()),
    }


def worst(method: Result, reference: Result, key: str) -> str:
    """Return the largest difference from ours, in our standard errors."""
    one, other = json.loads(str(method[key])), json.loads(str(reference[key]))
    if one is None:
        return "–"
    errors = np.array(json.loads(str(reference["errors"])))
    return f"{np.max(np.abs(np.array(one) - np.array(other)) / errors):.0e}"


def main() -> None:
    """Run every method at every size and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[546_000, 6_000_000])
    parser.add_argument("--repeat", type=int, default=3, help="how often; R runs once")
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS), help="these methods")
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.method:
        print(json.dumps(run(arguments.method, arguments.rows[0])))
        return
    headings = ("rows x 28", "method", "wall s", "times ours", "CPU s", "GB beyond the data", "coefficients")
    print(f"| {' | '.join(headings)} | standard errors |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for n_rows in arguments.rows:
        results: dict[str, list[Result]] = {method: [] for method in arguments.only}
        for repetition in range(arguments.repeat):
            for method, found in results.items():
                if why_not(method, n_rows) or (method == "R nnet" and repetition):
                    continue
                command = [sys.executable, __file__, "--method", method, "--rows", str(n_rows)]
                threads = {"OPENBLAS_NUM_THREADS": "1"} if method == ONE_THREAD else {}
                done = subprocess.run(
                    command, capture_output=True, text=True, check=True, env=os.environ | threads
                )
                found.append(json.loads(done.stdout))
        ours = results["ours"]
        for method, found in results.items():
            if not found:
                print(f"| {n_rows:,} | {method} | {why_not(method, n_rows)} | | | | | |", flush=True)
                continue
            seconds, cpu = (statistics.median(float(one[key]) for one in found) for key in ("seconds", "cpu"))
            times = seconds / statistics.median(float(one["seconds"]) for one in ours)
            # The processor time of R is not known here, only its own clock.
            processor = "" if method == "R nnet" else f"{cpu:.2f}"
            memory = max(float(one["extra_gb"]) for one in found)
            print(
                f"| {n_rows:,} | {method} | {seconds:.2f} | {times:.1f} | {processor} | {memory:.2f} "
                f"| {worst(found[0], ours[0], 'params')} | {worst(found[0], ours[0], 'errors')} |",
                flush=True,
            )
    print(
        "\nDifferences from ours are the largest, in our standard errors. "
        "R's memory holds its copy of the data."
    )


if __name__ == "__main__":
    main()
