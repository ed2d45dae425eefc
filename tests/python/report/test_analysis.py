"""The queries that the report runs: which figures they answer, and that they answer them from any client."""

import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt_server import DbtServer

PROJECT = Path(__file__).resolve().parents[3]
FOLDERS = ("figures", "tables", "pages")

Row = dict[str, Any]

FIGURES = [f"4.{n}" for n in range(1, 33)] + [f"5.{n}" for n in range(1, 22)]
BACKGROUNDS = ["work", "refuge", "family", "education", "nordic", "unknown"]
COUNTIES = [f"{n:02d}" for n in range(1, 21) if n != 13]
PERIODS = {"2004-2008": range(2004, 2009), "2009-2013": range(2009, 2014)}


@dataclass(frozen=True)
class Analysis:
    name: str
    folder: str
    text: str
    numbers: list[str]
    grain: list[str]
    columns: list[str]


def analyses() -> list[Analysis]:
    found = []
    for folder in FOLDERS:
        for path in sorted((PROJECT / "analysis" / folder).glob("*.yml")):
            (entry,) = yaml.safe_load(path.read_text(encoding="utf-8"))["analyses"]
            meta = entry["config"]["meta"]
            found.append(
                Analysis(
                    name=path.stem,
                    folder=folder,
                    text=path.with_suffix(".sql").read_text(encoding="utf-8"),
                    numbers=list(meta.get(folder, {})),
                    grain=meta["grain"],
                    columns=[column["name"] for column in entry["columns"]],
                )
            )
    return found


ANALYSES = analyses()
BY_NAME = {analysis.name.split("_mobility")[0]: analysis for analysis in ANALYSES}
each_analysis = pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)

# What can be asked of the full marts in the same words: those that read nothing but rates.
OF_RATES = [
    a
    for a in ANALYSES
    if a.folder != "pages" and set(re.findall(r"from (release\.\w+)", a.text)) == {"release.mobility_rate"}
]
each_of_rates = pytest.mark.parametrize("analysis", OF_RATES, ids=lambda analysis: analysis.name)


def rows_of(connection: duckdb.DuckDBPyConnection, text: str) -> list[Row]:
    result = connection.execute(text)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def number_column(analysis: Analysis) -> str:
    return "figure" if analysis.folder == "figures" else "table_id"


# --- what the files say -------------------------------------------------------------------------------------


def test_every_figure_of_the_report_belongs_to_a_query() -> None:
    figures = [number for a in ANALYSES if a.folder == "figures" for number in a.numbers]
    assert Counter(number for number in figures if number[0] not in "BM") == Counter(FIGURES)


@pytest.mark.parametrize("analysis", [a for a in ANALYSES if a.folder == "figures"], ids=lambda a: a.name)
def test_the_file_name_gives_the_numbers(analysis: Analysis) -> None:
    match = re.match(r"figures?_([a-z0-9])_(\d+)(?:_(?:to|and)_([a-z0-9])_(\d+))?_", analysis.name)
    assert match is not None
    chapter, first, _, last = match.groups()
    numbers = range(int(first), int(last or first) + 1)
    assert [f"{chapter.upper()}.{number}" for number in numbers] == analysis.numbers
    assert analysis.name.startswith("figures_" if len(numbers) > 1 else "figure_")


@each_analysis
def test_the_header_names_the_grain(analysis: Analysis) -> None:
    header = analysis.text.split("\nwith\n")[0]
    assert all(line.startswith("--") for line in header.splitlines())
    assert f"-- Grain: {', '.join(analysis.grain)}." in header


# --- dbt ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, forked_dbt: DbtServer) -> Path:
    """Compile the queries into a folder of their own and return it; needs no warehouse with content."""
    folder = tmp_path_factory.mktemp("compiled")
    forked_dbt.run(folder, "compile", "--select", "resource_type:analysis")
    return folder / "target"


def compiled_file(compiled: Path, analysis: Analysis) -> Path:
    return compiled / "compiled" / "utvandring" / "analysis" / analysis.folder / f"{analysis.name}.sql"


@each_analysis
def test_dbt_compiles_the_query_and_changes_only_its_lineage(analysis: Analysis, compiled: Path) -> None:
    written = compiled_file(compiled, analysis).read_text("utf-8")
    before, after = analysis.text.rstrip().splitlines(), written.rstrip().splitlines()
    changed = [old for old, new in zip(before, after, strict=True) if old != new]
    assert changed
    assert all(line.startswith("-- depends_on: {{ ref(") for line in changed)


