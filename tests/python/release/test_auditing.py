"""The audit of a release: it finds what is known too well; its witnesses are tables that look the same."""

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from utvandring.common.errors import UtvandringError
from utvandring.common.files import sha256_of
from utvandring.common.project import DataRoot
from utvandring.release import auditing
from utvandring.release.auditing import (
    Audited,
    as_lines,
    audit,
    audit_block,
    main,
    released_system,
    with_earlier,
)
from utvandring.release.exports import Exported, counts_file, counts_query, write_exports
from utvandring.release.suppression import Integers, Rule, System
from utvandring.release.witnesses import Witnesses

RULE = Rule(threshold=5, base=5, protection=4)


def block(total: int, *parts: int) -> System:
    """Return one total and its parts, all of it."""
    count = np.array([total, *parts])
    places = np.arange(1, len(count))
    return System(count, np.array([0]), np.array([True]), np.array([len(parts)]), places)


def places(system: System, *shown: float) -> pd.DataFrame:
    cells = len(system.count)
    return pd.DataFrame(
        {
            "measure": "persons_n",
            "shown_n": shown,
            "earlier_n": np.nan,
            "part": "all",
            "row_of": range(cells),
            "column_of": "one",
        }
    )


def test_a_count_that_is_known_too_well_is_found() -> None:
    # 20 is 18 to 22: five counts of at most 4 are at least 2 each.
    system = block(20, 4, 4, 4, 4, 4)
    found = audit_block("a", system, places(system, 20, *[np.nan] * 5), RULE, 2, 5)
    assert (found.small_n, found.fewest_values, found.narrow_n) == (5, 3, 5)
    # No table proves what is not so.
    assert (found.proved_n, found.open_n) == (0, 5)

    # By programmes over parts, and by tables of the whole.
    for tables, programmes in ((0, 30), (10, 0)):
        found = audit_block("a", system, places(system, *[np.nan] * 6), RULE, tables, programmes)
        assert (found.narrow_n, found.proved_n, found.open_n) == (0, 5, 0)
        assert (found.tables_n > 0, found.programmes_n > 0) == (tables > 0, programmes > 0)


def test_the_only_person_of_a_group_is_found_where_she_learns_another_count() -> None:
    for shown, learnt in ((5.0, 1), (np.nan, 0)):
        system = block(5, 1, 4)
        found = audit_block("a", system, places(system, shown, np.nan, np.nan), RULE)
        assert (found.alone_n, found.learnt_n, found.narrow_n) == (1, learnt, 0)


def test_what_an_earlier_export_shows_is_known_where_the_count_is_the_same_and_reported_by_table() -> None:
    # 18 to 22 less 5 to 8 and 5 to 8 is 2 at least: three values are left of a small count.
    system = block(18, 7, 8, 3)
    now = places(system, 20, np.nan, 5, np.nan).assign(cell_id=[1, 2, 3, 4], n=system.count)
    assert audit_block("a", system, now, RULE).narrow_n == 0

    names = pd.DataFrame(
        {"table_name": "t", "key": list("1234"), "item": "n", "cell_id": [1, 2, 3, 4], "measure": "persons_n"}
    )
    # As another number than it would be shown as, it is a count that was corrected since.
    for earlier, known in ((5.0, 1), (10.0, 0), (np.nan, 0)):
        exported = [
            pd.DataFrame({"table_name": "t", "key": list("1234"), "item": "n", "n": [20, n, 5, np.nan]})
            for n in (np.nan, earlier)
        ]
        both = with_earlier(now, names, exported, RULE)
        assert len(both) == 4
        found = audit_block("a", system, both, RULE)
        assert (found.earlier_n, found.narrow_n) == (known, known)
        assert found.narrow_in == ({"all": 1} if known else {})


def found_in(block: str, **numbers: object) -> Audited:
    empty = dict.fromkeys(Audited.__annotations__, 0) | {"block": block, "narrow_in": {}, "fewest_values": 4}
    return Audited(**(empty | numbers))


def test_a_count_that_is_known_too_well_to_anybody_is_said_and_ends_with_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UTVANDRING_DATA", str(tmp_path))
    for numbers, code, said in (
        ({}, 0, "0 have fewer than asked for."),
        (
            {"narrow_n": 2, "narrow_in": {"rates by sex": 2}},
            1,
            "2 have fewer than asked for (2 in rates by sex).",
        ),
        ({"alone_n": 3, "learnt_n": 1}, 1, "3 persons are alone in a group; 1 learn another small count."),
    ):
        monkeypatch.setattr(auditing, "audit", lambda *_, numbers=numbers: [found_in("a", **numbers)])
        assert main("1", "1") == code
        assert said in capsys.readouterr().out


@pytest.mark.parametrize("shown", [(10.0, np.nan, 5.0), (5.0, 5.0, 5.0)])
def test_what_is_shown_though_small_or_as_another_number_is_refused(shown: tuple[float, ...]) -> None:
    system = block(8, 3, 5)
    with pytest.raises(UtvandringError, match="1 counts are shown that should be withheld or other numbers"):
        released_system(system, pd.Series(shown), RULE)


