"""How covariates go together: what the printed tables of models say of work, study and known education.

The plain rates of `labour.py` are by background, age, residence and sex. They do not give the coefficients
that tables 5.1-5.31, 6.1 and D1-D4 print, which depend on how the covariates go together. `tilts.csv` changes
the odds of each status, of education that the register knows, and the rate of moves out of a county, by pairs
of characteristics; `fitting.py` finds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from utvandring.common.errors import UtvandringError
from utvandring.simulation import parameters as p
from utvandring.simulation.parameters import FloatArray

TABLE: Final = Path(__file__).with_name("tilts.csv")
COLUMNS: Final = (*p.STATUSES[1:], "education_known", "county_move")
# First age of each group.
AGES: Final = (15, 20, 25, 30, 36, 46, 62)
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "level": ("1", "2", "3", "4"),
    "sex": ("women", "men"),
    "age": ("15-19", "20-24", "25-29", "30-35", "36-45", "46-61", "62 and over"),
    "residence": ("0-2", "3-5", "6-10", "11-15", "16 and over"),
    "background": p.BACKGROUNDS,
    "family": ("1", "2", "3", "4", "5 and over"),
    # Families of two and more: of immigrants only, or not.
    "kind": ("mixed or one", "immigrants only"),
    "county": ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "14", "15", "16", "17",
               "18", "19", "20"),
    "education": ("none", "1", "2", "3", "4", "5"),
    "status": p.STATUSES,
}  # fmt: skip
SIZES: Final = {name: len(values) for name, values in VALUES.items()}
PAIRS: Final = (
    ("level", "sex"), ("level", "age"), ("level", "residence"), ("level", "background"), ("level", "family"),
    ("level", "kind"), ("background", "residence"), ("background", "age"), ("background", "sex"),
    ("background", "family"), ("residence", "age"), ("county", "background"), ("level", "education"),
    ("family", "age"), ("family", "residence"), ("sex", "age"), ("sex", "residence"),
    ("background", "education"), ("residence", "education"), ("age", "education"),
)  # fmt: skip
# Work and study come first; whether the education is known depends on them.
PAIRS_OF_STATUS: Final = (("level", "status"), ("education", "status"))

Groups = Mapping[str, npt.NDArray[np.int64]]


def groups(
    *,
    level: npt.ArrayLike,
    man: npt.ArrayLike,
    age: npt.ArrayLike,
    residence: npt.ArrayLike,
    background: npt.ArrayLike,
    family_total: npt.ArrayLike,
    family_immigrants: npt.ArrayLike,
    county: npt.ArrayLike,
    education: npt.ArrayLike,
) -> Groups:
    """Return the position of each person in every characteristic of `SIZES`.

    Parameters
    ----------
    level, county, background : centrality level 1-4, position of the county, position of the background.
    man, age : whether a man; years.
    residence, education : positions of the groups of the logits; 0 is no or unknown education.
    family_total, family_immigrants : members of the family, and immigrants among them.
    """
    total = np.asarray(family_total, dtype=np.int64)
    return {
        "level": np.asarray(level, dtype=np.int64) - 1,
        "sex": np.asarray(man, dtype=np.int64),
        "age": np.searchsorted(AGES[1:], np.asarray(age), side="right").astype(np.int64),
        "residence": np.asarray(residence, dtype=np.int64),
        "background": np.asarray(background, dtype=np.int64),
        "family": np.clip(total, 1, 5) - 1,
        "kind": ((total == np.asarray(family_immigrants)) & (total > 1)).astype(np.int64),
        "county": np.asarray(county, dtype=np.int64),
        "education": np.asarray(education, dtype=np.int64),
    }


Tables = dict[tuple[str, str], FloatArray]


def none() -> Tables:
    """Return tilts that change nothing, by pair of characteristics, shape (first, second, len(COLUMNS))."""
    pairs = (*PAIRS, *PAIRS_OF_STATUS)
    return {pair: np.zeros((SIZES[pair[0]], SIZES[pair[1]], len(COLUMNS))) for pair in pairs}


_in_place_of_the_table: list[Tables] = []


@contextmanager
def used(tables: Tables) -> Iterator[None]:
    """Let lives follow these tilts, not those of `tilts.csv`."""
    _in_place_of_the_table.append(tables)
    try:
        yield
    finally:
        _in_place_of_the_table.pop()


def tables() -> Tables:
    """Return the tilts that lives follow, as `none` gives them."""
    return _in_place_of_the_table[-1] if _in_place_of_the_table else read(TABLE)


@cache
def read(path: Path) -> Tables:
    """Return the tilts of a file; not given is 0.

    Raises
    ------
    UtvandringError
        If there is no such file.
    """
    if not path.exists():
        raise UtvandringError(
            f"{path.name} is missing from {path.parent}, and without it the simulation is not calibrated. "
            "Install the program again, take the file from the repository, or write it with "
            "python -m utvandring.simulation.fitting."
        )
    found = none()
    rows = pd.read_csv(path, dtype={"value_of_first": str, "value_of_second": str})
    for first, second, one, two, *values in rows.itertuples(index=False):
        found[(first, second)][VALUES[first].index(one), VALUES[second].index(two)] = values
    return found


def tilts(groups: Groups) -> FloatArray:
    """Return the changes of the log odds of each status but the first, shape (persons, 4)."""
    total = np.zeros((len(groups["level"]), len(p.STATUSES) - 1))
    for first, second in PAIRS:
        total += tables()[(first, second)][groups[first], groups[second], :4]
    return total


def tilts_of_known_education(groups: Groups) -> FloatArray:
    """Return the changes of the log odds that the education is known, by status, shape (persons, 5)."""
    total = np.zeros((len(groups["level"]), 1))
    for first, second in PAIRS:
        total += tables()[(first, second)][groups[first], groups[second], 4, None]
    by_status = tables()[("level", "status")][groups["level"], :, 4]
    return np.asarray(total + by_status + tables()[("education", "status")][groups["education"], :, 4])


def tilts_of_county_moves(county: npt.NDArray[np.int64], background: npt.NDArray[np.int64]) -> FloatArray:
    """Return the changes of the log rate of moves out of the county that stay in the level."""
    return np.asarray(tables()[("county", "background")][county, background, 5])
