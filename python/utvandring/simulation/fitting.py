"""Find the tilts: `python -m utvandring.simulation.fitting --out FILE`, or `make calibration`.

Minimum distance: the expected coefficients of tables 5.1-5.31, 6.1 and D1-D4, given the lives of base year
2012 and the chances that tables E1-E8 give them, are brought to the printed ones. The tilts are the smallest
that do so (a ridge), and a step uses the derivative of every coefficient in every tilt (Levenberg and
Marquardt, in the dual form, since there are more tilts than cells). A fifth of the printed rows is held out
by a fixed rule and has no part in it. No outcome is drawn: what is fitted is the law, not a draw.

Lives before the base year follow the tilts too. So the search begins with none, and lives are simulated again
with the tilts of each stage for the next.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.special import ndtr

from utvandring.simulation import labour, moves, tilts
from utvandring.simulation import parameters as p
from utvandring.simulation.engine import Simulation
from utvandring.simulation.outcomes import (
    INTERNAL,
    covariates,
    death_probability,
    draw_outcomes,
    linear_predictor,
    probabilities,
)
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import IntArray
from utvandring.simulation.streams import Stream

BASE_YEAR: Final = 2012
# In the logits at scale 1: standard errors are those of so many persons.
PERSONS: Final = 545_966
# Rounding of printed coefficients, beside the standard error in the distance of a cell.
ROUNDING: Final = 0.0003
RIDGE: Final = 1.0
# Table 6.1 is 54 of some 700 cells, and levels and counties would outvote it.
WEIGHT_OF_EVERYONE: Final = 6.0
# Scale of the lives, and steps. The first stages only come near, on few persons.
STAGES: Final = ((0.1, 4), (0.1, 2), (0.3, 3))
_LOW = np.float32

_CONTROLS = (
    "constant", "male", "age_15_24", "age_25_35", "age_36_61", "residence_0_2", "residence_3_5",
    "residence_6_10", "residence_11_15", "work", "refuge", "family", "education", "nordic",
)  # fmt: skip
_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "main": (),
    "county_background": (),
    "family_size": ("family_1", "family_2", "family_3", "family_4"),
    "family_composition": (
        "family_2", "family_3", "family_4", "family_2_immigrants_only", "family_3_immigrants_only",
        "family_4_immigrants_only", "family_5plus_immigrants_only",
    ),
}  # fmt: skip
# Position of the logits' education groups among those of the linear models; none for 0.
_LINEAR_EDUCATION = np.array([-1, 0, 1, 1, 2, 3])
_LINEAR_NAMES = ("compulsory", "upper_secondary", "tertiary_short", "tertiary_long")
_OUTCOMES = ("internal_outmigration", "emigration", "county_move", "stay", "stay_in_county")


def is_held_out(table_id: str, term: str) -> bool:
    """Return whether a printed row takes no part: about a fifth, by a hash of table and term."""
    return hashlib.md5(f"{table_id}|{term}".encode(), usedforsecurity=False).hexdigest()[:2] < "33"


class _Unwritten:
    """Takes the place of the registers where only lives are wanted."""

    beside = None

    def population(self, *_: Any) -> None: ...
    def activity(self, *_: Any) -> None: ...
    def migrations(self, *_: Any) -> None: ...


@dataclass(frozen=True)
class Persons:
    """Immigrants of 15 and over at the end of the base year, and what may happen to them.

    Alternatives of a person have shape (5, 2): labour status, and whether education is known.

    Attributes
    ----------
    weight : how many persons one stands for at scale 1.
    groups : characteristics as in `tilts.groups`, of the true education.
    age, family_total, family_immigrants, alive : as they are; the chance to live through the outcome year.
    status, known : chances of the statuses, (n, 5), and of known education by status, (n, 5).
    outcomes : chances of internal out-migration, emigration and leaving the county, (3, n, 5, 2); where
        outcomes are drawn also of staying in the level and in the county.
    further : of leaving the county without leaving the level, given that one stays in it.
    """

    weight: FloatArray
    groups: tilts.Groups
    age: FloatArray
    family_total: FloatArray
    family_immigrants: FloatArray
    alive: FloatArray
    status: FloatArray
    known: FloatArray
    outcomes: npt.NDArray[np.float32]
    further: FloatArray


def lives(scale: float, seed: int, first_year: int = 2003) -> Simulation:
    """Simulate lives to the end of the base year, without writing anything."""
    run = Simulation(Path(), scale, first_year, BASE_YEAR + 2, seed, lambda _label, _part: None)
    run.registers = _Unwritten()  # type: ignore[assignment]
    run._start()
    for year in range(first_year, BASE_YEAR + 1):
        run._year(year)
    return run


def simulated_persons(scale: float, seed: int) -> Persons:
    """Return the immigrants of simulated lives with the chances of all alternatives."""
    run = lives(scale, seed)
    pop, geo = run.pop, run.geo
    people = np.flatnonzero(pop.resident & pop.immigrant & (pop.age(BASE_YEAR) >= 15))
    groups = labour.printed_groups(pop, people, BASE_YEAR, geo)
    x = covariates(pop, people, BASE_YEAR, geo)
    b = p.logit_tables()
    n = len(people)
    bare = linear_predictor(x) - b.status[x.model, x.status] - b.education[x.model, x.education]
    eta = np.zeros((n, 5, 2, 2))
    eta += bare[:, None, None, :] + b.status[x.model][:, :, None, :]
    eta[:, :, 1] += b.education[x.model, groups["education"]][:, None, :]
    chance = np.moveaxis(probabilities(eta.reshape(-1, 2)).reshape(n, 5, 2, 2), -1, 0)

    year = BASE_YEAR + 1
    outcome = draw_outcomes(pop, year, geo, run.rng(Stream.OUTCOMES, year))
    destination = np.full(len(pop), moves.NOWHERE, dtype=np.int16)
    movers = np.flatnonzero(outcome == INTERNAL)
    rng = run.rng(Stream.DESTINATIONS_WITHIN_NORWAY, year)
    destination[movers] = moves.other_level(pop.municipality[movers], geo, rng)
    rate = moves.rates_of_further_moves(pop, outcome, destination, BASE_YEAR, geo)
    further = rate[pop.head[people]]
    crossing = moves.chance_of_crossing(geo)[geo.cell[pop.municipality[people]]]
    county = chance[0] * crossing[:, None, None] + (1 - chance.sum(axis=0)) * further[:, None, None]
    dies = death_probability(pop.age(BASE_YEAR)[people], pop.sex[people])
    return Persons(
        weight=np.full(n, PERSONS / n),
        groups=groups,
        age=x.age,
        family_total=x.family_total,
        family_immigrants=x.family_immigrants,
        alive=(1 - dies) * (1 - p.UNACCOUNTED_SHARE),
        status=_status_chances(run, people),
        known=_known_chances(run, people, groups["education"]),
        outcomes=np.concatenate([chance, county[None]]).astype(_LOW),
        further=further,
    )


def _status_chances(run: Simulation, people: IntArray) -> FloatArray:
    """Chances of the five statuses, as `labour.update_facts` draws them."""
    pop = run.pop
    shares = labour.fact_shares(pop, people, BASE_YEAR, run.geo)
    # An exam after or without enrolment is study too: roughly one in ten of earlier students.
    study = shares.study + (1 - shares.study) * np.minimum(p.EXAM_OF_OTHERS + 0.1 * shares.study, 1)
    # Who works may have been out of work for seven months: u above (6/7)^(2/3).
    long = p.EMPLOYED_WAS_UNEMPLOYED * (1 - (6 / 7) ** (2 / 3))
    status = np.zeros((len(people), 5))
    for studying, chance in ((0, 1 - study), (1, study)):
        working, looking = shares.working[studying], shares.looking[studying]
        # A student who looks for work counts as unemployed from seven months on: in one half.
        jobless = looking * (0.5 if studying else 1.0)
        status[:, 2 if studying else 1] += chance * working * (1 - long)
        status[:, 4] += chance * (working * long + jobless)
        status[:, 3 if studying else 0] += chance * (1 - working - jobless)
    still = pop.silent[people] | (pop.age(BASE_YEAR)[people] >= 78)
    status[still] = (1, 0, 0, 0, 0)
    # Differences of shares may be a rounding below nothing.
    return np.maximum(status, 0)


def _known_chances(run: Simulation, people: IntArray, education: IntArray) -> FloatArray:
    known = 1 - labour.chances_of_unknown_education(run.pop, people, BASE_YEAR, run.geo)
    known[run.pop.education_rank[people] >= 1] = 1
    known[education == 0] = 0
    return known


@dataclass
class _Cell:
    """A printed cell: its place among the coefficients of its model, and what is printed."""

    table_id: str
    term: str
    outcome: int
    position: int
    printed: float
    held_out: bool


class _Model:
    """One printed model on some of the persons. Subclasses give coefficients and their derivatives.

    Columns are those that do not depend on the alternative (`fixed`), then the statuses, then education.
    """

    spec: str
    scope: str
    cells: list[_Cell]
    rows: IntArray
    fixed: FloatArray
    names: list[str]
    inverse: FloatArray

    def solve(self, share: npt.NDArray[np.float32]) -> None:
        """Find the coefficients where alternatives have the chances `share` (of the model's persons)."""
        raise NotImplementedError

    def values(self) -> list[tuple[float, float]]:
        """Return estimate and standard error of every cell."""
        raise NotImplementedError

    def influences(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield for every cell what a unit of weight on each alternative adds to it."""
        raise NotImplementedError

    def fit(self, share: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
        """Fit to outcomes that are certain; return estimate and standard error of every cell."""
        self.solve(share)
        return self.values()

    def __init__(self, persons: Persons, rows: IntArray, education: IntArray, width: int) -> None:
        self.persons, self.rows = persons, rows
        # Column of the known education of each person, -1 for none.
        self.education, self.width = education[rows], width
        self.weight = persons.weight[rows]

    def columns(self, values: FloatArray) -> npt.NDArray[np.float32]:
        """Return x·values for each person and alternative, (n, 5, 2)."""
        n = self.fixed.shape[1]
        status = np.concatenate([[0], values[n : n + 4]])
        education = np.concatenate([values[n + 4 :], [0]])[self.education]
        out = np.empty((len(self.rows), 5, 2), _LOW)
        out[:] = ((self.fixed @ values[:n])[:, None] + status)[:, :, None]
        out[:, :, 1] += education[:, None].astype(_LOW)
        return out

    def total(self, share: npt.NDArray[np.float32]) -> FloatArray:
        """Return Σ weight · x · share over persons and alternatives."""
        by_status, known = share.sum(axis=2), share[:, :, 1].sum(axis=1)
        education = np.bincount(self.education + 1, self.weight * known, minlength=self.width + 1)[1:]
        fixed = self.fixed.T @ (self.weight * by_status.sum(axis=1))
        return np.concatenate([fixed, (self.weight @ by_status)[1:], education])

    def products(self, share: npt.NDArray[np.float32]) -> FloatArray:
        """Return Σ weight · x x′ · share over persons and alternatives."""
        by_status, known = share.sum(axis=2)[:, 1:], share[:, :, 1]
        n, width = self.fixed.shape[1], self.width
        one_hot = (self.education[:, None] == np.arange(width)) * self.weight[:, None]
        knows = one_hot * known.sum(axis=1)[:, None]
        weighted = self.fixed * self.weight[:, None]
        out = np.zeros((n + 4 + width, n + 4 + width))
        out[:n, :n] = (weighted * share.sum(axis=(1, 2))[:, None]).T @ self.fixed
        out[:n, n : n + 4] = weighted.T @ by_status
        out[:n, n + 4 :] = self.fixed.T @ knows
        out[n : n + 4, n : n + 4] = np.diag(self.weight @ by_status)
        out[n : n + 4, n + 4 :] = known[:, 1:].T @ one_hot
        out[n + 4 :, n + 4 :] = np.diag(knows.sum(axis=0))
        return np.asarray(np.triu(out) + np.triu(out, 1).T)


class Linear(_Model):
    """A linear probability model: least squares on expected outcomes."""

    def solve(self, share: npt.NDArray[np.float32]) -> None:
        """Find the coefficients where alternatives have the chances `share` (of the model's persons)."""
        self.inverse = np.asarray(np.linalg.inv(self.products(share)), dtype=np.float64)
        self.fits = {}
        alive = self.persons.alive[self.rows, None, None].astype(_LOW)
        for outcome in {cell.outcome for cell in self.cells}:
            expected = self.persons.outcomes[outcome][self.rows] * alive
            sums = self.total(expected * share)
            b = self.inverse @ sums
            # The first column is the constant, and outcomes are 0 or 1: its sum is that of their squares.
            variance = max(float(sums[0] - b @ sums) / float(self.weight.sum()), 1e-9)
            self.fits[outcome] = b, expected, np.sqrt(variance * np.diag(self.inverse))

    def values(self) -> list[tuple[float, float]]:
        """Return estimate and standard error of every cell."""
        return [
            (self.fits[c.outcome][0][c.position], self.fits[c.outcome][2][c.position]) for c in self.cells
        ]

    def influences(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield for every cell what a unit of weight on each alternative adds to it."""
        residual = {o: expected - self.columns(b) for o, (b, expected, _) in self.fits.items()}
        for cell in self.cells:
            yield residual[cell.outcome] * self.columns(self.inverse[cell.position])


class Logit(_Model):
    """A trinomial logit: one Newton step from the printed coefficients, on expected outcomes."""

    printed: FloatArray

    def solve(self, share: npt.NDArray[np.float32]) -> None:
        """Find the coefficients where alternatives have the chances `share` (of the model's persons)."""
        if not hasattr(self, "residual"):
            odds = np.exp([self.columns(b) for b in self.printed])
            self.law = odds / (1 + odds.sum(axis=0))
            self.residual = self.persons.outcomes[:2, self.rows] - self.law
        share = share * self.persons.alive[self.rows, None, None].astype(_LOW)
        information = np.block([
            [self.products(share * self.law[a] * ((a == c) - self.law[c])) for c in (0, 1)] for a in (0, 1)
        ])  # fmt: skip
        self.information, self.inverse = information, np.linalg.inv(information)
        score = np.concatenate([self.total(share * residual) for residual in self.residual])
        self.step = self.inverse @ score

    def fit(self, share: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
        """Fit by maximum likelihood, from the printed coefficients on; return the cells as `values` does.

        Raises
        ------
        numpy.linalg.LinAlgError
            If it does not converge in 25 steps, as when a group has no events.
        """
        truth = self.printed
        for _ in range(25):
            self.solve(share)
            self.printed = self.printed + self.step.reshape(2, -1)
            del self.residual
            if not np.abs(self.printed).max() < 30:
                break
            if np.abs(self.step).max() < 1e-6:
                self.estimate, self.printed = self.printed, truth
                error = np.sqrt(np.diag(self.inverse)).reshape(2, -1)
                places = [(cell.outcome, cell.position) for cell in self.cells]
                return [(float(self.estimate[place]), float(error[place])) for place in places]
        raise np.linalg.LinAlgError(f"The logit of table {self.scope} does not converge.")

    def distance_from_print(self) -> float:
        """Return (b − β)′ V⁻¹ (b − β), after `fit`."""
        off = (self.estimate - self.printed).ravel()
        return float(off @ self.information @ off)

    def _place(self, cell: _Cell) -> int:
        return cell.outcome * len(self.names) + cell.position

    def values(self) -> list[tuple[float, float]]:
        """Return estimate and standard error of every cell."""
        places = [self._place(cell) for cell in self.cells]
        error = np.sqrt(np.diag(self.inverse))
        return [(c.printed + self.step[i], error[i]) for c, i in zip(self.cells, places, strict=True)]

    def influences(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield for every cell what a unit of weight on each alternative adds to it."""
        k = len(self.names)
        alive = self.persons.alive[self.rows, None, None].astype(_LOW)
        residual = self.residual * alive
        for cell in self.cells:
            row = self.inverse[self._place(cell)]
            yield residual[0] * self.columns(row[:k]) + residual[1] * self.columns(row[k:])


class Totals(_Model):
    """Shares of residents of 15-74 that must stay plausible: nothing is printed of the statuses."""

    def __init__(self, persons: Persons) -> None:
        super().__init__(persons, np.flatnonzero(persons.age <= 74), persons.groups["education"] - 1, 5)
        self.spec, self.scope, self.names = "totals", "", list(p.PLAUSIBLE_SHARES)
        self.cells = [
            _Cell("totals", term, 1, place, share, False)
            for place, (term, share) in enumerate(p.PLAUSIBLE_SHARES.items())
        ]
        counted = np.zeros((len(self.cells), 1, 5, 2), _LOW)
        counted[0, 0, [1, 2]] = counted[1, 0, [2, 3]] = counted[2, 0, 3] = counted[3, 0, 4] = 1
        counted[4, ..., 0] = 1
        self.counted = counted

    def solve(self, share: npt.NDArray[np.float32]) -> None:
        """Find the shares where alternatives have the chances `share` (of the model's persons)."""
        by_person = (self.counted * share[None]).sum(axis=(2, 3))
        self.found = by_person @ self.weight / self.weight.sum()

    def values(self) -> list[tuple[float, float]]:
        """Return share and tolerance of every total."""
        return [(float(share), 0.002) for share in self.found]

    def influences(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield for every total what a unit of weight on each alternative adds to it."""
        for counted, share in zip(self.counted, self.found, strict=True):
            yield np.broadcast_to((counted - share) / self.weight.sum(), (len(self.rows), 5, 2)).astype(_LOW)


class Students(_Model):
    """Emigrants among those who work and study, by level and sex: the rarest group of tables E1-E8.

    How many there are shows in the printed standard error, whose square is about one over their number.
    """

    def __init__(self, persons: Persons) -> None:
        super().__init__(persons, np.arange(len(persons.age)), persons.groups["education"] - 1, 5)
        self.spec, self.scope = "students", ""
        rows = p.published("published_mnl")
        rows = rows[(rows["model_type"] == "3") & (rows["equation"] == "emigration")]
        rows = rows[rows["term"] == "status_employed_in_education"]
        number = (rows["t_value"].astype(float) / rows["estimate"].astype(float)) ** 2
        self.names = list(rows["table_id"])
        self.cells = [
            _Cell("students", table, 1, place, float(printed), False)
            for place, (table, printed) in enumerate(zip(self.names, number, strict=True))
        ]
        g = persons.groups
        # E1-E4 are women on levels 1-4, E5-E8 men.
        self.group = np.array([int(name[1:]) - 1 for name in self.names])
        self.of_person = 4 * g["sex"] + g["level"]
        self.chance = persons.outcomes[1][:, 2] * persons.alive[:, None].astype(_LOW)

    def solve(self, share: npt.NDArray[np.float32]) -> None:
        """Find the numbers where alternatives have the chances `share`."""
        expected = self.weight * (share[:, 2] * self.chance).sum(axis=1)
        self.found = np.bincount(self.of_person, expected, minlength=8)[self.group]

    def values(self) -> list[tuple[float, float]]:
        """Return number and tolerance, an eighth of it, of every group."""
        return [(float(n), cell.printed / 8) for n, cell in zip(self.found, self.cells, strict=True)]

    def influences(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield for every group what a unit of weight on each alternative adds to it."""
        for group in self.group:
            out = np.zeros((len(self.rows), 5, 2), _LOW)
            inside = self.of_person == group
            out[inside, 2] = self.chance[inside]
            yield out


def _cells(rows: pd.DataFrame, names: list[str], outcomes: pd.Series) -> list[_Cell]:
    return [
        _Cell(
            table,
            term,
            _OUTCOMES.index(outcome),
            names.index(term),
            float(estimate),
            is_held_out(table, term),
        )
        for table, term, outcome, estimate in zip(
            rows["table_id"], rows["term"], outcomes, rows["estimate"], strict=True
        )
    ]


def models(persons: Persons, *, drawn: bool = False) -> list[_Model]:
    """Return tables 5.1-5.31, D1-D4 and 6.1; where outcomes are drawn also E1-E8, and cells of who stays."""
    g, age = persons.groups, persons.age
    total, alike = persons.family_total, persons.groups["kind"] == 1
    fixed: dict[str, npt.NDArray[Any]] = {"constant": np.ones(len(age)), "male": g["sex"]}
    fixed |= {
        "age_15_24": age <= 24,
        "age_25_35": (age >= 25) & (age <= 35),
        "age_36_61": (age >= 36) & (age <= 61),
    }
    for i, name in enumerate(("residence_0_2", "residence_3_5", "residence_6_10", "residence_11_15")):
        fixed[name] = g["residence"] == i
    for i, name in enumerate(p.BACKGROUNDS):
        fixed[name] = fixed[f"bg_{name}"] = g["background"] == i
    for size in range(1, 5):
        fixed[f"family_{size}"] = total == size
        fixed[f"family_{size}_immigrants_only"] = (total == size) & alike
    fixed["family_5plus_immigrants_only"] = (total >= 5) & alike
    for level in (1, 2, 3):
        fixed[f"centrality_{level}"] = g["level"] == level - 1
    fixed |= {"age": age, "age_sq_scaled": (age / 10) ** 2, "female": g["sex"] == 0}
    fixed |= {"family_total": total, "family_immigrants": persons.family_immigrants}

    def columns(names: tuple[str, ...], rows: IntArray) -> FloatArray:
        return np.column_stack([fixed[name][rows] for name in names]).astype(np.float64)

    out: list[_Model] = [] if drawn else [Totals(persons), Students(persons)]
    printed = p.published("published_lpm")
    counties = sorted(printed.loc[printed["spec"] == "county_background", "scope_code"].unique())
    for (spec, scope), rows in printed.groupby(["spec", "scope_code"], sort=False):
        by_county = spec == "county_background"
        within = g["county"] == counties.index(scope) if by_county else g["level"] == int(scope) - 1
        if spec == "family_composition":
            within = within & (total >= 2)
        if not drawn:
            # Stay is what the two others leave, but for deaths.
            rows = rows[rows["outcome"] != "stay"]
        outcomes = rows["outcome"]
        if by_county:
            outcomes = outcomes.replace({"internal_outmigration": "county_move", "stay": "stay_in_county"})
        linear = Linear(persons, np.flatnonzero(within & (age <= 74)), _LINEAR_EDUCATION[g["education"]], 4)
        names = (*_CONTROLS, *_FAMILIES[spec])
        linear.spec, linear.scope, linear.fixed = spec, scope, columns(names, linear.rows)
        linear.names = [*names, *p.STATUSES[1:], *_LINEAR_NAMES]
        linear.cells = _cells(rows, linear.names, outcomes)
        out.append(linear)
    printed = p.published("published_mnl")
    common = (
        "constant",
        "age",
        "age_sq_scaled",
        "female",
        *_CONTROLS[5:9],
        *(f"bg_{b}" for b in p.BACKGROUNDS[1:]),
    )
    common = (*common, "family_total", "family_immigrants")
    statuses = [f"status_{name}" for name in p.STATUSES[1:]]
    for table, rows in printed.groupby("table_id", sort=False):
        kind, level, sex = (rows[name].iloc[0] for name in ("model_type", "centrality_level", "sex"))
        if kind == "3" and not drawn:
            continue
        names = (*common, "centrality_1", "centrality_2", "centrality_3") if kind == "1" else common
        within = np.ones(len(age), bool) if kind == "1" else g["level"] == int(level) - 1
        if kind == "3":
            names = tuple(name for name in names if name != "female")
            within = within & (g["sex"] == (sex == "male"))
        logit = Logit(persons, np.flatnonzero(within), g["education"] - 1, 5)
        logit.spec, logit.scope = kind, table
        logit.fixed = columns(names, logit.rows)
        logit.names = [*names, *statuses, *(f"education_{k}" for k in range(1, 6))]
        logit.cells = _cells(rows, logit.names, rows["equation"])
        logit.printed = np.zeros((2, len(logit.names)))
        for cell in logit.cells:
            logit.printed[cell.outcome, cell.position] = cell.printed
        out.append(logit)
    return out


class Fit:
    """Tilts as one vector, and the printed cells as functions of it, around the tilts that `persons` have."""

    def __init__(self, persons: Persons) -> None:
        self.persons = persons
        self.models = models(persons)
        parts, self.places = [], {}
        width = 0
        for first, second in tilts.PAIRS:
            size = tilts.SIZES[first] * tilts.SIZES[second]
            self.places[(first, second)] = slice(width, width + size)
            position = persons.groups[first] * tilts.SIZES[second] + persons.groups[second]
            ones = np.ones(len(position), _LOW)
            parts.append(
                sparse.csr_matrix((ones, (np.arange(len(position)), position)), (len(position), size))
            )
            width += size
        self.features = sparse.hstack(parts).tocsr()
        self.by_model = [self.features[model.rows].T.tocsr() for model in self.models]
        self.width = width
        self.start = self.vector(tilts.tables())

    def vector(self, tables: dict[tuple[str, str], FloatArray]) -> FloatArray:
        """Return tables of tilts as one vector: statuses and known education by pair, then the rest."""
        plain = np.concatenate([tables[pair][..., :5].reshape(-1, 5) for pair in tilts.PAIRS])
        rest = [tables[pair][..., 4].ravel() for pair in tilts.PAIRS_OF_STATUS]
        return np.concatenate([plain.ravel(), *rest, tables[("county", "background")][..., 5].ravel()])

    def tables(self, vector: FloatArray) -> dict[tuple[str, str], FloatArray]:
        """Return a vector of tilts as tables."""
        out = {
            pair: np.zeros((tilts.SIZES[pair[0]], tilts.SIZES[pair[1]], len(tilts.COLUMNS)))
            for pair in (*tilts.PAIRS, *tilts.PAIRS_OF_STATUS)
        }
        plain, end = vector[: 5 * self.width].reshape(-1, 5), 5 * self.width
        for pair, place in self.places.items():
            out[pair][..., :5] = plain[place].reshape(*out[pair].shape[:2], 5)
        for pair in tilts.PAIRS_OF_STATUS:
            size = out[pair][..., 4].size
            out[pair][..., 4] = vector[end : end + size].reshape(out[pair].shape[:2])
            end += size
        out[("county", "background")][..., 5] = vector[end:].reshape(out[("county", "background")].shape[:2])
        return out

    def chances(self, vector: FloatArray) -> npt.NDArray[np.float32]:
        """Return the chances of the alternatives of every person, (n, 5, 2); sets those of county moves."""
        persons, change = self.persons, vector - self.start
        plain = self.features @ change[: 5 * self.width].reshape(-1, 5)
        tables = self.tables(change)
        status = persons.status.copy()
        status[:, 1:] *= np.exp(plain[:, :4])
        status /= status.sum(axis=1, keepdims=True)
        g = persons.groups
        odds = plain[:, 4, None] + tables[("level", "status")][g["level"], :, 4]
        odds = np.exp(odds + tables[("education", "status")][g["education"], :, 4])
        known = persons.known * odds / (persons.known * odds + 1 - persons.known)
        if not hasattr(self, "plain_county_moves"):
            self.plain_county_moves = persons.outcomes[2].copy()
            self.stays = 1 - persons.outcomes[0] - persons.outcomes[1]
        rate = persons.further * np.expm1(tables[("county", "background")][g["county"], g["background"], 5])
        persons.outcomes[2] = self.plain_county_moves + self.stays * rate[:, None, None].astype(_LOW)
        self.status, self.known = status.astype(_LOW), known.astype(_LOW)
        return np.stack([self.status * (1 - self.known), self.status * self.known], axis=2)

    def _derivative(self, number: int, influence: npt.NDArray[np.float32]) -> FloatArray:
        """Return how a cell changes with the tilts, by what each alternative adds to it; no county moves."""
        model = self.models[number]
        status, known = self.status[model.rows], self.known[model.rows]
        weight = model.weight[:, None].astype(_LOW)
        by_status = (1 - known) * influence[:, :, 0] + known * influence[:, :, 1]
        to_status = weight * status * (by_status - (status * by_status).sum(axis=1, keepdims=True))
        to_known = weight * status * known * (1 - known) * (influence[:, :, 1] - influence[:, :, 0])
        both = np.column_stack([to_status[:, 1:], to_known.sum(axis=1)])
        g = self.persons.groups
        rest = []
        for first in ("level", "education"):
            table = np.zeros((tilts.SIZES[first], 5))
            for value in range(tilts.SIZES[first]):
                table[value] = to_known[g[first][model.rows] == value].sum(axis=0)
            rest.append(table.ravel())
        county = np.zeros(tilts.SIZES["county"] * tilts.SIZES["background"])
        return np.concatenate([(self.by_model[number] @ both).ravel(), *rest, county])

    def _county_derivative(
        self, model: _Model, share: npt.NDArray[np.float32], columns: npt.NDArray[np.float32]
    ) -> FloatArray:
        persons, rows = self.persons, model.rows
        g = persons.groups
        county, background = g["county"][rows], g["background"][rows]
        change = self.tables(self.current - self.start)[("county", "background")][county, background, 5]
        rate = model.weight * persons.alive[rows] * persons.further[rows] * np.exp(change)
        moved = (share * self.stays[rows] * columns).sum(axis=(1, 2)) * rate
        size = tilts.SIZES["background"]
        total = np.bincount(county * size + background, moved, minlength=tilts.SIZES["county"] * size)
        return np.asarray(total, dtype=np.float64)

    def linearise(self, vector: FloatArray, derivatives: bool = True) -> tuple[pd.DataFrame, FloatArray]:
        """Return every cell at `vector`, and its derivative in the tilts in units of its tolerance."""
        share = self.chances(vector)
        self.current = vector
        rows, matrix = [], []
        for number, model in enumerate(self.models):
            model.solve(share[model.rows])
            for cell, found in zip(model.cells, model.values(), strict=True):
                place = cell.table_id, model.spec, model.scope, cell.term, _OUTCOMES[cell.outcome]
                rows.append((*place, cell.printed, *found, cell.held_out))
            if not derivatives:
                continue
            for cell, influence in zip(model.cells, model.influences(), strict=True):
                row = self._derivative(number, influence)
                if cell.outcome == 2:
                    columns = model.columns(model.inverse[cell.position])
                    size = tilts.SIZES["county"] * tilts.SIZES["background"]
                    row[-size:] = self._county_derivative(model, share[model.rows], columns)
                matrix.append(row)
        names = ["table_id", "spec", "scope", "term", "outcome", "printed", "estimate", "error", "held_out"]
        cells = pd.DataFrame(rows, columns=names)
        tolerance = np.hypot(cells["error"], ROUNDING)
        cells["z"] = (cells["estimate"] - cells["printed"]) / tolerance
        # The chance that the interval of a draw, widened by rounding, holds the printed value.
        off, reach = (cells["estimate"] - cells["printed"]) / cells["error"], 1.96 + 0.0005 / cells["error"]
        cells["covered"] = ndtr(reach - off) - ndtr(-reach - off)
        return cells, np.array(matrix) / tolerance.to_numpy()[:, None] if derivatives else np.empty(0)

    def improve(self, vector: FloatArray, rounds: int) -> FloatArray:
        """Return better tilts than `vector`: steps that shorten until they help."""

        def loss(cells: pd.DataFrame, at: FloatArray) -> float:
            return float((weight * cells.loc[fitted, "z"] ** 2).sum() + RIDGE * at @ at)

        damping = 3.0
        cells, matrix = self.linearise(vector)
        fitted = ~cells["held_out"].to_numpy()
        weight = np.where(cells.loc[fitted, "table_id"] == "6.1", WEIGHT_OF_EVERYONE, 1.0)
        print(summary(cells), flush=True)
        for _ in range(rounds):
            a = matrix[fitted] * np.sqrt(weight)[:, None]
            gap, now = cells["z"].to_numpy()[fitted] * np.sqrt(weight), loss(cells, vector)
            products = a @ a.T
            for _ in range(4):
                total = RIDGE + damping
                shrink = vector * RIDGE / total
                solved = np.linalg.solve(products + total * np.eye(len(a)), gap - a @ shrink)
                # Three digits, as they are written: the last ones of a sum are the machine's.
                better = np.round(vector - a.T @ solved - shrink, 3)
                found = loss(self.linearise(better, derivatives=False)[0], better)
                if found < now:
                    damping /= 4
                    break
                damping *= 4
            else:
                return vector
            vector = better
            print(f"loss {now:.1f} -> {found:.1f}, largest tilt {np.abs(vector).max():.2f}", flush=True)
            cells, matrix = self.linearise(vector)
            print(summary(cells), flush=True)
        return vector


def summary(cells: pd.DataFrame) -> str:
    """Return how many cells are expected to be covered, by kind of model, fitted and held out."""
    table = cells.pivot_table("covered", "spec", "held_out", aggfunc=["mean", "size"]).round(3)
    distance = (cells["z"] ** 2).groupby(cells["held_out"]).mean().round(2).to_dict()
    return f"{table.to_string()}\nmean squared distance, held out or not: {distance}"


def write(tables: dict[tuple[str, str], FloatArray], path: Path = tilts.TABLE) -> None:
    """Write tables of tilts, three digits, without rows of zeros."""
    rows = [
        (
            *pair,
            tilts.VALUES[pair[0]][first],
            tilts.VALUES[pair[1]][second],
            *np.round(table[first, second], 3),
        )
        for pair, table in tables.items()
        for first, second in np.ndindex(*table.shape[:2])
        if np.abs(table[first, second]).max() >= 0.0005
    ]
    columns = ["first", "second", "value_of_first", "value_of_second", *tilts.COLUMNS]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False, lineterminator="\n")


def find(scale: float, seed: int) -> dict[tuple[str, str], FloatArray]:
    """Return the tilts, found from nothing: the same arguments give the same.

    Parameters
    ----------
    scale
        What the scales of `STAGES` are multiplied by.
    seed
        Of the lives.
    """
    found = tilts.none()
    for number, (of_stage, rounds) in enumerate(STAGES, 1):
        print(
            f"Stage {number} of {len(STAGES)}: lives at scale {scale * of_stage:g}, {rounds} steps ...",
            flush=True,
        )
        with tilts.used(found):
            fit = Fit(simulated_persons(scale * of_stage, seed))
            found = fit.tables(fit.improve(fit.start, rounds))
    return found


def main() -> None:
    """Find how covariates go together so that the printed tables come out; write it as tilts."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--seed", type=int, default=2016, help="of the lives (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 for a try (default: %(default)s)")
    arguments = parser.parse_args()
    if not arguments.out.parent.is_dir():
        parser.error(f"there is no folder {arguments.out.parent}: make it, or name another file with --out.")
    if not 0.1 <= arguments.scale <= 1:
        parser.error(f"--scale is a number from 0.1 to 1, not {arguments.scale:g}.")
    write(find(arguments.scale, arguments.seed), arguments.out)
    print(f"Wrote {arguments.out}. Next: python -m utvandring.simulation.coverage --tilts {arguments.out}")


if __name__ == "__main__":
    main()
