"""The figures of the report: rows of the released tables as chart, alternative text and table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from utvandring.report import beyond, charts
from utvandring.report.catalogue import (
    BACKGROUNDS,
    COUNTIES,
    FIGURE_QUERIES,
    FIRST_YEAR,
    LAST_YEAR,
    OUTCOMES,
    PERIODS,
    figures,
)
from utvandring.report.cells import Cell, Column, Line, Table, figure, words
from utvandring.report.entries import Entry, Query
from utvandring.report.released import Released, Row, query_text
from utvandring.report.texts import MISSING, WITHHELD, Texts

_YEARS = f"{FIRST_YEAR}–{LAST_YEAR}"
_QUERY_OF = {query.name: query for query in FIGURE_QUERIES}


@dataclass(frozen=True)
class Figure:
    """A figure in one language."""

    entry: Entry
    name: str
    heading: str
    title: str
    alt: str
    spec: charts.Spec
    rows: charts.Rows
    table: Table | None
    notes: Sequence[str] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    # Where it stands on a page for a second time.
    anchor: str = ""

    @property
    def id(self) -> str:
        """The name of its place on a page."""
        return self.anchor or self.name

    @property
    def is_wide(self) -> bool:
        """Whether it takes the whole width of a page."""
        return self.entry.method in ("composition", "county", "stated") or self.entry.number == "B.9"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.table is None


@dataclass(frozen=True)
class FigureData:
    """Rows of the queries by figure, what the text of the report says, and the names of the counties."""

    by_figure: Mapping[str, Sequence[Row]]
    printed_series: Sequence[Row]
    county_names: Mapping[str, str]


def read_figures(released: Released) -> FigureData:
    """Run the queries behind the figures over the released tables."""
    by_figure: dict[str, list[Row]] = {}
    for query in dict.fromkeys(_QUERY_OF[entry.method] for entry in figures()):
        for row in released.rows(query_text(query)):
            by_figure.setdefault(row["figure"], []).append(row)
    names = released.rows(
        "select distinct scope_code, scope_name from published_report.published_lpm "
        "where scope_type = 'county'"
    )
    return FigureData(
        by_figure,
        released.rows("select * from published_report.published_series order by all"),
        {row["scope_code"]: row["scope_name"] for row in names},
    )


def make_figure(entry: Entry, data: FigureData, text: Texts) -> Figure:
    """Make one figure.

    Parameters
    ----------
    entry
        Which.
    data
        The rows of all figures.
    text
        The language.
    """
    rows = data.by_figure.get(entry.number, ())
    if entry.method == "composition":
        return _composition(entry, rows, data, text)
    if entry.method == "county":
        return _county(entry, rows, data, text)
    if entry.number in beyond.DRAWN:
        return _beyond(entry, rows, data, text)
    return _lines(entry, rows, data, text)


def _heading(entry: Entry, text: Texts) -> tuple[str, str]:
    title = text(
        "titles",
        entry.title,
        outcome=text("outcomes", entry.about.get("outcome", "emigration")),
        background=text("backgrounds_long", entry.about.get("background", "all")),
        years=_YEARS,
    )
    return text("figure", "number", number=entry.number), title


def _series(entry: Entry, text: Texts) -> tuple[Query, dict[str, str]]:
    """Return the query of a line chart and the labels of its lines."""
    query = _QUERY_OF[entry.method]
    if entry.method == "background":
        if "outcome" in entry.about:
            return query, {code: text("backgrounds", code) for code in BACKGROUNDS}
        return query, {code: text("outcomes", code) for code in OUTCOMES}
    if entry.method == "centrality":
        return query, text.group("centrality")
    return query, text.group("categories", query.series)


def _lines(entry: Entry, rows: Sequence[Row], data: FigureData, text: Texts) -> Figure:
    query, labels = _series(entry, text)
    key = "outcome" if entry.title == "one_background" else query.series
    filtered_by = {"immigration_background": "background", "centrality_level": "centrality"}.get(key, key)
    drawn: charts.Rows = [
        {
            "kind": "rate",
            "year": row["outcome_year"],
            "series": str(row[key]),
            "label": labels[str(row[key])],
            "value": row["rate_percent"],
            "residents": row["residents_n"],
            "movers": row["movers_n"],
            filtered_by: str(row[key]),
        }
        for row in rows
    ]
    printed = [item for item in data.printed_series if _is_about(item, entry)]
    overlay = _printed_rows(printed, labels, text) if entry.title == "one_background" else []
    number, title = _heading(entry, text)
    values = {(row["year"], row["series"]): row["value"] for row in drawn}
    table = _by_year(entry, labels, filtered_by, values, f"{number}. {title}", text) if drawn else None
    notes = text.withheld(values.values())
    if printed:
        statements = "; ".join(_statement(item, entry, text) for item in printed)
        notes.append(text("figure", "printed_values", values=statements))
    if overlay:
        notes.append(text("figure", "printed_series"))
    spec = charts.line_chart(labels, text, y_title=text("axes", "per_100"), printed=bool(overlay))
    described = " ".join(
        text.course(
            "line_series", label, [(year, value) for (year, of), value in values.items() if of == code]
        )
        for code, label in labels.items()
    )
    alt = text("alt", "line", title=title, series=described)
    return Figure(
        entry,
        f"figure-{entry.number}",
        number,
        title,
        f"{alt} {text('alt', 'table_follows')}",
        spec,
        [*overlay, *drawn],
        table,
        notes,
        entry.about,
    )


def _is_about(item: Row, entry: Entry) -> bool:
    """Tell whether a statement of the text is about a figure."""
    return entry.method == "background" and (
        item["immigration_background"] == entry.about.get("background")
        or item["outcome"] == entry.about.get("outcome")
    )


def _printed_rows(items: Iterable[Row], labels: Mapping[str, str], text: Texts) -> charts.Rows:
    return [
        {
            "kind": "printed",
            "year": item["first_year"],
            "last_year": item["last_year"],
            "low": item["low_percent"],
            "high": item["high_percent"],
            "outcome": item["outcome"],
            "label": f"{labels[item['outcome']]}, {text('table', 'printed').lower()}",
        }
        for item in items
    ]


def _statement(item: Row, entry: Entry, text: Texts) -> str:
    kind = "range" if item["low_percent"] < item["high_percent"] else "one"
    if item["first_year"] < item["last_year"]:
        kind = "range_throughout" if kind == "range" else "throughout"
    by_outcome = "outcome" in entry.about
    what = (
        text("backgrounds", item["immigration_background"])
        if by_outcome
        else text("outcomes", item["outcome"])
    )
    low, high = (
        text.number(value, 0 if value == int(value) else 1)
        for value in (item["low_percent"], item["high_percent"])
    )
    return text("printed_series", kind, background=what.lower(), low=low, high=high, year=item["first_year"])


def _by_year(
    entry: Entry,
    labels: Mapping[str, str],
    filtered_by: str,
    values: Mapping[tuple[int, str], float | None],
    caption: str,
    text: Texts,
) -> Table:
    columns = [Column(text("table", "year"))]
    columns += [Column(label, about={filtered_by: code}) for code, label in labels.items()]
    lines = []
    for year in sorted({year for year, _ in values}):
        cells = [Cell(str(year), year)]
        for code in labels:
            missing = WITHHELD if (year, code) in values else MISSING
            cells.append(figure(values.get((year, code)), text, 2, missing=missing))
        lines.append(Line(cells, {"year": str(year)}))
    return Table(f"figure-{entry.number}", caption, columns, lines)


def _composition(entry: Entry, rows: Sequence[Row], data: FigureData, text: Texts) -> Figure:
    labels = {code: text("backgrounds", code) for code in BACKGROUNDS}
    drawn: charts.Rows = [
        {
            "place": data.county_names[row["county_code"]],
            "county": row["county_code"],
            "period": _dash(row["period"]),
            "background": row["immigration_background"],
            "label": labels[row["immigration_background"]],
            "order": BACKGROUNDS.index(row["immigration_background"]),
            "value": row["mean_share_percent"],
        }
        for row in rows
    ]
    number, title = _heading(entry, text)
    values = {(row["county"], row["period"], row["background"]): row["value"] for row in drawn}
    columns = [
        Column(text("columns", "county"), is_text=True),
        Column(text("columns", "period"), is_text=True),
    ]
    columns += [Column(label, about={"background": code}) for code, label in labels.items()]
    lines = [
        Line(
            [
                words(data.county_names[county]),
                words(_dash(period)),
                *(
                    figure(values.get((county, _dash(period), code)), text, 1, missing=WITHHELD)
                    for code in BACKGROUNDS
                ),
            ],
            {"county": county},
        )
        for county in COUNTIES
        for period in PERIODS
        if any((county, _dash(period), code) in values for code in BACKGROUNDS)
    ]
    totals = {code: sum(row["value"] or 0 for row in drawn if row["background"] == code) for code in labels}
    largest = labels[max(totals, key=lambda code: totals[code])] if drawn else ""
    alt = text("alt", "bars", title=title, largest=largest)
    return Figure(
        entry,
        f"figure-{entry.number}",
        number,
        title,
        f"{alt} {text('alt', 'table_follows')}",
        charts.composition_chart(labels, [data.county_names[code] for code in COUNTIES], text),
        drawn,
        Table(f"figure-{entry.number}", f"{number}. {title}", columns, lines) if lines else None,
        [
            text("figure", "two_bars"),
            *text.withheld(values.values()),
        ],
        entry.about,
    )


def _county(entry: Entry, rows: Sequence[Row], data: FigureData, text: Texts) -> Figure:
    labels = {code: text("outcomes", code) for code in OUTCOMES}
    drawn: charts.Rows = [
        {
            "place": data.county_names[row["county_code"]],
            "county": row["county_code"],
            "period": _dash(row["period"]),
            "outcome": row["outcome"],
            "label": labels[row["outcome"]],
            "value": row["mean_rate_percent"],
        }
        for row in rows
    ]
    number, title = _heading(entry, text)
    values = {(row["county"], row["period"], row["outcome"]): row["value"] for row in drawn}
    columns = [Column(text("columns", "county"), is_text=True)]
    columns += [
        Column(_dash(period), labels[code], about={"outcome": code})
        for code in OUTCOMES
        for period in PERIODS
    ]
    lines = [
        Line(
            [
                words(data.county_names[county]),
                *(
                    figure(values.get((county, _dash(period), code)), text, 2, missing=WITHHELD)
                    for code in OUTCOMES
                    for period in PERIODS
                ),
            ],
            {"county": county},
        )
        for county in COUNTIES
        if any(key[0] == county for key in values)
    ]
    known = [
        (row["value"], f"{row['place']} {text.number(row['value'], 1)} ({row['period']})")
        for row in drawn
        if row["outcome"] == "emigration" and row["value"] is not None
    ]
    alt = text("alt", "dots", title=title, highest=max(known)[1] if known else MISSING)
    return Figure(
        entry,
        f"figure-{entry.number}",
        number,
        title,
        f"{alt} {text('alt', 'table_follows')}",
        charts.county_chart(labels, [data.county_names[code] for code in COUNTIES], text),
        drawn,
        Table(f"figure-{entry.number}", f"{number}. {title}", columns, lines) if lines else None,
        [
            text("figure", "two_dots"),
            *text.withheld(values.values()),
        ],
        entry.about,
    )


def _beyond(entry: Entry, rows: Sequence[Row], data: FigureData, text: Texts) -> Figure:
    number, title = _heading(entry, text)
    parts = beyond.make_parts(entry.number, f"{number}. {title}", rows, data.county_names, text)
    alt = text("alt", f"beyond_{beyond.DRAWN[entry.number].kind}", title=title, series=parts.described)
    return Figure(
        entry,
        f"figure-{entry.number}",
        number,
        title,
        f"{alt} {text('alt', 'table_follows')}",
        parts.spec,
        parts.rows,
        parts.table,
        parts.notes,
        entry.about,
    )


def _dash(period: str) -> str:
    return period.replace("-", "–")
