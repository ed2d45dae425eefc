"""Estimates as files: rows for programs, tables of several models side by side for a paper, and plots.

pandas writes LaTeX and HTML, openpyxl Excel, altair plots: all are here anyway. Word needs python-docx,
which is an extra. great-tables and maketables were weighed: 53 MB with what they bring, and IPython for the
second.
"""

import html
import textwrap
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from utvandring.common.errors import UsageError
from utvandring.common.files import replace_file
from utvandring.estimators.multinomial_result import MultinomialFit
from utvandring.regressions.design import CONSTANT
from utvandring.regressions.own import OwnFit, as_one_table
from utvandring.regressions.specification import OUTCOMES

_ROWS = (".csv", ".parquet", ".json")
_TABLES = (".md", ".tex", ".html", ".xlsx", ".docx")
_PLOTS = (".svg", ".png", ".pdf")
_LATEX_LINE_END = " \\\\"
_STD_ERRORS = {
    "classical": "standard errors",
    "robust": "robust standard errors",
    "HC1": "robust standard errors (HC1)",
    "cluster": "standard errors clustered by person",
}


def require_writable(path: Path) -> None:
    """Make sure that a file can be written in the form that its suffix names, before anything is computed.

    Raises
    ------
    UsageError
        If there is no such form, what writes it is not installed, or the folder does not exist.
    """
    if path.suffix not in (*_ROWS, *_TABLES, *_PLOTS):
        raise UsageError(
            f"{path.name}: what to write is told by the suffix. There are {', '.join(_ROWS)} "
            f"(rows for programs), "
            f"{', '.join(_TABLES)} (a table for a paper) and {', '.join(_PLOTS)} (a plot)."
        )
    if path.suffix == ".docx" and find_spec("docx") is None:
        raise UsageError(
            f"{path.name}: Word needs python-docx. Install it (.venv/bin/python -m pip install python-docx; "
            "in a bundle with --no-index --find-links wheels), or write .html, which Word opens."
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(f"The folder {path.absolute().parent} does not exist: make it first.")


def write(path: Path, fits: Sequence[OwnFit], notes: Sequence[str], *, may_leave: bool = False) -> None:
    """Write the estimates of one or several models in the form that the suffix of the file names.

    Parameters
    ----------
    path
        The file; it appears when it is whole.
    fits
        What `fit_own_model` gave.
    notes
        Sentences below a table or a plot.
    may_leave
        Whether the numbers went through disclosure control.

    Raises
    ------
    UsageError
        As :func:`require_writable`; or if no model was fitted, so that there is no table or plot.
    """
    require_writable(path)
    fitted = [fit for fit in fits if fit.estimates is not None]
    if path.suffix not in _ROWS and not fitted:
        raise UsageError(f"{path.name} was not written: no model was fitted.")
    temporary = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        if path.suffix in _ROWS:
            _write_rows(temporary, as_one_table(fits, may_leave=may_leave))
        elif path.suffix in _PLOTS:
            _plot(fitted, notes).save(temporary)
        else:
            _WRITERS[path.suffix](temporary, fitted, [*_described(fitted), *notes])
        replace_file(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_rows(path: Path, table: pd.DataFrame) -> None:
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".json":
        table.to_json(path, orient="records", indent=1)
    else:
        table.to_parquet(path, index=False)


# --- a table of models side by side -------------------------------------------------------------------------


def side_by_side(fits: Sequence[OwnFit]) -> pd.DataFrame:
    """Lay out models beside each other: an estimate with its standard error in parentheses below.

    Parameters
    ----------
    fits
        Fitted models.

    Returns
    -------
    pandas.DataFrame
        Texts. The first column names equations, terms and figures of the fits, and is empty beside a standard
        error; then a column for each model. What was withheld is a dash.
    """
    names = _names(fits)
    tables = [fit.estimates for fit in fits if fit.estimates is not None]
    keys = list(dict.fromkeys((row.equation, row.term) for table in tables for row in table.itertuples()))
    equations = sorted({equation for equation, _ in keys}, key=OUTCOMES.index)
    by_model = [
        table.set_index(["equation", "term"])[["estimate", "std_error"]].to_dict("index") for table in tables
    ]
    rows: list[list[str]] = []
    for equation in equations:
        rows.append([str(equation), *("" for _ in names)])
        for key in keys:
            if key[0] == equation:
                found = [model.get(key) for model in by_model]
                rows.append([str(key[1]), *(_number(one, "estimate", "{:.4f}") for one in found)])
                rows.append(["", *(_number(one, "std_error", "({:.4f})") for one in found)])
    for name, values in _figures(fits).items():
        rows.append([name, *values])
    return pd.DataFrame(rows, columns=["", *names])


def _number(found: dict[str, float] | None, what: str, form: str) -> str:
    if found is None:
        return ""
    return "–" if pd.isna(found[what]) else form.format(found[what])


def _names(fits: Sequence[OwnFit]) -> list[str]:
    """Name the columns by what differs: the specification, the group, or both."""
    several = len({fit.model for fit in fits}) > 1
    names = [
        ", ".join(filter(None, (fit.model if several or not fit.group else "", fit.label))) for fit in fits
    ]
    return [
        name if names.count(name) == 1 else f"{name} ({place})" for place, name in enumerate(names, start=1)
    ]


def _figures(fits: Sequence[OwnFit]) -> dict[str, list[str]]:
    figures = {"Person-years": [_count(fit.n_obs) for fit in fits]}
    if any(fit.n_persons is not None for fit in fits):
        figures["Persons"] = [_count(fit.n_persons) for fit in fits]
    logits = [fit.fit if isinstance(fit.fit, MultinomialFit) else None for fit in fits]
    if any(logits):
        figures["Log likelihood"] = [f"{logit.log_likelihood:,.0f}" if logit else "" for logit in logits]
    return figures


def _count(count: int | None) -> str:
    """Write a number of persons; below zero it is not shown."""
    if count is None:
        return ""
    return "–" if count < 0 else f"{count:,}"


def _described(fits: Sequence[OwnFit]) -> list[str]:
    kinds = list(dict.fromkeys(_STD_ERRORS[fit.fit.vcov] for fit in fits if fit.fit is not None))
    left_out = "; a dash: withheld" if any(fit.estimates["estimate"].isna().any() for fit in fits) else ""  # type: ignore[index]
    return [f"In parentheses: {', '.join(kinds)}{left_out}."] if kinds else []


def _markdown(path: Path, fits: Sequence[OwnFit], notes: Sequence[str]) -> None:
    table = side_by_side(fits)
    bold = set(_equations(fits))
    lines = [list(table.columns), ["---", *("---:" for _ in table.columns[1:])]]
    for _, row in table.iterrows():
        cells = [str(cell).replace("|", "\\|") for cell in row]
        lines.append([f"**{cells[0]}**", *cells[1:]] if cells[0] in bold else cells)
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    path.write_text(text + "\n\n" + "  \n".join(notes) + "\n", encoding="utf-8")


def _equations(fits: Sequence[OwnFit]) -> list[str]:
    return [
        str(one) for fit in fits if fit.estimates is not None for one in fit.estimates["equation"].unique()
    ]


def _latex(path: Path, fits: Sequence[OwnFit], notes: Sequence[str]) -> None:
    table = side_by_side(fits)
    styled = table.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis=1)
    body = styled.to_latex(hrules=True, column_format="l" + "r" * (len(table.columns) - 1))
    said = (
        pd.DataFrame({"": list(notes)}).style.hide(axis="index").hide(axis="columns").format(escape="latex")
    )
    below = [line for line in said.to_latex().splitlines() if not line.startswith("\\")]
    notes_of = "".join(f"\\par\\footnotesize {line.removesuffix(_LATEX_LINE_END)}\n" for line in below)
    head = "% \\usepackage{booktabs}\n"
    path.write_text(head + body.replace("–", "--") + notes_of, encoding="utf-8")


def _html(path: Path, fits: Sequence[OwnFit], notes: Sequence[str]) -> None:
    styled = (
        side_by_side(fits).style.hide(axis="index").format(escape="html").format_index(escape="html", axis=1)
    )
    styled = styled.set_uuid("models").set_table_styles(
        [
            {"selector": "", "props": "border-collapse: collapse; font-family: serif"},
            {"selector": "th", "props": "text-align: right; border-bottom: 1px solid; padding: 2px 8px"},
            {"selector": "td", "props": "text-align: right; padding: 2px 8px"},
            {"selector": "td.col0", "props": "text-align: left"},
        ]
    )
    body: str = styled.to_html(doctype_html=True, encoding="utf-8")
    below = "".join(f"<p>{html.escape(note)}</p>\n" for note in notes)
    path.write_text(body.replace("</body>", f"{below}</body>"), encoding="utf-8")


def _excel(path: Path, fits: Sequence[OwnFit], notes: Sequence[str]) -> None:
    """Write numbers as numbers: two columns for each model."""
    names = _names(fits)
    tables = [
        fit.estimates.set_index(["equation", "term"])[["estimate", "std_error"]]
        for fit in fits
        if fit.estimates is not None
    ]
    keys = list(dict.fromkeys(key for table in tables for key in table.index))
    wide = pd.concat({name: table for name, table in zip(names, tables, strict=True)}, axis=1).reindex(keys)
    wide.columns = pd.Index([f"{name}: {what}" for name, what in wide.columns])
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        wide.reset_index().to_excel(book, sheet_name="models", index=False, freeze_panes=(1, 2))
        figures = pd.DataFrame(_figures(fits), index=names).reset_index(names="model")
        figures.to_excel(book, sheet_name="fits", index=False)
        pd.DataFrame({"notes": list(notes)}).to_excel(book, sheet_name="notes", index=False)
        for sheet in book.sheets.values():
            for column in sheet.columns:
                longest = max(len(str(cell.value or "")) for cell in column)
                sheet.column_dimensions[column[0].column_letter].width = min(longest + 2, 60)


def _word(path: Path, fits: Sequence[OwnFit], notes: Sequence[str]) -> None:
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    table, bold = side_by_side(fits), set(_equations(fits))
    document = Document()
    grid = document.add_table(rows=len(table) + 1, cols=len(table.columns), style="Light List")
    for place, cells in enumerate([list(table.columns), *table.to_numpy().tolist()]):
        for column, text in enumerate(cells):
            paragraph = grid.rows[place].cells[column].paragraphs[0]
            paragraph.add_run(str(text)).bold = place == 0 or text in bold
            if column:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for note in notes:
        document.add_paragraph(note)
    document.save(str(path))


_WRITERS: dict[str, Callable[[Path, Sequence[OwnFit], Sequence[str]], None]] = {
    ".md": _markdown,
    ".tex": _latex,
    ".html": _html,
    ".xlsx": _excel,
    ".docx": _word,
}


# --- a plot -------------------------------------------------------------------------------------------------


def _plot(fits: Sequence[OwnFit], notes: Sequence[str]) -> Any:
    """Draw each coefficient as a point on its interval, an equation beside the other; no constants."""
    import altair as alt

    from utvandring.report.charts import INK, PALETTE

    names = _names(fits)
    rows = pd.concat(
        [
            fit.estimates.assign(model=name)
            for name, fit in zip(names, fits, strict=True)
            if fit.estimates is not None
        ]
    )
    rows = rows[(rows["term"] != CONSTANT) & rows["estimate"].notna()]
    terms, equations = list(dict.fromkeys(rows["term"])), sorted(set(rows["equation"]), key=OUTCOMES.index)
    colour: Any = alt.value(INK)
    if len(names) > 1:
        colour = alt.Color("model:N", title=None, scale=alt.Scale(domain=names, range=list(PALETTE)))
    # Names of columns may hold what Vega reads as paths, and values may not: rows have plain names.
    columns = ["term", "equation", "model", "estimate", "conf_low", "conf_high"]
    base = alt.Chart().encode(
        y=alt.Y("term:N", sort=terms, title=None, axis=alt.Axis(labelLimit=0)),
        yOffset=alt.YOffset("model:N", sort=names) if len(names) > 1 else alt.Undefined,
        color=colour,
    )
    interval = base.mark_rule().encode(
        x=alt.X("conf_low:Q", title="estimate, 95 % interval"), x2="conf_high:Q"
    )
    point = base.mark_point(filled=True, size=40, opacity=1).encode(x="estimate:Q")
    zero = alt.Chart().mark_rule(strokeDash=[3, 3], color=INK).encode(x=alt.datum(0))
    size = 14 * max(1, len(names))
    chart = alt.layer(zero, interval, point, data=rows[columns]).properties(
        width=260, height=alt.Step(max(18, size))
    )
    title = alt.TitleParams(
        text=[line for note in notes for line in textwrap.wrap(note, 40 * len(equations) + 30)],
        anchor="start",
        orient="bottom",
        fontSize=10,
        fontWeight="normal",
        offset=12,
    )
    return chart.facet(
        column=alt.Column("equation:N", sort=equations, title=None), title=title
    ).resolve_scale(x="independent")
