"""Secondary suppression: which counts to withhold so that what adds up gives no small count away.

A release shows counts of at least the threshold, rounded, and none below it. Tables add up, so a reader who
takes the shown parts from a shown total may be left with a small count. `withheld_counts` does what such a
reader would do, on everything that is shown at once, and withholds counts until no small one is known to
fewer values than asked for.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from multiprocessing.connection import Connection

import numpy as np
import pandas as pd
import scipy.sparse
import scipy.sparse.csgraph
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
# The least and the largest value of each of some counts.
Bounds = tuple[Integers, Integers]

# More than any count, and small enough that sums of it fit in 64 bits.
_UNBOUNDED = 1 << 40
# How many persons who are alone in a group are looked at together, and into how many parts they are divided.
_TOGETHER, _PARTS = 250, 8
# More parts than this are worth a second process, which takes a second to begin.
_FOR_TWO = 1_000_000
# One in so many are few: sorting them takes less time than marking them among all.
_FEW = 50
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
        Other counts are shown as the nearest multiple of it that is not below the threshold; 3, 5 or 10.
    protection
        Values that every count must be able to take: a small one of those below `threshold`, a shown one of
        those that look the same. At most `largest_protection` of the other two.
    """

    threshold: int
    base: int
    protection: int

    def __post_init__(self) -> None:
        """Refuse rules that cannot be kept; the macro `faults_of_settings` says what to choose instead."""
        if self.base not in (3, 5, 10):
            raise ValueError(f"The rounding base is 3, 5 or 10, not {self.base}.")
        if self.threshold < self.base:
            raise ValueError(f"The threshold {self.threshold} is below the rounding base {self.base}.")
        largest = largest_protection(self.threshold, self.base)
        if not 1 <= self.protection <= largest:
            raise ValueError(f"The protection is from 1 to {largest}, not {self.protection}.")

    @property
    def smallest_shown(self) -> int:
        """The smallest number that is shown."""
        return -(-self.threshold // self.base) * self.base

    def is_small(self, count: Integers) -> Booleans:
        """Return whether counts may not be shown."""
        return count < self.threshold

    def shown(self, count: Integers) -> Integers:
        """Return counts that are not small as they are shown.

        The smallest number stands for `protection` counts at least, though some are nearer to the next one.
        """
        nearest = self.base * ((count + self.base // 2) // self.base)
        alike = count < self.threshold + self.protection
        return np.where(alike, self.smallest_shown, np.maximum(nearest, self.smallest_shown))

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
        shown, small = self.shown(count), self.is_small(count)
        upper_half = (self.base - 1) // 2
        last_of_smallest = max(self.smallest_shown + upper_half, self.threshold + self.protection - 1)
        is_smallest = shown == self.smallest_shown
        least = np.where(
            is_smallest, self.threshold, np.maximum(shown - self.base // 2, last_of_smallest + 1)
        )
        most = np.where(is_smallest, last_of_smallest, shown + upper_half)
        least = np.where(small | withheld, 0, least)
        most = np.select([small, withheld], [self.threshold - 1, _UNBOUNDED], most)
        return least.astype(np.int64), most.astype(np.int64)


def largest_protection(threshold: int, base: int) -> int:
    """Return the largest number of values that every count can keep, suppressed or shown.

    Of a suppressed count a reader knows that it is below the threshold; not all of these values can be kept
    in whatever adds up. A shown count has the values that are shown as the same number: those nearest to
    it, and for the smallest number as many of the next one's as leave that no fewer.
    """
    smallest_shown = -(-threshold // base) * base
    nearest = smallest_shown + (base - 1) // 2 - threshold + 1
    return min(threshold - 1, base, max(nearest, (nearest + base) // 2))


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
    rests
        How many of the counts, the last ones, are in no table: what parts leave of their total
        (`with_rests`).
    """

    count: Integers
    total: Integers
    adds_up: Booleans
    size: Integers
    part: Integers
    rests: int = 0

    def with_rests(self, rule: Rule) -> "System":
        """Return the system with what parts leave of their total as counts, where that is small.

        Who is in a total and in none of its parts is a group like any other: residents who did not emigrate,
        people without a category, who left in the third year. A rest that is not small needs no protection,
        and bounds nothing.
        """
        rest = self.count[self.total] - np.add.reduceat(self.count[self.part], self.first)
        relations = np.flatnonzero(~self.adds_up & (rest >= 0) & rule.is_small(rest))
        adds_up, size = self.adds_up.copy(), self.size.copy()
        adds_up[relations] = True
        size[relations] += 1
        count = np.concatenate([self.count, rest[relations]])
        ends = self.first[relations] + self.size[relations]
        part = np.insert(self.part, ends, np.arange(len(self.count), len(count)))
        return System(count, self.total, adds_up, size, part, self.rests + len(relations))

    def known(self, rule: Rule, withheld: Booleans) -> Bounds:
        """Return what a reader knows of each count by itself; that a rest is small nobody knows."""
        least, most = rule.bounds(self.count, withheld)
        most[len(self.count) - self.rests :] = _UNBOUNDED
        return least, most

    def values_left(self, bounds: Bounds, rule: Rule, cells: Integers | None = None) -> Integers:
        """Return how many values lie between bounds on the n counts, or on some of them.

        Of a small count the reader knows that it is below the threshold, of a rest only what follows.
        """
        least, most = bounds
        cells = np.arange(len(self.count)) if cells is None else cells
        is_rest = cells >= len(self.count) - self.rests
        return np.where(is_rest, most, np.minimum(most, rule.threshold - 1)) - np.maximum(least, 0) + 1

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
        tight = bounds[0].copy(), bounds[1].copy()
        self.tighten(tight, relations)
        return tight

    def tighten(self, bounds: Bounds, relations: Integers) -> Integers:
        """Narrow bounds in place, as `tightened` does; return the cells whose bounds changed, maybe twice."""
        found = [np.zeros(0, dtype=np.int64)]
        while len(relations):
            system = self.only(relations)
            of_total, of_part = system.bounds_from_each(bounds)
            changed = np.concatenate(
                [_narrow(bounds, system.total, of_total), _narrow(bounds, system.part, of_part)]
            )
            found.append(changed)
            # The other relations have nothing new to say.
            relations = self.about(changed)
        return np.concatenate(found)

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

    def behind(self, cells: Integers, bounds: Bounds, wider: Bounds) -> Booleans:
        """Return the counts whose bounds those on some of the counts may follow from.

        Parameters
        ----------
        cells
            Some of the n counts, as positions; they are among those returned.
        bounds
            What `tightened` made of `wider` and of something else that is known.
        wider
            Wider bounds on the n counts; what is not narrower than these is not asked for.

        Returns
        -------
        ndarray
            n; all counts that a narrower bound on the cells may rest on, and maybe more.
        """

        def is_narrower(some: Integers) -> Booleans:
            narrower: Booleans = (bounds[0][some] > wider[0][some]) | (bounds[1][some] < wider[1][some])
            return narrower

        found = np.zeros(len(self.count), dtype=bool)
        new = np.unique(cells)
        while len(new):
            found[new] = True
            is_new = np.zeros(len(found), dtype=bool)
            is_new[new] = is_narrower(new)
            near = self.only(self.about(new))
            of_total, of_part = near.bounds_from_each(bounds)
            # Relations that put a bound just there.
            tells = is_new[near.total] & _puts(of_total, bounds, near.total)
            tells[near.relation[is_new[near.part] & _puts(of_part, bounds, near.part)]] = True
            members = np.concatenate([near.total[tells], near.part[tells[near.relation]]])
            members = np.unique(members[~found[members]])
            new = members[is_narrower(members)]
        return found

    def about(self, cells: Integers) -> Integers:
        """Return the relations that have one of the cells, ascending."""
        relations, first, size = self._relations_of_cells
        found = relations[_ranges(first[cells], size[cells])]
        if len(found) < len(self.total) // _FEW:
            found = np.sort(found)
            return found[np.diff(found, prepend=-1) > 0]
        chosen = np.zeros(len(self.total), dtype=bool)
        chosen[found] = True
        return np.flatnonzero(chosen)

    def only(self, relations: Integers) -> "System":
        """Return the same counts with only these relations, given in ascending order."""
        if len(relations) == len(self.total):
            return self
        size = self.size[relations]
        part = self.part[_ranges(self.first[relations], size)]
        return System(self.count, self.total[relations], self.adds_up[relations], size, part, self.rests)

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


def _puts(further: Bounds, bounds: Bounds, cells: Integers) -> Booleans:
    """Return whether bounds on some cells are just where further ones put them, below or above."""
    there: Booleans = (further[0] == bounds[0][cells]) | (further[1] == bounds[1][cells])
    return there


def _narrow(bounds: Bounds, cells: Integers, further: Bounds) -> Integers:
    """Narrow bounds in place by further ones on some cells, and return the cells that this changes."""
    (least, most), (below, above) = bounds, further
    rises, falls = below > least[cells], above < most[cells]
    np.maximum.at(least, cells[rises], below[rises])
    np.minimum.at(most, cells[falls], above[falls])
    return cells[rises | falls]


def withheld_counts(
    relations: pd.DataFrame, counts: pd.DataFrame, rule: Rule, *, processes: int = 1
) -> pd.DataFrame:
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
    processes
        1, or 2: blocks have nothing in common, so that a second process takes half of them where they are
        large. What is withheld does not depend on it.

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
    What parts leave of their total is a count too, though no table has it. While the bounds that a reader can
    work out leave a small count fewer than `rule.protection` values, one
    more count is withheld in every relation that does so: its smallest shown part, else the total. What is
    withheld widens the bounds and never narrows them, so this ends. Then the same is done where somebody who
    is the only one of a group, and knows that its count is 1, would learn another small count exactly.
    """
    nothing = pd.DataFrame({"cell_id": counts.index.to_numpy()[:0], "measure": pd.Series(dtype=object)})
    # The largest first, so that both halves take as long.
    blocks = sorted(systems_of(relations, counts), key=lambda block: len(block[0].part), reverse=True)
    systems = [system for system, _ in blocks]
    if processes > 1 and sum(len(system.part) for system in systems[1:]) > _FOR_TWO:
        withheld = _withheld_by_two(systems, rule)
    else:
        withheld = _withheld_of(systems, rule)
    found = [cells[of_block] for (_, cells), of_block in zip(blocks, withheld, strict=True)]
    together = pd.concat([nothing, *found], ignore_index=True)
    return together.sort_values(["measure", "cell_id"], ignore_index=True)


def _withheld_of(systems: Sequence[System], rule: Rule) -> list[Booleans]:
    return [_withheld(system.with_rests(rule), rule)[: len(system.count)] for system in systems]


def _withheld_by_two(systems: Sequence[System], rule: Rule) -> list[Booleans]:
    """Do as `_withheld_of` does, every second system in a process of its own.

    It is started anew and not forked, since the engine has threads here. It waits for nobody: when this
    process is killed, it ends with its work.
    """
    context = multiprocessing.get_context("spawn")
    answer, told = context.Pipe(duplex=False)
    helper = context.Process(target=_tell_withheld, args=(told, systems[1::2], rule), daemon=True)
    helper.start()
    told.close()
    with answer:
        ours = _withheld_of(systems[::2], rule)
        try:
            theirs = answer.recv()
        except EOFError:
            raise ChildProcessError(
                "The second process of the suppression was ended from outside; too little memory may be why. "
                "UTVANDRING_THREADS=1 does without it."
            ) from None
    helper.join()
    if isinstance(theirs, ValueError):
        raise theirs
    withheld = [*ours, *theirs]
    withheld[::2], withheld[1::2] = ours, theirs
    return withheld


def _tell_withheld(told: Connection, systems: Sequence[System], rule: Rule) -> None:
    with told:
        try:
            told.send(_withheld_of(systems, rule))
        except ValueError as fault:
            told.send(fault)


def systems_of(relations: pd.DataFrame, counts: pd.DataFrame) -> Iterator[tuple[System, pd.DataFrame]]:
    """Give what adds up, block by block.

    Parameters
    ----------
    relations, counts
        As `withheld_counts` takes them.

    Yields
    ------
    tuple
        A system of n counts, and the `cell_id` and `measure` of each.
    """
    # Ties are broken by position, so that the order of the rows must not matter.
    counts = counts.sort_index()
    ids = counts.index.to_numpy()
    of_measures = counts.to_numpy(dtype=np.float64, na_value=np.nan).T.copy()
    names = counts.columns.to_numpy(dtype=object)
    for here, members in _Members.of(relations, counts).blocks():
        system, position = members.system(of_measures[:, here])
        if len(system.total):
            measure, cell = np.divmod(position, len(here))
            yield system, pd.DataFrame({"cell_id": ids[here[cell]], "measure": names[measure]})


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
        is_part = ~self.is_total[member] & (total_of[relation] >= 0)
        # Nor from a total that is the same cell as its part.
        is_part[np.isin(relation, relation[is_part & (place[total_of[relation]] == place)])] = False
        parts = np.flatnonzero(is_part)
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
    with_one = np.unique(system.relation[system.count[system.part] == 1])
    alone, person = groups_of_one(system)
    own = system.known(rule, withheld)
    bounds = system.tightened(own, np.arange(len(system.total)))
    while True:
        known = small & (system.values_left(bounds, rule) < rule.protection)
        shown = ~small & ~withheld
        if known.any():
            chosen = _choose(system, known, shown, bounds, (rule.protection, rule.threshold), rule)
        elif rule.protection == 1:
            # Counts are known exactly anyway.
            return withheld
        else:
            # One relation tells nearly all that somebody alone learns; this is asked of all at once.
            chosen = _least_loss(system, _telling_to_one(system, with_one, bounds, small), shown)
            if not len(chosen):
                learnt = learnt_alone(system, alone, person, bounds, rule)
                if not learnt:
                    return withheld
                # Who learns nothing learns nothing from wider bounds either.
                still = np.isin(person, list(learnt))
                alone, person = alone[still], person[still]
                chosen = np.unique(
                    np.concatenate(
                        [
                            _choose(system, exact, shown, after, (2, rule.threshold), rule)
                            for exact, after in learnt.values()
                        ]
                    )
                )
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


def _telling_to_one(system: System, with_one: Integers, bounds: Bounds, small: Booleans) -> Integers:
    """Return the relations in which the only person of a group learns another small count exactly.

    She knows that the count of her group is 1, and uses it in that relation, one of `with_one`.
    """
    near = system.only(with_one)
    part = near.part
    least, most = bounds[0][part], bounds[1][part]
    is_alone = small[part] & (near.count[part] == 1)
    # What knowing hers adds to the least and takes from the largest value of the others.
    raises = np.maximum.reduceat(np.where(is_alone, most - 1, 0), near.first)
    lowers = np.maximum.reduceat(np.where(is_alone, 1 - least, 0), near.first)
    _, (below, above) = near.bounds_from_each(bounds)
    below = np.maximum(below + np.repeat(raises, near.size), least)
    above = np.minimum(above - np.repeat(lowers, near.size), most)
    is_other = small[part] & (near.count[part] > 1) & (least < most)
    telling = np.unique(near.relation[is_other & (below >= above)])
    found: Integers = with_one[telling]
    return found


def groups_of_one(system: System) -> tuple[Integers, Integers]:
    """Return the counts of 1, person by person, and a number for the person of each.

    Where a total and a part of it are 1, both are the same person. As far as what adds up tells, she may be
    the one of further groups.
    """
    total = np.repeat(system.total, system.size)
    is_one = (system.count[total] == 1) & (system.count[system.part] == 1)
    both = (np.ones(int(is_one.sum())), (total[is_one], system.part[is_one]))
    links = scipy.sparse.csr_matrix(both, shape=(len(system.count), len(system.count)))
    _, person = scipy.sparse.csgraph.connected_components(links, directed=False)
    cells = np.flatnonzero(system.count == 1)
    cells = cells[np.argsort(person[cells], kind="stable")]
    return cells, person[cells].astype(np.int64)


def learnt_alone(
    system: System, cells: Integers, person: Integers, bounds: Bounds, rule: Rule
) -> dict[int, tuple[Booleans, Bounds]]:
    """Return who, being the only one of a group, learns the count of others exactly.

    She knows that the counts of her groups are 1, and carries it through everything that adds up. Counts of 1
    and 0 that she learns are no secret of others as a rule: they are of groups that she is the only one of
    under another name, and of those that are empty beside her.

    Parameters
    ----------
    system
        Counts and what adds up, rests included.
    cells, person
        Counts of 1, and the person of each, as `groups_of_one` returns them.
    bounds
        What everybody knows of each count.
    rule
        How counts are shown.

    Returns
    -------
    dict
        For each person who learns a small count: the counts learnt (n) and what she knows of each count.
    """
    of_others = rule.is_small(system.count) & (system.count > 1) & (bounds[0] < bounds[1])
    persons, first, size = np.unique(person, return_index=True, return_counts=True)

    # What she knows besides is written over what everybody knows, and taken back when the next one is asked.
    after = bounds[0].copy(), bounds[1].copy()

    learnt = {}
    parts = -(-len(persons) // _TOGETHER)
    groups = [np.arange(len(persons))[part::parts] for part in range(parts)]
    while groups:
        group = groups.pop()
        hers = cells[_ranges(first[group], size[group])]
        after[0][hers] = after[1][hers] = 1
        changed = np.concatenate([hers, system.tighten(after, system.about(hers))])
        exact = changed[of_others[changed] & (after[0][changed] == after[1][changed])]
        if len(group) == 1 and len(exact):
            is_exact = np.zeros(len(system.count), dtype=bool)
            is_exact[exact] = True
            learnt[int(persons[group[0]])] = is_exact, (after[0].copy(), after[1].copy())
        elif len(exact):
            # What some do not learn together, none of them learns by herself: fewer and fewer are asked.
            behind = system.behind(exact, after, bounds)
            group = group[np.isin(persons[group], person[behind[cells]])]
            groups += [group[part::_PARTS] for part in range(min(_PARTS, len(group)))]
        for known, before in zip(after, bounds, strict=True):
            known[changed] = before[changed]
    return learnt


def _choose(
    system: System,
    known: Booleans,
    shown: Booleans,
    bounds: Bounds,
    asked: Sequence[int],
    rule: Rule,
) -> Integers:
    """Return what to withhold next: one count in every relation that gives a small count away.

    That is a relation that leaves a count that is `known` fewer values than the first of those `asked`, by
    itself; failing that, than the second, as one of several that do so together. Where it takes a wider
    search, that waits until a narrower one finds nothing more anywhere. Parts of the system that have no
    relation in common do not influence what is chosen in each other.
    """
    about = system.about(np.flatnonzero(known))
    near = system.only(about)
    of_total, of_part = near.bounds_from_each(bounds)
    in_total = near.values_left(of_total, rule, near.total)
    in_part = near.values_left(of_part, rule, near.part)
    for values in asked:
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
