"""The audit of a release: what a reader of everything that was released could know of every small count.

Three questions are asked of every count that is small, in a table or left over by parts of a total:

1. Do the bounds that follow from what is shown leave it as many values as `disclosure_protection` says? They
   are carried from relation to relation, from the numbers in the released tables.
2. Does somebody who is the only one of a group, and so knows that its count is 1, learn another one exactly?
3. Is there a witness: another table of whole numbers, consistent with everything that is shown, which adds up
   in the same way, for as many values? Programmes in whole numbers (HiGHS) look for one in a few rows and
   columns at a time, everything else being what it is. Bounds say what a reader cannot exclude in this way; a
   witness proves that nobody can exclude it in any way.

A count without a witness is left open: not known to be unsafe, but not proved. More programmes leave fewer.
How many are run is a number, not a time, and each ends by a number of nodes, so that a release has the same
audit on every machine.
"""

import hashlib
import itertools
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import scipy.sparse
from scipy.optimize import Bounds as Between
from scipy.optimize import LinearConstraint, milp

from utvandring.common.errors import UtvandringError
from utvandring.common.files import write_json
from utvandring.common.opening import open_to_read
from utvandring.common.project import DataRoot
from utvandring.release.suppression import Booleans, Integers, Rule, System, systems_of

# Rows and columns of a table that one programme may change, and how many nodes it may search.
_ROWS, _COLUMNS, _NODES = 6, 4, 100
# A part of so many cells is looked at as a whole.
_WHOLE = 800
# More than any count: programmes take no larger numbers.
_LARGEST = 10**7


@dataclass(frozen=True)
class Audited:
    """What was found in one block.

    Attributes
    ----------
    block
        Its name.
    cells_n, small_n
        Counts in the block, rests included, and those of them that are small.
    fewest_values
        The fewest values that the bounds leave to a small count.
    narrow_n
        Small counts with fewer values than the protection.
    alone_n, learnt_n
        Counts of 1, and those of them whose only person learns another small count exactly.
    proved_n, open_n
        Small counts with a witness for as many values as the protection, and without.
    programmes_n, seconds
        Programmes that were run, and how long it all took.
    """

    block: str
    cells_n: int
    small_n: int
    fewest_values: int
    narrow_n: int
    alone_n: int
    learnt_n: int
    proved_n: int
    open_n: int
    programmes_n: int
    seconds: float


