"""Reading the published warehouse: ten questions, Norwegian names, descriptions."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from deliveries import PROJECT

from utvandring.builds.publication import PUBLISHED_SCHEMAS, VIEW_SCHEMA
from utvandring.common.project import DataRoot

QUESTIONS = sorted((PROJECT / "analysis/questions").glob("*.sql"))


@pytest.fixture(scope="module")
def publication(built_warehouse: Path) -> Path:
    return DataRoot(built_warehouse).publication


def test_there_are_ten_questions_and_each_is_documented() -> None:
    documented = (PROJECT / "docs/sql-clients.md").read_text(encoding="utf-8")

    assert len(QUESTIONS) == 10
    for question in QUESTIONS:
        assert question.name in documented
        assert question.read_text(encoding="utf-8").startswith("-- ")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_is_answered_from_another_process(question: Path, publication: Path) -> None:
    code = (
        "import duckdb, sys\n"
        "rows = duckdb.connect(sys.argv[1], read_only=True).execute(open(sys.argv[2]).read()).fetchall()\n"
        "print(len(rows))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(publication), str(question)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 0


def test_norwegian_views_show_the_tables_they_name(publication: Path) -> None:
    pairs = {
        "personår": "marts.person_year",
        "familieår": "marts.family_year",
        "flytterater": "marts.mobility_rate",
        "frigitte_flytterater": "release.mobility_rate",
        "flyttestrømmer": "marts.migration_flow",
        "flyttebalanse": "marts.migration_balance",
        "flytterprofil": "marts.mover_profile",
        "utvandring_etter_alder": "marts.child_emigration",
        "utvandring_etter_landbakgrunn": "marts.emigration_by_origin",
        "sammensetning_eller_atferd": "estimates.rate_decomposition_fit",
    }
    with duckdb.connect(str(publication), read_only=True) as connection:
        views = connection.execute(
            "select view_name, comment from duckdb_views() where schema_name = 'norsk'"
        ).fetchall()
        assert {name for name, comment in views if comment} == set(pairs)
        for view, table in pairs.items():
            assert connection.execute(f"from norsk.{view} limit 100").fetchall() == (
                connection.execute(f"from {table} limit 100").fetchall()
            )


@pytest.mark.parametrize("schema", [*PUBLISHED_SCHEMAS, VIEW_SCHEMA])
def test_every_column_a_client_shows_is_described(schema: str, publication: Path) -> None:
    with duckdb.connect(str(publication), read_only=True) as connection:
        assert (
            connection.execute(
                "select table_name || '.' || column_name from duckdb_columns() "
                "where schema_name = $schema and comment is null",
                {"schema": schema},
            ).fetchall()
            == []
        )
