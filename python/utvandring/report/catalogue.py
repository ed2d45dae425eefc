"""Which figures and tables the report has, in its order.

What each is, and the query behind it, stands in `analysis/`. Numbers are those of Rapporter 2016/27
(docs/analysis.md).
"""

from collections.abc import Mapping
from functools import cache

from utvandring.common.project import project_root
from utvandring.report.entries import ABOUT, Declared, Entry, FigureEntry, Query, TableEntry, read_entries
from utvandring.report.texts import Texts

BACKGROUNDS = ("work", "refuge", "family", "education", "nordic", "unknown")
OUTCOMES = ("emigration", "internal_outmigration")
# The code of the whole country beside those of the counties.
COUNTRY = "0"
COUNTIES = tuple(f"{code:02d}" for code in range(1, 21) if code != 13)
FIRST_YEAR, LAST_YEAR = 2004, 2013
PERIODS = ("2004-2008", "2009-2013")

# The pages with figures or tables, and their blocks in order; the texts of the report name both.
PAGES: Mapping[str, tuple[str, ...]] = {
    "chapter-4": ("figures_background", "figures_labour_status", "figures_education", "tables_family"),
    "chapter-5": (
        "regions",
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
        "tables_mnl_differences_level",
        "tables_mnl_differences_level_sex",
        "tables_mnl_level",
        "tables_mnl_level_sex",
    ),
    "beyond": (
        "beyond_descendants",
        "beyond_stays",
        "beyond_regions",
        "beyond_presence",
        "beyond_stated",
    ),
}
FILTERS: Mapping[str, tuple[str, ...]] = {
    "chapter-4": ("background", "outcome", "year"),
    "chapter-5": ("background", "outcome", "centrality", "county", "year"),
    "chapter-6": ("outcome", "centrality", "sex"),
    "beyond": (),
}
_BLOCKS = tuple(block for blocks in PAGES.values() for block in blocks)


def figures() -> tuple[FigureEntry, ...]:
    """Return the figures, by block and number."""
    return tuple(sorted(_declared().figures, key=_place))


def tables() -> tuple[TableEntry, ...]:
    """Return the tables, by block and number."""
    return tuple(sorted(_declared().tables, key=_place))


def queries() -> tuple[Query, ...]:
    """Return all queries, those of figures and tables in their order and then the others."""
    of_entries = {entry.query.name: entry.query for entry in (*figures(), *tables())}
    return tuple({**of_entries, **_declared().queries}.values())


def query(name: str) -> Query:
    """Return a query by its name."""
    return _declared().queries[name]


def filters(entry: Entry) -> tuple[str, ...]:
    """Return the filters of the page on which a figure or table stands."""
    return next(FILTERS[page] for page, blocks in PAGES.items() if entry.block in blocks)


def title_of(entry: Entry, county_names: Mapping[str, str], text: Texts) -> str:
    """Return the title of a figure or table, with what it is about in words."""
    about = {
        key: county_names[code] if key == "county" else text(ABOUT[key], code)
        for key, code in entry.about.items()
    }
    return text.say(entry.title).format(**about)


def _place(entry: Entry) -> tuple[int, tuple[str, tuple[int, ...]]]:
    return _BLOCKS.index(entry.block), entry.order


@cache
def _declared() -> Declared:
    return read_entries(project_root(), _BLOCKS)
