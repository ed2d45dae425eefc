"""Where people born in Norway go when they emigrate (assumption; nothing is printed)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from utvandring.simulation import parameters as p

CountryArray = npt.NDArray[np.int16]

_NORDIC = np.array([106, 106, 106, 101, 101, 103, 105], dtype=np.int16)
# In the aligned world two in three of them Sweden, as published of 2012.
_NORDIC_ALIGNED = np.repeat(np.array([106, 101, 103, 105], dtype=np.int16), [26, 12, 1, 1])
_WESTERN = np.array([139, 139, 684, 684, 137, 144, 117, 127, 612, 805], dtype=np.int16)
_ELSEWHERE = np.array([426, 568, 715, 143, 131, 484, 548, 428], dtype=np.int16)


def destinations_of_norwegian_born(
    parents_country: CountryArray, rng: np.random.Generator, aligned: bool = False
) -> CountryArray:
    """Draw countries of destination.

    Parameters
    ----------
    parents_country : country of origin of the parents, 0 for Norwegian-born parents.
    aligned : whether more go to Sweden, as published.
    """
    n, nordic = len(parents_country), _NORDIC_ALIGNED if aligned else _NORDIC
    u = rng.random((2, n))
    descendant = (parents_country > 0)[:, None]
    of_others = p.NORWEGIAN_BORN_ALIGNED if aligned else p.DESTINATIONS_OF_NORWEGIAN_BORN
    limits = np.where(descendant, np.cumsum(p.DESTINATIONS_OF_DESCENDANTS), np.cumsum(of_others))
    kind = (u[0][:, None] >= limits).sum(axis=1)

    def one_of(countries: CountryArray) -> CountryArray:
        return np.asarray(countries[np.floor(u[1] * len(countries)).astype(np.int64)], dtype=np.int16)

    unknown = np.full(n, p.UNKNOWN_COUNTRY, dtype=np.int16)
    choices = (parents_country, one_of(nordic), one_of(_WESTERN), one_of(_ELSEWHERE), unknown)
    return np.asarray(np.choose(kind, choices), dtype=np.int16)
