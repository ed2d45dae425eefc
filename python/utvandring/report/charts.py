"""The charts, as Vega-Lite specifications: one definition for the pages and for the files.

A specification reads its rows from the named data set `rows`, so that a page can filter them. Every chart is
a single view: it takes the width of its place on a page, and the width of `FILE_WIDTH` in a file.

Colours have a contrast of at least 3 : 1 to white (WCAG 2.2, 1.4.11) and are told apart by people with colour
vision deficiencies (after Okabe and Ito); lines differ in dashes and points as well.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from importlib import resources
from typing import Any

import altair as alt

from utvandring.report.texts import Texts

FILE_WIDTH = 640

# Names beside lines: their size, the width of a chart and the letters of a name that leave room for them.
_NAME_SIZE, _WIDE, _SHORT = 11, 520, 24

# A rate of fewer residents is not drawn.
FEWEST_RESIDENTS = 50

INK = "#1d2b2b"
MUTED = "#5b6767"
RULE = "#d9dfdd"
PRINTED = "#6b7473"

GREEN, DARK, ORANGE, BLUE, PURPLE, GREY = "#00824d", "#274247", "#c2540a", "#0b6fb8", "#a1478f", "#757d7c"
BROWN, RED = "#8a5a00", "#b3261e"

# Ordered categories: the more, the darker (viridis without its lightest part).
ORDERED = ("#2a9d70", "#21808d", "#3b6a94", "#46327e", "#440154")

# Colours by the names that an entry of `analysis/` may use, and those that series without one take in turn.
NAMED: Mapping[str, str] = {
    "blue": BLUE,
    "orange": ORANGE,
    "green": GREEN,
    "purple": PURPLE,
    "dark": DARK,
    "grey": GREY,
    "brown": BROWN,
    "red": RED,
    "ink": INK,
    **{f"ordered {number}": colour for number, colour in enumerate(ORDERED, start=1)},
}
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, DARK, GREY, BROWN, RED)

# What is in many figures has one colour in all of them, which nothing else has but ordered categories.
# Far from each other in OKLab, most of all within a group and as people with red-green deficiencies see them.
COLOURS: Mapping[str, str] = {
    # immigration background
    "work": BLUE,
    "refuge": ORANGE,
    "family": GREEN,
    "education": PURPLE,
    "nordic": DARK,
    "unknown": GREY,
    "all": INK,
    # outcome
    "emigration": "#82251a",
    "internal_outmigration": "#b88513",
    "stay": "#7d7ff3",
    # labour market status
    "employed": "#181d87",
    "employed_in_education": "#7c9128",
    "in_education": "#bb68ce",
    "unemployed": "#5e5303",
    "outside_labour_force": "#482832",
    # education
    "compulsory": ORDERED[0],
    "upper_secondary": ORDERED[1],
    "tertiary_short": ORDERED[3],
    "tertiary_long": ORDERED[4],
    # years of residence
    "0-2": ORDERED[0],
    "3-5": ORDERED[1],
    "6-10": ORDERED[2],
    "11-15": ORDERED[3],
    "16+": ORDERED[4],
    # groups of descendants
    "descendant": "#800b66",
    "one_foreign_born_parent": "#d16a7d",
    "majority": "#9b4805",
    "childhood_immigrant": "#2393f1",
    # origins and destinations
    "africa": "#654abb",
    "asia": "#89722f",
    "eu_2004_2007": "#6493c4",
    "latin_america": "#5e006f",
    "north_america_oceania": "#6e5064",
    "other_europe": "#ac847d",
    "western_europe": "#153d0b",
    "parents_country": RED,
    "western": BROWN,
    "other": PRINTED,
    # centrality level
    "1": ORDERED[0],
    "2": ORDERED[1],
    "3": ORDERED[3],
    "4": ORDERED[4],
}
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")

FONT = (
    "'Open Sans', 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
)

CONFIG: Mapping[str, Any] = {
    "font": FONT,
    "background": "white",
    "padding": {"left": 4, "right": 12, "top": 4, "bottom": 4},
    # The page describes its charts itself.
    "aria": False,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": INK,
        "titleColor": MUTED,
        "titleFontWeight": "normal",
        "gridColor": RULE,
        "domainColor": MUTED,
        "tickColor": MUTED,
    },
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "legend": {
        "orient": "top",
        "title": None,
        "labelFontSize": 12,
        "labelColor": INK,
        "labelLimit": 220,
        "symbolSize": 70,
        "symbolStrokeWidth": 2,
        "columnPadding": 16,
        "offset": 8,
    },
    "title": {
        "anchor": "start",
        "fontSize": 15,
        "fontWeight": 600,
        "color": INK,
        "subtitleColor": MUTED,
        "subtitleFontSize": 12,
        "offset": 14,
        "frame": "group",
    },
}

# Rates on a map: the more, the darker.
LEAST, MOST = "#d3e6de", "#00462e"

Rows = list[dict[str, Any]]
Spec = dict[str, Any]
_ROWS = alt.NamedData("rows")


def _once(make: Callable[..., Spec]) -> Callable[..., Spec]:
    """Make a specification once for the same arguments: many figures differ in nothing but their rows."""
    made: dict[str, Spec] = {}

    @wraps(make)
    def remembering(*arguments: Any, **named: Any) -> Spec:
        words = [given.language if isinstance(given, Texts) else given for given in arguments]
        key = repr((words, named))
        if key not in made:
            made[key] = make(*arguments, **named)
        return made[key]

    return remembering


def _range(series: Mapping[str, str], chosen: Mapping[str, str] | None = None) -> list[str]:
    """Return the colour of every series: the chosen one, the one of its code, or the next of the palette."""
    named = {code: NAMED[name] for code, name in (chosen or {}).items()}
    return [named.get(code, COLOURS.get(code, PALETTE[i % len(PALETTE)])) for i, code in enumerate(series)]


@_once
def line_chart(
    series: Mapping[str, str],
    text: Texts,
    *,
    x_title: str,
    y_title: str,
    printed: bool = False,
    height: int = 260,
    x: str = "year",
    digits: int = 2,
    counted: bool = True,
    colours: Mapping[str, str] | None = None,
) -> Spec:
    """Draw one line per series over the years, or another whole number.

    Parameters
    ----------
    series
        The label of every series by its code, in order.
    text
        The language.
    x_title, y_title
        What the lines run over, and what the values are.
    printed
        Whether rows with `kind` `printed` (`year`, `last_year`, `low`, `high`) are drawn behind the lines.
    height
        Height in pixels.
    x
        The field of the rows that the lines run over.
    digits
        Decimals of the values where they are pointed at.
    counted
        Whether the rows have the counts `residents` and `movers`.
    colours
        Names of colours by code, where they are not those of `COLOURS`.

    Returns
    -------
    dict
        A specification for rows with `kind` (`rate`), `year` (or the other field), `series`, `label`,
        `value`, `residents` and `movers`. Withheld values and those that are `small` are marks at the top.
    """
    codes = list(series)
    of_years = x == "year"
    over = alt.X(
        f"{x}:Q",
        title=None if of_years else x_title,
        scale=alt.Scale(nice=False, padding=14, zero=False),
    ).axis(format="d", tickMinStep=1, grid=False)
    y = alt.Y("value:Q", title=y_title, scale=alt.Scale(zero=True, nice=5)).axis(
        tickCount=5, titleAngle=0, titleAlign="left", titleAnchor="start", titleY=-12, titleX=-26
    )
    labels = alt.Scale(domain=[series[code] for code in codes], range=_range(series, colours))
    dashes = alt.Scale(
        domain=[series[code] for code in codes], range=[DASHES[i % len(DASHES)] for i in range(len(codes))]
    )
    shapes = alt.Scale(
        domain=[series[code] for code in codes], range=[SHAPES[i % len(SHAPES)] for i in range(len(codes))]
    )
    # A rate of few residents stands in the table alone: one person would set the axis.
    base = alt.Chart(_ROWS).transform_filter("datum.kind === 'rate' && !datum.small").encode(x=over, y=y)
    # Room for the title of the axis between the legend and the lines.
    legend = alt.Legend(columns=2 if len(codes) in (2, 4) else 3, offset=32, symbolStrokeWidth=0)
    lines = base.mark_line(strokeWidth=2.2).encode(
        color=alt.Color("label:N", scale=labels, legend=legend),
        strokeDash=alt.StrokeDash("label:N", scale=dashes, legend=legend),
    )
    points = (
        base.transform_filter("isValid(datum.value)")
        .mark_point(size=38, filled=True, opacity=1)
        .encode(
            color=alt.Color("label:N", scale=labels, legend=legend),
            shape=alt.Shape("label:N", scale=shapes, legend=legend),
            tooltip=[
                alt.Tooltip("label:N", title=text("columns", "series")),
                alt.Tooltip(f"{x}:Q", title=x_title, format="d"),
                alt.Tooltip(
                    "value:Q",
                    title=text("columns", "rate_percent") if counted else y_title,
                    format=f",.{digits}f",
                ),
                *(
                    [
                        alt.Tooltip("residents:Q", title=text("columns", "residents_n"), format=","),
                        alt.Tooltip("movers:Q", title=text("columns", "movers_n"), format=","),
                    ]
                    if counted
                    else []
                ),
            ],
        )
    )
    layers = [lines, points, _left_out(x, over, labels, text, x_title)]
    if len(codes) > 1:
        layers.append(_names_at_the_ends(base, x, labels, height))
    layers = [*_printed_series(), *layers] if printed else layers
    return _spec(alt.layer(*layers).properties(width="container", height=height))


def _left_out(x: str, over: Any, labels: alt.Scale, text: Texts, x_title: str) -> Any:
    """Mark withheld values by a colon and rates of few residents by a point, a row for each series."""
    return (
        alt.Chart(_ROWS)
        .transform_filter("datum.kind === 'rate' && (datum.small || !isValid(datum.value))")
        .transform_calculate(
            mark="datum.small ? '·' : ':'",
            row=f"indexof({json.dumps(labels.domain, ensure_ascii=False)}, datum.label)",
        )
        .mark_text(fontSize=13, fontWeight="bold", dy=alt.expr("9 * datum.row"))
        .encode(
            x=over,
            y=alt.value(2),
            text="mark:N",
            color=alt.Color("label:N", scale=labels),
            tooltip=[
                alt.Tooltip("label:N", title=text("columns", "series")),
                alt.Tooltip(f"{x}:Q", title=x_title, format="d"),
            ],
        )
    )


def _names_at_the_ends(base: alt.Chart, x: str, labels: alt.Scale, height: int) -> Any:
    """Write the name of a series beside its last value, where it meets no other name and there is room."""
    line = 1.2 * _NAME_SIZE / height
    return (
        base.transform_filter(
            f"isValid(datum.value) && !(containerSize()[0] < {_WIDE}) && length(datum.label) <= {_SHORT}"
        )
        .transform_joinaggregate(top="max(value)", end=f"max({x})")
        .transform_filter(f"datum.{x} === datum.end")
        .transform_window(
            below="lag(value)", above="lead(value)", sort=[alt.SortField("value", order="ascending")]
        )
        .transform_filter(
            f"(datum.below === null || datum.value - datum.below > {line:.3f} * datum.top) && "
            f"(datum.above === null || datum.above - datum.value > {line:.3f} * datum.top)"
        )
        .mark_text(align="left", baseline="middle", dx=9, fontSize=_NAME_SIZE)
        .encode(text="label:N", color=alt.Color("label:N", scale=labels))
    )


def _printed_series() -> list[alt.Chart]:
    """Draw what the text of the report says, in grey: ranges as bands, numbers as rules and diamonds."""
    base = alt.Chart(_ROWS).transform_filter("datum.kind === 'printed'")
    year = alt.X("year:Q", scale=alt.Scale(zero=False))
    tooltip = alt.Tooltip("label:N", title=" ")
    throughout = base.transform_filter("datum.last_year > datum.year").encode(
        x=year, x2="last_year:Q", tooltip=tooltip
    )
    once = base.transform_filter("datum.last_year === datum.year").encode(x=year, tooltip=tooltip)
    return [
        throughout.transform_filter("datum.low < datum.high")
        .mark_rect(color=PRINTED, opacity=0.18)
        .encode(y=alt.Y("low:Q"), y2="high:Q"),
        throughout.transform_filter("datum.low === datum.high")
        .mark_rule(color=PRINTED, strokeWidth=1.5, opacity=0.8)
        .encode(y=alt.Y("low:Q")),
        once.transform_filter("datum.low < datum.high")
        .mark_rule(color=PRINTED, strokeWidth=4, opacity=0.7)
        .encode(y=alt.Y("low:Q"), y2="high:Q"),
        once.transform_filter("datum.low === datum.high")
        .mark_point(shape="diamond", size=110, color=PRINTED, strokeWidth=2, filled=False, opacity=1)
        .encode(y=alt.Y("low:Q")),
    ]


@_once
def composition_chart(series: Mapping[str, str], counties: Sequence[str], text: Texts, x_title: str) -> Spec:
    """Draw one stacked bar per county and period; rows have `place`, `period`, `label`, `order`, `value`."""
    scale = alt.Scale(domain=list(series.values()), range=_range(series))
    chart = (
        alt.Chart(_ROWS)
        .mark_bar(stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X("value:Q", title=x_title, scale=alt.Scale(domain=[0, 100])).axis(tickCount=5),
            y=alt.Y("place:N", title=None, sort=list(counties), scale=alt.Scale(paddingInner=0.25)),
            yOffset=alt.YOffset("period:N", sort="ascending"),
            color=alt.Color("label:N", scale=scale, legend=alt.Legend(columns=3, symbolType="square")),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("place:N", title=text("columns", "county")),
                alt.Tooltip("period:N", title=text("columns", "period")),
                alt.Tooltip("label:N", title=text("columns", "background")),
                alt.Tooltip("value:Q", title=text("columns", "share"), format=".1f"),
            ],
        )
        .properties(width="container", height=len(counties) * 30)
    )
    return _spec(chart)


@_once
def county_chart(series: Mapping[str, str], counties: Sequence[str], text: Texts, x_title: str) -> Spec:
    """Draw a dot per county, outcome and period, the earlier one hollow.

    Rows have `place`, `period`, `label`, `value`.
    """
    scale = alt.Scale(domain=list(series.values()), range=_range(series))
    base = alt.Chart(_ROWS).encode(
        y=alt.Y("place:N", title=None, sort=list(counties)).axis(grid=True),
        yOffset=alt.YOffset("label:N", sort=list(series.values())),
        color=alt.Color(
            "label:N", scale=scale, legend=alt.Legend(columns=2, symbolType="circle", symbolOpacity=1)
        ),
    )
    between = base.mark_line(strokeWidth=1.4, opacity=0.6).encode(
        x=alt.X("value:Q", title=x_title, scale=alt.Scale(zero=True, nice=6)).axis(tickCount=6),
        detail=["place:N", "label:N"],
    )
    tooltip = [
        alt.Tooltip("place:N", title=text("columns", "county")),
        alt.Tooltip("period:N", title=text("columns", "period")),
        alt.Tooltip("label:N", title=text("columns", "outcome")),
        alt.Tooltip("value:Q", title=text("columns", "rate_percent"), format=".2f"),
    ]
    earlier, later = (
        base.transform_filter(f"isValid(datum.value) && datum.period === '{period}'")
        .mark_point(shape=shape, filled=filled, size=46, strokeWidth=1.8, opacity=1)
        .encode(x=alt.X("value:Q"), tooltip=tooltip)
        for period, shape, filled in (("2004–2008", "circle", False), ("2009–2013", "square", True))
    )
    return _spec(alt.layer(between, earlier, later).properties(width="container", height=len(counties) * 26))


@_once
def dots_chart(
    series: Mapping[str, str],
    places: Sequence[str],
    text: Texts,
    x_title: str,
    colours: Mapping[str, str] | None = None,
) -> Spec:
    """Draw a dot per place and series; rows have `place`, `label`, `value`."""
    codes = list(series)
    domain = list(series.values())
    base = alt.Chart(_ROWS).encode(
        y=alt.Y("place:N", title=None, sort=list(places)).axis(grid=True, labelLimit=240)
    )
    dots = (
        base.transform_filter("isValid(datum.value)")
        .mark_point(filled=True, size=52, opacity=1)
        .encode(
            x=alt.X("value:Q", title=x_title, scale=alt.Scale(zero=True, nice=6)).axis(tickCount=6),
            color=alt.Color(
                "label:N",
                scale=alt.Scale(domain=domain, range=_range(series, colours)),
                legend=alt.Legend(columns=2),
            ),
            shape=alt.Shape(
                "label:N",
                scale=alt.Scale(domain=domain, range=list(SHAPES[: len(codes)])),
                legend=alt.Legend(columns=2),
            ),
            tooltip=[
                alt.Tooltip("place:N", title=" "),
                alt.Tooltip("label:N", title=text("columns", "series")),
                alt.Tooltip("value:Q", title=x_title, format=".2f"),
            ],
        )
    )
    return _spec(dots.properties(width="container", height=len(places) * 26))


@_once
def bars_chart(
    series: Mapping[str, str],
    places: Sequence[str],
    text: Texts,
    x_title: str,
    colours: Mapping[str, str] | None = None,
) -> Spec:
    """Draw one stacked bar of shares per place; rows have `place`, `label`, `order`, `value`."""
    scale = alt.Scale(domain=list(series.values()), range=_range(series, colours))
    chart = (
        alt.Chart(_ROWS)
        .transform_filter("isValid(datum.value)")
        .mark_bar(stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X("value:Q", title=x_title, scale=alt.Scale(zero=True, nice=5)).axis(tickCount=5),
            y=alt.Y("place:N", title=None, sort=list(places), scale=alt.Scale(paddingInner=0.3)).axis(
                labelLimit=240
            ),
            color=alt.Color("label:N", scale=scale, legend=alt.Legend(columns=2, symbolType="square")),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("place:N", title=" "),
                alt.Tooltip("label:N", title=text("columns", "series")),
                alt.Tooltip("value:Q", title=x_title, format=".1f"),
            ],
        )
    )
    return _spec(chart.properties(width="container", height=max(120, len(places) * 44)))


@_once
def stated_chart(places: Sequence[str], labels: Sequence[str], x_title: str) -> Spec:
    """Draw what the sources state as hollow diamonds beside our numbers as dots.

    Rows have `place`, `value` and `stated`; `labels` name ours and theirs.
    """
    base = alt.Chart(_ROWS).encode(
        y=alt.Y("place:N", title=None, sort=list(places)).axis(grid=True, labelLimit=320)
    )
    legend = alt.Legend(columns=2)
    colours = alt.Scale(domain=list(labels), range=[BLUE, PRINTED])
    shapes = alt.Scale(domain=list(labels), range=["circle", "diamond"])
    tooltip = [
        alt.Tooltip("place:N", title=" "),
        alt.Tooltip("stated:Q", title=labels[1], format=".0f"),
        alt.Tooltip("value:Q", title=labels[0], format=".1f"),
    ]

    def marks(field: str, label: str, filled: bool, size: int) -> Any:
        name = json.dumps(label, ensure_ascii=False)
        return (
            base.transform_filter(f"isValid(datum.{field})")
            .transform_calculate(whose=name)
            .mark_point(filled=filled, size=size, strokeWidth=1.8, opacity=1)
            .encode(
                x=alt.X(f"{field}:Q", title=x_title, scale=alt.Scale(zero=True, nice=6)).axis(tickCount=6),
                color=alt.Color("whose:N", scale=colours, legend=legend),
                shape=alt.Shape("whose:N", scale=shapes, legend=legend),
                tooltip=tooltip,
            )
        )

    layers = alt.layer(marks("stated", labels[1], False, 80), marks("value", labels[0], True, 52))
    return _spec(layers.properties(width="container", height=len(places) * 32))


@cache
def geometry() -> dict[str, Any]:
    """Return the municipalities of 2013 as TopoJSON (Kartverket, CC BY 4.0, simplified)."""
    source = resources.files("utvandring.report") / "assets" / "norway_2013.topojson"
    areas: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return areas


# What tells the area of a municipality of 2013 on a map.
_CODES: Mapping[str, str] = {
    "municipalities": "datum.properties.code",
    "counties": "slice(datum.properties.code, 0, 2)",
    "counties_2020": "datum.properties.county_2020",
    "counties_2024": "datum.properties.county_2024",
}


@_once
def map_chart(series: Mapping[str, str], text: Texts, title: str, *, areas: str, digits: int) -> Spec:
    """Fill areas by their label, or by their value where there are no series.

    Rows have `code`, `place`, `label` and `value`. The geometry is the data set `map`, of the municipalities
    of 2013; all those of one county have one colour. None of them was divided between later counties.

    Parameters
    ----------
    areas
        `municipalities`, `counties` (of 2013), `counties_2020` or `counties_2024`.
    """
    geometries = alt.NamedData("map", format=alt.TopoDataFormat(feature="municipalities", type="topojson"))
    code, of_counties = _CODES[areas], areas != "municipalities"
    found = alt.LookupData(data=_ROWS, key="code", fields=["place", "label", "value"])
    if series:
        scale = alt.Scale(domain=list(series.values()), range=_range(series))
        fill = alt.Color("label:N", scale=scale, legend=alt.Legend(columns=2, symbolType="square"))
        test = "isValid(datum.label)"
        shown = alt.Tooltip("label:N", title=title)
    else:
        legend = alt.Legend(title=title, gradientLength=200, orient="top", tickCount=3, format=".2~f")
        fill = alt.Color("value:Q", scale=alt.Scale(range=[LEAST, MOST]), legend=legend)
        test = "isValid(datum.value)"
        shown = alt.Tooltip("value:Q", title=title, format=f".{digits}f")
    place = text("columns", "county" if of_counties else "municipality")
    chart = (
        alt.Chart(geometries)
        # Areas without a value are drawn as well, as outlines.
        .mark_geoshape(strokeWidth=0.4, invalid=None)
        .transform_calculate(code=code)
        .transform_lookup(lookup="code", from_=found)
        .encode(
            color=fill,
            # Counties are made of municipalities: a line between those of one county has its colour.
            stroke=fill if of_counties else alt.value("white"),
            fillOpacity=alt.condition(test, alt.value(1), alt.value(0)),
            tooltip=[alt.Tooltip("place:N", title=place), shown],
        )
        .project(type="transverseMercator", rotate=[-16, 0, 0])
    )
    return _spec(chart.properties(width="container", height=560))


def band(panel: str, place: str = "") -> str:
    """Name a band of a compared chart: a place in a panel, or the heading of the panel."""
    return f"{panel}|{place}"


@_once
def compared_chart(
    series: Mapping[str, str], bands: Sequence[str], text: Texts, x_title: str, digits: int
) -> Spec:
    """Draw our values as dots and the printed ones as hollow diamonds, one band for each place in each panel.

    Rows have `band`, `place`, `label`, `value`, `printed`; a row with nothing but a band is the heading of a
    panel.
    """
    axis = {
        "grid": True,
        "labelExpr": "split(datum.label, '|')[1] || split(datum.label, '|')[0]",
        "labelFontWeight": {
            "condition": {"test": "split(datum.label, '|')[1] === ''", "value": "bold"},
            "value": "normal",
        },
        "labelLimit": 200,
    }
    domain = list(series.values())
    scale = alt.Scale(domain=domain, range=_range(series))
    base = alt.Chart(_ROWS).encode(y=alt.Y("band:N", title=None, sort=list(bands), axis=axis))
    legend = alt.Legend(columns=5, symbolType="circle", symbolOpacity=1)
    colour = alt.Color("label:N", scale=scale, legend=legend)
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=MUTED).encode(x=alt.X("zero:Q"))
    headings = base.mark_point(opacity=0).encode(x=alt.XDatum(0))
    tooltip = [
        alt.Tooltip("place:N", title=text("columns", "county")),
        alt.Tooltip("outcome:N", title=text("columns", "outcome")),
        alt.Tooltip("label:N", title=text("columns", "background")),
        alt.Tooltip("value:Q", title=text("table", "ours"), format=f".{digits}f"),
        alt.Tooltip("printed:Q", title=text("table", "printed"), format=f".{digits}f"),
    ]
    printed = (
        base.transform_filter("isValid(datum.printed)")
        .mark_point(size=52, filled=False, opacity=1, shape="diamond", strokeWidth=1.4)
        .encode(
            x=alt.X("printed:Q", title=x_title, scale=alt.Scale(nice=7)).axis(tickCount=7),
            color=colour,
            tooltip=tooltip,
        )
    )
    ours = (
        base.transform_filter("isValid(datum.value)")
        .mark_point(size=30, filled=True, opacity=1, shape="circle")
        .encode(x=alt.X("value:Q", title=x_title), color=colour, tooltip=tooltip)
    )
    layers = alt.layer(zero, headings, printed, ours)
    return _spec(layers.properties(width="container", height=len(bands) * 15))


@_once
def estimates_chart(series: Mapping[str, str], terms: Sequence[str], text: Texts, x_title: str) -> Spec:
    """Draw estimates with their intervals, and the printed ones as hollow diamonds.

    Rows have `place` (the term), `label` (the outcome), `value`, `low`, `high`, `printed`.
    """
    scale = alt.Scale(domain=list(series.values()), range=_range(series))
    base = alt.Chart(_ROWS).encode(
        y=alt.Y("place:N", title=None, sort=list(terms)).axis(grid=True, labelLimit=240),
        yOffset=alt.YOffset("label:N", sort=list(series.values())),
        color=alt.Color("label:N", scale=scale, legend=alt.Legend(columns=3, symbolType="circle")),
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=MUTED).encode(x=alt.X("zero:Q"))
    intervals = (
        base.transform_filter("isValid(datum.value)")
        .mark_rule(strokeWidth=1.8)
        .encode(x=alt.X("low:Q", title=x_title, scale=alt.Scale(nice=6)).axis(tickCount=6), x2="high:Q")
    )
    dots = (
        base.transform_filter("isValid(datum.value)")
        .mark_point(size=34, filled=True, opacity=1, shape="circle")
        .encode(
            x=alt.X("value:Q"),
            tooltip=[
                alt.Tooltip("place:N", title=text("table", "term")),
                alt.Tooltip("label:N", title=text("columns", "outcome")),
                alt.Tooltip("value:Q", title=text("table", "ours"), format=".4f"),
                alt.Tooltip("printed:Q", title=text("table", "printed"), format=".3f"),
            ],
        )
    )
    printed = (
        base.transform_filter("isValid(datum.printed)")
        .mark_point(size=58, filled=False, opacity=1, shape="diamond", strokeWidth=1.4)
        .encode(x=alt.X("printed:Q"))
    )
    height = max(120, len(terms) * (10 + 9 * len(series)))
    return _spec(alt.layer(zero, intervals, printed, dots).properties(width="container", height=height))


@_once
def coverage_chart(tables: Sequence[str], text: Texts) -> Spec:
    """Draw the share of the printed numbers that our intervals cover; rows have `place` and `value`."""
    base = alt.Chart(_ROWS).encode(
        x=alt.X("place:N", title=None, sort=list(tables)).axis(labelAngle=-90, labelOverlap="greedy"),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 100])).axis(tickCount=5),
        tooltip=[
            alt.Tooltip("place:N", title=text("comparison", "table_id")),
            alt.Tooltip("value:Q", title=text("comparison", "covered_share"), format=".0f"),
        ],
    )
    return _spec(base.mark_bar(color=GREEN).properties(width="container", height=220))


def _spec(chart: Any) -> Spec:
    # Checked against the schema by the tests: it takes most of the time.
    spec: Spec = chart.to_dict(validate=False)
    # The same for all charts, and given once.
    for key in ("config", "$schema", "datasets"):
        spec.pop(key, None)
    return spec


def datasets(spec: Spec, rows: Rows) -> dict[str, Any]:
    """Return the data sets that a specification reads: its rows, and of a map the geometry."""
    return {"rows": rows, "map": geometry()} if "projection" in spec else {"rows": rows}


def complete(spec: Spec, rows: Rows, *, title: Sequence[str], subtitle: Sequence[str]) -> Spec:
    """Return a specification that stands alone: with rows, title, configuration and a width in pixels."""
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/{alt.SCHEMA_VERSION}.json",
        # From the left edge: beside long labels there is no room for a title.
        "config": {**CONFIG, "title": {**CONFIG["title"], "frame": "bounds"}},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "title": {"text": list(title), "subtitle": list(subtitle)},
        **spec,
        "width": FILE_WIDTH,
        "datasets": datasets(spec, rows),
    }
