# ruff: noqa: E501 - queries that write one file each
"""A delivery written as researchers receive such data, in three layouts, and the delivery that a right import gives.

What is written follows the columns, marks and traps that public code shows of such files: years of two digits, zeros that
were lost, waves, repeated rows, spells, several marks for nothing. Expected rows are a table for each register, with `periode`.
"""

from pathlib import Path

import duckdb
import pandas as pd
import pyreadstat

ORDER = "w19_0634"


class Delivered:
    """The registers of a delivery as tables of a connection, with `periode`."""

    def __init__(self, delivery: Path) -> None:
        self.connection = duckdb.connect()
        for register in {path.name.split("_p")[0] for path in delivery.glob("*_p*_v*.parquet")}:
            self.connection.execute(
                f"create table {register} as select * exclude (filename), "
                "cast(regexp_extract(filename, '_p([0-9]{4})_v', 1) as integer) as periode "
                f"from read_parquet('{delivery}/{register}_p*.parquet', filename = true, union_by_name = "
                "true)"
            )
        years = self.connection.execute("select min(periode), max(periode) from befolkning").fetchone()
        assert years is not None
        self.first, self.last = years
        # What the simulated delivery numbers as P1, P2, … gets digits alone, as in an extract.
        self.connection.execute(
            "create table person_number as select personid, 1000000 + row_number() over (order by personid) "
            "as lnr "
            "from (select personid from befolkning union select personid from person union select personid "
            "from flytting)"
        )

    def frame(self, query: str) -> pd.DataFrame:
        return self.connection.execute(query).df()

    def expect(self, name: str, query: str) -> None:
        self.connection.execute(f"create table expected_{name} as {query}")


def wide(
    delivered: Delivered, register: str, column: str, stem: str, years: range, where: str = "true"
) -> str:
    """Return a query with one column for each year."""
    columns = ", ".join(
        f'max({column}) filter (where periode = {year}) as "{stem.format(yyyy=year, yy=f"{year % 100:02}")}"'
        for year in years
    )
    return f"select lnr, {columns} from {register} join person_number using (personid) where {where} group by lnr order by hash(lnr)"


