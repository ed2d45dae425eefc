"""The commands `utvandring report` and `utvandring figures`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from utvandring.common.console import examples, progress_bar, say
from utvandring.common.project import DataRoot
from utvandring.deliveries.verdict import counted


class Language(StrEnum):
    """Languages of the report."""

    en = "en"
    nb = "nb"
    both = "both"

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages meant."""
        return ("en", "nb") if self is Language.both else (self.value,)


class ImageFormat(StrEnum):
    """Forms of a figure."""

    png = "png"
    svg = "svg"
    both = "both"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The forms meant."""
        return ("png", "svg") if self is ImageFormat.both else (self.value,)


Database = Annotated[
    Path | None, typer.Option(help="A database other than the published one.", dir_okay=False)
]
Languages = Annotated[Language, typer.Option(help="English, Norwegian (bokmål) or both.")]
Json = Annotated[bool, typer.Option("--json", help="List the written files as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog=examples("utvandring report", "utvandring report --out report --language nb"))(report)
    app.command(
        epilog=examples(
            "utvandring figures --out figures",
            "utvandring figures --figure 4.1 --figure table-E1 --format svg --language en",
        )
    )(figures)


def report(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the pages; report/ in the data root if not named.", file_okay=False),
    ] = None,
    database: Database = None,
    language: Languages = Language.both,
    as_json: Json = False,
) -> None:
    """Write the HTML report from the published warehouse.

    One file for each language, which holds everything it needs and works without a network. Only what was
    released is read. Files of an earlier report are replaced when the new ones are whole.

    Exit code 0: written. 1: nothing is published, or the work could not be done. 2: wrong use of the command.
    """
    # Altair takes a second to load: not for every command.
    from utvandring.report.site import write_report

    root, quiet = DataRoot.from_environment(), _is_quiet(context)
    with progress_bar(quiet=quiet) as progress:
        files = write_report(
            database or root.publication, out or root.path / "report", language.codes, progress
        )
    if as_json:
        typer.echo(json.dumps({"files": [str(path) for path in files]}, indent=1))
    elif not quiet:
        for path in files:
            say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB): open it in a browser.")


def figures(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the files; figures/ in the data root if not named.", file_okay=False),
    ] = None,
    database: Database = None,
    figure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER", help="4.1, or table-E1 for the estimates of a table; all figures if not named."
        ),
    ] = None,
    form: Annotated[
        ImageFormat, typer.Option("--format", help="PNG (300 dpi at 17 cm), SVG or both.")
    ] = ImageFormat.both,
    language: Languages = Language.both,
    as_json: Json = False,
) -> None:
    """Write the figures of the report as PNG and SVG for papers.

    Exit code 0: written. 1: nothing could be written. 2: there is no such figure.
    """
    from utvandring.report.papers import write_figures

    root, quiet = DataRoot.from_environment(), _is_quiet(context)
    folder = out or root.path / "figures"
    with progress_bar(quiet=quiet) as progress:
        files, empty = write_figures(
            database or root.publication, folder, tuple(figure or ()), form.suffixes, language.codes, progress
        )
    if as_json:
        typer.echo(json.dumps({"files": [str(path) for path in files], "not_released": empty}, indent=1))
    elif not quiet:
        say(f"Wrote {counted(len(files), 'file')} to {folder}.")
        if empty:
            say(f"Left out, since nothing of them was released: {', '.join(empty)}.", "yellow")


def _is_quiet(context: typer.Context) -> bool:
    return bool(context.find_root().params.get("quiet"))
