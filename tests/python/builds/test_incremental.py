"""Tables built by year after a change equal, row by row and in order, tables built in full."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from accepted import Deliveries
from reference.adversary import Adversary
from reference.evidence import Registers, Row

FIRST, LAST = 2003, 2021
LATE = 2014
#: Persons of whom no register knows before LATE.
LATECOMERS = {f"p{number:05}" for number in range(30)}
#: Corrections that leave base year 2009 as it was.
LEFT_ALONE = ["in-advance", "sysselsetting-2012", "utdanningsaktivitet-2016", "arbeidssoker-2017"]
LEFT_ALONE += ["utdanning-2018", "new-year", "events-alone"]


def drawn(seed: int) -> Registers:
    """Contradictory histories, of some persons only from LATE on."""
    registers = Adversary(seed, 250, FIRST, LAST).draw()
    return {
        (register, period): [
            row for row in rows if register == "person" or period >= LATE or row["personid"] not in LATECOMERS
        ]
        for (register, period), rows in registers.items()
    }


def corrections() -> tuple[Registers, list[tuple[str, Registers]]]:
    """Return what is known at first, and what becomes known after it.

    What concerns early years comes first: a mistake about the years that a correction concerns would be
    repaired by a later one that concerns them too. Other rows are other histories of the same people.
    """
    known, other = drawn(1), drawn(2)
    persons = known.pop(("person", LAST))
    deaths = {row["personid"]: row["doedsdato"] for row in other["person", LAST]}
    dead_by_others = [row | {"doedsdato": deaths.get(row["personid"])} for row in persons]
    # Of the latecomers some are unknown and the others somebody else.
    half = sorted(LATECOMERS)[::2]
    mistaken = {"invkat": "B", "foedselsaar_mnd": 198001, "forstdato": 20130101}

    def before_latecomers(rows: list[Row]) -> list[Row]:
        rows = [row for row in rows if row["personid"] not in half]
        return [row | (mistaken if row["personid"] in LATECOMERS else {}) for row in rows]

    new_year = {
        (register, year): known.pop((register, year))
        for register, year in [*known]
        if register != "person" and year >= LAST - (register != "befolkning")
    }
    known.pop(("utdanningsaktivitet", 2016), None)
    first = known | {("person", LAST): before_latecomers(persons)}
    steps: list[tuple[str, Registers]] = [("deaths", {("person", LAST): before_latecomers(dead_by_others)})]
    for register, year in (
        ("befolkning", 2006),
        ("flytting", 2008),
        ("inntekt", 2010),
        ("sysselsetting", 2012),
        ("person", LAST),
        ("utdanningsaktivitet", 2016),
        ("arbeidssoker", 2017),
        ("utdanning", 2018),
    ):
        rows = dead_by_others if register == "person" else other.get((register, year), [])
        steps.append((f"{register}-{year}", {(register, year): rows}))
        if (register, year) == ("flytting", 2008):
            steps.append(("in-advance", {("flytting", 2012): registered_in_advance(known)}))
    # No 1 January follows: events alone decide what became of the residents of the last year.
    events = {("flytting", LAST): other["flytting", LAST]}
    return first, [*steps, ("new-year", new_year), ("events-alone", events)]


def registered_in_advance(known: Registers) -> list[Row]:
    """Return the moves of 2012 with a late immigration that tells who came before that year began."""
    moves = known["flytting", 2012]
    immigration = next(row for row in moves if row["hendelse"] == "innvandring")
    dates = {"flyttedato": date(2012, 1, 10), "regdato": date(2011, 12, 20)}
    # A move of 1 January would bring the year before into play by itself.
    moved = {row["personid"] for row in moves if row["flyttedato"] == date(2012, 1, 1)}
    persons = sorted({row["personid"] for row in known["befolkning", 2012]} - moved)
    return [*moves, *(immigration | dates | {"personid": person} for person in persons)]


def series(root: Path, *steps: str | Path) -> list[str]:
    """Return the models that each build left alone."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("dbt_series.py"), root, *steps],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout.splitlines()


def differences(one: Path, other: Path) -> Iterator[str]:
    """Name the tables that differ; what readers see also in order."""
    names = {file.name for file in one.iterdir()}
    assert names == {file.name for file in other.iterdir()}
    for name in sorted(names):
        with duckdb.connect() as connection:
            ordered = name.partition(".")[0] in ("marts", "quality", "estimates")
            columns = "*" if ordered else "* exclude (file_row_number)"
            left, right = (
                f"select {columns} from read_parquet('{folder / name}', file_row_number = true)"
                for folder in (one, other)
            )
            row = connection.execute(
                f"select count(*) from (({left} except all {right}) union all ({right} except all {left}))"
            ).fetchone()
            if row != (0,):
                yield f"{name}: {row}"


def delivered(root: Path, *chosen: str) -> Deliveries:
    """Accept what is known at first, and the corrections of these names, or all."""
    deliveries = Deliveries(root)
    first, steps = corrections()
    deliveries.accept("first", first, {("inntekt", 2010): ["wyrkinnt"]})
    for name, registers in steps:
        if not chosen or name in chosen:
            deliveries.accept(name, registers)
    return deliveries


def test_after_a_correction_and_a_new_year_the_warehouse_is_what_a_full_build_makes(tmp_path: Path) -> None:
    # They change other years, each in another way: neither repairs a mistake about the other.
    before, *_, after = delivered(tmp_path, "flytting-2008", "new-year").ledgers
    series(tmp_path, before, after, "--full", after)

    assert not list(differences(tmp_path / "exported/1", tmp_path / "exported/2"))


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Build after every correction, go back to the fifth and forward again; build the last in full."""
    root = tmp_path_factory.mktemp("corrected")
    ledgers = delivered(root).ledgers
    left_alone = series(root, *ledgers, ledgers[5], ledgers[-1], "--full", ledgers[-1])
    names = [ledger.stem for ledger in ledgers]
    without_sample = [
        name for name, models in zip(names, left_alone, strict=False) if "sample" in models.split()
    ]
    assert without_sample == LEFT_ALONE
    return root / "exported", [*names, "again 5", "again -1", "in full"]


@pytest.mark.long
def test_after_every_correction_the_warehouse_is_what_a_full_build_makes(
    corrected: tuple[Path, list[str]],
) -> None:
    exported, names = corrected
    last = names.index("events-alone")
    assert not list(differences(exported / str(last), exported / str(names.index("in full"))))


@pytest.mark.long
def test_back_to_an_earlier_delivery_and_forward_again(corrected: tuple[Path, list[str]]) -> None:
    exported, names = corrected
    assert not list(differences(exported / "5", exported / str(names.index("again 5"))))
    last = names.index("events-alone")
    assert not list(differences(exported / str(last), exported / str(names.index("again -1"))))
