"""New persons: the start population with its history, and those who arrive in a year."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from utvandring.simulation import families
from utvandring.simulation import parameters as p
from utvandring.simulation.events import first_day, yyyymmdd
from utvandring.simulation.geography import Geography
from utvandring.simulation.labour import starting_levels
from utvandring.simulation.moves import draw_places
from utvandring.simulation.outcomes import death_probability
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import EMIGRATED, NO_ONE, IntArray, Population


def _countries(background: int, n: int, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    codes, weights = zip(*p.COUNTRIES[background], strict=True)
    return np.array(codes, dtype=np.int16)[draw_places(np.array(weights, dtype=np.float64), n, rng)]


def _reasons(
    background: npt.NDArray[np.int8], first_year: IntArray, rng: np.random.Generator
) -> npt.NDArray[np.int8]:
    """Draw the delivered reason (position in `REASONS`) that leads to `background`.

    Nordics have none or, now and then, a code that does not count; before 1990 nearly nobody has one.
    """
    n = len(background)
    u = rng.random(n)
    code = np.array([0, 1, 3, 2, 4, 0], dtype=np.int8)[background]
    nordic = _one_of(u, p.REASONS_OF_NORDICS)
    unknown = _one_of(u, p.REASONS_OF_UNKNOWN)
    code = np.where(background == p.NORDIC, nordic, np.where(background == p.UNKNOWN, unknown, code))
    before = _one_of(u, p.REASONS_BEFORE_1990)
    return np.where((background == p.UNKNOWN) & (first_year < 1990), before, code).astype(np.int8)


def _one_of(u: FloatArray, limits: tuple[tuple[float, int], ...]) -> npt.NDArray[np.int64]:
    """Return the code whose upper limit is the first above `u`; 0 above all of them."""
    codes = np.array([*(code for _, code in limits), 0])
    return np.asarray(codes[np.searchsorted([limit for limit, _ in limits], u, side="right")])


def _adults(
    background: int,
    n: int,
    man: FloatArray,
    first_year: IntArray,
    years_ago: npt.NDArray[np.int64],
    rng: np.random.Generator,
    aligned_year: int | None = None,
) -> Population:
    """Make `n` immigrants who arrived as adults (or, if long ago, also as children).

    In an aligned world, those who arrive in `aligned_year` have other ages.
    """
    mean, shape = float(p.ARRIVAL_AGE[background]), p.ARRIVAL_AGE_SHAPE
    if aligned_year is not None:
        mean, shape = mean + p.ARRIVAL_AGE_ADDED_ALIGNED(aligned_year), p.ARRIVAL_AGE_SHAPE_ALIGNED
    at_arrival = (17 + rng.gamma(shape, (mean - 17) / shape, n)).astype(np.int64)
    child = (years_ago >= 8) & (rng.random(n) < p.CAME_AS_CHILD)
    at_arrival = np.where(child, rng.integers(1, 17, n), np.minimum(at_arrival, 72))
    month = rng.integers(1, 13, n)
    first = first_year * 10000 + month * 100 + rng.integers(1, 29, n)
    country = _countries(background, n, rng)
    codes = np.full(n, background, dtype=np.int8)
    age = (at_arrival + years_ago).astype(np.int16)
    return Population.of(
        n,
        sex=np.where(rng.random(n) < man, p.MAN, p.WOMAN),
        birth_year=first_year - at_arrival,
        birth_month=rng.integers(1, 13, n),
        country=country,
        country_background=country,
        background=codes,
        reason=_reasons(codes, first_year, rng),
        first_date=first,
        part=rng.integers(0, 256, n),
        work_latent=rng.standard_normal(n),
        study_latent=rng.standard_normal(n) * 0.9 - (0.35 if background == p.EDUCATION else 0.0),
        education_rank=rng.random(n),
        education_level=starting_levels(background, age, rng),
    )


def _stock_target(background: int, year: int, scale: float) -> float:
    return scale * 10 * p.STOCK_THOUSANDS(year) * p.STOCK_SHARES[background](year)


def non_immigrants(
    n: int, youngest: int, oldest: int, year: int, geo: Geography, rng: np.random.Generator
) -> Population:
    """Make `n` single non-immigrant adults (categories A, and a few G and E)."""
    u = rng.random(n)
    born_in_norway = np.where(u < p.CATEGORY_G_OR_E, p.CATEGORY_E, p.CATEGORY_A)
    category = np.where(u < p.CATEGORY_G_SHARE, p.CATEGORY_G, born_in_norway)
    age = rng.integers(youngest, oldest + 1, n).astype(np.int16)
    abroad = category != p.CATEGORY_A
    came = np.maximum(year - rng.integers(1, 30, n), year - age + 1)
    country = np.where(abroad, np.array([106, 144, 684, 139], dtype=np.int16)[rng.integers(0, 4, n)], 0)
    return Population.of(
        n,
        sex=np.where(rng.random(n) < p.MEN_AMONG_NON_IMMIGRANTS, p.MAN, p.WOMAN),
        birth_year=year - age,
        birth_month=rng.integers(1, 13, n),
        category=category,
        country=country,
        country_background=np.where(category == p.CATEGORY_E, country, 0),
        first_date=np.where(abroad, came * 10000 + 601, 0),
        municipality=draw_places(geo.municipality_target, n, rng),
        part=rng.integers(0, 256, n),
        work_latent=rng.standard_normal(n),
        study_latent=rng.standard_normal(n),
        education_rank=rng.random(n),
        education_level=starting_levels(-1, age, rng),
    )


def start_population(
    first_year: int, last_year: int, scale: float, geo: Geography, rng: np.random.Generator
) -> Population:
    """Make the population of 1 January `first_year`: immigrants with their histories, and their families."""
    base_year = first_year - 1
    pop = Population.of(0)
    for background in range(len(p.BACKGROUNDS)):
        wanted = _stock_target(background, first_year, scale)
        # Children who have turned 15 belong to the stock as well and are added below.
        wanted = round(wanted * p.STARTS_AS_ADULT[background])
        batch = _start_adults(background, round(wanted * 1.6 * p.OLDER_AT_START) + 20, base_year, rng)
        age = batch.age(base_year)
        alive = rng.random(len(batch)) < np.exp(
            -12 * death_probability(np.maximum(age, 60).astype(np.int16), batch.sex)
        )
        older = age >= p.OLDER_FROM
        kept = older | (rng.random(len(batch)) * p.OLDER_AT_START < 1)
        chosen = np.flatnonzero((age >= 15) & (age <= 94) & (alive | (age < 60)) & kept)
        working = np.cumsum(age[chosen] <= 74)
        last = int(np.searchsorted(working, wanted, side="left")) + 1
        rows = chosen[:last]
        pop.extend(Population(**{name: getattr(batch, name)[rows] for name in vars(batch)}))
    stock = np.array([p.STOCK_SHARES[b](first_year) for b in range(6)])
    tilt = _level_tilt(stock)
    for background in range(len(p.BACKGROUNDS)):
        rows = np.flatnonzero(pop.background == background)
        weight = geo.municipality_target * tilt[background][geo.level - 1]
        pop.municipality[rows] = draw_places(weight, len(rows), rng)
    _start_couples(pop, base_year, geo, rng)
    _start_children(pop, base_year, rng)
    # Singles enough for the mixed couples of all years.
    pool = round(scale * (7_000 * (last_year - first_year + 1) + 30_000))
    pop.extend(non_immigrants(pool, 17, 52, base_year, geo, rng))
    _place_families(pop, geo, rng)
    return pop


def _start_adults(background: int, n: int, base_year: int, rng: np.random.Generator) -> Population:
    recent_share, recent_mean, other_mean = p.YEARS_SINCE_ARRIVAL[background]
    mean = np.where(rng.random(n) < recent_share, recent_mean, other_mean)
    years_ago = rng.exponential(mean).astype(np.int64)
    since_1990 = max(base_year - 1990, 0)
    if background == p.UNKNOWN:
        late = rng.random(n) < p.UNKNOWN_REASON_AFTER_1990
        years_ago = np.where(
            late, rng.integers(0, since_1990 + 1, n), since_1990 + 1 + np.minimum(years_ago, 42)
        )
    elif background == p.NORDIC:
        years_ago = np.minimum(years_ago, 55)
    else:
        years_ago = np.where(years_ago > since_1990, rng.integers(0, since_1990 + 1, n), years_ago)
    return _adults(
        background, n, np.full(n, p.MEN_AMONG_ARRIVALS[background]), base_year - years_ago, years_ago, rng
    )


def _start_couples(pop: Population, base_year: int, geo: Geography, rng: np.random.Generator) -> None:
    """Pair immigrants with each other or with non-immigrants until the wanted share lives alone."""
    age = pop.age(base_year)
    within: list[IntArray] = []
    mixed: list[IntArray] = []
    for group in range(len(p.BACKGROUNDS)):
        members = np.flatnonzero((pop.background == group) & (age >= 20) & (age <= 85))
        share = 1 - p.SINGLE_SHARE[group] - p.LIVES_WITH_PARENT_OR_CHILD[group]
        appeal = families.settled_appeal(pop.background[members], pop.residence(base_year)[members])
        appeal = appeal * np.interp(age[members], *p.COUPLE_BY_AGE)
        order = np.argsort(-np.log(rng.random(len(members))) / appeal, kind="stable")
        chosen = np.sort(members[order[: round(share * len(members))]])
        is_mixed = rng.random(len(chosen)) < p.MIXED_COUPLE[group]
        mixed.append(chosen[is_mixed])
        within.append(chosen[~is_mixed])
    couples = np.concatenate(within)
    order = np.argsort(
        pop.birth_year[couples] + rng.normal(0, p.COUPLE_AGE_SPREAD, len(couples)), kind="stable"
    )
    couples = couples[order]
    men, women = couples[pop.sex[couples] == p.MAN], couples[pop.sex[couples] == p.WOMAN]
    n = min(len(men), len(women))
    # Thin the larger side evenly so that ages still fit; the rest marries non-immigrants.
    men_rows = np.unique(np.linspace(0, len(men) - 1, n).astype(np.int64)) if n else np.empty(0, np.int64)
    women_rows = np.unique(np.linspace(0, len(women) - 1, n).astype(np.int64)) if n else np.empty(0, np.int64)
    families.marry(pop, men[men_rows], women[women_rows], rng)
    rest = np.concatenate([*mixed, np.delete(men, men_rows)[::3], np.delete(women, women_rows)[::3]])
    partners = non_immigrants(len(rest), 25, 60, base_year, geo, rng)
    partners.sex = np.where(pop.sex[rest] == p.MAN, p.WOMAN, p.MAN).astype(np.int8)
    partners.birth_year = (
        pop.birth_year[rest] + np.round(rng.normal(0, p.MIXED_COUPLE_AGE_SPREAD, len(rest)))
    ).astype(np.int16)
    partners.first_date[:] = np.where(
        partners.first_date > 0, (partners.birth_year.astype(np.int32) + 15) * 10000 + 601, 0
    )
    families.marry(pop, rest, pop.extend(partners), rng)


def _start_children(pop: Population, base_year: int, rng: np.random.Generator) -> None:
    """Give couples (and part of the single women) the children who live with them."""
    age = pop.age(base_year)
    adult_woman = (pop.sex == p.WOMAN) & (age >= 20) & (age <= 60)
    lone = (
        (pop.partner == NO_ONE)
        & pop.immigrant
        & (rng.random(len(pop)) < p.LONE_PARENT)
        & (age >= 24)
        & (age <= 52)
    )
    woman = np.flatnonzero(adult_woman & ((pop.partner >= 0) | lone))
    man = pop.partner[woman].astype(np.int64)
    mean = np.interp(age[woman], *p.CHILDREN_BY_AGE)
    refuge = (pop.background[woman] == p.REFUGE) | (pop.background[np.maximum(man, 0)] == p.REFUGE) & (
        man >= 0
    )
    number = np.minimum(rng.poisson(mean * np.where(refuge, p.CHILDREN_OF_REFUGEES, p.CHILDREN_OF_OTHERS)), 6)
    woman, man = np.repeat(woman, number), np.repeat(man, number)
    mother_age = age[woman].astype(np.int64)
    # Evenly over the ages that a child at home may have: 0-21, mother at least 19 at the birth.
    child_age = np.floor(rng.random(len(woman)) * np.minimum(np.maximum(mother_age - 18, 1), 22)).astype(
        np.int64
    )
    old_enough = mother_age - child_age <= 46
    woman, man, birth_year = woman[old_enough], man[old_enough], base_year - child_age[old_enough]
    immigrant_mother = pop.immigrant[woman]
    head = np.where(immigrant_mother, woman, man)
    abroad = (birth_year < pop.first_date[head] // 10000) & ((man < 0) | pop.immigrant[np.maximum(man, 0)])
    abroad &= immigrant_mother
    families.add_children(pop, woman[~abroad], man[~abroad], birth_year[~abroad], base_year, rng)
    add_immigrant_children(
        pop, woman[abroad], man[abroad], birth_year[abroad], pop.first_date[woman[abroad]], rng
    )


def add_immigrant_children(
    pop: Population, mother: IntArray, father: IntArray, birth_year: npt.ArrayLike, first_date: npt.ArrayLike,
    rng: np.random.Generator,
) -> IntArray:  # fmt: skip
    """Add children born abroad who came with a parent (`mother`, of either sex, with whom they live)."""
    n = len(mother)
    own = np.isin(pop.background[mother], (p.REFUGE, p.NORDIC, p.UNKNOWN))
    background = np.where(own, pop.background[mother], p.FAMILY).astype(np.int8)
    first = np.asarray(first_date, dtype=np.int64)
    return pop.extend(
        Population.of(
            n,
            sex=np.where(rng.random(n) < p.BOY_ABROAD, p.MAN, p.WOMAN),
            birth_year=birth_year,
            birth_month=rng.integers(1, 13, n),
            country=pop.country[mother],
            country_background=pop.country[mother],
            background=background,
            reason=_reasons(background, first // 10000, rng),
            first_date=first,
            mother=np.where(rng.random(n) < p.MOTHER_KNOWN, mother, NO_ONE),
            father=np.where(rng.random(n) < p.FATHER_KNOWN, father, NO_ONE),
            home=mother,
            municipality=pop.municipality[mother],
            part=pop.part[mother],
            work_latent=rng.standard_normal(n),
            study_latent=rng.standard_normal(n),
            education_rank=rng.random(n),
            education_level=np.full(n, 2),
        )
    )


def _place_families(pop: Population, geo: Geography, rng: np.random.Generator) -> None:
    """Put whole families in the municipality (and part) of their reference person."""
    pop.update_heads()
    pop.municipality = pop.municipality[pop.head]
    pop.part = pop.part[pop.head]


def deficits(
    pop: Population, year: int, scale: float, geo: Geography, aligned: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return how many immigrants 15-74 are missing on 1 January `year`, by background and by cell and sex."""
    stock = pop.resident & pop.immigrant & pop.working_age(year - 1)
    by_background = np.bincount(pop.background[stock], minlength=6).astype(np.float64)
    wanted = np.array([_stock_target(b, year, scale) for b in range(6)])
    if aligned:
        ukrainians = p.UKRAINIANS_THOUSANDS(year)
        of_report, later = p.STOCK_THOUSANDS(year), p.STOCK_THOUSANDS_ALIGNED
        everybody = later(year) if year > later.years[0] else of_report
        wanted *= (everybody - ukrainians) / of_report
        wanted[p.REFUGE] += scale * 1000 * ukrainians
    key = geo.cell[pop.municipality[stock]] * 2 + (pop.sex[stock] == p.WOMAN)
    now = np.bincount(key, minlength=geo.target.size).reshape(geo.target.shape)
    target = geo.target / geo.target.sum(axis=0) * _sex_shares(year) * wanted.sum()
    return wanted - by_background, target - now


