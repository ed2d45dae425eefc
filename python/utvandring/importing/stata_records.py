"""Cells of Stata's newer files (117 to 119), taken from their records of fixed width a column at a time.

pyreadstat makes an object of every cell, which is most of the time of a large file. What stands beside
the cells is still read by it, and so is every file whose records are not laid out as its head says, or that
needs more than is done here: texts without a bound, another order of bytes, another encoding.
"""

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_HEAD = 1 << 14
# Bytes of records that are held at a time: of wide records only the columns in use are kept.
_PIECE = 1 << 26
_OFFSETS = struct.Struct("<14Q")
_TYPES, _DATA, _END = 2, 9, 10
_UTF_8 = 118
_LONGEST_TEXT = 2045
# Types of numbers by their code: how they are stored, the pattern of bits from which on a value is missing,
# and the step from one mark to the next: `.` comes first, then .a to .z.
_NUMBERS = {
    65530: ("<i1", 101, 1), 65529: ("<i2", 32_741, 1), 65528: ("<i4", 2_147_483_621, 1),
    65527: ("<f4", 0x7F00_0000, 0x800), 65526: ("<f8", 0x7FE0_0000_0000_0000, 0x100_0000_0000),
}  # fmt: skip


@dataclass(frozen=True)
class Records:
    """Where the records of a file are, and how its columns lie in them."""

    location: Path
    release: int
    begin: int
    rows: int
    codes: tuple[int, ...]

    @property
    def layout(self) -> np.dtype[np.void]:
        """The type of a record; fields are numbered."""
        return np.dtype(
            [
                (str(place), f"S{code}" if code <= _LONGEST_TEXT else _NUMBERS[code][0])
                for place, code in enumerate(self.codes)
            ]
        )

    def is_text(self, place: int) -> bool:
        """Say whether a column is text."""
        return self.codes[place] <= _LONGEST_TEXT


def records_of(location: Path, rows: int) -> Records | None:
    """Return where the records of a file are, or None if pyreadstat has to read it.

    Parameters
    ----------
    location
        A Stata file.
    rows
        Their number by its head.
    """
    with location.open("rb") as file:
        head = file.read(_HEAD)
        release = head[head.find(b"<release>") + 9 :][:3]
        place = head.find(b"<map>") + 5
        if not release.isdigit() or b"<byteorder>LSF</byteorder>" not in head or place < 5:
            return None
        if len(head) < place + _OFFSETS.size:
            return None
        offsets = _OFFSETS.unpack_from(head, place)
        file.seek(offsets[_TYPES] + len(b"<variable_types>"))
        stored = file.read(offsets[_TYPES + 1] - offsets[_TYPES] - len(b"<variable_types></variable_types>"))
    codes = struct.unpack(f"<{len(stored) // 2}H", stored[: len(stored) // 2 * 2])
    if not all(0 < code <= _LONGEST_TEXT or code in _NUMBERS for code in codes):
        return None
    records = Records(location, int(release), offsets[_DATA] + len(b"<data>"), rows, codes)
    if records.begin + records.layout.itemsize * rows + len(b"</data>") != offsets[_END]:
        return None
    return records


def columns_of(
    records: Records, places: Sequence[int], offset: int, rows: int, is_utf_8: bool
) -> list[tuple[pa.Array, Counter[str]]] | None:
    """Return columns of some rows: text as strings, numbers as doubles, each with counts of its marks (.a).

    Parameters
    ----------
    records
        The records of the file.
    places
        The columns, counted from 0.
    offset, rows
        The first row, and how many; fewer are returned where the file ends.
    is_utf_8
        Whether texts are in UTF-8, as far as the import says.

    Returns
    -------
    list or None
        None if a text is not in UTF-8, or may not be: pyreadstat has to read these rows.
    """
    layout = records.layout
    end = min(offset + rows, records.rows)
    step = max(_PIECE // layout.itemsize, 1)
    pieces: list[list[npt.NDArray[Any]]] = [[np.empty(0, layout[str(place)])] for place in places]
    for first in range(offset, end, step):
        begin = records.begin + first * layout.itemsize
        block = np.fromfile(records.location, layout, min(step, end - first), offset=begin)
        for parts, place in zip(pieces, places, strict=True):
            parts.append(np.ascontiguousarray(block[str(place)]))
    columns: list[tuple[pa.Array, Counter[str]]] = []
    for place, parts in zip(places, pieces, strict=True):
        cells = np.concatenate(parts)
        if not records.is_text(place):
            columns.append(_numbers(cells, records.codes[place]))
            continue
        texts = _texts(cells, is_utf_8 and records.release >= _UTF_8)
        if texts is None:
            return None
        columns.append((texts, Counter()))
    return columns


def _texts(cells: npt.NDArray[np.bytes_], is_utf_8: bool) -> pa.Array | None:
    letters = cells.view(np.uint8).reshape(len(cells), cells.dtype.itemsize)
    # A text ends at its first zero byte; what lies behind it is left from before.
    if np.any((letters[:, :-1] == 0) & (letters[:, 1:] != 0)):
        letters = letters * np.logical_and.accumulate(letters != 0, axis=1)
        cells = np.ascontiguousarray(letters).view(cells.dtype).reshape(len(cells))
    if not is_utf_8 and letters.size and letters.max() > 127:
        return None
    try:
        return pa.array(cells, type=pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return None


def _numbers(cells: npt.NDArray[np.generic], code: int) -> tuple[pa.Array, Counter[str]]:
    kind, first, step = _NUMBERS[code]
    bits = cells.view(kind.replace("f", "i"))
    missing = bits >= first
    marks: Counter[str] = Counter()
    if missing.any():
        which, times = np.unique((bits[missing].astype(np.int64) - first) // step, return_counts=True)
        marks.update(
            {
                f".{chr(ord('a') + int(one) - 1)}": int(n)
                for one, n in zip(which, times, strict=True)
                if 1 <= one <= 26
            }
        )
    return pa.array(cells.astype(np.float64), mask=missing), marks
