"""What a delivery has in common with its own registers and with what was accepted before."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from agreeing import PERSONS, findings, following, job, move, name, person, resident, world
from conftest import Command
from deliveries import PROJECT, Key, Row, day, write_delivery

from utvandring.deliveries.between import read_comparisons


def test_an_ordinary_next_year_gives_no_warning(accepted: Callable[..., str]) -> None:
    verdict = json.loads(accepted(following()))

    assert verdict["status"] == "accepted"
    assert verdict["warnings"] == []


Spoil = Callable[[dict[Key, list[Row]]], None]


def unknown_person(files: dict[Key, list[Row]]) -> None:
    files["sysselsetting", 2012, 1] += [job(number + 500) for number in range(3)]


def event_before_birth(files: dict[Key, list[Row]]) -> None:
    files["person", 2012, 1][7] = person(7, foedselsaar_mnd=201209, forstdato=None)


def event_after_death(files: dict[Key, list[Row]]) -> None:
    files["person", 2012, 1][7] = person(7, doedsdato=day("2012-02-01"))


def death_two_years_before_the_job(files: dict[Key, list[Row]]) -> None:
    files["person", 2012, 1][7] = person(7, doedsdato=day("2010-02-01"))


def residents_who_vanish(files: dict[Key, list[Row]]) -> None:
    del files["befolkning", 2013, 1][:2]


def emigrants_who_stay(files: dict[Key, list[Row]]) -> None:
    files["flytting", 2012, 1] += [
        move(number, "utvandring", "2012-09-01", fra_kommnr="0301", til_land="131") for number in range(9)
    ]


def immigration_before_birth(files: dict[Key, list[Row]]) -> None:
    files["person", 2012, 1][7] = person(7, foedselsaar_mnd=198005, forstdato=19800430)


def immigration_in_a_year_before_birth(files: dict[Key, list[Row]]) -> None:
    files["person", 2012, 1][7] = person(7, forstdato=19790000)


def death_before_birth(files: dict[Key, list[Row]]) -> None:
    files["person", 2012, 1][7] = person(7, doedsdato=day("1979-12-31"))


def immigrant_born_in_norway(files: dict[Key, list[Row]]) -> None:
    files["person", 2012, 1][7] = person(7, fodeland="000")


@pytest.mark.parametrize(
    ("spoil", "check", "says"),
    [
        (immigration_before_birth, "immigrated_after_birth", "1 row with a first immigration before birth"),
        (
            immigration_in_a_year_before_birth,
            "immigrated_after_birth",
            "1 row with a first immigration before",
        ),
        (death_before_birth, "died_after_birth", "1 row with a death before birth"),
        (
            death_before_birth,
            "immigrated_before_death",
            "1 row with a first immigration in a year after death",
        ),
        (
            immigrant_born_in_norway,
            "immigrant_born_abroad",
            "1 row of immigrants (category B) born in Norway",
        ),
    ],
)
def test_a_row_that_contradicts_itself_is_accepted_with_a_warning(
    spoil: Spoil, check: str, says: str, utvandring: Command, tmp_path: Path
) -> None:
    files = world()
    spoil(files)

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 0, ran.text
    assert says in findings(ran.out, "warn")[check]


@pytest.mark.parametrize(
    "forstdato", [19800500, 19800501, 19800000, None], ids=["same month", "same day", "same year", "unknown"]
)
def test_who_comes_in_the_month_of_birth_gives_no_warning(
    forstdato: int | None, utvandring: Command, tmp_path: Path
) -> None:
    files = world()
    files["person", 2012, 1][7] = person(7, foedselsaar_mnd=198005, forstdato=forstdato)

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert findings(ran.out, "warn") == {}


@pytest.mark.parametrize(
    ("spoil", "check", "says"),
    [
        (unknown_person, "known_to_person_register", "3 of 123 rows are of persons who are not"),
        (event_before_birth, "event_after_birth", "1 of 120 events are dated before the person was born"),
        (event_before_birth, "resident_not_unborn", "1 of 120 residents of 1 January were born later"),
        (event_after_death, "event_before_death", "1 of 120 events are dated after the person died"),
        (event_after_death, "resident_alive", "1 of 120 residents of 1 January died before that day"),
        (
            death_two_years_before_the_job,
            "job_before_death",
            "1 of 120 jobs are of persons who died in an earlier",
        ),
        (
            residents_who_vanish,
            "gone_with_event",
            "2 of 120 residents of 1 January 2012 are not resident a year later, without emigration or death "
            "(1.7 %): they will be unaccounted for. 2 of them lived in county 03.",
        ),
        (
            emigrants_who_stay,
            "gone_after_emigration",
            "9 of 9 persons whose last event of 2012 is an emigration",
        ),
    ],
)
def test_registers_that_contradict_each_other_are_accepted_with_a_warning(
    spoil: Spoil, check: str, says: str, utvandring: Command, tmp_path: Path
) -> None:
    files = world()
    spoil(files)

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 0, ran.text
    assert says in findings(ran.out, "warn")[check]
    assert "pseudonym-" not in ran.out


def test_residents_who_leave_with_an_event_or_die_do_not_vanish(utvandring: Command, tmp_path: Path) -> None:
    files = world()
    del files["befolkning", 2013, 1][:4]
    files["flytting", 2012, 1] += [
        move(0, "utvandring", "2012-09-01", fra_kommnr="0301", til_land="131"),
        # registered in the year, dated before it
        move(1, "utvandring", "2012-01-01", fra_kommnr="0301", til_land="131"),
    ]
    files["person", 2012, 1][2] = person(2, doedsdato=day("2012-10-01"))
    files["befolkning", 2013, 1].append({**resident(3), "statuskode": 5, "kommnr": None})

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert "gone_with_event" not in findings(ran.out, "warn")


def test_a_changed_key_of_the_pseudonyms_is_refused_with_the_overlap(accepted: Callable[..., str]) -> None:
    rows = [resident(number + (500 if number > 11 else 0)) for number in range(PERSONS)]

    said = findings(accepted({("befolkning", 2014, 1): rows}, code=1), "refuse")

    assert "only 12 of 120 persons (10.0 %) are among the persons accepted before" in said["same_pseudonyms"]


def test_a_register_with_pseudonyms_of_another_key_is_refused(accepted: Callable[..., str]) -> None:
    rows = [job(number + 500) for number in range(PERSONS)]

    said = findings(accepted(following(sysselsetting=rows), code=1), "refuse")

    assert "only 0 of 120 persons (0.0 %) are in the person register" in said["pseudonyms_of_person_register"]


def test_many_newcomers_are_no_changed_key(accepted: Callable[..., str]) -> None:
    rows = [resident(number) for number in range(PERSONS + 30)]
    people = [person(number) for number in range(PERSONS + 30)]

    assert json.loads(accepted(following(befolkning=rows, person=people)))["status"] == "accepted"


def test_rows_out_of_line_are_a_warning(accepted: Callable[..., str]) -> None:
    said = findings(accepted(following(sysselsetting=[job(number) for number in range(88)])), "warn")

    assert "88 rows, against 120 of the nearest accepted period (0.73 times" in said["rows_in_line"]
    assert "rows_collapse" not in said


def test_rows_that_collapse_are_refused_unless_a_steward_says_why(
    accepted: Callable[..., str], utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    files = following(sysselsetting=[job(number) for number in range(80)])

    said = findings(accepted(files, code=1), "refuse")

    assert list(said) == ["rows_collapse"]
    assert "80 rows, against 120 of the nearest accepted period (0.67 times" in said["rows_collapse"]
    assert said["rows_collapse"].endswith("If it is so, accept it: --accept-drop --reason TEXT.")
    folder = tmp_path / "second"
    ran = utvandring("deliver", folder, "--accept-drop", "--reason", "a strike at the office", "--json")
    assert ran.code == 0, ran.text
    told = findings(ran.out, "warn")["rows_collapse"]
    assert told.endswith("part of the file may be missing. Accepted by the data steward.")
    entry = json.loads((data_root / "accepted" / "ledger.json").read_text("utf-8"))["deliveries"][-1]
    assert entry["waivers"] == [{"check": "rows_collapse", "reason": "a strike at the office", "values": 1}]


def test_a_version_that_lacks_a_third_of_the_one_before_collapses_as_well(
    accepted: Callable[..., str],
) -> None:
    files = {("sysselsetting", 2012, 2): [job(number) for number in range(80)]}

    said = findings(accepted(files, code=1), "refuse")["rows_collapse"]

    assert "80 rows, against 120 of the version that it replaces (0.67 times" in said


def test_a_drop_is_not_accepted_without_a_reason_and_overrides_nothing_else(
    accepted: Callable[..., str], utvandring: Command, tmp_path: Path
) -> None:
    files = following(sysselsetting=[job(number, yrkstat=99) for number in range(80)])
    accepted(files, code=1)
    for arguments in (["--accept-drop"], ["--accept-drop", "--reason", " "]):
        ran = utvandring("deliver", tmp_path / "second", *arguments)
        assert ran.code == 2
        assert "needs a reason" in ran.err
    ran = utvandring("deliver", tmp_path / "second", "--accept-drop", "--reason", "x")
    assert ran.code == 1
    assert "column yrkstat" in ran.out


def test_shares_out_of_line_are_a_warning_that_names_the_code(accepted: Callable[..., str]) -> None:
    rows = [job(number, yrkstat=1 if number % 2 else 2) for number in range(PERSONS)]

    verdict = json.loads(accepted(following(sysselsetting=rows)))

    texts = [finding["text"] for finding in verdict["warnings"] if finding["check"] == "shares_in_line"]
    assert (
        "column yrkstat, code 2: 50.0 % of the values, against 0.0 % in the nearest accepted period." in texts
    )


def test_a_rare_code_that_vanishes_is_a_warning(utvandring: Command, tmp_path: Path) -> None:
    files = world()
    files["sysselsetting", 2012, 1] = [job(n, yrkstat=1 if n % 20 else 2) for n in range(PERSONS)] * 20
    later = following(sysselsetting=[job(n, yrkstat=1 if n % 20 else 3) for n in range(PERSONS)] * 20)
    first = utvandring("deliver", write_delivery(tmp_path / "first", "first", files))
    assert first.code == 0, first.text

    ran = utvandring("deliver", write_delivery(tmp_path / "second", "second", later), "--json")

    said = [
        f["text"]
        for f in json.loads(ran.out)["warnings"]
        if f["check"] in ("codes_in_line", "shares_in_line")
    ]
    assert said == [
        "column yrkstat, code 2: 0 of the values, against 120 in the nearest accepted period.",
        "column yrkstat, code 3: 120 of the values, against 0 in the nearest accepted period.",
    ]
    assert findings(ran.out, "warn")["codes_in_line"]


def test_missing_and_unexpected_years_are_warnings(accepted: Callable[..., str]) -> None:
    files = {("sysselsetting", 2015, 1): [job(number) for number in range(PERSONS)]}
    files |= {("inntekt", 1999, 1): [{"personid": name(1), "wyrkinnt": 5}]}

    said = findings(accepted(files), "warn")

    assert "2 year(s) before it have not been delivered: 2013, 2014" in said["no_period_missing"]
    assert "the period lies 12 years from every other period" in said["expected_period"]


@pytest.mark.parametrize(
    ("key", "rows", "says"),
    [
        (
            ("person", 2012, 2),
            [person(number, kjoenn=1) for number in range(1, PERSONS + 1)],
            "version 2 in place of 1: 1 row added, 1 row removed, 60 changed (kjoenn 60).",
        ),
        (
            ("flytting", 2012, 2),
            [move(number, "innenlands", "2012-05-05") for number in range(2, PERSONS + 1)],
            "version 2 in place of 1: 1 row added, 2 rows removed.",
        ),
        (("sysselsetting", 2012, 2), [job(number) for number in reversed(range(PERSONS))], "the same rows"),
    ],
)
def test_what_a_corrected_period_changes_is_told(
    key: Key, rows: list[Row], says: str, accepted: Callable[..., str]
) -> None:
    assert says in findings(accepted({key: rows}), "note")["correction"]


def test_identifiers_that_differ_in_case_only_are_counted(utvandring: Command, tmp_path: Path) -> None:
    files = world()
    files["befolkning", 2013, 1][3]["personid"] = name(3).upper()
    files["sysselsetting", 2012, 1][4]["personid"] = name(4).title()
    files["person", 2012, 1][0]["mor_id"] = name(5).title()
    files["befolkning", 2013, 1][7]["famnr"], files["befolkning", 2013, 1][8]["famnr"] = "f-1x", "F-1x"
    files["befolkning", 2011, 1][7]["famnr"] = "F-1X"

    ran = utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json")

    assert ran.code == 0, ran.text
    found = {
        (finding["file"], finding["text"][:30])
        for finding in json.loads(ran.out)["warnings"]
        if finding["check"] == "same_identifier_but_for_case"
    }
    assert found == {
        ("befolkning_p2013_v1.parquet", "column personid: 1 of 120 rows"),
        ("befolkning_p2013_v1.parquet", "column famnr: 2 of 120 rows wi"),
        ("sysselsetting_p2012_v1.parquet", "column personid: 1 of 120 rows"),
        ("person_p2012_v1.parquet", "column mor_id: 1 of 120 rows w"),
    }
    assert "pseudonym-" not in ran.out.lower()


def test_a_later_delivery_in_another_case_is_told(accepted: Callable[..., str]) -> None:
    people = [person(number) for number in range(PERSONS)] + [{**person(3), "personid": name(3).upper()}]

    said = findings(accepted({("person", 2012, 2): people}), "warn")["same_identifier_but_for_case"]

    assert "column personid: 2 of 121 rows with an identifier that is written elsewhere" in said


def test_every_declared_comparison_is_tried_here() -> None:
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_deliver_*.py")]
    untried = {
        comparison.name
        for comparison in read_comparisons(PROJECT)
        if not any(f'"{comparison.name}"' in text for text in texts)
    }
    assert untried == set()
