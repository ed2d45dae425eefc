"""The rest of the population, by option: the majority, and adults born in Norway to immigrants long ago.

These people live beside the immigrants and their families of the calibrated simulation and never meet them: a
`Population` of their own, with draws of their own, so that the calibrated part is the same with and without.
Nothing here is calibrated; ages, rates and shares are plain assumptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from utvandring.simulation import events as ev
from utvandring.simulation import families, labour, moves
from utvandring.simulation import parameters as p
from utvandring.simulation.alignment import NORWAY, Alignment
from utvandring.simulation.destinations import destinations_of_norwegian_born
from utvandring.simulation.events import EventLog, first_day
from utvandring.simulation.geography import Geography
from utvandring.simulation.outcomes import death_probability
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import (
    DEAD,
    EMIGRATED,
    NO_ONE,
    RESIDENT,
    BoolArray,
    IntArray,
    Population,
)
from utvandring.simulation.registers import Registers
from utvandring.simulation.streams import Stream

_ORIGINS = np.array(p.MAJORITY_ORIGINS, dtype=np.int16)


class Majority:
    """The population beside the calibrated one; writes its part of every register."""

    def __init__(
        self,
        registers: Registers,
        scale: float,
        years: tuple[int, int],
        geo: Geography,
        rng: Callable[[Stream, int], np.random.Generator],
        alignment: Alignment | None = None,
    ) -> None:
        self.registers, self.geo, self.rng, self.years = registers, geo, rng, years
        self.scale, self.alignment = scale, alignment
        self.log = EventLog()
        self.home = self._where_people_live()
        self.pop = Population.of(0)

    def start(self, others: Population) -> None:
        """Make the population of the first 1 January beside that of the others, and write it."""
        first, _ = self.years
        n = round(p.MAJORITY_PERSONS * self.scale)
        self.pop = self._start(n, first - 1, self.rng(Stream.MAJORITY, first - 1))
        self._facts(first - 1)
        self._write_population(first)

    def year(self, year: int, others: Population, norwegians_gone: int, left_oslo: int) -> None:
        """Take the population from 1 January `year` to the next one, and write that.

        Parameters
        ----------
        others : the immigrants and their families, on the next 1 January.
        norwegians_gone : emigrations of Norwegian citizens among them this year.
        left_oslo : how many of them left Oslo for another county.
        """
        self._year(year, self.rng(Stream.MAJORITY, year))
        self._facts(year)
        if year < self.years[1]:
            self._write_population(year + 1)

    def finish(self) -> None:
        """Write what happened in the last year, and the persons."""
        last = self.years[1]
        self.write(last)
        self.registers.persons(self.pop, last)

    def _write_population(self, year: int) -> None:
        citizenship = None if self.alignment is None else np.full(len(self.pop), NORWAY, dtype=np.int16)
        rng = self.rng(Stream.MAJORITY_POPULATION, year)
        self.registers.population(self.pop, year, rng, citizenship)

    def _where_people_live(self) -> FloatArray:
        """Inhabitants rather than immigrants: less in the large towns than the calibrated targets."""
        geo = self.geo
        return np.asarray(geo.weight * np.array(p.MAJORITY_AT_LEVEL)[geo.level - 1])

    def _start(
        self, n: int, base_year: int, rng: np.random.Generator, people: Mapping[str, IntArray] | None = None
    ) -> Population:
        """Make `n` persons in households; sex and year of birth are drawn if `people` does not give them."""
        age = np.floor(92 * rng.beta(*p.MAJORITY_AGE, n)).astype(np.int16)
        category = np.array(list(p.MAJORITY_CATEGORIES))[
            np.searchsorted(np.cumsum(list(p.MAJORITY_CATEGORIES.values())), rng.random(n) * 0.999999)
        ]
        # Immigrants had few children in Norway before the 1970s.
        age = np.where(category == p.CATEGORY_C, rng.integers(18, 42, n), age).astype(np.int16)
        if people is not None:
            age = (base_year - people["birth_year"]).astype(np.int16)
            is_c = (category == p.CATEGORY_C) & ((age < 18) | (age >= 42))
            category = np.where(is_c, p.CATEGORY_A, category)
        pop = Population.of(
            n,
            sex=np.where(rng.random(n) < p.MAJORITY_MEN, p.MAN, p.WOMAN),
            birth_year=base_year - age,
            birth_month=rng.integers(1, 13, n),
            category=category,
            country_background=np.where(
                category == p.CATEGORY_C, _ORIGINS[rng.integers(0, len(_ORIGINS), n)], 0
            ),
            municipality=moves.draw_places(self.home, n, rng),
            part=rng.integers(0, 256, n),
            work_latent=rng.standard_normal(n),
            study_latent=rng.standard_normal(n),
            education_rank=rng.random(n),
            education_level=labour.starting_levels(-1, age, rng),
        )
        if people is not None:
            pop.sex = people["sex"].astype(np.int8)
        self._form_households(pop, base_year, rng)
        return pop

    def _form_households(self, pop: Population, base_year: int, rng: np.random.Generator) -> None:
        """Pair half of the adults by age, and let children live with a woman of a mother's age."""
        age = pop.age(base_year)
        adult = np.flatnonzero((age >= 24) & (age <= 85) & (rng.random(len(pop)) < p.MAJORITY_IN_COUPLES))
        men, women = adult[pop.sex[adult] == p.MAN], adult[pop.sex[adult] == p.WOMAN]
        n = min(len(men), len(women))
        men = men[:n][np.argsort(pop.birth_year[men[:n]], kind="stable")]
        women = women[:n][np.argsort(pop.birth_year[women[:n]], kind="stable")]
        families.marry(pop, men, women, rng)
        pop.municipality[women], pop.part[women] = pop.municipality[men], pop.part[men]
        child = np.flatnonzero(age < 18)
        mother = np.flatnonzero((pop.sex == p.WOMAN) & (age >= 22) & (age <= 58))
        mother = mother[np.argsort(pop.birth_year[mother], kind="stable")]
        if len(mother) == 0:
            return
        wanted = np.searchsorted(
            pop.birth_year[mother], pop.birth_year[child] - rng.integers(22, 39, len(child))
        )
        wanted = np.clip(wanted + rng.integers(-200, 200, len(child)), 0, len(mother) - 1)
        chosen = mother[wanted]
        fits = pop.birth_year[chosen] <= pop.birth_year[child] - 18
        self._live_with(pop, child[fits], chosen[fits])

    @staticmethod
    def _live_with(pop: Population, child: IntArray, mother: IntArray) -> None:
        pop.home[child] = pop.mother[child] = mother
        pop.municipality[child], pop.part[child] = pop.municipality[mother], pop.part[mother]

    def _facts(self, year: int) -> None:
        pop = self.pop
        pop.update_heads()
        labour.update_facts(pop, year, self.geo, self.rng(Stream.MAJORITY_FACTS, year))
        pop.education_rank[pop.exam] = 1.0
        pop.education_known = np.asarray(
            (pop.education_rank >= p.EDUCATION_UNKNOWN_OF_NON_IMMIGRANTS) & (pop.age(year) >= 16)
        )

    def write(self, year: int) -> None:
        """Write the activity and the events of `year`."""
        quiet = np.zeros(len(self.pop), dtype=np.bool_)
        self.registers.activity(self.pop, year, quiet, self.rng(Stream.MAJORITY_ACTIVITY, year))
        self.registers.migrations(self.log.take(year), year)

    def _year(self, year: int, rng: np.random.Generator) -> None:
        pop = self.pop
        age = pop.age(year - 1)
        here = np.flatnonzero(pop.resident)
        dies = here[rng.random(len(here)) < death_probability(age[here], pop.sex[here])]
        pop.status[dies] = DEAD
        pop.death_day[dies] = first_day(year) + rng.integers(0, 365, len(dies))
        back = self._returning(year, rng)
        self._emigrate(year, rng)
        self._move(year, rng)
        self._come_back(back, year, rng)
        families.repair_links(pop)
        pop.update_heads()
        families.leave_home(pop, year, rng)
        self._births(year, rng)

    def _leaving(self, year: int, rng: np.random.Generator) -> BoolArray:
        return np.asarray(rng.random(len(self.pop)) < self._chances(year))

    def _chances(self, year: int) -> FloatArray:
        """Return everybody's chance to emigrate this year; none of who lives with a parent."""
        pop = self.pop
        age = pop.age(year - 1)
        chance = np.interp(age, *p.MAJORITY_EMIGRATION)
        for category, factor in p.MAJORITY_EMIGRATION_BY_CATEGORY.items():
            chance = np.where(pop.category == category, chance * factor, chance)
        oslo = self.geo.codes.index(p.OSLO)
        chance = np.where(pop.municipality == oslo, chance * p.MAJORITY_EMIGRATION_FROM_OSLO, chance)
        chance = np.where(pop.education_level >= 6, chance * p.MAJORITY_EMIGRATION_TERTIARY, chance)
        return np.where(pop.resident & (pop.home == NO_ONE), chance, 0.0)

    def _emigrate(self, year: int, rng: np.random.Generator) -> None:
        self._emigrate_who(self._leaving(year, rng), year, rng)

    def _emigrate_who(self, leaves: BoolArray, year: int, rng: np.random.Generator) -> None:
        """Let people leave, each with the children at home, on one day for one country."""
        pop = self.pop
        child = np.flatnonzero((pop.home >= 0) & pop.resident)
        child = child[leaves[pop.home[child]]]
        adult = np.flatnonzero(leaves)
        who = np.concatenate([adult, child])
        leader = np.concatenate([adult, pop.home[child].astype(np.int64)])
        day = (first_day(year) + np.floor(1 + rng.random(len(pop)) * 363)).astype(np.int64)
        country = np.zeros(len(pop), dtype=np.int16)
        country[adult] = destinations_of_norwegian_born(
            pop.country_background[adult], rng, self.alignment is not None
        )
        lag = 1 + rng.exponential(p.MEAN_LAG_DAYS, len(pop)).astype(np.int64)
        registered = np.minimum(day + lag, ev.last_day(year))
        basis = ev.REPORTED if year >= p.BASIS_DELIVERED_FROM else ev.NOT_DELIVERED
        self.log.add(
            ev.EMIGRATION, who, day[leader], registered[leader], from_place=self._place(who),
            to_country=country[leader], basis=basis,
        )  # fmt: skip
        pop.status[who] = EMIGRATED
        pop.changed_year[who] = year

    def _returning(self, year: int, rng: np.random.Generator) -> IntArray:
        pop = self.pop
        away = np.flatnonzero(
            (pop.status == EMIGRATED) & (pop.changed_year >= year - 6) & (pop.home == NO_ONE)
        )
        return away[rng.random(len(away)) < p.MAJORITY_RETURNS]

    def _come_back(self, adult: IntArray, year: int, rng: np.random.Generator) -> None:
        pop = self.pop
        returns = np.zeros(len(pop), dtype=np.bool_)
        returns[adult] = True
        child = np.flatnonzero((pop.status == EMIGRATED) & (pop.mother >= 0) & (pop.age(year) < 18))
        child = child[returns[pop.mother[child]]]
        who = np.concatenate([adult, child])
        leader = np.concatenate([adult, pop.mother[child].astype(np.int64)])
        day = (first_day(year) + np.floor(1 + rng.random(len(pop)) * 363)).astype(np.int64)
        registered = np.minimum(day + 6, ev.last_day(year))
        pop.status[who] = RESIDENT
        pop.home[child] = pop.mother[child]
        pop.municipality[child], pop.part[child] = (
            pop.municipality[leader[len(adult) :]],
            pop.part[leader[len(adult) :]],
        )
        self.log.add(
            ev.IMMIGRATION,
            who,
            day[leader],
            registered[leader],
            to_place=self._place(who),
            from_country=p.MAJORITY_RETURNS_FROM,
        )

    def _move(self, year: int, rng: np.random.Generator) -> None:
        """Move people, with the children at home, to anywhere in Norway."""
        pop = self.pop
        chance = np.interp(pop.age(year), *p.MAJORITY_MOVES)
        mover = (
            pop.resident & (pop.home == NO_ONE) & (pop.partner == NO_ONE) & (rng.random(len(pop)) < chance)
        )
        self._move_to(mover, self.home, year, rng)

    def _move_to(
        self, mover: BoolArray, weight: FloatArray, year: int, rng: np.random.Generator, closed: int = -1
    ) -> None:
        """Move people, with the children at home, to places drawn by weight; who leaves `closed` not back."""
        pop = self.pop
        adult = np.flatnonzero(mover)
        place = pop.municipality.copy()
        place[adult] = moves.draw_places(weight, len(adult), rng)
        if closed >= 0:
            elsewhere = np.where(np.arange(len(weight)) == closed, 0.0, weight)
            again = adult[(pop.municipality[adult] == closed) & (place[adult] == closed)]
            place[again] = moves.draw_places(elsewhere, len(again), rng)
        child = np.flatnonzero((pop.home >= 0) & pop.resident)
        child = child[mover[pop.home[child]]]
        who = np.concatenate([adult, child])
        leader = np.concatenate([adult, pop.home[child].astype(np.int64)])
        moved = place[leader] != pop.municipality[leader]
        who, leader = who[moved], leader[moved]
        before = self._place(who)
        pop.municipality[who] = place[leader]
        day = (first_day(year) + np.floor(1 + rng.random(len(pop)) * 363)).astype(np.int64)[leader]
        self.log.add(ev.INTERNAL, who, day, day + 5, from_place=before, to_place=self._place(who))
        pop.moved_year[who] = year

    def _mothers(self, year: int) -> IntArray:
        pop = self.pop
        age = pop.age(year)
        return np.flatnonzero(
            (pop.sex == p.WOMAN) & pop.resident & (age >= 22) & (age <= 42) & (pop.home == NO_ONE)
        )

    def _births(self, year: int, rng: np.random.Generator) -> None:
        pop, mother = self.pop, self._mothers(year)
        n = min(rng.poisson(p.MAJORITY_BIRTHS * int(pop.resident.sum())), len(mother))
        chosen = mother[rng.permutation(len(mother))[:n]]
        self._add_children(chosen, np.where(rng.random(n) < p.BOY, p.MAN, p.WOMAN), year, rng)

    def _add_children(self, chosen: IntArray, sex: IntArray, year: int, rng: np.random.Generator) -> None:
        # Children of descendants and of their like are born to Norwegian-born parents.
        pop, n = self.pop, len(chosen)
        new = pop.extend(
            Population.of(
                n,
                sex=sex,
                birth_year=year,
                birth_month=rng.integers(1, 13, n),
                category=p.CATEGORY_A,
                work_latent=rng.standard_normal(n),
                study_latent=rng.standard_normal(n),
                education_rank=rng.random(n),
            )
        )
        self._live_with(pop, new, chosen)
        pop.update_heads()

    def _place(self, who: IntArray) -> npt.NDArray[np.int64]:
        return np.asarray(self.pop.municipality[who].astype(np.int64) * 256 + self.pop.part[who])
