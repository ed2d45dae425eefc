"""Changes that the sender announces: notes with the sender's words; nothing else is judged less strictly."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agreeing import PERSONS, move, world
from conftest import Command
from deliveries import PROJECT, Key, Row, read_manifest, write_delivery, write_manifest

from utvandring.deliveries.announcing import Announcement
from utvandring.deliveries.between import read_comparisons
from utvandring.deliveries.ledger import Delivery

BEFORE, LATER = 2012, 2013
REASON = "Refugees came from Ukraine."
Announced = dict[str, Any]
Judge = Callable[..., dict[str, Any]]


def announced(column: str | None = "hendelse", *codes: str, **other: Any) -> Announced:
    entry = {"register": "flytting", "period": str(LATER), "reason": REASON}
    return {**entry, **({"column": column, "codes": list(codes)} if column else {}), **other}


COMING = announced("hendelse", "innvandring")
ORIGIN = announced("fra_land", "148")


def moves(year: int, arrivals: dict[str, int], leaving: int = 200, within: int = 400) -> list[Row]:
    """Return moves of a year: arrivals by country, emigrations, and moves within Norway."""
    who = iter(range(10_000))

    def dated() -> tuple[int, str]:
        number = next(who)
        return number % PERSONS, f"{year}-{1 + number % 12:02}-{1 + number % 28:02}"

    def rows(kind: str, n: int, **other: Any) -> list[Row]:
        return [move(number, kind, date, **other) for number, date in (dated() for _ in range(n))]

    return [
        *(
            row
            for country, n in arrivals.items()
            for row in rows("innvandring", n, fra_land=country, til_kommnr="0301")
        ),
        *rows("utvandring", leaving, til_land="131", fra_kommnr="0301", utvandringstype="meldt"),
        *rows("innenlands", within, fra_kommnr="0301", til_kommnr="0301"),
    ]


def usual() -> dict[str, int]:
    return {"106": 100, "131": 100, "428": 100}


def with_refugees() -> dict[str, int]:
    return {**usual(), "148": 300}


def of(checks: list[Any]) -> set[str]:
    """Return the comparisons of moves that found something, apart from those of persons and residents."""
    ours = {"rows_in_line", "rest_in_line", "shares_in_line", "codes_in_line", "distribution_in_line"}
    return {finding["check"] for finding in checks} & ours


@pytest.fixture
def judge(utvandring: Command, tmp_path: Path) -> Judge:
    """Deliver the moves of two years, the later one with what is announced of it; returns its verdict."""
    files = {key: rows for key, rows in world().items() if key[0] != "flytting"}
    files["flytting", 2011, 1] = moves(2011, usual())
    files["flytting", BEFORE, 1] = moves(BEFORE, usual())
    ran = utvandring("deliver", write_delivery(tmp_path / "first", "first", files), "--json")
    assert ran.code == 0, ran.text

    def deliver(
        rows: list[Row], announces: Any = (), name: str = "later", code: int = 0, version: int = 1
    ) -> dict[str, Any]:
        later: dict[Key, list[Row]] = {("flytting", LATER, version): rows}
        folder = write_delivery(tmp_path / name, name, later)
        manifest = read_manifest(folder)
        manifest["announced"] = announces if isinstance(announces, str) else list(announces)
        write_manifest(folder, manifest)
        ran = utvandring("deliver", folder, "--json")
        assert ran.code == code, ran.text
        verdict: dict[str, Any] = json.loads(ran.out)
        return verdict

    return deliver


def told(verdict: dict[str, Any]) -> list[Any]:
    """Return the announced changes of a verdict."""
    return [note for note in verdict["notes"] if note["announced"]]


def test_a_change_that_nobody_announced_is_a_warning(judge: Judge) -> None:
    verdict = judge(moves(LATER, with_refugees()))

    assert of(verdict["warnings"]) == {"shares_in_line", "distribution_in_line"}
    assert told(verdict) == []


def test_an_announced_change_is_a_note_with_the_words_of_the_sender(judge: Judge) -> None:
    verdict = judge(moves(LATER, with_refugees()), [COMING, ORIGIN])

    assert of(verdict["warnings"]) == set()
    assert of(told(verdict)) == {"shares_in_line", "distribution_in_line"}
    assert {note["announced"] for note in told(verdict)} == {REASON}
    assert any("code innvandring: 50.0 % of the values" in note["text"] for note in told(verdict))


def test_each_figure_is_announced_by_itself(judge: Judge) -> None:
    verdict = judge(moves(LATER, with_refugees()), [ORIGIN])

    assert of(verdict["warnings"]) == {"shares_in_line"}
    assert of(told(verdict)) == {"distribution_in_line"}


def test_the_number_of_rows_is_announced_without_a_column(judge: Judge) -> None:
    rows = moves(LATER, {code: 2 * n for code, n in usual().items()}, leaving=400, within=800)

    verdict = judge(rows, [announced(None)])

    assert of(verdict["warnings"]) == set()
    assert [note["check"] for note in told(verdict)] == ["rows_in_line"]


def test_the_number_of_rows_that_nobody_announced_is_a_warning(judge: Judge) -> None:
    rows = moves(LATER, {code: 2 * n for code, n in usual().items()}, leaving=400, within=800)

    assert of(judge(rows, [COMING])["warnings"]) == {"rows_in_line", "rest_in_line"}


@pytest.mark.parametrize(
    ("announces", "says"),
    [
        ([COMING], "flytting 2013, column hendelse, innvandring was announced, but no check found a change."),
        ([announced(None)], "flytting 2013, number of rows was announced, but no check found a change."),
        (
            [announced("hendelse", "innvandring", period="2012")],
            "flytting 2012, column hendelse, innvandring was announced, but this delivery brings no such "
            "file.",
        ),
    ],
)
def test_what_was_announced_and_is_not_seen_is_said(
    announces: list[Announced], says: str, judge: Judge
) -> None:
    verdict = judge(moves(LATER, usual()), announces)

    assert of(verdict["warnings"]) == set()
    assert [(note["check"], note["text"], note["announced"]) for note in told(verdict)] == [
        ("announced", says, REASON)
    ]


def test_another_code_than_the_one_that_changed_explains_nothing(judge: Judge) -> None:
    verdict = judge(
        moves(LATER, with_refugees()), [announced("hendelse", "utvandring"), announced("fra_land", "346")]
    )

    assert of(verdict["warnings"]) == {"shares_in_line", "distribution_in_line", "rest_in_line"}
    assert [note["text"].partition("but ")[2] for note in told(verdict)] == [
        "it does not explain the warnings.",
        "it does not explain the warnings.",
    ]


def emigrations_lost(rows: list[Row]) -> None:
    rows[:] = [row for place, row in enumerate(rows) if row["hendelse"] != "utvandring" or place % 3 == 0]


def origins_overwritten(rows: list[Row]) -> None:
    for row in rows:
        row["fra_land"] = row["fra_land"] and "148"


def one_origin_written_for_another(rows: list[Row]) -> None:
    for row in rows:
        row["fra_land"] = "131" if row["fra_land"] in ("106", "428") else row["fra_land"]


def no_origin(rows: list[Row]) -> None:
    for row in rows:
        row["fra_land"] = None if row["fra_land"] == "106" else row["fra_land"]


def moves_in_january(rows: list[Row]) -> None:
    for row in rows:
        row["flyttedato"] = row["regdato"] = row["flyttedato"].replace(month=1)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (emigrations_lost, "shares_in_line"),
        (origins_overwritten, "rest_in_line"),
        (one_origin_written_for_another, "distribution_in_line"),
        (no_origin, "values_in_line"),
        (moves_in_january, "distribution_in_line"),
    ],
)
def test_a_fault_beside_the_announced_change_is_found(
    spoil: Callable[[list[Row]], None], found: str, judge: Judge
) -> None:
    rows = moves(LATER, with_refugees())
    spoil(rows)

    verdict = judge(rows, [COMING, ORIGIN])

    assert found in {warning["check"] for warning in verdict["warnings"]}, verdict


def test_an_announcement_never_accepts_what_is_refused(judge: Judge) -> None:
    few = moves(LATER, {code: n // 3 for code, n in usual().items()}, leaving=60, within=130)
    wrong = moves(LATER, with_refugees())
    wrong[0]["fra_land"] = "999"

    collapsed = judge(few, [announced(None)], name="few", code=1)
    spoilt = judge(wrong, [COMING, ORIGIN], name="wrong", code=1)

    assert [refusal["check"] for refusal in collapsed["refusals"]] == ["rows_collapse"]
    assert [refusal["check"] for refusal in spoilt["refusals"]] == ["code_list"]


def test_a_correction_of_the_year_has_the_announced_change_too(judge: Judge) -> None:
    judge(moves(LATER, with_refugees()), [COMING, ORIGIN])

    verdict = judge([*moves(LATER, with_refugees())][:-1], name="corrected", version=2)

    assert of(verdict["warnings"]) == set()
    # That it changed no more than this is said once.
    assert {note["check"] for note in told(verdict)} == {"shares_in_line"}


@pytest.mark.parametrize(
    ("announces", "says"),
    [
        ("war", "'announced' must be a list of at most 100 changes."),
        (["war"], "entry 1 of 'announced': it must be an object of register, period, column, codes, reason."),
        ([{**COMING, "until": "2014"}], "entry 1 of 'announced': it must be an object of register"),
        ([{**COMING, "register": "flyttinger"}], "there is no register 'flyttinger': write one of bef"),
        ([{**COMING, "register": "x" * 41}], "there is no register of that name: write one of"),
        ([{**COMING, "register": "<b>\n"}], "there is no register of that name: write one of"),
        ([announced("land", "148")], "'land' is no column of flytting: write one of hendelse, fra_kommnr,"),
        ([announced("regdato", "1")], "'regdato' is no column of codes: write one of hendelse,"),
        (
            [announced("wies", "1", register="inntekt")],
            "inntekt has no column of codes: leave out 'column' and 'codes' to announce the number of rows.",
        ),
        ([{**COMING, "period": "war"}], "'period' must be the year of a file, as text."),
        ([{**COMING, "codes": []}], "'codes' must name the codes of hendelse that changed"),
        ([{**COMING, "codes": "innvandring"}], "'codes' must name the codes of hendelse that changed"),
        ([{**COMING, "codes": ["' or 1=1 --"]}], "'codes' must name the codes of hendelse that changed"),
        ([{**COMING, "reason": " "}], "'reason' must say why, in at most 400 printable characters."),
        ([{**COMING, "reason": "x" * 401}], "'reason' must say why, in at most 400 printable characters."),
        ([{**COMING, "reason": "a\x1b[31mb"}], "'reason' must say why, in at most 400 printable characters."),
        ([{**COMING, "reason": "of 130185 12345"}], "'reason' has eleven digits in a row"),
        ([COMING, {**COMING, "codes": ["utvandring"]}], "entry 2 of 'announced': flytting 2013, column hen"),
        ([COMING] * 101, "'announced' must be a list of at most 100 changes."),
    ],
)  # fmt: skip
def test_an_announcement_that_cannot_be_meant_is_refused_with_the_next_step(
    announces: Any, says: str, judge: Judge
) -> None:
    verdict = judge(moves(LATER, usual()), announces, code=1)

    sentences = [refusal["text"] for refusal in verdict["refusals"]]
    assert any(says in sentence for sentence in sentences), sentences
    assert all(sentence.isprintable() for sentence in sentences)


def test_ledger_and_pages_have_the_words_as_text(judge: Judge, utvandring: Command) -> None:
    words = "<script>alert('war')</script>"
    verdict = judge(moves(LATER, with_refugees()), [{**COMING, "reason": words}, {**ORIGIN, "reason": words}])

    ((*_, delivery),) = [json.loads(utvandring("deliveries", "--json").out)]
    assert [entry["reason"] for entry in delivery["announced"]] == [words, words]
    page = Path(verdict["page"])
    for path, heading in ((page, "Announced changes"), (page.with_suffix(".nb.html"), "Varslede endringer")):
        text = path.read_text(encoding="utf-8")
        assert heading in text
        assert "<script" not in text
        assert "&lt;script&gt;alert" in text


def test_a_ledger_of_an_earlier_program_announces_nothing() -> None:
    delivery = Delivery("d", None, "2014-03-15T00:00:00Z", "accepted", "1.0", ())
    entry = delivery.as_json()
    del entry["announced"]

    assert Delivery.from_json(entry) == delivery


def test_an_announcement_is_read_from_the_ledger_as_it_was_written() -> None:
    one = Announcement("flytting", 2013, "fra_land", ("148",), REASON)

    assert Announcement.from_json(json.loads(json.dumps(one.as_json()))) == one


def test_comparisons_that_may_refuse_or_are_no_warning_are_never_announced() -> None:
    announceable = [one for one in read_comparisons(PROJECT) if one.may_be_announced]

    assert {one.name for one in announceable} == {
        "rows_in_line",
        "shares_in_line",
        "codes_in_line",
        "rest_in_line",
        "distribution_in_line",
    }
    assert all(one.level == "warn" and one.refused is None for one in announceable)