def _sex_shares(year: int) -> FloatArray:
    return np.array([p.MALE_SHARE(year), 1 - p.MALE_SHARE(year)])


def arrive(
    pop: Population,
    year: int,
    scale: float,
    geo: Geography,
    rng: np.random.Generator,
    aligned: bool = False,
) -> tuple[IntArray, npt.NDArray[np.int64]]:
    """Add the first-time immigrants of `year`; return them and their days of arrival.

    The number by background is what is missing from the wanted stock; municipality and sex are steered
    towards the wanted stock by county, level and sex. In an `aligned` world fewer are very young, and
    refugees from Ukraine come as well.
    """
    by_background, by_cell = deficits(pop, year + 1, scale, geo, aligned)
    numbers = np.maximum(np.round(by_background), 0).astype(np.int64)
    base = np.array([p.MEN_AMONG_ARRIVALS[b] for b in range(6)])
    odds = base / (1 - base)
    shift = np.exp(np.linspace(-1.5, 1.5, 61))
    men = [(numbers * (odds * s / (1 + odds * s))).sum() for s in shift]
    man = odds * shift[int(np.argmin(np.abs(np.array(men) - by_cell[:, 0].sum())))]
    man = man / (1 + man)

    tilt = _level_tilt(numbers.astype(np.float64))

    before = len(pop)
    pop.update_heads()
    lonely = _joinable(pop, year, geo, rng)
    for background in range(len(p.BACKGROUNDS)):
        n = int(numbers[background])
        zero = np.zeros(n, dtype=np.int64)
        batch = _adults(
            background, n, np.full(n, man[background]), zero + year, zero, rng, year if aligned else None
        )
        new = pop.extend(batch)
        if aligned and background == p.REFUGE:
            more = p.UKRAINIANS_THOUSANDS(year + 1) - p.UKRAINIANS_THOUSANDS(year)
            from_ukraine = new[: round(scale * 1000 * more)]
            pop.country[from_ukraine] = pop.country_background[from_ukraine] = p.UKRAINE
        pop.municipality[new] = _steered(pop.sex[new], by_cell, tilt[background], geo, rng)
        if background == p.FAMILY:
            _join(pop, new, lonely, year, rng)
        else:
            _come_as_couples(pop, new, background, rng)
    _bring_children(pop, before, year, rng, aligned)
    pop.update_heads()
    new = np.arange(before, len(pop))
    day = first_day(year) + rng.integers(0, 365, len(new))
    leader = np.where(
        pop.home[new] >= 0, pop.home[new], np.where(pop.partner[new] > new, pop.partner[new], new)
    )
    together = leader >= before
    day[together] = day[leader[together] - before]
    # Few arrive on 1 January itself: they belong to the stock of that day but came in the following year.
    alone = (pop.home[new] == NO_ONE) & (pop.partner[new] == NO_ONE)
    with_child = np.zeros(len(pop), dtype=np.bool_)
    with_child[pop.home[pop.home >= 0]] = True
    day[alone & ~with_child[new] & (rng.random(len(new)) < p.ARRIVES_ON_NEW_YEAR)] = first_day(year + 1)
    pop.first_date[new] = yyyymmdd(day)
    pop.moved_year[new] = pop.first_date[new] // 10000
    return new, day


