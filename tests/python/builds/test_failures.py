"""What failed in a build, in words: the node, its file, and the line of the model where it can be found."""

import json
from pathlib import Path

import pytest

from utvandring.builds.failures import Failures

MODEL = "models/labour/int_labour__status.sql"
TESTS = "models/labour/labour.yml"
FRAME = """Runtime Error in unit_test the_order (models/labour/labour.yml)
  An error occurred during execution of unit test 'the_order'. There may be an error in it.
   Runtime Error
    """


@pytest.fixture
def failures(tmp_path: Path) -> Failures:
    """Give the failures of a project with one model of four lines."""
    model = tmp_path / MODEL
    model.parent.mkdir(parents=True)
    model.write_text("select\n    job.is_emplyed,\n    person_id,\nfrom job, person_id\n", encoding="utf-8")
    nodes = {"model.utvandring.int_labour__status": MODEL, "test.utvandring.unique_job.0f3a": TESTS}
    unit_tests = {"unit_test.utvandring.int_labour__status.the_order": TESTS}
    kinds = {
        kind: {key: {"unique_id": key, "original_file_path": file} for key, file in files.items()}
        for kind, files in (("nodes", nodes), ("unit_tests", unit_tests))
    }
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(kinds), encoding="utf-8")
    return Failures(tmp_path, manifest)


def described(failures: Failures, unique_id: str, message: str | None) -> str:
    return failures.describe({"unique_id": unique_id, "message": message, "status": "error"})


def test_a_unit_test_is_named_with_its_model_and_shows_the_rows_that_differ(failures: Failures) -> None:
    message = "\n\nactual differs from expected:\n\n@@ ,person_id,status\r\n→  ,a        ,work→study\r\n\n"
    assert described(failures, "unit_test.utvandring.int_labour__status.the_order", message) == (
        "unit_test the_order of model int_labour__status (models/labour/labour.yml): "
        "the rows differ from the expected ones:\n"
        "    @@ ,person_id,status\n"
        "    →  ,a        ,work→study"
    )


def test_many_rows_that_differ_are_counted(failures: Failures) -> None:
    message = "actual differs from expected:\n" + "row\n" * 23
    said = described(failures, "unit_test.utvandring.int_labour__status.the_order", message)
    assert said.count("\n    row") == 20
    assert said.endswith("\n    and 3 more")


@pytest.mark.parametrize(
    ("unique_id", "node", "frame"),
    [
        (
            "unit_test.utvandring.int_labour__status.the_order",
            "unit_test the_order of model int_labour__status (models/labour/labour.yml)",
            FRAME,
        ),
        (
            "model.utvandring.int_labour__status",
            "model int_labour__status (models/labour/int_labour__status.sql)",
            "Runtime Error in model int_labour__status (models/labour/int_labour__status.sql)\n  ",
        ),
    ],
)
def test_a_mistake_in_a_model_is_looked_for_in_the_model_and_not_in_what_dbt_made_of_it(
    unique_id: str, node: str, frame: str, failures: Failures
) -> None:
    reason = 'Binder Error: Values list "job" does not have a column named "is_emplyed"'
    message = f"{frame}{reason}\n\n    LINE 172: ....coalesce(unemployment\n             ^^^^"
    assert described(failures, unique_id, message) == (
        f"{node}: {reason} (models/labour/int_labour__status.sql, line 2)"
    )


def test_a_name_on_several_lines_gives_them_all(failures: Failures) -> None:
    message = 'Binder Error: Referenced column "person_id" was not found'
    said = described(failures, "model.utvandring.int_labour__status", message)
    assert said.endswith(f"{message} ({MODEL}, lines 3, 4)")


@pytest.mark.parametrize(
    ("unique_id", "message", "said"),
    [
        ("test.utvandring.unique_job.0f3a", "Got 2 results", f"test unique_job ({TESTS}): Got 2 results"),
        ("model.utvandring.other", None, "model other: error"),
        (
            "seed.utvandring.sex",
            "Out of Memory Error: x\nPossible solutions: y",
            "seed sex: Out of Memory Error: x",
        ),
        (
            "model.utvandring.other",
            "Python Error: z\nTraceback (most recent call last): y",
            "model other: Python Error: z",
        ),
    ],
)
def test_what_has_no_known_file_or_line_is_named_without(
    unique_id: str, message: str | None, said: str, failures: Failures
) -> None:
    assert described(failures, unique_id, message) == said


def test_without_a_manifest_nodes_are_named_all_the_same(tmp_path: Path) -> None:
    assert described(Failures(tmp_path, tmp_path / "none"), "model.utvandring.x", None) == "model x: error"
