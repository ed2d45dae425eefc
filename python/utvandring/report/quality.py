"""The page on data quality: deliveries, registers, residuals, what is withheld and what could not be fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from utvandring.report.catalogue import tables as table_entries
from utvandring.report.cells import Cell, Column, Line, Table, figure, words
from utvandring.report.released import Released, Row
from utvandring.report.tables import TableData
from utvandring.report.texts import MISSING, WITHHELD, Texts

_REGISTERS = (
    "befolkning",
    "person",
    "flytting",
    "utdanning",
    "utdanningsaktivitet",
    "sysselsetting",
    "arbeidssoker",
    "inntekt",
)
_COUNTS = ("emigrants_n", "internal_outmigrants_centrality_n", "internal_outmigrants_county_n", "residents_n")

# The residuals: where they are, which columns are shown, and of which two counts a share is computed.
_RESIDUALS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, str]]] = {
    "unaccounted": (
        "unaccounted",
        ("outcome_year", "immigrant_group", "residents_n", "unaccounted_n"),
        ("unaccounted_n", "residents_n"),
    ),
    "mismatch": (
        "event_status_mismatch",
        ("calendar_year", "mismatch", "mismatch_n", "total_n"),
        ("mismatch_n", "total_n"),
    ),
    "unknown_address": ("unknown_address", ("reference_year", "address_kind", "residents_n"), ("", "")),
    "without_characteristics": (
        "person_without_characteristics",
        ("reference_year", "residents_n", "without_characteristics_n"),
        ("without_characteristics_n", "residents_n"),
    ),
}
_YEARS = ("outcome_year", "calendar_year", "reference_year")


@dataclass(frozen=True)
class QualityData:
    """Rows of the released tables on quality."""

    deliveries: Sequence[Row]
    register_periods: Sequence[Row]
    residuals: Mapping[str, Sequence[Row]]

    @property
    def is_simulated(self) -> bool:
        """Whether any of the deliveries that are read says that it is simulated."""
        return any(row["is_simulated"] for row in self.deliveries)


@dataclass(frozen=True)
class QualityPart:
    """A part of the page; `empty` names the sentence that stands for an empty table."""

    name: str
    table: Table
    empty: str = "nothing"


def read_quality(released: Released) -> QualityData:
    """Read the released tables on quality."""
    return QualityData(
        released.rows(
            "select delivery_id, produced_at, any_value(is_simulated) as is_simulated, "
            "string_agg(distinct register, ', ' order by register) as registers, count(*) as files_n, "
            "sum(rows_n)::bigint as rows_n, min(arrival) as arrival "
            "from release.delivery_ledger where is_current group by delivery_id, produced_at order by arrival"
        ),
        released.rows("select register, period, rows_n from release.register_period order by register, period"),
        {
            name: released.rows(f"select {', '.join(columns)} from release.{table} order by all")
            for name, (table, columns, _) in _RESIDUALS.items()
        },
    )


def make_quality(
    data: QualityData, rates: Sequence[Row], tables: TableData, text: Texts
) -> list[QualityPart]:
    """Make the parts of the page; the deliveries come first."""
    return [
        QualityPart("deliveries", _deliveries(data.deliveries, text)),
        QualityPart("registers", _registers(data.register_periods, text)),
        *(QualityPart(name, _residual(name, rows, text)) for name, rows in data.residuals.items()),
        QualityPart("disclosure", _disclosure(rates, text)),
        QualityPart("not_fitted", _not_fitted(tables, text), "all_fitted"),
    ]


def _columns(names: Sequence[str], text: Texts, text_columns: Sequence[str] = ()) -> list[Column]:
    return [Column(text("columns", name), is_text=name in text_columns) for name in names]


def _deliveries(rows: Sequence[Row], text: Texts) -> Table:
    names = ("delivery_id", "produced_at", "is_simulated", "registers", "files_n", "rows_n")
    lines = [
        Line(
            [
                words(row["delivery_id"]),
                words(row["produced_at"] or MISSING),
                words(text("columns", "yes" if row["is_simulated"] else "no")),
                words(row["registers"]),
                figure(row["files_n"], text, 0),
                figure(row["rows_n"], text, 0),
            ]
        )
        for row in rows
    ]
    return Table("deliveries", text("quality", "deliveries"), _columns(names, text, names[:4]), lines)


def _registers(rows: Sequence[Row], text: Texts) -> Table:
    """Make the table of rows by period and register, so that a gap is seen as one."""
    counts = {(row["register"], row["period"]): row["rows_n"] for row in rows}
    periods = sorted({period for _, period in counts})
    columns = [Column(text("columns", "period")), *(Column(text("values", name)) for name in _REGISTERS)]
    lines = [
        Line(
            [
                Cell(str(period), period),
                *(
                    figure(counts[name, period], text, 0) if (name, period) in counts else Cell("")
                    for name in _REGISTERS
                ),
            ]
        )
        for period in range(periods[0], periods[-1] + 1)
    ] if periods else []  # fmt: skip
    return Table("registers", text("quality", "registers"), columns, lines)


def _residual(name: str, rows: Sequence[Row], text: Texts) -> Table:
    _, names, (part, whole) = _RESIDUALS[name]
    texts = [column for column in names if column in ("immigrant_group", "mismatch", "address_kind")]
    columns = _columns(names, text, texts)
    if part:
        columns.append(Column(text("columns", "share")))
    lines = []
    for row in rows:
        cells = []
        for column in names:
            if column in _YEARS:
                cells.append(Cell(str(row[column]), row[column]))
            elif column in texts:
                cells.append(words(text("values", row[column])))
            else:
                cells.append(figure(row[column], text, 0, missing=WITHHELD))
        if part:
            known = row[part] is not None and row[whole]
            cells.append(figure(100 * row[part] / row[whole] if known else None, text, 2, missing=WITHHELD))
        lines.append(Line(cells))
    return Table(name, text("quality", name), columns, lines)


def _disclosure(rates: Sequence[Row], text: Texts) -> Table:
    lines = []
    for level in ("country", "centrality", "county"):
        here = [row for row in rates if row["region_level"] == level]
        withheld = sum(any(row[column] is None for column in _COUNTS) for row in here)
        if here:
            lines.append(
                Line(
                    [
                        words(text("values", level)),
                        figure(len(here), text, 0),
                        figure(withheld, text, 0),
                        figure(100 * withheld / len(here), text, 1),
                    ]
                )
            )
    names = ("region_level", "cells_n", "withheld_n", "share")
    return Table("disclosure", text("quality", "disclosure"), _columns(names, text, names[:1]), lines)


def _not_fitted(tables: TableData, text: Texts) -> Table:
    reasons = text.group("reasons")
    lines = []
    for entry in table_entries():
        rows = [*tables.rows.get(entry.number, ()), tables.fits.get(entry.number, {})]
        found = {row.get("not_fitted_reason") or row.get("suppression_reason") for row in rows}
        for reason in sorted(filter(None, found)):
            number = text("table", "number", number=entry.number)
            lines.append(Line([words(number), words(reasons.get(reason, reason))]))
    names = ("model", "reason")
    return Table("not-fitted", text("quality", "not_fitted"), _columns(names, text, names), lines)
