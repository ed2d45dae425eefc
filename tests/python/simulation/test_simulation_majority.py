"""The rest of the population, by option: it changes nothing for the immigrants and their families."""

from pathlib import Path

import duckdb
import pytest

from utvandring.simulation import simulate


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("majority")
    for name, majority in (("without", False), ("with", True), ("again", True)):
        simulate(folder / name, scale=0.002, first_year=2010, last_year=2013, majority=majority)
    one, other = folder / "with", folder / "again"
    assert all(path.read_bytes() == (other / path.name).read_bytes() for path in one.iterdir())
    return folder / "without", folder / "with"


def rows(query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def test_every_row_of_the_others_stays_as_it_is(folders: tuple[Path, Path]) -> None:
    without, whole = folders
    for path in sorted(without.glob("*.parquet")):
        lost = f"from (from '{path}' except all from '{whole / path.name}') select count(*)"
        assert rows(lost) == [(0,)], path.name


def test_the_rest_has_no_immigrants_and_shares_nobody_with_the_others(folders: tuple[Path, Path]) -> None:
    without, whole = folders
    [(persons, distinct, immigrants)] = rows(
        f"""select count(*), count(distinct personid),
            count(*) filter (
                invkat = 'B'
                and personid not in (select personid from '{without}/person_p2013_v1.parquet')
            )
        from '{whole}/person_p2013_v1.parquet'"""
    )
    assert persons == distinct
    assert immigrants == 0
    shared = rows(
        f"""select count(*) from (
            select famnr from '{whole}/befolkning_p2012_v1.parquet' where statuskode = 1 and famnr is not null
            group by famnr having count(distinct kommnr) filter (kommnr not in ('0000', '9999')) > 1)"""
    )
    assert shared == [(0,)]


def test_people_leave_oslo_the_most_and_descendants_also_for_the_parents_country(
    folders: tuple[Path, Path],
) -> None:
    _, whole = folders
    county = rows(
        f"""with resident as (
            select left(kommnr, 2) as county, count(*) as n from '{whole}/befolkning_p2012_v1.parquet'
            where statuskode = 1 group by 1 having n > 300
        ), gone as (
            select left(fra_kommnr, 2) as county, count(*) as n
            from '{whole}/flytting_p*_v1.parquet' where hendelse = 'utvandring' group by 1
        )
        select county from resident join gone using (county) order by gone.n / resident.n desc limit 3"""
    )
    assert ("03",) in county
    [(to_parents, descendants)] = rows(
        f"""select count(*) filter (til_land = landbak3gen), count(*)
        from '{whole}/flytting_p*_v1.parquet' join '{whole}/person_p2013_v1.parquet' using (personid)
        where hendelse = 'utvandring' and invkat = 'C'"""
    )
    assert 0 < to_parents < descendants
