"""Deliveries and publications that are killed at any point leave a consistent state, and the next one works.

What the points are: killing.py. Builds that are killed: test_build.py, test_yearly_builds.py.
"""

import shutil
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deliveries import good_files, reseal, write_delivery
from killing import (
    Point,
    deliver_folder,
    kill_at,
    kill_beyond,
    points_of,
    publish_warehouse,
    run,
    without_room,
)

from utvandring.common.files import IMMUTABLE_FILE, PRIVATE_FILE
from utvandring.common.project import DataRoot
from utvandring.deliveries.ledger import read_ledger
from utvandring.deliveries.store import damaged_files

REGISTERS = ("utdanning", "utdanningsaktivitet")
REFUSED = "refused"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@dataclass
class Trial:
    """Work over a copy of a data root, again and again.

    `start` is copied for every run; a root that is not there is a new one. `points` are those of a whole run.
    """

    start: Path
    arguments: tuple[Any, ...]
    points: list[Point] = field(default_factory=list)

    def copy(self, folder: Path) -> DataRoot:
        """Make the root as it is before the work."""
        root = DataRoot(folder / "data")
        shutil.rmtree(root.path, ignore_errors=True)
        if self.start.exists():
            shutil.copytree(self.start, root.path)
        return root


# The moment from which a delivery counts: the last time that this is done.
ACCEPTING = "rename accepted/.ledger.json.new to accepted/ledger.json"


def require_kinds(trials: Iterable[Trial], kinds: Sequence[str]) -> None:
    """Require points at which these things are done, to whatever file or table."""
    told = [point[0] for trial in trials for point in trial.points]
    assert [kind for kind in kinds if not any(f"{name} ".startswith(f"{kind} ") for name in told)] == []


def delivery(folder: Path, number: int, *registers: str) -> Path:
    """A new version of a few files."""
    files = {
        (register, period, number): rows
        for (register, period, _), rows in good_files().items()
        if register in (registers or REGISTERS)
    }
    return write_delivery(folder / f"delivery-{number}", f"delivery-{number}", files)


