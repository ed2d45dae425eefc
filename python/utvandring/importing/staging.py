"""Sources as Parquet files of text: used columns only, marks of missing values empty, rows counted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from utvandring.common.opening import is_of_the_computer
from utvandring.common.sql import identifier, literal, path_literal
from utvandring.deliveries.checks import IDENTIFIER_FAULTS, ORDINARY_IDENTIFIER
from utvandring.deliveries.identity import holds_identity_number, is_candidate
from utvandring.deliveries.verdict import counted
from utvandring.importing.faults import ImportFaultError, shown
from utvandring.importing.finding import PERSON, Source, unreadable_parquet
from utvandring.importing.folder import SOURCES, SourceEntry
from utvandring.importing.headers import FileColumn, FileHeader
from utvandring.importing.queries import FILE_COLUMNS
from utvandring.importing.statistical import date_as_text, number_as_text, require_known_dates, write_blocks
from utvandring.importing.text_files import as_utf_8, count_lines, csv_relation, explain_csv

# Of pseudonyms of eleven digits, drawn at random, 0.22 per cent have the day, month and control digits of
# a number.
_BY_CHANCE = 0.05
_FEW = 3
_DIGITS_OF_NUMBER = 11
# Nothing is wrong with the letters of such an id; only others are looked at closely.
_USUAL_ID = "[0-9A-Za-z_=/-]*"


@dataclass
class StagedFile:
    """A file as it was read."""

    path: str
    bytes: int
    rows: int


@dataclass
class Staged:
    """A source as it was read: rows, what was dropped and why, marks of missing values by column."""

    files: list[StagedFile] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    marks: dict[str, dict[str, int]] = field(default_factory=dict)
    ids_with_leading_zeros: int = 0
    longest_id: int = 0
    shortest_id: int = 0
    ids_are_digits: bool = False

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)


def stage_source(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    used: set[str],
    scans: int,
    folder: Path,
    prefixed: bool,
) -> Staged:
    """Read a source into Parquet, and lay a view of its name over it.

    Parameters
    ----------
    connection
        Gets the view, with the columns that queries see; rows without an id, and those of `drop_rows`,
        are not in it.
    source
        With its files.
    used
        Columns that queries use; others are not read.
    scans
        How often the queries read the source: text that is read once is not copied first.
    folder
        Where the Parquet files are written.
    prefixed
        Whether ids get letters in front, so that none looks like a national identity number.

    Raises
    ------
    ImportFaultError
        If a file cannot be read as stated, or the ids cannot be ids.
    """
    staged = Staged()
    wanted = {column.lower() for column in used}
    parts = []
    for number, file in enumerate(source.files):
        target = folder / f"{source.name}-{number:04}"
        target.mkdir(mode=0o700)
        parts.append((file, _stage_file(connection, source, file, wanted, scans, target, staged)))
    _lay_view(connection, source, parts)
    if source.entry.id and source.files:
        _judge_ids(connection, source, staged, prefixed)
    _lay_final_view(connection, source, staged)
    return staged


def _stage_file(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: FileHeader,
    wanted: set[str],
    scans: int,
    target: Path,
    staged: Staged,
) -> str:
    """Read a file, and return a relation of its used columns as text."""
    entry = source.entry
    id_column = source.ids.get(file.path, "")
    columns = tuple(
        column
        for column in file.columns
        if column.name.lower() in wanted or column.name.lower() == id_column.lower()
    )
    relation = f"read_parquet({path_literal(target)} || '/*.parquet')"
    if file.form == "csv":
        rows, direct = _stage_text(connection, source, file, columns, scans, target)
        relation = direct or relation
    elif file.form == "parquet":
        rows = _stage_parquet(connection, source, file, columns, target)
    else:
        if not columns:
            columns = file.columns[:1]
        require_known_dates(file, {column.name.lower() for column in columns})
        counts = write_blocks(file, entry, columns, target)
        rows = counts.rows
        for column, marks in counts.marks.items():
            told = staged.marks.setdefault(column, {})
            for mark, times in marks.most_common(8):
                told[mark] = told.get(mark, 0) + times
        for column, times in counts.parts_of_days.items():
            raise ImportFaultError(
                f"{file.path}, column {shown(column)}: {counted(times, 'value')} of dates with a part of a "
                "day or month: "
                f"say what the number counts with `dates:` in {SOURCES}."
            )
    _refuse_inexact(connection, source, file, columns, id_column, target)
    staged.files.append(StagedFile(file.path, file.location.stat().st_size, rows))
    return relation


def _stage_text(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: FileHeader,
    columns: tuple[FileColumn, ...],
    scans: int,
    target: Path,
) -> tuple[int, str | None]:
    """Copy a text file to Parquet, or return the relation that reads it where it lies; and its rows."""
    location = as_utf_8(file, source.entry, target)
    selected = ", ".join(
        f"{_cleaned(column, source.entry)} as {identifier(column.name)}" for column in columns
    )
    reading = f"select {selected or '1 as nothing'} from {csv_relation(location, file, source.entry)}"
    direct = scans <= 1 and location == file.location
    # Every used column is looked at, so that a letter of another encoding is met here.
    terms = ", ".join(["count(*)", *(f"count({identifier(column.name)})" for column in columns)])
    query = f"select {terms} from {csv_relation(location, file, source.entry)}"
    if not direct:
        query = (
            f"copy ({reading}) to {path_literal(target / 'all.parquet')} (format parquet, "
            "compression lz4_raw)"
        )
    rows = _read(connection, query, lambda error: explain_csv(error, file, location, source.entry))
    lines = count_lines(location) - file.starts_with_names
    if location != file.location:
        location.unlink()
    if rows and lines <= 0:
        raise ImportFaultError(
            f"{file.path}: its lines end with a carriage return alone, as on old machines: let a "
            "text editor save it "
            "with ordinary line ends, or ask for it again."
        )
    if rows != lines and not source.entry.lines_in_values:
        raise ImportFaultError(
            f"{file.path}: {counted(rows, 'row')} were read from {counted(lines, 'line')}: a value holds "
            "a line end, or "
            f"a quote does not close; check `quote:` of source {source.name}, or write `lines_in_values: "
            "true` if that is right."
        )
    return rows, f"({reading})" if direct else None


def _stage_parquet(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: FileHeader,
    columns: tuple[FileColumn, ...],
    target: Path,
) -> int:
    selected = ", ".join(f"{_typed_as_text(column)} as {identifier(column.name)}" for column in columns)
    query = (
        f"copy (select {selected or '1 as nothing'} from read_parquet({path_literal(file.location)}, "
        f"hive_partitioning=false)) to {path_literal(target / 'all.parquet')} (format parquet, "
        "compression lz4_raw)"
    )
    return _read(connection, query, lambda error: ImportFaultError(unreadable_parquet(file.path)))


def _read(
    connection: duckdb.DuckDBPyConnection, query: str, explain: Callable[[duckdb.Error], ImportFaultError]
) -> int:
    """Return the number that a query over a file gives; a fault of the file is told in other words."""
    try:
        answer = connection.execute(query).fetchone()
    except duckdb.Error as error:
        if is_of_the_computer(error):
            raise
        raise explain(error) from error
    return int(answer[0]) if answer else 0


def _typed_as_text(column: FileColumn) -> str:
    name = identifier(column.name)
    if column.unit is not None:
        return _counted(name, column.unit)
    if column.kind in ("float", "double"):
        return number_as_text(name, column.kind)
    if column.kind == "timestamp":
        day = f"cast(cast({name} as date) as varchar)"
        return f"case when {name} = date_trunc('day', {name}) then {day} else cast({name} as varchar) end"
    return f"nullif(trim(cast({name} as varchar)), '')"


def _counted(value: str, unit: str) -> str:
    """Return SQL of a number that counts days, months or seconds; what is no whole number stays as it is."""
    number = f"try_cast({value} as double)"
    return (
        f"case when {number} = trunc({number}) then {date_as_text(number, unit)} "
        f"else cast({value} as varchar) end"
    )


def _cleaned(column: FileColumn, entry: SourceEntry) -> str:
    """Return SQL of a field of a text file: without blanks around it, and with a decimal point."""
    value = f"nullif(trim({identifier(column.name)}), '')"
    if column.unit is not None:
        return _counted(value, column.unit)
    if entry.decimal == "," and not any(pattern.match(column.name) for pattern in entry.id):
        value = (
            f"case when regexp_full_match({value}, '-?[0-9]+,[0-9]+') then "
            f"regexp_replace(regexp_replace({value}, ',0+$', ''), ',', '.') else {value} end"
        )
    return value


def _refuse_inexact(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: FileHeader,
    columns: tuple[FileColumn, ...],
    id_column: str,
    target: Path,
) -> None:
    """Refuse numbers so large that their stored form stands for several: persons may have become one."""
    for column in columns:
        if column.exact_below is None or column.unit is not None:
            continue
        name = identifier(column.name)
        row = connection.execute(
            f"select count(*) from read_parquet({path_literal(target)} || '/*.parquet') "
            f"where abs(try_cast({name} as double)) >= {column.exact_below}"
        ).fetchone()
        if row is not None and row[0]:
            bits = column.exact_below.bit_length() - 1
            is_id = column.name.lower() == id_column.lower()
            what = "persons may have become one" if is_id else "the last digits are not sure"
            raise ImportFaultError(
                f"{file.path}, column {shown(column.name)} is stored as {column.kind}, with "
                f"{counted(row[0], 'value')} beyond "
                f"2^{bits}: {what}; ask for the column as text."
            )


def _lay_view(
    connection: duckdb.DuckDBPyConnection, source: Source, parts: list[tuple[FileHeader, str]]
) -> None:
    """Lay a view over the files of a source: one name for the id, what their names say, no marks."""
    selects = []
    wanted = source.relation_columns
    for file, relation in parts:
        described = connection.execute(f"describe select * from {relation}").fetchall()
        present = {row[0].lower(): row[0] for row in described}
        terms = []
        for column in wanted:
            if column == PERSON and source.entry.id:
                terms.append(f"{_id(source, source.ids[file.path])} as {PERSON}")
            elif column in FILE_COLUMNS:
                value = getattr(file.named, column.removeprefix("file_"))
                shown_value = (
                    "null" if value is None else literal(value) if isinstance(value, str) else str(value)
                )
                terms.append(f"cast({shown_value} as {FILE_COLUMNS[column]}) as {column}")
            elif column.lower() in present:
                terms.append(
                    f"{_without_marks(source.entry, present[column.lower()])} as {identifier(column)}"
                )
            else:
                terms.append(f"cast(null as varchar) as {identifier(column)}")
        selects.append(f"select {', '.join(terms)} from {relation}")
    if not selects:
        kinds = ", ".join(
            f"cast(null as {FILE_COLUMNS.get(column, 'varchar')}) as {identifier(column)}"
            for column in wanted
        )
        selects.append(f"select {kinds} where false")
    connection.execute(f"create view {identifier(f'{source.name} as read')} as {' union all '.join(selects)}")


def _without_marks(entry: SourceEntry, column: str) -> str:
    marks = entry.missing_of(column)
    name = identifier(column)
    if not marks:
        return name
    listed = ", ".join(literal(mark.strip()) for mark in marks)
    return f"case when {name} in ({listed}) then null else {name} end"


def _id(source: Source, column: str) -> str:
    value = _without_marks(source.entry, column)
    if source.entry.id_width is not None:
        width = source.entry.id_width
        value = (
            f"case when regexp_full_match({value}, '[0-9]+') and length({value}) < {width} "
            f"then lpad({value}, {width}, '0') else {value} end"
        )
    return value


def _judge_ids(connection: duckdb.DuckDBPyConnection, source: Source, staged: Staged, prefixed: bool) -> None:
    """Refuse ids that are national identity numbers, or went through a float."""
    relation = identifier(f"{source.name} as read")
    # In one pass, by what costs little; what is dear is asked of the ids that call for it.
    row = connection.execute(
        f"""
        select
            count(*) filter (where {PERSON} is null),
            count(*) filter (where not regexp_full_match({PERSON}, {literal(_USUAL_ID)})),
            coalesce(max(length({PERSON})), 0),
            coalesce(min(length({PERSON})), 0),
            count(*) filter (where starts_with({PERSON}, '0')),
        from {relation}
        """
    ).fetchone()
    assert row is not None
    empty, unusual, longest, shortest, zeros = row
    floats = candidates = 0
    if unusual:
        floats = _number(
            connection,
            f"select count(*) from {relation} "
            f"where regexp_full_match({PERSON}, '[0-9]+\\.[0-9]+|[0-9]+(\\.[0-9]+)?[eE][+]?[0-9]+')",
        )
    if longest >= _DIGITS_OF_NUMBER:
        candidates = _number(connection, f"select count(*) from {relation} where {is_candidate(PERSON)}")
    digits = (
        _number(
            connection,
            f"select count(*) from (select {PERSON} from {relation} where {PERSON} is not null limit 10000) "
            f"where not regexp_full_match({PERSON}, '[0-9]+')",
        )
        == 0
    )
    place = f"{SOURCES}, source {source.name}: the id column {' or '.join(sorted(set(source.ids.values())))}"
    if floats:
        raise ImportFaultError(
            f"{place} has {counted(floats, 'value')} such as 123.0 or 1e+06, which went through a float: "
            "ask for the "
            "column as text."
        )
    if unusual:
        _refuse_spoiled(connection, relation, place)
    if candidates:
        refuse_identity_numbers(connection, relation, PERSON, place, prefixed)
    staged.dropped["without an id"] = empty
    staged.ids_with_leading_zeros, staged.longest_id, staged.shortest_id = zeros, longest, shortest
    staged.ids_are_digits = digits


def refuse_identity_numbers(
    connection: duckdb.DuckDBPyConnection, relation: str, value: str, place: str, prefixed: bool
) -> None:
    """Refuse ids that are national identity numbers, or a few that look so unless they get a prefix.

    Raises
    ------
    ImportFaultError
        With the place that is named, the number of such ids and the next step.
    """
    ids, numbers = connection.execute(
        f"select count(*), count(*) filter (where {holds_identity_number('id')}) "
        f"from (select distinct {value} as id from {relation} where {is_candidate(value)})"
    ).fetchone() or (0, 0)
    if numbers >= _FEW and numbers > _BY_CHANCE * ids:
        raise ImportFaultError(
            f"{place} holds {counted(numbers, 'national identity number')} among {counted(ids, 'id')} of "
            "eleven digits: such a file must not be here; name the column of the pseudonym, or ask for a "
            "file without these numbers."
        )
    if numbers and not prefixed:
        raise ImportFaultError(
            f"{place} has {counted(numbers, 'id')} of eleven digits that look like national identity "
            f"numbers, out of {ids:,}: if they are pseudonyms that do so by chance, write `id_prefix: P` at "
            f"the head of {SOURCES}."
        )


def _refuse_spoiled(connection: duckdb.DuckDBPyConnection, relation: str, place: str) -> None:
    """Refuse ids that a delivery could not hold: with marks that are not seen, or letters like others."""
    special = f"not regexp_full_match({PERSON}, {literal(ORDINARY_IDENTIFIER)})"
    for form, words in IDENTIFIER_FAULTS:
        query = (
            f"select count(*) from {relation} where {special} and regexp_matches({PERSON}, {literal(form)})"
        )
        if rows := _number(connection, query):
            raise ImportFaultError(f"{place} has {counted(rows, 'row')} {words}.")


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _lay_final_view(connection: duckdb.DuckDBPyConnection, source: Source, staged: Staged) -> None:
    """Lay the view that queries see, without dropped rows; each is counted by the first reason."""
    relation = identifier(f"{source.name} as read")
    kept = [f"{PERSON} is not null"] if source.entry.id else []
    for reason, condition in source.entry.drop_rows.items():
        before = " and ".join(kept) or "true"
        row = connection.execute(
            f"select count(*) from {relation} where {before} and ({condition})"
        ).fetchone()
        staged.dropped[reason] = row[0] if row else 0
        kept.append(f"({condition}) is not true")
    where = f" where {' and '.join(kept)}" if kept else ""
    connection.execute(f"create view {identifier(source.name)} as select * from {relation}{where}")


def require_one_kind_of_id(staged: dict[str, Staged], sources: dict[str, Source]) -> None:
    """Refuse where one source has ids with zeros in front and another seems to have lost them.

    Raises
    ------
    ImportFaultError
        With both sources and the option that pads the ids.
    """
    padded = {name: one for name, one in staged.items() if one.ids_with_leading_zeros and one.ids_are_digits}
    for name, one in staged.items():
        if sources[name].entry.id_width is not None or not one.ids_are_digits or one.ids_with_leading_zeros:
            continue
        for other, model in padded.items():
            if one.shortest_id < model.longest_id == model.shortest_id:
                raise ImportFaultError(
                    f"The ids of source {other} have {model.longest_id} digits with zeros in front, those "
                    f"of source {name} "
                    f"are shorter numbers: write `id_width: {model.longest_id}` for {name} in {SOURCES}, so "
                    "that persons "
                    "are found again."
                )