def _level_tilt(numbers: FloatArray) -> FloatArray:
    """Return weights by background and level that keep the levels' totals for `numbers` by background."""
    tilt = np.array([[*p.OUTSIDE_CENTRES[b], 1.0] for b in range(6)])
    return np.asarray(tilt / np.maximum(numbers @ tilt / max(float(numbers.sum()), 1.0), 0.1))


def _steered(
    sex: npt.NDArray[np.int8], by_cell: FloatArray, tilt: FloatArray, geo: Geography, rng: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Draw municipalities with probability proportional to what is missing there, and a little everywhere.

    `tilt` multiplies the levels.
    """
    place = np.empty(len(sex), dtype=np.int16)
    within = geo.weight / np.bincount(geo.cell, geo.weight, minlength=len(geo.target))[geo.cell]
    for column, code in enumerate((p.MAN, p.WOMAN)):
        rows = np.flatnonzero(sex == code)
        missing = np.maximum(by_cell[:, column], 0)
        everywhere = (
            geo.target[:, column] / geo.target[:, column].sum() * max(missing.sum(), 1.0) * p.ARRIVES_ANYWHERE
        )
        weight = (missing + everywhere)[geo.cell] * within * tilt[geo.level - 1]
        place[rows] = draw_places(weight, len(rows), rng)
    return place


def _joinable(pop: Population, year: int, geo: Geography, rng: np.random.Generator) -> IntArray:
    """Return single resident immigrants whom a spouse may join, in random order."""
    age = pop.age(year)
    alone = families.single_persons(pop) & pop.immigrant & ~pop.silent & (age >= 21) & (age <= 60)
    people = np.flatnonzero(alone)
    weight = np.array(p.JOINED_BY_SPOUSE)[pop.background[people]]
    weight = weight * families.settled_appeal(pop.background[people], pop.residence(year)[people])
    weight = weight * np.where(geo.level[pop.municipality[people]] < 4, p.JOINED_OUTSIDE_CENTRES, 1.0)
    return people[np.argsort(-np.log(rng.random(len(people))) / weight, kind="stable")]


def _join(pop: Population, new: IntArray, lonely: IntArray, year: int, rng: np.random.Generator) -> None:
    """Let arrivals by family reunification join somebody who lives in Norway, where that person lives."""
    u = rng.random(len(new))
    limit = p.JOINS_NON_IMMIGRANT + p.JOINS_IMMIGRANT
    to_non_immigrant = new[u < p.JOINS_NON_IMMIGRANT]
    to_immigrant = new[(u >= p.JOINS_NON_IMMIGRANT) & (u < limit)]
    pop.update_heads()
    seeker, found = families.match_non_immigrants(pop, to_non_immigrant, year, rng)
    families.marry(pop, seeker, found, rng)
    move_in(pop, seeker, found)
    for sex in (p.MAN, p.WOMAN):
        mine = to_immigrant[pop.sex[to_immigrant] == sex]
        theirs = lonely[pop.sex[lonely] != sex]
        n = min(len(mine), len(theirs))
        mine, theirs = mine[:n], theirs[:n]
        mine = mine[np.argsort(pop.birth_year[mine], kind="stable")]
        theirs = theirs[np.argsort(pop.birth_year[theirs], kind="stable")]
        families.marry(pop, mine, theirs, rng)
        pop.country[mine] = pop.country_background[mine] = np.where(
            np.isin(pop.country[theirs], p.NORDIC_COUNTRIES),
            pop.country[mine],
            pop.country[theirs],
        )
        move_in(pop, mine, theirs)


def move_in(pop: Population, who: IntArray, host: IntArray) -> None:
    """Let `who` live where `host` lives."""
    pop.municipality[who] = pop.municipality[host]
    pop.part[who] = pop.part[host]


def _come_as_couples(pop: Population, new: IntArray, background: int, rng: np.random.Generator) -> None:
    chosen = new[rng.random(len(new)) < p.ARRIVES_AS_COUPLE[background]]
    men, women = chosen[pop.sex[chosen] == p.MAN], chosen[pop.sex[chosen] == p.WOMAN]
    n = min(len(men), len(women))
    men = men[:n][np.argsort(pop.birth_year[men[:n]], kind="stable")]
    women = women[:n][np.argsort(pop.birth_year[women[:n]], kind="stable")]
    families.marry(pop, men, women, rng)
    pop.country[women] = pop.country_background[women] = pop.country[men]
    move_in(pop, women, men)


def _bring_children(
    pop: Population, before: int, year: int, rng: np.random.Generator, aligned: bool = False
) -> None:
    """Children who come with a parent, at the ages of 1-16; in an `aligned` world fewer and older."""
    new = np.arange(before, len(pop))
    age = pop.age(year)[new]
    in_couple = pop.partner[new] >= 0
    is_woman = pop.sex[new] == p.WOMAN
    refuge = pop.background[new] == p.REFUGE
    mean = np.array([p.CHILDREN_OF_ARRIVALS[b] for b in range(6)])[pop.background[new]]
    mean = np.where(
        in_couple, mean, np.where(refuge & is_woman, p.CHILDREN_OF_LONE_REFUGEES, p.CHILDREN_OF_LONE_ARRIVALS)
    )
    if aligned:
        mean = mean * p.CHILDREN_OF_ARRIVALS_ALIGNED(year)
    brings = is_woman | (pop.background[new] == p.REFUGE)
    mean = np.where((age >= 21) & (age <= 50) & brings, mean, 0.0)
    number = np.minimum(rng.poisson(mean), 5)
    parent = np.repeat(new, number)
    parent_age = np.repeat(age, number).astype(np.int64)
    span = np.clip(parent_age - 19, 1, 16)
    u = rng.random(len(parent)) ** (p.CHILDREN_OLDER_ALIGNED if aligned else 1.0)
    child_age = np.minimum(1 + np.floor(u * span).astype(np.int64), 16)
    other = np.where(pop.partner[parent] >= before, pop.partner[parent], NO_ONE).astype(np.int64)
    mother = np.where(pop.sex[parent] == p.WOMAN, parent, other)
    father = np.where(pop.sex[parent] == p.WOMAN, other, parent)
    children = add_immigrant_children(
        pop,
        parent,
        NO_ONE * np.ones(len(parent), np.int64),
        year - child_age,
        np.full(len(parent), year * 10000 + 101),
        rng,
    )
    for parents, who in ((pop.mother, mother), (pop.father, father)):
        # A spouse who is too young is not the child's parent.
        plausible = (who >= 0) & (pop.birth_year[who] <= year - child_age - 17)
        parents[children] = np.where(plausible, who, NO_ONE)


def pass_through(
    pop: Population, n: int, year: int, places: FloatArray, rng: np.random.Generator,
    countries: npt.NDArray[np.int16] | None = None,
) -> tuple[IntArray, IntArray, IntArray]:  # fmt: skip
    """Add people who arrive and leave within `year`: never resident on a 1 January.

    Returns the people, their days of arrival and their days of departure. `places` are weights of the
    municipalities; `countries` of birth are drawn if not given.
    """
    background = rng.choice(
        list(p.PASSING_THROUGH_BY_BACKGROUND), n, p=list(p.PASSING_THROUGH_BY_BACKGROUND.values())
    )
    if countries is not None:
        elsewhere = np.where(p.is_far(countries), p.EDUCATION, p.WORK)
        background = np.where(np.isin(countries, p.NORDIC_COUNTRIES), p.NORDIC, elsewhere)
    everyone = []
    for group in p.PASSING_THROUGH_BY_BACKGROUND:
        size = int((background == group).sum())
        zero = np.zeros(size, dtype=np.int64)
        everyone.append(
            pop.extend(
                _adults(group, size, np.full(size, p.MEN_AMONG_ARRIVALS[group]), zero + year, zero, rng)
            )
        )
    new = np.concatenate(everyone)
    if countries is not None:
        order = np.concatenate(
            [np.flatnonzero(background == group) for group in p.PASSING_THROUGH_BY_BACKGROUND]
        )
        pop.country[new] = pop.country_background[new] = countries[order]
    pop.municipality[new] = draw_places(places, n, rng)
    arrived = first_day(year) + rng.integers(1, 200, n)
    left = arrived + rng.integers(20, 150, n)
    pop.first_date[new] = yyyymmdd(arrived)
    pop.moved_year[new] = year
    pop.changed_year[new] = year
    pop.status[new] = EMIGRATED
    return new, arrived, left
