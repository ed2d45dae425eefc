"""A world aligned to totals of emigrations: what is met, what is left alone, files that cannot be used."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Command
from deliveries import read_manifest

from utvandring.common.project import project_root
from utvandring.common.sql import literal
from utvandring.simulation import parameters as p
from utvandring.simulation import simulate, simulate_yearly, totals_of
from utvandring.simulation.alignment import region_shares, regions
from utvandring.simulation.destinations import destinations_of_norwegian_born
from utvandring.simulation.geography import geography
from utvandring.simulation.majority_aligned import published_residents

SCALE = 0.01
LAST = 2016
TOTALS = """year,citizenship,emigrations
2014,all,40000
2014,foreign,30000
2014,131,6000
2016,all,20000
2016,norwegian,8000
2016,131,600
"""
COUNTED = (project_root() / "benchmarks/norway_emigrations.sql").read_text(encoding="utf-8")


def read(folder: Path) -> duckdb.DuckDBPyConnection:
    """Give the registers of a delivery as views, with the period of each file."""
    connection = duckdb.connect()
    for register in ("befolkning", "flytting", "person"):
        connection.execute(
            f"create view {register} as select * exclude (filename), "
            "regexp_extract(filename, '_p([0-9]+)_', 1)::integer as periode "
            f"from read_parquet({literal(str(folder / register) + '_p*.parquet')}, filename = true)"
        )
    return connection


@pytest.fixture(scope="module")
def totals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("totals") / "totals.csv"
    path.write_text(TOTALS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def aligned(totals: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("aligned") / "world"
    simulate(folder, scale=SCALE, first_year=2013, last_year=LAST, align=totals_of(str(totals)))
    return folder


def test_years_without_a_total_lie_between_those_that_have_one(totals: Path) -> None:
    alignment = totals_of(str(totals))
    # Norwegian citizens, Poland, other foreign citizens.
    assert alignment.wanted(2014).tolist() == pytest.approx([10_000, 6_000, 24_000])
    assert alignment.wanted(2016).tolist() == pytest.approx([8_000, 600, 11_400])
    # 30,000 in all, 0.675 of them foreign, 0.125 of these from Poland.
    assert alignment.wanted(2015).tolist() == pytest.approx([9_750, 2_531.25, 17_718.75])
    assert alignment.wanted(2026).tolist() == alignment.wanted(2016).tolist()
    assert alignment.interpolated(2013, 2017) == [2015, 2017]


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        simulate(
            tmp_path / name, scale=0.002, first_year=2018, last_year=2020, align=totals_of("published"),
            majority=True,
        )  # fmt: skip
    files = sorted((tmp_path / "one").iterdir())
    assert len(files) > 8
    assert all(path.read_bytes() == (tmp_path / "other" / path.name).read_bytes() for path in files)


def test_as_many_leave_as_the_totals_say(aligned: Path, totals: Path) -> None:
    """Not to the person: up to 4 per cent of the emigrations of a year are dated in the December before."""
    emigrations = read(aligned).execute(COUNTED).fetchall()
    for year in (2014, 2015):
        _, poland, others = SCALE * totals_of(str(totals)).wanted(year)
        foreign = {code: 0 for _, code, _, _ in emigrations}
        for of, code, _, n in emigrations:
            foreign[code] += n if of == year else 0
        assert foreign["131"] == pytest.approx(poland, rel=p.DATED_LAST_YEAR, abs=5), year
        rest = sum(n for code, n in foreign.items() if code not in ("000", "131"))
        assert rest == pytest.approx(others, rel=p.DATED_LAST_YEAR, abs=5), year


def test_each_part_of_the_country_has_its_share(aligned: Path) -> None:
    """The years without reforms of counties together; 2013 is that of the report."""
    places = read(aligned).execute(
        "select year(flyttedato), fra_kommnr from flytting "
        "where hendelse = 'utvandring' and year(flyttedato) in (2014, 2015)"
    )
    rows = pd.DataFrame(places.fetchall(), columns=["year", "code"])
    found, expected = np.zeros(9), np.zeros(9)
    for year, codes in rows.groupby("year")["code"]:
        of_2013 = codes.map(dict(zip(geography().codes, regions(int(year)), strict=True)))
        found += np.bincount(of_2013, minlength=9)
        expected += len(codes) * region_shares(int(year))
    assert (np.abs(found - expected) <= 3 * np.sqrt(expected)).all(), (found, expected)
    # Trondelag, where half as many would leave if nothing were aligned.
    assert found[7] > 0.7 * expected[7]


def test_shares_of_parts_of_the_country_are_those_published() -> None:
    assert region_shares(2008)[4] == pytest.approx(887 / 23_615)
    assert region_shares(2008)[:2].sum() == pytest.approx(9_712 / 23_615)
    assert region_shares(2020)[0] == pytest.approx(7_780 / 26_744)
    assert region_shares(2014) == pytest.approx((region_shares(2008) + region_shares(2020)) / 2)
    assert region_shares(2026).sum() == pytest.approx(1)
    lunner = geography().codes.index("0533")
    assert (regions(2019)[lunner], regions(2020)[lunner]) == (4, 2)


def test_where_norwegians_go_in_an_aligned_world() -> None:
    """Of 2012: 47 per cent to Nordic countries, 0.65 of these to Sweden and 0.3 to Denmark; else less."""
    n = 40_000
    for aligned, sweden, denmark in ((True, 0.47 * 0.65, 0.47 * 0.3), (False, 0.44 * 3 / 7, 0.44 * 2 / 7)):
        chosen = destinations_of_norwegian_born(
            np.zeros(n, dtype=np.int16), np.random.default_rng(1), aligned
        )
        for country, share in ((106, sweden), (101, denmark)):
            assert (chosen == country).mean() == pytest.approx(share, abs=4 * (share / n) ** 0.5)


def test_an_aligned_series_announces_its_shocks_and_no_other_does(tmp_path: Path) -> None:
    years = {"scale": 0.002, "first_year": 2018, "last_year": 2021}
    series = simulate_yearly(tmp_path / "series", 2018, align=totals_of("published"), **years)  # type: ignore[arg-type]
    announced = [read_manifest(folder).get("announced") for folder in series]
    assert [entries and [entry["period"] for entry in entries] for entries in announced] == [
        None,
        None,
        ["2020"],
    ]
    simulate(tmp_path / "report", **years)  # type: ignore[arg-type]
    assert "announced" not in read_manifest(tmp_path / "report")


def test_the_outcomes_of_2013_are_those_of_the_report(aligned: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "report", scale=SCALE, first_year=2013, last_year=LAST)
    status = (
        "select personid, statuskode from befolkning where periode = 2014 and personid in ("
        "select personid from befolkning where periode = 2013) order by all"
    )
    assert read(aligned).execute(status).fetchall() == read(tmp_path / "report").execute(status).fetchall()


def test_refugees_from_ukraine_come_from_2022_on(tmp_path: Path) -> None:
    simulate(tmp_path / "world", scale=SCALE, first_year=2022, last_year=2023, align=totals_of("published"))
    came = (
        read(tmp_path / "world")
        .execute(
            "select forstdato // 10000 as year, count(*) filter (inngrunn1 = 'FLU') / count(*), count(*) "
            "from person where fodeland = '148' and invkat = 'B' and forstdato between 20210000 and 20221299 "
            "group by all order by all"
        )
        .fetchall()
    )
    assert [year for year, *_ in came] == [2021, 2022]
    before, *later = came
    for year, refugees, n in later:
        stock = SCALE * 1000 * (p.UKRAINIANS_THOUSANDS(year + 1) - p.UKRAINIANS_THOUSANDS(year))
        assert n > stock > 2 * before[2]
        assert refugees > 0.8


def test_residents_are_as_many_of_each_sex_and_age_as_published(tmp_path: Path) -> None:
    """Rounding of single years of age is half a person each; of the young there may be too many by chance."""
    simulate(
        tmp_path / "world", scale=SCALE, first_year=2010, last_year=2012, majority=True,
        align=totals_of("published"),
    )  # fmt: skip
    rows = read(tmp_path / "world").execute(
        "select befolkning.periode, kjoenn - 1, least(befolkning.periode - 1 - foedselsaar_mnd // 100, 90), "
        "count(*) from befolkning inner join person using (personid) where statuskode = 1 group by all"
    )
    residents = np.zeros((3, 2, 95))
    for year, woman, age, n in rows.fetchall():
        residents[year - 2010, woman, age] = n
    published = np.zeros((3, 2, 95))
    published[:, :, :91] = SCALE * np.array([published_residents(year) for year in (2010, 2011, 2012)])
    ours, wanted = (a.reshape(3, 2, 19, 5).sum(axis=3) for a in (residents, published))
    # Where somebody is missing, others come.
    assert (wanted - ours <= 2.5).all()
    assert (ours - wanted <= 0.01 * wanted + 2.5)[:, :, 10:].all()
    # Immigrants and their families, whose number by age is chance, are a quarter of the young at most.
    assert (ours - wanted <= 0.01 * wanted + 3 * np.sqrt(wanted / 4)).all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lacks the column year: it needs year, citizenship, emigrations."),
        ("year;citizenship;emigrations\n2014;all;4\n", "lacks the column year"),
        (TOTALS + "2014,all,3\n", "Line 8 of {} gives all of 2014 a second time: keep one of them."),
        (TOTALS + "MMXV,all,3\n", "Line 8 of {} has the year 'MMXV': write a year from 1991 to 2026."),
        (TOTALS + "2030,all,3\n", "has the year '2030'"),
        (TOTALS + "2015,Poland,3\n", "Line 8 of {} has the citizenship 'poland': write all, norwegian,"),
        (TOTALS + "2015,000,3\n", "has the citizenship '000'"),
        (TOTALS + "2015,all,many\n", "Line 8 of {} has 'many' emigrations: write a number of persons, 0 or"),
        (TOTALS + "2015,all,-1\n", "has '-1' emigrations"),
        (TOTALS + "2015,all,inf\n", "has 'inf' emigrations"),
        (TOTALS + "2015,all\n", "has '' emigrations"),
        (TOTALS + "2015,norwegian,3\n", "has norwegian emigrations of 2015 without all: give both."),
        (TOTALS + "2014,136,24001\n", "has more emigrations of parts than of all in 2014: correct one"),
        (TOTALS + "2014,norwegian,9000\n", "has fewer norwegian and foreign emigrations than all in 2014:"),
        (TOTALS.partition("2014")[0] + "2014,131,4\n", "has no year with all emigrations: give"),
        (TOTALS.partition("2014")[0] + "2014,all,4\n", "has no year with both all and norwegian or foreign"),
        (TOTALS + 'x"' + "\0" * 3, "Line 8 of {} has the year"),
    ],
)  # fmt: skip
def test_totals_that_cannot_be_used_are_refused_in_one_sentence(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "totals.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError) as refused:
        totals_of(str(path))
    assert says.format(path) in str(refused.value)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_text_or_not_there_is_wrong_use(utvandring: Command, tmp_path: Path) -> None:
    binary = tmp_path / "totals.parquet"
    binary.write_bytes(b"PAR1\xff\xfe")
    for path, says in (
        (binary, "is no text in UTF-8"),
        (tmp_path, "cannot be read"),
        (tmp_path / "no", "cannot"),
    ):
        ran = utvandring("simulate", "--out", tmp_path / "out", "--align", path)
        assert ran.code == 2
        assert says in ran.err
        assert not (tmp_path / "out").exists()
