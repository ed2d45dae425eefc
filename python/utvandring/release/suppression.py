"""Secondary suppression: which counts to withhold so that what adds up gives no small count away.

A release shows counts of at least the threshold, rounded, and none below it. Tables add up, so a reader who
takes the shown parts from a shown total may be left with a small count. `withheld_counts` does what such a
reader would do, on everything that is shown at once, and withholds counts until no small one is known to
fewer values than asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
# The least and the largest value of each of some counts.
Bounds = tuple[Integers, Integers]

# More than any count, and small enough that sums of it fit in 64 bits.
_UNBOUNDED = 1 << 40
# What parts that may stay below their total could sum to: more than a total and a part that are unbounded.
_UNBOUNDED_SUM = 2 * _UNBOUNDED + 1


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
    size
        r; how many parts each relation has, at least one.
    part
        The m parts as positions in `count`, relation by relation.
    """

    count: Integers
    total: Integers
    adds_up: Booleans
    size: Integers
    part: Integers

    def bounds_from_each(self, bounds: Bounds) -> tuple[Bounds, Bounds]:
        """Return the bounds that each relation by itself puts on its total (r) and on its parts (m)."""
        least, most = bounds
        least_part, most_part = least[self.part], most[self.part]
        least_sum = np.add.reduceat(least_part, self.first)
        most_sum = np.where(self.adds_up, np.add.reduceat(most_part, self.first), _UNBOUNDED_SUM)
        left_below = np.maximum(least[self.total], least_sum) - most_sum
        left_above = np.minimum(most[self.total], most_sum) - least_sum
        below = np.repeat(left_below, self.size) + most_part
        above = np.repeat(left_above, self.size) + least_part
        return (least_sum, most_sum), (below, above)

    def tightened(self, bounds: Bounds, relations: Integers) -> Bounds:
        """Return the bounds on the n counts that follow from all relations together.

        Bounds are carried from relation to relation until nothing changes, beginning with `relations`: those
        that may have something new to say.
        """
        least, most = bounds[0].copy(), bounds[1].copy()
        while len(relations):
            system = self.only(relations)
            of_total, of_part = system.bounds_from_each((least, most))
            changed = [
                _narrow((least, most), system.total, of_total),
                _narrow((least, most), system.part, of_part),
            ]
            # The other relations have nothing new to say.
            relations = self.about(np.concatenate(changed))
        return least, most

    def resting_on(self, cells: Integers, bounds: Bounds, own: Bounds) -> tuple[Booleans, Booleans]:
        """Return which bounds may follow from those on some of the counts.

        Parameters
        ----------
        cells
            Some of the n counts, as positions; their own bounds are among those returned.
        bounds
            What `tightened` made of `own`.
        own
            What is known of each of the n counts by itself.

        Returns
        -------
        tuple
            Of the n least and of the n largest values: whether they may follow.
        """
        least, most = bounds
        # Bounds that come from relations, and are not known yet to rest on these cells.
        open_least, open_most = least > own[0], most < own[1]
        rests_least, rests_most = np.zeros((2, len(self.count)), dtype=bool)
        new_least = new_most = cells
        while len(new_least) + len(new_most):
            rests_least[new_least] = rests_most[new_most] = True
            open_least[new_least] = open_most[new_most] = False
            system = self.only(self.about(np.concatenate([new_least, new_most])))
            total, part = system.total, system.part
            of_total, of_part = system.bounds_from_each(bounds)
            # The least value of a total comes from those of its parts; the largest value of a part from that
            # of the total and the least ones of the other parts; and the other way round.
            least_sum = np.logical_or.reduceat(rests_least[part], system.first)
            most_sum = np.logical_or.reduceat(rests_most[part], system.first)
            below = np.repeat(rests_least[total] | most_sum, system.size)
            above = np.repeat(rests_most[total] | least_sum, system.size)
            # From this relation, if it puts the bound just there.
            new_least = np.concatenate(
                [
                    total[least_sum & open_least[total] & (of_total[0] == least[total])],
                    part[below & open_least[part] & (of_part[0] == least[part])],
                ]
            )
            new_most = np.concatenate(
                [
                    total[most_sum & open_most[total] & (of_total[1] == most[total])],
                    part[above & open_most[part] & (of_part[1] == most[part])],
                ]
            )
        return rests_least, rests_most

    def about(self, cells: Integers) -> Integers:
        """Return the relations that have one of the cells, ascending."""
        relations, first, size = self._relations_of_cells
        chosen = np.zeros(len(self.total), dtype=bool)
        chosen[relations[_ranges(first[cells], size[cells])]] = True
        return np.flatnonzero(chosen)

    def only(self, relations: Integers) -> "System":
        """Return the same counts with only these relations, given in ascending order."""
        if len(relations) == len(self.total):
            return self
        size = self.size[relations]
        part = self.part[_ranges(self.first[relations], size)]
        return System(self.count, self.total[relations], self.adds_up[relations], size, part)

    @cached_property
    def relation(self) -> Integers:
        """The relations of the m parts, as positions in `total`."""
        return np.repeat(np.arange(len(self.total)), self.size)

    @cached_property
    def first(self) -> Integers:
        """Where the parts of each relation begin."""
        return np.cumsum(self.size) - self.size

    @cached_property
    def _relations_of_cells(self) -> tuple[Integers, Integers, Integers]:
        """Relations cell by cell, where those of each cell begin, and how many they are."""
        relations = len(self.total)
        cell = np.concatenate([self.total, self.part])
        size = np.bincount(cell, minlength=len(self.count))
        # Both in one number, as sorting numbers takes less time than sorting positions by them.
        both = np.sort(cell * relations + np.concatenate([np.arange(relations), self.relation]))
        return both % relations, np.cumsum(size) - size, size


