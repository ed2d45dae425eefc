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
SUPPORTED_YEARS: Final = (1991, 2024)


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


# Immigrants aged 15-74 on 1 January, thousands. 2013: n of the logit (545,966) plus those who died or were
# unaccounted for; other years after the growth of the immigrant population (assumption).
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
    (125, 160, 240, 250, 261, 277, 299, 336, 377, 412, 452, 498, 547.3, 585, 617, 644, 720, 850),
)

# Share of each background among immigrants aged 15-74 on 1 January. Section 2.2 prints the means of
# 2004-2008 and 2009-2013; the path within the periods is an assumption.
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
SHARE_MEANS: Final = {  # section 2.2, per cent of immigrants: mean 2004-2008, mean 2009-2013
    WORK: (8.0, 20.0),
    UNKNOWN: (26.0, 17.0),
    REFUGE: (20.0, 17.0),
    FAMILY: (27.0, 29.0),
    NORDIC: (16.0, 12.5),
    EDUCATION: (3.0, 4.5),
}

# Men among immigrants aged 15-74 (2013: n of tables E5-E8; earlier years assumption).
MALE_SHARE: Final = YearSeries((1991, 2003, 2006, 2013, 2020), (0.505, 0.493, 0.497, 0.5244, 0.525))

# Emigrations and moves between centrality levels per 100 immigrants aged 15-74, by outcome year. Education,
# work and refuge: values the text of chapter 4 gives; nordic, family and unknown: assumption. From 2013 on
# there is no shift: the rates follow from tables E1-E8.
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
    FAMILY: YearSeries((2004,), (1.5,)),
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
