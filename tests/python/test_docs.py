"""The documentation: what it names exists, links lead somewhere, exposures name every released table."""

import re
from pathlib import Path

import duckdb
import yaml
from deliveries import PROJECT

from utvandring.project import DataRoot


def test_the_diagram_names_tables_and_columns_that_exist(built_warehouse: Path) -> None:
    diagram = (PROJECT / "docs/diagram.md").read_text(encoding="utf-8")
    with duckdb.connect(str(DataRoot(built_warehouse).publication), read_only=True) as connection:
        columns = set(
            connection.execute(
                "select schema_name || '_' || table_name, column_name, lower(data_type) from duckdb_columns()"
            ).fetchall()
        )
    drawn = re.findall(r"^    (\w+) \{\n(.*?)^    \}", diagram, re.MULTILINE | re.DOTALL)
    assert len(drawn) >= 9
    for table, body in drawn:
        for line in body.strip().splitlines():
            kind, column = line.split()[:2]
            assert (table, column, kind) in columns
    for one, other in re.findall(r"^    (\w+) \S+--\S+ (\w+) :", diagram, re.MULTILINE):
        assert {one, other} <= {table for table, _ in drawn}


def test_every_released_table_is_an_exposure_of_report_and_export() -> None:
    released = {f"ref('{path.stem}')" for path in (PROJECT / "models/release").glob("*.sql")}
    exposures = yaml.safe_load((PROJECT / "models/exposures.yml").read_text(encoding="utf-8"))["exposures"]
    assert {exposure["name"] for exposure in exposures} == {"released_tables", "report"}
    for exposure in exposures:
        assert set(exposure["depends_on"]) == released


def test_every_word_of_the_glossary_has_a_place_that_exists() -> None:
    glossary = (PROJECT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in glossary.splitlines() if line.startswith("| **")]
    assert len(rows) > 40
    macros = yaml.safe_load((PROJECT / "macros/macros.yml").read_text(encoding="utf-8"))["macros"]
    known = {macro["name"] for macro in macros}
    known |= {path.stem for folder in ("models", "seeds") for path in (PROJECT / folder).rglob("*.*")}
    for word, _, where in rows:
        places = re.findall(r"`([^`]+)`", where)
        assert places, word
        for place in places:
            module = PROJECT / "python" / place.replace(".", "/")
            assert (
                place.rpartition(".")[2] in known
                or (PROJECT / place).exists()
                or module.is_dir()
                or module.with_suffix(".py").is_file()
            ), f"{word}: {place}"


def test_every_link_of_the_documentation_leads_to_a_file() -> None:
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "benchmarks").glob("*.md")]
    assert len(pages) > 15
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
