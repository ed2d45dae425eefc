"""Rules of the specification about the values of a register, as expectations.

Every rule stands here once as data: the Great Expectations class that judges it, the SQL that picks out the
rows at fault (for the codes that a message names, for what a waiver makes unknown), and the sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from utvandring.common.sql import identifier, literal
from utvandring.deliveries.specification import Column, Register, RowRule
from utvandring.deliveries.verdict import Level, counted

FIRST_YEAR = 1850

NOT_NULL = "ExpectColumnValuesToNotBeNull"
IN_SET = "ExpectColumnValuesToBeInSet"
REGEX = "ExpectColumnValuesToMatchRegex"
UNIQUE = "ExpectColumnValuesToBeUnique"
UNIQUE_TOGETHER = "ExpectCompoundColumnsToBeUnique"

# The check of values that stand for nothing; it is asked while a file is read, and no rule of an expectation.
NOTHING = "nothing"


@dataclass(frozen=True)
class Rule:
    """One expectation on the rows of a file.

    Parameters
    ----------
    register, column, check
        Its name is the three joined by points.
    level
        What follows if a row breaks it.
    say
        The sentence for a number of rows.
    expectation
        Name of the Great Expectations class.
    of
        The column of the batch that it judges, with the SQL that gives it.
    arguments
        Its further arguments.
    violated
        SQL that is true for the rows at fault.
    shows
        SQL of the value that a message may name, None where it is a fact about a person.
    waivable
        Whether a data steward may accept the file all the same, the values becoming unknown.
    """

    register: str
    column: str
    check: str
    level: Level
    say: Callable[[int], str]
    expectation: str
    of: dict[str, str]
    violated: str
    arguments: dict[str, Any] = field(default_factory=dict)
    shows: str | None = None
    waivable: bool = True

    @property
    def is_key(self) -> bool:
        """Whether it judges all rows together, and not each by itself."""
        return self.expectation in (UNIQUE, UNIQUE_TOGETHER)

    @property
    def name(self) -> str:
        """The name by which a waiver calls it."""
        return f"{self.register}.{self.column}.{self.check}"


def rules_of(register: Register, period: int, delivery_year: int) -> tuple[Rule, ...]:
    """Return every rule of a register for a file.

    Parameters
    ----------
    register
        The specification.
    period
        The year of the file.
    delivery_year
        Year in which the delivery was produced; no event was registered later.

    Returns
    -------
    tuple of Rule
        The key first, then the columns in the order of the specification, then what holds within a row.
    """
    rules = [_key(register)] if register.key else []
    for column in register.columns:
        rules += _column_rules(register, column, period, delivery_year)
    rules += [_row_rule(register, rule) for rule in register.rules]
    return tuple(rules)


def waivable_checks(register: Register) -> frozenset[str]:
    """Return the names of the checks of a register's values that a data steward may waive."""
    rules = rules_of(register, FIRST_YEAR, FIRST_YEAR)
    never = (*register.key, "personid")
    return frozenset(
        [rule.name for rule in rules if rule.waivable]
        + [
            f"{register.name}.{column.name}.{NOTHING}"
            for column in register.columns
            if column.name not in never
        ]
    )


def _key(register: Register) -> Rule:
    names = [identifier(name) for name in register.key]
    alone = len(names) == 1
    filled = " and ".join(f"{name} is not null" for name in names)
    repeated = f"count(*) over (partition by {', '.join(names)}) > 1"
    return Rule(
        register.name,
        ", ".join(register.key),
        "key",
        Level.REFUSE,
        _say("{} with a key that occurs more than once"),
        UNIQUE if alone else UNIQUE_TOGETHER,
        dict(zip(register.key, names, strict=True)),
        f"{filled} and {repeated}",
        {} if alone else {"column_list": list(register.key)},
        waivable=False,
    )


