"""The command line; `utvandring --help` lists the commands."""

import json
import os
import shlex
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from utvandring import __version__
from utvandring.builds.building import BuildFailedError, Request, Result
from utvandring.builds.building import build as build_warehouse
from utvandring.common.console import complain, examples, progress_bar, say
from utvandring.common.engine import engine_settings
from utvandring.common.errors import UsageError, UtvandringError, explain_os_error
from utvandring.common.project import DataRoot, project_root
from utvandring.deliveries.deliver import Waiver
from utvandring.deliveries.deliver import deliver as deliver_folder
from utvandring.deliveries.ledger import Delivery, Ledger, read_ledger
from utvandring.deliveries.page import write_page
from utvandring.deliveries.verdict import Finding, Status, Verdict, counted
from utvandring.deliveries.withdraw import withdraw as withdraw_delivery
from utvandring.extracting.command import register as register_extract
from utvandring.importing.command import register as register_import
from utvandring.release.exporting import Format
from utvandring.report.command import register as register_report

EXIT_FAILED = 1
EXIT_USAGE = 2

app = typer.Typer(
    name="utvandring",
    help="The open warehouse for research on who leaves Norway.",
    epilog="The data root is the folder named by UTVANDRING_DATA, or data/ in the checkout.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Options:
    """Options that stand before the command."""

    quiet = False
    debug = False


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"utvandring {__version__}")
        raise typer.Exit


