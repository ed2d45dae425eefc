"""Differences of rates from counted cells: which are compared, and what is said where they cannot be."""

import numpy as np
import pandas as pd
import pytest

from utvandring.regressions.decomposition import decomposed, rate_decompositions


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    """Two outcome years, two counties and persons without one, two backgrounds."""
    rng = np.random.default_rng(2)
    frame = pd.MultiIndex.from_product(
        [
            [2012, 2013],
            ["03", "11", None],
            ["female", "male"],
            ["25-35", "36-61"],
            ["work", "not_immigrant"],
            ["3-5", "16+"],
            ["employed", "in_education"],
        ],
        names=[
            "outcome_year",
            "county_code",
            "sex",
            "age_group",
            "immigration_background",
            "residence_group",
            "labour_status",
        ],
    ).to_frame(index=False)
    frame = frame[(frame["immigration_background"] == "work") | (frame["residence_group"] == "16+")]
    frame["persons_n"] = rng.integers(40, 200, len(frame))
    frame["emigration_n"] = rng.binomial(frame["persons_n"], 0.1)
    frame["internal_outmigration_n"] = rng.binomial(frame["persons_n"] - frame["emigration_n"], 0.1)
    return frame


def test_counties_backgrounds_and_the_year_are_taken_apart_by_every_method(cells: pd.DataFrame) -> None:
    table = rate_decompositions(cells, [2012])
    compared = table.groupby("comparison")["compared"].unique().map(sorted).to_dict()
    assert compared == {
        "region": ["03", "11"],
        "background": ["not_immigrant", "work"],
        "year": ["2013"],
    }
    assert table["not_decomposed_reason"].isna().all()
    assert set(table["method"]) == {"kitagawa", "oaxaca_blinder", "yun"}
    sums = table.groupby(["comparison", "compared", "method"])["contribution"].sum()
    firsts = table.groupby(["comparison", "compared", "method"]).first()
    assert sums.to_numpy() == pytest.approx(
        (firsts["compared_rate"] - firsts["reference_rate"]).to_numpy(), abs=1e-10
    )
    # The country has the persons without a county too.
    of_year = cells[cells["outcome_year"] == 2013]
    oslo = table[(table["compared"] == "03") & (table["method"] == "yun")].iloc[0]
    assert oslo["reference_persons_n"] == of_year["persons_n"].sum()
    assert oslo["persons_n"] == of_year.loc[of_year["county_code"] == "03", "persons_n"].sum()
    # What is compared by is no factor.
    of_work = table[(table["compared"] == "work") & (table["component"] == "composition")]
    assert "immigration_background" not in set(of_work["term"])


def test_a_base_year_without_the_year_before_keeps_its_counties_and_says_why_the_year_is_missing(
    cells: pd.DataFrame,
) -> None:
    table = rate_decompositions(cells[cells["outcome_year"] == 2013], [2012])
    assert table.loc[table["comparison"] == "region", "contribution"].notna().all()
    of_year = table[table["comparison"] == "year"]
    assert of_year["contribution"].isna().all()
    assert of_year["not_decomposed_reason"].str.startswith("The outcomes of 2012 are not known").all()
    assert len(rate_decompositions(cells[:0], [2012])) == 0


def test_moves_to_another_county_are_taken_apart_in_the_same_table(cells: pd.DataFrame) -> None:
    both = rate_decompositions(cells, [2012], ["emigration", "internal_outmigration"])
    alone = rate_decompositions(cells, [2012])
    pd.testing.assert_frame_equal(both[both["outcome"] == "emigration"].reset_index(drop=True), alone)
    moves = both[both["outcome"] == "internal_outmigration"]
    assert len(moves) == len(alone)
    of_year = cells[cells["outcome_year"] == 2013]
    assert (moves["reference_events_n"] == of_year["internal_outmigration_n"].sum()).any()
    with pytest.raises(ValueError, match="There is no outcome 'death'; there are emigration, internal_out"):
        rate_decompositions(cells, [2012], ["death"])
    with pytest.raises(ValueError, match=r"must be a list, such as \[emigration\]"):
        rate_decompositions(cells, [2012], "emigration")


def test_two_counties_are_compared_where_somebody_asks(cells: pd.DataFrame) -> None:
    found = decomposed(
        cells,
        "region",
        "03",
        "11",
        outcome_year=2013,
        outcome="internal_outmigration",
        method="oaxaca_blinder",
    )
    rates = (
        cells[cells["outcome_year"] == 2013]
        .groupby("county_code")[["persons_n", "internal_outmigration_n"]]
        .sum()
        .eval("internal_outmigration_n / persons_n")
    )
    assert found.total()[0] == pytest.approx(rates["03"] - rates["11"])


@pytest.mark.parametrize(
    ("comparison", "compared", "reference", "year", "said"),
    [
        ("region", "99", None, 2013, "Nobody has the county_code '99' in 2013; there are 03, 11"),
        ("region", "03", "99", 2013, "Nobody has the county_code '99'"),
        ("region", "03", "03", 2013, "03 is compared with itself"),
        (
            "region",
            "03",
            None,
            2014,
            "The outcomes of 2014 are not known or not counted: the cells have 2012, 2013",
        ),
        ("year", "2012", None, 2012, "The outcomes of 2011 are not known"),
        ("year", "last", None, 2012, "'last' is not a year"),
        ("background", "refuge", None, 2013, "Nobody has the immigration_background 'refuge'"),
        ("sex", "female", None, 2013, "There is no comparison 'sex'; there are region, background, year"),
    ],
)
def test_what_is_not_known_is_said_in_one_sentence(
    cells: pd.DataFrame, comparison: str, compared: str, reference: str | None, year: int, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        decomposed(cells, comparison, compared, reference, outcome_year=year)
