"""The checks of one file, generated from the specification and counted in one scan."""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from utvandring.deliveries.identity import holds_identity_number, is_candidate
from utvandring.deliveries.manifest import DeliveredFile
from utvandring.deliveries.reading import (
    Source,
    UnreadableFileError,
    absent,
    conversion,
    open_source,
    unreadable,
)
from utvandring.deliveries.specification import Column, Register, Specification
from utvandring.deliveries.verdict import Finding, Level, counted
from utvandring.sql import identifier, literal, path_literal

FIRST_YEAR = 1850

# How much of an offending value a message may show where the column has a pattern and no code list.
_LONGEST_PATTERN_VALUE = 7
_DIGITS_OF_A_DATE = 8
_SHOWN_VALUES = 5

_TYPE_NAMES = {
    "varchar": "text",
    "integer": "a whole number",
    "bigint": "a whole number",
    "double": "a number",
    "date": "a date (YYYY-MM-DD in CSV)",
    "boolean": "true or false",
}


@dataclass(frozen=True)
class CheckedFile:
    """A file after its checks; `select` gives its typed columns in the order of the specification."""

    file: DeliveredFile
    rows: int
    missing_columns: tuple[str, ...]
    findings: tuple[Finding, ...]
    select: str


@dataclass(frozen=True)
class _Tally:
    """A condition that no row may meet.

    `shows` is the SQL of the value that a message may name; `confirm` a costly condition, asked only where
    rows met the first.
    """

    check: str
    column: str
    condition: str
    say: Callable[[int], str]
    shows: str | None = None
    confirm: str | None = None


def load_code_lists(connection: duckdb.DuckDBPyConnection, specification: Specification) -> None:
    """Load the seeds that the specification refers to into tables `seed_<name>`, every column as text."""
    seeds = {
        column.code_list.seed
        for register in specification.registers.values()
        for column in register.columns
        if column.code_list is not None
    }
    for seed in sorted(seeds):
        path = specification.code_list_folder / f"{seed}.csv"
        connection.execute(
            f"create or replace temporary table {identifier(f'seed_{seed}')} as "
            f"from read_csv({path_literal(path)}, header=true, all_varchar=true, nullstr='', delim=',')"
        )


def check_file(
    connection: duckdb.DuckDBPyConnection, file: DeliveredFile, register: Register, delivery_year: int
) -> CheckedFile:
    """Check the content of one file; every fault is found, not only the first.

    Parameters
    ----------
    connection
        With the code lists and the macro of :mod:`identity` loaded.
    file
        The file, its checksum verified.
    register
        The specification of its register.
    delivery_year
        Year in which the delivery was produced; no event was registered later.

    Returns
    -------
    CheckedFile
        With findings of both levels.
    """
    try:
        source = open_source(connection, file.location, file.path)
        return _FileCheck(connection, file, register, delivery_year, source).run()
    except UnreadableFileError as error:
        return CheckedFile(file, 0, (), (error.finding,), "")
    except duckdb.Error as error:
        return CheckedFile(file, 0, (), (unreadable(error, file.path),), "")


