"""Secondary suppression: which counts to withhold so that what adds up gives no small count away.

A release shows counts of at least the threshold, rounded, and none below it. Tables add up, so a reader who
takes the shown parts from a shown total may be left with a small count. `withheld_counts` does what such a
reader would do, on everything that is shown at once, and withholds counts until no small one is known to
fewer values than asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

# More than any count, and small enough that sums of it fit in 64 bits.
_UNBOUNDED = 1 << 40


@dataclass(frozen=True)
class Rule:
    """How counts are shown.

    Attributes
    ----------
    threshold
        Counts below it are small: never shown, zero among them.
    base
        Other counts are shown as the nearest multiple of it; odd.
    protection
        Values from 0 to `threshold` - 1 that must stay possible for every small count, at most `threshold` -
        1.
    """

    threshold: int
    base: int
    protection: int

    def __post_init__(self) -> None:
        """Refuse rules that cannot be kept."""
        if self.base not in (3, 5):
            raise ValueError(f"The rounding base is 3 or 5, not {self.base}.")
        if self.threshold < self.base:
            raise ValueError(f"The threshold {self.threshold} is below the rounding base {self.base}.")
        if not 1 <= self.protection < self.threshold:
            raise ValueError(f"The protection is from 1 to {self.threshold - 1}, not {self.protection}.")

    def is_small(self, count: Integers) -> Booleans:
        """Return whether counts may not be shown."""
        return count < self.threshold

    def shown(self, count: Integers) -> Integers:
        """Return counts as they are shown."""
        return self.base * ((count + self.base // 2) // self.base)

    def bounds(self, count: Integers, withheld: Booleans) -> tuple[Integers, Integers]:
        """Return what a reader knows of each count by itself.

        The reader is taken to know which of the missing counts are small, which is the worst case, and
        nothing of the others.

        Parameters
        ----------
        count
            n counts.
        withheld
            n; whether a count that is not small is withheld.

        Returns
        -------
        tuple
            The n least and the n largest counts that look the same.
        """
        shown, half = self.shown(count), self.base // 2
        small = self.is_small(count)
        least = np.where(small | withheld, 0, np.maximum(self.threshold, shown - half))
        most = np.select([small, withheld], [self.threshold - 1, _UNBOUNDED], shown + half)
        return least.astype(np.int64), most.astype(np.int64)


@dataclass(frozen=True)
class Layout:
    """What adds up to what: the attributes of `System` without counts."""

    total: Integers
    exhaustive: Booleans
    relation: Integers
    part: Integers

    def counting(self, count: Integers) -> "System":
        """Return the system of these counts; parts that stay below a total do not add up to it."""
        parts = np.zeros(len(self.total), dtype=np.int64)
        np.add.at(parts, self.relation, count[self.part])
        adds_up = self.exhaustive & (parts == count[self.total])
        return System(count, self.total, adds_up, self.relation, self.part)


@dataclass(frozen=True)
class System:
    """Counts and what adds up to what.

    Attributes
    ----------
    count
        n counts.
    total
        The r counts that are totals of a relation, as positions in `count`.
    adds_up
        r; whether the parts of the relation are the whole total, so that it bounds them from below too.
    relation, part
        m memberships: positions in `total`, ascending, and in `count`.
    """

    count: Integers
    total: Integers
    adds_up: Booleans
    relation: Integers
    part: Integers

    def from_relations(self, least: Integers, most: Integers) -> tuple[Integers, Integers]:
        """Return the m bounds that each relation by itself puts on each of its parts."""
        least_sum, most_sum = self._sums(least), self._sums(most)
        total, relation, part = self.total, self.relation, self.part
        above = (most[total] - least_sum)[relation] + least[part]
        below = (least[total] - most_sum)[relation] + most[part]
        return np.where(self.adds_up[relation], below, 0), above

    def totals_of_parts(self, least: Integers, most: Integers) -> tuple[Integers, Integers]:
        """Return the r bounds that the parts of each relation put on its total."""
        return self._sums(least), np.where(self.adds_up, self._sums(most), _UNBOUNDED)

    def tightened(self, least: Integers, most: Integers) -> tuple[Integers, Integers]:
        """Return the bounds on the n counts that follow from all relations together.

        Bounds are carried from relation to relation until nothing changes.
        """
        least, most = least.copy(), most.copy()
        system = self
        while True:
            least_before, most_before = least.copy(), most.copy()
            below, above = system.from_relations(least, most)
            np.maximum.at(least, system.part, below)
            np.minimum.at(most, system.part, above)
            below, above = system.totals_of_parts(least, most)
            np.maximum.at(least, system.total, below)
            np.minimum.at(most, system.total, above)
            changed = (least != least_before) | (most != most_before)
            if not changed.any():
                return least, most
            # The other relations have nothing new to say.
            system = self.about(changed)

    def about(self, cells: Booleans) -> "System":
        """Return the same counts with only those relations that have one of the cells."""
        chosen = cells[self.total]
        chosen[self.relation[cells[self.part]]] = True
        members = chosen[self.relation]
        number = np.cumsum(chosen) - 1
        return System(
            self.count,
            self.total[chosen],
            self.adds_up[chosen],
            number[self.relation[members]],
            self.part[members],
        )

    @cached_property
    def _first_members(self) -> Integers:
        """Where the members of each relation that has any begin."""
        return np.flatnonzero(np.diff(self.relation, prepend=-1))

    def _sums(self, values: Integers) -> Integers:
        sums = np.zeros(len(self.total), dtype=np.int64)
        first = self._first_members
        if len(first):
            sums[self.relation[first]] = np.add.reduceat(values[self.part], first)
        return sums


def possible_values(least: Integers, most: Integers, rule: Rule) -> Integers:
    """Return how many of the values 0 to threshold - 1 lie between bounds."""
    return np.minimum(most, rule.threshold - 1) - np.maximum(least, 0) + 1


def withheld_counts(relations: pd.DataFrame, counts: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Return the counts to withhold besides the small ones.

    Parameters
    ----------
    relations
        One row for each member of a relation: `block_id`, `relation_id`, `cell_id`, `is_total` (the one
        member that the others add up to), `is_exhaustive` (whether the others are meant to be all of it). A
        cell belongs to several relations, all of them of one block. With a column `measure`, a row holds for
        the counts in that column alone, and for all of them where it is missing.
    counts
        Counts of the cells, one column for each thing counted, with `cell_id` as index. What is missing is
        not counted, and takes no part in any relation.
    rule
        How counts are shown.

    Returns
    -------
    DataFrame
        `cell_id` and `measure` (the column) of the counts to withhold, none of them small.

    Raises
    ------
    ValueError
        If a relation has two totals or is about a measure that is not counted, or the rule cannot be kept.

    Notes
    -----
    While the bounds that a reader can work out leave a small count fewer than `rule.protection` values, one
    more count is withheld in every relation that does so: its smallest shown part, else the total. What is
    withheld widens the bounds and never narrows them, so this ends.
    """
    # Ties are broken by position, so that the order of the rows must not matter.
    counts = counts.sort_index()
    cells = counts.index.to_numpy()
    members = _Members.of(relations, counts)
    found = [pd.DataFrame({"cell_id": cells[:0], "measure": pd.Series(dtype=object)})]
    for block in np.unique(members.block):
        in_block = members.where(members.block == block)
        for code, measure in enumerate(counts.columns):
            of_cells = counts[measure].to_numpy(dtype=np.float64)
            counted = in_block.where(in_block.is_of(code) & ~np.isnan(of_cells[in_block.cell]))
            if not len(counted.cell):
                continue
            here, layout = counted.layout()
            withheld = _withheld(layout.counting(of_cells[here].astype(np.int64)), rule)
            found.append(pd.DataFrame({"cell_id": cells[here[withheld]], "measure": str(measure)}))
    return pd.concat(found, ignore_index=True)


