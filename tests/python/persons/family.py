"""Families and their composition."""

from reference.story import (
    case,
    expect,
    expect_family,
    expect_no_family,
    gone,
    january,
    person,
    relative,
    resident,
)


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
        expect(2012, family_id=None, family_size=1, family_immigrants=1, family_type="immigrants_only"),
    ),
    case(
        "without a family number and no immigrant",
        person(category="A", country="000", reason=None, first=None),
        resident(2013, 2014),
        expect(2012, family_id=None, family_size=1, family_immigrants=0, family_type="no_immigrants"),
    ),
    case(
        "without a family number and unknown to the person register",
        resident(2013, 2014),
        expect(2012, family_id=None, family_size=1, family_immigrants=0, family_type="no_immigrants"),
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
