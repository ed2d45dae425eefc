"""Which figures and tables the report has, in its order, and what each is about.

Blocks and their contents are those of Rapporter 2016/27. The order of the figures within a block is ours
where the report's is not documented (docs/analysis.md); it is the one of the queries in `analysis/`.
"""

from collections.abc import Iterator, Mapping

from utvandring.report import beyond
from utvandring.report.entries import Entry, Query

BACKGROUNDS = ("work", "refuge", "family", "education", "nordic", "unknown")
OUTCOMES = ("emigration", "internal_outmigration")
COUNTIES = tuple(f"{code:02d}" for code in range(1, 21) if code != 13)
FIRST_YEAR, LAST_YEAR = 2004, 2013
PERIODS = ("2004-2008", "2009-2013")


BACKGROUND = Query(
    "background", "analysis/figures_4_01_to_4_08_mobility_by_background.sql", "immigration_background"
)
LABOUR_STATUS = Query(
    "labour_status", "analysis/figures_4_09_to_4_20_mobility_by_labour_status.sql", "labour_status"
)
EDUCATION = Query("education", "analysis/figures_4_21_to_4_32_mobility_by_education.sql", "education_group")
CENTRALITY = Query(
    "centrality", "analysis/figures_5_01_to_5_12_mobility_by_centrality.sql", "centrality_level"
)
COMPOSITION = Query(
    "composition",
    "models/release/release_county_composition.sql",
    sql="""\
select '5.13' as figure, *
from release.county_composition
order by period, county_code, immigration_background""",
)
COUNTY = Query(
    "county",
    "models/release/release_county_rate.sql",
    sql="""\
select
    '5.' || (13 + list_position(
        ['work', 'refuge', 'family', 'education', 'nordic', 'unknown'], immigration_background
    )) as figure,
    *,
from release.county_rate
where immigration_background <> 'all'
order by period, county_code, immigration_background, outcome""",
)
FAMILY = Query("family", "analysis/tables_4_1_to_4_3_mobility_by_family.sql")
LINEAR_PROBABILITY = Query(
    "linear_probability",
    "models/release/release_linear_probability.sql",
    sql="""\
select * from release.linear_probability
where table_id is not null
order by table_id, term, outcome""",
)
TRINOMIAL_LOGIT = Query(
    "trinomial_logit",
    "models/release/release_trinomial_logit.sql",
    sql="""\
select * from release.trinomial_logit
where table_id is not null
order by table_id, term, equation""",
)
DIFFERENCE = Query(
    "difference",
    "models/release/release_trinomial_logit_difference.sql",
    sql="""\
select * from release.trinomial_logit_difference
where table_id is not null
order by table_id, comparison, outcome""",
)
RATES = Query(
    "rates",
    "models/release/release_mobility_rate.sql",
    sql="""\
select *
from release.mobility_rate
where not outcome_is_provisional
order by outcome_year, region_level, region_code, immigration_background, population, dimension, category""",
)
FIGURE_QUERIES = (BACKGROUND, LABOUR_STATUS, EDUCATION, CENTRALITY, COMPOSITION, COUNTY, *beyond.QUERIES)
TABLE_QUERIES = (FAMILY, LINEAR_PROBABILITY, TRINOMIAL_LOGIT, DIFFERENCE)
QUERIES = (*FIGURE_QUERIES, *TABLE_QUERIES, RATES)


def figures() -> tuple[Entry, ...]:
    """Return the figures that are redrawn, in the order of their numbers."""
    return (
        *_background(),
        *_by("labour_status", 9),
        *_by("education", 21),
        *_by_region(),
        *beyond.entries(),
    )


def _background() -> Iterator[Entry]:
    for number, outcome in enumerate(OUTCOMES, start=1):
        yield Entry(f"4.{number}", "figures_background", "background", "by_background", {"outcome": outcome})
    for number, background in enumerate(BACKGROUNDS, start=3):
        about = {"background": background}
        yield Entry(f"4.{number}", "figures_background", "background", "one_background", about)


def _by(method: str, first: int, chapter: int = 4) -> Iterator[Entry]:
    pairs = [(outcome, background) for outcome in OUTCOMES for background in BACKGROUNDS]
    for number, (outcome, background) in enumerate(pairs, start=first):
        about = {"background": background, "outcome": outcome}
        yield Entry(f"{chapter}.{number}", f"figures_{method}", method, f"by_{method}", about)


def _by_region() -> Iterator[Entry]:
    yield from _by("centrality", 1, chapter=5)
    yield Entry("5.13", "figures_county", "composition", "composition")
    for number, background in enumerate(BACKGROUNDS, start=14):
        yield Entry(f"5.{number}", "figures_county", "county", "by_county", {"background": background})


def tables() -> tuple[Entry, ...]:
    """Return the tables that are made again, in the order of the pages."""
    return (
        *(Entry(number, "tables_family", "family", f"table_{number}") for number in ("4.1", "4.2", "4.3")),
        *_linear_probability("main", 1),
        *_linear_probability("family_size", 5),
        *_linear_probability("family_composition", 9),
        *(
            Entry(f"5.{number}", "tables_lpm_county", "linear_probability", "lpm_county", {"county": county})
            for number, county in enumerate(COUNTIES, start=13)
        ),
        Entry("6.1", "tables_mnl_all", "trinomial_logit", "mnl_all"),
        *(
            Entry(
                f"6.{number}", "tables_mnl_differences", "difference", "difference", {"dimension": dimension}
            )
            for number, dimension in enumerate(
                ("residence", "labour_status", "immigration_background", "education", "family"), start=2
            )
        ),
        *(
            Entry(f"D{level}", "tables_mnl_level", "trinomial_logit", "mnl_level", {"centrality": str(level)})
            for level in range(1, 5)
        ),
        *(
            Entry(
                f"E{level + first}",
                "tables_mnl_level_sex",
                "trinomial_logit",
                "mnl_level_sex",
                {"centrality": str(level), "sex": sex},
            )
            for sex, first in (("female", 0), ("male", 4))
            for level in range(1, 5)
        ),
    )


def _linear_probability(spec: str, first: int) -> Iterator[Entry]:
    for level in range(1, 5):
        about = {"centrality": str(level)}
        yield Entry(
            f"5.{first + level - 1}", f"tables_lpm_{spec}", "linear_probability", f"lpm_{spec}", about
        )


CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "chapter-4": ("figures_background", "figures_labour_status", "figures_education", "tables_family"),
    "chapter-5": (
        "figures_centrality",
        "figures_county",
        "tables_lpm_main",
        "tables_lpm_family_size",
        "tables_lpm_family_composition",
        "tables_lpm_county",
    ),
    "chapter-6": (
        "tables_mnl_all",
        "tables_mnl_differences",
        "tables_mnl_level",
        "tables_mnl_level_sex",
    ),
    "beyond": tuple(beyond.BLOCKS),
}
FILTERS: Mapping[str, tuple[str, ...]] = {
    "chapter-4": ("background", "outcome", "year"),
    "chapter-5": ("background", "outcome", "centrality", "county", "year"),
    "chapter-6": ("outcome", "centrality", "sex"),
    "beyond": (),
}
