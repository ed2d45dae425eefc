# ruff: noqa: E501 - small files and queries, in one line each
"""The kit of an import: functions of one value, and macros that change the shape."""

import re
from pathlib import Path

import duckdb
import pytest
from deliveries import PROJECT
from imports import SmallImport

from utvandring.importing import queries
from utvandring.importing.faults import FolderError, ImportFaultError
from utvandring.importing.folder import Import
from utvandring.importing.running import prepare_import
from utvandring.importing.staging import stage_source

KIT = PROJECT / "python/utvandring/importing/kit"
REFORM = PROJECT / "seeds/code_lists/municipality_reform.csv"
FUNCTIONS = [
    ("padded('301', 4)", "0301"),
    ("padded('0301', 4)", "0301"),
    ("padded('0', 4)", "0000"),
    ("padded('12a', 4)", "12a"),
    ("padded(null, 4)", None),
    ("country_code('0')", "000"),
    ("country_code('0000')", "000"),
    ("country_code('0139')", "139"),
    ("country_code('999')", "990"),
    ("country_code('135')", "135"),
    ("country_code('Polen')", "Polen"),
    ("industry_code('47111')", "47.111"),
    ("industry_code('47.111')", "47.111"),
    ("day_of_month('201202', 'first')", "2012-02-01"),
    ("day_of_month('201202', 'middle')", "2012-02-15"),
    ("day_of_month('201202', 'last')", "2012-02-29"),
    ("day_of_month('201213', 'last')", "201213"),
    ("day_of_month('2012', 'last')", "2012"),
    ("day_of_month('201202', 'lastt')", "no rule lastt"),
    ("day_unknown('201202')", "20120200"),
    ("day_unknown('201200')", "201200"),
    ("day_of('20120229', 'yyyymmdd')", "2012-02-29"),
    ("day_of('20130229', 'yyyymmdd')", "20130229"),
    ("day_of('29.02.2012', 'dd.mm.yyyy')", "2012-02-29"),
    ("day_of('31.02.2012', 'dd.mm.yyyy')", "31.02.2012"),
    ("day_of('02/29/2012', 'dd/mm/yyyy')", "02/29/2012"),
    ("day_of('29022012', 'ddmmyyyy')", "2012-02-29"),
    ("day_after('2012-02-28', '2')", "2012-03-01"),
    ("day_after('2012-02-28', 'x')", "x"),
    ("day_as_number('2012-02-29')", "20120229"),
    ("year_of('2012-02-29')", 2012),
    ("year_of('201202')", 2012),
    ("year_of('x')", None),
    ("month_of('20120229')", 2),
    ("month_of('2012')", None),
    ("year_and_month('2012-02-29')", "201202"),
    ("year_and_month('201202')", "201202"),
    ("year_and_month('x')", "x"),
    ("full_year('86')", "1986"),
    ("full_year('18')", "2018"),
    ("full_year('1986')", "1986"),
    ("january_after('2011')", "2012"),
    ("month_number('1', '198901')", "198901"),
    ("month_number('145', '198901')", "200101"),
    ("event_from_countries('101', null)", "innvandring"),
    ("event_from_countries(null, '101')", "utvandring"),
    ("event_from_countries('101', '106')", "both countries are filled"),
    ("event_from_countries(null, null)", None),
    ("truth('J', 'J', 'N')", "true"),
    ("truth('N', 'J', 'N')", "false"),
    ("truth('x', 'J', 'N')", "x"),
]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    nothing = Import(Path(), {}, {}, 2010, 2011, (), "", None, (), {}, {}, {})
    queries.prepare(connection, nothing, REFORM)
    return connection


@pytest.mark.parametrize(("call", "answer"), FUNCTIONS)
def test_a_function_of_a_value(
    connection: duckdb.DuckDBPyConnection, call: str, answer: str | int | None
) -> None:
    assert connection.execute(f"select {call}").fetchall() == [(answer,)]


