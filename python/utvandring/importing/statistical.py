"""Files of Stata, SAS and SPSS: read by pyreadstat a block of rows at a time, and written to Parquet as text.

What stands beside the cells is read as well: the formats of dates, declared missing values, how exactly a
number is stored. A number whose format is one of dates and is not known here refuses the file until `dates:`
says what it is.
"""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyreadstat

from utvandring.common.sql import identifier, literal, path_literal
from utvandring.importing.faults import ImportFaultError, shown
from utvandring.importing.folder import SOURCES, SourceEntry
from utvandring.importing.headers import FileColumn, FileHeader
from utvandring.importing.patterns import Named
from utvandring.importing.stata_records import columns_of, records_of

_READERS: dict[str, Callable[..., Any]] = {
    "stata": pyreadstat.read_dta,
    "sas": pyreadstat.read_sas7bdat,
    "xport": pyreadstat.read_xport,
    "spss": pyreadstat.read_sav,
}
# Cells of one block, in Python's memory; where a reader has to walk to a row, blocks are larger and fewer.
_CELLS = {"stata": 2_000_000, "sas": 12_000_000, "xport": 12_000_000, "spss": 12_000_000}
_FEWEST_ROWS = 20_000
WORKERS = 2

DAYS, SECONDS, MILLISECONDS, MONTHS = (
    "days since 1960", "seconds since 1960", "milliseconds since 1960", "months since 1960",
)  # fmt: skip
SECONDS_1582, DAYS_1970, YEAR, NUMBER = "seconds since 1582", "days since 1970", "year", "number"
# A day that is shown as a month is a month.
_AS_MONTH = "as month"

_STATA_UNITS = {
    "d": DAYS,
    "c": MILLISECONDS,
    "C": None,
    "m": MONTHS,
    "y": YEAR,
    "w": None,
    "q": None,
    "h": None,
    "b": None,
}
_SAS_DAYS = (
    "DATE|DAY|DDMMYY[BCDNPS]?|MMDDYY[BCDNPS]?|YYMMDD[BCDNPS]?|E8601DA|B8601DA|IS8601DA|WEEKDATE|WEEKDATX|WORDDATE|WORDDATX|"
    "NLDATE|NLDATEW|JULIAN|EURDFDD|EURDFDE|EURDFDWN|EURDFWKX|EURDFWDX|NORDFDD|NORDFDE|NORDFWKX|NORDFWDX|MINGUO|NENGO|JULDAY"
)
_SAS_MONTHS = "MONYY|YYMM[CDNPS]?|MMYY[CDNPS]?|YYMON|EURDFMY|NORDFMY|NLDATEYM|NLDATEYMM"
_SAS_SECONDS = "DATETIME|DATEAMPM|E8601DT|B8601DT|IS8601DT|MDYAMPM|NLDATM|EURDFDT|NORDFDT|DTDATE"
_SAS_YEARS = "YEAR"
_SAS_DATE_LIKE = re.compile(
    r"DATE|YY|MON|YEAR|QTR|WEEK|JUL|DTM|DTY|DT[A-Z]|TOD|TIME|HHMM|8601|NLD|EURDF|NORDF|DOWNAME|MMSS|HOUR",
    re.IGNORECASE,
)
_SPSS_DAYS = "DATE|ADATE|EDATE|JDATE|SDATE|DATETIME|YMDHMS"
_SPSS_DATE_LIKE = re.compile(r"DATE|YR|TIME|HMS|MONTH|WKDAY", re.IGNORECASE)

# A transport file is made of records of 80 bytes.
_RECORD = 80
_ROWS_OF_TRANSPORT, _TABLE_OF_TRANSPORT = b"HEADER RECORD*******OBS", b"HEADER RECORD*******MEMB"
_BITS_OF_LENGTH = {3: 13, 4: 21, 5: 29, 6: 37, 7: 45}


