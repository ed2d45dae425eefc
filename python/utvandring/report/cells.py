"""Tables as the pages show them: cells with a text for people and a value for sorting and files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from utvandring.report.texts import MISSING, SYMBOLS, Texts

Value = str | int | float | None


@dataclass(frozen=True)
class Cell:
    """One cell; `value` is what sorting and files take, `note` goes in smaller type under the text."""

    text: str
    value: Value = None
    note: str = ""
    note_value: Value = None

    @property
    def symbol(self) -> str | None:
        """The meaning of the cell, if it is one of the symbols for a missing number."""
        return SYMBOLS.get(self.text)

    @property
    def raw(self) -> str:
        """The value as text with all its digits; empty where there is none."""
        return raw(self.value)

    @property
    def raw_note(self) -> str:
        """The value of the note with all its digits."""
        return raw(self.note_value)


def raw(value: Value) -> str:
    """Write a value so that it can be read back."""
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Column:
    """A column; columns with the same `group` stand under one heading. `about` is what filters compare."""

    label: str
    group: str = ""
    is_text: bool = False
    note: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A row of a table; its first cell is the heading of the row."""

    cells: Sequence[Cell]
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table with the name of the file it is downloaded to."""

    name: str
    caption: str
    columns: Sequence[Column]
    lines: Sequence[Line]

    @property
    def groups(self) -> list[tuple[str, int, Mapping[str, str]]]:
        """The headings over several columns, with how many they span; empty if there are none."""
        if not any(column.group for column in self.columns):
            return []
        groups: list[tuple[str, int, Mapping[str, str]]] = []
        for column in self.columns:
            if groups and groups[-1][0] == column.group:
                groups[-1] = (column.group, groups[-1][1] + 1, groups[-1][2])
            else:
                groups.append((column.group, 1, column.about))
        return groups


def words(text: str) -> Cell:
    """Make a cell of text."""
    return Cell(text, text)


def figure(value: float | None, text: Texts, digits: int, *, missing: str = MISSING, note: str = "",
           note_value: float | None = None) -> Cell:  # fmt: skip
    """Make a cell of a number; one without a value shows the symbol that says why."""
    if value is None:
        return Cell(missing)
    return Cell(text.number(value, digits), value, note, note_value)