def test_every_function_and_macro_is_tried_here_and_described_in_the_guide() -> None:
    functions = set(re.findall(r"create macro (\w+)", (KIT / "values.sql").read_text("utf-8")))
    macros = set(re.findall(r"macro ([a-z]\w+)\(", (KIT / "shapes.sql").read_text("utf-8")))
    assert functions == {call.split("(")[0] for call, _ in FUNCTIONS}
    tests = Path(__file__).read_text("utf-8")
    assert {name for name in macros if f"{{{{ {name}(" not in tests} == set()
    guide = (PROJECT / "docs/import.md").read_text("utf-8")
    assert {name for name in functions | macros if f"`{name}(" not in guide} == set()


@pytest.fixture
def small(tmp_path: Path) -> SmallImport:
    return SmallImport(tmp_path)


def relation(
    small: SmallImport, content: str, query: str, source: str = "", columns: str = "a, b, c"
) -> list[tuple[str | None, ...]]:
    """Run a query over one source; its columns travel in texts of `befolkning` that nobody checks here."""
    small.write(
        f"periods: {{first: 2009, last: 2011}}\nsources:\n  f: {{files: f.csv, id: lnr{source}}}\n",
        steps__result=query,
        flytting="select 2010 as periode, personid, 'innvandring' as hendelse, '2010-01-01' as flyttedato from result where false",
    )
    (small.extract / "f.csv").write_text(content)
    prepared = prepare_import(small.mine, small.extract, PROJECT)
    with duckdb.connect() as connection:
        queries.prepare(connection, prepared.entry, REFORM)
        work = small.folder / "work"
        work.mkdir()
        for one in prepared.found.sources.values():
            stage_source(connection, one, set(one.columns), 2, work, False)
        for name, step in prepared.compiled.steps.items():
            connection.execute(f"create view {name} as {step}")
        small.told = {
            told.what: connection.execute(told.query).fetchall()[0][0] for told in prepared.compiled.told
        }
        return connection.execute(
            f"select {columns} from ({prepared.compiled.steps['result']}) order by all"
        ).fetchall()


WIDE = """lnr,regstat_09,regstat_09_dat,regstat_10,regstat_10_dat,regstat_11,regstat_11_dat
P1,1,0,1,0,3,20100814
P2,,,,,1,20100301
P3,,,,,,
P4,1,,5,20091103,,
"""
STEMS = "{'status': 'regstat_{yy}', 'dato': 'regstat_{yy}_dat'}"
NO_DATE = ", missing_in: {'regstat_{yy}_dat': '0'}"


def test_wide_columns_become_rows_without_losing_who_is_empty(small: SmallImport) -> None:
    kept = relation(
        small, WIDE, f"select * from {{{{ wide_to_rows('f', {STEMS}, empty='keep') }}}}", NO_DATE, "*"
    )
    assert len(kept) == 12
    assert [row for row in kept if row[2] is not None] == [
        ("P1", 2009, "1", None), ("P1", 2010, "1", None), ("P1", 2011, "3", "20100814"),
        ("P2", 2011, "1", "20100301"), ("P4", 2009, "1", None), ("P4", 2010, "5", "20091103"),
    ]  # fmt: skip


def test_wide_columns_tell_who_has_no_value_in_any_year(small: SmallImport) -> None:
    dropped = relation(
        small, WIDE, f"select * from {{{{ wide_to_rows('f', {STEMS}, empty='drop') }}}}", NO_DATE, "*"
    )
    assert len(dropped) == 6
    assert small.told == {"persons without a value in any year": 1}


def test_wide_columns_that_do_not_exist_are_named(small: SmallImport) -> None:
    with pytest.raises(
        FolderError, match=r"steps/result.sql: f has no column like status_\{yyyy\}: it has personid"
    ):
        relation(small, WIDE, "select * from {{ wide_to_rows('f', {'a': 'status_{yyyy}'}, empty='keep') }}")


TWICE = "lnr,k,v\nP1,a,1\nP1,a,1\nP1,b,2\nP2,a,3\nP2,a,4\n"


