import pytest
from engines import in_duckdb, in_spark

from utvandring.spark.translation import UntranslatableError, translate

pytestmark = pytest.mark.spark

NUMBERS = """
    select * from (values
        (1, 7, 2, 0.5::double, 1.25::decimal(9, 2), 'b', date '2020-02-29'),
        (2, -7, 2, -0.5::double, -1.25::decimal(9, 2), 'a', date '2019-12-31'),
        (3, 0, 3, 0::double, 0::decimal(9, 2), null, null),
        (4, null, 3, null, null, 'Å', date '2021-01-01'),
        (5, -3, 3, -2.5::double, 3.10::decimal(9, 2), 'Z', date '2020-03-01')
    ) as n (id, whole, grp, fraction, exact, letter, day)
"""
YEARS = """
    select * from (values (1, 2001, 1), (1, 2003, 2), (1, null, 3), (2, 2002, 4), (3, 2005, 5)) as y (grp, year, id)
"""

# Each holds what Spark, or a translation without rules, gives other values for.
SAME = {
    "quotients of whole numbers are doubles": "select id, whole / 2, whole / 4 from n",
    "quotients of decimals are doubles": "select id, exact / 3, 1.0 / 3, 100.0 * exact / 7, 0.1 / exact from n where exact <> 0",
    "a quotient by zero is infinite or no number": "select id, fraction / 0, whole / whole, 1 / whole, -1 / fraction from n",
    "a quotient by nullif is null": "select id, 1 / nullif(whole, 0) from n",
    "whole quotients cut off": "select id, whole // 2, whole // 3 from n",
    "remainders have the sign of the dividend": "select id, whole % 2, whole % 3 from n",
    "halves are rounded away from zero": "select id, round(fraction), round(exact) from n",
    "nulls come last in order": "select id, row_number() over (order by whole, id) from n",
    "nulls come last in descending order": "select id, row_number() over (order by whole desc, id) from n",
    "texts are ordered by bytes": "select id, row_number() over (order by letter, id), letter < 'a' from n",
    "greatest and least leave nulls out": "select id, greatest(whole, 1, null), least(whole, grp) from n",
    "concat leaves nulls out": "select id, concat(letter, '-', whole, null) from n",
    "bars give null": "select id, letter || '-' || whole from n",
    "concat_ws leaves nulls and their separators out": "select id, concat_ws('|', letter, null, whole, day) from n",
    "md5 of a text": "select id, md5(concat_ws('|', letter, whole)) from n",
    "md5 as a number above 2^63": "select id, md5_number_lower(id::varchar), md5_number_lower(letter) % 5 from n",
    "days between dates": "select a.id, b.id, (a.day - b.day)::integer, date_diff('day', b.day, a.day) from n as a, n as b",
    "a day before and after": "select id, day - 1, day + 1, year(day - 1) from n",
    "years after a leap day": "select id, (day + interval 1 year) = date '2021-02-28', day + interval 4 year > day from n",
    "date_trunc of a date is a date": "select id, date_trunc('year', day), date_trunc('month', day) from n",
    "dates from parts": "select id, make_date(2000 + id, 12, 31), make_date(whole + 2000, 1, 1) from n",
    "the first of several by order": (
        "select grp, first(letter order by whole, id), first(letter order by day desc, id desc) from n group by grp"
    ),
    "the last of several by order, null too": (
        "select grp, last(letter order by id), last(whole order by whole, id), last(id order by day, id) from n group by grp"
    ),
    "the first with a filter": "select grp, first(letter order by id) filter (where whole < 0) from n group by grp",
    "the first row": (
        "select grp, row_.letter, row_.id from (select grp, first(n order by id desc) as row_ from n group by grp) as f"
    ),
    "any_value is a value": "select any_value(letter), any_value(whole) from n where id = 3 or id = 4",
    "median of numbers": "select grp, median(whole), median(fraction) from n group by grp",
    "average of decimals is a double": "select grp, avg(exact), avg(whole) from n group by grp",
    "a product in its order": "select grp, product(fraction order by id), product(exact order by id) from n group by grp",
    "aggregates with a filter": "select grp, count(*) filter (where whole > 0), sum(whole) filter (where id > 9) from n group by grp",
    "a filter in a window": "select id, count(*) filter (where whole < 0) over (order by id), min(id) filter (where whole < 0) over () from n",
    "a frame on a named window": (
        "select id, min(day) over (w rows between 1 following and unbounded following), row_number() over w "
        "from n window w as (partition by grp order by id)"
    ),
    "a range of years": "select id, sum(id) over (order by id range between 4 preceding and 1 preceding) from n",
    "qualify": "select id, grp from n qualify row_number() over (partition by grp order by id desc) = 1",
    "group by all": "select grp, id > 2 as late, count(*) from n group by all",
    "the items of a list begin with one": "select id, list_value(id, grp)[1], [id, grp][2], [id][2] from n",
    "a list without its nulls": "select id, list_contains([whole, null], 7), list_contains([null, 1], 1) from n",
    "distinct values as a list keep null": "select grp, array_length(list(distinct whole)) from n group by grp",
    "a list of no rows is null": "select list(whole) from n where id > 9",
    "texts in their order": "select grp, string_agg(letter, '+' order by letter) from n group by grp",
    "a series that ends before it begins is empty": "select unnest(generate_series(id, 3)) as item from n",
    "a range ends before its end": "select unnest(range(id, 4)) as item from n",
    "a series of rows of a group": "select unnest(generate_series(min(id) - 1, max(id)))::integer as item from n",
    "a list as a table": "select id, chosen.item from n cross join unnest([10, 20]) as chosen (item)",
    "values beside a row": (
        "select id, kind.name, kind.value from n, lateral (values ('whole', whole), ('group', grp), (letter, null)) as kind (name, value)"
    ),
    "an expression beside a row": "select id, twice.value from n, lateral (select 2 * n.whole as value) as twice",
    "union by name": (
        "select id, grp from n union all by name select letter, grp from n where id > 3"
    ),
    "a star without some columns, with others": "select * exclude (day, exact) replace (whole + 1 as whole), 1 as one from n",
    "a replaced column keeps its place": (
        "select letter, id, grp from (select * replace (id + 1 as id) from n) as r "
        "union all select * from (select letter, id, grp from n) as s"
    ),
    "semi and anti join": (
        "select id from n semi join y on n.grp = y.grp union all select -id from n anti join y on n.id = y.id and y.year > 2002"
    ),
    "asof join takes the last that is not later": (
        "select n.id, y.id, y.year from n asof left join y on n.grp = y.grp and 2000 + n.id >= y.year"
    ),
    "distinct from null": "select id, whole is distinct from 7, whole is not distinct from null from n",
    "a recursive query": (
        "with recursive w as (select 1 as i, 1::double as v union all select i + 1, v * 1.5 from w where i < 12) select max(i), max(v) from w"
    ),
    "dates read from texts": (
        "select t, try_strptime(t, '%Y%m%d')::date, try_strptime(t, '%Y%m')::date from (values ('20200229'), ('20190229'), "
        "('2020129'), ('202012'), ('20201'), ('19750000'), ('197500'), ('x'), (''), (null), ('202013'), ('2020111')) as v (t)"
    ),
    "a date tried": "select t, try_cast(t as date) from (values ('2020-02-29'), ('2019-02-29'), ('2020-1-5'), ('2024-01-05T10:11:12Z'), ('2020'), ('x'), (null)) as v (t)",
    "whole numbers cast": "select id, (grp > 2)::integer, count(*)::integer, sum(whole)::bigint from n group by id, grp",
    "not materialized": "with w as not materialized (select * from n) select id from w",
    "names with other letters": "select id as årstall from n",
    "parts of texts": "select id, left(letter || 'xyz', 2), split_part('a.b', '.', 2), split_part('a', '.', 2), length('Åse') from n",
    "like": "select id, letter like 'a%' from n",
    "a text with quotes and backslashes": r"select 'it''s', 'a\b', 'a\nb'",
    "booleans of groups": "select grp, bool_or(whole > 0), bool_and(whole > 0) from n group by grp",
    "roots": "select id, sqrt(greatest(fraction, 0)) from n",
    "nothing in a list is not in it": "select id, whole in (7, null), whole not in (1) from n",
}

