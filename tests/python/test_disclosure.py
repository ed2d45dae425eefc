"""Disclosure control: small counts, what adds up to them, estimates, and an attack by linear programming."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from utvandring.disclosure import Rule, withheld_counts
from utvandring.project import DataRoot

RULE = Rule(threshold=5, base=5, protection=4)
# Values that the exact attack must leave: one fewer than what carrying bounds from sum to sum leaves.
GUARANTEED = 3
KEY = [
    "outcome_year",
    "region_level",
    "region_code",
    "immigration_background",
    "population",
    "dimension",
    "category",
]
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


def withheld(*relations: dict[str, Any], counts: dict[str, int], rule: Rule = RULE) -> set[str]:
    """Return the names of the cells withheld; a relation is {total: [parts]}."""
    number = {name: position for position, name in enumerate(sorted(counts))}
    rows = [
        {
            "block_id": 1,
            "relation_id": relation,
            "cell_id": number[member],
            "is_total": member == total,
            "is_exhaustive": True,
        }
        for relation, ((total, parts),) in enumerate(one.items() for one in relations)
        for member in (total, *parts)
    ]
    frame = pd.DataFrame(
        {"persons_n": [counts[name] for name in sorted(counts)]}, index=sorted(number.values())
    )
    found = withheld_counts(pd.DataFrame(rows), frame, rule)
    return {name for name, position in number.items() if position in set(found["cell_id"])}


def test_one_small_part_beside_a_shown_one_is_safe_behind_the_rounding() -> None:
    assert withheld({"all": ["men", "women"]}, counts={"all": 103, "men": 101, "women": 2}) == set()


def test_two_parts_that_must_both_be_as_large_as_they_can_hide_their_total() -> None:
    # 8 is shown as 10, so at least 8: two parts of at most 4 are 4 each.
    assert withheld({"all": ["a", "b"]}, counts={"all": 8, "a": 4, "b": 4}) == {"all"}


def test_a_part_left_over_by_unlucky_rounding_hides_the_smallest_shown_part() -> None:
    # 18 is shown as 20, 7 as 5: at least 18 - 7 - 7 = 4 are left, and 4 is the most a small count can be.
    assert withheld({"all": ["a", "b", "c"]}, counts={"all": 18, "a": 7, "b": 7, "c": 4}) == {"a"}


def test_a_withheld_total_is_not_given_away_by_another_relation() -> None:
    counts = {"country": 1000, "west": 8, "east": 992, "a": 4, "b": 4}
    hidden = withheld({"west": ["a", "b"]}, {"country": ["west", "east"]}, counts=counts)
    # country 998-1002 less east 988-992: west would be known to be at least 6, so a and b at least 2.
    assert hidden == {"west", "east"} or hidden == {"west", "country"}


def test_parts_that_stay_below_their_total_do_not_bound_from_below() -> None:
    assert withheld({"all": ["a", "b"]}, counts={"all": 12, "a": 4, "b": 4}) == set()


@pytest.mark.parametrize(("threshold", "base", "protection"), [(5, 4, 4), (3, 5, 2), (5, 5, 5), (5, 3, 0)])
def test_rules_that_cannot_be_kept_are_refused(threshold: int, base: int, protection: int) -> None:
    with pytest.raises(ValueError, match=r"rounding base|threshold|protection"):
        Rule(threshold, base, protection)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 12), min_size=2, max_size=4), min_size=2, max_size=4).filter(
        lambda table: len({len(row) for row in table}) == 1
    ),
    st.sampled_from([Rule(5, 5, 4), Rule(5, 3, 3), Rule(3, 3, 2), Rule(10, 5, 8)]),
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


# The attack


def known_bounds(n: np.ndarray, shown: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return what a shown count says about the true one; of the missing ones it is known which are small."""
    rounded = np.array([rule.base * round(value / rule.base) for value in n.tolist()])
    half = rule.base // 2
    least = np.where(shown, np.maximum(rule.threshold, rounded - half), 0)
    most = np.where(shown, rounded + half, np.where(n < rule.threshold, rule.threshold - 1, np.inf))
    return least.astype(float), most.astype(float)


