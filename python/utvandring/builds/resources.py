"""What a build needs of the machine, by the accepted rows: said before it begins, and not hours later.

The figures are rough, and from builds that were measured (benchmarks/results.md, "Memory" and "The whole of
Norway by size"). Too little is told only where it is certain to fail.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utvandring.common.engine import MEMORY, bytes_of_memory
from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot
from utvandring.common.room import gigabytes, require_room
from utvandring.deliveries.ledger import AcceptedFile, Ledger

# person_year is built four years at a time (`block_years`), the joins of these years in memory: 2.9 million
# rows at once fail with 190 bytes for each (2026-11-30).
_YEARS_AT_A_TIME = 4
_BYTES_A_PERSON_YEAR = 200
# Warehouse and publication, of the accepted files; what the engine spills comes to it.
_DISK_OF_DELIVERY = 5


def require_resources(root: DataRoot, ledger: Ledger, settings: Mapping[str, Any]) -> None:
    """Make sure that memory and disk can suffice for a build.

    Parameters
    ----------
    root
        The data root.
    ledger
        The deliveries to build from.
    settings
        Of `engine_settings`.

    Raises
    ------
    UtvandringError
        If the allowed memory is more than the machine has, or less than one statement needs; if the disk has
        too little room.
    """
    current = ledger.current_files()
    _require_memory(current, str(settings["memory_limit"]))
    _require_disk(root, current)


def _require_memory(current: Mapping[tuple[str, int], AcceptedFile], allowed: str) -> None:
    name = MEMORY[0]
    has = _memory_of_machine()
    limit = bytes_of_memory(allowed, has)
    # What nobody has set is no mistake.
    if has and limit > has and name in os.environ:
        raise UtvandringError(
            f"{name} allows {allowed}, and the machine has {gigabytes(has)}: set it to less, and build again."
        )
    residents = {
        period: file.rows for (register, period), file in current.items() if register == "befolkning"
    }
    needed = memory_needed(residents)
    if limit < needed:
        raise UtvandringError(
            f"{name} allows {allowed}, and person_year of these registers takes some {gigabytes(needed)} at "
            f"once: set {name} to more, and build again."
        )


def memory_needed(residents: Mapping[int, int]) -> int:
    """Return the bytes that the largest statement of a build needs.

    Parameters
    ----------
    residents
        Rows of the population register by period.
    """
    years = [sum(residents.get(period + year, 0) for year in range(_YEARS_AT_A_TIME)) for period in residents]
    return _BYTES_A_PERSON_YEAR * max(years, default=0)


def _require_disk(root: DataRoot, current: Mapping[tuple[str, int], AcceptedFile]) -> None:
    delivered = sum(_size(root.accepted / file.path) for file in current.values())
    there = _size(root.warehouse) + _size(root.publication)
    require_room(root.path, _DISK_OF_DELIVERY * delivered - there, "a build of these registers")


def _size(path: Path) -> int:
    """Return the bytes of a file; that an accepted one is gone is said elsewhere."""
    return path.stat().st_size if path.is_file() else 0


def _memory_of_machine() -> int:
    """Return the bytes of memory, 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
