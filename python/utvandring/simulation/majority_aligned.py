"""The rest of the population in an aligned world: Norway's residents by sex and age, and where they live.

On every 1 January there are as many of each sex and age as Statistics Norway counted, less the immigrants
and their families. What differs is closed where it can happen: births; deaths from 60 on; returns, and
first arrivals of people born abroad to Norwegian parents, where somebody is missing; emigrations, as many
as the totals say, and a few whom the register loses, where there are too many. Moves go where people are
missing.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from utvandring.simulation import events as ev
from utvandring.simulation import families
from utvandring.simulation import parameters as p
from utvandring.simulation.alignment import FOLDER, region_shares, regions
from utvandring.simulation.events import first_day
from utvandring.simulation.geography import division, geography
from utvandring.simulation.majority import Majority
from utvandring.simulation.moves import draw_places
from utvandring.simulation.outcomes import death_probability
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import (
    DEAD,
    EMIGRATED,
    MISSING,
    NO_ONE,
    RESIDENT,
    IntArray,
    Population,
)
from utvandring.simulation.streams import Stream

OLDEST = 90  # and older


@cache
def published_residents(year: int) -> IntArray:
    """Return the residents of 1 January `year`: men and women by age 0-90+, shape (2, 91)."""
    rows = _table("published_population.csv")
    nearest = int(np.clip(year, rows["year"].min(), rows["year"].max()))
    of_year = rows[rows["year"] == nearest].sort_values("age")
    return np.array([of_year.loc[of_year["sex"] == sex, "persons"] for sex in ("male", "female")])


@cache
def published_places(year: int) -> FloatArray:
    """Return the residents of the municipalities of 2013 on 1 January `year`, straight between some years.

    Published are municipalities of 2024; those of 2013 share them by size, as far as they are part of them.
    """
    rows = _table("published_municipalities.csv").set_index("municipality_code")
    years = [int(column) for column in rows.columns]
    residents = [np.interp(year, years, persons) for persons in rows.to_numpy(dtype=np.float64)]
    codes, lookup = division(2024)
    place = {f"{code:04d}": n for code, n in zip(rows.index, residents, strict=True)}
    size = np.repeat(geography().weight[:, None] / 256, 256, axis=1)
    whole = np.bincount(lookup.ravel(), size.ravel(), minlength=len(codes))
    now = np.array([place[code] for code in codes])
    return np.asarray((size * (now / whole)[lookup]).sum(axis=1))


@cache
def _table(name: str) -> pd.DataFrame:
    return pd.read_csv(str(FOLDER / name))


def by_sex_and_age(pop: Population, year: int) -> IntArray:
    """Return residents by sex and age on 1 January `year`, shape (2, 91)."""
    return np.bincount(_cells(pop, year, np.flatnonzero(pop.resident)), minlength=2 * (OLDEST + 1)).reshape(
        2, -1
    )


def _cells(pop: Population, year: int, people: IntArray) -> IntArray:
    age = np.clip(pop.age(year - 1)[people], 0, OLDEST).astype(np.int64)
    return np.asarray((pop.sex[people] == p.WOMAN) * (OLDEST + 1) + age)


def some_of_each(cells: IntArray, wanted: IntArray, rng: np.random.Generator) -> IntArray:
    """Return positions in `cells`: of every cell as many as wanted, or all, at random."""
    order = np.lexsort((rng.random(len(cells)), cells))
    ordered = cells[order]
    start = np.searchsorted(ordered, ordered, side="left")
    return np.sort(order[np.arange(len(order)) - start < wanted[ordered]])


class AlignedMajority(Majority):
    """The population beside the immigrants, so that all together are as many as published."""

    def _ages(self, others: Population, base_year: int) -> IntArray:
        """Return the cells of sex and age of the first residents, one each."""
        missing = self._missing(others, base_year + 1).ravel()
        return np.repeat(np.arange(len(missing)), missing)

    def _missing(self, others: Population, year: int) -> IntArray:
        """Return how many should live beside the others on 1 January `year`, by sex and age."""
        wanted = self.scale * published_residents(year) - by_sex_and_age(others, year)
        return np.maximum(np.round(wanted), 0).astype(np.int64)

    def _places(self, others: Population, year: int) -> FloatArray:
        """Return how many should live in each municipality beside the others."""
        everybody = published_places(year)
        n = self.scale * published_residents(year).sum() * everybody / everybody.sum()
        here = np.bincount(others.municipality[others.resident], minlength=len(everybody))
        return np.asarray(np.maximum(n - here, 0.0))

    def start(self, others: Population) -> None:
        """Make the population of the first 1 January beside that of the others, and write it."""
        first, _ = self.years
        self.home = self._places(others, first) + 1e-9
        rng = self.rng(Stream.MAJORITY, first - 1)
        cells = self._ages(others, first - 1)
        rng.shuffle(cells)
        self.pop = self._start(len(cells), first - 1, rng, self._of_cells(cells, first - 1))
        self._facts(first - 1)
        self._write_population(first)

    def year(self, year: int, others: Population, norwegians_gone: int, left_oslo: int) -> None:
        """Take the population from 1 January `year` to the next one, and write that."""
        pop, rng = self.pop, self.rng(Stream.MAJORITY_ALIGNED, year)
        wanted = self._missing(others, year + 1).ravel()
        age = pop.age(year)
        here = np.flatnonzero(pop.resident & (age < p.DEATHS_FOLLOW_FROM))
        self._die(here[rng.random(len(here)) < death_probability(age[here], pop.sex[here])], year, rng)
        assert self.alignment is not None
        leave = round(self.scale * self.alignment.wanted(year)[0]) - norwegians_gone
        self._emigrate_as_many(max(leave, 0), wanted, year, rng)
        self._lose(wanted, year, rng)
        here = np.flatnonzero(pop.resident & (pop.age(year) >= p.DEATHS_FOLLOW_FROM))
        self._die(
            here[some_of_each(_cells(pop, year + 1, here), self._surplus(wanted, year), rng)], year, rng
        )
        self._move_aligned(year, others, left_oslo, rng)
        self._give_birth(wanted, year, rng)
        self._come(wanted, year, rng)
        families.repair_links(pop)
        pop.update_heads()
        families.leave_home(pop, year, rng)
        self._facts(year)
        if year < self.years[1]:
            self._write_population(year + 1)

    def _surplus(self, wanted: IntArray, year: int) -> IntArray:
        """Return how many too many there are by sex and age; below 0 too few."""
        return by_sex_and_age(self.pop, year + 1).ravel() - wanted

    def _die(self, dies: IntArray, year: int, rng: np.random.Generator) -> None:
        self.pop.status[dies] = DEAD
        self.pop.death_day[dies] = first_day(year) + rng.integers(0, 365, len(dies))

    def _emigrate_as_many(self, n: int, wanted: IntArray, year: int, rng: np.random.Generator) -> None:
        """Let `n` leave, first those of an age and sex of which there are too many, then by chance.

        Children at home go along, so that a few more may leave. Each part of the country has its share.
        """
        pop = self.pop
        age = pop.age(year - 1)
        grown = np.flatnonzero(pop.resident & (age >= 18) & (age < p.DEATHS_FOLLOW_FROM))
        forced = grown[some_of_each(_cells(pop, year + 1, grown), self._surplus(wanted, year), rng)]
        first = np.zeros(len(pop), dtype=np.bool_)
        first[forced] = True
        chance = self._chances(year)
        chance[forced] = np.inf
        able = np.flatnonzero(chance > 0)
        # Everybody's turn: those of a surplus come first, at random; the others by their chance.
        turn = np.where(first[able], rng.random(len(able)) - 1, -np.log(rng.random(len(able))) / chance[able])
        able = able[np.argsort(turn, kind="stable")]
        with_children = 1 + np.bincount(pop.home[(pop.home >= 0) & pop.resident], minlength=len(pop))[able]
        region = regions(year)[pop.municipality[able]]
        leaves = np.zeros(len(pop), dtype=np.bool_)
        owed = 0.0  # whom one part of the country lacks by a family too many, another may have
        for place, share in enumerate(region_shares(year)):
            here = region == place
            owed += share * n
            chosen = np.cumsum(with_children[here]) <= owed
            leaves[able[here][chosen]] = True
            owed -= with_children[here][chosen].sum()
        pop.home[leaves] = NO_ONE
        self._emigrate_who(leaves, year, rng)

    def _lose(self, wanted: IntArray, year: int, rng: np.random.Generator) -> None:
        """Let the register lose a few, as of immigrants, of an age and sex of which there are too many."""
        pop = self.pop
        age = pop.age(year)
        grown = np.flatnonzero(pop.resident & (age >= 18) & (age < p.DEATHS_FOLLOW_FROM))
        lost = grown[some_of_each(_cells(pop, year + 1, grown), self._surplus(wanted, year), rng)]
        lost = rng.permutation(lost)[: round(p.UNACCOUNTED_SHARE * int(pop.resident.sum()))]
        pop.status[lost] = MISSING
        pop.changed_year[lost] = year

    def _give_birth(self, wanted: IntArray, year: int, rng: np.random.Generator) -> None:
        boys, girls = wanted[0], wanted[OLDEST + 1]
        mother = rng.permutation(self._mothers(year))[: boys + girls]
        sex = rng.permutation(np.repeat([p.MAN, p.WOMAN], [boys, girls]))[: len(mother)]
        self._add_children(mother, sex, year, rng)

    def _come(self, wanted: IntArray, year: int, rng: np.random.Generator) -> None:
        """Let people return where some of their age and sex are missing; others come for the first time.

        Children live with a woman of a mother's age.
        """
        pop = self.pop
        missing = np.maximum(-self._surplus(wanted, year), 0)
        away = np.flatnonzero((pop.status == EMIGRATED) & (pop.changed_year < year) & (pop.death_day < 0))
        back = away[some_of_each(_cells(pop, year + 1, away), missing, rng)]
        missing -= np.bincount(_cells(pop, year + 1, back), minlength=len(missing))
        new = self._born_abroad(np.repeat(np.arange(len(missing)), missing), year, rng)
        who = np.concatenate([back, new])
        pop.status[who] = RESIDENT
        pop.home[who] = NO_ONE
        child = who[pop.age(year)[who] < 18]
        mother = np.flatnonzero(pop.resident & (pop.sex == p.WOMAN) & (pop.home == NO_ONE))
        youngest, oldest = p.MAJORITY_HOST_AGES
        mother = mother[(pop.age(year)[mother] >= youngest) & (pop.age(year)[mother] <= oldest)]
        if len(mother):
            host = mother[rng.integers(0, len(mother), len(child))]
            pop.home[child] = host
            pop.municipality[child], pop.part[child] = pop.municipality[host], pop.part[host]
        pop.moved_year[who] = year
        day = first_day(year) + 1 + rng.integers(0, 363, len(who))
        pop.first_date[new] = ev.yyyymmdd(day[len(back) :])
        country = np.concatenate([np.full(len(back), p.MAJORITY_RETURNS_FROM), pop.country[new]])
        self.log.add(
            ev.IMMIGRATION, who, day, np.minimum(day + 6, ev.last_day(year)), to_place=self._place(who),
            from_country=country,
        )  # fmt: skip

    def _born_abroad(self, cells: IntArray, year: int, rng: np.random.Generator) -> IntArray:
        """Add people born abroad to Norwegian parents."""
        n = len(cells)
        country = np.array(p.MAJORITY_BORN_IN, dtype=np.int16)[rng.integers(0, len(p.MAJORITY_BORN_IN), n)]
        return self.pop.extend(
            Population.of(
                n,
                **self._of_cells(cells, year),
                birth_month=rng.integers(1, 13, n),
                category=p.CATEGORY_E,
                country=country,
                country_background=country,
                municipality=draw_places(self.home, n, rng),
                part=rng.integers(0, 256, n),
                work_latent=rng.standard_normal(n),
                study_latent=rng.standard_normal(n),
                education_rank=rng.random(n),
            )
        )

    @staticmethod
    def _of_cells(cells: IntArray, base_year: int) -> dict[str, npt.NDArray[np.int64]]:
        woman, age = cells // (OLDEST + 1), cells % (OLDEST + 1)
        return {"sex": np.where(woman == 1, p.WOMAN, p.MAN), "birth_year": base_year - age}

    def _move_aligned(self, year: int, others: Population, left_oslo: int, rng: np.random.Generator) -> None:
        """Move people to where they are missing; out of Oslo as many as published, with the others."""
        pop = self.pop
        chance = np.interp(pop.age(year), *p.MAJORITY_MOVES)
        mover = pop.resident & (pop.home == NO_ONE) & (pop.partner == NO_ONE)
        oslo = self.geo.codes.index(p.OSLO)
        in_oslo = mover & (pop.municipality == oslo)
        children = np.bincount(pop.home[(pop.home >= 0) & pop.resident], minlength=len(pop))
        expected = (chance * (1 + children))[in_oslo].sum()
        out = p.MOVES_OUT_OF_OSLO * self.scale * published_places(year)[oslo] - left_oslo
        chance = np.where(in_oslo, np.minimum(chance * max(out, 0) / max(expected, 1), 0.9), chance)
        # Where too many live, more move away.
        wanted = self._places(others, year + 1)
        here = np.bincount(pop.municipality[pop.resident], minlength=len(wanted))
        would = np.bincount(pop.municipality[mover], (chance * (1 + children))[mover], minlength=len(wanted))
        more = np.maximum((here - wanted) / np.maximum(would, 0.1), 1.0)
        more[oslo] = 1.0
        mover &= rng.random(len(pop)) < np.minimum(chance * more[pop.municipality], 0.9)
        stays = np.bincount(pop.municipality[pop.resident & ~mover], minlength=len(self.geo.codes))
        # Nobody moves to where people already are enough.
        room = np.maximum(wanted - stays, 0) + 1e-9
        self._move_to(mover, room, year, rng, oslo)