def write_tsd_csv(delivery: Path, extract: Path) -> Delivered:
    """Write comma-separated text with codes as numbers, two waves and no migration file."""
    data = Delivered(delivery)
    first, last, split = data.first, data.last, data.last - 3
    run = data.connection.execute
    original, later = extract / "original/csv", extract / "registers/SSB/01_data/data_v4.0"
    second = extract / "original 2023 04/csv"
    for folder in (original, second, later / "R/csv", later / "E/csv", later / "I/csv"):
        folder.mkdir(parents=True)
    run(
        "create table fixed as select own.lnr as w19_0634_lnr, mother.lnr as mor, father.lnr as far, "
        "foedselsaar_mnd, "
        "cast(strftime(doedsdato, '%Y%m') as integer) as doed, kjoenn, cast(fodeland as integer) as "
        "fodeland, invkat, "
        "cast(landbak3gen as integer) as landbak3gen, forstdato // 100 as forst from (select * from person "
        "qualify "
        "periode = max(periode) over ()) as latest join person_number as own using (personid) left join "
        "person_number as mother on "
        "mor_id = mother.personid left join person_number as father on far_id = father.personid"
    )
    # Who was born and died in one month cannot be told from a stillbirth.
    run("delete from fixed where doed = foedselsaar_mnd")
    # A tenth is in the first wave only; of the others the first wave knows another country.
    _csv(data, "select * replace (case when lnr % 10 = 0 then fodeland else 980 end as fodeland) from (select *, w19_0634_lnr as lnr "
         "from fixed)", original / f"{ORDER}_faste_oppl_ut.csv",
         "w19_0634_lnr, mor as mor_lnr, far as far_lnr, foedselsaar_mnd as foedsels_aar_mnd, doed as "
         "doeds_aar_mnd, kjoenn, "
         "fodeland, invkat, landbak3gen, forst as forst_aar_mnd, 301 as foede_kommnune")  # fmt: skip
    _csv(data, "select * from fixed where w19_0634_lnr % 10 <> 0 union all (select * from fixed where w19_0634_lnr % 97 = 1)",
         second / f"{ORDER.upper()}_FASTE_OPPLYSNINGER.csv",
         "w19_0634_lnr, mor as lopenr_mor, far as lopenr_far, foedselsaar_mnd as foedsels_aar_mnd, doed as "
         "doeds_aar_mnd, "
         "kjoenn, fodeland, invkat, landbak3gen, forst as forst_aar_mnd")  # fmt: skip
    # The wide file of status knows the day of an emigration; the later years are in the long file.
    run(
        "create table status as select lnr, periode, statuskode, kommnr, sivstand from befolkning join "
        "person_number using (personid)"
    )
    run(
        "create table left_on as select lnr, year(flyttedato) + 1 as january, max(flyttedato) as day from "
        "flytting join "
        "person_number using (personid) where hendelse = 'utvandring' group by all"
    )
    pairs = ", ".join(
        f"max(statuskode) filter (where periode = {year}) as regstat_{year % 100:02}, "
        f"max(coalesce(cast(strftime(day, '%Y%m%d') as integer), 0)) filter (where periode = {year}) as "
        f"regstat_{year % 100:02}_dat"
        for year in range(first, split + 2)
    )
    _csv(data, f"select lnr as w19_0634_lnr, {pairs} from status left join left_on on lnr = left_on.lnr and january = periode "
         "and statuskode = 3 group by lnr".replace("on lnr = left_on.lnr", "on status.lnr = left_on.lnr").replace(
             "select lnr as", "select status.lnr as").replace("group by lnr", "group by status.lnr"),
         original / f"{ORDER}_regstat_{first}_{split + 1}_ut.csv")  # fmt: skip
    _csv(data, f"select lnr as w19_0634_lnr, periode as aar, statuskode as regstatus from status where periode >= {split}",
         later / "R/csv/POPULATION_REGSTAT.csv")  # fmt: skip
    for column, stem, target in (
        (
            "cast(kommnr as integer)",
            "bostedskommune_01_01_{yyyy}",
            later / "R/csv/POPULATION_BOSTEDSKOMMUNE.csv",
        ),
        ("sivstand", "sivilstand_{yyyy}", original / f"{ORDER}_sivilstand_1975_{last}_ut.csv"),
    ):
        _csv(
            data,
            wide(data, "befolkning", column, stem, range(first, last + 1)),
            target,
            "lnr as w19_0634_lnr, * exclude (lnr)",
        )
    for years, target in ((range(first, split + 1), original / f"{ORDER}_utd_1970_{split}_ut.csv"),
                          (range(split, last), later / "E/csv/EDUCATION_BU_UTD.csv")):  # fmt: skip
        _csv(
            data,
            wide(data, "utdanning", "cast(nus2000 as integer)", "BU_{yyyy}", years),
            target,
            "lnr as w19_0634_lnr, * exclude (lnr)",
        )
    # An income in two rows, to be added up.
    _csv(data, "select lnr as w19_0634_lnr, periode as aargang, wyrkinnt - 1000 as wyrkinnt, 0 as saminnt from inntekt join "
         "person_number using (personid) where wyrkinnt > 1000 union all select lnr, periode, 1000, 0 from "
         "inntekt join "
         "person_number using (personid) where wyrkinnt > 1000 union all select lnr, periode, wyrkinnt, 0 "
         "from inntekt join "
         "person_number using (personid) where coalesce(wyrkinnt, 0) <= 1000", later / "I/csv/INCOME_INNTEKT.csv")  # fmt: skip
    data.expect(
        "befolkning",
        "select periode, cast(lnr as varchar) as personid, statuskode, kommnr, sivstand from status",
    )
    data.expect(
        "person",
        f"select {last - 1} as periode, cast(w19_0634_lnr as varchar) as personid, kjoenn, foedselsaar_mnd, "
        "lpad(cast(fodeland as "
        "varchar), 3, '0') as fodeland, lpad(cast(landbak3gen as varchar), 3, '0') as landbak3gen, invkat, "
        "forst * 100 as forstdato, "
        "last_day(make_date(doed // 100, doed % 100, 1)) as doedsdato, cast(mor as varchar) as mor_id, "
        "cast(far as varchar) as far_id "
        "from fixed",
    )
    data.expect(
        "utdanning",
        "select periode, cast(lnr as varchar) as personid, nus2000 from utdanning join person_number "
        f"using (personid) where periode < {last}",
    )
    data.expect(
        "inntekt",
        "select periode, cast(lnr as varchar) as personid, wyrkinnt from inntekt join person_number using "
        f"(personid) where periode < {last}",
    )
    data.expect(
        "flytting",
        "select least(year(flyttedato), 9999) as periode, * from (select cast(b.lnr as varchar) as "
        "personid, case b.statuskode when 3 "
        f"then 'utvandring' else 'innvandring' end as hendelse, coalesce(case when b.periode <= {split + 1} "
        "and b.statuskode = 3 then day "
        "end, make_date(b.periode - 1, 12, 31)) as flyttedato, case b.statuskode when 1 then '990' end as "
        "fra_land, case b.statuskode "
        "when 3 then '990' end as til_land, true as er_avledet from status as a join status as b on a.lnr = "
        "b.lnr and a.periode + 1 = "
        "b.periode left join left_on on left_on.lnr = b.lnr and january = b.periode where (a.statuskode, "
        "b.statuskode) in ((1, 3), (3, 1)))",
    )
    return data


