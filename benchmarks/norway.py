"""The aligned world beside published numbers: emigrations, residents by sex, age and place, shares.

    python benchmarks/norway.py [--scale F] [--seed N] [--work DIR] [--picture FILE]

Simulates Norway from 2003 to 2026 with `--align published --majority` (in `--work`, default
`target/norway`; what is there is used again) and prints, as Markdown, the published numbers of
`norway_targets.csv` with what was achieved and the deviation, and how far residents are from the published
ones. `--picture` draws the population pyramid of 1 January 2024 beside the published one.

A number is met within 3 per cent. In less than all of Norway a count that is not met may be off by chance,
within two standard errors: the table says so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import altair as alt
import duckdb
import numpy as np
import pandas as pd
import vl_convert

from utvandring.common.project import project_root
from utvandring.common.sql import literal, path_literal
from utvandring.simulation import parameters as p
from utvandring.simulation import simulate, totals_of
from utvandring.simulation.geography import division
from utvandring.simulation.majority_aligned import OLDEST, published_places, published_residents

PROJECT = project_root()
HERE = Path(__file__).parent
FIRST, LAST = 2003, 2026
TOLERANCE = 0.03
PYRAMID_YEAR = 2024
BANDS = np.minimum(np.arange(OLDEST + 1) // 5 * 5, OLDEST)


def main() -> None:
    """Read the command line, make the world and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=2016)
    parser.add_argument("--work", type=Path, default=PROJECT / "target/norway")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    world = arguments.work / f"world-{arguments.scale}-{arguments.seed}"
    truth = arguments.work / f"{world.name}.truth.parquet"
    if not world.exists():
        arguments.work.mkdir(parents=True, exist_ok=True)
        truth.unlink(missing_ok=True)
        simulate(
            world, scale=arguments.scale, first_year=FIRST, last_year=LAST, seed=arguments.seed,
            majority=True, truth=truth, align=totals_of("published"),
        )  # fmt: skip
    with opened(world, truth) as delivery:
        targets = beside_targets(delivery, arguments.scale)
        residents = delivery.execute(_query("norway_residents")).df()
    residents["n"] = residents["n"] / arguments.scale
    print(f"Scale {arguments.scale}, seed {arguments.seed}: {targets['met'].sum()} of {len(targets)} met.\n")
    print(as_markdown(shown(targets)), "\n")
    print(as_markdown(ages(residents, arguments.scale)), "\n")
    print(as_markdown(places(residents)), "\n")
    print(as_markdown(administrative(world, truth)))
    if arguments.picture is not None:
        arguments.picture.write_bytes(pyramid(residents, arguments.scale))


def opened(world: Path, truth: Path) -> duckdb.DuckDBPyConnection:
    """Give the registers of a delivery, who had left, and the division of 2024."""
    connection = duckdb.connect(config={"threads": 2})
    for register in ("befolkning", "flytting", "person"):
        files = literal(str(world / f"{register}_p*.parquet"))
        connection.execute(
            f"create view {register} as select * exclude (filename), "
            "regexp_extract(filename, '_p([0-9]+)_', 1)::integer as periode "
            f"from read_parquet({files}, filename = true)"
        )
    connection.execute(f"create view truth as from read_parquet({path_literal(truth)})")
    later, position = division(2024)
    pairs = {
        (codes[old], later[new])
        for codes, lookup in (division(year) for year in range(FIRST, LAST + 1))
        for old, new in zip(lookup.ravel(), position.ravel(), strict=True)
    }
    connection.register("pairs", pd.DataFrame(sorted(pairs), columns=["municipality_code", "division_code"]))
    connection.execute("create table municipality_division as from pairs")
    classes = p.code_list("centrality_class")
    classes = classes[classes["centrality_class_version"] == "2024"]
    connection.register("classes", classes[["municipality_code", "centrality_class"]].drop_duplicates())
    connection.execute("create table centrality_class as from classes")
    return connection


def beside_targets(delivery: duckdb.DuckDBPyConnection, scale: float) -> pd.DataFrame:
    """Return the published numbers, what was achieved, and the deviation in per cent."""
    keys = ["statistic", "year", "population"]
    targets = pd.read_csv(HERE / "norway_targets.csv", dtype={"year": str}, keep_default_na=False)
    counted = delivery.execute(_query("norway_counts")).df()
    both = targets.merge(counted, on=keys, how="left", suffixes=("", "_counted"))
    is_count = both["unit"].str.startswith("persons")
    number = both["value_counted"].fillna(0.0)
    achieved = number.where(~is_count, number / scale)
    deviation = 100 * (achieved / both["value"] - 1)
    error = 200 * np.sqrt(both["value"] * scale) / (both["value"] * scale)
    at_least = both["unit"].str.contains("more than")
    met = (deviation.abs() <= 100 * TOLERANCE) | (at_least & (deviation > 0))
    chance = is_count & ~met & (deviation.abs() <= error)
    return both[[*keys, "value"]].rename(columns={"value": "published"}).assign(
        achieved=achieved.round(1),
        deviation=deviation.round(1),
        met=met,
        verdict=np.where(met, "met", np.where(chance, "not met, within chance at this scale", "**not met**")),
    )  # fmt: skip