@dataclass
class BlockCounts:
    """What was met in a file: rows, marks of missing values by column, parts of days by column."""

    rows: int = 0
    marks: dict[str, Counter[str]] = field(default_factory=dict)
    parts_of_days: Counter[str] = field(default_factory=Counter)

    def add(self, other: "BlockCounts") -> None:
        """Add the counts of another block."""
        self.rows += other.rows
        self.parts_of_days.update(other.parts_of_days)
        for column, marks in other.marks.items():
            self.marks.setdefault(column, Counter()).update(marks)


def read_statistical_header(
    location: Path, path: str, named: Named, form: str, entry: SourceEntry
) -> FileHeader:
    """Read the head of a file of Stata, SAS or SPSS.

    Raises
    ------
    ImportFaultError
        If it is not such a file, or truncated.
    """
    meta = _read(location, path, form, entry, metadataonly=True)[1]
    if form == "xport":
        _require_whole_transport(location, path, sum(meta.variable_storage_width.values()))
    dates = {name.lower(): unit for name, unit in entry.dates.items()}
    return FileHeader(
        path=path,
        location=location,
        form=form,
        named=named,
        columns=tuple(_column(name, meta, form, dates.get(name.lower())) for name in meta.column_names),
        rows=meta.number_rows if meta.number_rows is not None and meta.number_rows >= 0 else None,
    )


def _require_whole_transport(location: Path, path: str, width: int) -> None:
    """Refuse a transport file that breaks off in a row, or holds several tables: its head says no number.

    A cut between two rows, at a multiple of 80 bytes, cannot be seen.
    """
    with location.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        begin = content.find(_ROWS_OF_TRANSPORT) + _RECORD
        if content.find(_TABLE_OF_TRANSPORT, begin) >= 0:
            raise ImportFaultError(f"{path} holds several tables of SAS: ask for a file for each.")
        # Blanks fill the last record.
        rest = content[len(content) - (len(content) - begin) % max(width, 1) :]
        if len(content) % _RECORD or len(rest) >= _RECORD or rest.strip(b" "):
            raise ImportFaultError(_unreadable(path, "xport", ""))


def _read(location: Path, path: str, form: str, entry: SourceEntry, **options: Any) -> tuple[Any, Any]:
    if entry.encoding.lower() not in ("utf-8", "utf8"):
        options["encoding"] = entry.encoding.upper()
    if form != "xport":
        # Of a transport file the reader gives marks (.A) as empty, without telling them apart.
        options["user_missing"] = True
    try:
        data, meta = _READERS[form](
            str(location), disable_datetime_conversion=True, output_format="dict", **options
        )
        return data, meta
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError) as error:
        raise ImportFaultError(_unreadable(path, form, str(error))) from error


def _unreadable(path: str, form: str, message: str) -> str:
    names = {"stata": "Stata", "sas": "SAS", "xport": "SAS transport (XPORT)", "spss": "SPSS"}
    if re.search(r"encod|character|byte sequence|codec", message, re.IGNORECASE):
        return (
            f"{path}: the text is in another encoding than the file says: write `encoding: windows-1252` "
            f"for it in {SOURCES}; if that does not help, the file is damaged: ask for it again."
        )
    deleted = ", or has rows that were deleted in SAS" if form == "sas" else ""
    return (
        f"{path} cannot be read as a file of {names[form]}: it is truncated, damaged, of another "
        f"format{deleted}; compare "
        "its size with that of the original, or ask for it again."
    )


def _column(name: str, meta: Any, form: str, stated: str | None) -> FileColumn:
    stored = str(meta.readstat_variable_types.get(name, "string"))
    if not name.isprintable() or len(name) > 200:
        raise ImportFaultError(
            "A column has a name that cannot be printed: ask for the file with other names."
        )
    is_text = stored.startswith("string")
    kind = "text" if is_text else {"double": "double", "float": "float"}.get(stored, "integer")
    form_name = str(meta.original_variable_types.get(name) or "").rstrip(".")
    unit, unknown = (None, False) if is_text else _unit(form_name, form)
    if stated is not None and not is_text:
        unit, unknown = (None if stated == NUMBER else stated), False
    length = meta.variable_storage_width.get(name)
    exact = {"float": 2**24, "double": 2**53}.get(kind)
    if form in ("sas", "xport") and kind == "double" and length in _BITS_OF_LENGTH:
        exact = 2 ** _BITS_OF_LENGTH[length]
    declared = tuple((bounds["lo"], bounds["hi"]) for bounds in meta.missing_ranges.get(name, ()))
    labels = meta.variable_value_labels.get(name) or {}
    return FileColumn(
        name=name,
        kind=kind,
        format=form_name,
        unit=unit,
        unknown_format=unknown,
        exact_below=exact,
        declared=declared,
        labels={_plain(value): str(label) for value, label in labels.items()},
        width=length if is_text else None,
    )


