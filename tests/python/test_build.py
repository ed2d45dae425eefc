"""Builds: what they require, what they publish, and what they leave alone when something fails."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Command, run_command
from dbt_server import DbtServer
from deliveries import PROJECT, good_files, write_delivery
from killing import NODE, build_warehouse, kill_at

from utvandring import building, publication
from utvandring.building import BuildFailedError, Request
from utvandring.deliveries.deliver import deliver
from utvandring.project import DataRoot

MakeWarehouse = Callable[[int], None]


@pytest.fixture
def delivered(utvandring: Command, good_delivery: Path, data_root: Path) -> Path:
    """Give a data root that holds what a build needs."""
    assert utvandring("deliver", good_delivery).code == 0
    return data_root


@pytest.fixture
def dbt(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Let a few statements stand in for dbt; returns the builds that were asked for."""
    asked: list[Request] = []

    def run(
        root: DataRoot, project: Path, request: Request, progress: Any, check: Callable[[], None]
    ) -> list[dict[str, Any]]:
        check()
        asked.append(request)
        with duckdb.connect(str(root.warehouse)) as connection:
            for schema in ("marts", "intermediate", "staging", "registers", "code_lists"):
                connection.execute(f"create schema if not exists {schema}")
            connection.execute(
                "create or replace table intermediate.secret as select 'not for readers' as text"
            )
            connection.execute(
                "create or replace table marts.person_year as "
                f"select range as person_id, 2012 as base_year from range({len(asked)})"
            )
            connection.execute("comment on table marts.person_year is 'Everyone''s years.'")
            connection.execute("comment on column marts.person_year.base_year is 'The year before.'")
            connection.execute("create or replace view marts.shorthand as from intermediate.secret")
            connection.execute("create or replace view staging.shorthand as from intermediate.secret")
        return [{"unique_id": "model.utvandring.person_year", "status": "success", "message": "OK"}]

    monkeypatch.setattr(building, "run_dbt", run)
    return asked


def published_rows(data_root: Path) -> int:
    with duckdb.connect(str(data_root / "published" / "utvandring.duckdb"), read_only=True) as connection:
        row = connection.execute("select count(*) from marts.person_year").fetchone()
    assert row is not None
    return int(row[0])


def test_a_build_without_deliveries_says_what_to_do(utvandring: Command, data_root: Path) -> None:
    ran = utvandring("build")

    assert ran.code == 1
    assert "No delivery has been accepted yet" in ran.err
    assert not (data_root / "warehouse.duckdb").exists()


def test_a_build_with_gaps_names_them(utvandring: Command, tmp_path: Path) -> None:
    files = good_files()
    del files["flytting", 2012, 1]
    utvandring("deliver", write_delivery(tmp_path / "d", "d", files))

    ran = utvandring("build")

    assert ran.code == 1
    assert "flytting: no period has been accepted yet." in ran.err


def test_a_build_refuses_accepted_files_that_were_changed(utvandring: Command, delivered: Path) -> None:
    path = next((delivered / "accepted" / "files" / "person").iterdir())
    path.chmod(0o640)
    path.write_bytes(path.read_bytes() + b"x")

    ran = utvandring("build")

    assert ran.code == 1
    assert f"changed after acceptance: files/person/{path.name}" in ran.err
    assert not (delivered / "warehouse.duckdb").exists()


def test_a_build_of_an_unknown_delivery_is_wrong_usage(utvandring: Command, delivered: Path) -> None:
    ran = utvandring("build", "--as-of", "nothing")

    assert ran.code == 2
    assert "No accepted delivery has the id nothing" in ran.err


def test_a_build_as_of_a_delivery_requires_what_was_there_then(
    utvandring: Command, tmp_path: Path, dbt: list[Request]
) -> None:
    files = good_files()
    first = {("befolkning", 2012, 1): files.pop(("befolkning", 2012, 1))}
    utvandring("deliver", write_delivery(tmp_path / "first", "first", first))
    utvandring("deliver", write_delivery(tmp_path / "second", "second", files))

    assert utvandring("build", "--as-of", "first").code == 1
    assert dbt == []
    assert utvandring("build", "--as-of", "second", "--threads", "1", "--full-refresh").code == 0
    assert dbt == [Request(full_refresh=True, as_of="second", threads=1)]


