"""The simulation: year after year, from outcomes to registers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from utvandring.common.progress import Progress
from utvandring.simulation import events as ev
from utvandring.simulation import families, labour, moves, people
from utvandring.simulation import parameters as p
from utvandring.simulation.alignment import (
    NORWAY,
    Alignment,
    announced,
    citizenships,
    emigration_places,
    region_shares,
    regions,
)
from utvandring.simulation.destinations import destinations_of_norwegian_born
from utvandring.simulation.events import EventLog, first_day, last_day
from utvandring.simulation.geography import Geography, geography
from utvandring.simulation.majority import Majority
from utvandring.simulation.majority_aligned import AlignedMajority
from utvandring.simulation.outcomes import (
    DEATH,
    EMIGRATION,
    INTERNAL,
    STAY,
    UNACCOUNTED,
    death_probability,
    draw_outcomes,
)
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import (
    DEAD,
    EMIGRATED,
    MISSING,
    NO_ONE,
    RESIDENT,
    BoolArray,
    IntArray,
    Population,
)
from utvandring.simulation.propensities import Propensities
from utvandring.simulation.registers import Registers
from utvandring.simulation.streams import Stream, generator

Outcome = npt.NDArray[np.int8]
CitizenshipArray = npt.NDArray[np.int16]

# Pseudonyms of the majority begin here; nobody simulates so many immigrants.
_FIRST_OF_MAJORITY = 1 << 35


def simulate(
    out_dir: Path, *, scale: float = 0.1, first_year: int = 2003, last_year: int = 2014, seed: int = 2016,
    progress: Progress | None = None, majority: bool = False, truth: Path | None = None,
    align: Alignment | None = None, propensities: Propensities | None = None,
) -> Path:  # fmt: skip
    """Write a synthetic delivery and return the path of its `delivery.json`.

    Parameters
    ----------
    out_dir : folder to create; may exist if it is empty.
    scale : 1 is Norway's immigrant population and their families; above 0, at most 2.
    first_year, last_year : first and last 1 January of `befolkning`, within 1991-2026.
    seed : any integer from 0; the same arguments give the same bytes.
    progress : called with a label and the finished fraction.
    majority : whether to add the rest of the population; the rows of the others stay the same.
    truth : a new Parquet file outside of the delivery for what no register says: `person_id, base_year` of
        everyone who is registered as resident on the next 1 January and has left without saying so. Apart
        from them, `is_found_next_year`: those whose emigration is decided in the next year, and who show no
        sign in this.
    align : totals of emigrations to which the world is aligned; it is another world then, with citizenship
        in `befolkning`, and with refugees from Ukraine. Outcome year 2013 follows tables E1-E8 all the same.
    propensities : effects of each immigrant that persist from year to year, normal at the start and for each
        arrival. Tables E1-E8 then hold given these; without them the years of a person are independent.

    Raises
    ------
    ValueError
        If an argument is out of range, the folder is not empty, or the file exists; nothing is written then.
    """
    out_dir = Path(out_dir)
    check_arguments(out_dir, scale, first_year, last_year, seed)
    if truth is not None:
        check_truth(truth, out_dir)
    work = out_dir.parent / f".{out_dir.name}.partial"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        run = Simulation(
            work, scale, first_year, last_year, seed, progress or (lambda _label, _fraction: None), majority,
            align, propensities,
        )  # fmt: skip
        run.run()
        if out_dir.exists():
            out_dir.rmdir()
        work.rename(out_dir)
        if truth is not None:
            pq.write_table(run.truth_table(), truth)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return out_dir / "delivery.json"


def check_arguments(out_dir: Path, scale: float, first_year: int, last_year: int, seed: int) -> None:
    """Raise a `ValueError` that names the argument if one of `simulate` is out of range."""
    if not 0 < scale <= 2:
        raise ValueError(f"The scale must be above 0 and at most 2, not {scale}.")
    low, high = p.SUPPORTED_YEARS
    if not low <= first_year < last_year <= high:
        raise ValueError(
            f"The years must rise and lie within {low} to {high}, not go from {first_year} to {last_year}."
        )
    if seed < 0:
        raise ValueError(f"The seed must be 0 or more, not {seed}.")
    if out_dir.exists() and not out_dir.is_dir():
        raise ValueError(f"{out_dir} exists and is not a folder: name a new one.")
    if out_dir.exists() and any(out_dir.iterdir()):
        raise ValueError(f"The folder {out_dir} is not empty: name a new one.")


def check_truth(truth: Path, out_dir: Path) -> None:
    """Raise a `ValueError` if the file of what no register says exists or would lie in the delivery."""
    if truth.exists():
        raise ValueError(f"{truth} exists: name a new file for those who left without saying so.")
    if out_dir.resolve() in truth.resolve().parents:
        raise ValueError(f"{truth} would lie in the delivery: name a file outside of {out_dir}.")
    if not truth.parent.is_dir():
        raise ValueError(f"There is no folder {truth.parent} for {truth.name}: make it first.")


class Simulation:
    """One run. `pop` holds the state; facts of a year are written once the next outcomes are drawn."""

    def __init__(
        self,
        folder: Path,
        scale: float,
        first_year: int,
        last_year: int,
        seed: int,
        progress: Progress,
        majority: bool = False,
        alignment: Alignment | None = None,
        propensities: Propensities | None = None,
    ) -> None:
        self.scale, self.first_year, self.last_year, self.seed = scale, first_year, last_year, seed
        self.progress = progress
        self.geo: Geography = geography()
        self.log = EventLog()
        self.alignment = alignment
        self.propensities = propensities
        # Who has left in the year that is simulated, each emigration once.
        self.left: list[IntArray] = []
        self.left_oslo = 0  # for another county, this year
        self.registers = Registers(folder, seed)
        self.majority: Majority | None = None
        if majority:
            (folder / "majority").mkdir()
            self.registers.beside = Registers(folder / "majority", seed, _FIRST_OF_MAJORITY)
            kind = Majority if alignment is None else AlignedMajority
            self.majority = kind(
                self.registers.beside, scale, (first_year, last_year), self.geo, self.rng, alignment
            )
        self.pop = Population.of(0)
        # Of each year who had left by its end, and whether they are found out the year after.
        self.truth: list[tuple[int, IntArray, bool]] = []

    def rng(self, stream: Stream, year: int) -> np.random.Generator:
        """Return the generator of one stream and year: draws of one do not disturb those of another."""
        return generator(self.seed, stream, year)

    def run(self) -> Path:
        """Simulate all years and write every register."""
        first, last = self.first_year, self.last_year
        steps = last - first + 2
        self.progress("start population", 0.0)
        self._start()
        if self.majority is not None:
            self.majority.start(self.pop)
        self._write_population(first)
        for year in range(first, last + 1):
            self.progress(f"{year}", (year - first + 1) / steps)
            self._year(year)
        self.progress("writing", (steps - 0.5) / steps)
        if self.majority is not None:
            self.majority.finish()
        self._write_year(last, np.zeros(len(self.pop), dtype=np.bool_))
        self.registers.persons(self.pop, last)
        if self.registers.beside is not None:
            self.registers.beside.folder.rmdir()
        path = self.registers.finish(last, [] if self.alignment is None else announced(first, last))
        self.progress("done", 1.0)
        return path

    def _start(self) -> None:
        base_year = self.first_year - 1
        self.pop = people.start_population(
            self.first_year, self.last_year, self.scale, self.geo, self.rng(Stream.START, base_year)
        )
        self._end_year(base_year)

    def _year(self, year: int) -> None:
        """Take the population from 1 January `year` to the next 1 January."""
        pop, geo = self.pop, self.geo
        self.left = []
        citizenship = self._citizenship(year)
        outcome, destination, leader, rng = self._outcomes(year, citizenship)
        moves.further_moves(pop, outcome, destination, year - 1, geo, rng)
        administrative = self._administrative(year, outcome, leader)
        self.truth.append((year - 1, np.flatnonzero(administrative & ~pop.silent), True))
        self._register_emigrations(year, outcome, leader, administrative)
        if year > self.first_year:
            # Only now is it known of whom the registers of the year before must show no sign of life.
            if self.majority is not None:
                self.majority.write(year - 1)
            self._write_year(year - 1, administrative)
        self._leave(year, outcome, administrative)
        self._move(year, outcome, destination)
        self._return(year)
        self._arrive(year, citizenship)
        self._live(year)
        self._end_year(year)
        if self.majority is not None:
            self.majority.year(year, self.pop, self._norwegians_gone(citizenship), self.left_oslo)
        if year < self.last_year:
            self._write_population(year + 1)

    def _outcomes(
        self, year: int, citizenship: CitizenshipArray | None
    ) -> tuple[Outcome, moves.MunicipalityArray, IntArray, np.random.Generator]:
        """Draw what happens to whom: outcome, destination within Norway, whom each follows.

        With totals the odds of emigration of every citizenship, and of every part of the country, are
        multiplied by a factor until as many leave as wanted. The draws are the same in every try; the
        try that comes nearest counts.
        """
        effects = None if self.propensities is None else self.propensities.effects(len(self.pop), self.seed)
        if self.alignment is None or citizenship is None or year == p.PUBLISHED_OUTCOME_YEAR:
            return self._draw(year, None, effects)
        pop, group = self.pop, self.alignment.groups(citizenship)
        wanted = self.scale * self.alignment.wanted(year)
        abroad_and_back = pop.resident & pop.immigrant & ~pop.silent & pop.working_age(year - 1)
        wanted -= p.PASSING_THROUGH_ALIGNED * wanted
        wanted -= p.OUT_AND_BACK * np.bincount(group[abroad_and_back], minlength=len(wanted))
        region, shares = regions(year)[pop.municipality], region_shares(year)
        factor, of_region = np.zeros(len(wanted)), np.zeros(len(shares))
        home = pop.home.copy()
        nearest, best, home_of_best = np.inf, None, home
        for _ in range(p.ALIGNMENT_TRIES):
            pop.home = home.copy()
            drawn = self._draw(year, factor[group] + of_region[region], effects)
            leaves = (drawn[0] == EMIGRATION) & (group > 0)
            counted = np.bincount(group[leaves], minlength=len(wanted))
            found = np.bincount(region[leaves], minlength=len(shares))
            expected = shares * found.sum()
            # Totals of citizenships are published of every year, those of places of two.
            distance = p.ALIGNMENT_WEIGHT * _distance(counted[1:], wanted[1:]) + _distance(found, expected)
            if distance < nearest:
                nearest, best, home_of_best = distance, drawn, pop.home
            factor[1:] = np.clip(factor + p.ALIGNMENT_DAMPED * _step(wanted, counted), -3, 3)[1:]
            of_region = np.clip(of_region + p.ALIGNMENT_DAMPED * _step(expected, found), -3, 3)
        assert best is not None
        pop.home = home_of_best
        return best

    def _draw(
        self, year: int, aligned: FloatArray | None, effects: FloatArray | None
    ) -> tuple[Outcome, moves.MunicipalityArray, IntArray, np.random.Generator]:
        pop, geo = self.pop, self.geo
        outcome = draw_outcomes(pop, year, geo, self.rng(Stream.OUTCOMES, year), aligned, effects)
        destination = np.full(len(pop), moves.NOWHERE, dtype=np.int16)
        rng = self.rng(Stream.DESTINATIONS_WITHIN_NORWAY, year)
        movers = np.flatnonzero(outcome == INTERNAL)
        destination[movers] = moves.other_level(pop.municipality[movers], geo, rng)
        leader = moves.take_family_along(pop, outcome, destination, year - 1, rng)
        return outcome, destination, leader, rng

    def _citizenship(self, year: int) -> CitizenshipArray | None:
        return None if self.alignment is None else citizenships(self.pop, year, self.seed)

    def _norwegians_gone(self, citizenship: CitizenshipArray | None) -> int:
        """Return the emigrations of Norwegian citizens this year, of persons who lived here at its start."""
        return 0 if citizenship is None else int((citizenship[np.concatenate(self.left)] == NORWAY).sum())

    def _write_population(self, year: int) -> None:
        rng = self.rng(Stream.POPULATION, year)
        self.registers.population(self.pop, year, rng, self._citizenship(year))

    def truth_table(self) -> pa.Table:
        """Return who had left without saying so, by person and year, and who was found out the year after."""
        return pa.concat_tables(
            pa.table({
                "person_id": self.registers.ids(gone).cast(pa.string()),
                "base_year": np.full(len(gone), year, dtype=np.int32),
                "is_found_next_year": np.full(len(gone), is_found),
            })
            for year, gone, is_found in self.truth
        )  # fmt: skip

    def _write_year(self, year: int, unseen: BoolArray) -> None:
        """Write the activity and the events of `year`; `unseen` persons show no sign of life."""
        quiet = self.pop.silent | unseen
        self.registers.activity(self.pop, year, quiet, self.rng(Stream.ACTIVITY, year))
        self.registers.migrations(self.log.take(year), year)

    def _place(self, who: IntArray) -> IntArray:
        """Return where people live, as events note it: municipality and its part."""
        return np.asarray(self.pop.municipality[who].astype(np.int64) * 256 + self.pop.part[who])

    def _lag(self, day: IntArray, rng: np.random.Generator, *, within_year: bool = True) -> IntArray:
        """Return the day of registration: two weeks later on average, one in twenty much later.

        Moves into and out of Norway are registered within the year, because the population register of the
        next 1 January shows them; emigrations registered later are made on purpose elsewhere.
        """
        n = len(day)
        lag = 1 + rng.exponential(p.MEAN_LAG_DAYS, n)
        lag += np.where(rng.random(n) < p.LONG_LAG, rng.uniform(*p.LONG_LAG_DAYS, n), 0)
        years = ev.year_of(day)
        latest = np.array([last_day(y) for y in range(self.first_year, self.last_year + 2)])
        limit = latest[years - self.first_year] if within_year else np.full(n, last_day(self.last_year) + 50)
        return np.asarray(np.minimum(day + lag.astype(np.int64), np.maximum(limit, day)))

    def _administrative(self, year: int, outcome: Outcome, leader: IntArray) -> BoolArray:
        """Pick the emigrations that were decided, not reported (section 2.1.5).

        They are found among emigrants with a year or more of residence who in the year before had neither
        work, study, unemployment nor a move; mostly people born in Asia and Africa, hardly any Nordics.
        Children share the basis of the parent whom they follow.
        """
        pop, rng = self.pop, self.rng(Stream.ADMINISTRATIVE, year)
        emigrant = (outcome == EMIGRATION) & pop.immigrant
        active = pop.employed | pop.enrolled | pop.exam | (pop.unemployed_months > 0)
        eligible = np.flatnonzero(
            emigrant & ~active & (leader == NO_ONE) & (pop.moved_year < year - 1)
            & (pop.residence(year - 1) >= 1) & (pop.age(year - 1) >= 18)
        )  # fmt: skip
        nordic = np.isin(pop.country[eligible], p.NORDIC_COUNTRIES)
        eligible = eligible[~nordic | (rng.random(len(eligible)) < p.NORDIC_MAY_BE_ADMINISTRATIVE)]
        country = pop.country[eligible]
        weight = np.where(p.is_far(country), p.ADMINISTRATIVE_FAR, 1.0)
        weight = weight * np.where(pop.residence(year - 1)[eligible] < 2, p.ADMINISTRATIVE_NEW, 1.0)
        weight = weight * np.where(pop.silent[eligible], p.ADMINISTRATIVE_SILENT, 1.0)
        share = p.ADMINISTRATIVE_SHARE(year) * (1.0 if self.alignment is None else p.ADMINISTRATIVE_ALIGNED)
        wanted = round(share * int(emigrant.sum()) * p.BASIS_KNOWN)
        order = np.argsort(-np.log(rng.random(len(eligible))) / weight, kind="stable")
        administrative = np.zeros(len(pop), dtype=np.bool_)
        administrative[eligible[order[:wanted]]] = True
        follower = np.flatnonzero((leader >= 0) & (outcome == EMIGRATION))
        young = pop.age(year - 1)[follower] < 15
        administrative[follower] = administrative[leader[follower]] & young
        return administrative

    def _register_emigrations(
        self, year: int, outcome: Outcome, leader: IntArray, administrative: BoolArray
    ) -> None:
        """Record the emigrations of `year`, some of them dated or registered in a neighbouring year."""
        pop, rng = self.pop, self.rng(Stream.EMIGRATIONS, year)
        who = np.flatnonzero(outcome == EMIGRATION)
        n = len(who)
        day = first_day(year) + rng.integers(1, 365, n)
        u = rng.random((3, n))
        leads = np.isin(who, leader)
        alone = ~leads & (leader[who] == NO_ONE) & ~administrative[who]
        late = (
            alone
            & (u[0] < p.DATED_LAST_YEAR)
            & (pop.moved_year[who] < year - 1)
            & (pop.birth_year[who] < year - 1)
        )
        late &= year > self.first_year
        day[late] = last_day(year - 1) - rng.integers(0, 31, int(late.sum()))
        on_new_year = alone & (u[0] > p.DATED_NEXT_YEAR) & (year < self.last_year)
        day[on_new_year] = first_day(year + 1)
        registered = self._lag(day, rng)
        registered[late] = first_day(year) + rng.integers(1, 80, int(late.sum()))
        # Family members leave on one day.
        row = np.full(len(pop), NO_ONE, dtype=np.int64)
        row[who] = np.arange(n)
        follows = leader[who] >= 0
        day[follows], registered[follows] = (a[row[leader[who[follows]]]] for a in (day, registered))
        to_country = self._destination_countries(who, rng)
        self._descendants_choose(who, to_country, row, leader, year)
        unknown = np.where(u[1] < p.ADMINISTRATIVE_TO_UNKNOWN, p.UNKNOWN_COUNTRY, ev.NOWHERE)
        to_country = np.where(administrative[who], unknown, to_country)
        basis = np.where(administrative[who], ev.ADMINISTRATIVE, ev.REPORTED)
        basis = np.where((u[2] < p.BASIS_MISSING) | (year < p.BASIS_DELIVERED_FROM), ev.NOT_DELIVERED, basis)
        self.left.append(who)
        self.log.add(
            ev.EMIGRATION,
            who,
            day,
            registered,
            from_place=self._place(who),
            to_country=to_country,
            basis=basis,
        )
        # Some had left and come back earlier in the year.
        low, high = p.LEFT_TWICE
        twice = alone & ~late & (u[0] > low) & (u[0] < high) & (day > first_day(year) + 90) & ~on_new_year
        self._round_trip(who[twice], first_day(year) + 5, day[twice] - 5, rng)
        # Some die abroad before the year is out.
        low, high = p.DIED_ABROAD_AT_ONCE
        dies = alone & ~late & (u[0] > low) & (u[0] < high) & ~on_new_year
        left = np.maximum(last_day(year) - day[dies], 0)
        pop.death_day[who[dies]] = day[dies] + np.floor(rng.random(int(dies.sum())) * (left + 1))

    def _destination_countries(self, who: IntArray, rng: np.random.Generator) -> npt.NDArray[np.int16]:
        """Most immigrants go to their country of birth, others to common destinations; some do not say."""
        aligned, born_in = self.alignment is not None, self.pop.country[who]
        common = np.array(p.COMMON_DESTINATIONS_ALIGNED if aligned else p.COMMON_DESTINATIONS, dtype=np.int16)
        elsewhere = common[rng.integers(0, len(common), len(who))]
        u = rng.random(len(who))
        to_birth = np.full(len(who), p.TO_COUNTRY_OF_BIRTH)
        if aligned:
            to_birth[np.isin(born_in, p.NORDIC_COUNTRIES)] = p.NORDICS_TO_COUNTRY_OF_BIRTH_ALIGNED
        home = (born_in > 0) & (u < to_birth)
        known = np.where(home, born_in, elsewhere)
        return np.where(u > p.DESTINATION_GIVEN, p.UNKNOWN_COUNTRY, known).astype(np.int16)

    def _descendants_choose(
        self, who: IntArray, to_country: npt.NDArray[np.int16], row: IntArray, leader: IntArray, year: int
    ) -> None:
        """Give descendants a destination: with the parent whom they follow, else one of their own choice.

        With draws of their own, so that nobody else's differ for them.
        """
        pop = self.pop
        descendant = np.flatnonzero(pop.category[who] == p.CATEGORY_C)
        chosen = destinations_of_norwegian_born(
            pop.country_background[who[descendant]],
            self.rng(Stream.DESTINATIONS_OF_DESCENDANTS, year),
            self.alignment is not None,
        )
        to_country[descendant] = chosen
        follows = descendant[leader[who[descendant]] >= 0]
        to_country[follows] = to_country[row[leader[who[follows]]]]

    def _round_trip(self, who: IntArray, earliest: int, latest: IntArray, rng: np.random.Generator) -> None:
        """Record an emigration and a return, both between `earliest` and `latest`."""
        span = latest - earliest
        out = earliest + np.floor(rng.random(len(who)) * span * 0.5).astype(np.int64)
        back = out + 5 + np.floor(rng.random(len(who)) * (latest - out - 5) * 0.95).astype(np.int64)
        country = self._destination_countries(who, rng)
        place = self._place(who)
        self.left.append(who)
        reported = ev.REPORTED if int(ev.year_of(earliest)) >= p.BASIS_DELIVERED_FROM else ev.NOT_DELIVERED
        self.log.add(
            ev.EMIGRATION,
            who,
            out,
            np.minimum(out + 4, back),
            from_place=place,
            to_country=country,
            basis=reported,
        )
        self.log.add(
            ev.IMMIGRATION, who, back, np.minimum(back + 4, latest), to_place=place, from_country=country
        )

    def _leave(self, year: int, outcome: Outcome, administrative: BoolArray) -> None:
        """Take those who died, emigrated or were lost out of the resident population."""
        pop, rng = self.pop, self.rng(Stream.LOSSES, year)
        abroad = np.flatnonzero((pop.status == EMIGRATED) & (pop.death_day < 0) & (pop.changed_year < year))
        q = p.DEATHS_ABROAD * death_probability(pop.age(year)[abroad], pop.sex[abroad])
        dead_abroad = abroad[rng.random(len(abroad)) < q]
        dead = np.flatnonzero(outcome == DEATH)
        for who in (dead, dead_abroad):
            pop.death_day[who] = first_day(year) + rng.integers(0, 365, len(who))
            pop.status[who] = DEAD
        emigrants = np.flatnonzero(outcome == EMIGRATION)
        pop.status[emigrants] = np.where(pop.death_day[emigrants] >= 0, DEAD, EMIGRATED)
        lost = np.flatnonzero(outcome == UNACCOUNTED)
        pop.status[lost] = np.where(rng.random(len(lost)) < p.LOST_IS_MISSING, MISSING, EMIGRATED)
        pop.vanished[lost[rng.random(len(lost)) < p.LOST_VANISHES]] = True
        pop.changed_year[np.concatenate([dead, dead_abroad, emigrants, lost])] = year
        pop.silent[administrative] = True
        pop.silent[lost] = True

    def _move(self, year: int, outcome: Outcome, destination: moves.MunicipalityArray) -> None:
        """Move people within Norway, and let some leave and come back within the year."""
        pop, rng = self.pop, self.rng(Stream.MOVES, year)
        movers = np.flatnonzero((destination >= 0) & (outcome <= INTERNAL) & (outcome >= STAY))
        # A family moves on one day.
        day = (first_day(year) + 5 + np.floor(rng.random(len(pop)) * 355)).astype(np.int64)[pop.head[movers]]
        before = self._place(movers)
        oslo = self.geo.codes.index(p.OSLO)
        self.left_oslo = int(((pop.municipality[movers] == oslo) & (destination[movers] != oslo)).sum())
        pop.municipality[movers] = destination[movers]
        self.log.add(
            ev.INTERNAL, movers, day, self._lag(day, rng, within_year=False), from_place=before,
            to_place=self._place(movers),
        )  # fmt: skip
        pop.moved_year[movers] = year
        pop.silent[movers] = False
        stayers = np.flatnonzero(
            (outcome == STAY) & (destination < 0) & pop.immigrant & ~pop.silent & pop.working_age(year - 1)
        )
        stayers = stayers[rng.random(len(stayers)) < p.OUT_AND_BACK]
        self._round_trip(stayers, first_day(year) + 10, np.full(len(stayers), last_day(year) - 10), rng)
        pop.moved_year[stayers] = year
        families.repair_links(pop)
        pop.update_heads()

    def _return(self, year: int) -> None:
        """Let some emigrants of the last years come back to where they lived, with their children."""
        pop, rng = self.pop, self.rng(Stream.RETURNS, year)
        age = pop.age(year)
        away = np.flatnonzero(
            (pop.status == EMIGRATED) & (pop.changed_year < year) & (pop.changed_year >= year - 4)
            & ~pop.vanished & (pop.death_day < 0)
        )  # fmt: skip
        adult = away[(age[away] >= 18) & (age[away] <= 70)]
        others = np.where(pop.immigrant[adult], p.RETURN_OF_IMMIGRANT, p.RETURN_OF_NON_IMMIGRANT)
        chance = np.where(pop.background[adult] == p.NORDIC, p.RETURN_OF_NORDIC, others)
        chance = np.where(pop.silent[adult], p.RETURN_OF_SILENT, chance)
        back = adult[rng.random(len(adult)) < chance]
        child = away[age[away] < 18]
        returning = np.zeros(len(pop), dtype=np.bool_)
        returning[back] = True
        parent = np.where(
            (pop.mother[child] >= 0) & returning[pop.mother[child]], pop.mother[child],
            np.where((pop.father[child] >= 0) & returning[pop.father[child]], pop.father[child], NO_ONE),
        )  # fmt: skip
        child, parent = child[parent >= 0], parent[parent >= 0]
        pop.home[child] = parent
        pop.municipality[child] = pop.municipality[parent]
        pop.part[child] = pop.part[parent]
        everyone = np.concatenate([back, child])
        day = (first_day(year) + 20 + np.floor(rng.random(len(pop)) * 340)).astype(np.int64)
        day = day[np.concatenate([back, parent]).astype(np.int64)]
        pop.status[everyone] = RESIDENT
        pop.silent[everyone] = False
        pop.moved_year[everyone] = year
        country = np.where(pop.country[everyone] > 0, pop.country[everyone], 106)
        self.log.add(
            ev.IMMIGRATION,
            everyone,
            day,
            self._lag(day, rng),
            to_place=self._place(everyone),
            from_country=country,
        )
        pop.update_heads()

    def _passing_through(
        self, year: int, citizenship: CitizenshipArray, rng: np.random.Generator
    ) -> npt.NDArray[np.int16]:
        """Return the countries of those who come and leave within the year: what is missing of the totals."""
        assert self.alignment is not None
        wanted = self.alignment.wanted(year) * self.scale
        group = self.alignment.groups(citizenship[np.concatenate(self.left)])
        missing = np.maximum(wanted - np.bincount(group, minlength=len(wanted)), 0)[1:]
        others = np.array(p.PASSING_FROM, dtype=np.int16)[
            rng.integers(0, len(p.PASSING_FROM), round(missing[-1]))
        ]
        named = np.array(self.alignment.countries, dtype=np.int16)
        return np.concatenate([np.repeat(named, np.round(missing[:-1]).astype(np.int64)), others])

    def _arrive(self, year: int, citizenship: CitizenshipArray | None) -> None:
        """Let first-time immigrants arrive; a few of them leave again before the year is out."""
        pop, rng = self.pop, self.rng(Stream.ARRIVALS, year)
        new, day = people.arrive(pop, year, self.scale, self.geo, rng, citizenship is not None)
        kept = (day < first_day(year + 1)) | (year < self.last_year)
        day = np.where(kept, day, last_day(year))
        pop.first_date[new] = ev.yyyymmdd(day)
        self.log.add(
            ev.IMMIGRATION,
            new,
            day,
            self._lag(day, rng),
            to_place=self._place(new),
            from_country=pop.country[new],
        )
        n, countries, places = round(p.PASSING_THROUGH * len(new)), None, self.geo.municipality_target
        if citizenship is not None:
            rng = self.rng(Stream.PASSING_ALIGNED, year)
            countries = self._passing_through(year, citizenship, rng)
            n, places = len(countries), emigration_places(year)
        short, first, last = people.pass_through(pop, n, year, places, rng, countries)
        place = self._place(short)
        self.log.add(ev.IMMIGRATION, short, first, first + 3, to_place=place, from_country=pop.country[short])
        reported = ev.REPORTED if year >= p.BASIS_DELIVERED_FROM else ev.NOT_DELIVERED
        self.log.add(
            ev.EMIGRATION, short, last, np.minimum(last + 6, last_day(year)), from_place=place,
            to_country=pop.country[short], basis=reported,
        )  # fmt: skip
        pop.update_heads()

    def _live(self, year: int) -> None:
        """Let children be born, couples part and form, and grown-up children leave home."""
        pop, rng = self.pop, self.rng(Stream.FAMILIES, year)
        families.births(pop, year, rng)
        pop.update_heads()
        families.split_couples(pop, rng)
        families.leave_home(pop, year, rng)
        moved_in, host = families.form_unions(pop, year, self.geo, rng)
        moves_house = pop.municipality[moved_in] != pop.municipality[host]
        moved_in, host = moved_in[moves_house], host[moves_house]
        before = self._place(moved_in)
        oslo = self.geo.codes.index(p.OSLO)
        self.left_oslo += int((pop.municipality[moved_in] == oslo).sum())
        people.move_in(pop, moved_in, host)
        day = first_day(year) + rng.integers(5, 360, len(moved_in))
        self.log.add(
            ev.INTERNAL, moved_in, day, self._lag(day, rng, within_year=False), from_place=before,
            to_place=self._place(moved_in),
        )  # fmt: skip
        pop.moved_year[moved_in] = year
        families.repair_links(pop)
        pop.update_heads()

    def _end_year(self, year: int) -> None:
        """Settle what the registers of `year` and of the next 1 January will say."""
        pop = self.pop
        rng = self.rng(Stream.FACTS, year)
        pop.update_heads()
        self._fall_silent(year, rng)
        self.truth.append((year, np.flatnonzero(pop.resident & pop.silent), False))
        labour.update_facts(pop, year, self.geo, rng)
        labour.update_education_knowledge(pop, year, self.geo)
        # An unknown address at either end hides a move, so only people who did not move get one.
        settled = pop.resident & (pop.moved_year < year) & (pop.first_date < year * 10000)
        u = rng.random(len(pop))
        new = settled & (u < p.UNKNOWN_ADDRESS_SHARE / 2)
        stays_unknown = settled & (pop.unknown_address > 0) & (u > p.UNKNOWN_ADDRESS_ENDS)
        pop.unknown_address = np.where(
            new,
            np.where(u < p.UNKNOWN_ADDRESS_SHARE / 6, 1, 2),
            np.where(stays_unknown, pop.unknown_address, 0),
        ).astype(np.int8)
        pop.hidden_family = rng.random(len(pop)) < p.HIDDEN_FAMILY_SHARE

    def _fall_silent(self, year: int, rng: np.random.Generator) -> None:
        """Let persons leave without saying so until the over-coverage is as wanted (2.3 per cent)."""
        pop = self.pop
        immigrants = pop.resident & pop.immigrant
        missing = round(p.OVERCOVERAGE_SHARE * int(immigrants.sum())) - int((immigrants & pop.silent).sum())
        alone = families.single_persons(pop) & immigrants & ~pop.silent & pop.working_age(year)
        candidates = np.flatnonzero(alone & (pop.moved_year < year) & (pop.residence(year) >= 1))
        if missing <= 0 or len(candidates) == 0:
            return
        weight = np.array(p.SILENT_BY_BACKGROUND)[pop.background[candidates]]
        weight = weight * np.where(p.is_far(pop.country[candidates]), p.SILENT_FAR, 1.0)
        weight = weight * np.where(pop.residence(year)[candidates] <= 6, p.SILENT_NEW, 1.0)
        if self.alignment is not None and year >= p.PUBLISHED_OUTCOME_YEAR:
            weight = weight * np.where(pop.sex[candidates] == p.MAN, p.SILENT_MEN_ALIGNED, 1.0)
        order = np.argsort(-np.log(rng.random(len(candidates))) / weight, kind="stable")
        pop.silent[candidates[order[:missing]]] = True


def _step(wanted: FloatArray, counted: npt.NDArray[Any]) -> FloatArray:
    """Return what log odds need for as many as wanted."""
    return np.asarray(np.log(np.maximum(wanted, 0.5) / np.maximum(counted, 0.5)))


def _distance(counted: npt.NDArray[Any], wanted: FloatArray) -> float:
    return float(((counted - wanted) ** 2 / np.maximum(wanted, 0.5)).sum())
