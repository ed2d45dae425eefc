"""What Spark built and tested, as Parquet files under the names that others read."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from utvandring.common.errors import UtvandringError
from utvandring.common.files import replace_folder
from utvandring.spark.session import Settings


def publish(settings: Settings, relations: Sequence[tuple[str, str]]) -> int:
    """Put tables in the place of those that were published, all of them together.

    The files are linked, not copied, where the file system can: Spark never changes a file, it writes others.

    Parameters
    ----------
    settings
        Where tables are built and published.
    relations
        Schema and name of every table, as dbt built and tested them.

    Returns
    -------
    int
        The number of tables.

    Raises
    ------
    UtvandringError
        If a table is not there; what was published stays.
    """
    new = settings.folder / "published.new"
    shutil.rmtree(new, ignore_errors=True)
    for schema, table in relations:
        files = sorted(_folder(settings, schema, table).glob("*.parquet"))
        if not files:
            raise UtvandringError(
                f"{schema}.{table} was built and has no files in {settings.tables}: build again; what was "
                "published stays."
            )
        target = new / schema / table
        target.mkdir(mode=0o700, parents=True)
        for file in files:
            _link(file, target / file.name)
    # By it the warehouse sees whether it reads the same deliveries.
    ledger = settings.ledger / "deliveries" / "delivery_file" / "rows.parquet"
    _link(ledger, new / "delivery_file.parquet")
    replace_folder(new, settings.published)
    return len(relations)


def _folder(settings: Settings, schema: str, table: str) -> Path:
    written = settings.tables / f"{schema}.db" / table
    return written if written.is_dir() else settings.ledger / schema / table


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
