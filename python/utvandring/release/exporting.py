"""`utvandring export`: the tables of the schema `release` as files that may leave the secure zone."""

import datetime
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from utvandring import __version__
from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.files import replace_file, replace_folder, sha256_of, sync_file
from utvandring.common.opening import open_to_read
from utvandring.common.progress import Progress
from utvandring.common.project import DataRoot
from utvandring.common.sql import identifier, literal
from utvandring.release.exports import (
    Difference,
    Exported,
    counts_file,
    counts_query,
    differences,
    read_exports,
    said,
    write_exports,
)
from utvandring.release.released import SCHEMA, undeclared
from utvandring.release.released import said as names_of

_DESCRIPTION = "README.txt"
_COLUMNS = "columns.csv"
_WORKBOOK = "utvandring.xlsx"

# What spreadsheets take for a formula when a text begins with it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROWS_AT_A_TIME = 5_000
_SHEET_NAME_LENGTH = 31


class Format(StrEnum):
    """Kinds of files."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Column:
    """One column of a released table."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Table:
    """One released table."""

    name: str
    rows: int
    description: str
    columns: tuple[Column, ...]

    @property
    def source(self) -> str:
        """The table as it is named in SQL."""
        return f"{SCHEMA}.{identifier(self.name)}"


@dataclass(frozen=True)
class Export:
    """What was written."""

    folder: Path
    files: tuple[str, ...]
    tables: tuple[Table, ...]
    differences: tuple[Difference, ...] = ()
    # What it gives away together with earlier exports; empty where none shows what it withholds.
    given_away: str = ""


def export(
    root: DataRoot,
    folder: Path,
    form: Format,
    tables: Sequence[str] = (),
    *,
    replace: bool = False,
    reason: str | None = None,
    progress: Progress | None = None,
) -> Export:
    """Write released tables to a folder that appears when it is whole.

    Parameters
    ----------
    root
        The data root whose publication is read; nothing but its schema `release`.
    folder
        The folder to make; its parent must exist.
    form
        Kind of files.
    tables
        Names of the tables; all of them if there are none.
    replace
        Whether an earlier export in that place may be replaced.
    reason
        Why the tables may leave although they show or withhold other counts than an earlier export.
    progress
        Told which table is being written and the share of rows that is done.

    Returns
    -------
    Export
        The files, in the order in which they were written.

    Raises
    ------
    UsageError
        If a table is not released, or something else is in the place of the folder.
    UtvandringError
        If the publication cannot be opened, the ledger of exports is missing or was edited, or the counts
        differ from those of an earlier export and no reason is given.
    """
    folder = folder.absolute()
    _require_free(folder, replace)
    if not folder.parent.is_dir():
        raise UsageError(f"The folder {folder.parent} does not exist: make it first.")
    earlier = read_exports(root)
    temporary = folder.with_name(f".{folder.name}.exporting")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        with open_to_read(root.publication) as connection:
            chosen = _choose(_released(connection), tables)
            names = [table.name for table in chosen]
            found = differences(connection, root, names)
            given_away = _given_away(root, found)
            _require_reason(found, given_away, reason)
            files = _write(connection, temporary, form, chosen, progress or (lambda label, share: None))
            entry = _keep_counts(connection, root, earlier, names, reason if found else None)
        _record(root, earlier, entry, lambda: replace_folder(temporary, folder))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Export(folder, files, chosen, tuple(found), given_away)


def _given_away(root: DataRoot, found: Sequence[Difference]) -> str:
    """Say what the release gives away together with earlier exports, where one shows what is withheld now."""
    if not any(one.withheld_n for one in found):
        return ""
    from utvandring.release.auditing import audit_with_exports, said_with_exports

    try:
        return said_with_exports(audit_with_exports(root))
    except UtvandringError as error:
        return f"What is given away through what adds up could not be worked out. {error}"
    except duckdb.Error:
        return (
            "What is given away through what adds up could not be worked out: the warehouse lacks what the "
            "audit reads; run `utvandring build`."
        )


def _require_reason(found: Sequence[Difference], given_away: str, reason: str | None) -> None:
    telling = [one for one in found if one.withheld_n or one.shown_n]
    if telling and not (reason or "").strip():
        sentences = [
            "What would leave differs from what has left, and both together tell which counts became small: "
            + "; ".join(said(telling))
            + ".",
            given_away,
            "Nothing was exported. If this gives nobody away, export again with --reason and say why.",
        ]
        raise UtvandringError(" ".join(filter(None, sentences)))


