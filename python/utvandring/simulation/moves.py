"""Where people go within Norway, and who goes with whom."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from utvandring.simulation import parameters as p
from utvandring.simulation import tilts
from utvandring.simulation.geography import Geography
from utvandring.simulation.outcomes import EMIGRATION, INTERNAL, STAY
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import NO_ONE, BoolArray, IntArray, Population

NOWHERE = -1
MunicipalityArray = npt.NDArray[np.int16]

SIZES = ("1", "2", "3+")
TYPES = ("immigrants_only", "mixed_immigrant_majority", "mixed_equal", "mixed_immigrant_minority")


def draw_places(weight: FloatArray, n: int, rng: np.random.Generator) -> IntArray:
    """Draw `n` positions with probability proportional to `weight`."""
    edges = np.cumsum(weight)
    return np.asarray(np.searchsorted(edges, rng.random(n) * edges[-1], side="right"))


def other_level(origin: MunicipalityArray, geo: Geography, rng: np.random.Generator) -> MunicipalityArray:
    """Draw a municipality of another centrality level; two in five stay in the county where it has one."""
    destination = np.empty(len(origin), dtype=np.int16)
    weight = geo.municipality_target
    for level in range(1, 5):
        rows = np.flatnonzero(geo.level[origin] == level)
        destination[rows] = draw_places(np.where(geo.level == level, 0.0, weight), len(rows), rng)
    near = rng.random(len(origin)) < p.STAYS_IN_COUNTY
    cells = geo.cell[origin]
    for cell in np.unique(cells):
        candidates = (geo.county == cell // 4) & (geo.level != cell % 4 + 1)
        if candidates.any():
            rows = np.flatnonzero(near & (cells == cell))
            destination[rows] = draw_places(np.where(candidates, weight, 0.0), len(rows), rng)
    return destination


def other_county(origin: MunicipalityArray, geo: Geography, rng: np.random.Generator) -> MunicipalityArray:
    """Draw a municipality of the same centrality level in another county."""
    destination = np.empty(len(origin), dtype=np.int16)
    weight = geo.municipality_target
    cells = geo.cell[origin]
    for cell in np.unique(cells):
        rows = np.flatnonzero(cells == cell)
        candidates = (geo.county != cell // 4) & (geo.level == cell % 4 + 1)
        destination[rows] = draw_places(np.where(candidates, weight, 0.0), len(rows), rng)
    return destination


def other_municipality(
    origin: MunicipalityArray, geo: Geography, rng: np.random.Generator
) -> MunicipalityArray:
    """Draw another municipality of the same county and level; `NOWHERE` where there is no other."""
    destination = np.full(len(origin), NOWHERE, dtype=np.int16)
    cells = geo.cell[origin]
    for cell in np.unique(cells):
        inside = np.flatnonzero(geo.cell == cell)
        if len(inside) > 1:
            rows = np.flatnonzero(cells == cell)
            drawn = inside[draw_places(geo.weight[inside], len(rows), rng)]
            destination[rows] = np.where(drawn == origin[rows], NOWHERE, drawn)
    return destination


def take_family_along(
    pop: Population, outcome: npt.NDArray[np.int8], destination: MunicipalityArray, base_year: int,
    rng: np.random.Generator,
) -> IntArray:  # fmt: skip
    """Let children and part of the non-immigrant partners follow; return whom each person follows (or -1).

    A child under 15, or a non-immigrant child at home, goes with the parents it lives with: with the one who
    moved, or else with the one who emigrated. Where one parent stays, half of the families let the children
    stay as well: so a child leaves about as often as its parents do, although these are drawn independently.
    """
    leader = np.full(len(pop), NO_ONE, dtype=np.int64)
    partnered = np.flatnonzero((outcome == STAY) & ~pop.immigrant & (pop.partner >= 0) & (pop.home == NO_ONE))
    with_whom = pop.partner[partnered]
    u = rng.random(len(partnered))
    moves = (outcome[with_whom] == INTERNAL) & (u < p.PARTNER_FOLLOWS_MOVE)
    leaves = (outcome[with_whom] == EMIGRATION) & (u < p.PARTNER_FOLLOWS_ABROAD)
    leader[partnered[moves | leaves]] = with_whom[moves | leaves]
    outcome[partnered[moves]] = INTERNAL
    outcome[partnered[leaves]] = EMIGRATION
    destination[partnered[moves]] = destination[with_whom[moves]]

    dependent = (pop.age(base_year) < 15) | ~pop.immigrant
    child = np.flatnonzero((outcome == STAY) & dependent & (pop.home >= 0))
    parent = pop.home[child]
    other = pop.partner[parent]
    has_other = other >= 0
    one_stays = (outcome[parent] == STAY) | (has_other & (outcome[other] == STAY))
    goes_along = (rng.random(len(pop)) < p.CHILDREN_FOLLOW_ONE_PARENT)[pop.head[child]]
    left_behind = ~one_stays | goes_along
    child, parent, other, has_other = (a[left_behind] for a in (child, parent, other, has_other))
    for wanted in (INTERNAL, EMIGRATION):
        free = outcome[child] == STAY
        by_parent = free & (outcome[parent] == wanted)
        by_other = free & ~by_parent & has_other & (outcome[other] == wanted)
        for rows, who in ((by_parent, parent), (by_other, other)):
            outcome[child[rows]] = wanted
            destination[child[rows]] = destination[who[rows]]
            leader[child[rows]] = who[rows]
            pop.home[child[rows]] = who[rows]
    return leader


@cache
def county_rates() -> FloatArray:
    """Return county moves per person of tables 4.1-4.3 as [table, background, size, type].

    Tables: 0 all ages, 1 aged 20-35, 2 the three kinds of mixed families of 3+ (table 4.3, with the rows
    that are probably interchanged put back; see the notes on the printed numbers). Not printed: NaN.
    """
    rates = np.full((3, len(p.BACKGROUNDS), len(SIZES), len(TYPES)), np.nan)
    swapped = {"refuge": "family", "family": "refuge", "education": "nordic", "nordic": "education"}
    rows = p.published("published_rates")
    rows = rows[(rows["outcome"] == "internal_outmigration") & rows["rate_percent"].notna()]
    for table, background, size, kind, rate in rows[
        ["table_id", "immigration_background", "family_size", "family_type", "rate_percent"]
    ].itertuples(index=False):
        if kind == "all":
            continue
        name = swapped.get(background, background) if table == "4.3" else background
        places = [0] if kind == "immigrants_only" else [1, 2, 3] if kind == "mixed" else [TYPES.index(kind)]
        rates[int(table[-1]) - 1, p.BACKGROUNDS.index(name), SIZES.index(size), places] = float(rate) / 100
    return rates


def family_cell(pop: Population, people: IntArray) -> tuple[IntArray, IntArray]:
    """Return the position in `SIZES` and in `TYPES` of the family of `people` (immigrants)."""
    total, immigrants = pop.family_counts()
    total, immigrants = total[people], immigrants[people]
    size = np.minimum(total, 3) - 1
    kind = np.select(
        [immigrants == total, 2 * immigrants > total, 2 * immigrants == total], [0, 1, 2], default=3
    )
    return size, kind


def rates_of_further_moves(
    pop: Population, outcome: npt.NDArray[np.int8], destination: MunicipalityArray, base_year: int,
    geo: Geography,
) -> FloatArray:  # fmt: skip
    """Return by reference person the chance that those of a family who stay in their level leave the county.

    The rate is what is missing from the county moves of tables 4.1-4.3 once the moves between levels that
    cross a county border are counted; `tilts.csv` says from which counties there are more of them.
    """
    immigrants = np.flatnonzero(pop.immigrant & (outcome >= STAY))
    size, kind = family_cell(pop, immigrants)
    age = pop.age(base_year)[immigrants]
    young = ((age >= 20) & (age <= 35)).astype(np.int64)
    background = pop.background[immigrants].astype(np.int64)
    wanted = _raked_rates(background, size, kind, young)
    cell = np.ravel_multi_index((background, size, kind, young), wanted.shape)
    county = geo.county[pop.municipality[immigrants]]
    relative = np.exp(tilts.tilts_of_county_moves(county, background))
    moving = destination[immigrants] >= 0
    crossing = np.zeros(len(immigrants))
    crossing[moving] = geo.county[destination[immigrants[moving]]] != county[moving]
    staying = (outcome[immigrants] == STAY) & ~moving
    n_all = np.bincount(cell, minlength=wanted.size)
    missing = wanted.ravel() * n_all - np.bincount(cell, crossing, minlength=wanted.size)
    weight = np.bincount(cell, np.where(staying, relative, 0.0), minlength=wanted.size)
    rate = missing / np.maximum(weight, 1)

    stayers = np.flatnonzero((outcome == STAY) & (destination == NOWHERE))
    own = np.full(len(pop), np.nan)
    own[immigrants] = np.clip(rate[cell] * relative, 0, 0.5)
    heads = pop.head[stayers]
    counted = ~np.isnan(own[stayers])
    members = np.bincount(heads[counted], minlength=len(pop))
    total = np.bincount(heads[counted], own[stayers[counted]], minlength=len(pop))
    return np.where(members > 0, total / np.maximum(members, 1), p.MOVES_OF_NON_IMMIGRANTS)


def further_moves(
    pop: Population, outcome: npt.NDArray[np.int8], destination: MunicipalityArray, base_year: int,
    geo: Geography, rng: np.random.Generator,
) -> None:  # fmt: skip
    """Draw moves inside a centrality level among those who stay in it, a family at a time.

    Such a move leaves the outcome at level `STAY`.
    """
    family_rate = rates_of_further_moves(pop, outcome, destination, base_year, geo)
    stayers = np.flatnonzero((outcome == STAY) & (destination == NOWHERE))
    heads = pop.head[stayers]
    u = rng.random(len(pop))
    families = np.unique(heads)
    to_county = families[u[families] < family_rate[families]]
    rest = (u[families] >= family_rate[families]) & (
        u[families] < (1 + p.WITHIN_COUNTY) * family_rate[families]
    )
    within = families[rest]
    target = np.full(len(pop), NOWHERE, dtype=np.int16)
    # The reference person may have left this year: the family starts from where its stayers live.
    place = np.zeros(len(pop), dtype=np.int16)
    place[heads] = pop.municipality[stayers]
    target[to_county] = other_county(place[to_county], geo, rng)
    target[within] = other_municipality(place[within], geo, rng)
    destination[stayers] = target[heads]


def chance_of_crossing(geo: Geography) -> FloatArray:
    """Return the chance that a move to another level leaves the county, by cell of county and level."""
    weight = geo.municipality_target
    cells = np.unique(geo.cell)
    crossing = np.zeros(int(cells.max()) + 1)
    for cell in cells:
        elsewhere = np.where(geo.level != cell % 4 + 1, weight, 0.0)
        near = elsewhere[geo.county == cell // 4].sum()
        crossing[cell] = (1 - p.STAYS_IN_COUNTY * (near > 0)) * (1 - near / elsewhere.sum())
    return crossing


def _raked_rates(background: IntArray, size: IntArray, kind: IntArray, young: IntArray) -> FloatArray:
    """Return county rates per [background, size, type, aged 20-35] that agree with tables 4.1-4.3 at once."""
    printed = county_rates()
    shape = (*printed.shape[1:], 2)
    cell = np.ravel_multi_index((background, size, kind, young), shape)
    n = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
    rate = np.repeat(np.nan_to_num(printed[0])[..., None], 2, axis=3)
    rate[..., 1] = np.nan_to_num(printed[1])

    def scale(chosen: BoolArray, target: float) -> None:
        weight = n[chosen].sum()
        mean = (n[chosen] * rate[chosen]).sum() / weight if weight > 0 else 0.0
        if mean > 0 and target > 0:
            rate[chosen] *= target / mean

    b, s, t, y = np.indices(shape)
    margins: list[tuple[BoolArray, float]] = []
    for group, one_size in product(range(shape[0]), range(shape[1])):
        here = (b == group) & (s == one_size)
        for first, types in ((0, t == 0), (1, t > 0)):
            if not np.isnan(printed[0, group, one_size, first]):
                margins.append((here & types, printed[0, group, one_size, first]))
                margins.append((here & types & (y == 1), printed[1, group, one_size, first]))
        if one_size == 2:
            margins += [(here & (t == kind_of), printed[2, group, 2, kind_of]) for kind_of in (1, 2, 3)]
    for _ in range(30):
        for chosen, target in margins:
            scale(chosen, target)
    return np.asarray(np.minimum(rate, 0.5))
