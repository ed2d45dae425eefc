"""Alignment of the simulated world to published totals, by option: emigrations by year and citizenship.

What microsimulation calls alignment: the odds of emigration of everybody of one citizenship are multiplied by
one factor a year, and those of everybody of one part of the country by another, found by trying again with
the same draws, until as many leave as the totals say. Outcome
year 2013 is left alone: there tables E1-E8 decide. What is missing of a total is filled with persons who come
and leave within the year.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from utvandring.simulation import parameters as p
from utvandring.simulation.geography import geography
from utvandring.simulation.parameters import FloatArray
from utvandring.simulation.population import NO_ONE, IntArray, Population, pseudonym

ALL, NORWEGIAN, FOREIGN = "all", "norwegian", "foreign"
NORWAY = 0
FOLDER = resources.files("utvandring.simulation")
_COLUMNS = ("year", "citizenship", "emigrations")
_RANK_BITS = 40


@dataclass(frozen=True)
class Alignment:
    """Emigrations wanted at scale 1, by year and citizenship.

    Attributes
    ----------
    totals : `(year, citizenship)` with the number: `all`, `norwegian`, `foreign`, or a three-digit country.
    """

    totals: Mapping[tuple[int, str], float]

    @cached_property
    def countries(self) -> tuple[int, ...]:
        """Citizenships with totals of their own, by code."""
        return tuple(sorted({int(of) for _, of in self.totals if of.isdigit()}))

    def groups(self, citizenship: npt.NDArray[np.int16]) -> IntArray:
        """Return the position in `wanted` of each citizenship: Norwegian, the countries, all others."""
        codes = np.array([NORWAY, *self.countries])
        place = np.minimum(np.searchsorted(codes, citizenship), len(codes) - 1)
        return np.where(codes[place] == citizenship, place, len(codes)).astype(np.int64)

    def wanted(self, year: int) -> FloatArray:
        """Return the emigrations of `year`: Norwegian citizens, each country, other foreign citizens.

        Years without a number are interpolated: the total, the share of foreign citizens in it, and the share
        of each country among them, each straight between the years that have one and level outside them.
        """
        share = self._between(year, self._foreign_shares)
        everybody = self._between(year, self._everybody)
        foreign = self.totals.get((year, FOREIGN), everybody * share)
        countries = [foreign * self._between(year, self._shares_of(country)) for country in self.countries]
        return np.array([everybody - foreign, *countries, max(foreign - sum(countries), 0.0)])

    def interpolated(self, first_year: int, last_year: int) -> list[int]:
        """Return the years that have no total of their own; 2013 needs none."""
        years = range(first_year, last_year + 1)
        return [y for y in years if (y, ALL) not in self.totals and y != p.PUBLISHED_OUTCOME_YEAR]

    @cached_property
    def _foreign_shares(self) -> dict[int, float]:
        shares = {}
        for (year, of), everybody in self.totals.items():
            if of == ALL and everybody > 0:
                if (year, FOREIGN) in self.totals:
                    shares[year] = self.totals[year, FOREIGN] / everybody
                elif (year, NORWEGIAN) in self.totals:
                    shares[year] = 1 - self.totals[year, NORWEGIAN] / everybody
        return shares

    @cached_property
    def _everybody(self) -> dict[int, float]:
        """The totals; where foreign citizens alone are given, as many as they are a usual share of."""
        known = {year: n for (year, of), n in self.totals.items() if of == ALL}
        for (year, of), n in self.totals.items():
            if of == FOREIGN and year not in known:
                known[year] = n / max(self._between(year, self._foreign_shares), 0.01)
        return known

    def _shares_of(self, country: int) -> dict[int, float]:
        code = f"{country:03d}"
        shares = {}
        for (year, of), n in self.totals.items():
            if of == code:
                foreign = self._between(year, self._everybody) * self._between(year, self._foreign_shares)
                shares[year] = n / max(self.totals.get((year, FOREIGN), foreign), n, 1.0)
        return shares

    @staticmethod
    def _between(year: int, known: Mapping[int, float]) -> float:
        years = sorted(known)
        return float(np.interp(year, years, [known[y] for y in years]))


def published_alignment() -> Alignment:
    """Return the published totals (published_emigrations.csv has the source of each)."""
    return _read((FOLDER / "published_emigrations.csv").read_text(encoding="utf-8"), "the published totals")


def totals_of(name: str) -> Alignment:
    """Return the published totals for the name `published`, else those of the file of that name."""
    return published_alignment() if name == "published" else read_alignment(Path(name))


def read_alignment(path: Path) -> Alignment:
    """Read totals from a CSV file with the columns `year, citizenship, emigrations`; others are ignored.

    Raises
    ------
    ValueError
        If the file cannot be read, or a total is impossible: one sentence with the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: save it as CSV (UTF-8).") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}): name a CSV file of totals.") from error
    return _read(text, str(path))


def _read(text: str, name: str) -> Alignment:
    try:
        header, lines = _lines(text)
    except csv.Error as error:
        raise ValueError(f"{name} is no table of commas: save it as CSV (UTF-8).") from error
    missing = [column for column in _COLUMNS if column not in header]
    if missing:
        raise ValueError(f"{name} lacks the column {missing[0]}: it needs {', '.join(_COLUMNS)}.")
    totals: dict[tuple[int, str], float] = {}
    for line, row in lines:
        where = f"Line {line} of {name}"
        year, of = _year(row["year"], where), (row["citizenship"] or "").strip().lower()
        known = of in (ALL, NORWEGIAN, FOREIGN) or (
            of in set(p.code_list("country")["country_code"]) and int(of) != NORWAY
        )
        if not known:
            raise ValueError(
                f"{where} has the citizenship '{of}': write {ALL}, {NORWEGIAN}, {FOREIGN} or the code of a "
                "country."
            )
        if (year, of) in totals:
            raise ValueError(f"{where} gives {of} of {year} a second time: keep one of them.")
        totals[year, of] = _number(row["emigrations"], where)
    _add_up(totals, name)
    return Alignment(totals)


