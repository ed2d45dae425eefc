"""What `analysis/` declares of figures and tables: it fits the queries, and what does not fit is refused."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import pytest
import vl_convert
import yaml

from utvandring.common.errors import UtvandringError
from utvandring.report import catalogue, charts
from utvandring.report.entries import FOLDERS, Declared, read_entries
from utvandring.report.figures import FigureData, make_figure
from utvandring.report.released import Released
from utvandring.report.texts import LANGUAGES, texts

PROJECT = Path(__file__).resolve().parents[3]
BLOCKS = tuple(block for blocks in catalogue.PAGES.values() for block in blocks)


# --- the queries of the project -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty() -> Released:
    """Give the released tables as their contracts describe them, and the seeds that are read: no rows."""
    connection = duckdb.connect()
    connection.execute("create schema release")
    connection.execute("create schema published_report")
    for path in sorted((PROJECT / "models/release").glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
            connection.execute(f"create table release.{model['config']['alias']} ({columns})")
    connection.execute("create schema code_lists")
    for table, file in (
        ("published_report.published_rates", "published/published_rates"),
        ("published_report.published_centrality_shares", "published/published_centrality_shares"),
        ("code_lists.municipality_2013", "code_lists/municipality_2013"),
        ("code_lists.county", "code_lists/county"),
    ):
        connection.execute(f"create table {table} as from read_csv('{PROJECT}/seeds/{file}.csv') limit 0")
    return Released(connection)


@pytest.mark.parametrize("query", catalogue.queries(), ids=lambda query: query.name)
def test_a_query_gives_the_columns_that_are_described(query: Any, empty: Released) -> None:
    assert empty.run(query) == []


def test_pages_name_only_blocks_that_have_a_name_and_something_in_them() -> None:
    used = {entry.block for entry in (*catalogue.figures(), *catalogue.tables())}
    assert used == set(BLOCKS)
    for language in LANGUAGES:
        assert list(texts(language).group("blocks")) == list(BLOCKS)


def test_figures_beyond_the_report_are_numbered_without_a_gap() -> None:
    """A number stays: a new figure takes the next one, in whatever part of the page it stands."""
    numbers = {entry.number for entry in catalogue.figures() if entry.block.startswith("beyond")}
    assert numbers == {f"B.{n}" for n in range(1, len(numbers) + 1)}


def test_the_colours_that_an_entry_may_name_are_those_of_the_charts() -> None:
    schema = yaml.safe_load((PROJECT / "python/utvandring/report/entry.yml").read_text(encoding="utf-8"))
    words = schema["figure"]["properties"]["series"]["properties"]["names"]["additionalProperties"]
    assert set(words["properties"]["colour"]["enum"]) == set(charts.NAMED)


def test_no_module_of_the_report_holds_a_query() -> None:
    for path in sorted((PROJECT / "python/utvandring/report").glob("*.py")):
        found = re.findall(r"\bselect\b[^\n]*", path.read_text(encoding="utf-8"), re.IGNORECASE)
        # Which columns a table of the database has is not the business of a figure.
        assert [line for line in found if "column_name" not in line] == [], path.name


# --- what does not fit --------------------------------------------------------------------------------------

NAME = "figure_b_11_first_municipality"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give the queries of the project with their entries, to be changed."""
    for folder in FOLDERS:
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    return tmp_path


def read(project: Path) -> Declared:
    return read_entries(project, BLOCKS)


