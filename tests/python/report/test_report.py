"""The report and its figures as files: what they read, what they write, and what they do when they cannot."""

import base64
import gzip
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair as alt
import duckdb
import pytest
from conftest import Command

from utvandring.report import papers, site
from utvandring.report.catalogue import BACKGROUNDS, PAGES, figures, queries, tables
from utvandring.report.charts import geometry
from utvandring.report.figures import make_figure, read_figures
from utvandring.report.released import WHOLE, Released, open_released
from utvandring.report.tables import make_table, read_tables
from utvandring.report.texts import LANGUAGES, Texts, statements, texts

PROJECT = Path(__file__).resolve().parents[3]
LARGEST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def published(built_warehouse: Path) -> Path:
    return built_warehouse / "published" / "utvandring.duckdb"


@pytest.fixture(scope="module")
def only_released(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database with what may leave and the printed numbers, and nothing else."""
    path = tmp_path_factory.mktemp("released") / "released.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(f"attach '{published}' as published (read_only)")
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = 'published' "
            "and schema_name in ('release', 'published_report', 'code_lists')"
        ).fetchall()
        for schema, table in names:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{table} as from published.{schema}.{table}")
    return path


@pytest.fixture
def changed(only_released: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a copy of the released tables that a test may change: `changed.duckdb` in its folder."""
    path = tmp_path / "changed.duckdb"
    shutil.copyfile(only_released, path)
    with duckdb.connect(path) as connection:
        yield connection


@pytest.fixture(scope="module")
def made(report: Path) -> dict[str, str]:
    """Give the pages of the published database."""
    return {path.name: path.read_text(encoding="utf-8") for path in report.iterdir()}


def packed(page: str, name: str) -> Any:
    """Return the data that a page holds for its script."""
    found = re.search(rf'<script type="application/octet-stream" id="{name}">([^<]*)</script>', page)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_only_what_was_released_is_read_and_the_same_database_gives_the_same_bytes(
    made: dict[str, str], only_released: Path
) -> None:
    with duckdb.connect(only_released, read_only=True) as connection:
        assert render_english(connection) == made["utvandring.en.html"]


def test_the_command_writes_one_small_file_for_each_language(report: Path) -> None:
    files = sorted(report.iterdir())
    assert [path.name for path in files] == ["utvandring.en.html", "utvandring.nb.html"]
    assert sum(path.stat().st_size for path in files) < LARGEST_BYTES
    assert all(path.stat().st_mode & 0o007 == 0 for path in files)
    for path in files:
        page = path.read_text(encoding="utf-8")
        markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
        assert not re.findall(r'(?:src|href)="(?!#|utvandring\.|data:)[^"]*"', markup)
        assert "http" not in markup.replace("http-equiv", "")


def test_no_person_and_no_path_is_on_a_page(
    built_warehouse: Path, published: Path, made: dict[str, str]
) -> None:
    with duckdb.connect(published, read_only=True) as connection:
        persons = connection.execute("select distinct person_id from marts.person_year limit 500").fetchall()
    for page in made.values():
        everything = page + json.dumps(packed(page, "data")) + json.dumps(packed(page, "rates"))
        assert str(built_warehouse) not in everything
        assert not [person for (person,) in persons if person in everything]


def test_one_language_alone_has_no_link_to_the_other(only_released: Path, tmp_path: Path) -> None:
    (path,) = site.write_report(only_released, tmp_path, ["nb"])

    assert path.name == "utvandring.nb.html"
    assert "utvandring.en.html" not in path.read_text(encoding="utf-8")


def test_a_delivery_that_is_not_simulated_is_not_called_so(
    made: dict[str, str], changed: duckdb.DuckDBPyConnection
) -> None:
    warning = texts("en")("site", "simulated")
    assert made["utvandring.en.html"].count(warning) == 11

    changed.execute("update release.delivery set is_simulated = false")
    page = render_english(changed)
    assert warning not in page
    assert texts("en")("comparison", "read_simulated") not in page

    changed.execute("update release.delivery set is_simulated = true where register = 'inntekt'")
    assert render_english(changed).count(warning) == 11


def render_english(connection: duckdb.DuckDBPyConnection) -> str:
    return site.render(site.read_content(Released(connection)), "en")


def test_what_was_not_released_is_said_and_drawn_as_nothing(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute("delete from release.mobility_rate where immigration_background = 'nordic'")
    changed.execute("update release.mobility_rate set emigration_rate = null where category = 'unemployed'")
    changed.execute("delete from release.county_rate")
    page = render_english(changed)

    assert page.count("There are no released numbers for this figure.") >= 7
    rows = packed(page, "data")["charts"]["figure-4.9"]["rows"]
    assert {row["value"] for row in rows if row["series"] == "unemployed"} == {None}
    assert "figure-5.18" not in packed(page, "data")["charts"]


def test_text_of_the_database_is_never_taken_for_markup(changed: duckdb.DuckDBPyConnection) -> None:
    attack = "</script><img src=x onerror=alert(1)>"
    changed.execute("update release.delivery set delivery_id = ?", [attack])
    changed.execute("update release.citation set cite_as = ?", [attack])
    page = render_english(changed)

    assert attack not in page
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in page


def test_an_empty_release_gives_pages_without_numbers(changed: duckdb.DuckDBPyConnection) -> None:
    read = {table for query in queries() for table in Released(changed).reads(query)}
    for table in {name for name in {*WHOLE, *read} if name.startswith("release.")}:
        changed.execute(f"delete from {table}")
    page = render_english(changed)

    assert "No rates have been released." in page
    # The map of centrality shows a list, not numbers.
    assert page.count("There are no released numbers for this figure.") == len(figures()) - 1


def test_an_earlier_report_stays_whole_when_the_new_one_fails(
    only_released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {"utvandring.en.html": "an earlier report", "utvandring.nb.html": "en tidligere rapport"}
    for name, text in before.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def fail_second(content: site.Content, language: str, languages: Any) -> str:
        if language == "nb":
            raise OSError(28, "No space left on device")
        return "a new one"

    monkeypatch.setattr(site, "render", fail_second)
    with pytest.raises(OSError, match="No space"):
        site.write_report(only_released, tmp_path)

    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("command", ["report", "figures"])
def test_a_database_that_is_missing_or_holds_no_release_is_told_in_one_sentence(
    command: str, utvandring: Command, tmp_path: Path
) -> None:
    ran = utvandring(command, "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("There is no built database at ")
    assert ran.err.endswith("run `utvandring build` first.\n")

    with duckdb.connect(tmp_path / "old.duckdb") as connection:
        connection.execute("create schema marts")
    ran = utvandring(command, "--database", tmp_path / "old.duckdb", "--out", tmp_path / "out")
    assert ran.code == 1
    assert "lacks released tables: release." in ran.err
    assert "release.citation, " in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_figures_are_written_as_png_and_svg(only_released: Path, utvandring: Command, tmp_path: Path) -> None:
    ran = utvandring(
        *("figures", "--database", only_released, "--out", tmp_path / "f"),
        *("--figure", "4.1", "--figure", "5.13", "--figure", "table-6.1"),
    )

    assert ran.code == 0, ran.text
    assert sorted(path.name for path in (tmp_path / "f").iterdir()) == sorted(
        f"{name}.{language}.{form}"
        for name in ("figure-4.1", "figure-5.13", "table-6.1")
        for language in LANGUAGES
        for form in papers.FORMATS
    )
    for path in (tmp_path / "f").glob("*.png"):
        png = path.read_bytes()
        assert png.startswith(b"\x89PNG")
        # 17 cm at 300 dots to the inch, whatever the labels beside the chart.
        assert int.from_bytes(png[16:20]) == pytest.approx(2008, abs=1)
    drawing = ElementTree.parse(tmp_path / "f" / "figure-4.1.nb.svg").getroot()
    words = "".join(drawing.itertext())
    assert "Figur 4.1. Utvandring etter innvandringsbakgrunn" in words
    assert "Simulerte data" in words


def test_a_figure_that_does_not_exist_is_wrong_use(
    only_released: Path, utvandring: Command, tmp_path: Path
) -> None:
    ran = utvandring("figures", "--database", only_released, "--out", tmp_path / "f", "--figure", "5.22")

    assert ran.code == 2
    last = figures()[-1].number
    assert ran.err.startswith(
        f"There is no figure 5.22: figures are 4.1-4.32, M.1-M.5, 5.1-5.21, B.1-{last};"
    )
    assert not (tmp_path / "f").exists()


def test_the_maps_have_the_municipalities_of_2013_in_their_later_counties(published: Path) -> None:
    """The county of every area on the map, and the counties between which KLASS divides its municipality."""
    with duckdb.connect(published, read_only=True) as connection:
        divided: dict[tuple[str, int], list[str]] = {
            (code, division): counties
            for code, division, counties in connection.execute(
                "select municipality_code, division, list(distinct division_code[:2]) "
                "from marts.municipality_division where year = 2013 group by all"
            ).fetchall()
        }
    areas = geometry()["objects"]["municipalities"]["geometries"]
    assert len(areas) > 400
    for area in (area["properties"] for area in areas):
        for division in (2020, 2024):
            assert divided[area["code"], division] == [area[f"county_{division}"]], area


def test_figures_and_tables_are_those_of_the_report() -> None:
    expected = [f"4.{n}" for n in range(1, 33)] + [f"5.{n}" for n in range(1, 22)]
    assert [entry.number for entry in figures() if entry.number[0] not in "BM"] == expected
    expected = [
        "4.1",
        "4.2",
        "4.3",
        "2.2",
        *(f"5.{n}" for n in range(1, 32)),
        *(f"6.{n}" for n in range(1, 27)),
    ]
    assert [entry.number for entry in tables()] == [
        *expected,
        *(f"D{n}" for n in range(1, 5)),
        *(f"E{n}" for n in range(1, 9)),
    ]


def test_the_documentation_has_the_place_of_every_figure_and_table() -> None:
    text = texts("en")
    parts = {
        block: f"{text('pages_short', page)}, {text('blocks', block)}"
        for page, blocks in PAGES.items()
        for block in blocks
    }
    listed = (PROJECT / "docs/contents.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in listed if line.endswith("` |")]
    wanted = [
        (entry.number, parts[entry.block], f"`{entry.query.name}`")
        for entry in (*figures(), *tables())
        if entry.number[0] != "B"
    ]
    assert Counter((number, place, query) for number, _, place, query in rows) == Counter(wanted)
    numbers = [number for number, *_ in rows if number[0] != "M" and number != "2.2"]
    assert len(numbers) == 53 + 72


def test_every_table_has_the_printed_numbers_that_the_seeds_have(only_released: Path) -> None:
    with open_released(only_released) as released:
        data = read_tables(released)
    with duckdb.connect(only_released, read_only=True) as connection:
        printed: dict[str, int] = dict(
            connection.execute(
                "select table_id, count(*) from ("
                "select table_id from published_report.published_lpm "
                "union all select table_id from published_report.published_mnl "
                "union all select table_id from published_report.published_mnl_differences "
                "union all select table_id from published_report.published_rates "
                "where rate_percent is not null"
                ") group by table_id"
            ).fetchall()
        )
    text = texts("en")
    label = text("table", "printed")
    for entry in tables():
        if entry.number == "2.2":
            continue
        made = make_table(entry, data, text).table
        places = [i for i, column in enumerate(made.columns) if column.label == label]
        shown = sum(line.cells[i].value is not None for line in made.lines for i in places)
        assert shown == printed[entry.number], entry.number


def test_what_the_text_of_the_report_says_is_drawn_beside_our_rates(only_released: Path) -> None:
    with open_released(only_released) as released:
        data = read_figures(released)
    (entry,) = [entry for entry in figures() if entry.number == "4.6"]
    made = make_figure(entry, data, texts("en"))
    printed = [row for row in made.rows if row["kind"] == "printed" and row["outcome"] == "emigration"]
    assert [(row["year"], row["low"]) for row in printed] == [(2004, 25.0), (2008, 15.0), (2012, 13.0)]
    assert "emigration about 25 per 100 in 2004" in " ".join(made.notes)


def test_every_chart_is_valid_vega_lite(made: dict[str, str]) -> None:
    specs: Mapping[str, Any] = packed(made["utvandring.en.html"], "data")["charts"]
    different = {json.dumps(chart["spec"], sort_keys=True) for chart in specs.values()}
    assert 10 < len(different) < 60
    for spec in different:
        alt.Chart.from_dict(json.loads(spec), validate=True)


def paths(texts: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in texts.items():
        if isinstance(value, str):
            yield (*above, key), value
        else:
            yield from paths(value, (*above, key))


def test_both_languages_say_the_same_things_in_the_same_order() -> None:
    english, norwegian = (list(paths(Texts(language).group())) for language in ("en", "nb"))

    assert [path for path, _ in english] == [path for path, _ in norwegian]
    for (path, one), (_, other) in zip(english, norwegian, strict=True):
        assert set(re.findall(r"{\w*}", one)) == set(re.findall(r"{\w*}", other)), path
        assert one.strip() or path == ("thousands",), path


def test_statements_are_in_both_languages_and_name_their_kind() -> None:
    for item in statements("contradictions"):
        assert item["kind"] in ("certain", "inference")
        for part in ("where", "printed", "assessment"):
            assert set(item[part]) == {"en", "nb"}
    for item in statements("definitions"):
        assert set(item["term"]) == set(item["text"]) == {"en", "nb"}


def test_contradictions_say_what_the_seeds_say(only_released: Path) -> None:
    said = " ".join(item["printed"]["en"] for item in statements("contradictions"))
    with duckdb.connect(only_released, read_only=True) as connection:

        def number(sql: str) -> Any:
            ((found,),) = connection.execute(f"select {sql}").fetchall()
            return found

        lpm = "from published_report.published_lpm where"
        four = "term = 'family_4_immigrants_only' and outcome = 'internal_outmigration' and table_id ="
        anomalies = number("(select count(*) from published_report.published_lpm_anomalies)")
        rows = number("(select count(distinct (table_id, term)) from published_report.published_lpm)")
        assert f"In {anomalies} of {rows} rows" in said
        assert number(f"(select (estimate, t_value, stars) {lpm} {four} '5.11')") == (0.004, 2.62, 3)
        assert number(f"(select (estimate, t_value) {lpm} {four} '5.10')") == (-0.003, 0.29)
        assert number(f"(select (estimate, t_value) {lpm} {four} '5.12')") == (0.001, 0.08)
        assert number(f"(select list(distinct n_obs) {lpm} table_id in ('5.28', '5.31'))") == [6847]
    for words in ("0.004 with three stars and t = 2.62", "0.001 with t = 0.08", "n = 6,847", "533,635"):
        assert words in said


@pytest.mark.parametrize(
    ("language", "value", "digits", "expected"),
    [
        ("en", 1234567.0, 0, "1,234,567"),
        ("nb", 1234567.0, 0, "1\u00a0234\u00a0567"),
        ("nb", -1.25, 1, "−1,2"),
        ("en", -0.0004, 3, "0.000"),
        ("en", None, 2, ".."),
        ("en", float("nan"), 2, ".."),
    ],
)
def test_numbers_are_written_as_the_language_does(
    language: str, value: float | None, digits: int, expected: str
) -> None:
    assert texts(language).number(value, digits) == expected


def test_every_background_has_a_colour_of_enough_contrast() -> None:
    from utvandring.report.charts import COLOURS, NAMED

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert set(BACKGROUNDS) <= set(COLOURS)
    for name, colour in {**COLOURS, **NAMED}.items():
        assert 1.05 / (luminance(colour) + 0.05) >= 3, name


def test_a_colour_means_one_thing_in_the_whole_report() -> None:
    from utvandring.report.charts import COLOURS, ORDERED

    meant = [colour for colour in COLOURS.values() if colour not in ORDERED]
    assert len(meant) == len(set(meant)) > 20
