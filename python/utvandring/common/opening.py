"""Opening a built database for reading, and what an error of the engine is about."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from utvandring.common.errors import UtvandringError

# Errors that speak of the query only, never of values in the data.
OF_THE_QUERY = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
_HELD_ELSEWHERE = re.compile("conflicting lock|could not set lock|used by another process", re.IGNORECASE)


def held_elsewhere(error: duckdb.Error) -> bool:
    """Say whether a database could not be opened because another program has it open."""
    return bool(_HELD_ELSEWHERE.search(str(error)))


@contextmanager
def open_to_read(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a built database; nothing is written to it.

    Raises
    ------
    UtvandringError
        If there is none, another program writes to it, or it is damaged or no database.
    """
    if not path.is_file():
        raise UtvandringError(f"There is no built database at {path}: run `utvandring build` first.")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        if held_elsewhere(error):
            raise UtvandringError(
                f"{path} is being written by another program: close it there and run the command again."
            ) from error
        raise UtvandringError(
            f"{path} cannot be read as a DuckDB database: name another file, or rebuild it with "
            "`utvandring build`."
        ) from error
    with connection:
        yield connection


def is_of_the_computer(error: duckdb.Error) -> bool:
    """Say whether the engine failed for want of memory or of room on the disk, whatever the file is like."""
    return isinstance(error, duckdb.OutOfMemoryException) or "No space left" in str(error)
