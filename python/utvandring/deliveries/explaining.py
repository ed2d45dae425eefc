"""What a refusal adds to a count: how the values are written, when a code is valid, which rows repeat others.

They give counts, codes and names of columns only, never a value of a person.
"""

from collections.abc import Sequence

import duckdb

from utvandring.common.sql import identifier, literal
from utvandring.deliveries.specification import Column, Register
from utvandring.deliveries.verdict import counted

_MONTHS = "jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|des"
_AS_DAYS = 'R: format(x, "%Y-%m-%d"); SAS: format=yymmdd10.; Excel: YYYY-MM-DD'
_DATES = (
    (r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}", f"written DD.MM.YYYY, wanted YYYY-MM-DD ({_AS_DAYS})"),
    (
        r"[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{2,4}",
        f"written as DD/MM/YYYY or so, wanted YYYY-MM-DD ({_AS_DAYS})",
    ),
    (r"[0-9]{4}[/.][0-9]{1,2}[/.][0-9]{1,2}", f"written YYYY/MM/DD, wanted YYYY-MM-DD ({_AS_DAYS})"),
    (r"[0-9]{8}", f"written YYYYMMDD, wanted YYYY-MM-DD ({_AS_DAYS})"),
    (
        rf"[0-9]{{1,2}}[ -]?({_MONTHS})[a-z]*[ -]?[0-9]{{2,4}}",
        f"written as 20MAY2012, wanted YYYY-MM-DD ({_AS_DAYS})",
    ),
    (
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ].+",
        "written with a time of day or a zone: deliver days alone, YYYY-MM-DD",
    ),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "written YYYY-MM-DD, but there is no such day"),
    (r"-?[0-9]{1,6}(\.0+)?", "written as numbers of days (Excel, SAS, Stata): deliver dates, YYYY-MM-DD"),
)
_NUMBERS = (
    (
        r"-?[0-9]+,[0-9]+",
        "written with a decimal comma, where the sign is a point (R: write.csv, not write.csv2)",
    ),
    (
        r"-?[0-9]{1,3}([ .,'’\x{00A0}\x{202F}][0-9]{3})+([.,][0-9]+)?",
        "written with a sign between thousands: leave it out",
    ),
    (
        r"-?[0-9.,]+e[-+]?[0-9]+",
        "written in scientific notation (R: options(scipen = 999); Excel: format as number)",
    ),
    (r"[−–].+", "written with a typographic minus: write '-'"),
    (r"\+.+", "written with a plus: leave it out"),
    (r"(kr|nok)? ?-?[0-9 .,]+ ?(kr|nok|,-)?\.?", "written with a currency or blanks: digits alone"),
    (r"0x.+", "written in hexadecimal digits: digits from 0 to 9 alone"),
)
_FORMS: dict[str, Sequence[tuple[str, str]]] = {
    "date": _DATES,
    "integer": _NUMBERS,
    "bigint": _NUMBERS,
    "double": _NUMBERS,
    "boolean": (
        (r"t|f|j|n|y|ja|nei|yes|no|sann|usann", "written as letters or words: true and false, or 1 and 0"),
    ),
}


def forms_of(
    connection: duckdb.DuckDBPyConnection, relation: str, text: str, data_type: str, condition: str
) -> str:
    """Say how values are written that cannot be read.

    Parameters
    ----------
    connection
        Where the relation can be read.
    relation
        SQL of the rows.
    text
        SQL of the delivered text.
    data_type
        The type that is wanted.
    condition
        SQL that is true for the rows at fault.

    Returns
    -------
    str
        Half a sentence for every form that is known, empty if none is.
    """
    forms = _FORMS.get(data_type, ())
    if not forms:
        return ""
    branches = " ".join(
        f"when regexp_full_match(lower(trim({text})), {literal(form)}) then {number}"
        for number, (form, _) in enumerate(forms)
    )
    found = connection.execute(
        f"select case {branches} end as form, count(*) as rows from {relation} where {condition} "
        "group by form having form is not null order by rows desc, form"
    ).fetchall()
    return "".join(f"; {counted(rows, 'row')} {forms[form][1]}" for form, rows in found)


