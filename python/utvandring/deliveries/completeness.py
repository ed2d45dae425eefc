"""Registers that are missing before the warehouse can be built."""

from collections.abc import Iterable

from utvandring.deliveries.specification import Specification


def missing_for_build(available: Iterable[tuple[str, int]], specification: Specification) -> tuple[str, ...]:
    """Say what is missing among the required registers.

    Parameters
    ----------
    available
        Register and period of every accepted file.
    specification
        Tells which registers are required.

    Returns
    -------
    tuple of str
        One sentence each; empty if the warehouse can be built.
    """
    periods: dict[str, set[int]] = {}
    for register, period in available:
        periods.setdefault(register, set()).add(period)
    sentences = [
        f"{register}: no period has been accepted yet."
        for register in specification.required
        if register not in periods
    ]
    population = periods.get("befolkning", set())
    if population:
        first, last = min(population), max(population)
        # Every 1 January from the first to the last; the events of every year between two of them.
        needed = {"befolkning": range(first, last + 1), "flytting": range(first, last)}
        for register, years in needed.items():
            absent = [str(year) for year in years if year not in periods.get(register, set())]
            if absent and register in periods:
                sentences.append(
                    f"{register}: {', '.join(absent)} missing between befolkning {first} and {last}."
                )
    return tuple(sentences)