@app.callback()
def common(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of all commands."""
    _Options.quiet = quiet
    _Options.debug = debug


def _tell(text: str, style: str | None = None) -> None:
    if not _Options.quiet:
        say(text, style)


@app.command(
    epilog=examples(
        "utvandring simulate --out data/incoming/norway --scale 0.1",
        "utvandring simulate --out data/incoming/yearly --yearly-from 2011",
    )
)
def simulate(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the delivery.", file_okay=False)],
    scale: Annotated[float, typer.Option(help="Size; 1 is Norway's immigrants and their families.")] = 0.1,
    first_year: Annotated[int, typer.Option(help="First 1 January of the population register.")] = 2003,
    last_year: Annotated[int, typer.Option(help="Last 1 January of the population register.")] = 2014,
    seed: Annotated[int, typer.Option(help="The same arguments and seed give the same bytes.")] = 2016,
    yearly_from: Annotated[
        int | None,
        typer.Option(
            metavar="YEAR",
            help="One delivery a year, in a folder each; the first holds everything up to this year.",
        ),
    ] = None,
    majority: Annotated[
        bool, typer.Option("--majority", help="Add the rest of the population: seven times as many people.")
    ] = False,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth",
            metavar="FILE",
            dir_okay=False,
            help="Also write who has left without saying so, which no register tells, to this new Parquet "
            "file outside of the delivery.",
        ),
    ] = None,
    align: Annotated[
        str | None,
        typer.Option(
            "--align",
            metavar="FILE",
            help="Align emigrations to totals by year and citizenship: a CSV file, or 'published'.",
        ),
    ] = None,
    propensities: Annotated[
        str | None,
        typer.Option(
            "--propensities",
            metavar="NUMBERS",
            help="Some people move and leave more often than others like them, every year: the variances of "
            "these effects on internal moves and emigrations in log odds, and their correlation, as 1,2,0.5.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="List the written files as JSON.")] = False,
) -> None:
    """Write a synthetic delivery, calibrated to the published report."""
    from utvandring import simulation

    if truth is not None and yearly_from is not None:
        raise UsageError("--truth goes with one delivery: leave out --yearly-from, the truth is the same.")
    try:
        totals = None if align is None else simulation.totals_of(align)
        persistent = None if propensities is None else simulation.propensities_of(propensities)
        with progress_bar(quiet=_Options.quiet) as progress:
            if yearly_from is None:
                simulation.simulate(
                    out_dir,
                    scale=scale,
                    first_year=first_year,
                    last_year=last_year,
                    seed=seed,
                    progress=progress,
                    majority=majority,
                    truth=truth,
                    align=totals,
                    propensities=persistent,
                )
                folders = [out_dir]
            else:
                folders = simulation.simulate_yearly(
                    out_dir, yearly_from, scale=scale, first_year=first_year, last_year=last_year, seed=seed,
                    progress=progress, majority=majority, align=totals, propensities=persistent,
                )  # fmt: skip
    except ValueError as error:
        raise UsageError(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"folders": [str(folder) for folder in folders]}, indent=1))
        return
    if totals is not None and (between := totals.interpolated(first_year, last_year)):
        _tell(f"No total of all emigrations is given for {', '.join(map(str, between))}: interpolated.")
    if yearly_from is not None:
        _tell(
            f"Wrote {counted(len(folders), 'synthetic delivery', 'synthetic deliveries')} to {out_dir}. "
            f"Next, one after the other: utvandring deliver {folders[0]}"
        )
        return
    _tell(f"Wrote a synthetic delivery to {out_dir}. Next: utvandring deliver {out_dir}")


@app.command(
    epilog=examples(
        "utvandring deliver data/incoming/2014-03-01",
        'utvandring deliver incoming/2014 --waive befolkning.kommnr.code_list --reason "letter of 3 May"',
    )
)
def deliver(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with delivery.json.", exists=True, file_okay=False)
    ],
    waive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHECK",
            help="Accept values that this check refuses; they become unknown. Repeatable. "
            "Named register.column.check, as the refusal names it; never a key, structure or privacy check.",
        ),
    ] = None,
    accept_drop: Annotated[
        bool,
        typer.Option(
            "--accept-drop", help="Accept registers that have far fewer rows than before; with --reason."
        ),
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why, for the ledger; required with --waive and --accept-drop.")
    ] = "",
    rows_to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Write the positions of the rows at fault to this new file, which only you can read. "
            "For the closed zone.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict for programs.")] = False,
) -> None:
    """Check a delivery and accept it, or refuse it with the reasons; never half.

    Exit code 0: accepted. 1: refused, or the work could not be done. 2: wrong use of the command.
    """
    if reason and not waive and not accept_drop:
        raise UsageError(
            "--reason belongs to --waive CHECK: name the check that is waived; or to --accept-drop."
        )
    root = DataRoot.from_environment()
    waivers = [Waiver(check, reason) for check in waive or ()]
    with progress_bar(quiet=_Options.quiet) as progress:
        verdict = deliver_folder(
            root,
            folder,
            project_root(),
            progress,
            waivers,
            rows_to,
            reason if accept_drop else None,
        )
    if as_json:
        typer.echo(json.dumps(verdict.as_json(), indent=1, ensure_ascii=False))
    else:
        _show_verdict(verdict)
        if rows_to is not None and rows_to.exists():
            _tell(f"Positions of the rows: {rows_to}")
    if verdict.status is Status.REFUSED:
        raise typer.Exit(EXIT_FAILED)


def _show_verdict(verdict: Verdict) -> None:
    name, files = verdict.delivery_id, counted(verdict.files, "file")
    if verdict.status is Status.REFUSED:
        say(
            f"Refused {name}: {counted(len(verdict.refusals), 'reason')}. Nothing was kept of it.", "bold red"
        )
        for finding in verdict.refusals:
            say(f"  {finding.sentence()}")
    elif verdict.status is Status.REPEATED:
        _tell(f"{name} was already accepted ({files}); nothing to do.", "bold green")
    else:
        _tell(f"Accepted {name}: {files}, {counted(verdict.rows, 'row')}.", "bold green")
    for finding in verdict.warnings:
        _tell(f"  Warning: {finding.sentence()}", "yellow")
    for finding in verdict.notes:
        _tell(f"  {finding.sentence()}")
    waivable = [finding for finding in verdict.refusals if finding.waivable]
    names = sorted({finding.name for finding in waivable})
    if waivable and len(waivable) == len(verdict.refusals):
        checks = " ".join(f"--waive {name}" for name in names)
        _tell(f"To accept it with these values unknown: {checks} --reason TEXT")
        for finding in waivable:
            _tell(f"  {_loss(finding)}")
    if verdict.page is not None:
        _tell(f"Page to read: {verdict.page}")
    if verdict.report is not None:
        _tell(f"Report: {verdict.report}")
    elif verdict.missing:
        _tell("The warehouse cannot be built yet:")
        for sentence in verdict.missing:
            _tell(f"  {sentence}")
    else:
        _tell("The warehouse can be built: utvandring build")


def _loss(finding: Finding) -> str:
    """Say what would be lost if the values of a finding became unknown."""
    persons = f" of {counted(finding.persons, 'person')}" if finding.persons is not None else ""
    values = counted(finding.count or 0, "value")
    return f"{finding.name} {finding.period}: {values}{persons} unknown; {finding.loses or 'nothing else'}."


@app.command(
    epilog=examples(
        "utvandring deliveries", "utvandring deliveries --json", "utvandring deliveries --page 2014-03-01"
    )
)
def deliveries(
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for programs.")] = False,
    page: Annotated[
        str | None,
        typer.Option(
            metavar="DELIVERY_ID", help="Write the page of this delivery again and say where it is."
        ),
    ] = None,
) -> None:
    """List accepted, refused and replaced deliveries."""
    root = DataRoot.from_environment()
    ledger = read_ledger(root)
    if page is not None:
        ledger = ledger.up_to(page)
        typer.echo(write_page(root, ledger.deliveries[-1], ledger))
    elif as_json:
        typer.echo(json.dumps([_delivery_json(delivery, ledger) for delivery in ledger.deliveries], indent=1))
    elif ledger.deliveries:
        _show_deliveries(ledger)
    else:
        _tell("No delivery has arrived yet.")


@app.command(
    epilog=examples('utvandring withdraw 2014-03-01 --reason "the file of another project"'),
)
def withdraw(
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY_ID", help="An accepted delivery.")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger; required.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="The files that no longer count, for programs.")
    ] = False,
) -> None:
    """Withdraw a delivery that was accepted by mistake: the versions before it are current again.

    Nothing is deleted, and builds as of this delivery or an earlier one do not change.

    Exit code 0: withdrawn. 1: it is the only delivery of a required year. 2: wrong use of the command.
    """
    root = DataRoot.from_environment()
    done = withdraw_delivery(root, delivery_id, reason, project_root())
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=1, ensure_ascii=False))
        return
    files = counted(len(done.withdrawn), "file")
    _tell(f"Withdrawn {done.delivery_id}: {files} that the warehouse read. Nothing was deleted.", "bold")
    for file in done.current_again:
        _tell(f"  {file.register} {file.period} version {file.version} is current again.")
    for sentence in done.missing:
        _tell(f"  The warehouse cannot be built: {sentence}")
    if not done.missing:
        _tell("The warehouse can be built: utvandring build")


def _delivery_json(delivery: Delivery, ledger: Ledger) -> dict[str, Any]:
    current = ledger.current_files().values()
    content = delivery.as_json()
    for entry, file in zip(content["files"], delivery.files, strict=True):
        entry["is_current"] = file in current
    return {**content, "state": _state(delivery, ledger)}


def _state(delivery: Delivery, ledger: Ledger) -> str:
    """Say how much of a delivery the warehouse reads."""
    if delivery.is_withdrawal:
        return "withdrawal"
    if not delivery.is_accepted:
        return "refused"
    if delivery not in ledger.accepted:
        return "withdrawn"
    current = ledger.current_files().values()
    replaced = sum(file not in current for file in delivery.files)
    if not replaced:
        return "accepted"
    return (
        "replaced" if replaced == len(delivery.files) else f"accepted, {counted(replaced, 'file')} replaced"
    )


def _show_deliveries(ledger: Ledger) -> None:
    """Say of every delivery what became of it, when, and what it holds, in lines of at most 80 letters."""
    for delivery in ledger.deliveries:
        registers: dict[str, list[int]] = {}
        for file in delivery.files:
            registers.setdefault(file.register, []).append(file.period)
        rows = sum(file.rows for file in delivery.files)
        brought = f", {counted(len(delivery.files), 'file')}, {counted(rows, 'row')}" if registers else ""
        content = [", ".join(f"{name} {_years(periods)}" for name, periods in registers.items())]
        if not delivery.is_accepted:
            content = list(delivery.reasons[:3])
        when = delivery.received_at[:16].replace("T", " ")
        for text, indent in (
            (f"{delivery.delivery_id}  {_state(delivery, ledger)}", ""),
            (f"{when}{brought}", "  "),
            *((text, "  ") for text in content),
        ):
            said = textwrap.wrap(text, 80, initial_indent=indent, subsequent_indent=f"{indent}  ")
            say("\n".join(said), "bold" if not indent else None)


def _years(periods: list[int]) -> str:
    first, last = min(periods), max(periods)
    return str(first) if first == last else f"{first}-{last}"


@app.command(
    epilog=examples(
        "utvandring build",
        "utvandring build --as-of 2014-03-01",
        "utvandring build --select +mobility_rate",
        "utvandring build --unit-tests",
        'utvandring build --accept-drop --reason "the residents of 2011 were delivered twice"',
    )
)
def build(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Rebuild everything.")] = False,
    select: Annotated[
        list[str] | None, typer.Option(help="Only these nodes (dbt's selection); publishes nothing.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DELIVERY_ID", help="Build as of the acceptance of this delivery."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Nodes built at the same time.")] = None,
    unit_tests: Annotated[
        bool,
        typer.Option(
            "--unit-tests", help="Run the unit tests of the models too, which ask nothing of the data."
        ),
    ] = False,
    from_spark: Annotated[
        bool,
        typer.Option(
            "--from-spark",
            help="Build over the tables that dbt build --target spark published (docs/spark.md).",
        ),
    ] = False,
    accept_drop: Annotated[
        bool,
        typer.Option(
            "--accept-drop",
            help="Publish although more than 2 per cent of the residents, movers or known values are gone.",
        ),
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why that is right, for the record; required with --accept-drop.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="The build and the publication, for programs.")
    ] = False,
) -> None:
    """Run dbt over the accepted deliveries, and publish when everything passed.

    Every data test is run. Unit tests guard the program, not the data: make test runs them.

    Exit code 0: built, every test passed, published. 1: something failed, or nothing could be built; the last
    publication is unchanged. 2: wrong use of the command.
    """
    engine_settings()
    if bool(reason.strip()) != accept_drop:
        raise UsageError(
            "--accept-drop and --reason TEXT belong together: say why fewer persons or values are right."
        )
    if accept_drop and select:
        raise UsageError("--accept-drop is for a whole build: with --select nothing is published.")
    if from_spark and (select or as_of):
        raise UsageError("--from-spark builds what Spark published, all of it: without --select and --as-of.")
    root = DataRoot.from_environment()
    request = Request(
        full_refresh,
        tuple(select or ()),
        as_of,
        threads,
        unit_tests=unit_tests,
        from_spark=from_spark,
        accept_drop=reason.strip(),
    )
    try:
        with progress_bar(quiet=_Options.quiet) as progress:
            result = build_warehouse(root, project_root(), request, progress)
    except BuildFailedError as error:
        raise _failed(error) from error
    if not result.nodes:
        raise UsageError(
            f"Nothing is selected by {' '.join(select or ())}: name a model, a tag or a path "
            "(unit tests with --unit-tests)."
        )
    if as_json:
        typer.echo(json.dumps(asdict(result), indent=1, default=str))
    else:
        _show_build(result)


def _failed(error: BuildFailedError) -> typer.Exit:
    complain(str(error))
    for failure in error.failures:
        complain(textwrap.indent(failure, "  "))
    return typer.Exit(EXIT_FAILED)


def _show_build(result: Result) -> None:
    tested = f"{counted(result.data_tests_passed, 'data test')} passed"
    if result.unit_tests_passed:
        tested += f", {counted(result.unit_tests_passed, 'unit test')} passed"
    _tell(
        f"Built in {result.seconds:.0f} s: {counted(result.tables, 'table and view', 'tables and views')}.",
        "bold green",
    )
    _tell(f"Tested: {tested}.")
    if not result.unit_tests_passed:
        _tell("  Unit tests, which guard the program and need no data, were not run (--unit-tests).")
    for warning in result.warnings:
        _tell(f"  Warning: {warning}", "yellow")
    for drop in result.drops:
        _tell(f"  Accepted: {drop}", "yellow")
    publication = result.publication
    if publication is None:
        _tell("Only a part was selected: nothing was published.")
        return
    _tell(
        f"marts.person_year has {counted(publication.person_years, 'row')}, "
        f"base years {publication.first_base_year} to {publication.last_base_year}."
    )
    _tell(f"Published: {publication.path} ({counted(publication.tables, 'table')}).")
    _tell(f"Open it:   duckdb -readonly {shlex.quote(str(publication.path))}")
    _tell(f"In Python: duckdb.connect({str(publication.path)!r}, read_only=True)")


@app.command(
    epilog=examples(
        "utvandring diff 2013-03-01 2014-03-01", "utvandring diff 2013-03-01 2014-03-01 --out difference"
    )
)
def diff(
    before: Annotated[str, typer.Argument(metavar="ID1", help="An accepted delivery.")],
    after: Annotated[str, typer.Argument(metavar="ID2", help="Another one, usually a later one.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", help="Also write each table as CSV into this folder.", file_okay=False),
    ] = None,
) -> None:
    """Show the changes from one delivery to another, in the registers and in the marts.

    Builds the marts of both deliveries in a separate folder; warehouse and publication stay unchanged.
    Counts are not rounded or suppressed: keep them in the closed zone.
    """
    from utvandring.builds.comparison import showing
    from utvandring.builds.comparison.comparing import compare_deliveries

    engine_settings()
    try:
        with progress_bar(quiet=_Options.quiet) as progress:
            tables = compare_deliveries(DataRoot.from_environment(), project_root(), before, after, progress)
    except BuildFailedError as error:
        raise _failed(error) from error
    if as_json:
        typer.echo(showing.as_json(tables))
    else:
        showing.show(tables)
    if out_dir is not None:
        showing.write_csv(tables, out_dir)
        if not as_json:
            _tell(f"Wrote {', '.join(f'{table.name}.csv' for table in tables)} to {out_dir}.")


@app.command(
    epilog=examples(
        "utvandring fit --spec my.yml",
        "utvandring fit --spec a.yml --spec b.yml --out table.tex --out plot.svg",
        "utvandring fit --formula 'outcome ~ age + C(sex, ref=\"male\")' --where 'base_year = 2012'",
        "utvandring fit --spec my.yml --effects --test 'sex_female = 0' --contrast 'age: 60 - 30'",
        "utvandring fit --spec my.yml --release for_checking",
    )
)
def fit(
    specs: Annotated[
        list[Path] | None,
        typer.Option(
            "--spec", help="The model, a YAML file; several stand side by side.", exists=True, dir_okay=False
        ),
    ] = None,
    formula: Annotated[
        str | None, typer.Option("--formula", help="outcome ~ age + ..., instead of terms in a file.")
    ] = None,
    where: Annotated[str | None, typer.Option("--where", help="Person-years, a condition in SQL.")] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="One fit for each value.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="trinomial_logit, or linear_probability.")
    ] = None,
    std_errors: Annotated[
        str | None, typer.Option("--std-errors", help="classical, robust, or clustered by person.")
    ] = None,
    effects: Annotated[bool, typer.Option("--effects", help="Average marginal effects too.")] = False,
    contrasts: Annotated[
        list[str] | None,
        typer.Option("--contrast", metavar="'COLUMN: A - B'", help="Everybody A against everybody B."),
    ] = None,
    tests: Annotated[
        list[str] | None, typer.Option("--test", metavar="'A = B'", help="Test a restriction.")
    ] = None,
    standardised: Annotated[
        bool, typer.Option("--standardised", help="Coefficients for one standard deviation too.")
    ] = False,
    out_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            help="Also write rows (.csv .parquet .json), a table (.md .tex .html .xlsx .docx) or a plot "
            "(.svg .png .pdf).",
            dir_okay=False,
        ),
    ] = None,
    broom_dir: Annotated[
        Path | None,
        typer.Option("--broom", metavar="DIR", help="Tables that R's modelsummary reads.", file_okay=False),
    ] = None,
    release_dir: Annotated[
        Path | None,
        typer.Option("--release", metavar="DIR", help="A new folder for output checking.", file_okay=False),
    ] = None,
    database: Annotated[
        Path | None, typer.Option(help="A database other than the published one.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The estimates, for programs.")] = False,
) -> None:
    """Fit a logit or linear probability model of your own to marts.person_year.

    The form of the file and of formulas: docs/regressions.md.

    Exit code 0: every group was fitted. 1: one was not; the reason is shown. 2: the file is no model.
    """
    from utvandring.regressions.command import Wanted, fit_and_write

    given = {"formula": formula, "where": where, "by": by, "model": model, "std_errors": std_errors}
    wanted = Wanted(
        tuple(specs or ()),
        {key: value for key, value in given.items() if value},
        effects=effects,
        contrasts=tuple(contrasts or ()),
        tests=tuple(tests or ()),
        standardised=standardised,
        files=tuple(out_files or ()),
        broom=broom_dir,
        release=release_dir,
        as_json=as_json,
    )
    with progress_bar(quiet=_Options.quiet) as progress:
        done = fit_and_write(database or DataRoot.from_environment().publication, wanted, progress)
    done.show()
    for line in done.written:
        if not as_json:
            _tell(line)
    if not done.all_fitted:
        raise typer.Exit(EXIT_FAILED)


@app.command(
    epilog=examples(
        "utvandring export --out tables",
        "utvandring export --out workbook --format xlsx --table county_rate --table linear_probability",
    )
)
def export(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder to make.", file_okay=False)],
    form: Annotated[Format, typer.Option("--format", help="Kind of files.")] = Format.CSV,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table of the schema release; may be repeated.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier export there.")] = False,
    reason: Annotated[
        str | None,
        typer.Option(help="Why the tables may leave although an earlier export shows other counts."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="List the written files as JSON.")] = False,
) -> None:
    """Write released tables as files that may leave the secure zone.

    Only the schema `release` of the published database is read: numbers that have passed disclosure control.
    The folder appears when it is whole, with a README that names the deliveries and the rules. The ledger of
    exports records the tables, which are compared with earlier exports.

    Exit code 0: written. 1: nothing is published, or the work could not be done. 2: wrong use of the command.
    """
    from utvandring.release.exporting import as_json as described
    from utvandring.release.exporting import export as export_tables
    from utvandring.release.exports import said

    with progress_bar(quiet=_Options.quiet) as progress:
        result = export_tables(
            DataRoot.from_environment(),
            out_dir,
            form,
            table or (),
            replace=replace,
            reason=reason,
            progress=progress,
        )
    if as_json:
        typer.echo(described(result))
    else:
        _tell(f"Wrote {counted(len(result.tables), 'table')} to {result.folder}:", "bold green")
        for file in result.files:
            _tell(f"  {file}")
        for line in said(result.differences):
            _tell(f"Differs: {line}", "yellow")
        if result.given_away:
            _tell(result.given_away, "yellow")


@app.command(epilog=examples("utvandring overcoverage", "utvandring overcoverage --out new_parameters.csv"))
def overcoverage(
    out_file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write here; otherwise the code list of the checkout is replaced, for the next build.",
            dir_okay=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was estimated, for programs.")] = False,
) -> None:
    """Estimate anew how often residents show signs of life and leave without saying so.

    By EM from the counts of sign histories in the built warehouse; the parameters decide
    marts.person_year.overcoverage_probability. Renew them for deliveries of your own, when registers that
    show signs come or go, and every few years. The next build builds everything.

    Exit code 0: written. 1: there is no warehouse, or it has too few histories; nothing is written.
    """
    from utvandring.regressions.overcoverage import SEED_FILE, renew_parameters

    root = DataRoot.from_environment()
    accepted = read_ledger(root).accepted
    kind = "simulated deliveries" if any(delivery.simulated for delivery in accepted) else "deliveries"
    source = f"estimated from the {kind} up to {accepted[-1].delivery_id}" if accepted else "estimated"
    renewed = renew_parameters(root.warehouse, out_file or project_root() / SEED_FILE, source)
    if as_json:
        typer.echo(json.dumps({**asdict(renewed), "path": str(renewed.path)}, indent=1))
        return
    _tell(
        f"Wrote {counted(renewed.groups_n, 'group')} from "
        f"{counted(renewed.runs_n, 'sign history', 'sign histories')} to {renewed.path}.",
        "bold green",
    )
    if not renewed.converged:
        _tell("The estimates had not come to rest: use them with care.", "yellow")
    if out_file is None:
        _tell("Next: utvandring build")


register_import(app)
register_extract(app)
register_report(app)


def main() -> None:
    """Run the command line; every error is one sentence, never a traceback."""
    # Register data: readable by owner and group only.
    os.umask(0o027)
    try:
        app()
    except (UtvandringError, OSError, duckdb.Error) as error:
        if _Options.debug:
            raise
        complain(_sentence(error))
        sys.exit(EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED)
    except RuntimeError as error:
        # So the engine passes on that somebody stopped the program in the middle of a query.
        if _Options.debug or str(error) != "Query interrupted":
            raise
        complain("Stopped before it was done: what was there before is unchanged.")
        sys.exit(EXIT_FAILED)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return explain_os_error(error)
    if isinstance(error, duckdb.Error):
        return (
            f"The database engine stopped ({type(error).__name__}): run again with --debug for its own words."
        )
    return str(error)


if __name__ == "__main__":
    main()
