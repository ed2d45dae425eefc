"""Stata's records, taken a column at a time: cell for cell what pyreadstat reads, or left to it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest

from utvandring.importing import stata_records
from utvandring.importing.folder import SourceEntry
from utvandring.importing.patterns import Named
from utvandring.importing.stata_records import records_of
from utvandring.importing.statistical import BlockCounts, _cells, _records, read_statistical_header

ENTRY = SourceEntry(
    name="f", files=(), format=None, encoding="utf-8", separator=None, quote='"', decimal=".", columns=(),
    id=(),
    id_width=None, missing=(), missing_in=(), keep_marks=(), drop=(), drop_rows={}, years=None, dates={},
    lines_in_values=False, optional=False, optional_columns=(),
)  # fmt: skip


def file_of(folder: Path, version: int = 15) -> Path:
    """Write every type with its bounds, an ordinary missing value, and two marks."""
    path = folder / "f.dta"
    frame = pd.DataFrame(
        {
            "lnr": ["0000000001", "2", "", " 4 ", "blåbærsyltetøy", "6"],
            "an_int8": pd.Series([1, -127, 100, 0, 7, 8], dtype="int8"),
            "an_int16": pd.Series([-32767, 32740, 0, 1, 2, 3], dtype="int16"),
            "an_int32": pd.Series([-2147483647, 2147483620, 0, 1, 2, 3], dtype="int32"),
            "a_float": pd.Series([0.5, -1e30, np.nan, 3, 4, 5], dtype="float32"),
            "a_double": [20100715.0, np.nan, -0.25, 1e15, 4.0, 5.0],
            "marked": [1.0, "a", "z", "b", np.nan, "a"],
        }
    )
    pyreadstat.write_dta(frame, str(path), version=version, missing_user_values={"marked": ["a", "b", "z"]})
    return path


def both(
    path: Path, offset: int = 0, rows: int = 100
) -> list[tuple[dict[str, pa.Array] | None, BlockCounts]]:
    """Read all columns of a file in both ways."""
    header = read_statistical_header(path, path.name, Named(), "stata", ENTRY)
    read = []
    for way in (_records, _cells):
        counts = BlockCounts()
        read.append((way(header, ENTRY, header.columns, offset, rows, counts), counts))
    return read


@pytest.mark.parametrize(("offset", "rows"), [(0, 100), (0, 2), (2, 3), (5, 4)])
def test_every_type_is_read_as_pyreadstat_reads_it(tmp_path: Path, offset: int, rows: int) -> None:
    (found, counts), (expected, told) = both(file_of(tmp_path), offset, rows)
    assert found is not None
    assert expected is not None
    assert {name: column.to_pylist() for name, column in found.items()} == {
        name: column.to_pylist() for name, column in expected.items()
    }
    assert counts.marks == told.marks


def test_records_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stata_records, "_PIECE", 100)
    (found, counts), (expected, told) = both(file_of(tmp_path), 1, 4)
    assert found is not None
    assert expected is not None
    assert [column.to_pylist() for column in found.values()] == [
        column.to_pylist() for column in expected.values()
    ]
    assert counts.marks == told.marks


def test_marks_are_counted(tmp_path: Path) -> None:
    (_, counts), _ = both(file_of(tmp_path))
    assert counts.marks == {"marked": Counter({".a": 2, ".b": 1, ".z": 1})}


def test_what_lies_behind_the_end_of_a_text_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "f.dta"
    pyreadstat.write_dta(pd.DataFrame({"lnr": ["1234567890", "99"]}), str(path))
    content = path.read_bytes()
    assert content.count(b"99" + bytes(8)) == 1
    path.write_bytes(content.replace(b"99" + bytes(8), b"99\0rubbish"))
    (found, _), (expected, _) = both(path)
    assert found is not None
    assert expected is not None
    assert found["lnr"].to_pylist() == expected["lnr"].to_pylist() == ["1234567890", "99"]


def test_files_that_need_more_are_left_to_pyreadstat(tmp_path: Path) -> None:
    # Older forms have no map; letters of 117 may be in any encoding.
    older = file_of(tmp_path, version=12)
    assert records_of(older, 6) is None
    before_unicode = file_of(tmp_path, version=13)
    assert records_of(before_unicode, 6) is not None
    (found, _), _ = both(before_unicode)
    assert found is None
    # A text without a bound
    pd.DataFrame({"lnr": ["1"], "longer": ["x" * 3000]}).to_stata(
        tmp_path / "l.dta", version=118, convert_strl=["longer"]
    )
    assert records_of(tmp_path / "l.dta", 1) is None
    # Another number of rows than the records have place for
    assert records_of(file_of(tmp_path), 7) is None
    (tmp_path / "short.dta").write_bytes(
        b"<stata_dta><header><release>118</release><byteorder>LSF</byteorder><map>"
    )
    assert records_of(tmp_path / "short.dta", 6) is None
