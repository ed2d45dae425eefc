"""A delivery of 2014 to 2025: every known municipality has its class, and a release by class is attacked."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from attack import GUARANTEED, KEY, RULE, Attack, known_bounds, narrowest
from conftest import made_once, run_command

MEASURES = ("residents_n", "emigrants_n", "internal_outmigrants_county_n", "deaths_n")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the warehouse of a simulated delivery of 2014 to 2025, a hundredth of Norway."""

    def build(root: Path) -> None:
        delivery = root.parent / "delivery"
        for arguments in (
            ("simulate", "--out", delivery, "--scale", "0.01", "--first-year", "2014", "--last-year", "2025"),
            ("deliver", delivery),
            ("build", "--select", "+release_mobility_rate", "--select", "municipality_change"),
        ):
            ran = run_command(root, *arguments)
            assert ran.code == 0, ran.text

    root = made_once(tmp_path_factory, "later", build)
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


def test_every_resident_of_a_known_municipality_has_a_class_from_base_year_2019_on(
    later: duckdb.DuckDBPyConnection,
) -> None:
    counted = later.execute(
        "select base_year, count(*), count(centrality_class), count(outcome_centrality_class) "
        "from marts.person_year where municipality_code_2013 is not null group by all order by all"
    ).fetchall()
    assert [year for year, *_ in counted] == list(range(2013, 2025))
    for year, residents, with_class, with_outcome in counted:
        assert residents > 5_000
        assert with_class == (residents if year >= 2019 else 0), year
        if year >= 2018:  # the second address by the list of 2020, the first translated to its division
            assert with_outcome == residents, year


def areas_of(
    later: duckdb.DuckDBPyConnection, measure: str, year: int
) -> list[tuple[str, str, str, str, int]]:
    """Return true counts by county, class, background and population, of every county and class that meet."""
    what = {
        "residents_n": "true",
        "emigrants_n": "outcome_municipality = 'emigration'",
        "internal_outmigrants_county_n": "outcome_county = 'internal_outmigration'",
        "deaths_n": "outcome_municipality = 'death'",
    }[measure]
    return later.execute(
        f"""
        with area as (
            select distinct left(code.municipality_code_2013, 2) as county_code, class.centrality_class
            from code_lists.centrality_class as class
            inner join code_lists.municipality_code as code using (municipality_code)
            where {year} between year(class.valid_from) and year(coalesce(class.valid_to, '9999-01-01')) - 1
        ),
        counted as (
            select
                county_code, centrality_class, background, population,
                count(*) filter (where {what}) as persons_n
            from (
                select *, unnest([immigration_background, 'all']) as background
                from marts.person_year
                where is_immigrant and outcome_year = {year} and county_code is not null
            ),
                lateral (
                    values
                    ('all', true),
                    ('age_15_74', age between 15 and 74),
                    ('age_20_35', age between 20 and 35)
                ) as population (population, is_member)
            where is_member
            group by all
        )
        select county_code, centrality_class::varchar, background, population, coalesce(persons_n, 0)
        from area
        cross join (select distinct background, population from counted)
        left join counted using (county_code, centrality_class, background, population)
        order by all
        """
    ).fetchall()


@pytest.mark.parametrize("measure", MEASURES)
def test_linear_programming_does_not_recover_a_count_of_a_class(
    measure: str, later: duckdb.DuckDBPyConnection
) -> None:
    """Counties and classes cut the country twice, and a reader knows which of them meet."""
    year = 2022
    rows = later.execute(
        f"select released.region_level, released.region_code, released.immigration_background, "
        f"released.population, released.{measure} is not null, coalesce(mart.{measure}, 0) "
        "from release.mobility_rate as released "
        f"left join marts.mobility_rate as mart using ({', '.join(KEY)}) "
        f"where released.dimension = 'none' and released.outcome_year = {year} order by all"
    ).fetchall()
    place = {tuple(row[:4]): position for position, row in enumerate(rows)}
    n = [row[5] for row in rows]
    is_shown = [row[4] for row in rows]
    sums: dict[tuple[int, str], list[int]] = {}
    subsets = []
    for (level, code, background, population), position in place.items():
        if background != "all":
            sums.setdefault((place[level, code, "all", population], "background"), []).append(position)
        if level != "country":
            sums.setdefault((place["country", "0", background, population], level), []).append(position)
        for young, old in (("age_20_35", "age_15_74"), ("age_15_74", "all")):
            if population == young and (level, code, background, old) in place:
                subsets.append((position, place[level, code, background, old]))
    for county, centrality_class, background, population, persons in areas_of(later, measure, year):
        n.append(persons)
        for level, code in (("county", county), ("centrality_class", centrality_class)):
            if (level, code, background, population) in place:
                total = place[level, code, background, population]
                sums.setdefault((total, "areas"), []).append(len(n) - 1)
    counts, shown = np.array(n), np.array([*is_shown, *[False] * (len(n) - len(rows))])
    least, most = known_bounds(counts, shown, RULE)
    least[len(rows) :], most[len(rows) :] = 0, np.inf
    small = np.flatnonzero(counts[: len(rows)] < RULE.threshold)
    assert not shown[small].any()
    assert len(small) > 10
    named = [(total, parts) for (total, _), parts in sums.items()]
    assert narrowest(*Attack(counts, least, most, named, subsets).run(small, GUARANTEED), RULE) >= GUARANTEED
