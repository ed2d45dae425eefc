"""`person_year` in Polars, from the accepted files: lazy and streaming, as a peer of the floor in SQL.

It gives the columns that `run.py` compares, for what the simulated delivery holds: years up to 2017, every
register complete. Rules as in `person_year_floor.sql`, step by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

Files = Mapping[str, Sequence[str]]
LIST_SCHEMA = {"municipality_code": pl.String, "municipality_code_2013": pl.String, "county_code": pl.String}


def person_year(files: Files, lists: Path) -> pl.LazyFrame:
    """Return one row for everyone resident on 1 January of base_year + 1.

    Parameters
    ----------
    files
        Paths of the current files by register.
    lists
        The folder of the code lists.
    """
    register = {name: pl.scan_parquet(list(paths)) for name, paths in files.items()}
    january = register["befolkning"]
    resident = january.filter(pl.col("statuskode") == 1).select(
        person_id="personid", reference_year="periode", municipality_code="kommnr", family_id="famnr"
    )
    person = persons(register["person"], lists)
    event = (
        register["flytting"]
        .select(
            "hendelse",
            "til_kommnr",
            "til_land",
            "utvandringstype",
            person_id="personid",
            event_date="flyttedato",
            registered_date="regdato",
        )
        .unique()
    )
    last_january = resident.select(last_january=pl.max("reference_year"))
    joined = (
        resident.join(last_january, how="cross")
        .join(
            january.select(
                "statuskode",
                "kommnr",
                person_id="personid",
                reference_year=pl.col("periode") - 1,
            ),
            on=["person_id", "reference_year"],
            how="left",
        )
        .join(person, on="person_id", how="left")
        .join(
            departures(event, person).with_columns(has_departure=True),
            left_on=["person_id", "reference_year"],
            right_on=["person_id", "outcome_year"],
            how="left",
        )
        .join(last_addresses(event, last_january), on="person_id", how="left")
        .join(families(resident, person), on=["family_id", "reference_year"], how="left")
    )
    outcome = joined.with_columns(
        base_year=pl.col("reference_year") - 1,
        status=status_of_resident(),
        next_municipality_code=pl.coalesce(
            pl.when(pl.col("reference_year") == pl.col("last_january"))
            .then(pl.col("last_municipality_code"))
            .otherwise(pl.col("kommnr")),
            pl.col("municipality_code"),
        ),
    )
    return final(with_last_sign(outcome, signs(register, event)), places(lists))


def persons(register: pl.LazyFrame, lists: Path) -> pl.LazyFrame:
    """Return characteristics of persons."""
    country = pl.scan_csv(lists / "country.csv", infer_schema=False).select(
        "country_code", is_nordic=pl.col("is_nordic") == "true"
    )
    reason = pl.scan_csv(lists / "reason_for_immigration.csv", infer_schema=False).select(
        "reason_code", reason_background="immigration_background"
    )
    first_year = pl.col("forstdato") // 10000
    return (
        register.join(country, left_on="fodeland", right_on="country_code", how="left")
        .join(reason, left_on="inngrunn1", right_on="reason_code", how="left")
        .select(
            person_id="personid",
            birth_year=pl.col("foedselsaar_mnd") // 100,
            is_immigrant=pl.col("invkat") == "B",
            immigration_background=pl.when(pl.col("invkat") != "B")
            .then(None)
            .when(pl.col("is_nordic"))
            .then(pl.lit("nordic"))
            .when(first_year < 1990)
            .then(pl.lit("unknown"))
            .otherwise(pl.coalesce("reason_background", pl.lit("unknown"))),
            first_immigration_year=first_year,
            first_immigration="forstdato",
            death_date="doedsdato",
        )
    )


def families(resident: pl.LazyFrame, person: pl.LazyFrame) -> pl.LazyFrame:
    """Return size and immigrants of every family on every 1 January."""
    return (
        resident.filter(pl.col("family_id").is_not_null())
        .join(person.select("person_id", "is_immigrant"), on="person_id", how="left")
        .group_by("family_id", "reference_year")
        .agg(
            family_size=pl.len().cast(pl.Int32),
            family_immigrants=pl.col("is_immigrant").fill_null(False).sum().cast(pl.Int32),
        )
    )


def signs(register: Mapping[str, pl.LazyFrame], event: pl.LazyFrame) -> pl.LazyFrame:
    """Return the years in which a person left a trace."""
    personal = {"person_id": "personid", "sign_year": "periode"}
    return pl.concat(
        [
            register["sysselsetting"].filter(pl.col("yrkstat").is_in([1, 2])).select(**personal),
            register["utdanningsaktivitet"].select(**personal),
            register["arbeidssoker"].select(**personal),
            register["inntekt"].filter(pl.col("wyrkinnt") > 0).select(**personal),
            event.filter(pl.col("hendelse") != "utvandring").select(
                "person_id", sign_year=pl.col("event_date").dt.year()
            ),
        ]
    ).unique()


def departures(event: pl.LazyFrame, person: pl.LazyFrame) -> pl.LazyFrame:
    """Return what the emigrations of a person say of a year."""
    is_return = pl.col("hendelse") == "innvandring"
    emigration = (
        event.filter(pl.col("hendelse") != "innenlands")
        .with_columns(is_return=is_return)
        .sort("person_id", "event_date", "registered_date", "is_return", nulls_last=True)
        .with_columns(return_date=pl.when(is_return).then("event_date"))
        .with_columns(pl.col("return_date").shift(-1).backward_fill().over("person_id"))
        .filter(pl.col("hendelse") == "utvandring")
    )
    alive = emigration.join(person.select("person_id", "death_date"), on="person_id", how="left").filter(
        (pl.col("event_date") < pl.col("death_date")).fill_null(True)
    )
    year, registered = pl.col("event_date").dt.year(), pl.col("registered_date").dt.year()
    first_of_january = (pl.col("event_date").dt.month() == 1) & (pl.col("event_date").dt.day() == 1)
    spread = pl.concat(
        [
            alive.with_columns(outcome_year=year),
            alive.filter(first_of_january).with_columns(outcome_year=year - 1),
            alive.filter(
                (registered > year) & (pl.col("return_date") > pl.date(registered, 1, 1)).fill_null(True)
            ).with_columns(outcome_year=registered),
        ]
    ).with_columns(next_january=pl.date(pl.col("outcome_year") + 1, 1, 1))
    abroad_at_death = (pl.col("death_date") <= pl.col("next_january")) & (
        pl.col("return_date") > pl.col("death_date")
    ).fill_null(True)
    returned = (pl.col("event_date").dt.year() == pl.col("outcome_year")) & (
        pl.col("return_date") <= pl.col("next_january")
    ).fill_null(False)
    by_date = {"by": ["event_date", "registered_date"], "descending": [True, False], "nulls_last": True}
    return spread.group_by("person_id", "outcome_year").agg(
        emigration_date=pl.col("event_date").sort_by(**by_date).first(),
        emigration_country=pl.col("til_land").sort_by(**by_date).first(),
        is_abroad_at_death=abroad_at_death.fill_null(False).any(),
        has_returned=returned.any(),
        is_gone=(pl.col("return_date") > pl.col("next_january")).fill_null(True).any(),
    )


def last_addresses(event: pl.LazyFrame, last_january: pl.LazyFrame) -> pl.LazyFrame:
    """Return the last address in the events of the last year."""
    return (
        event.join(last_january, how="cross")
        .filter(
            pl.col("hendelse") != "utvandring",
            pl.col("til_kommnr").is_not_null(),
            pl.col("event_date").dt.year() == pl.col("last_january"),
        )
        .group_by("person_id")
        .agg(
            last_municipality_code=pl.col("til_kommnr")
            .sort_by("event_date", "registered_date", "hendelse", nulls_last=True)
            .last()
        )
    )


def status_of_resident() -> pl.Expr:
    """Return the outcome: death, resident, emigration or unaccounted."""
    is_last = pl.col("reference_year") == pl.col("last_january")
    next_january = pl.date(pl.col("reference_year") + 1, 1, 1)
    died = (pl.col("death_date").dt.year() == pl.col("reference_year")).fill_null(False) | (
        (pl.col("statuskode") == 5) & (pl.col("death_date") == next_january).fill_null(True)
    ).fill_null(False)
    return (
        pl.when(~pl.col("is_abroad_at_death").fill_null(False) & died)
        .then(pl.lit("death"))
        .when(is_last & pl.col("is_gone").fill_null(False))
        .then(pl.lit("emigration"))
        .when(is_last | (pl.col("statuskode") == 1))
        .then(pl.lit("resident"))
        .when(pl.col("has_departure"))
        .then(pl.lit("emigration"))
        .otherwise(pl.lit("unaccounted"))
    )


def with_last_sign(outcome: pl.LazyFrame, sign: pl.LazyFrame) -> pl.LazyFrame:
    """Add the latest year up to base_year with a sign."""
    return outcome.sort("base_year").join_asof(
        sign.with_columns(last_sign_of_life_year=pl.col("sign_year")).sort("sign_year"),
        left_on="base_year",
        right_on="sign_year",
        by="person_id",
        strategy="backward",
    )


def places(lists: Path) -> pl.LazyFrame:
    """Return kind, county and centrality of every municipality code."""
    division = pl.scan_csv(lists / "municipality_2013.csv", infer_schema=False).select(
        "municipality_code", "county_code", centrality_level=pl.col("centrality_level").cast(pl.Int32)
    )
    code = pl.scan_csv(lists / "municipality_code.csv", infer_schema=False).select(
        "municipality_code", "kind", "municipality_code_2013"
    )
    return code.join(division, left_on="municipality_code_2013", right_on="municipality_code", how="left")


def final(person_time: pl.LazyFrame, place: pl.LazyFrame) -> pl.LazyFrame:
    """Put everything side by side, in the order of the mart."""
    names = ["kind", "municipality_code_2013", "county_code", "centrality_level"]
    here = place.rename({name: f"{name}_here" for name in names})
    there = place.rename({name: f"{name}_there" for name in names})

    def moved(region_here: pl.Expr, region_there: pl.Expr) -> pl.Expr:
        unknown = (pl.col("kind_here") == "unknown") | (pl.col("kind_there") == "unknown")
        stays = unknown.fill_null(False) | (region_here == region_there).fill_null(False)
        return (
            pl.when(pl.col("status") != "resident")
            .then("status")
            .when(stays)
            .then(pl.lit("stay"))
            .otherwise(pl.lit("internal_outmigration"))
        )

    def centrality(side: str) -> pl.Expr:
        return pl.coalesce(pl.col(f"centrality_level_{side}").cast(pl.String), f"kind_{side}")

    def county(side: str, code: str) -> pl.Expr:
        return pl.coalesce(f"county_code_{side}", pl.col(code).str.slice(0, 2))

    def family_of_one(counted: pl.Expr, of_one: pl.Expr) -> pl.Expr:
        return pl.when(pl.col("family_id").is_null()).then(of_one.cast(pl.Int32)).otherwise(counted)

    is_emigration = pl.col("status") == "emigration"
    first_day = pl.col("reference_year") * 10000 + 101
    return (
        person_time.join(here, on="municipality_code", how="left")
        .join(there, left_on="next_municipality_code", right_on="municipality_code", how="left")
        .select(
            "person_id",
            "base_year",
            (pl.col("base_year") - pl.col("birth_year")).alias("age"),
            "immigration_background",
            pl.when(pl.col("first_immigration_year") <= pl.col("base_year"))
            .then(pl.col("base_year") - pl.col("first_immigration_year"))
            .when(pl.col("first_immigration") == first_day)
            .then(0)
            .alias("residence_years"),
            pl.col("municipality_code_2013_here").alias("municipality_code_2013"),
            pl.col("centrality_level_here").alias("centrality_level"),
            family_of_one(pl.col("family_size"), pl.lit(1)).alias("family_size"),
            family_of_one(pl.col("family_immigrants"), pl.col("is_immigrant").fill_null(False)).alias(
                "family_immigrants"
            ),
            moved(centrality("here"), centrality("there")).alias("outcome_centrality"),
            moved(county("here", "municipality_code"), county("there", "next_municipality_code")).alias(
                "outcome_county"
            ),
            pl.when(is_emigration).then("emigration_date").alias("emigration_date"),
            pl.when(is_emigration).then("emigration_country").alias("emigration_country"),
            ((pl.col("status") == "resident") & pl.col("has_returned").fill_null(False)).alias(
                "returned_within_year"
            ),
            "last_sign_of_life_year",
        )
        .sort("base_year", "person_id")
    )
