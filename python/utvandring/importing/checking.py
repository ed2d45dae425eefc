"""`utvandring import --check`: what a run would read and lack, from headers and samples."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from utvandring.common.errors import UsageError, UtvandringError
from utvandring.deliveries.verdict import counted
from utvandring.importing.consequences import losses
from utvandring.importing.faults import shown
from utvandring.importing.finding import Source
from utvandring.importing.headers import FileHeader
from utvandring.importing.recognising import recognised
from utvandring.importing.running import Prepared, prepare_import, require_concepts
from utvandring.importing.sampling import date_range
from utvandring.importing.writing import periods_of_register

_MANY = 12


@dataclass
class CheckReport:
    """What a check found: `refusals` stop a run, everything else is to be read."""

    refusals: list[str] = field(default_factory=list)
    sections: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    first: int | None = None
    last: int | None = None

    def add(self, section: str, line: str) -> None:
        """Add a line to a section."""
        self.sections[section].append(line)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**asdict(self), "sections": dict(self.sections)}

    def text(self) -> str:
        """Return it as lines of text."""
        lines = []
        for section, entries in self.sections.items():
            lines += [f"{section}:", *(f"  {entry}" for entry in entries)]
        if self.refusals:
            lines += ["This would refuse the import:", *(f"  {one}" for one in self.refusals)]
        else:
            lines.append(f"Nothing in headers and samples refuses it: 1 January {self.first} to {self.last}.")
        return "\n".join(lines)


def check_import(folder: Path, extract: Path, project: Path) -> CheckReport:
    """Check an import against an extract without reading more than headers and samples.

    Parameters
    ----------
    folder, extract, project
        The import, the files, the dbt project.

    Raises
    ------
    UsageError
        If the folder of the import cannot be understood.
    """
    report = CheckReport()
    try:
        prepared = prepare_import(folder, extract, project)
        require_concepts(prepared)
    except UtvandringError as error:
        if isinstance(error, UsageError):
            raise
        report.refusals.append(str(error))
        _layouts(report, extract)
        return report
    report.first, report.last = prepared.first, prepared.last
    for source in prepared.found.sources.values():
        _files(report, source)
        _columns(report, source, prepared.compiled.used[source.name])
    _years(report, prepared)
    _unused(report, prepared)
    _layouts(report, extract)
    _lacks(report, prepared)
    for what, value in sorted(prepared.compiled.choices.items()):
        report.add("Choices of the queries", f"{what}: {value}")
    for one in prepared.entry.choices.values():
        report.add("Choices of sources.yml", f"{one.name}: {one.value}")
    return report


def _files(report: CheckReport, source: Source) -> None:
    patterns = " or ".join(pattern.text for pattern in source.entry.files)
    names = [file.path for file in source.files]
    told = ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")
    rows = sum(file.rows for file in source.files if file.rows is not None)
    by_headers = f", {counted(rows, 'row')} by the headers" if rows else ""
    report.add(
        "Files", f"{source.name} ({patterns}): {counted(len(names), 'file')}{by_headers}: {told or 'none'}"
    )
    ids = sorted(set(source.ids.values()))
    if len(ids) > 1:
        report.add(
            "Columns that differ between files",
            f"{source.name}: the id is called {' and '.join(map(shown, ids))}",
        )


def _columns(report: CheckReport, source: Source, used: set[str]) -> None:
    """Tell columns that some files lack or store otherwise, and what their dates say."""
    for name in source.columns:
        with_it = [file for file in source.files if file.column(name) is not None]
        kinds = {_kind(file, name) for file in with_it}
        if len(kinds) > 1:
            report.add(
                "Columns that differ between files",
                f"{source.name}.{shown(name)}: {' and '.join(sorted(kinds))}",
            )
        if len(with_it) < len(source.files):
            years = ", ".join(_when(file) for file in with_it[:_MANY])
            if name.lower() in {column.lower() for column in used}:
                report.add(
                    "Columns that differ between files", f"{source.name}.{shown(name)}: only in {years}"
                )
        for file in with_it[:1]:
            column = file.column(name)
            if column is not None and (column.unit or column.unknown_format):
                unit = column.unit or "not converted: state it with `dates:`"
                report.add(
                    "Dates by their format",
                    f"{source.name}.{shown(name)}: format {shown(column.format)}, "
                    f"{unit}{date_range(file, column, source.entry)}",
                )


def _kind(file: FileHeader, name: str) -> str:
    column = file.column(name)
    assert column is not None
    width = f" of {column.width}" if column.width else ""
    return f"{column.kind}{width}{f' ({column.format})' if column.unit else ''}"


def _when(file: FileHeader) -> str:
    year = file.named.year
    return (
        file.path
        if year is None
        else str(year)
        if file.named.month is None
        else f"{year}-{file.named.month:02}"
    )


def _years(report: CheckReport, prepared: Prepared) -> None:
    wanted = range(prepared.first, prepared.last + 1)
    common: set[int] | None = None
    named: list[str] = []
    for source in prepared.found.sources.values():
        years = source.years()
        if years is None:
            continue
        report.add("Years", f"{source.name}: {_span(years)}")
        inner = [year for year in wanted if year not in years and min(years) < year < max(years)]
        if inner:
            report.add("Years without a file or column", f"{source.name}: {', '.join(map(str, inner))}")
        for year, months in sorted(source.months().items()):
            missing = [month for month in range(1, 13) if month not in months]
            if missing and len(months) > 1 and year in wanted:
                told = ", ".join(map(str, missing))
                report.add("Months without a file", f"{source.name} {year}: {told}")
        if source.name in (prepared.entry.years_of or prepared.compiled.reads.get("befolkning", ())):
            common = years if common is None else common & years
            named.append(source.name)
    if common is not None:
        report.add("Years", f"{', '.join(named)} have in common: {_span(common) or 'none'}")


def _span(years: set[int]) -> str:
    """Return years as spans: 1986 to 1987, 2009 to 2013."""
    spans: list[list[int]] = []
    for year in sorted(years):
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in spans)


def _unused(report: CheckReport, prepared: Prepared) -> None:
    for source in prepared.found.sources.values():
        used = {column.lower() for column in prepared.compiled.used[source.name]}
        unused = [shown(column) for column in source.columns if column.lower() not in used]
        ids = {name.lower() for name in source.ids.values()}
        unused = [column for column in unused if column.lower() not in ids]
        if unused:
            more = f" and {len(unused) - _MANY} more" if len(unused) > _MANY else ""
            report.add(
                "Columns that no query uses (they are not read)",
                f"{source.name}: {', '.join(unused[:_MANY])}{more}",
            )
    if prepared.found.unused_files:
        names = prepared.found.unused_files
        more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
        report.add(
            "Files that belong to no source", f"{', '.join(shown(name) for name in names[:_MANY])}{more}"
        )
    for name in sorted(set(prepared.entry.choices) - prepared.compiled.asked - {"wies", "nettoformue"}):
        report.add("Choices that no query asks for", name)


def _layouts(report: CheckReport, extract: Path) -> None:
    for template, files in recognised(extract).items():
        report.add(
            "Looks like a known layout",
            f"{template}: {counted(files, 'file')} (utvandring import --new {template} FOLDER)",
        )


def _lacks(report: CheckReport, prepared: Prepared) -> None:
    given = {name: set(columns) for name, columns in prepared.compiled.columns.items()}
    for loss in losses(given, prepared.specification):
        report.add("What the contract will lack", loss.sentence())
    for name, register in prepared.specification.registers.items():
        if register.required and name not in given:
            report.refusals.append(
                f"there is no {name}.sql: the register is required for a build "
                f"({len(periods_of_register(register, prepared.first, prepared.last))} periods)."
            )
