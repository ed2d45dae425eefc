"""Couples and children: unions, splits, births in Norway, leaving home, and who lives with whom."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from utvandring.simulation import parameters as p
from utvandring.simulation.geography import Geography
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import NO_ONE, RESIDENT, BoolArray, IntArray, Population

MARRIED, WIDOWED, DIVORCED = 2, 3, 4  # codes of marital status


def repair_links(pop: Population) -> None:
    """Undo couples and households whose members no longer are residents of one municipality.

    A child whose parent left lives with the other parent if that one is in the same municipality.
    """
    resident = pop.resident
    paired = np.flatnonzero(pop.partner >= 0)
    other = pop.partner[paired]
    apart = ~resident[paired] | ~resident[other] | (pop.municipality[paired] != pop.municipality[other])
    dead = pop.status[other] == 5
    pop.marital[paired[dead & (pop.marital[paired] == MARRIED)]] = WIDOWED
    former = np.full(len(pop), NO_ONE, dtype=np.int32)
    former[paired[apart]] = other[apart]
    pop.partner[paired[apart]] = NO_ONE

    child = np.flatnonzero(pop.home >= 0)
    parent = pop.home[child]
    with_parent = _together(pop, child, parent)
    child, parent = child[~with_parent], parent[~with_parent]
    pop.home[child] = NO_ONE
    for candidate in (former[parent], pop.mother[child], pop.father[child]):
        rows = (candidate >= 0) & (pop.home[child] == NO_ONE)
        rows[rows] = _together(pop, child[rows], candidate[rows]) & (pop.home[candidate[rows]] == NO_ONE)
        pop.home[child[rows]] = candidate[rows]
        pop.part[child[rows]] = pop.part[candidate[rows]]


def _together(pop: Population, child: npt.NDArray[np.int64], adult: npt.NDArray[np.int32]) -> BoolArray:
    same = pop.municipality[child] == pop.municipality[adult]
    return np.asarray((pop.status[child] == RESIDENT) & (pop.status[adult] == RESIDENT) & same)


def marry(pop: Population, one: IntArray, two: IntArray, rng: np.random.Generator) -> None:
    """Make couples of `one` and `two` (positions, pairwise); most of them are married."""
    pop.partner[one] = two
    pop.partner[two] = one
    pop.part[two] = pop.part[one]
    married = rng.random(len(one)) < p.MARRIED_SHARE
    pop.marital[one[married]] = MARRIED
    pop.marital[two[married]] = MARRIED


def split_couples(pop: Population, rng: np.random.Generator) -> None:
    """Part some couples; the children stay with the woman."""
    one = np.flatnonzero((pop.partner > np.arange(len(pop))) & pop.resident)
    one = one[rng.random(len(one)) < p.COUPLE_SPLITS]
    two = pop.partner[one]
    woman = np.where(pop.sex[one] == p.WOMAN, one, two)
    child = np.flatnonzero(pop.home >= 0)
    with_mother = np.full(len(pop), NO_ONE, dtype=np.int64)
    with_mother[one] = woman
    with_mother[two] = woman
    moved = with_mother[pop.home[child]]
    pop.home[child[moved >= 0]] = moved[moved >= 0]
    for who in (one, two):
        pop.partner[who] = NO_ONE
        pop.marital[who] = np.where(pop.marital[who] == MARRIED, DIVORCED, pop.marital[who])


def leave_home(pop: Population, year: int, rng: np.random.Generator) -> None:
    """Let grown-up children start a family of their own; at 27 everybody has."""
    age = pop.age(year)
    grown = np.flatnonzero((pop.home >= 0) & (age >= 19) & pop.resident)
    leaves = (rng.random(len(grown)) < p.LEAVES_HOME) | (age[grown] >= 27)
    pop.home[grown[leaves]] = NO_ONE


def births(pop: Population, year: int, rng: np.random.Generator) -> None:
    """Add the children born in Norway during `year` to couples with an immigrant."""
    age = pop.age(year)
    woman = np.flatnonzero(
        (pop.sex == p.WOMAN)
        & pop.resident
        & (pop.partner >= 0)
        & (age >= 18)
        & (age <= 44)
        & (pop.home == NO_ONE)
    )
    man = pop.partner[woman].astype(np.int64)
    fits = (pop.sex[man] == p.MAN) & (pop.immigrant[woman] | pop.immigrant[man])
    woman, man = woman[fits], man[fits]
    at_home = np.bincount(pop.head[(pop.home >= 0) & pop.resident], minlength=len(pop))
    parity = np.minimum(at_home[pop.head[woman]], 4)
    chance = np.interp(age[woman], *p.BIRTH_BY_AGE) * np.array(p.BIRTH_BY_CHILDREN)[parity]
    born = rng.random(len(woman)) < chance
    add_children(pop, woman[born], man[born], np.full(int(born.sum()), year), year, rng)


def add_children(
    pop: Population, mother: IntArray, father: IntArray, birth_year: npt.ArrayLike, year: int,
    rng: np.random.Generator,
) -> IntArray:  # fmt: skip
    """Add children born in Norway to two given parents (father -1: one parent at home); return positions."""
    n = len(mother)
    father_immigrant = np.where(father >= 0, pop.immigrant[father], False)
    # The father of a child of a single mother is not known here; two in three are immigrants as she is.
    both = pop.immigrant[mother] & (
        father_immigrant | ((father < 0) & (rng.random(n) < p.ABSENT_FATHER_IS_IMMIGRANT))
    )
    either = pop.immigrant[mother] | father_immigrant
    foreign = np.where(pop.immigrant[mother], pop.country[mother], pop.country[father])
    birth_month = rng.integers(1, 13, n)
    return pop.extend(
        Population.of(
            n,
            sex=np.where(rng.random(n) < p.BOY, p.MAN, p.WOMAN),
            birth_year=birth_year,
            birth_month=birth_month,
            category=np.where(both, p.CATEGORY_C, np.where(either, p.CATEGORY_F, p.CATEGORY_A)),
            country_background=np.where(both, foreign, 0),
            mother=mother,
            father=father,
            home=mother,
            municipality=pop.municipality[mother],
            part=pop.part[mother],
            work_latent=rng.standard_normal(n),
            study_latent=rng.standard_normal(n),
            education_rank=rng.random(n),
        )
    )


def single_persons(pop: Population) -> BoolArray:
    """Residents who are a family of one."""
    total, _ = pop.family_counts()
    return np.asarray((total == 1) & pop.resident & (pop.home == NO_ONE) & (pop.partner == NO_ONE))


def settled_appeal(background: npt.NDArray[np.int8], residence: npt.NDArray[np.int32]) -> FloatArray:
    """Return how likely a person is to found a family here, by years of residence (assumption).

    Those who came to study or work, and Nordics, mostly leave again while they are alone.
    """
    stage = np.searchsorted([3, 6, 11], residence, side="right")
    return np.asarray(np.array(p.SETTLED)[background, stage])


def form_unions(
    pop: Population, year: int, geo: Geography, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Form couples until the one-person share by background and level is as wanted (`SINGLE_SHARE`).

    Immigrants pair within their municipality, so that no move of theirs is implied; non-immigrants move to
    the immigrant. Returns the non-immigrants who moved in and with whom.
    """
    pop.update_heads()
    age = pop.age(year)
    single = single_persons(pop)
    free = single & ~pop.silent & (age >= 19) & (age <= 62) & (pop.marital != WIDOWED)
    at_risk = pop.immigrant & pop.resident & pop.working_age(year)
    within: list[IntArray] = []
    mixed: list[IntArray] = []
    level = geo.level[pop.municipality]
    for group, lv in product(range(len(p.BACKGROUNDS)), range(1, 5)):
        members = at_risk & (pop.background == group) & (level == lv)
        wanted = p.SINGLE_SHARE[group] * p.SINGLE_BY_LEVEL[lv - 1]
        surplus = int(single[members].sum() - wanted * members.sum())
        candidates = np.flatnonzero(members & free)
        if surplus <= 0 or len(candidates) == 0:
            continue
        appeal = np.interp(age[candidates], *p.UNION_BY_AGE)
        appeal = appeal * settled_appeal(pop.background[candidates], pop.residence(year)[candidates])
        order = np.argsort(-np.log(rng.random(len(candidates))) / appeal, kind="stable")
        chosen = candidates[order[: min(surplus, len(candidates))]]
        is_mixed = rng.random(len(chosen)) < p.MIXED_COUPLE[group]
        mixed.append(chosen[is_mixed])
        within.append(chosen[~is_mixed])

    looking = np.concatenate([np.empty(0, np.int64), *within])
    one, two = _pair_within_municipality(pop, looking, rng)
    marry(pop, one, two, rng)
    # Outside the most central municipalities few find an immigrant nearby; some marry a non-immigrant.
    alone = looking[(pop.partner[looking] == NO_ONE) & (level[looking] < 4)]
    mixed.append(alone[rng.random(len(alone)) < p.MARRIES_NON_IMMIGRANT_OUTSIDE_CENTRES])
    seeker = np.concatenate([np.empty(0, np.int64), *mixed])
    seeker, found = match_non_immigrants(pop, seeker, year, rng)
    marry(pop, seeker, found, rng)
    return found, seeker


