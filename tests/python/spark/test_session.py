import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from utvandring.common.errors import UtvandringError
from utvandring.spark.publishing import publish
from utvandring.spark.session import Settings, in_the_way, require_java, start

pytestmark = pytest.mark.spark


def java(folder, text):
    program = folder / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{text}' >&2\n")
    program.chmod(0o755)
    return str(folder)


def test_without_java_the_next_step_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(
        UtvandringError, match=r"^Spark needs Java, and none was found: install Java 17 .*JAVA_HOME\.$"
    ):
        require_java()


@pytest.mark.parametrize(
    ("said", "version"), [('openjdk version "11.0.2"', "11"), ('java version "1.8.0_1"', "8")]
)
def test_another_java_is_refused_with_its_version(tmp_path, monkeypatch, said, version):
    monkeypatch.setenv("JAVA_HOME", java(tmp_path, said))
    with pytest.raises(
        UtvandringError, match=f"runs on Java 17 or 21, and .* is Java {version}: install Java 17"
    ):
        require_java()


@pytest.mark.parametrize("said", ['openjdk version "17.0.15" 2025-04-15', 'openjdk version "21" 2023-09-19'])
def test_a_java_that_spark_runs_on_is_taken(tmp_path, monkeypatch, said):
    monkeypatch.setenv("JAVA_HOME", java(tmp_path, said))
    require_java()


def test_without_the_packages_the_next_step_is_said():
    code = "import sys; sys.modules['sqlglot'] = None; import dbt.adapters.utvandring_spark"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    assert "The target spark needs packages that are not installed" in said
    assert "requirements-spark.lock" in said


@pytest.mark.long
def test_a_cluster_that_does_not_answer_is_named(tmp_path):
    code = (
        "import sys; from pathlib import Path; from utvandring.spark.session import Settings, start\n"
        "start(Settings(Path(sys.argv[1]), master='spark://127.0.0.1:9', memory='1g'))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "The cluster spark://127.0.0.1:9 does not answer" in said.stderr


def table(settings, schema, name, text):
    file = settings.tables / f"{schema}.db" / name / "part-0.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_text(text)


def test_what_was_published_stays_until_all_of_the_next_is_there(tmp_path):
    settings = Settings(tmp_path)
    ledger = settings.ledger / "deliveries" / "delivery_file" / "rows.parquet"
    ledger.parent.mkdir(parents=True)
    ledger.write_text("ledger")
    table(settings, "marts", "person_year", "first")
    assert publish(settings, [("marts", "person_year")]) == 1
    file = settings.published / "marts" / "person_year" / "part-0.parquet"
    table(settings, "marts", "person_year", "second")
    assert file.read_text() == "first"
    with pytest.raises(UtvandringError, match=r"marts\.family_year was built and has no files"):
        publish(settings, [("marts", "person_year"), ("marts", "family_year")])
    assert file.read_text() == "first"
    publish(settings, [("marts", "person_year")])
    assert file.read_text() == "second"


def test_what_spark_writes_is_for_its_owner_only(spark, tmp_path):
    spark.sql("select 1 as one").write.parquet(str(tmp_path / "written"))
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "written").rglob("*")}
    assert modes == {0}


def test_a_table_of_another_run_in_the_way_is_named(spark):
    folder = Path(spark.conf.get("spark.sql.warehouse.dir").removeprefix("file:")) / "left"
    folder.mkdir()
    (folder / "part-0.parquet").write_text("left by a build that was killed")
    with pytest.raises(Exception, match="LOCATION_ALREADY_EXISTS") as caught:
        spark.sql("create table left as select 1 as one")
    assert in_the_way(str(caught.value)) == (
        "A table of another run is in the way: let no other build run, remove the folder "
        f"{folder} and build again."
    )
    assert in_the_way("anything else") is None


def test_one_session_serves_a_process(spark):
    assert start(Settings(Path("elsewhere"))) is spark


def test_a_register_is_read_through_links_and_what_a_file_lacks_is_null(spark, tmp_path):
    from utvandring.spark.adapter import Adapter

    accepted = tmp_path / "accepted"
    (accepted / "files").mkdir(parents=True)
    for name, columns in {
        "one": "'a' as personid, 1 as kjoenn, 2001 as periode",
        "two": "'b' as personid, 2002 as periode",
    }.items():
        duckdb.execute(f"copy (select {columns}) to '{accepted}/files/{name}.parquet' (format parquet)")
    root = SimpleNamespace(_settings=Settings(tmp_path / "spark"))
    address = Adapter.lay_files(
        root, "registers", "person", str(accepted), ["files/one.parquet", "files/two.parquet"]
    )
    spark.sql(
        f"create table laid (personid string, kjoenn int, periode int) using parquet location '{address}'"
    )
    by_file = "select _metadata.file_name as file, personid, kjoenn, periode from laid order by file"
    assert [tuple(row) for row in spark.sql(by_file).collect()] == [
        ("one.parquet", "a", 1, 2001),
        ("two.parquet", "b", None, 2002),
    ]
    # A file that no delivery brings any more is gone from the register.
    Adapter.lay_files(root, "registers", "person", str(accepted), ["files/two.parquet"])
    spark.sql("refresh table laid")
    assert [row.personid for row in spark.sql("select personid from laid").collect()] == ["b"]
    spark.sql("drop table laid")
