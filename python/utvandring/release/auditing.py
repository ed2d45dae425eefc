"""The audit of a release: what a reader of everything that was released could know of every small count.

Three questions are asked of every count that is small, in a table or left over by parts of a total:

1. Do the bounds that follow from what is shown leave it as many values as `disclosure_protection` says? They
   are carried from relation to relation, from the numbers in the released tables.
2. Does somebody who is the only one of a group, and so knows that its count is 1, learn another one exactly,
   through everything that adds up?
3. Is there a witness: another table of whole numbers, consistent with everything that is shown, which adds up
   in the same way, for as many values? Tables of the whole block are looked for first, each towards values
   that no table has yet (`utvandring.release.lookalike`); then programmes in whole numbers (HiGHS) look at
   what is open in a part of the release at a time, everything else being what it is. Bounds say what a reader
   cannot exclude in this way; a witness proves that nobody can exclude it in any way.

The reader has kept what was exported before. Where an earlier export shows a count that is withheld now, as
the number that it would be shown as, the reader is taken to know that its persons are the same; where it
shows another number, the count was corrected, and the earlier one says nothing of it here.

A count is proved by two tables whose values of it lie as far apart as the protection asks for: it has a
mean of the two in the mean of both, so that no linear programme excludes what lies between, which is what
tau-argus audits. A count without a witness is left open: not known to be unsafe, but not proved. More tables
and programmes leave fewer. How many are looked for is a number, not a time, so that a machine that is busy
finds the same.
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

from utvandring.common.errors import UtvandringError
from utvandring.common.files import owner_only, write_json
from utvandring.common.opening import open_to_read
from utvandring.common.project import DataRoot
from utvandring.release.exports import counts_file, read_exports
from utvandring.release.suppression import (
    Integers,
    Rule,
    System,
    groups_of_one,
    learnt_alone,
    systems_of,
)
from utvandring.release.witnesses import Witnesses

# Rows and columns of a part of the release that one programme may change. All regions and backgrounds at once
# prove more in the same time than a few.
_ROWS, _COLUMNS = 30, 8
# A part of so many cells is looked at as a whole.
_WHOLE = 800
# So many tables of a whole block in a row that prove nothing are the last ones.
_IN_VAIN = 4


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
    narrow_in
        Parts of the release with such counts, each with their number.
    earlier_n
        Counts that are withheld now, and that an earlier export shows as what they are.
    alone_n, learnt_n
        Persons who are the only one of a group, and those of them who learn another small count exactly.
    proved_n, open_n
        Small counts with a witness for as many values as the protection, and without.
    tables_n, programmes_n
        Tables of the whole block that were looked for, and programmes over a part of it.
    seconds
        How long it all took the processor.
    """

    block: str
    cells_n: int
    small_n: int
    fewest_values: int
    narrow_n: int
    narrow_in: dict[str, int]
    earlier_n: int
    alone_n: int
    learnt_n: int
    proved_n: int
    open_n: int
    tables_n: int
    programmes_n: int
    seconds: float


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


