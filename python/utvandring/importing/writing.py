"""What the queries give, as files of the contract: typed, checked against the code lists, one file a period.

A value that the contract cannot hold is counted and refuses the import; nothing becomes empty unseen.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from utvandring.common.files import PRIVATE_FILE, sha256_of, sync_file
from utvandring.common.sql import identifier, literal, path_literal
from utvandring.deliveries.reading import absent, conversion
from utvandring.deliveries.specification import Column, Register
from utvandring.deliveries.verdict import counted
from utvandring.importing.faults import FolderError, ImportFaultError
from utvandring.importing.finding import PERSON
from utvandring.importing.folder import Import
from utvandring.importing.staging import refuse_identity_numbers

PERIOD = "periode"
PERSONS_AND_FAMILIES = ("personid", "mor_id", "far_id", "famnr")
_FEW = 8


@dataclass
class Written:
    """A register as it was written: rows by period, rows left out, what was inferred."""

    register: str
    columns: tuple[str, ...]
    files: list[dict[str, str | int]] = field(default_factory=list)
    rows: dict[int, int] = field(default_factory=dict)
    outside: dict[int, int] = field(default_factory=dict)
    identical: int = 0
    inferred: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    empty_periods: list[int] = field(default_factory=list)


def periods_of_register(register: Register, first: int, last: int) -> list[int]:
    """Return the periods that a delivery from one 1 January to another holds of a register."""
    if register.name == "befolkning":
        return list(range(first, last + 1))
    if register.name == "person":
        return [max(last - 1, first)]
    return list(range(first, max(last, first + 1)))


def check_columns(register: Register, columns: Mapping[str, str]) -> None:
    """Check what a query gives against the contract, before any row is read.

    Raises
    ------
    FolderError
        If it lacks a required column, or gives one that the register does not have.
    """
    known = [column.name for column in register.columns]
    for name in columns:
        if name not in (*known, PERIOD):
            likely = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {likely[0]}?" if likely else f" It has {', '.join(known)}, and {PERIOD}."
            raise FolderError(
                f"{register.name}.sql gives a column {name}, which the register does not have.{hint}"
            )
    missing = [
        column.name for column in register.columns if column.is_required and column.name not in columns
    ]
    if register.name != "person" and PERIOD not in columns:
        missing.append(PERIOD)
    if missing:
        what = "the year, as a number" if missing == [PERIOD] else "required by the contract"
        raise FolderError(
            f"{register.name}.sql does not give {', '.join(missing)} ({what}): add it to the query."
        )


def write_register(
    connection: duckdb.DuckDBPyConnection,
    entry: Import,
    register: Register,
    query: str,
    columns: Mapping[str, str],
    periods: Sequence[int],
    work: Path,
    out: Path,
) -> Written:
    """Run the query of a register and write its periods.

    Parameters
    ----------
    connection
        With the sources, steps and code lists.
    entry, register, query, columns
        The import, the register, its query and the columns and types that it gives.
    periods
        Those to write; rows of others are counted and left out.
    work, out
        Folders for what is on its way, and for the finished files.

    Raises
    ------
    ImportFaultError
        If a value cannot be one of the contract, or a person occurs twice where each has one row.
    """
    written = Written(register.name, tuple(name for name in columns if name != PERIOD))
    kept = [column for column in register.columns if column.name in columns]
    raw = work / f"{register.name}-periods"
    period = f"try_cast({PERIOD} as integer)" if PERIOD in columns else str(periods[0])
    wanted = f"between {periods[0]} and {periods[-1]}"
    for column in kept:
        # Who was born after the period is not known at its end: a row of a later year.
        if column.latest == "period" and column.format == "yyyymm":
            period = f"greatest({period}, {_typed(column, columns, register.name, entry)} // 100)"
    typed, told = [], []
    for column in kept:
        name = identifier(column.name)
        typed.append(f"{_typed(column, columns, register.name, entry)} as {name}")
        if column.data_type != "varchar":
            given = identifier(f"{column.name} given")
            typed.append(f"{_given(column, columns[column.name], entry.id_prefix)} is not null as {given}")
            told.append(f"({given} and {name} is null) as {identifier(f'{column.name} lost')}")
    names = ", ".join([*(identifier(column.name) for column in kept), *told])
    # Years outside have one part together, 0; which they are is counted from a column of its own.
    connection.execute(
        f"copy (select case when {PERIOD} {wanted} then {PERIOD} else 0 end as {PERIOD}, "
        f"case when {PERIOD} {wanted} then null else {PERIOD} end as outside, {names} "
        f"from (select {period} as {PERIOD}, {', '.join(typed)} from ({query}))) "
        f"to {path_literal(raw)} (format parquet, partition_by ({PERIOD}), compression snappy)"
    )
    _count_outside(connection, raw, written)
    for year in periods:
        parts = sorted((raw / f"{PERIOD}={year}").glob("*.parquet"))
        if not parts:
            written.empty_periods.append(year)
            if register.name == "befolkning" or not register.required:
                continue
        _write_period(connection, entry, register, kept, year, parts, out, written)
        for part in parts:
            part.unlink()
    return written


def _count_outside(connection: duckdb.DuckDBPyConnection, raw: Path, written: Written) -> None:
    parts = sorted((raw / f"{PERIOD}=0").glob("*.parquet"))
    if parts:
        found = connection.execute(
            f"select outside, count(*) from {_files(parts)} group by 1 order by 1"
        ).fetchall()
        if empty := next((times for year, times in found if year is None), 0):
            raise ImportFaultError(
                f"{written.register}.sql gives {counted(empty, 'row')} whose {PERIOD} is empty or no year: "
                "every row needs "
                "the year that it belongs to (`where` leaves rows out)."
            )
        written.outside = {int(year): times for year, times in found}
        for part in parts:
            part.unlink()


def _files(parts: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(path_literal(part) for part in parts)}], hive_partitioning=false)"


def _write_period(
    connection: duckdb.DuckDBPyConnection,
    entry: Import,
    register: Register,
    kept: Sequence[Column],
    year: int,
    parts: Sequence[Path],
    out: Path,
    written: Written,
) -> None:
    target = out / f"{register.name}_p{year}_v1.parquet"
    names = ", ".join(identifier(column.name) for column in kept)
    empty = ", ".join(f"cast(null as {column.data_type}) as {identifier(column.name)}" for column in kept)
    source = _files(parts) if parts else f"(select {empty} where false)"
    rows, keys = 0, 0
    if parts:
        rows, keys = _refuse_values(connection, entry, register, kept, year, source, written)
    once = register.key and keys != rows
    connection.execute(
        f"copy (select {'distinct ' if once else ''}{names} from {source} order by {names}) to "
        f"{path_literal(target)} "
        "(format parquet, compression zstd)"
    )
    target.chmod(PRIVATE_FILE)
    if once:
        kept_rows = _count(connection, f"select count(*) from read_parquet({path_literal(target)})")
        written.identical += rows - kept_rows
        _refuse_repeated(connection, register, year, target, kept_rows)
        rows = kept_rows
    _refuse_unknown_codes(connection, register, kept, year, target)
    if any(column.name == "er_avledet" for column in kept):
        for kind, times in connection.execute(
            f"select hendelse, count(*) from read_parquet({path_literal(target)}) where er_avledet group by "
            "1 order by 1"
        ).fetchall():
            written.inferred[kind] = written.inferred.get(kind, 0) + times
    sync_file(target)
    written.rows[year] = rows
    written.files.append(
        {
            "register": register.name, "period": str(year), "version": 1, "path": target.name, "rows": rows,
            "sha256": sha256_of(target),
        }
    )  # fmt: skip


def _given(column: Column, kind: str, prefix: str) -> str:
    value = absent(identifier(column.name), _bare(kind))
    if prefix and column.name in PERSONS_AND_FAMILIES:
        return f"{literal(prefix)} || cast({value} as varchar)"
    return value


def _typed(column: Column, columns: Mapping[str, str], register: str, entry: Import) -> str:
    kind = _bare(columns[column.name])
    given = _given(column, columns[column.name], entry.id_prefix)
    sql = conversion(given, kind, column.data_type)
    if sql is None:
        raise FolderError(
            f"{register}.sql gives {column.name} as {kind.lower()}, and the contract wants "
            f"{column.data_type}: give it as text "
            "(`cast(… as varchar)`), or as that type."
        )
    if kind == "VARCHAR" and column.data_type in ("integer", "bigint"):
        # Most numbers are written in the one way that costs little to recognise.
        number = f"try_cast({given} as {column.data_type})"
        return f"case when cast({number} as varchar) = {given} then {number} else {sql} end"
    return sql


def _bare(kind: str) -> str:
    """Return a type without its parameters; what is NULL in every row is text."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return "TIMESTAMPTZ"
    return "VARCHAR" if kind == '"NULL"' else kind.split("(")[0]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _refuse_values(
    connection: duckdb.DuckDBPyConnection,
    entry: Import,
    register: Register,
    kept: Sequence[Column],
    year: int,
    source: str,
    written: Written,
) -> tuple[int, int]:
    """Refuse values that the contract cannot hold; return the rows, and how many keys there are at least."""
    key = ", ".join(identifier(name) for name in register.key)
    # Hashes are cheaper than texts; should two be the same by chance, the rows are only looked at again.
    terms = ["count(*)", f"count(distinct hash({key}))" if key else "0"]
    for column in kept:
        name = identifier(column.name)
        needed = "true" if not column.nullable else column.required_where or "false"
        lost = (
            "0"
            if column.data_type == "varchar"
            else f"count(*) filter (where {identifier(f'{column.name} lost')})"
        )
        terms += [f"count({name})", lost, f"count(*) filter (where {name} is null and ({needed}))"]
    rows, keys, *counts = connection.execute(f"select {', '.join(terms)} from {source}").fetchone() or (0, 0)
    prefix = len(entry.id_prefix) + 1
    for column in kept:
        # Of persons the sources were judged; mothers, fathers and families stand here for the first time.
        if column.is_identifier and column.name != PERSON:
            value = f"substr({identifier(column.name)}, {prefix})"
            place_of_ids = f"{register.name}.sql, {register.name} {year}, column {column.name}"
            refuse_identity_numbers(connection, source, value, place_of_ids, bool(entry.id_prefix))
    for place, column in enumerate(kept):
        known, lost_n, empty_n = counts[3 * place : 3 * place + 3]
        written.known[column.name] = written.known.get(column.name, 0) + known
        what = f"{register.name}.sql, {register.name} {year}, column {column.name}"
        if lost_n:
            raise ImportFaultError(
                f"{what}: {counted(lost_n, 'value')} that cannot be read as {column.data_type} "
                f"({column.description.rstrip('.')}): use the function of the kit for its form, or name it "
                "under `missing:` "
                "if it stands for nothing."
            )
        if empty_n:
            where = "" if not column.nullable else f" where {column.required_where}"
            raise ImportFaultError(
                f"{what}: {counted(empty_n, 'row')} without a value, which the contract wants{where}: "
                "leave such rows out "
                "in the query, or find the value in another source."
            )
    return rows, keys


