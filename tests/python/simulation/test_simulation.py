"""The simulated delivery: deterministic, valid, coherent, with the stated flaws and the printed logit."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml

from utvandring.simulation import parameters as p
from utvandring.simulation import simulate
from utvandring.simulation.calibration import (
    derived_covariates,
    logit_sample,
    open_delivery,
    outcome_counts,
    person_years,
)
from utvandring.simulation.geography import division, geography, published_counts
from utvandring.simulation.labour import labour_status
from utvandring.simulation.outcomes import linear_predictor, probabilities, residence_group
from utvandring.simulation.population import pseudonym

ROOT = Path(__file__).resolve().parents[3]
SCALE = 0.02
FIRST, LAST = 2003, 2014


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    return simulate(folder / "delivery", scale=SCALE, truth=folder / "truth.parquet").parent


@pytest.fixture(scope="module")
def con(delivery: Path) -> duckdb.DuckDBPyConnection:
    return open_delivery(delivery)


@pytest.fixture(scope="module")
def years_2012(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return person_years(con, 2012)


def one(con: duckdb.DuckDBPyConnection, query: str) -> float:
    row = con.execute(query).fetchone()
    assert row is not None
    return float(row[0])


def test_the_same_arguments_give_the_same_bytes_and_another_seed_other_bytes(tmp_path: Path) -> None:
    def digest(name: str, seed: int) -> dict[str, str]:
        folder = simulate(tmp_path / name, scale=0.003, first_year=2005, last_year=2008, seed=seed).parent
        return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}

    assert digest("a", 1) == digest("b", 1)
    assert digest("c", 2)["person_p2008_v1.parquet"] != digest("a2", 1)["person_p2008_v1.parquet"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0.0}, "scale"),
        ({"scale": -1.0}, "scale"),
        ({"scale": 2.5}, "scale"),
        ({"scale": float("nan")}, "scale"),
        ({"first_year": 2010, "last_year": 2010}, "years"),
        ({"first_year": 2012, "last_year": 2010}, "years"),
        ({"first_year": 1980}, "years"),
        ({"last_year": 2030}, "years"),
        ({"seed": -1}, "seed"),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_is_written(
    tmp_path: Path, arguments: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(tmp_path / "out", **arguments)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_content_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ValueError, match="not empty"):
        simulate(tmp_path, scale=0.001)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(label: str, fraction: float) -> None:
        if label == "2006":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "out", scale=0.001, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_from_zero_to_one(tmp_path: Path) -> None:
    seen: list[float] = []
    simulate(tmp_path / "out", scale=0.001, progress=lambda _label, fraction: seen.append(fraction))
    assert seen[0] == 0.0
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


@pytest.mark.parametrize(("first_year", "last_year"), [(1991, 1993), (2016, 2021), (2022, 2026)])
def test_other_years_use_the_municipalities_in_force(tmp_path: Path, first_year: int, last_year: int) -> None:
    folder = simulate(tmp_path / "out", scale=0.003, first_year=first_year, last_year=last_year).parent
    codes = p.code_list("municipality_code")
    for year in range(first_year, last_year + 1):
        now = f"{year}-01-01"
        valid = codes[(codes["valid_from"] <= now) & ((codes["valid_to"] == "") | (codes["valid_to"] > now))]
        written = pd.read_parquet(folder / f"befolkning_p{year}_v1.parquet")["kommnr"].dropna()
        assert set(written) <= set(valid["municipality_code"])


def test_the_ledger_of_the_delivery_names_every_file_with_its_rows_and_checksum(delivery: Path) -> None:
    ledger = json.loads((delivery / "delivery.json").read_text())
    assert ledger["delivery_id"] == "2015-03-01"
    assert {f["path"] for f in ledger["files"]} | {"delivery.json"} == {f.name for f in delivery.iterdir()}
    for entry in ledger["files"]:
        path = delivery / entry["path"]
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert entry["rows"] == len(pd.read_parquet(path, columns=["personid"]))
        assert entry["path"] == f"{entry['register']}_p{entry['period']}_v{entry['version']}.parquet"
    periods = {(f["register"], int(f["period"])) for f in ledger["files"]}
    yearly = {name for name, _ in _specification()} - {"person"}
    assert periods == {(r, y) for r in yearly for y in range(FIRST, LAST + 1)} | {("person", LAST)}


def _specification() -> list[tuple[str, dict[str, object]]]:
    text = (ROOT / "models" / "staging" / "registers.yml").read_text(encoding="utf-8")
    source = next(s for s in yaml.safe_load(text)["sources"] if s["name"] == "registers")
    return [(table["name"], table) for table in source["tables"]]


_TYPES = {"varchar": "VARCHAR", "integer": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE", "date": "DATE",
          "boolean": "BOOLEAN"}  # fmt: skip


@pytest.mark.parametrize(
    ("register", "table"), _specification(), ids=lambda x: x if isinstance(x, str) else "-"
)
def test_every_register_meets_its_specification(
    con: duckdb.DuckDBPyConnection, register: str, table: dict[str, object]
) -> None:
    columns = table["columns"]
    assert isinstance(columns, list)
    described = con.execute(f"describe {register}").df().set_index("column_name")["column_type"]
    for column in columns:
        name = column["name"]
        rules = column.get("config", {}).get("meta", {})
        if rules.get("optional") and name not in described:
            continue
        assert described[name] == _TYPES[column["data_type"]]
        if rules.get("nullable") is False:
            assert one(con, f"select count(*) from {register} where {name} is null") == 0
        if "required_where" in rules:
            query = f"select count(*) from {register} where {name} is null and {rules['required_where']}"
            assert one(con, query) == 0
        if "pattern" in rules:
            matches = f"regexp_full_match({name}, '{rules['pattern']}')"
            assert one(con, f"select count(*) from {register} where not {matches}") == 0
        if "code_list" in rules:
            values = p.code_list(rules["code_list"]["seed"])[rules["code_list"]["column"]]
            found = con.execute(f"select distinct {name}::varchar from {register}").df().iloc[:, 0]
            assert set(found.dropna()) <= set(values)
        for bound, sign in (("minimum", "<"), ("maximum", ">")):
            if bound in rules:
                assert one(con, f"select count(*) from {register} where {name} {sign} {rules[bound]}") == 0
    key = (table.get("config") or {}).get("meta", {}).get("key")  # type: ignore[attr-defined]
    if key:
        columns_of_key = ", ".join([*key, "periode"])
        rows = one(con, f"select count(*) - count(distinct ({columns_of_key})) from {register}")
        assert rows == 0


def test_municipality_codes_are_those_in_force_on_the_day(con: duckdb.DuckDBPyConnection) -> None:
    wrong = """
        select count(*) from befolkning as b
        left join municipality_code as m on m.municipality_code = b.kommnr
        where b.kommnr is not null and not (
            coalesce(m.valid_from, '') <= b.periode || '-01-01'
            and coalesce(m.valid_to, '9999') > b.periode || '-01-01')
    """
    assert one(con, wrong) == 0
    for year, old, new in ((2005, "1842", "1804"), (2008, "1503", "1505"), (2013, "1901", "1903")):
        after = one(con, f"select count(*) from befolkning where periode >= {year} and kommnr = '{old}'")
        assert after == 0
        assert one(con, f"select count(*) from befolkning where periode = {year} and kommnr = '{new}'") > 0


def test_a_merger_moves_nobody() -> None:
    before, lookup_before = division(2012)
    after, lookup_after = division(2013)
    harstad = geography().codes.index("1903")
    assert {before[i] for i in lookup_before[harstad]} == {"1901", "1915"}
    assert {after[i] for i in lookup_after[harstad]} == {"1903"}
    assert division(2013)[0] == geography().codes


def test_lives_are_coherent(con: duckdb.DuckDBPyConnection) -> None:
    nothing = {
        "event before the month of birth": """
            select count(*) from flytting join person using (personid)
            where year(flyttedato) * 100 + month(flyttedato) < foedselsaar_mnd""",
        "first immigration before birth": """
            select count(*) from person where forstdato // 100 < foedselsaar_mnd""",
        "event after death": """
            select count(*) from flytting join person using (personid) where flyttedato > doedsdato""",
        "registered before it happened": "select count(*) from flytting where regdato < flyttedato",
        "immigrant born in Norway": "select count(*) from person where invkat = 'B' and fodeland = '000'",
        "immigrant without first immigration": """
            select count(*) from person where invkat = 'B' and forstdato is null""",
        "Norwegian-born from abroad": """
            select count(*) from person where invkat in ('A', 'C', 'F') and fodeland <> '000'""",
        "resident after death": """
            select count(*) from befolkning as b join person using (personid)
            where b.statuskode = 1 and doedsdato < make_date(b.periode, 1, 1)""",
        "person of a register who is not in person": """
            select count(*) from befolkning anti join person using (personid)""",
        "move to where one lives": """
            select count(*) from flytting where hendelse = 'innenlands' and fra_kommnr = til_kommnr""",
        "mother younger than twelve": """
            select count(*) from person as c join person as m on m.personid = c.mor_id
            where c.foedselsaar_mnd < m.foedselsaar_mnd + 1200""",
        "families across municipalities": """
            select count(*) from (
                select famnr, periode from befolkning
                where statuskode = 1 and famnr is not null and kommnr not in ('0000', '9999')
                group by all having count(distinct kommnr) > 1)""",
        "families with two reference persons": """
            select count(*) from (
                select famnr from befolkning
                where statuskode = 1 and famnr is not null and periode = 2013
                group by all having count(*) filter (personkode = 1) > 1)""",
    }
    assert {name: one(con, query) for name, query in nothing.items()} == dict.fromkeys(nothing, 0.0)


