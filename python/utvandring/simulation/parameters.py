"""Numbers that steer the simulation: printed targets, and plain assumptions where nothing is printed.

Printed numbers come from the seeds (`seeds/published`); the section or table of Rapporter 2016/27 is
named at each. Everything marked *assumption* is plausible but has no printed counterpart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]

BACKGROUNDS: Final = ("nordic", "work", "refuge", "family", "education", "unknown")
NORDIC, WORK, REFUGE, FAMILY, EDUCATION, UNKNOWN = range(6)
REASONS: Final = (None, "ARB", "FAM", "FLU", "UTD", "ANN", "UKJ")
CATEGORIES: Final = ("A", "B", "C", "E", "F", "G")
CATEGORY_A, CATEGORY_B, CATEGORY_C, CATEGORY_E, CATEGORY_F, CATEGORY_G = range(6)
STATUSES: Final = ("outside_labour_force", "employed", "employed_in_education", "in_education", "unemployed")
MAN, WOMAN = 1, 2

# Year whose outcomes are drawn from tables E1-E8 exactly as printed.
PUBLISHED_OUTCOME_YEAR: Final = 2013
SUPPORTED_YEARS: Final = (1991, 2026)


def seeds_folder() -> Path:
    """Return the folder with code lists and printed numbers."""
    return Path(__file__).resolve().parents[3] / "seeds"


@cache
def published(name: str) -> pd.DataFrame:
    """Read `seeds/published/<name>.csv`, every column as text."""
    return pd.read_csv(seeds_folder() / "published" / f"{name}.csv", dtype=str)


@cache
def code_list(name: str) -> pd.DataFrame:
    """Read `seeds/code_lists/<name>.csv`, every column as text, empty cells as empty text."""
    return pd.read_csv(seeds_folder() / "code_lists" / f"{name}.csv", dtype=str, keep_default_na=False)


@dataclass(frozen=True)
class LogitTables:
    """Coefficients of tables E1-E8 as lookup tables.

    First axis: 4 * (sex is man) + centrality level - 1. Last axis: internal out-migration, emigration.
    The reference category of each dimension is a row of zeros.
    """

    constant: FloatArray
    age: FloatArray
    age_sq_scaled: FloatArray
    family_total: FloatArray
    family_immigrants: FloatArray
    residence: FloatArray
    education: FloatArray
    status: FloatArray
    background: FloatArray


@cache
def logit_tables() -> LogitTables:
    """Return the coefficients of tables E1-E8 (Vedlegg C)."""
    rows = published("published_mnl")
    rows = rows[rows["model_type"] == "3"]
    value = {
        (4 * int(sex == "male") + int(level) - 1, term, equation): float(estimate)
        for sex, level, term, equation, estimate in rows[
            ["sex", "centrality_level", "term", "equation", "estimate"]
        ].itertuples(index=False)
    }

    def table(*terms: str | None) -> FloatArray:
        filled = [
            [
                [
                    0.0 if term is None else value[(model, term, eq)]
                    for eq in ("internal_outmigration", "emigration")
                ]
                for term in terms
            ]
            for model in range(8)
        ]
        return np.asarray(filled, dtype=np.float64)

    return LogitTables(
        constant=table("constant")[:, 0],
        age=table("age")[:, 0],
        age_sq_scaled=table("age_sq_scaled")[:, 0],
        family_total=table("family_total")[:, 0],
        family_immigrants=table("family_immigrants")[:, 0],
        residence=table("residence_0_2", "residence_3_5", "residence_6_10", "residence_11_15", None),
        education=table(None, *(f"education_{level}" for level in range(1, 6))),
        status=table(None, *(f"status_{status}" for status in STATUSES[1:])),
        background=table(None, *(f"bg_{background}" for background in BACKGROUNDS[1:])),
    )


@dataclass(frozen=True)
class YearSeries:
    """A series by calendar year: linear between the years given, constant outside them."""

    years: tuple[int, ...]
    values: tuple[float, ...]

    def __call__(self, year: int) -> float:
        """Return the value of `year`."""
        return float(np.interp(year, self.years, self.values))


# Immigrants aged 15-74 on 1 January, thousands. 2013: n of the linear models (533,635) plus those without a
# known address; other years after the growth of the immigrant population (assumption).
STOCK_THOUSANDS: Final = YearSeries(
    (
        1991,
        1996,
        2003,
        2004,
        2005,
        2006,
        2007,
        2008,
        2009,
        2010,
        2011,
        2012,
        2013,
        2014,
        2015,
        2016,
        2020,
        2025,
    ),
    (122, 156, 234, 244, 255, 270, 292, 328, 368, 402, 441, 486, 534.4, 571, 602, 629, 703, 830),
)

# Share of each background among immigrants aged 15-74 on 1 January. Section 5.4 gives the means of all ages
# in 2004-2008 and 2009-2013; the path within the periods is an assumption.
_SHARE_YEARS: Final = (1991, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010, 2011, 2012, 2013, 2014, 2020)
STOCK_SHARES: Final = {
    NORDIC: YearSeries(
        _SHARE_YEARS, (22, 17.4, 17, 16.6, 16.1, 15.5, 14.8, 13.6, 12.9, 12.5, 12, 11.5, 11.2, 10)
    ),
    WORK: YearSeries(_SHARE_YEARS, (0.6, 3.8, 4.6, 5.6, 7.1, 9.6, 13.1, 16.5, 18, 19.5, 22, 24, 25.4, 26)),
    REFUGE: YearSeries(
        _SHARE_YEARS, (3, 21.2, 21, 20.7, 20.3, 19.6, 18.4, 17.6, 17.3, 17.1, 16.7, 16.3, 16.1, 18)
    ),
    FAMILY: YearSeries(
        _SHARE_YEARS, (3, 24.8, 25.5, 26.2, 26.9, 27.7, 28.4, 28.7, 29, 29.1, 29.1, 29.1, 29.1, 30)
    ),
    EDUCATION: YearSeries(_SHARE_YEARS, (0.6, 2.4, 2.6, 2.9, 3.1, 3.2, 3.6, 4.4, 4.8, 4.8, 4.3, 4.3, 4.2, 4)),
    UNKNOWN: YearSeries(
        _SHARE_YEARS, (70, 30.8, 29.3, 28, 26.5, 24.4, 21.7, 19.2, 18, 17, 15.9, 14.8, 14, 12)
    ),
}
SHARE_MEANS: Final = {  # section 5.4, per cent of immigrants: mean 2004-2008, mean 2009-2013
    WORK: (8.0, 20.0),
    UNKNOWN: (26.0, 17.0),
    REFUGE: (20.0, 17.0),
    FAMILY: (27.0, 29.0),
    NORDIC: (16.0, 12.5),
    EDUCATION: (3.0, 4.5),
}

# Men among immigrants aged 15-74 (2013: n of tables E5-E8, of 15 and over; earlier years assumption).
MALE_SHARE: Final = YearSeries((1991, 2003, 2006, 2013, 2020), (0.505, 0.493, 0.497, 0.5244, 0.525))

# Emigrations and moves between centrality levels per 100 immigrants aged 15-74, by outcome year. Education,
# work and refuge: values the text of chapter 4 gives, where they are of all ages; nordic, family and unknown:
# assumption, but for the moves of family immigrants from 2009 on. From 2013 on there is no shift: the rates
# follow from tables E1-E8.
EMIGRATION_SERIES: Final = {
    NORDIC: YearSeries((2004, 2012), (8.5, 6.8)),
    WORK: YearSeries((2004, 2006, 2008, 2010, 2012), (12.0, 9.0, 7.0, 5.8, 4.6)),
    REFUGE: YearSeries((2004, 2012), (1.6, 1.2)),
    FAMILY: YearSeries((2004, 2012), (3.4, 2.7)),
    EDUCATION: YearSeries((2004, 2008, 2012), (25.0, 15.0, 13.0)),
    UNKNOWN: YearSeries((2004, 2012), (1.6, 1.3)),
}
INTERNAL_SERIES: Final = {
    NORDIC: YearSeries((2004,), (1.0,)),
    WORK: YearSeries((2004,), (2.0,)),
    REFUGE: YearSeries((2004, 2012), (2.8, 2.4)),
    FAMILY: YearSeries((2004, 2009), (1.9, 1.5)),
    EDUCATION: YearSeries((2004,), (2.5,)),
    UNKNOWN: YearSeries((2004,), (0.6,)),
}

# One-person families, share of immigrants aged 15-74. All together 0.42 (n of tables 5.9-5.12 over n of
# 5.1-5.4); by background after the rates of table 4.1, which imply the mix of family sizes.
SINGLE_SHARE: Final = {NORDIC: 0.47, WORK: 0.66, REFUGE: 0.40, FAMILY: 0.205, EDUCATION: 0.60, UNKNOWN: 0.38}
SINGLE_BY_LEVEL: Final = (1.05, 1.03, 0.97, 1.0)
# Where people of a background live, levels 1-3 relative to level 4 (assumption, after the moves between
# levels that the text gives).
OUTSIDE_CENTRES: Final = {
    NORDIC: (0.5, 0.5, 0.5),
    WORK: (1.35, 1.35, 1.35),
    REFUGE: (1.1, 1.8, 1.2),
    FAMILY: (1.0, 1.0, 1.0),
    EDUCATION: (0.9, 0.9, 0.9),
    UNKNOWN: (0.45, 0.45, 0.45),
}
# Couples whose other partner is not an immigrant, share (solved from table 4.1, size 2: all = mix of types).
MIXED_COUPLE: Final = {NORDIC: 0.74, WORK: 0.22, REFUGE: 0.18, FAMILY: 0.42, EDUCATION: 0.64, UNKNOWN: 0.52}

OVERCOVERAGE_SHARE: Final = 0.023  # immigrants who left without saying so
UNACCOUNTED_SHARE: Final = 0.0005
UNKNOWN_ADDRESS_SHARE: Final = 0.0025
HIDDEN_FAMILY_SHARE: Final = 0.0003
ADMINISTRATIVE_SHARE: Final = YearSeries((2004, 2007, 2010), (0.19, 0.21, 0.25))  # section 2.1.5
UNKNOWN_EDUCATION_SHARE: Final = YearSeries((2010, 2011), (0.40, 0.20))
BASIS_DELIVERED_FROM: Final = 2006  # earlier emigrations come without utvandringstype

NORDIC_COUNTRIES: Final = (101, 102, 103, 104, 105, 106)
UNKNOWN_COUNTRY: Final = 990


def is_far(country: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Return whether countries are in Africa or Asia (codes 200-599)."""
    return np.asarray((country >= 200) & (country < 600))


