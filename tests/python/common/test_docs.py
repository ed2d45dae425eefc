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


def test_every_link_of_the_documentation_leads_to_a_file_and_its_heading() -> None:
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "benchmarks").glob("*.md")]
    assert len(pages) > 15
    for page in pages:
        for link, heading in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                target = page.parent / link if link else page
                assert target.exists(), f"{page.name}: {link}"
                assert not heading or heading in headings(target), f"{page.name}: {link}#{heading}"


def headings(page: Path) -> set[str]:
    """Return the names by which links reach the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = [
        re.sub(r"\[(.*?)\]\(.*?\)", r"\1", title) for title in re.findall(r"^#+ (.*)", text, re.MULTILINE)
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_macro_is_described_and_every_description_is_of_a_macro() -> None:
    described = yaml.safe_load((PROJECT / "macros/macros.yml").read_text(encoding="utf-8"))["macros"]
    defined = []
    for folder in ("macros", "tests/generic"):
        for path in (PROJECT / folder).rglob("*.sql"):
            found = re.findall(r"\{%-? (macro |test )(\w+)\(", path.read_text(encoding="utf-8"))
            defined += ["test_" * (kind == "test ") + name for kind, name in found]
    assert sorted(macro["name"] for macro in described) == sorted(defined)


def test_the_rooms_are_those_that_readme_and_contributing_name() -> None:
    rooms = {path.parent.name for path in (PROJECT / "python/utvandring").glob("*/__init__.py")}
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    named = re.search(r"^python/utvandring/ +a room each: (.*)", readme, re.MULTILINE)
    assert named is not None
    assert set(named[1].split(", ")) == rooms - {"common"}
    contributing = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.search(r"the room of its subject in `python/utvandring/`: (.*?) \|", contributing)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named[1])) == rooms


def test_make_the_readme_and_the_hook_lint_the_same_sql() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    made = re.search(r"sqlfluff lint --processes 2 (.*)", makefile)
    assert made is not None
    readme = re.findall(r"sqlfluff lint (.*)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert readme == [made[1]]
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0][
        "hooks"
    ]
    hooked = re.compile(next(hook["files"] for hook in hooks if hook["id"] == "sqlfluff"))
    linted = {
        path for place in made[1].split() for path in [PROJECT / place, *(PROJECT / place).rglob("*.sql")]
    }
    for path in PROJECT.rglob("*.sql"):
        name = path.relative_to(PROJECT).as_posix()
        if name.startswith(("models/", "analysis/", "macros/", "tests/")):
            assert bool(hooked.search(name)) == (path in linted), name


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
    releases = re.findall(r"^## (\S+)", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["version"] == version == releases[0] == citation["version"]