@each_analysis
def test_dbt_knows_every_table_that_the_query_reads(analysis: Analysis, compiled: Path) -> None:
    manifest = json.loads((compiled / "manifest.json").read_text(encoding="utf-8"))
    node = manifest["nodes"][f"analysis.utvandring.{analysis.name}"]
    parents = [manifest["nodes"][key] for key in node["depends_on"]["nodes"]]
    declared = {f"{parent['schema']}.{parent['alias']}" for parent in parents}
    read = re.findall(r"\bfrom ((?:release|published_report|code_lists)\.\w+)", analysis.text)
    assert declared == set(read)


# --- a mart with every cell ---------------------------------------------------------------------------------


def dimension_categories() -> list[tuple[str, str]]:
    types = ["all", "immigrants_only", "mixed"]
    kinds = ["mixed_immigrant_majority", "mixed_equal", "mixed_immigrant_minority"]
    labour = ["employed", "employed_in_education", "in_education", "unemployed", "outside_labour_force"]
    education = ["compulsory", "upper_secondary", "tertiary_short", "tertiary_long", "unknown"]
    return [
        ("none", "all"),
        ("sex", "female"),
        ("family_size", "2"),
        ("family_type", "mixed_equal"),
        *(("labour_status", category) for category in labour),
        *(("education_group", category) for category in education),
        *(("family_size_type", f"1|{kind}") for kind in types[:2]),
        *(("family_size_type", f"{size}|{kind}") for size in ("2", "3+") for kind in [*types, *kinds]),
    ]


def cell(**known: Any) -> Row:
    return {
        "outcome_year": 2013,
        "region_level": "country",
        "region_code": "0",
        "immigration_background": "work",
        "population": "all",
        "dimension": "none",
        "category": "all",
        "outcome_is_provisional": False,
        "residents_n": 100,
        "emigrants_n": 0,
        "internal_outmigrants_centrality_n": 0,
        "internal_outmigrants_county_n": 0,
    } | known


def every_cell() -> list[Row]:
    """Return one cell of every kind for the years 2003-2014, each with its own number of residents."""
    regions = [
        ("country", "0"),
        *(("centrality", str(level)) for level in range(1, 5)),
        *(("county", code) for code in COUNTIES),
    ]
    cells = []
    kinds = itertools.product(
        range(2003, 2015),
        regions,
        [*BACKGROUNDS, "all"],
        ("all", "age_15_74", "age_20_35"),
        dimension_categories(),
    )
    for n, (year, (level, code), background, population, (dimension, category)) in enumerate(kinds):
        if level != "country" and dimension != "none":
            continue
        cells.append(
            cell(
                outcome_year=year,
                region_level=level,
                region_code=code,
                immigration_background=background,
                population=population,
                dimension=dimension,
                category=category,
                residents_n=1000 + n,
                emigrants_n=n % 97,
                internal_outmigrants_centrality_n=n % 89,
                internal_outmigrants_county_n=n % 83,
            )
        )
    return cells


