"""`utvandring import`: from an extract to a delivery, whole or not at all."""

import contextlib
import datetime
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from utvandring.common.engine import engine_settings
from utvandring.common.errors import UsageError
from utvandring.common.files import write_json
from utvandring.common.progress import Progress
from utvandring.common.sql import identifier
from utvandring.deliveries import identity
from utvandring.deliveries.checks import load_code_lists
from utvandring.deliveries.manifest import MANIFEST
from utvandring.deliveries.specification import Specification, read_specification
from utvandring.deliveries.store import MEMORY_LIMIT, engine
from utvandring.importing.faults import ImportFaultError
from utvandring.importing.finding import Found, find_sources, periods_of
from utvandring.importing.folder import Import, read_import
from utvandring.importing.queries import REFORM, Compiled, compile_queries, prepare
from utvandring.importing.record import Counted, Record, write_record
from utvandring.importing.staging import Staged, require_one_kind_of_id, stage_source
from utvandring.importing.writing import Written, check_columns, periods_of_register, write_register

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")


@dataclass(frozen=True)
class Prepared:
    """An import whose files were found and whose queries were bound; no row has been read."""

    entry: Import
    specification: Specification
    found: Found
    first: int
    last: int
    compiled: Compiled


def prepare_import(folder: Path, extract: Path, project: Path) -> Prepared:
    """Read the folder of an import, find its files and bind its queries.

    Raises
    ------
    FolderError
        If the folder says something that cannot be understood.
    ImportFaultError
        If files are missing, or not what the folder says.
    """
    specification = read_specification(project)
    entry = read_import(folder, specification)
    found = find_sources(entry, extract)
    first, last = periods_of(entry, found.sources)
    reform = specification.code_list_folder / f"{REFORM}.csv"
    columns = {name: source.relation_columns for name, source in found.sources.items()}
    compiled = compile_queries(entry, columns, first, last, reform)
    for name in compiled.registers:
        check_columns(specification.registers[name], compiled.columns[name])
    return Prepared(entry, specification, found, first, last, compiled)


def run_import(
    folder: Path, extract: Path, out: Path, project: Path, progress: Progress | None = None
) -> Record:
    """Write the delivery that an import makes of an extract.

    Parameters
    ----------
    folder
        The import.
    extract
        The files as they were sent.
    out
        The folder of the delivery; it must not exist yet, and appears when it is whole.
    project
        The dbt project, which holds the contract and the code lists.
    progress
        Told how far the work has come.

    Returns
    -------
    Record
        What was read, dropped, inferred and chosen, as `import.json` and `import.html` hold it.

    Raises
    ------
    UtvandringError
        If it cannot be done; then nothing has changed.
    """
    told = progress or (lambda label, fraction: None)
    if not _NAME.fullmatch(out.name):
        raise UsageError(
            "--out: the name of the folder becomes the name of the delivery: letters, digits, '-', '_' and "
            "'.' only."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"--out: {out} exists already: name another folder, or remove it.")
    told("reading headers", 0.0)
    prepared = prepare_import(folder, extract, project)
    require_concepts(prepared)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _work_folder(out) as work:
        delivery = work / "delivery"
        delivery.mkdir(mode=0o700)
        with _engine(work) as connection:
            try:
                load_code_lists(connection, prepared.specification)
                staged = _stage(connection, prepared, work, told)
                counted = _count(connection, prepared)
                written = _write(connection, prepared, staged, work, delivery, told)
            except duckdb.Error as error:
                raise ImportFaultError(_engine_failure(error)) from error
        record = Record.of(prepared, staged, counted, written, out.name)
        write_record(delivery, record)
        write_json(delivery / MANIFEST, _manifest(prepared, written, record, out.name))
        told("finishing", 1.0)
        _publish(delivery, out)
    return record


def require_concepts(prepared: Prepared) -> None:
    """Refuse an income or a wealth that does not say which one it is: one name is used of several.

    Raises
    ------
    ImportFaultError
        With the choice to write.
    """
    gives = prepared.compiled.columns.get("inntekt", {})
    for name in ("wies", "nettoformue"):
        if name in gives and name not in prepared.entry.choices:
            raise ImportFaultError(
                f"inntekt.sql gives {name}, and `choices:` in sources.yml does not say which concept it is: "
                "write "
                + (
                    "`wies: after-tax income per consumption unit` (what the contract means), or what it is "
                    "instead."
                    if name == "wies"
                    else "`nettoformue: calculated net wealth`, or taxable, as its definition says."
                )
            )