def _ranges(first: Integers, size: Integers) -> Integers:
    """Return the positions in ranges that begin at `first`, one range after another."""
    return np.arange(size.sum()) + np.repeat(first + size - np.cumsum(size), size)


def _narrow(bounds: Bounds, cells: Integers, further: Bounds) -> Integers:
    """Narrow bounds in place by further ones on some cells, and return the cells that this changes."""
    (least, most), (below, above) = bounds, further
    rises, falls = below > least[cells], above < most[cells]
    np.maximum.at(least, cells[rises], below[rises])
    np.minimum.at(most, cells[falls], above[falls])
    return cells[rises | falls]


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
        cell belongs to several relations, all of them of one block. With a column `measure`, a row is about
        the count in that column, and a relation may have members of several; where it is missing, the
        relation holds for every measure.
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
    of_measures = counts.to_numpy(dtype=np.float64, na_value=np.nan).T.copy()
    names = counts.columns.to_numpy(dtype=object)
    found = [pd.DataFrame({"cell_id": cells[:0], "measure": pd.Series(dtype=object)})]
    for here, members in _Members.of(relations, counts).blocks():
        system, position = members.system(of_measures[:, here])
        if not len(system.total):
            continue
        measure, cell = np.divmod(position[_withheld(system, rule)], len(here))
        found.append(pd.DataFrame({"cell_id": cells[here[cell]], "measure": names[measure]}))
    return pd.concat(found, ignore_index=True).sort_values(["measure", "cell_id"], ignore_index=True)