@dataclass(frozen=True)
class _Members:
    """Members of relations, one position in each array: numbers for blocks, measures, relations and cells."""

    block: Integers
    # -1: of every measure.
    measure: Integers
    relation: Integers
    cell: Integers
    is_total: Booleans
    is_exhaustive: Booleans

    @classmethod
    def of(cls, relations: pd.DataFrame, counts: pd.DataFrame) -> "_Members":
        measure = np.full(len(relations), -1)
        if "measure" in relations:
            named = relations["measure"].notna().to_numpy()
            measure[named] = counts.columns.get_indexer(pd.Index(relations["measure"][named]))
            if (measure[named] < 0).any():
                raise ValueError("A relation is about a measure that is not counted.")
        members = cls(
            pd.factorize(relations["block_id"], sort=True)[0],
            measure,
            pd.factorize(relations["relation_id"])[0],
            counts.index.get_indexer(pd.Index(relations["cell_id"])),
            relations["is_total"].to_numpy(dtype=bool),
            relations["is_exhaustive"].to_numpy(dtype=bool),
        )
        return members.where(members.cell >= 0)

    def where(self, chosen: Booleans) -> "_Members":
        return _Members(
            self.block[chosen],
            self.measure[chosen],
            self.relation[chosen],
            self.cell[chosen],
            self.is_total[chosen],
            self.is_exhaustive[chosen],
        )

    def is_of(self, measure: int) -> Booleans:
        return np.isin(self.measure, (-1, measure))

    def layout(self) -> tuple[Integers, Layout]:
        """Return the cells, ascending, and what adds up to what, as positions among them."""
        cells, position = np.unique(self.cell, return_inverse=True)
        totals, total_of = np.unique(self.relation[self.is_total], return_index=True)
        if len(totals) < self.is_total.sum():
            raise ValueError("A relation has more than one total.")
        number = np.full(self.relation.max() + 1, -1)
        number[totals] = np.arange(len(totals))
        relation = number[self.relation]
        is_part = ~self.is_total & (relation >= 0)
        relation, part = relation[is_part], position[is_part]
        order = np.lexsort((part, relation))
        exhaustive = self.is_exhaustive[self.is_total][total_of]
        # A total without parts follows from nothing.
        exhaustive &= np.isin(np.arange(len(totals)), relation)
        return cells, Layout(position[self.is_total][total_of], exhaustive, relation[order], part[order])


