"""Why the rate of a county, a background or a year differs: decompositions of counts, as one tidy frame."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from utvandring.estimators.decomposition import (
    COMPOSITION,
    RATE,
    Decomposition,
    kitagawa,
    oaxaca_blinder,
    yun_logit,
)

FACTORS: Final = ("sex", "age_group", "immigration_background", "residence_group", "labour_status")
OUTCOMES: Final = ("emigration", "internal_outmigration")
METHODS: Final[dict[str, Callable[..., Decomposition]]] = {
    "kitagawa": kitagawa,
    "oaxaca_blinder": oaxaca_blinder,
    "yun": yun_logit,
}
# The column that each comparison is of, and the name of everybody that it is compared with.
COMPARISONS: Final = {
    "region": ("county_code", "country"),
    "background": ("immigration_background", "all"),
    "year": ("outcome_year", None),
}
_MEASURES: Final = (
    "contribution",
    "std_error",
    "compared_rate",
    "reference_rate",
    "difference_std_error",
    "composition",
    "composition_std_error",
    "rate",
    "rate_std_error",
    "composition_share",
    "composition_share_std_error",
    "only_compared_share",
    "only_reference_share",
)
_COLUMNS: Final = {
    "outcome_year": "int32",
    **dict.fromkeys(
        ("comparison", "compared", "reference", "outcome", "method", "component", "term"), "object"
    ),
    **dict.fromkeys(_MEASURES, "float64"),
    **dict.fromkeys(("persons_n", "events_n", "reference_persons_n", "reference_events_n"), "Int64"),
    "not_decomposed_reason": "object",
}


def decomposed(
    cells: pd.DataFrame,
    comparison: str,
    compared: str,
    reference: str | None = None,
    *,
    outcome_year: int,
    outcome: str = "emigration",
    method: str = "kitagawa",
) -> Decomposition:
    """Take the difference of two rates apart.

    Parameters
    ----------
    cells
        Rows of `estimates.rate_decomposition_cell`, or others with its columns.
    comparison
        `region` (counties), `background` or `year`.
    compared, reference
        County code, background or outcome year; of the reference None: the country, everybody, or the year
        before.
    outcome_year
        The year of the outcomes; of a comparison of years, the one compared.
    outcome
        `emigration` or `internal_outmigration` (to another county).
    method
        `kitagawa`, `oaxaca_blinder` or `yun`.

    Returns
    -------
    Decomposition
        Rates are shares, 0 to 1.

    Raises
    ------
    ValueError
        One sentence: a name that is not known, a year without outcomes, a comparison with itself, a group
        without persons, or a model that cannot be fitted.
    """
    _known(outcome, OUTCOMES, "outcome")
    _known(method, tuple(METHODS), "method")
    return _taken_apart(_counted(cells, comparison, compared, reference, outcome_year), outcome, method)


@dataclass(frozen=True)
class _Counted:
    """Two populations by the same cells.

    Attributes
    ----------
    categories
        n cells × factors.
    compared, reference
        Counts of the cells: persons_n, and the events of every outcome.
    is_part
        Whether those compared are among the reference.
    """

    categories: pd.DataFrame
    compared: pd.DataFrame
    reference: pd.DataFrame
    is_part: bool


def _counted(
    cells: pd.DataFrame, comparison: str, compared: str, reference: str | None, outcome_year: int
) -> _Counted:
    _known(comparison, tuple(COMPARISONS), "comparison")
    column, everybody = COMPARISONS[comparison]
    if comparison == "year":
        for name in (compared, reference):
            if name is not None and not name.isdecimal():
                raise ValueError(f"{name!r} is not a year, such as 2013.")
        reference = reference or str(int(compared) - 1)
        sides = [(compared, int(compared)), (reference, int(reference))]
    else:
        reference = reference or str(everybody)
        sides = [(compared, outcome_year), (reference, outcome_year)]
    if compared == reference:
        raise ValueError(f"{compared} is compared with itself: there is no difference to take apart.")
    # What is compared by is the same for everybody in it.
    factors = [factor for factor in FACTORS if factor != column]
    found = [
        _summed(_chosen(cells, column, None if name == everybody else name, year), factors)
        for name, year in sides
    ]
    index = found[0].index.union(found[1].index)
    first, second = (one.reindex(index, fill_value=0) for one in found)
    return _Counted(index.to_frame(index=False), first, second, reference == everybody)


def _chosen(cells: pd.DataFrame, column: str, name: str | None, year: int) -> pd.DataFrame:
    """Return the cells of a year, of one category or all of them."""
    of_year = cells[cells["outcome_year"] == year]
    if not len(of_year):
        there = ", ".join(str(one) for one in sorted(cells["outcome_year"].unique())) or "no year"
        raise ValueError(f"The outcomes of {year} are not known or not counted: the cells have {there}.")
    chosen = of_year if name is None else of_year[of_year[column].astype(str) == name]
    if not chosen["persons_n"].sum():
        there = ", ".join(sorted(of_year[column].dropna().astype(str).unique()))
        raise ValueError(f"Nobody has the {column} {name!r} in {year}; there are {there}.")
    return chosen


def _summed(cells: pd.DataFrame, factors: list[str]) -> pd.DataFrame:
    counts = ["persons_n", *(f"{outcome}_n" for outcome in OUTCOMES)]
    return cells.groupby(factors, observed=True)[counts].sum()


def _taken_apart(counted: _Counted, outcome: str, method: str) -> Decomposition:
    columns = ["persons_n", f"{outcome}_n"]
    return METHODS[method](
        counted.categories, counted.compared[columns], counted.reference[columns], is_part=counted.is_part
    )


def rate_decompositions(
    cells: pd.DataFrame, base_years: Sequence[int], outcomes: Sequence[str] = ("emigration",)
) -> pd.DataFrame:
    """Take apart the differences of the base years asked for.

    Parameters
    ----------
    cells
        Rows of `rate_decomposition_cell`: the outcome years asked for, and the years before.
    base_years
        The base years asked for; their outcomes are those of the year after.
    outcomes
        `emigration`, `internal_outmigration` (to another county), or both; each takes as long again.

    Returns
    -------
    pandas.DataFrame
        One row a part, in percentage points: every county against the country, every background against
        everybody, every year against the year before. Without parts, one row with the reason.

    Raises
    ------
    ValueError
        If there is no such outcome, or the outcomes are not a list.
    """
    if isinstance(outcomes, str):
        raise ValueError(
            f"estimates_decomposition_outcomes must be a list, such as [{outcomes}], not {outcomes!r}."
        )
    for outcome in outcomes:
        _known(outcome, OUTCOMES, "outcome")
    # The same few words in many rows: as categories they are grouped several times faster.
    cells = cells.astype(dict.fromkeys(FACTORS, "category"))
    found = [
        row
        for year, comparison, compared in _comparisons(cells, [year + 1 for year in base_years])
        for row in _rows(cells, year, comparison, compared, outcomes)
    ]
    return pd.DataFrame(found, columns=list(_COLUMNS)).astype(_COLUMNS)


def _comparisons(cells: pd.DataFrame, years: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    """Yield outcome year, comparison and what is compared."""
    for year in years:
        of_year = cells[cells["outcome_year"] == year]
        for comparison in ("region", "background"):
            column, _ = COMPARISONS[comparison]
            for compared in sorted(of_year[column].dropna().astype(str).unique()):
                yield year, comparison, compared
        if len(of_year):
            yield year, "year", str(year)


def _rows(
    cells: pd.DataFrame, year: int, comparison: str, compared: str, outcomes: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield the parts of the differences of every outcome by every method, or a row that says why not."""
    counted: _Counted | ValueError
    try:
        counted = _counted(cells, comparison, compared, None, year)
    except ValueError as error:
        counted = error
    for outcome in outcomes:
        for method in METHODS:
            about = {
                "outcome_year": year,
                "comparison": comparison,
                "compared": compared,
                "reference": COMPARISONS[comparison][1] or str(year - 1),
                "outcome": outcome,
                "method": method,
            }
            try:
                if isinstance(counted, ValueError):
                    raise counted
                found = _taken_apart(counted, outcome, method)
            except ValueError as error:
                none = {"component": COMPOSITION, "term": "all", "not_decomposed_reason": str(error)}
                yield {**about, **none}
            else:
                yield from ({**about, **part} for part in _parts(found))


