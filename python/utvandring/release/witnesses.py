"""Witnesses: tables that look the same as the true one, and the values that each count takes in them."""

from functools import cached_property

import numpy as np
import scipy.sparse
from scipy.optimize import Bounds as Between
from scipy.optimize import LinearConstraint, milp

from utvandring.release.lookalike import Block, Wanted
from utvandring.release.suppression import Booleans, Bounds, Integers, Rule, System

# How many nodes a programme over a part of a release may search.
_NODES = 5
# More than any count: programmes take no larger numbers.
_LARGEST = 10**7


class Witnesses:
    """Tables that look the same as the true one, and the values that each count takes in them.

    A count is proved when it takes as many values as the protection asks for, from the least to the largest
    in the tables found: what lies between two tables looks the same too, as far as what adds up tells.

    Parameters
    ----------
    system
        The n counts and what adds up, rests included.
    bounds
        The n least and largest values that a reader knows of each count.
    wanted
        n; which counts need witnesses.
    rule
        How counts are shown.

    Attributes
    ----------
    least, most
        n; the least and the largest value in the tables found.
    programmes, tables
        How many programmes were run over parts, and how many tables were looked for in the whole.
    """

    def __init__(self, system: System, bounds: Bounds, wanted: Booleans, rule: Rule) -> None:
        self.system, self.wanted, self.rule = system, wanted, rule
        self.lower, self.upper = bounds[0], np.minimum(bounds[1], _LARGEST)
        self.now = system.count.copy()
        self.least, self.most = self.now.copy(), self.now.copy()
        self.programmes = self.tables = 0
        relations = len(system.total)
        rows = np.concatenate([np.arange(relations), system.relation])
        columns = np.concatenate([system.total, system.part])
        signs = np.concatenate([-np.ones(relations), np.ones(len(system.part))])
        shape = (relations, len(system.count))
        self.sums = scipy.sparse.csr_matrix((signs, (rows, columns)), shape=shape)

    @property
    def open(self) -> Booleans:
        """Whether a count has fewer values in the tables found than the protection asks for."""
        left = self.system.values_left((self.least, self.most), self.rule)
        return self.wanted & (left < self.rule.protection)

    def look_everywhere(self) -> int:
        """Look for another table of the whole block, and return how many counts it proves.

        Which table depends on the number of those that were looked for before, and on what is open.
        """
        generator = np.random.default_rng([1, self.tables])
        self.tables += 1
        before = self.open
        small = self.rule.is_small(self.system.count)
        other = self._block.look(self._next_values(before), small, generator)
        if other is None or not self._is_witness(other):
            return 0
        self._take(other)
        return int(before.sum() - self.open.sum())

    @cached_property
    def _block(self) -> Block:
        return Block(self.sums, self.system.adds_up, self.system.count, self.lower, self.upper)

    def _next_values(self, is_open: Booleans) -> Wanted:
        """Say which values open counts need next: enough of them above those found, else below."""
        further = self.rule.protection - 1
        highest, lowest = self.least + further, self.most - further
        is_open = is_open & (self.upper - self.lower >= further)
        up = is_open & (highest <= self.upper)
        down = is_open & ~up & (lowest >= self.lower)
        # Some need both ends: first the lower one.
        both = is_open & ~up & ~down
        return Wanted(up, down | both, np.where(up, highest, np.where(down, lowest, self.lower)))

    def look(self, cells: Integers, generator: np.random.Generator) -> None:
        """Look for another table in which only some of the counts differ from the last one found."""
        free = cells[self.lower[cells] < self.upper[cells]]
        is_open = self.open[free]
        if not is_open.any():
            return
        rows = self.system.about(free)
        of_rows = self.sums[rows]
        of_free = of_rows[:, free]
        right = of_free @ self.now[free] - of_rows @ self.now
        adds_up = self.system.adds_up[rows]
        # Towards values that no table that was found has yet.
        up = self.most[free] < self.upper[free]
        down = self.least[free] > self.lower[free]
        towards = np.where(up & down, generator.choice([-1.0, 1.0], len(free)), up * 1.0 - down)
        pushed = is_open & (generator.random(len(free)) < generator.choice([0.3, 1.0]))
        found = milp(
            np.where(pushed, -towards, 0.0),
            integrality=np.ones(len(free)),
            bounds=Between(self.lower[free], self.upper[free]),
            constraints=LinearConstraint(of_free, np.where(adds_up, right, -np.inf), right),
            options={"node_limit": _NODES, "mip_rel_gap": 0.3},
        )
        self.programmes += 1
        if found.x is None:
            return
        other = self.now.copy()
        other[free] = np.round(found.x).astype(np.int64)
        if self._is_witness(other):
            self.now = other
            self._take(other)

    def _is_witness(self, other: Integers) -> bool:
        """Return whether a table looks the same, exactly: nothing rests on the tolerances of a solver."""
        left = self.sums @ other
        within = (other >= self.lower).all() and (other <= self.upper).all()
        return bool(within and not left[self.system.adds_up].any() and (left <= 0).all())

    def _take(self, other: Integers) -> None:
        np.minimum(self.least, other, out=self.least)
        np.maximum(self.most, other, out=self.most)