def _pair_within_municipality(
    pop: Population, people: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Pair men and women of one municipality in order of age, roughly."""
    born = pop.birth_year[people] + rng.normal(0, p.COUPLE_AGE_SPREAD, len(people))
    order = np.lexsort((born, pop.municipality[people]))
    people = people[order]
    keys = []
    sides = []
    for sex in (p.MAN, p.WOMAN):
        side = people[pop.sex[people] == sex]
        place = pop.municipality[side].astype(np.int64)
        rank = np.arange(len(side)) - np.searchsorted(place, place, side="left")
        keys.append(place * 1_000_000 + rank)
        sides.append(side)
    _, men, women = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    return sides[0][men], sides[1][women]


def match_non_immigrants(
    pop: Population, seeker: IntArray, year: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Find a single non-immigrant of the other sex for each seeker, by age; some find nobody."""
    age = pop.age(year)
    adult = single_persons(pop) & (age >= 19) & (age <= 65)
    # One move a year at most: who moved already does not move in with anybody.
    pool = np.flatnonzero(adult & ~pop.immigrant & (pop.moved_year < year))
    pairs_a: list[IntArray] = []
    pairs_b: list[IntArray] = []
    for sex in (p.MAN, p.WOMAN):
        mine = seeker[pop.sex[seeker] == sex]
        theirs = pool[pop.sex[pool] != sex]
        n = min(len(mine), len(theirs))
        mine = rng.permutation(mine)[:n]
        theirs = rng.permutation(theirs)[:n]
        pairs_a.append(mine[np.argsort(pop.birth_year[mine], kind="stable")])
        pairs_b.append(theirs[np.argsort(pop.birth_year[theirs], kind="stable")])
    return np.concatenate(pairs_a), np.concatenate(pairs_b)