def test_a_build_publishes_only_what_is_meant_for_readers(
    utvandring: Command, delivered: Path, dbt: list[Request]
) -> None:
    ran = utvandring("build")

    assert ran.code == 0, ran.text
    assert "marts.person_year has 1 row, base years 2012 to 2012." in ran.out
    path = delivered / "published" / "utvandring.duckdb"
    assert f"duckdb -readonly {path}" in ran.out
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by all"
        ).fetchall()
        assert tables == [("marts", "person_year", "Everyone's years."), ("marts", "shorthand", None)]
        assert connection.execute("from marts.shorthand").fetchall() == [("not for readers",)]
        comments = connection.execute(
            "select comment from duckdb_columns() where column_name = 'base_year' and not internal"
        ).fetchall()
        assert comments == [("The year before.",)]
    assert [file.name for file in path.parent.iterdir()] == ["utvandring.duckdb"]
    assert path.stat().st_mode & 0o777 == 0o440


def test_readers_keep_the_publication_that_they_have_open(
    utvandring: Command, delivered: Path, dbt: list[Request]
) -> None:
    utvandring("build")
    path = str(delivered / "published" / "utvandring.duckdb")
    count = "print(connection.execute('select count(*) from marts.person_year').fetchone()[0], flush=True)"
    opened = f"import duckdb; connection = duckdb.connect({path!r}, read_only=True)"
    reader = subprocess.Popen(
        [sys.executable, "-c", f"{opened}; {count}; input(); {count}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "1\n"

    assert utvandring("build").code == 0

    assert published_rows(delivered) == 2
    assert reader.communicate("\n", timeout=600)[0] == "1\n"


def test_a_build_says_which_tests_it_ran(
    utvandring: Command, delivered: Path, dbt: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = building.run_dbt

    def with_tests(*arguments: Any, **more: Any) -> list[dict[str, Any]]:
        found = run(*arguments, **more)
        found += [{"unique_id": f"test.utvandring.{name}", "status": "pass"} for name in ("a.1", "b.2")]
        if arguments[2].unit_tests:
            found.append({"unique_id": "unit_test.utvandring.rule.name", "status": "pass"})
        return found

    monkeypatch.setattr(building, "run_dbt", with_tests)

    without = utvandring("build")
    assert "Tested: 2 data tests passed.\n" in without.out
    assert "Unit tests, which guard the program and need no data, were not run (--unit-tests)." in without.out
    ran = utvandring("build", "--unit-tests")
    assert "Tested: 2 data tests passed, 1 unit test passed.\n" in ran.out
    assert "were not run" not in ran.out
    assert dbt[-1] == Request(unit_tests=True)


def test_a_selection_publishes_nothing(utvandring: Command, delivered: Path, dbt: list[Request]) -> None:
    utvandring("build")

    ran = utvandring("build", "--select", "person_year", "--select", "tag:x")

    assert ran.code == 0
    assert "nothing was published" in ran.out
    assert dbt[-1].select == ("person_year", "tag:x")
    assert published_rows(delivered) == 1


def test_a_failed_build_leaves_the_publication_and_says_what_failed(
    utvandring: Command, delivered: Path, dbt: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    utvandring("build")
    before = (delivered / "published" / "utvandring.duckdb").read_bytes()

    def fail(*_: Any, check: Any) -> None:
        raise BuildFailedError("The build failed.", ["test unique_[bold]key: Got 3 results"])

    monkeypatch.setattr(building, "run_dbt", fail)
    ran = utvandring("build")

    assert ran.code == 1
    assert ran.err == "The build failed.\n  test unique_[bold]key: Got 3 results\n"
    assert (delivered / "published" / "utvandring.duckdb").read_bytes() == before


def test_a_publication_that_fails_its_check_leaves_the_last_one(
    utvandring: Command, delivered: Path, dbt: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    utvandring("build")
    really_copy = publication._copy

    def copy_less(warehouse: Path, destination: Path, changed: Any) -> Any:
        written = really_copy(warehouse, destination, changed)
        with duckdb.connect(str(destination)) as connection:
            connection.execute("delete from marts.person_year")
        return written

    monkeypatch.setattr(publication, "_copy", copy_less)
    ran = utvandring("build")

    assert ran.code == 1
    assert "was not copied whole" in ran.err
    assert published_rows(delivered) == 1
    assert [file.name for file in (delivered / "published").iterdir()] == ["utvandring.duckdb"]


@contextmanager
def open_elsewhere(path: Path) -> Iterator[None]:
    """Hold a database open in another process."""
    opened = f"import duckdb; connection = duckdb.connect({str(path)!r}, read_only=True)"
    program = f"{opened}; print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield
        holder.communicate("\n", timeout=600)


def test_a_warehouse_that_a_reader_holds_is_told_in_one_sentence(
    utvandring: Command, delivered: Path, dbt: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    utvandring("build")
    monkeypatch.setattr(building, "PATIENCE_SECONDS", 0)

    with open_elsewhere(delivered / "warehouse.duckdb"):
        ran = utvandring("build")

    assert ran.code == 1
    assert "is open in another program" in ran.err
    assert ran.err.count("\n") == 1
    assert utvandring("build").code == 0


@pytest.mark.parametrize("damage", [b"", b"not a database", b"\0" * 20_000])
def test_a_damaged_warehouse_is_set_aside_and_built_anew(
    damage: bytes, utvandring: Command, delivered: Path, dbt: list[Request]
) -> None:
    (delivered / "warehouse.duckdb").write_bytes(damage)
    (delivered / "warehouse.duckdb.wal").write_bytes(b"left by a build that was killed")

    ran = utvandring("build")

    assert ran.code == 0, ran.text
    assert published_rows(delivered) == 1


# With dbt itself.


def test_the_simulated_delivery_is_built_and_published(built_warehouse: Path) -> None:
    with duckdb.connect(
        str(built_warehouse / "published" / "utvandring.duckdb"), read_only=True
    ) as connection:
        rows = connection.execute("select count(*) from marts.person_year").fetchone()
        schemas = {
            row[0]
            for row in connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
        }
    assert rows is not None
    assert rows[0] > 10_000
    assert not schemas & {"registers", "deliveries", "staging", "intermediate"}


def test_dbt_that_cannot_run_is_told_with_its_own_words(
    built_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    shutil.copytree(built_warehouse, root)
    before = (root / "published" / "utvandring.duckdb").read_bytes()
    monkeypatch.setenv("UTVANDRING_MEMORY", "1KB")

    ran = run_command(root, "build")

    assert ran.code == 1
    assert "The build failed" in ran.err
    assert "set UTVANDRING_MEMORY to more, and build again" in ran.err
    assert "Out of Memory Error" in ran.err
    assert "memory_limit" not in ran.err
    assert "Traceback" not in ran.text
    assert (root / "published" / "utvandring.duckdb").read_bytes() == before


def test_a_project_that_cannot_be_read_is_told_in_the_words_of_dbt(delivered: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("models", "macros", "seeds"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml", "requirements.lock"):
        shutil.copyfile(PROJECT / name, project / name)
    (project / "models" / "broken.yml").write_text("models: [", encoding="utf-8")

    with pytest.raises(BuildFailedError, match="dbt could not run") as failed:
        building.build(DataRoot(delivered), project, Request())

    assert any("broken.yml" in words for words in failed.value.failures)
    assert not (delivered / "warehouse.duckdb").exists()


@pytest.mark.parametrize("place", ["before dbt begins", "after the first node"])
def test_a_killed_build_leaves_no_dbt_behind_and_the_next_one_works(
    place: str, built_warehouse: Path, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    shutil.copytree(built_warehouse, root)
    before = (root / "published" / "utvandring.duckdb").read_bytes()
    point = {"before dbt begins": ("start a process", 0), "after the first node": (NODE, 0)}[place]

    # It returns when dbt is gone as well.
    kill_at(point, build_warehouse, root)

    assert (root / "published" / "utvandring.duckdb").read_bytes() == before
    ran = run_command(root, "build", "--select", "sex")
    assert ran.code == 0, ran.text
    results = json.loads((root / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert results
    assert (root / "published" / "utvandring.duckdb").read_bytes() == before


def test_a_data_root_with_an_odd_name_is_built(
    good_delivery: Path, tmp_path: Path, forked_dbt: DbtServer
) -> None:
    root = tmp_path / "it's [here] *"
    deliver(DataRoot(root), good_delivery, PROJECT)

    forked_dbt.run(root, "build", "--select", "stg_deliveries__register_period+1")


def test_plain_dbt_stops_with_one_sentence_where_nothing_was_delivered(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "run", "--target-path", str(tmp_path / "target")],
        cwd=building.__file__.rpartition("python")[0],
        env={**os.environ, "UTVANDRING_DATA": str(tmp_path), "DBT_LOG_PATH": str(tmp_path / "logs")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "No delivery has been accepted yet" in done.stdout
