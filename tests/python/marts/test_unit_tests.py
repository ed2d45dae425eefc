"""Every rule on its hand-written rows: the unit tests of the models, by dbt."""

import shutil
from pathlib import Path

from dbt_server import DbtServer


def test_every_unit_test_of_the_models_passes(
    built_warehouse: Path, tmp_path: Path, forked_dbt: DbtServer
) -> None:
    # dbt asks the tables that a model reads for their columns.
    shutil.copyfile(built_warehouse / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    (tmp_path / "accepted").symlink_to(built_warehouse / "accepted")

    said = forked_dbt.run(tmp_path, "test", "--select", "test_type:unit")

    assert "ERROR=0" in said
