"""Every sentence of the definitions as a person whose registers and result are written by hand.

A case without `delivery` is part of one delivery with the population from 2003 to 2025 and every register of
2008-2014. The others are about what is missing: a last year with events only, a last year without anything,
registers missing in some years.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from reference.evidence import Registers, Row
from reference.story import (
    Case,
    case,
    education,
    emigrated,
    enrolled,
    exam,
    expect,
    expect_descendant,
    expect_event,
    expect_family,
    expect_no_family,
    expect_no_row,
    expect_presence,
    expect_stay,
    gone,
    immigrated,
    income,
    january,
    job,
    jobseeker,
    moved,
    person,
    relative,
    resident,
)
from reference.warehouse import Warehouse

REGISTERS = ("utdanning", "utdanningsaktivitet", "sysselsetting", "arbeidssoker", "inntekt")

OUTCOME = [
    case(
        "resident on both dates at the same address stays",
        person(),
        resident(2013, 2014),
        expect(2012, outcome="stay", outcome_year=2013, outcome_is_provisional=False, emigration_date=None),
        expect(2012, returned_within_year=False, emigration_basis=None, emigration_basis_source=None),
    ),
    case(
        "the population is everyone resident on 1 January, nobody else",
        person(),
        gone(2012),
        january(2013),
        gone(2014),
        expect_no_row(2011),
        expect(2012, outcome="unaccounted"),
        expect_no_row(2013),
    ),
    case(
        "an emigration in the year",
        person(),
        january(2013),
        gone(2014),
        emigrated("2013-06-01", to="106", registered="2013-06-20"),
        expect(2012, outcome="emigration", emigration_date="2013-06-01", emigration_country="106"),
        expect(2012, emigration_registered_date="2013-06-20", returned_within_year=False),
        expect(2012, emigration_basis="reported", emigration_basis_source="delivered"),
    ),
    case(
        "who comes and leaves within one calendar year is never in the population",
        person(first=20130301),
        immigrated("2013-03-01"),
        emigrated("2013-10-01"),
        gone(2014),
        expect_no_row(2012),
        expect_no_row(2013),
    ),
    case(
        "emigrated and back within the year is a stay, and flagged",
        person(),
        resident(2013, 2014),
        emigrated("2013-02-01"),
        immigrated("2013-09-01"),
        expect(2012, outcome="stay", returned_within_year=True, emigration_date=None, emigration_basis=None),
    ),
    case(
        "emigrated and back within the year to another county is a move",
        person(),
        january(2013, "0301"),
        january(2014, "1201"),
        emigrated("2013-02-01"),
        immigrated("2013-09-01", "1201"),
        expect(2012, outcome_county="internal_outmigration", outcome_centrality="stay"),
        expect(2012, outcome_municipality="internal_outmigration", returned_within_year=True),
    ),
    case(
        "emigrated, returned and gone again counts, with the last emigration",
        person(),
        january(2013),
        gone(2014),
        emigrated("2013-02-01", to="106"),
        immigrated("2013-05-01"),
        emigrated("2013-11-01", to="131"),
        expect(2012, outcome="emigration", emigration_date="2013-11-01", emigration_country="131"),
        expect(2012, returned_within_year=False),
    ),
    case(
        "an emigration that the next January contradicts leaves the columns empty",
        person(),
        resident(2013, 2014),
        emigrated("2013-06-01"),
        expect(2012, outcome="stay", emigration_date=None, emigration_country=None, emigration_basis=None),
        expect(2012, returned_within_year=False),
    ),
    case(
        "an emigration dated earlier but registered in the year",
        person(),
        resident(2012, 2013),
        gone(2014),
        emigrated("2012-11-10", registered="2013-02-01"),
        expect(2011, outcome="stay", emigration_date=None),
        expect(2012, outcome="emigration", emigration_date="2012-11-10"),
        expect(2012, emigration_registered_date="2013-02-01"),
    ),
    case(
        "an emigration two years back but registered in the year",
        person(),
        resident(2011, 2013),
        gone(2014),
        emigrated("2010-11-10", registered="2013-12-31"),
        expect(2010, outcome="stay"),
        expect(2012, outcome="emigration", emigration_date="2010-11-10"),
    ),
    case(
        "a late emigration registered before the year does not explain an absence",
        person(),
        january(2013),
        gone(2014),
        emigrated("2012-11-10", registered="2012-12-31"),
        expect(2012, outcome="unaccounted", emigration_date=None),
    ),
    case(
        "a late emigration registered after the year does not explain an absence",
        person(),
        january(2013),
        gone(2014),
        emigrated("2012-11-10", registered="2014-01-02"),
        expect(2012, outcome="unaccounted", emigration_date=None),
    ),
    case(
        "a late emigration with a return before the year began explains nothing",
        person(),
        january(2013),
        gone(2014),
        emigrated("2012-05-10", registered="2013-02-01"),
        immigrated("2012-10-01"),
        expect(2012, outcome="unaccounted", emigration_date=None),
    ),
    case(
        "a late emigration of a person back on 1 January explains nothing either",
        person(),
        january(2013),
        gone(2014),
        emigrated("2012-05-10", registered="2013-02-01"),
        immigrated("2013-01-01"),
        expect(2012, outcome="unaccounted", emigration_date=None),
    ),
    case(
        "an emigration without a date of registration",
        person(),
        january(2013),
        gone(2014),
        emigrated("2013-05-10", registered=""),
        expect(2012, outcome="emigration", emigration_date="2013-05-10", emigration_registered_date=None),
    ),
    case(
        "an emigration dated 1 January belongs to the year in which the person stopped being resident",
        person(),
        january(2013),
        gone(2014),
        emigrated("2014-01-01"),
        expect(2012, outcome="emigration", emigration_date="2014-01-01"),
        expect_no_row(2013),
    ),
    case(
        "an emigration dated 1 January of a person resident that day belongs to the year that begins",
        person(),
        resident(2013, 2014),
        gone(2015),
        emigrated("2014-01-01"),
        expect(2012, outcome="stay", emigration_date=None, returned_within_year=False),
        expect(2013, outcome="emigration", emigration_date="2014-01-01"),
    ),
    case(
        "an emigration dated 2 January of the next year is too late",
        person(),
        january(2013),
        gone(2014),
        emigrated("2014-01-02"),
        expect(2012, outcome="unaccounted", emigration_date=None),
    ),
    case(
        "an emigration dated 31 December",
        person(),
        january(2013),
        gone(2014),
        emigrated("2013-12-31", registered="2014-01-20"),
        expect(2012, outcome="emigration", emigration_date="2013-12-31"),
    ),
    case(
        "of several emigrations the last",
        person(),
        january(2013),
        gone(2014),
        emigrated("2013-03-01", to="101"),
        emigrated("2013-08-01", to="102"),
        emigrated("2012-08-01", to="103", registered="2013-12-01"),
        expect(2012, emigration_date="2013-08-01", emigration_country="102"),
    ),
    case(
        "of several emigrations on one day the one registered first",
        person(),
        january(2013),
        gone(2014),
        emigrated("2013-03-01", to="101", registered="2013-05-01"),
        emigrated("2013-03-01", to="102", registered="2013-04-01"),
        emigrated("2013-03-01", to="103", registered="2013-06-01"),
        expect(2012, emigration_country="102", emigration_registered_date="2013-04-01"),
    ),
    case(
        "repeated rows of one emigration are one",
        person(),
        january(2013),
        gone(2014),
        emigrated("2013-03-01"),
        emigrated("2013-03-01"),
        expect(2012, outcome="emigration", emigration_date="2013-03-01"),
    ),
    case(
        "a death",
        person(died="2013-05-05"),
        january(2013),
        gone(2014, status=5),
        expect(2012, outcome="death", emigration_date=None, returned_within_year=False),
    ),
    case(
        "a death date counts even where the register still shows the person as resident",
        person(died="2013-05-05"),
        resident(2013, 2014),
        expect(2012, outcome="death"),
    ),
    case(
        "a death without date is known from the status",
        person(),
        january(2013),
        gone(2014, status=5),
        expect(2012, outcome="death"),
    ),
    case(
        "a death date counts also where the person has no row the next January",
        person(died="2013-12-31"),
        january(2013),
        expect(2012, outcome="death"),
    ),
    case(
        "an emigrant who dies abroad later in the year is an emigrant",
        person(died="2013-10-01"),
        january(2013),
        gone(2014, status=5),
        emigrated("2013-04-01"),
        expect(2012, outcome="emigration", emigration_date="2013-04-01"),
    ),
    case(
        "who emigrated, returned and then died is dead",
        person(died="2013-10-01"),
        january(2013),
        gone(2014, status=5),
        emigrated("2013-02-01"),
        immigrated("2013-06-01"),
        expect(2012, outcome="death", emigration_date=None, returned_within_year=False),
    ),
    case(
        "an emigration dated after the death does not count",
        person(died="2013-04-01"),
        january(2013),
        gone(2014, status=3),
        emigrated("2013-10-01"),
        expect(2012, outcome="death", emigration_date=None, emigration_basis=None),
    ),
    case(
        "an emigration dated on the day of the death does not count",
        person(died="2013-04-01"),
        january(2013),
        gone(2014, status=5),
        emigrated("2013-04-01"),
        expect(2012, outcome="death", emigration_date=None),
    ),
    case(
        "an emigration dated the day before the death does",
        person(died="2013-04-02"),
        january(2013),
        gone(2014, status=5),
        emigrated("2013-04-01"),
        expect(2012, outcome="emigration", emigration_date="2013-04-01"),
    ),
    case(
        "who had left before the year, registered in it, and then died abroad is an emigrant",
        person(died="2013-08-01"),
        january(2013),
        gone(2014, status=5),
        emigrated("2012-06-01", registered="2013-09-01"),
        expect(2012, outcome="emigration", emigration_date="2012-06-01"),
    ),
    case(
        "a death on 1 January with status dead that day belongs to the year before",
        person(died="2014-01-01"),
        january(2013),
        gone(2014, status=5),
        expect(2012, outcome="death"),
    ),
    case(
        "a death on 1 January of a person resident that day belongs to the year that begins",
        person(died="2014-01-01"),
        resident(2013, 2014),
        gone(2015, status=5),
        expect(2012, outcome="stay"),
        expect(2013, outcome="death"),
    ),
    case(
        "a death dated before the year is not one of the year",
        person(died="2012-12-31"),
        january(2013),
        gone(2014, status=5),
        expect(2012, outcome="unaccounted"),
    ),
    case(
        "status emigrated without an event is unaccounted",
        person(),
        january(2013),
        gone(2014, status=3),
        expect(2012, outcome="unaccounted", emigration_date=None, emigration_basis=None),
        expect(2012, outcome_is_provisional=False, returned_within_year=False),
    ),
    case(
        "a missing person is unaccounted",
        person(),
        january(2013),
        gone(2014, status=4),
        expect(2012, outcome="unaccounted"),
    ),
    case(
        "no row the next January and no event is unaccounted",
        person(),
        january(2013),
        expect(2012, outcome="unaccounted"),
    ),
    case(
        "one outcome per person-year whatever the number of moves",
        person(),
        resident(2013, 2014),
        moved("2013-02-01", "0301", "1201"),
        moved("2013-03-01", "1201", "1103"),
        moved("2013-04-01", "1103", "0301"),
        expect(2012, outcome="stay"),
    ),
    case(
        "a person without a row in the person register is kept, with NULLs",
        resident(2013, 2014),
        expect(2012, outcome="stay", sex=None, birth_year=None, age=None, age_group=None, is_immigrant=None),
        expect(2012, is_descendant=None, immigration_background=None, residence_years=None),
        expect(2012, labour_status=None, is_employed=False, education_group="unknown"),
    ),
]

REGIONS = [
    case(
        "regions of Oslo",
        person(),
        resident(2013, 2014),
        expect(2012, municipality_code="0301", municipality_code_2013="0301", county_code="03"),
        expect(2012, centrality_level=4),
    ),
    case(
        "a move within county and centrality level is one of the municipality only",
        person(),
        january(2013, "0101"),
        january(2014, "0104"),
        expect(2012, outcome_municipality="internal_outmigration", outcome_county="stay"),
        expect(2012, outcome_centrality="stay"),
    ),
    case(
        "a move to another county on the same centrality level",
        person(),
        january(2013, "0301"),
        january(2014, "0219"),
        expect(2012, outcome_municipality="internal_outmigration", outcome_county="internal_outmigration"),
        expect(2012, outcome_centrality="stay"),
    ),
    case(
        "a move to another centrality level of the same county",
        person(),
        january(2013, "1504"),
        january(2014, "1566"),
        expect(2012, outcome_county="stay", outcome_centrality="internal_outmigration"),
        expect(2012, centrality_level=3),
        expect(2013, centrality_level=1),
    ),
    case(
        "an unknown address is not a move from it",
        person(),
        january(2013, "0000"),
        january(2014, "1566"),
        expect(2012, outcome="stay", municipality_code="0000", municipality_code_2013=None),
        expect(2012, county_code=None, centrality_level=None),
    ),
    case(
        "an unknown address is not a move to it",
        person(),
        january(2013, "1566"),
        january(2014, "9999"),
        expect(2012, outcome="stay"),
        expect(2013, municipality_code_2013=None, county_code=None, centrality_level=None),
    ),
    case(
        "Svalbard has neither county nor centrality",
        person(),
        resident(2013, 2014, "2111"),
        expect(2012, outcome="stay", municipality_code="2111", municipality_code_2013=None),
        expect(2012, county_code=None, centrality_level=None),
    ),
    case(
        "a move to Svalbard is a move at every level",
        person(),
        january(2013, "0301"),
        january(2014, "2111"),
        expect(2012, outcome="internal_outmigration"),
    ),
    case(
        "a move from Svalbard is a move at every level",
        person(),
        january(2013, "2111"),
        january(2014, "0301"),
        expect(2012, outcome="internal_outmigration"),
    ),
    case(
        "Skjerstad joins Bodø, 2005",
        person(),
        january(2004, "1842"),
        january(2005, "1804"),
        expect(
            2003, outcome="stay", municipality_code="1842", municipality_code_2013="1804", county_code="18"
        ),
        expect(2003, centrality_level=3),
    ),
    case(
        "Ølen and Vindafjord become Vindafjord, 2006: one municipality even to who moved between them",
        person(),
        january(2005, "1159"),
        january(2006, "1160"),
        expect(2004, outcome="stay", municipality_code_2013="1160"),
    ),
    case(
        "a move from Ølen to Vindafjord before the merger is none in the division of 2013",
        person(),
        january(2004, "1159"),
        january(2005, "1154"),
        expect(2003, outcome="stay"),
    ),
    case(
        "a move out of Tustna in the year of its merger is a move",
        person(),
        january(2005, "1572"),
        january(2006, "1504"),
        expect(2004, outcome_municipality="internal_outmigration", outcome_county="stay"),
        expect(2004, outcome_centrality="internal_outmigration", municipality_code_2013="1576"),
    ),
    case(
        "Frei joins Kristiansund, 2008",
        person(),
        january(2007, "1556"),
        january(2008, "1505"),
        expect(2006, outcome="stay", municipality_code_2013="1505"),
    ),
    case(
        "Mosvik joins Inderøy, 2012",
        person(),
        january(2011, "1723"),
        january(2012, "1756"),
        expect(2010, outcome="stay", municipality_code_2013="1756", centrality_level=2),
    ),
    case(
        "Bjarkøy joins Harstad, 2013",
        person(),
        january(2012, "1915"),
        january(2013, "1903"),
        expect(2011, outcome="stay", municipality_code_2013="1903", county_code="19", centrality_level=3),
    ),
    case(
        "Andebu joins Sandefjord, 2017",
        person(),
        january(2016, "0719"),
        january(2017, "0710"),
        expect(2015, outcome="stay", municipality_code_2013="0719"),
        expect(2016, municipality_code_2013="0706", county_code="07", centrality_level=4),
    ),
    case(
        "a stayer of the new Sandefjord stays",
        person(),
        resident(2017, 2018, "0710"),
        expect(2016, outcome="stay"),
    ),
    case(
        "a move from Stokke to Andebu, one year before they merge, is a move",
        person(),
        january(2015, "0720"),
        january(2016, "0719"),
        expect(2014, outcome_municipality="internal_outmigration", outcome_county="stay"),
    ),
    case(
        "who moves from Oslo into the new Sandefjord moves",
        person(),
        january(2016, "0301"),
        january(2017, "0710"),
        expect(2015, outcome_municipality="internal_outmigration", outcome_county="internal_outmigration"),
        expect(2015, outcome_centrality="stay"),
    ),
    case(
        "Trondheim is renumbered, 2018",
        person(),
        january(2017, "1601"),
        january(2018, "5001"),
        expect(2016, outcome="stay", county_code="16", centrality_level=4),
        expect(2017, municipality_code_2013="1601", county_code="16", centrality_level=None),
    ),
    case(
        "Rissa and Leksvik become Indre Fosen, 2018: who lived in Leksvik stays",
        person(),
        january(2017, "1718"),
        january(2018, "5054"),
        expect(2016, outcome="stay", county_code="17"),
        expect(2017, municipality_code_2013="1624", county_code="16"),
    ),
    case(
        "who moves from Trondheim to Indre Fosen may have stayed in the county",
        person(),
        january(2017, "1601"),
        january(2018, "5054"),
        expect(2016, outcome_municipality="internal_outmigration", outcome_county="stay"),
    ),
    case(
        "who moves from Levanger to Indre Fosen may have stayed in the county as well",
        person(),
        january(2017, "1719"),
        january(2018, "5054"),
        expect(2016, outcome_municipality="internal_outmigration", outcome_county="stay"),
    ),
    case(
        "who moves from Oslo to Færder may have stayed on the centrality level",
        person(),
        january(2017, "0301"),
        january(2018, "0729"),
        expect(2016, outcome_centrality="stay", outcome_county="internal_outmigration"),
    ),
    case(
        "who moves from Ålesund to Færder may have stayed on the centrality level as well",
        person(),
        january(2017, "1504"),
        january(2018, "0729"),
        expect(2016, outcome_centrality="stay", outcome_county="internal_outmigration"),
    ),
    case(
        "Rindal changes county, 2019",
        person(),
        january(2018, "1567"),
        january(2019, "5061"),
        expect(2017, outcome="stay", county_code="15", centrality_level=None),
        expect(2018, municipality_code_2013="1567", county_code="15"),
    ),
    case(
        "Tysfjord is split, 2020: whoever is in the first successor stays",
        person(),
        january(2019, "1850"),
        january(2020, "1806"),
        expect(2018, outcome="stay", county_code="18"),
    ),
    case(
        "Tysfjord is split, 2020: whoever is in the second successor stays",
        person(),
        january(2019, "1850"),
        january(2020, "1875"),
        expect(2018, outcome="stay"),
    ),
    case(
        "who leaves Tysfjord in the year before the split moves; the centrality level is not known any more",
        person(),
        january(2019, "1850"),
        january(2020, "1804"),
        expect(2018, outcome_municipality="internal_outmigration", outcome_county="stay"),
        expect(2018, outcome_centrality=None),
    ),
    case(
        "Snillfjord is split in three, 2020",
        person(),
        january(2019, "5012"),
        january(2020, "5059"),
        expect(2018, outcome="stay"),
    ),
    case(
        "who leaves Snillfjord for Trondheim moves",
        person(),
        january(2019, "5012"),
        january(2020, "5001"),
        expect(2018, outcome_municipality="internal_outmigration", outcome_county="stay"),
    ),
    case(
        "Halsa joins Heim across the border of the county, 2020",
        person(),
        january(2019, "1571"),
        january(2020, "5055"),
        expect(2018, outcome="stay", county_code="15"),
    ),
    case(
        "Ålesund is split, 2024: the new Haram",
        person(),
        january(2023, "1507"),
        january(2024, "1580"),
        expect(2022, outcome="stay", municipality_code_2013="1504"),
        expect(2023, municipality_code_2013="1534"),
    ),
    case(
        "Bærum is renumbered, 2020 and 2024",
        person(),
        january(2019, "0219"),
        *(january(year, "3024") for year in range(2020, 2024)),
        resident(2024, 2025, "3201"),
        *(expect(year, outcome="stay", county_code="02") for year in range(2018, 2024)),
    ),
    case(
        "the counties are those of 2013: from Moss to Bærum is a move of 2021 though both were in Viken",
        person(),
        january(2021, "3002"),
        january(2022, "3024"),
        expect(2020, county_code="01", outcome_county="internal_outmigration"),
        expect(2021, county_code="02"),
    ),
    case(
        "an unknown address after 2017 is not a move at any level",
        person(),
        january(2021, "0301"),
        january(2022, "9999"),
        expect(2020, outcome="stay"),
    ),
    case(
        "an emigration after 2017 is one at every level",
        person(),
        january(2021, "0301"),
        gone(2022),
        emigrated("2021-03-03"),
        expect(2020, outcome="emigration"),
    ),
]


def came(first: int | None, reason: str | None, country: str = "131", category: str = "B") -> list:
    return [
        person(first=first, reason=reason, country=country, category=category),
        *resident(2013, 2014),
    ]


BACKGROUND = [
    case(
        "came for work", came(20050815, "ARB"), expect(2012, immigration_background="work", is_immigrant=True)
    ),
    case("came for refuge", came(20050815, "FLU"), expect(2012, immigration_background="refuge")),
    case("came to family", came(20050815, "FAM"), expect(2012, immigration_background="family")),
    case("came for education", came(20050815, "UTD"), expect(2012, immigration_background="education")),
    case("other reason", came(20050815, "ANN"), expect(2012, immigration_background="unknown")),
    case("unknown reason", came(20050815, "UKJ"), expect(2012, immigration_background="unknown")),
    case("no reason", came(20050815, None), expect(2012, immigration_background="unknown")),
    case("came in 1989, with a code", came(19891231, "ARB"), expect(2012, immigration_background="unknown")),
    case("came in 1990, with a code", came(19900101, "ARB"), expect(2012, immigration_background="work")),
    case("no first immigration: by code", came(None, "FAM"), expect(2012, immigration_background="family")),
    case("Swede with a code", came(20050815, "ARB", "106"), expect(2012, immigration_background="nordic")),
    case("Swede of 1975", came(19750815, None, "106"), expect(2012, immigration_background="nordic")),
    case("Greenland is Nordic", came(20050815, "UTD", "102"), expect(2012, immigration_background="nordic")),
    case(
        "the Faroes are Nordic", came(20050815, "FAM", "104"), expect(2012, immigration_background="nordic")
    ),
    case(
        "born in Norway is not Nordic",
        came(20050815, "FAM", "000"),
        expect(2012, immigration_background="family", country_of_birth="000"),
    ),
    case(
        "a descendant has no background",
        came(None, "FAM", "000", "C"),
        expect(2012, immigration_background=None, is_immigrant=False, is_descendant=True),
    ),
    *(
        case(
            f"category {category} is not an immigrant",
            came(20050815, "FAM", "106", category),
            expect(2012, immigration_background=None, is_immigrant=False, is_descendant=False),
            expect(2012, immigration_category=category, residence_years=7),
        )
        for category in "ADEFG"
    ),
]


def since(first: int | None) -> list:
    return [person(first=first), *resident(2013, 2014)]


RESIDENCE = [
    *(
        case(f"first came {first}", since(first), expect(2012, residence_years=years, residence_group=group))
        for first, years, group in (
            (20120101, 0, "0-2"),
            (20121231, 0, "0-2"),
            (20100615, 2, "0-2"),
            (20090615, 3, "3-5"),
            (20070615, 5, "3-5"),
            (20060615, 6, "6-10"),
            (20020615, 10, "6-10"),
            (20010615, 11, "11-15"),
            (19970615, 15, "11-15"),
            (19960615, 16, "16+"),
            (19500615, 62, "16+"),
            (20130101, 0, "0-2"),
            (20130102, None, None),
            (None, None, None),
            (20050000, 7, "6-10"),
        )
    ),
    case(
        "residence counts from the first immigration whatever came later",
        person(first=20010401),
        gone(2011),
        resident(2012, 2014),
        immigrated("2003-04-01"),
        emigrated("2008-04-01"),
        immigrated("2011-04-01"),
        expect(2011, residence_years=10, first_immigration_year=2001),
        expect(2013, residence_years=12),
        expect_event(
            "2003-04-01", event_type="immigration", is_first_immigration=False, is_reimmigration=True
        ),
        expect_event("2011-04-01", is_first_immigration=False, is_reimmigration=True),
        expect_event(
            "2008-04-01", event_type="emigration", is_first_immigration=False, is_reimmigration=False
        ),
    ),
    case(
        "the first immigration on record",
        person(first=20050401),
        immigrated("2005-04-01", registered="2005-04-11"),
        immigrated("2007-04-01"),
        expect_event(
            "2005-04-01", is_first_immigration=True, is_reimmigration=False, registration_lag_days=10
        ),
        expect_event("2007-04-01", is_first_immigration=False, is_reimmigration=True),
        expect_event("2007-04-01", emigration_basis=None, emigration_basis_source=None),
    ),
    case(
        "without a first immigration nobody knows which one is the first",
        person(first=None),
        immigrated("2005-04-01"),
        moved("2006-04-01", "0301", "1201"),
        expect_event("2005-04-01", is_first_immigration=None, is_reimmigration=None),
        expect_event("2006-04-01", event_type="internal", is_first_immigration=False, is_reimmigration=False),
        expect_event("2006-04-01", from_municipality_code="0301", to_municipality_code="1201"),
    ),
]

AGE = [
    case(
        f"age {age}",
        person(born=(2012 - age) * 100 + 12),
        resident(2013, 2014),
        expect(2012, age=age, birth_year=2012 - age, age_group=group, labour_status=status),
    )
    for age, group, status in (
        (0, None, None),
        (14, None, None),
        (15, "15-24", "outside_labour_force"),
        (24, "15-24", "outside_labour_force"),
        (25, "25-35", "outside_labour_force"),
        (35, "25-35", "outside_labour_force"),
        (36, "36-61", "outside_labour_force"),
        (61, "36-61", "outside_labour_force"),
        (62, "62-74", "outside_labour_force"),
        (74, "62-74", "outside_labour_force"),
        (75, None, None),
        (104, None, None),
    )
]


def working(*facts: object, born: int = 198001) -> list:
    result = [person(born=born), *resident(2013, 2014)]
    for fact in facts:
        result.extend(fact if isinstance(fact, list) else [fact])
    return result


LABOUR = [
    case("sex", person(sex=1), resident(2013, 2014), expect(2012, sex="male")),
    case(
        "nothing on record",
        working(),
        expect(2012, is_employed=False, is_in_education=False, unemployed_months=0, sex="female"),
        expect(2012, labour_status="outside_labour_force"),
    ),
    case("an employee", working(job(2012)), expect(2012, is_employed=True, labour_status="employed")),
    case("a self-employed", working(job(2012, status=2)), expect(2012, labour_status="employed")),
    *(
        case(
            f"job status {status} is not employment",
            working(job(2012, status=status)),
            expect(
                2012, is_employed=False, labour_status="outside_labour_force", last_sign_of_life_year=None
            ),
        )
        for status in (0, 3)
    ),
    case(
        "the job of the year before or after does not count",
        working(job(2011), job(2013)),
        expect(2012, is_employed=False, labour_status="outside_labour_force"),
    ),
    case(
        "the main job decides, even with fewer hours",
        working(job(2012, status=0, hours=5, main=True), job(2012, status=1, hours=37.5, main=False)),
        expect(2012, is_employed=False),
    ),
    case(
        "without a flag the longest hours decide",
        working(job(2012, status=1, hours=5, main=None), job(2012, status=0, hours=20, main=None)),
        expect(2012, is_employed=False),
    ),
    case(
        "unknown hours are the shortest",
        working(job(2012, status=0, hours=None, main=False), job(2012, status=2, hours=1, main=False)),
        expect(2012, is_employed=True),
    ),
    case(
        "of equal jobs employment goes first",
        working(job(2012, status=3, hours=20, main=True), job(2012, status=1, hours=20, main=True)),
        expect(2012, is_employed=True),
    ),
    case(
        "enrolled on 1 October",
        working(enrolled("2012-10-01")),
        expect(2012, is_in_education=True, labour_status="in_education"),
    ),
    case(
        "an enrolment counts whatever its day",
        working(enrolled("2012-01-15")),
        expect(2012, labour_status="in_education"),
    ),
    case(
        "an exam on the first day of the year",
        working(exam("2012-01-01")),
        expect(2012, labour_status="in_education"),
    ),
    case(
        "an exam on the last day of the year",
        working(exam("2012-12-31")),
        expect(2012, labour_status="in_education"),
    ),
    case(
        "exams of other years do not count",
        working(exam("2011-12-31"), exam("2013-01-01")),
        expect(2012, is_in_education=False, labour_status="outside_labour_force"),
    ),
    case(
        "employed in education",
        working(job(2012), enrolled("2012-10-01")),
        expect(2012, labour_status="employed_in_education"),
    ),
    case(
        "one month of unemployment",
        working(jobseeker(2012, [5])),
        expect(2012, unemployed_months=1, labour_status="unemployed"),
    ),
    case(
        "six months of unemployment and a job",
        working(jobseeker(2012, range(1, 7)), job(2012)),
        expect(2012, unemployed_months=6, labour_status="employed"),
    ),
    case(
        "six months of unemployment and studies",
        working(jobseeker(2012, range(1, 7)), enrolled("2012-10-01")),
        expect(2012, unemployed_months=6, labour_status="in_education"),
    ),
    case(
        "seven months of unemployment, a job and studies",
        working(jobseeker(2012, range(6, 13)), job(2012), exam("2012-06-01")),
        expect(2012, unemployed_months=7, labour_status="unemployed", is_employed=True, is_in_education=True),
    ),
    case(
        "a month registered twice counts once",
        working(jobseeker(2012, [1, 1, 2, 2, 3, 3, 4]), job(2012)),
        expect(2012, unemployed_months=4, labour_status="employed"),
    ),
    case(
        "partly employed and on a programme do not count",
        working(jobseeker(2012, range(1, 8), status=2), jobseeker(2012, range(1, 8), status=3)),
        expect(2012, unemployed_months=0, labour_status="outside_labour_force", last_sign_of_life_year=2012),
    ),
    case(
        "a month of both kinds counts",
        working(jobseeker(2012, [4], status=2), jobseeker(2012, [4], status=1)),
        expect(2012, unemployed_months=1),
    ),
    case(
        "months of two years are not added",
        working(jobseeker(2011, range(9, 13)), jobseeker(2012, range(1, 5)), job(2012)),
        expect(2012, unemployed_months=4, labour_status="employed"),
    ),
    case(
        "the facts hold at every age, the status does not",
        working(job(2012), enrolled("2012-10-01"), jobseeker(2012, [1]), born=200001),
        expect(2012, age=12, is_employed=True, is_in_education=True, unemployed_months=1, labour_status=None),
    ),
]

EDUCATION = [
    *(
        case(
            f"education {digit}",
            person(),
            resident(2013, 2014),
            education(2012, f"{digit}99999"),
            education(2011, "899999"),
            education(2013, "899999"),
            expect(2012, education_group=group, education_group_logit=logit),
        )
        for digit, group, logit in (
            (0, "unknown", "none_or_unknown"),
            (1, "compulsory", "education_1"),
            (2, "compulsory", "education_1"),
            (3, "upper_secondary", "education_2"),
            (4, "upper_secondary", "education_3"),
            (5, "upper_secondary", "education_3"),
            (6, "tertiary_short", "education_4"),
            (7, "tertiary_long", "education_5"),
            (8, "tertiary_long", "education_5"),
            (9, "unknown", "none_or_unknown"),
        )
    ),
    case(
        "no row in the education register",
        person(),
        resident(2013, 2014),
        expect(2012, education_group="unknown", education_group_logit="none_or_unknown"),
    ),
]


def family_of(immigrants: int, others: int, *extra: object) -> list:
    """The person, an immigrant, among so many immigrants and others on 1 January 2013."""
    parts: list = [person(), january(2013, family="f"), january(2014, family="f")]
    for number in range(1, immigrants):
        parts.append(relative(f"immigrant{number}", person(), january(2013, family="f", role=2)))
    for number in range(others):
        child = person(born=200501, country="000", category="C", reason=None, first=None)
        parts.append(relative(f"child{number}", child, january(2013, family="f", role=3)))
    return [*parts, *extra]


FAMILY = [
    case(
        "alone with a family number",
        *family_of(1, 0),
        expect(2012, family_size=1, family_immigrants=1, family_type="immigrants_only", family_id="f"),
        expect_family("f", 2013, family_size=1, family_non_immigrants=0, family_children=0),
    ),
    case(
        "without a family number",
        person(),
        resident(2013, 2014),
        expect(2012, family_id=None, family_size=None, family_immigrants=None, family_type=None),
    ),
    case(
        "immigrants only",
        *family_of(3, 0),
        expect(2012, family_size=3, family_immigrants=3, family_type="immigrants_only"),
    ),
    case(
        "a majority of immigrants",
        *family_of(2, 1),
        expect(2012, family_size=3, family_immigrants=2, family_type="mixed_immigrant_majority"),
        expect_family("f", 2013, family_non_immigrants=1, family_children=1),
    ),
    case("as many immigrants as others", *family_of(2, 2), expect(2012, family_type="mixed_equal")),
    case(
        "a minority of immigrants",
        *family_of(1, 3),
        expect(2012, family_size=4, family_immigrants=1, family_type="mixed_immigrant_minority"),
    ),
    case(
        "the family is that of the day; the next January it may be another",
        *family_of(1, 3),
        expect(2013, family_size=1, family_type="immigrants_only"),
        expect_family("f", 2014, family_size=1, family_children=0),
    ),
    case(
        "a family without immigrants",
        person(category="A", country="000", reason=None, first=None),
        resident(2013, 2014, family="f"),
        relative(
            "child",
            person(category="C", country="000", reason=None, first=None),
            january(2013, family="f", role=3),
        ),
        expect(2012, family_size=2, family_immigrants=0, family_type="no_immigrants"),
    ),
    case(
        "relatives abroad are not counted",
        *family_of(1, 0),
        relative("abroad", person(), january(2013, None, status=3, family="f", role=2)),
        relative("dead", person(category="A"), january(2013, None, status=5, family="f", role=2)),
        expect(2012, family_size=1, family_immigrants=1, family_type="immigrants_only"),
        expect_family("f", 2013, family_size=1),
    ),
    case(
        "a family all abroad does not exist",
        person(),
        gone(2013, family="g"),
        expect_no_family("g", 2013),
    ),
    case(
        "a member unknown to the person register is a member and not an immigrant",
        *family_of(1, 0),
        relative("stranger", january(2013, family="f", role=2)),
        expect(2012, family_size=2, family_immigrants=1, family_type="mixed_equal"),
        expect_family("f", 2013, family_non_immigrants=1),
    ),
]


def left(*facts: object, basis: str | None = None, to: str | None = "990", on: str = "2013-06-01") -> list:
    return [person(), *resident(2009, 2013), gone(2014), emigrated(on, to=to, basis=basis), *facts]


ADMINISTRATIVE = {"emigration_basis": "administrative", "emigration_basis_source": "inferred"}
UNKNOWN = {"emigration_basis": "unknown", "emigration_basis_source": None}

BASIS = [
    case(
        "delivered as administrative, whatever signs there are",
        left(job(2013), basis="administrativ", to="106"),
        expect(2012, emigration_basis="administrative", emigration_basis_source="delivered"),
        expect_event("2013-06-01", emigration_basis="administrative", emigration_basis_source="delivered"),
    ),
    case(
        "delivered as reported, without any sign",
        left(basis="meldt"),
        expect(2012, emigration_basis="reported", emigration_basis_source="delivered"),
    ),
    case(
        "destination 990 and no sign of life in two years",
        left(),
        expect(2012, outcome="emigration", emigration_country="990", **ADMINISTRATIVE),
        expect_event("2013-06-01", **ADMINISTRATIVE),
    ),
    case(
        "no destination and no sign of life in two years",
        left(to=None),
        expect(2012, emigration_country=None, **ADMINISTRATIVE),
    ),
    case(
        "a known destination", left(to="444"), expect(2012, **UNKNOWN), expect_event("2013-06-01", **UNKNOWN)
    ),
    *(
        case(f"a sign in {year}: {name}", left(sign(year)), expect(2012, **UNKNOWN))
        for year in (2012, 2013)
        for name, sign in (
            ("a job", job),
            ("an enrolment", lambda year: enrolled(f"{year}-10-01")),
            ("an exam", lambda year: exam(f"{year}-01-01")),
            ("on a programme", lambda year: jobseeker(year, [3], status=3)[0]),
            ("occupational income", lambda year: income(year, 1)),
            ("an internal move", lambda year: moved(f"{year}-01-01", "1201", "0301")),
            ("an immigration", lambda year: immigrated(f"{year}-01-01")),
        )
    ),
    case(
        "signs three years back do not help",
        left(job(2011), exam("2011-12-31"), income(2011, 500_000), moved("2011-12-31", "1201", "0301")),
        expect(2012, last_sign_of_life_year=2011, **ADMINISTRATIVE),
    ),
    case(
        "household income, wealth and occupational income of zero are not signs",
        left(income(2012, 0, 900_000, 5_000_000), income(2013, None, 900_000), income(2011, -5)),
        expect(2012, last_sign_of_life_year=None, **ADMINISTRATIVE),
    ),
    case(
        "an emigration is not a sign",
        left(emigrated("2012-06-01", basis="meldt"), income(2013, 0)),
        expect(2012, emigration_date="2013-06-01", **ADMINISTRATIVE),
    ),
    case(
        "the two years are those of the emigration, not of its registration",
        person(),
        resident(2009, 2013),
        gone(2014),
        emigrated("2012-12-20", to="990", basis=None, registered="2013-02-01"),
        job(2013),
        expect(2012, emigration_date="2012-12-20", **ADMINISTRATIVE),
    ),
    case(
        "a sign in the year before an emigration of the year before",
        person(),
        resident(2009, 2013),
        gone(2014),
        emigrated("2012-12-20", to="990", basis=None, registered="2013-02-01"),
        job(2011),
        expect(2012, emigration_date="2012-12-20", **UNKNOWN),
    ),
]

LAST_SIGN = [
    case(
        "the latest year with a sign, not later than the base year",
        working(job(2008), exam("2010-05-05"), income(2013, 400_000), job(2014)),
        expect(2012, last_sign_of_life_year=2010),
        expect(2013, last_sign_of_life_year=2013),
    ),
    case(
        "an immigration on 1 January after the base year is not yet a sign",
        person(first=20130101),
        resident(2013, 2014),
        immigrated("2013-01-01"),
        expect(2012, last_sign_of_life_year=None, residence_years=0),
        expect(2013, last_sign_of_life_year=2013),
    ),
]


def stayed(*facts: object, family: str | None = None) -> list:
    return [person(), *resident(2011, 2014, family=family), *facts]


OVERCOVERAGE = [
    case(
        "resident on three 1 Januaries without a sign",
        stayed(),
        expect(2012, is_probable_overcoverage=True, last_sign_of_life_year=None),
        expect(2011, is_probable_overcoverage=False),
        expect(2010, is_probable_overcoverage=False),
    ),
    case("a sign in the base year", stayed(exam("2012-12-31")), expect(2012, is_probable_overcoverage=False)),
    case(
        "a sign in the year before",
        stayed(income(2011, 1)),
        expect(2012, is_probable_overcoverage=False),
        expect(2013, is_probable_overcoverage=True),
    ),
    case("a sign two years before", stayed(job(2010)), expect(2012, is_probable_overcoverage=True)),
    case("a sign in the outcome year", stayed(job(2013)), expect(2012, is_probable_overcoverage=True)),
    case(
        "on a programme is a sign though it is not unemployment",
        stayed(*jobseeker(2012, [1], status=3)),
        expect(2012, is_probable_overcoverage=False, unemployed_months=0),
    ),
    case(
        "household income is not a sign",
        stayed(income(2012, None, 800_000, 9_000_000)),
        expect(2012, is_probable_overcoverage=True),
    ),
    case(
        "a family member's sign",
        *stayed(family="f"),
        relative("partner", person(), resident(2013, 2014, family="f"), job(2012)),
        expect(2012, is_probable_overcoverage=False, last_sign_of_life_year=None),
        expect(2013, is_probable_overcoverage=False),
    ),
    case(
        "a family member's sign in the outcome year does not help",
        *stayed(family="f"),
        relative("partner", person(), resident(2013, 2014, family="f"), job(2013)),
        expect(2012, is_probable_overcoverage=True),
    ),
    case(
        "the family is that of 1 January: who had left it before does not help",
        *stayed(family="f"),
        relative("former", person(), resident(2011, 2012, family="f"), january(2013, family="g"), job(2012)),
        expect(2012, is_probable_overcoverage=True),
    ),
    case(
        "a relative abroad does not help",
        *stayed(family="f"),
        relative("abroad", person(), january(2013, None, status=3, family="f"), job(2012)),
        expect(2012, is_probable_overcoverage=True),
    ),
    case(
        "who was away on one of the 1 Januaries is resident for less",
        person(),
        january(2011),
        gone(2012),
        resident(2013, 2014),
        expect(2012, is_probable_overcoverage=False),
    ),
]


def gap(*facts: object, upto: int = 2019) -> list:
    return [person(), *resident(2010, upto), *facts]


GAPS = [  # which register is missing in which year stands under DELIVERIES
    case(
        "education register missing",
        gap(education(2010, "399999")),
        expect(2010, education_group="upper_secondary"),
        expect(2011, education_group=None, education_group_logit=None),
        expect(2012, education_group="unknown", education_group_logit="none_or_unknown"),
        delivery="gaps",
    ),
    case(
        "employment register missing",
        gap(enrolled("2012-10-01"), *jobseeker(2012, range(1, 9))),
        expect(2012, is_employed=None, is_in_education=True, unemployed_months=8, labour_status=None),
        delivery="gaps",
    ),
    case(
        "register of studies missing",
        gap(job(2014)),
        expect(2014, is_employed=True, is_in_education=None, unemployed_months=0, labour_status=None),
        delivery="gaps",
    ),
    case(
        "jobseeker register missing",
        gap(job(2015)),
        expect(2015, is_employed=True, is_in_education=False, unemployed_months=None, labour_status=None),
        delivery="gaps",
    ),
    case(
        "no sign in two years of which one lacks a register",
        gap(),
        expect(2010, is_probable_overcoverage=None),  # no events of 2009
        expect(2011, is_probable_overcoverage=True),
        expect(2012, is_probable_overcoverage=None),  # no jobs of 2012
        expect(2013, is_probable_overcoverage=None),
        expect(2014, is_probable_overcoverage=None),  # no studies of 2014
        expect(2015, is_probable_overcoverage=None),  # no jobseekers of 2015
        expect(2016, is_probable_overcoverage=None),
        expect(2017, is_probable_overcoverage=None),  # no income of 2017
        expect(2018, is_probable_overcoverage=None, last_sign_of_life_year=None),
        delivery="gaps",
    ),
    case(
        "a sign is a sign though a register is missing",
        gap(job(2013), exam("2015-05-05"), moved("2017-05-05", "0301", "0301")),
        *(expect(year, is_probable_overcoverage=False) for year in range(2013, 2019)),
        expect(2012, is_probable_overcoverage=None),
        expect(2016, last_sign_of_life_year=2015),
        delivery="gaps",
    ),
    case(
        "who is known to be resident for less is not over-coverage though a register is missing",
        person(first=20120301),
        resident(2013, 2019),
        expect(2012, is_probable_overcoverage=False),
        expect(2013, is_probable_overcoverage=False),
        expect(2014, is_probable_overcoverage=None),
        delivery="gaps",
    ),
    case(
        "the population files do not reach back: first immigration tells who is resident for less",
        person(first=20090301),
        resident(2010, 2019),
        expect(2009, is_probable_overcoverage=False),
        expect(2010, is_probable_overcoverage=False),
        delivery="gaps",
    ),
    *(
        case(
            f"emigration to nowhere in {year}: the basis is {basis}",
            person(),
            resident(2010, year),
            gone(year + 1),
            emigrated(f"{year}-06-01", to="990", basis=None),
            expect(year - 1, outcome="emigration", **expected),
            delivery="gaps",
        )
        for year, basis, expected in (
            (2010, "unknown, no events of the year before", UNKNOWN),
            (2011, "administrative", ADMINISTRATIVE),
            (2012, "unknown, no jobs of the year", UNKNOWN),
            (2013, "unknown, no jobs of the year before", UNKNOWN),
            (2014, "unknown, no studies of the year", UNKNOWN),
            (2015, "unknown, no jobseekers of the year", UNKNOWN),
            (2016, "unknown, no jobseekers of the year before", UNKNOWN),
            (2017, "unknown, no income of the year", UNKNOWN),
            (2018, "unknown, no income of the year before", UNKNOWN),
        )
    ),
    case(
        "neither a next 1 January nor events",
        gap(),
        expect(2018, outcome=None, outcome_is_provisional=None, returned_within_year=None, outcome_year=2019),
        expect(2018, emigration_date=None, emigration_basis=None, emigration_basis_source=None),
        expect(2017, outcome="stay", outcome_is_provisional=False),
        delivery="gaps",
    ),
    case(
        "a death is not enough for an outcome where events are missing",
        person(died="2019-05-05"),
        resident(2010, 2019),
        expect(2018, outcome=None, outcome_is_provisional=None),
        delivery="gaps",
    ),
]

PROVISIONAL = [
    case(
        "no event: stays, provisionally",
        person(),
        resident(2012, 2013),
        expect(2012, outcome="stay", outcome_is_provisional=True, returned_within_year=False),
        expect(2011, outcome="stay", outcome_is_provisional=False),
        delivery="provisional 2013",
    ),
    case(
        "an emigration",
        person(),
        january(2013),
        emigrated("2013-12-31", to="444"),
        expect(2012, outcome="emigration", outcome_is_provisional=True, emigration_country="444"),
        delivery="provisional 2013",
    ),
    case(
        "a death",
        person(died="2013-12-31"),
        january(2013),
        expect(2012, outcome="death", outcome_is_provisional=True),
        delivery="provisional 2013",
    ),
    case(
        "a death abroad",
        person(died="2013-12-31"),
        january(2013),
        emigrated("2013-03-03"),
        expect(2012, outcome="emigration", outcome_is_provisional=True),
        delivery="provisional 2013",
    ),
    case(
        "a late registered emigration",
        person(),
        january(2013),
        emigrated("2012-12-03", registered="2013-01-15"),
        expect(2012, outcome="emigration", emigration_date="2012-12-03"),
        delivery="provisional 2013",
    ),
    case(
        "a late registered emigration of a person back in the year",
        person(),
        january(2013),
        emigrated("2012-12-03", registered="2013-01-15"),
        immigrated("2013-02-15"),
        expect(2012, outcome="stay"),
        delivery="provisional 2013",
    ),
    case(
        "emigrated and back",
        person(),
        january(2013),
        emigrated("2013-02-03"),
        immigrated("2013-05-15"),
        expect(2012, outcome="stay", returned_within_year=True, emigration_date=None),
        delivery="provisional 2013",
    ),
    case(
        "emigrated, back in another county",
        person(),
        january(2013),
        emigrated("2013-02-03"),
        immigrated("2013-05-15", "1201"),
        expect(2012, outcome_county="internal_outmigration", returned_within_year=True),
        delivery="provisional 2013",
    ),
    case(
        "emigrated, back and gone again",
        person(),
        january(2013),
        emigrated("2013-02-03", to="101"),
        immigrated("2013-05-15"),
        emigrated("2013-08-03", to="102"),
        expect(2012, outcome="emigration", emigration_country="102", returned_within_year=False),
        delivery="provisional 2013",
    ),
    case(
        "an immigration before an emigration is not a return",
        person(),
        january(2013),
        immigrated("2013-02-15"),
        emigrated("2013-05-03"),
        expect(2012, outcome="emigration", returned_within_year=False),
        delivery="provisional 2013",
    ),
    case(
        "gone and back on one day: the order of registration decides, back last",
        person(),
        january(2013),
        emigrated("2013-02-03", registered="2013-02-04"),
        immigrated("2013-02-03", registered="2013-02-05"),
        expect(2012, outcome="stay", returned_within_year=True),
        expect_stay(1, exit_type="emigration", exit_date="2013-02-03", next_entry_date="2013-02-03"),
        expect_stay(2, entry_type="immigration", entry_date="2013-02-03", exit_type=None),
        delivery="provisional 2013",
    ),
    case(
        "gone and back on one day: the order of registration decides, gone last",
        person(),
        january(2013),
        emigrated("2013-02-03", registered="2013-02-05"),
        immigrated("2013-02-03", registered="2013-02-04"),
        expect(2012, outcome="emigration", returned_within_year=False),
        expect_stay(1, exit_type="emigration", exit_date="2013-02-03", next_entry_date=None),
        delivery="provisional 2013",
    ),
    case(
        "gone and back on one day with nothing to tell the order: back last",
        person(),
        january(2013),
        immigrated("2013-02-03"),
        emigrated("2013-02-03"),
        expect(2012, outcome="stay", returned_within_year=True),
        expect_stay(1, exit_type="emigration", exit_date="2013-02-03", next_entry_date="2013-02-03"),
        expect_stay(2, entry_type="immigration", entry_date="2013-02-03", exit_type=None),
        delivery="provisional 2013",
    ),
    case(
        "a move within Norway after an emigration brings nobody back",
        person(),
        january(2013, "0301"),
        emigrated("2013-03-03", registered="2013-03-10"),
        moved("2013-08-03", "0301", "1201", registered="2013-08-10"),
        expect(2012, outcome="emigration", emigration_date="2013-03-03", returned_within_year=False),
        expect_stay(1, exit_type="emigration", exit_date="2013-03-03", next_entry_date=None),
        delivery="provisional 2013",
    ),
    case(
        "an immigration after that move does, and the move names the address",
        person(),
        january(2013, "0301"),
        emigrated("2013-03-03", registered="2013-03-10"),
        moved("2013-08-03", "0301", "1566", registered="2013-08-10"),
        immigrated("2013-09-03", None),
        expect(2012, outcome="internal_outmigration", emigration_date=None, returned_within_year=True),
        expect_stay(2, entry_type="immigration", entry_date="2013-09-03", exit_type=None),
        delivery="provisional 2013",
    ),
    case(
        "the last address counts, in order of date and not of registration",
        person(),
        january(2013, "0301"),
        moved("2013-03-03", "0301", "1201", registered="2013-12-03"),
        moved("2013-05-03", "1201", "1566", registered="2013-05-03"),
        expect(2012, outcome="internal_outmigration", outcome_is_provisional=True),
        delivery="provisional 2013",
    ),
    case(
        "moved away and back",
        person(),
        january(2013, "0301"),
        moved("2013-03-03", "0301", "1566"),
        moved("2013-05-03", "1566", "0301"),
        expect(2012, outcome="stay"),
        delivery="provisional 2013",
    ),
    case(
        "a move between counties on one centrality level",
        person(),
        january(2013, "0301"),
        moved("2013-03-03", "0301", "0219"),
        expect(2012, outcome_county="internal_outmigration", outcome_centrality="stay"),
        delivery="provisional 2013",
    ),
    case(
        "a move before the year began changes nothing",
        person(),
        january(2013, "0301"),
        moved("2012-12-31", "0301", "1566", registered="2013-01-10"),
        expect(2012, outcome="stay"),
        delivery="provisional 2013",
    ),
    case(
        "events of 2019 are in the division of 2019: Moss to Sarpsborg stays in the county",
        person(),
        january(2019, "0104"),
        moved("2019-03-03", "0104", "0105"),
        expect(2018, outcome_municipality="internal_outmigration", outcome_county="stay"),
        expect(2018, outcome_centrality=None, outcome_is_provisional=True),
        delivery="provisional 2019",
    ),
    case(
        "Moss to Oslo leaves it",
        person(),
        january(2019, "0104"),
        moved("2019-03-03", "0104", "0301"),
        expect(2018, outcome_municipality="internal_outmigration", outcome_county="internal_outmigration"),
        delivery="provisional 2019",
    ),
    case(
        "Finnøy to Stavanger, one year before they merge",
        person(),
        january(2019, "1141"),
        moved("2019-03-03", "1141", "1103"),
        expect(2018, outcome_county="stay", outcome_is_provisional=True),
        delivery="provisional 2019",
    ),
]

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

SIGNS = [
    case(
        "a job is a sign of life, and the years without any are counted in a row",
        person(),
        resident(2011, 2015),
        job(2010),
        job(2011),
        expect_presence(2011, has_job=True, has_sign=True, silent_years_n=0),
        expect_presence(2012, has_job=False, has_sign=False, is_resident_all_year=True, silent_years_n=1),
        expect_presence(2013, silent_years_n=2),
        expect_presence(2014, silent_years_n=3),
    ),
    case(
        "an exam, a registration as jobseeker, income and a move are signs, an income of nothing is none",
        person(),
        resident(2009, 2011),
        resident(2012, 2015, "1201"),
        exam("2009-06-01"),
        jobseeker(2010, [3], status=9),
        moved("2011-05-01", "0301", "1201"),
        income(2012, work=1),
        income(2013, work=0),
        expect_presence(2009, has_education_activity=True, has_job=False, has_sign=True),
        expect_presence(2010, has_jobseeker_registration=True, has_sign=True),
        expect_presence(2011, has_move=True, has_sign=True),
        expect_presence(2012, has_occupational_income=True, has_sign=True, silent_years_n=0),
        expect_presence(2013, has_occupational_income=False, has_sign=False, silent_years_n=1),
    ),
    case(
        "who was not resident all year is not silent, and a year without its registers tells nothing",
        person(first=20130301),
        immigrated("2013-03-01"),
        resident(2014, 2018),
        expect_presence(2013, has_move=True, is_resident_all_year=False, silent_years_n=0),
        expect_presence(2014, has_sign=False, silent_years_n=1),
        expect_presence(2016, has_job=None, has_sign=None, silent_years_n=None),
    ),
]

SECTIONS = {
    "outcome": OUTCOME,
    "regions": REGIONS,
    "background": BACKGROUND,
    "residence": RESIDENCE,
    "age": AGE,
    "labour": LABOUR,
    "education": EDUCATION,
    "family": FAMILY,
    "basis": BASIS,
    "last sign": LAST_SIGN,
    "over-coverage": OVERCOVERAGE,
    "gaps": GAPS,
    "provisional": PROVISIONAL,
    "stays": STAYS,
    "descendants": DESCENDANTS,
    "signs": SIGNS,
}
CASES = [
    replace(one, name=f"{section}: {one.name}", person_id=f"{section.replace(' ', '')}{number:03}")
    for section, cases in SECTIONS.items()
    for number, one in enumerate(cases, 1)
]

# 1 Januaries, years with events, years with the other registers, and those of them that were not delivered.
DELIVERIES = {
    "complete": (range(2003, 2026), range(2002, 2025), range(2008, 2015), set()),
    "gaps": (
        range(2010, 2020),
        range(2010, 2019),
        range(2009, 2019),
        {
            ("utdanning", 2011),
            ("sysselsetting", 2012),
            ("utdanningsaktivitet", 2014),
            ("arbeidssoker", 2015),
            ("inntekt", 2017),
        },
    ),
    "provisional 2013": (range(2012, 2014), range(2011, 2014), range(2012, 2014), set()),
    "provisional 2019": (range(2018, 2020), range(2017, 2020), range(2018, 2020), set()),
}


def registers_of(delivery: str) -> Registers:
    januaries, event_years, years, missing = DELIVERIES[delivery]
    registers: Registers = {("befolkning", year): [] for year in januaries}
    registers |= {("flytting", year): [] for year in event_years}
    registers |= {(name, year): [] for name in REGISTERS for year in years if (name, year) not in missing}
    latest = max(januaries[-1], event_years[-1])
    registers["person", 0] = registers["person", latest] = []
    for one in CASES:
        if one.delivery == delivery:
            one.add_to(registers)
    del registers["person", 0]
    return registers


@pytest.fixture(scope="session")
def marts(reference_warehouse: Warehouse) -> Callable[[str], dict[str, list[Row]]]:
    built: dict[str, dict[str, list[Row]] | AssertionError] = {}

    def build(delivery: str) -> dict[str, list[Row]]:
        if delivery not in built:
            try:
                built[delivery] = reference_warehouse.marts(registers_of(delivery), by_command=True)
            except AssertionError as failure:  # once, not again for every person
                built[delivery] = failure
        result = built[delivery]
        if isinstance(result, AssertionError):
            raise result
        return result

    return build


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_person(one: Case, marts: Callable[[str], dict[str, list[Row]]]) -> None:
    for expectation in one.expectations:
        key = dict(expectation.key)
        if "family_id" in key:
            key["family_id"] = f"{one.person_id}-{key['family_id']}"
        else:
            key["person_id"] = one.person_id
        rows = [
            row
            for row in marts(one.delivery)[expectation.mart]
            if all(row[name] == value for name, value in key.items())
        ]
        assert len(rows) == (1 if expectation.columns else 0), key
        for row in rows:
            expected = dict(expectation.columns)
            if expected.get("family_id") is not None:
                expected["family_id"] = f"{one.person_id}-{expected['family_id']}"
            wrong = {
                name: f"expected {value!r}, found {row[name]!r}"
                for name, value in expected.items()
                if row[name] != value
            }
            assert not wrong, f"{key}: {wrong}"


def test_every_person_has_a_name_of_its_own() -> None:
    names = [one.name for one in CASES]
    assert sorted(names) == sorted(set(names))
    assert len(CASES) > 200
