"""The ledger of exports: which counts have left, so that a new release is looked at together with them.

Two releases that differ by a correction tell what was corrected: a count that was shown and is withheld now
has become small, or has a small one beside it. `differences` counts such cells; `export` writes nothing
before somebody has given a reason.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from utvandring.common.errors import UtvandringError
from utvandring.common.files import sha256_of, write_json
from utvandring.common.project import DataRoot
from utvandring.common.sql import identifier, literal
from utvandring.release.released import SCHEMA

FORMAT = 1
_EMPTY = (
    "select ''::varchar as table_name, ''::varchar as key, ''::varchar as item, 0::bigint as n where false"
)


@dataclass(frozen=True)
class Exported:
    """One export.

    Attributes
    ----------
    number
        Counted from 1.
    exported_on
        Its day.
    program_version
        Of the program that wrote it.
    tables
        Names of the released tables in it.
    counts_n, counts_sha256
        How many counts they have, and the checksum of the file that keeps them.
    reason
        Why it was written although it differs from earlier ones; None where it does not.
    previous
        The checksum of the entry before, so that no entry can be changed or left out unnoticed.
    """

    number: int
    exported_on: str
    program_version: str
    tables: tuple[str, ...]
    counts_n: int
    counts_sha256: str
    reason: str | None
    previous: str

    @property
    def sha256(self) -> str:
        """The checksum of the entry."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Difference:
    """How the counts of a table differ from those of one earlier export.

    Attributes
    ----------
    number, exported_on
        The earlier export.
    table
        The released table.
    withheld_n
        Counts that were shown then and would not be now.
    shown_n
        Counts that were withheld then and would be shown now.
    changed_n
        Counts that are shown both times, as other numbers.
    """

    number: int
    exported_on: str
    table: str
    withheld_n: int
    shown_n: int
    changed_n: int


def counts_file(root: DataRoot, number: int) -> Path:
    """Return the file with the counts of an export."""
    return root.exports / f"{number:05}.parquet"


def read_exports(root: DataRoot) -> tuple[Exported, ...]:
    """Read the ledger of exports; a root without one has exported nothing.

    Raises
    ------
    UtvandringError
        If the ledger or a file of it is missing, or either was changed after it was written.
    """
    path = root.exports_ledger
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if any(root.exports.glob("*.parquet")):
            raise UtvandringError(
                f"{path} is missing although there are counts of exports in {root.exports}: "
                "restore it from a backup. Nothing was exported."
            ) from None
        return ()
    except ValueError as error:
        raise UtvandringError(
            f"{path} is damaged (not JSON): restore it from a backup. Nothing was exported."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UtvandringError(
            f"{path} was written by another version of the program (format {FORMAT} expected). "
            "Nothing was exported."
        )
    try:
        exports = tuple(
            Exported(**{**entry, "tables": tuple(entry["tables"])}) for entry in document["exports"]
        )
        last = document["last"]
    except (KeyError, TypeError) as error:
        raise UtvandringError(
            f"{path} is damaged (incomplete): restore it from a backup. Nothing was exported."
        ) from error
    _require_unchanged(root, exports, last)
    return exports


def _require_unchanged(root: DataRoot, exports: Sequence[Exported], last: Any) -> None:
    previous = ""
    for number, entry in enumerate(exports, start=1):
        if (entry.number, entry.previous) != (number, previous):
            raise UtvandringError(
                f"{root.exports_ledger} was edited before its export {number}: "
                "restore it from a backup. Nothing was exported."
            )
        previous = entry.sha256
        path = counts_file(root, number)
        if not path.is_file():
            raise UtvandringError(
                f"{path}, the counts of export {number}, is missing: restore it from a backup. "
                "Nothing was exported."
            )
        if sha256_of(path) != entry.counts_sha256:
            raise UtvandringError(
                f"{path}, the counts of export {number}, was changed: restore it from a backup. "
                "Nothing was exported."
            )
    if last != previous:
        raise UtvandringError(
            f"{root.exports_ledger} was edited in its last export: restore it from a backup. "
            "Nothing was exported."
        )


def write_exports(root: DataRoot, exports: Sequence[Exported]) -> None:
    """Replace the ledger in one step."""
    write_json(
        root.exports_ledger,
        {
            "format": FORMAT,
            "exports": [asdict(entry) for entry in exports],
            "last": exports[-1].sha256 if exports else "",
        },
    )


def counts_query(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> str:
    """Return a query for every count that tables show or withhold: table, key as text, column, number."""
    queries = []
    for table in tables:
        keys, counts = _declared(connection, table)
        if not counts:
            continue
        key = " || '/' || ".join(f"coalesce({identifier(column)}::varchar, '')" for column in keys)
        values = ", ".join(f"{identifier(column)}::bigint as {identifier(column)}" for column in counts)
        queries.append(
            f"select {literal(table)} as table_name, key, item, n "
            f"from (select {key} as key, {values} from {SCHEMA}.{identifier(table)}) "
            f"unpivot include nulls (n for item in ({', '.join(map(identifier, counts))}))"
        )
    return " union all ".join(queries) or _EMPTY


def _declared(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[list[str], list[str]]:
    """Return the key of a released table and its counts, as `release.declared_column` has them."""
    known = connection.execute(
        "select count(*) from duckdb_columns() where schema_name = $schema "
        "and table_name = 'declared_column' and column_name in ('role', 'kind')",
        {"schema": SCHEMA},
    ).fetchall()
    if known != [(2,)]:
        return [], []
    rows = connection.execute(
        f"select column_name, role, kind from {SCHEMA}.declared_column where table_name = $table order by 1",
        {"table": table},
    ).fetchall()
    keys = [name for name, role, _ in rows if role == "key"]
    return keys, [name for name, _, kind in rows if kind == "count"]


def differences(
    connection: duckdb.DuckDBPyConnection, root: DataRoot, tables: Sequence[str]
) -> list[Difference]:
    """Compare what would be exported with every earlier export.

    Parameters
    ----------
    connection
        The publication.
    root
        The data root, whose ledger has been read.
    tables
        The released tables that would leave.

    Returns
    -------
    list of Difference
        One for each earlier export and table that differ. Combinations that are new, such as a later year,
        are no difference; a combination that is gone counts as withheld.
    """
    found = []
    query = counts_query(connection, tables)
    for entry in read_exports(root):
        shared = [table for table in entry.tables if table in tables]
        if not shared:
            continue
        named = ", ".join(map(literal, shared))
        rows = connection.execute(
            f"with earlier as (select * from read_parquet({literal(str(counts_file(root, entry.number)))}) "
            f"where table_name in ({named})), now as ({query}) "
            "select earlier.table_name, count(*) filter (where earlier.n is not null and now.n is null), "
            "count(*) filter (where earlier.n is null and now.n is not null), "
            "count(*) filter (where earlier.n <> now.n) "
            "from earlier left join now on earlier.table_name = now.table_name "
            "and earlier.key = now.key and earlier.item = now.item group by 1 order by 1"
        ).fetchall()
        found += [Difference(entry.number, entry.exported_on, *row) for row in rows if any(row[1:])]
    return found


def said(found: Sequence[Difference]) -> Iterator[str]:
    """Say of each earlier export and table how the counts differ, in numbers only."""
    for one in found:
        yield (
            f"export {one.number} of {one.exported_on}, {one.table}: {one.withheld_n:,} shown then and "
            f"withheld now, {one.shown_n:,} withheld then and shown now, {one.changed_n:,} shown as "
            "another number"
        )
