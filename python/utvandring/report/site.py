"""The pages: one self-contained HTML file for each language, the same bytes for the same database."""

import base64
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import altair as alt
import jinja2
import vl_convert

from utvandring.common.files import PRIVATE_FILE, remove, replace_file
from utvandring.common.progress import Progress
from utvandring.report import charts
from utvandring.report.catalogue import (
    BACKGROUNDS,
    COUNTIES,
    FILTERS,
    FIRST_YEAR,
    LAST_YEAR,
    OUTCOMES,
    PAGES,
    queries,
    query,
)
from utvandring.report.catalogue import figures as figure_entries
from utvandring.report.catalogue import tables as table_entries
from utvandring.report.cells import Column, Line, Table, figure, words
from utvandring.report.entries import Query
from utvandring.report.figures import Figure, FigureData, make_figure, read_figures
from utvandring.report.model_types import compare_types
from utvandring.report.quality import QualityData, cite, make_quality, read_quality
from utvandring.report.rates import pack_rates
from utvandring.report.released import FINDING, REPRODUCTION, Released, Row, open_released
from utvandring.report.tables import ReportTable, TableData, make_table, read_tables
from utvandring.report.texts import LANGUAGES, SYMBOLS, Texts, statements, texts


@dataclass(frozen=True)
class Content:
    """Everything that the pages show, before it is put into words."""

    figures: FigureData
    tables: TableData
    quality: QualityData
    rates: Sequence[Row]
    reproduction: Sequence[Row]
    anomalies: Sequence[Row]
    findings: Sequence[Row]


@dataclass(frozen=True)
class Block:
    """A part of a chapter: figures or tables of one kind."""

    name: str
    methods: Sequence[Query]
    figures: Sequence[Figure]
    tables: Sequence[ReportTable]


@dataclass(frozen=True)
class Filter:
    """A choice by which a page can be narrowed."""

    name: str
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Page:
    """A page; `kind` is the template."""

    id: str
    kind: str
    blocks: Sequence[Block] = ()
    filters: Sequence[Filter] = ()


def file_name(language: str) -> str:
    """Return the name of the file of a language."""
    return f"utvandring.{language}.html"


def read_content(released: Released) -> Content:
    """Read everything that the pages show."""
    return Content(
        read_figures(released),
        read_tables(released),
        read_quality(released),
        released.run(query("released_rates")),
        released.table(REPRODUCTION),
        sorted(
            released.table("published_report.published_lpm_anomalies"), key=lambda row: row["source_line"]
        ),
        sorted(released.table(FINDING), key=_number_of_finding),
    )


def write_report(
    database: Path, folder: Path, languages: Sequence[str] = LANGUAGES, progress: Progress | None = None
) -> list[Path]:
    """Write the pages of a published database.

    Every file is written beside its place and moved there when all are whole.

    Parameters
    ----------
    database
        The published database; only `release`, `published_report` and `code_lists` are read.
    folder
        Where the files go; made if it does not exist.
    languages
        Of `LANGUAGES`.
    progress
        Told what is being done and the share that is done.

    Returns
    -------
    list of Path
        The files, one for each language.

    Raises
    ------
    UtvandringError
        If the database lacks what is needed.
    """
    tell = progress or (lambda label, fraction: None)
    tell("reading", 0.0)
    with open_released(database) as released:
        content = read_content(released)
    rendered = {}
    for number, language in enumerate(languages):
        tell(texts(language)("language_name"), 0.1 + 0.8 * number / len(languages))
        rendered[language] = render(content, language, languages)
    tell("writing", 0.95)
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        (folder / f".{file_name(language)}.new", folder / file_name(language)) for language in languages
    ]
    try:
        for (temporary, _), page in zip(written, rendered.values(), strict=True):
            temporary.write_text(page, encoding="utf-8", newline="\n")
            temporary.chmod(PRIVATE_FILE)
        for temporary, final in written:
            replace_file(temporary, final)
    finally:
        for temporary, _ in written:
            remove(temporary)
    tell("done", 1.0)
    return [final for _, final in written]


