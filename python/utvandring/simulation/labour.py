"""Work, study, unemployment and income of a year: the facts that the registers of the year will tell.

The level of every share below is an assumption, set so that the logit of tables E1-E8 gives the printed
number of emigrants and the printed entropies.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from utvandring.simulation import parameters as p
from utvandring.simulation.geography import Geography
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import EMIGRATED, BoolArray, IntArray, Population

_WORKING = {p.NORDIC: 0.82, p.WORK: 0.87, p.REFUGE: 0.66, p.FAMILY: 0.71, p.EDUCATION: 0.68, p.UNKNOWN: 0.83}
_LOOKING = {
    p.NORDIC: 0.03,
    p.WORK: 0.055,
    p.REFUGE: 0.12,
    p.FAMILY: 0.045,
    p.EDUCATION: 0.025,
    p.UNKNOWN: 0.04,
}
# Share working of those born in Asia and Africa and of others, by background; of those alone (to
# age 35, older) and with family; the last is for non-immigrants.
_FAR, _NEAR = 0.81, 1.08
_ALONE_YOUNG, _ALONE, _TOGETHER = np.array(
    [(0.76, 0.84, 1.14, 0.92, 0.58, 0.9, 1.0), (1.1, 0.89, 1.1, 0.82, 0.6, 1.06, 1.0),
     (1.08, 1.04, 1.0, 1.04, 1.6, 1.07, 1.0)]
)  # fmt: skip
# Share working by age relative to 25-54, and by years of residence for those who start from nothing.
_AGE = (
    (15, 18, 20, 24, 28, 50, 58, 62, 66, 68, 74),
    (0.2, 0.4, 0.68, 0.9, 1.0, 1.0, 0.9, 0.72, 0.4, 0.2, 0.08),
)
_ARRIVED = {
    p.REFUGE: (0.15, 0.45, 0.78, 1.0),
    p.FAMILY: (0.5, 0.75, 0.88, 1.0),
    p.EDUCATION: (0.7, 0.8, 1.0, 1.15),
    p.UNKNOWN: (0.85, 0.9, 0.95, 1.0),
}
_CYCLE = p.YearSeries(
    (2003, 2004, 2007, 2008, 2009, 2010, 2012, 2016), (0.93, 0.94, 1.03, 1.03, 0.99, 0.98, 1.0, 0.98)
)
_STUDY_AGE = (
    (15, 16, 18, 19, 22, 25, 30, 35, 45, 60),
    (0.6, 0.88, 0.85, 0.5, 0.36, 0.2, 0.1, 0.06, 0.03, 0.004),
)
_STUDY = {p.NORDIC: 0.55, p.WORK: 0.2, p.REFUGE: 1.15, p.FAMILY: 0.85, p.EDUCATION: 1.0, p.UNKNOWN: 0.7}

# By centrality level 1-4, relative: women and men working, looking for work, studying.
_WOMEN_AT_LEVEL, _MEN_AT_LEVEL = np.array([1.07, 0.93, 1.0, 1.0]), np.array([0.93, 0.96, 0.92, 1.0])
_LOOKING_AT_LEVEL, _STUDY_AT_LEVEL = np.array([1.3, 1.6, 1.2, 1.0]), np.array([1.0, 1.6, 1.0, 1.0])

_PERSISTENCE = 0.86  # yearly autocorrelation of the latent tendencies to work and to study


def starting_levels(
    background: int, age: npt.NDArray[np.int16], rng: np.random.Generator
) -> npt.NDArray[np.int8]:
    """Draw the true education level (first digit of NUS2000) of adults of one background; -1 is Norwegian."""
    shares = {
        p.NORDIC: (0, 1, 17, 4, 38, 3, 26, 10, 1), p.WORK: (0, 2, 18, 5, 40, 3, 20, 11, 1),
        p.REFUGE: (5, 22, 30, 5, 20, 1, 13, 4, 0), p.FAMILY: (2, 12, 30, 5, 23, 2, 18, 8, 0),
        p.EDUCATION: (0, 0, 3, 2, 22, 2, 48, 20, 3), p.UNKNOWN: (2, 10, 28, 6, 28, 2, 16, 7, 1),
        -1: (0, 0, 22, 6, 38, 3, 24, 6, 1),
    }[background]  # fmt: skip
    level = np.searchsorted(np.cumsum(shares), rng.random(len(age)) * sum(shares), side="right")
    return np.where(age < 18, np.minimum(level, 2), np.where(age < 22, np.minimum(level, 4), level)).astype(
        np.int8
    )


def _study_share(pop: Population, people: IntArray, year: int, geo: Geography) -> FloatArray:
    age = pop.age(year)[people]
    background = pop.background[people]
    share = np.interp(age, *_STUDY_AGE)
    factor = np.array([_STUDY[b] for b in range(6)] + [0.8])[background]
    factor = factor * _STUDY_AT_LEVEL[geo.level[pop.municipality[people]] - 1]
    share = np.where(age < 20, share, np.minimum(share * factor, 0.9))
    came_to_study = background == p.EDUCATION
    by_residence = np.array([0.80, 0.68, 0.5, 0.34, 0.22, 0.15, 0.1])[
        np.clip(pop.residence(year)[people], 0, 6)
    ]
    return np.where(came_to_study & (age >= 18), by_residence, share)


def _work_shares(
    pop: Population, people: IntArray, year: int, studying: BoolArray, geo: Geography
) -> tuple[FloatArray, FloatArray]:
    age = pop.age(year)[people]
    background = pop.background[people]
    residence = pop.residence(year)[people]
    working = np.array([_WORKING[b] for b in range(6)] + [0.82])[background]
    arrived = np.ones((7, 4))
    for b, factors in _ARRIVED.items():
        arrived[b] = factors
    stage = np.searchsorted([1, 3, 6], residence, side="right")
    working = working * np.interp(age, *_AGE) * arrived[background, stage] * _CYCLE(year)
    far = (pop.country[people] >= 200) & (pop.country[people] < 600)
    differs = (background >= 0) & (background != p.REFUGE)
    working = working * np.where(differs, np.where(far, _FAR, _NEAR), 1.0)
    alone = pop.family_counts()[0][people] == 1
    by_family = np.where(age < 36, _ALONE_YOUNG[background], _ALONE[background])
    working = working * np.where(alone, by_family, _TOGETHER[background])
    woman = pop.sex[people] == p.WOMAN
    women = np.array([0.98, 0.93, 0.84, 0.97, 1.0, 0.92, 0.97])[background]
    level = geo.level[pop.municipality[people]] - 1
    working = working * np.where(woman, women * _WOMEN_AT_LEVEL[level], 1.04 * _MEN_AT_LEVEL[level])
    study_factor = np.where(background == p.EDUCATION, 0.72, 0.66)
    working = np.where(studying, working * study_factor, working)
    looking = np.array([_LOOKING[b] for b in range(6)] + [0.02])[background]
    looking = (
        looking * np.where(age < 62, 1.0, 0.3) * np.where(age < 18, 0.1, 1.0) * np.where(studying, 0.3, 1.0)
    )
    looking = looking * _LOOKING_AT_LEVEL[level] * (1.0 + 4.3 * (1.0 - _CYCLE(year)))
    return np.clip(working, 0, 0.97), np.clip(looking, 0, 0.3)


def update_facts(pop: Population, year: int, geo: Geography, rng: np.random.Generator) -> None:
    """Draw the facts of `year` for residents of the next 1 January, and what is left by leavers."""
    n = len(pop)
    shock = rng.standard_normal((2, n), dtype=np.float32)
    keep = np.float32(_PERSISTENCE)
    new = np.float32(np.sqrt(1 - _PERSISTENCE**2))
    pop.work_latent = keep * pop.work_latent + new * shock[0]
    pop.study_latent = keep * pop.study_latent + new * shock[1]

    before_enrolled, before_income = pop.enrolled, pop.income
    pop.enrolled = np.zeros(n, dtype=np.bool_)
    pop.exam = np.zeros(n, dtype=np.bool_)
    pop.employed = np.zeros(n, dtype=np.bool_)
    pop.unemployed_months = np.zeros(n, dtype=np.int8)
    pop.income = np.zeros(n, dtype=np.int32)
    age = pop.age(year)
    active = np.flatnonzero(pop.resident & ~pop.silent & (age >= 15) & (age < 78))
    u = rng.random((5, len(active)))

    # Study. An exam ends or interrupts it; levels rise with exams.
    enrolled = ndtr(pop.study_latent[active]) < _study_share(pop, active, year, geo)
    was = before_enrolled[active]
    exam = np.where(enrolled, u[0] < 0.3, np.where(was, u[0] < 0.45, u[0] < 0.006))
    pop.enrolled[active] = enrolled
    pop.exam[active] = exam
    level = pop.education_level[active]
    step = np.array([1, 2, 3, 4, 6, 6, 7, 7, 8], dtype=np.int8)[level]
    rises = exam & (u[1] < 0.5) & ~((level >= 6) & (age[active] < 23)) & ~((level >= 4) & (age[active] < 20))
    pop.education_level[active] = np.where(rises, step, level)

    # Work and unemployment from one latent tendency: out of work are those with the least of it.
    working, looking = _work_shares(pop, active, year, enrolled | exam, geo)
    tendency = ndtr(pop.work_latent[active])
    employed = tendency > 1 - working
    unemployed = ~employed & (tendency > 1 - working - looking)
    also_before = employed & (u[2] < 0.05)
    months = np.where(unemployed, 1 + (11.999 * u[3]).astype(np.int8), 0)
    months = np.where(also_before, 1 + (7 * u[3] ** 1.5).astype(np.int8), months)
    pop.employed[active] = employed
    pop.unemployed_months[active] = months.astype(np.int8)

    # Income: a salary by level, age and hours; small amounts for part of those without work in November.
    salary = 190_000 + 28_000.0 * pop.education_level[active] + 2_000.0 * np.minimum(age[active], 50)
    salary = (
        salary
        * (1.04 ** (year - 2008))
        * np.exp(0.35 * pop.work_latent[active])
        * np.where(enrolled, 0.5, 1.0)
    )
    occasional = np.where(
        unemployed, 0.8, np.where(enrolled | exam, 0.45, np.where(age[active] < 67, 0.35, 0.06))
    )
    earned = np.where(
        employed, salary, np.where(u[4] < occasional, 0.25 * salary * u[4] / occasional + 900, 0)
    )
    pop.income[active] = (earned // 100 * 100).astype(np.int32)

    left = np.flatnonzero((pop.status == EMIGRATED) & (pop.changed_year == year) & ~pop.silent)
    v = rng.random((2, len(left)))
    pop.exam[left] = before_enrolled[left] & (v[0] < 0.3)
    pop.income[left] = (before_income[left] * v[1] // 100 * 100).astype(np.int32)


def update_education_knowledge(pop: Population, year: int) -> None:
    """Set whose education the register knows on 1 October of `year` (section 2.1.7).

    The unknown share of immigrants 15-74 is met by one factor on a pattern by residence and background; a
    person's rank persists, and who passed an exam in Norway is known.
    """
    pop.education_rank[pop.exam] = 1.0
    pattern = np.array([1.0, 0.72, 0.45, 0.34, 0.28])
    residence = np.searchsorted([3, 6, 11, 16], pop.residence(year), side="right")
    by_background = np.array([1.0, 1.25, 0.7, 0.85, 0.95, 0.8, 0.05])[pop.background]
    relative = pattern[residence] * by_background
    rank = pop.education_rank
    young = pop.age(year) < 20
    immigrants = np.flatnonzero(pop.resident & pop.immigrant & pop.working_age(year))
    wanted = p.UNKNOWN_EDUCATION_SHARE(year)
    none = (pop.education_level[immigrants] == 0) | (pop.age(year)[immigrants] < 16)
    low, high = 0.0, 3.0
    for _ in range(25):
        factor = (low + high) / 2
        missing = none | (rank[immigrants] < np.minimum(factor * relative[immigrants], 0.97))
        low, high = (factor, high) if missing.mean() < wanted else (low, factor)
    limit = np.where(pop.immigrant, np.minimum(factor * relative, 0.97), np.where(young, 0.0, 0.02))
    pop.education_known = np.asarray(rank >= limit) & (pop.age(year) >= 16)