def repetitions(
    connection: duckdb.DuckDBPyConnection, relation: str, register: Register, present: Sequence[Column]
) -> str:
    """Tell rows of one key that are the same from rows that contradict each other.

    Parameters
    ----------
    connection, relation
        As for :func:`forms_of`.
    register
        The register, with its key.
    present
        The columns that were delivered.

    Returns
    -------
    str
        Half a sentence with the columns in which rows of one key differ.
    """
    key = ", ".join(map(identifier, register.key))
    others = [column.name for column in present if column.name not in register.key]
    known = " and ".join(f"{identifier(name)} is not null" for name in register.key)
    differs = [
        f"count(distinct {identifier(name)}) + cast(count(*) > count({identifier(name)}) "
        f"and count({identifier(name)}) > 0 as integer) > 1"
        for name in others
    ]
    flags = "".join(
        f", {flag} as {identifier(f'differs {name}')}" for flag, name in zip(differs, others, strict=True)
    )
    contradict = " or ".join(identifier(f"differs {name}") for name in others) or "false"
    sums = "".join(f", count(*) filter (where {identifier(f'differs {name}')})" for name in others)
    row = connection.execute(
        f"select coalesce(sum(rows) filter (where not ({contradict})), 0), "
        f"count(*) filter (where not ({contradict})), "
        f"coalesce(sum(rows) filter (where {contradict}), 0), count(*) filter (where {contradict}){sums} "
        f"from (select count(*) as rows{flags} from {relation} "
        f"where {known} group by {key} having count(*) > 1)"
    ).fetchall()[0]
    exact_rows, exact_keys, other_rows, other_keys, *by_column = row
    said = ""
    if exact_rows:
        said += (
            f"; {counted(int(exact_rows), 'row')} of {counted(exact_keys, 'key')} are the same in every "
            "column: leave one of each"
        )
    if other_rows:
        columns = ", ".join(
            f"{name} {number:,}" for name, number in zip(others, by_column, strict=True) if number
        )
        said += (
            f"; {counted(int(other_rows), 'row')} of {counted(other_keys, 'key')} contradict each other "
            f"({columns}): the register owner must say which row holds"
        )
    return said


def years_of(connection: duckdb.DuckDBPyConnection, relation: str, date: str, condition: str) -> str:
    """Say in which years dates at fault lie; at most five.

    Parameters
    ----------
    connection, relation, condition
        As for :func:`forms_of`.
    date
        SQL of the date.

    Returns
    -------
    str
        The end of a sentence.
    """
    rows = connection.execute(
        f"select year({date}) as year, count(*) as rows from {relation} where {condition} "
        "group by year order by rows desc, year limit 6"
    ).fetchall()
    shown = [f"{year} ({counted(number, 'row')})" for year, number in rows[:5]]
    return f": in {', '.join(shown)}{' and others' if len(rows) > 5 else ''}" if shown else ""


def validity(connection: duckdb.DuckDBPyConnection, column: Column, codes: Sequence[str]) -> str:
    """Say when codes are valid that are not valid in the year of the file.

    Parameters
    ----------
    connection
        With the code lists loaded.
    column
        The column, with a code list that has `valid_from` and `valid_to`.
    codes
        The codes, as messages show them.

    Returns
    -------
    str
        Half a sentence, empty if the code list has no validity, or none of the codes.
    """
    code_list = column.code_list
    if code_list is None or code_list.where is None or not codes:
        return ""
    code = identifier(code_list.column)
    rows = connection.execute(
        f"select {code}, min(coalesce(valid_from, '')), max(coalesce(valid_to, '9999')) "
        f"from {identifier(f'seed_{code_list.seed}')} where {code} in ({', '.join(map(literal, codes))}) "
        f"group by {code} order by {code}"
    ).fetchall()
    said = []
    for name, first, end in rows:
        # Valid on the first of January of a year; the end is the first day on which a code no longer is.
        begins = f"from {int(first[:4]) + (first[5:] > '01-01')}" if first else ""
        ends = f"until {int(end[:4]) - (end[5:] <= '01-01')}" if end != "9999" else ""
        said.append(f"{name} is a code {' '.join(filter(None, (begins, ends)))}")
    return f"; {', '.join(said)}" if said else ""
