"""The queries of an import: macros filled in, bound to the columns that the headers show, and what they use.

Everything is bound to empty tables first. That shows errors of the SQL, the columns of every register and the
columns that are used, before a row is read; columns that nobody uses are not read at all.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from utvandring.common.sql import identifier, literal, path_literal
from utvandring.importing.faults import FolderError, shown
from utvandring.importing.folder import Import
from utvandring.importing.patterns import Pattern, PatternError

_KIT = Path(__file__).parent / "kit"
FILE_COLUMNS = {
    "file_year": "integer",
    "file_month": "integer",
    "file_number": "integer",
    "file_wave": "varchar",
}
REFORM = "municipality_reform"


@dataclass(frozen=True)
class Told:
    """A number that a macro wants counted: of what, by which query; with `refuses` it must be zero."""

    relation: str
    what: str
    query: str
    refuses: bool = False


@dataclass
class Compiled:
    """The queries as SQL, and what was learned from binding them."""

    steps: dict[str, str] = field(default_factory=dict)
    registers: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    used: dict[str, set[str]] = field(default_factory=dict)
    scans: Counter[str] = field(default_factory=Counter)
    reads: dict[str, set[str]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    choices: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


class _StopError(FolderError):
    """A macro was called in a way that makes no sense."""


def compile_queries(
    entry: Import, sources: Mapping[str, Iterable[str]], first: int, last: int, reform: Path
) -> Compiled:
    """Fill in the macros of every query and bind it.

    Parameters
    ----------
    entry
        The import.
    sources
        The columns of each source, as the headers show them.
    first, last
        The first and last 1 January of the delivery.
    reform
        The code list of municipalities that became others.

    Raises
    ------
    FolderError
        If a query cannot be filled in or bound; the sentence names the file.
    """
    with duckdb.connect() as connection:
        return _Compiler(connection, entry, sources, first, last, reform).compile()


def prepare(connection: duckdb.DuckDBPyConnection, entry: Import, reform: Path) -> None:
    """Give a connection the functions of the kit and the code tables of an import.

    Raises
    ------
    FolderError
        If a code table is not one.
    """
    for statement in _functions():
        connection.execute(statement)
    for name, path in {**entry.lookups, REFORM: reform}.items():
        try:
            connection.execute(
                f"create or replace temporary table {identifier(name)} as select * from read_csv("
                f"{path_literal(path)}, header=true, all_varchar=true, nullstr='', delim=',')"
            )
        except duckdb.Error as error:
            raise FolderError(
                f"lookups/{path.name} cannot be read: it must be UTF-8 with a line of names, separated by "
                "','."
            ) from error
        _require_code_table(connection, name, path)


def _require_code_table(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Refuse a code table without `from` and `to`, or with two answers to one code."""
    table = identifier(name)
    columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
    if name == REFORM:
        return
    if not {"from", "to"} <= set(columns):
        raise FolderError(f"lookups/{path.name}: its first line must be `from,to`.")
    row = connection.execute(
        f'select "from" from {table} group by 1 having count(distinct "to") > 1 order by 1 limit 1'
    ).fetchone()
    if row is not None:
        raise FolderError(f"lookups/{path.name}: {shown(str(row[0]))} has two answers: leave one.")


@cache
def _functions() -> tuple[str, ...]:
    text = re.sub(r"^--.*$", "", (_KIT / "values.sql").read_text("utf-8"), flags=re.MULTILINE)
    return tuple(part.strip() for part in re.split(r";\s*$", text, flags=re.MULTILINE) if part.strip())


