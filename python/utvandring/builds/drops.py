"""What a publication would lose: `quality.publication_count` held against the last one and the deliveries.

A build can pass all its tests and still be wrong: a register arrived without a column, or the program was
started with an option that empties tables. A reader would find persons, movers or known values gone. So a
loss stops the publication until somebody says why it is right.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from utvandring.common.errors import UtvandringError
from utvandring.common.files import PRIVATE_FILE
from utvandring.common.project import DataRoot

#: Corrections take a few persons away every year. What is more than this share of a count, and more than a
#: handful of persons, is no correction.
LARGEST_SHARE = 0.02
SMALLEST_LOSS = 10
_SHOWN = 10

# (measure, base year, column): persons of the publication, and as delivered.
Counts = dict[tuple[str, int | None, str], tuple[int, int | None]]


@dataclass(frozen=True)
class Drop:
    """One count that is lower than it was, or than was delivered.

    `expected` and `found` are persons, or events; `compared_with` is "the last publication" or "the
    deliveries".
    """

    measure: str
    base_year: int | None
    column: str
    expected: int
    found: int
    compared_with: str

    def __str__(self) -> str:
        """Return the loss in words."""
        what = f"known values of {self.column}" if self.column != "all" else self.measure.replace("_", " ")
        when = f" of base year {self.base_year}" if self.base_year is not None else ""
        return (
            f"{what}{when}: {self.found:,}, of {self.expected:,} in {self.compared_with} "
            f"({self.found / self.expected - 1:+.1%})"
        )


class DroppedError(UtvandringError):
    """The warehouse holds less than it should, and nobody said why; the last publication is unchanged."""

    def __init__(self, drops: Iterable[Drop]) -> None:
        self.drops = tuple(drops)
        shown = "; ".join(map(str, self.drops[:_SHOWN]))
        if len(self.drops) > _SHOWN:
            shown += f"; and {len(self.drops) - _SHOWN} more"
        super().__init__(
            f"More than {LARGEST_SHARE:.0%} is gone, so nothing was published; the last publication is "
            f"unchanged. {shown}. If this is right, say why: utvandring build --accept-drop --reason TEXT."
        )


def find_drops(root: DataRoot, with_last: bool = True) -> list[Drop]:
    """Return what a publication of the warehouse would lose, the years in order.

    Parameters
    ----------
    root
        The data root, its warehouse closed.
    with_last
        Whether the last publication is compared; not where an earlier state was asked for.

    Returns
    -------
    list of Drop
        Residents and events against what was delivered; and against the last publication residents, movers,
        and known values as shares of the residents. A year that is gone is a loss of all its residents.
    """
    counts = _counts(root.warehouse)
    if counts is None:
        raise UtvandringError(
            "The warehouse has no quality.publication_count, so it was not published: build it whole, "
            "with utvandring build."
        )
    last = _counts(root.publication) if with_last and root.publication.exists() else None
    return sorted(
        [*_against_deliveries(counts), *_against_last(counts, last or {})],
        key=lambda drop: (drop.base_year or 0, drop.measure, drop.column, drop.compared_with),
    )


def record(root: DataRoot, drops: Iterable[Drop], reason: str) -> None:
    """Add to `accepted/drops.jsonl` what was lost, when, and why that is right."""
    line = {
        "accepted_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "reason": reason,
        "drops": [str(drop) for drop in drops],
    }
    path = root.accepted / "drops.jsonl"
    with path.open("a", encoding="utf-8") as file:
        path.chmod(PRIVATE_FILE)
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _counts(database: Path) -> Counts | None:
    """Return the counts of a warehouse or publication; none if it is of a program that did not count."""
    with duckdb.connect(str(database), read_only=True) as connection:
        if not _has_counts(connection):
            return None
        rows: list[Any] = connection.execute(
            "select measure, base_year, column_name, persons_n, delivered_n from quality.publication_count"
        ).fetchall()
    return {(measure, year, column): (found, delivered) for measure, year, column, found, delivered in rows}


def _has_counts(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'quality' and table_name = 'publication_count'"
    ).fetchone()
    return found is not None


def _is_loss(found: float, expected: float) -> bool:
    return expected - found >= SMALLEST_LOSS and found < (1 - LARGEST_SHARE) * expected


def _against_deliveries(counts: Counts) -> Iterator[Drop]:
    for (measure, year, column), (found, delivered) in counts.items():
        if delivered is not None and _is_loss(found, delivered):
            yield Drop(measure, year, column, delivered, found, "the deliveries")


def _against_last(counts: Counts, last: Counts) -> Iterator[Drop]:
    for (measure, year, column), (before, _) in last.items():
        residents_before, _ = last.get(("residents", year, "all"), (0, None))
        residents, _ = counts.get(("residents", year, "all"), (0, None))
        if measure == "known_values":
            # Of a year that is gone, or a column that no longer exists, other lines speak.
            if not residents or (measure, year, column) not in counts:
                continue
            before = round(before * residents / residents_before)
        found, _ = counts.get((measure, year, column), (0, None))
        if _is_loss(found, before):
            yield Drop(measure, year, column, before, found, "the last publication")
