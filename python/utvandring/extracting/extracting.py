"""`utvandring extract`: rows of a table as one file, whole or not at all, readable by its owner only."""

import csv
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.files import owner_only, read_yaml, replace_file
from utvandring.common.near import near
from utvandring.common.opening import open_to_read
from utvandring.common.progress import Progress
from utvandring.common.project import DataRoot, project_root
from utvandring.common.sql import identifier, literal
from utvandring.extracting import rds, statistical
from utvandring.extracting.columns import Column, measured
from utvandring.extracting.condition import check_condition, close_to_files, explained
from utvandring.extracting.limits import Format, names_in, notes, refusals

CODEBOOK = ".codebook.csv"
# Where extracts may lie in the data root; its other folders belong to the program.
EXTRACTS = "extracts"
_ROWS_AT_A_TIME = 100_000
# Of the engine, beside a block of rows: the whole command stays within 4 GB.
_MEMORY = "2GB"
_THREADS = 2


@dataclass(frozen=True)
class Request:
    """What is extracted, and where to.

    Attributes
    ----------
    table
        As it is named in SQL, such as `marts.person_year`.
    out
        The file to make.
    form
        Its kind.
    condition, columns
        Which rows and columns; all of them without.
    replace
        Whether an earlier file in that place may be replaced.
    """

    table: str
    out: Path
    form: Format
    condition: str | None = None
    columns: tuple[str, ...] = ()
    replace: bool = False


@dataclass(frozen=True)
class Extracted:
    """What was written.

    Attributes
    ----------
    path, codebook
        The file, and the description of its columns and codes beside it.
    rows, columns
        Their numbers.
    labels_n
        Columns and codes whose names are in the file.
    shortened_n
        Labels that the file could not hold whole; the codebook does.
    renamed
        Columns whose names the file cannot have, with those that they have in it.
    notes
        What is another thing in the file than in the database.
    """

    path: Path
    codebook: Path
    rows: int
    columns: int
    labels_n: int
    shortened_n: int
    renamed: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def extract(root: DataRoot, database: Path, request: Request, progress: Progress | None = None) -> Extracted:
    """Write rows of a table to a file for use inside the secure zone.

    Rows are in the order of the table's key. Everything that the kind of file cannot hold is refused before a
    byte is written. The file is readable by its owner only, whatever the umask.

    Parameters
    ----------
    root
        The data root, in whose own folders nothing is written.
    database
        A built or published database; it is only read.
    request
        What is extracted.
    progress
        Told what is done, and the share.

    Raises
    ------
    UsageError
        If the table, a column or the condition is none, or the place is taken or not for personal data.
    UtvandringError
        If no row is chosen, or the kind of file cannot hold what was chosen.
    """
    told = progress or (lambda label, share: None)
    out = request.out.expanduser().absolute()
    codebook = out.with_name(out.name + CODEBOOK)
    _require_place(root, out, codebook, replace=request.replace)
    with (
        tempfile.TemporaryDirectory(prefix=f".{out.name}.", suffix=".extracting", dir=out.parent) as work,
        open_to_read(database) as connection,
    ):
        told("choose rows", 0.0)
        is_of_project = database.resolve() in (root.publication.resolve(), root.warehouse.resolve())
        columns = _choose(connection, request, Path(work), is_of_project=is_of_project)
        told("look at values", 0.3)
        columns = _labelled(connection, measured(connection, _CHOSEN, columns))
        _require_held(request, columns)
        notice = _notice(connection, request)
        made = Path(work) / "file"
        with owner_only(made) as file:
            shortened = _write(connection, request.form, Path(work), file, columns, notice, told)
        described = Path(work) / "codebook"
        with owner_only(described) as file:
            _write_codebook(file, request.form, columns, notice)
        told("put in place", 1.0)
        replace_file(described, codebook)
        replace_file(made, out)
    names = names_in(request.form, columns)
    return Extracted(
        path=out,
        codebook=codebook,
        rows=columns[0].rows,
        columns=len(columns),
        labels_n=sum(bool(column.description) + len(column.labels) for column in columns),
        shortened_n=shortened,
        renamed={name: given for name, given in names.items() if name != given},
        notes=tuple(notes(request.form, columns)),
    )


_CHOSEN = "work.chosen"


