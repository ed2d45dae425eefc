"""The page on data quality: deliveries, registers, residuals, what is withheld or could not be fitted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from utvandring.report.catalogue import query
from utvandring.report.catalogue import tables as table_entries
from utvandring.report.cells import Cell, Column, Line, Table, figure, words
from utvandring.report.released import CITATION, DELIVERY, QUALITY, Released, Row
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

# The checks of release.quality_count, and what their two counts are.
_CHECKS: Mapping[str, tuple[str, str, str]] = {
    "unaccounted": ("outcome_year", "unaccounted_n", "residents_n"),
    "event_status_mismatch": ("calendar_year", "mismatch_n", "total_n"),
    "unknown_address": ("reference_year", "unknown_address_n", "residents_n"),
    "person_without_characteristics": ("reference_year", "without_characteristics_n", "residents_n"),
}


@dataclass(frozen=True)
class QualityData:
    """Rows of the released tables on quality."""

    deliveries: Sequence[Row]
    register_periods: Sequence[Row]
    checks: Mapping[str, Sequence[Row]]
    citations: Sequence[Row]

    @property
    def is_simulated(self) -> bool:
        """Whether any of the deliveries that are read says that it is simulated."""
        return any(row["is_simulated"] for row in self.deliveries)


def cite(data: QualityData, text: Texts) -> str:
    """Say how numbers of this build are cited: program, deliveries, and whether they are simulated."""
    return "".join(row["cite_as"] for row in data.citations if row["language"] == text.language)


@dataclass(frozen=True)
class QualityPart:
    """A part of the page; `empty` names the sentence that stands for an empty table."""

    name: str
    table: Table
    empty: str = "nothing"


def read_quality(released: Released) -> QualityData:
    """Read the released tables on quality."""
    checks: dict[str, list[Row]] = {name: [] for name in _CHECKS}
    for row in released.table(QUALITY):
        checks[row["quality_check"]].append(row)
    citations = released.table(CITATION)
    return QualityData(released.run(query("deliveries")), released.table(DELIVERY), checks, citations)


def make_quality(
    data: QualityData, rates: Sequence[Row], tables: TableData, text: Texts
) -> list[QualityPart]:
    """Make the parts of the page; the deliveries come first."""
    return [
        QualityPart("deliveries", _deliveries(data.deliveries, text)),
        QualityPart("registers", _registers(data.register_periods, text)),
        *(QualityPart(name, _check(name, rows, text)) for name, rows in data.checks.items()),
        QualityPart("disclosure", _disclosure(rates, text)),
        QualityPart("not_fitted", _not_fitted(tables, text), "all_fitted"),
    ]


def _columns(names: Sequence[str], text: Texts, text_columns: Sequence[str] = ()) -> list[Column]:
    return [Column(text("columns", name), is_text=name in text_columns) for name in names]


def _deliveries(rows: Sequence[Row], text: Texts) -> Table:
    names = ("delivery_id", "produced_at", "is_simulated", "import_choices", "registers", "files_n", "rows_n")
    lines = [
        Line(
            [
                words(row["delivery_id"]),
                words(row["produced_at"] or MISSING),
                words(text("columns", "yes" if row["is_simulated"] else "no")),
                words(row["import_choices"] or MISSING),
                words(", ".join(text("values", name) for name in _REGISTERS if name in row["registers"])),
                figure(row["files_n"], text, 0),
                figure(row["rows_n"], text, 0),
            ]
        )
        for row in rows
    ]
    return Table("deliveries", text("quality", "deliveries"), _columns(names, text, names[:5]), lines)


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
                    figure(counts[name, period], text, 0, missing=WITHHELD)
                    if (name, period) in counts
                    else Cell("")
                    for name in _REGISTERS
                ),
            ]
        )
        for period in range(periods[0], periods[-1] + 1)
    ] if periods else []  # fmt: skip
    return Table("registers", text("quality", "registers"), columns, lines)


def _check(name: str, rows: Sequence[Row], text: Texts) -> Table:
    year, affected, total = _CHECKS[name]
    by_category = any(row["category"] != "all" for row in rows)
    names = [year, *(["category"] if by_category else []), affected, total, "share"]
    lines = [
        Line(
            [
                Cell(str(row["calendar_year"]), row["calendar_year"]),
                *([words(text("values", row["category"]))] if by_category else []),
                figure(row["affected_n"], text, 0, missing=WITHHELD),
                figure(row["total_n"], text, 0, missing=WITHHELD),
                figure(row["affected_percent"], text, 2, missing=WITHHELD),
            ]
        )
        for row in rows
    ]
    return Table(name, text("quality", name), _columns(names, text, ["category"]), lines)


def _disclosure(rates: Sequence[Row], text: Texts) -> Table:
    lines = []
    for level in ("country", "centrality", "centrality_class", "county"):
        here = [row for row in rates if row["region_level"] == level]
        withheld = sum(row["is_suppressed"] for row in here)
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
    lines = []
    for entry in table_entries():
        rows = tables.rows.get(entry.number, ())
        found = Counter(row["withheld_reason"] for row in rows if row.get("withheld_reason"))
        number = text("table", "number", number=entry.number)
        for reason, n in sorted(found.items()):
            cells = [
                words(number),
                words(text("reasons", reason)),
                figure(n, text, 0),
                figure(len(rows), text, 0),
            ]
            lines.append(Line(cells))
    names = ("model", "reason", "estimates_n", "of_n")
    return Table("not-fitted", text("quality", "not_fitted"), _columns(names, text, names[:2]), lines)