def render(content: Content, language: str, languages: Sequence[str] = LANGUAGES) -> str:
    """Return the HTML of one language."""
    text = texts(language)
    made = [make_figure(entry, content.figures, text) for entry in figure_entries()]
    tables = [make_table(entry, content.tables, text) for entry in table_entries()]
    quality = make_quality(content.quality, content.rates, content.tables, text)
    source = cite(content.quality, text)
    reproduction = _reproduction(content.reproduction, text)
    names = [row["table_id"] for row in _in_order(content.reproduction)]
    coverage = [
        {"place": row["table_id"], "value": 100 * row["covered_share"]}
        for row in _in_order(content.reproduction)
        if row["covered_share"] is not None
    ]
    drawn: dict[str, dict[str, Any]] = {
        f.name: {"spec": f.spec, "rows": f.rows} for f in made if not f.is_empty
    }
    drawn |= {r.name: {"spec": r.spec, "rows": r.rows} for r in tables if r.spec is not None}
    drawn["coverage"] = {"spec": charts.coverage_chart(names, text), "rows": coverage}
    placeholders = {f"series_{number}": str(number) for number in range(len(charts.PALETTE))}
    explored = charts.line_chart(
        placeholders, text, x_title=text("columns", "year"), y_title=text("axes", "per_100"), height=340
    )
    drawn["explored"] = {"spec": explored, "rows": []}
    is_simulated = content.quality.is_simulated
    other = text("other_language")
    script = _asset("report.js")
    years = [row["outcome_year"] for row in content.rates]
    built_text = (
        text("overview", "built_text", first=min(years), last=max(years))
        if years
        else text("overview", "nothing_released")
    )
    return (
        _environment()
        .get_template("site.html.j2")
        .render(
            t=text,
            is_simulated=is_simulated,
            policy=_policy(vega_library(), script),
            other_file=file_name(other) if other in languages else None,
            pages=_pages(made, tables, content, text),
            years=range(FIRST_YEAR, LAST_YEAR + 1),
            methods=[query for query in queries() if query.note],
            key_figures=_key_figures(content, text),
            first_figures=[_on_overview(f) for f in made[:2] if f.table is not None],
            built_text=built_text,
            deliveries=quality[0].table,
            quality=quality,
            cite=source,
            symbols=SYMBOLS.items(),
            reproduction=reproduction,
            types=compare_types(list(content.tables.fits.values()), text),
            coverage_alt=f"{text('comparison', 'alt', n=len(coverage))} {text('alt', 'table_follows')}",
            contradictions=statements("contradictions"),
            definitions=statements("definitions"),
            anomalies=_anomalies(content.anomalies, content.tables, text),
            findings=_findings(content.findings, text),
            verdicts=Counter(row["verdict"] for row in content.findings),
            style=_asset("report.css"),
            library=vega_library(),
            script=script,
            data=_packed(_script_data(drawn, is_simulated, source, text)),
            rates=_packed(pack_rates(content.rates, content.figures.county_names, text)),
        )
    )