# Common countries of birth by background: code, weight (assumption).
COUNTRIES: Final[dict[int, tuple[tuple[int, float], ...]]] = {
    NORDIC: (
        (106, 52), (101, 30), (103, 9), (105, 8), (104, 0.7), (102, 0.3),
    ),
    WORK: (
        (131, 46), (136, 16), (144, 9), (139, 5), (133, 4), (124, 4), (127, 3), (157, 2), (113, 2),
        (117, 2), (444, 2), (428, 1.5), (684, 1.5), (115, 2),
    ),
    REFUGE: (
        (346, 18), (452, 18), (155, 10), (456, 9), (161, 8), (404, 9), (241, 8), (575, 5), (424, 5),
        (246, 3), (140, 3), (420, 2), (564, 2),
    ),
    FAMILY: (
        (131, 13), (568, 9), (534, 7), (428, 7), (452, 6), (140, 6), (346, 6), (143, 5), (144, 4),
        (684, 3), (136, 4), (575, 3), (303, 3), (404, 3), (444, 3), (155, 2), (484, 2), (715, 2), (148, 2),
        (139, 3), (456, 2),
    ),
    EDUCATION: (
        (428, 14), (484, 13), (144, 9), (140, 8), (148, 5), (684, 5), (117, 5), (528, 5), (456, 4),
        (444, 4), (137, 4), (131, 4), (256, 1), (276, 2), (260, 3), (410, 2), (424, 2), (123, 2),
        (246, 2),
    ),
    UNKNOWN: (
        (534, 16), (139, 12), (575, 11), (144, 8), (143, 7), (684, 6), (725, 6), (456, 6), (444, 4),
        (303, 4), (131, 4), (127, 4), (424, 3), (159, 3), (155, 2), (428, 3), (117, 1),
    ),
}  # fmt: skip

