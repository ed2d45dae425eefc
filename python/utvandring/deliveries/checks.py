"""The checks of one file: whether it can be read as specified, then whether its values are what they must be.

The first is asked in one scan by the database engine (columns, types, text, privacy); the second by Great
Expectations, with rules made from the same specification.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import duckdb

from utvandring.common.sql import identifier, literal, path_literal
from utvandring.deliveries.expectations import count_violations, read_batch
from utvandring.deliveries.explaining import forms_of, repetitions, validity, years_of
from utvandring.deliveries.identity import holds_identity_number, is_candidate
from utvandring.deliveries.manifest import DeliveredFile
from utvandring.deliveries.positions import collect
from utvandring.deliveries.reading import (
    Source,
    UnreadableFileError,
    absent,
    conversion,
    imprecise,
    largest_exact,
    open_source,
    rounded,
    unreadable,
)
from utvandring.deliveries.rules import NOTHING, Rule, codes_table, rules_of
from utvandring.deliveries.specification import Column, Register, Specification
from utvandring.deliveries.verdict import Finding, Level, counted

# How much of an offending value a message may show where the column has a pattern and no code list.
_LONGEST_PATTERN_VALUE = 7
_DIGITS_OF_A_DATE = 8
_LONGEST_LISTED_VALUE = 20
_SHOWN_VALUES = 5
# Fewer rows with the same value say nothing.
_FEWEST_THAT_SHARE = 20

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

# What to do about values of the wrong type.
_REMEDIES = {
    "varchar": "deliver text, as the register writes it",
    "integer": "write whole numbers in digits, and an empty field where there is none",
    "bigint": "write whole kroner in digits, and an empty field where there are none",
    "double": "the decimal sign is a point; leave an empty field where there is no number",
    "date": "deliver days without time and zone, in CSV as YYYY-MM-DD",
    "boolean": "write true and false, or 1 and 0",
}

# Asked of every row: plain letters and digits, and either a digit other than 0 and 9, or both a letter
# and a digit, or ten letters. Only the identifiers that are not like that are looked at closely.
ORDINARY_IDENTIFIER = r"[09]*([1-8]|[09][A-Za-z]|[A-Za-z]+[_=/-]*[0-9]|[A-Za-z]{10})[0-9A-Za-z_=/-]*"
# The same without signs between letters: of a text that begins with a letter it also tells, at no further
# price, that it holds no identity number.
ORDINARY_WORD = r"[09]*([1-8]|[09][A-Za-z]|[A-Za-z]+[0-9]|[A-Za-z]{10})[0-9A-Za-z]*"
_UNSEEN_LETTERS = (
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[^ \P{Zs}]|[\x{034F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}]"
    r"|[\x{2800}\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}\x{E0100}-\x{E01EF}]"
)
_LETTERS_LIKE_OTHERS = r"[\x{FF00}-\x{FF9F}\x{FFA1}-\x{FFEF}]|[^0-9\P{Nd}]|[^\P{M}\x{034F}\x{FE00}-\x{FE0F}]"
# Faults in the text of an identifier: a regular expression, and the words for the rows.
IDENTIFIER_FAULTS = (
    (
        rf"^\s|\s$|{_UNSEEN_LETTERS}",
        "with blanks around the value, or with unusual blanks, zero-width marks or control characters in it; "
        "deliver the identifier as it was made, without them",
    ),
    (
        _LETTERS_LIKE_OTHERS,
        "with full-width letters or digits, digits of another script or separate accents, which look like "
        "others and are not equal to them; deliver the identifier in the usual form of its letters (NFKC)",
    ),
    (
        r"\x{FFFD}",
        "with the mark for a letter that was lost in a conversion; convert again from the original",
    ),
    (
        r"^[0-9]+(\.[0-9]+)?[eE]\+[0-9]+$|^[0-9]+\.0+$",
        "with an identifier that went through a floating-point number, which does not keep it; "
        "deliver text, as it was made",
    ),
)


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

    `shows` is the SQL of the value that a message may name, `is_listed` where only values of a list, or
    values shared by many, can be at fault; `confirm` a costly condition, asked only where rows met the first;
    `remedy` the next step, at the end; `waivable` whether a data steward may accept the values as unknown.
    """

    check: str
    column: str
    condition: str
    say: Callable[[int], str]
    shows: str | None = None
    confirm: str | None = None
    remedy: str = ""
    level: Level = Level.REFUSE
    is_listed: bool = False
    waivable: bool = False

    @property
    def violated(self) -> str:
        """SQL that is true for the rows at fault."""
        return f"({self.condition} and {self.confirm})" if self.confirm else self.condition


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
    *,
    collects_rows: bool = False,
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
    collects_rows
        Whether the positions of the rows at fault are kept, in the table of :mod:`positions`.

    Returns
    -------
    CheckedFile
        With findings of every level.
    """
    try:
        source = open_source(connection, file.location, file.path)
        check = _FileCheck(connection, file, register, delivery_year, source, frozenset(waived))
        check.collects_rows = collects_rows
        return check.run()
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
        self.collects_rows = False
        self.findings: list[Finding] = []
        self.unknown: dict[str, int] = {}
        self.codes: dict[str, set[str]] = {}
        # SQL of what stands for nothing, of the columns in which something does: unknown to all that follows.
        self.nothing: dict[str, str] = {}
        self.present = [column for column in register.columns if column.name in source.columns]
        self.convertible = {column.name: self._typed(column) for column in self.present}
        # Also the rules of columns of a wrong type, all unknown here: an empty column may have any type.
        self.rules = [
            rule
            for rule in rules_of(register, file.period, delivery_year)
            if self.convertible.keys() >= set(rule.column.split(", "))
        ]

    def run(self) -> CheckedFile:
        missing = self._missing_columns()
        self._create_code_tables()
        rows = self._check_reading()
        if rows != self.file.rows:
            self._add(
                "rows", f"{counted(rows, 'row')}, but delivery.json says {self.file.rows:,}.", count=rows
            )
        if rows == 0:
            self._add("rows", "the file has no rows.", level=Level.WARN)
        self._check_expectations()
        return CheckedFile(self.file, rows, missing, tuple(self.findings), self._select(), self.unknown)

    def _check_reading(self) -> int:
        """Count what cannot be read as specified; returns the rows."""
        tallies = [tally for column in self.present for tally in self._tallies(column)]
        tallies += self._identity_tallies()
        rows, *counts = self._one_row(
            ", ".join(["count(*)", *(f"count(*) filter (where {tally.condition})" for tally in tallies)])
        )
        found = [
            (tally, count)
            for tally, count in zip(tallies, self._confirmed(tallies, counts), strict=True)
            if count
        ]
        nothing: dict[str, list[str]] = {}
        for tally, count in found:
            if tally.check != NOTHING:
                self._report(
                    tally, count, tally.level, self._forms(tally) + (tally.remedy and f"; {tally.remedy}")
                )
                continue
            nothing.setdefault(tally.column, []).append(tally.violated)
            name = f"{self.register.name}.{tally.column}.{tally.check}"
            if name in self.waived and tally.waivable:
                self.unknown[name] = self.unknown.get(name, 0) + count
                self._report(tally, count, Level.WARN, self._waived(tally))
            else:
                self._report(tally, count, tally.level, f"; {tally.remedy}")
        self.nothing = {column: " or ".join(violated) for column, violated in nothing.items()}
        return rows

    def _confirmed(self, tallies: list[_Tally], counts: list[int]) -> list[int]:
        """Ask the costly conditions of the tallies that rows met, of these rows only."""
        confirmed = list(counts)
        met: dict[str, list[int]] = {}
        for number, tally in enumerate(tallies):
            if counts[number] and tally.confirm is not None:
                met.setdefault(tally.condition, []).append(number)
        for condition, numbers in met.items():
            asked = ", ".join(f"count(*) filter (where {tallies[number].confirm})" for number in numbers)
            for number, count in zip(numbers, self._one_row(asked, condition), strict=True):
                confirmed[number] = count
        return confirmed

    def _check_expectations(self) -> None:
        for rule, count in self._broken():
            if rule.name in self.waived and rule.waivable:
                self.unknown[rule.name] = count
                self._report(rule, count, Level.WARN, self._waived(rule))
            else:
                self._report(rule, count, rule.level, self._explained(rule))

    def _broken(self) -> Iterator[tuple[Rule, int]]:
        """Give the rules that rows break, with the number of rows."""
        for is_key in (True, False):
            rules = [rule for rule in self.rules if rule.is_key is is_key]
            if not rules:
                continue
            batch = read_batch(self.connection, rules, self._relation())
            for rule, count in zip(rules, count_violations(batch, rules), strict=True):
                if count and not is_key:
                    # Great Expectations has judged values; of the rows that have them there may be many.
                    at_fault = rule.violated
                    if rule.check == "required":
                        # A value that could not be read is a fault already; it is not missing as well.
                        at_fault = f"({at_fault}) and {identifier(f'raw {rule.column}')} is null"
                    (count,) = self._one_row("count(*)", at_fault)
                if count:
                    yield rule, count

    def _forms(self, tally: _Tally) -> str:
        """Say how values are written that cannot be read."""
        column = self._column(tally)
        if (
            tally.check != "type"
            or column is None
            or self.source.columns[column.name] not in ("VARCHAR", "ENUM")
        ):
            return ""
        return forms_of(
            self.connection, self._relation(), self._raw(column), column.data_type, tally.violated
        )

    def _explained(self, rule: Rule) -> str:
        if rule.check == "key":
            return repetitions(self.connection, self._relation(), self.register, self.present)
        if rule.check == "period" and (column := self._column(rule)) is not None:
            years = years_of(self.connection, self._relation(), identifier(column.name), rule.violated)
            later = ", or in a later one if it was registered late" if column.may_be_late else ""
            return f"{years}; an event belongs in the period of its date{later}"
        return ""

    def _waived(self, fault: _Tally | Rule) -> str:
        column = self._column(fault)
        lost = column.waived if column else ""
        return "; waived, the values are unknown" + (f": {lost}" if lost else "")

    def _column(self, fault: _Tally | Rule) -> Column | None:
        return next((column for column in self.present if column.name == fault.column), None)

    # The relation: every delivered column as "raw <name>", each typed column under its name; of identifiers
    # "word <name>" says whether the value is an ordinary word, which two tallies ask.

    def _with_words(self) -> list[Column]:
        return [column for column in self.present if column.is_identifier and self.convertible[column.name]]

    def _word(self, name: str) -> str:
        return identifier(f"word {name}")

    def _typed(self, column: Column) -> str | None:
        delivered = self.source.columns[column.name]
        raw = absent(identifier(column.name), delivered)
        return conversion(raw, delivered, column.data_type)

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
        words = []
        for column in self._with_words():
            value = absent(identifier(column.name), self.source.columns[column.name])
            is_word = f"regexp_full_match({value}, {literal(ORDINARY_WORD)})"
            words.append(f"{is_word} as {self._word(column.name)}")
        relation = f"(select {', '.join([*raws, *typed, *words])} from {self.source.relation})"
        if not self.nothing:
            return relation
        emptied = ", ".join(
            f"case when not coalesce({nothing}, false) then {identifier(name)} end as {identifier(name)}"
            for name, nothing in self.nothing.items()
        )
        return f"(select * replace ({emptied}) from {relation})"

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

    def _one_row(self, expressions: str, condition: str = "true") -> tuple[int, ...]:
        (row,) = self.connection.execute(
            f"select {expressions} from {self._relation()} where {condition}"
        ).fetchall()
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
            codes = self.connection.execute(
                f"select cast(code as varchar) from {codes_table(column)}"
            ).fetchall()
            self.codes[column.name] = {str(code).lower() for (code,) in codes}

    # What is checked.

    def _missing_columns(self) -> tuple[str, ...]:
        missing = [column for column in self.register.columns if column.name not in self.source.columns]
        unknown = [
            name
            for name in self.source.columns
            if name not in {column.name for column in self.register.columns}
        ]
        for column in missing:
            other, hint = self._meant(column.name, unknown)
            if column.is_required or (other and other.lower() == column.name):
                self._add("columns", f"the column is missing{hint}.", column.name)
            elif not column.is_optional or other:
                self._add(
                    "columns",
                    f"the column was not delivered; its values are unknown{hint}.",
                    column.name,
                    level=Level.WARN,
                )
        return tuple(column.name for column in missing if not column.is_optional)

    def _meant(self, name: str, unknown: list[str]) -> tuple[str | None, str]:
        """Return the ignored column that was meant, most likely, and what to say of it."""
        for other in unknown:
            if other.lower() == name:
                return other, f" (there is {_printable(other)}: names are lower case)"
        plain = {"".join(filter(str.isalnum, other.lower())): other for other in reversed(unknown)}
        likely = difflib.get_close_matches("".join(filter(str.isalnum, name)), plain, 1, 0.75)
        if not likely:
            return None, ""
        other = plain[likely[0]]
        return other, f" (there is '{_printable(other[:60])}': is it meant? Then call it {name})"

    def _tallies(self, column: Column) -> list[_Tally]:
        name, raw = identifier(column.name), self._raw(column)
        if self.convertible[column.name] is None:
            return [self._wrong_type(column)]
        tallies = []
        delivered, wanted = self.source.columns[column.name], column.data_type
        unsure = imprecise(raw, delivered, wanted)
        word = self._word_for_nothing(column)
        if wanted != "varchar":
            say = _say(f"{{}} with a value that is not {_TYPE_NAMES[wanted]}")
            shown_raw = f"cast({raw} as varchar)" if column.is_code else None
            lost = f"{raw} is not null and {name} is null" + (f" and not {unsure}" if unsure else "")
            tallies.append(
                _Tally("type", column.name, lost, say, shown_raw, word and f"not {word}", _REMEDIES[wanted])
            )
            tallies += self._nothing(column, lost, word)
        if unsure:
            kind = "double" if delivered == "DOUBLE" else "float"
            say = _say(
                f"{{}} with a value from {largest_exact(delivered):,} on, where {kind} no longer keeps every "
                "whole number, and what was lost cannot be seen"
            )
            remedy = "deliver the column as whole numbers (int32 or int64)"
            tallies.append(_Tally("type", column.name, unsure, say, remedy=remedy))
        if fraction := rounded(raw, delivered, wanted):
            say = _say("{} with a fraction of a krone, rounded to whole kroner")
            tallies.append(_Tally("rounded", column.name, fraction, say, level=Level.WARN))
        if column.is_identifier:
            ordinary = f"regexp_full_match({name}, {literal(ORDINARY_IDENTIFIER)})"
            special = f"(not {self._word(column.name)} and not {ordinary})"
            for form, words in IDENTIFIER_FAULTS:
                confirm = f"not {word} and regexp_matches({name}, {literal(form)})"
                tallies.append(_Tally("text", column.name, special, _say(f"{{}} {words}"), confirm=confirm))
            tallies += self._nothing(column, special, word)
        elif wanted == "varchar":
            # Most codes are digits, and what stands for nothing is not.
            tallies += self._nothing(column, f"not ({name} >= '0' and {name} < ':')", word)
        return tallies

    def _word_for_nothing(self, column: Column) -> str | None:
        """Return SQL that is true where the delivered value is a word for nothing and no code."""
        delivered, raw = self.source.columns[column.name], self._raw(column)
        if delivered in ("HALF", "FLOAT", "DOUBLE"):
            return f"isnan({raw})"
        if delivered not in ("VARCHAR", "ENUM"):
            return None
        texts = [text for text in column.nothing.texts if text not in self.codes.get(column.name, ())]
        word = f"lower(trim({raw})) in ({', '.join(map(literal, texts))})"
        if not column.nothing.forms:
            return f"({word})"
        form = "|".join(column.nothing.forms)
        return f"({word} or regexp_full_match(lower(trim({raw})), {literal(form)}))"

    def _nothing(self, column: Column, unusual: str, word: str | None) -> list[_Tally]:
        """Count what stands for nothing: words among the unusual values, and listed or shared values."""
        name, raw = identifier(column.name), self._raw(column)
        shown = f"coalesce(cast({name} as varchar), trim(cast({raw} as varchar)))"
        waivable = column.name not in (*self.register.key, "personid")
        remedy = "leave such fields empty"

        def tally(condition: str, words: str, confirm: str | None = None) -> _Tally:
            say = _say(f"{{}} with {words}")
            return _Tally(
                NOTHING,
                column.name,
                condition,
                say,
                shown,
                confirm,
                remedy,
                is_listed=True,
                waivable=waivable,
            )

        is_text = self.source.columns[column.name] in ("VARCHAR", "ENUM")
        words = "a word for an unknown value" if is_text else "a value that is not a number (NaN)"
        tallies = [tally(unusual, words, word)] if word else []
        listed = list(column.nothing.values)
        if listed:
            tallies.append(tally(f"{name} in ({', '.join(listed)})", "a value that stands for nothing"))
        if shared := self._shared_values(column):
            among = f"{name} in ({', '.join(shared)})" + (
                f" and {name} not in ({', '.join(listed)})" if listed else ""
            )
            share = 100 * (column.nothing.one_value or 0)
            words = f"a value that more than {share:.0f} % of all have, which stands for nothing"
            tallies.append(tally(among, words))
        return tallies

    def _shared_values(self, column: Column) -> list[str]:
        """Return the values that too many rows have, as SQL."""
        if column.nothing.one_value is None:
            return []
        name = identifier(column.name)
        counts = (
            f"select {name}, count(*) as rows, sum(count(*)) over () as total "
            f"from {self._relation()} where {name} is not null group by {name}"
        )
        rows = self.connection.execute(
            f"select cast({name} as varchar) from ({counts}) where rows >= {_FEWEST_THAT_SHARE} "
            f"and rows > {column.nothing.one_value} * total and {column.nothing.one_value_where} "
            f"order by {name}"
        ).fetchall()
        return [f"cast({literal(row[0])} as {column.data_type})" for row in rows]

    def _wrong_type(self, column: Column) -> _Tally:
        delivered = self.source.columns[column.name]
        reason = ""
        if column.data_type == "varchar" and "INT" in delivered:
            reason = ": leading zeros are lost"
        elif column.data_type == "varchar" and delivered in ("HALF", "FLOAT", "DOUBLE", "DECIMAL"):
            reason = ": digits may be lost"
        say = _say(
            f"delivered as {delivered.lower()}, must be {_TYPE_NAMES[column.data_type]}{reason} "
            "({} with a value)"
        )
        condition = f"{self._raw(column)} is not null"
        return _Tally("type", column.name, condition, say, remedy=_REMEDIES[column.data_type])

    def _identity_tallies(self) -> list[_Tally]:
        """Every text column counts, also those that are otherwise ignored."""
        say = _say("{} with what looks like a national identity number; such numbers are never accepted")
        expected = {column.name for column in self.register.columns}
        words = {column.name for column in self._with_words()}
        tallies = []
        for name, data_type in self.source.columns.items():
            value = identifier(f"raw {name}")
            if data_type in ("BIGINT", "UBIGINT", "DOUBLE") and name not in expected:
                value = f"lpad(try_cast(try_cast({value} as hugeint) as varchar), 11, '0')"
            elif data_type not in ("VARCHAR", "ENUM"):
                continue
            candidate = is_candidate(value)
            if name in words:
                # Eleven digits that stand by themselves are nowhere in a word that begins with a letter.
                candidate = f"(not ({self._word(name)} and {value} >= 'A') and {candidate})"
            confirm = holds_identity_number(value)
            tallies.append(_Tally("privacy", _printable(name[:60]), candidate, say, confirm=confirm))
        return tallies

    # What is said.

    def _add(
        self,
        check: str,
        text: str,
        column: str | None = None,
        level: Level = Level.REFUSE,
        count: int | None = None,
    ) -> None:
        finding = Finding(check, text, self.file.path, column, count, level=level)
        self.findings.append(replace(finding, register=self.register.name, period=self.file.period))

    def _report(self, fault: _Tally | Rule, count: int, level: Level, remark: str = "") -> None:
        column = self._column(fault)
        values = self._values(fault, column) if fault.shows and column else ()
        shown = [f"'{value}' ({counted(rows, 'row')})" for value, rows in values]
        others = count - sum(rows for _, rows in values)
        if fault.shows and others:
            shown.append(f"{counted(others, 'row')} with values that are not shown")
        valid = validity(self.connection, column, [value for value, _ in values]) if column else ""
        said = fault.say(count) + (f": {', '.join(shown)}" if shown else "")
        finding = Finding(
            fault.check,
            f"{said}{valid}{remark}.",
            self.file.path,
            fault.column,
            count,
            values,
            level,
            self.register.name,
            self.file.period,
            fault.waivable,
        )
        if fault.waivable and level is Level.REFUSE:
            finding = replace(finding, persons=self._persons(fault), loses=column.waived if column else "")
        self.findings.append(finding)
        if self.collects_rows:
            collect(self.connection, finding, fault.violated, self._relation())

    def _persons(self, fault: _Tally | Rule) -> int | None:
        if not any(column.name == "personid" for column in self.present):
            return None
        return self._one_row("count(distinct personid)", f"({fault.violated})")[0]

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
                raw = self._raw(other)
                pseudonyms = f"select cast({raw} as varchar) from {self._relation()} where {raw} is not null"
                conditions.append(f"{text} not in ({pseudonyms})")
        if isinstance(fault, _Tally) and fault.is_listed:
            conditions = [f"length({text}) <= {_LONGEST_LISTED_VALUE}"]
        rows = self.connection.execute(
            f"select case when {' and '.join(conditions)} then {text} end as shown, count(*) as rows "
            f"from {self._relation()} where {fault.violated} "
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


def _say(template: str) -> Callable[[int], str]:
    return lambda count: template.replace("{}", counted(count, "row"))


def _printable(value: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in value)
