"""The random streams of the simulation: each kind of draw has a stream of its own, by name."""

from __future__ import annotations

from enum import Enum

import numpy as np


class Stream(Enum):
    """A stream and its place: a number, and years added so that two streams may share the number.

    The places decide every draw: a new stream takes a new number, and no place is ever changed.
    """

    START = (0, 0)
    OUTCOMES = (1, 0)
    DESTINATIONS_WITHIN_NORWAY = (2, 0)
    MOVES = (2, 10_000)
    ADMINISTRATIVE = (3, 0)
    LOSSES = (3, 10_000)
    ARRIVALS = (4, 0)
    RETURNS = (4, 10_000)
    FAMILIES = (5, 0)
    FACTS = (6, 0)
    POPULATION = (7, 0)
    ACTIVITY = (7, 10_000)
    EMIGRATIONS = (8, 0)
    DESTINATIONS_OF_DESCENDANTS = (9, 0)
    MAJORITY = (10, 0)
    MAJORITY_POPULATION = (10, 10_000)
    MAJORITY_FACTS = (10, 20_000)
    MAJORITY_ACTIVITY = (10, 30_000)
    PASSING_ALIGNED = (11, 0)
    MAJORITY_ALIGNED = (11, 10_000)


def generator(seed: int, stream: Stream, year: int) -> np.random.Generator:
    """Return the generator of a stream and year; the same three give the same draws.

    Parameters
    ----------
    seed : the seed of the simulation, from 0.
    stream : what is drawn.
    year : the year that it is drawn for.
    """
    number, years_added = stream.value
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, year + years_added, number])))
