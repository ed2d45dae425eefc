"""Disclosure control: small counts, what adds up to them, estimates, and an attack by linear programming."""

import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from attack import GUARANTEED, KEY, RULE, Attack, known_bounds, narrowest, shown_as
from hypothesis import given, settings
from hypothesis import strategies as st

from utvandring.common.project import DataRoot
from utvandring.release import suppression
from utvandring.release.suppression import Rule, System, groups_of_one, learnt_alone, withheld_counts

RULES = [RULE, Rule(5, 3, 3), Rule(3, 3, 2), Rule(10, 5, 4), Rule(10, 10, 7)]
MEASURES = [
    "residents_n",
    "emigrants_n",
    "internal_outmigrants_centrality_n",
    "internal_outmigrants_county_n",
    "deaths_n",
    "unaccounted_n",
]
MIXED = ["mixed_immigrant_majority", "mixed_equal", "mixed_immigrant_minority"]


@pytest.fixture(scope="module")
def warehouse(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(DataRoot(built_warehouse).publication), read_only=True) as connection:
        yield connection


# Secondary suppression on hand-written relations


def withheld(
    *relations: dict[str, Any], counts: dict[str, int], rule: Rule = RULE, whole: bool = True
) -> set[str]:
    """Return the names of the cells withheld; a relation is {total: [parts]}, all of it if `whole`."""
    number = {name: position for position, name in enumerate(sorted(counts))}
    rows = [
        {
            "block_id": 1,
            "relation_id": relation,
            "cell_id": number[member],
            "is_total": is_total,
            "is_exhaustive": whole,
        }
        for relation, ((total, parts),) in enumerate(one.items() for one in relations)
        for member, is_total in ((total, True), *((part, False) for part in parts))
    ]
    frame = pd.DataFrame(
        {"persons_n": [counts[name] for name in sorted(counts)]}, index=sorted(number.values())
    )
    found = withheld_counts(pd.DataFrame(rows), frame, rule)
    return {name for name, position in number.items() if position in set(found["cell_id"])}


def test_one_small_part_beside_a_shown_one_is_safe_behind_the_rounding() -> None:
    assert withheld({"all": ["men", "women"]}, counts={"all": 103, "men": 101, "women": 2}) == set()


FIVE = ["a", "b", "c", "d", "e"]


def test_parts_that_must_all_be_about_as_large_as_they_can_hide_their_total() -> None:
    # 20 is shown, so at least 18: five parts of at most 4 are at least 2 each.
    assert withheld({"all": FIVE}, counts={"all": 20, **dict.fromkeys(FIVE, 4)}) == {"all"}
    # 8 is shown as 5, so at least 5: two parts of at most 4 are at least 1 each: four values.
    assert withheld({"all": ["a", "b"]}, counts={"all": 8, "a": 4, "b": 4}) == set()


def test_a_part_left_over_by_unlucky_rounding_hides_the_smallest_shown_part() -> None:
    # 18 is shown as 20, 7 as 5: at least 18 - 8 - 8 = 2 are left, and 4 is the most a small count can be.
    assert withheld({"all": ["a", "b", "c"]}, counts={"all": 18, "a": 7, "b": 7, "c": 4}) == {"a"}


def test_a_withheld_total_is_not_given_away_by_another_relation() -> None:
    seven = [*FIVE, "f", "g"]
    counts = {"country": 1013, "west": 28, "east": 985, **dict.fromkeys(seven, 4)}
    hidden = withheld({"west": seven}, {"country": ["west", "east"]}, counts=counts)
    # country 1013-1017 less east 983-987: west would be known to be at least 26, so its parts at least 2.
    assert hidden == {"west", "east"} or hidden == {"west", "country"}


def test_what_parts_leave_of_their_total_is_protected_like_a_count() -> None:
    # 12 is shown as 10, at most 12, the parts as 5, at least 5: 0 to 2 persons are in neither of them.
    counts = {"all": 12, "a": 6, "b": 5}
    assert withheld({"all": ["a", "b"]}, counts=counts) == {"b"}
    # 5 of 5, 5 to 8 each: 0 to 3 are left.
    assert (
        withheld({"residents": ["emigrants"]}, counts={"residents": 5, "emigrants": 5}, whole=False) == set()
    )
    # All of the total by definition: nobody is left over, and no reader learns anything of them.
    assert withheld({"all": ["a", "b"]}, counts={"all": 11, "a": 6, "b": 5}) == set()
    assert withheld({"all": ["a", "b"]}, counts={"all": 12, "a": 6, "b": 6}, whole=False) == {"a"}


def test_the_only_person_of_a_group_learns_no_other_count() -> None:
    # 5 is 5 to 8: who is the 1 knows that at least 4 are the others, and a small count is at most 4.
    assert withheld({"all": ["a", "b"]}, counts={"all": 5, "a": 1, "b": 4}) == {"all"}
    # Two of a group do not know whether there are more; of 7 others she only learns that they are 4 to 7.
    assert withheld({"all": ["a", "b"]}, counts={"all": 6, "a": 2, "b": 4}) == set()
    assert withheld({"all": ["a", "b"]}, counts={"all": 8, "a": 1, "b": 7}) == set()
    # From 9 she knows that the others are 8 at least, and they are 4 and 4 at most: two relations tell her.
    assert withheld(
        {"all": ["a", "others"]},
        {"others": ["b", "c"]},
        counts={"all": 9, "a": 1, "others": 8, "b": 4, "c": 4},
    ) == {"all", "others"}


def test_a_total_that_is_the_same_cell_as_its_part_gives_nothing_away() -> None:
    assert withheld({"all": ["all", "none"]}, {"all": ["a"]}, counts={"all": 9, "a": 9, "none": 0}) == set()


def test_parts_that_stay_below_their_total_do_not_bound_from_below() -> None:
    assert withheld({"all": ["a", "b"]}, counts={"all": 12, "a": 4, "b": 4}) == set()


def test_a_relation_of_one_measure_says_nothing_of_another_and_cells_without_a_count_are_in_none() -> None:
    relations = pd.DataFrame(
        {
            "block_id": "a year",
            "measure": [*["first_n"] * 6, None, None],
            "relation_id": [1, 1, 1, 1, 1, 1, 2, 2],
            "cell_id": [0, 1, 2, 3, 4, 5, 0, 6],
            "is_total": [True, False, False, False, False, False, True, False],
            "is_exhaustive": True,
        }
    )
    fives = [20, 4, 4, 4, 4, 4]
    counts = pd.DataFrame({"first_n": [*fives, None], "second_n": [*fives, 20]}, index=range(7))
    found = withheld_counts(relations, counts, RULE)
    assert list(found.itertuples(index=False, name=None)) == [(0, "first_n")]

    relations["measure"] = "third_n"
    with pytest.raises(ValueError, match="a measure that is not counted"):
        withheld_counts(relations, counts, RULE)


