"""After random deliveries the warehouse is what a full build makes; `make series` tries sixty of them."""

from pathlib import Path

import pytest
from dbt_server import DbtServer
from random_deliveries import Series


@pytest.mark.long
def test_after_random_deliveries_the_warehouse_is_what_a_full_build_makes(
    forked_dbt: DbtServer, tmp_path: Path
) -> None:
    series = Series(tmp_path, seed=2, persons=100, dbt=forked_dbt)
    for _ in range(8):
        what, different = series.step()
        assert different == [], f"seed 2, step {what}"
