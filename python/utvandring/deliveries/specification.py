"""The register specification, read from the same file as the dbt sources."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from utvandring.common.files import read_yaml
from utvandring.common.project import SPECIFICATION
from utvandring.common.sql import literal
from utvandring.deliveries.verdict import Level

CODE_LISTS = Path("seeds/code_lists")


@dataclass(frozen=True)
class CodeList:
    """A column of a seed that holds the valid codes of a register column."""

    seed: str
    column: str
    where: str | None


@dataclass(frozen=True)
class Nothing:
    """What stands for nothing in a column.

    `texts` are whole texts in lower case; `forms` regular expressions for whole texts in lower case;
    `values` are of the column's type, as SQL. A value `one_value_where` that more than the share `one_value`
    of the rows with a value have stands for nothing as well.
    """

    texts: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    one_value: float | None = None
    one_value_where: str = "true"


@dataclass(frozen=True)
class Column:
    """A column of a register and every condition on its values."""

    name: str
    data_type: str
    description: str
    nullable: bool
    code_list: CodeList | None
    pattern: str | None
    minimum: float | None
    maximum: float | None
    format: str | None
    required_where: str | None
    within_period: bool
    may_be_late: bool
    latest: str
    waived: str
    nothing: Nothing = Nothing()
    is_optional: bool = False

    @property
    def is_required(self) -> bool:
        """Whether a file without this column is refused."""
        return not self.nullable or self.required_where is not None

    @property
    def is_identifier(self) -> bool:
        """Whether the column may hold text that identifies a person or a family."""
        return self.data_type == "varchar" and self.code_list is None and self.pattern is None

    @property
    def is_code(self) -> bool:
        """Whether the values are codes, which a message may show, rather than facts about one person."""
        if self.format is not None:
            return False
        bounded = self.minimum is not None and self.data_type in ("integer", "bigint")
        return self.code_list is not None or self.pattern is not None or bounded


@dataclass(frozen=True)
class RowRule:
    """What must hold between the columns of one row; `column` holds the value at fault."""

    name: str
    column: str
    condition: str
    says: str
    level: Level


@dataclass(frozen=True)
class Register:
    """A register: its columns in the order in which they are stored, its key, whether it is required."""

    name: str
    required: bool
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[RowRule, ...] = ()


@dataclass(frozen=True)
class Specification:
    """All registers, and the folder of the code lists that they refer to."""

    registers: dict[str, Register]
    code_list_folder: Path

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The registers without which the warehouse cannot be built."""
        return tuple(name for name, register in self.registers.items() if register.required)

    @cached_property
    def seeds(self) -> tuple[str, ...]:
        """The code lists that columns refer to, in alphabetical order."""
        return tuple(
            sorted(
                {
                    column.code_list.seed
                    for register in self.registers.values()
                    for column in register.columns
                    if column.code_list is not None
                }
            )
        )


def read_specification(project: Path) -> Specification:
    """Read the specification of a project.

    Parameters
    ----------
    project
        The folder of the dbt project.

    Returns
    -------
    Specification
        Registers in the order of the file.
    """
    document = read_yaml(project / SPECIFICATION)
    source = next(source for source in document["sources"] if source["name"] == "registers")
    nothing = {
        kind: [text for line in lines for text in ([line] if isinstance(line, str) else line)]
        for kind, lines in source["config"]["meta"]["nothing"].items()
    }
    registers = {table["name"]: _register(table, nothing) for table in source["tables"]}
    return Specification(registers, project / CODE_LISTS)


def _register(table: dict[str, Any], nothing: Mapping[str, list[str]]) -> Register:
    meta = table["config"]["meta"]
    return Register(
        name=table["name"],
        required=meta["required"],
        key=tuple(meta.get("key", ())),
        columns=tuple(_column(column, nothing) for column in table["columns"]),
        rules=tuple(
            RowRule(
                rule["name"],
                rule["column"],
                rule["condition"],
                rule["says"],
                Level(rule.get("level", Level.REFUSE)),
            )
            for rule in meta.get("rules", ())
        ),
    )


def _column(entry: dict[str, Any], nothing: Mapping[str, list[str]]) -> Column:
    meta = entry.get("config", {}).get("meta", {})
    code_list = meta.get("code_list")
    column = Column(
        name=entry["name"],
        data_type=entry["data_type"],
        description=entry["description"],
        nullable=meta.get("nullable", True),
        code_list=code_list and CodeList(code_list["seed"], code_list["column"], meta.get("code_list_where")),
        pattern=meta.get("pattern"),
        minimum=meta.get("minimum"),
        maximum=meta.get("maximum"),
        format=meta.get("format"),
        required_where=meta.get("required_where"),
        within_period=meta.get("within_period", False),
        may_be_late=meta.get("may_be_late", False),
        latest=meta.get("latest", "two years after the period"),
        waived=meta.get("waived", ""),
        is_optional=meta.get("optional", False),
    )
    return replace(column, nothing=_nothing(column, meta, nothing))


def _nothing(column: Column, meta: Mapping[str, Any], nothing: Mapping[str, list[str]]) -> Nothing:
    forms: list[str] = []
    values = [literal(value) if isinstance(value, str) else str(value) for value in meta.get("nothing", ())]
    if column.is_identifier:
        forms = nothing["identifiers"]
    elif column.data_type == "date":
        forms = nothing["dates_as_text"]
        values += [f"date {literal(day)}" for day in nothing["dates"]]
    elif column.format == "yyyymmdd":
        values += [str(int(day.replace("-", ""))) for day in nothing["dates"]]
    return Nothing(
        tuple(nothing["texts"]),
        tuple(forms),
        tuple(values),
        meta.get("one_value"),
        meta.get("one_value_where", "true"),
    )
