"""Builds: what they require, what they publish, and what they leave alone when something fails."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from conftest import Command, run_command
from dbt_server import DbtServer
from deliveries import PROJECT, good_files, write_delivery

from utvandring.builds import building, dbt_process, publication
from utvandring.builds.building import BuildFailedError, Request
from utvandring.common.project import DataRoot
from utvandring.deliveries.deliver import deliver

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
        root: DataRoot,
        project: Path,
        request: Request,
        progress: Any,
        check: Callable[[], None],
    ) -> list[dict[str, Any]]:
        check()
        asked.append(request)
        with duckdb.connect(str(root.warehouse)) as connection:
            for schema in ("marts", "intermediate", "staging", "registers", "code_lists", "quality"):
                connection.execute(f"create schema if not exists {schema}")
            connection.execute(
                "create or replace table intermediate.secret as select 'not for readers' as text"
            )
            connection.execute(
                "create or replace table marts.person_year as "
                f"select range as person_id, 2012 as base_year from range({len(asked)}) "
                "union all select 0, 2011"
            )
            connection.execute("comment on table marts.person_year is 'Everyone''s years.'")
            connection.execute("comment on column marts.person_year.base_year is 'The year before.'")
            connection.execute("create or replace view marts.shorthand as from intermediate.secret")
            connection.execute("create or replace view staging.shorthand as from intermediate.secret")
            connection.execute(
                "create or replace table quality.publication_count as "
                "select 'residents' as measure, base_year, 'all' as column_name, count(*) as persons_n, "
                "null::bigint as delivered_n from marts.person_year group by all"
            )
        return [{"unique_id": "model.utvandring.person_year", "status": "success", "message": "OK"}]

    monkeypatch.setattr(building, "run_dbt", run)
    return asked


def published_rows(data_root: Path) -> int:
    with duckdb.connect(str(data_root / "published" / "utvandring.duckdb"), read_only=True) as connection:
        row = connection.execute("select count(*) from marts.person_year where base_year = 2012").fetchone()
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


def test_a_build_over_what_spark_published_is_a_whole_one(
    utvandring: Command, delivered: Path, dbt: list[Request]
) -> None:
    for part in (("--select", "stay"), ("--as-of", "first")):
        assert utvandring("build", "--from-spark", *part).code == 2
    assert utvandring("build", "--from-spark").code == 0
    assert dbt == [Request(from_spark=True)]


def test_a_build_publishes_only_what_is_meant_for_readers(
    utvandring: Command, delivered: Path, dbt: list[Request]
) -> None:
    ran = utvandring("build")

    assert ran.code == 0, ran.text
    assert "marts.person_year has 2 rows, base years 2011 to 2012." in ran.out
    path = delivered / "published" / "utvandring.duckdb"
    assert f"duckdb -readonly {path}" in ran.out
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by all"
        ).fetchall()
        assert tables == [
            ("marts", "person_year", "Everyone's years."),
            ("marts", "shorthand", None),
            ("quality", "publication_count", None),
        ]
        assert connection.execute("from marts.shorthand").fetchall() == [("not for readers",)]
        comments = connection.execute(
            "select comment from duckdb_columns() "
            "where table_name = 'person_year' and column_name = 'base_year'"
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
    assert reader.stdout.readline() == "2\n"

    assert utvandring("build").code == 0

    assert published_rows(delivered) == 2
    assert reader.communicate("\n", timeout=600)[0] == "2\n"


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


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("true", "marts.person_year has no rows, so it was not published"),
        ("base_year = 2012", "no rows of base year 2012, which the accepted population registers must give"),
        ("base_year = 2011", "no rows of base year 2011, which"),
    ],
)
def test_an_empty_mart_or_one_without_a_year_is_never_published(
    lost: str,
    says: str,
    utvandring: Command,
    delivered: Path,
    dbt: list[Request],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    utvandring("build")
    before = (delivered / "published" / "utvandring.duckdb").read_bytes()
    run = building.run_dbt

    def lose(root: DataRoot, *arguments: Any, **more: Any) -> list[dict[str, Any]]:
        found = run(root, *arguments, **more)
        with duckdb.connect(str(root.warehouse)) as connection:
            connection.execute(f"delete from marts.person_year where {lost}")
        return found

    monkeypatch.setattr(building, "run_dbt", lose)
    for arguments in ((), ("--full-refresh",)):
        ran = utvandring("build", *arguments)
        assert ran.code == 1
        assert says in ran.err
        assert ran.err.count("\n") == 1
        assert (delivered / "published" / "utvandring.duckdb").read_bytes() == before
    assert [file.name for file in (delivered / "published").iterdir()] == ["utvandring.duckdb"]


def test_a_loss_is_not_published_until_somebody_says_why_it_is_right(
    utvandring: Command, delivered: Path, dbt: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    published = delivered / "published" / "utvandring.duckdb"
    run = building.run_dbt
    residents = 1000

    def count(root: DataRoot, *arguments: Any, **more: Any) -> list[dict[str, Any]]:
        found = run(root, *arguments, **more)
        with duckdb.connect(str(root.warehouse)) as connection:
            connection.execute(f"update quality.publication_count set persons_n = {residents}")
        return found

    monkeypatch.setattr(building, "run_dbt", count)
    assert utvandring("build").code == 0
    before = published.read_bytes()
    residents = 970

    stopped = utvandring("build")

    assert stopped.code == 1
    assert stopped.err == (
        "More than 2% is gone, so nothing was published; the last publication is unchanged. "
        "residents of base year 2011: 970, of 1,000 in the last publication (-3.0%); "
        "residents of base year 2012: 970, of 1,000 in the last publication (-3.0%). "
        "If this is right, say why: utvandring build --accept-drop --reason TEXT.\n"
    )
    assert published.read_bytes() == before
    for wrong in (("--accept-drop",), ("--reason", "x"), ("--accept-drop", "--reason", " ")):
        assert utvandring("build", *wrong).code == 2
    assert utvandring("build", "--accept-drop", "--reason", "x", "--select", "stay").code == 2
    assert not (delivered / "accepted" / "drops.jsonl").exists()

    accepted = utvandring("build", "--accept-drop", "--reason", "letter of 3 May")

    assert accepted.code == 0, accepted.text
    assert "Accepted: residents of base year 2012: 970, of 1,000" in accepted.out
    assert published.read_bytes() != before
    [line] = (delivered / "accepted" / "drops.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["reason"] == "letter of 3 May"
    assert len(json.loads(line)["drops"]) == 2
    # What was published is what the next build is held against.
    assert utvandring("build").code == 0


def test_a_build_as_of_an_earlier_delivery_loses_what_came_later(
    utvandring: Command, delivered: Path, dbt: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bool] = []
    monkeypatch.setattr(building, "find_drops", lambda root, with_last: compared.append(with_last) or [])
    [delivery] = building.read_ledger(DataRoot(delivered)).accepted
    utvandring("build")
    utvandring("build", "--as-of", delivery.delivery_id)
    assert compared == [True, False]


def test_what_is_published_is_counted(built_warehouse: Path) -> None:
    with duckdb.connect(
        str(built_warehouse / "published" / "utvandring.duckdb"), read_only=True
    ) as connection:
        counted = {
            (measure, year, column): (found, delivered)
            for measure, year, column, found, delivered in connection.execute(
                "from quality.publication_count"
            ).fetchall()
        }
        years = connection.execute("from marts.person_year").df()
        events = connection.execute("select count(*) from marts.migration_event").fetchone()

    columns = [name for name in years.columns if name != "base_year"]
    assert len(counted) == 1 + years["base_year"].nunique() * (3 + len(columns))
    assert events is not None
    assert counted["migration_events", None, "all"][0] == events[0]
    for year, of_year in years.groupby("base_year"):
        assert counted["residents", year, "all"] == (len(of_year), len(of_year))
        for measure, outcome in (
            ("emigrants", "emigration"),
            ("internal_outmigrants", "internal_outmigration"),
        ):
            assert counted[measure, year, "all"][0] == (of_year["outcome_municipality"] == outcome).sum()
        for column in columns:
            assert counted["known_values", year, column][0] == of_year[column].notna().sum()


def test_the_years_of_a_build_are_those_of_the_deliveries_that_it_is_of(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    later = {key: rows for key, rows in good_files().items() if key == ("befolkning", 2013, 1)}
    earlier = {key: rows for key, rows in good_files().items() if key not in later}
    utvandring("deliver", write_delivery(tmp_path / "first", "first", earlier))
    utvandring("deliver", write_delivery(tmp_path / "second", "second", later))
    ledger = building.read_ledger(DataRoot(data_root))

    assert building.base_years_of(ledger) == {2011, 2012}
    assert building.base_years_of(ledger.as_of("first")) == {2011}


# The environment of whoever builds.

OPTIONS_OF_DBT = {
    "DBT_EMPTY": "true",
    "DBT_RESOURCE_TYPES": "model seed",
    "DBT_INDIRECT_SELECTION": "empty",
    "DBT_TARGET": "prod",
    "DBT_PROFILE": "other",
    "DBT_PROFILES_DIR": "/elsewhere",
    "DBT_PROJECT_DIR": "/elsewhere",
    "DBT_FULL_REFRESH": "true",
    "DBT_VARS": "{disclosure_threshold: 1}",
    "DBT_DEFER": "true",
    "DBT_STATE": "/elsewhere",
    "DBT_SAMPLE": "1 day",
    "DBT_ENGINE_EMPTY": "true",
    "dbt_empty": "true",
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], tuple[list[str], dict[str, Any]]]:
    """Return how dbt is started for a data root, without starting it."""

    def start(root: Path) -> tuple[list[str], dict[str, Any]]:
        found: list[tuple[list[str], dict[str, Any]]] = []

        def popen(arguments: list[str], **how: Any) -> None:
            found.append((arguments, how))
            raise InterruptedError

        with monkeypatch.context() as patched:
            patched.setattr(building.subprocess, "Popen", popen)
            with pytest.raises(InterruptedError):
                building.run_dbt(DataRoot(root), PROJECT, Request(as_of="first"), lambda label, part: None)
        return found[0]

    return start


Started = Callable[[Path], tuple[list[str], dict[str, Any]]]


def test_dbt_gets_none_of_its_options_from_the_environment(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = started(tmp_path)
    for name, value in OPTIONS_OF_DBT.items():
        monkeypatch.setenv(name, value)
    for name in ("PYTHONINSPECT", "PYTHONIOENCODING", "PYTHONOPTIMIZE", "PYTHONWARNINGS"):
        monkeypatch.setenv(name, "1")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "profiles.yml").write_text("utvandring: {target: other}", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "work")

    arguments, how = started(tmp_path)

    assert (arguments, how) == plain
    assert how["cwd"] == PROJECT
    for option in ("--project-dir", "--profiles-dir"):
        assert arguments[arguments.index(option) + 1] == str(PROJECT)


def test_dbt_gets_the_settings_of_the_project_and_the_rest_of_the_environment(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"UTVANDRING_MEMORY": "3GB", "UTVANDRING_THREADS": "1", "HOME": "/somewhere", "TZ": "Asia/Tokyo"}
    for name, value in {**given, "UTVANDRING_DATA": "other", "UTVANDRING_AS_OF": "other"}.items():
        monkeypatch.setenv(name, value)

    _, how = started(tmp_path)

    expected = given | {
        "UTVANDRING_DATA": str(tmp_path),
        "UTVANDRING_AS_OF": "first",
        "PYTHONUTF8": "1",
    }
    assert {name: how["env"].get(name) for name in expected} == expected


def test_every_node_is_told_in_one_write_since_nodes_end_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writes of a line would let the line of another thread come between them."""
    written: list[str] = []
    stream = SimpleNamespace(write=written.append, flush=lambda: None)
    monkeypatch.setattr(dbt_process.sys, "stdout", stream)
    node = SimpleNamespace(node_name="person_year")
    dbt_process._tell(
        SimpleNamespace(
            info=SimpleNamespace(level="info", name="LogModelResult", msg=""),
            data=SimpleNamespace(node_info=node, index=7, total=374),
        )
    )
    dbt_process._tell(SimpleNamespace(info=SimpleNamespace(level="error", name="x", msg="a\nb")))
    assert [json.loads(line) for line in written] == [
        {"node": "person_year", "index": 7, "total": 374},
        {"level": "error", "message": "a\nb"},
    ]
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in written)