def test_events_and_status_agree_apart_from_the_unaccounted(con: duckdb.DuckDBPyConnection) -> None:
    for base_year in (2004, 2008, 2012):
        fate = person_years(con, base_year)["fate"].value_counts(normalize=True)
        assert fate["unaccounted"] < 0.0015
    newcomers = one(
        con,
        """select count(*) from befolkning as b join person using (personid)
        where b.periode = 2010 and b.statuskode = 1 and forstdato // 10000 = 2009 and invkat = 'B'
            and personid not in (select personid from flytting where hendelse = 'innvandring')""",
    )
    assert newcomers == 0


def test_the_flaws_are_there_at_the_stated_rates(con: duckdb.DuckDBPyConnection) -> None:
    residents = one(con, "select count(*) from befolkning where statuskode = 1")
    unknown = one(con, "select count(*) from befolkning where statuskode = 1 and kommnr in ('0000', '9999')")
    assert 0.0005 < unknown / residents < 0.003
    several = """
        select count(*) from (
            select personid from sysselsetting where periode = 2012 group by 1 having count(*) > 1)
    """
    jobs = one(con, "select count(distinct personid) from sysselsetting where periode = 2012")
    assert 0.03 < one(con, several) / jobs < 0.2
    main = one(
        con,
        """select count(*) from (select personid, periode from sysselsetting group by all
        having count(*) filter (hovedarbeid) <> 1)""",
    )
    assert main == 0
    repeated = one(con, "select count(*) from arbeidssoker where hovedstatus = 1")
    distinct = one(
        con, "select count(distinct (personid, periode, maaned)) from arbeidssoker where hovedstatus = 1"
    )
    assert 0.01 < 1 - distinct / repeated < 0.1
    late = one(
        con,
        """select count(*) from flytting
        where hendelse = 'utvandring' and year(regdato) > year(flyttedato)""",
    )
    emigrations = one(con, "select count(*) from flytting where hendelse = 'utvandring'")
    assert 0.005 < late / emigrations < 0.05
    before = one(
        con,
        """select count(utvandringstype) from flytting
        where hendelse = 'utvandring' and year(regdato) < 2006""",
    )
    assert before == 0
    relatives = one(con, "select count(*) from befolkning where statuskode = 3 and famnr is not null")
    assert relatives > 0


