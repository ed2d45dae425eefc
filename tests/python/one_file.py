"""One small file at a time through its checks, in this process and without the rest of a delivery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deliveries import PROJECT, Key, Row, good_files, write_parquet

from utvandring.deliveries.checks import CheckedFile, check_file
from utvandring.deliveries.manifest import DeliveredFile
from utvandring.deliveries.specification import read_specification
from utvandring.deliveries.verdict import Level

POPULATION: Key = ("befolkning", 2013, 1)
PERSON: Key = ("person", 2012, 1)
MOVES: Key = ("flytting", 2012, 1)
EDUCATION: Key = ("utdanning", 2012, 1)
EXAMS: Key = ("utdanningsaktivitet", 2012, 1)
JOBS: Key = ("sysselsetting", 2012, 1)
INCOME: Key = ("inntekt", 2012, 1)

SPECIFICATION = read_specification(PROJECT)


@dataclass(frozen=True)
class Checked:
    """One file after its checks, with the connection in which it can still be read."""

    result: CheckedFile
    connection: duckdb.DuckDBPyConnection

    @property
    def refusals(self) -> str:
        return self._told(Level.REFUSE)

    @property
    def warnings(self) -> str:
        return self._told(Level.WARN)

    def stored(self, column: str) -> list[Any]:
        """Return the values of a column as they would be stored, in the order of the rows."""
        rows = self.connection.execute(f"select {column} from ({self.result.select})").fetchall()
        return [row[0] for row in rows]

    def _told(self, level: Level) -> str:
        return "\n".join(found.sentence() for found in self.result.findings if found.level is level)


class Check:
    """Checks one small file at a time, without the rest of a delivery."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder

    def rows(
        self, key: Key, rows: Sequence[Row], waived: Iterable[str] = (), **types: pa.DataType
    ) -> Checked:
        path = self.folder / "file.parquet"
        write_parquet(path, key[0], rows, types)
        return self.file(key, path, len(rows), waived)

    def column(self, key: Key, column: str, values: Sequence[Any], data_type: pa.DataType) -> Checked:
        """Check the good file with values for the first rows of a column, of a type."""
        rows = [{**row, column: value} for row, value in zip(good_files()[key], values, strict=False)]
        return self.rows(key, rows, **{column: data_type})

    def csv(self, key: Key, content: str | bytes, waived: Iterable[str] = ()) -> Checked:
        path = self.folder / "file.csv"
        written = content.encode() if isinstance(content, str) else content
        path.write_bytes(written)
        return self.file(key, path, written.count(b"\n") - 1, waived)

    def file(self, key: Key, path: Path, rows: int, waived: Iterable[str] = ()) -> Checked:
        file = DeliveredFile(*key, path.name, path, rows, "")
        result = check_file(self.connection, file, SPECIFICATION.registers[key[0]], 2014, waived)
        return Checked(result, self.connection)


def refused(checked: Checked, *parts: str) -> None:
    for part in parts:
        assert part in checked.refusals, checked.refusals


def taken(checked: Checked) -> Checked:
    assert checked.refusals == "", checked.refusals
    return checked


def population(column: str, values: Sequence[Any]) -> list[Row]:
    """Return a person with each value of a column, in the population register."""
    row = good_files()[POPULATION][0]
    return [{**row, "personid": f"person-{number}", column: value} for number, value in enumerate(values)]
