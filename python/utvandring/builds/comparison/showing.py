"""The tables of a comparison on the screen, as JSON and as CSV."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import table as rich_table

from utvandring.builds.comparison.comparing import Table
from utvandring.common.console import out, say

_WIDTH = 160
_TITLES = {
    "registers": "Registers: files and rows that differ",
    "person_years": "marts.person_year: person-years that differ",
    "rates": "marts.mobility_rate: emigration per 100 residents, where it moved",
}


def show(tables: Sequence[Table]) -> None:
    """Print every table, or that nothing differs."""
    for table in tables:
        say(_TITLES[table.name], "bold")
        if not table.rows:
            say("  nothing differs\n")
            continue
        shown = rich_table.Table(box=None, pad_edge=False)
        for column, values in zip(table.columns, zip(*table.rows, strict=True), strict=True):
            numbers = all(isinstance(value, int | float | None) for value in values)
            heading = column.removesuffix("_n").replace("_", " ")
            shown.add_column(heading, justify="right" if numbers else "left", no_wrap=True)
        for row in table.rows:
            shown.add_row(*map(_text, table.columns, row))
        # Wider than a narrow terminal rather than cut off.
        out.print(shown, width=max(out.width, _WIDTH), crop=False)
        say("")


def as_json(tables: Sequence[Table]) -> str:
    """Return all tables as one JSON object."""
    return json.dumps({table.name: table.as_json() for table in tables}, indent=1)


def write_csv(tables: Sequence[Table], folder: Path) -> None:
    """Write one CSV file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(table.columns)
            writer.writerows(table.rows)


def _text(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    is_count = column.startswith("rows_") or column.endswith("_n")
    return f"{value:,}" if is_count else str(value)
