"""An adapter of dbt: dbt-spark in a session, with models translated when they are compiled."""

import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.base.meta import available
from dbt.adapters.base.plugin import AdapterPlugin
from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.spark import SparkAdapter, SparkConnectionManager, SparkCredentials
from dbt.adapters.spark.session import Connection as SessionConnection
from dbt.adapters.spark.session import Cursor as SessionCursor
from dbt.adapters.spark.session import SessionConnectionWrapper
from dbt.compilation import Compiler
from dbt_common.clients.agate_helper import table_from_rows
from dbt_common.exceptions import DbtRuntimeError

from utvandring.common.errors import UtvandringError
from utvandring.common.sql import literal
from utvandring.spark.publishing import publish
from utvandring.spark.session import Settings, describe_jobs, in_the_way, start
from utvandring.spark.translation import translate

_HERE = Path(__file__).resolve().parent
_ADAPTER = "utvandring_spark"
# What dbt and its macros write themselves is Spark's SQL already.
_TRANSLATED = ("model", "test", "unit_test", "analysis")
_TYPES = {"varchar": "string", "text": "string", "integer": "int", "bool": "boolean"}


@dataclass
class Credentials(SparkCredentials):
    """The target of the profile: see `Settings`."""

    folder: str = ""
    master: str = "local[2]"
    memory: str = "2g"
    shuffle_partitions: int = 8
    metastore: str = ""

    def __post_init__(self) -> None:
        """Check the target, and say what every session has."""
        super().__post_init__()
        # dbt-spark turns it off; here an overflow has to be an error, as in DuckDB.
        self.server_side_parameters["spark.sql.ansi.enabled"] = "true"

    @property
    def type(self) -> str:
        """Return the name of the adapter."""
        return _ADAPTER

    @property
    def settings(self) -> Settings:
        """What a session is started with."""
        folder = Path(self.folder).absolute()
        return Settings(folder, self.master, self.memory, self.shuffle_partitions, self.metastore)

    def _connection_keys(self) -> tuple[str, ...]:
        return ("master", "folder", "metastore", "shuffle_partitions")


class _Statement(SessionCursor):
    """A statement that runs under the name of its node, which Spark's page and its log of events show."""

    def execute(self, sql: str, *parameters: Any) -> None:
        """Run it."""
        # dbt writes the name into a comment before every statement.
        node = re.search(r'"node_id": "([^"]+)"', sql[:500])
        describe_jobs(node.group(1) if node else "")
        super().execute(sql, *parameters)


class _Connection(SessionConnection):
    def cursor(self) -> _Statement:
        return _Statement(server_side_parameters=self.server_side_parameters)


class ConnectionManager(SparkConnectionManager):
    """Connections of dbt, all of one session."""

    TYPE = _ADAPTER
    _starting = threading.Lock()

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Open a connection; the first one of a process starts the session."""
        if connection.state == ConnectionState.OPEN:
            return connection
        with cls._starting:
            try:
                start(connection.credentials.settings)
            except UtvandringError as error:
                raise DbtRuntimeError(str(error)) from error
        parameters = connection.credentials.server_side_parameters
        connection.handle = SessionConnectionWrapper(_Connection(server_side_parameters=parameters))
        connection.state = ConnectionState.OPEN
        return connection

    @contextmanager
    def exception_handler(self, sql: str) -> Iterator[None]:
        """Say in one sentence what a folder of another run causes."""
        try:
            with super().exception_handler(sql):
                yield
        except DbtRuntimeError as error:
            if (sentence := in_the_way(str(error))) is None:
                raise
            raise DbtRuntimeError(sentence) from error


class Adapter(SparkAdapter):
    """What the macros of `macros/` ask for."""

    ConnectionManager = ConnectionManager
    _ledger: duckdb.DuckDBPyConnection | None = None
    _opening = threading.Lock()

    @property
    def _settings(self) -> Settings:
        settings: Settings = self.config.credentials.settings
        return settings

    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        # A connection refuses a second call while one is running: each call of dbt's threads has its own.
        with self._opening:
            if self._ledger is None:
                self._ledger = duckdb.connect()
            return self._ledger.cursor()

    @available
    def ask_duckdb(self, query: str) -> Any:
        """Run a statement on the ledger in a database in memory, and return a table of agate."""
        with self._duckdb() as cursor:
            cursor.execute(query)
            names = [column[0] for column in cursor.description or []]
            return table_from_rows(cursor.fetchall(), names)

    @available
    def lay(self, schema: str, table: str, query: str) -> str:
        """Write what a query finds in that database to a Parquet file; return the address of its folder."""
        folder = self._settings.ledger / schema / table
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "rows.parquet"
        # Not in one step: no other build runs in this folder.
        with self._duckdb() as cursor:
            cursor.execute(f"copy ({query}) to {literal(str(file))} (format parquet)")
        return folder.as_uri()

    @available
    def lay_files(self, schema: str, table: str, root: str, paths: Sequence[str]) -> str:
        """Put accepted files (paths below a root) into a folder of their own; return its address.

        They are links: a file that is withdrawn later is gone here too.
        """
        folder = self._settings.registers / schema / table
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        for path in paths:
            accepted = Path(root).absolute() / path
            (folder / accepted.name).symlink_to(accepted)
        return folder.as_uri()

    @available
    def type_in_spark(self, data_type: str) -> str:
        """Return what a type of a contract or a code list is called in Spark."""
        return _TYPES.get(data_type.lower(), data_type.lower())

    @available
    def publish(self, relations: Sequence[Sequence[str]]) -> int:
        """Put tables (schema, name) in the place of those that were published; return their number."""
        return publish(self._settings, [(schema, table) for schema, table in relations])

    @classmethod
    def get_adapter_run_info(cls, config: Any) -> Any:
        """Return what dbt-spark says of itself: dbt would look for a module by the name of this class."""
        return SparkAdapter.get_adapter_run_info(config)

    def cleanup_connections(self) -> None:
        """Close what was opened."""
        super().cleanup_connections()
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def columns_or_none(self, table: str) -> list[str] | None:
        """Return the columns of a table, or None if it has not been built."""
        session = start(self._settings)
        name = table.replace("`", "")
        return session.table(name).columns if session.catalog.tableExists(name) else None


# dbt has no place between compiling and running a node, so its compiler is given one.
_compile_node = Compiler.compile_node


def _compile_and_translate(
    self: Compiler,
    node: Any,
    manifest: Any,
    extra_context: Any = None,
    write: bool = True,
    split_suffix: Any = None,
) -> Any:
    compiled = _compile_node(self, node, manifest, extra_context, False, split_suffix)
    if (
        compiled.resource_type in _TRANSLATED
        and getattr(compiled, "language", "sql") == "sql"
        and compiled.compiled_code
    ):
        from dbt.adapters.factory import get_adapter

        adapter = get_adapter(self.config)
        try:
            compiled.compiled_code = translate(compiled.compiled_code, compiled.name, adapter.columns_or_none)
        except UtvandringError as error:
            raise DbtRuntimeError(str(error)) from error
    if write:
        self._write_node(compiled, split_suffix=split_suffix)
    return compiled


Compiler.compile_node = _compile_and_translate  # type: ignore[method-assign]

Plugin = AdapterPlugin(
    adapter=Adapter,
    credentials=Credentials,
    include_path=str(_HERE),
    dependencies=["spark"],
    project_name="dbt_utvandring_spark",
)