def _csv(data: Delivered, query: str, target: Path, columns: str = "*") -> None:
    data.connection.execute(
        f"copy (select {columns} from ({query})) to '{target}' (header, delimiter ',', nullstr 'NA', quote "
        "'\"')"
    )


def write_stata(delivery: Path, extract: Path) -> Delivered:
    """Write the population, persons, moves and income as an institute's Stata files; the other registers are left out."""
    data = Delivered(delivery)
    first, last = data.first, data.last
    run = data.connection.execute
    for folder in ("demo", "innt", "utd", "arbs"):
        (extract / folder).mkdir(parents=True)
    run("create table id as select personid, lpad(cast(lnr as varchar), 10, '0') as lnr from person_number")
    named = "id.lnr as lopenr_person"

    def dta(query: str, path: str) -> None:
        frame = data.frame(query)
        pyreadstat.write_dta(frame.astype({name: object for name in frame.select_dtypes(["object", "string"]).columns}).fillna(
            {name: "" for name in frame.select_dtypes(["object", "string"]).columns}), str(extract / path))  # fmt: skip

    dta(
        f"select {named}, cast(periode as varchar) as aar, ' ' || statuskode as regstatus from befolkning "
        "join id using (personid)",
        "demo/regstat.dta",
    )
    for column, stem, path, years in (
        ("kommnr", "bostedskommune_01_01_{yyyy}", "demo/kommnr.dta", range(first, last)),
        (
            "cast(sivstand as varchar)",
            "sivilstand_{yyyy}",
            "demo/familienr_sivilstand.dta",
            range(first, last + 1),
        ),
    ):
        dta(
            wide(data, "befolkning", column, stem, years).replace(
                "select lnr", "select lpad(cast(lnr as varchar), 10, '0') as lopenr_person"
            ),
            path,
        )
    for year in range(first, last + 1):
        # The latest file has another name of the id, and where students live beside the registered
        # municipality.
        name = "lopenr_person" if year < last else "w19_0345_lopenr_person"
        formal = "" if year < last else ", kommnr as kommnr_formell"
        dta(
            f"select id.lnr as {name}, famnr as lopenr_familie, cast(personkode as varchar) as "
            "regstat_personkode, '1601' as kommnr"
            f"{formal} from befolkning join id using (personid) where periode = {year}", f"demo/hush_fam_{year}.dta",
        )  # fmt: skip
    dta(
        f"select {named}, mother.lnr as lopenr_mor, father.lnr as lopenr_far, cast(foedselsaar_mnd as "
        "varchar) as foedsels_aar_mnd, "
        "strftime(doedsdato, '%Y%m') as doeds_aar_mnd, cast(kjoenn as varchar) as kjoenn, case fodeland "
        "when '000' then '0000' else fodeland "
        "end as fodeland, invkat, landbak3gen, cast(forstdato // 100 as varchar) as forst_aar_mnd from "
        "(select * from person qualify periode "
        "= max(periode) over ()) as p join id using (personid) left join id as mother on p.mor_id = "
        "mother.personid left join id as father "
        "on p.far_id = father.personid", "demo/faste_oppl.dta",
    )  # fmt: skip
    dta(
        f"select {named}, inngrunn1, cast(2000 + wave as double) as aar, 'x' as igrus3 from (select "
        "personid, inngrunn1, 2 as wave from person where "
        "inngrunn1 is not null and periode = (select max(periode) from person) union all select personid, "
        "'UKJ', 1 from person where inngrunn1 "
        "is not null and periode = (select max(periode) from person) and kjoenn = 1) join id using (personid)", "demo/innvgrunn.dta",
    )  # fmt: skip
    # Without a type only a country says what a move is; one that is not known is 990.
    run(
        "update flytting set fra_land = coalesce(fra_land, '990') where hendelse = 'innvandring'; "
        "update flytting set til_land = coalesce(til_land, '990') where hendelse = 'utvandring'"
    )
    abroad = (
        "(select distinct personid, hendelse, flyttedato, case hendelse when 'innvandring' then fra_land "
        "end as fra_land, case hendelse when "
        "'utvandring' then til_land end as til_land from flytting where hendelse <> 'innenlands')"
    )
    middle = (first + last) // 2
    dta(
        f"select {named}, coalesce(fra_land, til_land) as tfland, case hendelse when 'utvandring' then "
        "strftime(flyttedato, '%Y%m%d') end as utdato, "
        f"case hendelse when 'innvandring' then strftime(flyttedato, '%Y%m%d') end as invdato from {abroad} "
        "join id using (personid) where "
        f"year(flyttedato) <= {middle}", f"demo/utvinv1992_{middle}.dta",
    )  # fmt: skip
    dta(
        f"select {named}, fra_land as fraland, strftime(flyttedato, '%Y%m%d') as hdato, til_land as tilland "
        f"from {abroad} join id using (personid) "
        f"where year(flyttedato) >= {middle}", f"demo/utvinv{middle + 1}_2018.dta",
    )  # fmt: skip
    for year in range(first, last):
        wies = "wies" if year < last - 1 else "ies"
        dta(
            f"select {named}, cast(wyrkinnt as double) as wyrkinnt, cast(wies as double) as {wies} from "
            f"inntekt join id using (personid) where periode = {year}",
            f"innt/inntekt{year}.dta",
        )
    dta(
        f"select {named}, cast(periode as varchar) as aargang, cast(nettoformue as double) as "
        "ber_nettoformue from inntekt join id using (personid)",
        "innt/formuesvariabler.dta",
    )
    data.expect(
        "befolkning",
        "select periode, id.lnr as personid, statuskode, kommnr, famnr, personkode, sivstand from "
        "befolkning join id using (personid)",
    )
    data.expect(
        "person",
        f"select {last - 1} as periode, id.lnr as personid, kjoenn, foedselsaar_mnd, fodeland, landbak3gen, "
        "invkat, inngrunn1, forstdato // 100 * 100 as "
        "forstdato, make_date(year(doedsdato), month(doedsdato), 15) as doedsdato, mother.lnr as mor_id, "
        "father.lnr as far_id from (select * from "
        "person qualify periode = max(periode) over ()) as p join id using (personid) left join id as "
        "mother on p.mor_id = mother.personid left join "
        "id as father on p.far_id = father.personid",
    )
    data.expect(
        "flytting",
        "select distinct year(flyttedato) as periode, id.lnr as personid, hendelse, flyttedato, case "
        "hendelse when 'innvandring' then fra_land end as "
        "fra_land, case hendelse when 'utvandring' then til_land end as til_land from flytting join id "
        "using (personid) where hendelse <> 'innenlands'",
    )
    data.expect(
        "inntekt",
        "select periode, id.lnr as personid, wyrkinnt, wies, nettoformue from inntekt join id using "
        f"(personid) where periode < {last}",
    )
    return data


