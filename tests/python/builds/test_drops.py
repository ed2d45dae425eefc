"""What a publication would lose, from counts written by hand."""

from pathlib import Path

import duckdb
import pytest

from utvandring.builds.drops import find_drops
from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot

Row = tuple[str, int | None, str, int, int | None]
LAST: list[Row] = [
    ("residents", 2012, "all", 10_000, 10_000),
    ("residents", 2013, "all", 10_000, 10_000),
    ("emigrants", 2012, "all", 300, None),
    ("internal_outmigrants", 2012, "all", 400, None),
    ("known_values", 2012, "county_code", 9_900, None),
    ("known_values", 2013, "county_code", 9_900, None),
    ("migration_events", None, "all", 5_000, 5_000),
]


def write(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema quality")
        connection.execute(
            "create table quality.publication_count "
            "(measure varchar, base_year integer, column_name varchar, persons_n bigint, delivered_n bigint)"
        )
        connection.executemany("insert into quality.publication_count values (?, ?, ?, ?, ?)", rows)


def dropped(tmp_path: Path, now: list[Row], with_last: bool = True) -> list[str]:
    root = DataRoot(tmp_path)
    write(root.publication, LAST)
    write(root.warehouse, now)
    return [str(drop) for drop in find_drops(root, with_last)]


def but(*changed: Row, without: int | None = None) -> list[Row]:
    """Return the counts of the last publication with some rows changed, or without a year."""
    rows = {row[:3]: row for row in LAST if without is None or row[1] != without}
    return [*(rows | {row[:3]: row for row in changed}).values()]


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (but(), []),
        (but(("residents", 2012, "all", 9_800, 9_800)), []),
        (
            but(("residents", 2012, "all", 9_799, 9_799)),
            ["residents of base year 2012: 9,799, of 10,000 in the last publication (-2.0%)"],
        ),
        # Fewer residents explain fewer known values.
        (
            but(("residents", 2012, "all", 5_000, 5_000), ("known_values", 2012, "county_code", 4_950, None)),
            ["residents of base year 2012: 5,000, of 10,000 in the last publication (-50.0%)"],
        ),
        (
            but(("known_values", 2013, "county_code", 0, None)),
            ["known values of county_code of base year 2013: 0, of 9,900 in the last publication (-100.0%)"],
        ),
        (
            but(("emigrants", 2012, "all", 1, None)),
            ["emigrants of base year 2012: 1, of 300 in the last publication (-99.7%)"],
        ),
        # Three per cent, but of few persons: a correction.
        (but(("emigrants", 2012, "all", 291, None)), []),
        (
            but(without=2013),
            ["residents of base year 2013: 0, of 10,000 in the last publication (-100.0%)"],
        ),
        (
            but(("residents", 2014, "all", 900, 1_000)),
            ["residents of base year 2014: 900, of 1,000 in the deliveries (-10.0%)"],
        ),
        (
            but(("migration_events", None, "all", 5_500, 6_000)),
            ["migration events: 5,500, of 6,000 in the deliveries (-8.3%)"],
        ),
        (but(("residents", 2014, "all", 1_000, 1_000)), []),
    ],
)
def test_a_loss_is_more_than_two_per_cent_and_ten_persons(
    now: list[Row], found: list[str], tmp_path: Path
) -> None:
    assert dropped(tmp_path, now) == found


def test_of_an_earlier_state_only_the_deliveries_are_asked(tmp_path: Path) -> None:
    now = but(("residents", 2012, "all", 100, 100), ("residents", 2013, "all", 0, 10_000))
    assert dropped(tmp_path, now, with_last=False) == [
        "residents of base year 2013: 0, of 10,000 in the deliveries (-100.0%)"
    ]


def test_a_first_publication_is_held_against_the_deliveries_alone(tmp_path: Path) -> None:
    root = DataRoot(tmp_path)
    write(root.warehouse, LAST)
    assert find_drops(root) == []


def test_a_warehouse_without_counts_is_not_published(tmp_path: Path) -> None:
    root = DataRoot(tmp_path)
    duckdb.connect(str(root.warehouse)).close()
    with pytest.raises(UtvandringError, match=r"has no quality\.publication_count"):
        find_drops(root)
