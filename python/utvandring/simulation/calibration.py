"""Targets against a written delivery: `python -m utvandring.simulation.calibration DELIVERY_DIR`.

Every figure is derived again from the register files with DuckDB, without the state of the simulation and
without the warehouse, so that it checks what was written.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from utvandring.simulation import parameters as p
from utvandring.simulation.outcomes import Covariates
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import IntArray

_REGISTERS = (
    "befolkning",
    "person",
    "flytting",
    "utdanning",
    "utdanningsaktivitet",
    "sysselsetting",
    "arbeidssoker",
    "inntekt",
)

_PERSON_YEAR = """
with resident as (
    select b.personid, m.municipality_code_2013 as municipality, b.famnr
    from befolkning as b left join municipality_code as m on m.municipality_code = b.kommnr
    where b.periode = {t} + 1 and b.statuskode = 1
),
family as (
    select r.famnr, count(*) as family_total, count(*) filter (p.invkat = 'B') as family_immigrants
    from resident as r join person as p using (personid) where r.famnr is not null group by 1
),
job as (
    select personid, bool_or(yrkstat in (1, 2)) as employed
    from sysselsetting where periode = {t} group by 1
),
study as (select distinct personid from utdanningsaktivitet where periode = {t}),
jobless as (
    select personid, count(distinct maaned) filter (hovedstatus = 1) as months
    from arbeidssoker where periode = {t} group by 1
),
following as (
    select b.personid, b.statuskode, m.municipality_code_2013 as municipality
    from befolkning as b left join municipality_code as m on m.municipality_code = b.kommnr
    where b.periode = {t} + 2
),
emigration as (
    select personid, max(flyttedato) as emigrated,
        bool_or(utvandringstype = 'administrativ') as administrative,
        bool_or(til_land is null or til_land = '990') as nowhere
    from flytting
    where hendelse = 'utvandring'
        and (year(flyttedato) = {t} + 1 or flyttedato = make_date({t} + 2, 1, 1) or year(regdato) = {t} + 1)
    group by 1
),
joined as (
    select
        r.personid,
        case p.kjoenn when 1 then 'male' else 'female' end as sex,
        {t} - p.foedselsaar_mnd // 100 as age,
        p.invkat,
        p.fodeland,
        case
            when p.invkat <> 'B' then null
            when c.is_nordic = 'true' then 'nordic'
            when p.forstdato // 10000 < 1990 then 'unknown'
            else case p.inngrunn1 when 'ARB' then 'work' when 'FLU' then 'refuge' when 'FAM' then 'family'
                when 'UTD' then 'education' else 'unknown' end
        end as background,
        greatest({t} - p.forstdato // 10000, 0) as residence,
        g.municipality_code as municipality, g.county_code as county, g.centrality_level::int as level,
        coalesce(left(u.nus2000, 1), '') as digit,
        coalesce(j.employed, false) as employed,
        s.personid is not null as in_education,
        coalesce(l.months, 0) as months,
        coalesce(f.family_total, 1) as family_total,
        coalesce(f.family_immigrants, (p.invkat = 'B')::int) as family_immigrants,
        n.statuskode as next_status, h.county_code as next_county, h.centrality_level::int as next_level,
        year(p.doedsdato) = {t} + 1 as dies, p.doedsdato, e.emigrated, e.administrative, e.nowhere
    from resident as r
    join person as p using (personid)
    join country as c on c.country_code = p.fodeland
    left join municipality_2013 as g on g.municipality_code = r.municipality
    left join utdanning as u on u.personid = r.personid and u.periode = {t}
    left join job as j on j.personid = r.personid
    left join study as s on s.personid = r.personid
    left join jobless as l on l.personid = r.personid
    left join family as f on f.famnr = r.famnr
    left join following as n on n.personid = r.personid
    left join municipality_2013 as h on h.municipality_code = n.municipality
    left join emigration as e on e.personid = r.personid
)
select *,
    case
        when digit in ('', '0', '9') then 0 when digit in ('1', '2') then 1 when digit = '3' then 2
        when digit in ('4', '5') then 3 when digit = '6' then 4 else 5
    end as education,
    case
        when months >= 7 then 4 when employed and in_education then 2 when employed then 1
        when in_education then 3 when months >= 1 then 4 else 0
    end as status,
    case
        when dies and (emigrated is null or emigrated >= doedsdato) then 'death'
        when next_status = 1 then 'resident'
        when emigrated is not null then 'emigration'
        else 'unaccounted'
    end as fate,
    case
        when fate <> 'resident' then fate
        when level is null or next_level is null or level = next_level then 'stay'
        else 'internal_outmigration'
    end as outcome_centrality,
    case
        when fate <> 'resident' then fate
        when county is null or next_county is null or county = next_county then 'stay'
        else 'internal_outmigration'
    end as outcome_county,
    case when family_total >= 3 then '3+' else family_total::varchar end as size,
    case
        when family_immigrants = family_total then 'immigrants_only'
        when 2 * family_immigrants > family_total then 'mixed_immigrant_majority'
        when 2 * family_immigrants = family_total then 'mixed_equal'
        else 'mixed_immigrant_minority'
    end as family_type
from joined
"""


def open_delivery(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the registers of a simulated delivery as views, with the code lists beside them."""
    con = duckdb.connect()
    for register in _REGISTERS:
        con.execute(
            f"create view {register} as select *, regexp_extract(filename, '_p(\\d+)_v', 1)::int as periode "
            f"from read_parquet('{Path(folder) / register}_p*.parquet', filename = true)"
        )
    lists = p.seeds_folder() / "code_lists"
    for name in ("municipality_code", "municipality_2013", "country"):
        con.execute(
            f"create table {name} as from read_csv('{lists / name}.csv', all_varchar = true, header = true)"
        )
    return con


def person_years(con: duckdb.DuckDBPyConnection, base_year: int) -> pd.DataFrame:
    """Return everybody resident on 1 January `base_year + 1` with covariates and outcome."""
    return con.execute(_PERSON_YEAR.format(t=base_year)).df()


def logit_sample(years: pd.DataFrame) -> pd.DataFrame:
    """Keep the sample of tables E1-E8: immigrants of 15 and over, level known, alive and accounted for."""
    keep = (
        (years["invkat"] == "B")
        & (years["age"] >= 15)
        & years["level"].notna()
        & ~years["fate"].isin(["death", "unaccounted"])
    )
    return years[keep]


def linear_sample(years: pd.DataFrame) -> pd.DataFrame:
    """Keep the sample of tables 5.1-5.4 and 5.13-5.31: immigrants 15-74 with a known address."""
    return years[(years["invkat"] == "B") & years["age"].between(15, 74) & years["level"].notna()]


def derived_covariates(sample: pd.DataFrame) -> Covariates:
    """Return the regressors of tables E1-E8 from re-derived person-years."""
    model = 4 * (sample["sex"] == "male").to_numpy() + sample["level"].to_numpy(np.int64) - 1
    residence: IntArray = np.searchsorted(
        [3, 6, 11, 16], sample["residence"].to_numpy(np.int64), side="right"
    )
    return Covariates(
        model=model,
        age=sample["age"].to_numpy(np.float64),
        residence=residence,
        education=sample["education"].to_numpy(np.int64),
        status=sample["status"].to_numpy(np.int64),
        background=sample["background"].map({b: i for i, b in enumerate(p.BACKGROUNDS)}).to_numpy(np.int64),
        family_total=sample["family_total"].to_numpy(np.float64),
        family_immigrants=sample["family_immigrants"].to_numpy(np.float64),
    )


def _share(values: pd.Series) -> float:
    return 100 * float(values.mean()) if len(values) else float("nan")


class _Table:
    """Rows of the calibration table as they are found."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, float, float]] = []

    def add(self, topic: str, item: str, unit: str, target: float, achieved: float) -> None:
        self.rows.append((topic, item, unit, float(target), float(achieved)))

    def frame(self) -> pd.DataFrame:
        table = pd.DataFrame(self.rows, columns=["topic", "item", "unit", "target", "achieved"])
        table["deviation"] = table["achieved"] - table["target"]
        table["deviation_percent"] = 100 * table["deviation"] / table["target"]
        return table


def calibration_table(delivery_dir: Path, scale: float = 1.0) -> pd.DataFrame:
    """Return target, achieved and deviation for everything that is calibrated (and some that is not).

    Parameters
    ----------
    delivery_dir : folder of a delivery that covers 2003-2014 (the default years).
    scale : its scale; counts are divided by it.
    """
    con = open_delivery(delivery_dir)
    table = _Table()
    yearly = {}
    for base_year in range(2003, 2013):
        years = person_years(con, base_year)
        yearly[base_year + 1] = _yearly(years, base_year + 1)
        if base_year == 2012:
            _add_counts(table, years, scale)
            _add_entropies(table, years)
            _add_family_tables(table, years)
    series = pd.concat(yearly.values(), ignore_index=True)
    _add_series(table, series, scale)
    return table.frame()


def _yearly(years: pd.DataFrame, outcome_year: int) -> pd.DataFrame:
    """Return counts of one outcome year by background (immigrants; all ages and 15-74)."""
    immigrants = years[years["invkat"] == "B"]
    adult = immigrants["age"].between(15, 74)
    gone = immigrants["fate"] == "emigration"
    unknown = adult & (immigrants["digit"].isin(["", "0", "9"]))
    asia_africa = immigrants["fodeland"].between("200", "599")
    counts = pd.DataFrame(
        {
            "background": immigrants["background"],
            "outcome_year": outcome_year,
            "all_n": 1,
            "adult_n": adult,
            "emigrants": gone,
            "adult_emigrants": gone & adult,
            "adult_internal": (immigrants["outcome_centrality"] == "internal_outmigration") & adult,
            "administrative": gone & immigrants["administrative"].fillna(False).astype(bool),
            "nowhere": gone & immigrants["nowhere"].fillna(False).astype(bool),
            "administrative_asia_africa": gone
            & immigrants["administrative"].fillna(False).astype(bool)
            & asia_africa,
            "unknown_education": unknown,
            "single": adult & (immigrants["family_total"] == 1),
            "employed": adult & immigrants["employed"],
            "in_education": adult & immigrants["in_education"],
            "unemployed": adult & (immigrants["status"] == 4),
        }
    )
    return counts.groupby(["outcome_year", "background"], as_index=False).sum()


def _add_counts(table: _Table, years: pd.DataFrame, scale: float) -> None:
    adult, sample = linear_sample(years), logit_sample(years)
    fit = p.published("published_mnl_diagnostics").set_index("table_id")
    for number in range(8):
        sex, level = ("female", "male")[number // 4], number % 4 + 1
        rows = sample[(sample["level"] == level) & (sample["sex"] == sex)]
        n_obs = float(fit.loc[f"E{number + 1}", "n_obs"])
        table.add(
            "n per level and sex (E1-E8)",
            f"E{number + 1} level {level} {sex}",
            "persons",
            n_obs,
            len(rows) / scale,
        )
    table.add("n per level and sex (E1-E8)", "all", "persons", 545_966, len(sample) / scale)
    lpm = p.published("published_lpm")
    for spec, topic, column in (
        ("main", "n per level (5.1-5.4)", "level"),
        ("county_background", "n per county (5.13-5.31)", "county"),
    ):
        scopes = lpm[lpm["spec"] == spec].drop_duplicates("table_id")
        regions = adult[column].astype("Int64").astype(str) if column == "level" else adult[column]
        for code, name, n_obs in scopes[["scope_code", "scope_name", "n_obs"]].itertuples(index=False):
            table.add(topic, name, "persons", float(n_obs), (regions == code).sum() / scale)
        table.add(topic, "all", "persons", scopes["n_obs"].astype(float).sum(), len(adult) / scale)
    spec = lpm.drop_duplicates("table_id").set_index(["spec", "scope_code"])["n_obs"].astype(float)
    for level in range(1, 5):
        target = spec[("family_composition", str(level))] / spec[("main", str(level))]
        rows = adult[adult["level"] == level]
        table.add(
            "in families of two or more (5.9-5.12)",
            f"level {level}",
            "per cent",
            100 * target,
            _share(rows["family_total"] >= 2),
        )


def _add_entropies(table: _Table, years: pd.DataFrame) -> None:
    """Entropy of the outcome shares, implied by the printed R2 and log likelihood."""
    sample = logit_sample(years)
    fit = p.published("published_mnl_diagnostics").set_index("table_id").astype(float)
    for number in range(8):
        row = fit.loc[f"E{number + 1}"]
        n, unrestricted, r2 = row["n_obs"], row["log_likelihood"], row["scaled_r2"]
        low, high = unrestricted * 3, unrestricted
        for _ in range(80):
            middle = (low + high) / 2
            implied = 1 - (unrestricted / middle) ** (-(2 / n) * middle)
            low, high = (middle, high) if implied > r2 else (low, middle)
        sex, level = ("female", "male")[number // 4], number % 4 + 1
        rows = sample[(sample["level"] == level) & (sample["sex"] == sex)]
        shares = rows["outcome_centrality"].value_counts(normalize=True).to_numpy()
        entropy = -float((shares * np.log(shares)).sum())
        table.add("entropy of outcome 2013 (-logL_r/n)", f"E{number + 1}", "nats", -middle / n, entropy)


def _add_family_tables(table: _Table, years: pd.DataFrame) -> None:
    immigrants = years[years["invkat"] == "B"]
    rates = p.published("published_rates").dropna(subset=["rate_percent"])
    for table_id, population, background, size, kind, outcome, rate in rates.itertuples(index=False):
        if size == "1" and kind != "all":
            continue  # the same persons as "all"
        rows = immigrants[(immigrants["background"] == background) & (immigrants["size"] == size)]
        if population == "age_20_35":
            rows = rows[rows["age"].between(20, 35)]
        if kind == "mixed":
            rows = rows[rows["family_type"] != "immigrants_only"]
        elif kind != "all":
            rows = rows[rows["family_type"] == kind]
        item = f"{background}, size {size}, {kind}"
        table.add(
            f"table {table_id} {outcome}",
            item,
            "per cent",
            float(rate),
            _share(rows["outcome_county"] == outcome),
        )


def _add_series(table: _Table, series: pd.DataFrame, scale: float) -> None:
    early, late = series["outcome_year"].between(2004, 2008), series["outcome_year"].between(2009, 2013)
    for background, means in p.SHARE_MEANS.items():
        name = p.BACKGROUNDS[background]
        for label, rows, target in (("2004-2008", early, means[0]), ("2009-2013", late, means[1])):
            part = series[rows]
            per_year = part[part["background"] == name].set_index("outcome_year")["adult_n"]
            share = 100 * (per_year / part.groupby("outcome_year")["adult_n"].sum()).mean()
            table.add("share of immigrants 15-74 (5.4)", f"{name} {label}", "per cent", target, share)

    def rate(name: str, year: int, column: str) -> float:
        row = series[(series["background"] == name) & (series["outcome_year"] == year)]
        return 100 * float(row[column].iloc[0] / row["adult_n"].iloc[0])

    for name, year, target in (
        ("education", 2004, 25), ("education", 2008, 15), ("education", 2012, 13), ("work", 2004, 12),
        ("work", 2012, 4.5), ("refuge", 2004, 1.5), ("refuge", 2008, 1.5), ("refuge", 2013, 1.5),
    ):  # fmt: skip
        table.add(
            "emigration rate, 15-74 (ch. 4)",
            f"{name} {year}",
            "per cent",
            target,
            rate(name, year, "adult_emigrants"),
        )
    for name, target in (("work", 2), ("education", 2.5), ("family", 1.5), ("nordic", 1), ("unknown", 0.6)):
        for year in (2004, 2008, 2012, 2013):
            table.add(
                "moves between levels, 15-74 (ch. 4)",
                f"{name} {year}",
                "per cent",
                target,
                rate(name, year, "adult_internal"),
            )
    total = series.groupby("outcome_year").sum(numeric_only=True)
    table.add(
        "emigrants", "immigrants of all ages, 2013", "persons", 24_000, total.loc[2013, "emigrants"] / scale
    )
    for year in (2007, 2010, 2013):
        share = 100 * total.loc[year, "administrative"] / total.loc[year, "emigrants"]
        table.add(
            "administrative emigrations (2.1.5)",
            f"{year}",
            "per cent",
            100 * p.ADMINISTRATIVE_SHARE(year),
            share,
        )
    nordic = series[series["background"] == "nordic"]["administrative"].sum()
    table.add(
        "administrative emigrations (2.1.5)",
        "of these Nordic, hardly any",
        "per cent",
        0,
        100 * nordic / total["administrative"].sum(),
    )
    far = 100 * total["administrative_asia_africa"].sum() / total["administrative"].sum()
    table.add(
        "administrative emigrations (2.1.5)",
        "of these born in Asia or Africa, more than",
        "per cent",
        50,
        far,
    )
    for year in (2004, 2010, 2012, 2013):
        share = 100 * total.loc[year, "unknown_education"] / total.loc[year, "adult_n"]
        table.add(
            "unknown education, 15-74", f"1 October {year - 1}", "per cent", 40 if year <= 2011 else 20, share
        )
    for column, target in (("employed", 62), ("in_education", 12), ("unemployed", 4.5)):
        share = 100 * total.loc[2013, column] / total.loc[2013, "adult_n"]
        table.add("labour status 2012, 15-74 (plausible, not printed)", column, "per cent", target, share)


def markdown(table: pd.DataFrame) -> str:
    """Return the calibration table as Markdown, one table per topic."""
    parts = []
    for topic, rows in table.groupby("topic", sort=False):
        lines = [f"### {topic}", "", "| | unit | target | achieved | deviation |", "|---|---|---:|---:|---:|"]
        for row in rows.itertuples(index=False):
            digits = {"persons": 0, "per cent": 1}.get(str(row.unit), 4)
            sign = f"{row.deviation_percent:+.1f} %" if row.unit != "per cent" else f"{row.deviation:+.1f}"
            numbers = f"{row.target:,.{digits}f} | {row.achieved:,.{digits}f} | {sign}"
            lines.append(f"| {row.item} | {row.unit} | {numbers} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def outcome_counts(sample: pd.DataFrame, probabilities: FloatArray) -> pd.DataFrame:
    """Compare drawn with expected outcomes per model E1-E8.

    Returns one row per model and outcome: observed count, expected count, standard deviation, z.
    """
    model = derived_covariates(sample).model
    rows = []
    for number in range(8):
        chosen = model == number
        for column, outcome in enumerate(("internal_outmigration", "emigration")):
            share = probabilities[chosen, column]
            observed = int((sample["outcome_centrality"].to_numpy()[chosen] == outcome).sum())
            expected, deviation = float(share.sum()), float(np.sqrt((share * (1 - share)).sum()))
            z = (observed - expected) / deviation if deviation > 0 else 0.0
            rows.append((f"E{number + 1}", outcome, observed, expected, deviation, z))
    return pd.DataFrame(rows, columns=["model", "outcome", "observed", "expected", "sd", "z"])


def main() -> None:
    """Print the calibration table of a delivery."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("delivery", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    print(markdown(calibration_table(arguments.delivery, arguments.scale)))


if __name__ == "__main__":
    main()
