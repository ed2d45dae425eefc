"""`utvandring diff`: the warehouse as of two deliveries, built aside, and the difference as tables."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from utvandring.builds.building import Request, require_complete, run_dbt
from utvandring.builds.locking import exclusive
from utvandring.common.engine import engine_settings
from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.files import PRIVATE_FILE
from utvandring.common.progress import Progress
from utvandring.common.project import DataRoot
from utvandring.common.sql import literal, path_literal
from utvandring.deliveries.ledger import AcceptedFile, Ledger, read_ledger
from utvandring.deliveries.specification import Specification, read_specification

_HERE = Path(__file__).parent
_MARTS = ("+person_year", "+mobility_rate")


@dataclass(frozen=True)
class Table:
    """A table of differences; it holds counts and codes, never persons."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rows as objects."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def compare_deliveries(
    root: DataRoot, project: Path, before: str, after: str, progress: Progress | None = None
) -> tuple[Table, ...]:
    """Say what changed from one delivery to another: `registers`, `person_years`, `rates`.

    The warehouse of each is built in a folder of its own, which is removed afterwards: neither the warehouse
    nor the publication of the data root is touched.

    Parameters
    ----------
    root
        The data root.
    project
        The dbt project.
    before, after
        Accepted deliveries; what was known when each of them had just been accepted is compared.
    progress
        Told what is being done and the share of the work that is done.

    Raises
    ------
    UsageError
        If a delivery is unknown, or both are the same.
    BuildFailedError
        If the marts of one of them could not be built.
    """
    tell = progress or (lambda label, fraction: None)
    if before == after:
        raise UsageError(f"Both deliveries are {before}: name two that differ.")
    ledger = read_ledger(root)
    ledgers = ledger.as_of(before), ledger.as_of(after)
    for name, known in zip((before, after), ledgers, strict=True):
        try:
            require_complete(known, root, project)
        except UtvandringError as error:
            raise UtvandringError(f"As of {name}: {error}") from error
    with _scratch(root, ledger) as scratch:
        tell("registers", 0.0)
        registers = _compare_registers(root, read_specification(project), *ledgers)
        _start_from_warehouse(root, scratch)
        run_dbt(scratch, project, _request(before), lambda label, part: tell(label, 0.05 + 0.4 * part))
        kept = scratch.path / "before.duckdb"
        shutil.copyfile(scratch.warehouse, kept)
        run_dbt(scratch, project, _request(after), lambda label, part: tell(label, 0.45 + 0.4 * part))
        tell("comparing", 0.85)
        config: dict[str, Any] = {"temp_directory": str(scratch.path / "tmp"), **engine_settings()}
        with duckdb.connect(config=config) as connection:
            connection.execute(f"attach {literal(str(kept))} as before (read_only)")
            connection.execute(f"attach {literal(str(scratch.warehouse))} as after (read_only)")
            marts = [_table(connection, name) for name in ("person_years", "rates")]
    return registers, *marts


def _request(delivery_id: str) -> Request:
    return Request(select=_MARTS, as_of=delivery_id, only_tables=True)


@contextmanager
def _scratch(root: DataRoot, ledger: Ledger) -> Iterator[DataRoot]:
    """Give a data root inside the root, with the same accepted files, that is gone afterwards.

    What a comparison that was killed has left is removed by the next one.
    """
    scratch = DataRoot(root.path / ".diff")
    scratch.path.mkdir(mode=0o750, exist_ok=True)
    with exclusive(scratch, "diff"):
        _empty(scratch)
        try:
            scratch.prepare()
            for file in ledger.files().values():
                _link(root.accepted / file.path, scratch.accepted / file.path)
            shutil.copyfile(root.ledger, scratch.ledger)
            yield scratch
        finally:
            _empty(scratch)


def _empty(scratch: DataRoot) -> None:
    for path in scratch.path.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif not path.name.startswith(".lock"):
            path.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _start_from_warehouse(root: DataRoot, scratch: DataRoot) -> None:
    """Begin with what is built already, so that only the years that differ are built."""
    try:
        # Held open while it is copied: nobody writes it meanwhile.
        with duckdb.connect(str(root.warehouse), read_only=True):
            shutil.copyfile(root.warehouse, scratch.warehouse)
    except (duckdb.Error, OSError):
        scratch.warehouse.unlink(missing_ok=True)
        return
    scratch.warehouse.chmod(PRIVATE_FILE)


def _compare_registers(root: DataRoot, specification: Specification, before: Ledger, after: Ledger) -> Table:
    known, news = before.current_files(), after.current_files()
    rows: list[tuple[Any, ...]] = []
    with duckdb.connect(config=engine_settings()) as connection:
        for register, period in sorted(known.keys() | news.keys()):
            old, new = known.get((register, period)), news.get((register, period))
            if old is not None and new is not None and old.stored_sha256 == new.stored_sha256:
                continue
            if old is None or new is None:
                change = ("added", new.rows if new else 0, 0) if old is None else ("removed", 0, old.rows)
                counts: tuple[Any, ...] = (*change, 0)
            else:
                key = specification.registers[register].key
                files = {"before": _read(root, [old]), "after": _read(root, [new])}
                counts = ("replaced", *_count(connection, "keyed_rows" if key else "repeated_rows", files))
            rows.append((register, str(period), old and old.version, new and new.version, *counts))
        persons = {
            when: _query("latest_persons").format(
                files=", ".join(_paths(root, [file for (name, _), file in files.items() if name == "person"]))
            )
            for when, files in (("before", known), ("after", news))
        }
        if persons["before"] != persons["after"]:
            counts = _count(connection, "keyed_rows", persons)
            rows.append(("person", "latest", None, None, "persons", *counts))
    columns = ("register", "period", "version_before", "version_after", "change")
    return Table("registers", (*columns, "rows_added", "rows_removed", "rows_changed"), tuple(rows))


def _paths(root: DataRoot, files: list[AcceptedFile]) -> list[str]:
    return [path_literal(root.accepted / file.path) for file in sorted(files, key=lambda file: file.period)]


def _read(root: DataRoot, files: list[AcceptedFile]) -> str:
    return f"read_parquet([{', '.join(_paths(root, files))}])"


def _count(connection: duckdb.DuckDBPyConnection, name: str, relations: dict[str, str]) -> tuple[int, ...]:
    (row,) = connection.execute(_query(name).format(**relations)).fetchall()
    counts: tuple[int, ...] = row
    return counts


def _table(connection: duckdb.DuckDBPyConnection, name: str) -> Table:
    cursor = connection.execute(_query(name))
    columns = tuple(column[0] for column in cursor.description or ())
    return Table(name, columns, tuple(cursor.fetchall()))


def _query(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")