@pytest.mark.parametrize(("year", "share"), [(2005, 0.40), (2010, 0.40), (2011, 0.20), (2013, 0.20)])
def test_unknown_education_follows_the_years(con: duckdb.DuckDBPyConnection, year: int, share: float) -> None:
    years = person_years(con, year)
    adult = years[(years["invkat"] == "B") & years["age"].between(15, 74)]
    assert adult["digit"].isin(["", "0", "9"]).mean() == pytest.approx(share, abs=0.01)


def test_administrative_emigrants_show_no_sign_of_life(con: duckdb.DuckDBPyConnection) -> None:
    administrative = """
        create or replace temp table administrative as
        select personid, year(flyttedato) as y from flytting where utvandringstype = 'administrativ'
    """
    con.execute(administrative)
    signs = {
        "job": "sysselsetting as s using (personid) where s.periode between y - 1 and y",
        "study": "utdanningsaktivitet as s using (personid) where s.periode between y - 1 and y",
        "jobseeker": "arbeidssoker as s using (personid) where s.periode between y - 1 and y",
        "income": "inntekt as s using (personid) where s.periode between y - 1 and y and wyrkinnt > 0",
        "move": """flytting as s using (personid)
            where s.periode between y - 1 and y and hendelse <> 'utvandring'""",
    }
    found = {name: one(con, f"select count(*) from administrative join {q}") for name, q in signs.items()}
    assert found == dict.fromkeys(signs, 0.0)
    destinations = con.execute(
        "select distinct til_land from flytting where utvandringstype = 'administrativ'"
    ).fetchall()
    assert {d[0] for d in destinations} == {"990", None}


