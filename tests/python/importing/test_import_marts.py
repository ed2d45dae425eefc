"""From an extract to marts: those of a delivery that says the same without an import."""

import shutil
from pathlib import Path

import duckdb
import pytest
from dbt_server import DbtServer
from deliveries import PROJECT, column_types, entry, read_manifest, write_manifest
from extracts import Delivered
from test_import_templates import LAYOUTS, imported

from utvandring.common.project import DataRoot
from utvandring.deliveries.deliver import deliver
from utvandring.deliveries.verdict import Status

MARTS = ("marts.person_year", "marts.migration_event", "marts.family_year")
# A hash of all that is said of an event: an import says more, such as that it was inferred.
UNLIKE = {"marts.migration_event": "event_id"}


def marts_of(delivery: Path, root: DataRoot, dbt: DbtServer) -> Path:
    """Deliver and make the marts; return the warehouse."""
    verdict = deliver(root, delivery, PROJECT)
    assert verdict.status is not Status.REFUSED, [finding.sentence() for finding in verdict.refusals]
    dbt.seed(root.path)
    dbt.make(root.path, *MARTS)
    return root.warehouse


def write_expected(data: Delivered, folder: Path) -> None:
    """Write every file of a delivery again with the rows that the writer of its extract expects."""
    manifest = read_manifest(folder)
    del manifest["imported"]
    for place, file in enumerate(manifest["files"]):
        register, period, path = file["register"], int(file["period"]), folder / file["path"]
        table = f"expected_{register}"
        types = column_types(register)
        given = [row[0] for row in data.connection.execute(f"describe {table}").fetchall() if row[0] in types]
        columns = ", ".join(f"cast({name} as {types[name]}) as {name}" for name in given)
        born = f" and foedselsaar_mnd // 100 <= {period}" if register == "person" else ""
        data.connection.execute(
            f"copy (select {columns} from {table} where periode = {period}{born}) to '{path}' "
            f"(format parquet)"
        )
        rows = data.connection.execute(f"select count(*) from '{path}'").fetchone()
        manifest["files"][place] = entry(path, register, period, 1, rows[0] if rows else 0)
    write_manifest(folder, manifest)


@pytest.mark.long
@pytest.mark.parametrize("template", LAYOUTS)
def test_the_marts_of_an_import_are_those_of_the_delivery_that_it_should_make(
    template: str, small_delivery: Path, tmp_path: Path, forked_dbt: DbtServer
) -> None:
    data, out = imported(template, small_delivery, tmp_path)
    expected = tmp_path / "expected"
    shutil.copytree(out, expected)
    write_expected(data, expected)
    one, other = (
        marts_of(delivery, DataRoot(tmp_path / f"root-{delivery.name}"), forked_dbt)
        for delivery in (out, expected)
    )
    with duckdb.connect() as connection:
        for name, path in (("one", one), ("other", other)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        for mart in MARTS:
            columns = f"* exclude ({UNLIKE[mart]})" if mart in UNLIKE else "*"
            for first, second in (("one", "other"), ("other", "one")):
                rows = connection.execute(
                    f"select count(*) from (select {columns} from {first}.{mart} except all "
                    f"select {columns} from {second}.{mart})"
                ).fetchone()
                assert rows == (0,), mart
        assert connection.execute("select count(*) > 1000 from one.marts.person_year").fetchone() == (True,)