def hand_made(cells: list[Row], folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a database with what queries of rates read, `release.mobility_rate` with the given cells."""
    source = folder / "cells.json"
    source.write_text("\n".join(json.dumps(row) for row in cells), encoding="utf-8")
    connection = duckdb.connect()
    connection.execute("create schema release")
    connection.execute("create schema published_report")
    rates = ", ".join(
        f"100.0::double * {count} / residents_n as {rate}"
        for count, rate in {
            "emigrants_n": "emigration_rate",
            "internal_outmigrants_centrality_n": "internal_outmigration_centrality_rate",
            "internal_outmigrants_county_n": "internal_outmigration_county_rate",
        }.items()
    )
    columns = ", ".join(
        f"{name}: '{'boolean' if type(value) is bool else 'integer' if type(value) is int else 'varchar'}'"
        for name, value in cell().items()
    )
    connection.execute(
        f"create table release.mobility_rate as select *, {rates}"
        f" from read_json('{source}', columns = {{{columns}}})"
    )
    connection.execute(
        "create table published_report.published_rates as"
        " select * replace (rate_percent::double as rate_percent)"
        f" from read_csv('{PROJECT / 'seeds/published/published_rates.csv'}', all_varchar = true)"
    )
    return connection


@pytest.fixture(scope="module")
def full_mart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with hand_made(every_cell(), tmp_path_factory.mktemp("full_mart")) as connection:
        yield connection


ROWS_OF_A_FULL_MART = {
    "figures_4_01_to_4_08": (2 * 6 + 6 * 2) * 10,
    "figures_4_09_to_4_20": 12 * 5 * 10,
    "figures_4_21_to_4_32": 12 * 5 * 10,
    "figures_5_01_to_5_12": 12 * 4 * 10,
    "tables_4_1_to_4_3": 252,
}


@pytest.mark.parametrize("name", ROWS_OF_A_FULL_MART)
def test_a_full_mart_gives_every_row_of_every_figure_once(
    name: str, full_mart: duckdb.DuckDBPyConnection
) -> None:
    analysis = BY_NAME[name]
    rows = rows_of(full_mart, analysis.text)
    assert len(rows) == ROWS_OF_A_FULL_MART[name]
    assert len({tuple(row[column] for column in analysis.grain) for row in rows}) == len(rows)
    # the figures come in the order of their numbers
    assert list(dict.fromkeys(row[number_column(analysis)] for row in rows)) == analysis.numbers


def test_each_figure_has_one_background_and_one_rate_or_says_so(full_mart: duckdb.DuckDBPyConnection) -> None:
    seen: dict[str, set[tuple[str, str]]] = {}
    for analysis in OF_RATES:
        if analysis.folder == "figures":
            for row in rows_of(full_mart, analysis.text):
                seen.setdefault(row["figure"], set()).add((row["immigration_background"], row["outcome"]))
    rates = ("emigration", "internal_outmigration")
    assert seen["4.1"] == {(background, "emigration") for background in BACKGROUNDS}
    assert seen["4.2"] == {(background, "internal_outmigration") for background in BACKGROUNDS}
    for n, background in enumerate(BACKGROUNDS):
        assert seen[f"4.{3 + n}"] == {(background, rate) for rate in rates}
        for first in ("4.9", "4.21", "5.1"):
            chapter, number = first.split(".")
            for shift, rate in enumerate(rates):
                assert seen[f"{chapter}.{int(number) + 2 * n + shift}"] == {(background, rate)}


def test_tables_leave_a_person_alone_in_a_mixed_family_empty_and_nothing_else(
    full_mart: duckdb.DuckDBPyConnection,
) -> None:
    for row in rows_of(full_mart, BY_NAME["tables_4_1_to_4_3"].text):
        alone = (row["family_size"], row["family_type"]) == ("1", "mixed")
        assert (row["rate_percent"] is None) == alone
        assert (row["published_rate_percent"] is None) == alone
        if not alone:
            difference = row["rate_percent"] - row["published_rate_percent"]
            assert row["difference_points"] == pytest.approx(difference)


@each_of_rates
def test_provisional_years_are_left_out(analysis: Analysis, tmp_path: Path) -> None:
    cells = [row | {"outcome_is_provisional": row["outcome_year"] == 2013} for row in every_cell()]
    with hand_made(cells, tmp_path) as connection:
        rows = rows_of(connection, analysis.text)
    if analysis.folder == "tables":
        assert {row["rate_percent"] for row in rows} == {None}
    else:
        assert {row["outcome_year"] for row in rows} == set(range(2004, 2013))


# --- a built warehouse --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["warehouse.duckdb", "published/utvandring.duckdb"])
def reader(request: pytest.FixtureRequest, built_warehouse: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database of the built data root as a reader would."""
    root = Path(getattr(built_warehouse, "path", built_warehouse))
    with duckdb.connect(str(root / request.param), read_only=True) as connection:
        yield connection


@each_analysis
def test_the_file_runs_as_it_is_in_both_databases(
    analysis: Analysis, reader: duckdb.DuckDBPyConnection
) -> None:
    rows = rows_of(reader, analysis.text)
    assert rows
    assert list(rows[0]) == analysis.columns
    assert len({tuple(row[column] for column in analysis.grain) for row in rows}) == len(rows)
    if analysis.numbers:
        assert {row[number_column(analysis)] for row in rows} <= set(analysis.numbers)
    assert rows_of(reader, analysis.text) == rows


@each_analysis
def test_the_compiled_query_gives_the_same_rows(
    analysis: Analysis, compiled: Path, reader: duckdb.DuckDBPyConnection
) -> None:
    written = compiled_file(compiled, analysis).read_text("utf-8")
    assert rows_of(reader, written) == rows_of(reader, analysis.text)


def counted(
    connection: duckdb.DuckDBPyConnection, outcome: str, region: str, conditions: Row
) -> tuple[int, int]:
    """Count, among the immigrants of `marts.person_year`, all and those with the outcome."""
    column = f"outcome_{region}"
    where = " and ".join(f"({condition})" for condition in conditions) or "true"
    row = connection.execute(
        f"select count(*), count(*) filter (where {column} = ?) from marts.person_year"
        f" where is_immigrant and {column} is not null and not outcome_is_provisional and {where}",
        [outcome, *itertools.chain.from_iterable(conditions.values())],
    ).fetchone()
    assert row is not None
    return row[0], row[1]


MEMBER = {
    "all": {},
    "1": {"family_size = 1": []},
    "2": {"family_size = 2": []},
    "3+": {"family_size >= 3": []},
    "mixed": {"family_type like 'mixed%'": []},
}
WORKING_AGE = {"age between 15 and 74": []}


def conditions_of(row: Row) -> tuple[str, Row]:
    """Return the region level of the move and the conditions under which a person-year belongs to the row."""
    conditions: Row = {"immigration_background = ?": [row["immigration_background"]]}
    if "table_id" in row:
        conditions |= {"outcome_year = 2013": [], "family_size is not null": []}
        conditions |= MEMBER[row["family_size"]]
        conditions |= MEMBER.get(row["family_type"], {"family_type = ?": [row["family_type"]]})
        if row["table_id"] == "4.2":
            conditions |= {"age between 20 and 35": []}
        return "county", conditions
    conditions |= {"outcome_year = ?": [row["outcome_year"]]}
    for characteristic in ("labour_status", "education_group"):
        if characteristic in row:
            return "county", conditions | WORKING_AGE | {f"{characteristic} = ?": [row[characteristic]]}
    if "centrality_level" in row:
        conditions |= {"centrality_level = ?": [row["centrality_level"]]}
    return "centrality", conditions


@each_of_rates
def test_rows_of_the_full_marts_drawn_at_random_agree_with_the_persons(
    analysis: Analysis, reader: duckdb.DuckDBPyConnection
) -> None:
    rows = rows_of(reader, analysis.text.replace("from release.", "from marts."))
    drawn = random.Random(analysis.name).sample(rows, k=min(12, len(rows)))
    for row in drawn:
        region, conditions = conditions_of(row)
        residents, movers = counted(reader, row["outcome"], region, conditions)
        assert (row["residents_n"] or 0, row["movers_n"] or 0) == (residents, movers)
        assert row["rate_percent"] == (pytest.approx(100 * movers / residents) if residents else None)


@pytest.mark.parametrize("name", ["figure_5_13_composition_by_county", "figures_5_14_to_5_19"])
def test_means_by_county_weigh_every_released_year_the_same_and_need_them_all(
    name: str, reader: duckdb.DuckDBPyConnection
) -> None:
    released = {
        (row["region_code"], row["immigration_background"], row["outcome_year"]): row
        for row in rows_of(
            reader,
            "from release.mobility_rate where not outcome_is_provisional"
            " and region_level in ('county', 'country') and (population, dimension) = ('all', 'none')",
        )
    }
    rates = {"emigration": "emigration_rate", "internal_outmigration": "internal_outmigration_county_rate"}
    rows = rows_of(reader, BY_NAME[name].text)
    known = 0
    for row in rows:
        values: list[float | None] = []
        for year in PERIODS[row["period"]]:
            here = released.get((row["county_code"], row["immigration_background"], year))
            if here is None:
                continue
            if "outcome" in row:
                values.append(here[rates[row["outcome"]]])
            else:
                of, everyone = here["residents_n"], released[row["county_code"], "all", year]["residents_n"]
                values.append(None if of is None or everyone is None else 100 * of / everyone)
        shown = [value for value in values if value is not None]
        mean = sum(shown) / len(shown) if len(shown) == len(values) else None
        assert row["years_n"] == len(values)
        assert row.get("mean_rate_percent", row.get("mean_share_percent")) == pytest.approx(mean)
        known += mean is not None
    assert 0 < known < len(rows)
    assert {row["county_code"] for row in rows} == {"0", *COUNTIES}