def shown(targets: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers beside the published ones as results.md has them."""
    population = targets["population"].where(targets["population"] == "", ", " + targets["population"])
    return pd.DataFrame(
        {
            "number": targets["statistic"] + population,
            "year": targets["year"],
            "published": [
                f"{value:,g}" if value < 100 else f"{value:,.0f}" for value in targets["published"]
            ],
            "achieved": [f"{value:,g}" if value < 100 else f"{value:,.0f}" for value in targets["achieved"]],
            "deviation (per cent)": [f"{value:+.1f}" for value in targets["deviation"]],
            "": targets["verdict"],
        }
    )


def ages(residents: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Return the largest deviation by sex and five-year age on every 1 January, in per cent."""
    rows = []
    for year in range(FIRST, LAST + 1):
        published = np.array([np.bincount(BANDS, n, OLDEST + 1)[::5] for n in published_residents(year)])
        of_year = residents[residents["year"] == year]
        by = of_year.groupby(["sex", "age_group"])["n"].sum()
        ours = np.array(
            [[by.get((sex, band), 0.0) for band in range(0, OLDEST + 1, 5)] for sex in ("male", "female")]
        )
        deviation = np.abs(ours / published - 1)
        worst = np.unravel_index(int(deviation.argmax()), deviation.shape)
        rows.append({
            "1 January": year,
            "residents": round(ours.sum()),
            "published": int(published.sum()),
            "largest deviation (per cent)": round(100 * deviation.max(), 2),
            "of": f"{('men', 'women')[worst[0]]} {5 * worst[1]}-",
            "cells of 38 within 1 per cent": int((deviation <= 0.01).sum()),
            "one person is (per cent of it)": round(100 / scale / published[worst], 3),
        })  # fmt: skip
    return pd.DataFrame(rows)


def places(residents: pd.DataFrame) -> pd.DataFrame:
    """Return residents by county of 2024 and class of centrality beside the published ones, in per cent."""
    codes, lookup = division(2024)
    classes = p.code_list("centrality_class")
    of_2024 = classes[classes["centrality_class_version"] == "2024"]
    class_of = of_2024.drop_duplicates("municipality_code").set_index("municipality_code")["centrality_class"]
    rows = []
    for year in (2005, 2013, 2020, 2026):
        published = published_places(year)
        part = np.repeat(published[:, None] / 256, 256, axis=1)
        by_code = np.bincount(lookup.ravel(), part.ravel(), minlength=len(codes))
        of_year = residents[residents["year"] == year]
        for kind, names in (
            ("county", np.array([code[:2] for code in codes])),
            ("centrality_class", np.array([class_of[code] for code in codes])),
        ):
            ours = of_year.groupby(kind)["n"].sum()
            wanted = pd.Series(by_code).groupby(names).sum()
            deviation = (ours.reindex(wanted.index, fill_value=0.0) / wanted - 1).abs()
            rows.append({
                "1 January": year, "by": kind, "groups": len(wanted),
                "largest deviation (per cent)": round(100 * deviation.max(), 2),
                "of": deviation.idxmax(), "mean (per cent)": round(100 * deviation.mean(), 2),
            })  # fmt: skip
    return pd.DataFrame(rows)


def administrative(world: Path, truth: Path) -> pd.DataFrame:
    """Return the share of emigrations of immigrants that are administrative, beside section 2.1.5."""
    with opened(world, truth) as delivery:
        shares = delivery.execute(_query("norway_administrative")).df()
    shares["published"] = [100 * p.ADMINISTRATIVE_SHARE(year) for year in shares["year"]]
    return shares.round(1)


def pyramid(residents: pd.DataFrame, scale: float) -> bytes:
    """Draw residents by sex and five-year age as bars, and the published numbers as marks on them: a PNG."""
    of_year = residents[residents["year"] == PYRAMID_YEAR]
    by = of_year.groupby(["sex", "age_group"])["n"].sum()
    published = published_residents(PYRAMID_YEAR)
    rows = []
    for row, sex in enumerate(("male", "female")):
        for band in range(0, OLDEST + 1, 5):
            side = -1 if sex == "male" else 1
            age = f"{band}+" if band == OLDEST else f"{band}-{band + 4}"
            rows.append({
                "age": age, "sex": {"male": "Men", "female": "Women"}[sex],
                "simulated": side * by.get((sex, band), 0.0) / 1000,
                "published": side * published[row][band == BANDS].sum() / 1000,
            })  # fmt: skip
    oldest_first = [row["age"] for row in rows[: len(rows) // 2]][::-1]
    base = alt.Chart(pd.DataFrame(rows)).encode(y=alt.Y("age:N", sort=oldest_first, title="Age"))
    thousands = alt.Axis(labelExpr="format(abs(datum.value), ',')")
    bars = base.mark_bar(opacity=0.75).encode(
        x=alt.X("simulated:Q", title="Thousands: simulated (bars), published (marks)", axis=thousands),
        color=alt.Color(
            "sex:N", title=None, scale=alt.Scale(domain=["Men", "Women"], range=["#3b6fa5", "#d98c3f"])
        ),
    )
    marks = base.mark_tick(color="black", thickness=2, size=16).encode(x="published:Q")
    title = f"Residents on 1 January {PYRAMID_YEAR}, a simulated {scale:g} of Norway raised to all of it"
    chart = (bars + marks).properties(width=560, height=380, title=title)
    drawn: bytes = vl_convert.vegalite_to_png(chart.to_dict(), scale=1.5)
    return drawn


def as_markdown(table: pd.DataFrame) -> str:
    """Write a table in Markdown; numbers as they are."""
    lines = [list(table.columns), ["---"] * table.shape[1], *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _query(name: str) -> str:
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