def _refuse_repeated(
    connection: duckdb.DuckDBPyConnection, register: Register, year: int, target: Path, rows: int
) -> None:
    key = ", ".join(identifier(name) for name in register.key)
    different = _count(
        connection, f"select count(distinct ({key})) from read_parquet({path_literal(target)})"
    )
    if different != rows:
        twice = _count(
            connection,
            f"select count(*) from (select {key} from read_parquet({path_literal(target)}) group by {key} "
            "having count(*) > 1)",
        )
        raise ImportFaultError(
            f"{register.name}.sql, {register.name} {year}: {counted(twice, 'person')} with several rows "
            "that differ: say which "
            "counts, with `one_row_per` or `by_precedence`."
        )


def _refuse_unknown_codes(
    connection: duckdb.DuckDBPyConnection,
    register: Register,
    kept: Sequence[Column],
    year: int,
    target: Path,
) -> None:
    for column in kept:
        name = identifier(column.name)
        values = (
            f"(select {name} as code, count(*) as times from read_parquet({path_literal(target)}) "
            f"where {name} is not null group by 1)"
        )
        if column.code_list is not None:
            where = (column.code_list.where or "true").replace("period", literal(str(year)))
            query = (
                f"select code, times from {values} where cast(code as varchar) not in (select "
                f"{identifier(column.code_list.column)} "
                f"from {identifier(f'seed_{column.code_list.seed}')} as list "
                f"where {where})"
            )
        elif column.pattern is not None:
            has_form = f"regexp_full_match(code, {literal(column.pattern)})"
            query = f"select code, times from {values} where not {has_form}"
        else:
            continue
        unknown = connection.execute(f"{query} order by times desc, code").fetchall()
        if unknown:
            told = ", ".join(
                f"{str(code)!r} ({times:,})" for code, times in unknown[:_FEW] if _looks_like_code(code)
            )
            what = f"the code list {column.code_list.seed}" if column.code_list is not None else "its form"
            raise ImportFaultError(
                f"{register.name}.sql, {register.name} {year}, column {column.name}: "
                f"{counted(sum(times for _, times in unknown), 'row')} with "
                f"{counted(len(unknown), 'code')} outside {what}"
                f"{f': {told}' if told else ''}; translate them with a code table (`looked_up`), or make "
                "them empty in the query."
            )


def _looks_like_code(value: object) -> bool:
    """Say whether a value is short enough to be a code and no fact about a person."""
    text = str(value)
    return len(text) <= 6 and text.isascii() and text.replace(".", "").replace("-", "").isalnum()