# From here on everything is an assumption.

# Emigration. A move is registered two weeks later on average, one in twenty much later (days from, to).
MEAN_LAG_DAYS: Final = 13.0
LONG_LAG: Final = 0.05
LONG_LAG_DAYS: Final = (20, 150)
# Parts of one draw, from 0 to 1, so that an emigration has one of these flaws at most: dated at the end of
# the year before, left and came back earlier in the year, died abroad before its end, dated on the next
# 1 January.
DATED_LAST_YEAR: Final = 0.04
LEFT_TWICE: Final = (0.05, 0.054)
DIED_ABROAD_AT_ONCE: Final = (0.06, 0.062)
DATED_NEXT_YEAR: Final = 0.996  # above this
# Of all emigrations the basis is not delivered for a few; administrative ones are a share of the others.
BASIS_MISSING: Final = 0.03
BASIS_KNOWN: Final = 0.97
# Which emigrations are administrative, relative: born in Africa or Asia, under two years of residence, silent
# already; few Nordics are considered at all.
ADMINISTRATIVE_FAR, ADMINISTRATIVE_NEW, ADMINISTRATIVE_SILENT = 15.0, 0.2, 12.0
NORDIC_MAY_BE_ADMINISTRATIVE: Final = 0.03
ADMINISTRATIVE_TO_UNKNOWN: Final = 0.6  # the others have no country at all
COMMON_DESTINATIONS: Final = (106, 101, 139, 144, 137, 684, 117, 568, 131, 805)
TO_COUNTRY_OF_BIRTH: Final = 0.7
DESTINATION_GIVEN: Final = 0.96
# Of people born in Norway: the parents' country, other Nordic, other Western, elsewhere; the rest do not say.
DESTINATIONS_OF_DESCENDANTS: Final = (0.34, 0.21, 0.29, 0.11)
DESTINATIONS_OF_NORWEGIAN_BORN: Final = (0.0, 0.44, 0.40, 0.12)
OUT_AND_BACK: Final = 0.002  # of those who stayed, within the year
PASSING_THROUGH: Final = 0.025  # arrivals who leave within the year, relative to all others
PASSING_THROUGH_BY_BACKGROUND: Final = {NORDIC: 0.35, WORK: 0.45, EDUCATION: 0.2}
# Return in a year, in the first four years abroad.
RETURN_OF_NORDIC, RETURN_OF_IMMIGRANT, RETURN_OF_NON_IMMIGRANT, RETURN_OF_SILENT = 0.045, 0.022, 0.06, 0.002
# Who leaves without saying so, relative: by background, born in Africa or Asia, at most six years of
# residence.
SILENT_BY_BACKGROUND: Final = (0.05, 1.2, 1.5, 1.5, 4.0, 1.0)
SILENT_FAR, SILENT_NEW = 6.0, 2.0
# Who is unaccounted for has the status missing, or emigrated without an event; some leave the register.
LOST_IS_MISSING, LOST_VANISHES = 0.5, 0.2
UNKNOWN_ADDRESS_ENDS: Final = 0.5

