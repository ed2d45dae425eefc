"""The figures beyond the report: which there are, what they read, and their charts and tables.

Every query gives rows of one form: `figure`, `series`, `x` (a number) or `place` (a category), `value`, and
where there are any `std_error` and `year`. A value that is missing is withheld.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from utvandring.report import charts
from utvandring.report.cells import Cell, Column, Line, Table, figure, words
from utvandring.report.entries import Entry, Query
from utvandring.report.released import Row
from utvandring.report.texts import MISSING, WITHHELD, Texts

QUERIES = (
    Query(
        "descendant_rate",
        "models/release/release_descendant_emigration_rate.sql",
        sql="""\
select
    'B.1' as figure,
    immigrant_group as series,
    outcome_year as x,
    emigration_rate as value,
from release.descendant_emigration_rate
where
    dimension = 'none'
    and not outcome_is_provisional
order by series, x""",
    ),
    Query(
        "descendant_incidence",
        "models/release/release_descendant_incidence.sql",
        sql="""\
select
    'B.2' as figure,
    immigrant_group as series,
    age + 1 as x,
    100 * estimate as value,
    100 * std_error as std_error,
from release.descendant_incidence
where
    dimension = 'none'
    and event = 'emigration'
order by series, x""",
    ),
    Query(
        "descendant_destination",
        "models/release/release_descendant_emigration_rate.sql",
        sql="""\
with

latest as (
    select * from release.descendant_emigration_rate
    where
        dimension = 'none'
        and not outcome_is_provisional
    qualify outcome_year = max(outcome_year) over ()
)

select
    'B.3' as figure,
    destination.series,
    latest.immigrant_group as place,
    latest.outcome_year as year,
    100.0 * destination.emigrants_n / latest.emigrants_n as value,
from
    latest,
    lateral (
        values
        ('parents_country', latest.emigrants_parents_country_n),
        ('nordic', latest.emigrants_nordic_n),
        ('western', latest.emigrants_western_n),
        ('other', latest.emigrants_other_n),
        ('unknown', latest.emigrants_unknown_n)
    ) as destination (series, emigrants_n)
where latest.immigrant_group <> 'majority' or destination.series <> 'parents_country'
order by place, series""",
    ),
    Query(
        "survival",
        "models/release/release_immigration_survival.sql",
        sql="""\
with

survival as (
    select
        *,
        100 * estimate as value,
        100 * std_error as error,
    from release.immigration_survival
    where withheld_reason is distinct from 'not_followed'
)

select
    if(dimension = 'origin_group', 'B.4', 'B.5') as figure,
    category as series,
    years_since as x,
    value,
    error as std_error,
from survival
where
    event = 'emigration'
    and cohort = 'all'
    and dimension in ('origin_group', 'immigration_background')
union all
select
    'B.6' as figure,
    'after_' || years_since as series,
    cohort::integer as x,
    value,
    error as std_error,
from survival
where
    event = 'emigration'
    and cohort <> 'all'
    and dimension = 'none'
    and years_since in (1, 3, 5)
union all
select
    'B.7' as figure,
    category as series,
    years_since as x,
    value,
    error as std_error,
from survival
where
    event = 'reimmigration'
    and cohort = 'all'
    and dimension = 'immigration_background'
order by figure, series, x""",
    ),
    Query(
        "former_resident",
        "models/release/release_former_resident.sql",
        sql="""\
select
    'B.8' as figure,
    destination_group as series,
    reference_year as x,
    persons_n as value,
from release.former_resident
where
    immigrant_group = 'all'
    and years_since_leaving = 'all'
    and destination_group <> 'all'
order by series, x""",
    ),
    Query(
        "region",
        "models/release/release_emigration_by_region.sql",
        sql="""\
with

region as (
    select * from release.emigration_by_region
    where
        region_level = 'county'
        and immigration_background = 'all'
        and not outcome_is_provisional
)

select
    'B.9' as figure,
    population as series,
    region_code as place,
    null as x,
    outcome_year as year,
    emigration_rate as value,
from region
where outcome_year = (select max(outcome_year) from region)
union all
select
    'B.10' as figure,
    move.series,
    null as place,
    region.outcome_year as x,
    null as year,
    move.value,
