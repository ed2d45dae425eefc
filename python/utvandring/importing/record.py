"""What an import read, dropped, inferred and chose: `import.json` for programs, `import.html` for people.

Everything in it is a count, a name of a file or column, or a code; never an id or a value of a person.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from utvandring import __version__
from utvandring.common.files import PRIVATE_FILE, write_json
from utvandring.importing.consequences import Loss, losses
from utvandring.importing.staging import Staged
from utvandring.importing.writing import Written

if TYPE_CHECKING:
    from utvandring.importing.running import Prepared

RECORD, PAGE = "import.json", "import.html"


@dataclass(frozen=True)
class Counted:
    """A number that a macro had counted: of which source or step, and of what."""

    relation: str
    what: str
    number: int


@dataclass(frozen=True)
class Record:
    """The record of one import."""

    delivery_id: str
    program_version: str
    first_january: int
    last_january: int
    choices: tuple[dict[str, str], ...]
    sources: tuple[dict[str, Any], ...]
    counted: tuple[Counted, ...]
    registers: tuple[dict[str, Any], ...]
    losses: tuple[Loss, ...]
    unused_files: tuple[str, ...]

    @classmethod
    def of(
        cls,
        prepared: "Prepared",
        staged: dict[str, Staged],
        counted: list[Counted],
        written: list[Written],
        name: str,
    ) -> "Record":
        """Put the record of a run together."""
        entry = prepared.entry
        made = [{"choice": one.name, "value": one.value, "why": one.why} for one in entry.choices.values()]
        made += [
            {"choice": what, "value": value, "why": ""}
            for what, value in sorted(prepared.compiled.choices.items())
        ]
        if entry.id_prefix:
            made.append(
                {"choice": "id_prefix", "value": entry.id_prefix, "why": "ids look like identity numbers"}
            )
        if entry.years_of:
            named = ", ".join(entry.years_of)
            years = f"{prepared.first} to {prepared.last}, the years that {named} have in common"
            made.append({"choice": "periods", "value": years, "why": ""})
        return cls(
            delivery_id=name,
            program_version=__version__,
            first_january=prepared.first,
            last_january=prepared.last,
            choices=tuple(made),
            sources=tuple(_source(name, one) for name, one in staged.items()),
            counted=tuple(counted),
            registers=tuple(_register(one) for one in written),
            losses=tuple(
                losses(
                    {one.register: set(one.known) - _unknown(one) for one in written}, prepared.specification
                )
            ),
            unused_files=prepared.found.unused_files,
        )

    @property
    def rows(self) -> int:
        """Rows of the delivery."""
        return sum(sum(one["rows"].values()) for one in self.registers)

    @property
    def inferred(self) -> int:
        """Events that were inferred."""
        return sum(sum(one["inferred"].values()) for one in self.registers)

    def for_manifest(self) -> dict[str, Any]:
        """Return what `delivery.json` carries on, to the ledger, the build and the report."""
        return {
            "choices": {one["choice"]: one["value"] for one in self.choices},
            "inferred_events": self.inferred,
            "lacks": [f"{one.register}.{one.column}" if one.column else one.register for one in self.losses],
        }


def _unknown(written: Written) -> set[str]:
    return {column for column, times in written.known.items() if not times}


def _source(name: str, staged: Staged) -> dict[str, Any]:
    return {
        "source": name,
        "rows": staged.rows,
        "dropped": {reason: number for reason, number in staged.dropped.items() if number},
        "marks": staged.marks,
        "files": [asdict(file) for file in staged.files],
    }


def _register(written: Written) -> dict[str, Any]:
    return {
        "register": written.register,
        "columns": list(written.columns),
        "rows": {str(year): rows for year, rows in written.rows.items()},
        "outside_the_periods": {str(year): rows for year, rows in written.outside.items()},
        "identical_rows": written.identical,
        "inferred": written.inferred,
        "periods_without_rows": written.empty_periods,
    }


def write_record(folder: Path, record: Record) -> None:
    """Write `import.json` and the page into the folder of a delivery."""
    write_json(folder / RECORD, {"format": 1, **asdict(record)})
    page = folder / PAGE
    page.write_text(render(record), encoding="utf-8", newline="\n")
    page.chmod(PRIVATE_FILE)


def render(record: Record) -> str:
    """Return the page of an import: one HTML file that needs nothing from anywhere."""
    environment = Environment(
        loader=PackageLoader("utvandring.importing", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("import.html").render(record=record)
