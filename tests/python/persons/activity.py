"""Labour market status and education."""

from reference.story import (
    case,
    education,
    enrolled,
    exam,
    expect,
    job,
    jobseeker,
    person,
    resident,
)


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
        "any job makes employed, whatever the main row is",
        working(job(2012, status=0, hours=37.5, main=True), job(2012, status=1, hours=5, main=False)),
        expect(2012, is_employed=True),
    ),
    case(
        "several rows that are no employment do not",
        working(job(2012, status=0, hours=20, main=None), job(2012, status=3, hours=None, main=False)),
        expect(2012, is_employed=False),
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