from
    region,
    lateral (
        values
        ('abroad', region.emigration_rate, true),
        ('abroad_before', region.emigration_rate_four_years_before, false),
        ('elsewhere', region.internal_outmigration_rate, true),
        ('elsewhere_before', region.internal_outmigration_rate_four_years_before, false)
    ) as move (series, value, is_of_the_year)
where
    region.region_code = '03'
    and region.population = 'all'
    and (move.is_of_the_year or region.outcome_year >= 4 + (select min(outcome_year) from region))
order by figure, series, place, x""",
    ),
    Query(
        "first_centrality",
        "models/release/release_emigration_by_region.sql",
        sql="""\
select
    'B.11' as figure,
    region_code as series,
    outcome_year as x,
    emigration_rate as value,
from release.emigration_by_region
where
    region_level = 'first_centrality'
    and immigration_background = 'all'
    and not outcome_is_provisional
order by series, x""",
    ),
    Query(
        "basis",
        "models/release/release_emigration_rate_by_basis.sql",
        sql="""\
select
    'B.12' as figure,
    rate.series,
    basis.outcome_year as x,
    rate.value,
from
    release.emigration_rate_by_basis as basis,
    lateral (
        values
        ('registered', basis.emigration_rate_registered),
        ('without_administrative', basis.emigration_rate_without_administrative),
        ('activity_dated', basis.emigration_rate_activity_dated)
    ) as rate (series, value)
where
    basis.dimension = 'none'
    and not basis.outcome_is_provisional
    and coalesce(basis.unknown_basis_n, 0) < 0.1 * basis.emigrants_n
order by series, x""",
    ),
    Query(
        "presence",
        "models/release/release_presence_rate.sql",
        sql="""\
with

silent as (
    select
        presence.dimension,
        presence.category,
        presence.base_year,
        rate.series,
        rate.value,
    from
        release.presence_rate as presence,
        lateral (
            values
            ('silent_1', presence.silent_1_year_rate),
            ('silent_2', presence.silent_2_years_rate),
            ('silent_3', presence.silent_3_years_rate)
        ) as rate (series, value)
)

select
    'B.13' as figure,
    series,
    null as place,
    base_year as x,
    null as year,
    value,
from silent
where
    dimension = 'immigrant_group'
    and category = 'immigrant'
    and value is not null
union all
select
    'B.14' as figure,
    series,
    category as place,
    null as x,
    base_year as year,
    value,
from silent
where
    dimension = 'origin_group'
    and base_year = (select max(base_year) from silent where series = 'silent_3' and value is not null)
order by figure, series, place, x""",
    ),
    Query(
        "registration_lag",
        "models/release/release_registration_lag.sql",
        sql="""\
select
    'B.15' as figure,
    lag_group as series,
    event_year as x,
    events_share as value,
from release.registration_lag
where
    event_type = 'emigration'
    and emigration_basis = 'all'
    and lag_group <> 'all'
order by series, x""",
    ),
    Query(
        "revision",
        "models/release/release_emigration_revision.sql",
        sql="""\
select
    'B.16' as figure,
    number.series,
    revision.event_year as x,
    number.value,
from
    release.emigration_revision as revision,
    lateral (
        values
        ('known', revision.emigrations_n),
        ('expected', revision.expected_n)
    ) as number (series, value)
where
    revision.is_latest
    and revision.basis = 'registration'
order by series, x""",
    ),
    Query(
        "stated",
        "models/release/release_stated_number.sql",
        sql="""\
select
    'B.17' as figure,
    'warehouse' as series,
    statistic_id as place,
    warehouse_value as value,
    stated_value as stated,
    relation,
    unit,
    base_n,
    is_simulated,