@dataclass(frozen=True)
class _Members:
    """Members of relations, one position in each array: numbers for blocks, measures, relations and cells.

    They are in the order of their blocks and relations, which is the same for every measure.
    """

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
            pd.factorize(relations["block_id"])[0],
            measure,
            pd.factorize(relations["relation_id"])[0],
            counts.index.get_indexer(pd.Index(relations["cell_id"])),
            relations["is_total"].to_numpy(dtype=bool),
            relations["is_exhaustive"].to_numpy(dtype=bool),
        )
        # One number for both, as sorting by two takes several times as long.
        block_and_relation = members.block * (members.relation.max(initial=0) + 1) + members.relation
        order = np.argsort(block_and_relation, kind="stable")
        return members.where(order[members.cell[order] >= 0])

    def where(self, chosen: Integers | slice) -> "_Members":
        return _Members(
            self.block[chosen],
            self.measure[chosen],
            self.relation[chosen],
            self.cell[chosen],
            self.is_total[chosen],
            self.is_exhaustive[chosen],
        )

    def blocks(self) -> Iterator[tuple[Integers, "_Members"]]:
        """Give the cells of each block, ascending, and its members, cells and relations numbered anew."""
        first = np.flatnonzero(np.diff(self.block, prepend=-1)).tolist()
        for begin, end in pairwise([*first, len(self.block)]):
            members = self.where(slice(begin, end))
            is_here = np.zeros(members.cell.max() + 1, dtype=bool)
            is_here[members.cell] = True
            cell = (np.cumsum(is_here) - 1)[members.cell]
            relation = np.cumsum(np.diff(members.relation, prepend=members.relation[0]) != 0)
            yield np.flatnonzero(is_here), replace(members, relation=relation, cell=cell)

    def system(self, values: NDArray[np.float64]) -> tuple[System, Integers]:
        """Return what adds up in the counts of all measures, and which of them it is about.

        Parameters
        ----------
        values
            Measures x cells, NaN where a cell is not counted so.

        Returns
        -------
        tuple
            The system, and the place of each of its counts in the flattened values, ascending.
        """
        measures, cells = values.shape
        every, named = np.flatnonzero(self.measure < 0), np.flatnonzero(self.measure >= 0)
        member = np.concatenate([np.tile(every, measures), named])
        # A relation that names no measure is one relation for each; one whose members do is a single one.
        copy = np.concatenate([np.repeat(np.arange(measures), len(every)), np.full(len(named), measures)])
        measure = np.where(copy < measures, copy, self.measure[member])
        place = measure * cells + self.cell[member]
        counted = ~np.isnan(values.ravel()[place])
        member, copy, place = member[counted], copy[counted], place[counted]
        relation = copy * (self.relation.max(initial=0) + 1) + self.relation[member]

        totals = np.flatnonzero(self.is_total[member])
        if (np.diff(relation[totals]) == 0).any():
            raise ValueError("A relation has more than one total.")
        total_of = np.full(relation.max(initial=0) + 1, -1)
        total_of[relation[totals]] = totals
        parts = np.flatnonzero(~self.is_total[member] & (total_of[relation] >= 0))
        # Nothing follows from a total without parts.
        first = np.flatnonzero(np.diff(relation[parts], prepend=-1))
        totals = total_of[relation[parts[first]]]

        is_member = np.zeros(values.size, dtype=bool)
        is_member[place[totals]] = is_member[place[parts]] = True
        position, number = np.flatnonzero(is_member), np.cumsum(is_member) - 1
        total, part = number[place[totals]], number[place[parts]]
        count = values.ravel()[position].astype(np.int64)
        # Parts that stay below a total do not add up to it.
        sums = np.add.reduceat(count[part], first) if len(first) else first
        adds_up = self.is_exhaustive[member[totals]] & (sums == count[total])
        return System(count, total, adds_up, np.diff(first, append=len(parts)), part), position


def _withheld(system: System, rule: Rule) -> Booleans:
    small = rule.is_small(system.count)
    withheld = np.zeros(len(small), dtype=bool)
    own = rule.bounds(system.count, withheld)
    bounds = system.tightened(own, np.arange(len(system.total)))
    while True:
        known = small & (possible_values(*bounds, rule) < rule.protection)
        if not known.any():
            return withheld
        chosen = _choose(system, rule, bounds, known, shown=~small & ~withheld)
        if not len(chosen):
            raise ValueError("Small counts cannot be protected although everything beside them is withheld.")
        # Bounds that do not rest on those of the counts withheld now still hold; others are worked out anew.
        anew = system.resting_on(chosen, bounds, own)
        withheld[chosen] = True
        for of_all, of_chosen in zip(own, rule.bounds(system.count[chosen], withheld[chosen]), strict=True):
            of_all[chosen] = of_chosen
        for of_all, of_own, which in zip(bounds, own, anew, strict=True):
            of_all[which] = of_own[which]
        bounds = system.tightened(bounds, system.about(np.flatnonzero(anew[0] | anew[1])))


def _choose(system: System, rule: Rule, bounds: Bounds, known: Booleans, shown: Booleans) -> Integers:
    """Return what to withhold next: one count in every relation that gives a small count away.

    Where it takes a wider search, that waits until a narrower one finds nothing more anywhere. Parts of the
    system that have no relation in common do not influence what is chosen in each other.
    """
    about = system.about(np.flatnonzero(known))
    near = system.only(about)
    in_total, in_part = (possible_values(*found, rule) for found in near.bounds_from_each(bounds))
    # Relations that give it away by themselves; failing that, those that do so together.
    for values in (rule.protection, rule.threshold):
        gives_away = (in_total < values) & known[near.total]
        gives_away[near.relation[(in_part < values) & known[near.part]]] = True
        giving_away = about[gives_away]
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
        members = system.only(relations)
        cells = np.concatenate([members.total, members.part])
        near = system.about(cells[~shown[cells]])
        relations = near[~seen[near]]


def _least_loss(system: System, relations: Integers, shown: Booleans) -> Integers:
    """Return the smallest shown part of each of the relations, or else its total where that is shown."""
    asked = system.only(relations)
    members = np.flatnonzero(shown[asked.part])
    relation, part = asked.relation[members], asked.part[members]
    # The smallest first in each relation, of equal ones the first cell.
    order = np.lexsort((part, system.count[part], relation))
    first = order[np.flatnonzero(np.diff(relation[order], prepend=-1))]
    totals = np.delete(asked.total, relation[first])
    return np.union1d(part[first], totals[shown[totals]])
