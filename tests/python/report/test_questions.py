"""The queries of `analysis/beyond_the_report/`: described, run as they are, one row for each key."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[3] / "analysis" / "beyond_the_report"
DECLARED: list[dict[str, Any]] = yaml.safe_load(
    (FOLDER / "_beyond_the_report.yml").read_text(encoding="utf-8")
)["analyses"]


def test_every_question_is_described_and_every_description_has_a_query() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.sql")) == sorted(entry["name"] for entry in DECLARED)


@pytest.mark.parametrize("entry", DECLARED, ids=lambda entry: entry["name"])
def test_a_question_is_answered_as_it_stands_with_the_columns_and_grain_of_its_header(
    entry: dict[str, Any], built_warehouse: Path
) -> None:
    text = (FOLDER / f"{entry['name']}.sql").read_text(encoding="utf-8")
    header = " ".join(line.lstrip("- ") for line in text.splitlines() if line.startswith("--"))
    grain = re.search(r"Grain: ([a-z_, ]+)\.", header)
    columns = re.search(r"Columns: (.*?)\. Read:", header)
    assert grain is not None
    assert columns is not None
    with duckdb.connect(
        str(built_warehouse / "published" / "utvandring.duckdb"), read_only=True
    ) as connection:
        cursor = connection.execute(text)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert names == [name.strip() for name in re.sub(r"\(.*?\)", "", columns.group(1)).split(",")]
    assert grain.group(1).split(", ") == entry["config"]["meta"]["grain"]
    assert rows
    assert max(Counter(tuple(row[name] for name in grain.group(1).split(", ")) for row in rows).values()) == 1


@pytest.mark.parametrize(
    ("outcome", "ends"),
    [
        ("emigration", "stay.exit_type = 'emigration' and stay.exit_date = emigration_date"),
        (
            "death",
            "stay.exit_type = 'death' and stay.exit_date between make_date(outcome_year, 1, 1) "
            "and make_date(outcome_year + 1, 1, 1)",
        ),
        ("unaccounted", "stay.exit_type = 'unaccounted' and year(stay.exit_date) = outcome_year + 1"),
    ],
)
def test_who_is_gone_in_a_person_year_has_a_stay_that_ends_so(
    outcome: str, ends: str, built_warehouse: Path
) -> None:
    query = f"""
        select count(*), count(*) filter (
            not exists (
                from marts.immigration_spell as stay where stay.person_id = person_year.person_id and {ends}
            )
        )
        from marts.person_year where outcome_municipality = '{outcome}'"""
    with duckdb.connect(str(built_warehouse / "warehouse.duckdb"), read_only=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    assert row[0] > 0
    assert row[1] == 0
