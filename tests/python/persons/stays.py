"""Stays in Norway, and descendants who leave."""

from reference.story import (
    case,
    emigrated,
    expect,
    expect_descendant,
    expect_no_row,
    expect_stay,
    gone,
    immigrated,
    person,
    resident,
)

STAYS = [
    case(
        "an immigration and an emigration are the ends of a stay",
        person(first=20100301),
        immigrated("2010-03-01"),
        resident(2011, 2013),
        gone(2014),
        emigrated("2013-06-01", to="106"),
        expect_stay(1, entry_type="immigration", entry_date="2010-03-01", is_reimmigration=False),
        expect_stay(1, exit_type="emigration", exit_date="2013-06-01", exit_destination_group="nordic"),
        expect_stay(1, exit_country="106", duration_days=1188, is_within_calendar_year=False),
        expect_stay(2),
    ),
    case(
        "who comes and leaves within one calendar year has a stay and is in no person-year",
        person(first=20130301),
        immigrated("2013-03-01"),
        emigrated("2013-10-01"),
        gone(2014),
        expect_stay(1, exit_date="2013-10-01", is_within_calendar_year=True, duration_days=214),
        expect_no_row(2012),
        expect_no_row(2013),
    ),
    case(
        "who comes back begins another stay, by re-immigration",
        person(first=20100301),
        immigrated("2010-03-01"),
        resident(2011, 2013),
        gone(2014),
        emigrated("2013-06-01"),
        gone(2015),
        immigrated("2015-05-01"),
        resident(2016, 2025),
        expect_stay(1, next_entry_date="2015-05-01", next_entry_type="immigration"),
        expect_stay(2, entry_date="2015-05-01", is_reimmigration=True, exit_type=None, exit_date=None),
    ),
    case(
        "who came before the register came at the first immigration, and a contradicted move ends nothing",
        person(first=20000815),
        resident(2003, 2025),
        emigrated("2013-06-01"),
        expect_stay(1, entry_type="before_register", entry_date="2000-08-15", exit_type=None),
        expect_stay(2),
    ),
    case(
        "who is missed on a 1 January without a move is unaccounted for from that day",
        person(first=20000815),
        resident(2003, 2013),
        gone(2014),
        expect_stay(1, exit_type="unaccounted", exit_date="2014-01-01", is_exit_date_exact=False),
    ),
    case(
        "a death ends a stay",
        person(first=20000815, died="2013-05-05"),
        resident(2003, 2013),
        gone(2014, status=5),
        expect_stay(1, exit_type="death", exit_date="2013-05-05", exit_destination_group=None),
    ),
    case(
        "who is seen without having come has a stay without recorded entry",
        person(first=None),
        resident(2010, 2012),
        gone(2013),
        emigrated("2012-05-01", to="990"),
        expect_stay(1, entry_type="unrecorded", entry_date="2010-01-01", exit_destination_group="unknown"),
    ),
]


def descendant(*facts: object, born: int = 198505, died: str | None = None) -> list:
    return [person(born, country="000", category="C", reason=None, first=None, died=died), *facts]


DESCENDANTS = [
    case(
        "a descendant who leaves for the country of the parents and is back after two years",
        *descendant(resident(2003, 2013), gone(2014), gone(2015), resident(2016, 2025)),
        emigrated("2013-06-01", to="131"),
        immigrated("2015-05-01"),
        expect_descendant(immigrant_group="descendant", parents_country="131", has_emigrated=True),
        expect_descendant(destination="parents_country", age_at_emigration=28, return_date="2015-05-01"),
        expect_descendant(
            is_back_within_1_years=False, is_back_within_3_years=True, is_back_within_5_years=True
        ),
    ),
    case(
        "a descendant who leaves for another Nordic country and is not back",
        *descendant(resident(2003, 2013), gone(2014)),
        emigrated("2013-06-01", to="106"),
        expect_descendant(destination="nordic", first_emigration_date="2013-06-01", return_date=None),
        expect_descendant(is_back_within_1_years=False, is_back_within_5_years=False),
    ),
    case(
        "of who dies abroad it is not known whether they would have come back",
        *descendant(resident(2003, 2013), gone(2014), gone(2015, status=5), died="2014-12-01"),
        emigrated("2013-06-01", to=None),
        expect_descendant(destination="unknown", is_back_within_1_years=False, death_date="2014-12-01"),
        expect_descendant(is_back_within_3_years=None, is_back_within_5_years=None),
    ),
    case(
        "a descendant who dies first never emigrates: death is the competing event",
        *descendant(resident(2003, 2013), gone(2014, status=5), died="2013-04-01"),
        expect_descendant(has_emigrated=False, destination=None, first_emigration_year=None),
        expect_descendant(is_back_within_1_years=None, death_date="2013-04-01"),
        expect(2012, outcome="death"),
    ),
    case(
        "whether who left lately is back within three years is not known yet",
        *descendant(resident(2003, 2022), gone(2023), gone(2024), gone(2025)),
        emigrated("2022-06-01", to="131"),
        expect_descendant(is_back_within_1_years=False, is_back_within_3_years=None),
    ),
    case(
        "who came before age seven is compared with descendants",
        person(born=200001, first=20050601),
        immigrated("2005-06-01"),
        resident(2006, 2025),
        expect_descendant(immigrant_group="childhood_immigrant", has_emigrated=False),
    ),
    case(
        "who came at seven is not",
        person(born=200001, first=20070601),
        immigrated("2007-06-01"),
        resident(2008, 2025),
        expect_descendant(),
    ),
]
