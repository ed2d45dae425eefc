"""A data steward may accept values that a check refuses: they become unknown, and the build stands it."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Command
from dbt_server import DbtServer
from deliveries import PROJECT, Key, Row, day, good_files, write_delivery

from utvandring.deliveries.rules import rules_of
from utvandring.deliveries.specification import read_specification

# One value at fault for every check that can be waived, in a row added to the good delivery.
FAULTS: dict[str, tuple[Key, Row]] = {
    "befolkning.statuskode.required": (("befolkning", 2013, 1), {"statuskode": None}),
    "befolkning.statuskode.code_list": (("befolkning", 2013, 1), {"statuskode": 77}),
    "befolkning.kommnr.required": (("befolkning", 2013, 1), {"kommnr": None}),
    "befolkning.kommnr.code_list": (("befolkning", 2013, 1), {"kommnr": "0718"}),
    "befolkning.personkode.code_list": (("befolkning", 2013, 1), {"personkode": 9}),
    "befolkning.sivstand.code_list": (("befolkning", 2013, 1), {"sivstand": 99}),
    "person.kjoenn.required": (("person", 2012, 1), {"kjoenn": None}),
    "person.kjoenn.code_list": (("person", 2012, 1), {"kjoenn": 3}),
    "person.foedselsaar_mnd.required": (("person", 2012, 1), {"foedselsaar_mnd": None}),
    "person.foedselsaar_mnd.date": (("person", 2012, 1), {"foedselsaar_mnd": 198013}),
    "person.foedselsaar_mnd.range": (("person", 2012, 1), {"foedselsaar_mnd": 201304, "forstdato": None}),
    "person.fodeland.required": (("person", 2012, 1), {"fodeland": None}),
    "person.fodeland.code_list": (("person", 2012, 1), {"fodeland": "XYZ"}),
    "person.landbak3gen.code_list": (("person", 2012, 1), {"landbak3gen": "XYZ"}),
    "person.invkat.required": (("person", 2012, 1), {"invkat": None}),
    "person.invkat.code_list": (("person", 2012, 1), {"invkat": "Q"}),
    "person.inngrunn1.code_list": (("person", 2012, 1), {"inngrunn1": "XXX"}),
    "person.forstdato.date": (("person", 2012, 1), {"forstdato": 20070230}),
    "person.forstdato.range": (("person", 2012, 1), {"forstdato": 17000101}),
    "befolkning.statsborgerskap.code_list": (("befolkning", 2013, 1), {"statsborgerskap": "XYZ"}),
    "person.doedsdato_presisjon.code_list": (("person", 2012, 1), {"doedsdato_presisjon": "uke"}),
    "flytting.flyttedato_presisjon.code_list": (("flytting", 2012, 1), {"flyttedato_presisjon": "uke"}),
    "person.doedsdato.range": (("person", 2012, 1), {"doedsdato": day("2099-12-31")}),
    "flytting.hendelse.required": (("flytting", 2012, 1), {"hendelse": None}),
    "flytting.hendelse.code_list": (("flytting", 2012, 1), {"hendelse": "flytting"}),
    "flytting.flyttedato.required": (("flytting", 2012, 1), {"flyttedato": None}),
    "flytting.flyttedato.period": (("flytting", 2012, 1), {"flyttedato": day("2013-01-01")}),
    "flytting.regdato.range": (("flytting", 2012, 1), {"regdato": day("1700-01-01")}),
    "flytting.fra_kommnr.code_list": (("flytting", 2012, 1), {"fra_kommnr": "ZZ"}),
    "flytting.til_kommnr.code_list": (("flytting", 2012, 1), {"til_kommnr": "ZZ"}),
    "flytting.fra_land.code_list": (("flytting", 2012, 1), {"fra_land": "ZZ"}),
    "flytting.til_land.code_list": (("flytting", 2012, 1), {"til_land": "ZZ"}),
    "flytting.utvandringstype.code_list": (("flytting", 2012, 1), {"utvandringstype": "annet"}),
    "utdanning.nus2000.required": (("utdanning", 2012, 1), {"nus2000": None}),
    "utdanning.nus2000.pattern": (("utdanning", 2012, 1), {"nus2000": "64110"}),
    "utdanningsaktivitet.aktivitet.required": (("utdanningsaktivitet", 2012, 1), {"aktivitet": None}),
    "utdanningsaktivitet.aktivitet.code_list": (("utdanningsaktivitet", 2012, 1), {"aktivitet": "kurs"}),
    "utdanningsaktivitet.dato.required": (("utdanningsaktivitet", 2012, 1), {"dato": None}),
    "utdanningsaktivitet.dato.period": (("utdanningsaktivitet", 2012, 1), {"dato": day("2010-01-01")}),
    "sysselsetting.yrkstat.required": (("sysselsetting", 2012, 1), {"yrkstat": None}),
    "sysselsetting.yrkstat.code_list": (("sysselsetting", 2012, 1), {"yrkstat": 99}),
    "sysselsetting.orgnr.pattern": (("sysselsetting", 2012, 1), {"orgnr": "98765"}),
    "sysselsetting.naring.pattern": (("sysselsetting", 2012, 1), {"naring": "47111"}),
    "sysselsetting.timer.range": (("sysselsetting", 2012, 1), {"timer": 200.0}),
    "arbeidssoker.maaned.required": (("arbeidssoker", 2012, 1), {"maaned": None}),
    "arbeidssoker.maaned.range": (("arbeidssoker", 2012, 1), {"maaned": 13}),
    "arbeidssoker.hovedstatus.required": (("arbeidssoker", 2012, 1), {"hovedstatus": None}),
    "arbeidssoker.hovedstatus.code_list": (("arbeidssoker", 2012, 1), {"hovedstatus": 99}),
}


def spoiled_files(*checks: str) -> dict[Key, list[Row]]:
    """Add a row with one value at fault for every check, each of another person."""
    files = good_files()
    for number, check in enumerate(checks or FAULTS):
        key, fault = FAULTS[check]
        # The second row of every file is of a person to whom each of these things could have happened.
        like = good_files()[key][min(1, len(good_files()[key]) - 1)]
        files[key].append({**like, "personid": f"pseudonym-{number:03}", **fault})
        # A file has every column in every row, optional ones too.
        for row in files[key]:
            row |= {column: row.get(column) for column in fault}
    return files


def waived(*checks: str) -> list[str]:
    return [word for check in checks or FAULTS for word in ("--waive", check)] + [
        "--reason",
        "letter of 3 May",
    ]


def ledger(data_root: Path) -> list[dict[str, Any]]:
    document: dict[str, Any] = json.loads(
        (data_root / "accepted" / "ledger.json").read_text(encoding="utf-8")
    )
    deliveries: list[dict[str, Any]] = document["deliveries"]
    return deliveries


def test_every_value_check_that_refuses_has_a_case_here() -> None:
    specification = read_specification(PROJECT)
    waivable = {
        rule.name
        for register in specification.registers.values()
        for rule in rules_of(register, 2012, 2014)
        if rule.waivable and rule.level.value == "refuse"
    }
    assert waivable == set(FAULTS)


@pytest.mark.parametrize(
    "check",
    ["befolkning.kommnr.code_list", "person.forstdato.date", "flytting.hendelse.required"],
)
def test_a_waived_check_accepts_what_it_refused_and_the_ledger_says_why(
    check: str, utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    folder = write_delivery(tmp_path / "d", "d", spoiled_files(check))
    refused = utvandring("deliver", folder)
    assert refused.code == 1
    assert f"--waive {check} --reason TEXT" in refused.out

    ran = utvandring("deliver", folder, *waived(check))

    assert ran.code == 0, ran.text
    assert "waived, the values are unknown" in ran.out
    entry = ledger(data_root)[-1]
    assert entry["waivers"] == [{"check": check, "reason": "letter of 3 May", "values": 1}]
    register, column, _ = check.split(".")
    (file,) = [file for file in entry["files"] if file["unknown"]]
    assert file["register"] == register
    assert file["unknown"] == {check: 1}
    stored = duckdb.read_parquet(str(data_root / "accepted" / file["path"]))
    kept = stored.filter("personid = 'pseudonym-000'").select(f'"{column}"').fetchall()
    assert kept == [(None,)]


def test_a_waiver_waives_nothing_else(utvandring: Command, tmp_path: Path) -> None:
    checks = ("befolkning.kommnr.code_list", "person.kjoenn.code_list")
    folder = write_delivery(tmp_path / "d", "d", spoiled_files(*checks))

    ran = utvandring("deliver", folder, *waived(checks[0]))

    assert ran.code == 1
    assert "column kjoenn" in ran.out
    assert ran.out.startswith("Refused d: 1 reason.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--waive", "person.personid.key", "--reason", "x"], "not a check that can be waived"),
        (["--waive", "person.personid.required", "--reason", "x"], "not a check that can be waived"),
        (["--waive", "befolkning.personid.privacy", "--reason", "x"], "not a check that can be waived"),
        (["--waive", "befolkning.statuskode.type", "--reason", "x"], "not a check that can be waived"),
        (
            ["--waive", "befolkning.komnr.code_list", "--reason", "x"],
            "Did you mean befolkning.kommnr.code_list",
        ),
        (["--waive", "befolkning.kommnr.code_list"], "needs a reason"),
        (["--waive", "befolkning.kommnr.code_list", "--reason", " "], "needs a reason"),
        (["--reason", "x"], "--reason belongs to --waive"),
    ],
)
def test_a_waiver_that_makes_no_sense_is_wrong_usage_and_nothing_is_read(
    arguments: list[str], says: str, utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    ran = utvandring("deliver", good_delivery, *arguments)

    assert ran.code == 2
    assert says in ran.err
    assert not data_root.exists()


@pytest.mark.long
def test_everything_waived_at_once_is_built_with_these_values_unknown(
    utvandring: Command, data_root: Path, tmp_path: Path, forked_dbt: DbtServer
) -> None:
    root = data_root
    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", spoiled_files()), *waived())
    assert ran.code == 0, ran.text
    expected = dict.fromkeys(FAULTS, 1)
    assert {waiver["check"]: waiver["values"] for waiver in ledger(root)[-1]["waivers"]} == expected

    forked_dbt.run(root, "build", "--select", "+marts", "+quality", "--exclude-resource-type", "unit_test")

    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        waived_n = connection.execute(
            "select count(*) from quality.failed_expectation where description like '%waived%'"
        ).fetchone()
        place = connection.execute(
            "select municipality_code from marts.person_year where person_id = $1",
            [f"pseudonym-{list(FAULTS).index('befolkning.kommnr.code_list'):03}"],
        ).fetchone()
    assert waived_n == (len(FAULTS),)
    assert place == (None,)
