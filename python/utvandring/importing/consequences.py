"""What an import lacks of the contract, and what that makes unknown in the marts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from utvandring.common.files import read_yaml
from utvandring.deliveries.specification import Specification

_LIST = Path(__file__).parent / "consequences.yml"


@dataclass(frozen=True)
class Loss:
    """A register, or a column of one, that an import does not give, and what becomes of the marts."""

    register: str
    column: str | None
    unknown: tuple[str, ...]
    weaker: tuple[str, ...]

    def sentence(self) -> str:
        """Say it in one line."""
        what = f"{self.register}.{self.column}" if self.column else f"the register {self.register}"
        parts = []
        if self.unknown:
            parts.append(f"unknown: {', '.join(self.unknown)}")
        if self.weaker:
            parts.append(f"worth less: {', '.join(self.weaker)}")
        return f"{what}: {'; '.join(parts) or 'no mart needs it'}"


def losses(given: Mapping[str, set[str]], specification: Specification) -> list[Loss]:
    """Return what is missing.

    Parameters
    ----------
    given
        The registers that an import gives, with the columns that hold any value.
    specification
        The registers and columns that there are.
    """
    entries = {(entry["register"], entry.get("column")): entry for entry in read_yaml(_LIST)}
    missing: list[tuple[str, str | None]] = []
    for name, register in specification.registers.items():
        if name not in given:
            missing.append((name, None))
            continue
        missing += [
            (name, column.name)
            for column in register.columns
            if column.name not in given[name] and (name, column.name) in entries
        ]
    return [
        Loss(
            register,
            column,
            tuple(entries.get((register, column), {}).get("unknown", ())),
            tuple(entries.get((register, column), {}).get("weaker", ())),
        )
        for register, column in missing
    ]