def test_every_witness_is_a_table_that_looks_the_same_and_adds_up() -> None:
    """A table with margins; all witnesses that are found are compared with what is shown."""
    generator = np.random.default_rng(7)
    inner = generator.integers(0, 7, (4, 5))
    table = np.vstack([inner, inner.sum(axis=0)])
    table = np.column_stack([table, table.sum(axis=1)])
    number = np.arange(table.size).reshape(table.shape)
    lines = [*number, *number.T]
    system = System(
        table.ravel(),
        np.array([line[-1] for line in lines]),
        np.ones(len(lines), dtype=bool),
        np.array([len(line) - 1 for line in lines]),
        np.concatenate([line[:-1] for line in lines]),
    )
    small = RULE.is_small(system.count)
    shown = pd.Series(np.where(small, np.nan, RULE.shown(system.count).astype(float)))
    whole, known = released_system(system, shown, RULE)
    witnesses = Witnesses(whole, known, small, RULE)
    seen = set()
    for _ in range(200):
        witnesses.look(np.arange(len(system.count)), generator)
        found = witnesses.now.reshape(table.shape)
        assert (found[:-1].sum(axis=0) == found[-1]).all() and (
            found[:, :-1].sum(axis=1) == found[:, -1]
        ).all()
        assert (RULE.is_small(witnesses.now) == small).all()
        assert (RULE.shown(witnesses.now)[~small] == RULE.shown(system.count)[~small]).all()
        seen.add(witnesses.now.tobytes())
    assert len(seen) > 5


def cube(generator: np.random.Generator) -> System:
    """Return a table of three characteristics with all its margins."""
    inner = generator.integers(0, 4, (5, 4, 3))
    table = np.pad(inner, ((0, 1), (0, 1), (0, 1)))
    table[-1] = table.sum(axis=0)
    table[:, -1] = table.sum(axis=1)
    table[:, :, -1] = table.sum(axis=2)
    number = np.arange(table.size).reshape(table.shape)
    lines = [
        line for axis in range(3) for line in np.moveaxis(number, axis, -1).reshape(-1, table.shape[axis])
    ]
    return System(
        table.ravel(),
        np.array([line[-1] for line in lines]),
        np.ones(len(lines), dtype=bool),
        np.array([len(line) - 1 for line in lines]),
        np.concatenate([line[:-1] for line in lines]),
    )


def test_tables_of_the_whole_block_look_the_same_and_prove_what_lies_between_them() -> None:
    system = cube(np.random.default_rng(3))
    small = RULE.is_small(system.count)
    shown = pd.Series(np.where(small, np.nan, RULE.shown(system.count).astype(float)))
    whole, known = released_system(system, shown, RULE)
    witnesses = Witnesses(whole, whole.tightened(known, np.arange(len(whole.total))), small, RULE)
    first = np.concatenate([[0], np.cumsum(system.size)[:-1]])
    taken: list[Integers] = []
    witnesses._take = lambda other: (taken.append(other), Witnesses._take(witnesses, other))[0]  # type: ignore
    proved = sum(witnesses.look_everywhere() for _ in range(30))
    assert len(taken) > 10
    for other in taken:
        assert (np.add.reduceat(other[system.part], first) == other[system.total]).all()
        assert (RULE.is_small(other) == small).all()
        assert (RULE.shown(other)[~small] == RULE.shown(system.count)[~small]).all()
    # What is proved was seen at both ends.
    every = np.array([system.count, *taken])
    apart = every.max(axis=0) - every.min(axis=0) >= RULE.protection - 1
    assert proved == (small & apart).sum() == (small & ~witnesses.open).sum() > 20


def test_what_only_a_programme_excludes_is_left_open() -> None:
    """Two triangles whose sides are shown add up to more than their corners by themselves do.

    Sides are 5 to 8, so that the three corners of each are 8 at least, twice that being the sum of the
    sides. All corners and one more count are 13 to 17: that one is 1 at most. The bounds of relations alone
    leave it every value from 0 to 4.
    """
    corners = [3, 3, 2, 3, 3, 2]
    sides = [6, 5, 5, 6, 5, 5]
    system = System(
        np.array([*corners, *sides, 0, 16]),
        np.array([6, 7, 8, 9, 10, 11, 13]),
        np.ones(7, dtype=bool),
        np.array([2, 2, 2, 2, 2, 2, 7]),
        np.array([0, 1, 1, 2, 0, 2, 3, 4, 4, 5, 3, 5, 0, 1, 2, 3, 4, 5, 12]),
    )
    found = audit_block("a", system, places(system, *[np.nan] * 6, *[5] * 6, np.nan, 15), RULE, 20, 50)
    assert (found.small_n, found.narrow_n, found.fewest_values) == (7, 0, 4)
    assert found.open_n > 0

    whole, known = released_system(system, pd.Series([*[np.nan] * 6, *[5] * 6, np.nan, 15]), RULE)
    bounds = whole.tightened(known, np.arange(len(whole.total)))
    witnesses = Witnesses(whole, bounds, RULE.is_small(whole.count), RULE)
    for _ in range(20):
        witnesses.look_everywhere()
    assert bounds[1][12] == 4
    assert witnesses.most[12] <= 1
    assert witnesses.open[12]


