"""The checks of one file: whether it can be read as specified, then whether its values are what they must be.

The first is asked in one scan by the database engine (columns, types, text, privacy); the second by Great
Expectations, with rules made from the same specification.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import duckdb

from utvandring.common.sql import identifier, literal, path_literal
from utvandring.deliveries.expectations import count_violations, read_batch
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
from utvandring.deliveries.rules import Rule, codes_table, rules_of
from utvandring.deliveries.specification import Column, Register, Specification
from utvandring.deliveries.verdict import Finding, Level, counted

# How much of an offending value a message may show where the column has a pattern and no code list.
_LONGEST_PATTERN_VALUE = 7
_DIGITS_OF_A_DATE = 8
_SHOWN_VALUES = 5

# Statements that make no sense are ours; a file can only hold content that cannot be read.
_FAULTS_OF_THE_PROGRAM = (
    duckdb.CatalogException,
    duckdb.BinderException,
    duckdb.ParserException,
    duckdb.ResourceInUseException,
)

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
    """A file after its checks.

    `select` gives its typed columns in the order of the specification, waived values unknown; `unknown` tells
    how many values of each waived rule became unknown.
    """

    file: DeliveredFile
    rows: int
    missing_columns: tuple[str, ...]
    findings: tuple[Finding, ...]
    select: str
    unknown: dict[str, int]


@dataclass(frozen=True)
class _Tally:
    """A condition that no row of a readable file meets.

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
    """Load the code lists into tables `seed_<name>`, every column as text."""
    for seed in specification.seeds:
        path = specification.code_list_folder / f"{seed}.csv"
        connection.execute(
            f"create or replace temporary table {identifier(f'seed_{seed}')} as "
            f"from read_csv({path_literal(path)}, header=true, all_varchar=true, nullstr='', delim=',')"
        )


