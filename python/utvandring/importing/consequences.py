"""What an import lacks of the contract, and what becomes of the marts by `benchmarks/losses.py`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utvandring.common.files import read_yaml
from utvandring.deliveries.specification import Specification
from utvandring.deliveries.verdict import counted

CONSEQUENCES = Path(__file__).parent / "consequences.yml"
# As many names of tables are listed; of more the number is said.
_FEW = 4


@dataclass(frozen=True)
class Loss:
    """What an import does not give, and what becomes of the marts.

    `says` are its words; `empty` names tables without rows, `unknown` columns that are NULL in every row,
    `weaker` columns that have other values and `figures` other tables that have other rows. `told_by` is the
    column by whose presence an import says that it has this loss; `is_read` says that it was read from the
    models and not measured.
    """

    says: str
    register: str
    column: str | None = None
    told_by: str | None = None
    empty: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    weaker: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    is_read: bool = False

    def sentence(self) -> str:
        """Say it in one line."""
        parts = []
        if self.empty:
            parts.append(f"empty: {', '.join(self.empty)}")
        if self.unknown:
            parts.append(f"unknown: {', '.join(self.unknown)}")
        if self.weaker:
            parts.append(f"worth less: {', '.join(self.weaker)}")
        if self.figures:
            parts.append(f"other figures: {_names(self.figures)}")
        return f"{self.says.replace('`', '')}: {'; '.join(parts) or 'no mart needs it'}"


def read_losses() -> list[Loss]:
    """Return every loss that was measured."""
    return [_loss(entry) for entry in read_yaml(CONSEQUENCES)]


def _loss(entry: Mapping[str, Any]) -> Loss:
    lists = {
        name: tuple(entry.get(name, ())) for name in ("empty", "unknown", "weaker", "figures")
    }  # fmt: skip
    return Loss(
        entry["says"], entry["register"], entry.get("column"), entry.get("told_by"), **lists,
        is_read=entry.get("is_read", False),
    )  # fmt: skip


def losses(given: Mapping[str, set[str]], specification: Specification) -> list[Loss]:
    """Return what is missing.

    Parameters
    ----------
    given
        The registers that an import gives, with the columns that hold any value.
    specification
        The registers and columns that there are.
    """
    found = []
    for loss in read_losses():
        columns = given.get(loss.register)
        if columns is None:
            is_lost = loss.column is None and loss.told_by is None
        elif loss.told_by is not None:
            is_lost = loss.told_by in columns
        else:
            is_lost = loss.column is not None and loss.column not in columns
        if is_lost and loss.register in specification.registers:
            found.append(loss)
    return found


def table_of_losses(measured: Iterable[Loss]) -> str:
    """Return the losses as the table of the guide, in Markdown."""
    lines = [
        "| missing | NULL in every row, or empty | other values (share of rows) | other figures |",
        "|---|---|---|---|",
    ]
    for loss in measured:
        nothing = [f"the whole of {table}" for table in loss.empty] + list(loss.unknown)
        cells = [", ".join(nothing), ", ".join(loss.weaker), _names(loss.figures)]
        says = f"{loss.says} *" if loss.is_read else loss.says
        lines.append(f"| {says} | {' | '.join(cell or '–' for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _names(tables: tuple[str, ...]) -> str:
    if len(tables) <= _FEW:
        return ", ".join(tables)
    return f"{', '.join(tables[:_FEW])} and {counted(len(tables) - _FEW, 'more table')}"