def _require_place(root: DataRoot, out: Path, codebook: Path, *, replace: bool) -> None:
    """Refuse places that are taken, and those that personal data would leave from."""
    if not out.parent.is_dir():
        raise UsageError(f"The folder {out.parent} does not exist: make it first.")
    for path in (out, codebook):
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise UsageError(f"{path} is no ordinary file: name another file.")
        if path.exists() and not replace:
            raise UsageError(f"{path} exists: name another file, or add --replace.")
    folder = out.parent.resolve()
    own = root.path.resolve()
    if folder.is_relative_to(own) and not folder.is_relative_to(own / EXTRACTS):
        raise UsageError(
            f"{folder} belongs to the program, and what is in it is published, replaced or removed: name "
            f"a file in {own / EXTRACTS}, or outside of {own}."
        )
    repository = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    if repository is not None and not _is_ignored(folder / out.name, repository):
        raise UsageError(
            f"{folder} is in the git repository {repository}, which is made to be shared: personal data does "
            "not belong there. Name a file outside, or one that .gitignore leaves out."
        )


def _is_ignored(path: Path, repository: Path) -> bool:
    git = shutil.which("git")
    if git is None:
        return False
    asked = [git, "-C", str(repository), "check-ignore", "--quiet", str(path)]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _choose(
    connection: duckdb.DuckDBPyConnection, request: Request, work: Path, *, is_of_project: bool
) -> tuple[Column, ...]:
    """Put the rows aside in the order of the key, in a database that goes with the folder of the work."""
    schema, name, columns = _found(connection, request.table)
    chosen = _named(columns, request.columns)
    connection.execute(f"set memory_limit = {literal(_MEMORY)}")
    connection.execute(f"set threads = {_THREADS}")
    connection.execute(f"set temp_directory = {literal(str(work / 'spill'))}")
    connection.execute(f"attach {literal(str(work / 'chosen.duckdb'))} as work (read_write)")
    close_to_files(connection)
    key = [column.name for column in columns]
    if is_of_project and schema == "marts":
        key = _key(name) or key
    where = ""
    if request.condition is not None:
        check_condition(connection, request.condition)
        where = f" where (\n{request.condition}\n)"
    listed = ", ".join(identifier(column.name) for column in chosen)
    order = ", ".join(identifier(column) for column in key)
    try:
        connection.execute(
            f"create table {_CHOSEN} as select {listed} from {identifier(schema)}.{identifier(name)}{where} "
            f"order by {order}"
        )
    except duckdb.Error as error:
        raise explained(error) from error
    row = connection.execute(f"select count(*) from {_CHOSEN}").fetchone()
    if row is None or not row[0]:
        raise UtvandringError(f"No row of {schema}.{name} meets the condition: nothing was written.")
    return chosen


def _found(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[str, str, tuple[Column, ...]]:
    rows = connection.execute(
        "select schema_name, table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where database_name = current_database() and not internal order by all"
    ).fetchall()
    known = sorted({f"{schema}.{name}" for schema, name, *_ in rows})
    asked = table if "." in table else f"marts.{table}"
    if asked not in known:
        marts = ", ".join(one for one in known if one.startswith("marts."))
        raise UsageError(
            f"There is no table {asked} in the database.{near(asked, known) or f' There are {marts}.'}"
        )
    columns = connection.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() where "
        "database_name = current_database() and schema_name || '.' || table_name = $1 order by column_index",
        [asked],
    ).fetchall()
    schema, _, name = asked.partition(".")
    return schema, name, tuple(Column(*column) for column in columns)


def _named(columns: Sequence[Column], names: Sequence[str]) -> tuple[Column, ...]:
    there = {column.name: column for column in columns}
    for name in names:
        if name not in there:
            known = near(name, there) or f" There are {', '.join(there)}."
            raise UsageError(f"--columns: there is no column {name}.{known}")
        if names.count(name) > 1:
            raise UsageError(f"--columns names {name} twice.")
    return tuple(there[name] for name in names) or tuple(columns)


def _key(mart: str) -> list[str]:
    """Return the key of a mart that its data test declares: much less to sort by than all columns."""
    for path in sorted((project_root() / "models/marts").rglob("*.yml")):
        for model in read_yaml(path).get("models", []):
            for test in model.get("data_tests", []) if model["name"] == mart else []:
                if "unique_combination" in test:
                    return list(test["unique_combination"]["arguments"]["columns"])
    return []


