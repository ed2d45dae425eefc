"""Municipalities: where people live in the division of 2013, and which code a register writes in a year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from utvandring.simulation.parameters import FloatArray, code_list, published

IntArray = npt.NDArray[np.int64]

# Inhabitants in thousands of the larger municipalities, rounded; others get the typical size of their level.
# Only weights within a county and level: both of these are calibrated, the municipality is not.
_LARGE = {
    "0301": 624, "1201": 268, "1601": 179, "1103": 129, "0219": 116, "1001": 84, "0106": 76, "1102": 70,
    "1902": 70, "0602": 65, "0220": 57, "0105": 54, "0806": 53, "0231": 50, "1804": 49, "1504": 45,
    "0706": 44, "0709": 43, "0906": 43, "0704": 41, "1149": 41, "1106": 36, "0805": 35, "0230": 34,
    "0412": 33, "0235": 31, "0104": 31, "0101": 30, "0403": 29, "0502": 29, "0605": 29, "0213": 29,
    "0501": 27, "1247": 27, "1833": 26, "1502": 26, "0604": 26, "0701": 26, "0217": 26, "1505": 24,
    "1903": 24, "0626": 24, "1124": 24, "1246": 23, "0237": 22, "1714": 22, "1702": 21, "0233": 21,
    "0427": 20, "2012": 19, "1805": 18, "0402": 17, "2004": 10, "2030": 10,
}  # fmt: skip
_TYPICAL = {1: 2.8, 2: 5.5, 3: 7.0, 4: 9.0}


@dataclass(frozen=True)
class Geography:
    """The 428 municipalities of 2013 and the shares that steer where immigrants live.

    Attributes
    ----------
    codes : codes of 2013, in order.
    county : index into `county_codes`, per municipality.
    level : centrality level 1-4, per municipality.
    weight : relative size within its county and level.
    cell : 4 * county + level - 1, per municipality.
    target : share of all immigrants 15-74 per cell and sex (men, women); sums to 1.
    """

    codes: tuple[str, ...]
    county_codes: tuple[str, ...]
    county: IntArray
    level: IntArray
    weight: FloatArray
    cell: IntArray
    target: FloatArray

    @property
    def municipality_target(self) -> FloatArray:
        """Share of immigrants 15-74 per municipality."""
        within = self.weight / np.bincount(self.cell, self.weight, minlength=self.target.shape[0])[self.cell]
        return np.asarray(within * self.target.sum(axis=1)[self.cell])


@cache
def geography() -> Geography:
    """Return the municipalities of 2013 with calibrated stock shares.

    County by level by sex is raked (IPF) to the n of tables 5.13-5.31 (county), of 5.1-5.4 (level) and to the
    share of the sexes in E1-E8.
    """
    municipalities = code_list("municipality_2013").sort_values("municipality_code")
    codes = tuple(municipalities["municipality_code"])
    county_codes = tuple(sorted(set(municipalities["county_code"])))
    county = np.array([county_codes.index(c) for c in municipalities["county_code"]])
    level = municipalities["centrality_level"].astype(np.int64).to_numpy()
    weight = np.array([float(_LARGE.get(c, _TYPICAL[lv])) for c, lv in zip(codes, level, strict=True)])
    cell = 4 * county + level - 1
    start = np.bincount(cell, weight, minlength=4 * len(county_codes)).reshape(-1, 4).astype(np.float64)
    county_n, level_sex_n = published_counts()
    shares = np.repeat(start[:, :, None], 2, axis=2)
    for _ in range(200):
        shares *= (county_n / county_n.sum() / shares.sum(axis=(1, 2)))[:, None, None]
        shares *= (level_sex_n / level_sex_n.sum() / shares.sum(axis=0))[None]
    target = np.asarray(shares.reshape(-1, 2), dtype=np.float64)
    return Geography(codes, county_codes, county, level.astype(np.int64), weight, cell, target)


def published_counts() -> tuple[FloatArray, FloatArray]:
    """Return n per county (19; tables 5.13-5.31) and per level and sex (4 x men, women).

    Levels have the n of tables 5.1-5.4, of ages 15-74; the sexes share them as in tables E1-E8, of 15 and
    over.
    """
    lpm = published("published_lpm").drop_duplicates("table_id").sort_values("scope_code")
    n_obs = lpm.set_index("spec")["n_obs"].astype(float)
    county, level = n_obs.loc["county_background"].to_numpy(), n_obs.loc["main"].to_numpy()
    fit = published("published_mnl_diagnostics").set_index("table_id")["n_obs"].astype(float)
    level_sex = np.array([[fit[f"E{level + 4}"], fit[f"E{level}"]] for level in range(1, 5)])
    return county, level[:, None] * level_sex / level_sex.sum(axis=1, keepdims=True)


@cache
def division(year: int) -> tuple[tuple[str, ...], IntArray]:
    """Return how municipalities of 2013 are written in the division of 1 January `year`.

    Returns
    -------
    codes : codes in force.
    lookup : index into `codes`, shape (municipality of 2013, part 0-255). Before a merger the parts of a
        municipality are spread over its predecessors, after a split over its successors.
    """
    now = f"{year}-01-01"
    lookup: list[list[str]] = []
    if year <= 2013:
        old = code_list("municipality_code")
        old = old[(old["kind"] == "ordinary") & (old["valid_from"] <= now)]
        old = old[(old["valid_to"] == "") | (old["valid_to"] > now)]
        predecessors = old.groupby("municipality_code_2013")["municipality_code"].apply(list).to_dict()
        for code in geography().codes:
            # How people were spread over the predecessors is an assumption: three quarters in the first.
            parts = sorted(predecessors[code])
            if len(parts) == 1:
                lookup.append(parts * 256)
            else:
                lookup.append([parts[0]] * 192 + [parts[1]] * 64)
    else:
        changes = code_list("municipality_reform")
        changes = changes[(changes["changed_on"] > "2013-01-01") & (changes["changed_on"] <= now)]
        # Nobody is simulated to live in the part of Stokke that went to Tønsberg.
        changes = changes[changes["is_transfer"] == "false"]
        links = code_list("municipality_direct_link")
        direct = links[links["changed_on"] <= now].set_index("old_code")["new_code"].to_dict()
        by_date = [
            {old: list(rows[["new_code", "share"]].itertuples(index=False, name=None))
             for old, rows in step.groupby("old_code")}
            for _, step in changes.sort_values(["changed_on", "old_code", "new_code"]).groupby("changed_on")
        ]  # fmt: skip
        for code in geography().codes:
            written = [code] * 256
            for step in by_date:
                written = [_successor(step, c, part) for part, c in enumerate(written)]
            lookup.append([direct[code]] * 256 if code in direct else written)
    codes = tuple(sorted({c for row in lookup for c in row}))
    position = {c: i for i, c in enumerate(codes)}
    return codes, np.array([[position[c] for c in row] for row in lookup])


def _successor(step: dict[str, list[tuple[str, str]]], code: str, part: int) -> str:
    """Return the code that follows `code` in one year's changes; a split follows the known shares."""
    successors = step.get(code)
    if successors is None:
        return code
    edge = 0.0
    for new_code, share in successors:
        edge += float(share or 1.0)
        if part / 256 < edge:
            return new_code
    return successors[-1][0]
