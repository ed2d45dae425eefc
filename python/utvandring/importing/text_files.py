"""Delimited text: encodings, the line with the names, and a reading in which nothing is guessed."""

import codecs
import csv
import re
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np

from utvandring.common.sql import literal, path_literal
from utvandring.deliveries.verdict import counted
from utvandring.importing.faults import ImportFaultError, NoNamesError, shown
from utvandring.importing.folder import SOURCES, SourceEntry
from utvandring.importing.headers import FileColumn, FileHeader
from utvandring.importing.patterns import Named

_CHUNK = 1 << 22
_LINE_FEED, _CARRIAGE_RETURN = 10, 13
_LONGEST_HEADER = 1 << 22
_NUMBER = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?")
# A year may be the name of a column.
_YEAR = re.compile(r"(19|20)[0-9]{2}")
_SEPARATORS = (";", ",", "\t", "|")
_UTF_8 = ("utf-8", "utf_8", "utf8", "utf-8-sig", "ascii")
_BOMS = {
    codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip


def is_utf_8(encoding: str) -> bool:
    """Say whether a file of this encoding is read as it is."""
    return encoding.lower() in _UTF_8


def read_text_header(location: Path, path: str, named: Named, entry: SourceEntry) -> FileHeader:
    """Read the first line of a text file.

    Parameters
    ----------
    location, path
        The file, and its name for messages.
    named
        What stood in the places of its pattern.
    entry
        The source that it belongs to.

    Raises
    ------
    ImportFaultError
        If the encoding is another than stated, or the line cannot be names of columns.
    """
    text = _first_line(location, path, entry)
    separator = entry.separator or _separator(text, path, entry)
    try:
        names = next(csv.reader([text], delimiter=separator, quotechar=entry.quote or "\0"), [])
    except csv.Error as error:
        raise ImportFaultError(f"{path}: the first line cannot be read (quotes): write `quote:`.") from error
    starts_with_names = not entry.columns
    if starts_with_names and _are_values(names):
        raise NoNamesError(
            f"{path}: the first line holds values, not the names of {counted(len(names), 'column')}: "
            "name each with "
            f"`columns:` of source {entry.name} in {SOURCES}, also an empty one at the end.",
            len(names),
            separator,
        )
    if entry.columns:
        if len(names) != len(entry.columns):
            raise ImportFaultError(
                f"{path}: line 1 has {counted(len(names), 'field')}, `columns:` of source {entry.name} "
                "names "
                f"{len(entry.columns)}: name each, also an empty one at the end."
            )
        names = list(entry.columns)
    names = [name.strip() or f"column_{place}" for place, name in enumerate(names, start=1)]
    if not names or not all(name.isprintable() and len(name) <= 200 for name in names):
        raise ImportFaultError(f"{path}: the first line must hold the names of the columns.")
    return FileHeader(
        path=path,
        location=location,
        form="csv",
        named=named,
        columns=tuple(FileColumn(name, unit=entry.unit_of(name)) for name in _unique(names, path)),
        separator=separator,
        starts_with_names=starts_with_names,
    )


def _are_values(names: list[str]) -> bool:
    """Say whether a first line holds values: a number first, or mostly numbers behind a digit."""
    filled = [name.strip() for name in names if name.strip()]
    numbers = [name for name in filled if _NUMBER.fullmatch(name) and not _YEAR.fullmatch(name)]
    if not numbers:
        return False
    return filled[0] in numbers or (any(map(str.isdigit, filled[0])) and 2 * len(numbers) >= len(filled))


def _unique(names: list[str], path: str) -> list[str]:
    for name, times in Counter(name.lower() for name in names).items():
        if times > 1:
            raise ImportFaultError(
                f"{path}: the column {shown(name)} occurs {times} times (upper and lower case are the same "
                "name): "
                "name the columns yourself with `columns:`."
            )
    return names


def _first_line(location: Path, path: str, entry: SourceEntry) -> str:
    with location.open("rb") as file:
        head = file.read(_LONGEST_HEADER)
    for mark, encoding in _BOMS.items():
        if head.startswith(mark) and encoding != "utf-8" and is_utf_8(entry.encoding):
            raise ImportFaultError(
                f"{path} is {encoding.upper()}, not UTF-8: write `encoding: {encoding}` in {SOURCES}."
            )
    # Two bytes a letter and no mark at the beginning
    if is_utf_8(entry.encoding) and head[:200].count(0) > 20:
        raise ImportFaultError(
            f"{path} is not UTF-8, it looks like UTF-16: write `encoding: utf-16-le` in {SOURCES}."
        )
    if not head:
        raise ImportFaultError(f"{path} is empty: it has no line with the names of the columns.")
    if is_utf_8(entry.encoding):
        line = re.split(rb"\r\n|\n|\r", head, maxsplit=1)[0]
        try:
            return line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ImportFaultError(_not_utf_8(path, 1)) from error
    decoder = _decoder(entry)(errors="replace")
    return re.split(r"\r\n|\n|\r", decoder.decode(head).removeprefix("\ufeff"), maxsplit=1)[0]


def _decoder(entry: SourceEntry) -> type[codecs.IncrementalDecoder]:
    try:
        # Some codecs are no encodings of text (base64).
        "".encode(entry.encoding)
        return codecs.getincrementaldecoder(entry.encoding)  # type: ignore[return-value]
    except LookupError as error:
        raise ImportFaultError(
            f"{SOURCES}, source {entry.name}: {shown(entry.encoding)} is not an encoding: "
            "utf-8, latin-1, windows-1252 and utf-16 are."
        ) from error


def _not_utf_8(path: str, line: int) -> str:
    return (
        f"{path}, line {line:,}: the text is not UTF-8: write `encoding: latin-1` (or windows-1252, utf-16) "
        "for it in "
        f"{SOURCES}."
    )


def _separator(text: str, path: str, entry: SourceEntry) -> str:
    """Return the separator where the line of names leaves no doubt."""
    found = {sign: text.count(sign) for sign in _SEPARATORS if sign in text}
    if len(found) > 1:
        raise ImportFaultError(
            f"{path}: the first line holds {' and '.join(repr(sign) for sign in found)}: write `separator:` "
            "for source "
            f"{entry.name} in {SOURCES}."
        )
    return next(iter(found), ";")


def as_utf_8(header: FileHeader, entry: SourceEntry, folder: Path) -> Path:
    """Return a file in UTF-8: the file itself, or a copy in a folder.

    Raises
    ------
    ImportFaultError
        If it is not in the encoding that is stated for it.
    """
    if is_utf_8(entry.encoding):
        return header.location
    decoder = _decoder(entry)()
    otherwise: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    beyond_ascii = False
    copy = folder / "utf-8.csv"
    with header.location.open("rb") as source, copy.open("w", encoding="utf-8", newline="") as target:
        while True:
            piece = source.read(_CHUNK)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                raise ImportFaultError(
                    f"{header.path} is not {entry.encoding} as `encoding:` of source {entry.name} says: "
                    "state another."
                ) from error
            if otherwise is not None:
                beyond_ascii = beyond_ascii or not piece.isascii()
                otherwise = _follows(otherwise, piece)
            target.write(text)
            if not piece:
                break
    if otherwise is not None and beyond_ascii and "16" not in entry.encoding and "32" not in entry.encoding:
        raise ImportFaultError(
            f"{header.path} is UTF-8, though source {entry.name} says {entry.encoding}: letters would be "
            "spoiled; "
            "write `encoding: utf-8`."
        )
    return copy


def _follows(decoder: codecs.IncrementalDecoder, piece: bytes) -> codecs.IncrementalDecoder | None:
    """Decode one more piece; None as soon as the text is not of this encoding."""
    try:
        decoder.decode(piece, final=not piece)
    except UnicodeDecodeError:
        return None
    return decoder


def csv_relation(location: Path, header: FileHeader, entry: SourceEntry) -> str:
    """Return the table function that reads a text file as text, whose columns are `header.columns`."""
    names = ", ".join(f"{literal(column.name)}: 'VARCHAR'" for column in header.columns)
    quote = literal(entry.quote)
    return (
        f"read_csv({path_literal(location)}, auto_detect=false, "
        f"header={str(header.starts_with_names).lower()}, "
        f"delim={literal(header.separator)}, quote={quote}, escape={quote}, nullstr='', strict_mode=true, "
        f"null_padding=false, ignore_errors=false, hive_partitioning=false, max_line_size=8000000, "
        f"columns={{{names}}})"
    )


def explain_csv(
    error: duckdb.Error, header: FileHeader, location: Path, entry: SourceEntry
) -> ImportFaultError:
    """Say why a text file could not be read, without the engine's message: it quotes rows."""
    message = str(error)
    line = re.search(r"CSV Error on Line: ([0-9]+)", message)
    place = f", line {int(line[1]):,}" if line else ""
    if columns := re.search(r"Expected Number of Columns: ([0-9]+) Found: ([0-9]+)", message):
        rows = max(count_lines(location) - header.starts_with_names, 0)
        return ImportFaultError(
            f"{header.path}: the header has {counted(int(columns[1]), 'column')}{place} has {columns[2]} "
            f"({counted(rows, 'row')} of data in all): ask for the file again, or check `separator:` and "
            "`quote:` of "
            f"source {entry.name}."
        )
    if re.search(r"utf-?8|unicode|encoding", message, re.IGNORECASE):
        return ImportFaultError(_not_utf_8(header.path, int(line[1]) if line else 1))
    if "invalid state" in message and (ends := _line_ends(location)):
        return ImportFaultError(
            f"{header.path}: its lines end in two ways ({ends[0]:,} with a carriage return, "
            f"{ends[1]:,} without), as "
            "where two files were put together: let a text editor save it with one of them, or "
            "ask for it again."
        )
    return ImportFaultError(
        f"{header.path}{place}: it cannot be read as text with {header.separator!r} between the fields "
        f"(a quote that does not close, or a line too long): check `quote:` of source {entry.name}; `quote: "
        "none` reads "
        "quotes as letters."
    )


def _line_ends(location: Path) -> tuple[int, int] | None:
    """Return how many lines end with and without a carriage return, where there are both."""
    both = alone = 0
    with location.open("rb") as file:
        for line in file:
            both += line.endswith(b"\r\n")
            alone += line.endswith(b"\n") and not line.endswith(b"\r\n")
    return (both, alone) if both and alone else None


def count_lines(location: Path) -> int:
    """Return the number of lines of a file that hold anything, the line of names included."""
    lines = 0
    # The end of the last line that was seen, and what stands behind it.
    before = np.array([_LINE_FEED], dtype=np.uint8)
    with location.open("rb") as file:
        while piece := file.read(_CHUNK):
            letters = np.concatenate([before, np.frombuffer(piece, dtype=np.uint8)])
            ends = np.flatnonzero(letters == _LINE_FEED)
            lengths = np.diff(ends) - 1
            lines += int(np.count_nonzero(lengths > 0))
            # A carriage return alone is no line that holds anything.
            lone = ends[:-1][lengths == 1] + 1
            lines -= int(np.count_nonzero(letters[lone] == _CARRIAGE_RETURN))
            before = letters[ends[-1] :]
    rest = before[1:]
    return lines + int(np.any(rest != _CARRIAGE_RETURN))