def _plain(value: float | str) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _unit(form_name: str, form: str) -> tuple[str | None, bool]:
    """Return what a number counts by its format, and whether the format is one of unknown dates."""
    if form == "stata":
        found = re.match(r"%-?[0-9]*(?:(t)([a-zA-Z])|(d))", form_name)
        if found is None or re.fullmatch(r"%-?[0-9]+(\.[0-9]+)?[a-z]c?", form_name):
            return None, False
        unit = DAYS if found[3] else _STATA_UNITS.get(found[2])
        return unit, unit is None
    bare = re.sub(r"[0-9]*\.?[0-9]*$", "", form_name).upper()
    if form == "spss":
        return _first_unit(
            form_name, bare, {_SPSS_DAYS: SECONDS_1582, "MOYR": f"{SECONDS_1582} {_AS_MONTH}"},
            _SPSS_DATE_LIKE,
        )  # fmt: skip
    iso = re.sub(r"\.?[0-9]*$", "", form_name.upper()) if "8601" in form_name else bare
    return _first_unit(
        form_name, iso,
        {
            _SAS_DAYS: DAYS, _SAS_MONTHS: f"{DAYS} {_AS_MONTH}", _SAS_SECONDS: SECONDS,
            _SAS_YEARS: f"{DAYS} as year",
        },
        _SAS_DATE_LIKE,
    )  # fmt: skip


def _first_unit(
    form_name: str, bare: str, units: dict[str, str], date_like: re.Pattern[str]
) -> tuple[str | None, bool]:
    for names, unit in units.items():
        if re.fullmatch(names, bare) or re.fullmatch(
            names, re.sub(r"(8601D[AT])[0-9]+$", r"\1", form_name.upper())
        ):
            return unit, False
    return None, bool(date_like.search(bare))


def require_known_dates(header: FileHeader, used: set[str]) -> None:
    """Refuse a file of which a used column counts days, months or seconds in a way that is not known here.

    Raises
    ------
    ImportFaultError
        With the column, its format and the option that states what it is.
    """
    for column in header.columns:
        if column.unknown_format and column.name.lower() in used:
            raise ImportFaultError(
                f"{header.path}, column {shown(column.name)} has the format {shown(column.format)}, which "
                "is not converted: "
                f"say what its number counts, such as `dates: {{{column.name}: days since 1960}}`, or "
                f"`dates: {{{column.name}: number}}`, in {SOURCES}."
            )