@pytest.mark.parametrize(
    ("policy", "rows"),
    [
        ("conflicting='first', order='v desc'", [("P1", "a", "1"), ("P1", "b", "2"), ("P2", "a", "4")]),
        ("conflicting='unknown'", [("P1", "a", "1"), ("P1", "b", "2"), ("P2", "a", None)]),
        ("conflicting='drop'", [("P1", "a", "1"), ("P1", "b", "2")]),
        ("conflicting='sum', sums=['v']", [("P1", "a", "2"), ("P1", "b", "2"), ("P2", "a", "7")]),
    ],
)
def test_rows_of_one_key_follow_the_stated_policy(
    small: SmallImport, policy: str, rows: list[tuple[str, ...]]
) -> None:
    query = f"select * from {{{{ one_row_per('f', ['personid', 'k'], {policy}) }}}}"
    assert relation(small, TWICE, query, columns="personid, k, v") == rows


def test_rows_that_differ_are_refused_where_that_is_the_policy(small: SmallImport) -> None:
    relation(
        small,
        TWICE,
        "select * from {{ one_row_per('f', ['personid', 'k'], conflicting='refuse') }}",
        columns="*",
    )
    (what,) = (what for what in small.told if "differ" in what)
    assert small.told[what] == 1
    with pytest.raises(ImportFaultError, match=r"f: keys \(personid, k\) with rows that differ, .*: 1"):
        small.run()


def test_the_keys_of_rows_that_differ(small: SmallImport) -> None:
    query = "select * from {{ conflicting_keys('f', ['personid', 'k']) }}"
    assert relation(small, TWICE, query, columns="*") == [("P2", "a")]


def test_of_waves_the_first_named_counts_whole_for_a_key(small: SmallImport) -> None:
    (small.mine / "steps").mkdir(parents=True)
    for wave in ("new", "old"):
        (small.mine / "steps" / f"{wave}.sql").write_text(f"select personid, v from f where k = '{wave}'")
    rows = relation(
        small, "lnr,k,v\nP1,old,1\nP1,new,\nP2,old,2\nP3,new,3\n",
        "select * from {{ by_precedence(['new', 'old'], 'personid') }}", columns="*",
    )  # fmt: skip
    assert rows == [("P1", None), ("P2", "2"), ("P3", "3")]
    assert small.told == {"rows that new replace": 1}


def test_codes_go_through_a_code_table(small: SmallImport) -> None:
    (small.mine / "lookups").mkdir(parents=True)
    (small.mine / "lookups" / "kind.csv").write_text("from,to\n1,one\n")
    query = "select personid, {{ looked_up('kind', 'kind') }} as a, {{ looked_up('kind', 'kind', 'unknown') }} as b from f"
    assert relation(small, "lnr,kind\nP1,1\nP2,2\n", query, columns="*") == [
        ("P1", "one", "one"),
        ("P2", "2", None),
    ]


SPELLS = (
    "lnr,v,fra,til\nP1,a,20081231,20100101\nP1,b,20100102,\nP2,c,20090101,20091231\nP3,d,20090102,20091231\n"
)


def test_spells_become_the_value_on_a_day_of_every_year(small: SmallImport) -> None:
    query = "select * from {{ spells_on_day('f', start=\"day_of(fra, 'yyyymmdd')\", end=\"day_of(til, 'yyyymmdd')\") }}"
    assert relation(small, SPELLS, query, columns="personid, year, v") == [
        ("P1", 2009, "a"), ("P1", 2010, "a"), ("P1", 2011, "b"), ("P2", 2009, "c"),
    ]  # fmt: skip
    assert set(small.told.values()) == {0}


def test_a_spell_whose_day_cannot_be_read_is_refused_and_not_lost(small: SmallImport) -> None:
    query = "select * from {{ spells_on_day('f', start=\"day_of(fra, 'yyyymmdd')\", end='til') }}"
    relation(small, "lnr,fra,til\nP1,2009,\n", query, columns="personid")
    with pytest.raises(ImportFaultError, match="f: spells whose start is empty or not a day: 1"):
        small.run()


