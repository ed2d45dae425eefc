"""Do the three types of logit differ? Likelihood ratios and Schwarz's criterion, ours and the printed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from utvandring.estimators.inference import chi_square_tail
from utvandring.report.cells import Column, Line, Table, figure, words
from utvandring.report.released import Row
from utvandring.report.texts import Texts

_TYPES = (1, 2, 3)
_WHOSE = {"ours": "", "printed": "published_"}


@dataclass(frozen=True)
class TypeFit:
    """All models of one type together: they are of the same persons, one model for each part of them.

    Attributes
    ----------
    n_obs, parameters
        Persons, and coefficients of all models.
    log_likelihood
        The sum of the log likelihoods.
    """

    n_obs: float
    parameters: int
    log_likelihood: float

    @property
    def schwarz_bic(self) -> float:
        """Schwarz's criterion as the report has it, −log L + k/2 log n; the smallest is preferred."""
        return -self.log_likelihood + self.parameters / 2 * math.log(self.n_obs)


def type_fits(fits: Sequence[Row], prefix: str) -> Mapping[int, TypeFit]:
    """Add up the fits of each type; a type of which a model was not fitted, or is withheld, is left out.

    Parameters
    ----------
    fits
        Rows of `release.trinomial_logit_fit` of one base year.
    prefix
        Empty for ours, `published_` for the printed ones.
    """
    found = {}
    for model_type in _TYPES:
        rows = [row for row in fits if row["model_type"] == model_type]
        numbers = [
            tuple(row[f"{prefix}{name}"] for name in ("n_obs", "log_likelihood", "schwarz_bic"))
            for row in rows
        ]
        if not numbers or any(value is None for of_model in numbers for value in of_model):
            continue
        # Schwarz's criterion of a model tells how many coefficients it has.
        parameters = sum(round(2 * (bic + fit) / math.log(n_obs)) for n_obs, fit, bic in numbers)
        found[model_type] = TypeFit(
            sum(n_obs for n_obs, _, _ in numbers), parameters, sum(fit for _, fit, _ in numbers)
        )
    return found


def compare_types(fits: Sequence[Row], text: Texts) -> Table:
    """Test each type of logit against the next, which lets all coefficients differ by level, then by sex.

    Parameters
    ----------
    fits
        Rows of `release.trinomial_logit_fit`.
    text
        The language.
    """
    columns = [
        Column(text("types", "whose"), is_text=True),
        Column(text("types", "hypothesis"), is_text=True),
        *(Column(text("types", name)) for name in ("ratio", "degrees", "p_value", "bic", "bic_general")),
    ]
    of_report = [row for row in fits if row["table_id"] is not None]
    lines = []
    for whose, prefix in _WHOSE.items():
        found = type_fits(of_report, prefix)
        for restricted, general in ((1, 2), (2, 3)):
            if restricted not in found or general not in found:
                continue
            one, other = found[restricted], found[general]
            ratio = 2 * (other.log_likelihood - one.log_likelihood)
            degrees = other.parameters - one.parameters
            lines.append(
                Line(
                    [
                        words(text("table", whose)),
                        words(text("types", f"type_{restricted}_{general}")),
                        figure(ratio, text, 1),
                        figure(degrees, text, 0),
                        figure(chi_square_tail(ratio, degrees), text, 4),
                        figure(one.schwarz_bic, text, 0),
                        figure(other.schwarz_bic, text, 0),
                    ]
                )
            )
    return Table("types", text("types", "title"), columns, lines)