def _script_data(drawn: Mapping[str, Any], is_simulated: bool, source: str, text: Texts) -> dict[str, Any]:
    columns = text.group("columns")
    x_axes = [entry.x for entry in figure_entries() if entry.x is not None and entry.x.title]
    fields = {
        "place": columns["place"],
        "county": columns["county"],
        "period": columns["period"],
        "year": columns["year"],
        "background": columns["background"],
        "outcome": columns["outcome"],
        "series": columns["series"],
        "label": text("figure", "label"),
        "residents": columns["residents_n"],
        "movers": columns["movers_n"],
        "value": text("figure", "value"),
        "low": text("figure", "low"),
        "high": text("figure", "high"),
        "printed": text("table", "printed"),
        **{x.column: text.say(x.title) for x in x_axes},
        "std_error": text("table", "std_error"),
        "stated": columns["stated_value"],
    }
    return {
        "language": text.language,
        "locale": text.locale,
        "separator": text("csv_separator"),
        "simulated": is_simulated,
        "cite": source,
        "config": dict(charts.CONFIG),
        "charts": drawn,
        "map": charts.geometry(),
        "row_fields": list(fields.items()),
        "texts": {
            "shown": text("filters", "shown"),
            "simulated_file": text("site", "simulated_file"),
            "cite": text("cite", "title"),
            "compare_background": text("explore", "compare_background"),
            "compare_centrality": text("explore", "compare_centrality"),
            "compare_county": text("explore", "compare_county"),
            "whole_country": text("explore", "whole_country"),
            "everyone": text("explore", "everyone"),
            "centrality": text("filters", "centrality"),
            "county": text("filters", "county"),
            "explored_title": text("explore", "title"),
            "choose": text("explore", "choose"),
            "none": text("explore", "none"),
            "year": columns["year"],
            "movers": columns["movers_n"].lower(),
            "residents": columns["residents_n"].lower(),
            "withheld": text("symbols", "withheld"),
            "missing": text("symbols", "missing"),
            "table_follows": text("alt", "table_follows"),
        },
    }


def _pages(
    made: Sequence[Figure], tables: Sequence[ReportTable], content: Content, text: Texts
) -> list[Page]:
    pages = [Page("overview", "overview")]
    for chapter, blocks in PAGES.items():
        parts = []
        for name in blocks:
            figures = [f for f in made if f.entry.block == name]
            reports = [r for r in tables if r.entry.block == name]
            entries = [*(f.entry for f in figures), *(r.entry for r in reports)]
            methods = {entry.query.name: entry.query for entry in entries}
            parts.append(Block(name, list(methods.values()), figures, reports))
        pages.append(
            Page(chapter, "chapter", parts, [_filter(name, content, text) for name in FILTERS[chapter]])
        )
    pages += [
        Page(name, name)
        for name in ("explore", "findings", "comparison", "quality", "contradictions", "definitions")
    ]
    return pages


def _on_overview(made: Figure) -> Figure:
    """Return a figure for the overview, where it and its table have names of their own."""
    assert made.table is not None
    anchor = f"overview-{made.name}"
    return replace(made, anchor=anchor, table=replace(made.table, name=anchor))


def _filter(name: str, content: Content, text: Texts) -> Filter:
    options: dict[str, Sequence[tuple[str, str]]] = {
        "background": [(code, text("backgrounds", code)) for code in BACKGROUNDS],
        "outcome": [(code, text("outcomes", code)) for code in OUTCOMES],
        "centrality": list(text.group("centrality").items()),
        "county": [(code, content.figures.county_names[code]) for code in COUNTIES],
        "sex": list(text.group("sexes").items()),
        "year": [],
    }
    return Filter(name, options[name])


def _key_figures(content: Content, text: Texts) -> list[tuple[str, str]]:
    """Return the numbers of the overview, with what they are."""
    national = [
        row
        for row in content.rates
        if (row["region_level"], row["population"], row["dimension"]) == ("country", "all", "none")
    ]
    known = [row for row in national if row["emigration_rate"] is not None]
    if not known:
        return []
    year = max(row["outcome_year"] for row in known)
    latest = {row["immigration_background"]: row for row in known if row["outcome_year"] == year}
    numbers = []
    if "all" in latest:
        everyone = latest.pop("all")
        numbers = [
            (text.number(everyone["emigration_rate"], 1), text("overview", "key_emigration", year=year)),
            (text.number(everyone["residents_n"]), text("overview", "key_residents", year=year)),
        ]
    if latest:
        most = max(latest.values(), key=lambda row: row["emigration_rate"])
        rate = text.number(most["emigration_rate"], 1)
        background = text("backgrounds", most["immigration_background"])
        numbers.append((background, text("overview", "key_highest", year=year, rate=rate)))
    shown = sum(row["released_n"] for row in content.reproduction)
    if shown:
        covered = sum(row["covered_n"] for row in content.reproduction)
        numbers.append((text.number(covered), text("overview", "key_covered", shown=text.number(shown))))
    return numbers