REFUSED = {
    "hash": "select hash(id) from n",
    "arg_max": "select arg_max(id, whole) from n",
    "a function nobody tried": "select levenshtein(letter, 'a') from n",
    "first without order": "select first(letter) from n",
    "months between dates": "select date_diff('month', day, day) from n",
    "round to decimals": "select round(fraction, 2) from n",
    "a remainder by a column": "select whole % grp from n",
    "a pattern that is a column": "select letter like letter from n",
    "a list item by a column": "select [id, grp][id] from n",
    "union by name of unknown columns": "select * from unknown union all by name select id from n",
    "unpivot": "unpivot n on whole, grp into name kind value v",
    "a pivot": "pivot n on grp using sum(whole)",
    "a sample": "select * from n using sample 3",
    "two statements": "select 1; select 2",
    "no statement": "selec 1",
    "a random number": "select random()",
}

ERRORS = {
    "whole numbers that are too large": "select 2147483647::integer + id::integer from n",
    "sums that are too large": "select sum(9223372036854775807 - id)::bigint from n",
    "a text that is no number": "select letter::integer from n",
    "a date that is not": "select make_date(2019, 2, 29)",
    "the root of a negative number": "select sqrt(fraction) from n",
}


@pytest.mark.parametrize("case", SAME)
def test_both_engines_give(spark, case):
    tables = {"n": NUMBERS, "y": YEARS}
    assert in_spark(spark, SAME[case], tables) == in_duckdb(SAME[case], tables)


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_the_name_of_the_model(case):
    with pytest.raises(UntranslatableError, match="^int_topic__what cannot be run on Spark: "):
        translate(REFUSED[case], "int_topic__what")


@pytest.mark.parametrize("case", ERRORS)
def test_both_engines_end_with_an_error_for(spark, case):
    with pytest.raises(Exception, match=r"."):
        in_duckdb(ERRORS[case], {"n": NUMBERS})
    with pytest.raises(Exception, match=r"."):
        in_spark(spark, ERRORS[case], {"n": NUMBERS})


@pytest.mark.parametrize("expression", ["fraction::integer", "exact::bigint", "fraction::varchar", "fraction // 2"])
def test_a_fraction_that_the_engines_treat_otherwise_ends_with_an_error(spark, expression):
    with pytest.raises(Exception, match="not translated"):
        in_spark(spark, f"select {expression} from n", {"n": NUMBERS})