@contextlib.contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside the output that only its owner reads, and that is gone afterwards."""
    prefix = f".{out.name}.importing-"
    for left in out.parent.glob(f"{prefix}*"):
        process = left.name.removeprefix(prefix).split("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=out.parent))

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    # A polite stop is as good as Ctrl-C: what was begun is removed.
    before = None
    with contextlib.suppress(ValueError):
        before = signal.signal(signal.SIGTERM, stop)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextlib.contextmanager
def _engine(work: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    spill = work / "spill"
    spill.mkdir(mode=0o700)
    settings = engine_settings()
    # The memory of a delivery, unless it is said: two readers of statistical files need some beside it.
    if "UTVANDRING_MEMORY" not in os.environ:
        settings["memory_limit"] = MEMORY_LIMIT
    settings |= {"preserve_insertion_order": False, "partitioned_write_max_open_files": 64}
    with engine(spill, **settings) as connection:
        connection.execute(identity.macro())
        yield connection


def _stage(
    connection: duckdb.DuckDBPyConnection, prepared: Prepared, work: Path, told: Progress
) -> dict[str, Staged]:
    prepare(connection, prepared.entry, prepared.specification.code_list_folder / f"{REFORM}.csv")
    sources = prepared.found.sources
    weights = {
        name: sum(file.location.stat().st_size for file in source.files) + 1
        for name, source in sources.items()
    }
    total, done, staged = sum(weights.values()), 0, {}
    for name, source in sources.items():
        told(f"reading {name}", 0.6 * done / total)
        staged[name] = stage_source(
            connection,
            source,
            prepared.compiled.used[name],
            prepared.compiled.scans[name],
            work,
            bool(prepared.entry.id_prefix),
        )
        done += weights[name]
    require_one_kind_of_id(staged, sources)
    for name, sql in prepared.compiled.steps.items():
        connection.execute(f"create view {identifier(name)} as {sql}")
    return staged


def _count(connection: duckdb.DuckDBPyConnection, prepared: Prepared) -> list[Counted]:
    counted = []
    for told in prepared.compiled.told:
        row = connection.execute(told.query).fetchone()
        number = int(row[0]) if row and row[0] is not None else 0
        if number and told.refuses:
            raise ImportFaultError(
                f"{told.relation}: {told.what}: {number:,}. Leave such rows out in a step, or correct the "
                "call of the macro."
            )
        one = Counted(told.relation, told.what, number)
        if one not in counted and not told.refuses:
            counted.append(one)
    return counted


def _write(
    connection: duckdb.DuckDBPyConnection,
    prepared: Prepared,
    staged: dict[str, Staged],
    work: Path,
    delivery: Path,
    told: Progress,
) -> list[Written]:
    written = []
    names = [name for name in prepared.specification.registers if name in prepared.compiled.registers]
    for place, name in enumerate(names):
        told(f"writing {name}", 0.6 + 0.4 * place / len(names))
        register = prepared.specification.registers[name]
        written.append(
            write_register(
                connection,
                prepared.entry,
                register,
                prepared.compiled.registers[name],
                prepared.compiled.columns[name],
                periods_of_register(register, prepared.first, prepared.last),
                work,
                delivery,
            )
        )
        if name == "befolkning" and written[-1].empty_periods:
            years = ", ".join(str(year) for year in written[-1].empty_periods)
            empty = ", ".join(source for source, one in staged.items() if one.files and not one.rows)
            without = f" (no file of {empty} holds a row)" if empty else ""
            raise ImportFaultError(
                f"befolkning.sql gives no row for {years}{without}: every 1 January from {prepared.first} to "
                f"{prepared.last} is "
                "needed; see `utvandring import … --check` for the years of the sources, and `periods:`."
            )
    return written


def _manifest(prepared: Prepared, written: list[Written], record: Record, name: str) -> dict[str, object]:
    return {
        "delivery_id": name,
        "produced_at": prepared.entry.received or _newest(prepared),
        "imported": record.for_manifest(),
        "files": sorted(
            (file for register in written for file in register.files),
            key=lambda file: (str(file["register"]), str(file["period"])),
        ),
    }


def _newest(prepared: Prepared) -> str:
    """Return the day on which the newest file of the extract was written."""
    times = [file.location.stat().st_mtime for one in prepared.found.sources.values() for file in one.files]
    return datetime.datetime.fromtimestamp(max(times), datetime.UTC).date().isoformat()


def _publish(delivery: Path, out: Path) -> None:
    delivery.chmod(0o750)
    if out.exists():
        out.rmdir()
    delivery.rename(out)


def _engine_failure(error: duckdb.Error) -> str:
    """Say what stopped the engine, without its message: it may quote a value."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return (
            "The memory did not suffice for a query: allow more with UTVANDRING_MEMORY (such as 4GB), or "
            "let the query keep "
            "fewer columns; nothing was written."
        )
    if "No space left" in str(error):
        return "The disk is full: twice the size of the extract is needed beside --out; nothing was written."
    if isinstance(
        error, duckdb.ConversionException | duckdb.InvalidInputException | duckdb.OutOfRangeException
    ):
        return (
            "A query turns a value into a type that it does not fit (`cast`): use the functions of the kit "
            "or `try_cast`, "
            "and let the check of the register count what is left; nothing was written."
        )
    return f"A query could not be run ({type(error).__name__}): --debug shows the engine's own words."
