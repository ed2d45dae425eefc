"""Ledgers of files that were accepted without the checks that contradictory rows might not pass."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from reference.evidence import Registers, Row
from reference.warehouse import schema

File = dict[str, Any]
Period = tuple[str, int]


class Deliveries:
    """Deliveries to a data root, one after the other.

    Parameters
    ----------
    root
        The data root.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[Period, File] = {}
        self.ledgers: list[Path] = []
        self._deliveries: list[dict[str, Any]] = []

    def accept(self, name: str, registers: Registers, missing: dict[Period, list[str]] | None = None) -> None:
        """Accept registers, each as the next version of its period, and keep the ledger as it is then."""
        files = [
            self._write(register, period, rows, (missing or {}).get((register, period), []))
            for (register, period), rows in sorted(registers.items())
        ]
        told = {
            "produced_at": "2026-01-15",
            "received_at": "2026-01-15T12:00:00Z",
            "program_version": "0.1.0",
        }
        self._deliveries.append(
            {
                "delivery_id": name,
                **told,
                "verdict": "accepted",
                "reasons": [],
                "warnings": [],
                "files": files,
            }
        )
        self._keep_ledger(name)

    def withdraw(self, name: str, periods: set[Period]) -> None:
        """Take every version of some periods out of the ledger, as if they had never been delivered."""
        for delivery in self._deliveries:
            delivery["files"] = [
                file for file in delivery["files"] if (file["register"], file["period"]) not in periods
            ]
        self._keep_ledger(name)

    def _keep_ledger(self, name: str) -> None:
        ledger = self.root / f"{name}.json"
        ledger.write_text(json.dumps({"format": 1, "deliveries": self._deliveries}), encoding="utf-8")
        self.ledgers.append(ledger)

    def _write(self, register: str, period: int, rows: list[Row], missing: list[str]) -> File:
        before = self.files.get((register, period))
        version = before["version"] + 1 if before else 1
        path = self.root / "accepted" / "files" / register / f"{register}_p{period}_v{version}_hand.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        dated = [row | {"periode": period} for row in rows]
        pq.write_table(pa.Table.from_pylist(dated, schema=schema(register)), path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        file = {
            "register": register,
            "period": period,
            "version": version,
            "delivered_path": path.name,
            "sha256": digest,
            "path": path.relative_to(self.root / "accepted").as_posix(),
            "stored_sha256": digest,
            "rows": len(rows),
            "missing_columns": missing,
        }
        self.files[register, period] = file
        return file