@pytest.fixture(scope="module")
def delivering(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """Deliveries to a new root, after another one, after one that was killed, and one that is refused."""
    folder = tmp_path_factory.mktemp("delivering")
    folders = {number: delivery(folder, number) for number in (1, 2)}
    one, killed = folder / "one", folder / "killed"
    run(deliver_folder, one, folders[1])
    shutil.copytree(one, killed)
    # All has been stored by then, and nothing counts.
    kill_at((ACCEPTING, 0), deliver_folder, killed, delivery(folder, 3))
    refused = shutil.copytree(folders[2], folder / REFUSED)
    (refused / "utdanning_p2012_v2.parquet").write_bytes(b"damaged")
    reseal(refused)
    trials = [
        Trial(one, (folders[2],)),
        Trial(folder / "none", (folders[2],)),
        Trial(killed, (folders[2],)),
        Trial(one, (refused,)),
    ]
    for trial in trials:
        trial.points = points_of(deliver_folder, trial.copy(folder).path, *trial.arguments)
    return trials


def require_sound(root: DataRoot, trial: Trial, *states: list[str]) -> None:
    """Require that the accepted deliveries are one of several lists, and their files whole."""
    ledger = read_ledger(root)
    assert [entry.delivery_id for entry in ledger.accepted] in states
    assert damaged_files(root, tuple(ledger.files().values())) == ()
    assert len({file.version for file in ledger.current_files().values()}) <= 1


def kill_a_delivery(trial: Trial, point: Point, folder: Path, later: Path) -> None:
    """Kill a delivery at a point, look at what it left, and deliver again."""
    root = trial.copy(folder)
    before = [entry.delivery_id for entry in read_ledger(root).accepted]
    after = before if trial.arguments[0].name == REFUSED else [*before, "delivery-2"]
    renames = [place for place, (name, _) in enumerate(trial.points) if name == ACCEPTING]

    kill_at(point, deliver_folder, root.path, *trial.arguments)

    # The last replacement of the ledger is the moment that counts, and there is nothing between.
    now = after if trial.points.index(point) > renames[-1] else before
    require_sound(root, trial, now)
    run(deliver_folder, root.path, later)
    ledger = read_ledger(root)
    assert [entry.delivery_id for entry in ledger.accepted] == [*now, "delivery-4"]
    assert damaged_files(root, tuple(ledger.files().values())) == ()
    stored = {path.relative_to(root.accepted).as_posix(): path for path in root.files.rglob("*.parquet")}
    assert stored.keys() == {file.path for file in ledger.files().values()}
    assert {mode(path) for path in stored.values()} == {IMMUTABLE_FILE}
    assert mode(root.ledger) == PRIVATE_FILE
    assert {path.name for path in root.accepted.iterdir()} == {"files", "ledger.json", "reports"}
    assert [path.name for path in root.path.rglob(".*")] == [".lock"]


def test_deliveries_killed_before_and_after_the_moment_that_counts(
    delivering: list[Trial], tmp_path: Path
) -> None:
    later = delivery(tmp_path, 4, "utdanning")
    after_another = delivering[0]
    counts = [name for name, _ in after_another.points].index(ACCEPTING)
    for point in after_another.points[counts : counts + 2]:
        kill_a_delivery(after_another, point, tmp_path, later)


@pytest.mark.long
def test_deliveries_killed_at_every_point(delivering: list[Trial], tmp_path: Path) -> None:
    later = delivery(tmp_path, 4, "utdanning")
    require_kinds(
        delivering,
        ("write", "rename", "remove", "remove folder", "mode of", "make folder", "lock", "statement"),
    )
    for trial in delivering:
        for point in trial.points:
            kill_a_delivery(trial, point, tmp_path, later)


@pytest.mark.long
def test_deliveries_killed_in_the_middle_of_a_write(delivering: list[Trial], tmp_path: Path) -> None:
    trial = delivering[0]
    longest = max(path.stat().st_size for path in trial.start.rglob("*") if path.is_file())
    # The lock, a stored file, the ledger, the report.
    for size in (0, 100, longest // 2, longest - 1):
        root = trial.copy(tmp_path)
        kill_beyond(size, deliver_folder, root.path, *trial.arguments)
        require_sound(root, trial, ["delivery-1"], ["delivery-1", "delivery-2"])
    run(deliver_folder, root.path, delivery(tmp_path, 4))
    assert read_ledger(root).accepted[-1].delivery_id == "delivery-4"
    assert [path.name for path in root.path.rglob(".*")] == [".lock"]


# The moment from which a publication counts.
REPLACING = "rename published/.publishing.duckdb to published/utvandring.duckdb"
ROWS = 6_000
FIRST_NEW_YEAR = 2005


def fill(root: DataRoot, version: int) -> None:
    """Give a warehouse of which every row says its version, but those of the earlier years: they stay."""
    root.prepare()
    with duckdb.connect(str(root.warehouse)) as connection:
        connection.execute("create schema if not exists marts; create schema if not exists builds")
        connection.execute(
            "create table if not exists builds.unpublished_rows "
            "(schema_name varchar, table_name varchar, condition varchar)"
        )
        connection.execute(
            "insert into builds.unpublished_rows values "
            f"('marts', 'person_year', 'base_year >= {FIRST_NEW_YEAR}'), ('marts', 'family_year', 'true')"
        )
        for table in ("person_year", "family_year"):
            connection.execute(
                f"create or replace table marts.{table} as select "
                f"if(base_year < {FIRST_NEW_YEAR}, 0, {version}) as version, base_year, person_id "
                f"from (select 2000 + range // {ROWS // 10} as base_year, range as person_id "
                f"from range({ROWS + version}))"
            )
        connection.execute(f"comment on table marts.person_year is 'Version {version}.'")


def published(root: DataRoot) -> list[tuple[Any, ...]]:
    """Return what the publication holds of each version."""
    with duckdb.connect(str(root.publication), read_only=True) as connection:
        return connection.execute(
            "select name, version, count(*), min(base_year), max(base_year), sum(person_id) from ("
            "select 'person_year' as name, * from marts.person_year union all "
            "select 'family_year', * from marts.family_year) group by all order by all"
        ).fetchall()


@pytest.fixture(scope="module")
def publishing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trial]:
    """Publications of a second version, and what both versions look like when they are published."""
    folder = tmp_path_factory.mktemp("publishing")
    root = DataRoot(folder / "start")
    fill(root, 1)
    run(publish_warehouse, root.path, True)
    fill(root, 2)
    trials = {"in full": Trial(root.path, (True,)), "by year": Trial(root.path, (False,))}
    for trial in trials.values():
        trial.points = points_of(publish_warehouse, trial.copy(folder).path, *trial.arguments)
    assert any(name.startswith("statement delete from") for name, _ in trials["by year"].points)
    return trials


@pytest.fixture(scope="module")
def versions(publishing: dict[str, Trial], tmp_path_factory: pytest.TempPathFactory) -> dict[int, Any]:
    """Give what each version is when it was published without being killed."""
    folder = tmp_path_factory.mktemp("versions")
    root = publishing["in full"].copy(folder)
    found = {1: published(root)}
    for version in (2, 3):
        fill(root, version)
        run(publish_warehouse, root.path, True)
        found[version] = published(root)
    assert found[1] != found[2] != found[3]
    return found


def publish_after_a_kill(root: DataRoot, versions: dict[int, Any]) -> None:
    """Require that the next publication is whole and alone."""
    fill(root, 3)
    run(publish_warehouse, root.path, False)
    assert published(root) == versions[3]
    assert [path.name for path in root.published.iterdir()] == ["utvandring.duckdb"]
    assert mode(root.publication) == IMMUTABLE_FILE


def kill_a_publication(trial: Trial, point: Point, versions: dict[int, Any], folder: Path) -> None:
    """Kill a publication at a point, look at what is published then, and publish again."""
    root = trial.copy(folder)
    replacing = trial.points.index((REPLACING, 0))

    kill_at(point, publish_warehouse, root.path, *trial.arguments)

    # The replacement is the moment that counts, and there is nothing between.
    assert published(root) == versions[1 if trial.points.index(point) <= replacing else 2], point
    assert mode(root.publication) == IMMUTABLE_FILE
    publish_after_a_kill(root, versions)


def test_publications_killed_before_and_after_the_moment_that_counts(
    publishing: dict[str, Trial], versions: dict[int, Any], tmp_path: Path
) -> None:
    by_year = publishing["by year"]
    counts = by_year.points.index((REPLACING, 0))
    for point in by_year.points[counts : counts + 2]:
        kill_a_publication(by_year, point, versions, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("how", ["in full", "by year"])
def test_publications_killed_at_every_point(
    how: str, publishing: dict[str, Trial], versions: dict[int, Any], tmp_path: Path
) -> None:
    require_kinds(
        publishing.values(),
        ("write", "rename", "remove", "mode of", "open", "statement commit", "statement checkpoint"),
    )
    for point in publishing[how].points:
        kill_a_publication(publishing[how], point, versions, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("how", ["in full", "by year"])
def test_publications_killed_in_the_middle_of_a_write(
    how: str, publishing: dict[str, Trial], versions: dict[int, Any], tmp_path: Path
) -> None:
    trial = publishing[how]
    length = trial.copy(tmp_path).publication.stat().st_size
    # In the header of the file, and in the middle and at the end of each of its blocks.
    for size in (0, 4_096, 10_000, *range(100_000, length, 131_072)):
        root = trial.copy(tmp_path)

        kill_beyond(size, publish_warehouse, root.path, *trial.arguments)

        assert published(root) == versions[1], size
        publish_after_a_kill(root, versions)


def test_only_years_that_were_built_are_published_and_nothing_else_is_left(tmp_path: Path) -> None:
    root = DataRoot(tmp_path / "data")
    fill(root, 1)
    publish_warehouse(root.path, False)
    with duckdb.connect(str(root.warehouse)) as connection:
        connection.execute(
            "update marts.person_year set version = 2 where base_year = 2005 and person_id % 2 = 0"
        )
        connection.execute("delete from marts.person_year where base_year = 2010")
        connection.execute("update marts.person_year set version = 3 where base_year = 2004")
        connection.execute("drop table marts.family_year")
        connection.execute("create table marts.other as select 1 as number")
        connection.execute(
            "insert into builds.unpublished_rows values ('marts', 'person_year', 'base_year >= 2007'), "
            "('marts', 'person_year', 'base_year >= 2005'), ('marts', 'other', 'true')"
        )

    publish_warehouse(root.path, False)

    with duckdb.connect(str(root.publication), read_only=True) as connection:
        connection.execute(f"attach '{root.warehouse}' as warehouse (read_only)")
        published = connection.execute("from marts.person_year").fetchall()
        # Nothing says that 2004 was built again: it is as it was published last.
        expected = connection.execute(
            "select * replace (if(version = 3, 0, version) as version) from warehouse.marts.person_year"
        ).fetchall()
        assert published == expected
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name <> 'warehouse' order by all"
        ).fetchall()
    assert tables == [("other",), ("person_year",)]


def test_a_disk_without_room_changes_nothing(tmp_path: Path) -> None:
    root = DataRoot(tmp_path / "data")
    fill(root, 1)
    publish_warehouse(root.path, False)
    deliver_folder(root.path, delivery(tmp_path, 1))
    before = root.publication.read_bytes(), root.ledger.read_bytes()
    fill(root, 2)

    assert "could not be written" in without_room(200_000, publish_warehouse, root.path, True)
    assert "File too large" in without_room(200_000, publish_warehouse, root.path, False)
    assert without_room(1_000, deliver_folder, root.path, delivery(tmp_path, 2))

    assert (root.publication.read_bytes(), root.ledger.read_bytes()) == before
    publish_warehouse(root.path, False)
    deliver_folder(root.path, delivery(tmp_path, 2))
    assert len(read_ledger(root).accepted) == 2


@pytest.mark.parametrize("damage", [b"", b"not a database", b"\0" * 100_000])
def test_a_damaged_publication_is_written_anew(damage: bytes, tmp_path: Path) -> None:
    root = DataRoot(tmp_path / "data")
    fill(root, 1)
    publish_warehouse(root.path, False)
    root.publication.chmod(0o640)
    root.publication.write_bytes(damage)

    publish_warehouse(root.path, False)

    with duckdb.connect(str(root.publication), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.person_year").fetchone() == (ROWS + 1,)
