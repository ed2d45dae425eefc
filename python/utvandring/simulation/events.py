"""Migration events, kept by the year of their date until the register of that year is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

IMMIGRATION, EMIGRATION, INTERNAL = 0, 1, 2
EVENT_CODES = ("innvandring", "utvandring", "innenlands")
BASIS_CODES = (None, "meldt", "administrativ")
NOT_DELIVERED, REPORTED, ADMINISTRATIVE = 0, 1, 2
NOWHERE = -1  # municipality or country not applicable or not given

IntArray = npt.NDArray[np.int64]
_COLUMNS = (
    "person",
    "kind",
    "day",
    "registered",
    "from_place",
    "to_place",
    "from_country",
    "to_country",
    "basis",
)


def first_day(year: int) -> int:
    """Return 1 January of `year` in days since 1970-01-01."""
    return int(np.datetime64(f"{year:04d}-01-01", "D").astype(np.int64))


def last_day(year: int) -> int:
    """Return 31 December of `year` in days since 1970-01-01."""
    return first_day(year + 1) - 1


def yyyymmdd(days: npt.ArrayLike) -> IntArray:
    """Write days since 1970-01-01 as YYYYMMDD."""
    date = np.asarray(days, dtype="datetime64[D]")
    month = date.astype("datetime64[M]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    month_number = month.astype(np.int64) % 12 + 1
    day = (date - month).astype(np.int64) + 1
    return np.asarray(year * 10000 + month_number * 100 + day)


def year_of(days: npt.ArrayLike) -> IntArray:
    """Return the calendar year of days since 1970-01-01."""
    return np.asarray(np.asarray(days, dtype="datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970)


@dataclass
class EventLog:
    """Events waiting to be written. Places are (municipality position * 256 + part)."""

    pending: dict[int, list[dict[str, IntArray]]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self,
        kind: int,
        person: IntArray,
        day: npt.ArrayLike,
        registered: npt.ArrayLike,
        *,
        from_place: npt.ArrayLike = NOWHERE,
        to_place: npt.ArrayLike = NOWHERE,
        from_country: npt.ArrayLike = NOWHERE,
        to_country: npt.ArrayLike = NOWHERE,
        basis: npt.ArrayLike = NOT_DELIVERED,
    ) -> None:
        """Record one event per person; days are since 1970-01-01."""
        n = len(person)
        if n == 0:
            return
        given = (person, kind, day, registered, from_place, to_place, from_country, to_country, basis)
        columns = {
            name: np.broadcast_to(np.asarray(values, dtype=np.int64), (n,))
            for name, values in zip(_COLUMNS, given, strict=True)
        }
        years = year_of(columns["day"])
        for year in np.unique(years):
            chosen = years == year
            self.pending[int(year)].append({name: values[chosen] for name, values in columns.items()})

    def take(self, year: int) -> dict[str, IntArray]:
        """Hand over the events dated in `year`, by date, registration and person."""
        chunks = self.pending.pop(year, [])
        if not chunks:
            return {name: np.empty(0, dtype=np.int64) for name in _COLUMNS}
        columns = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in _COLUMNS}
        order = np.lexsort((columns["kind"], columns["person"], columns["registered"], columns["day"]))
        return {name: values[order] for name, values in columns.items()}