def _withheld(system: System, rule: Rule) -> Booleans:
    small = rule.is_small(system.count)
    withheld = np.zeros(len(small), dtype=bool)
    while True:
        least, most = system.tightened(*rule.bounds(system.count, withheld))
        known = small & (possible_values(least, most, rule) < rule.protection)
        if not known.any():
            return withheld
        chosen = _choose(system, rule, least, most, known, shown=~small & ~withheld)
        if not len(chosen):
            raise ValueError("Small counts cannot be protected although everything beside them is withheld.")
        withheld[chosen] = True


def _choose(
    system: System, rule: Rule, least: Integers, most: Integers, known: Booleans, shown: Booleans
) -> Integers:
    """Return what to withhold next: one count in every relation that gives a small count away."""
    in_part = possible_values(*system.from_relations(least, most), rule)
    in_total = possible_values(*system.totals_of_parts(least, most), rule)
    # Relations that give it away by themselves; failing that, those that do so together.
    for values in (rule.protection, rule.threshold):
        giving_away = np.union1d(
            system.relation[(in_part < values) & known[system.part]],
            np.flatnonzero((in_total < values) & known[system.total]),
        )
        for relations in _widening(system, giving_away, shown):
            chosen = _least_loss(system, relations, shown)
            if len(chosen):
                return chosen
    return np.array([], dtype=np.int64)


def _widening(system: System, relations: Integers, shown: Booleans) -> Iterator[Integers]:
    """Give relations, then those that say something about their members that are not shown, and so on."""
    seen = np.zeros(len(system.total), dtype=bool)
    while len(relations):
        yield relations
        seen[relations] = True
        hidden = np.zeros(len(system.count), dtype=bool)
        hidden[system.total[relations]] = True
        hidden[system.part[np.isin(system.relation, relations)]] = True
        hidden &= ~shown
        near = hidden[system.total].copy()
        near[system.relation[hidden[system.part]]] = True
        relations = np.flatnonzero(near & ~seen)


def _least_loss(system: System, relations: Integers, shown: Booleans) -> Integers:
    """Return the smallest shown part of each of the relations, or else its total where that is shown."""
    asked = np.zeros(len(system.total), dtype=bool)
    asked[relations] = True
    members = np.flatnonzero(asked[system.relation])
    members = members[shown[system.part[members]]]
    relation, part = system.relation[members], system.part[members]
    # The smallest first in each relation, of equal ones the first cell.
    order = np.lexsort((part, system.count[part], relation))
    first = order[np.flatnonzero(np.diff(relation[order], prepend=-1))]
    asked[relation[first]] = False
    totals = system.total[asked]
    return np.union1d(part[first], totals[shown[totals]])
