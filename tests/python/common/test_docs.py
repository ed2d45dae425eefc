"""The documentation: what it names exists, links lead somewhere."""

import json
import re
import tomllib
from pathlib import Path

import duckdb
import yaml
from dbt_server import DbtServer
from deliveries import PROJECT

from utvandring.common.project import DataRoot


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


def test_every_node_has_a_description_and_only_estimates_may_refer_to_fits(
    tmp_path: Path, forked_dbt: DbtServer
) -> None:
    keys = ("name", "description", "original_file_path", "access", "group")
    kinds = [f"--resource-type={kind}" for kind in ("model", "seed", "source", "analysis")]
    said = forked_dbt.run(tmp_path, "--quiet", "ls", *kinds, "--output", "json", "--output-keys", *keys)
    nodes = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {node["original_file_path"].partition("/")[0] for node in nodes} == {"models", "seeds", "analysis"}

    assert [node["name"] for node in nodes if not node["description"].strip()] == []
    fits = [node for node in nodes if node["original_file_path"].startswith("models/estimates/fits/")]
    assert [node for node in nodes if node.get("access") == "private"] == fits
    assert {node["group"] for node in fits} == {"estimates"}


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


def test_workflows_run_the_commands_of_the_readme_and_nothing_else() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    github = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    steps = [step for job in github["jobs"].values() for step in job["steps"]]
    gitlab = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    jobs = [job for job in gitlab.values() if isinstance(job, dict)]
    on_github = [step["run"] for step in steps if "run" in step]
    for commands in (on_github, [command for job in jobs for command in job["script"]]):
        assert set(commands) == {"make build", "make test", "make test-all"}
        assert all(re.search(rf"\b{command}\b", readme) for command in commands)
    assert all(re.search(r"@v\d+$", step["uses"]) for step in steps if "uses" in step)


def test_the_version_is_the_same_wherever_it_stands() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    headings = re.findall(r"^## (\S+)", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert project["version"] == version == headings[0]
