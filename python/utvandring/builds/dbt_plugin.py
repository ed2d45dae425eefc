"""The program of the warehouse as a variable of SQL, on dbt's connections; profiles.yml names this module."""

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from utvandring.builds.program import current_program
from utvandring.common.sql import literal


class Plugin(BasePlugin):
    """Set `utvandring_program`, which `macros/incremental/changes.sql` asks for.

    A variable and not a function: a function belongs to the database, and a second connection of the process,
    while the first has not been collected yet, could not make it again.
    """

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Do so for one of dbt's connections."""
        cursor.execute(f"set variable utvandring_program = {literal(current_program())}")