def _column_rules(register: Register, column: Column, period: int, delivery_year: int) -> list[Rule]:
    name = identifier(column.name)
    shown = f"cast({name} as varchar)" if column.is_code else None

    def rule(
        check: str,
        template: str,
        expectation: str,
        of: dict[str, str],
        violated: str,
        shows: str | None = None,
        waivable: bool = True,
        **arguments: Any,
    ) -> Rule:
        return Rule(
            register.name,
            column.name,
            check,
            Level.REFUSE,
            _say(template),
            expectation,
            of,
            violated,
            arguments,
            shows,
            waivable,
        )

    def holds(check: str, template: str, words: str, violated: str, shows: str | None = None) -> Rule:
        """Judge a condition for which Great Expectations has no class of its own, worked out in SQL."""
        return rule(
            check,
            template,
            IN_SET,
            {f"{column.name} {words}": f"not coalesce({violated}, false)"},
            violated,
            shows,
            value_set=[True],
        )

    text = {column.name: f"cast({name} as varchar)"}
    rules = []
    if not column.nullable:
        rules.append(
            rule(
                "required",
                "{} without a value",
                NOT_NULL,
                text,
                f"{name} is null",
                waivable=column.name not in (*register.key, "personid"),
            )
        )
    if column.required_where is not None:
        missing = f"{name} is null and coalesce({column.required_where}, false)"
        template = f"{{}} without a value, which is required where {column.required_where}"
        rules.append(holds("required", template, f"is known where {column.required_where}", missing))
    if column.code_list is not None:
        valid = f" as valid for {period}" if column.code_list.where else ""
        template = f"{{}} with a code that is not in the code list {column.code_list.seed}{valid}"
        unknown = f"{name} not in (select code from {codes_table(column)})"
        rules.append(
            holds("code_list", template, f"is in the code list {column.code_list.seed}", unknown, shown)
        )
    if column.pattern is not None:
        rules.append(
            rule(
                "pattern",
                f"{{}} with a value that does not have the form {column.pattern}",
                REGEX,
                text,
                f"not regexp_full_match({name}, {literal(column.pattern)})",
                shown,
                regex=rf"\A(?:{column.pattern})\Z",
            )
        )
    for bound, sign, word in ((column.minimum, "<", "below"), (column.maximum, ">", "above")):
        if bound is not None:
            template = f"{{}} with a value {word} {bound}"
            rules.append(holds("range", template, f"is not {word} {bound}", f"{name} {sign} {bound}", shown))
    if column.format is not None or column.data_type == "date":
        rules += _date_rules(column, period, delivery_year, holds)
    return rules


def _date_rules(
    column: Column,
    period: int,
    delivery_year: int,
    holds: Callable[..., Rule],
) -> list[Rule]:
    name = identifier(column.name)
    rules = []
    if column.data_type == "date":
        year = f"year({name})"
    else:
        year, impossible, example = _calendar(name, column.format or "")
        rules.append(
            holds("date", f"{{}} with a value that is not {example}", "is in the calendar", impossible)
        )
    if column.within_period:
        check, first, last = "period", FIRST_YEAR if column.may_be_late else period, period
        template = f"{{}} with a date outside the period {period}"
        if column.may_be_late:
            template = (
                f"{{}} with a date outside the period {period} and the years from {FIRST_YEAR} before it"
            )
    else:
        latest = {"period": period, "delivery": max(delivery_year, period + 2)}
        check, first, last = "range", FIRST_YEAR, latest.get(column.latest, period + 2)
        template = f"{{}} with a year outside {first} to {last}"
    outside = f"{year} not between {first} and {last}"
    rules.append(holds(check, template, f"lies in {first} to {last}", outside))
    return rules


def _row_rule(register: Register, rule: RowRule) -> Rule:
    words = rule.name.replace("_", " ")
    return Rule(
        register.name,
        rule.column,
        rule.name,
        rule.level,
        _say(f"{{}} {rule.says}"),
        IN_SET,
        {words: f"coalesce({rule.condition}, true)"},
        f"not coalesce({rule.condition}, true)",
        {"value_set": [True]},
    )


def codes_table(column: Column) -> str:
    """Return the name of the temporary table with the codes of a column that are valid for the file."""
    return identifier(f"codes {column.name}")


def _say(template: str) -> Callable[[int], str]:
    return lambda count: template.replace("{}", counted(count, "row"))


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
