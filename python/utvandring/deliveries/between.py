"""What a delivery must have in common with its own registers and with what was accepted before.

The questions stand as SQL in `expectations/between_registers.yml`, `between_deliveries.yml` and
`columns_between_deliveries.yml`; here they are asked of the files as they would be if the delivery were
accepted; Great Expectations judges the answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from utvandring.common.files import read_yaml
from utvandring.common.progress import Progress
from utvandring.common.sql import identifier, literal, path_literal
from utvandring.deliveries.announcing import NOT_SEEN, Announcement
from utvandring.deliveries.expectations import outside
from utvandring.deliveries.ledger import AcceptedFile
from utvandring.deliveries.specification import Specification
from utvandring.deliveries.verdict import Finding, Level

FOLDER = Path("expectations")
DOCUMENTS = (
    "between_registers.yml",
    "between_deliveries.yml",
    "columns_between_deliveries.yml",
    "persons_between_years.yml",
)
PREPARED = "prepared.sql"


@dataclass(frozen=True)
class Comparison:
    """One question and the bounds of its answer.

    `query` gives a row per register and period; `bounded` is the column of it that must lie from `minimum` to
    `maximum`; `says` the sentence for a row that does not. A row whose `refused` is above `refused_above`
    refuses the delivery. `may_be_announced` tells whether the sender may announce such a change.
    """

    name: str
    level: Level
    query: str
    bounded: str
    minimum: float | None
    maximum: float | None
    says: str
    refused: str | None = None
    refused_above: float | None = None
    may_be_announced: bool = False


# A row outside the bounds of a comparison.
Found = tuple[Comparison, dict[str, Any]]


def read_comparisons(project: Path) -> tuple[Comparison, ...]:
    """Read the declared comparisons of a project, in the order of the documents."""
    comparisons = []
    for document in DOCUMENTS:
        for entry in read_yaml(project / FOLDER / document):
            ((bounded, bounds),) = entry["expect"].items()
            ((refused, limit),) = entry.get("refuse", {None: {}}).items()
            comparisons.append(
                Comparison(
                    entry["name"],
                    Level(entry["level"]),
                    entry["query"],
                    bounded,
                    bounds.get("minimum"),
                    bounds.get("maximum"),
                    entry["says"],
                    refused,
                    limit.get("maximum"),
                    entry.get("may_be_announced", False),
                )
            )
    return tuple(comparisons)


def read_prepared(project: Path) -> str:
    """Read the SQL of the tables that comparisons share."""
    return (project / FOLDER / PREPARED).read_text(encoding="utf-8")


def compare(
    connection: duckdb.DuckDBPyConnection,
    specification: Specification,
    comparisons: Sequence[Comparison],
    prepared: str,
    accepted: Mapping[AcceptedFile, Path],
    delivered: Mapping[AcceptedFile, Path],
    announced: Sequence[Announcement],
    progress: Progress,
) -> list[Finding]:
    """Ask every declared comparison of a delivery.

    Parameters
    ----------
    connection
        With the code lists loaded.
    specification
        The registers.
    comparisons
        What to ask.
    prepared
        SQL that makes the tables which several of them read (`read_prepared`).
    accepted
        The current files before the delivery, with where they are.
    delivered
        The files of the delivery that would become current, with where they are.
    announced
        Changes that the sender announced, in this delivery or in an earlier one.
    progress
        Told the name of the comparison and the share of them that is done.

    Returns
    -------
    list of Finding
        One per register and period outside the bounds, and one per announcement of this delivery that
        explains none of them.
    """
    if not delivered:
        return [_not_seen(one, "this delivery brings no such file") for one in announced]
    _lay_views(connection, specification, accepted, delivered)
    _lay_tables(connection, specification, prepared, accepted, delivered)
    names = {(file.register, file.period): file.delivered_path for file in delivered}
    _take_out(connection, ())
    found = _ask(connection, comparisons, progress)
    may_be_announced = [comparison for comparison in comparisons if comparison.may_be_announced]
    rest = [  # What is found without the announced codes.
        (comparison, row, one)
        for of_file in _by_file(announced)
        for comparison, row in _ask_without(connection, may_be_announced, of_file)
        if (one := _announcement_of(comparison, row, of_file)) is not None
    ]
    return _findings(found, rest, announced, names)


def _by_file(announced: Sequence[Announcement]) -> list[list[Announcement]]:
    files = dict.fromkeys((one.register, one.period) for one in announced)
    return [[one for one in announced if (one.register, one.period) == file] for file in files]


def _ask_without(
    connection: duckdb.DuckDBPyConnection,
    comparisons: Sequence[Comparison],
    announced: Sequence[Announcement],
) -> list[Found]:
    """Ask once more as if the announced codes were unknown, now and before."""
    _take_out(connection, announced)
    return _ask(connection, comparisons, lambda label, fraction: None)


def _announcement_of(
    comparison: Comparison, row: Mapping[str, Any], announced: Sequence[Announcement]
) -> Announcement | None:
    """Return the announcement of the register, period and column of a row outside the bounds."""
    if not comparison.may_be_announced or _level(comparison, row) is not Level.WARN:
        return None
    key = str(row["register"]), int(row["period"]), row.get("code_column")
    return next((one for one in announced if one.key == key), None)


def _findings(
    found: Sequence[Found],
    rest: Sequence[tuple[Comparison, dict[str, Any], Announcement]],
    announced: Sequence[Announcement],
    names: Mapping[tuple[str, int], str],
) -> list[Finding]:
    """Make findings: what is found without the announced codes as well warns, the announced is a note.

    Parameters
    ----------
    found
        Rows outside the bounds.
    rest
        Those that are so without the announced codes, each with its announcement.
    announced
        The announcements.
    names
        The delivered file of a register and period.
    """
    findings, explains, stays = [], set(), {one for *_, one in rest}
    without = {_key(comparison, row) for comparison, row, one in rest if one.column is not None}
    for comparison, row in found:
        one = _announcement_of(comparison, row, announced)
        finding = _finding(comparison, row, names)
        if one is None:
            findings.append(finding)
        elif _key(comparison, row) not in without:
            explains.add(one)
            findings.append(replace(finding, level=Level.NOTE, announced=one.reason))
    for comparison, row, one in rest:
        if one.column is not None:
            finding = _finding(comparison, row, names)
            text = f"{finding.text} This is without what was announced ({', '.join(one.codes)})."
            findings.append(replace(finding, text=text))
    for one in announced:
        if one.is_earlier:
            continue
        if (one.register, one.period) not in names:
            findings.append(_not_seen(one, "this delivery brings no such file"))
        elif one not in explains:
            why = "it does not explain the warnings" if one in stays else "no check found a change"
            findings.append(_not_seen(one, why))
    return findings


def _key(comparison: Comparison, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return comparison.name, row["register"], row["period"], row.get("code_column"), row.get("code")


def _not_seen(one: Announcement, why: str) -> Finding:
    return Finding(
        NOT_SEEN,
        f"{one.what} was announced, but {why}.",
        level=Level.NOTE,
        register=one.register,
        period=one.period,
        announced=one.reason,
    )


def _ask(
    connection: duckdb.DuckDBPyConnection, comparisons: Sequence[Comparison], progress: Progress
) -> list[Found]:
    """Return every row outside the bounds of its comparison."""
    found = []
    # Some comparisons bound another column of the same query: it is asked once.
    answers: dict[str, pd.DataFrame] = {}
    for number, comparison in enumerate(comparisons):
        progress(comparison.name.replace("_", " "), number / len(comparisons))
        if comparison.query not in answers:
            answers[comparison.query] = connection.sql(comparison.query).df()
        answer = answers[comparison.query]
        if answer.empty:
            continue
        if "share" not in answer:
            answer["share"] = answer["found_n"] / answer["checked_n"].where(answer["checked_n"] > 0)
        answer = answer.sort_values([c for c in ("register", "period", "code_column", "code") if c in answer])
        at_fault = outside(answer[comparison.bounded], comparison.minimum, comparison.maximum)
        found += [(comparison, row) for row in answer[at_fault].to_dict("records")]
    return found


def _finding(comparison: Comparison, row: dict[str, Any], names: Mapping[tuple[str, int], str]) -> Finding:
    register, period = str(row["register"]), int(row["period"])
    words = {
        "found": f"{int(row['found_n']):,}",
        "checked": f"{int(row['checked_n']):,}",
        **{name: _percent(value) for name, value in row.items() if "share" in name},
    }
    if "yearly_ratio" in row:
        words["yearly_ratio"] = f"{row['yearly_ratio']:.2f}"
    others = {name: value for name, value in row.items() if name not in words}
    return Finding(
        check=comparison.name,
        text=comparison.says.strip().format(**{**others, **words, "period": period}),
        file=names.get((register, period), f"{register} {period}"),
        count=int(row["found_n"]),
        level=_level(comparison, row),
        register=register,
        period=period,
    )


def _level(comparison: Comparison, row: Mapping[str, Any]) -> Level:
    """Return what follows from a row outside the bounds."""
    if comparison.refused is not None and row[comparison.refused] > comparison.refused_above:
        return Level.REFUSE
    return comparison.level


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %" if pd.notna(value) else "unknown"


def _lay_views(
    connection: duckdb.DuckDBPyConnection,
    specification: Specification,
    accepted: Mapping[AcceptedFile, Path],
    delivered: Mapping[AcceptedFile, Path],
) -> None:
    replaced = {(file.register, file.period) for file in delivered}
    for register in specification.registers.values():
        columns = {column.name: column.data_type for column in register.columns}
        brought = [path for file, path in delivered.items() if file.register == register.name]
        kept = [
            path
            for file, path in accepted.items()
            if file.register == register.name and (file.register, file.period) not in replaced
        ]
        _lay_view(connection, f"{register.name}_delivered", columns, brought)
        _lay_view(connection, register.name, columns, [*kept, *brought])
        _lay_view(
            connection,
            f"{register.name}_accepted",
            columns,
            [path for file, path in accepted.items() if file.register == register.name],
        )


def _lay_view(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], paths: Iterable[Path]
) -> None:
    names = ", ".join(map(identifier, columns))
    listed = ", ".join(map(path_literal, paths))
    if listed:
        query = f"select {names}, periode from read_parquet([{listed}], filename = true)"
    else:
        empty = [
            f"cast(null as {data_type}) as {identifier(column)}" for column, data_type in columns.items()
        ]
        query = f"select {', '.join(empty)}, cast(null as integer) as periode where false"
    connection.execute(f"create or replace temporary view {identifier(name)} as {query}")


def _lay_tables(
    connection: duckdb.DuckDBPyConnection,
    specification: Specification,
    prepared: str,
    accepted: Mapping[AcceptedFile, Path],
    delivered: Mapping[AcceptedFile, Path],
) -> None:
    replaced = {(file.register, file.period) for file in delivered}
    files = [(file, True) for file in delivered]
    files += [(file, False) for file in accepted if (file.register, file.period) not in replaced]
    _fill(
        connection,
        "known_file",
        "register varchar, period integer, version integer, rows bigint, persons bigint, "
        "is_delivered boolean",
        [
            (file.register, file.period, file.version, file.rows, file.persons, is_new)
            for file, is_new in files
        ],
    )
    _fill(
        connection,
        "known_count",
        "register varchar, period integer, is_delivered boolean, code_column varchar, code varchar, "
        "rows bigint",
        [
            (file.register, file.period, is_new, column, code, rows)
            for file, is_new in files
            for column, codes in file.counts.items()
            for code, rows in codes.items()
        ],
    )
    _fill(
        connection,
        "replaced_file",
        "register varchar, period integer, rows bigint",
        [
            (file.register, file.period, file.rows)
            for file in accepted
            if (file.register, file.period) in replaced
        ],
    )
    _fill(
        connection,
        "stored_file",
        "register varchar, period integer, is_delivered boolean, path varchar",
        [(file.register, file.period, True, str(path)) for file, path in delivered.items()]
        + [(file.register, file.period, False, str(path)) for file, path in accepted.items()],
    )
    # The rows of all registers that have persons other than the person register itself.
    rows_of_persons = " union all ".join(
        f"select {literal(name)} as register, periode as period, personid "
        f"from {identifier(f'{name}_delivered')}"
        for name in specification.registers
        if name != "person"
    )
    connection.execute(f"create or replace temporary view delivered_row as {rows_of_persons}")
    connection.execute(prepared)
    _lay_compared(connection, specification)


def _lay_compared(connection: duckdb.DuckDBPyConnection, specification: Specification) -> None:
    """Lay a view `<register>_compared` over the files that are compared; it says which rows are new."""
    for register in specification.registers.values():
        columns = {column.name: column.data_type for column in register.columns}
        files = connection.table("compared_file").filter(f"register = {literal(register.name)}")
        paths = [Path(path) for (path,) in files.select("path").order("path").fetchall()]
        view = f"{register.name}_compared"
        _lay_view(connection, f"{view}_rows", columns | {"filename": "varchar"}, paths)
        connection.execute(
            f"create or replace temporary view {identifier(view)} as "
            f"select rows.*, is_delivered from {identifier(f'{view}_rows')} as rows "
            "inner join compared_file on filename = path"
        )


def _take_out(connection: duckdb.DuckDBPyConnection, announced: Sequence[Announcement]) -> None:
    _fill(
        connection,
        "announced_code",
        "register varchar, code_column varchar, code varchar",
        [(one.register, one.column, code) for one in announced for code in one.codes],
    )


def _fill(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    connection.execute(f"create or replace temporary table {identifier(table)} ({columns})")
    if rows:
        values = ", ".join(f"({', '.join(map(_value, row))})" for row in rows)
        connection.execute(f"insert into {identifier(table)} values {values}")


def _value(value: str | int | bool | None) -> str:
    if value is None:
        return "null"
    return literal(value) if isinstance(value, str) else str(value).lower()
