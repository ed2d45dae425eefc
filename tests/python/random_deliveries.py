"""Random series of deliveries: after each the warehouse is built by year and held against a full build.

    python tests/python/random_deliveries.py --seed 1 --steps 60 --folder target/random

Persons with contradictory histories (reference/adversary.py) are delivered year by year, with late and
corrected files, higher versions, persons who are removed, registers that appear and disappear, and steps back
to an earlier ledger. Now and then some models are built alone before the rest. The same command goes on where
it stopped: a step that failed is repeated, with the warehouse as it was before it.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from accepted import Deliveries, Period
from dbt_server import COMPILED, DbtServer
from reference.adversary import SIGN_REGISTERS, Adversary
from reference.evidence import Registers, Row

FIRST, LAST = 2003, 2021
#: The last 1 January of the first delivery.
FIRST_KNOWN = 2008
#: Columns without which a file may come.
MAY_BE_MISSING = {"inntekt": "wyrkinnt", "flytting": "til_land", "befolkning": "personkode"}
#: What is made by a Python model, or from one; and what reads all versions of a register.
LEFT_OUT = [
    "models/intermediate/disclosure",
    "models/intermediate/revision",
    "models/marts/presence/emigration_revision.sql",
    "models/release",
    "models/estimates",
    "models/norsk",
]
#: Tables of which the order of rows is promised.
IN_ORDER = ("marts", "quality")
KINDS = {
    "a new year": 6,
    "a corrected year": 4,
    "events delivered late": 3,
    "events of earlier years": 3,
    "events before their January": 2,
    "corrected persons": 3,
    "deaths": 2,
    "a person removed": 2,
    "a register appears or disappears": 2,
    "a column is missing": 1,
    "the same file once more": 1,
    "back to an earlier ledger": 2,
}


class World:
    """What is delivered in a series; every step follows from the seed and its number.

    Parameters
    ----------
    seed
        Of the series.
    root
        The data root that files are accepted in.
    persons
        How many there are.
    """

    def __init__(self, seed: int, root: Path, persons: int) -> None:
        self.seed = seed
        self.histories = [Adversary(1000 * seed + number, persons, FIRST, LAST).draw() for number in range(3)]
        self.deliveries = Deliveries(root)
        self.last = FIRST_KNOWN
        self.known: Registers = {
            (register, year): rows
            for (register, year), rows in self.histories[0].items()
            if register != "person" and year <= self.last - (register != "befolkning")
        }
        # Nearly all persons are known, as the report's registers know them.
        self.known["person", FIRST_KNOWN] = self.histories[0]["person", LAST]
        self.deliveries.accept("step-0", self.known)

    def step(self, number: int) -> tuple[str, Path]:
        """Deliver something; return in words what, and the ledger to build from."""
        random = np.random.default_rng([self.seed, number])
        kind = str(random.choice([*KINDS], p=np.array([*KINDS.values()]) / sum(KINDS.values())))
        if kind == "a new year" and self.last == LAST:
            kind = "a corrected year"
        name = f"step-{number}"
        if kind == "back to an earlier ledger":
            ledger = self.deliveries.ledgers[int(random.integers(len(self.deliveries.ledgers)))]
            self.deliveries.accept(name, {})
            return f"{kind}: {ledger.stem}", ledger
        if kind == "a register appears or disappears":
            what = self.appear_or_disappear(name, random)
        elif kind == "a column is missing":
            register = str(random.choice([*MAY_BE_MISSING]))
            period = self.one_of(random, [key for key in self.known if key[0] == register])
            self.deliveries.accept(name, {period: self.known[period]}, {period: [MAY_BE_MISSING[register]]})
            what = period
        else:
            changed = self.changed(kind, random)
            self.known |= changed
            self.deliveries.accept(name, changed)
            what = sorted(changed)
        return f"{kind}: {what}", self.deliveries.ledgers[-1]

    def changed(self, kind: str, random: np.random.Generator) -> Registers:
        """Return the periods that a delivery brings, with their rows."""
        other = self.histories[int(random.integers(1, 3))]
        dated = sorted(key for key in self.known if key[0] != "person")
        if kind == "a new year":
            self.last += 1
            changed = {
                (register, year): rows
                for (register, year), rows in self.histories[0].items()
                if (register, year) == ("befolkning", self.last)
                or (register != "person" and register != "befolkning" and year == self.last - 1)
            }
            # Seldom all of them come at once.
            late = {key for key in changed if key[0] in SIGN_REGISTERS and random.random() < 0.2}
            return {key: rows for key, rows in changed.items() if key not in late}
        if kind == "the same file once more":
            key = self.one_of(random, [*self.known])
            return {key: self.known[key]}
        if kind == "a corrected year":
            key = self.one_of(random, dated)
            return {
                key: self.mixed(self.known[key], other.get(key, []), random, random.choice([0.02, 0.3, 1]))
            }
        if kind == "events before their January":
            # Until the next 1 January comes, they decide alone.
            key = ("flytting", self.last)
            return {key: self.histories[0][key]}
        if kind == "events delivered late":
            key = self.one_of(random, [key for key in dated if key[0] == "flytting"])
            return {key: self.mixed(self.known[key], other.get(key, []), random, 0.02)}
        if kind == "events of earlier years":
            first, *later = [key for key in dated if key[0] == "flytting"]
            key, earlier = self.one_of(random, later), (first[0], int(random.integers(first[1], self.last)))
            late = [row for row in other.get(earlier, []) if random.random() < 0.02]
            return {key: [*self.known[key], *(row for row in late if row["flyttedato"].year < key[1])]}
        persons = max(key for key in self.known if key[0] == "person")
        if kind == "corrected persons":
            rows = self.mixed(self.known[persons], other["person", LAST], random, random.choice([0.01, 0.1]))
            return {("person", int(random.integers(FIRST_KNOWN, self.last + 1))): rows}
        if kind == "deaths":
            deaths = {row["personid"]: row["doedsdato"] for row in other["person", LAST]}
            rows = [
                row | {"doedsdato": deaths.get(row["personid"])} if random.random() < 0.05 else row
                for row in self.known[persons]
            ]
            return {persons: rows}
        removed = self.one_of(random, self.known[persons])["personid"]
        return {
            key: [row for row in rows if row["personid"] != removed]
            for key, rows in self.known.items()
            if any(row["personid"] == removed for row in rows)
        }

    def appear_or_disappear(self, name: str, random: np.random.Generator) -> Period:
        """Withdraw a file of a register that may be missing, or deliver one that is missing."""
        period = (str(random.choice([*SIGN_REGISTERS, "utdanning"])), int(random.integers(FIRST, self.last)))
        if period in self.known:
            del self.known[period]
            self.deliveries.withdraw(name, {period})
        else:
            self.known[period] = self.histories[0].get(period, [])
            self.deliveries.accept(name, {period: self.known[period]})
        return period

    @staticmethod
    def one_of(random: np.random.Generator, values: list[Any]) -> Any:
        """Draw one of some values."""
        return values[int(random.integers(len(values)))]

    @staticmethod
    def mixed(rows: list[Row], other: list[Row], random: np.random.Generator, share: float) -> list[Row]:
        """Give a share of the persons, and somebody always, their rows of another history."""
        persons = sorted({row["personid"] for row in [*rows, *other]})
        chosen = {person for person in persons if random.random() < share}
        chosen |= {persons[int(random.integers(len(persons)))]} if persons else set()
        return [row for row in rows if row["personid"] not in chosen] + [
            row for row in other if row["personid"] in chosen
        ]


class Series:
    """Builds of a world, by year in one data root and in full in another.

    Parameters
    ----------
    folder
        For both, and for what has been done so far.
    seed, persons
        Of the world.
    """

    def __init__(self, folder: Path, seed: int, persons: int, dbt: DbtServer) -> None:
        self.by_year, self.in_full = folder / "by-year", folder / "in-full"
        self.before = folder / "before.duckdb"
        self._state = folder / "state.json"
        for root in (self.by_year, self.in_full):
            (root / "accepted").mkdir(parents=True, exist_ok=True)
        self.world = World(seed, self.by_year, persons)
        self.dbt = dbt
        self.models = [
            model for model in dbt.models() if not any(model.path.startswith(left) for left in LEFT_OUT)
        ]
        files = self.in_full / "accepted" / "files"
        if not files.is_symlink():
            files.symlink_to(self.by_year / "accepted" / "files")
        self.done = 0
        told = {"seed": seed, "persons": persons}
        if self._state.exists():
            state = json.loads(self._state.read_text(encoding="utf-8"))
            if state["of"] != told:
                raise SystemExit(f"{folder} holds the series of {state['of']}: name another folder.")
            self.done = state["done"]
            shutil.copyfile(self.before, self.by_year / "warehouse.duckdb")
            # Of a step that was killed.
            (self.by_year / "warehouse.duckdb.wal").unlink(missing_ok=True)
        else:
            self.build(self.world.deliveries.ledgers[0], np.random.default_rng(0), "seed", "model")
            shutil.copyfile(self.world.deliveries.ledgers[0], self.in_full / "accepted" / "ledger.json")
            dbt.seed(self.in_full)
        self._told = told
        for number in range(1, self.done + 1):
            self.world.step(number)
        self._keep()

    def step(self) -> tuple[str, list[str]]:
        """Take the next step; return it in words, with the tables that differ; keep it if none does."""
        number = self.done + 1
        what, ledger = self.world.step(number)
        random = np.random.default_rng([self.world.seed, number, 1])
        alone = self.build(ledger, random, "model")
        shutil.copyfile(ledger, self.in_full / "accepted" / "ledger.json")
        self.dbt.make(self.in_full, *(model.table for model in self.models))
        different = list(self.differences())
        if not different:
            self.done = number
            self._keep()
        return f"{number}. {what}{alone}", different

    def build(self, ledger: Path, random: np.random.Generator, *kinds: str) -> str:
        """Build from a ledger by year, some models alone before the rest; return in words whether so."""
        shutil.copyfile(ledger, self.by_year / "accepted" / "ledger.json")
        of = [part for kind in kinds for part in ("--resource-type", kind)]
        left_out = ["--exclude", *(f"path:{path}" for path in LEFT_OUT), "--quiet"]
        alone = []
        if kinds == ("model",) and random.random() < 0.25:
            alone = sorted(
                {str(random.choice([Path(model.path).stem for model in self.models])) for _ in range(3)}
            )
            self.dbt.run(self.by_year, "build", *of, "--quiet", "--select", *alone)
        self.dbt.run(self.by_year, "build", *of, *left_out)
        return f" (first {', '.join(alone)})" if alone else ""

    def differences(self) -> Iterator[str]:
        """Name the tables that differ, those that readers see also in the order of rows."""
        with duckdb.connect(config={"threads": 1}) as connection:
            for name, root in (("by_year", self.by_year), ("in_full", self.in_full)):
                connection.execute(f"attach '{root / 'warehouse.duckdb'}' as {name} (read_only)")
            for model in self.models:
                if model.kind != "table":
                    continue
                order = ", row_number() over () as row_number" if model.table.startswith(IN_ORDER) else ""
                one, other = (f"select *{order} from {of}.{model.table}" for of in ("by_year", "in_full"))
                row = connection.execute(
                    f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
                ).fetchone()
                if row != (0,):
                    yield f"{model.table}: {row and row[0]} rows"

    def _keep(self) -> None:
        shutil.copyfile(self.by_year / "warehouse.duckdb", self.before)
        self._state.write_text(json.dumps({"of": self._told, "done": self.done}), encoding="utf-8")


def main() -> None:
    """Go through a series, or go on with one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--persons", type=int, default=250)
    parser.add_argument("--folder", type=Path, default=Path("target/random"))
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # The queries of full builds are those of the program as it is now, also where a series goes on.
    shutil.rmtree(folder / COMPILED.parents[1], ignore_errors=True)
    os.environ["UTVANDRING_DATA"] = str(folder)
    dbt = DbtServer(folder)
    try:
        series = Series(folder, asked.seed, asked.persons, dbt)
        while series.done < asked.steps:
            what, different = series.step()
            print(what, flush=True)
            if different:
                sys.exit("Differs from a full build: " + "; ".join(different))
    finally:
        dbt.close()
    print(f"{series.done} steps of seed {asked.seed} with {asked.persons} persons: no row differs.")


if __name__ == "__main__":
    main()
