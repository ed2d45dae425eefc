"""What the head of a file says: its columns, how they are stored, and what is declared beside the cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from utvandring.importing.patterns import Named


@dataclass(frozen=True)
class FileColumn:
    """A column as it is stored.

    `kind` is text, integer, float, double, date, timestamp or boolean; `unit` what a number counts, None for
    an ordinary number; `unknown_format` a format of dates or times that is not converted; `exact_below` the
    first whole number of which the stored form is not sure; `declared` the values declared missing, each a
    pair of bounds; `labels` the words for values; `width` the length of a text.
    """

    name: str
    kind: str = "text"
    format: str = ""
    unit: str | None = None
    unknown_format: bool = False
    exact_below: int | None = None
    declared: tuple[tuple[float | str, float | str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    width: int | None = None


@dataclass(frozen=True)
class FileHeader:
    """A file of a source and what its head says; `rows` is None where the head does not say."""

    path: str
    location: Path
    form: str
    named: Named
    columns: tuple[FileColumn, ...]
    rows: int | None = None
    separator: str = ""
    starts_with_names: bool = True

    def column(self, name: str) -> FileColumn | None:
        """Return a column by its name; upper and lower case are the same."""
        wanted = name.lower()
        return next((column for column in self.columns if column.name.lower() == wanted), None)
