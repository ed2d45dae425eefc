"""Other tables of a whole block that look the same to a reader, in whole numbers.

A block has some 150,000 counts, which are tied to each other by as many relations. A programme in whole
numbers over all of them at once does not end; over a few rows and columns it proves a few counts. So a table
is found in three steps:

1. *Towards.* The linear programme of the whole block is solved roughly, by the alternating direction method
   of multipliers: a step to where everything adds up (conjugate gradients), a step to where every count lies
   within what a reader knows of it, both pulled towards the values that are wanted.
2. *Rounded.* The same two steps without a pull, the second one to whole numbers, until nearly all relations
   hold.
3. *Repaired.* The relations that do not hold are put right by programmes in whole numbers (HiGHS) over the
   counts around them.

None of this has to be believed: a table that is returned adds up in whole numbers and lies within what a
reader knows of every count. This is checked exactly, and what fails is no table.

The method: S. Boyd and others, Distributed Optimization and Statistical Learning via the Alternating
Direction Method of Multipliers (2011), sections 5 and 9.1.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.optimize import Bounds as Between
from scipy.optimize import LinearConstraint, milp

from utvandring.release.suppression import Booleans, Integers

Numbers = NDArray[np.float64]

# No count goes further than this from what it is, though a reader may know less of it.
_FAR = 50
# Steps towards values and of rounding, and steps of conjugate gradients in each.
_TOWARDS, _ROUNDING, _GRADIENTS = 50, 150, 10
# How hard values are pulled, and how much of what is known by rounding is kept for rounding to whole numbers.
_PULL, _KEPT = 0.5, 0.25
# Rounding remembers less and less of its earlier steps, so that it does not go in circles.
_REMEMBERED = 0.95
# Rounding ends, and repairing begins, when one relation in so many is left, or so few of them.
_FEW, _FEWEST = 300, 20
# How far around what does not hold is repaired, with some steps of rounding between; by how much a programme
# may change a count, what that costs beside a relation that does not hold, and in how many nodes.
_RADII, _BETWEEN = ((1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5, 6)), 20
_BY, _CHANGE, _NODES = 5, 0.01, 20


@dataclass(frozen=True)
class Wanted:
    """Values that are wanted of some counts.

    Attributes
    ----------
    up, down
        n; which counts should rise, and which should fall.
    value
        n; how far.
    """

    up: Booleans
    down: Booleans
    value: Integers


class Block:
    """The counts of a block that are not known exactly, and what they have to add up to.

    Parameters
    ----------
    sums
        r x n: 1 for the parts of each relation and -1 for its total.
    adds_up
        r; whether the parts of the relation are the whole total; others stay below it.
    count
        The n counts, in which all relations hold.
    lower, upper
        The n least and largest values that a reader knows of each.
    """

    def __init__(
        self,
        sums: scipy.sparse.csr_matrix,
        adds_up: Booleans,
        count: Integers,
        lower: Integers,
        upper: Integers,
    ) -> None:
        self.count = count
        lower, upper = np.maximum(lower, count - _FAR), np.minimum(upper, count + _FAR)
        self.free = np.flatnonzero(lower < upper)
        of_free = sums[:, self.free]
        # What parts leave of a total that they need not make up.
        slack = -(sums @ count)
        lowest = of_free.minimum(0) @ (upper - count)[self.free]
        highest = of_free.maximum(0) @ (upper - count)[self.free]
        highest = highest + of_free.minimum(0) @ (lower - count)[self.free]
        lowest = lowest + of_free.maximum(0) @ (lower - count)[self.free]
        # Other relations hold whatever the counts are.
        rows = np.flatnonzero(np.where(adds_up, lowest < highest, highest > slack))
        below = np.flatnonzero(~adds_up[rows])
        slacks = scipy.sparse.csr_matrix(
            (np.ones(len(below)), (below, np.arange(len(below)))), shape=(len(rows), len(below))
        )
        self.whole = scipy.sparse.hstack([of_free[rows], slacks]).tocsr()
        slack = slack[rows][below]
        self.now = np.concatenate([count[self.free], slack]).astype(np.float64)
        self.right = self.whole @ self.now
        self.lower = np.concatenate([lower[self.free], np.zeros(len(below))])
        self.upper = np.concatenate([upper[self.free], slack + _FAR]).astype(np.float64)
        self.members = abs(self.whole)
        scale = 1 / np.sqrt(np.diff(self.whole.indptr))
        self.scaled = (scipy.sparse.diags(scale) @ self.whole).tocsr()
        self.transposed = self.scaled.T.tocsr()
        self.scaled_right = self.right * scale

    def look(self, wanted: Wanted, small: Booleans, generator: np.random.Generator) -> Integers | None:
        """Return another table in which as many counts as possible have the values wanted.

        Parameters
        ----------
        wanted
            What is wanted of each of the n counts.
        small
            n; counts of which a reader knows that they are small, which need all their values.
        generator
            Of the random weights that the wanted counts have.

        Returns
        -------
        ndarray
            n counts, which hold all relations and lie within what is known; None if none was found.
        """
        if not len(self.free):
            return None
        multiplier = np.zeros(len(self.right))
        point = self._towards(wanted, small, generator, multiplier)
        point = self._rounded(point, multiplier, 0, _ROUNDING)
        found = self._repaired(point, multiplier)
        if found is None:
            return None
        other = self.count.copy()
        other[self.free] = found[: len(self.free)].astype(np.int64)
        return other

    def _towards(
        self, wanted: Wanted, small: Booleans, generator: np.random.Generator, multiplier: Numbers
    ) -> Numbers:
        """Return a point near the best one of the linear programme (step 1)."""
        slacks = len(self.now) - len(self.free)
        up, down = (np.append(some[self.free], np.zeros(slacks, bool)) for some in (wanted.up, wanted.down))
        value = np.append(wanted.value[self.free], np.zeros(slacks))
        kept = np.append(
            ~small[self.free] & (self.upper - self.lower < _FAR)[: len(self.free)], slacks * [False]
        )
        kept = kept * _KEPT * np.minimum(self.upper - self.lower, 4)
        # No further than is wanted, so that others can go there too.
        lower = np.where(down, value, self.lower)
        lower = np.where(kept > 0, np.minimum(lower + kept, self.upper), lower)
        upper = np.maximum(np.where(up, value, self.upper) - kept, lower)
        pull = _PULL * generator.random(len(self.now)) * (1.0 * up - down)
        point, gone = self.now.copy(), np.zeros(len(self.now))
        for _ in range(_TOWARDS):
            sums = self._added_up(point - gone + pull, multiplier)
            further = 1.6 * sums - 0.6 * point + gone
            point = np.clip(further, lower, upper)
            gone = further - point
        return point

    def _rounded(self, point: Numbers, multiplier: Numbers, least: int, most: int) -> Numbers:
        """Return whole numbers near a point in which nearly all relations hold, after some steps (step 2)."""
        gone = np.zeros(len(point))
        few = max(_FEWEST, len(self.right) // _FEW)
        for step in range(most):
            sums = self._added_up(point - gone, multiplier)
            point = np.clip(np.round(sums + gone), self.lower, self.upper)
            gone = _REMEMBERED * (gone + sums - point)
            if step % 10 == 9 and step >= least and np.count_nonzero(self._wrong(point)) <= few:
                break
        return point

    def _repaired(self, point: Numbers, multiplier: Numbers) -> Numbers | None:
        """Return whole numbers in which all relations hold, or None (step 3)."""
        for radii in _RADII:
            for radius in radii:
                wrong = np.flatnonzero(self._wrong(point))
                if not len(wrong):
                    return point
                point = self._repaired_around(wrong, radius, point)
            if not self._wrong(point).any():
                return point
            if radii is not _RADII[-1]:
                point = self._rounded(point, multiplier, _BETWEEN, _BETWEEN)
        return None

    def _repaired_around(self, wrong: Integers, radius: int, point: Numbers) -> Numbers:
        """Put right as much as a programme can that changes the counts around some relations only."""
        rows, cells = self._around(wrong, radius)
        there = self.whole[rows]
        near = there[:, cells]
        right = self.right[rows] - there @ point
        # What does not hold may go on not holding, at a cost.
        relaxed = np.flatnonzero(np.isin(rows, wrong))
        ones = (np.ones(len(relaxed)), (relaxed, np.arange(len(relaxed))))
        missing = scipy.sparse.csr_matrix(ones, shape=(len(rows), len(relaxed)))
        # As few as possible change: a count is at its bound soon enough.
        up = np.minimum(self.upper[cells] - point[cells], _BY)
        down = np.minimum(point[cells] - self.lower[cells], _BY)
        most = np.concatenate([up, down, np.full(2 * len(relaxed), np.inf)])
        cells, extra = np.concatenate([cells, cells]), 2 * len(relaxed)
        found = milp(
            np.repeat([_CHANGE, 1.0], [len(cells), extra]),
            integrality=np.repeat([1, 0], [len(cells), extra]),
            bounds=Between(np.zeros(len(most)), most),
            constraints=LinearConstraint(
                scipy.sparse.hstack([near, -near, missing, -missing]).tocsr(), right, right
            ),
            options={"node_limit": _NODES, "mip_rel_gap": 0.1},
        )
        if found.x is None:
            return point
        change = np.round(found.x[: len(cells)])
        repaired = point.copy()
        np.add.at(repaired, cells, np.where(np.arange(len(cells)) < len(cells) // 2, change, -change))
        return repaired

    def _around(self, rows: Integers, radius: int) -> tuple[Integers, Integers]:
        """Return counts at most so far from some relations, and all relations that they are in."""
        for _ in range(radius):
            is_near = np.zeros(len(self.now), dtype=bool)
            is_near[self.members[rows].indices] = True
            cells = np.flatnonzero(is_near & (self.lower < self.upper))
            rows = np.flatnonzero(np.diff(self.members[:, cells].indptr))
        return rows, cells

    def _wrong(self, point: Numbers) -> Booleans:
        """Return which relations do not hold in whole numbers."""
        wrong: Booleans = self.whole @ point != self.right
        return wrong

    def _added_up(self, point: Numbers, multiplier: Numbers) -> Numbers:
        """Return nearly the nearest point that adds up.

        The multipliers are those of the step before, and are changed in place: few steps of conjugate
        gradients are enough from there.
        """
        sums: Numbers = point - self.transposed @ multiplier
        left = self.scaled @ sums - self.scaled_right
        direction, square = left.copy(), _dot(left, left)
        for _ in range(_GRADIENTS):
            if square < 1e-16 * len(left):
                break
            back = self.transposed @ direction
            forth = self.scaled @ back
            step = square / _dot(direction, forth)
            multiplier += step * direction
            sums -= step * back
            left -= step * forth
            square, before = _dot(left, left), square
            direction = left + square / before * direction
        return sums


def _dot(one: Numbers, other: Numbers) -> float:
    """Return an inner product, in one order whatever the number of processors."""
    return float(np.einsum("i,i->", one, other))