class _Compiler:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        entry: Import,
        sources: Mapping[str, Iterable[str]],
        first: int,
        last: int,
        reform: Path,
    ) -> None:
        self.connection = connection
        self.entry = entry
        self.first, self.last = first, last
        self.result = Compiled()
        self.relations: dict[str, list[str]] = {}
        self.at_work: list[str] = []
        prepare(connection, entry, reform)
        # Of the optimizers only the one that tells which columns are used: others see that the tables are
        # empty.
        others = connection.execute(
            "select name from duckdb_optimizers() where name <> 'unused_columns'"
        ).fetchall()
        connection.execute(f"set disabled_optimizers = {literal(','.join(name for (name,) in others))}")
        for name, columns in sources.items():
            kinds = {column: FILE_COLUMNS.get(column, "varchar") for column in columns}
            body = ", ".join(f"{identifier(column)} {kind}" for column, kind in kinds.items())
            connection.execute(f"create table {identifier(name)} ({body})")
            self.relations[name] = list(kinds)
            self.result.used[name] = set()
        for name in (*entry.lookups, REFORM):
            self.relations[name] = [
                row[0] for row in connection.execute(f"describe {identifier(name)}").fetchall()
            ]
        self.environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, extensions=["jinja2.ext.do"], trim_blocks=False, autoescape=False
        )
        self.environment.globals.update(
            first_year=first, last_year=last, choice=self.choice, quoted=identifier,
            columns_of=self.columns_of, places=self.places, all_empty=_all_empty, known_in=_known_in,
            tell=self.tell, refuse_if=self.refuse_if,
            choose=self.choose, stop=_stop, whole_or_decimal=_whole_or_decimal,
        )  # fmt: skip
        kit = self.environment.from_string((_KIT / "shapes.sql").read_text("utf-8")).module
        self.macros = {name: value for name, value in vars(kit).items() if not name.startswith("_")}

    def compile(self) -> Compiled:
        for name in self.entry.steps:
            self.step(name)
        for name, text in self.entry.registers.items():
            place = f"{name}.sql"
            sql = self.fill(place, text)
            self.result.registers[name] = sql
            self.result.columns[name] = {
                column.lower(): kind for column, kind in self.bind(place, f"describe {sql}").items()
            }
            self.result.reads[name] = self.use(place, sql)
        for name, source in self.entry.sources.items():
            for reason, condition in source.drop_rows.items():
                place = f"sources.yml, source {name}, drop_rows, {shown(reason)}"
                self.use(place, f"select count(*) from {identifier(name)} where {condition}")
        for told in self.result.told:
            self.use("a macro of the kit", told.query)
        return self.result

    def step(self, name: str) -> None:
        """Fill in and bind a step, after those that it reads."""
        if name in self.relations:
            return
        if name in self.at_work:
            raise FolderError(f"steps/{name}.sql reads itself, through {' and '.join(self.at_work)}.")
        self.at_work.append(name)
        text = self.entry.steps[name]
        for other in self.entry.steps:
            if other != name and re.search(rf"\b{other}\b", text):
                self.step(other)
        place = f"steps/{name}.sql"
        sql = self.fill(place, text)
        columns = self.bind(place, f"describe {sql}")
        self.connection.execute(f"create view {identifier(name)} as {sql}")
        self.relations[name] = list(columns)
        self.result.steps[name] = sql
        self.at_work.remove(name)

    def fill(self, place: str, text: str) -> str:
        try:
            sql = self.environment.from_string(text, globals=self.macros).render()
        except FolderError as error:
            raise FolderError(f"{place}: {error}") from error
        except (TemplateError, SecurityError, TypeError, KeyError) as error:
            line = getattr(error, "lineno", None)
            where = f"{place}, line {line}" if line else place
            raise FolderError(f"{where}: the macro cannot be filled in ({_short(error)}).") from error
        try:
            statements = self.connection.extract_statements(sql)
        except duckdb.Error as error:
            raise FolderError(f"{place}: {_short(error)}.") from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise FolderError(f"{place}: one query is needed (`select …`), and nothing else.")
        return _within(sql)

    def bind(self, place: str, sql: str) -> dict[str, str]:
        try:
            described = self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise FolderError(f"{place}: {_short(error)}.") from error
        columns = {row[0]: row[1] for row in described}
        if len(columns) < len(described):
            twice = next(name for name, times in Counter(row[0] for row in described).items() if times > 1)
            raise FolderError(f"{place}: the query gives the column {shown(twice)} twice.")
        return columns

    def use(self, place: str, sql: str) -> set[str]:
        """Note which columns of the sources a query reads; return the sources."""
        try:
            plan = json.loads(self.connection.execute(f"explain (format json) {sql}").fetchall()[0][1])
        except duckdb.Error as error:
            raise FolderError(f"{place}: {_short(error)}.") from error
        read: set[str] = set()
        open_nodes = list(plan)
        while open_nodes:
            node = open_nodes.pop()
            open_nodes.extend(node.get("children", ()))
            extra = node.get("extra_info", {})
            table = str(extra.get("Table", "")).rsplit(".", 1)[-1].strip('"')
            if table in self.result.used:
                read.add(table)
                self.result.scans[table] += 1
                columns = extra.get("Projections", [])
                columns = [columns] if isinstance(columns, str) else columns
                filters = json.dumps(extra.get("Filters", ""))
                self.result.used[table].update(
                    column for column in self.relations[table] if column in columns or column in filters
                )
        return read

    def columns_of(self, relation: str) -> list[str]:
        """Return the columns of a source, a step or a code table."""
        if relation in self.entry.steps:
            self.step(relation)
        if relation not in self.relations:
            raise _StopError(
                f"{shown(str(relation))} is neither a source nor a step nor a code table: a macro reads one "
                "of these by "
                "its name; what stands in `with` belongs into steps/ for it."
            )
        return self.relations[relation]

    def places(self, relation: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return for every year (month, number) which column holds what: of `{'a': 'a_{yyyy}'}` a list."""
        found: dict[tuple[tuple[str, int], ...], dict[str, str | None]] = {}
        names = self.columns_of(relation)
        for name, text in columns.items():
            try:
                matches = [(column, Pattern(text).match(column)) for column in names]
            except PatternError as error:
                raise _StopError(str(error)) from error
            if not any(match for _, match in matches):
                raise _StopError(f"{relation} has no column like {text}: it has {_some(names)}.")
            for column, match in matches:
                if match is not None:
                    parts = {"year": match.year, "month": match.month, "number": match.number}
                    key = tuple((part, value) for part, value in parts.items() if value is not None)
                    place = found.setdefault(key, dict.fromkeys(columns))
                    if place[name] is not None:
                        raise _StopError(
                            f"{relation}: {place[name]} and {column} are both {text} of one year."
                        )
                    place[name] = column
        return [{"keys": dict(key), "columns": found[key]} for key in sorted(found)]

    def choice(self, name: str) -> str:
        self.result.asked.add(name)
        if name not in self.entry.choices:
            raise _StopError(
                f"the choice `{name}` is asked for and not made: write it under `choices:` in sources.yml."
            )
        return self.entry.choices[name].value

    def tell(self, relation: str, what: str, query: str) -> str:
        self.columns_of(relation)
        self.result.told.append(Told(relation, what, query))
        return ""

    def refuse_if(self, relation: str, what: str, query: str) -> str:
        self.columns_of(relation)
        self.result.told.append(Told(relation, what, query, refuses=True))
        return ""

    def choose(self, what: str, value: str) -> str:
        self.result.choices[what] = value
        return ""


def _stop(text: str) -> str:
    raise _StopError(text)


def _all_empty(found: list[dict[str, Any]]) -> str:
    columns = [column for place in found for column in place["columns"].values() if column is not None]
    return f"coalesce({', '.join(identifier(column) for column in columns)}) is null"


def _known_in(relations: Iterable[str], keys: Iterable[str], of: str) -> str:
    """Return a query that gives a row where a row of `of` has its key in one of the relations."""
    columns = list(keys)
    selected = ", ".join(identifier(column) for column in columns)
    union = " union all ".join(f"select {selected} from {identifier(name)}" for name in relations)
    same = " and ".join(f"known.{identifier(one)} = {identifier(of)}.{identifier(one)}" for one in columns)
    return f"select 1 from ({union}) as known where {same}"


def _whole_or_decimal(number: str) -> str:
    return (
        f"case when {number} = trunc({number}) then cast(cast({number} as hugeint) as varchar) "
        f"else cast({number} as varchar) end"
    )


def _some(names: list[str]) -> str:
    told = ", ".join(shown(name) for name in names[:12])
    return f"{told} and {len(names) - 12} more" if len(names) > 12 else told


def _within(sql: str) -> str:
    """Return a query as it can stand in brackets: without `;` at its end, and behind a comment a new line."""
    # Places are counted in bytes.
    text = sql.encode()
    for place, kind in reversed(duckdb.tokenize(sql)):
        is_end = text[place : place + 1] == b";"
        if kind != duckdb.token_type.comment and not is_end:
            break
        if is_end:
            text = text[:place]
    sql = text.decode().strip()
    return f"{sql}\n" if "--" in sql else sql


def _short(error: Exception) -> str:
    """Return the first line of an error about a query, and the names that it may have meant.

    No row has been read, so it quotes none.
    """
    text, _, rest = str(error).strip().partition("\n")
    text = re.sub(r"^(Binder|Catalog|Parser) Error: ", "", text)
    text = (text if len(text) <= 220 else f"{text[:219]}…").rstrip(".!")
    near = re.search(r"^Candidate bindings: (.*)$", rest, re.MULTILINE)
    return f"{text}; there are {shown(near[1])}" if near else text
