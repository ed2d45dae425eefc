"""Names with years, months and waves in them: of files, and of columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# A year of two digits from here on is of the twentieth century.
CENTURY = 50

_PLACES = {
    "yyyy": "(?P<year4>(?:1[89]|20)[0-9]{2})",
    "yy": "(?P<year2>[0-9]{2})",
    "mm": "(?P<month2>0[1-9]|1[0-2])",
    "m": "(?P<month1>1[0-2]|[1-9])",
    "n": "(?P<number>[0-9]{1,4})",
    "wave": "(?P<wave>[^/]+?)",
    "part": "(?P<part>[^/]+?)",
    "from": "(?:1[89]|20)[0-9]{2}",
    "to": "(?:1[89]|20)[0-9]{2}",
}
_PIECE = re.compile(r"\{([a-z]+)\}|(\*\*/)|(\*)|([^{*]+|\{)")


class PatternError(ValueError):
    """A pattern that cannot be understood; its text says why."""


@dataclass(frozen=True)
class Named:
    """What stood in the places of a pattern."""

    year: int | None = None
    month: int | None = None
    number: int | None = None
    wave: str | None = None
    part: str | None = None
    wild: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pattern:
    """A name with places, such as `{yyyy}`, `{yy}`, `{mm}`, `{part}`, `*` and `**/`.

    Upper and lower case are the same.
    """

    text: str

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The pattern as a regular expression for whole names.

        Raises
        ------
        PatternError
            If a place is unknown, or stands there twice.
        """
        pieces, wild = [], 0
        for place, folders, star, plain in _PIECE.findall(self.text):
            if place:
                if place not in _PLACES:
                    known = ", ".join(f"{{{name}}}" for name in _PLACES)
                    raise PatternError(f"{{{place}}} is not a place of a pattern: {known}, * and **/ are.")
                pieces.append(_PLACES[place])
            elif folders:
                pieces.append(f"(?P<wild{wild}>(?:[^/]+/)*)")
                wild += 1
            elif star:
                pieces.append(f"(?P<wild{wild}>[^/]*)")
                wild += 1
            else:
                pieces.append(re.escape(plain))
        try:
            return re.compile("".join(pieces), re.IGNORECASE)
        except re.error as error:
            raise PatternError(f"{self.text} holds one place twice.") from error

    def match(self, name: str) -> Named | None:
        """Return what stood in the places, or None if the name is another."""
        found = self.expression.fullmatch(name)
        if found is None:
            return None
        groups = found.groupdict()
        year = groups.get("year4") and int(groups["year4"])
        if groups.get("year2"):
            year = full_year(int(groups["year2"]))
        month = groups.get("month1") or groups.get("month2")
        return Named(
            year=year or None,
            month=int(month) if month else None,
            number=int(groups["number"]) if groups.get("number") else None,
            wave=groups.get("wave"),
            part=groups.get("part"),
            wild=tuple(value.lower() for name, value in groups.items() if name.startswith("wild")),
        )

    @property
    def has_part(self) -> bool:
        """Whether several files may be parts of one."""
        return "{part}" in self.text


def full_year(year: int) -> int:
    """Return a year of two digits in full: 86 is 1986, 18 is 2018."""
    return year + (1900 if year >= CENTURY else 2000)


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give every file under a folder with its path below it, in order, but for links that lead out."""
    root = folder.resolve()
    for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
        if path.is_file() and path.resolve().is_relative_to(root):
            yield path.relative_to(folder).as_posix(), path
