"""The parameters of over-coverage from sign histories: what `utvandring overcoverage` does."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from utvandring.common.errors import UtvandringError
from utvandring.common.files import replace_file
from utvandring.common.opening import open_to_read
from utvandring.estimators.overcoverage import (
    OF_LEAVING_GROUP,
    Fit,
    IntArray,
    Parameters,
    Runs,
    fit_runs,
    vague,
)

RUNS = "intermediate.int_sign_of_life__run"
SEED = "overcoverage_parameter"
#: Where the code list lies in the project.
SEED_FILE = Path("seeds/code_lists/overcoverage_parameter.csv")
_DECIMALS = 5
# Small groups are drawn to all of their age, as if so many years of each had been seen.
_PRIOR_YEARS = 25.0


@dataclass(frozen=True)
class Renewed:
    """What was estimated: from how many runs, by how many groups, and where it was written."""

    runs_n: int
    groups_n: int
    converged: bool
    path: Path


def renew_parameters(warehouse: Path, path: Path, source: str) -> Renewed:
    """Estimate the parameters of over-coverage and write them as the code list that builds read.

    Parameters
    ----------
    warehouse
        A built warehouse, not a publication: sign histories are not published.
    path
        The file to write; replaced as a whole, or not at all.
    source
        What the estimates are from, for the column `source`.

    Raises
    ------
    UtvandringError
        If the warehouse is not there, was not built so far, or holds too few histories of signs.
    """
    with open_to_read(warehouse) as connection:
        tables = connection.sql("select table_schema || '.' || table_name from information_schema.tables")
        names = {name for (name,) in tables.fetchall()}
        if RUNS not in names or f"code_lists.{SEED}" not in names:
            raise UtvandringError(
                "The warehouse has no histories of signs: run `utvandring build`, then this command again."
            )
        cells = connection.table(RUNS).df()
        groups = connection.table(f"code_lists.{SEED}").df()["overcoverage_group"]
    try:
        parameters, fit = parameters_of(cells, groups)
    except ValueError as error:
        raise UtvandringError(
            f"{error} Deliver registers of jobs, education, jobseekers, income and moves for more years, "
            "and build."
        ) from error
    parameters["source"] = source
    beside = path.with_name(f".{path.name}.partial")
    try:
        parameters.to_csv(beside, index=False, float_format=f"%.{_DECIMALS}f", lineterminator="\n")
        replace_file(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return Renewed(int(cells["runs_n"].sum()), len(parameters), fit.converged, path)


def parameters_of(cells: pd.DataFrame, groups: pd.Series) -> tuple[pd.DataFrame, Fit]:
    """Fit the model to counts of runs, small groups drawn to all of their age.

    Parameters
    ----------
    cells
        `overcoverage_group, begins_unknown, ends_with_sign, silent_years_n, runs_n`.
    groups
        The groups that must have parameters, in the order of the result; those of whom nothing was seen get
        the parameters of all of their age.

    Returns
    -------
    DataFrame
        `overcoverage_group`, and a column for each parameter.
    Fit
        How the last fit went.
    """
    names = pd.Index(groups.drop_duplicates())
    parts = names.to_series().str.rsplit(", ", n=2, expand=True).set_axis(["origin", "family", "age"], axis=1)
    kind = parts["origin"].where(parts["origin"] == "not an immigrant", "immigrant")
    of_age = _positions(kind + parts["family"] + parts["age"])
    of_family = _positions(kind + parts["family"])
    of_origin = _positions(parts["origin"] + parts["family"])
    own = np.arange(len(names), dtype=np.int64)
    row = names.get_indexer(pd.Index(cells["overcoverage_group"]))
    if (row < 0).any():
        raise ValueError("Some groups of persons are not those of the code list.")
    anybody = vague(of_age.max() + 1, of_family.max() + 1)
    coarse = fit_runs(_runs(cells, of_age[row], of_family[row]), anybody, 0.5).parameters.as_mapping()
    family_of_origin = np.zeros(of_origin.max() + 1, dtype=np.int64)
    family_of_origin[of_origin] = of_family
    prior = Parameters(**{
        name: values[family_of_origin if name in OF_LEAVING_GROUP else of_age]
        for name, values in coarse.items()
    })  # fmt: skip
    fit = fit_runs(_runs(cells, own[row], of_origin[row]), prior, _PRIOR_YEARS)
    result = pd.DataFrame({"overcoverage_group": names})
    for name, values in fit.parameters.as_mapping().items():
        result[f"{name}_probability"] = values[of_origin] if name in OF_LEAVING_GROUP else values
    return result, fit


def _positions(labels: pd.Series) -> IntArray:
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)


def _runs(cells: pd.DataFrame, group: IntArray, leaving_group: IntArray) -> Runs:
    return Runs(
        group=group,
        leaving_group=leaving_group,
        begins_unknown=cells["begins_unknown"].to_numpy(bool),
        ends_with_sign=cells["ends_with_sign"].to_numpy(bool),
        silent_years=cells["silent_years_n"].to_numpy(np.int64),
        count=cells["runs_n"].to_numpy(np.float64),
    )
