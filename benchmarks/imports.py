"""How fast a large status file is imported, as text and as Stata, beside what reading it alone takes.

    python benchmarks/imports.py --rows 10000000 --work DIR [--format csv] [--format stata]

A made-up file of statuses (`lopenr_person`, `aar`, `regstatus`, `regstatusdato`, twenty years of each
person) is written to `--work`, where it stays, and imported by command. Two floors stand beside it: DuckDB
counting the rows of the text file as text, and pyreadstat reading a part of the Stata file in one process.
Temporary disk is what lay beside the delivery at most, asked ten times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyreadstat

YEARS = range(1996, 2016)
WIDTHS = (10, 4, 2, 8)
NAMES = ("lopenr_person", "aar", "regstatus", "regstatusdato")
STATUS = """
select
    1000000000 + n // {years} as lopenr_person,
    {first} + n % {years} as aar,
    case when hash(n // {years}) % 10 < 8 or n % {years} < 12 then '1' else '3' end as regstatus,
    case when hash(n // {years}) % 10 < 8 or n % {years} < 12 then '' else '20080814' end as regstatusdato,
from range({begin}, {end}) as numbers (n)
"""
BLOCK = 2_000_000
SOURCES = """periods: {{first: {first}, last: {last}}}
sources:
  regstat: {{files: regstat.{ending}, id: lopenr_person}}
  persons: {{files: persons.csv, id: lopenr_person}}
"""
BEFOLKNING = """select
    aar as periode,
    personid,
    regstatus as statuskode,
    case when regstatus = '1' then '0301' end as kommnr,
from regstat
"""
PERSON = """select personid, 1 as kjoenn, '198001' as foedselsaar_mnd, '000' as fodeland, 'A' as invkat
from persons
"""
FLYTTING = """select
    aar as periode,
    personid,
    'utvandring' as hendelse,
    day_of(regstatusdato, 'yyyymmdd') as flyttedato,
from regstat
where regstatusdato is not null and aar = '2009'
"""


def main() -> None:
    """Read the command line, write what is missing, and print a row of the table for each format."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--work", type=Path, default=Path("target/imports"))
    parser.add_argument("--format", action="append", choices=["csv", "stata"])
    arguments = parser.parse_args()
    extract = arguments.work / f"extract-{arguments.rows}"
    extract.mkdir(parents=True, exist_ok=True)
    (extract / "persons.csv").write_text("lopenr_person\n1000000000\n", encoding="utf-8")
    print(
        "| file | rows | GB | elapsed s | rows/s | CPU s | peak GB | temporary disk, of the "
        "input | reading alone, rows/s |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for form in arguments.format or ["csv", "stata"]:
        ending = {"csv": "csv", "stata": "dta"}[form]
        path = extract / f"regstat.{ending}"
        if not path.exists():
            {"csv": write_text, "stata": write_stata}[form](path, arguments.rows)
        floor = {"csv": floor_of_text, "stata": floor_of_stata}[form](path, arguments.rows)
        said = run(arguments.work, extract, ending, path.stat().st_size)
        size, rate = path.stat().st_size / 1e9, arguments.rows / said["elapsed"]
        print(
            f"| {form} | {arguments.rows:,} | {size:.1f} | {said['elapsed']:.0f} | {rate:,.0f} | "
            f"{said['cpu']:.0f} | "
            f"{said['peak']:.1f} | {said['disk']:.1f} | {floor:,.0f} |",
            flush=True,
        )


def status(begin: int, end: int) -> str:
    """Return the query of some rows of the file."""
    return STATUS.format(years=len(YEARS), first=YEARS[0], begin=begin, end=end)


def write_text(path: Path, rows: int) -> None:
    """Write the file as text with `;`."""
    aside = path.with_suffix(".part")
    duckdb.execute(f"copy ({status(0, rows)}) to '{aside}' (format csv, delimiter ';', header, quote '')")
    aside.rename(path)


def write_stata(path: Path, rows: int) -> None:
    """Write the file as Stata does, a block at a time: the head of a small file with more rows."""
    small = path.with_suffix(".small")
    pyreadstat.write_dta(pd.DataFrame({n: ["x" * w] for n, w in zip(NAMES, WIDTHS, strict=True)}), str(small))
    head, _, tail = small.read_bytes().partition(b"<data>")
    tail = tail[sum(WIDTHS) :]
    small.unlink()
    place = head.index(b"<map>") + 5
    offsets = list(struct.unpack_from("<14Q", head, place))
    grown = sum(WIDTHS) * (rows - 1)
    offsets = [one + grown * (number > 9) for number, one in enumerate(offsets)]
    head = head[:place] + struct.pack("<14Q", *offsets) + head[place + 14 * 8 :]
    count = head.index(b"<N>") + 3
    head = head[:count] + struct.pack("<Q", rows) + head[count + 8 :]
    kinds = [(name, f"S{width}") for name, width in zip(NAMES, WIDTHS, strict=True)]
    aside = path.with_suffix(".part")
    with aside.open("wb") as file:
        file.write(head + b"<data>")
        for begin in range(0, rows, BLOCK):
            block = duckdb.sql(status(begin, min(begin + BLOCK, rows))).to_arrow_table()
            records = np.zeros(block.num_rows, dtype=kinds)
            for name in NAMES:
                records[name] = block[name].to_numpy().astype(dict(kinds)[name])
            file.write(records.tobytes())
        file.write(tail)
    aside.rename(path)


def floor_of_text(path: Path, rows: int) -> float:
    """Return the rows a second that DuckDB counts, every column as text."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in NAMES)
    begun = time.monotonic()
    with duckdb.connect(config={"threads": 2}) as connection:
        terms = ", ".join(f"count({name})" for name in NAMES)
        connection.execute(
            f"select {terms} from read_csv('{path}', auto_detect=false, header=true, delim=';', "
            f"quote='', escape='', "
            f"columns={{{columns}}})"
        ).fetchall()
    return rows / (time.monotonic() - begun)


def floor_of_stata(path: Path, rows: int) -> float:
    """Return the rows a second that pyreadstat reads of the beginning of the file."""
    some = min(rows, 2_000_000)
    begun = time.monotonic()
    pyreadstat.read_dta(str(path), row_limit=some, output_format="dict")
    return some / (time.monotonic() - begun)


def run(work: Path, extract: Path, ending: str, size: int) -> dict[str, float]:
    """Import the file; return seconds, processor seconds, GB of memory, and disk beside the input."""
    mine, out = work / "my-import", work / "delivery"
    for folder in (mine, out):
        shutil.rmtree(folder, ignore_errors=True)
    mine.mkdir()
    for name, text in {
        "sources.yml": SOURCES.format(first=YEARS[0], last=YEARS[-1], ending=ending),
        "befolkning.sql": BEFOLKNING,
        "person.sql": PERSON, "flytting.sql": FLYTTING,
    }.items():  # fmt: skip
        (mine / name).write_text(text, encoding="utf-8")
    most, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            used = 0
            for folder, _, files in os.walk(work):
                if ".importing-" in folder:
                    for file in files:
                        try:
                            used += (Path(folder) / file).stat().st_size
                        except FileNotFoundError:
                            continue
            most[0] = max(most[0], used)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [
        sys.executable,
        "-m",
        "utvandring.cli",
        "import",
        str(mine),
        "--from",
        str(extract),
        "--out",
        str(out),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    elapsed, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    ended.set()
    watcher.join()
    if ran.returncode:
        sys.exit(ran.stderr)
    rows = sum(json.loads((out / "import.json").read_text("utf-8"))["registers"][0]["rows"].values())
    print(f"{rows:,} rows of befolkning", file=sys.stderr)
    shutil.rmtree(out)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"elapsed": elapsed, "cpu": cpu, "peak": after.ru_maxrss / 1e6, "disk": most[0] / size}


if __name__ == "__main__":
    main()
