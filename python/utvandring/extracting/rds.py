"""Data frames of R as files (`readRDS`), one column after the other, in little memory and without R.

R's own format (R Internals, "Serialization Formats"), version 2 in XDR, which every R reads, with gzip.
pyreadr and rdata hold the whole frame in memory and write neither labels nor dates of R.
"""

import gzip
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from utvandring.extracting.columns import Column, Kind
from utvandring.extracting.limits import R_INTEGER

_SYMBOL, _PAIRS, _CHARS, _LOGICAL, _INTEGER, _REAL, _STRINGS, _LIST = 1, 2, 9, 10, 13, 14, 16, 19
_END = struct.pack(">i", 254)
_IS_OBJECT, _HAS_ATTRIBUTES, _HAS_TAG = 1 << 8, 1 << 9, 1 << 10
_ASCII, _UTF8 = 64 << 12, 8 << 12
_NO_TEXT = struct.pack(">ii", _CHARS, -1)
_NO_INTEGER = -2_147_483_648
# The NaN that R takes for a missing value.
_NO_REAL = np.array([0x7FF00000000007A2], np.uint64).view(np.float64)[0]
# Written by R 4.0.0, readable from 2.3.0.
_HEAD = b"X\n" + struct.pack(">iii", 2, 0x040000, 0x020300)
_COMPRESSION = 1


def write(
    file: BinaryIO,
    columns: Sequence[Column],
    notice: Sequence[str],
    batches: Callable[[Sequence[str]], Iterator[pa.RecordBatch]],
) -> None:
    """Write a data frame.

    Parameters
    ----------
    file
        The file, empty and open for writing.
    columns
        Those of the frame, measured and not refused.
    notice
        What must be known of the file: the attribute `notice` of the frame.
    batches
        Gives the rows, each a record batch of these expressions in SQL.
    """
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION, fileobj=file, mtime=0) as out:
        out.write(_HEAD)
        out.write(struct.pack(">ii", _LIST | _IS_OBJECT | _HAS_ATTRIBUTES, len(columns)))
        for column in columns:
            attributes = _attributes(column)
            kind = _type(column) | (_HAS_ATTRIBUTES if attributes else 0)
            kind |= _IS_OBJECT if "class" in attributes else 0
            out.write(struct.pack(">ii", kind, column.rows))
            for batch in batches([column.plain]):
                out.write(_values(column, batch.column(0)))
            if attributes:
                out.write(_pairs(attributes))
        out.write(
            _pairs(
                {
                    "names": _strings([column.name for column in columns]),
                    "row.names": _integers([_NO_INTEGER, -columns[0].rows]),
                    "class": _strings(["data.frame"]),
                    "notice": _strings(notice),
                }
            )
        )


def _type(column: Column) -> int:
    if column.kind is Kind.TEXT:
        return _STRINGS
    if column.kind is Kind.TRUTH:
        return _LOGICAL
    return _INTEGER if column.kind is Kind.WHOLE and column.fits(*R_INTEGER) else _REAL


def _values(column: Column, values: pa.Array) -> bytes:
    kind = _type(column)
    if kind == _STRINGS:
        return _text_values(values)
    if kind == _REAL:
        reals = pc.cast(values, pa.float64())
        known = reals.fill_null(0.0).to_numpy(zero_copy_only=False)
        # Not by fill_null: a NaN must keep what makes it the missing one.
        return bytes(
            np.where(reals.is_null().to_numpy(zero_copy_only=False), _NO_REAL, known).astype(">f8").tobytes()
        )
    filled = pc.cast(values, pa.int64()).fill_null(_NO_INTEGER)
    return bytes(filled.to_numpy(zero_copy_only=False).astype(">i4").tobytes())


def _text_values(values: pa.Array) -> bytes:
    """Return texts one after the other; each different one is encoded once."""
    coded = values.dictionary_encode()
    different = [_text(text) for text in coded.dictionary.to_pylist()]
    places = coded.indices.fill_null(len(different))
    laid = pa.array([*different, _NO_TEXT], pa.large_binary()).take(places)
    begin, end = np.frombuffer(laid.buffers()[1], np.int64)[[laid.offset, laid.offset + len(laid)]]
    return bytes(memoryview(laid.buffers()[2])[begin:end])


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">ii", _CHARS | (_ASCII if encoded.isascii() else _UTF8), len(encoded)) + encoded


def _attributes(column: Column) -> dict[str, bytes]:
    found = {}
    if column.description:
        found["label"] = _strings([column.description])
    if column.kind is Kind.DATE:
        found["class"] = _strings(["Date"])
    elif column.kind is Kind.MOMENT:
        found |= {"class": _strings(["POSIXct", "POSIXt"]), "tzone": _strings(["UTC"])}
    elif column.labels:
        kind = _type(column)
        codes = list(column.labels)
        base = {_STRINGS: "character", _INTEGER: "integer"}.get(kind, "double")
        named = {"names": _strings(list(column.labels.values()))}
        if kind == _STRINGS:
            found["labels"] = _strings([str(code) for code in codes], named)
        else:
            found["labels"] = _numbers(kind, [int(code) for code in codes], named)
        # As haven reads them from files of Stata and SPSS.
        found["class"] = _strings(["haven_labelled", "vctrs_vctr", base])
    return found


def _strings(texts: Sequence[str], attributes: dict[str, bytes] | None = None) -> bytes:
    kind = _STRINGS | (_HAS_ATTRIBUTES if attributes else 0)
    return b"".join(
        [struct.pack(">ii", kind, len(texts)), *map(_text, texts), _pairs(attributes) if attributes else b""]
    )


def _integers(numbers: Sequence[int]) -> bytes:
    return struct.pack(f">ii{len(numbers)}i", _INTEGER, len(numbers), *numbers)


def _numbers(kind: int, numbers: Sequence[int], attributes: dict[str, bytes]) -> bytes:
    letter = "i" if kind == _INTEGER else "d"
    packed = struct.pack(f">ii{len(numbers)}{letter}", kind | _HAS_ATTRIBUTES, len(numbers), *numbers)
    return packed + _pairs(attributes)


def _pairs(attributes: dict[str, bytes]) -> bytes:
    """Return attributes as R's list of pairs: a name and a value each."""
    begin = struct.pack(">ii", _PAIRS | _HAS_TAG, _SYMBOL)
    return b"".join(begin + _text(name) + value for name, value in attributes.items()) + _END