# Outcomes of those whom the logit does not cover: internal out-migration and emigration.
OUTCOMES_OF_OTHERS: Final = (0.008, 0.004)
OUTCOMES_OF_PARTNERS: Final = (0.001, 0.0005)  # non-immigrants with an immigrant, besides following them
# Deaths: logarithm of the chance at age 0 and its growth by year of age; women and emigrants relative.
DEATH: Final = (-10.4, 0.0903)
DEATH_OF_WOMEN, DEATHS_ABROAD = 0.65, 0.5

# Moves within Norway.
STAYS_IN_COUNTY: Final = 0.4  # of moves to another level, where the county has one
PARTNER_FOLLOWS_MOVE, PARTNER_FOLLOWS_ABROAD = 0.85, 0.45  # non-immigrant partners
CHILDREN_FOLLOW_ONE_PARENT: Final = 0.5
WITHIN_COUNTY: Final = 0.6  # moves within county and level, relative to moves to another county
MOVES_OF_NON_IMMIGRANTS: Final = 0.012  # to another county, families without an immigrant

# Families. By age: ages, then values; in between linear.
COUPLE_SPLITS: Final = 0.012  # in a year, apart from those whom a move parts
MARRIED_SHARE: Final = 0.7
LEAVES_HOME: Final = 0.33  # in a year, from 19 on; at 27 everybody has
BIRTH_BY_AGE: Final = ((18, 21, 26, 32, 36, 40, 44, 45), (0.08, 0.16, 0.24, 0.25, 0.16, 0.06, 0.01, 0.0))
BIRTH_BY_CHILDREN: Final = (1.25, 1.0, 0.55, 0.3, 0.2)  # relative, by number at home
BOY, BOY_ABROAD = 0.514, 0.515
ABSENT_FATHER_IS_IMMIGRANT: Final = 0.67  # of children of single immigrant mothers
UNION_BY_AGE: Final = ((19, 27, 38, 62), (0.4, 1.0, 1.0, 0.2))
COUPLE_BY_AGE: Final = ((20, 28, 60), (0.35, 1.0, 1.0))  # in the start population
# By background: chance of founding a family at 0-2, 3-5, 6-10 and 11+ years of residence, relative.
SETTLED: Final = (
    (0.05, 0.25, 0.7, 1.2),
    (0.3, 0.8, 1.0, 1.0),
    (0.5, 1.0, 1.0, 1.0),
    (0.7, 1.0, 1.0, 1.0),
    (0.03, 0.2, 0.7, 1.0),
    (0.1, 0.3, 0.7, 1.0),
)
MARRIES_NON_IMMIGRANT_OUTSIDE_CENTRES: Final = 0.6  # of those who found no immigrant nearby
COUPLE_AGE_SPREAD, MIXED_COUPLE_AGE_SPREAD = 2, 3  # years
LONE_PARENT: Final = 0.22  # of single immigrant women
CHILDREN_BY_AGE: Final = ((20, 26, 32, 38, 44, 50, 60), (0.3, 0.8, 1.6, 2.1, 1.9, 1.0, 0.2))
CHILDREN_OF_REFUGEES, CHILDREN_OF_OTHERS = 1.15, 0.85
MOTHER_KNOWN, FATHER_KNOWN = 0.8, 0.7  # of children who came with a parent

