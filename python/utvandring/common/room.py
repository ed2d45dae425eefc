"""Room on a disk, asked for before hours are spent on filling it."""

import shutil
from pathlib import Path

from utvandring.common.errors import UtvandringError

_GB = 10**9


def require_room(folder: Path, needed: int, what: str) -> None:
    """Make sure that a disk has room for something.

    Parameters
    ----------
    folder
        A folder of the disk.
    needed
        Bytes, roughly.
    what
        What needs them, for the message, such as "a build of these registers".

    Raises
    ------
    UtvandringError
        If there is less.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UtvandringError(
            f"The disk of {folder} has {gigabytes(free)} free, and {what} takes some {gigabytes(needed)}: "
            "make room, or move the data root (UTVANDRING_DATA), and run the command again."
        )


def gigabytes(amount: int) -> str:
    """Return an amount of bytes for a message."""
    return f"{amount / _GB:.1f} GB"
