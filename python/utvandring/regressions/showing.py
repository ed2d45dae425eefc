"""Estimates as tables in the terminal."""

import pandas as pd
from rich.measure import Measurement
from rich.table import Table

from utvandring.common.console import out, say
from utvandring.regressions.own import OwnFit

_HEADINGS = ("estimate", "std error", "ratio", "p", "95 % from", "to", "persons", "events", "")


def show(fits: list[OwnFit]) -> None:
    """Print the coefficients of each group, one equation below the other.

    Parameters
    ----------
    fits
        What `fit_own_model` gave.
    """
    for fit in fits:
        group = ", ".join(f"{column} {value}" for column, value in fit.group.items())
        left_out = f", {fit.incomplete_n:,} left out for lack of a value" if fit.incomplete_n else ""
        say(f"{group + ': ' if group else ''}{fit.n_obs:,} person-years{left_out}", "bold")
        if fit.estimates is None:
            say(f"Not fitted. {fit.reason}\n", "red")
            continue
        _print_whole(_table(fit))
        say(f"\n{fit.notes}\n")
        withheld = int(fit.estimates["withheld_reason"].notna().sum())
        if withheld:
            say(
                f"* {withheld} of {len(fit.estimates)} coefficients rest on too few person-years or events: "
                "a release would withhold them, and this table may not leave the secure zone.\n",
                "yellow",
            )


def _print_whole(table: Table) -> None:
    """Print a table with whole names and numbers, also where the terminal is narrower."""
    width = out.width
    out.width = max(width, Measurement.get(out, out.options.update(width=300), table).maximum)
    out.print(table, crop=False)
    out.width = width


def _table(fit: OwnFit) -> Table:
    table = Table("", box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    assert fit.estimates is not None
    for equation, rows in fit.estimates.groupby("equation", sort=False):
        table.add_row(str(equation), style="italic")
        for row in rows.itertuples():
            numbers = (row.estimate, row.std_error, row.statistic, row.p_value, row.conf_low, row.conf_high)
            formats = (".4f", ".4f", ".2f", ".3f", ".4f", ".4f")
            resting = (f"{row.persons_n:,}", f"{row.events_n:,}", "" if pd.isna(row.withheld_reason) else "*")
            table.add_row(f"  {row.term}", *map(format, numbers, formats), *resting)
    return table