def audit_block(
    name: str,
    system: System,
    places: pd.DataFrame,
    rule: Rule,
    tables: int = 0,
    programmes: int = 0,
    unfinished: Path | None = None,
) -> Audited:
    """Audit one block.

    Parameters
    ----------
    name
        Its name.
    system
        The n counts of it and what adds up.
    places
        n rows: `measure`, `shown_n`, `earlier_n`, `part`, `row_of`, `column_of`. Of what is not shown,
        `earlier_n` is what an earlier export shows of it.
    rule
        How counts are shown.
    tables, programmes
        How many tables of the whole block to look for, and how many programmes to run over parts, at most.
    unfinished
        A file that keeps the values found so far, so that a block that was broken off goes on from there.
    """
    begun = time.process_time()
    shown, earlier = places["shown_n"], places["earlier_n"]
    whole, known = released_system(system, shown.fillna(earlier), rule)
    bounds = whole.tightened(known, np.arange(len(whole.total)))
    small = rule.is_small(whole.count)
    values = whole.values_left(bounds, rule)
    narrow = np.flatnonzero(small & (values < rule.protection))
    part = places["part"].reindex(narrow, fill_value="what parts leave of a total")
    cells, person = groups_of_one(whole)
    learnt = learnt_alone(whole, cells, person, bounds, rule)
    witnesses = Witnesses(whole, bounds, small, rule)
    spent = _looked_everywhere(witnesses, tables, unfinished)
    generator = np.random.default_rng(1)
    for cells in itertools.islice(_boxes(places, witnesses, generator), programmes):
        members = whole.only(whole.about(cells)).part
        witnesses.look(np.union1d(cells, members[members >= len(system.count)]), generator)
    left = int(witnesses.open.sum())
    return Audited(
        block=name,
        cells_n=len(whole.count),
        small_n=int(small.sum()),
        fewest_values=int(values[small].min(initial=rule.threshold)),
        narrow_n=len(narrow),
        narrow_in={str(name): int(n) for name, n in part.value_counts().sort_index().items()},
        earlier_n=int((shown.isna() & earlier.notna()).sum()),
        alone_n=len(np.unique(person)),
        learnt_n=len(learnt),
        proved_n=int(small.sum()) - left,
        open_n=left,
        tables_n=witnesses.tables,
        programmes_n=witnesses.programmes,
        seconds=round(spent + time.process_time() - begun, 1),
    )


def _looked_everywhere(witnesses: Witnesses, tables: int, unfinished: Path | None) -> float:
    """Look for tables of the whole block, and return the seconds that earlier processes spent on it."""
    begun = time.process_time()
    spent, in_vain = 0.0, 0
    if unfinished is not None and unfinished.exists():
        # It was put in place as a whole, so that it can be read.
        with np.load(unfinished) as kept:
            witnesses.least, witnesses.most = kept["least"], kept["most"]
            witnesses.tables, in_vain, spent = int(kept["tables"]), int(kept["in_vain"]), float(kept["spent"])
    while witnesses.tables < tables and in_vain < _IN_VAIN and witnesses.open.any():
        in_vain = 0 if witnesses.look_everywhere() else in_vain + 1
        if unfinished is not None:
            written = unfinished.with_suffix(".new.npz")
            # What a killed run left; it holds true counts, as the warehouse does.
            written.unlink(missing_ok=True)
            with owner_only(written) as file:
                np.savez(
                    file,
                    least=witnesses.least,
                    most=witnesses.most,
                    tables=witnesses.tables,
                    in_vain=in_vain,
                    spent=spent + time.process_time() - begun,
                )
            written.replace(unfinished)
    return spent


def _boxes(places: pd.DataFrame, witnesses: Witnesses, generator: np.random.Generator) -> Iterator[Integers]:
    """Give cells of a few rows and columns of a part of the release, one of them open, as long as any is."""
    part = places.groupby(["part", "measure"], sort=True).ngroup().to_numpy()
    of_part = [np.flatnonzero(part == number) for number in range(part.max() + 1)]
    row, column = (pd.factorize(places[name], sort=True)[0] for name in ("row_of", "column_of"))
    system = witnesses.system
    total = system.total[system.relation[system.part >= len(places)]]
    while (is_open := witnesses.open).any():
        cell = generator.choice(np.flatnonzero(is_open))
        # A rest has no place: that of its total.
        cell = cell if cell < len(places) else total[cell - len(places)]
        cells = of_part[part[cell]]
        if len(cells) > _WHOLE:
            for values, most in ((row, _ROWS), (column, _COLUMNS)):
                there = np.unique(values[cells])
                some = generator.choice(there, min(most, len(there)), replace=False)
                cells = cells[np.isin(values[cells], [values[cell], *some])]
        yield cells


