"""The program of the warehouse as a function of SQL, on dbt's connections; profiles.yml names this module."""

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from utvandring.program import current_program


class Plugin(BasePlugin):
    """Make `utvandring_program()` known to the engine; it gives what `program.program_of` gives."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Do so for a connection and all its cursors."""
        conn.create_function("utvandring_program", current_program, [], "VARCHAR")
