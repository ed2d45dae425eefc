"""Small imports for tests: a folder, an extract of given files, and what an import makes of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from deliveries import PROJECT

from utvandring.importing.running import run_import

STATUS = "select {aar} as periode, personid, {status} as statuskode, '0301' as kommnr from {source}"


@dataclass
class SmallImport:
    """A folder with `extract/` and `my-import/`, and the delivery that is made of them."""

    folder: Path
    told: dict[str, int] = field(default_factory=dict)

    @property
    def extract(self) -> Path:
        return self.folder / "extract"

    @property
    def mine(self) -> Path:
        return self.folder / "my-import"

    @property
    def out(self) -> Path:
        return self.folder / "delivery"

    def write(self, sources: str, **queries: str) -> None:
        """Write `sources.yml` (below `sources:`) and queries; a name with `steps__` in front is a step."""
        (self.mine / "steps").mkdir(parents=True, exist_ok=True)
        self.extract.mkdir(exist_ok=True)
        head = "" if sources.startswith("periods") else "periods: {first: 2010, last: 2011}\nsources:\n"
        (self.mine / "sources.yml").write_text(head + sources, encoding="utf-8")
        for name, text in queries.items():
            place = (
                self.mine / "steps" / f"{name[7:]}.sql"
                if name.startswith("steps__")
                else self.mine / f"{name}.sql"
            )
            place.write_text(text, encoding="utf-8")

    def run(self) -> Any:
        return run_import(self.mine, self.extract, self.out, PROJECT)

    def rows(self, register: str, period: int, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the rows of a written file, in order."""
        path = self.out / f"{register}_p{period}_v1.parquet"
        with duckdb.connect() as connection:
            return connection.execute(f"select {columns} from '{path}' order by all").fetchall()

    def record(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.out / "import.json").read_text("utf-8"))
        return content

    def left_over(self) -> list[str]:
        """Return what lies beside extract and import: nothing, after a refusal."""
        return sorted(
            path.name
            for path in self.folder.iterdir()
            if path.name not in ("extract", "my-import", "delivery")
        )


def as_text(values: Mapping[str, Any]) -> str:
    """Return rows as CSV with ';'."""
    names = list(values)
    lines = [
        ";".join(names),
        *(";".join(str(one) for one in row) for row in zip(*values.values(), strict=True)),
    ]
    return "\n".join(lines) + "\n"
