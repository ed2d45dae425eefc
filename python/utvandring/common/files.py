"""Files that are either wholly there or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import yaml

_CHUNK = 1 << 20

PRIVATE_FILE = 0o640
IMMUTABLE_FILE = 0o440
OWNER_ONLY = 0o600


# The parser in C, ten times as fast, where PyYAML was built with it.
_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file of the project: plain lists, dicts, texts and numbers."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_YAML_LOADER)


def sha256_of(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 of a file, read in pieces.

    Parameters
    ----------
    path
        The file.
    on_bytes
        Called with the number of bytes of every piece that was read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    """Make sure that the content of a file has reached the disk."""
    with path.open("rb") as file:
        # Windows flushes only handles that may write; there the rename has to do.
        if os.name != "nt":
            os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make sure that renames in a folder have reached the disk."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def owner_only(path: Path) -> Iterator[BinaryIO]:
    """Make a file that only its owner reads from the first byte on, whatever the umask.

    Raises
    ------
    FileExistsError
        If there is one already.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    if os.name != "nt":
        os.fchmod(descriptor, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        yield file
    sync_file(path)


def replace_file(source: Path, destination: Path) -> None:
    """Put a finished file in its final place in one step, durably."""
    sync_file(source)
    source.replace(destination)
    sync_folder(destination.parent)


def replace_folder(source: Path, destination: Path) -> None:
    """Put a finished folder in its final place; an earlier one is kept until the new one is there.

    Folders are not exchanged in one step: for a moment there is none. If the new one cannot be put there, the
    earlier one is.
    """
    if not destination.exists():
        source.replace(destination)
    else:
        earlier = destination.with_name(f".{destination.name}.earlier")
        shutil.rmtree(earlier, ignore_errors=True)
        destination.replace(earlier)
        try:
            source.replace(destination)
        except OSError:
            earlier.replace(destination)
            raise
        shutil.rmtree(earlier)
    sync_folder(destination.parent)


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that a reader, or a crash, finds either the old content or the new."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(PRIVATE_FILE)
    temporary.replace(path)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file, read-only or not; it is no error if it is gone already."""
    if os.name == "nt" and path.exists():
        path.chmod(PRIVATE_FILE)
    path.unlink(missing_ok=True)