def _keep_counts(
    connection: duckdb.DuckDBPyConnection,
    root: DataRoot,
    earlier: Sequence[Exported],
    tables: Sequence[str],
    reason: str | None,
) -> Exported:
    """Write the counts that leave beside those of earlier exports, and return their entry of the ledger."""
    root.exports.mkdir(mode=0o750, exist_ok=True)
    if not earlier:
        # Counts without a ledger would say that it was lost.
        write_exports(root, [])
    path = counts_file(root, len(earlier) + 1)
    written = path.with_suffix(".new")
    try:
        connection.execute(
            f"copy (from ({counts_query(connection, tables)}) order by all) to {literal(str(written))} "
            "(format parquet, compression zstd)"
        )
        rows = connection.execute(f"select count(*) from read_parquet({literal(str(written))})").fetchall()
        sync_file(written)
        replace_file(written, path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return Exported(
        number=len(earlier) + 1,
        exported_on=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        program_version=__version__,
        tables=tuple(tables),
        counts_n=rows[0][0],
        counts_sha256=sha256_of(path),
        reason=reason,
        previous=earlier[-1].sha256 if earlier else "",
    )


def _record(
    root: DataRoot, earlier: Sequence[Exported], entry: Exported, put_in_place: Callable[[], None]
) -> None:
    """Enter the export in the ledger, then let it appear: nothing leaves that the ledger does not know.

    If it cannot appear, the ledger is what it was.
    """
    if list(read_exports(root)) != list(earlier):
        raise UtvandringError("Another export was written meanwhile: try again. Nothing was exported.")
    try:
        write_exports(root, [*earlier, entry])
        put_in_place()
    except BaseException:
        write_exports(root, earlier)
        counts_file(root, entry.number).unlink(missing_ok=True)
        raise


def _require_free(folder: Path, replace: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / _DESCRIPTION).is_file():
        raise UsageError(f"{folder} exists and is no earlier export: name another folder.")
    if not replace:
        raise UsageError(f"{folder} holds an earlier export: name another folder, or add --replace.")


def _released(connection: duckdb.DuckDBPyConnection) -> dict[str, Table]:
    described = connection.execute(
        "select table_name, coalesce(comment, '') from duckdb_tables() where schema_name = $schema "
        "order by table_name",
        {"schema": SCHEMA},
    ).fetchall()
    if not described:
        raise UtvandringError("The publication has no released tables: run `utvandring build`.")
    unknown = undeclared(connection)
    if unknown:
        raise UtvandringError(
            f"The publication does not declare {names_of(unknown)}, so nothing was exported: "
            "run `utvandring build`."
        )
    columns: dict[str, list[Column]] = {}
    for table, *column in connection.execute(
        "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where schema_name = $schema order by table_name, column_index",
        {"schema": SCHEMA},
    ).fetchall():
        columns.setdefault(table, []).append(Column(*column))
    found = {}
    for name, description in described:
        row = connection.execute(f"select count(*) from {SCHEMA}.{identifier(name)}").fetchone()
        found[name] = Table(name, row[0] if row else 0, description, tuple(columns[name]))
    return found


def _choose(released: dict[str, Table], names: Sequence[str]) -> tuple[Table, ...]:
    for name in names:
        if name not in released:
            raise UsageError(f"There is no released table {name}; there are {', '.join(released)}.")
    return tuple(table for name, table in released.items() if not names or name in names)


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    form: Format,
    tables: tuple[Table, ...],
    progress: Progress,
) -> tuple[str, ...]:
    about = _about(connection, tables)
    if form is Format.XLSX:
        _write_workbook(connection, folder / _WORKBOOK, tables, about, progress)
        files = [_WORKBOOK]
    else:
        files = [f"{table.name}.{form}" for table in tables]
        total = sum(table.rows for table in tables) or 1
        done = 0
        for table, file in zip(tables, files, strict=True):
            progress(table.name, done / total)
            _copy(connection, table, folder / file, form)
            done += table.rows
        _copy_columns(connection, tables, folder / _COLUMNS)
        files.append(_COLUMNS)
    (folder / _DESCRIPTION).write_text("\n".join(about) + "\n", encoding="utf-8", newline="\n")
    progress("", 1.0)
    return (*files, _DESCRIPTION)


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, path: Path, form: Format) -> None:
    if form is Format.PARQUET:
        query, options = f"from {table.source}", "format parquet, compression zstd"
    else:
        shown = ", ".join(_harmless(column) for column in table.columns)
        query, options = f"select {shown} from {table.source}", "format csv, header"
    connection.execute(f"copy ({query}) to {literal(str(path))} ({options})")