def _labelled(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> tuple[Column, ...]:
    """Give columns the names of those of their codes that occur."""
    declared: dict[str, Any] = read_yaml(Path(__file__).with_name("code_lists.yml"))
    lists = {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'code_lists' "
            "and database_name = current_database()"
        ).fetchall()
    }
    labelled = []
    for column in columns:
        entry = declared.get(column.name)
        if entry is not None and entry["list"] in lists:
            found = connection.execute(
                f"select {entry['code']}, {entry['label']} from code_lists.{entry['list']} "
                f"where {entry.get('where', 'true')} and {entry['label']} is not null and {entry['code']} in "
                f"(select {identifier(column.name)} from {_CHOSEN}) order by all"
            ).fetchall()
            labelled.append(replace(column, labels=dict(found)))
        else:
            labelled.append(column)
    return tuple(labelled)


def _require_held(request: Request, columns: Sequence[Column]) -> None:
    found = refusals(request.form, columns)
    if found:
        others = [form for form in Format if form is not request.form and not refusals(form, columns)]
        raise UtvandringError(
            f"A {request.form} file cannot hold this, so nothing was written: {'; '.join(found)}. Leave "
            f"these columns out with --columns, or choose {' or '.join(others)}."
        )


def _notice(connection: duckdb.DuckDBPyConnection, request: Request) -> list[str]:
    row = (
        connection.execute(
            "select coalesce(bool_or(is_simulated), false), string_agg(distinct delivery_id, ', ' order by "
            "delivery_id) from release.delivery"
        ).fetchone()
        if _has_deliveries(connection)
        else None
    )
    simulated, deliveries = row or (False, None)
    return [
        f"{'SIMULATED PERSONS' if simulated else 'PERSONAL DATA'}: keep in the secure zone",
        "Rows of single persons, without disclosure control: they may not leave the zone.",
        f"Table: {request.table}; condition: {' '.join((request.condition or 'none').split())}",
        *([f"Deliveries: {deliveries}"] if deliveries else []),
    ]


def _has_deliveries(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'release' and table_name = 'delivery' "
            "and database_name = current_database()"
        ).fetchone()
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    form: Format,
    work: Path,
    file: BinaryIO,
    columns: Sequence[Column],
    notice: Sequence[str],
    progress: Progress,
) -> int:
    """Write the rows; return how many labels the file could not hold whole."""
    rows = columns[0].rows
    # A file of R is written by column, so that all rows are read once for each.
    total = rows * (len(columns) if form is Format.RDS else 1)
    done = 0

    def batches(expressions: Sequence[str]) -> Iterator[pa.RecordBatch]:
        nonlocal done
        named = ", ".join(f"{sql} as {identifier(str(place))}" for place, sql in enumerate(expressions))
        chosen = connection.cursor().sql(f"select {named} from {_CHOSEN}")
        reader: pa.RecordBatchReader = chosen.to_arrow_reader(_ROWS_AT_A_TIME)
        for batch in reader:
            yield batch
            done += batch.num_rows
            progress(f"write {form}", 0.4 + 0.6 * done / total)

    if form in (Format.DTA, Format.SAV):
        return statistical.write(form, work / "head", file, columns, notice, batches)
    if form is Format.RDS:
        rds.write(file, columns, notice, batches)
    else:
        _write_arrow(form, file, columns, notice, batches)
    return 0


def _write_arrow(
    form: Format, file: BinaryIO, columns: Sequence[Column], notice: Sequence[str], batches: Any
) -> None:
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    told = {"notice": "\n".join(notice)}
    writer: Any = None
    for batch in batches([identifier(column.name) for column in columns]):
        if writer is None:
            described = pa.schema(
                [
                    pa.field(column.name, kind.type, metadata={"description": column.description})
                    for column, kind in zip(columns, batch.schema, strict=True)
                ],
                metadata=told,
            )
            writer = (
                parquet.ParquetWriter(file, described, compression="zstd")
                if form is Format.PARQUET
                else arrow_csv.CSVWriter(file, described)
            )
        writer.write(pa.RecordBatch.from_arrays(batch.columns, schema=described))
    writer.close()


def _write_codebook(file: BinaryIO, form: Format, columns: Sequence[Column], notice: Sequence[str]) -> None:
    """Write what the columns and their codes mean, whole, whatever the file itself can hold."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["column", "name_in_file", "type", "code", "meaning"])
    for line in notice:
        lines.writerow(["", "", "", "", line])
    names = names_in(form, columns)
    for column in columns:
        name = names[column.name]
        lines.writerow([column.name, name, column.type, "", column.description])
        for code, label in column.labels.items():
            lines.writerow([column.name, name, column.type, code, label])
    text.flush()
    text.detach()
