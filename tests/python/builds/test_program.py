"""What a warehouse is built by: a change that dbt builds with changes the checksum, another does not."""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest
import yaml
from deliveries import PROJECT

from utvandring.builds.dbt_plugin import Plugin
from utvandring.builds.program import current_program, imported, program_of, versions_of
from utvandring.common.engine import MEMORY, THREADS

BUILT_WITH = [
    "dbt_project.yml",
    "macros/rules/is_back_within.sql",
    "macros/macros.yml",
    "models/marts/person_year/person_year.sql",
    "models/marts/person_year/person_year.yml",
    "models/marts/shared_columns.md",
    "models/estimates/fits/fit_trinomial_logit.py",
    "models/estimates/specifications/report.yml",
    "seeds/code_lists/sex.csv",
    "seeds/shared_columns.md",
    "tests/generic/unique_combination.sql",
    "tests/singular/municipality_codes_agree_with_the_reforms.sql",
    "python/utvandring/release/suppression.py",
    "python/utvandring/regressions/fitting.py",
    "python/utvandring/estimators/inference.py",
    "python/utvandring/estimators/newton.py",
    "python/utvandring/estimators/survival.py",
]
NOT_BUILT_WITH = [
    "README.md",
    "profiles.yml",
    "analysis/questions/01_who_emigrates_most.sql",
    "python/utvandring/cli.py",
    "python/utvandring/deliveries/checks.py",
    "python/utvandring/release/exporting.py",
    "python/utvandring/report/assets/report.css",
    "python/utvandring/report/site.py",
    "python/utvandring/report/texts/en.yml",
    "python/utvandring/simulation/engine.py",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the project, to be changed."""
    copy = tmp_path_factory.mktemp("program") / "project"
    for folder in ("analysis", "macros", "models", "python", "seeds", "tests/generic", "tests/singular"):
        shutil.copytree(PROJECT / folder, copy / folder)
    for name in ("README.md", "dbt_project.yml", "profiles.yml"):
        shutil.copyfile(PROJECT / name, copy / name)
    return copy


def program(project: Path) -> str:
    return program_of(project, project / "python" / "utvandring")


def program_after_change(project: Path, name: str) -> str:
    path = project / name
    before = path.read_bytes()
    try:
        path.write_bytes(before + b"\n")
        return program(project)
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("name", BUILT_WITH)
def test_a_change_of_what_dbt_builds_with_is_another_program(project: Path, name: str) -> None:
    assert program_after_change(project, name) != program(project)


@pytest.mark.parametrize("name", NOT_BUILT_WITH)
def test_a_change_of_anything_else_is_the_same_program(project: Path, name: str) -> None:
    assert program_after_change(project, name) == program(project)


def test_a_copy_of_the_project_is_the_same_program(project: Path) -> None:
    assert program(project) == program_of(PROJECT)


def test_a_model_under_another_name_is_another_program(project: Path) -> None:
    before = program(project)
    path = project / "models/marts/person_year/person_year.sql"
    other = path.rename(path.with_name("renamed.sql"))
    assert program(project) != before
    other.rename(path)
    assert program(project) == before


def test_modules_are_found_however_they_are_imported(tmp_path: Path) -> None:
    package = tmp_path / "utvandring"
    (package / "inner").mkdir(parents=True)
    for name, text in {
        "__init__": "",
        "first": "import utvandring.second\nimport numpy.linalg",
        "second": "def f():\n    from utvandring import third, missing",
        "third": "from utvandring.inner.fourth import number",
        "inner/__init__": "",
        "inner/fourth": "from . import fifth\nfrom ..sixth import name\nnumber = 4",
        "inner/fifth": "",
        "sixth": "",
        "unused": "",
    }.items():
        (package / f"{name}.py").write_text(text)
    model = tmp_path / "model.py"
    model.write_text("def model(dbt, session):\n    from utvandring.first import f\n    return f()")
    found, others = imported([model], package)
    assert {path.relative_to(package).as_posix() for path in found} == {
        "__init__.py",
        "first.py",
        "second.py",
        "third.py",
        "inner/__init__.py",
        "inner/fourth.py",
        "inner/fifth.py",
        "sixth.py",
    }
    assert others == {"numpy"}


def test_what_development_installs_makes_no_other_program() -> None:
    """Otherwise the first `make test` after `make build` would have everything built again."""
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    names = {version.split()[0] for version in versions_of(frozenset({"numpy", "statsmodels", "yaml"}))}
    assert {"dbt-core", "dbt-duckdb", "duckdb", "jinja2", "patsy", "pyyaml"} <= names <= pinned
    assert not names & {"altair", "great-expectations", "typer"}


def test_no_model_imports_in_a_way_that_reading_cannot_see() -> None:
    spec = find_spec("utvandring")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    models = list((PROJECT / "models").rglob("*.py"))
    modules, _ = imported(models, Path(spec.submodule_search_locations[0]))
    for path in (*models, *modules):
        text = path.read_text(encoding="utf-8")
        assert "import_module" not in text, path
        assert "__import__" not in text, path


def test_dbt_is_told_the_program_on_every_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    current_program.cache_clear()
    plugin = Plugin("dbt_plugin", {})
    told = []
    with (
        duckdb.connect(str(tmp_path / "warehouse.duckdb")) as first,
        duckdb.connect(str(tmp_path / "warehouse.duckdb")) as second,
    ):
        for connection in (first, first.cursor(), second):
            plugin.configure_cursor(connection)
            told += connection.execute("select getvariable('utvandring_program')").fetchall()
    assert told == [(program_of(PROJECT),)] * 3
    macro = (PROJECT / "macros/incremental/changes.sql").read_text(encoding="utf-8")
    assert "getvariable('utvandring_program')" in macro


def test_dbt_and_the_commands_give_the_engine_the_same_by_default() -> None:
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    settings = profile["utvandring"]["outputs"]["warehouse"]["config_options"]
    for name, (variable, default) in {"memory_limit": MEMORY, "threads": THREADS}.items():
        assert f"env_var('{variable}', '{default}')" in settings[name]
    assert f"| `{MEMORY[0]}` | memory of the database engine in a build | {MEMORY[1]} |" in (
        PROJECT / "docs/command-line.md"
    ).read_text(encoding="utf-8")