class Attack:
    """Everything a reader can work out about counts from bounds on them and from what adds up."""

    def __init__(
        self,
        n: np.ndarray,
        least: np.ndarray,
        most: np.ndarray,
        sums: list[tuple[int, list[int]]],
        subsets: list[tuple[int, int]],
    ) -> None:
        assert (least <= n).all() and (n <= most).all()
        equal = [(total, parts) for total, parts in sums if n[parts].sum() == n[total]]
        below = [(total, parts) for total, parts in sums if n[parts].sum() != n[total]]
        below += [(total, [part]) for part, total in subsets]
        self.equal, self.below = self._matrix(equal, len(n)), self._matrix(below, len(n))
        self.bounds = np.column_stack([least, most])

    @staticmethod
    def _matrix(sums: list[tuple[int, list[int]]], width: int) -> scipy.sparse.csr_matrix:
        entries = [(row, part, 1) for row, (_, parts) in enumerate(sums) for part in parts]
        entries += [(row, total, -1) for row, (total, _) in enumerate(sums)]
        rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
        return scipy.sparse.csr_matrix((values, (rows, columns)), shape=(len(sums), width))

    def solve(self, objective: np.ndarray) -> np.ndarray:
        """Return counts that fit everything known and make the objective least."""
        found = linprog(
            objective,
            A_ub=self.below if self.below.shape[0] else None,
            b_ub=np.zeros(self.below.shape[0]) if self.below.shape[0] else None,
            A_eq=self.equal if self.equal.shape[0] else None,
            b_eq=np.zeros(self.equal.shape[0]) if self.equal.shape[0] else None,
            bounds=self.bounds,
            method="highs",
        )
        assert found.status == 0, found.message
        return np.asarray(found.x)

    def run(self, targets: np.ndarray, enough: int, tries: int = 40) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the largest value each target can take, or enough values to call it safe.

        Many targets are pushed at once at first; those that stay narrow are then pushed one by one.
        """
        generator = np.random.default_rng(1)
        width = len(self.bounds)
        least, most = np.full(width, np.inf), np.full(width, -np.inf)

        def push(chosen: np.ndarray, direction: int) -> None:
            objective = np.zeros(width)
            objective[chosen] = direction
            values = self.solve(objective)
            np.minimum(least, values, out=least)
            np.maximum(most, values, out=most)

        def still_narrow() -> np.ndarray:
            return targets[np.floor(most[targets] + 1e-6) - np.ceil(least[targets] - 1e-6) + 1 < enough]

        push(targets[:0], 1)
        for attempt in range(tries):
            narrow = still_narrow()
            if len(narrow) < 2:
                break
            share = (0.03, 0.1, 0.3)[attempt % 3]
            push(generator.choice(narrow, max(1, int(share * len(narrow))), replace=False), (-1) ** attempt)
        for target in still_narrow():
            push(np.array([target]), 1)
            push(np.array([target]), -1)
        return least[targets], most[targets]


def narrowest(least: np.ndarray, most: np.ndarray, rule: Rule) -> float:
    """Return the fewest whole values that are left to any target."""
    if not len(least):
        return np.inf
    return float((np.floor(np.minimum(most, rule.threshold - 1) + 1e-6) - np.ceil(least - 1e-6) + 1).min())


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
    measure, where = BLOCKS["counties"]
    n, _, cells = block_of(warehouse, measure, where)
    small = np.flatnonzero(n < RULE.threshold)
    attack = Attack(n, *known_bounds(n, n >= RULE.threshold, RULE), *what_adds_up(cells))
    assert narrowest(*attack.run(small, GUARANTEED), RULE) < GUARANTEED


# What the tables hold


def test_a_count_is_missing_or_the_nearest_multiple_of_the_base(warehouse: duckdb.DuckDBPyConnection) -> None:
    for measure in MEASURES:
        wrong = warehouse.execute(
            f"select count(*) from release.mobility_rate as released "
            f"left join marts.mobility_rate as mart using ({', '.join(KEY)}) "
            f"where released.{measure} is not null "
            f"and (mart.{measure} is null or mart.{measure} < 5 "
            f"or released.{measure} % 5 <> 0 or abs(released.{measure} - mart.{measure}) > 2)"
        ).fetchone()
        assert wrong == (0,), measure


def test_most_counts_that_are_not_small_are_shown(warehouse: duckdb.DuckDBPyConnection) -> None:
    (share,) = warehouse.execute(
        f"select count(released.residents_n) / count(*) from marts.mobility_rate as mart "
        f"left join release.mobility_rate as released using ({', '.join(KEY)}) where mart.residents_n >= 10"
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
