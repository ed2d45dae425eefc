"""`utvandring extract` on the command line."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from utvandring.common.console import examples, progress_bar, say
from utvandring.common.errors import UsageError
from utvandring.common.project import DataRoot
from utvandring.deliveries.verdict import counted
from utvandring.extracting.limits import Format

_EXAMPLES = examples(
    "utvandring extract --table marts.person_year --format dta --out /secure/persons.dta",
    'utvandring extract --table marts.person_year --where "base_year = 2012 and is_immigrant" '
    "--columns person_id,age,sex,outcome_county --format rds --out /secure/2012.rds",
    "utvandring extract --table marts.migration_event --format parquet --out data/extracts/events.parquet",
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("extract", epilog=_EXAMPLES)(extract)


def extract(
    context: typer.Context,
    table: Annotated[str, typer.Option("--table", help="Such as marts.person_year.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The file to make, outside of git.", dir_okay=False)
    ],
    form: Annotated[
        Format | None, typer.Option("--format", help="Kind of file; otherwise as FILE ends.")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", metavar="SQL", help="One condition; otherwise all rows.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAME,NAME", help="Only these, in this order.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier file there.")] = False,
    database: Annotated[
        Path | None, typer.Option(help="A database other than the published one.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was written, for programs.")] = False,
) -> None:
    """Write rows of a table for Stata, SPSS, R or Python, inside the secure zone.

    The file holds personal data: only you can read it, and it may not leave the zone (for that: utvandring
    export). A codebook with descriptions and names of codes is written beside it. What a kind of file cannot
    hold is refused or told. docs/extract.md is the guide.

    Exit code 0: written. 1: refused, or the work could not be done. 2: wrong use of the command.
    """
    from utvandring.extracting.extracting import Request
    from utvandring.extracting.extracting import extract as extract_rows

    quiet = bool(context.find_root().params.get("quiet"))
    request = Request(
        table,
        out,
        _form(out, form),
        where,
        tuple(name.strip() for name in columns.split(",")) if columns is not None else (),
        replace,
    )
    root = DataRoot.from_environment()
    with progress_bar(quiet=quiet) as progress:
        done = extract_rows(root, database or root.publication, request, progress)
    if as_json:
        typer.echo(
            json.dumps({**asdict(done), "path": str(done.path), "codebook": str(done.codebook)}, indent=1)
        )
        return
    if quiet:
        return
    say(
        f"Wrote {counted(done.rows, 'row')} with {counted(done.columns, 'column')} and "
        f"{counted(done.labels_n, 'label')} to {done.path}.",
        "bold green",
    )
    say(
        "It holds personal data: keep it in the secure zone, and delete it when it is no longer needed.",
        "yellow",
    )
    say(f"Codebook: {done.codebook}")
    for name, given in done.renamed.items():
        say(f"  {name} is named {given} in the file.", "yellow")
    if done.shortened_n:
        say(f"  {counted(done.shortened_n, 'label')} shortened; whole in the codebook.", "yellow")
    for note in done.notes:
        say(f"  {note}", "yellow")


def _form(out: Path, form: Format | None) -> Format:
    """Return the kind of file, which its name must not contradict."""
    ending = out.suffix.lstrip(".").lower()
    known = [one.value for one in Format]
    if form is None:
        if ending not in known:
            raise UsageError(f"Name the kind of file with --format: {', '.join(known)}.")
        return Format(ending)
    if ending != form:
        raise UsageError(f"A {form} file is named *.{form}, not {out.name}.")
    return form
