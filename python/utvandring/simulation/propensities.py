"""Persistent propensities: what makes a person move or leave more often than others like them, every year.

The logits of tables E1-E8 treat the years of a person as independent. With these effects they hold for each
person given the effects, so that the true variances of a logit with random effects are known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import pseudonym

_RANK_BITS = 32
_TOPICS = (4, 5)
# With 9 one person in a hundred has odds that are a thousand times those of others like them.
_LARGEST_VARIANCE = 9.0


@dataclass(frozen=True)
class Propensities:
    """Two effects of each person, jointly normal with mean 0, in log odds against staying.

    Attributes
    ----------
    internal, emigration
        Variances of the effects on an internal move and on an emigration, from 0 to 9.
    correlation
        Of the two, from -1 to 1.
    """

    internal: float
    emigration: float
    correlation: float

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        variances_fit = all(
            0 <= variance <= _LARGEST_VARIANCE for variance in (self.internal, self.emigration)
        )
        if not (variances_fit and -1 <= self.correlation <= 1):
            raise ValueError(
                f"Persistent propensities have variances from 0 to {_LARGEST_VARIANCE:g} and a correlation "
                f"from -1 to 1, not {self.internal:g}, {self.emigration:g} and {self.correlation:g}."
            )

    def effects(self, n: int, seed: int) -> FloatArray:
        """Return the effects of the first `n` persons, shape (n, 2); who comes later changes nobody's.

        Parameters
        ----------
        n : number of persons, in the order of the population.
        seed : the seed of the simulation.
        """
        drawn = [_normal(np.arange(n), seed, topic) for topic in _TOPICS]
        second = self.correlation * drawn[0] + math.sqrt(1 - self.correlation**2) * drawn[1]
        return np.column_stack([math.sqrt(self.internal) * drawn[0], math.sqrt(self.emigration) * second])


def propensities_of(text: str) -> Propensities:
    """Return what 'VARIANCE,VARIANCE,CORRELATION' says: of internal moves, of emigrations, and between them.

    Raises
    ------
    ValueError
        If it is not three numbers, or they are out of range.
    """
    try:
        internal, emigration, correlation = map(float, text.split(","))
    except ValueError:
        raise ValueError(
            f"Persistent propensities are three numbers, such as 1,2,0.5, not '{text[:40]}': the variance "
            "for internal moves, the variance for emigrations, their correlation."
        ) from None
    return Propensities(internal, emigration, correlation)


def _normal(position: npt.NDArray[np.int64], seed: int, topic: int) -> FloatArray:
    rank = pseudonym(position, seed, bits=_RANK_BITS, topic=topic)
    return np.asarray(ndtri((rank + 0.5) / float(1 << _RANK_BITS)))
