"""Which files belong to which source, and what their headers say; no row is read."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from utvandring.common.sql import path_literal
from utvandring.importing.faults import FolderError, ImportFaultError, shown, shown_path
from utvandring.importing.folder import SOURCES, Import, SourceEntry, plain_source
from utvandring.importing.headers import FileColumn, FileHeader
from utvandring.importing.patterns import Named, Pattern, walk
from utvandring.importing.queries import FILE_COLUMNS
from utvandring.importing.statistical import read_statistical_header
from utvandring.importing.text_files import read_text_header

PERSON = "personid"


@dataclass(frozen=True)
class Source:
    """A source with its files; `columns` are the names over all of them, without those dropped."""

    entry: SourceEntry
    files: tuple[FileHeader, ...]
    columns: tuple[str, ...]
    ids: dict[str, str] = field(hash=False)

    @property
    def name(self) -> str:
        """The name in `sources.yml`."""
        return self.entry.name

    @property
    def relation_columns(self) -> list[str]:
        """The columns that queries see: the person, those of the files, what their names say."""
        of_names = [
            column
            for column, places in zip(
                FILE_COLUMNS, (("yyyy", "yy"), ("mm", "m"), ("n",), ("wave",)), strict=True
            )
            if any(f"{{{place}}}" in pattern.text for pattern in self.entry.files for place in places)
        ]
        columns = self.columns if self.files else self.entry.optional_columns
        return [*([PERSON] if self.entry.id else []), *columns, *of_names]

    def years(self) -> set[int] | None:
        """Return the years that the names of the files or the columns tell; None if they tell none."""
        if self.entry.years is not None:
            found = {
                match.year for column in self.columns if (match := self.entry.years.match(column)) is not None
            }
            return {year for year in found if year is not None}
        years = {file.named.year for file in self.files}
        return None if None in years or not years else {year for year in years if year is not None}

    def months(self) -> dict[int, set[int]]:
        """Return the months of every year, from the names of the files."""
        found: dict[int, set[int]] = defaultdict(set)
        for file in self.files:
            if file.named.year is not None and file.named.month is not None:
                found[file.named.year].add(file.named.month)
        return dict(found)


@dataclass(frozen=True)
class Found:
    """The sources of an import in a folder, and the files that belong to none."""

    sources: dict[str, Source]
    unused_files: tuple[str, ...]


def find_sources(entry: Import, folder: Path) -> Found:
    """Match the files of a folder to the sources, and read their headers.

    Parameters
    ----------
    entry
        The import.
    folder
        With the extract.

    Raises
    ------
    ImportFaultError
        If a source has no file, two files of one year, or a file that cannot be opened.
    """
    files = list(walk(folder))
    sources: dict[str, Source] = {}
    used: set[str] = set()
    for name, source in entry.sources.items():
        matched = _matched(source, files, entry.folder)
        if not matched and not source.optional:
            raise ImportFaultError(_no_file(source, files))
        used.update(path for path, _, _ in matched)
        headers = tuple(_header(source, path, location, named) for path, location, named in matched)
        sources[name] = _assembled(source, headers)
    return Found(sources, tuple(path for path, _ in files if path not in used))


def _matched(
    source: SourceEntry, files: Iterable[tuple[str, Path]], own: Path
) -> list[tuple[str, Path, Named]]:
    matched: list[tuple[str, Path, Named]] = []
    seen: dict[tuple[object, ...], tuple[str, Pattern, Named]] = {}
    for path, location in files:
        # The folder of the import may lie inside the extract; its code tables are no data.
        if location.resolve().is_relative_to(own.resolve()):
            continue
        for pattern in source.files:
            named = pattern.match(path)
            if named is None:
                continue
            key = (named.year, named.month, named.number, named.wave)
            before = seen.get(key)
            if before is not None and not (
                pattern.has_part and before[1] is pattern and before[2].wild == named.wild
            ):
                year = f" for {named.year}" if named.year is not None else ""
                raise ImportFaultError(
                    f"source {source.name} has two files{year}: {shown_path(before[0])} and "
                    f"{shown_path(path)}. If "
                    "they are parts of "
                    f"one, write {{part}} where their names differ; if one replaces the other, name one "
                    f"only in {SOURCES}."
                )
            seen.setdefault(key, (path, pattern, named))
            matched.append((path, location, named))
            break
    return matched


def _no_file(source: SourceEntry, files: list[tuple[str, Path]]) -> str:
    patterns = " or ".join(pattern.text for pattern in source.files)
    names = ", ".join(shown_path(path) for path, _ in files[:5])
    others = f"there are {len(files):,}, such as {names}" if files else "it holds no file at all"
    return (
        f"source {source.name}: no file is called {patterns} under --from ({others}): "
        f"correct `files:` in {SOURCES}, or list under `optional:` the columns that queries read, and the "
        "source may be missing."
    )


def _header(source: SourceEntry, path: str, location: Path, named: Named) -> FileHeader:
    form = source.format_of(path)
    name = shown_path(path)
    if form == "csv":
        return read_text_header(location, name, named, source)
    if form == "parquet":
        return _parquet_header(location, name, named, source)
    return read_statistical_header(location, name, named, form, source)


def first_header(path: str, location: Path) -> FileHeader:
    """Return the header of a file that no source describes; of text in UTF-8, else in Latin-1.

    Raises
    ------
    UtvandringError
        If it is of no format that is known, or cannot be read.
    """
    entry = plain_source(path)
    try:
        return _header(entry, path, location, Named())
    except ImportFaultError:
        return _header(replace(entry, encoding=guessed_encoding(location)), path, location, Named())


def guessed_encoding(location: Path) -> str:
    """Return the encoding that the first bytes of a text file show: utf-8, utf-16 or latin-1."""
    with location.open("rb") as file:
        head = file.read(1 << 20)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def unreadable_parquet(path: str) -> str:
    """Return the words for a file that is no whole Parquet file."""
    return (
        f"{path} cannot be read as Parquet: it is truncated, damaged or of another format; ask for it again."
    )


def _parquet_header(location: Path, path: str, named: Named, source: SourceEntry) -> FileHeader:
    kinds = {"VARCHAR": "text", "FLOAT": "float", "DOUBLE": "double", "BOOLEAN": "boolean", "DATE": "date"}
    try:
        with duckdb.connect() as connection:
            relation = f"read_parquet({path_literal(location)}, hive_partitioning=false)"
            described = connection.execute(f"describe select * from {relation}").fetchall()
            rows = connection.execute(f"select count(*) from {relation}").fetchone()
    except duckdb.Error as error:
        raise ImportFaultError(unreadable_parquet(path)) from error
    columns = []
    for name, kind, *_ in described:
        simple = kinds.get(
            kind, "timestamp" if kind.startswith("TIMESTAMP") else "integer" if "INT" in kind else "other"
        )
        columns.append(
            FileColumn(
                name,
                simple,
                unit=source.unit_of(name),
                exact_below={"float": 2**24, "double": 2**53}.get(simple),
            )
        )
    return FileHeader(path, location, "parquet", named, tuple(columns), rows[0] if rows else None)


def _assembled(source: SourceEntry, files: tuple[FileHeader, ...]) -> Source:
    """Put the files of a source together: columns by name, and the person's id in each file."""
    columns: dict[str, str] = {}
    ids: dict[str, str] = {}
    for file in files:
        for column in file.columns:
            if not any(pattern.match(column.name) for pattern in source.drop):
                columns.setdefault(column.name.lower(), column.name)
        if source.id:
            present = [
                column.name
                for column in file.columns
                if any(pattern.match(column.name) for pattern in source.id)
            ]
            if len(present) != 1:
                names = " or ".join(pattern.text for pattern in source.id)
                found = "no column" if not present else f"{len(present)} columns"
                listed = ", ".join(shown(column.name) for column in file.columns[:12])
                raise ImportFaultError(
                    f"{file.path} has {found} {names}, the id of source {source.name}: name the right one "
                    "under `id:` in "
                    f"{SOURCES} (the file has {listed})."
                )
            ids[file.path] = present[0]
    own = {one.lower() for one in ids.values()}
    for reserved in (PERSON, *FILE_COLUMNS):
        if reserved in columns and not (reserved == PERSON and reserved in own):
            raise FolderError(
                f"{SOURCES}, source {source.name}: its files have a column {reserved}, a name that is taken "
                "here: "
                "drop it, or make it the id."
            )
    kept = tuple(name for lower, name in columns.items() if lower != PERSON)
    return Source(source, files, kept, ids)


def periods_of(entry: Import, sources: dict[str, Source]) -> tuple[int, int]:
    """Return the first and last 1 January to write: as stated, or those that all named sources have.

    Raises
    ------
    ImportFaultError
        If the named sources have no year in common.
    """
    if not entry.years_of:
        assert entry.first is not None and entry.last is not None
        return entry.first, entry.last
    common: set[int] | None = None
    for name in entry.years_of:
        years = sources[name].years()
        if years is None:
            raise FolderError(
                f"{SOURCES}, periods, years_of: neither the names of the files of {name} nor those of its "
                "columns tell the "
                f"years: write `years:` for it, such as `years: bostedskommune_01_01_{{yyyy}}`."
            )
        common = years if common is None else common & years
    if entry.first is not None:
        common = {year for year in common or () if year >= entry.first}
    if entry.last is not None:
        common = {year for year in common or () if year <= entry.last}
    if not common:
        raise ImportFaultError(
            f"The sources {', '.join(entry.years_of)} have no year in common: see `utvandring import … "
            "--check`."
        )
    last = max(common)
    first = last
    while first - 1 in common:
        first -= 1
    return first, last