def _lines(text: str) -> tuple[Sequence[str], list[tuple[int, dict[str, str | None]]]]:
    rows = csv.DictReader(text.splitlines())
    return rows.fieldnames or (), [(rows.line_num, row) for row in rows]


def _year(text: str | None, where: str) -> int:
    low, high = p.SUPPORTED_YEARS
    if (text or "").strip() not in map(str, range(low, high + 1)):
        raise ValueError(f"{where} has the year '{text or ''}': write a year from {low} to {high}.")
    return int(str(text))


def _number(text: str | None, where: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"{where} has '{text or ''}' emigrations: write a number of persons, 0 or more.")
    return value


def _add_up(totals: Mapping[tuple[int, str], float], name: str) -> None:
    """Refuse totals that cannot be met together."""
    if not any(of == ALL and n > 0 for (_, of), n in totals.items()):
        raise ValueError(
            f"{name} has no year with all emigrations: give the citizenship {ALL} for one at least."
        )
    if not any((year, ALL) in totals for (year, of) in totals if of in (NORWEGIAN, FOREIGN)):
        raise ValueError(
            f"{name} has no year with both {ALL} and {NORWEGIAN} or {FOREIGN}: give one at least."
        )
    for year in sorted({year for year, _ in totals}):
        of_year = {of: n for (of_this, of), n in totals.items() if of_this == year}
        everybody, foreign = of_year.get(ALL, math.inf), of_year.get(FOREIGN, math.inf)
        countries = sum(n for of, n in of_year.items() if of.isdigit())
        norwegian = of_year.get(NORWEGIAN, 0.0)
        least = max(countries, foreign if foreign < math.inf else 0.0) + norwegian
        if least > everybody or countries > foreign:
            raise ValueError(
                f"{name} has more emigrations of parts than of all in {year}: correct one of them."
            )
        if NORWEGIAN in of_year and ALL not in of_year:
            raise ValueError(f"{name} has {NORWEGIAN} emigrations of {year} without {ALL}: give both.")
        if NORWEGIAN in of_year and foreign + norwegian < everybody < math.inf:
            raise ValueError(
                f"{name} has fewer {NORWEGIAN} and {FOREIGN} emigrations than all in {year}: "
                "correct one of them."
            )


@cache
def region_shares(year: int) -> FloatArray:
    """Return the share of all emigrations of `year` by part of the country, in the order of `regions`.

    Straight between the years that are published, level outside them (published_emigration_regions.csv).
    """
    rows = _regions()
    years = rows["year"].unique()
    emigrations = rows["emigrations"].to_numpy(dtype=np.float64).reshape(len(years), -1)
    shares = emigrations / emigrations.sum(axis=1, keepdims=True)
    return np.array([np.interp(year, years, of_region) for of_region in shares.T])


@cache
def regions(year: int) -> IntArray:
    """Return the part of the country of each municipality of 2013, as its county was drawn in `year`."""
    rows, geo = _regions().drop_duplicates("region"), geography()
    of_county = {c: place for place, counties in enumerate(rows["counties"]) for c in counties.split()}
    region = np.array([of_county[geo.county_codes[county]] for county in geo.county])
    if year >= p.LEFT_OPPLAND_IN:
        region[np.isin(geo.codes, p.LEFT_OPPLAND)] = of_county["06"]
    return region


def emigration_places(year: int) -> FloatArray:
    """Return weights of the municipalities for emigrants who are not drawn from residents."""
    region, target = regions(year), geography().municipality_target
    return np.asarray(target * (region_shares(year) / np.bincount(region, target))[region])


@cache
def _regions() -> pd.DataFrame:
    return pd.read_csv(str(FOLDER / "published_emigration_regions.csv"), dtype={"counties": str})


def announced(first_year: int, last_year: int) -> list[dict[str, object]]:
    """Return what the sender of an aligned delivery of some years announces of its moves (parameters.py)."""
    return [
        {
            "register": "flytting",
            "period": str(year),
            "column": column,
            "codes": list(codes),
            "reason": reason,
        }
        for year, column, codes, reason in p.ANNOUNCED
        if first_year <= year <= last_year
    ]


def citizenships(pop: Population, year: int, seed: int) -> npt.NDArray[np.int16]:
    """Return everybody's country of citizenship on 1 January `year`, 0 for Norway (assumption).

    Immigrants have that of their country of birth until they have lived here long enough, each by a rank of
    their own; children of foreign citizens have that of the parent whom they live with; others are Norwegian.
    """
    rank = pseudonym(np.arange(len(pop)), seed, bits=_RANK_BITS, topic=3) / float(1 << _RANK_BITS)
    ever = np.where(p.is_far(pop.country), p.NATURALISE_FAR, p.NATURALISE_OTHER)
    ever = np.where(np.isin(pop.country, p.NORDIC_COUNTRIES), p.NATURALISE_NORDIC, ever)
    first, last = p.NATURALISE_AFTER_YEARS
    # Of those who ever change, the lowest rank does so first.
    needed = np.where(rank < ever, first + (last - first) * rank / ever, np.inf)
    foreign = pop.immigrant & (pop.residence(year - 1) < needed)
    own = np.where(foreign, pop.country, NORWAY).astype(np.int16)
    with_parent = np.flatnonzero((pop.category == p.CATEGORY_C) & (pop.home != NO_ONE))
    own[with_parent] = own[pop.home[with_parent]]
    return own