# Arrivals. Age: 17 + gamma with this mean and shape; men; who comes as a couple; children of a couple.
ARRIVAL_AGE: Final = {NORDIC: 29, WORK: 34, REFUGE: 29, FAMILY: 30, EDUCATION: 24.5, UNKNOWN: 30}
ARRIVAL_AGE_SHAPE: Final = 1.6
MEN_AMONG_ARRIVALS: Final = {
    NORDIC: 0.52, WORK: 0.76, REFUGE: 0.60, FAMILY: 0.28, EDUCATION: 0.43, UNKNOWN: 0.54,
}  # fmt: skip
ARRIVES_AS_COUPLE: Final = {
    NORDIC: 0.22, WORK: 0.0, REFUGE: 0.40, FAMILY: 0.0, EDUCATION: 0.04, UNKNOWN: 0.3,
}  # fmt: skip
CHILDREN_OF_ARRIVALS: Final = {
    NORDIC: 0.8, WORK: 0.8, REFUGE: 1.5, FAMILY: 0.45, EDUCATION: 0.3, UNKNOWN: 0.5,
}  # fmt: skip
CHILDREN_OF_LONE_REFUGEES, CHILDREN_OF_LONE_ARRIVALS = 0.7, 0.02  # women; all others
CAME_AS_CHILD: Final = 0.25  # of those who came eight years ago or more
ARRIVES_ON_NEW_YEAR: Final = 0.003
ARRIVES_ANYWHERE: Final = 0.05  # regardless of where immigrants are missing
# Family reunification joins a non-immigrant or an immigrant living alone; the rest come to relatives.
JOINS_NON_IMMIGRANT, JOINS_IMMIGRANT = 0.38, 0.5
JOINED_BY_SPOUSE: Final = (0.1, 2.0, 2.0, 0.6, 1.0, 0.8)  # relative, by background
JOINED_OUTSIDE_CENTRES: Final = 1.5
# Delivered reasons (position in REASONS) by upper limit of one draw; above the last none.
REASONS_OF_NORDICS: Final = ((0.06, 1), (0.1, 2), (0.16, 6))
REASONS_OF_UNKNOWN: Final = ((0.35, 5), (0.7, 6))
REASONS_BEFORE_1990: Final = ((0.02, 2), (0.03, 1))
# Start population. Years since the first immigration: share of recent, mean of recent, mean of others.
YEARS_SINCE_ARRIVAL: Final = {
    NORDIC: (0.35, 2.5, 19.0), WORK: (1.0, 4.0, 4.0), REFUGE: (0.3, 3.0, 9.0),
    FAMILY: (0.5, 3.0, 8.0), EDUCATION: (0.9, 1.8, 6.0), UNKNOWN: (0.0, 1.0, 10.0),
}  # fmt: skip
UNKNOWN_REASON_AFTER_1990: Final = 0.08
# How many times as many of this age and over as the draws give: they are those above 74 in 2013, whose number
# is the difference between the samples of the logits (15 and over) and of the linear models (15-74).
OLDER_FROM, OLDER_AT_START = 64, 2.75
# Of the stock, adults; the rest are children who have turned 15.
STARTS_AS_ADULT: Final = {NORDIC: 0.97, WORK: 0.97, REFUGE: 0.9, FAMILY: 0.87, EDUCATION: 0.97, UNKNOWN: 0.97}
# Neither alone nor in a couple.
LIVES_WITH_PARENT_OR_CHILD: Final = {
    NORDIC: 0.04, WORK: 0.04, REFUGE: 0.1, FAMILY: 0.1, EDUCATION: 0.04, UNKNOWN: 0.1,
}  # fmt: skip
# Single non-immigrants: category G, and G or E; men.
CATEGORY_G_SHARE, CATEGORY_G_OR_E = 0.012, 0.02
MEN_AMONG_NON_IMMIGRANTS: Final = 0.54

