"""A simulated world as a series of deliveries: what was known in March of every year."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from utvandring.common.files import sha256_of
from utvandring.common.progress import Progress
from utvandring.common.sql import literal, path_literal
from utvandring.simulation.alignment import Alignment
from utvandring.simulation.engine import check_arguments, simulate
from utvandring.simulation.propensities import Propensities

# Who is known at the end of a year: who has been seen in the population or the events until then, or first
# came or was born until then.
_KNOWN_FROM = """
    create table known_from as
    with
    seen as (
        select personid, min(periode) - 1 as year_n from befolkning group by personid
        union all
        select personid, min(year(flyttedato)) from flytting group by personid
        union all
        select personid, coalesce(forstdato // 10000, foedselsaar_mnd // 100) from person
    )
    select personid, min(year_n) as year_n from seen group by personid
"""

# Fixed characteristics as known at the end of a year: deaths of later years are not known yet.
_PERSON = """
    select person.* replace (case when year(doedsdato) <= {year} then doedsdato end as doedsdato)
    from person semi join (from known_from where year_n <= {year}) using (personid)
"""

# Events of a year that were registered when the delivery was drawn from the register.
_FLYTTING = """
    select * exclude (periode) from flytting
    where periode = {period} and coalesce(regdato, flyttedato) <= date '{drawn}'
"""


@dataclass(frozen=True)
class _File:
    register: str
    period: int
    path: Path


def simulate_yearly(
    out_dir: Path,
    first_delivered: int,
    *,
    scale: float = 0.1,
    first_year: int = 2003,
    last_year: int = 2014,
    seed: int = 2016,
    progress: Progress | None = None,
    majority: bool = False,
    align: Alignment | None = None,
    propensities: Propensities | None = None,
) -> list[Path]:
    """Write a simulated world as one delivery a year and return their folders in order.

    The first holds every year up to the end of `first_delivered`, each later one the next year: `befolkning`
    of 1 January, everything else of the year before, `person` as known at the end of that year. Events that
    were registered after a delivery was drawn (1 March) come with a later one, as a higher version of their
    year. The last delivery brings `befolkning` of `last_year`; what happened in that year is in none.

    Parameters
    ----------
    out_dir : folder to create, with one folder for each delivery, named by its id; may exist if it is empty.
    first_delivered : the year whose end the first delivery knows, from `first_year` to `last_year` - 1.
    scale, first_year, last_year, seed, progress, majority, align, propensities : as for `simulate`, which
        draws the world.

    Raises
    ------
    ValueError
        If an argument is out of range or the folder is not empty; nothing is written then.
    """
    out_dir = Path(out_dir)
    check_arguments(out_dir, scale, first_year, last_year, seed)
    if not first_year <= first_delivered < last_year:
        raise ValueError(
            f"The first delivery must end with a year from {first_year} to {last_year - 1}, "
            f"not {first_delivered}."
        )
    work = out_dir.parent / f".{out_dir.name}.yearly"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        world = work / "world"
        simulate(
            world, scale=scale, first_year=first_year, last_year=last_year, seed=seed, progress=progress,
            majority=majority, align=align, propensities=propensities,
        )  # fmt: skip
        series = work / "series"
        names = split(world, series, first_delivered)
        if out_dir.exists():
            out_dir.rmdir()
        series.rename(out_dir)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return [out_dir / name for name in names]


def split(world: Path, out_dir: Path, first_delivered: int) -> list[str]:
    """Write the deliveries of a simulated world and return their ids; files that do not change are linked."""
    manifest = json.loads((world / "delivery.json").read_text(encoding="utf-8"))
    files = [_File(file["register"], int(file["period"]), world / file["path"]) for file in manifest["files"]]
    last_year = max(file.period for file in files if file.register == "befolkning") - 1
    names = []
    with duckdb.connect(config={"threads": 2}) as connection:
        for register in ("befolkning", "flytting", "person"):
            parts = " union all ".join(
                f"select *, {file.period} as periode from read_parquet({path_literal(file.path)})"
                for file in files
                if file.register == register
            )
            exclude = " exclude (periode)" if register == "person" else ""
            connection.execute(f"create view {register} as select *{exclude} from ({parts})")
        connection.execute(_KNOWN_FROM)
        versions: dict[int, tuple[int, int]] = {}
        for year in range(first_delivered, last_year + 1):
            drawn = f"{year + 1}-03-01"
            folder = out_dir / drawn
            folder.mkdir(parents=True)
            known = [file for file in files if _is_known(file, year)]
            fresh = [file for file in known if year == first_delivered or not _is_known(file, year - 1)]
            entries = [_link(file, folder) for file in fresh if file.register not in ("flytting", "person")]
            entries.append(_write(connection, _PERSON.format(year=year), folder, "person", year, 1))
            for period in (file.period for file in known if file.register == "flytting"):
                version, rows = versions.get(period, (0, -1))
                entry = _write(
                    connection,
                    _FLYTTING.format(period=period, drawn=drawn),
                    folder,
                    "flytting",
                    period,
                    version + 1,
                )
                # More time only ever adds registrations: as many rows are the same rows.
                if entry["rows"] == rows:
                    (folder / str(entry["path"])).unlink()
                    continue
                versions[period] = (version + 1, int(str(entry["rows"])))
                entries.append(entry)
            announced = [
                one
                for one in manifest.get("announced", [])
                if year == int(one["period"]) or year == first_delivered > int(one["period"])
            ]
            _write_manifest(folder, drawn, f"{year + 1}-03-15", entries, announced)
            names.append(drawn)
    return names


def _is_known(file: _File, year: int) -> bool:
    return file.period <= (year + 1 if file.register == "befolkning" else year)


def _link(file: _File, folder: Path) -> dict[str, object]:
    target = folder / file.path.name
    try:
        target.hardlink_to(file.path)
    except OSError:
        shutil.copyfile(file.path, target)
    return _entry(target, file.register, file.period, 1, pq.read_metadata(target).num_rows)


def _write(
    connection: duckdb.DuckDBPyConnection, query: str, folder: Path, register: str, period: int, version: int
) -> dict[str, object]:
    path = folder / f"{register}_p{period}_v{version}.parquet"
    rows = connection.execute(
        f"copy ({query}) to {literal(str(path))} (format parquet, compression zstd, compression_level 1)"
    ).fetchone()
    return _entry(path, register, period, version, rows[0] if rows else 0)


def _entry(path: Path, register: str, period: int, version: int, rows: int) -> dict[str, object]:
    return {
        "register": register,
        "period": str(period),
        "version": version,
        "path": path.name,
        "rows": rows,
        "sha256": sha256_of(path),
    }


def _write_manifest(
    folder: Path,
    delivery_id: str,
    produced_at: str,
    entries: list[dict[str, object]],
    announced: list[dict[str, object]],
) -> None:
    manifest: dict[str, object] = {
        "delivery_id": delivery_id,
        "simulated": True,
        "produced_at": produced_at,
        **({"announced": announced} if announced else {}),
        "files": sorted(entries, key=lambda file: (str(file["register"]), str(file["period"]))),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (folder / "delivery.json").write_text(text, encoding="utf-8")
