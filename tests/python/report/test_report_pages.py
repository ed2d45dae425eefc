"""The pages of the report in a real browser, opened from the file system."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from axe_core_python.selenium import Axe
from browser import Browser, started
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from utvandring.report.catalogue import figures

PAGES = (
    "overview",
    "chapter-4",
    "chapter-5",
    "chapter-6",
    "beyond",
    "explore",
    "findings",
    "comparison",
    "quality",
    "contradictions",
    "definitions",
)

# In make test one page stands for the others.
EACH_PAGE = [pytest.param(page, marks=[] if page == "quality" else pytest.mark.long) for page in PAGES]
WITH_LEGENDS = [
    *(pytest.param(page, marks=pytest.mark.long) for page in ("chapter-4", "chapter-5")),
    "beyond",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with started(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def release(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(built_warehouse / "published" / "utvandring.duckdb", read_only=True) as connection:
        yield connection


@pytest.fixture
def english(report: Path) -> Path:
    return report / "utvandring.en.html"


@pytest.fixture
def norwegian(report: Path) -> Path:
    return report / "utvandring.nb.html"


def as_shown(value: float | None) -> str:
    """Return a number of the database as the cells of a table hold it."""
    return ":" if value is None else repr(value)


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "nb"])
def test_every_page_loads_without_console_errors_and_without_a_request(
    language: str, report: Path, browser: Browser
) -> None:
    path = report / f"utvandring.{language}.html"
    browser.requests()
    for page in PAGES:
        browser.open(path, page)
        assert browser.shown(".page") == [page]
        browser.wait(
            lambda page=page: (
                not browser.run(
                    "return [...document.querySelectorAll('#' + arguments[0] + ' [data-chart]')]"
                    ".some(e => e.checkVisibility() && !e.dataset.drawn)",
                    page,
                )
            )
        )
        assert browser.messages() == []
    asked = {address.partition("#")[0] for address in browser.requests()}
    assert {a for a in asked if not a.startswith(("data:", "blob:"))} <= {path.as_uri(), "about:blank"}
    assert browser.run("return document.documentElement.lang") == language


def test_nothing_can_be_fetched_even_by_a_script(english: Path, browser: Browser) -> None:
    browser.open(english)
    outcome = browser.driver.execute_async_script(
        "const done = arguments[0];"
        "fetch('http://127.0.0.1:9/').then(() => done('sent'), e => done(String(e)))"
    )
    assert "Failed to fetch" in outcome
    assert any("Content Security Policy" in message for message in browser.messages())
    assert not [address for address in browser.requests() if address.startswith("http")]


@pytest.mark.long
def test_simulated_numbers_are_called_simulated_on_every_page(report: Path, browser: Browser) -> None:
    for language, word in (("en", "Simulated data"), ("nb", "Simulerte data")):
        browser.open(report / f"utvandring.{language}.html")
        for page in PAGES:
            browser.run(f"location.hash = '{page}'")
            browser.wait(lambda page=page: browser.shown(".page") == [page])
            assert word in browser.one(f"#{page} > .simulated").text


def test_rates_in_the_tables_are_those_of_the_database(
    english: Path, browser: Browser, release: duckdb.DuckDBPyConnection
) -> None:
    browser.open(english, "chapter-4")
    rates = dict(
        release.execute(
            "select (outcome_year, immigration_background), emigration_rate from release.mobility_rate "
            "where (region_level, population, dimension) = ('country', 'all', 'none') "
            "and outcome_year between 2004 and 2013 and not outcome_is_provisional"
        ).fetchall()
    )
    rows = browser.cells("figure-4.1")
    assert [row[0] for row in rows] == [str(year) for year in range(2004, 2014)]
    backgrounds = ("work", "refuge", "family", "education", "nordic", "unknown")
    for row in rows:
        assert row[1:] == [as_shown(rates[int(row[0]), background]) for background in backgrounds]

    by_status = dict(
        release.execute(
            "select (outcome_year, category), internal_outmigration_county_rate from release.mobility_rate "
            "where (region_level, population, dimension, immigration_background) "
            "= ('country', 'age_15_74', 'labour_status', 'family') and not outcome_is_provisional"
        ).fetchall()
    )
    statuses = ("employed", "employed_in_education", "in_education", "unemployed", "outside_labour_force")
    for row in browser.cells("figure-4.14"):
        assert row[1:] == [as_shown(by_status[int(row[0]), status]) for status in statuses]


def test_figures_beyond_the_report_have_the_numbers_of_their_tables(
    english: Path, browser: Browser, release: duckdb.DuckDBPyConnection
) -> None:
    browser.open(english, "beyond")
    assert len(browser.shown("#beyond .figure")) == sum(entry.number[0] == "B" for entry in figures())
    groups = ("descendant", "one_foreign_born_parent", "majority", "childhood_immigrant")
    rates = dict(
        release.execute(
            "select (outcome_year, immigrant_group), emigration_rate from release.descendant_emigration_rate "
            "where dimension = 'none' and not outcome_is_provisional"
        ).fetchall()
    )
    rows = browser.cells("figure-B.1")
    assert len(rows) > 5
    for row in rows:
        assert row[1:] == [as_shown(rates[int(row[0]), group]) for group in groups]

    shares = dict(
        release.execute(
            "select (years_since, category), 100 * estimate from release.immigration_survival "
            "where (transition, event, cohort, dimension) = ('emigration', 'emigration', 'all', "
            "'immigration_background') and withheld_reason is distinct from 'not_followed'"
        ).fetchall()
    )
    backgrounds = ("work", "refuge", "family", "education", "nordic", "unknown")
    for row in browser.cells("figure-B.5"):
        assert row[1:] == [as_shown(shares[int(row[0]), background]) for background in backgrounds]


def test_stated_numbers_stand_beside_ours_which_are_called_simulated(
    english: Path, norwegian: Path, browser: Browser, release: duckdb.DuckDBPyConnection
) -> None:
    values = release.execute("select warehouse_value, stated_value from release.stated_number").fetchall()
    for path, heading in ((english, "Ours, simulated"), (norwegian, "Våre, simulerte")):
        browser.open(path, "figure-B.17")
        browser.wait(lambda: browser.all("[id='figure-B.17'] .chart svg"))
        assert heading in browser.one("[id='figure-B.17'] .chart").text
        browser.run("document.querySelector('[id=\"figure-B.17\"] details').open = true")
        assert heading in browser.one("table[data-name='figure-B.17'] thead").text
        rows = browser.cells("figure-B.17")
        assert sorted((row[3], row[2]) for row in rows) == sorted(
            (as_shown(ours), as_shown(stated)) for ours, stated in values
        )


def test_estimates_stand_beside_the_printed_ones(
    english: Path, browser: Browser, release: duckdb.DuckDBPyConnection
) -> None:
    browser.open(english, "table-6.1")
    found = release.execute(
        "select equation, estimate, published_estimate from release.trinomial_logit "
        "where table_id = '6.1' and term = 'female' order by equation desc"
    ).fetchall()
    row = next(row for row in browser.cells("table-6.1") if row[0] == "Woman")
    expected = [[as_shown(ours), as_shown(printed)] for _, ours, printed in found]
    assert [row[1:3], row[4:6]] == expected
    assert row[2] == "-0.141"

    browser.open(english, "table-4.1")
    lines = {tuple(row[:3]): row[3:] for row in browser.cells("table-4.1")}
    assert len(lines) == 54
    assert (lines["Work", "One", "All"][1], lines["Work", "One", "All"][4]) == ("7.3", "5.1")
    assert lines["Work", "One", "Mixed"] == ["."] * 6


def test_filters_narrow_figures_tables_rows_and_charts(english: Path, browser: Browser) -> None:
    form = "form[data-filters=chapter-4]"
    browser.open(english, "chapter-4")
    assert len(browser.shown("#chapter-4 .figure")) == 32
    browser.choose(form, "background", "education")
    assert browser.shown("#chapter-4 .figure") == [
        f"figure-4.{number}" for number in (1, 2, 6, 15, 16, 27, 28)
    ]
    assert {row[0] for row in browser.cells("table-4.1")} == {"Education"}
    assert "7 figures and 3 tables" in browser.one(f"{form} output").text

    browser.choose(form, "outcome", "emigration")
    assert browser.shown("#chapter-4 .figure") == [f"figure-4.{number}" for number in (1, 6, 15, 27)]
    browser.choose(form, "from", "2010")
    browser.choose(form, "to", "2012")
    assert [row[0] for row in browser.cells("figure-4.6")] == ["2010", "2011", "2012"]
    assert len(browser.cells("figure-4.6")[0]) == 2
    browser.wait(lambda: "2009" not in browser.one("[id='figure-4.1'] .chart").text)
    assert "2011" in browser.one("[id='figure-4.1'] .chart").text
    address = browser.driver.current_url
    assert address.endswith("#chapter-4?background=education&outcome=emigration&from=2010&to=2012")

    browser.open(english, address.partition("#")[2])
    assert browser.shown("#chapter-4 .figure") == [f"figure-4.{number}" for number in (1, 6, 15, 27)]
    browser.run(f"document.querySelector('{form} [type=reset]').click()")
    browser.wait(lambda: len(browser.shown("#chapter-4 .figure")) == 32)
    assert browser.driver.current_url.endswith("#chapter-4")


def test_filters_of_county_centrality_and_sex(english: Path, browser: Browser) -> None:
    browser.open(english, "chapter-5")
    browser.choose("form[data-filters=chapter-5]", "county", "03")
    assert {row[0] for row in browser.cells("figure-5.13")} == {"Whole country", "Oslo"}
    assert "table-5.15" in browser.shown(".report-table")
    assert "table-5.14" not in browser.shown(".report-table")
    browser.open(english, "chapter-6")
    browser.choose("form[data-filters=chapter-6]", "sex", "male")
    browser.choose("form[data-filters=chapter-6]", "centrality", "4")
    assert [i for i in browser.shown(".report-table") if i[6] in "DE"] == ["table-D4", "table-E8"]


def test_tables_are_sorted_by_a_click_and_by_the_keyboard(english: Path, browser: Browser) -> None:
    browser.open(english, "comparison")
    before = browser.cells("comparison")
    headings = browser.all("table[data-name=comparison] thead button")
    headings[5].click()
    values = [row[5] for row in browser.cells("comparison")]
    known = [float(value) for value in values if value != ".."]
    assert known == sorted(known)
    assert values[len(known) :] == [".."] * (len(values) - len(known))
    heading = browser.all("table[data-name=comparison] thead th")[5]
    assert heading.get_attribute("aria-sort") == "ascending"
    headings[5].send_keys(Keys.ENTER)
    assert heading.get_attribute("aria-sort") == "descending"
    assert [float(row[5]) for row in browser.cells("comparison")[: len(known)]] == known[::-1]
    assert sorted(before) == sorted(browser.cells("comparison"))


def test_downloads_hold_what_the_page_shows(
    english: Path, norwegian: Path, browser: Browser, release: duckdb.DuckDBPyConnection
) -> None:
    expected = release.execute(
        "select outcome_year, emigration_rate from release.mobility_rate "
        "where (region_level, population, dimension, immigration_background) "
        "= ('country', 'all', 'none', 'work') "
        "and not outcome_is_provisional and outcome_year between 2004 and 2013 order by all"
    ).fetchall()
    for path, separator, point in ((english, ",", "."), (norwegian, ";", ",")):
        browser.open(path, "chapter-4")
        text = browser.download(browser.one("button[data-rows='figure-4.1']"))
        assert text.startswith("\ufeff")
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=separator))
        year, background, value = (
            ("Year", "Background", "Value") if point == "." else ("År", "Bakgrunn", "Verdi")
        )
        found = [(int(r[year]), r[value].replace(point, ".")) for r in rows if r[background] == "work"]
        assert found == [(y, "" if rate is None else repr(rate)) for y, rate in expected]
        said = [row["Cite as" if point == "." else "Siteres slik"] for row in rows]
        assert "utvandring" in said[0] and said[0].endswith("figure-4.1") and not any(said[1:])
    browser.open(english, "chapter-4")
    browser.choose("form[data-filters=chapter-4]", "background", "nordic")
    text = browser.download(browser.one("button[data-download='table-4.1']"))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0][:5] == ["Background", "Size", "Family", "Emigration: Ours", "Emigration: Printed"]
    assert {row[0] for row in rows[1:]} == {"Nordic"}
    assert all("simulated" in path.name or "simulert" in path.name for path in browser.downloads.iterdir())


def test_a_table_of_estimates_is_downloaded_with_its_t_values(english: Path, browser: Browser) -> None:
    browser.open(english, "table-5.1")
    text = browser.download(browser.one("button[data-download='table-5.1']"))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    man = next(row for row in rows if row["Term"] == "Man")
    assert (man["Staying: Printed"], man["Staying: Printed (t)"]) == ("-0.015", "-3.99")
    assert len(rows) == 21


CHOICES: tuple[dict[str, str], ...] = (
    {"compare": "background"},
    {"compare": "sex", "background": "family", "measure": "internal_outmigration_county"},
    {"compare": "centrality", "population": "age_20_35", "among": "sex|female"},
    {"compare": "education_group", "population": "age_15_74", "region": "county|03"},
)


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: chosen["compare"])
def test_the_explorer_shows_the_released_rates(
    chosen: dict[str, str], english: Path, browser: Browser, release: duckdb.DuckDBPyConnection
) -> None:
    browser.open(english, "explore?" + "&".join(f"{k}={v}" for k, v in chosen.items()))
    browser.wait(lambda: browser.all("table[data-name=explored] tbody tr"))
    compare, measure = chosen["compare"], chosen.get("measure", "emigration")
    dimension, category = chosen.get("among", "none|all").split("|")
    level, code = chosen.get("region", "country|0").split("|")
    where = {"population": chosen.get("population", "all"), "dimension": dimension, "category": category}
    where |= {"region_level": level, "region_code": code}
    where |= {"immigration_background": chosen.get("background", "all")}
    series = {
        "background": "immigration_background",
        "centrality": "region_code",
        "sex": "category",
        "education_group": "category",
    }[compare]
    where["dimension"] = compare if series == "category" else dimension
    where["region_level"] = "centrality" if compare == "centrality" else level
    del where[series]
    found = release.execute(
        f"select (outcome_year, {series}), {measure}_rate from release.mobility_rate "
        f"where not outcome_is_provisional and "
        + " and ".join(f"{column} = '{value}'" for column, value in where.items())
    ).fetchall()
    rates: dict[Any, float | None] = dict(found)
    codes: list[str] = browser.run(
        "return [...document.querySelectorAll('#explored-series input')].map(i => i.value)"
    )
    rows = browser.cells("explored")
    assert {int(row[0]) for row in rows} >= {year for year, _ in rates}
    for row in rows:
        for code, shown in zip(codes, row[1:], strict=True):
            if (key := (int(row[0]), code)) not in rates:
                assert shown == ".."
            elif (rate := rates[key]) is None:
                assert shown == ":"
            else:
                assert float(shown) == pytest.approx(rate, rel=1e-12)
    assert browser.all("[data-explored] svg") or all(rate is None for rate in rates.values())
    assert browser.messages() == []


def test_the_definition_and_the_sql_are_one_click_away(english: Path, browser: Browser) -> None:
    browser.open(english, "figure-4.9")
    opener = browser.one("[id='figure-4.9'] button[data-dialog]")
    browser.run("arguments[0].focus()", opener)
    opener.send_keys(Keys.ENTER)
    dialog = browser.one("dialog[open]")
    assert "labour market status of the year before" in dialog.text
    assert "from release.mobility_rate" in dialog.text
    assert "analysis/figures/figures_4_09_to_4_20_mobility_by_labour_status.sql" in dialog.text
    ActionChains(browser.driver).send_keys(Keys.ESCAPE).perform()
    assert not browser.all("dialog[open]")
    assert browser.run("return document.activeElement === arguments[0]", opener)


def test_the_keyboard_reaches_the_pages_in_order_and_focus_follows(english: Path, browser: Browser) -> None:
    browser.open(english)
    seen = []
    for _ in range(4):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        seen.append(browser.run("return document.activeElement.href").rpartition("/")[2])
    own = english.name
    assert seen == [f"{own}#content", f"{own}#overview", "utvandring.nb.html", f"{own}#overview"]
    ActionChains(browser.driver).send_keys(Keys.TAB).send_keys(Keys.ENTER).perform()
    browser.wait(lambda: browser.shown(".page") == ["chapter-4"])
    assert browser.run("return document.activeElement.id") == "chapter-4-title"
    assert browser.driver.title.startswith("Chapter 4")
    assert browser.one("nav.site a[aria-current=page]").text == "4 Country"


@pytest.mark.parametrize("page", EACH_PAGE)
def test_pages_have_no_accessibility_fault_that_axe_knows(
    page: str, english: Path, norwegian: Path, browser: Browser
) -> None:
    browser.open(norwegian if page in ("overview", "explore") else english, page)
    # What repeats is looked at once: the whole takes axe minutes.
    browser.run(
        "document.querySelectorAll('.page[hidden], dialog, .block:nth-of-type(n+4), .figure:nth-child(n+3),"
        " .report-table:nth-of-type(n+3), tbody tr:nth-child(n+4)').forEach(e => e.remove())"
    )
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
    found = Axe().run(browser.driver, options={"runOnly": {"type": "tag", "values": tags}})["violations"]
    assert [(fault["id"], [node["html"][:200] for node in fault["nodes"][:3]]) for fault in found] == []


def test_every_chart_is_described_and_has_its_numbers_in_a_table(report: Path, browser: Browser) -> None:
    for language in ("en", "nb"):
        browser.open(report / f"utvandring.{language}.html")
        charts: list[list[str]] = browser.run(
            "return [...document.querySelectorAll('[data-chart]')].map(e => ["
            "e.dataset.chart, e.getAttribute('role'), e.getAttribute('aria-label'),"
            "e.closest('.figure, .report-table, .page').querySelectorAll('table tbody tr').length])"
        )
        assert len(charts) > 90
        for name, role, alternative, rows in charts:
            assert role == "img", name
            assert len(alternative) > 40, name
            assert int(rows) > 0, name


@pytest.mark.parametrize("page", EACH_PAGE)
def test_nothing_sticks_out_on_a_small_screen(page: str, norwegian: Path, browser: Browser) -> None:
    browser.resize(360, 740)
    try:
        browser.open(norwegian, page)
        if page == "chapter-5":
            browser.wait(lambda: browser.all("#chapter-5 .chart svg"))
        width = browser.run("return document.documentElement.scrollWidth")
        assert width <= 360
    finally:
        browser.normal_size()


@pytest.mark.parametrize("page", WITH_LEGENDS)
def test_legends_fit_a_small_screen(page: str, norwegian: Path, browser: Browser) -> None:
    browser.resize(390, 844)
    try:
        browser.open(norwegian, page)
        browser.wait(
            lambda: (
                not browser.run(
                    "return [...document.querySelectorAll('#' + arguments[0] + ' [data-chart]')]"
                    ".some(e => e.checkVisibility() && !e.dataset.drawn)",
                    page,
                )
            )
        )
        cut: list[str] = browser.run(
            "const labels = document.querySelectorAll('#' + arguments[0] + ' .role-legend-label text');"
            "return [...labels].filter(e =>"
            " e.getBoundingClientRect().right > e.closest('svg').getBoundingClientRect().right + 1)"
            ".map(e => e.closest('[data-chart]').dataset.chart + ': ' + e.textContent)",
            page,
        )
        assert browser.all(f"#{page} .role-legend-label text")
        assert cut == []
    finally:
        browser.normal_size()


def test_the_print_has_the_charts_and_no_controls(english: Path, browser: Browser) -> None:
    browser.open(english, "overview")
    browser.wait(lambda: len(browser.all("#overview .chart svg")) == 2)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = "nav.site, .tools, .language, footer button"
        assert browser.run(
            f"return [...document.querySelectorAll('{hidden}')].every(e => !e.checkVisibility())"
        )
        charts = "return [...document.querySelectorAll('svg')].filter(e => e.checkVisibility()).length"
        assert browser.run(charts) == 2
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    printed = browser.pdf()
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 6


@pytest.mark.long
def test_chapter_4_prints_on_twelve_pages(english: Path, browser: Browser) -> None:
    browser.open(english, "chapter-4")
    # What is below the screen is drawn when there is nothing else to do.
    browser.wait(lambda: len(browser.all("#chapter-4 .chart svg")) == 32)
    assert len(re.findall(rb"/Type\s*/Page\b", browser.pdf())) <= 12


def test_without_a_script_every_page_and_table_is_there(english: Path, browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get("about:blank")
        browser.driver.get(english.as_uri())
        for place in ("figure-4.1", "table-E8", "method-released_rates", "definition-1"):
            assert browser.one(f"[id='{place}']").is_displayed()
        assert not browser.one("form[data-filters]").is_displayed()
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
