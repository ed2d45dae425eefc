"""Time and memory of `utvandring extract` for a large table, in every kind of file.

    python benchmarks/extracts.py --rows 10000000 --work DIR [--format dta] [--format rds]

The person-years of the publication are repeated under other ids in a data root in `--work`, where they stay:
45 columns of theirs. The file is read back a little: rows, columns, and the first and last of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import duckdb
import pyreadstat

from utvandring.common.project import DataRoot

COLUMNS = 45
MEBIBYTES = 1 / 1024**2
FORMATS = ("dta", "sav", "rds", "parquet", "csv")
REPEATED = """
create schema marts;
create table marts.person_year as
with repeated as (
    select person_year.* replace (person_id || '-' || n as person_id)
    from source.marts.person_year as person_year, range({times}) as numbers (n)
)
select {columns} from repeated limit {rows}
"""


def main() -> None:
    """Make the database if it is missing, and print a row of the table for each kind of file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--work", type=Path, default=Path("target/extracts"))
    parser.add_argument("--format", action="append", choices=FORMATS)
    arguments = parser.parse_args()
    root = DataRoot((arguments.work / f"{arguments.rows}").absolute())
    (root.path / "extracts").mkdir(parents=True, exist_ok=True)
    root.published.mkdir(exist_ok=True)
    if not root.publication.exists():
        repeat(DataRoot.from_environment().publication, root.publication, arguments.rows)
    print("| file | rows | GB | elapsed s | CPU s | peak GB |")
    print("|---|---:|---:|---:|---:|---:|")
    for form in arguments.format or FORMATS:
        out = root.path / "extracts" / f"rows.{form}"
        elapsed, usage = run(root, out)
        read_back(out, arguments.rows)
        # Kibibytes on Linux.
        print(
            f"| {form} | {arguments.rows:,} | {out.stat().st_size / 1e9:.1f} | {elapsed:.0f} | "
            f"{usage.ru_utime + usage.ru_stime:.0f} | {usage.ru_maxrss * MEBIBYTES:.1f} |",
            flush=True,
        )
        out.unlink()


def repeat(publication: Path, database: Path, rows: int) -> None:
    """Write a table of person-years in several copies, at most `rows` rows."""
    aside = database.with_suffix(".part")
    aside.unlink(missing_ok=True)
    with duckdb.connect(str(aside), config={"memory_limit": "3GB", "threads": 2}) as connection:
        connection.execute(f"attach '{publication}' as source (read_only)")
        there = connection.execute("select count(*) from source.marts.person_year").fetchall()[0][0]
        names = [column[0] for column in connection.sql("from source.marts.person_year limit 0").description]
        connection.execute(
            REPEATED.format(times=-(-rows // there), columns=", ".join(names[:COLUMNS]), rows=rows)
        )
    aside.rename(database)


def run(root: DataRoot, out: Path) -> tuple[float, os.struct_rusage]:
    """Extract the table in a process of its own; return seconds, and what the process used."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "utvandring.cli", "--quiet", "extract", "--table", "marts.person_year"]
    process = os.spawnve(
        os.P_NOWAIT,
        sys.executable,
        [*command, "--out", str(out), "--replace"],
        {**os.environ, "UTVANDRING_DATA": str(root.path)},
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"The extract ended with {os.waitstatus_to_exitcode(status)}.")
    return time.monotonic() - begun, usage


def read_back(out: Path, rows: int) -> None:
    """Make sure that a file of Stata or SPSS has its rows, from the first to the last."""
    read = {".dta": pyreadstat.read_dta, ".sav": pyreadstat.read_sav}.get(out.suffix)
    if read is None:
        return
    _, about = read(str(out), metadataonly=True)
    first, _ = read(str(out), row_limit=1)
    last, _ = read(str(out), row_offset=rows - 1, row_limit=2)
    assert about.number_rows == rows
    assert about.number_columns == COLUMNS
    assert (len(first), len(last)) == (1, 1)
    assert first["person_id"][0] < last["person_id"][0]


if __name__ == "__main__":
    main()