# Work, study and income. The levels are set so that the logit of tables E1-E8 gives the printed number of
# emigrants and the printed entropies. By background, the last value for non-immigrants; the rest relative.
WORKING: Final = (0.82, 0.87, 0.66, 0.71, 0.68, 0.83, 0.82)
LOOKING: Final = (0.03, 0.055, 0.12, 0.045, 0.025, 0.04, 0.02)
STUDY: Final = (0.55, 0.2, 1.15, 0.85, 1.0, 0.7, 0.8)
WORKING_FAR, WORKING_NEAR = 0.81, 1.08  # born in Africa or Asia, and others; not of refugees
WORKING_ALONE_TO_35: Final = (0.76, 0.84, 1.14, 0.92, 0.58, 0.9, 1.0)
WORKING_ALONE_FROM_36: Final = (1.1, 0.89, 1.1, 0.82, 0.6, 1.06, 1.0)
WORKING_WITH_FAMILY: Final = (1.08, 1.04, 1.0, 1.04, 1.6, 1.07, 1.0)
WORKING_BY_AGE: Final = (
    (15, 18, 20, 24, 28, 50, 58, 62, 66, 68, 74),
    (0.2, 0.4, 0.68, 0.9, 1.0, 1.0, 0.9, 0.72, 0.4, 0.2, 0.08),
)
# At 0, 1-2, 3-5 and 6+ years of residence.
WORKING_BY_RESIDENCE: Final = (
    (1.0, 1.0, 1.0, 1.0),
    (1.0, 1.0, 1.0, 1.0),
    (0.15, 0.45, 0.78, 1.0),
    (0.5, 0.75, 0.88, 1.0),
    (0.7, 0.8, 1.0, 1.15),
    (0.85, 0.9, 0.95, 1.0),
    (1.0, 1.0, 1.0, 1.0),
)
WOMEN_WORKING: Final = (0.98, 0.93, 0.84, 0.97, 1.0, 0.92, 0.97)
MEN_WORKING: Final = 1.04
WORKING_CAME_TO_STUDY, WORKING_STUDENT = 0.72, 0.66
# The business cycle: of working; of looking for work it is as many times as much, the other way round.
CYCLE: Final = YearSeries(
    (2003, 2004, 2007, 2008, 2009, 2010, 2012, 2016), (0.93, 0.94, 1.03, 1.03, 0.99, 0.98, 1.0, 0.98)
)
LOOKING_BY_CYCLE: Final = 4.3
LOOKING_FROM_62, LOOKING_UNDER_18, LOOKING_STUDENT = 0.3, 0.1, 0.3
STUDY_BY_AGE: Final = (
    (15, 16, 18, 19, 22, 25, 30, 35, 45, 60),
    (0.6, 0.88, 0.85, 0.5, 0.36, 0.2, 0.1, 0.06, 0.03, 0.004),
)
STUDY_BY_RESIDENCE: Final = (0.80, 0.68, 0.5, 0.34, 0.22, 0.15, 0.1)  # who came to study, 0 to 6+ years
# By centrality level 1-4.
WOMEN_WORKING_AT_LEVEL, MEN_WORKING_AT_LEVEL = (1.07, 0.93, 1.0, 1.0), (0.93, 0.96, 0.92, 1.0)
LOOKING_AT_LEVEL, STUDY_AT_LEVEL = (1.3, 1.6, 1.2, 1.0), (1.0, 1.6, 1.0, 1.0)
PERSISTENCE: Final = 0.86  # yearly autocorrelation of the latent tendencies to work and to study
# True education level (first digit of NUS2000, 0-8), per cent by background; -1 is Norwegian.
EDUCATION_LEVELS: Final = {
    NORDIC: (0, 1, 17, 4, 38, 3, 26, 10, 1), WORK: (0, 2, 18, 5, 40, 3, 20, 11, 1),
    REFUGE: (5, 22, 30, 5, 20, 1, 13, 4, 0), FAMILY: (2, 12, 30, 5, 23, 2, 18, 8, 0),
    EDUCATION: (0, 0, 3, 2, 22, 2, 48, 20, 3), UNKNOWN: (2, 10, 28, 6, 28, 2, 16, 7, 1),
    -1: (0, 0, 22, 6, 38, 3, 24, 6, 1),
}  # fmt: skip
# Of immigrants 15-74 in 2012: what the tilts must leave as it is. Of all but the last nothing is printed.
PLAUSIBLE_SHARES: Final = {
    "employed": 0.62, "in_education": 0.12, "of them without work": 0.045, "unemployed": 0.045,
    "education_unknown": UNKNOWN_EDUCATION_SHARE(2012),
}  # fmt: skip
EXAM_OF_ENROLLED, EXAM_AFTER_ENROLMENT, EXAM_OF_OTHERS = 0.3, 0.45, 0.006
EXAM_RAISES_LEVEL: Final = 0.5
EMPLOYED_WAS_UNEMPLOYED: Final = 0.05
# Some income though not at work in November.
OCCASIONAL_INCOME_OF_UNEMPLOYED, OCCASIONAL_INCOME_OF_STUDENTS = 0.8, 0.45
OCCASIONAL_INCOME_TO_66, OCCASIONAL_INCOME_FROM_67 = 0.35, 0.06
# Education that the register does not know, relative: at 0-2, 3-5, 6-10, 11-15, 16+ years; by background.
EDUCATION_UNKNOWN_BY_RESIDENCE: Final = (1.0, 0.72, 0.45, 0.34, 0.28)
EDUCATION_UNKNOWN_BY_BACKGROUND: Final = (1.0, 1.25, 0.7, 0.85, 0.95, 0.8, 0.05)
EDUCATION_UNKNOWN_OF_NON_IMMIGRANTS: Final = 0.02

