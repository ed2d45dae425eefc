"""Files of Stata and SPSS in blocks of rows, in little memory.

pyreadstat writes a file from one frame that holds everything, three thousand rows a second. So it writes the
head here (names, types, labels, formats) with a single made-up row, and the rows themselves are put in its
place as both formats have them: records of one width, numbers in little-endian order, texts filled up.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from utvandring.common.errors import UtvandringError
from utvandring.common.sql import identifier
from utvandring.extracting.columns import Column, Kind
from utvandring.extracting.limits import STATA_LONG, Format, has_labels, label_in, names_in

# Stata 14 and later; newer versions of the file are for more than 32,767 columns.
_STATA_VERSION = 14
_STATA_MISSING_LONG = 2_147_483_621
_STATA_MISSING_DOUBLE = 2.0**1023
_SPSS_MISSING = -np.finfo(np.float64).max
# From the beginning of their calendars to 1970.
_STATA_DAYS = 3_653
_SPSS_SECONDS = 12_219_379_200
_DAY = 86_400
_SPSS_SEGMENT = 255
_SPSS_NOTE = 80


@dataclass(frozen=True)
class Layout:
    """Where a column is in a record: its type of numpy and its values in SQL."""

    column: Column
    dtype: str
    sql: str
    width: int = 0


def layouts(form: Format, columns: Sequence[Column]) -> list[Layout]:
    """Say how every column stands in a record of a file of Stata or SPSS.

    Parameters
    ----------
    form
        `dta` or `sav`.
    columns
        Those of the file, measured.
    """
    return [_stata(column) if form is Format.DTA else _spss(column) for column in columns]


def _stata(column: Column) -> Layout:
    if column.kind is Kind.TEXT:
        width = max(column.bytes_n, 1)
        return Layout(column, f"S{width}", column.plain, width)
    if column.kind is Kind.DATE:
        return Layout(column, "<i4", f"{column.plain} + {_STATA_DAYS}")
    if column.kind is Kind.MOMENT:
        return Layout(column, "<f8", f"epoch_ms({identifier(column.name)}) + {_STATA_DAYS * _DAY * 1000}")
    return Layout(column, "<i4" if column.is_whole and column.fits(*STATA_LONG) else "<f8", column.plain)


def _spss(column: Column) -> Layout:
    if column.kind is Kind.TEXT:
        return Layout(column, f"S{_spss_width(column)}", column.plain, max(column.bytes_n, 1))
    if column.kind is Kind.DATE:
        return Layout(column, "<f8", f"({column.plain}) * {_DAY} + {_SPSS_SECONDS}")
    if column.kind is Kind.MOMENT:
        return Layout(column, "<f8", f"{column.plain} + {_SPSS_SECONDS}")
    return Layout(column, "<f8", column.plain)


def _spss_width(column: Column) -> int:
    """Return the bytes of a text in a record: whole words of eight, with a byte after every 255."""
    width = max(column.bytes_n, 1)
    if width > _SPSS_SEGMENT:
        before = -(-width // 252) - 1
        return before * 256 + -(-(width - before * 252) // 8) * 8
    return -(-width // 8) * 8


def write(
    form: Format,
    path: Path,
    file: BinaryIO,
    columns: Sequence[Column],
    notice: Sequence[str],
    batches: Callable[[Sequence[str]], Iterator[pa.RecordBatch]],
) -> int:
    """Write a file of Stata or SPSS.

    Parameters
    ----------
    form
        `dta` or `sav`.
    path
        A free place for the head, in a folder that nobody else reads; it holds no person.
    file
        The file, empty and open for writing.
    columns
        Those of the file, measured and not refused.
    notice
        What must be known of the file; its first line is the label of the file.
    batches
        Gives the rows, each a record batch of these expressions in SQL.

    Returns
    -------
    int
        The columns and codes whose labels were shortened.
    """
    placed = layouts(form, columns)
    shortened = _write_head(form, path, placed, notice)
    head = path.read_bytes()
    record = np.dtype([(str(place), layout.dtype) for place, layout in enumerate(placed)])
    rows = columns[0].rows
    begin, end = _made_up_row(form, head, record.itemsize)
    before, after = bytearray(head[:begin]), head[end:]
    if form is Format.DTA:
        _count_stata_rows(before, rows, record.itemsize)
    else:
        _count_spss_rows(before, rows)
    file.write(before)
    written = 0
    for batch in batches([layout.sql for layout in placed]):
        block = np.zeros(batch.num_rows, record)
        for place, layout in enumerate(placed):
            block[str(place)] = _values(form, layout, batch.column(place))
        file.write(block.tobytes())
        written += batch.num_rows
    assert written == rows
    file.write(after)
    return shortened


def _values(form: Format, layout: Layout, values: pa.Array) -> np.ndarray:
    if layout.column.kind is Kind.TEXT:
        return _texts(form, layout, values)
    if layout.dtype == "<i4":
        filled = pc.cast(values, pa.int64()).fill_null(_STATA_MISSING_LONG)
    else:
        missing = _STATA_MISSING_DOUBLE if form is Format.DTA else _SPSS_MISSING
        filled = pc.cast(values, pa.float64()).fill_null(missing)
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _texts(form: Format, layout: Layout, values: pa.Array) -> np.ndarray:
    """Return texts as bytes of the width of the column; each different one is made once."""
    coded = values.fill_null("").dictionary_encode()
    different = [text.encode() for text in coded.dictionary.to_pylist()]
    if form is Format.SAV:
        width = int(layout.dtype[1:])
        different = [_in_segments(text).ljust(width, b" ") for text in different]
    return np.asarray(np.array(different, layout.dtype)[coded.indices.to_numpy()])


def _in_segments(text: bytes) -> bytes:
    pieces = [text[start : start + _SPSS_SEGMENT] for start in range(0, len(text), _SPSS_SEGMENT)]
    return b" ".join(pieces)


def _write_head(form: Format, path: Path, placed: Sequence[Layout], notice: Sequence[str]) -> int:
    """Write a file with one made-up row; return the labels that were shortened."""
    import pyreadstat

    columns = [layout.column for layout in placed]
    names = names_in(form, columns)
    row: dict[str, pd.Series] = {}
    formats: dict[str, str] = {}
    codes: dict[str, dict[str | int, str]] = {}
    shortened = 0
    for layout in placed:
        column, name = layout.column, names[layout.column.name]
        if column.kind is Kind.TEXT:
            row[name] = pd.Series(["x" * layout.width], dtype=object)
        else:
            row[name] = pd.Series([1], dtype="int32" if layout.dtype == "<i4" else "float64")
        if column.kind in (Kind.DATE, Kind.MOMENT):
            of_date = column.kind is Kind.DATE
            stata, spss = ("%td", "DATE11") if of_date else ("%tc", "DATETIME20")
            formats[name] = stata if form is Format.DTA else spss
        if has_labels(form, column):
            codes[name] = {code: label_in(form, label, of_code=True) for code, label in column.labels.items()}
            shortened += sum(codes[name][code] != label for code, label in column.labels.items())
    labels = {names[column.name]: label_in(form, column.description) or None for column in columns}
    shortened += sum(label_in(form, column.description) != column.description for column in columns)
    frame = pd.DataFrame(row)
    common: dict[str, Any] = {
        "column_labels": labels,
        "variable_value_labels": codes,
        "variable_format": formats,
    }
    try:
        if form is Format.DTA:
            pyreadstat.write_dta(
                frame, str(path), file_label=label_in(form, notice[0]), version=_STATA_VERSION, **common
            )
        else:
            lines = [line for text in notice for line in _lines(text)]
            pyreadstat.write_sav(frame, str(path), file_label=notice[0], note=lines, **common)
    except pyreadstat.ReadstatError as error:
        raise UtvandringError(f"The head of the {form} file could not be written: {error}") from error
    return shortened


def _lines(text: str) -> list[str]:
    """Return a text as lines of at most 80 bytes, which is what SPSS has for notes."""
    lines = [""]
    for word in text.split():
        for letter in f" {word}" if lines[-1] else word:
            if len(f"{lines[-1]}{letter}".encode()) > _SPSS_NOTE:
                lines.append("")
            lines[-1] += letter
    return lines


def _made_up_row(form: Format, head: bytes, width: int) -> tuple[int, int]:
    """Return where the made-up row begins and ends."""
    if form is Format.SAV:
        return len(head) - width, len(head)
    begin = struct.unpack_from("<14Q", head, _stata_map(head))[9] + len(b"<data>")
    assert head[begin + width : begin + width + 7] == b"</data>"
    return begin, begin + width


def _stata_map(head: bytes) -> int:
    return head.index(b"<map>") + len(b"<map>")


def _count_stata_rows(before: bytearray, rows: int, width: int) -> None:
    """Put the number of rows into the head, and where the parts after the rows are."""
    place = before.index(b"<N>") + len(b"<N>")
    struct.pack_into("<Q", before, place, rows)
    place = _stata_map(bytes(before))
    parts = list(struct.unpack_from("<14Q", before, place))
    parts[10:] = [part + (rows - 1) * width for part in parts[10:]]
    struct.pack_into("<14Q", before, place, *parts)


_SPSS_ROWS = 80


def _count_spss_rows(before: bytearray, rows: int) -> None:
    """Put the number of rows into the head, which has it twice."""
    assert struct.unpack_from("<i", before, _SPSS_ROWS) == (1,)
    struct.pack_into("<i", before, _SPSS_ROWS, rows)
    again = before.find(struct.pack("<iiii", 7, 16, 8, 2))
    if again >= 0:
        struct.pack_into("<q", before, again + 24, rows)