def test_about_one_recent_emigration_in_four_is_administrative(con: duckdb.DuckDBPyConnection) -> None:
    share = one(
        con,
        """select avg((utvandringstype = 'administrativ')::int) from flytting join person using (personid)
        where hendelse = 'utvandring' and invkat = 'B' and flytting.periode between 2010 and 2014""",
    )
    assert share == pytest.approx(0.235, abs=0.03)


def test_over_coverage_leaves_people_without_signs_for_years(con: duckdb.DuckDBPyConnection) -> None:
    silent = one(
        con,
        """
        with stays as (
            select b.personid from befolkning as b join person using (personid)
            where b.statuskode = 1 and b.periode in (2012, 2013) and invkat = 'B'
                and foedselsaar_mnd // 100 between 1946 and 1995
            group by 1 having count(*) = 2
        ), alive as (
            select personid from sysselsetting where periode in (2011, 2012)
            union select personid from utdanningsaktivitet where periode in (2011, 2012)
            union select personid from arbeidssoker where periode in (2011, 2012)
            union select personid from inntekt where periode in (2011, 2012) and wyrkinnt > 0
            union select personid from flytting where periode in (2011, 2012)
        )
        select (select count(*) from stays anti join alive using (personid)) / (select count(*) from stays)
        """,
    )
    # The silent, and housewives and early pensioners whom no register shows.
    assert 0.015 < silent < 0.12


def test_who_left_without_saying_so_is_written_beside_the_delivery(
    con: duckdb.DuckDBPyConnection, delivery: Path
) -> None:
    con.execute(f"create view truth as from '{delivery.parent / 'truth.parquet'}'")
    share = one(
        con,
        """
        select count(*) filter (personid in (
            select person_id from truth where base_year = 2012 and not is_found_next_year
        )) / count(*)
        from befolkning join person using (personid)
        where befolkning.periode = 2013 and statuskode = 1 and invkat = 'B'
        """,
    )
    signs = one(
        con,
        """
        select count(*) from truth
        where exists (from sysselsetting where personid = person_id and periode = base_year)
            or exists (from inntekt where personid = person_id and periode = base_year and wyrkinnt > 0)
        """,
    )

    assert share == pytest.approx(p.OVERCOVERAGE_SHARE, abs=0.0005)
    assert signs == 0


