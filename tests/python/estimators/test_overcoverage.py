"""Signs of life and leaving without saying so: the hidden Markov model against its definition."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from utvandring.estimators.overcoverage import Parameters, Runs, fit_runs, vague

TRUE = Parameters(*(np.array([p]) for p in (0.9, 0.6, 0.8, 0.04, 0.1, 0.15)))
YEARS = 9


def probability(unknown: bool, sign: bool, silent: int, rates: Parameters) -> float:
    """Of a run, by adding up every path of states; state 1 is gone."""
    p = {name: float(values[0]) for name, values in rates.as_mapping().items()}
    length = silent + sign
    total = 0.0
    for path in product((0, 1), repeat=length):
        weight, before = 1.0, 0
        for year, state in enumerate(path):
            shows = year == silent
            if unknown and year == 0:
                weight *= p["gone_at_first"] if state else 1 - p["gone_at_first"]
            elif before:
                weight *= 1 - p["coming_back"] if state else p["coming_back"]
            else:
                weight *= p["leaving"] if state else 1 - p["leaving"]
            name = "sign_at_first" if unknown else "sign_after_sign"
            seen = p[name if year == 0 else "sign_after_silence"]
            if state:
                weight *= 0.0 if shows else 1.0
            elif before and not (unknown and year == 0):
                weight *= 1.0 if shows else 0.0  # who comes back shows it
            else:
                weight *= seen if shows else 1 - seen
            before = state
        total += weight
    return total


def cells(rates: Parameters) -> Runs:
    """Runs of people seen for nine, six and three years, as often as they are expected."""
    rows = []
    for unknown, seen in product((True, False), (3, 6, YEARS)):
        for silent in range(seen):
            rows.append((unknown, True, silent, probability(unknown, True, silent, rates)))
        rows.append((unknown, False, seen, probability(unknown, False, seen, rates)))
    unknown, sign, silent, share = (np.array(column) for column in zip(*rows, strict=True))
    one = np.zeros(len(rows), dtype=np.int64)
    return Runs(one, one, unknown.astype(bool), sign.astype(bool), silent, 1e6 * share)


def test_expected_histories_give_back_the_probabilities_they_are_made_of() -> None:
    fit = fit_runs(cells(TRUE), vague(1, 1), 0.5, tolerance=1e-10, max_iterations=20_000)

    assert fit.converged
    for name, values in TRUE.as_mapping().items():
        assert fit.parameters.as_mapping()[name] == pytest.approx(values, abs=1e-3), name


def test_histories_of_a_length_have_probabilities_that_add_up_to_one() -> None:
    runs = cells(TRUE)

    assert runs.count.sum() == pytest.approx(6e6)


def test_the_likelihood_is_the_sum_over_all_paths_of_states() -> None:
    runs = cells(TRUE)
    fit = fit_runs(runs, TRUE, 1e12, max_iterations=1)

    assert fit.log_likelihood == pytest.approx(float(runs.count @ np.log(runs.count / 1e6)))


def test_a_group_that_was_never_seen_has_the_probabilities_of_the_prior() -> None:
    two = Parameters(*(np.repeat(values, 2) for values in TRUE.as_mapping().values()))
    fit = fit_runs(cells(TRUE), two, 25.0)

    assert {name: values[1] for name, values in fit.parameters.as_mapping().items()} == pytest.approx(
        {name: values[0] for name, values in TRUE.as_mapping().items()}
    )


def test_no_histories_are_refused() -> None:
    runs = cells(TRUE)

    with pytest.raises(ValueError, match="no histories"):
        fit_runs(replace(runs, count=runs.count * 0), TRUE, 1.0)


def test_histories_without_two_years_with_signs_are_refused() -> None:
    runs = cells(TRUE)

    with pytest.raises(ValueError, match="two years with signs"):
        fit_runs(replace(runs, count=runs.count * ~runs.ends_with_sign), TRUE, 1.0)