def test_a_block_that_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    system = cube(np.random.default_rng(3))
    small = RULE.is_small(system.count)
    table = places(system, *np.where(small, np.nan, RULE.shown(system.count).astype(float)))
    file = tmp_path / "unfinished.npz"
    whole = audit_block("a", system, table, RULE, 8)
    assert 0 < whole.open_n < whole.small_n
    audit_block("a", system, table, RULE, 3, 0, file)
    found = audit_block("a", system, table, RULE, 8, 0, file)
    assert replace(found, seconds=0.0) == replace(whole, seconds=0.0)


# Of the outcome years, which are nearly all of a release, one.
SOME_BLOCKS = "2003|stays"


@pytest.mark.long
def test_the_audit_of_a_built_release_finds_nothing_and_goes_on_where_it_was_broken_off(
    built_warehouse: Path, tmp_path: Path
) -> None:
    root = DataRoot(tmp_path)
    root.warehouse.symlink_to(built_warehouse / "warehouse.duckdb")

    class Broken(Exception):
        pass

    told: list[str] = []

    def stop(found: object) -> None:
        told.append(str(found))
        if len(told) == 2:
            raise Broken

    with pytest.raises(UtvandringError, match="No block of the release has a name with 1066"):
        audit(root, 2, 6, blocks="1066")
    with pytest.raises(Broken):
        audit(root, 2, 6, stop, SOME_BLOCKS)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "audit").iterdir()}
    assert len(kept) == 2
    found = audit(root, 2, 6, blocks=SOME_BLOCKS)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    with duckdb.connect(str(root.warehouse), read_only=True) as connection:
        (rows,) = connection.execute(
            "select count(distinct block_id) from intermediate.int_disclosure__relation "
            f"where regexp_matches(block_id, '{SOME_BLOCKS}')"
        ).fetchall()
    assert len(found) == len([*(tmp_path / "audit").iterdir()]) == rows[0]
    assert all(one.narrow_n == 0 and one.fewest_values >= RULE.protection for one in found)
    assert sum(one.alone_n for one in found) > 100
    assert all(one.learnt_n == 0 for one in found)
    assert sum(one.proved_n for one in found) > 100
    assert audit(root, 2, 6, blocks=SOME_BLOCKS) == found
    # And the same again where nothing was kept.
    shutil.rmtree(tmp_path / "audit")
    assert [replace(one, seconds=0.0) for one in audit(root, 2, 6, blocks=SOME_BLOCKS)] == [
        replace(one, seconds=0.0) for one in found
    ]
    assert "0 have fewer than asked for" in as_lines(found)[1]


@pytest.mark.long
def test_what_an_export_without_protection_showed_is_found_in_every_table(
    built_warehouse: Path, tmp_path: Path
) -> None:
    """An export as it is told nothing more; one that withheld small counts alone gives many of them away."""
    root = DataRoot(tmp_path)
    root.warehouse.symlink_to(built_warehouse / "warehouse.duckdb")
    root.exports.mkdir()
    query = (
        "select table_name, key, item, {} as n from intermediate.int_disclosure__released_name as name "
        "inner join intermediate.int_disclosure__audited_cell as cell using (cell_id, measure)"
    )
    with duckdb.connect(str(root.warehouse), read_only=True) as connection:
        as_released = query.format("cell.shown_n")
        with_all = query.format(
            "case when cell.n >= 9 then 5 * round(cell.n / 5) when cell.n >= 5 then 5 end"
        )
        tables = {
            table
            for (table,) in connection.execute(
                "select distinct table_name from intermediate.int_disclosure__released_name"
            ).fetchall()
        }
        # Names are those that exports are written with, but for areas, which are counted and never released.
        (named,) = connection.execute(
            "select count(*), (select count(*) from intermediate.int_disclosure__released_name "
            "where key not like '%/area') "
            "from intermediate.int_disclosure__released_name "
            f"inner join ({counts_query(connection, sorted(tables))}) using (table_name, key, item)"
        ).fetchall()
        for number, sql in enumerate((as_released, with_all), start=1):
            connection.execute(f"copy ({sql}) to '{counts_file(root, number)}' (format parquet)")
    assert named[0] == named[1] > 0
    entries: list[Exported] = []
    found = []
    for number in (1, 2):
        sha256 = sha256_of(counts_file(root, number))
        previous = entries[-1].sha256 if entries else ""
        entries.append(Exported(number, "2026-11-30", "0", tuple(sorted(tables)), 0, sha256, None, previous))
        write_exports(root, entries)
        found.append(audit(root, 0, 0, blocks=SOME_BLOCKS))
    assert sum(one.earlier_n for one in found[0]) == sum(one.narrow_n for one in found[0]) == 0
    assert sum(one.earlier_n for one in found[1]) > 100
    assert sum(one.narrow_n for one in found[1]) > 100