def test_a_relation_of_several_measures_carries_what_is_known_of_one_to_another() -> None:
    # Residents (1013) are those who stay (985) and those who leave (28), of whom 4 each go to seven places.
    relations = pd.DataFrame(
        [
            (1, "residents_n", 0, True),
            (1, "persons_n", 1, False),
            (1, "leavers_n", 2, False),
            (2, "leavers_n", 2, True),
            *((2, "leavers_n", place, False) for place in range(3, 10)),
        ],
        columns=["relation_id", "measure", "cell_id", "is_total"],
    ).assign(block_id=1, is_exhaustive=True)
    counts = pd.DataFrame(
        {
            "residents_n": [1013, *[None] * 9],
            "persons_n": [None, 985, *[None] * 8],
            "leavers_n": [None, None, 28, *[4] * 7],
        },
        index=range(10),
    )
    found = withheld_counts(relations, counts, RULE)
    # 1013-1017 residents less 983-987 who stay are at least 26 who leave, at least 2 of them to each place.
    assert set(found.itertuples(index=False, name=None)) == {(2, "leavers_n"), (1, "persons_n")}
    # Without the residents it is enough to withhold those who leave.
    alone = withheld_counts(relations[relations["relation_id"] == 2], counts, RULE)
    assert list(alone.itertuples(index=False, name=None)) == [(2, "leavers_n")]


def test_a_second_process_changes_nothing_and_its_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks, cells = np.arange(3), np.arange(5)
    relations = pd.DataFrame(
        {
            "block_id": np.repeat(blocks, 5),
            "relation_id": np.repeat(blocks, 5),
            "cell_id": np.arange(15),
            "is_total": np.tile(cells == 0, 3),
            "is_exhaustive": True,
        }
    )
    counts = pd.DataFrame({"persons_n": [12, 1, 1, 5, 5, 12, 5, 1, 5, 1, 12, 5, 5, 1, 1]})
    expected = withheld_counts(relations, counts, RULE)
    assert len(expected) == 3
    monkeypatch.setattr(suppression, "_FOR_TWO", 0)

    pd.testing.assert_frame_equal(withheld_counts(relations, counts, RULE, processes=2), expected)

    monkeypatch.setattr(suppression, "_tell_withheld", sys.exit)
    with pytest.raises(ChildProcessError, match="ended from outside"):
        withheld_counts(relations, counts, RULE, processes=2)


