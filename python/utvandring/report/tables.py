"""The tables of the report: our numbers beside the printed ones."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from utvandring.report import charts
from utvandring.report.catalogue import BACKGROUNDS, OUTCOMES, query, tables, title_of
from utvandring.report.cells import Cell, Column, Line, Table, figure, words
from utvandring.report.entries import TableEntry
from utvandring.report.released import FITS, Released, Row
from utvandring.report.texts import IMPOSSIBLE, MISSING, WITHHELD, Texts

_SIZES = ("1", "2", "3+")
_LPM_OUTCOMES = ("stay", "internal_outmigration", "emigration")
_PRINTED_DIGITS = 3


@dataclass(frozen=True)
class ReportTable:
    """A table of the report in one language, with the chart of its estimates where it has any."""

    entry: TableEntry
    name: str
    heading: str
    title: str
    table: Table
    notes: Sequence[str]
    alt: str = ""
    spec: charts.Spec | None = None
    rows: charts.Rows = field(default_factory=list)


@dataclass(frozen=True)
class TableData:
    """Rows of all tables by table number, of the fits, and of the persons that tables 6.2-6.26 compare."""

    rows: Mapping[str, Sequence[Row]]
    fits: Mapping[str, Row]
    profiles: Mapping[str, Row]
    county_names: Mapping[str, str]
    order: Mapping[str, int]


def read_tables(released: Released) -> TableData:
    """Read the released estimates and family rates that stand in a table of the report."""
    rows: dict[str, list[Row]] = {}
    for name in dict.fromkeys(entry.query.name for entry in tables()):
        for row in released.run(query(name)):
            rows.setdefault(row["table_id"], []).append(row)
    return TableData(
        rows,
        {row["table_id"]: row for row in released.table(FITS) if row["table_id"] is not None},
        {
            row["table_id"]: row
            for row in released.table("published_report.published_mnl_difference_profiles")
        },
        released.county_names(),
        {
            row["comparison"]: row["row_order"]
            for row in released.table("published_report.published_mnl_differences")
        },
    )


def make_table(entry: TableEntry, data: TableData, text: Texts) -> ReportTable:
    """Make one table.

    Parameters
    ----------
    entry
        Which.
    data
        The rows of all tables.
    text
        The language.
    """
    makers: Mapping[str, Callable[[TableEntry, TableData, Texts], ReportTable]] = {
        "family": _family,
        "linear_probability": _linear_probability,
        "trinomial_logit": _trinomial_logit,
        "difference": _difference,
        "shares": _shares,
    }
    return makers[entry.table](entry, data, text)


def _heading(entry: TableEntry, data: TableData, text: Texts) -> tuple[str, str]:
    return text("table", "number", number=entry.number), title_of(entry, data.county_names, text)


def _family(entry: TableEntry, data: TableData, text: Texts) -> ReportTable:
    number, title = _heading(entry, data, text)
    rows = data.rows.get(entry.number, ())
    columns = [
        Column(text("table", "background"), is_text=True),
        Column(text("table", "family_size"), is_text=True),
        Column(text("table", "family_type"), is_text=True),
    ]
    for outcome in OUTCOMES:
        group, about = text("outcomes", outcome), {"outcome": outcome}
        columns += [
            Column(text("table", "ours"), group, about=about),
            Column(text("table", "printed"), group, about=about),
            Column(text("table", "difference"), group, about=about),
        ]
    by_line: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        key = (row["immigration_background"], row["family_size"], row["family_type"])
        by_line.setdefault(key, {})[row["outcome"]] = row
    types = list(text.group("categories", "family_type"))
    lines = []
    for key in sorted(
        by_line, key=lambda k: (BACKGROUNDS.index(k[0]), _SIZES.index(k[1]), types.index(k[2]))
    ):
        background, size, family_type = key
        alone_mixed = size == "1" and family_type.startswith("mixed")
        cells = [
            words(text("backgrounds", background)),
            words(text("categories", "family_size", size)),
            words(text("categories", "family_type", family_type)),
        ]
        for outcome in OUTCOMES:
            row = by_line[key].get(outcome, {})
            missing = IMPOSSIBLE if alone_mixed else WITHHELD
            cells += [
                figure(row.get("rate_percent"), text, 1, missing=missing),
                figure(row.get("published_rate_percent"), text, 1, missing=IMPOSSIBLE),
                figure(row.get("difference_points"), text, 1, missing=missing),
            ]
        lines.append(Line(cells, {"background": background}))
    name = f"table-{entry.number}"
    return ReportTable(entry, name, number, title, Table(name, f"{number}. {title}", columns, lines), [])


def _shares(entry: TableEntry, data: TableData, text: Texts) -> ReportTable:
    number, title = _heading(entry, data, text)
    measures = {"municipalities": ("n", 0), "population": ("percent", 1), "immigrants": ("percent", 1)}
    columns = [Column(text("filters", "centrality"), is_text=True)]
    for measure in measures:
        group = text("shares", measure)
        columns += [Column(text("table", whose), group) for whose in ("ours", "printed")]
    lines = []
    for row in data.rows.get(entry.number, ()):
        level = str(row["centrality_level"])
        cells = [words(text("centrality", level))]
        for measure, (unit, digits) in measures.items():
            name = f"{measure}_{unit}"
            cells += [
                figure(row[name], text, digits, missing=WITHHELD),
                figure(row[f"published_{name}"], text, digits),
            ]
        lines.append(Line(cells, {"centrality": level}))
    name = f"table-{entry.number}"
    return ReportTable(entry, name, number, title, Table(name, f"{number}. {title}", columns, lines), [])


@dataclass(frozen=True)
class _Estimates:
    """What the tables of estimates differ in: their groups of columns, and what a line is called."""

    group_key: str
    groups: Mapping[str, str]
    line_key: str
    digits: int
    axis: str
    by_level: bool = False


def _estimates_table(
    entry: TableEntry,
    data: TableData,
    text: Texts,
    shape: _Estimates,
    codes: Sequence[str],
    notes: Sequence[str],
) -> ReportTable:
    number, title = _heading(entry, data, text)
    rows = data.rows.get(entry.number, ())
    by_line: dict[tuple[str, int], dict[str, Row]] = {}
    for row in rows:
        line = (row[shape.line_key], row["centrality_level"] if shape.by_level else 0)
        by_line.setdefault(line, {})[row[shape.group_key]] = row
    columns = [Column(text("table", "term"), is_text=True)]
    if shape.by_level:
        columns.append(Column(text("table", "level")))
    for code, label in shape.groups.items():
        about = {"outcome": code}
        t_value = text("table", "t_value")
        columns += [
            Column(text("table", "ours"), label, note=t_value, about=about),
            Column(text("table", "printed"), label, note=t_value, about=about),
            Column(text("table", "in_std_errors"), label, about=about),
        ]
    lines, drawn, misprinted = [], [], False
    for code, level in sorted(by_line, key=lambda line: (codes.index(line[0]), line[1])):
        cells = [words(text("terms", code))]
        if shape.by_level:
            cells.append(Cell(str(level), level))
        place = text("terms", code)
        about = {"centrality": str(level)} if shape.by_level else {}
        for group, label in shape.groups.items():
            row = by_line[code, level].get(group, {})
            missing = MISSING if row.get("withheld_reason", "not_fitted") == "not_fitted" else WITHHELD
            mark = "*" if row.get("published_note") else ""
            misprinted = misprinted or bool(mark)
            cells += [
                _with_t(row.get("estimate"), row.get("statistic"), text, shape.digits, missing),
                _with_t(
                    row.get("published_estimate"),
                    row.get("published_t_value"),
                    text,
                    _PRINTED_DIGITS,
                    "",
                    mark,
                ),
                figure(row.get("standardised_difference"), text, 1, missing=missing),
            ]
            if code != "constant":
                drawn.append(
                    {
                        "place": text("table", "at_level", term=place, level=level) if about else place,
                        "outcome": group,
                        **about,
                        "label": label,
                        "value": row.get("estimate"),
                        "low": row.get("conf_low"),
                        "high": row.get("conf_high"),
                        "printed": row.get("published_estimate"),
                    }
                )
        lines.append(Line(cells, about))
    places = list(dict.fromkeys(row["place"] for row in drawn))
    name = f"table-{entry.number}"
    spec = charts.estimates_chart(shape.groups, places, text, text("axes", shape.axis))
    marks = [f"* {text('table', 'misprint')}."] if misprinted else []
    return ReportTable(
        entry,
        name,
        number,
        title,
        Table(name, f"{number}. {title}", columns, lines),
        [*notes, *marks],
        text("alt", "estimates", title=title),
        spec,
        drawn,
    )


def _with_t(
    estimate: float | None, t_value: float | None, text: Texts, digits: int, missing: str, mark: str = ""
) -> Cell:
    if estimate is None:
        return Cell(missing)
    note = "" if t_value is None else f"({text.number(t_value, 2)})"
    return Cell(text.number(estimate, digits) + mark, estimate, note, t_value)


def _persons(rows: Sequence[Row], printed: int | None, text: Texts) -> str:
    ours = next((row["n_obs"] for row in rows if row["n_obs"] is not None), None)
    if printed is None:
        return text("table", "persons_ours", ours=text.number(ours))
    return text("table", "persons", ours=text.number(ours), printed=text.number(printed))


def _linear_probability(entry: TableEntry, data: TableData, text: Texts) -> ReportTable:
    rows = data.rows.get(entry.number, ())
    printed = next((row["published_n_obs"] for row in rows if row["published_n_obs"] is not None), None)
    notes = [_persons(rows, printed, text), *_reasons(rows, text)]
    groups = {code: text("outcomes_lpm", code) for code in _LPM_OUTCOMES}
    shape = _Estimates("outcome", groups, "term", 3, "probability")
    return _estimates_table(entry, data, text, shape, list(text.group("terms")), notes)


def _trinomial_logit(entry: TableEntry, data: TableData, text: Texts) -> ReportTable:
    rows = data.rows.get(entry.number, ())
    fit = data.fits.get(entry.number, {})
    notes = [_persons(rows, fit.get("published_n_obs"), text), *_reasons(rows, text)]
    if fit.get("log_likelihood") is not None:
        digits = {"log_likelihood": 1, "schwarz_bic": 1, "scaled_r2": 3}
        numbers = {
            f"{prefix}{name}": text.number(fit.get(f"{prefix}{name}"), places)
            for name, places in digits.items()
            for prefix in ("", "published_")
        }
        notes.append(f"{text('table', 'diagnostics', **numbers)}.")
    groups = {code: text("outcomes", code) for code in ("internal_outmigration", "emigration")}
    shape = _Estimates("equation", groups, "term", 3, "estimate")
    return _estimates_table(entry, data, text, shape, list(text.group("terms")), notes)


def _difference(entry: TableEntry, data: TableData, text: Texts) -> ReportTable:
    profile = data.profiles[entry.number]
    reference = text("references", profile["reference_category"])
    notes = [f"{text('table', 'reference', reference=reference)}."]
    notes += _reasons(data.rows.get(entry.number, ()), text)
    groups = {code: text("outcomes_lpm", code) for code in _LPM_OUTCOMES}
    by_level = profile["model_type"] > 1
    shape = _Estimates("outcome", groups, "comparison", 4, "probability", by_level)
    return _estimates_table(entry, data, text, shape, sorted(data.order, key=data.order.__getitem__), notes)


def _reasons(rows: Sequence[Row], text: Texts) -> list[str]:
    """Say why estimates are missing, with how many of the table's cells each reason concerns."""
    found = Counter(row["withheld_reason"] for row in rows if row["withheld_reason"])
    return [
        text("table", "missing_estimates", n=n, total=len(rows), reason=text("reasons", reason))
        for reason, n in sorted(found.items())
    ]
