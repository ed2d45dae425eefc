"""The simulated persons: one array per characteristic, one position per person, never reordered."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from utvandring.simulation.parameters import CATEGORY_B

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

RESIDENT, EMIGRATED, MISSING, DEAD = 1, 3, 4, 5
NO_ONE = -1

_DTYPES: dict[str, tuple[type, int]] = {  # type and value of a person of whom nothing is said
    "sex": (np.int8, 1),
    "birth_year": (np.int16, 0),
    "birth_month": (np.int8, 1),
    "category": (np.int8, CATEGORY_B),
    "country": (np.int16, 0),
    "country_background": (np.int16, 0),
    "reason": (np.int8, 0),
    "background": (np.int8, -1),
    "first_date": (np.int32, 0),
    "death_day": (np.int32, -1),
    "mother": (np.int32, NO_ONE),
    "father": (np.int32, NO_ONE),
    "partner": (np.int32, NO_ONE),
    "home": (np.int32, NO_ONE),
    "head": (np.int32, NO_ONE),
    "status": (np.int8, RESIDENT),
    "changed_year": (np.int16, 0),
    "vanished": (np.bool_, False),
    "municipality": (np.int16, 0),
    "part": (np.uint8, 0),
    "unknown_address": (np.int8, 0),
    "hidden_family": (np.bool_, False),
    "marital": (np.int8, 1),
    "moved_year": (np.int16, 0),
    "silent": (np.bool_, False),
    "work_latent": (np.float32, 0),
    "study_latent": (np.float32, 0),
    "education_rank": (np.float32, 0),
    "education_level": (np.int8, 2),
    "education_known": (np.bool_, False),
    "employed": (np.bool_, False),
    "enrolled": (np.bool_, False),
    "exam": (np.bool_, False),
    "unemployed_months": (np.int8, 0),
    "income": (np.int32, 0),
}


@dataclass
class Population:
    """Everybody who was ever in the simulated registers.

    Links (`mother`, `father`, `partner`, `home`, `head`) are positions; -1 is nobody. `home` is the parent
    with whom a child lives, `head` the reference person of the family. `municipality` is a position in the
    division of 2013, `part` (0-255) says which predecessor or successor of it. `changed_year` is the year in
    which a non-resident stopped being resident; `vanished` persons have no row in the population register.
    The facts of the latest year (`employed` ... `income`) are what the registers of that year will say.
    """

    sex: npt.NDArray[np.int8]
    birth_year: npt.NDArray[np.int16]
    birth_month: npt.NDArray[np.int8]
    category: npt.NDArray[np.int8]
    country: npt.NDArray[np.int16]
    country_background: npt.NDArray[np.int16]
    reason: npt.NDArray[np.int8]
    background: npt.NDArray[np.int8]
    first_date: npt.NDArray[np.int32]
    death_day: npt.NDArray[np.int32]
    mother: npt.NDArray[np.int32]
    father: npt.NDArray[np.int32]
    partner: npt.NDArray[np.int32]
    home: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]
    status: npt.NDArray[np.int8]
    changed_year: npt.NDArray[np.int16]
    vanished: BoolArray
    municipality: npt.NDArray[np.int16]
    part: npt.NDArray[np.uint8]
    unknown_address: npt.NDArray[np.int8]
    hidden_family: BoolArray
    marital: npt.NDArray[np.int8]
    moved_year: npt.NDArray[np.int16]
    silent: BoolArray
    work_latent: npt.NDArray[np.float32]
    study_latent: npt.NDArray[np.float32]
    education_rank: npt.NDArray[np.float32]
    education_level: npt.NDArray[np.int8]
    education_known: BoolArray
    employed: BoolArray
    enrolled: BoolArray
    exam: BoolArray
    unemployed_months: npt.NDArray[np.int8]
    income: npt.NDArray[np.int32]

    @classmethod
    def of(cls, n: int, **columns: npt.ArrayLike) -> Population:
        """Make `n` persons; columns that are not given get their neutral value."""
        unknown = set(columns) - set(_DTYPES)
        if unknown:
            raise TypeError(f"no such characteristic: {sorted(unknown)}")
        arrays: dict[str, Any] = {}
        for name, (dtype, neutral) in _DTYPES.items():
            values: npt.NDArray[Any] = np.asarray(columns.get(name, neutral), dtype=dtype)
            arrays[name] = np.broadcast_to(values, (n,)).copy()
        return cls(**arrays)

    def __len__(self) -> int:
        """Return the number of persons."""
        return len(self.sex)

    def extend(self, others: Population) -> IntArray:
        """Append persons and return their positions."""
        before = len(self)
        for field in fields(self):
            setattr(
                self, field.name, np.concatenate([getattr(self, field.name), getattr(others, field.name)])
            )
        return np.arange(before, len(self))

    @property
    def resident(self) -> BoolArray:
        """Whether the register says that the person is resident."""
        return np.asarray(self.status == RESIDENT)

    @property
    def immigrant(self) -> BoolArray:
        """Immigration category B (section 2.1.1)."""
        return np.asarray(self.category == CATEGORY_B)

    def age(self, base_year: int) -> npt.NDArray[np.int16]:
        """Completed years on 31 December of `base_year`."""
        return np.asarray(base_year - self.birth_year, dtype=np.int16)

    def working_age(self, base_year: int) -> BoolArray:
        """Age 15-74 on 31 December of `base_year`."""
        age = self.age(base_year)
        return np.asarray((age >= 15) & (age <= 74))

    def residence(self, base_year: int) -> npt.NDArray[np.int32]:
        """Years since the first immigration (section 2.1.3); 0 for an arrival on the next 1 January."""
        return np.maximum(base_year - self.first_date // 10000, 0)

    def update_heads(self) -> None:
        """Set the reference person of every family: the older of a couple, the parent's for a child."""
        me = np.arange(len(self), dtype=np.int32)
        head = me.copy()
        paired = np.flatnonzero(self.partner >= 0)
        other = self.partner[paired]
        born = self.birth_year.astype(np.int32) * 12 + self.birth_month
        older = (born[other] < born[paired]) | ((born[other] == born[paired]) & (other < paired))
        head[paired[older]] = other[older]
        at_home = np.flatnonzero(self.home >= 0)
        head[at_home] = head[self.home[at_home]]
        self.head = head

    def family_counts(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return residents and resident immigrants with the same family number, for every person.

        Persons without a delivered family number are counted in nobody's family; for themselves 1.
        """
        counted = self.resident & ~self.hidden_family
        heads = self.head[counted]
        total = np.bincount(heads, minlength=len(self)).astype(np.int32)
        immigrants = np.bincount(heads, self.immigrant[counted], minlength=len(self)).astype(np.int32)
        family_total = np.where(counted, total[self.head], 1).astype(np.int32)
        family_immigrants = np.where(counted, immigrants[self.head], self.immigrant).astype(np.int32)
        return family_total, family_immigrants


def pseudonym(positions: npt.ArrayLike, seed: int, *, bits: int, topic: int) -> npt.NDArray[np.uint64]:
    """Return a number of `bits` bits per position, one-to-one and without visible order.

    A few rounds of multiply and shift, each invertible on `bits` bits, keyed by `seed` and `topic`.
    """
    mask = np.uint64((1 << bits) - 1)
    key = np.random.SeedSequence([seed, topic]).generate_state(4, np.uint64)
    x = np.asarray(positions, dtype=np.uint64)
    for round_key in key:
        x = (x + round_key) & mask
        x = (x * (round_key | np.uint64(1))) & mask
        x = x ^ (x >> np.uint64(bits // 2))
    return x
