"""The figures of the report: what a query gives as chart, alternative text and table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from utvandring.common.errors import UtvandringError
from utvandring.report import charts
from utvandring.report.catalogue import COUNTRY, PERIODS, figures, filters, query, title_of
from utvandring.report.cells import Cell, Column, Line, Table, figure, words
from utvandring.report.entries import COUNTIES, LATER_COUNTIES, MUNICIPALITIES, FigureEntry, Series
from utvandring.report.released import DELIVERY, Released, Row
from utvandring.report.texts import MISSING, WITHHELD, Texts

# From this year on the simulation draws from tables E1-E8 alone, without the levels of the years before.
FIRST_FREE = 2013


@dataclass(frozen=True)
class Figure:
    """A figure in one language."""

    entry: FigureEntry
    name: str
    heading: str
    title: str
    alt: str
    spec: charts.Spec
    rows: charts.Rows
    table: Table | None
    notes: Sequence[str] = ()
    # Where it stands on a page for a second time.
    anchor: str = ""

    @property
    def id(self) -> str:
        """The name of its place on a page."""
        return self.anchor or self.name

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.table is None


@dataclass(frozen=True)
class FigureData:
    """Rows of the queries by figure, what the text of the report says, and the names of regions."""

    by_figure: Mapping[str, Sequence[Row]]
    printed_series: Sequence[Row]
    county_names: Mapping[str, str]
    municipality_names: Mapping[str, str] = field(default_factory=dict)
    later_county_names: Mapping[str, str] = field(default_factory=dict)
    is_simulated: bool = False


@dataclass(frozen=True)
class _Drawn:
    """What the kinds of charts differ in: `described` fills the alternative text of the kind."""

    spec: charts.Spec
    rows: charts.Rows
    columns: Sequence[Column]
    lines: Sequence[Line]
    notes: Sequence[str]
    described: Mapping[str, str] = field(default_factory=dict)


def read_figures(released: Released) -> FigureData:
    """Run the queries behind the figures over the released tables.

    Raises
    ------
    UtvandringError
        If a query gives other columns than its entry says, or a figure that its entry does not have.
    """
    by_figure: dict[str, list[Row]] = {entry.number: [] for entry in figures()}
    for name in dict.fromkeys(entry.query.name for entry in figures()):
        for row in released.run(query(name)):
            if row["figure"] not in by_figure:
                raise UtvandringError(
                    f"{query(name).file} gives figure {row['figure']}, which no entry has: "
                    "declare it, or correct the query."
                )
            by_figure[row["figure"]].append(row)
    return FigureData(
        by_figure,
        released.table("published_report.published_series"),
        released.county_names(),
        released.municipality_names(),
        released.later_county_names(),
        any(row["is_simulated"] for row in released.table(DELIVERY)),
    )


def make_figure(entry: FigureEntry, data: FigureData, text: Texts) -> Figure:
    """Make one figure.

    Parameters
    ----------
    entry
        Which.
    data
        The rows of all figures.
    text
        The language.

    Raises
    ------
    UtvandringError
        If the query gives a series that the entry does not name.
    """
    make: Mapping[str, Callable[[FigureEntry, Sequence[Row], FigureData, Texts], _Drawn]] = {
        "line": _lines,
        "dots": _places,
        "bars": _places,
        "dots_by_period": _dots_by_period,
        "bars_by_period": _bars_by_period,
        "stated": _stated,
        "compared": _compared,
        "map": _map,
    }
    drawn = make[entry.chart](entry, data.by_figure[entry.number], data, text)
    name = f"figure-{entry.number}"
    heading = text("figure", "number", number=entry.number)
    title = title_of(entry, data.county_names, text)
    alt = text("alt", entry.chart, title=title, **drawn.described)
    return Figure(
        entry,
        name,
        heading,
        title,
        f"{alt} {text('alt', 'table_follows')}",
        drawn.spec,
        drawn.rows,
        Table(name, f"{heading}. {title}", drawn.columns, drawn.lines) if drawn.lines else None,
        drawn.notes,
    )


def _names(series: Series, rows: Sequence[Row], data: FigureData, text: Texts) -> dict[str, str]:
    """Return the names of what is shown of a series, by code and in order."""
    if series.names == COUNTIES:
        names = _counties(data, text)
    elif series.names in LATER_COUNTIES:
        names = dict(data.later_county_names)
    elif series.names == MUNICIPALITIES:
        names = dict(data.municipality_names)
    else:
        names = text.names(series.names)
    if series.codes:
        return {code: names[code] for code in series.codes}
    found = {str(row[series.column]) for row in rows}
    return {code: name for code, name in names.items() if code in found}


def _counties(data: FigureData, text: Texts) -> dict[str, str]:
    """Return the names of the whole country and of the counties, by code and in order."""
    return {COUNTRY: text("explore", "whole_country"), **dict(sorted(data.county_names.items()))}


def _labels(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> dict[str, str]:
    """Return the names of the series; each that the query gives must have one."""
    labels = _names(entry.series, rows, data, text)
    for row in rows:
        if (code := str(row[entry.series.column])) not in labels:
            raise UtvandringError(
                f"{entry.query.file} gives the {entry.series.column} {code} in figure {entry.number}, "
                "for which the series of its entry has no name."
            )
    return labels


def _about(entry: FigureEntry, **values: str) -> dict[str, str]:
    """Return those characteristics by which the page can be filtered; the whole country is always shown."""
    return {key: value for key, value in values.items() if key in filters(entry) and value != COUNTRY}


def _shown(entry: FigureEntry, row: Row | None, text: Texts, absent: str) -> Cell:
    """Return the cell of a row; `absent` stands where there is none."""
    if row is None:
        return Cell(absent)
    error = row[entry.y.error] if entry.y.error else None
    note = "" if error is None else f"({text.number(error, entry.y.digits)})"
    return figure(row[entry.y.column], text, entry.y.digits, missing=WITHHELD, note=note, note_value=error)


def _lines(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> _Drawn:
    assert entry.x is not None
    labels = _labels(entry, rows, data, text)
    of_years = not entry.x.title
    x = "year" if of_years else entry.x.column
    x_title = text.say(entry.x.title or "columns.year")
    printed = [item for item in data.printed_series if entry.printed and _is_about(item, entry)]
    # The text of the report speaks of one background at a time.
    overlay = _printed_rows(printed, labels, text) if entry.series.column == "outcome" else []
    at = {(row[entry.x.column], str(row[entry.series.column])): row for row in rows}
    if any(value is None for value, _ in at):
        raise UtvandringError(
            f"{entry.query.file} gives rows of figure {entry.number} without {entry.x.column}: drop them."
        )
    has_errors = entry.y.error and any(row[entry.y.error] is not None for row in rows)
    columns = [Column(x_title)]
    columns += [
        Column(
            label,
            note=text("table", "std_error") if has_errors else "",
            about=_about(entry, **{entry.series.filter: code}),
        )
        for code, label in labels.items()
    ]
    lines = [
        Line(
            [
                Cell(str(value), value),
                *(_shown(entry, at.get((value, code)), text, MISSING) for code in labels),
            ],
            _about(entry, year=str(value)) if of_years else {},
        )
        for value in sorted({value for value, _ in at})
    ]
    notes = text.withheld(row[entry.y.column] for row in rows)
    small = sum(_is_small(entry, row) for row in rows)
    if small:
        notes.append(text("figure", "small", n=text.number(small), fewest=charts.FEWEST_RESIDENTS))
    notes += _statements(entry, data, text)
    if (
        data.is_simulated
        and of_years
        and entry.number[0] in "45"
        and any(row[entry.x.column] == FIRST_FREE for row in rows)
    ):
        notes.append(text("figure", "simulated_jump", year=FIRST_FREE))
    if overlay:
        notes.append(text("figure", "printed_series"))
    described = " ".join(
        text.course(
            "in_year" if of_years else "at",
            label,
            [(value, row[entry.y.column]) for (value, of), row in at.items() if of == code],
        )
        for code, label in labels.items()
    )
    spec = charts.line_chart(
        labels,
        text,
        colours=entry.series.colours,
        x=x,
        x_title=x_title,
        y_title=text.say(entry.y.title),
        digits=entry.y.digits,
        counted=entry.counted,
        printed=bool(overlay),
    )
    points = [_point(entry, row, x, labels) for row in rows]
    return _Drawn(spec, [*overlay, *points], columns, lines, notes, {"series": described})


def _point(entry: FigureEntry, row: Row, x: str, labels: Mapping[str, str]) -> dict[str, Any]:
    assert entry.x is not None
    code = str(row[entry.series.column])
    point = {
        "kind": "rate",
        x: row[entry.x.column],
        "series": code,
        "label": labels[code],
        "value": row[entry.y.column],
        **_about(entry, **{entry.series.filter: code}),
    }
    if entry.counted:
        point |= {"residents": row["residents_n"], "movers": row["movers_n"]}
    if _is_small(entry, row):
        point["small"] = True
    if entry.y.error and row[entry.y.error] is not None:
        point["std_error"] = row[entry.y.error]
    return point


def _is_small(entry: FigureEntry, row: Row) -> bool:
    """Tell whether a rate is of so few residents that it is not drawn."""
    return bool(
        entry.counted and row[entry.y.column] is not None and row["residents_n"] < charts.FEWEST_RESIDENTS
    )


def _is_about(item: Row, entry: FigureEntry) -> bool:
    """Tell whether a statement is about a figure; 4.1 and 4.2 show together what 4.3-4.8 show one by one."""
    together = "background" not in entry.about and entry.about.get("outcome") == item["outcome"]
    return bool(item["figure"] == entry.number or (together and item["figure"].startswith("4.")))


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


def _statements(entry: FigureEntry, data: FigureData, text: Texts) -> list[str]:
    """Say what the text of the report says of a figure; nothing where it states no values."""
    places: dict[str, list[str]] = {}
    for item in data.printed_series:
        if entry.printed and _is_about(item, entry):
            place = _counties(data, text)[item["county_code"]] if item["county_code"] else ""
            places.setdefault(_statement(item, entry, text), []).append(place)
    if not places:
        return []
    said: dict[str, list[str]] = {}
    for statement, where in places.items():
        said.setdefault(", ".join(where), []).append(statement)
    values = "; ".join(
        f"{where}: {', '.join(statements)}" if where else ", ".join(statements)
        for where, statements in said.items()
    )
    return [text("figure", "printed_values", values=values)]


def _statement(item: Row, entry: FigureEntry, text: Texts) -> str:
    """Say what the text says of one series, wherever that is."""
    low, high = (
        None if value is None else text.number(value, 0 if value == int(value) else 1)
        for value in (item["low_percent"], item["high_percent"])
    )
    kind = "above" if high is None else "below" if low is None else "about" if low == high else "range"
    first, last = item["first_year"], item["last_year"]
    column = entry.series.column
    who = {
        "immigration_background": ("backgrounds", item["immigration_background"]),
        "outcome": ("outcomes", item["outcome"]),
    }.get(column, (*str(entry.series.names).split("."), item["category"]))
    return text(
        "printed_series",
        "statement",
        who=text(*who).lower(),
        value=text("printed_series", kind, low=low, high=high),
        years=first if first == last else f"{first}–{last}",
    )


def _mark(
    entry: FigureEntry, row: Row, places: Mapping[str, str], labels: Mapping[str, str]
) -> dict[str, Any]:
    """Return the row of a dot or of a part of a bar."""
    assert entry.place is not None
    place, code = str(row[entry.place.column]), str(row[entry.series.column])
    about = {entry.place.filter: place, entry.series.filter: code}
    return {
        "place": places[place],
        "label": labels[code],
        "order": list(labels).index(code),
        "value": row[entry.y.column],
        **_about(entry, **about),
    }


def _places(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> _Drawn:
    """Make dots, or bars of shares, one row for each place."""
    assert entry.place is not None
    labels, places = _labels(entry, rows, data, text), _names(entry.place, rows, data, text)
    # A place without a name is none that is shown.
    at = {
        (place, str(row[entry.series.column])): row
        for row in rows
        if (place := str(row[entry.place.column])) in places
    }
    marks = [{**_mark(entry, row, places, labels), "series": code} for (_, code), row in at.items()]
    heading = "county" if entry.place.names == COUNTIES else "group"
    columns = [Column(text("columns", heading), is_text=True), *(Column(label) for label in labels.values())]
    lines = [
        Line([words(name), *(_shown(entry, at.get((place, code)), text, MISSING) for code in labels)])
        for place, name in places.items()
    ]
    known = [
        (mark["value"], f"{mark['place']}, {mark['label']}") for mark in marks if mark["value"] is not None
    ]
    described = ""
    if known:
        value, name = max(known)
        described = text("alt", "highest", name=name, value=text.number(value, 1))
    years = {row[entry.year] for row in rows} - {None} if entry.year else ()
    notes = text.withheld(row[entry.y.column] for row in rows)
    notes += [text("figure", "of_year", year=year) for year in sorted(years)]
    make = charts.dots_chart if entry.chart == "dots" else charts.bars_chart
    spec = make(labels, list(places.values()), text, text.say(entry.y.title), colours=entry.series.colours)
    return _Drawn(spec, marks, columns, lines, notes, {"series": described})


def _stated(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> _Drawn:
    """Make dots of our numbers beside those that the sources state."""
    assert entry.place is not None
    labels, places = _labels(entry, rows, data, text), _names(entry.place, rows, data, text)
    at = {place: row for row in rows if (place := str(row[entry.place.column])) in places}
    marks = [
        {
            **_mark(entry, row, places, labels),
            "series": row[entry.series.column],
            "stated": row["stated_value"],
        }
        for row in at.values()
    ]
    is_simulated = any(row["is_simulated"] for row in rows)
    ours = text("columns", "warehouse_value_simulated" if is_simulated else "warehouse_value")
    columns = [
        Column(text("columns", "statistic"), is_text=True),
        Column(text("columns", "relation"), is_text=True),
        Column(text("columns", "stated_value")),
        Column(ours),
        Column(text("columns", "base_n")),
    ]
    lines = [
        Line(
            [
                words(name),
                words(text("values", at[place]["relation"])),
                figure(at[place]["stated_value"], text, 0),
                figure(
                    at[place][entry.y.column],
                    text,
                    0 if at[place]["unit"] == "rank" else entry.y.digits,
                    missing=WITHHELD,
                ),
                figure(at[place]["base_n"], text, 0, missing=WITHHELD),
            ]
        )
        for place, name in places.items()
    ]
    notes = [*text.withheld(row[entry.y.column] for row in rows), text("figure", "stated")]
    known = text("alt", "known", n=text.number(sum(mark["value"] is not None for mark in marks)))
    names = [ours, text("columns", "stated_value")]
    spec = charts.stated_chart(list(places.values()), names, text.say(entry.y.title))
    return _Drawn(spec, marks, columns, lines, notes, {"series": known})


def _compared(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> _Drawn:
    """Make dots of our values beside hollow diamonds of the printed ones, for each place in each panel."""
    assert entry.place is not None
    assert entry.panel is not None
    labels, places = _labels(entry, rows, data, text), _names(entry.place, rows, data, text)
    panels = _names(entry.panel, rows, data, text)
    at = {
        (
            str(row[entry.place.column]),
            str(row[entry.panel.column]),
            str(row[entry.series.column]),
        ): row
        for row in rows
    }
    # A band without values carries the name of its panel.
    marks: charts.Rows = [
        {"band": charts.band(label), **_about(entry, **{entry.panel.filter: code})}
        for code, label in panels.items()
        if rows
    ]
    marks += [
        {
            **_mark(entry, row, places, labels),
            "band": charts.band(panels[panel], places[place]),
            "printed": row[entry.y.printed],
            **_about(entry, **{entry.panel.filter: panel}),
        }
        for (place, panel, _), row in at.items()
    ]
    columns = [
        Column(text("columns", "county"), is_text=True),
        Column(text("columns", "background"), is_text=True),
    ]
    for code, label in panels.items():
        about = _about(entry, **{entry.panel.filter: code})
        columns += [Column(text("table", key), label, about=about) for key in ("ours", "printed")]
    lines = []
    for place, name in places.items():
        for code, label in labels.items():
            cells = [words(name), words(label)]
            for panel in panels:
                row = at.get((place, panel, code))
                cells.append(_shown(entry, row, text, MISSING))
                printed = None if row is None else row[entry.y.printed]
                cells.append(figure(printed, text, entry.y.digits))
            about = {entry.place.filter: place, entry.series.filter: code}
            lines.append(Line(cells, _about(entry, **about)))
    known = [row for row in rows if row[entry.y.column] is not None]
    described = text("alt", "known", n=text.number(len(known)))
    bands = [
        band
        for label in panels.values()
        for band in (charts.band(label), *(charts.band(label, name) for name in places.values()))
    ]
    spec = charts.compared_chart(labels, bands, text, text.say(entry.y.title), digits=entry.y.digits)
    notes = [text("figure", "printed_hollow"), *text.withheld(row[entry.y.column] for row in rows)]
    return _Drawn(spec, marks, columns, lines if rows else [], notes, {"series": described})


def _map(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> _Drawn:
    """Fill counties or municipalities by their value, or by their series where there are several."""
    assert entry.place is not None
    labels, places = _labels(entry, rows, data, text), _names(entry.place, rows, data, text)
    is_county = entry.place.names in (COUNTIES, *LATER_COUNTIES)
    marks = [{"code": row[entry.place.column], **_mark(entry, row, places, labels)} for row in rows]
    is_series = len(labels) > 1
    columns = [Column(text("columns", "county" if is_county else "municipality"), is_text=True)]
    columns += [Column(text.say(entry.y.title))]
    lines = [
        Line(
            [words(places[str(row[entry.place.column])]), _shown(entry, row, text, MISSING)],
            _about(
                entry,
                **{
                    entry.place.filter: str(row[entry.place.column]),
                    entry.series.filter: str(row[entry.series.column]),
                },
            ),
        )
        for row in rows
    ]
    notes = [*text.withheld(row[entry.y.column] for row in rows), text("figure", "geometry")]
    known = [(mark["value"], mark["place"]) for mark in marks if mark["value"] is not None]
    described = text("alt", "known", n=text.number(len(known)))
    if known and not is_series:
        value, name = max(known)
        described = text("alt", "highest", name=name, value=text.number(value, 1))
    spec = charts.map_chart(
        labels if is_series else {},
        text,
        text.say(entry.y.title),
        areas=str(entry.place.names),
        digits=entry.y.digits,
    )
    return _Drawn(spec, marks, columns, lines, notes, {"series": described})


def _by_period(
    entry: FigureEntry, rows: Sequence[Row], labels: Mapping[str, str], places: Mapping[str, str]
) -> tuple[dict[tuple[str, str, str], Row], charts.Rows]:
    """Return the rows by county, period and series, and what is drawn of them."""
    assert entry.place is not None
    at = {
        (str(row[entry.place.column]), _dash(row[entry.period]), str(row[entry.series.column])): row
        for row in rows
    }
    marks = [{**_mark(entry, row, places, labels), "period": period} for (_, period, _), row in at.items()]
    return at, marks


def _bars_by_period(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> _Drawn:
    """Make two bars of shares for each county, the earlier period above the later."""
    assert entry.place is not None
    labels, places = _labels(entry, rows, data, text), _names(entry.place, rows, data, text)
    at, marks = _by_period(entry, rows, labels, places)
    columns = [
        Column(text("columns", "county"), is_text=True),
        Column(text("columns", "period"), is_text=True),
    ]
    columns += [
        Column(label, about=_about(entry, **{entry.series.filter: code})) for code, label in labels.items()
    ]
    lines = [
        Line(
            [
                words(name),
                words(period),
                *(_shown(entry, at.get((county, period, code)), text, WITHHELD) for code in labels),
            ],
            _about(entry, county=county),
        )
        for county, name in places.items()
        for period in map(_dash, PERIODS)
        if any((county, period, code) in at for code in labels)
    ]
    totals = {code: 0.0 for code in labels}
    for (_, _, code), row in at.items():
        totals[code] += row[entry.y.column] or 0
    largest = labels[max(totals, key=lambda code: totals[code])] if marks else ""
    spec = charts.composition_chart(labels, list(places.values()), text, text.say(entry.y.title))
    notes = [text("figure", "two_bars"), *text.withheld(row[entry.y.column] for row in rows)]
    notes += _statements(entry, data, text)
    return _Drawn(spec, marks, columns, lines, notes, {"largest": largest})


def _dots_by_period(entry: FigureEntry, rows: Sequence[Row], data: FigureData, text: Texts) -> _Drawn:
    """Make two dots for each county and series, the earlier period hollow."""
    assert entry.place is not None
    labels, places = _labels(entry, rows, data, text), _names(entry.place, rows, data, text)
    at, marks = _by_period(entry, rows, labels, places)
    periods = [_dash(period) for period in PERIODS]
    columns = [Column(text("columns", "county"), is_text=True)]
    columns += [
        Column(period, label, about=_about(entry, **{entry.series.filter: code}))
        for code, label in labels.items()
        for period in periods
    ]
    lines = [
        Line(
            [
                words(name),
                *(
                    _shown(entry, at.get((county, period, code)), text, WITHHELD)
                    for code in labels
                    for period in periods
                ),
            ],
            _about(entry, county=county),
        )
        for county, name in places.items()
        if any(place == county for place, _, _ in at)
    ]
    first = next(iter(labels), "")
    known = [
        (value, f"{places[county]} {text.number(value, 1)} ({period})")
        for (county, period, code), row in at.items()
        if code == first and county != COUNTRY and (value := row[entry.y.column]) is not None
    ]
    spec = charts.county_chart(labels, _ranked(entry, at, places, first), text, text.say(entry.y.title))
    notes = [text("figure", "two_dots"), *text.withheld(row[entry.y.column] for row in rows)]
    notes += _statements(entry, data, text)
    described = {"series": labels.get(first, "").lower(), "highest": max(known)[1] if known else MISSING}
    return _Drawn(spec, marks, columns, lines, notes, described)


def _ranked(
    entry: FigureEntry, at: Mapping[tuple[str, str, str], Row], places: Mapping[str, str], code: str
) -> list[str]:
    """Return the whole country and then the counties by the last period of a series, the highest first."""
    period = _dash(PERIODS[-1])

    def rank(county: str) -> tuple[bool, bool, float]:
        row = at.get((county, period, code))
        value = None if row is None else row[entry.y.column]
        return county != COUNTRY, value is None, -(value or 0.0)

    return [places[county] for county in sorted(places, key=rank)]


def _dash(period: str) -> str:
    return period.replace("-", "–")
