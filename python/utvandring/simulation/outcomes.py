"""What happens to each resident during a year: death, emigration, internal move or none of them.

Immigrants aged 15 and over get their outcome from the trinomial logit of tables E1-E8, independently of each
other, on the covariates that follow from the written registers. Everybody else has plain rates, and young
children and part of the non-immigrant partners go with their family.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from utvandring.simulation import parameters as p
from utvandring.simulation.geography import Geography
from utvandring.simulation.labour import EDUCATION_GROUP, status_of
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import NO_ONE, IntArray, Population

NOT_RESIDENT, STAY, INTERNAL, EMIGRATION, DEATH, UNACCOUNTED = -1, 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Covariates:
    """Regressors of the type 3 logit for some persons; groups are positions in `LogitTables`."""

    model: IntArray
    age: FloatArray
    residence: IntArray
    education: IntArray
    status: IntArray
    background: IntArray
    family_total: FloatArray
    family_immigrants: FloatArray


def residence_group(residence_years: npt.NDArray[np.int32]) -> IntArray:
    """Return the position of the residence group: 0-2, 3-5, 6-10, 11-15, 16+ years."""
    return np.searchsorted([3, 6, 11, 16], residence_years, side="right")


def covariates(pop: Population, people: IntArray, base_year: int, geo: Geography) -> Covariates:
    """Return the regressors of `people` as the registers of `base_year` will show them."""
    family_total, family_immigrants = pop.family_counts()
    level = geo.level[pop.municipality[people]]
    known = pop.education_known[people]
    return Covariates(
        model=4 * (pop.sex[people] == p.MAN) + level - 1,
        age=pop.age(base_year)[people].astype(np.float64),
        residence=residence_group(pop.residence(base_year)[people]),
        education=np.where(known, EDUCATION_GROUP[pop.education_level[people]], 0),
        status=status_of(pop, people),
        background=pop.background[people].astype(np.int64),
        family_total=family_total[people].astype(np.float64),
        family_immigrants=family_immigrants[people].astype(np.float64),
    )


def linear_predictor(x: Covariates) -> FloatArray:
    """Return z·b for internal out-migration and emigration (equations C.1-C.3), shape (n, 2)."""
    b = p.logit_tables()
    m = x.model
    eta = b.constant[m] + b.residence[m, x.residence] + b.education[m, x.education]
    eta += b.status[m, x.status] + b.background[m, x.background]
    eta += x.age[:, None] * b.age[m] + ((x.age / 10) ** 2)[:, None] * b.age_sq_scaled[m]
    eta += x.family_total[:, None] * b.family_total[m] + x.family_immigrants[:, None] * b.family_immigrants[m]
    return np.asarray(eta)


def probabilities(eta: FloatArray) -> FloatArray:
    """Return P(internal out-migration), P(emigration), shape (n, 2)."""
    e = np.exp(eta)
    return np.asarray(e / (1.0 + e.sum(axis=1, keepdims=True)))


def year_shift(eta: FloatArray, background: IntArray, year: int) -> FloatArray:
    """Return the intercept shifts by background, shape (6, 2), that meet the series of `year`.

    The series are of ages 15-74, and so are the persons given. Zero from 2013 on: then tables E1-E8 hold as
    printed.
    """
    shift = np.zeros((len(p.BACKGROUNDS), 2))
    if year >= p.PUBLISHED_OUTCOME_YEAR:
        return shift
    for group in range(len(p.BACKGROUNDS)):
        rows = eta[background == group]
        if len(rows) == 0:
            continue
        target = np.array([p.INTERNAL_SERIES[group](year), p.EMIGRATION_SERIES[group](year)]) / 100
        for _ in range(12):
            mean = probabilities(rows + shift[group]).mean(axis=0)
            shift[group] += np.log(target / (1 - target)) - np.log(mean / (1 - mean))
    return shift


def death_probability(age: npt.NDArray[np.int16], sex: npt.NDArray[np.int8]) -> FloatArray:
    """Gompertz: 0.12 per cent for men of 40, doubling every 7.7 years, women two thirds (assumption)."""
    level, growth = p.DEATH
    q = np.exp(level + growth * np.maximum(age, 15)) * np.where(sex == p.WOMAN, p.DEATH_OF_WOMEN, 1.0)
    return np.asarray(np.minimum(q, 0.6))


def draw_outcomes(
    pop: Population,
    year: int,
    geo: Geography,
    rng: np.random.Generator,
    aligned: FloatArray | None = None,
    effects: FloatArray | None = None,
) -> npt.NDArray[np.int8]:
    """Draw everybody's own outcome of `year`; nobody follows anybody yet.

    Deaths first, then the few that the register loses, then the logit on the rest: independent per person.

    Parameters
    ----------
    aligned : added to each person's log odds of emigration, where the world is aligned to totals.
    effects : added to each immigrant's log odds of both outcomes, shape (n, 2), where they persist.
    """
    base_year = year - 1
    n = len(pop)
    outcome = np.full(n, NOT_RESIDENT, dtype=np.int8)
    resident = np.flatnonzero(pop.resident)
    u = rng.random((3, len(resident)))
    outcome[resident] = STAY
    age = pop.age(base_year)
    outcome[resident[u[0] < death_probability(age[resident], pop.sex[resident])]] = DEATH
    outcome[resident[(u[1] < p.UNACCOUNTED_SHARE) & (outcome[resident] == STAY)]] = UNACCOUNTED

    draw = np.full(n, np.nan)
    draw[resident] = u[2]
    at_risk = outcome == STAY
    by_logit = np.flatnonzero(at_risk & pop.immigrant & (age >= 15))
    x = covariates(pop, by_logit, base_year, geo)
    eta = linear_predictor(x)
    if effects is not None:
        eta += effects[by_logit]
    working = x.age <= 74
    eta += year_shift(eta[working], x.background[working], year)[x.background]
    if aligned is not None:
        eta[:, 1] += aligned[by_logit]
    _assign(outcome, by_logit, probabilities(eta), draw)

    adult = at_risk & ~pop.immigrant & (pop.home == NO_ONE)
    with_immigrant = adult & (pop.partner >= 0) & pop.immigrant[pop.partner]
    alone = adult & ~with_immigrant
    for chosen, rates in ((alone, p.OUTCOMES_OF_OTHERS), (with_immigrant, p.OUTCOMES_OF_PARTNERS)):
        people = np.flatnonzero(chosen)
        _assign(outcome, people, np.tile(rates, (len(people), 1)), draw)
    return outcome


def _assign(outcome: npt.NDArray[np.int8], people: IntArray, share: FloatArray, draw: FloatArray) -> None:
    u = draw[people]
    outcome[people[u < share[:, 1]]] = EMIGRATION
    outcome[people[(u >= share[:, 1]) & (u < share.sum(axis=1))]] = INTERNAL
