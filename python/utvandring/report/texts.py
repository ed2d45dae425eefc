"""Texts and numbers in the languages of the report."""

import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("en", "nb")

# A text in every language, or the place of one in the texts of the report, such as `axes.per_100`.
Words = str | Mapping[str, str]

_MINUS = "−"
_NO_BREAK_SPACE = "\u00a0"

# The standard symbols of Statistics Norway for a cell without a number.
WITHHELD = ":"
IMPOSSIBLE = "."
MISSING = ".."
SYMBOLS = {WITHHELD: "withheld", IMPOSSIBLE: "impossible", MISSING: "missing"}


class Texts:
    """Every text of the report in one language.

    Parameters
    ----------
    language
        One of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        source = resources.files(__package__) / "texts" / f"{language}.yml"
        # Everything is text: `no` and `1` are keys, not values.
        self._texts: dict[str, Any] = yaml.load(source.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        self.language = language
        self._decimal = self("decimal")
        self._thousands = _NO_BREAK_SPACE if self("thousands").isspace() else self("thousands")

    def __call__(self, *path: str, **values: object) -> str:
        """Return the text at a path of keys, with its `{…}` filled in.

        Raises
        ------
        KeyError
            If there is no such text.
        """
        text = self._at(path)
        if not isinstance(text, str):
            raise KeyError(".".join(path))
        return text.format(**values) if values else text

    def group(self, *path: str) -> dict[str, str]:
        """Return the texts below a path, in the order in which they are written."""
        texts: dict[str, str] = self._at(path)
        return texts

    def say(self, words: Words) -> str:
        """Return a text that is given in every language, or by its place.

        Raises
        ------
        KeyError
            If there is no text at that place.
        """
        return self(*words.split(".")) if isinstance(words, str) else words[self.language]

    def names(self, names: str | Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Return names by code that are given in every language, or by the place of their list.

        Raises
        ------
        KeyError
            If there is no list at that place.
        """
        if isinstance(names, str):
            return self.group(*names.split("."))
        return {code: words[self.language] for code, words in names.items()}

    def _at(self, path: tuple[str, ...]) -> Any:
        here: Any = self._texts
        for key in path:
            if key not in here:
                raise KeyError(f"{self.language}: {'.'.join(path)}")
            here = here[key]
        return here

    def number(self, value: float | None, digits: int = 0) -> str:
        """Write a number as the language does; a missing one as the symbol for it."""
        if value is None or math.isnan(value):
            return MISSING
        text = f"{abs(value):,.{digits}f}".translate({ord(","): self._thousands, ord("."): self._decimal})
        is_zero = float(f"{abs(value):.{digits}f}") == 0
        return f"{_MINUS}{text}" if value < 0 and not is_zero else text

    def withheld(self, values: Iterable[float | None]) -> list[str]:
        """Say how many of the values of a figure are withheld; nothing where none is."""
        listed = list(values)
        missing = sum(value is None for value in listed)
        if not missing:
            return []
        return [self("figure", "withheld", n=self.number(missing), total=self.number(len(listed)))]

    def course(self, key: str, label: str, points: Iterable[tuple[float, float | None]]) -> str:
        """Describe a line by its first and last known value: text `key` of `alt`, points as (x, value)."""
        known = sorted((x, value) for x, value in points if value is not None)
        if not known:
            return self("alt", "line_short", name=label)
        (first_x, first), (last_x, last) = known[0], known[-1]
        return self(
            "alt",
            key,
            name=label,
            first=self.number(first, 1),
            first_x=first_x,
            last=self.number(last, 1),
            last_x=last_x,
        )

    @property
    def locale(self) -> dict[str, Any]:
        """The number format of the language, as Vega takes it."""
        return {
            "decimal": self._decimal,
            "thousands": self._thousands,
            "grouping": [3],
            "currency": ["", ""],
            "minus": _MINUS,
        }


@cache
def texts(language: str) -> Texts:
    """Return the texts of a language, read once."""
    return Texts(language)


@cache
def statements(name: str) -> tuple[dict[str, Any], ...]:
    """Return a bilingual list of statements (`contradictions`, `definitions`), in the order of the file."""
    source = resources.files(__package__) / f"{name}.yml"
    return tuple(yaml.safe_load(source.read_text(encoding="utf-8")))
