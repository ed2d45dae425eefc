"""Aalen-Johansen: the wrapper, the table of immigrants and the age curves of descendants."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from deliveries import PROJECT
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from utvandring.estimators.survival import (
    aalen_johansen,
    cumulative_incidence,
    incidence_by_age,
    incidence_by_year,
)


def by_definition(days: list[int], cause: list[int], at: float, event: int) -> float:
    """Sum over event times of the chance to be there just before times the share that has the event."""
    there, share = 1.0, 0.0
    for time in sorted({d for d, c in zip(days, cause, strict=True) if c}):
        if time > at:
            break
        at_risk = sum(d >= time for d in days)
        now = [c for d, c in zip(days, cause, strict=True) if d == time and c]
        share += there * now.count(event) / at_risk
        there *= 1 - len(now) / at_risk
    return share


def test_the_dead_do_not_emigrate_and_the_shares_add_up() -> None:
    share, _ = aalen_johansen(np.array([2, 2]), np.array([[0, 1], [1, 0]]))
    assert share.tolist() == [[0, 0.5], [0.25, 0.5]]


def test_errors_and_intervals_are_unknown_once_nobody_is_left() -> None:
    exposure = pd.DataFrame(
        {
            "immigrant_group": "majority",
            "age": [1, 0, 2],
            "at_risk_n": [1, 2, 5],
            "emigration_n": [1, 0, 1],
            "death_n": [0, 1, 0],
        }
    )
    table = incidence_by_age(exposure, ("emigration", "death")).set_index(["age", "event"]).sort_index()
    assert table["estimate"].tolist() == [0.5, 0, 0.5, 0.5, 0.5, 0.5]
    assert table["std_error"].tolist()[:2] == pytest.approx([np.sqrt(0.5 * 0.5 / 2), 0])
    assert table.loc[(0, "death"), ["conf_low", "conf_high"]].tolist() == [0, 1]
    assert table.loc[(0, "emigration"), ["conf_low", "conf_high"]].tolist() == [0, 0]
    assert table.loc[[1, 2], ["std_error", "conf_low", "conf_high"]].isna().all(axis=None)


def test_shares_are_those_of_the_definition_with_ties_and_censoring() -> None:
    rng = np.random.default_rng(3)
    days = rng.integers(0, 40, 200)  # many ties
    cause = rng.choice([0, 1, 2, 3], 200, p=[0.3, 0.4, 0.2, 0.1])
    at_days = np.array([0, 5, 20, 39])
    share, std_error = cumulative_incidence(days, cause, at_days, 3)
    for row, at in enumerate(at_days):
        for event in (1, 2, 3):
            expected = by_definition(days.tolist(), cause.tolist(), at, event)
            assert share[row, event - 1] == pytest.approx(expected, abs=1e-12)
    assert (std_error[1:3] > 0).all()
    assert std_error.shape == (4, 3)


def test_without_censoring_the_share_and_its_error_are_those_of_a_proportion() -> None:
    days = np.repeat([10, 20, 30], 50)
    cause = np.tile([1, 1, 2, 1, 2], 30)
    share, std_error = cumulative_incidence(days, cause, np.array([20]), 2)
    proportion = ((days <= 20) & (cause == 1)).mean()
    assert share[0, 0] == pytest.approx(proportion, abs=1e-12)
    assert std_error[0, 0] == pytest.approx(np.sqrt(proportion * (1 - proportion) / 150), rel=1e-6)


def test_nobody_has_left_before_anything_happened_or_where_nothing_does() -> None:
    share, std_error = cumulative_incidence(np.array([5, 9]), np.array([0, 0]), np.array([1, 9]), 2)
    assert not share.any()
    assert not std_error.any()
    share, _ = cumulative_incidence(np.array([5, 9]), np.array([1, 0]), np.array([4, 5]), 2)
    assert share[:, 0].tolist() == [0.0, 0.5]


@pytest.mark.parametrize(
    ("days", "cause", "message"),
    [([], [], "empty"), ([-1], [1], "negative"), ([1], [4], "cause"), ([1], [-1], "cause")],
)
def test_bad_durations_are_refused(days: list[int], cause: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cumulative_incidence(np.array(days, dtype=int), np.array(cause, dtype=int), np.array([1]), 2)


def test_every_cohort_and_category_has_its_years_as_long_as_somebody_is_followed() -> None:
    spells = pd.DataFrame(
        {
            "transition": "emigration",
            "cohort": [2005, 2005, 2010],
            "duration_days": [800, 366, 400],
            "event": ["emigration", None, None],
            "origin_group": ["asia", "asia", None],
        }
    )
    table = incidence_by_year(spells, ("emigration", "death"), ("origin_group",))
    years = table.groupby(["cohort", "dimension", "category"])["years_since"].max().to_dict()
    assert years == {
        ("2005", "none", "all"): 2,
        ("2010", "none", "all"): 1,
        ("all", "none", "all"): 2,
        ("2005", "origin_group", "asia"): 2,
        ("all", "origin_group", "asia"): 2,
    }
    assert incidence_by_year(spells.iloc[:0], ("emigration",), ("origin_group",)).empty


def test_the_interval_reaches_as_far_up_as_down_and_stays_between_nobody_and_everybody() -> None:
    spells = pd.DataFrame(
        {
            "transition": "emigration",
            "cohort": 2005,
            "duration_days": [100] * 20 + [400] * 80 + [100] + [400] * 99,
            "event": ["emigration"] * 20 + [None] * 80 + ["emigration"] + [None] * 99,
            "origin_group": ["many left"] * 100 + ["one left"] * 100,
        }
    )
    table = incidence_by_year(spells, ("emigration",), ("origin_group",))
    ends = table[table["cohort"] == "all"].set_index("category")[["conf_low", "conf_high"]]
    assert ends.loc["many left"].tolist() == pytest.approx([0.2 - 1.959964 * 0.04, 0.2 + 1.959964 * 0.04])
    assert ends.loc["one left"].tolist() == pytest.approx([0, 0.01 + 1.959964 * np.sqrt(0.01 * 0.99 / 100)])


@pytest.fixture(scope="module")
def warehouse(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built_warehouse / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


def test_the_table_is_what_statsmodels_gives_on_the_stays(warehouse: duckdb.DuckDBPyConnection) -> None:
    codes = {"emigration": 1, "death": 2, "unaccounted": 3}
    stays = warehouse.execute(
        """select duration_days, exit_type, exit_date <= observed_until as is_over
        from marts.immigration_spell
        where is_immigrant and entry_type = 'immigration' and stay_number = 1 and not is_reimmigration
            and origin_group = 'eu_2004_2007'"""
    ).df()
    cause = stays["exit_type"].map(codes).fillna(0).astype(int).where(stays["is_over"].fillna(False), 0)
    expected = CumIncidenceRight(stays["duration_days"].to_numpy(), cause.to_numpy())
    table = warehouse.execute(
        """select years_since, event, estimate, std_error, persons_n from estimates.immigration_survival
        where transition = 'emigration' and cohort = 'all' and category = 'eu_2004_2007'"""
    ).fetchall()
    assert len(table) >= 15
    for years, event, estimate, std_error, persons_n in table:
        row = np.searchsorted(expected.times, np.floor(years * 365.25), side="right") - 1
        if codes[event] > len(expected.cinc):
            assert estimate == 0
            continue
        assert estimate == pytest.approx(expected.cinc[codes[event] - 1][row], abs=1e-6)
        assert persons_n == len(stays)
        if std_error is not None:
            assert std_error == pytest.approx(expected.cinc_se[codes[event] - 1][row], abs=1e-6)


LIVES = """
    select person_id, min(age) as entry, max(age) + 1 as ends,
        max(case outcome when 'emigration' then 1 when 'death' then 2 else 0 end) as cause
    from intermediate.int_descendant__person_year
    where immigrant_group = ? and is_at_risk_of_first_emigration and age between 0 and 74
    group by person_id
    having count(*) = max(age) - min(age) + 1 {condition}
