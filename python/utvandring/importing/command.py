"""`utvandring import` on the command line."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from utvandring.common.console import examples, progress_bar, say
from utvandring.common.errors import UsageError
from utvandring.common.project import project_root
from utvandring.deliveries.verdict import counted

_EXAMPLES = examples(
    "utvandring import --new tsd-csv my-import",
    "utvandring import my-import --from /extract --out incoming/2024 --check",
    "utvandring import my-import --from /extract --out incoming/2024",
    "utvandring import --suggest /extract > sources.yml",
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("import", epilog=_EXAMPLES)(import_extract)


def import_extract(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="The folder of the import.")] = None,
    extract: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="The extract, as it was sent.", exists=True, file_okay=False
        ),
    ] = None,
    out_dir: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DELIVERY",
            help="Folder for the delivery; its name is the delivery's.",
            file_okay=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read headers and samples only, and say what would be missing.")
    ] = False,
    new: Annotated[
        str | None,
        typer.Option(
            "--new", metavar="TEMPLATE", help="Make FOLDER: tsd-csv, stata-institute, latin1-spells or empty."
        ),
    ] = None,
    suggest: Annotated[
        Path | None,
        typer.Option(
            "--suggest",
            metavar="DIR",
            help="Print a first sources.yml for this extract.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result for programs.")] = False,
) -> None:
    """Make a delivery of the files that a researcher was sent.

    FOLDER holds sources.yml and one SQL query for each register; docs/import.md is the guide.

    Exit code 0: done, or --check found nothing that refuses. 1: refused. 2: wrong use, or FOLDER cannot be
    understood.
    """
    quiet = bool(context.find_root().params.get("quiet"))
    if suggest is not None:
        from utvandring.importing.suggesting import suggested

        typer.echo(suggested(suggest), nl=False)
        return
    if folder is None:
        raise UsageError("Name the folder of the import: `utvandring import --help` shows how.")
    if new is not None:
        from utvandring.importing.making import make_import

        files = make_import(new, folder, project_root())
        if as_json:
            typer.echo(json.dumps({"folder": str(folder), "files": files}, indent=1))
        elif not quiet:
            say(f"Made {folder} from the template {new}: {counted(len(files), 'file')}.", "bold green")
            say(
                f"Read {folder / 'README.md'}, then: utvandring import {folder} --from DIR --out DELIVERY "
                "--check"
            )
        return
    if extract is None or (out_dir is None and not check):
        raise UsageError(
            "Name the extract with --from DIR, and the delivery to write with --out DELIVERY (or --check)."
        )
    if check:
        from utvandring.importing.checking import check_import

        report = check_import(folder, extract, project_root())
        typer.echo(json.dumps(report.as_json(), indent=1, ensure_ascii=False) if as_json else report.text())
        if report.refusals:
            raise typer.Exit(1)
        return
    from utvandring.importing.running import run_import

    assert out_dir is not None
    with progress_bar(quiet=quiet) as progress:
        record = run_import(folder, extract, out_dir, project_root(), progress)
    if as_json:
        typer.echo(json.dumps(asdict(record), indent=1, ensure_ascii=False))
        return
    if quiet:
        return
    say(
        f"Wrote {out_dir}: {counted(sum(len(one['rows']) for one in record.registers), 'file')}, "
        f"{counted(record.rows, 'row')}, 1 January {record.first_january} to {record.last_january}.",
        "bold green",
    )
    for source in record.sources:
        for reason, number in source["dropped"].items():
            say(f"  {source['source']}: {counted(number, 'row')} dropped, {reason}.")
    for one in record.counted:
        if one.number:
            say(f"  {one.relation}: {one.what}: {one.number:,}.")
    for register_ in record.registers:
        if register_["outside_the_periods"]:
            rows = sum(register_["outside_the_periods"].values())
            say(f"  {register_['register']}: {counted(rows, 'row')} of other years left out.")
        if register_["periods_without_rows"]:
            years = ", ".join(str(year) for year in register_["periods_without_rows"])
            # A required register has a file all the same.
            is_written = str(register_["periods_without_rows"][0]) in register_["rows"]
            told = "the files are empty" if is_written else "no file was written"
            say(f"  {register_['register']}: no rows for {years}; {told}.", "yellow")
    if record.inferred:
        say(f"  flytting: {counted(record.inferred, 'event')} inferred, marked er_avledet.")
    say(f"Page to read: {out_dir / 'import.html'}")
    say(f"Next: utvandring deliver {out_dir}")