class _FileCheck:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: DeliveredFile,
        register: Register,
        delivery_year: int,
        source: Source,
    ) -> None:
        self.connection = connection
        self.file = file
        self.register = register
        self.delivery_year = delivery_year
        self.source = source
        self.findings: list[Finding] = []
        self.present = [column for column in register.columns if column.name in source.columns]
        self.convertible = {column.name: self._typed(column) for column in self.present}
        self.known_codes = [
            column for column in self.present if column.code_list and self.convertible[column.name]
        ]

    def run(self) -> CheckedFile:
        missing = self._missing_columns()
        self._create_code_tables()
        tallies = [tally for column in self.present for tally in self._tallies(column)]
        tallies += self._identity_tallies()
        rows, *counts = self._one_row(
            ", ".join(["count(*)", *(f"count(*) filter (where {tally.condition})" for tally in tallies)])
        )
        for tally, count in zip(tallies, counts, strict=True):
            if count and tally.confirm is not None:
                count = self._one_row(f"count(*) filter (where {tally.confirm})")[0]
            if count:
                self._report(tally, count)
        if rows != self.file.rows:
            self._add(
                "rows", f"{counted(rows, 'row')}, but delivery.json says {self.file.rows:,}.", count=rows
            )
        if rows == 0:
            self._add("rows", "the file has no rows.", level=Level.WARN)
        self._check_key()
        return CheckedFile(self.file, rows, missing, tuple(self.findings), self._select())

    # The relation: every delivered column as "raw <name>", every typed column under its own name, and
    # "known <name>" telling whether a value is in its code list.

    def _typed(self, column: Column) -> str | None:
        delivered = self.source.columns[column.name]
        raw = absent(identifier(column.name), delivered)
        return conversion(raw, delivered, column.data_type, from_text=self.source.is_text)

    def _raw(self, column: Column) -> str:
        return identifier(f"raw {column.name}")

    def _relation(self) -> str:
        raws = [
            f"{absent(identifier(name), data_type)} as {identifier(f'raw {name}')}"
            for name, data_type in self.source.columns.items()
        ]
        typed = []
        for column in self.register.columns:
            value = self.convertible.get(column.name) or f"cast(null as {column.data_type})"
            typed.append(f"{value} as {identifier(column.name)}")
        known = [
            f"{identifier(column.name)} in (select code from {self._codes(column)}) "
            f"as {identifier(f'known {column.name}')}"
            for column in self.known_codes
        ]
        inner = f"select {', '.join(raws + typed)} from {self.source.relation}"
        return f"(select {', '.join(['*', *known])} from ({inner}))"

    def _select(self) -> str:
        names = ", ".join(identifier(column.name) for column in self.register.columns)
        return f"select {names}, cast({self.file.period} as integer) as periode from {self._relation()}"

    def _one_row(self, expressions: str) -> tuple[int, ...]:
        row = self.connection.execute(f"select {expressions} from {self._relation()}").fetchone()
        assert row is not None
        return row

    def _codes(self, column: Column) -> str:
        return identifier(f"codes {column.name}")

    def _create_code_tables(self) -> None:
        for column in self.known_codes:
            assert column.code_list is not None
            code_list = column.code_list
            where = f"where {code_list.where}" if code_list.where else ""
            self.connection.execute(
                f"create or replace temporary table {self._codes(column)} as "
                f"select distinct cast(list.{identifier(code_list.column)} as {column.data_type}) as code "
                f"from {identifier(f'seed_{code_list.seed}')} as list, "
                f"(select {literal(str(self.file.period))} as period) {where}"
            )

    # What is checked.

    def _missing_columns(self) -> tuple[str, ...]:
        missing = [column for column in self.register.columns if column.name not in self.source.columns]
        by_lower = {name.lower(): name for name in self.source.columns}
        for column in missing:
            other = by_lower.get(column.name)
            hint = f" (there is {other}: names are lower case)" if other else ""
            if column.is_required or other:
                self._add("columns", f"the column is missing{hint}.", column.name)
            else:
                self._add(
                    "columns",
                    "the column was not delivered; its values are unknown.",
                    column.name,
                    level=Level.WARN,
                )
        return tuple(column.name for column in missing)

    def _tallies(self, column: Column) -> list[_Tally]:
        name, raw = identifier(column.name), self._raw(column)
        shows = name if column.is_code else None
        if self.convertible[column.name] is None:
            return [self._wrong_type(column)]
        tallies = []
        if not column.nullable:
            tallies.append(_Tally("required", column.name, f"{raw} is null", _say("{} without a value")))
        if column.required_where is not None:
            condition = f"{raw} is null and ({column.required_where})"
            say = _say(f"{{}} without a value, which is required where {column.required_where}")
            tallies.append(_Tally("required", column.name, condition, say))
        if column.data_type != "varchar":
            say = _say(f"{{}} with a value that is not {_TYPE_NAMES[column.data_type]}")
            shown_raw = f"cast({raw} as varchar)" if column.is_code else None
            tallies.append(
                _Tally("type", column.name, f"{raw} is not null and {name} is null", say, shown_raw)
            )
        if column.code_list is not None:
            tallies.append(self._unknown_code(column, column.code_list.where is not None))
        if column.pattern is not None:
            condition = f"not regexp_full_match({name}, {literal(column.pattern)})"
            say = _say(f"{{}} with a value that does not have the form {column.pattern}")
            tallies.append(_Tally("pattern", column.name, condition, say, shows))
        if column.minimum is not None:
            say = _say(f"{{}} with a value below {column.minimum}")
            tallies.append(_Tally("range", column.name, f"{name} < {column.minimum}", say, shows))
        if column.maximum is not None:
            say = _say(f"{{}} with a value above {column.maximum}")
            tallies.append(_Tally("range", column.name, f"{name} > {column.maximum}", say, shows))
        if column.format is not None or column.data_type == "date":
            tallies += self._date_tallies(column)
        if column.is_identifier:
            condition = f"regexp_matches({name}, '^\\s|\\s$|[[:cntrl:]]')"
            say = _say("{} with blanks around the value or control characters in it")
            tallies.append(_Tally("text", column.name, condition, say))
        return tallies

    def _wrong_type(self, column: Column) -> _Tally:
        delivered = self.source.columns[column.name].lower()
        reason = ": leading zeros are lost" if column.data_type == "varchar" and "int" in delivered else ""
        say = _say(
            f"delivered as {delivered}, must be {_TYPE_NAMES[column.data_type]}{reason} ({{}} with a value)"
        )
        return _Tally("type", column.name, f"{self._raw(column)} is not null", say)

    def _unknown_code(self, column: Column, by_period: bool) -> _Tally:
        assert column.code_list is not None
        valid = f" as valid for {self.file.period}" if by_period else ""
        say = _say(f"{{}} with a code that is not in the code list {column.code_list.seed}{valid}")
        condition = f"not {identifier(f'known {column.name}')}"
        return _Tally("code_list", column.name, condition, say, identifier(column.name))

    def _date_tallies(self, column: Column) -> list[_Tally]:
        name, period = identifier(column.name), self.file.period
        last = {"period": period, "delivery": max(self.delivery_year, period + 2)}.get(
            column.latest, period + 2
        )
        if column.data_type == "date":
            outside = f"{name} < date '{FIRST_YEAR}-01-01' or {name} > date '{last}-12-31'"
            tallies = []
        else:
            year, impossible, example = _calendar(name, column.format or "")
            outside = f"{year} not between {FIRST_YEAR} and {last}"
            say = _say(f"{{}} with a value that is not {example}")
            tallies = [_Tally("date", column.name, impossible, say)]
        if column.within_period:
            condition = f"{name} < date '{period}-01-01' or {name} > date '{period}-12-31'"
            say = _say(f"{{}} with a date outside the period {period}")
            return [*tallies, _Tally("period", column.name, condition, say)]
        say = _say(f"{{}} with a year outside {FIRST_YEAR} to {last}")
        return [*tallies, _Tally("range", column.name, outside, say)]

    def _identity_tallies(self) -> list[_Tally]:
        """Every text column counts, also those that are otherwise ignored."""
        say = _say("{} with what looks like a national identity number; such numbers are never accepted")
        expected = {column.name for column in self.register.columns}
        tallies = []
        for name, data_type in self.source.columns.items():
            value = identifier(f"raw {name}")
            if data_type in ("BIGINT", "UBIGINT", "DOUBLE") and name not in expected:
                value = f"lpad(try_cast(try_cast({value} as hugeint) as varchar), 11, '0')"
            elif data_type not in ("VARCHAR", "ENUM"):
                continue
            confirm = holds_identity_number(value)
            tallies.append(
                _Tally("privacy", _printable(name[:60]), is_candidate(value), say, confirm=confirm)
            )
        return tallies

    def _check_key(self) -> None:
        key = self.register.key
        if not key or any(self.convertible.get(name) is None for name in key):
            return
        names = ", ".join(identifier(name) for name in key)
        filled = " and ".join(f"{identifier(name)} is not null" for name in key)
        row = self.connection.execute(
            f"select count(*), coalesce(sum(times), 0) from (select count(*) as times "
            f"from {self._relation()} where {filled} group by {names} having count(*) > 1)"
        ).fetchone()
        assert row is not None
        keys, rows = row
        if keys:
            occur = "occurs" if keys == 1 else "occur"
            text = f"{counted(keys, 'value')} of the key {occur} more than once, in {counted(rows, 'row')}."
            self._add("key", text, ", ".join(key), count=rows)

    # What is said.

    def _add(
        self,
        check: str,
        text: str,
        column: str | None = None,
        count: int | None = None,
        values: tuple[tuple[str, int], ...] = (),
        level: Level = Level.REFUSE,
    ) -> None:
        self.findings.append(Finding(check, text, self.file.path, column, count, values, level))

    def _report(self, tally: _Tally, count: int) -> None:
        values = self._values(tally) if tally.shows else ()
        shown = [f"'{value}' ({counted(rows, 'row')})" for value, rows in values]
        others = count - sum(rows for _, rows in values)
        if tally.shows and others:
            shown.append(f"{counted(others, 'row')} with values that are not shown")
        text = tally.say(count) + (f": {', '.join(shown)}." if shown else ".")
        self._add(tally.check, text, tally.column, count, values)

    def _values(self, tally: _Tally) -> tuple[tuple[str, int], ...]:
        """Return the most frequent offending codes with their numbers of rows.

        A column of codes may hold anything when columns were swapped. So a value is shown only if it is as
        short as a code, has too few digits for a date or an identity number, and is not found among the
        identifiers of the same file.
        """
        column = next(column for column in self.present if column.name == tally.column)
        text = f"cast({tally.shows} as varchar)"
        conditions = [
            f"length({text}) <= {self._longest_shown(column)}",
            f"length(regexp_replace({text}, '[^0-9]', '', 'g')) < {_DIGITS_OF_A_DATE}",
        ]
        for other in self.present:
            if other.is_identifier:
                pseudonyms = (
                    f"select {self._raw(other)} from {self._relation()} where {self._raw(other)} is not null"
                )
                conditions.append(f"{text} not in ({pseudonyms})")
        rows = self.connection.execute(
            f"select case when {' and '.join(conditions)} then {text} end as shown, count(*) as rows "
            f"from {self._relation()} where {tally.condition} group by shown order by rows desc, shown"
        ).fetchmany(_SHOWN_VALUES + 1)
        visible = [(_printable(value), number) for value, number in rows if value is not None]
        return tuple(visible[:_SHOWN_VALUES])

    def _longest_shown(self, column: Column) -> int:
        if column.name not in {known.name for known in self.known_codes}:
            return _LONGEST_PATTERN_VALUE
        row = self.connection.execute(
            f"select max(length(cast(code as varchar))) from {self._codes(column)}"
        ).fetchone()
        return max(4, 1 + (row[0] or 0 if row else 0))


def _say(template: str) -> Callable[[int], str]:
    return lambda count: template.replace("{}", counted(count, "row"))


def _printable(value: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in value)


def _calendar(name: str, form: str) -> tuple[str, str, str]:
    """Return SQL of the year, SQL that is true for no real month or day, and what the value must be."""
    if form == "yyyymm":
        return f"{name} // 100", f"{name} % 100 not between 1 and 12", "a year and month (YYYYMM)"
    if form == "yyyymmdd":
        month, day = f"({name} // 100 % 100)", f"({name} % 100)"
        real = (
            f"try_cast(printf('%04d-%02d-%02d', {name} // 10000, {month}, {day}) as date) is not null "
            f"or ({day} = 0 and {month} between 0 and 12)"
        )
        return f"{name} // 10000", f"not ({real})", "a day (YYYYMMDD, month and day 00 where unknown)"
    raise ValueError(f"the specification uses an unknown format: {form}")
