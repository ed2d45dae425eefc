"""The first rows of a file, to show what a conversion would make of it; only years are ever shown."""

import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb

from utvandring.common.sql import identifier, path_literal
from utvandring.importing.folder import SourceEntry
from utvandring.importing.headers import FileColumn, FileHeader
from utvandring.importing.statistical import write_sample


def date_range(header: FileHeader, column: FileColumn, entry: SourceEntry) -> str:
    """Return the first and the last year of a column of dates in the first rows, as converted."""
    if column.unit is None:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "sample.parquet"
        write_sample(header, entry, (replace(column),), target)
        with duckdb.connect() as connection:
            name = identifier(column.name)
            row = connection.execute(
                f"select min(left({name}, 4)), max(left({name}, 4)) from read_parquet({path_literal(target)})"
            ).fetchone()
    if row is None or row[0] is None:
        return ", no value in the first rows"
    return f", {row[0]} to {row[1]} in the first rows"
