"""Every code on every 1 January against KLASS's own graph, and the shares of split municipalities."""

from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
from reference.code_lists import rows
from reference.klass import DIRECT, DIVISIONS, NO_LINKS, YEARS, in_force, january, translated

Lies = dict[tuple[int, int], dict[tuple[str, str], float | None]]


@pytest.fixture(scope="module")
def lies(built_warehouse: Path) -> Lies:
    """The mart: by year and division the pairs of codes with their share."""
    found: Lies = defaultdict(dict)
    with duckdb.connect(str(built_warehouse / "warehouse.duckdb"), read_only=True) as connection:
        cursor = connection.execute(
            "select year, division, municipality_code, division_code, share from marts.municipality_division"
        )
        for year, division, code, division_code, share in cursor.fetchall():
            found[year, division][code, division_code] = share
    return found


def test_every_code_on_every_1_january_lies_where_the_graph_puts_it(lies: Lies) -> None:
    assert set(lies) == {(year, division) for year in YEARS for division in DIVISIONS}
    for (year, division), pairs in lies.items():
        assert set(pairs) == translated(year, division), (year, division)


def test_only_the_documented_direct_links_differ_from_the_graph(lies: Lies) -> None:
    differing = set()
    for (year, division), pairs in lies.items():
        differing |= {
            (min(year, division), max(year, division), *(pair if year <= division else reversed(pair)))
            for pair in set(pairs) ^ translated(year, division, NO_LINKS)
        }
    # Through Ålesund of 2020 each of its five parts would be in both its successors.
    wrong = {(old, new) for old in DIRECT for new in ("1508", "1580") if DIRECT[old] != new}
    assert {(old, new) for _, _, old, new in differing} == wrong
    assert all(before <= 2019 and after >= 2024 for before, after, _, _ in differing)


def test_codes_and_names_in_force_are_those_of_the_graph() -> None:
    listed = [row for row in rows("municipality_code") if row["kind"] == "ordinary"]
    for year in YEARS:
        day = january(year).isoformat()
        ours = {
            r["municipality_code"] for r in listed if (r["valid_from"] or "0") <= day < (r["valid_to"] or "9")
        }
        assert ours == set(in_force(january(year))), year


def test_a_share_is_known_for_all_successors_or_for_none_and_adds_up(lies: Lies) -> None:
    unknown = set()
    for (year, division), pairs in lies.items():
        if year > division:
            continue
        of_code = defaultdict(list)
        for (code, _), share in pairs.items():
            of_code[code].append(share)
        for code, shares in of_code.items():
            if None in shares:
                assert set(shares) == {None}
                unknown.add(code)
            else:
                assert sum(share for share in shares if share is not None) == pytest.approx(1, abs=1e-9)
    # A part of Stokke went to Tønsberg; how many people, is not published.
    assert unknown == {"0720"}


def test_shares_of_alesund_are_those_of_its_people_on_the_day_of_the_split(lies: Lies) -> None:
    # Residents on 1 January 2024 (Statistics Norway).
    alesund, haram = 58_509, 9_357
    shares = lies[2023, 2024]
    assert shares["1507", "1508"] == pytest.approx(alesund / (alesund + haram), abs=1e-6)
    assert shares["1507", "1580"] == pytest.approx(haram / (alesund + haram), abs=1e-6)


def test_a_code_read_back_in_an_older_division_has_a_share_only_if_it_has_one_origin(lies: Lies) -> None:
    for (year, division), pairs in lies.items():
        if year <= division:
            continue
        origins = defaultdict(list)
        for (code, _), share in pairs.items():
            origins[code].append(share)
        for code, shares in origins.items():
            assert shares == [1.0] or set(shares) == {None}, (year, division, code)
