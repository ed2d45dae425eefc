"""Do the fits recover the truth? `python -m utvandring.regressions.recovery [DATABASE]`.

The simulated outcomes of 2013 are drawn from tables E1-E8 as printed (docs/simulation.md). For each of these
eight models the Wald statistic (b − β)′ V⁻¹ (b − β) must look like chi-square with as many degrees of freedom
as coefficients, and no single z may be far out. On real deliveries the same numbers compare ours with the
printed.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from utvandring.common.project import DataRoot
from utvandring.estimators.inference import chi_square_tail

_FITS = """
    select table_id, centrality_level, sex, n_obs, equation, term, estimate, std_error, published_estimate
    from estimates.trinomial_logit
    where base_year = 2012 and model_type = 3
    order by table_id, equation, term
"""
_COVARIANCE = """
    select covariance
    from estimates.trinomial_logit_covariance
    where base_year = 2012 and model_type = 3 and centrality_level = $level and sex = $sex
    order by equation, term, other_equation, other_term
"""


@dataclass(frozen=True)
class Recovery:
    """How near one model is to the truth.

    Attributes
    ----------
    table_id, n_obs
        The printed table, and persons in our sample.
    wald, degrees_of_freedom, p_value
        (b − β)′ V⁻¹ (b − β), the number of coefficients, and the chance of a larger statistic. NaN where the
        model could not be fitted.
    largest_z, largest_term
        The largest |z| of a single coefficient, and whose it is.
    """

    table_id: str
    n_obs: int
    wald: float
    degrees_of_freedom: int
    p_value: float
    largest_z: float
    largest_term: str


def recoveries(connection: duckdb.DuckDBPyConnection) -> list[Recovery]:
    """Compare the models of type 3 with tables E1-E8.

    Parameters
    ----------
    connection
        A built or published database.

    Returns
    -------
    list of Recovery
        One for each of the eight tables, E1 first.
    """
    found = []
    fits = connection.execute(_FITS).df()
    for (table_id, level, sex), fit in fits.groupby(["table_id", "centrality_level", "sex"], sort=True):
        size, n_obs = len(fit), int(fit["n_obs"].iloc[0])
        if fit["estimate"].isna().any():
            found.append(Recovery(table_id, n_obs, np.nan, size, np.nan, np.nan, "not fitted"))
            continue
        entries = connection.execute(_COVARIANCE, {"level": int(level), "sex": sex}).fetchall()
        covariance = np.array(entries, dtype=np.float64).reshape(size, size)
        distance = (fit["estimate"] - fit["published_estimate"]).to_numpy(dtype=np.float64)
        wald = float(distance @ np.linalg.solve(covariance, distance))
        z = np.abs(distance) / fit["std_error"].to_numpy(dtype=np.float64)
        worst = fit.iloc[int(z.argmax())]
        found.append(
            Recovery(
                table_id,
                n_obs,
                wald,
                size,
                chi_square_tail(wald, size),
                float(z.max()),
                f"{worst['term']}, {worst['equation']}",
            )
        )
    return found


def main() -> None:
    """Print the table for the database given, or for the published one."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DataRoot.from_environment().publication
    with duckdb.connect(str(path), read_only=True) as connection:
        found = recoveries(connection)
    print("| table | n | Wald | degrees of freedom | p | largest abs z | of |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for one in found:
        print(
            f"| {one.table_id} | {one.n_obs:,} | {one.wald:.1f} | {one.degrees_of_freedom} "
            f"| {one.p_value:.4f} | {one.largest_z:.2f} | {one.largest_term} |"
        )


if __name__ == "__main__":
    main()
