"""What was found in a delivery, and what follows from it."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Level(StrEnum):
    """How grave a finding is."""

    REFUSE = "refuse"
    WARN = "warn"
    NOTE = "note"


class Status(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REPEATED = "repeated"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or unusual; never holds anything about a single person.

    `values` are codes with the number of rows that hold them, most frequent first; `waivable` tells whether a
    data steward may accept the delivery all the same, `persons` of how many persons the rows are, and `loses`
    what the warehouse would then lose. `announced` are the sender's words about a change that would be a
    warning without them.
    """

    check: str
    text: str
    file: str | None = None
    column: str | None = None
    count: int | None = None
    values: tuple[tuple[str, int], ...] = ()
    level: Level = Level.REFUSE
    register: str | None = None
    period: int | None = None
    waivable: bool = False
    persons: int | None = None
    loses: str = ""
    announced: str = ""

    @property
    def name(self) -> str:
        """The name of the check, by which a waiver calls it."""
        return ".".join(part for part in (self.register, self.column, self.check) if part)

    def sentence(self) -> str:
        """Say the finding with the file and column it was made in."""
        place = ", ".join(part for part in (self.file, self.column and f"column {self.column}") if part)
        said = f"{place}: {self.text}" if place else self.text
        return f"{said} Announced: {self.announced}" if self.announced else said

    def as_json(self) -> dict[str, Any]:
        """Return the finding for the report in quarantine."""
        return {
            "level": self.level.value,
            "check": self.check,
            "name": self.name,
            "register": self.register,
            "period": self.period,
            "file": self.file,
            "column": self.column,
            "count": self.count,
            "values": [{"value": value, "rows": rows} for value, rows in self.values],
            "text": self.text,
            "waivable": self.waivable,
            "persons": self.persons,
            "loses": self.loses,
            "announced": self.announced,
        }

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Finding":
        """Read a finding of the ledger."""
        return cls(
            check=entry["check"],
            text=entry["text"],
            file=entry["file"],
            column=entry["column"],
            count=entry["count"],
            values=tuple((value["value"], value["rows"]) for value in entry["values"]),
            level=Level(entry["level"]),
            register=entry["register"],
            period=entry["period"],
            waivable=entry["waivable"],
            persons=entry.get("persons"),
            loses=entry.get("loses", ""),
            announced=entry.get("announced", ""),
        )


@dataclass(frozen=True)
class Verdict:
    """The outcome of one `utvandring deliver`."""

    delivery_id: str
    status: Status
    refusals: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    files: int = 0
    rows: int = 0
    notes: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = field(default=())
    report: Path | None = None
    page: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the verdict for programs."""
        return {
            "delivery_id": self.delivery_id,
            "status": self.status.value,
            "refusals": [finding.as_json() for finding in self.refusals],
            "warnings": [finding.as_json() for finding in self.warnings],
            "notes": [finding.as_json() for finding in self.notes],
            "files": self.files,
            "rows": self.rows,
            "missing": list(self.missing),
            "page": self.page and str(self.page),
            "report": self.report and str(self.report),
        }


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