def test_no_file_of_the_current_folder_is_taken_for_a_module(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a checkout that is used through PYTHONPATH, with what hooks into Python beside it, still works."""
    work, hook = tmp_path / "arbeid med æøå", tmp_path / "hook"
    for folder in (work, hook):
        folder.mkdir()
    for name in ("json", "duckdb", "yaml", "utvandring"):
        (work / f"{name}.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    (hook / "sitecustomize.py").write_text("import sys; sys.hooked = True", encoding="utf-8")
    monkeypatch.chdir(work)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "../hook", ""]))

    arguments, how = started(work)

    names = "import json, duckdb, yaml, utvandring, sys, os; "
    told = "print(json.dumps([utvandring.__file__, sys.hooked, os.environ['UTVANDRING_DATA']]))"
    ran = subprocess.run(
        [*arguments[: arguments.index("-m")], "-c", names + told],
        cwd=work,
        env=how["env"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    package = Path(building.__file__).parents[1]
    assert json.loads(ran.stdout) == [str(package / "__init__.py"), True, str(work)]
    assert how["env"]["PYTHONPATH"].split(os.pathsep) == [str(package.parent), str(hook)]


def test_an_installed_package_is_not_put_before_the_standard_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    installed = tmp_path / "site-packages" / "utvandring"

    assert "PYTHONPATH" not in building.environment_of_dbt(DataRoot(tmp_path), "", installed)


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


@pytest.mark.long
def test_dbt_that_cannot_run_is_told_with_its_own_words(
    built_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    shutil.copytree(built_warehouse, root)
    before = (root / "published" / "utvandring.duckdb").read_bytes()
    # Enough for the rows of so few persons, and too little for the engine.
    monkeypatch.setenv("UTVANDRING_MEMORY", "10MB")

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


def test_a_data_root_with_an_odd_name_is_built(
    good_delivery: Path, tmp_path: Path, forked_dbt: DbtServer
) -> None:
    root = tmp_path / "it's [here] *"
    deliver(DataRoot(root), good_delivery, PROJECT)

    forked_dbt.run(root, "build", "--select", "int_deliveries__calendar", "+register_period")


def test_plain_dbt_stops_with_one_sentence_where_nothing_was_delivered(
    tmp_path: Path, forked_dbt: DbtServer
) -> None:
    with pytest.raises(AssertionError, match="No delivery has been accepted yet"):
        forked_dbt.run(tmp_path, "run")