from release.stated_number
order by place""",
    ),
)


@dataclass(frozen=True)
class Drawn:
    """How a figure is drawn.

    Attributes
    ----------
    method
        The query.
    kind
        `line` over a number, `dots` or `bars` over places, or `stated`.
    series, places
        Groups of texts with the names of the series and places, in order.
    x, y
        What the numbers are: texts of `columns` and `axes`.
    digits
        Decimals in the table.
    """

    method: str
    kind: str
    series: str
    x: str = "year"
    y: str = "per_100"
    places: str = ""
    digits: int = 2


DRAWN: Mapping[str, Drawn] = {
    "B.1": Drawn("descendant_rate", "line", "immigrant_groups"),
    "B.2": Drawn("descendant_incidence", "line", "immigrant_groups", x="age", y="has_emigrated", digits=1),
    "B.3": Drawn(
        "descendant_destination",
        "bars",
        "destinations",
        y="share_of_emigrants",
        places="immigrant_groups",
        digits=1,
    ),
    "B.4": Drawn("survival", "line", "origins", x="years_since", y="has_left", digits=1),
    "B.5": Drawn("survival", "line", "backgrounds", x="years_since", y="has_left", digits=1),
    "B.6": Drawn("survival", "line", "after_years", x="entry_year", y="has_left", digits=1),
    "B.7": Drawn("survival", "line", "backgrounds", x="years_since", y="has_come_back", digits=1),
    "B.8": Drawn("former_resident", "line", "destinations", y="persons", digits=0),
    "B.9": Drawn("region", "dots", "populations_beyond", places="counties"),
    "B.10": Drawn("region", "line", "oslo"),
    "B.11": Drawn("first_centrality", "line", "centrality"),
    "B.12": Drawn("basis", "line", "bases"),
    "B.13": Drawn("presence", "line", "silent"),
    "B.14": Drawn("presence", "dots", "silent", places="origins"),
    "B.15": Drawn("registration_lag", "line", "lags", y="share_of_emigrations", digits=1),
    "B.16": Drawn("revision", "line", "known", y="emigrations", digits=0),
    "B.17": Drawn("stated", "stated", "warehouse", y="stated", places="stated", digits=1),
}

BLOCKS: Mapping[str, tuple[str, ...]] = {
    "beyond_descendants": ("B.1", "B.2", "B.3"),
    "beyond_stays": ("B.4", "B.5", "B.6", "B.7", "B.8"),
    "beyond_regions": ("B.9", "B.10", "B.11"),
    "beyond_presence": ("B.12", "B.13", "B.14", "B.15", "B.16"),
    "beyond_stated": ("B.17",),
}


def entries() -> tuple[Entry, ...]:
    """Return the figures in the order of their numbers."""
    return tuple(
        Entry(number, block, DRAWN[number].method, f"figure_{number}")
        for block, numbers in BLOCKS.items()
        for number in numbers
    )


@dataclass(frozen=True)
class Parts:
    """What a figure beyond the report consists of, for the maker of figures."""

    spec: charts.Spec
    rows: charts.Rows
    table: Table | None
    notes: Sequence[str]
    described: str


def make_parts(
    number: str,
    title: str,
    rows: Sequence[Row],
    counties: Mapping[str, str],
    text: Texts,
) -> Parts:
    """Make the chart, the rows and the table of a figure.

    Parameters
    ----------
    number, title
        Its number and title in this language.
    rows
        What its query gave.
    counties
        The names of the counties.
    text
        The language.
    """
    drawn = DRAWN[number]
    found = {row["series"] for row in rows}
    labels = {code: label for code, label in text.group(drawn.series).items() if code in found}
    notes = text.withheld(row["value"] for row in rows)
    notes += [text("figure", "of_year", year=year) for year in {row.get("year") for row in rows} - {None}]
    name = f"figure-{number}"
    if drawn.kind == "line":
        table = _table_of_lines(name, title, drawn, rows, labels, text) if rows else None
        return Parts(
            charts.line_chart(
                labels, text, y_title=text("axes", drawn.y), x=drawn.x, digits=drawn.digits, counted=False
            ),
            [_point(row, drawn.x, labels) for row in rows],
            table,
            notes,
            " ".join(
                text.course(
                    "from_to", label, [(row["x"], row["value"]) for row in rows if row["series"] == code]
                )
                for code, label in labels.items()
            ),
        )
    known = dict(sorted(counties.items())) if drawn.places == "counties" else text.group(drawn.places)
    at = {row["place"] for row in rows}
    places = {code: label for code, label in known.items() if code in at}
    marks = [_mark(row, places, labels) for row in rows if row["place"] in places]
    if drawn.kind == "stated":
        table = _table_of_stated(name, title, rows, places, text) if rows else None
        names = [text("columns", _ours(rows)), text("columns", "stated_value")]
        spec = charts.stated_chart(list(places.values()), names, text)
        return Parts(spec, marks, table, [*notes, text("figure", "stated")], _describe_stated(marks, text))
    make = charts.bars_chart if drawn.kind == "bars" else charts.dots_chart
    spec = make(labels, list(places.values()), text, text("axes", drawn.y))
    table = _table_of_places(name, title, drawn, rows, places, labels, text) if rows else None
    return Parts(spec, marks, table, notes, _describe_places(marks, text))


def _point(row: Row, x: str, labels: Mapping[str, str]) -> dict[str, Any]:
    error = row.get("std_error")
    point = {
        "kind": "rate",
        x: row["x"],
        "series": row["series"],
        "label": labels[row["series"]],
        "value": row["value"],
    }
    return point if error is None else {**point, "std_error": error}


def _mark(row: Row, places: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, Any]:
    mark = {
        "place": places[row["place"]],
        "series": row["series"],
        "label": labels[row["series"]],
        "order": list(labels).index(row["series"]),
        "value": row["value"],
    }
    return {**mark, "stated": row["stated"]} if "stated" in row else mark


def _cell(row: Row | None, digits: int, text: Texts) -> Cell:
    if row is None:
        return Cell(MISSING)
    error = row.get("std_error")
    note = "" if error is None else f"({text.number(error, digits)})"
    return figure(row["value"], text, digits, missing=WITHHELD, note=note, note_value=error)


def _table_of_lines(
    name: str, title: str, drawn: Drawn, rows: Sequence[Row], labels: Mapping[str, str], text: Texts
) -> Table:
    at = {(row["x"], row["series"]): row for row in rows}
    error = text("table", "std_error") if any(row.get("std_error") is not None for row in rows) else ""
    columns = [Column(text("columns", drawn.x)), *(Column(label, note=error) for label in labels.values())]
    lines = [
        Line([Cell(str(x), x), *(_cell(at.get((x, code)), drawn.digits, text) for code in labels)])
        for x in sorted({x for x, _ in at})
    ]
    return Table(name, title, columns, lines)


def _table_of_places(
    name: str,
    title: str,
    drawn: Drawn,
    rows: Sequence[Row],
    places: Mapping[str, str],
    labels: Mapping[str, str],
    text: Texts,
) -> Table:
    at = {(row["place"], row["series"]): row for row in rows}
    heading = text("columns", "county" if drawn.places == "counties" else "group")
    columns = [Column(heading, is_text=True), *(Column(label) for label in labels.values())]
    lines = [
        Line([words(label), *(_cell(at.get((place, code)), drawn.digits, text) for code in labels)])
        for place, label in places.items()
    ]
    return Table(name, title, columns, lines)


def _ours(rows: Sequence[Row]) -> str:
    return "warehouse_value_simulated" if any(row["is_simulated"] for row in rows) else "warehouse_value"


def _table_of_stated(
    name: str, title: str, rows: Sequence[Row], places: Mapping[str, str], text: Texts
) -> Table:
    at = {row["place"]: row for row in rows}
    columns = [
        Column(text("columns", "statistic"), is_text=True),
        Column(text("columns", "relation"), is_text=True),
        Column(text("columns", "stated_value")),
        Column(text("columns", _ours(rows))),
        Column(text("columns", "base_n")),
    ]
    lines = [
        Line(
            [
                words(label),
                words(text("values", at[place]["relation"])),
                figure(at[place]["stated"], text, 0),
                figure(at[place]["value"], text, 0 if at[place]["unit"] == "rank" else 1, missing=WITHHELD),
                figure(at[place]["base_n"], text, 0, missing=WITHHELD),
            ]
        )
        for place, label in places.items()
    ]
    return Table(name, title, columns, lines)


def _describe_places(marks: charts.Rows, text: Texts) -> str:
    known = [
        (mark["value"], f"{mark['place']}, {mark['label']}") for mark in marks if mark["value"] is not None
    ]
    if not known:
        return ""
    value, name = max(known)
    return text("alt", "highest", name=name, value=text.number(value, 1))


def _describe_stated(marks: charts.Rows, text: Texts) -> str:
    known = sum(mark["value"] is not None for mark in marks)
    return text("alt", "known", n=text.number(known))