# The registers beside the facts.
EMIGRANT_KEEPS_FAMILY: Final = 0.05  # an old family number, which must not be counted
SEVERAL_EXAMS, EXAM_IN_JUNE = 0.3, 0.8
SECOND_JOB: Final = 0.09
ROW_WITHOUT_EMPLOYMENT: Final = 0.08
SELF_EMPLOYED, FULL_TIME, HOURS_MISSING = 0.06, 0.65, 0.02
MONTH_REPEATED, OTHER_STATUS_IN_MONTH = 0.04, 0.02
JOBSEEKER_AT_WORK, JOBSEEKER_OUT_OF_WORK = 0.03, 0.22  # with a status other than wholly unemployed
OTHER_STATUSES: Final = (2, 3, 3, 4, 10, 12, 13, 14, 15, 2)

# Alignment to published totals, by option (alignment.py). Who ever becomes a Norwegian citizen, by country of
# birth, and after how many years, first and last.
NATURALISE_NORDIC, NATURALISE_FAR, NATURALISE_OTHER = 0.1, 0.75, 0.25
NATURALISE_AFTER_YEARS: Final = (7.0, 15.0)
ALIGNMENT_TRIES: Final = 10
ALIGNMENT_WEIGHT: Final = 4.0  # of citizenships relative to places, where both cannot be met
ALIGNMENT_DAMPED: Final = 0.65
# Fewer very young arrivals than in the world of the report, and older children with them: otherwise there are
# more of 1-9 and of 19-30 than published residents leave room for. Years added to the mean age; the share of
# the years since the earliest birth that a child has is a draw from 0 to 1 to this power.
ARRIVAL_AGE_SHAPE_ALIGNED: Final = 3.0
ARRIVAL_AGE_ADDED_ALIGNED: Final = YearSeries((2007, 2012), (0.5, 2.5))
CHILDREN_OLDER_ALIGNED: Final = 0.4
CHILDREN_OF_ARRIVALS_ALIGNED: Final = YearSeries((2010, 2012, 2021, 2022), (1.15, 1.0, 1.0, 0.7))  # relative
# Where emigrants go, as published of 2012: Nordics mostly home, more to Sweden (6,700), nobody but Poles to
# Poland (1,400). Of people born in Norway: as DESTINATIONS_OF_NORWEGIAN_BORN.
NORDICS_TO_COUNTRY_OF_BIRTH_ALIGNED: Final = 0.93
NORWEGIAN_BORN_ALIGNED: Final = (0.0, 0.47, 0.38, 0.11)
COMMON_DESTINATIONS_ALIGNED: Final = (106, 106, 101, 139, 144, 137, 684, 117, 568, 805)
# Of those who left without saying so 62 per cent are men (note of Statistics Norway): relative to women, from
# 2013 on, so that outcome year 2013 is that of the report.
SILENT_MEN_ALIGNED: Final = 1.6
# Emigrations of the aligned world that are not drawn from residents are reported: more of the others are not.
ADMINISTRATIVE_ALIGNED: Final = 1.09
OSLO: Final = "0301"
# Jevnaker and Lunner left the county of Oppland for that of Buskerud when Innlandet and Viken were made.
LEFT_OPPLAND, LEFT_OPPLAND_IN = ("0532", "0533"), 2020
# Of the residents of Oslo, those who move to another county (36,076 in 2020).
MOVES_OUT_OF_OSLO: Final = 0.052
# Below this age deaths of the majority are drawn; from it on they are what its published numbers leave.
DEATHS_FOLLOW_FROM: Final = 60
# Of the emigrations of a citizenship, those of persons who come and leave within the year, at least; where
# foreign citizens without a total of their own come from then.
PASSING_THROUGH_ALIGNED: Final = 0.03
PASSING_FROM: Final = (139, 117, 127, 133, 113, 157, 684, 101)
# Immigrants 15-74 on 1 January from 2016 on, thousands: as many as published residents leave room for
# (estimate); and how many of them are under collective protection (assumption).
STOCK_THOUSANDS_ALIGNED: Final = YearSeries(
    (2016, 2020, 2021, 2022, 2023, 2024, 2025, 2026), (629, 683, 692, 708, 741, 772, 795, 812)
)
UKRAINE: Final = 148
UKRAINIANS_THOUSANDS: Final = YearSeries((2022, 2023, 2024, 2025, 2026), (0.0, 24.0, 46.0, 58.0, 66.0))
# What the sender of an aligned delivery announces of its moves (`announced` in delivery.json): year, column,
# codes, reason.
ANNOUNCED: Final = (
    (
        2020,
        "hendelse",
        ("innvandring", "utvandring"),
        "Fewer came and left in the first pandemic year.",
    ),
    (2022, "hendelse", ("innvandring",), "Refugees came from Ukraine, under collective protection."),
    (2022, "fra_land", ("148",), "Refugees came from Ukraine, under collective protection."),
    (2024, "fra_land", ("148",), "Fewer refugees came from Ukraine than in the year before."),
    (2025, "fra_land", ("148",), "Fewer refugees came from Ukraine than in the year before."),
)

