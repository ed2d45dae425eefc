"""Hand-made deliveries: a few rows per register, written as a register owner would write them."""

import csv
import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from utvandring.common.files import read_yaml

PROJECT = Path(__file__).resolve().parents[2]

Row = dict[str, Any]
Key = tuple[str, int, int]

ARROW_TYPES = {
    "varchar": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


@cache
def column_types(register: str) -> dict[str, str]:
    """Return the columns of a register with their types, from the specification."""
    document = read_yaml(PROJECT / "models/staging/registers.yml")
    tables = next(source["tables"] for source in document["sources"] if source["name"] == "registers")
    table = next(table for table in tables if table["name"] == register)
    return {column["name"]: column["data_type"] for column in table["columns"]}


def write_delivery(
    folder: Path,
    delivery_id: str,
    files: Mapping[Key, Sequence[Row]],
    fmt: str = "parquet",
    separator: str = ";",
    produced_at: str = "2014-03-15",
) -> Path:
    """Write a delivery with a correct manifest; keys are (register, period, version)."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for (register, period, version), rows in files.items():
        path = folder / f"{register}_p{period}_v{version}.{fmt}"
        if fmt == "csv":
            write_csv(path, register, rows, separator)
        else:
            write_parquet(path, register, rows)
        entries.append(entry(path, register, period, version, len(rows)))
    write_manifest(folder, {"delivery_id": delivery_id, "produced_at": produced_at, "files": entries})
    return folder


def entry(path: Path, register: str, period: int, version: int, rows: int) -> dict[str, Any]:
    """Describe a file as `delivery.json` does."""
    return {
        "register": register,
        "period": str(period),
        "version": version,
        "path": path.name,
        "rows": rows,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def write_manifest(folder: Path, manifest: Any) -> None:
    (folder / "delivery.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
    return manifest


def reseal(folder: Path) -> None:
    """Bring the checksums of the manifest up to date after a file was changed on purpose."""
    manifest = read_manifest(folder)
    for file in manifest["files"]:
        file["sha256"] = hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest()
    write_manifest(folder, manifest)


def write_parquet(
    path: Path, register: str, rows: Sequence[Row], types: Mapping[str, pa.DataType] = {}
) -> None:
    """Write rows with the types of the specification, or with others for some columns."""
    names = list(rows[0]) if rows else list(column_types(register))
    expected = column_types(register)
    arrays = {}
    for name in names:
        wanted = types.get(name) or (ARROW_TYPES[expected[name]] if name in expected else None)
        arrays[name] = pa.array([row.get(name) for row in rows], type=wanted)
    pq.write_table(pa.table(arrays), path)


def write_csv(path: Path, register: str, rows: Sequence[Row], separator: str = ";") -> None:
    names = list(rows[0]) if rows else list(column_types(register))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(names)
        for row in rows:
            writer.writerow([_text(row.get(name)) for name in names])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def good_files() -> dict[Key, list[Row]]:
    """Return a small delivery of 2012 and 2013 with every register and nothing wrong."""
    anna, bo, carl = "pseudonym-anna", "pseudonym-bo", "pseudonym-carl"

    def resident(personid: str, kommnr: str, **other: Any) -> Row:
        row = {"personid": personid, "statuskode": 1, "kommnr": kommnr, "famnr": f"family-of-{personid}"}
        return {**row, "personkode": 1, "sivstand": 1, **other}

    def gone(personid: str) -> Row:
        row: Row = {"personid": personid, "statuskode": 3, "kommnr": None, "famnr": None}
        return {**row, "personkode": None, "sivstand": 1}

    def person(personid: str, born: int, country: str, category: str, **other: Any) -> Row:
        row = {"personid": personid, "kjoenn": 2, "foedselsaar_mnd": born, "fodeland": country}
        row |= {"landbak3gen": country, "invkat": category, "inngrunn1": None, "forstdato": None}
        return {**row, "doedsdato": None, "mor_id": None, "far_id": None, **other}

    def move(personid: str, kind: str, date: str, **other: Any) -> Row:
        row: Row = {"personid": personid, "hendelse": kind, "flyttedato": day(date), "regdato": day(date)}
        row |= {"fra_kommnr": None, "til_kommnr": None, "fra_land": None, "til_land": None}
        return {**row, "utvandringstype": None, **other}

    return {
        ("befolkning", 2012, 1): [resident(anna, "0301"), resident(bo, "1103"), resident(carl, "0101")],
        ("befolkning", 2013, 1): [resident(anna, "0301"), resident(bo, "0301"), gone(carl)],
        ("person", 2012, 1): [
            person(anna, 198004, "000", "A"),
            person(bo, 197512, "131", "B", inngrunn1="ARB", forstdato=20070815),
            person(carl, 199001, "106", "B", forstdato=20050000),
        ],
        ("flytting", 2012, 1): [
            move(bo, "innenlands", "2012-06-01", fra_kommnr="1103", til_kommnr="0301"),
            move(
                carl, "utvandring", "2012-09-15", fra_kommnr="0101", til_land="106", utvandringstype="meldt"
            ),
        ],
        ("utdanning", 2012, 1): [{"personid": bo, "nus2000": "641107"}],
        ("utdanningsaktivitet", 2012, 1): [
            {"personid": bo, "aktivitet": "eksamen", "dato": day("2012-05-20")},
            {"personid": anna, "aktivitet": "igangvaerende", "dato": day("2012-10-01")},
        ],
        ("sysselsetting", 2012, 1): [
            {
                "personid": bo,
                "yrkstat": 1,
                "orgnr": "987654321",
                "naring": "47.111",
                "timer": 37.5,
                "hovedarbeid": True,
            }
        ],
        ("arbeidssoker", 2012, 1): [
            {"personid": carl, "maaned": month, "hovedstatus": 1} for month in (1, 2, 2)
        ],
        ("inntekt", 2012, 1): [
            {"personid": anna, "wyrkinnt": 455000, "wies": 380000, "nettoformue": -20000},
            {"personid": bo, "wyrkinnt": None, "wies": 210000, "nettoformue": None},
        ],
    }