def _in_order(rows: Sequence[Row]) -> list[Row]:
    order = {entry.number: place for place, entry in enumerate(table_entries())}
    return sorted(rows, key=lambda row: order[row["table_id"]])


def _reproduction(rows: Sequence[Row], text: Texts) -> Table:
    labels = (
        "table_id", "cells", "fitted", "released", "covered", "covered_share", "held_out", "misprinted",
        "largest_standardised", "largest",
    )  # fmt: skip
    columns = [Column(text("comparison", label), is_text=label == "table_id") for label in labels]
    lines = [
        Line(
            [
                words(row["table_id"]),
                figure(row["cells_n"], text, 0),
                figure(row["fitted_n"], text, 0),
                figure(row["released_n"], text, 0),
                figure(row["covered_n"], text, 0),
                figure(None if row["covered_share"] is None else 100 * row["covered_share"], text, 0),
                words(f"{row['held_out_covered_n']} / {row['held_out_n']}" if row["held_out_n"] else ""),
                figure(row["misprinted_n"], text, 0),
                figure(row["largest_standardised_difference"], text, 1),
                figure(row["largest_difference"], text, 3),
            ]
        )
        for row in _in_order(rows)
    ]
    return Table("comparison", text("pages", "comparison"), columns, lines)


def _anomalies(rows: Sequence[Row], tables: TableData, text: Texts) -> Table:
    outcomes = ("stay", "internal_outmigration", "emigration")
    columns = [
        Column(text("comparison", "table_id"), is_text=True),
        Column(text("table", "term"), is_text=True),
        *(Column(text("outcomes_lpm", code)) for code in outcomes),
        Column(text("contradictions", "residual")),
        Column(text("contradictions", "classification"), is_text=True),
    ]
    lines = [
        Line(
            [
                words(row["table_id"]),
                words(text("terms", row["term"])),
                *(figure(float(row[code]), text, 3) for code in outcomes),
                figure(float(row["residual"]), text, 3),
                words(text("contradictions", row["classification"])),
            ]
        )
        for row in rows
    ]
    return Table("anomalies", text("contradictions", "anomalies"), columns, lines)


def _number_of_finding(row: Row) -> list[int]:
    """Sort findings by section and number: 4.2-9 before 4.2-10."""
    return [int(part) for part in row["finding_id"].replace(".", "-").split("-")]


def _findings(rows: Sequence[Row], text: Texts) -> Table:
    counts = ("comparisons", "holding", "failing", "withheld")
    columns = [
        Column(text("findings", "section"), is_text=True),
        Column(text("findings", "statement"), is_text=True),
        Column(text("findings", "verdict"), is_text=True),
        *(Column(text("findings", name)) for name in counts),
    ]
    statement = "statement_nb" if text.language == "nb" else "statement"
    lines = [
        Line(
            [
                words(row["section"]),
                words(row[statement]),
                words(text("findings", row["verdict"])),
                *(
                    figure(row[f"{name}_n"], text, 0)
                    for name in ("comparisons", "holding", "failing", "withheld")
                ),
            ]
        )
        for row in rows
    ]
    return Table("findings", text("pages", "findings"), columns, lines)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("utvandring.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (resources.files("utvandring.report") / "assets" / name).read_text(encoding="utf-8")


@cache
def vega_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, as shipped with vl-convert."""
    version = ".".join(alt.VEGALITE_VERSION.split(".")[:2])
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed", vl_version=version).replace(
        "</script", r"<\/script"
    )
    # Its names must not become those of the page.
    return f"(()=>{{{bundle}\n}})();"


def _policy(*scripts: str) -> str:
    """Forbid the page everything but its own two scripts; Vega compiles the expressions of a chart itself."""
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src {digests} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _packed(content: Any) -> str:
    """Return JSON, compressed, as text."""
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(plain.encode(), 9, mtime=0)).decode()