def _parts(found: Decomposition) -> Iterator[dict[str, Any]]:
    """Yield the parts in percentage points, with what is the same for all of them."""
    composition, rate, share = found.total(COMPOSITION), found.total(RATE), found.composition_share()
    shares = {
        "compared_rate": found.compared_rate,
        "reference_rate": found.reference_rate,
        "difference_std_error": found.total()[1],
        "composition": composition[0],
        "composition_std_error": composition[1],
        "rate": rate[0],
        "rate_std_error": rate[1],
        "composition_share": share[0],
        "composition_share_std_error": share[1],
        "only_compared_share": found.only_compared_share,
        "only_reference_share": found.only_reference_share,
    }
    whole = {
        **{name: 100 * value for name, value in shares.items()},
        "persons_n": found.persons[0],
        "events_n": found.events[0],
        "reference_persons_n": found.persons[1],
        "reference_events_n": found.events[1],
    }
    errors = found.std_errors
    for position, (component, term) in enumerate(zip(found.components, found.terms, strict=True)):
        yield {
            "component": component,
            "term": term,
            "contribution": 100 * found.contributions[position],
            "std_error": 100 * errors[position],
            **whole,
        }


def _known(name: str, names: tuple[str, ...], what: str) -> None:
    if name not in names:
        raise ValueError(f"There is no {what} {name!r}; there are {', '.join(names)}.")
