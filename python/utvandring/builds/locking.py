"""One writing command per data root."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot

# A command that was killed a moment ago may still be going away.
PATIENCE_SECONDS = 2.0


@contextmanager
def exclusive(root: DataRoot, purpose: str) -> Iterator[None]:
    """Hold the lock of a data root.

    The operating system releases the lock when the process ends in whatever way, so it is never stale.

    Parameters
    ----------
    root
        The data root; its folder must exist.
    purpose
        The work of the command, for the message to a second command.

    Raises
    ------
    UtvandringError
        If another process holds the lock.
    """
    descriptor = os.open(root.lock, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise UtvandringError(
                    f"Another utvandring command is working on {root.path}"
                    f"{_holder(root)}: wait until it has ended and try again."
                )
            time.sleep(0.1)
        note = root.path / ".lock-holder"
        note.write_text(f"{purpose}, process {os.getpid()}", encoding="utf-8")
        try:
            yield
        finally:
            note.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _holder(root: DataRoot) -> str:
    try:
        text = (root.path / ".lock-holder").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return f" ({text[:80]})" if text else ""


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