def write_latin1(delivery: Path, extract: Path) -> Delivered:
    """Write spells, dates and an XPORT file as ';'-separated text in Latin-1; the other registers are left out."""
    data = Delivered(delivery)
    first, last = data.first, data.last
    run = data.connection.execute
    extract.mkdir(parents=True)
    run("create table id as select personid, 'k2_' || lnr as lnr from person_number")
    key = "w19_1011_lnr_k2_"

    def text(query: str, name: str) -> None:
        frame = data.frame(query)
        content = frame.to_csv(sep=";", index=False, lineterminator="\r\n", decimal=",")
        (extract / name).write_bytes(content.encode("latin-1"))

    # A spell for every run of equal values on 1 January, from the 1 January on to the day before the next.
    def spells(column: str, name: str, form: str, target: str) -> None:
        text(
            f"with runs as (select *, periode - row_number() over (partition by personid, {column} order by "
            f"periode) as run from befolkning where {column} "
            f"is not null), spell as (select personid, {column}, min(periode) as f, max(periode) as t from "
            f"runs group by personid, {column}, run) select "
            f"id.lnr as {key}, {column} as {name}, strftime(make_date(f, 1, 1), '{form}') as fradato, case "
            f"when t < {last} then strftime(make_date(t + 1, 1, "
            f"1) - 1, '{form}') end as tildato from spell join id using (personid)", target,
        )  # fmt: skip

    spells("statuskode", "regstat", "%Y%m%d", "k2_-w19_1011_4b_regstatus_ut.txt")
    spells("kommnr", "bostedskommune", "%d.%m.%Y", "k2_-w19_1011_4b_bostedskommune_ut.txt")
    parts = [
        wide(data, "befolkning", column, stem, range(first, last + 1))
        for column, stem in (("famnr", "lopenr_familienr_{yyyy}"), ("cast(personkode as varchar)", "regstat_personkode_{yyyy}"),
                             ("cast(sivstand as varchar)", "sivilstand_{yyyy}"))
    ]  # fmt: skip
    text(
        f"select 'k2_' || a.lnr as {key}, a.* exclude (lnr), b.* exclude (lnr), c.* exclude (lnr) from "
        f"({parts[0]}) a join ({parts[1]}) b on a.lnr = b.lnr "
        f"join ({parts[2]}) c on a.lnr = c.lnr", "k2_-w19_1011_4e_famogsamliv_ut.txt",
    )  # fmt: skip
    latest = "(select * from person qualify periode = max(periode) over ())"
    text(
        f"select id.lnr as {key}, mother.lnr as mor_lnr_k2_, father.lnr as far_lnr_k2_, "
        "cast(foedselsaar_mnd as varchar) as foedsels_aar_mnd, cast(kjoenn as "
        "varchar) as kjoenn, invkat, fodeland, 'Færøyene' as \"fødeland_tekst\", landbak3gen, "
        "cast(forstdato as varchar) as forstdato, inngrunn1 from "
        f"{latest} as p join id using (personid) left join id as mother on p.mor_id = mother.personid left "
        "join id as father on p.far_id = father.personid "
        "union all select null, null, null, '198001', '1', 'A', '000', 'Norge', null, null, null", "k2_-w19_1011_4a_faste_oppl_ut.txt",
    )  # fmt: skip
    deaths = data.frame(
        f'select row_number() over () as "VAR1", id.lnr as "ID", strftime(doedsdato, \'%Y%m\') as doeds_aar_mnd from {latest} join id using (personid) where '
        "doedsdato is not null"
    )
    pd.concat([deaths, pd.DataFrame({"VAR1": [0], "ID": [None], "doeds_aar_mnd": ["201001"]})]).to_csv(
        extract / "updated_death.csv", index=False, na_rep="NA"
    )
    moves = data.frame(
        "select id.lnr as \"LNR_K2_\", case hendelse when 'innenlands' then '1' when 'utvandring' then '2' "
        'else \'3\' end as "REC_TYPE", fra_kommnr as "FRA_KOMM", '
        'til_kommnr as "TIL_KOMM", fra_land as "FRALND75", til_land as "TILLND75", flyttedato - date \'1960-01-01\' as "HDATO", regdato - date '
        "'1960-01-01' as \"REGDATO\" from flytting join id using (personid)"
    )
    texts = moves.columns[:6]
    moves[texts] = moves[texts].astype(object).fillna("")
    pyreadstat.write_xport(
        moves.astype({"HDATO": float, "REGDATO": float}), str(extract / "k2_-w19_1011_flytting_ut.xpt"), file_format_version=5,
        variable_format={"HDATO": "DATE9", "REGDATO": "DATE9"},
    )  # fmt: skip
    data.expect(
        "befolkning",
        "select periode, id.lnr as personid, statuskode, kommnr, famnr, personkode, sivstand from "
        "befolkning join id using (personid)",
    )
    data.expect(
        "person",
        f"select {last - 1} as periode, id.lnr as personid, kjoenn, foedselsaar_mnd, fodeland, landbak3gen, "
        "invkat, inngrunn1, forstdato, cast(date_trunc("
        "'month', doedsdato) as date) as doedsdato, mother.lnr as mor_id, father.lnr as far_id from "
        f"{latest} as p join id using (personid) left join id as "
        "mother on p.mor_id = mother.personid left join id as father on p.far_id = father.personid",
    )
    data.expect(
        "flytting",
        "select distinct year(flyttedato) as periode, id.lnr as personid, hendelse, flyttedato, regdato, "
        "fra_kommnr, til_kommnr, fra_land, til_land from "
        "flytting join id using (personid)",
    )
    return data