class Witnesses:
    """Tables that look the same as the true one, and the values that each count takes in them.

    Parameters
    ----------
    system
        The counts and what adds up, rests included.
    known
        The n least and largest values that a reader knows of each count.
    wanted
        n; which counts need witnesses.
    rule
        How counts are shown.
    """

    def __init__(
        self, system: System, known: tuple[Integers, Integers], wanted: Booleans, rule: Rule
    ) -> None:
        self.system, self.wanted, self.rule = system, wanted, rule
        self.lower, self.upper = known[0], np.minimum(known[1], _LARGEST)
        self.now = system.count.copy()
        self.least, self.most = self.now.copy(), self.now.copy()
        self.programmes = 0
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
        pushed = is_open & (generator.random(len(free)) < generator.choice([0.2, 0.5, 1.0]))
        found = milp(
            np.where(pushed, generator.choice([-1.0, 1.0], len(free)), 0.0),
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
        # Whole numbers are checked exactly: a witness does not rest on the tolerances of a solver.
        left = of_rows @ other
        if (
            (other[free] < self.lower[free]).any()
            or (other[free] > self.upper[free]).any()
            or left[adds_up].any()
            or (left > 0).any()
        ):
            return
        self.now = other
        np.minimum(self.least, other, out=self.least)
        np.maximum(self.most, other, out=self.most)


def released_system(
    system: System, shown: "pd.Series[float]", rule: Rule
) -> tuple[System, tuple[Integers, Integers]]:
    """Return a system with rests, and what a reader knows of each count from what is shown of it.

    Parameters
    ----------
    system
        Counts of a block and what adds up.
    shown
        What the released tables show of each count, NaN where nothing.
    rule
        How counts are shown.

    Raises
    ------
    UtvandringError
        If a count is shown that is small, or as another number than it should be.
    """
    count, is_shown = system.count, shown.notna().to_numpy()
    wrong = is_shown & (rule.is_small(count) | (rule.shown(count) != shown.fillna(-1).to_numpy()))
    if wrong.any():
        raise UtvandringError(
            f"{int(wrong.sum())} counts are shown that should be withheld or other numbers."
        )
    whole = system.with_rests(rule)
    withheld = np.zeros(len(whole.count), dtype=bool)
    withheld[: len(count)] = ~is_shown & ~rule.is_small(count)
    return whole, whole.known(rule, withheld)


def learnt_alone(
    system: System, known: tuple[Integers, Integers], bounds: tuple[Integers, Integers], rule: Rule
) -> tuple[int, int]:
    """Return how many counts are 1, and in how many the only person learns another small count exactly.

    Parameters
    ----------
    system, known
        As `released_system` returns them.
    bounds
        What follows from `known`.
    rule
        How counts are shown.
    """
    small = rule.is_small(system.count)
    alone = np.flatnonzero(small & (system.count == 1) & (bounds[0] < bounds[1]))
    learnt = 0
    for person in alone.tolist():
        least, most = bounds[0].copy(), bounds[1].copy()
        least[person] = most[person] = 1
        after = system.tightened((least, most), system.about(np.array([person])))
        exact = small & (after[0] == after[1]) & (bounds[0] < bounds[1])
        # Groups of the same one person, and those that she is not in and that are empty beside her.
        exact &= system.count > 1
        learnt += bool(exact.any())
    return len(alone), learnt


def audit_block(
    name: str,
    system: System,
    places: pd.DataFrame,
    rule: Rule,
    programmes: int,
) -> Audited:
    """Audit one block.

    Parameters
    ----------
    name
        Its name.
    system
        The n counts of it and what adds up.
    places
        n rows: `measure`, `shown_n`, `part`, `row_of`, `column_of`.
    rule
        How counts are shown.
    programmes
        How many programmes to run at most.
    """
    begun = time.monotonic()
    whole, known = released_system(system, places["shown_n"], rule)
    bounds = whole.tightened(known, np.arange(len(whole.total)))
    small = rule.is_small(whole.count)
    values = whole.values_left(bounds, rule)[small]
    alone_n, learnt_n = learnt_alone(whole, known, bounds, rule)
    witnesses = Witnesses(whole, known, small, rule)
    generator = np.random.default_rng(1)
    boxes = _boxes(places, generator)
    for cells in itertools.islice(boxes, programmes):
        if not witnesses.open.any():
            break
        members = whole.only(whole.about(cells)).part
        witnesses.look(np.union1d(cells, members[members >= len(system.count)]), generator)
    left = int(witnesses.open.sum())
    return Audited(
        block=name,
        cells_n=len(whole.count),
        small_n=int(small.sum()),
        fewest_values=int(values.min(initial=rule.threshold)),
        narrow_n=int((values < rule.protection).sum()),
        alone_n=alone_n,
        learnt_n=learnt_n,
        proved_n=int(small.sum()) - left,
        open_n=left,
        programmes_n=witnesses.programmes,
        seconds=round(time.monotonic() - begun, 1),
    )


def _boxes(places: pd.DataFrame, generator: np.random.Generator) -> Iterator[Integers]:
    """Give cells of a few rows and columns of one part of the release after another, without end."""
    parts = [
        (group.index.to_numpy(), group["row_of"].to_numpy(), group["column_of"].to_numpy())
        for _, group in places.reset_index(drop=True).groupby(["part", "measure"], sort=True)
    ]
    while True:
        for cells, rows, columns in parts:
            if len(cells) <= _WHOLE:
                yield cells
                continue
            chosen = np.ones(len(cells), dtype=bool)
            for values, most in ((rows, _ROWS), (columns, _COLUMNS)):
                there = np.unique(values)
                some = generator.choice(there, min(most, len(there)), replace=False)
                chosen &= np.isin(values, some)
            if chosen.any():
                yield cells[chosen]


def audit(
    root: DataRoot, programmes: int, tell: Callable[[Audited], None] = lambda found: None
) -> list[Audited]:
    """Audit everything that a warehouse would release, block by block.

    What was found in a block is kept in the folder `audit` of the data root; an audit that was broken off
    goes on with the blocks that are missing, and begins anew with those whose numbers have changed.

    Parameters
    ----------
    root
        The data root, with a warehouse that is built.
    programmes
        How many programmes to run in each block at most.
    tell
        Told what was found in each block.

    Raises
    ------
    UtvandringError
        If there is no warehouse, or it shows what it should not.
    """
    folder = root.path / "audit"
    folder.mkdir(mode=0o750, exist_ok=True)
    with open_to_read(root.warehouse) as connection:
        rules = dict(connection.execute("select rule, value from release.disclosure_rule").fetchall())
        rule = Rule(rules["threshold"], rules["rounding_base"], rules["protection"])
        # In one order: it decides where the programmes look.
        cells, relations = (
            connection.table(f"intermediate.{name}").order("all").df()
            for name in ("int_disclosure__audited_cell", "int_disclosure__relation")
        )
    found = []
    for block, of_block in relations.groupby("block_id", sort=True):
        here = cells[cells["block_id"] == block]
        counts = here.set_index(["cell_id", "measure"])["n"].unstack()  # noqa: PD010
        for system, ids in systems_of(of_block, counts):
            places = ids.merge(here, how="left", on=["cell_id", "measure"])
            path = folder / f"{re.sub('[^a-z0-9]+', '-', str(block))}.json"
            state = _state(places, system, programmes)
            kept = _kept(path, state)
            if kept is None:
                kept = audit_block(str(block), system, places, rule, programmes)
                write_json(path, {"state": state, "found": asdict(kept)})
            tell(kept)
            found.append(kept)
    return found


def _state(places: pd.DataFrame, system: System, programmes: int) -> str:
    """Return a checksum of what is audited, and by how many programmes."""
    digest = hashlib.sha256(repr(programmes).encode())
    digest.update(places[["cell_id", "n", "shown_n"]].to_numpy(dtype=np.float64).tobytes())
    digest.update(system.total.tobytes() + system.part.tobytes())
    return digest.hexdigest()


def _kept(path: Path, state: str) -> Audited | None:
    """Return what was found before, unless it was of other numbers or cannot be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Audited(**document["found"]) if document["state"] == state else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def as_lines(found: list[Audited]) -> list[str]:
    """Say what was found in all blocks, in numbers only."""
    sums = {
        name: sum(getattr(one, name) for one in found)
        for name in Audited.__annotations__
        if name[-2:] == "_n"
    }
    return [
        f"{len(found)} blocks, {sums['cells_n']:,} counts, {sums['small_n']:,} of them small.",
        f"Bounds leave every small count {min(one.fewest_values for one in found)} values or more; "
        f"{sums['narrow_n']:,} have fewer than asked for.",
        f"{sums['alone_n']:,} counts are one person, of whom {sums['learnt_n']:,} learn another small count.",
        f"Witnesses prove {sums['proved_n']:,} small counts; {sums['open_n']:,} are left open "
        f"({sums['programmes_n']:,} programmes, {sum(one.seconds for one in found):,.0f} s).",
    ]


def main(programmes: str = "500") -> int:
    """Audit the data root of the environment; exit code 1 if a small count is known too well."""

    def tell(one: Audited) -> None:
        print(
            f"{one.block}: {one.small_n:,} small, {one.fewest_values} values at least, "
            f"{one.learnt_n:,} learnt, {one.open_n:,} open, {one.seconds:,.0f} s",
            flush=True,
        )

    try:
        found = audit(DataRoot.from_environment(), int(programmes), tell)
    except (UtvandringError, duckdb.Error, ValueError) as error:
        print(f"Not audited. {error}", file=sys.stderr)
        return 2
    print("\n".join(as_lines(found)))
    return int(any(one.narrow_n for one in found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