def check_file(
    connection: duckdb.DuckDBPyConnection,
    file: DeliveredFile,
    register: Register,
    delivery_year: int,
    waived: Iterable[str] = (),
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
    waived
        Names of rules whose values become unknown instead of refusing the file.

    Returns
    -------
    CheckedFile
        With findings of every level.
    """
    try:
        source = open_source(connection, file.location, file.path)
        return _FileCheck(connection, file, register, delivery_year, source, frozenset(waived)).run()
    except UnreadableFileError as error:
        return CheckedFile(file, 0, (), (error.finding,), "", {})
    except _FAULTS_OF_THE_PROGRAM:
        raise
    except duckdb.Error as error:
        return CheckedFile(file, 0, (), (unreadable(error, file.path),), "", {})


class _FileCheck:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: DeliveredFile,
        register: Register,
        delivery_year: int,
        source: Source,
        waived: frozenset[str],
    ) -> None:
        self.connection = connection
        self.file = file
        self.register = register
        self.source = source
        self.waived = waived
        self.findings: list[Finding] = []
        self.unknown: dict[str, int] = {}
        self.present = [column for column in register.columns if column.name in source.columns]
        self.convertible = {column.name: self._typed(column) for column in self.present}
        readable = {name for name, value in self.convertible.items() if value is not None}
        self.rules = [
            rule
            for rule in rules_of(register, file.period, delivery_year)
            if readable.issuperset(rule.column.split(", "))
        ]

    def run(self) -> CheckedFile:
        missing = self._missing_columns()
        self._create_code_tables()
        rows, unreadable_values = self._check_reading()
        if rows != self.file.rows:
            self._add(
                "rows", f"{counted(rows, 'row')}, but delivery.json says {self.file.rows:,}.", count=rows
            )
        if rows == 0:
            self._add("rows", "the file has no rows.", level=Level.WARN)
        self._check_expectations(unreadable_values)
        return CheckedFile(self.file, rows, missing, tuple(self.findings), self._select(), self.unknown)

    def _check_reading(self) -> tuple[int, dict[str, int]]:
        """Count what cannot be read as specified; returns the rows, and the unreadable values by column."""
        tallies = [tally for column in self.present for tally in self._tallies(column)]
        tallies += self._identity_tallies()
        rows, *counts = self._one_row(
            ", ".join(["count(*)", *(f"count(*) filter (where {tally.condition})" for tally in tallies)])
        )
        unreadable_values = {}
        for tally, count in zip(tallies, counts, strict=True):
            if count and tally.confirm is not None:
                count = self._one_row(f"count(*) filter (where {tally.confirm})")[0]
            if count:
                self._report(tally, count, Level.REFUSE)
                if tally.check == "type":
                    unreadable_values[tally.column] = count
        return rows, unreadable_values

    def _check_expectations(self, unreadable_values: dict[str, int]) -> None:
        batch = read_batch(self.connection, self.rules, self._relation())
        for rule, violations in zip(self.rules, count_violations(batch, self.rules), strict=True):
            # A value that could not be read has been told already; it is not missing as well.
            count = violations - (unreadable_values.get(rule.column, 0) if rule.check == "required" else 0)
            if count <= 0:
                continue
            if rule.name in self.waived and rule.waivable:
                self.unknown[rule.name] = count
                self._report(rule, count, Level.WARN, "; waived, the values are unknown")
            else:
                self._report(rule, count, rule.level)

    # The relation: every delivered column as "raw <name>", every typed column under its own name.

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
        return f"(select {', '.join(raws + typed)} from {self.source.relation})"

    def _select(self) -> str:
        values = []
        for column in self.register.columns:
            name = identifier(column.name)
            at_fault = [
                rule.violated
                for rule in self.rules
                if rule.name in self.unknown and rule.column == column.name
            ]
            condition = " or ".join(f"({violated})" for violated in at_fault)
            values.append(
                f"case when not coalesce({condition}, false) then {name} end as {name}" if at_fault else name
            )
        period = f"cast({self.file.period} as integer) as periode"
        return f"select {', '.join([*values, period])} from {self._relation()}"

    def _one_row(self, expressions: str) -> tuple[int, ...]:
        (row,) = self.connection.execute(f"select {expressions} from {self._relation()}").fetchall()
        return tuple(row)

    def _create_code_tables(self) -> None:
        for column in self.present:
            code_list = column.code_list
            if code_list is None:
                continue
            where = f"where {code_list.where}" if code_list.where else ""
            self.connection.execute(
                f"create or replace temporary table {codes_table(column)} as "
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
        if self.convertible[column.name] is None:
            return [self._wrong_type(column)]
        tallies = []
        if column.data_type != "varchar":
            say = _say(f"{{}} with a value that is not {_TYPE_NAMES[column.data_type]}")
            shown_raw = f"cast({raw} as varchar)" if column.is_code else None
            tallies.append(
                _Tally("type", column.name, f"{raw} is not null and {name} is null", say, shown_raw)
            )
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

    # What is said.

    def _add(
        self,
        check: str,
        text: str,
        column: str | None = None,
        count: int | None = None,
        values: tuple[tuple[str, int], ...] = (),
        level: Level = Level.REFUSE,
        waivable: bool = False,
    ) -> None:
        finding = Finding(check, text, self.file.path, column, count, values, level, waivable=waivable)
        self.findings.append(replace(finding, register=self.register.name, period=self.file.period))

    def _report(self, fault: _Tally | Rule, count: int, level: Level, remark: str = "") -> None:
        column = next((column for column in self.present if column.name == fault.column), None)
        values = self._values(fault, column) if fault.shows and column else ()
        shown = [f"'{value}' ({counted(rows, 'row')})" for value, rows in values]
        others = count - sum(rows for _, rows in values)
        if fault.shows and others:
            shown.append(f"{counted(others, 'row')} with values that are not shown")
        text = fault.say(count) + (f": {', '.join(shown)}" if shown else "") + f"{remark}."
        self._add(fault.check, text, fault.column, count, values, level, _is_waivable(fault))

    def _values(self, fault: _Tally | Rule, column: Column) -> tuple[tuple[str, int], ...]:
        """Return the most frequent offending codes with their numbers of rows.

        A column of codes may hold anything when columns were swapped. So a value is shown only if it is as
        short as a code, has too few digits for a date or an identity number, and is not found among the
        identifiers of the same file.
        """
        text = f"cast({fault.shows} as varchar)"
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
        violated = fault.violated if isinstance(fault, Rule) else fault.condition
        rows = self.connection.execute(
            f"select case when {' and '.join(conditions)} then {text} end as shown, count(*) as rows "
            f"from {self._relation()} where {violated} "
            f"group by shown order by rows desc, shown limit {_SHOWN_VALUES + 1}"
        ).fetchall()
        visible = [(_printable(value), number) for value, number in rows if value is not None]
        return tuple(visible[:_SHOWN_VALUES])

    def _longest_shown(self, column: Column) -> int:
        if column.code_list is None:
            return _LONGEST_PATTERN_VALUE
        ((longest,),) = self.connection.execute(
            f"select max(length(cast(code as varchar))) from {codes_table(column)}"
        ).fetchall()
        return max(4, 1 + (longest or 0))


def _is_waivable(fault: _Tally | Rule) -> bool:
    return isinstance(fault, Rule) and fault.waivable


def _say(template: str) -> Callable[[int], str]:
    return lambda count: template.replace("{}", counted(count, "row"))


def _printable(value: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in value)
