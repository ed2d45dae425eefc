"""The accepted files: staged, moved, and only then entered in the ledger."""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from utvandring.common.errors import UtvandringError
from utvandring.common.files import IMMUTABLE_FILE, remove, sha256_of, sync_file, sync_folder
from utvandring.common.project import DataRoot
from utvandring.common.sql import literal
from utvandring.deliveries.checks import CheckedFile
from utvandring.deliveries.ledger import AcceptedFile, Ledger

_STAGING_PREFIX = ".staging-"
MEMORY_LIMIT = "2GB"
THREADS = 2


@contextmanager
def staging_folder(root: DataRoot) -> Iterator[Path]:
    """Give a private folder inside the root; whatever happens it is gone afterwards, or at the next run."""
    folder = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX, dir=root.accepted))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def engine(spill: Path, **settings: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database of bounded memory that spills into a folder.

    Parameters
    ----------
    spill
        The folder.
    settings
        Settings of the engine in place of these, or besides.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": THREADS,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            **settings,
        }
    )
    try:
        connection.execute("set enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def clean_leftovers(root: DataRoot, ledger: Ledger) -> None:
    """Remove what an interrupted run left: staging folders, unfinished reports, files of no delivery."""
    for folder in root.accepted.glob(f"{_STAGING_PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for unfinished in (*root.accepted.glob("reports/.*.new"), *root.quarantine.glob("*/.*.new")):
        remove(unfinished)
    # Also the files of withdrawn deliveries: builds as of them read them.
    known = {root.accepted / file.path for file in ledger.stored_files}
    for path in root.files.glob("*/*.parquet"):
        if path not in known:
            remove(path)


def stage(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedFile,
    staging: Path,
    taken: Collection[str] = (),
) -> AcceptedFile:
    """Write the typed columns of a checked file into the staging folder, under a path that is not `taken`.

    Raises
    ------
    UtvandringError
        If the file was changed while it was being checked.
    """
    file = checked.file
    stem = f"files/{file.register}/{file.register}_p{file.period}_v{file.version}_{file.sha256[:12]}"
    # A withdrawn delivery that is delivered again is stored again.
    paths = (f"{stem}.parquet", *(f"{stem}_{again}.parquet" for again in range(2, len(taken) + 3)))
    path = next(path for path in paths if path not in taken)
    staged = staging / path
    staged.parent.mkdir(parents=True, exist_ok=True)
    result = connection.execute(
        f"copy ({checked.select}) to {literal(str(staged))} "
        # Pseudonyms hardly shrink: higher levels make no smaller files, and take half as long again.
        "(format parquet, compression zstd, compression_level 1)"
    ).fetchone()
    if result is None or result[0] != checked.rows:
        raise UtvandringError(f"{file.path} was changed while it was being read: deliver it again.")
    staged.chmod(IMMUTABLE_FILE)
    sync_file(staged)
    return AcceptedFile(
        register=file.register,
        period=file.period,
        version=file.version,
        delivered_path=file.path,
        sha256=file.sha256,
        path=path,
        stored_sha256=sha256_of(staged),
        rows=checked.rows,
        missing_columns=checked.missing_columns,
    )


def move_into_place(root: DataRoot, staging: Path, files: tuple[AcceptedFile, ...]) -> None:
    """Move staged files to their final names; they do not count until the ledger names them."""
    folders = set()
    for file in files:
        final = root.accepted / file.path
        final.parent.mkdir(mode=0o750, exist_ok=True)
        os.rename(staging / file.path, final)  # noqa: PTH104 - fails on Windows where Path.replace would overwrite
        folders.add(final.parent)
    for folder in folders:
        sync_folder(folder)
    sync_folder(root.files)


def damaged_files(root: DataRoot, files: tuple[AcceptedFile, ...]) -> tuple[str, ...]:
    """Return the paths of accepted files that are gone or are no longer what was stored."""

    def is_damaged(file: AcceptedFile) -> bool:
        path = root.accepted / file.path
        return not path.is_file() or sha256_of(path) != file.stored_sha256

    # Checksums are computed without the lock of the interpreter.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(
            file.path for file, found in zip(files, pool.map(is_damaged, files), strict=True) if found
        )