def write_blocks(
    header: FileHeader, entry: SourceEntry, columns: tuple[FileColumn, ...], folder: Path
) -> BlockCounts:
    """Write the columns of a file to Parquet as text, blocks of rows side by side in two processes.

    Parameters
    ----------
    header, entry
        The file and its source.
    columns
        Those to write.
    folder
        Where the blocks are written, one file each.

    Raises
    ------
    ImportFaultError
        If the file breaks off, or holds fewer rows than it says.
    """
    block = max(_FEWEST_ROWS, _CELLS[header.form] // max(len(columns), 1))
    total = BlockCounts()
    if header.rows is None or header.rows <= block:
        offset = 0
        while True:
            counts = _block(header, entry, columns, offset, block, folder / f"{offset:012}.parquet")
            total.add(counts)
            offset += block
            if counts.rows < block:
                break
    else:
        offsets = range(0, header.rows, block)
        with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
            futures = [
                pool.submit(_block, header, entry, columns, offset, block, folder / f"{offset:012}.parquet")
                for offset in offsets
            ]
            try:
                for future in futures:
                    total.add(future.result())
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    if header.rows is not None and total.rows != header.rows:
        deleted = ", or rows of it were deleted in SAS" if header.form == "sas" else ""
        raise ImportFaultError(
            f"{header.path} says that it has {header.rows:,} rows, and {total.rows:,} can be read: it is "
            f"truncated{deleted}; "
            "ask for it again."
        )
    return total


def _block(
    header: FileHeader,
    entry: SourceEntry,
    columns: tuple[FileColumn, ...],
    offset: int,
    rows: int,
    target: Path,
) -> BlockCounts:
    counts = BlockCounts()
    arrays = _records(header, entry, columns, offset, rows, counts)
    if arrays is None:
        arrays = _cells(header, entry, columns, offset, rows, counts)
    expressions = [
        _as_text(column, arrays[column.name], _keeps_marks(column, entry)) for column in columns
    ]  # fmt: skip
    counts.rows = len(next(iter(arrays.values()))) if arrays else 0
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.register("block", pa.table(arrays))
        _count_declared(connection, columns, entry, counts)
        _count_parts_of_days(connection, columns, counts)
        connection.execute(
            f"copy (select {', '.join(expressions)} from block) to {path_literal(target)} (format parquet, "
            "compression zstd)"
        )
    return counts


def _keeps_marks(column: FileColumn, entry: SourceEntry) -> bool:
    return any(pattern.match(column.name) for pattern in entry.keep_marks)


def _cells(
    header: FileHeader,
    entry: SourceEntry,
    columns: tuple[FileColumn, ...],
    offset: int,
    rows: int,
    counts: BlockCounts,
) -> dict[str, pa.Array]:
    """Return a block as pyreadstat reads it."""
    data, _ = _read(
        header.location, header.path, header.form, entry,
        usecols=[column.name for column in columns], row_offset=offset, row_limit=rows,
    )  # fmt: skip
    return {
        column.name: _array(data.pop(column.name), column, _keeps_marks(column, entry), counts)
        for column in columns
    }  # fmt: skip


def _records(
    header: FileHeader,
    entry: SourceEntry,
    columns: tuple[FileColumn, ...],
    offset: int,
    rows: int,
    counts: BlockCounts,
) -> dict[str, pa.Array] | None:
    """Return a block of a Stata file from its records; None if pyreadstat has to read it."""
    if (
        header.form != "stata"
        or header.rows is None
        or any(_keeps_marks(column, entry) for column in columns)
    ):
        return None
    records = records_of(header.location, header.rows)
    if records is None or len(records.codes) != len(header.columns):
        return None
    places = [header.columns.index(column) for column in columns]
    found = columns_of(records, places, offset, rows, entry.encoding.lower() in ("utf-8", "utf8"))
    if found is None:
        return None
    for column, (_, marks) in zip(columns, found, strict=True):
        if marks:
            counts.marks.setdefault(column.name, Counter()).update(marks)
    return {column.name: array for column, (array, _) in zip(columns, found, strict=True)}


def _array(values: Any, column: FileColumn, keeps: bool, counts: BlockCounts) -> pa.Array:
    """Return a column of a block; Stata's and SAS's marks (.a, .B) are counted and become empty."""
    if column.kind == "text":
        return pa.array(values, type=pa.string(), from_pandas=True)
    try:
        return pa.array(values, type=pa.float64(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
        marks = Counter(f".{value}" for value in values if isinstance(value, str))
    counts.marks.setdefault(column.name, Counter()).update(marks)
    if keeps:
        texts = [
            f".{one}" if isinstance(one, str) else None if one is None or one != one else _plain(one)
            for one in values
        ]
        return pa.array(texts, type=pa.string())
    return pa.array(
        [None if isinstance(one, str) else one for one in values], type=pa.float64(), from_pandas=True
    )


def _declared_where(column: FileColumn) -> str:
    """Return SQL that is true for a value that is declared missing."""
    name = identifier(column.name)
    terms = []
    for low, high in column.declared:
        if column.kind == "text":
            terms.append(f"rtrim({name}) = {literal(str(low).rstrip())}")
        else:
            bounds = [f"cast({literal(repr(float(one)))} as double)" for one in (low, high)]
            terms.append(f"{name} between {bounds[0]} and {bounds[1]}")
    return " or ".join(terms)


def _count_declared(
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[FileColumn, ...],
    entry: SourceEntry,
    counts: BlockCounts,
) -> None:
    for column in columns:
        if column.declared:
            name = identifier(column.name)
            found = connection.execute(
                f"select cast({name} as varchar), count(*) from block where {_declared_where(column)} group "
                "by 1"
            ).fetchall()
            for value, times in found:
                mark = re.sub(r"\.0$", "", str(value).strip())
                label = column.labels.get(mark)
                told = f"{mark} ({shown(label)})" if label else mark
                counts.marks.setdefault(column.name, Counter())[told] += times


def _count_parts_of_days(
    connection: duckdb.DuckDBPyConnection, columns: tuple[FileColumn, ...], counts: BlockCounts
) -> None:
    for column in columns:
        if column.unit is not None and column.unit.startswith(("days", "months", "year")):
            name = identifier(column.name)
            row = connection.execute(f"select count(*) from block where {name} <> trunc({name})").fetchone()
            if row is not None and row[0]:
                counts.parts_of_days[column.name] += row[0]


def _as_text(column: FileColumn, array: pa.Array, keeps: bool) -> str:
    """Return SQL of a column of a block as text, under its name."""
    name = identifier(column.name)
    if pa.types.is_string(array.type):
        value = f"nullif(trim({name}), '')"
    elif column.unit is None:
        value = number_as_text(name, column.kind)
    else:
        value = date_as_text(name, column.unit)
    if column.declared and not keeps:
        value = f"case when {_declared_where(column)} then null else {value} end"
    return f"{value} as {name}"


def number_as_text(value: str, kind: str) -> str:
    """Return SQL of a number as the shortest text that gives it again; whole numbers without a point."""
    fraction = f"cast({value} as float)" if kind == "float" else value
    return (
        f"case when {value} = trunc({value}) and abs({value}) < 1e18 then cast(try_cast({value} as bigint) "
        "as varchar) "
        f"else cast({fraction} as varchar) end"
    )


def date_as_text(value: str, unit: str) -> str:
    """Return SQL of a number that counts days, months or seconds as text: YYYY-MM-DD, YYYYMM or YYYY."""
    day = f"try_cast({value} as integer)"
    date = {
        "days since 1960": f"date '1960-01-01' + {day}",
        "days since 1970": f"date '1970-01-01' + {day}",
        "seconds since 1960": f"date '1960-01-01' + try_cast(floor({value} / 86400) as integer)",
        "milliseconds since 1960": f"date '1960-01-01' + try_cast(floor({value} / 86400000) as integer)",
        "seconds since 1582": f"date '1582-10-14' + try_cast(floor({value} / 86400) as integer)",
    }
    if unit == YEAR:
        return number_as_text(value, "double")
    if unit == MONTHS:
        months = f"try_cast({value} as integer)"
        return (
            f"cast(1960 + cast(floor({months} / 12) as integer) as varchar) || "
            f"lpad(cast({months} - 12 * cast(floor({months} / 12) as integer) + 1 as varchar), 2, '0')"
        )
    for suffix, form in (("as month", "%Y%m"), ("as year", "%Y")):
        if unit.endswith(suffix):
            return f"strftime({date[unit.removesuffix(suffix).strip()]}, '{form}')"
    return f"cast({date[unit]} as varchar)"


def write_sample(
    header: FileHeader, entry: SourceEntry, columns: tuple[FileColumn, ...], target: Path
) -> None:
    """Write the first rows of some columns to Parquet as text."""
    _block(header, entry, columns, 0, _FEWEST_ROWS, target)
