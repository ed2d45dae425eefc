"""Who is still here: the basis of an emigration, signs of life, over-coverage."""

from reference.story import (
    case,
    emigrated,
    enrolled,
    exam,
    expect,
    expect_event,
    expect_presence,
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

from .activity import working


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
    case(
        "a sign in the base year",
        stayed(exam("2012-12-31")),
        expect(2012, is_probable_overcoverage=False, overcoverage_probability=0.0),
    ),
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
        expect(
            2012, is_probable_overcoverage=False, last_sign_of_life_year=None, overcoverage_probability=0.0
        ),
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
