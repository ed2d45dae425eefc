"""Work, study, unemployment and income of a year: the facts that the registers of the year will show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from utvandring.simulation import parameters as p
from utvandring.simulation import tilts
from utvandring.simulation.geography import Geography
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import EMIGRATED, BoolArray, IntArray, Population

# First digit of NUS2000 to logit group (definitions, Education); 0 and 9 are the reference.
EDUCATION_GROUP = np.array([0, 1, 1, 2, 3, 3, 4, 5, 5, 0])


@dataclass(frozen=True)
class FactShares:
    """Chances of some persons in a year; first axis of the last two: whether studying."""

    study: FloatArray
    working: FloatArray
    looking: FloatArray


def starting_levels(
    background: int, age: npt.NDArray[np.int16], rng: np.random.Generator
) -> npt.NDArray[np.int8]:
    """Draw the true education level (first digit of NUS2000) of adults of one background; -1 is Norwegian."""
    shares = p.EDUCATION_LEVELS[background]
    level = np.searchsorted(np.cumsum(shares), rng.random(len(age)) * sum(shares), side="right")
    return np.where(age < 18, np.minimum(level, 2), np.where(age < 22, np.minimum(level, 4), level)).astype(
        np.int8
    )


def _study_share(pop: Population, people: IntArray, year: int, geo: Geography) -> FloatArray:
    age = pop.age(year)[people]
    background = pop.background[people]
    share = np.interp(age, *p.STUDY_BY_AGE)
    factor = np.array(p.STUDY)[background]
    factor = factor * np.array(p.STUDY_AT_LEVEL)[geo.level[pop.municipality[people]] - 1]
    share = np.where(age < 20, share, np.minimum(share * factor, 0.9))
    came_to_study = background == p.EDUCATION
    by_residence = np.array(p.STUDY_BY_RESIDENCE)[np.clip(pop.residence(year)[people], 0, 6)]
    return np.where(came_to_study & (age >= 18), by_residence, share)


def _work_shares(
    pop: Population, people: IntArray, year: int, studying: BoolArray, geo: Geography
) -> tuple[FloatArray, FloatArray]:
    age = pop.age(year)[people]
    background = pop.background[people]
    residence = pop.residence(year)[people]
    working = np.array(p.WORKING)[background]
    arrived = np.array(p.WORKING_BY_RESIDENCE)
    stage = np.searchsorted([1, 3, 6], residence, side="right")
    working = working * np.interp(age, *p.WORKING_BY_AGE) * arrived[background, stage] * p.CYCLE(year)
    far = p.is_far(pop.country[people])
    differs = (background >= 0) & (background != p.REFUGE)
    working = working * np.where(differs, np.where(far, p.WORKING_FAR, p.WORKING_NEAR), 1.0)
    alone = pop.family_counts()[0][people] == 1
    young, older = np.array(p.WORKING_ALONE_TO_35), np.array(p.WORKING_ALONE_FROM_36)
    by_family = np.where(age < 36, young[background], older[background])
    working = working * np.where(alone, by_family, np.array(p.WORKING_WITH_FAMILY)[background])
    woman = pop.sex[people] == p.WOMAN
    level = geo.level[pop.municipality[people]] - 1
    women = np.array(p.WOMEN_WORKING)[background] * np.array(p.WOMEN_WORKING_AT_LEVEL)[level]
    men = p.MEN_WORKING * np.array(p.MEN_WORKING_AT_LEVEL)[level]
    working = working * np.where(woman, women, men)
    study_factor = np.where(background == p.EDUCATION, p.WORKING_CAME_TO_STUDY, p.WORKING_STUDENT)
    working = np.where(studying, working * study_factor, working)
    looking = np.array(p.LOOKING)[background] * np.where(age < 62, 1.0, p.LOOKING_FROM_62)
    looking = looking * np.where(age < 18, p.LOOKING_UNDER_18, 1.0)
    looking = looking * np.where(studying, p.LOOKING_STUDENT, 1.0)
    looking = looking * np.array(p.LOOKING_AT_LEVEL)[level]
    looking = looking * (1.0 + p.LOOKING_BY_CYCLE * (1.0 - p.CYCLE(year)))
    return np.clip(working, 0, 0.97), np.clip(looking, 0, 0.3)


def printed_groups(pop: Population, people: IntArray, year: int, geo: Geography) -> tilts.Groups:
    """Return the characteristics of `people` at the end of `year` that `tilts.csv` tells apart."""
    total, immigrants = pop.family_counts()
    place = pop.municipality[people]
    return tilts.groups(
        level=geo.level[place],
        man=pop.sex[people] == p.MAN,
        age=pop.age(year)[people],
        residence=np.searchsorted([3, 6, 11, 16], pop.residence(year)[people], side="right"),
        background=pop.background[people],
        family_total=total[people],
        family_immigrants=immigrants[people],
        county=geo.county[place],
        education=np.where(pop.age(year)[people] < 16, 0, EDUCATION_GROUP[pop.education_level[people]]),
    )


def fact_shares(pop: Population, people: IntArray, year: int, geo: Geography) -> FactShares:
    """Return the chances of `people` to study, work and look for work; those of immigrants are tilted."""
    study = _study_share(pop, people, year, geo)
    either = [
        _work_shares(pop, people, year, np.full(len(people), studying), geo) for studying in (False, True)
    ]
    working, looking = np.array([w for w, _ in either]), np.array([k for _, k in either])
    immigrant = np.flatnonzero(pop.immigrant[people])
    if len(immigrant) == 0:
        return FactShares(study, working, looking)
    tilt = np.exp(tilts.tilts(printed_groups(pop, people[immigrant], year, geo)))
    employed, employed_student, student, unemployed = tilt.T
    # What a student who looks for work counts as depends on the months: one half each.
    odds = np.array([
        [np.ones(len(tilt)), employed, unemployed],
        [student, employed_student, (student + unemployed) / 2],
    ])  # fmt: skip
    out = np.array([working, np.minimum(looking, 1 - working)])[:, :, immigrant]
    joint = np.array([1 - out.sum(axis=0), *out]).transpose(1, 0, 2) * odds
    joint *= np.array([1 - study[immigrant], study[immigrant]])[:, None, :]
    by_study = joint.sum(axis=1)
    study[immigrant] = by_study[1] / by_study.sum(axis=0)
    working[:, immigrant], looking[:, immigrant] = (joint[:, 1:] / by_study[:, None]).transpose(1, 0, 2)
    return FactShares(study, working, looking)


def update_facts(pop: Population, year: int, geo: Geography, rng: np.random.Generator) -> None:
    """Draw the facts of `year` for residents of the next 1 January, and what is left by leavers."""
    n = len(pop)
    shock = rng.standard_normal((2, n), dtype=np.float32)
    keep = np.float32(p.PERSISTENCE)
    new = np.float32(np.sqrt(1 - p.PERSISTENCE**2))
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
    shares = fact_shares(pop, active, year, geo)
    enrolled = ndtr(pop.study_latent[active]) < shares.study
    was = before_enrolled[active]
    neither = u[0] < p.EXAM_OF_OTHERS
    exam = np.where(
        enrolled, u[0] < p.EXAM_OF_ENROLLED, np.where(was, u[0] < p.EXAM_AFTER_ENROLMENT, neither)
    )
    pop.enrolled[active] = enrolled
    pop.exam[active] = exam
    level = pop.education_level[active]
    step = np.array([1, 2, 3, 4, 6, 6, 7, 7, 8], dtype=np.int8)[level]
    rises = (
        exam
        & (u[1] < p.EXAM_RAISES_LEVEL)
        & ~((level >= 6) & (age[active] < 23))
        & ~((level >= 4) & (age[active] < 20))
    )
    pop.education_level[active] = np.where(rises, step, level)

    # Work and unemployment from one latent tendency: out of work are those with the least of it.
    working, looking = (
        np.where(enrolled | exam, share[1], share[0]) for share in (shares.working, shares.looking)
    )
    tendency = ndtr(pop.work_latent[active])
    employed = tendency > 1 - working
    unemployed = ~employed & (tendency > 1 - working - looking)
    also_before = employed & (u[2] < p.EMPLOYED_WAS_UNEMPLOYED)
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
    others = np.where(age[active] < 67, p.OCCASIONAL_INCOME_TO_66, p.OCCASIONAL_INCOME_FROM_67)
    students = np.where(enrolled | exam, p.OCCASIONAL_INCOME_OF_STUDENTS, others)
    occasional = np.where(unemployed, p.OCCASIONAL_INCOME_OF_UNEMPLOYED, students)
    earned = np.where(
        employed, salary, np.where(u[4] < occasional, 0.25 * salary * u[4] / occasional + 900, 0)
    )
    pop.income[active] = (earned // 100 * 100).astype(np.int32)

    left = np.flatnonzero((pop.status == EMIGRATED) & (pop.changed_year == year) & ~pop.silent)
    v = rng.random((2, len(left)))
    pop.exam[left] = before_enrolled[left] & (v[0] < p.EXAM_OF_ENROLLED)
    pop.income[left] = (before_income[left] * v[1] // 100 * 100).astype(np.int32)


def labour_status(employed: BoolArray, in_education: BoolArray, months: npt.NDArray[np.int8]) -> IntArray:
    """Return the position in `STATUSES` by the precedence of section 2.1.6 (figure 2.1)."""
    return np.select(
        [months >= 7, employed & in_education, employed, in_education, months >= 1],
        [4, 2, 1, 3, 4],
        default=0,
    )


def status_of(pop: Population, people: IntArray) -> IntArray:
    """Return the labour status of `people` by the facts of the year."""
    studying = pop.enrolled[people] | pop.exam[people]
    return labour_status(pop.employed[people], studying, pop.unemployed_months[people])


def chances_of_unknown_education(pop: Population, people: IntArray, year: int, geo: Geography) -> FloatArray:
    """Return the chances of `people` (immigrants) that the register does not know their education, by status.

    The unknown share of immigrants 15-74 is met by one factor on a pattern by residence and background, whose
    odds are tilted. The chances hold for those without an exam in Norway; shape (persons, 5).
    """
    residence = np.searchsorted([3, 6, 11, 16], pop.residence(year)[people], side="right")
    relative = np.array(p.EDUCATION_UNKNOWN_BY_RESIDENCE)[residence]
    relative = relative * np.array(p.EDUCATION_UNKNOWN_BY_BACKGROUND)[pop.background[people]]
    known = np.exp(tilts.tilts_of_known_education(printed_groups(pop, people, year, geo)))
    counted = np.flatnonzero(pop.working_age(year)[people])
    none = ((pop.education_level[people] == 0) | (pop.age(year)[people] < 16))[counted]
    rank = pop.education_rank[people[counted]]
    as_it_is = known[counted, status_of(pop, people[counted])]

    def chance(factor: float, pattern: FloatArray, odds: FloatArray) -> FloatArray:
        plain = np.minimum(factor * pattern, 0.97)
        return np.asarray(plain / (plain + (1 - plain) * odds))

    low, high = 0.0, 3.0
    for _ in range(25):
        factor = (low + high) / 2
        missing = none | (rank < chance(factor, relative[counted], as_it_is))
        low, high = (factor, high) if missing.mean() < p.UNKNOWN_EDUCATION_SHARE(year) else (low, factor)
    return chance(factor, relative[:, None], known)


def update_education_knowledge(pop: Population, year: int, geo: Geography) -> None:
    """Set whose education the register knows on 1 October of `year` (section 2.1.7).

    A person's rank persists, and who passed an exam in Norway is known.
    """
    pop.education_rank[pop.exam] = 1.0
    young = pop.age(year) < 20
    limit = np.where(young, 0.0, p.EDUCATION_UNKNOWN_OF_NON_IMMIGRANTS)
    immigrants = np.flatnonzero(pop.resident & pop.immigrant)
    chances = chances_of_unknown_education(pop, immigrants, year, geo)
    limit[immigrants] = chances[np.arange(len(immigrants)), status_of(pop, immigrants)]
    pop.education_known = np.asarray(pop.education_rank >= limit) & (pop.age(year) >= 16)
