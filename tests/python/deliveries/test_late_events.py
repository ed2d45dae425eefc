"""Events that were registered late: in the year of their date, once, also in a build by year."""

from pathlib import Path

import duckdb
import pytest
from agreeing import PERSONS, following, job, move, resident, world
from conftest import Command
from dbt_server import DbtServer
from deliveries import Key, Row, write_delivery

#: Who left in 2012: told in time, told with the year after, and told both times.
IN_TIME, LATE, TWICE = 0, 1, 2
GONE = (IN_TIME, LATE, TWICE)


def left(number: int) -> Row:
    return move(
        number, "utvandring", "2012-11-05", fra_kommnr="0301", til_land="131", utvandringstype="meldt"
    )


def first() -> dict[Key, list[Row]]:
    files = world()
    files["befolkning", 2013, 1] = [resident(number) for number in range(PERSONS) if number not in GONE]
    files["flytting", 2012, 1] += [left(IN_TIME), left(TWICE)]
    return files


def second() -> dict[Key, list[Row]]:
    others = [number for number in range(PERSONS) if number not in GONE]
    moves = [move(number, "innenlands", "2013-05-05") for number in others]
    return following(
        befolkning=[resident(number) for number in others],
        flytting=[*moves, left(LATE), left(TWICE)],
        sysselsetting=[job(number, timer=30.0) for number in others],
    )


@pytest.mark.long
def test_an_event_that_was_registered_late_counts_once_in_the_year_of_its_date(
    utvandring: Command, tmp_path: Path, data_root: Path, forked_dbt: DbtServer
) -> None:
    select = ["--select", "+migration_event", "+person_year"]
    select += ["--exclude-resource-type", "test", "unit_test"]
    told = []
    for name, files in (("first", first()), ("second", second())):
        ran = utvandring("deliver", write_delivery(tmp_path / name, name, files))
        assert ran.code == 0, ran.text
        forked_dbt.run(data_root, "build", *select)
        told.append(of_2012(data_root))
    by_year = everything(data_root)
    forked_dbt.run(data_root, "build", "--full-refresh", *select)

    assert told == [
        {"events": 2, "emigration": 2, "unaccounted": 1},
        {"events": 3, "emigration": 3, "unaccounted": 0},
    ]
    assert everything(data_root) == by_year


def of_2012(root: Path) -> dict[str, object]:
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:

        def number(query: str) -> int:
            ((found,),) = connection.execute(query).fetchall()
            return int(found)

        outcome = "select count(*) from marts.person_year where outcome_year = 2012 and outcome_county = "
        return {
            "events": number("select count(*) from marts.migration_event where event_type = 'emigration'"),
            "emigration": number(f"{outcome} 'emigration'"),
            "unaccounted": number(f"{outcome} 'unaccounted'"),
        }


def everything(root: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        return {
            table: connection.execute(f"select * from {table}").fetchall()
            for table in ("marts.migration_event", "marts.person_year")
        }