@pytest.mark.parametrize(("name", "says"), [("out/truth.parquet", "outside"), ("no/truth.parquet", "folder")])
def test_the_truth_never_lies_in_a_delivery(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        simulate(tmp_path / "out", scale=0.001, truth=tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_counts_by_level_and_sex_are_near_the_printed_ones(years_2012: pd.DataFrame) -> None:
    sample = logit_sample(years_2012)
    _, level_sex = published_counts()
    for level in range(1, 5):
        for column, sex in enumerate(("male", "female")):
            n = ((sample["level"] == level) & (sample["sex"] == sex)).sum() / SCALE
            target = level_sex[level - 1, column]
            noise = 4 * np.sqrt(target / SCALE)
            assert abs(n - target) < 0.03 * target + noise


def test_drawn_outcomes_of_2013_agree_with_the_printed_logit_on_rederived_covariates(
    years_2012: pd.DataFrame,
) -> None:
    """The truth is in the files: the printed coefficients, on derived covariates, expect what was drawn."""
    sample = logit_sample(years_2012)
    x = derived_covariates(sample)
    share = probabilities(linear_predictor(x))
    assert outcome_counts(sample, share)["z"].abs().max() < 4
    # Finer than the model: by each regressor, for both outcomes.
    for column, outcome in enumerate(("internal_outmigration", "emigration")):
        residual = (sample["outcome_centrality"] == outcome).to_numpy() - share[:, column]
        variance = share[:, column] * (1 - share[:, column])
        for values in (x.residence, x.education, x.status, x.background, np.minimum(x.family_total, 6)):
            for value in np.unique(values):
                rows = values == value
                assert abs(residual[rows].sum()) < 4.5 * np.sqrt(variance[rows].sum())


def test_rates_of_other_years_follow_the_printed_series(con: duckdb.DuckDBPyConnection) -> None:
    printed = ((2004, "education", 0.25), (2008, "education", 0.15), (2004, "work", 0.12))
    for year, background, rate in printed:
        years = person_years(con, year - 1)
        rows = years[(years["background"] == background) & years["age"].between(15, 74)]
        noise = 4 * np.sqrt(rate * (1 - rate) / len(rows))
        assert abs((rows["fate"] == "emigration").mean() - rate) < noise + 0.01


def test_labour_status_follows_the_precedence() -> None:
    cases = [  # employed, in education, months, status
        (False, False, 0, "outside_labour_force"), (False, False, 1, "unemployed"),
        (False, True, 6, "in_education"),
        (True, False, 6, "employed"), (True, True, 6, "employed_in_education"), (True, True, 7, "unemployed"),
    ]  # fmt: skip
    employed, studying, months, expected = (list(column) for column in zip(*cases, strict=True))
    status = labour_status(np.array(employed), np.array(studying), np.array(months, dtype=np.int8))
    assert [p.STATUSES[s] for s in status] == expected


def test_residence_groups_have_the_printed_borders() -> None:
    years = np.array([0, 2, 3, 5, 6, 10, 11, 15, 16, 60], dtype=np.int32)
    assert residence_group(years).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_pseudonyms_are_unique_and_follow_no_order() -> None:
    numbers = pseudonym(np.arange(200_000), 2016, bits=40, topic=1)
    assert len(np.unique(numbers)) == 200_000
    assert abs(np.corrcoef(np.arange(200_000), numbers.astype(float))[0, 1]) < 0.02
    assert (pseudonym(np.arange(10), 2017, bits=40, topic=1) != numbers[:10]).all()


def test_nothing_is_dated_after_the_delivery(con: duckdb.DuckDBPyConnection) -> None:
    latest = con.execute("select max(regdato), max(flyttedato) from flytting").fetchone()
    assert latest is not None
    assert latest[0] < dt.date(LAST + 1, 3, 15)
    assert latest[1] <= dt.date(LAST, 12, 31)
