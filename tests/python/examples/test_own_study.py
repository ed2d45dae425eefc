"""The study of one's own in `examples/own_study`: built on a publication, and what it releases."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import Command
from deliveries import PROJECT

STUDY = PROJECT / "examples/own_study"


def test_what_the_study_repeats_of_the_project_is_the_same() -> None:
    program = "int_disclosure__withheld.py"
    here = (STUDY / "models/disclosure" / program).read_bytes()
    assert here == (PROJECT / "models/intermediate/disclosure" / program).read_bytes()
    settings = yaml.safe_load((STUDY / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert len(settings) == 7
    assert settings.items() <= project.items()


@pytest.mark.long
def test_the_study_is_built_and_gives_no_small_count_away(
    built_warehouse: Path, utvandring: Command, tmp_path: Path
) -> None:
    database = build(built_warehouse, tmp_path)

    with duckdb.connect(str(database), read_only=True) as connection:
        exact = dict(
            connection.execute(
                "select (outcome_year, sex, education_group), newcomers_n from marts.newcomer_emigration"
            ).fetchall()
        )
        shown = connection.execute(
            "select outcome_year, sex, education_group, newcomers_n from release.newcomer_emigration"
        ).fetchall()
    withheld = {}
    for year, sex, education, count in shown:
        assert count is None or (count >= 5 and count % 5 == 0)
        if "all" not in (sex, education):
            true = exact.get((year, sex, education), 0)
            assert count is None if true < 5 else count in (None, *range(true - 3, true + 4))
        withheld[year, sex, education] = count is None
    assert any(withheld.values())
    assert not all(withheld.values())
    # One that is missing alone would be the total less the other.
    for (year, sex, education), missing in withheld.items():
        if missing and sex != "all" and not withheld[year, "all", education]:
            assert withheld[year, {"male": "female", "female": "male"}[sex], education]

    out = tmp_path / "newcomers.dta"
    ran = utvandring("extract", "--database", database, "--table", "marts.newcomer", "--out", out)
    assert ran.code == 0, ran.text


@pytest.mark.long
def test_a_released_column_that_is_not_declared_stops_the_study(
    built_warehouse: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "examples/own_study"
    shutil.copytree(STUDY, copied)
    for folder in ("macros", "tests"):
        (tmp_path / folder).symlink_to(PROJECT / folder)
    described = copied / "models/release/release_newcomer_emigration.yml"
    column = "      - {name: extra_n, data_type: bigint, description: Not declared.}\n"
    described.write_text(described.read_text(encoding="utf-8") + column, encoding="utf-8")

    with pytest.raises(subprocess.CalledProcessError) as stopped:
        build(built_warehouse, tmp_path, copied)

    assert "newcomer_emigration.extra_n is not declared" in stopped.value.stdout


def build(root: Path, folder: Path, study: Path = STUDY) -> Path:
    """Build the study beside a publication; return its database."""
    places = {
        "OWN_STUDY_DATA": str(folder),
        "UTVANDRING_PUBLICATION": str(root / "published/utvandring.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    subprocess.run(
        [Path(sys.executable).with_name("dbt"), "build", "--no-use-colors"],
        cwd=study,
        env={**os.environ, **places},
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / "own_study.duckdb"
