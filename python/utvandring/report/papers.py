"""`utvandring figures`: the charts of the report as files for papers."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import altair as alt
import vl_convert

from utvandring.common.errors import UsageError
from utvandring.common.files import PRIVATE_FILE, replace_file
from utvandring.common.progress import Progress
from utvandring.report import charts
from utvandring.report.catalogue import figures as figure_entries
from utvandring.report.catalogue import tables as table_entries
from utvandring.report.entries import FigureEntry, TableEntry
from utvandring.report.figures import Figure, make_figure, read_figures
from utvandring.report.quality import cite, read_quality
from utvandring.report.released import open_released
from utvandring.report.tables import ReportTable, make_table, read_tables
from utvandring.report.texts import LANGUAGES, Texts, texts

FORMATS = ("png", "svg")
# 300 points to the inch at the width of a column of text, 17 cm.
_SCALE = 300 * 17 / 2.54 / charts.FILE_WIDTH


def write_figures(
    database: Path,
    folder: Path,
    numbers: Sequence[str] = (),
    formats: Sequence[str] = FORMATS,
    languages: Sequence[str] = LANGUAGES,
    progress: Progress | None = None,
) -> tuple[list[Path], list[str]]:
    """Write charts as files.

    All are drawn in a folder beside their places and moved there when the last one is whole.

    Parameters
    ----------
    database
        The published database; only `release`, `published_report` and `code_lists` are read.
    folder
        Where the files go; made if it does not exist.
    numbers
        Numbers of figures (`4.1`), or names of tables of estimates (`table-E1`); all figures where there are
        none.
    formats
        Of `FORMATS`.
    languages
        Of `LANGUAGES`.
    progress
        Told what is being done and the share that is done.

    Returns
    -------
    files : list of Path
        The files.
    empty : list of str
        What was left out because nothing of it was released.

    Raises
    ------
    UsageError
        If there is no figure of a number.
    UtvandringError
        If the database lacks what is needed.
    """
    chosen = _choose(numbers)
    tell = progress or (lambda label, fraction: None)
    with open_released(database) as released:
        figures, tables, quality = read_figures(released), read_tables(released), read_quality(released)
    folder.mkdir(parents=True, exist_ok=True)
    empty: list[str] = []
    names: list[str] = []
    with TemporaryDirectory(dir=folder, prefix=".figures-") as temporary:
        for number, (language, name, entry) in enumerate(
            (language, name, entry) for language in languages for name, entry in chosen.items()
        ):
            tell(f"{name} {language}", number / (len(chosen) * len(languages)))
            text = texts(language)
            chart: Figure | ReportTable = (
                make_table(entry, tables, text)
                if isinstance(entry, TableEntry)
                else make_figure(entry, figures, text)
            )
            if chart.spec is None or not any(row.get("value") is not None for row in chart.rows):
                empty.append(f"{name}.{language}")
                continue
            spec = _complete(chart, quality.is_simulated, cite(quality, text), text)
            for form in formats:
                path = Path(temporary) / f"{name}.{language}.{form}"
                path.write_bytes(_render(spec, form, text))
                path.chmod(PRIVATE_FILE)
                names.append(path.name)
        files = []
        for name in names:
            replace_file(Path(temporary) / name, folder / name)
            files.append(folder / name)
    tell("done", 1.0)
    return files, empty


def _choose(numbers: Sequence[str]) -> dict[str, FigureEntry | TableEntry]:
    figures: dict[str, FigureEntry | TableEntry] = {
        f"figure-{entry.number}": entry for entry in figure_entries()
    }
    estimates = {
        f"table-{entry.number}": entry for entry in table_entries() if entry.table not in ("family", "shares")
    }
    if not numbers:
        return figures
    known = {entry.number: name for name, entry in figures.items()} | {
        name: name for name in (*figures, *estimates)
    }
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise UsageError(
            f"There is no figure {', '.join(unknown)}: figures are {', '.join(_ranges())}; "
            "tables of estimates are named table-5.1, table-6.1, table-E1."
        )
    everything = figures | estimates
    return {known[number]: everything[known[number]] for number in numbers}


def _ranges() -> list[str]:
    numbers = [entry.number for entry in figure_entries()]
    chapters = dict.fromkeys(number.partition(".")[0] for number in numbers)
    return [
        f"{here[0]}-{here[-1]}"
        for here in ([n for n in numbers if n.startswith(f"{chapter}.")] for chapter in chapters)
    ]


def _complete(chart: Figure | ReportTable, is_simulated: bool, source: str, text: Texts) -> charts.Spec:
    assert chart.spec is not None
    subtitle = [text("site", "simulated_short")] if is_simulated else []
    reading = [text("figure", "printed_diamonds")] if isinstance(chart, ReportTable) else []
    for note in (*reading, *chart.notes):
        subtitle += _wrap(note, 100)
    subtitle += _wrap(source, 100)
    title = _wrap(f"{chart.heading}. {chart.title}")
    return charts.complete(chart.spec, chart.rows, title=title, subtitle=subtitle)


def _wrap(title: str, width: int = 78) -> list[str]:
    lines: list[str] = []
    for word in title.split():
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _render(spec: charts.Spec, form: str, text: Texts) -> bytes:
    version = ".".join(alt.VEGALITE_VERSION.split(".")[:2])
    if form == "svg":
        svg: str = vl_convert.vegalite_to_svg(spec, vl_version=version, format_locale=text.locale)
        return svg.encode()
    png: bytes = vl_convert.vegalite_to_png(
        spec, vl_version=version, scale=_SCALE, ppi=72, format_locale=text.locale
    )
    return png
