"""Country background, length of residence and age."""

from reference.story import (
    case,
    emigrated,
    expect,
    expect_event,
    gone,
    immigrated,
    january,
    moved,
    person,
    resident,
)


def came(first: int | None, reason: str | None, country: str = "131", category: str = "B") -> list:
    return [
        person(first=first, reason=reason, country=country, category=category),
        *resident(2013, 2014),
    ]


BACKGROUND = [
    case(
        "came for work", came(20050815, "ARB"), expect(2012, immigration_background="work", is_immigrant=True)
    ),
    case(
        "citizenship is that of 1 January, and unknown where it was not delivered",
        person(country="131"),
        january(2013, citizenship="131"),
        january(2014, citizenship="000"),
        january(2015),
        expect(2012, citizenship="131", country_of_birth="131"),
        expect(2013, citizenship="000", country_of_birth="131"),
        expect(2014, citizenship=None),
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