def _harmless(column: Column) -> str:
    """Select a column so that no spreadsheet takes its text for a formula: an apostrophe goes before it."""
    name = identifier(column.name)
    if column.type != "VARCHAR":
        return name
    starts = ", ".join(f"chr({ord(start)})" for start in _FORMULA_STARTS)
    return f"case when left({name}, 1) in ({starts}) then chr(39) || {name} else {name} end as {name}"


def _copy_columns(connection: duckdb.DuckDBPyConnection, tables: tuple[Table, ...], path: Path) -> None:
    connection.execute(
        "copy (select table_name, column_name, data_type, comment as description from duckdb_columns() "
        f"where schema_name = {literal(SCHEMA)} "
        f"and table_name in ({', '.join(literal(table.name) for table in tables)}) "
        f"order by table_name, column_index) to {literal(str(path))} (format csv, header)"
    )


def _about(connection: duckdb.DuckDBPyConnection, tables: tuple[Table, ...]) -> list[str]:
    """Say what the files are, what they rest on and by which rules they were made."""
    deliveries = connection.execute(
        f"select delivery_id, any_value(produced_at), count(*), bool_or(is_simulated) from {SCHEMA}.delivery "
        "group by delivery_id order by min(received_at), delivery_id"
    ).fetchall()
    rules = connection.execute(
        f"select rule, value, description from {SCHEMA}.disclosure_rule order by rule"
    ).fetchall()
    return [
        "Released tables of utvandring, the open warehouse for research on who leaves Norway",
        "",
        f"Program version {__version__}, written on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}.",
        f"Cite as: {_citation([name for name, *_ in deliveries], any(row[3] for row in deliveries))}",
        "Every number has passed disclosure control; an empty count, rate or estimate is a withheld one.",
        "A combination of year, region, background and category without persons looks like one with few.",
        "",
        "Deliveries",
        *(
            f"  {name}, produced {produced or 'at an unknown date'}, {files} files in use"
            f"{': simulated, no facts about Norway' if is_simulated else ''}"
            for name, produced, files, is_simulated in deliveries
        ),
        "",
        "Rules of disclosure control (docs/disclosure.md)",
        *(f"  {rule} {value}: {description}" for rule, value, description in rules),
        "",
        "Tables",
        *(f"  {table.name}, {table.rows:,} rows: {table.description}" for table in tables),
    ]


def _citation(deliveries: list[str], is_simulated: bool) -> str:
    named = ", ".join(deliveries)
    return (
        f"utvandring {__version__}, deliveries {named}, after disclosure control; definitions: Statistics "
        f"Norway, Rapporter 2016/27.{' Simulated.' if is_simulated else ''}"
    )


def _write_workbook(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    tables: tuple[Table, ...],
    about: list[str],
    progress: Progress,
) -> None:
    """Write one workbook: what it is, its columns, and a sheet for each table."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    bold = Font(bold=True)

    def heading(sheet: Any, names: Sequence[str]) -> list[Any]:
        cells = []
        for name in names:
            cell = WriteOnlyCell(sheet, value=name)
            cell.font = bold
            cells.append(cell)
        return cells

    def safe(sheet: Any, value: Any) -> Any:
        """Return a cell that stays text even if it looks like a formula."""
        if not isinstance(value, str) or not value.startswith(_FORMULA_STARTS):
            return value
        cell = WriteOnlyCell(sheet, value=value)
        cell.data_type = "s"
        return cell

    sheet = book.create_sheet("README")
    sheet.column_dimensions["A"].width = 120
    for line in about:
        sheet.append([safe(sheet, line)])
    sheet = book.create_sheet("columns")
    sheet.append(heading(sheet, ("table_name", "column_name", "data_type", "description")))
    for table in tables:
        for column in table.columns:
            row = (table.name, column.name, column.type, column.description)
            sheet.append([safe(sheet, value) for value in row])
    total = sum(table.rows for table in tables) or 1
    done = 0
    for table in tables:
        sheet = book.create_sheet(table.name[:_SHEET_NAME_LENGTH])
        sheet.freeze_panes = "A2"
        sheet.append(heading(sheet, [column.name for column in table.columns]))
        for rows in _batches(connection, table):
            for values in rows:
                sheet.append([safe(sheet, value) for value in values])
            done += len(rows)
            progress(table.name, done / total)
    book.save(path)


def _batches(connection: duckdb.DuckDBPyConnection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    cursor = connection.cursor()
    cursor.execute(f"from {table.source}")
    while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
        yield rows


def as_json(result: Export) -> str:
    """Describe an export for programs."""
    return json.dumps(
        {
            "folder": str(result.folder),
            "files": list(result.files),
            "tables": {table.name: table.rows for table in result.tables},
            **({"differences": [asdict(one) for one in result.differences]} if result.differences else {}),
        },
        indent=1,
    )
