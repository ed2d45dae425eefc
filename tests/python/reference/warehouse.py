"""Hand-made registers through dbt, and the marts read back as lists of dicts."""

import datetime
import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from dbt_server import DbtServer
from deliveries import ARROW_TYPES, column_types, write_delivery

from utvandring.common.project import DataRoot
from utvandring.deliveries.deliver import deliver

from .evidence import Registers, Row

PROJECT = Path(__file__).resolve().parents[3]
MARTS = (
    "person_year",
    "family_year",
    "migration_event",
    "mobility_rate",
    "immigration_spell",
    "descendant_emigration",
    "presence",
    "migration_flow",
    "migration_balance",
    "child_emigration",
    "mover_profile",
    "emigration_by_origin",
)


def schema(register: str) -> pa.Schema:
    """The columns of an accepted file."""
    columns = [(name, ARROW_TYPES[data_type]) for name, data_type in column_types(register).items()]
    return pa.schema([*columns, ("periode", pa.int32())])


def accept(registers: Registers, root: Path) -> None:
    """Enter registers as accepted, without the checks that contradictory rows might not pass."""
    files = []
    for (register, period), rows in sorted(registers.items()):
        path = root / "accepted" / "files" / register / f"{register}_p{period}_v1_hand.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        dated = [row | {"periode": period} for row in rows]
        pq.write_table(pa.Table.from_pylist(dated, schema=schema(register)), path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(
            {
                "register": register,
                "period": period,
                "version": 1,
                "delivered_path": path.name,
                "sha256": sha256,
                "path": path.relative_to(root / "accepted").as_posix(),
                "stored_sha256": sha256,
                "rows": len(rows),
                "missing_columns": [],
            }
        )
    delivery = {
        "delivery_id": "by-hand",
        "produced_at": "2026-01-15",
        "received_at": "2026-01-15T12:00:00Z",
        "verdict": "accepted",
        "program_version": "0.1.0",
        "reasons": [],
        "warnings": [],
        "files": files,
    }
    ledger = {"format": 1, "deliveries": [delivery]}
    (root / "accepted" / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")


class Warehouse:
    """A data root in which the marts of one set of registers after the other are made.

    Parameters
    ----------
    root
        A folder for it.
    dbt
        What knows the project.
    """

    def __init__(self, root: Path, dbt: DbtServer) -> None:
        self.root = root / "data"
        self.incoming = root / "incoming"
        self.dbt = dbt
        self._has_code_lists = False

    def marts(self, registers: Registers, *, by_command: bool = False) -> dict[str, list[Row]]:
        """Accept the registers, as `utvandring deliver` does or without its checks, and make the marts."""
        shutil.rmtree(self.root / "accepted", ignore_errors=True)
        if by_command:
            self.deliver(registers)
        else:
            accept(registers, self.root)
        if not self._has_code_lists:
            self.dbt.seed(self.root)
            self._has_code_lists = True
        self.dbt.make(self.root, *(f"marts.{mart}" for mart in MARTS))
        return {mart: read(self.root, mart) for mart in MARTS}

    def deliver(self, registers: Registers) -> None:
        shutil.rmtree(self.incoming, ignore_errors=True)
        files = {(register, period, 1): rows for (register, period), rows in sorted(registers.items())}
        write_delivery(self.incoming, "by-hand", files, produced_at="2026-01-15")
        verdict = deliver(DataRoot(self.root), self.incoming, PROJECT)
        assert not verdict.refusals, verdict.refusals


def delivered(folder: Path) -> Registers:
    """The registers of a delivery in Parquet, as raw rows."""
    manifest = json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
    return {
        (file["register"], int(file["period"])): pq.read_table(folder / file["path"]).to_pylist()
        for file in manifest["files"]
    }


def read(root: Path, mart: str) -> list[Row]:
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        cursor = connection.execute(f"select * from marts.{mart}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def differences(
    expected: Iterable[Row], actual: Iterable[Row], grain: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """Every cell that differs as (key, column, expected, actual); the column of a missing row is ''."""
    ours = {tuple(row[name] for name in grain): row for row in expected}
    theirs = {tuple(row[name] for name in grain): row for row in actual}
    result: list[tuple[Any, ...]] = []
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        if key not in ours or key not in theirs:
            result.append((key, "", key in ours, key in theirs))
            continue
        result.extend(
            (key, name, value, theirs[key][name])
            for name, value in ours[key].items()
            if not same(value, theirs[key][name])
        )
    return result


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 1e-9
    return bool(one == other and (one is None) == (other is None))


def story(registers: Registers, person_id: str) -> str:
    """Everything that the registers say of a person, to read next to a difference."""
    lines = []
    for (register, period), rows in sorted(registers.items()):
        for row in rows:
            if row["personid"] == person_id:
                values = {k: v for k, v in row.items() if v is not None and k != "personid"}
                shown = ", ".join(
                    f"{k}={v.isoformat() if isinstance(v, datetime.date) else v}" for k, v in values.items()
                )
                lines.append(f"    {register} {period}: {shown}")
    return "\n".join(lines)


def report(
    found: list[tuple[Any, ...]], registers: Registers | None = None, examples_per_column: int = 2
) -> str:
    """The differences in words: how many in which column, and the story of some persons."""
    by_column: dict[str, list[tuple[Any, ...]]] = {}
    for difference in found:
        by_column.setdefault(difference[1], []).append(difference)
    lines = [f"{len(found)} cells differ"]
    for column, cells in sorted(by_column.items(), key=lambda item: -len(item[1])):
        lines.append(f"{column or 'row exists'}: {len(cells)}")
        for key, _, ours, theirs in cells[:examples_per_column]:
            lines.append(f"  {key}: by the definitions {ours!r}, in the warehouse {theirs!r}")
            if registers is not None:
                lines.append(story(registers, key[0]))
    return "\n".join(lines)