@pytest.mark.parametrize(("threshold", "base", "protection"), [(5, 4, 4), (3, 5, 2), (5, 5, 5), (5, 3, 0)])
def test_rules_that_cannot_be_kept_are_refused(threshold: int, base: int, protection: int) -> None:
    with pytest.raises(ValueError, match=r"rounding base|threshold|protection"):
        Rule(threshold, base, protection)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 12), min_size=2, max_size=4), min_size=2, max_size=4).filter(
        lambda table: len({len(row) for row in table}) == 1
    ),
    st.sampled_from(RULES),
)
def test_no_table_of_any_counts_gives_a_small_one_away(table: list[list[int]], rule: Rule) -> None:
    """A table with margins: the exact attack on everything shown leaves every small count its values."""
    counts = np.array(table)
    cells = {(row, column): int(n) for (row, column), n in np.ndenumerate(counts)}
    cells |= {(row, -1): int(counts[row].sum()) for row in range(len(counts))}
    cells |= {(-1, column): int(counts[:, column].sum()) for column in range(counts.shape[1])}
    cells[-1, -1] = int(counts.sum())
    rows, columns = range(-1, len(counts)), range(-1, counts.shape[1])
    sums = [((row, -1), [(row, column) for column in columns[1:]]) for row in rows]
    sums += [((-1, column), [(row, column) for row in rows[1:]]) for column in columns]
    names = {cell: str(cell) for cell in cells}
    hidden = withheld(
        *({names[total]: [names[part] for part in parts]} for total, parts in sums),
        counts={names[cell]: n for cell, n in cells.items()},
        rule=rule,
    )
    position = {cell: place for place, cell in enumerate(cells)}
    n = np.array(list(cells.values()))
    shown = np.array(
        [n_cell >= rule.threshold and names[cell] not in hidden for cell, n_cell in cells.items()]
    )
    attack = Attack(
        n, *known_bounds(n, shown, rule), [(position[t], [position[p] for p in ps]) for t, ps in sums], []
    )
    least, most = attack.run(np.flatnonzero(n < rule.threshold), rule.protection)
    assert narrowest(least, most, rule) >= rule.protection


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=12, max_size=12), st.integers(1, 5))
def test_whoever_is_alone_learns_the_same_looked_at_by_herself_or_with_others(
    table: list[int], together: int
) -> None:
    """And nothing at all once counts are withheld."""
    inner = np.array(table).reshape(3, 4)
    margins = np.vstack([inner, inner.sum(axis=0)])
    cells = np.arange(20).reshape(4, 5)
    lines = [*cells, *cells.T]
    system = System(
        np.column_stack([margins, margins.sum(axis=1)]).ravel(),
        np.array([line[-1] for line in lines]),
        np.ones(9, dtype=bool),
        np.array([len(line) - 1 for line in lines]),
        np.concatenate([line[:-1] for line in lines]),
    )
    cells, person = groups_of_one(system)
    assert (np.sort(cells) == np.flatnonzero(system.count == 1)).all()
    small = RULE.is_small(system.count)
    for withheld in (np.zeros(20, dtype=bool), suppression._withheld(system, RULE)):
        bounds = system.tightened(system.known(RULE, withheld), np.arange(9))
        learnt = {}
        for one in np.unique(person):
            least, most = bounds[0].copy(), bounds[1].copy()
            least[cells[person == one]] = most[cells[person == one]] = 1
            after = system.tightened((least, most), np.arange(9))
            exact = small & (system.count > 1) & (bounds[0] < bounds[1]) & (after[0] == after[1])
            if exact.any():
                learnt[one] = exact.tolist()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(suppression, "_TOGETHER", together)
            found = learnt_alone(system, cells, person, bounds, RULE)
        assert {one: exact.tolist() for one, (exact, _) in found.items()} == learnt
    assert not learnt


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 12), min_size=9, max_size=9), min_size=1, max_size=3),
    st.sampled_from(RULES),
)
def test_what_is_withheld_does_not_depend_on_how_it_is_worked_out(
    tables: list[list[int]], rule: Rule
) -> None:
    """Measures together or one by one, bounds worked out anew where they may change or everywhere."""
    cells = np.arange(16).reshape(4, 4)
    counts = []
    for table in tables:
        inner = np.array(table).reshape(3, 3)
        margins = np.vstack([inner, inner.sum(axis=0)])
        counts.append(np.column_stack([margins, margins.sum(axis=1)]).ravel())
    frame = pd.DataFrame(np.transpose(counts), columns=[f"count_{number}" for number in range(len(tables))])
    relations = pd.DataFrame(
        {
            "block_id": 1,
            "relation_id": np.repeat(np.arange(8), 4),
            "cell_id": np.vstack([cells, cells.T]).ravel(),
            "is_total": np.tile([False, False, False, True], 8),
            "is_exhaustive": True,
        }
    )
    found = withheld_counts(relations, frame, rule)
    one_by_one = [withheld_counts(relations, frame[[measure]], rule) for measure in frame]
    pd.testing.assert_frame_equal(found, pd.concat(one_by_one, ignore_index=True))

    everything = np.ones(frame.size, dtype=bool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(System, "resting_on", lambda *_: (everything, everything))
        pd.testing.assert_frame_equal(found, withheld_counts(relations, frame, rule))


# The attack


Cell = tuple[str, str, str, str, str, str]


def what_adds_up(cells: list[Cell]) -> tuple[list[tuple[int, list[int]]], list[tuple[int, int]]]:
    """Return sums and subsets of cells; a cell is region level and code, background and so on."""
    place = {cell: position for position, cell in enumerate(cells)}
    sums: list[tuple[int, list[int]]] = []
    parts: dict[Cell, dict[str, list[int]]] = {}
    subsets = []
    for cell, position in place.items():
        level, code, background, population, dimension, category = cell
        size, _, kind = category.partition("|")
        of: list[tuple[str, Cell]] = []
        if dimension not in ("none", "family_size_type"):
            of.append((dimension, (level, code, background, population, "none", "all")))
        if background != "all":
            of.append(("background", (level, code, "all", *cell[3:])))
        if level != "country":
            of.append((level, ("country", "0", *cell[2:])))
        if dimension == "family_size_type":
            if kind in MIXED:
                of.append(("mixed", (*cell[:5], f"{size}|mixed")))
            if kind in (*MIXED, "immigrants_only"):
                of.append(("types", (*cell[:4], "family_size", size)))
                of.append(("sizes", (*cell[:4], "family_type", kind)))
            if kind in ("mixed", "immigrants_only"):
                of.append(("halves", (*cell[:4], "family_size", size)))
        for name, total in of:
            if total in place:
                parts.setdefault(total, {}).setdefault(name, []).append(position)
        for young, old in pairwise(("age_20_35", "age_15_74", "all")):
            if (
                population == young
                and (whole := (level, code, background, old, dimension, category)) in place
            ):
                subsets.append((position, place[whole]))
    for total, named in parts.items():
        sums += [(place[total], members) for members in named.values()]
    return sums, subsets


BLOCKS = {
    "centrality levels": (
        "emigrants_n",
        "region_level in ('country', 'centrality') and population = 'age_15_74' "
        "and dimension in ('none', 'sex', 'education_group', 'family_size', 'family_type', "
        "'family_size_type') "
        "and category not like '%|all'",
    ),
    "counties": (
        "residents_n",
        "region_level in ('country', 'county') and dimension in ('none', 'sex', 'family_size') "
        "and population in ('age_15_74', 'age_20_35')",
    ),
}


def block_of(
    warehouse: duckdb.DuckDBPyConnection, measure: str, where: str
) -> tuple[np.ndarray, np.ndarray, list[Cell]]:
    """Return true counts, shown counts (-1 where missing) and the cells of one year of the release."""
    rows = warehouse.execute(
        f"select released.* exclude ({', '.join(MEASURES)}), coalesce(mart.{measure}, 0) as n, "
        f"coalesce(released.{measure}, -1) as shown from release.mobility_rate as released "
        f"left join marts.mobility_rate as mart using ({', '.join(KEY)}) "
        f"where outcome_year = 2013 and {where} order by all"
    ).df()
    cells = list(rows[KEY[1:]].itertuples(index=False, name=None))
    return rows["n"].to_numpy(), rows["shown"].to_numpy(), cells


@pytest.mark.parametrize("block", BLOCKS)
def test_linear_programming_does_not_recover_a_suppressed_count(
    block: str, warehouse: duckdb.DuckDBPyConnection
) -> None:
    measure, where = BLOCKS[block]
    n, shown, cells = block_of(warehouse, measure, where)
    small = np.flatnonzero(n < RULE.threshold)
    assert (shown[small] == -1).all() and len(small) > 100
    least, most = known_bounds(n, shown >= 0, RULE)

    attack = Attack(n, least, most, *what_adds_up(cells))
    assert narrowest(*attack.run(small, GUARANTEED), RULE) >= GUARANTEED


def test_the_attack_recovers_counts_that_are_only_suppressed_where_small(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    measure, where = BLOCKS["counties"]
    n, _, cells = block_of(warehouse, measure, where + " and dimension in ('none', 'sex')")
    small = np.flatnonzero((n < RULE.threshold) & (n > 0))
    sums = what_adds_up(cells)
    # Counts as they are, no rounding, nothing but small counts missing.
    naive = Attack(n, *bare_bounds(n), *sums)
    least, most = naive.run(small, 2, tries=10)
    recovered = np.ceil(least - 1e-6) == np.floor(most + 1e-6)
    assert recovered.mean() > 0.25
    assert (least[recovered].round() == n[small][recovered]).all()


def bare_bounds(n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    small = n < RULE.threshold
    return np.where(small, 0, n).astype(float), np.where(small, RULE.threshold - 1, n).astype(float)


def test_rounding_alone_is_not_enough(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Small counts suppressed and others rounded, but nothing withheld besides: the attack succeeds."""
    measure, where = BLOCKS["centrality levels"]
    n, _, cells = block_of(warehouse, measure, where)
    small = np.flatnonzero(n < RULE.threshold)
    attack = Attack(n, *known_bounds(n, n >= RULE.threshold, RULE), *what_adds_up(cells))
    assert narrowest(*attack.run(small, GUARANTEED), RULE) < GUARANTEED


# The attack on the tables beyond the report, with what adds up to what written down a second time

Key = tuple[str, ...]
Counts = dict[Key, tuple[int, int]]
Memberships = Callable[[Key], list[tuple[str, Key]]]


def attack_on(counts: Counts, sums: Memberships, subsets: Memberships | None = None) -> Attack:
    """Return the attack on true and shown counts; `sums` names the totals that a cell is a part of."""
    place = {key: position for position, key in enumerate(counts)}
    parts: dict[tuple[str, Key], list[int]] = {}
    within = []
    for key, position in place.items():
        for name, total in sums(key):
            if total in place:
                parts.setdefault((name, total), []).append(position)
        for _, total in subsets(key) if subsets else []:
            if total in place:
                within.append((position, place[total]))
    n, shown = (np.array(column) for column in zip(*counts.values(), strict=True))
    assert ((shown == -1) | (shown == shown_as(n, RULE))).all()
    assert (shown[n < RULE.threshold] == -1).all()
    return Attack(
        n,
        *known_bounds(n, shown >= 0, RULE),
        [(place[total], members) for (_, total), members in parts.items()],
        within,
    )


def counted(warehouse: duckdb.DuckDBPyConnection, sql: str) -> Counts:
    """Return the counts of a query whose last two columns are the true and the shown one."""
    return {
        tuple(str(value) for value in key): (n, -1 if shown is None else shown)
        for *key, n, shown in warehouse.execute(sql).fetchall()
    }


def regions(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Emigrants of 2013 by region, population and background, and immigrants among them by sex."""
    key = "outcome_year, region_level, region_code, population, immigration_background"
    counts = counted(
        warehouse,
        f"""
        select released.region_level, released.region_code, released.population,
            released.immigration_background, 'all', coalesce(mart.emigrants_n, 0), released.emigrants_n
        from release.emigration_by_region as released
        left join marts.emigration_by_region as mart using ({key})
        where outcome_year = 2013
        union all
        select released.region_level, released.region_code, 'immigrants', released.immigration_background,
            released.category, coalesce(mart.emigrants_n, 0), released.emigrants_n
        from release.mobility_rate as released left join marts.mobility_rate as mart using ({", ".join(KEY)})
        where outcome_year = 2013 and released.population = 'all' and released.dimension = 'sex'
        order by all""",
    )

    def sums(cell: Key) -> list[tuple[str, Key]]:
        level, code, population, background, sex = cell
        found = []
        if level != "country":
            found.append((level, ("country", "0", *cell[2:])))
        if background != "all":
            found.append(("background", (level, code, population, "all", sex)))
        elif population != "all" and sex == "all" and level != "first_centrality":
            found.append(("population", (level, code, "all", "all", "all")))
        if sex != "all":
            found.append(("sex", (*cell[:4], "all")))
        return found

    return attack_on(counts, sums)


def flows(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Who came to, left and stayed in a county in 2012, and what is shown elsewhere of the same persons."""
    # Which rows of the mart a row of the release counts: its own place, or any of several.
    counted_by = """
        {place} = mart.{place}
        or {place} = 'all'
        or {place} = 'abroad' and starts_with(mart.{place}, 'abroad:')
        or {place} = 'other_region' and mart.from_region <> mart.to_region
            and length(mart.from_region) = 2 and length(mart.to_region) = 2"""
    from_here, to_here = (
        counted_by.replace("{place} =", f"released.{place} =").replace("{place}", place)
        for place in ("from_region", "to_region")
    )
    counts = counted(
        warehouse,
        f"""
        select 'flow', released.from_region, released.to_region, (
                select coalesce(sum(mart.persons_n), 0)::bigint from marts.migration_flow as mart
                where (outcome_year, region_level, dimension) = (2012, 'county', 'none')
                    and ({from_here}) and ({to_here})
            ), released.persons_n
        from release.migration_flow as released where (outcome_year, region_level) = (2012, 'county')
        order by all""",
    )
    key = "outcome_year, region_level, region_code, population, immigration_background"
    for item in ("residents_n", "emigrants_n", "internal_outmigrants_n", "deaths_n"):
        counts |= counted(
            warehouse,
            f"""
            select '{item}', region_code, population, coalesce(mart.{item}, 0), released.{item}
            from release.emigration_by_region as released
            left join marts.emigration_by_region as mart using ({key})
            where outcome_year = 2012 and region_level = 'county' and immigration_background = 'all'
            order by all""",
        )
    # Residents of the next year are those at the end of this one.
    counts |= counted(
        warehouse,
        f"""
        select 'next year', region_code, 'all', mart.residents_n, released.residents_n
        from release.emigration_by_region as released
        inner join marts.emigration_by_region as mart using ({key})
        where (outcome_year, region_level, population) = (2013, 'county', 'all')
        order by all""",
    )
    same = {"all": "residents_n", "abroad": "emigrants_n", "other_region": "internal_outmigrants_n"}
    same["death"] = "deaths_n"

    def total_of(place: str, here: str) -> str:
        """Return the total that a place is part of, seen from a county."""
        if place.startswith("abroad:"):
            return "abroad"
        return "other_region" if place.isdigit() and place != here else "all"

    def sums(cell: Key) -> list[tuple[str, Key]]:
        kind, first, second = cell
        if kind != "flow":
            return [("population", (kind, first, "all"))] if second != "all" else []
        found = []
        if first.isdigit():
            if second != "all":
                found.append((f"from {first}", ("flow", first, total_of(second, first))))
            if second in same:
                found.append((f"same {second}", (same[second], first, "all")))
        if second.isdigit():
            if first != "all":
                found.append((f"to {second}", ("flow", total_of(first, second), second)))
            else:
                found.append(("next year", ("next year", second, "all")))
        return found

    return attack_on(counts, sums)


def balances(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Who came to and left a county or level in 2012, by background, and the flows that they add up to."""
    key = "outcome_year, region_level, region_code, dimension, category"
    counts: Counts = {}
    for item in ("emigrants_n", "internal_outmigrants_n", "arrivals_from_abroad_n", "internal_inmigrants_n"):
        counts |= counted(
            warehouse,
            f"""
            select '{item}', region_level, region_code, category, coalesce(mart.{item}, 0), released.{item}
            from release.migration_balance as released left join marts.migration_balance as mart using ({key})
            where outcome_year = 2012 order by all""",
        )
    # Of the flows on the ladder of centrality every pair, and who came from which countries.
    counts |= counted(
        warehouse,
        """
        select 'flow', from_region, to_region, coalesce(mart.persons_n, 0), released.persons_n
        from release.migration_flow as released left join marts.migration_flow as mart
            using (outcome_year, region_level, from_region, to_region, dimension, category)
        where (outcome_year, region_level) = (2012, 'centrality')
            and 'all' not in (from_region, to_region) and 'other_region' not in (from_region, to_region)
            and 'abroad' not in (from_region, to_region) and from_region <> to_region
        order by all""",
    )

    def sums(cell: Key) -> list[tuple[str, Key]]:
        if cell[0] != "flow":
            return [("background", (*cell[:3], "all"))] if cell[3] != "all" else []
        _, start, end = cell
        found = []
        if start.isdigit():
            left = "emigrants_n" if end.startswith("abroad:") else "internal_outmigrants_n"
            if end.isdigit() or end.startswith("abroad:"):
                found.append(("from", (left, "centrality", start, "all")))
        if end.isdigit():
            came = "arrivals_from_abroad_n" if start.startswith("abroad:") else "internal_inmigrants_n"
            if start.isdigit() or start.startswith("abroad:"):
                found.append(("to", (came, "centrality", end, "all")))
        return found

    return attack_on(counts, sums)


def ages(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Emigrants of 2013 of every age by county, and immigrants among them by age and background."""
    counts = counted(
        warehouse,
        """
        select released.population, released.age_group, released.county_code, 'all', (
                select coalesce(sum(mart.emigrants_n), 0)::bigint from marts.child_emigration as mart
                where mart.outcome_year = 2013 and released.population in ('all', mart.population)
                    and mart.age_group = released.age_group and mart.county_code = released.county_code
            ), emigrants_n
        from release.child_emigration as released where outcome_year = 2013 order by all""",
    )
    counts |= counted(
        warehouse,
        f"""
        select 'immigrant', released.category, released.region_code,
            released.immigration_background, coalesce(mart.emigrants_n, 0), released.emigrants_n
        from release.mobility_rate as released left join marts.mobility_rate as mart using ({", ".join(KEY)})
        where outcome_year = 2013 and released.population = 'all' and released.dimension = 'age_group'
            and released.region_level in ('country', 'county') and released.immigration_background <> 'all'
        order by all""",
    )
    wider = {"0-5": "0-14", "6-14": "0-14", "0-14": "0-17", "15-17": "0-17", "75-84": "75+", "85+": "75+"}
    shared_out = ("0-14", "15-24", "25-35", "36-61", "62-74", "75+")

    def sums(cell: Key) -> list[tuple[str, Key]]:
        population, age, county, background = cell
        if background != "all":
            found = [("background", (population, age, county, "all"))]
            return found if county == "0" else [*found, ("county", (population, age, "0", background))]
        # Narrow ages are shown in the whole country alone.
        found = []
        if age in wider and county == "0":
            found.append(("wider", (population, wider[age], county, "all")))
        if age in shared_out:
            found.append(("ages", (population, "all", county, "all")))
        if population != "all":
            found.append(("population", ("all", age, county, "all")))
        if county != "0":
            found.append(("county", (population, age, "0", "all")))
        return found

    def subsets(cell: Key) -> list[tuple[str, Key]]:
        return [("15-24", (cell[0], "15-24", *cell[2:]))] if cell[1] == "15-17" else []

    return attack_on(counts, sums, subsets)


def movers(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Who left a county in 2013 by characteristic, the ages of emigrants, and immigrants among them."""
    counts = counted(
        warehouse,
        """
        select 'mover', region_code, destination, dimension, category, coalesce(mart.persons_n, 0),
            released.persons_n
        from release.mover_profile as released
        left join (from marts.mover_profile where region_level = 'county') as mart
            using (outcome_year, region_code, destination, dimension, category)
        where outcome_year = 2013 order by all""",
    )
    counts |= counted(
        warehouse,
        """
        select 'emigrant', county_code, released.population, 'age_group', age_group,
            coalesce(mart.emigrants_n, 0), released.emigrants_n
        from release.child_emigration as released
        left join marts.child_emigration as mart
            using (outcome_year, population, age_group, county_code)
        where outcome_year = 2013 and county_code <> '0' and released.population <> 'all'
        order by all""",
    )
    for destination, item in (("abroad", "emigrants_n"), ("elsewhere", "internal_outmigrants_county_n")):
        counts |= counted(
            warehouse,
            f"""
            select 'immigrant', region_code, '{destination}', dimension, category,
                coalesce(mart.{item}, 0), released.{item}
            from release.mobility_rate as released
            left join marts.mobility_rate as mart using ({", ".join(KEY)})
            where outcome_year = 2013 and released.population = 'all'
                and (region_level, immigration_background) = ('county', 'all')
                and dimension in ('age_group', 'education_group', 'family_type')
                and (dimension, category) <> ('education_group', 'unknown')
            order by all""",
        )

    def sums(cell: Key) -> list[tuple[str, Key]]:
        kind, county, destination, dimension, category = cell
        if kind == "mover":
            return [(dimension, ("mover", county, destination, "none", "all"))] if dimension != "none" else []
        if kind == "emigrant" and category != "all":
            return [("population", ("mover", county, "abroad", "age_group", category))]
        return []

    def subsets(cell: Key) -> list[tuple[str, Key]]:
        return [("immigrants", ("mover", *cell[1:]))] if cell[0] == "immigrant" else []

    return attack_on(counts, sums, subsets)


def descendants(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Emigrants of 2013 of every group by characteristic and destination, and children of immigrants."""
    destinations = [
        f"emigrants_{where}_n" for where in ("parents_country", "nordic", "western", "other", "unknown")
    ]
    key = "outcome_year, immigrant_group, dimension, category"
    counts = {}
    for item in ("emigrants_n", "first_emigrants_n", *destinations):
        counts |= counted(
            warehouse,
            f"""
            select immigrant_group, dimension, category, '{item}', coalesce(mart.{item}, 0), released.{item}
            from release.descendant_emigration_rate as released
            left join marts.descendant_emigration_rate as mart using ({key})
            where outcome_year = 2013
            order by all""",
        )
    counts |= counted(
        warehouse,
        """
        select population, mart.emigrants_n, released.emigrants_n
        from release.emigration_by_region as released
        inner join marts.emigration_by_region as mart
            using (outcome_year, region_level, region_code, population, immigration_background)
        where (outcome_year, region_level, immigration_background) = (2013, 'country', 'all')""",
    )
    populations = {"descendant": "children_of_immigrants", "childhood_immigrant": "immigrants"}

    def sums(cell: Key) -> list[tuple[str, Key]]:
        if len(cell) == 1:
            return [("population", ("all",))] if cell != ("all",) else []
        group, dimension, _, item = cell
        found = []
        if dimension != "none":
            found.append((dimension, (group, "none", "all", item)))
        elif item == "emigrants_n":
            found.append(("group", (populations.get(group, "others"),)))
        if item in destinations:
            found.append(("destination", (*cell[:3], "emigrants_n")))
        return found

    def subsets(cell: Key) -> list[tuple[str, Key]]:
        return [("first", (*cell[:3], "emigrants_n"))] if cell[-1] == "first_emigrants_n" else []

    return attack_on(counts, sums, subsets)


def stays(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Immigrants by cohort and background, and what had happened to them, counted from the stays anew."""
    counts = counted(
        warehouse,
        """
        with stay as (
            select entry_year::varchar as cohort, immigration_background, duration_days,
                case when exit_date <= observed_until then exit_type end as event
            from marts.immigration_spell
            where is_immigrant and entry_type = 'immigration' and stay_number = 1 and not is_reimmigration
        ),
        released as (
            select * from release.immigration_survival
            where transition = 'emigration' and dimension in ('none', 'immigration_background')
                and years_since in (1, 3, 5)
        )
        select cohort, category, event, years_since::varchar, (
                select count(*) from stay
                where released.cohort in ('all', stay.cohort)
                    and released.category in ('all', stay.immigration_background)
                    and stay.event = released.event and stay.duration_days <= released.years_since * 365.25
            ), events_n
        from released
        union all
        select distinct cohort, category, 'persons', '0', (
                select count(*) from stay
                where released.cohort in ('all', stay.cohort)
                    and released.category in ('all', stay.immigration_background)
            ), persons_n
        from released
        order by all""",
    )
    years = sorted({int(key[3]) for key in counts})

    def sums(cell: Key) -> list[tuple[str, Key]]:
        cohort, category, event, since = cell
        found = []
        if cohort != "all":
            found.append(("cohort", ("all", *cell[1:])))
        if category != "all":
            found.append(("background", (cohort, "all", event, since)))
        if event != "persons":
            found.append((f"persons {since}", (cohort, category, "persons", "0")))
        return found

    def subsets(cell: Key) -> list[tuple[str, Key]]:
        later = [year for year in years if year > int(cell[3]) > 0]
        return [("later", (*cell[:3], str(later[0])))] if later else []

    return attack_on(counts, sums, subsets)


def former_residents(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Former residents abroad on the last 1 January by group, destination and time."""
    counts = counted(
        warehouse,
        """
        with former as (
            select *, case when years_since_leaving <= 1 then '0-1' when years_since_leaving <= 4 then '2-4'
                when years_since_leaving <= 9 then '5-9' else '10+' end as since
            from marts.former_resident where reference_year = 2014
        )
        select immigrant_group, destination_group, years_since_leaving, (
                select coalesce(sum(former.persons_n), 0)::bigint from former
                where released.immigrant_group in ('all', former.immigrant_group)
                    and released.destination_group in ('all', former.destination_group)
                    and released.years_since_leaving in ('all', former.since)
            ), persons_n
        from release.former_resident as released where reference_year = 2014 order by all""",
    )

    def sums(cell: Key) -> list[tuple[str, Key]]:
        return [
            (str(place), (*cell[:place], "all", *cell[place + 1 :]))
            for place in range(3)
            if cell[place] != "all"
        ]

    return attack_on(counts, sums)


def signs_of_life(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Residents by origin and background, with signs of life and without; emigrations by basis."""
    items = (
        *("residents_n", "with_job_n", "with_education_activity_n", "with_jobseeker_registration_n"),
        *(
            "with_occupational_income_n",
            "with_move_n",
            "silent_1_year_n",
            "silent_2_years_n",
            "silent_3_years_n",
        ),
    )
    counts = {}
    for item in items:
        counts |= counted(
            warehouse,
            f"""
            select dimension, category, '{item}', coalesce(mart.{item}, 0), released.{item}
            from release.presence_rate as released
            left join marts.presence_rate as mart using (base_year, dimension, category)
            where base_year = 2012 order by all""",
        )
    for item in ("emigrants_n", "administrative_n", "unknown_basis_n"):
        counts |= counted(
            warehouse,
            f"""
            select 'basis', dimension, category, '{item}', coalesce(mart.{item}, 0), released.{item}
            from release.emigration_rate_by_basis as released
            left join marts.emigration_rate_by_basis as mart using (outcome_year, dimension, category)
            where outcome_year = 2013 order by all""",
        )

    def sums(cell: Key) -> list[tuple[str, Key]]:
        if cell[0] == "basis":
            _, dimension, _, item = cell
            found = [(dimension, ("basis", "none", "all", item))] if dimension != "none" else []
            return found + ([("basis", (*cell[:3], "emigrants_n"))] if item != "emigrants_n" else [])
        dimension, category, item = cell
        if dimension != "immigrant_group":
            return [(dimension, ("immigrant_group", "immigrant", item))]
        return [("groups", ("immigrant_group", "all", item))] if category != "all" else []

    def subsets(cell: Key) -> list[tuple[str, Key]]:
        if cell[0] == "basis" or cell[2] == "residents_n":
            return []
        longer = {"silent_2_years_n": "silent_1_year_n", "silent_3_years_n": "silent_2_years_n"}
        return [("within", (*cell[:2], longer.get(cell[2], "residents_n")))]

    return attack_on(counts, sums, subsets)


def origins(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Emigrants and over-coverage of 2013 by origin, entry and county, and the county in other tables."""
    key = "outcome_year, country_group, country_of_birth, entry_period, dimension, category"
    counts: Counts = {}
    for item in ("emigrants_n", "administrative_n", "unknown_basis_n", "judged_n", "overcoverage_n"):
        counts |= counted(
            warehouse,
            f"""
            select '{item}', country_group, country_of_birth, entry_period, category,
                coalesce(mart.{item}, 0), released.{item}
            from release.emigration_by_origin as released
            left join marts.emigration_by_origin as mart using ({key})
            where outcome_year = 2013 order by all""",
        )
    counts |= counted(
        warehouse,
        """
        select 'region', region_code, immigration_background, mart.emigrants_n, released.emigrants_n
        from release.emigration_by_region as released
        inner join marts.emigration_by_region as mart
            using (outcome_year, region_level, region_code, population, immigration_background)
        where (outcome_year, region_level, population) = (2013, 'county', 'immigrants') order by all""",
    )
    part_of = {"administrative_n": "emigrants_n", "unknown_basis_n": "emigrants_n"}

    def sums(cell: Key) -> list[tuple[str, Key]]:
        if cell[0] == "region":
            return [("background", ("region", cell[1], "all"))] if cell[2] != "all" else []
        item, group, country, entry, county = cell
        found = []
        if country != "all":
            found.append(("country", (item, group, "all", entry, county)))
        elif group != "all":
            found.append(("group", (item, "all", "all", entry, county)))
        if entry != "all":
            found.append(("entry", (item, group, country, "all", county)))
        if county != "all":
            found.append(("county", (item, group, country, entry, "all")))
            if item == "emigrants_n" and group in ("all", "nordic"):
                found.append(("same", ("region", county, group)))
        if item in part_of:
            found.append(("basis", (part_of[item], *cell[1:])))
        return found

    def subsets(cell: Key) -> list[tuple[str, Key]]:
        return [("judged", ("judged_n", *cell[1:]))] if cell[0] == "overcoverage_n" else []

    return attack_on(counts, sums, subsets)


def registrations(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Moves of 2010 by type, basis and lag."""
    counts = counted(
        warehouse,
        """
        select event_type, emigration_basis, lag_group, (
                select coalesce(sum(events_n), 0)::bigint from marts.registration_lag as lag
                where lag.event_year = 2010 and lag.event_type = released.event_type
                    and lag.emigration_basis = released.emigration_basis
                    and released.lag_group in ('all', lag.lag_group)
            ), events_n
        from release.registration_lag as released where event_year = 2010 order by all""",
    )

    def sums(cell: Key) -> list[tuple[str, Key]]:
        found = [] if cell[1] == "all" else [("basis", (cell[0], "all", cell[2]))]
        return found + ([] if cell[2] == "all" else [("lag", (*cell[:2], "all"))])

    return attack_on(counts, sums)


def divisions(warehouse: duckdb.DuckDBPyConnection) -> Attack:
    """Counties of three divisions, and the areas that they are made of, of which nothing is shown."""
    counts = {}
    for item in ("residents_n", "emigrants_n"):
        counts |= counted(
            warehouse,
            f"""
            select '{item}', region_level, region_code, mart.{item}, released.{item}
            from marts.emigration_by_division as mart
            left join release.emigration_by_division as released using (period, region_level, region_code)
            order by all""",
        )

    def sums(cell: Key) -> list[tuple[str, Key]]:
        item, level, code = cell
        if level != "area":
            return []
        of = zip(("county", "county_2020", "county_2024"), code.split("-"), strict=True)
        return [(level, (item, level, county)) for level, county in of]

    def subsets(cell: Key) -> list[tuple[str, Key]]:
        return [("residents", ("residents_n", *cell[1:]))] if cell[0] == "emigrants_n" else []

    return attack_on(counts, sums, subsets)


@pytest.mark.parametrize(
    ("block", "fewest"),
    [
        (regions, 200),
        (divisions, 2),
        (flows, 300),
        (balances, 200),
        (ages, 300),
        (movers, 300),
        (descendants, 300),
        (stays, 200),
        (former_residents, 20),
        (signs_of_life, 20),
        (origins, 300),
        (registrations, 5),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_linear_programming_does_not_recover_a_count_beyond_the_report(
    block: Callable[[duckdb.DuckDBPyConnection], Attack], fewest: int, warehouse: duckdb.DuckDBPyConnection
) -> None:
    attack = block(warehouse)
    small = np.flatnonzero(attack.bounds[:, 1] == RULE.threshold - 1)
    assert len(small) > fewest
    assert narrowest(*attack.run(small, GUARANTEED), RULE) >= GUARANTEED


def test_the_same_persons_have_the_same_number_in_every_table(warehouse: duckdb.DuckDBPyConnection) -> None:
    different = warehouse.execute(
        """
        select count(*), count(*) filter (
            region.residents_n is distinct from rate.residents_n
            or region.emigrants_n is distinct from rate.emigrants_n
            or region.deaths_n is distinct from rate.deaths_n
            or region.internal_outmigrants_n is distinct from rate.internal_outmigrants_county_n
            or (region.region_level = 'country' and (basis.residents_n, basis.emigrants_n)
                is distinct from (rate.residents_n, rate.emigrants_n))
        )
        from release.emigration_by_region as region
        inner join release.mobility_rate as rate
            using (outcome_year, region_level, region_code, immigration_background)
        left join release.emigration_rate_by_basis as basis
            on basis.outcome_year = rate.outcome_year and basis.category = rate.immigration_background
        where region.population = 'immigrants' and rate.population = 'all' and rate.dimension = 'none'"""
    ).fetchone() or (0, 1)
    assert different[0] > 1000
    assert different[1] == 0


# The same persons are one cell


@pytest.fixture(scope="module")
def cells(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the warehouse with what disclosure control reckons with."""
    with duckdb.connect(str(DataRoot(built_warehouse).warehouse), read_only=True) as connection:
        yield connection


def test_categories_are_the_same_persons_where_their_definitions_are(
    cells: duckdb.DuckDBPyConnection,
) -> None:
    rows = cells.execute(
        "select persons, population || '/' || dimension || '/' || category "
        "from intermediate.int_disclosure__category"
    ).fetchall()
    persons = {name: text for text, name in rows}
    assert len(persons) == len(rows) > 100
    for same in (
        ("all/age_group/25-35", "age_15_74/age_group/25-35", "age_20_35/age_group/25-35"),
        ("all/labour_status/employed", "age_15_74/labour_status/employed"),
        ("age_20_35/family_size_type/2|mixed", "age_20_35/family_size_type/2|mixed_equal"),
        ("all/family_size/1", "all/family_size_type/1|immigrants_only", "all/family_size_type/1|all"),
        ("all/family_type/mixed_immigrant_majority", "all/family_size_type/3+|mixed_immigrant_majority"),
        ("all/origin_group/nordic", "all/immigration_background/nordic"),
    ):
        assert len({persons[name] for name in same}) == 1, same
    for one, other in (
        ("age_20_35/age_group/15-24", "age_15_74/age_group/15-24"),
        ("age_20_35/labour_status/employed", "age_15_74/labour_status/employed"),
        ("all/family_size_type/3+|mixed", "all/family_size_type/3+|mixed_equal"),
        ("all/family_type/mixed_equal", "all/family_size_type/2|mixed_equal"),
        ("all/none/all", "age_15_74/none/all"),
        ("all/sex/female", "all/sex/male"),
        ("all/origin_group/asia", "all/immigration_background/refuge"),
    ):
        assert persons[one] != persons[other]
    assert "age_20_35/age_group/36-61" not in persons


def test_sets_of_persons_that_are_as_many_everywhere_are_one_cell(cells: duckdb.DuckDBPyConnection) -> None:
    """Finds equal sets in any table: alike in every year, region and background, too often for chance."""
    mobility = cells.execute(
        "select concat_ws('/', population, dimension, category) as name, "
        "list(distinct cell_id order by cell_id), "
        "list((residents_n, emigrants_n, internal_outmigrants_county_n, deaths_n) "
        "order by outcome_year, region_level, region_code, immigration_background) as counts "
        "from intermediate.int_disclosure__mobility_count group by name having sum(residents_n) > 100"
    ).fetchall()
    questions = cells.execute(
        "select concat_ws('/', table_name, population, immigrant_group, dimension, category, "
        "country_group, entry_period, "
        "destination_group, years_since_leaving, event_type, emigration_basis, lag_group, basis, "
        "development_year, transition), "
        "list(distinct cell_id order by cell_id), "
        "list((item, n) order by item, block_id, cohort, years_since, region_level, region_code, "
        "immigration_background) as counts from intermediate.int_disclosure__question_cell "
        # In the simulation some groups of countries are one country, and some registers say the same of all.
        "where dimension is distinct from 'comparison_country' and table_name <> 'stated_number' "
        "and coalesce(country_of_birth, 'all') = 'all' "
        "group by all having sum(n) > 100 and count(distinct n) > 15"
    ).fetchall()
    for table, fewest in ((mobility, 20), (questions, 2)):
        found: dict[str, list[tuple[str, Any]]] = {}
        for name, ids, counts in table:
            found.setdefault(str(counts), []).append((name, ids))
        twins = [names for names in found.values() if len(names) > 1]
        assert len(twins) >= fewest
        apart = [[name for name, _ in names] for names in twins if len({str(ids) for _, ids in names}) > 1]
        assert apart == []


def test_nobody_is_left_over_by_a_rate_near_100(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Who did not emigrate of 5 of 5 or 10 of 10 can be four numbers at least."""
    pairs = warehouse.execute(
        "select residents_n, emigrants_n from release.mobility_rate union all "
        "select residents_n, emigrants_n from release.emigration_by_region union all "
        "select residents_n, never_emigrated_n from release.descendant_emigration_rate union all "
        "select residents_n, silent_1_year_n from release.presence_rate union all "
        "select persons_n, events_n from release.immigration_survival"
    ).fetchall()
    near = {(whole, part) for whole, part in pairs if part is not None and whole - part <= RULE.base}
    assert (5, 5) in near
    counts = np.arange(RULE.threshold, 100_000)
    shown = shown_as(counts, RULE)
    for whole, part in near:
        of_whole, of_part = counts[shown == whole], counts[shown == part]
        left = {w - p for w in of_whole.tolist() for p in of_part.tolist() if w >= p}
        assert len(left) >= RULE.protection, (whole, part)


# What the tables hold


def test_a_count_is_missing_or_a_multiple_of_the_base_that_stands_for_four_counts_at_least(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for measure in MEASURES:
        wrong = warehouse.execute(
            f"select count(*) from release.mobility_rate as released "
            f"left join marts.mobility_rate as mart using ({', '.join(KEY)}) "
            f"where released.{measure} is not null "
            f"and (mart.{measure} is null or mart.{measure} < 5 or released.{measure} <> case "
            f"when mart.{measure} <= 8 then 5 when mart.{measure} <= 12 then 10 "
            f"else 5 * round(mart.{measure} / 5) end)"
        ).fetchone()
        assert wrong == (0,), measure


def test_most_counts_that_are_not_small_are_shown(warehouse: duckdb.DuckDBPyConnection) -> None:
    (share,) = warehouse.execute(
        f"select count(released.residents_n) / count(*) from marts.mobility_rate as mart "
        f"left join release.mobility_rate as released using ({', '.join(KEY)}) where mart.residents_n >= 10 "
        "and mart.region_level in ('country', 'centrality', 'county')"
    ).fetchone() or (0,)
    assert share > 0.9


def test_a_cell_without_persons_looks_like_one_with_few(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Whether a row is there does not depend on whether anybody is in it."""
    regions, rows = warehouse.execute(
        "select count(distinct row(region_level, region_code, immigration_background)), count(*) "
        "from release.mobility_rate where outcome_year = 2013"
    ).fetchone() or (0, 0)
    (categories,) = warehouse.execute(
        "select count(*) from release.mobility_rate where outcome_year = 2013 "
        "and region_level = 'country' and immigration_background = 'all'"
    ).fetchone() or (0,)
    assert rows == regions * categories


def test_estimates_that_rest_on_few_are_withheld_with_the_reason(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Persons and emigrants by education and centrality level, counted from the cells anew."""
    for level in range(1, 5):
        counts = dict(
            (group, (persons, events))
            for group, persons, events in warehouse.execute(
                "select education_group, "
                "sum(stay_centrality_n + internal_outmigration_centrality_n + emigration_n "
                "+ neither_n), sum(emigration_n) from estimates.linear_probability_cell "
                "where base_year = 2012 and centrality_level = ? group by 1",
                [level],
            ).fetchall()
        )
        for term in ("compulsory", "upper_secondary", "tertiary_short", "tertiary_long"):
            groups = [counts.get(term, (0, 0)), counts.get("unknown", (0, 0))]
            persons = min(group[0] for group in groups)
            events = min(min(group[1], group[0] - group[1]) for group in groups)
            expected = "too_few_persons" if persons < 30 else "too_few_events" if events < 5 else None
            reason, estimate, made = warehouse.execute(
                "select released.withheld_reason, released.estimate, made.estimate "
                "from release.linear_probability as released "
                "inner join estimates.linear_probability as made "
                "using (base_year, spec, scope_type, scope_code, outcome, term) "
                "where base_year = 2012 and spec = 'main' and scope_code = ? "
                "and outcome = 'emigration' and term = ?",
                [str(level), term],
            ).fetchone() or (None, None, None)
            if made is None:
                assert reason == "not_fitted"
                continue
            assert reason == expected, (level, term)
            assert estimate == (None if expected else pytest.approx(made, abs=0.00005))


def test_every_estimate_has_its_persons_counted(warehouse: duckdb.DuckDBPyConnection) -> None:
    """No term of a model is missing from the counts, which would withhold it everywhere."""
    rows = warehouse.execute(
        "select distinct term from estimates.linear_probability where estimate is not null "
        "except select distinct term from release.linear_probability where estimate is not null "
        "or withheld_reason = 'too_few_events'"
    ).fetchall()
    assert rows == []


def test_numbers_of_persons_and_likelihoods_are_rounded(warehouse: duckdb.DuckDBPyConnection) -> None:
    for table in (
        "linear_probability",
        "trinomial_logit",
        "trinomial_logit_fit",
        "trinomial_logit_difference",
    ):
        assert warehouse.execute(
            f"select count(*) from release.{table} where n_obs % 5 <> 0 or n_obs < 5"
        ).fetchone() == (0,)
    assert warehouse.execute(
        "select count(*) from release.trinomial_logit_fit "
        "where log_likelihood <> round(log_likelihood) or schwarz_bic <> round(schwarz_bic)"
    ).fetchone() == (0,)


def test_every_released_table_and_column_is_described(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert (
        warehouse.execute(
            "select table_name from duckdb_tables() where schema_name = 'release' and comment is null "
            "union all select table_name || '.' || column_name from duckdb_columns() "
            "where schema_name = 'release' and comment is null"
        ).fetchall()
        == []
    )


def test_nothing_released_names_a_person_or_a_file(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert (
        warehouse.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'release' "
            "and (column_name in ('person_id', 'family_id', 'sha256') or column_name like '%path%')"
        ).fetchall()
        == []
    )
