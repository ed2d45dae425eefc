# ruff: noqa: E501 - small files and queries, in one line each
"""What stands beside the cells of Stata, SAS and SPSS files, and how text is read without guessing."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from imports import SmallImport

from utvandring.importing.faults import ImportFaultError

FILES = Path(__file__).parent / "files"
BEFOLKNING = "select '2010' as periode, personid, '1' as statuskode, '0301' as kommnr, {} as famnr from f"


@pytest.fixture
def small(tmp_path: Path) -> SmallImport:
    made = SmallImport(tmp_path)
    made.write(
        "periods: {first: 2010, last: 2010}\nsources:\n  f: {files: 'f.*', id: lnr}\n",
        befolkning=BEFOLKNING.format("null"),
    )
    return made


def values(small: SmallImport, column: str) -> list[str | None]:
    """Return a column of the source as text, in the order of the persons: it travels as a family number."""
    (small.mine / "befolkning.sql").write_text(BEFOLKNING.format(column))
    shutil.rmtree(small.out, ignore_errors=True)
    small.run()
    return [value for (_, value) in small.rows("befolkning", 2010, "personid, famnr")]


def refusal(small: SmallImport, column: str = "null") -> str:
    (small.mine / "befolkning.sql").write_text(BEFOLKNING.format(column))
    with pytest.raises(ImportFaultError) as refused:
        small.run()
    assert not small.out.exists()
    assert small.left_over() == []
    return str(refused.value)


@pytest.mark.parametrize("missing", [False, True])
def test_dates_of_every_program_become_the_day_that_they_count(small: SmallImport, missing: bool) -> None:
    ids = ["P1", "P2"] if missing else ["P1"]

    def twice(value: float) -> list[float]:
        return [value, float("nan")] if missing else [value]

    def frame(**columns: float) -> pd.DataFrame:
        return pd.DataFrame({"lnr": ids, **{name: twice(value) for name, value in columns.items()}})

    pyreadstat.write_dta(
        frame(a=18458.0, b=18458.0, c=606.0, d=1594771200000.0, e=2010.0),
        str(small.extract / "f.dta"),
        variable_format={"a": "%td", "b": "%tdDD.NN.CCYY", "c": "%tm", "d": "%tc", "e": "%ty"},
    )
    expected = {"a": "2010-07-15", "b": "2010-07-15", "c": "201007", "d": "2010-07-15", "e": "2010"}
    assert {column: values(small, column)[0] for column in expected} == expected
    (small.extract / "f.dta").unlink()
    pyreadstat.write_sav(
        frame(a=13498531200.0, b=13497321600.0), str(small.extract / "f.sav"),
        variable_format={"a": "EDATE10", "b": "MOYR8"},
    )  # fmt: skip
    assert (values(small, "a")[0], values(small, "b")[0]) == ("2010-07-15", "201007")
    (small.extract / "f.sav").unlink()
    pyreadstat.write_xport(
        frame(a=18458.0, b=18458.0, c=1594771200.0), str(small.extract / "f.xpt"), file_format_version=5,
        variable_format={"a": "DATE9", "b": "YYMMN6", "c": "DATETIME22"},
    )  # fmt: skip
    assert [values(small, column)[0] for column in "abc"] == ["2010-07-15", "201007", "2010-07-15"]


def test_half_a_day_and_a_date_format_that_is_not_known_are_refused(small: SmallImport) -> None:
    data = pd.DataFrame({"lnr": ["P1"], "f": [18458.5], "w": [2600.0]})
    pyreadstat.write_dta(data, str(small.extract / "f.dta"), variable_format={"f": "%td", "w": "%tw"})
    assert "column f: 1 value of dates with a part of a day" in refusal(small, "f")
    assert "column w has the format %tw, which is not converted" in refusal(small, "w")


def test_a_stated_unit_replaces_the_format(small: SmallImport) -> None:
    pyreadstat.write_dta(pd.DataFrame({"lnr": ["P1"], "a": [18458.0]}), str(small.extract / "f.dta"))
    assert values(small, "a") == ["18458"]
    small.write(
        "periods: {first: 2010, last: 2010}\nsources:\n  f: {files: f.dta, id: lnr, dates: {a: days since "
        "1960}}\n"
    )
    assert values(small, "a") == ["2010-07-15"]


def test_numbers_of_text_and_parquet_count_days_where_that_is_stated(small: SmallImport) -> None:
    source = "periods: {first: 2010, last: 2010}\nsources:\n  f: {files: 'f.*', id: lnr, dates: {A: days since 1970}}\n"
    small.write(source)
    (small.extract / "f.csv").write_text("lnr;a\nP1;14805\nP2;x\nP3;\n")
    assert values(small, "a") == ["2010-07-15", "x", None]
    (small.extract / "f.csv").unlink()
    pd.DataFrame({"lnr": ["P1", "P2"], "a": [14805, None]}).to_parquet(small.extract / "f.parquet")
    assert values(small, "a") == ["2010-07-15", None]


def test_parquet_gives_the_text_that_a_text_file_would(small: SmallImport) -> None:
    frame = pd.DataFrame(
        {
            "lnr": ["P1"], "n": [37.5], "w": [301.0], "d": [pd.Timestamp("2010-07-15")], "b": [True],
            "t": ["x "], "e": [" "],
        }
    )  # fmt: skip
    frame.to_parquet(small.extract / "f.parquet")
    expected = ["37.5", "301", "2010-07-15", "true", "x", None]
    assert [values(small, column)[0] for column in "nwdbte"] == expected


def test_values_declared_missing_are_empty_and_counted_by_mark(small: SmallImport) -> None:
    data = pd.DataFrame(
        {"lnr": ["P1", "P2", "P3"], "sivstand": [1.0, 9.0, 2.0], "fodeland": ["101", "XXX", "000"]}
    )
    pyreadstat.write_sav(
        data, str(small.extract / "f.sav"), missing_ranges={"sivstand": [9], "fodeland": ["XXX"]},
        variable_value_labels={"sivstand": {9: "Ikke innhentet"}},
    )  # fmt: skip
    assert values(small, "sivstand") == ["1", None, "2"]
    assert small.record()["sources"][0]["marks"] == {"sivstand": {"9 (Ikke innhentet)": 1}}
    assert values(small, "fodeland") == ["101", None, "000"]
    small.write(
        "periods: {first: 2010, last: 2010}\nsources:\n  f: {files: f.sav, id: lnr, keep_marks: sivstand}\n"
    )
    assert values(small, "sivstand") == ["1", "9", "2"]


def test_a_nine_that_is_not_declared_missing_stays_a_code(small: SmallImport) -> None:
    pyreadstat.write_sav(
        pd.DataFrame({"lnr": ["P1", "P2"], "sivstand": [1.0, 9.0]}), str(small.extract / "f.sav")
    )
    assert values(small, "sivstand") == ["1", "9"]


def test_tagged_values_of_stata_leave_numbers_what_they_are(small: SmallImport) -> None:
    data = pd.DataFrame({"lnr": ["P1", "P2", "P3"], "dato": [20100715.0, "a", "b"]})
    pyreadstat.write_dta(data, str(small.extract / "f.dta"), missing_user_values={"dato": ["a", "b"]})
    assert values(small, "dato") == ["20100715", None, None]
    assert small.record()["sources"][0]["marks"] == {"dato": {".a": 1, ".b": 1}}


def test_the_missing_values_of_sas_are_all_empty(small: SmallImport) -> None:
    shutil.copy(FILES / "missing_test.sas7bdat", small.extract / "f.sas7bdat")
    small.write("periods: {first: 2010, last: 2010}\nsources:\n  f: {files: f.sas7bdat, id: var9}\n")
    columns = ", ".join(f"var{place}" for place in range(1, 9))
    assert values(small, f"coalesce({columns}, 'nothing')") == ["nothing"]


def test_a_row_deleted_in_sas_is_never_read_again(small: SmallImport) -> None:
    content = bytearray((FILES / "sample_bincompressed.sas7bdat").read_bytes())
    small.write("periods: {first: 2010, last: 2010}\nsources:\n  f: {files: f.sas7bdat, id: mychar}\n")
    (small.extract / "f.sas7bdat").write_bytes(content)
    assert len(values(small, "null")) == 5
    shutil.rmtree(small.out)
    # The mark of a row that is there becomes that of one that was deleted.
    assert content[65976] == 4
    content[65976] = 5
    (small.extract / "f.sas7bdat").write_bytes(content)
    assert "or has rows that were deleted in SAS" in refusal(small)


def test_a_file_of_sas_keeps_days_marks_and_letters(small: SmallImport) -> None:
    # Written by R's haven: files/haven.R.
    shutil.copy(FILES / "haven.sas7bdat", small.extract / "f.sas7bdat")
    assert values(small, "dag") == ["2010-07-15", None, "1850-01-01"]
    assert values(small, "tid") == ["2010-07-15", None, "1959-12-31"]
    assert values(small, "maaned") == ["201007", None, "196001"]
    assert values(small, "dato") == ["20100715", None, None]
    assert small.record()["sources"][0]["marks"] == {"dato": {".A": 1, ".Z": 1}}
    assert values(small, "sivstand") == ["1", "9", None]
    assert values(small, "sted") == ["Færøyene", "Ås – Tromsø", None]
    assert values(small, "lang") == ["ø" * 300, 'x;"y', None]
    shutil.rmtree(small.out)
    assert "column uke has the format WEEKV, which is not converted" in refusal(small, "uke")


@pytest.mark.parametrize(
    ("numbers", "stored", "power"),
    [([9007199254740993, 9007199254740992], "float64", 53), ([123456789, 123456790], "float32", 24)],
)
def test_ids_beyond_what_a_float_keeps_are_refused(
    small: SmallImport, numbers: list[int], stored: str, power: int
) -> None:
    pd.DataFrame({"lnr": pd.Series(numbers, dtype=stored)}).to_stata(
        small.extract / "f.dta", write_index=False
    )
    assert f"beyond 2^{power}: persons may have become one" in refusal(small)


@pytest.mark.parametrize("spoiled", ["P\x001", "P\u200b1", "P\n1", "P\ufffd1"])
def test_ids_with_letters_that_are_not_seen_are_refused(small: SmallImport, spoiled: str) -> None:
    pd.DataFrame({"lnr": ["P1", spoiled]}).to_parquet(small.extract / "f.parquet")
    assert re.search(
        "the id column lnr has 1 row with .*(control characters|letter that was lost)", refusal(small)
    )


def test_an_id_may_be_long_and_hold_quotes(small: SmallImport) -> None:
    ids = ["x" * 3000, "P\"'2;"]
    pyreadstat.write_sav(pd.DataFrame({"lnr": ids}), str(small.extract / "f.sav"))
    small.run()
    assert small.rows("befolkning", 2010, "personid") == [(ids[1],), (ids[0],)]


def test_ids_as_numbers_are_the_ids_of_the_text_file(small: SmallImport) -> None:
    pd.DataFrame({"lnr": [1000001.0, 1000002.0, float("nan")]}).to_stata(
        small.extract / "i3.dta", write_index=False
    )
    (small.extract / "i3.csv").write_text("lnr;kommnr\n1000001;0301\n1000002;1201\n")
    small.write(
        "periods: {first: 2010, last: 2010}\nsources:\n  f: {files: i3.dta, id: lnr}\n  g: {files: i3.csv, "
        "id: lnr}\n",
        befolkning="select 2010 as periode, personid, '1' as statuskode, g.kommnr from f join g using (personid)",
    )
    small.run()
    assert small.rows("befolkning", 2010, "personid, kommnr") == [("1000001", "0301"), ("1000002", "1201")]
    assert small.record()["sources"][0]["dropped"] == {"without an id": 1}


def test_zeros_that_a_number_lost_are_asked_for(small: SmallImport) -> None:
    pd.DataFrame({"lnr": [7.0, 12.0]}).to_stata(small.extract / "f.dta", write_index=False)
    (small.extract / "g.csv").write_text("lnr;kommnr\n0007;0301\n0012;1201\n")
    query = "select 2010 as periode, personid, '1' as statuskode, g.kommnr from f join g using (personid)"
    sources = "periods: {first: 2010, last: 2010}\nsources:\n  f: {files: f.dta, id: lnr%s}\n  g: {files: g.csv, id: lnr}\n"
    small.write(sources % "", befolkning=query)
    with pytest.raises(ImportFaultError, match="write `id_width: 4` for f"):
        small.run()
    small.write(sources % ", id_width: 4", befolkning=query)
    small.run()
    assert len(small.rows("befolkning", 2010)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "lnr;aar;regstatus\n" + "P1;2010;1\n" * 1000 + "P2;2011;1;ny\n" * 29000,
            "the header has 3 columns, line 1,002 has 4 (30,000 rows of data in all)",
        ),
        ("lnr\nP1\nP2;x\n", "the header has 1 column, line 3 has 2 (2 rows of data in all)"),
        ('lnr;merknad\nP1;"gate 1; oppg. B\n' + "P2;x\n" * 499, "line 2: it cannot be read as text"),
    ],
)
def test_text_whose_rows_change_their_form_is_refused_whole(
    small: SmallImport, content: str, said: str
) -> None:
    (small.extract / "f.txt").write_text(content)
    assert said in refusal(small)


def test_a_line_end_within_a_value_is_refused_unless_it_is_stated(small: SmallImport) -> None:
    (small.extract / "f.csv").write_text('lnr;merknad\nP1;"one\nother"\nP2;x\n')
    assert "2 rows were read from 3 lines" in refusal(small)
    small.write(
        "periods: {first: 2010, last: 2010}\nsources:\n  f: {files: f.csv, id: lnr, lines_in_values: true}\n"
    )
    assert len(values(small, "null")) == 2


def test_an_encoding_is_stated_and_held_against_the_file(small: SmallImport) -> None:
    text = "lnr;fødeland\nP1;Færøyene\n"
    source = "periods: {{first: 2010, last: 2010}}\nsources:\n  f: {{files: f.txt, id: lnr, encoding: {}}}\n"
    (small.extract / "f.txt").write_bytes(text.encode("latin-1"))
    assert "line 1: the text is not UTF-8: write `encoding: latin-1`" in refusal(small)
    (small.extract / "f.txt").write_bytes(b"lnr;land\nP1;x\nP2;F\xe6r\n")
    assert "the text is not UTF-8: write `encoding: latin-1`" in refusal(small, "land")
    (small.extract / "f.txt").write_bytes(text.encode("utf-16"))
    assert "write `encoding: utf-16`" in refusal(small)
    small.write(source.format("utf-16"))
    assert values(small, "fødeland") == ["Færøyene"]
    (small.extract / "f.txt").write_bytes(text.encode("latin-1"))
    small.write(source.format("latin-1"))
    assert values(small, "fødeland") == ["Færøyene"]
    shutil.rmtree(small.out)
    (small.extract / "f.txt").write_bytes(text.encode("utf-8"))
    assert "is UTF-8, though source f says latin-1" in refusal(small)


@pytest.mark.parametrize(
    ("ending", "cut"),
    [
        ("dta", 0.5),
        ("dta", 0.95),
        ("sav", 0.5),
        ("sav", 0.95),
        ("sas7bdat", 0.3),
        ("sas7bdat", 0.9),
        ("xpt", 0.5),
        ("parquet", 0.5),
    ],
)
def test_a_truncated_file_is_refused(small: SmallImport, ending: str, cut: float) -> None:
    data = pd.DataFrame({"lnr": [f"P{number}" for number in range(5000)], "a": 1.0})
    target = small.extract / f"f.{ending}"
    if ending == "dta":
        pyreadstat.write_dta(data, str(target))
    elif ending == "sav":
        pyreadstat.write_sav(data, str(target))
    elif ending == "xpt":
        pyreadstat.write_xport(data, str(target), file_format_version=5)
    elif ending == "parquet":
        data.to_parquet(target)
    else:
        shutil.copy(FILES / "haven.sas7bdat", target)
    content = target.read_bytes()
    target.chmod(0o600)
    target.write_bytes(content[: int(len(content) * cut)])
    assert "truncated" in refusal(small)


def test_a_transport_file_that_ends_in_the_middle_of_a_row_or_holds_two_tables_is_refused(
    small: SmallImport,
) -> None:
    target = small.extract / "f.xpt"
    data = pd.DataFrame({"lnr": [f"P{number:06}" for number in range(99)], "a": 1.0})
    pyreadstat.write_xport(data, str(target), file_format_version=5)
    whole = target.read_bytes()
    assert len(values(small, "a")) == 99
    shutil.rmtree(small.out)
    target.write_bytes(whole[: len(whole) - 3 * 80])
    assert "truncated" in refusal(small)
    target.write_bytes(whole + whole[240:])
    assert "holds several tables of SAS" in refusal(small)


def test_a_parquet_file_that_is_damaged_within_is_refused(small: SmallImport) -> None:
    target = small.extract / "f.parquet"
    pd.DataFrame({"lnr": [f"P{number}" for number in range(5000)]}).to_parquet(target)
    whole = target.read_bytes()
    middle = len(whole) // 3
    target.write_bytes(whole[:middle] + b"\xff" * 2000 + whole[middle + 2000 :])
    assert "cannot be read as Parquet" in refusal(small)
