"""What a delivery must have in common with its own registers and with what was accepted before.

The questions stand as SQL in `expectations/between_registers.yml`, `between_deliveries.yml` and
`columns_between_deliveries.yml`; here they are asked of the files as they would be if the delivery were
accepted; Great Expectations judges the answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from utvandring.common.files import read_yaml
from utvandring.common.progress import Progress
from utvandring.common.sql import identifier, literal, path_literal
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
    refuses the delivery.
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
    progress
        Told the name of the comparison and the share of them that is done.

    Returns
    -------
    list of Finding
        One per register and period outside the bounds.
    """
    if not delivered:
        return []
    _lay_views(connection, specification, accepted, delivered)
    _lay_tables(connection, specification, prepared, accepted, delivered)
    names = {(file.register, file.period): file.delivered_path for file in delivered}
    findings = []
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
        for row in answer[at_fault].to_dict("records"):
            findings.append(_finding(comparison, row, names))
    return findings


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
