"""Are coefficients of the logits the same on all centrality levels, and for both sexes? Wald tests."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from utvandring.estimators.inference import chi_square_tail, wald_of_equality

# Terms that are tested together; the constants are never tested, since every model of a type has its own.
TERMS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": ("age", "age_sq_scaled"),
    "residence": ("residence_0_2", "residence_3_5", "residence_6_10", "residence_11_15"),
    "education": ("education_1", "education_2", "education_3", "education_4", "education_5"),
    "labour_status": ("status_employed", "status_employed_in_education", "status_in_education",
                      "status_unemployed"),
    "immigration_background": ("bg_work", "bg_refuge", "bg_family", "bg_education", "bg_unknown"),
    "family": ("family_total", "family_immigrants"),
}  # fmt: skip
_COLUMNS: Final = {
    "base_year": "int32",
    "model_type": "int32",
    "compared": "object",
    "centrality_level": "Int32",
    "sex": "object",
    "terms": "object",
    "statistic": "float64",
    "degrees_of_freedom": "Int32",
    "p_value": "float64",
}


def equality_tests(fits: pd.DataFrame) -> pd.DataFrame:
    """Test terms of the fitted logits for equality between models of one type.

    Parameters
    ----------
    fits
        Rows of `fit_trinomial_logit`: one for each coefficient, `covariance` a row of the covariance matrix
        in the order of `position`.

    Returns
    -------
    pandas.DataFrame
        One row for each base year, comparison and group of terms: `all` and the groups of `TERMS`.
        `compared` is `centrality_level` (models of type 2 against type 1; of type 3 for each sex) or `sex`
        (models of type 3 on each level, and on all levels together, against type 2). NaN where a model was
        not fitted.
    """
    groups: dict[str, tuple[str, ...]] = {"all": tuple(t for terms in TERMS.values() for t in terms), **TERMS}
    rows = []
    for year, of_year in fits.groupby("base_year", sort=True):
        for model_type, compared, level, sex, families in _comparisons(of_year):
            for name, terms in groups.items():
                # A type with female has it in the levels' models too.
                tested = (*terms, "female") if name == "all" else terms
                found = [_wald(models, tested) for models in families]
                statistic = sum(one[0] for one in found) if found else np.nan
                degrees = sum(one[1] for one in found)
                known = bool(np.isfinite(statistic)) and degrees > 0
                p_value = chi_square_tail(statistic, degrees) if known else np.nan
                rows.append(
                    (
                        year,
                        model_type,
                        compared,
                        level,
                        sex,
                        name,
                        statistic,
                        degrees if known else None,
                        p_value,
                    )
                )
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def _comparisons(
    fits: pd.DataFrame,
) -> Iterator[tuple[int, str, int | None, str | None, list[list[pd.DataFrame]]]]:
    """Yield type, what is compared, where, and the models compared, in families that are added up."""
    model_type = fits["spec"].astype(str).str[-1].astype(int)
    level, sex = fits["centrality_level"].fillna(0), fits["sex"].astype(object).fillna("")

    def models(one_type: int, wanted: Sequence[tuple[int, str]]) -> list[pd.DataFrame]:
        chosen = [fits[(model_type == one_type) & (level == at) & (sex == of)] for at, of in wanted]
        return [rows.sort_values("position") for rows in chosen]

    levels, sexes = (1, 2, 3, 4), ("female", "male")
    yield 2, "centrality_level", None, None, [models(2, [(at, "") for at in levels])]
    for of in sexes:
        yield 3, "centrality_level", None, of, [models(3, [(at, of) for at in levels])]
    by_level = [models(3, [(at, of) for of in sexes]) for at in levels]
    for at, family in zip(levels, by_level, strict=True):
        yield 3, "sex", at, None, [family]
    yield 3, "sex", None, None, by_level


def _wald(models: Sequence[pd.DataFrame], terms: Sequence[str]) -> tuple[float, int]:
    """Return statistic and degrees of freedom; NaN and 0 if a model was not fitted."""
    estimates, covariances = [], []
    for rows in models:
        if len(rows) == 0 or not rows["converged"].astype(bool).all():
            return float("nan"), 0
        chosen = rows["term"].isin(list(terms)).to_numpy()
        covariance = np.array(rows["covariance"].to_list(), dtype=np.float64)
        estimates.append(rows["estimate"].to_numpy(np.float64)[chosen])
        covariances.append(covariance[np.ix_(chosen, chosen)])
    return wald_of_equality(estimates, covariances)