def audit(
    root: DataRoot,
    tables: int,
    programmes: int,
    tell: Callable[[Audited], None] = lambda found: None,
    blocks: str = "",
) -> list[Audited]:
    """Audit everything that a warehouse would release, block by block.

    What was found in a block is kept in the folder `audit` of the data root; an audit that was broken off
    goes on where it was, and begins anew with blocks whose numbers have changed. Two processes with different
    blocks share the work.

    Parameters
    ----------
    root
        The data root, with a warehouse that is built.
    tables, programmes
        How many tables of the whole of each block to look for, and how many programmes to run over parts of
        it, at most.
    tell
        Told what was found in each block.
    blocks
        A regular expression: only blocks in whose names it is found, all by default.

    Raises
    ------
    UtvandringError
        If no block has such a name, if there is no warehouse, or it shows what it should not.
    """
    folder = root.path / "audit"
    folder.mkdir(mode=0o750, exist_ok=True)
    rule, cells, relations = _read(root)
    relations = relations[relations["block_id"].str.contains(blocks)]
    if relations.empty:
        raise UtvandringError(f"No block of the release has a name with {blocks}.")
    found = []
    for block, system, places in _blocks(cells, relations):
        path = folder / f"{re.sub('[^a-z0-9]+', '-', block)}.json"
        state = _state(places, system, tables, programmes)
        kept = _kept(path, state)
        if kept is None:
            unfinished = path.with_name(f"{path.stem}-{state[:16]}.npz")
            kept = audit_block(block, system, places, rule, tables, programmes, unfinished)
            write_json(path, {"state": state, "found": asdict(kept)})
            for old in folder.glob(f"{path.stem}-*.npz"):
                old.unlink()
        tell(kept)
        found.append(kept)
    return found


def audit_with_exports(root: DataRoot) -> list[Audited]:
    """Audit by bounds alone the blocks of which an earlier export shows a count that is withheld now.

    Raises
    ------
    UtvandringError
        If there is no warehouse, or it shows what it should not.
    """
    rule, cells, relations = _read(root)
    concerned = cells.loc[cells["earlier_n"].notna(), "block_id"].unique()
    relations = relations[relations["block_id"].isin(concerned)]
    return [audit_block(*block, rule) for block in _blocks(cells, relations)]


def _read(root: DataRoot) -> tuple[Rule, pd.DataFrame, pd.DataFrame]:
    """Read how counts are shown, the counts with what earlier exports show of them, and what adds up."""
    exports = read_exports(root)
    with open_to_read(root.warehouse) as connection:
        rules = dict(connection.execute("select rule, value from release.disclosure_rule").fetchall())
        rule = Rule(rules["threshold"], rules["rounding_base"], rules["protection"])
        # In one order: it decides where the programmes look.
        cells, relations = (
            connection.table(f"intermediate.{name}").order("all").df()
            for name in ("int_disclosure__audited_cell", "int_disclosure__relation")
        )
        cells["earlier_n"] = np.nan
        if exports:
            names = connection.table("intermediate.int_disclosure__released_name").df()
            exported = [pd.read_parquet(counts_file(root, one.number)) for one in exports]
            cells = with_earlier(cells, names, exported, rule)
    return rule, cells, relations


def _blocks(cells: pd.DataFrame, relations: pd.DataFrame) -> Iterator[tuple[str, System, pd.DataFrame]]:
    """Give each block with what adds up in it, and the places of its counts."""
    for block, of_block in relations.groupby("block_id", sort=True):
        here = cells[cells["block_id"] == block]
        counts = here.set_index(["cell_id", "measure"])["n"].unstack()  # noqa: PD010
        for system, ids in systems_of(of_block, counts):
            yield str(block), system, ids.merge(here, how="left", on=["cell_id", "measure"])