def change(project: Path, name: str, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change what is declared under `config.meta` of a figure."""
    path = project / "analysis/figures" / f"{name}.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content["analyses"][0]["config"]["meta"])
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_the_project_itself_is_read(project: Path) -> None:
    assert {entry.number for entry in read(project).figures} == {e.number for e in catalogue.figures()}


def test_an_entry_without_its_query_is_refused(project: Path) -> None:
    (project / f"analysis/figures/{NAME}.sql").unlink()
    with pytest.raises(UtvandringError, match=rf"^analysis/figures/{NAME}\.yml describes a query .* missing"):
        read(project)


def test_a_query_without_an_entry_is_refused(project: Path) -> None:
    (project / "analysis/tables/table_7_1.sql").write_text("select 1", encoding="utf-8")
    with pytest.raises(UtvandringError, match=r"^analysis/tables/table_7_1\.sql has no entry: write "):
        read(project)


def test_an_entry_is_named_like_its_file(project: Path) -> None:
    folder = project / "analysis/figures"
    for suffix in ("sql", "yml"):
        (folder / f"{NAME}.{suffix}").rename(folder / f"figure_b_11_another.{suffix}")
    with pytest.raises(UtvandringError, match=f"describes {NAME}: it must be named like its file"):
        read(project)


def test_two_figures_cannot_have_one_number(project: Path) -> None:
    change(project, NAME, lambda meta: meta["figures"].update({"B.12": meta["figures"].pop("B.11")}))
    with pytest.raises(UtvandringError, match=r"both have figure B\.12: renumber one of them"):
        read(project)


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an unknown kind of chart": (
        lambda meta: meta.update(chart="pie"),
        "there is no chart pie; there are line",
    ),
    "a column that the query does not describe": (
        lambda meta: meta["y"].update(column="rate"),
        "figures.B.11 reads the column rate, which is not among the columns of the query",
    ),
    "a key that is not known": (lambda meta: meta.update(colour="blue"), "'colour' was unexpected"),
    "a key of another kind of chart": (
        lambda meta: meta.update(period="outcome_year"),
        "a chart of the kind line has no period",
    ),
    "a kind of chart without what it needs": (
        lambda meta: meta.pop("x"),
        "a chart of the kind line needs x",
    ),
    "no axis": (lambda meta: meta.pop("y"), "figures.B.11: 'y' is a required property"),
    "a title in one language": (
        lambda meta: meta["figures"]["B.11"]["title"].pop("nb"),
        "figures.B.11.title: 'nb' is a required property",
    ),
    "no definition": (lambda meta: meta.pop("note"), "config.meta needs heading, note and figures"),
    "no figure": (lambda meta: meta.pop("figures"), "config.meta needs heading, note and figures"),
    "a block that is on no page": (
        lambda meta: meta.update(block="beyond_all"),
        "there is no block beyond_all",
    ),
    "names that there are not": (
        lambda meta: meta["series"].update(names="levels"),
        "there is no list levels in the texts of the report",
    ),
    "a code without a name": (
        lambda meta: meta["series"].update(codes=["1", "5"]),
        "the code 5 of first_centrality_level has no name",
    ),
    "a text that there is not": (
        lambda meta: meta["y"].update(title="axes.per_1000"),
        "there is no text axes.per_1000 in the texts of the report",
    ),
    "a title about something that is not said": (
        lambda meta: meta["figures"]["B.11"]["title"].update(en="{background}"),
        "the title of B.11 holds {background}, which is not in its about",
    ),
    "a number without quotes": (
        lambda meta: meta["figures"].update({4.1: {}}),
        "the number 4.1 must be written in quotes",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_an_entry_that_does_not_fit_is_refused_in_one_sentence(fault: str, project: Path) -> None:
    edit, message = WRONG[fault]
    change(project, NAME, edit)
    with pytest.raises(UtvandringError) as refused:
        read(project)
    assert str(refused.value).startswith(f"analysis/figures/{NAME}.yml: ")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_no_entry_at_all_is_refused(project: Path) -> None:
    for content in ("[", "version: 2", "analyses: []", "analyses: [{name: a}]"):
        (project / f"analysis/figures/{NAME}.yml").write_text(content, encoding="utf-8")
        with pytest.raises(UtvandringError, match="must describe one query under analyses"):
            read(project)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("        emigration_rate,", "        1 as rate,", "gives the columns figure, .*, rate, but"),
        ("from final", "exclude (emigration_rate) from final", "gives the columns .*, outcome_year, but"),
        (
            "        region_code as",
            "        region as",
            r'cannot be run on this database \(Binder Error: .*"region"',
        ),
        (
            "release.emigration_by_region",
            "release.regions",
            r"cannot be run on this database \(Catalog Error",
        ),
        ("final as (", "final as", r"cannot be run on this database \(Parser Error"),
        (
            "release.emigration_by_region",
            "marts.emigration_by_region",
            "reads marts.emigration_by_region: the",
        ),
        ("from emigration_by_region", "from emigration_by_region, persons", "reads persons: the report may"),
    ],
)
def test_a_query_that_does_not_give_its_columns_is_told_in_one_sentence(
    old: str, new: str, message: str, project: Path, empty: Released
) -> None:
    path = project / f"analysis/figures/{NAME}.sql"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UtvandringError, match=rf"^analysis/figures/{NAME}\.sql {message}") as refused:
        empty.run(read(project).queries[NAME])
    assert "\n" not in str(refused.value)


# --- a new figure -------------------------------------------------------------------------------------------

SQL = """\
-- Figure B.99: net migration of each county.
-- depends_on: {{ ref('release_emigration_by_region') }}
--
-- Grain: figure, county_code, direction.
select
    'B.99' as figure,
    county_code,
    direction,
    net_n,
from (values ('03', 'in', 40), ('03', 'out', null), ('01', 'in', 7)) as net (county_code, direction, net_n)
"""
ENTRY = """\
version: 2
analyses:
  - name: figure_b_99_net_migration
    description: Net migration of each county.
    config:
      meta:
        grain: [figure, county_code, direction]
        heading: {en: "Figure B.99: net migration", nb: "Figur B.99: netto innvandring"}
        note: {en: Moves in less moves out., nb: Flyttinger inn minus flyttinger ut.}
        block: beyond_regions
        chart: dots
        place: {column: county_code, names: counties}
        series:
          column: direction
          names:
            out: {en: Out, nb: Ut}
            in: {en: In, nb: Inn, colour: red}
        y: {column: net_n, title: {en: Persons, nb: Personer}, digits: 0}
        figures:
          B.99: {title: {en: Net migration by county, nb: Netto innvandring etter fylke}}
    columns:
      - {name: figure, description: Number of the figure.}
      - {name: county_code, description: County.}
      - {name: direction, description: In or out.}
      - {name: net_n, description: Persons.}
"""


def test_a_figure_is_one_query_and_one_entry(project: Path) -> None:
    for suffix, content in (("sql", SQL), ("yml", ENTRY)):
        (project / f"analysis/figures/figure_b_99_net_migration.{suffix}").write_text(
            content, encoding="utf-8"
        )
    (entry,) = [entry for entry in read(project).figures if entry.number == "B.99"]
    rows = Released(duckdb.connect()).run(entry.query)
    data = FigureData({"B.99": rows}, [], {"01": "Østfold", "03": "Oslo"})

    made = make_figure(entry, data, texts("nb"))

    assert (made.heading, made.title) == ("Figur B.99", "Netto innvandring etter fylke")
    assert made.table is not None
    assert [column.label for column in made.table.columns] == ["Fylke", "Ut", "Inn"]
    assert [[cell.text for cell in line.cells] for line in made.table.lines] == [
        ["Østfold", "..", "7"],
        ["Oslo", ":", "40"],
    ]
    assert made.notes == ["1 av 3 verdier vises ikke av hensyn til konfidensialitet (:)."]
    assert made.spec["encoding"]["color"]["scale"] == {
        "domain": ["Ut", "Inn"],
        "range": [charts.PALETTE[0], charts.RED],
    }
    assert "Høyest: Oslo, Inn, 40,0." in made.alt


def test_a_rate_of_few_residents_and_a_withheld_one_are_marks_and_not_points() -> None:
    (entry,) = [entry for entry in catalogue.figures() if entry.number == "4.9"]
    row = {
        "figure": "4.9",
        "immigration_background": "work",
        "outcome": "emigration",
        "labour_status": "unemployed",
    }
    rows = [
        row | {"outcome_year": year, "residents_n": n, "movers_n": 10, "rate_percent": 1000 / n}
        for year, n in ((2012, 60), (2013, 15))
    ]
    rows.append(row | {"outcome_year": 2011, "residents_n": 300, "movers_n": None, "rate_percent": None})
    made = make_figure(entry, FigureData({"4.9": rows}, [], {}), texts("en"))

    assert [point.get("small", False) for point in made.rows] == [False, True, False]
    spec = charts.complete(made.spec, made.rows, title=["4.9"], subtitle=[])
    version = ".".join(alt.VEGALITE_VERSION.split(".")[:2])
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=version)
    # The axis ends at a tick above the value.
    assert ">20</text>" in drawn
    points = drawn[drawn.index('class="mark-symbol role-mark') :]
    assert points[: points.index("</g>")].count("<path") == 1
    assert [drawn.count(f">{mark}</text>") for mark in (":", "·")] == [1, 1]
    assert made.table is not None
    assert [line.cells[4].text for line in made.table.lines] == [":", "16.67", "66.67"]
    assert made.notes[1:] == ["Rates of fewer than 50 residents are in the table only (·): 1."]


def test_a_series_without_a_name_is_told_in_one_sentence(project: Path) -> None:
    for suffix, content in (("sql", SQL.replace("'out'", "'through'")), ("yml", ENTRY)):
        (project / f"analysis/figures/figure_b_99_net_migration.{suffix}").write_text(
            content, encoding="utf-8"
        )
    (entry,) = [entry for entry in read(project).figures if entry.number == "B.99"]
    data = FigureData({"B.99": Released(duckdb.connect()).run(entry.query)}, [], {"03": "Oslo"})
    with pytest.raises(UtvandringError, match=r"gives the direction through in figure B\.99, for which"):
        make_figure(entry, data, texts("en"))


def test_a_line_without_a_place_on_its_axis_is_told_in_one_sentence() -> None:
    (entry,) = [entry for entry in catalogue.figures() if entry.number == "B.11"]
    row = {"figure": "B.11", "first_centrality_level": "1", "outcome_year": None, "emigration_rate": 1.0}
    with pytest.raises(UtvandringError, match=r"gives rows of figure B\.11 without outcome_year: drop them"):
        make_figure(entry, FigureData({"B.11": [row]}, [], {}), texts("en"))
