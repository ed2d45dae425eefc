"""Estimates as tables in the terminal."""

from collections.abc import Callable, Sequence

import pandas as pd

from utvandring.common.console import out, say
from utvandring.regressions.own import OwnFit
from utvandring.regressions.specification import OUTCOMES

STAYS = "This may not leave the secure zone; --release DIR writes what may, after disclosure control."
_ESTIMATES = {
    "estimate": ("estimate", ".4f"),
    "std_error": ("std error", ".4f"),
    "statistic": ("ratio", ".2f"),
    "p_value": ("p", ".3f"),
    "conf_low": ("95 % from", ".4f"),
    "conf_high": ("to", ".4f"),
}
_RESTING = {"persons_n": ("persons", ",.0f"), "events_n": ("events", ",.0f")}
_TESTS = {
    "statistic": ("statistic", ".2f"),
    "df": ("df", ".0f"),
    "df_residual": ("of", ",.0f"),
    "p_value": ("p", ".3f"),
}


def show(fits: Sequence[OwnFit], *, released: bool = False) -> None:
    """Print the coefficients of each group, one equation below the other, and what was asked for besides.

    Parameters
    ----------
    fits
        What `fit_own_model` gave.
    released
        Whether what may leave was written as well, so that nothing need be said about it.
    """
    several = len({fit.model for fit in fits}) > 1
    for fit in fits:
        name = ", ".join(filter(None, (fit.model if several else "", fit.label)))
        left_out = f", {fit.incomplete_n:,} left out for lack of a value" if fit.incomplete_n else ""
        say(f"{name + ': ' if name else ''}{fit.n_obs:,} person-years{left_out}", "bold")
        if fit.estimates is None:
            say(f"Not fitted. {fit.reason}\n", "red")
            continue
        marked = fit.estimates.assign(
            mark=fit.estimates["withheld_reason"].notna().map({True: "*", False: ""})
        )
        _print(marked, "equation", lambda row: str(row["term"]), {**_ESTIMATES, **_RESTING})
        say(f"\n{fit.notes}\n")
        _show_besides(fit)
        withheld = int(fit.estimates["withheld_reason"].notna().sum())
        if withheld:
            say(
                f"* {withheld} of {len(fit.estimates)} coefficients rest on too few persons or events: a "
                "release would withhold them.\n",
                "yellow",
            )
    if not released and any(fit.estimates is not None for fit in fits):
        say(STAYS, "yellow")


def _show_besides(fit: OwnFit) -> None:
    if fit.standardised is not None:
        say("For one standard deviation", "bold")
        _print(fit.standardised, "equation", lambda row: str(row["term"]), _ESTIMATES)
        say("")
    if fit.effects is not None:
        say("Change in the probability, averaged over the sample", "bold")
        by_outcome = fit.effects.sort_values(
            "outcome", key=lambda names: names.map(OUTCOMES.index), kind="stable"
        )
        _print(by_outcome, "outcome", lambda row: f"{row['term']}: {row['contrast']}", _ESTIMATES)
        say("")
    if fit.tests is not None:
        say("Tests (chi-square; F in a linear model)", "bold")
        _print(fit.tests, "equation", lambda row: str(row["restriction"]), _TESTS)
        say("")


def _print(
    table: pd.DataFrame,
    groups: str,
    name_of: "Callable[[pd.Series], str]",
    columns: dict[str, tuple[str, str]],
) -> None:
    """Print a table with whole names and numbers.

    Where the terminal is too narrow for both in a line, a name stands in a line of its own above its numbers.
    """
    texts = {
        heading: ["" if pd.isna(value) else format(value, form) for value in table[column]]
        for column, (heading, form) in columns.items()
    }
    names = [f"  {name_of(row)}" for _, row in table.iterrows()]
    widths = {heading: max(len(heading), *map(len, cells)) for heading, cells in texts.items()}
    marks = list(table["mark"]) if "mark" in table else [""] * len(table)
    numbers = [
        " ".join(cells[place].rjust(widths[heading] + 1) for heading, cells in texts.items())
        + (f" {marks[place]}" if marks[place] else "")
        for place in range(len(table))
    ]
    first = max(map(len, names))
    fits = first + max(map(len, numbers)) <= out.width
    margin = " " * (first if fits else 2)
    say(margin + " ".join(heading.rjust(width + 1) for heading, width in widths.items()))
    group = None
    for place, name in enumerate(names):
        if table[groups].iloc[place] != group:
            group = table[groups].iloc[place]
            say(str(group), "italic")
        if fits:
            say(name.ljust(first) + numbers[place])
        else:
            say(name)
            say("  " + numbers[place])