def with_earlier(
    cells: pd.DataFrame, names: pd.DataFrame, exported: list[pd.DataFrame], rule: Rule
) -> pd.DataFrame:
    """Return counts with what earlier exports show of those that are withheld now (`earlier_n`).

    Parameters
    ----------
    cells
        One row for each count: `cell_id`, `measure`, `n` and `shown_n`.
    names
        Which count is released as what: `table_name`, `key`, `item`, `cell_id`, `measure`.
    exported
        What left with each export: `table_name`, `key`, `item` and `n`, missing where it was withheld.
    rule
        How counts are shown.
    """
    left = pd.concat(exported).dropna(subset="n").drop_duplicates()
    earlier = left.merge(names, on=["table_name", "key", "item"])[["cell_id", "measure", "n"]]
    earlier = earlier.rename(columns={"n": "earlier_n"}).drop_duplicates()
    found = cells.drop(columns="earlier_n").merge(earlier, how="inner", on=["cell_id", "measure"])
    # Another number is that of a count that was corrected since.
    count = found["n"].to_numpy(dtype=np.int64)
    is_same = ~rule.is_small(count) & (rule.shown(count) == found["earlier_n"].to_numpy())
    found = found[is_same & found["shown_n"].isna().to_numpy()][["cell_id", "measure", "earlier_n"]]
    return cells.drop(columns="earlier_n").merge(found, how="left", on=["cell_id", "measure"])


def _state(places: pd.DataFrame, system: System, tables: int, programmes: int) -> str:
    """Return a checksum of what is audited, and by how many tables and programmes."""
    digest = hashlib.sha256(repr((tables, programmes)).encode())
    digest.update(places[["cell_id", "n", "shown_n", "earlier_n"]].to_numpy(dtype=np.float64).tobytes())
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
        f"{sums['narrow_n']:,} have fewer than asked for{_said(_narrow_in(found))}.",
        f"Earlier exports show {sums['earlier_n']:,} counts that are withheld now.",
        f"{sums['alone_n']:,} persons are alone in a group; {sums['learnt_n']:,} learn another small count.",
        f"Witnesses prove {sums['proved_n']:,} small counts; {sums['open_n']:,} are left open "
        f"({sums['tables_n']:,} tables, {sums['programmes_n']:,} programmes, "
        f"{sum(one.seconds for one in found):,.0f} s).",
    ]


def said_with_exports(found: list[Audited]) -> str:
    """Say what a release gives away together with what has left, in one sentence."""
    narrow_n, learnt_n = (sum(getattr(one, name) for one in found) for name in ("narrow_n", "learnt_n"))
    if not narrow_n + learnt_n:
        return "Through what adds up nobody is given away: every small count keeps the values asked for."
    where = _said(_narrow_in(found))
    return (
        f"Through what adds up {narrow_n:,} small counts keep fewer values than asked for{where}, and "
        f"{learnt_n:,} persons who are alone in a group learn the count of others."
    )


def _narrow_in(found: list[Audited]) -> dict[str, int]:
    narrow_in: dict[str, int] = {}
    for one in found:
        for part, n in one.narrow_in.items():
            narrow_in[part] = narrow_in.get(part, 0) + n
    return narrow_in


def _said(narrow_in: dict[str, int]) -> str:
    said = ", ".join(f"{n:,} in {part}" for part, n in sorted(narrow_in.items()))
    return f" ({said})" if said else ""


def main(tables: str, programmes: str, blocks: str = "") -> int:
    """Audit the data root of the environment; exit code 1 if a small count is known too well to anybody."""

    def tell(one: Audited) -> None:
        print(
            f"{one.block}: {one.small_n:,} small, {one.fewest_values} values at least{_said(one.narrow_in)}, "
            f"{one.learnt_n:,} learnt, {one.open_n:,} open, {one.seconds:,.0f} s",
            flush=True,
        )

    try:
        found = audit(DataRoot.from_environment(), int(tables), int(programmes), tell, blocks)
    except (UtvandringError, duckdb.Error, ValueError, re.error) as error:
        print(f"Not audited. {error}", file=sys.stderr)
        return 2
    print("\n".join(as_lines(found)))
    return int(any(one.narrow_n or one.learnt_n for one in found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