# The majority, by option (majority.py), at scale 1, besides those in the families of immigrants.
MAJORITY_PERSONS: Final = 4_100_000
MAJORITY_CATEGORIES: Final = {CATEGORY_A: 0.953, CATEGORY_F: 0.041, CATEGORY_C: 0.006}
MAJORITY_ORIGINS: Final = (534, 143, 575, 452, 444, 424, 303, 456, 101, 106, 139, 346)
# Where who returns comes from (Sweden), and where people are born to Norwegian parents (assumption).
MAJORITY_RETURNS_FROM: Final = 106
MAJORITY_BORN_IN: Final = (106, 144, 684, 139)
MAJORITY_HOST_AGES: Final = (40, 55)  # of whom children who come live with
MAJORITY_AGE: Final = (1.1, 1.45)  # of a beta distribution over 0-91
MAJORITY_MEN: Final = 0.5
MAJORITY_IN_COUPLES: Final = 0.6  # of adults
MAJORITY_AT_LEVEL: Final = (1.0, 1.1, 1.2, 1.4)
# Emigration in a year by age, times the factors for Oslo, long education and parents from abroad.
MAJORITY_EMIGRATION: Final = (
    (0, 17, 20, 26, 34, 45, 60, 90),
    (0.001, 0.001, 0.005, 0.006, 0.004, 0.0015, 0.0006, 0.0001),
)
MAJORITY_EMIGRATION_FROM_OSLO, MAJORITY_EMIGRATION_TERTIARY = 2.6, 1.5
MAJORITY_EMIGRATION_BY_CATEGORY: Final = {CATEGORY_A: 0.8, CATEGORY_F: 1.6, CATEGORY_C: 2.2}
MAJORITY_RETURNS: Final = 0.17  # per year abroad, for six years
MAJORITY_MOVES: Final = ((0, 19, 25, 32, 45, 90), (0.02, 0.09, 0.12, 0.06, 0.03, 0.01))
MAJORITY_BIRTHS: Final = 0.011  # per resident and year