"""


def test_the_age_curve_of_those_followed_from_birth_is_that_of_statsmodels(
    warehouse: duckdb.DuckDBPyConnection, exposure_sql: str
) -> None:
    lives = warehouse.execute(LIVES.format(condition="and min(age) = 0"), ["descendant"]).df()
    expected = CumIncidenceRight(lives["ends"].to_numpy(), lives["cause"].to_numpy())
    table = run_on(warehouse, exposure_sql, "and min(age) = 0")
    assert len(table) > 10
    for age, event, estimate, std_error in table[["age", "event", "estimate", "std_error"]].itertuples(
        index=False
    ):
        column = {"emigration": 0, "death": 1}[event]
        if column >= len(expected.cinc):
            assert estimate == 0
            continue
        row = np.searchsorted(expected.times, age + 1, side="right") - 1
        assert estimate == pytest.approx(expected.cinc[column][row], abs=1e-6)
        if not np.isnan(std_error):
            assert std_error == pytest.approx(expected.cinc_se[column][row], abs=1e-6)


def test_with_late_entry_the_shares_leave_the_survival_of_statsmodels(
    warehouse: duckdb.DuckDBPyConnection, exposure_sql: str
) -> None:
    lives = warehouse.execute(LIVES.format(condition=""), ["descendant"]).df()
    expected = SurvfuncRight(
        lives["ends"].to_numpy(), (lives["cause"] > 0).astype(int).to_numpy(), entry=lives["entry"].to_numpy()
    )
    table = run_on(warehouse, exposure_sql, "")
    left = 1 - table.groupby("age")["estimate"].sum()
    for age, survival in zip(expected.surv_times, expected.surv_prob, strict=True):
        assert left[age - 1] == pytest.approx(survival, abs=1e-6)


@pytest.fixture(scope="module")
def exposure_sql() -> str:
    """The model of the counts as it stands, reading a table of cells by name."""
    model = PROJECT / "models/estimates/descendants/int_estimates__descendant_exposure.sql"
    return model.read_text(encoding="utf-8").replace("{{ ref('int_descendant__cell') }}", "cells")


def run_on(warehouse: duckdb.DuckDBPyConnection, query: str, condition: str) -> pd.DataFrame:
    """Estimate from the descendants whose years meet a condition, all of them together."""
    lives = LIVES.format(condition=condition)
    cells = warehouse.execute(
        f"""select * exclude (person_id), 1 as persons_n from intermediate.int_descendant__person_year
        where immigrant_group = 'descendant' and person_id in (select person_id from ({lives}))""",
        ["descendant"],
    ).df()
    with duckdb.connect() as connection:
        connection.register("cells", cells)
        exposure = connection.execute(query).df()
    table = incidence_by_age(exposure, ("emigration", "death"))
    return table[table["dimension"] == "none"]