def test_a_row_counts_until_the_next_one_of_the_person(small: SmallImport) -> None:
    query = "select * from {{ latest_on_day('f', start=\"day_of(fra, 'yyyymmdd')\", day='10-01') }}"
    content = "lnr,v,fra\nP1,a,20081001\nP1,b,20091002\nP1,c,20101001\nP2,d,20110101\n"
    assert relation(small, content, query, columns="personid, year, v") == [
        ("P1", 2009, "a"),
        ("P1", 2010, "c"),
    ]


def test_spells_become_months_and_overlaps_count_once(small: SmallImport) -> None:
    query = "select * from {{ spells_to_months('f', start='fra', end='til', keep=['v']) }}"
    content = "lnr,v,fra,til\nP1,a,200911,201001\nP1,a,201001,201002\nP2,a,201011,\nP3,a,200801,200812\n"
    assert relation(small, content, query, columns="personid, v, year, month") == [
        ("P1", "a", 2009, 11), ("P1", "a", 2009, 12), ("P1", "a", 2010, 1), ("P1", "a", 2010, 2),
        ("P2", "a", 2010, 11), ("P2", "a", 2010, 12),
    ]  # fmt: skip


def test_spells_in_days_count_in_the_months_of_their_days(small: SmallImport) -> None:
    query = "select * from {{ spells_to_months('f', start='fra', end='til', keep=['v']) }}"
    content = "lnr,v,fra,til\nP1,a,20091130,2010-01-01\nP2,a,2010-12-31,\nP3,a,20090201,20090131\n"
    assert relation(small, content, query, columns="personid, year, month") == [
        ("P1", 2009, 11), ("P1", 2009, 12), ("P1", 2010, 1), ("P2", 2010, 12),
    ]  # fmt: skip
    assert small.told["spells that end before they begin, and count in no month"] == 1


def test_events_are_inferred_from_two_januaries_in_a_row(small: SmallImport) -> None:
    content = (
        "lnr,year,statuskode,kommnr,dag\nP1,2009,1,0301,\nP1,2010,3,,2009-06-05\nP1,2011,1,0301,\nP2,2009,1,0301,\n"
        "P2,2010,5,,\nP3,2009,1,0301,\nP3,2011,3,,\nP4,2010,3,,\nP5,2010,1,0301,\n"
    )
    query = "select * from {{ events_from_status('f', date='dag') }}"
    columns = "personid, hendelse, flyttedato, fra_land, til_land, er_avledet, flyttedato_presisjon"
    assert relation(small, content, query, columns=columns) == [
        ("P1", "innvandring", "2010-12-31", "990", None, "true", "maaned"),
        ("P1", "utvandring", "2009-06-05", None, "990", "true", "dag"),
    ]


def test_moves_are_inferred_from_municipalities_and_a_merger_is_none(small: SmallImport) -> None:
    # 0718 became 0716 on 1 January 2002.
    content = (
        "lnr,year,statuskode,kommnr\nP1,2001,1,0718\nP1,2002,1,0716\nP2,2001,1,0718\nP2,2002,1,0301\nP3,2001,1,0301\n"
        "P3,2002,1,0000\nP4,2001,1,0301\nP4,2002,3,0219\n"
    )
    query = "select * from {{ events_from_municipality('f') }}"
    columns = "personid, hendelse, flyttedato, fra_kommnr, til_kommnr"
    assert relation(small, content, query, columns=columns) == [
        ("P2", "innenlands", "2001-12-31", "0718", "0301")
    ]


def test_a_macro_reads_sources_and_steps_and_says_so(small: SmallImport) -> None:
    query = "with mine as (select * from f) select * from {{ one_row_per('mine', 'personid', conflicting='drop') }}"
    with pytest.raises(FolderError, match="mine is neither a source nor a step"):
        relation(small, TWICE, query)
