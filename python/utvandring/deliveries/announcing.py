"""Changes that the sender of a delivery announces: `announced` in `delivery.json`, hostile as the rest of it.

An announcement names a register, a period, codes of one column (or no column: the number of rows) and the
reason. It makes no check less strict: the comparisons with earlier deliveries are asked once more without
these codes (`between.py`), and what is found then is a warning as ever.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from utvandring.common.near import near
from utvandring.deliveries.specification import Register, Specification

LARGEST_NUMBER = 100
LARGEST_NUMBER_OF_CODES = 60
LONGEST_REASON = 400

# The check of the note about an announcement that explains nothing.
NOT_SEEN = "announced"

_CODE = re.compile(r"[0-9A-Za-zÆØÅæøå_.-]{1,40}")
_ELEVEN_DIGITS = re.compile(r"\d([ .-]?\d){10}")
_KEYS = ("register", "period", "column", "codes", "reason")


@dataclass(frozen=True)
class Announcement:
    """A change of one register and year that the sender knows of: codes of a column, or the rows."""

    register: str
    period: int
    column: str | None
    codes: tuple[str, ...]
    reason: str
    # Whether an earlier delivery announced it, of a year that now comes again.
    is_earlier: bool = field(default=False, compare=False)

    @property
    def key(self) -> tuple[str, int, str | None]:
        """Register, period and column."""
        return self.register, self.period, self.column

    @property
    def what(self) -> str:
        """What was announced, as a message names it."""
        of_column = f", column {self.column}, {', '.join(self.codes)}" if self.column else ", number of rows"
        return f"{self.register} {self.period}{of_column}"

    def as_json(self) -> dict[str, Any]:
        """Return the announcement as the ledger keeps it."""
        return {
            "register": self.register,
            "period": self.period,
            "column": self.column,
            "codes": list(self.codes),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Announcement":
        """Read an announcement of the ledger, which an earlier delivery made."""
        return cls(
            entry["register"],
            entry["period"],
            entry["column"],
            tuple(entry["codes"]),
            entry["reason"],
            is_earlier=True,
        )


def read_announced(
    value: Any, specification: Specification, year_of: Callable[[Any], int | None]
) -> tuple[tuple[Announcement, ...], tuple[str, ...]]:
    """Read what a delivery announces.

    Parameters
    ----------
    value
        `announced` of `delivery.json`, whatever was written there.
    specification
        The registers that exist.
    year_of
        Gives the year of a period, None if it is none.

    Returns
    -------
    tuple
        The announcements, and a sentence with the next step for each that cannot be used.
    """
    if not isinstance(value, list) or len(value) > LARGEST_NUMBER:
        return (), (f"'announced' must be a list of at most {LARGEST_NUMBER} changes.",)
    announced: dict[tuple[str, int, str | None], Announcement] = {}
    faults = []
    for number, entry in enumerate(value, start=1):
        one = _announcement(entry, specification, year_of)
        if isinstance(one, str):
            faults.append(f"entry {number} of 'announced': {one}")
        elif one.key in announced:
            faults.append(f"entry {number} of 'announced': {one.what} is announced twice; write one entry.")
        else:
            announced[one.key] = one
    return tuple(announced.values()), tuple(faults)


def _announcement(
    entry: Any, specification: Specification, year_of: Callable[[Any], int | None]
) -> Announcement | str:
    """Return an announcement, or the sentence that says what is wrong with it."""
    if not isinstance(entry, dict) or not set(entry) <= set(_KEYS):
        return f"it must be an object of {', '.join(_KEYS)}."
    name = entry.get("register")
    register = specification.registers.get(name) if isinstance(name, str) else None
    if register is None:
        names = tuple(specification.registers)
        return f"there is no register {_shown(name)}: write one of {', '.join(names)}.{near(name, names)}"
    period = year_of(entry.get("period"))
    if period is None:
        return "'period' must be the year of a file, as text."
    reason = entry.get("reason")
    if not is_printable(reason, LONGEST_REASON) or not reason.strip():
        return f"'reason' must say why, in at most {LONGEST_REASON} printable characters."
    if _ELEVEN_DIGITS.search(reason):
        return "'reason' has eleven digits in a row, as an identity number has: leave them out."
    column, codes = entry.get("column"), entry.get("codes")
    if column is None and codes is None:
        return Announcement(register.name, period, None, (), reason.strip())
    fault = _fault_of_column(column, register)
    if fault:
        return fault
    if (
        not isinstance(codes, list)
        or not 0 < len(codes) <= LARGEST_NUMBER_OF_CODES
        or not all(isinstance(code, str) and _CODE.fullmatch(code) for code in codes)
    ):
        return (
            f"'codes' must name the codes of {column} that changed, as a list of 1 to "
            f'{LARGEST_NUMBER_OF_CODES} texts, such as ["148"].'
        )
    return Announcement(register.name, period, column, tuple(sorted(set(codes))), reason.strip())


def _fault_of_column(column: Any, register: Register) -> str:
    names = tuple(one.name for one in register.columns if one.code_list is not None)
    if column in names:
        return ""
    if not names:
        return (
            f"{register.name} has no column of codes: leave out 'column' and 'codes' to announce the number "
            "of rows."
        )
    known = any(one.name == column for one in register.columns)
    says = "is no column of codes" if known else f"is no column of {register.name}"
    return (
        f"{_shown(column)} {says}: write one of {', '.join(names)}, or leave out 'column' and 'codes' to "
        f"announce the number of rows.{near(column, names)}"
    )


def _shown(value: Any) -> str:
    return f"'{value}'" if is_printable(value, 40) else "of that name"


def is_printable(text: Any, longest: int) -> TypeGuard[str]:
    """Tell whether a value is a text of printable characters that is not too long to show."""
    return isinstance(text, str) and len(text) <= longest and text.isprintable()
