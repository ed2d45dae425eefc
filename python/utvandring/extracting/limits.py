"""What the kinds of files cannot hold: refused before a byte is written, or told; never lost in silence."""

import re
from collections.abc import Sequence
from enum import StrEnum

from utvandring.extracting.columns import Column, Kind


class Format(StrEnum):
    """Kinds of files."""

    DTA = "dta"
    SAV = "sav"
    PARQUET = "parquet"
    CSV = "csv"
    RDS = "rds"


PACKAGES = {Format.DTA: "Stata", Format.SAV: "SPSS", Format.RDS: "R"}

# Whole numbers that Stata's `long` and R's integer hold beside their missing values.
STATA_LONG = (-2_147_483_647, 2_147_483_620)
R_INTEGER = (-2_147_483_647, 2_147_483_647)
# Doubles above it are missing values in Stata.
_STATA_DOUBLE = 8.988465674311579e307
# Longer texts are kept elsewhere in Stata's file, which only some readers follow; SPSS has none.
_TEXT_BYTES = {Format.DTA: 2_044, Format.SAV: 32_767}
_NAME_LETTERS = {Format.DTA: 32, Format.SAV: 64}
_COLUMNS = {Format.DTA: 32_767}
_ROWS = 2_147_483_647
# Letters of labels in Stata; in SPSS bytes of those of columns and of codes, and of codes that have names.
_LABEL_LETTERS = 80
_LABEL_BYTES = 255
_LABEL_OF_CODE_BYTES = 120
_CODE_BYTES = 8

_RESERVED = {
    Format.DTA: {
        *("_all", "_b", "byte", "_coef", "_cons", "double", "float", "if", "in", "int", "long", "_n", "_pi"),
        *("_pred", "_rc", "_skip", "str", "strl", "using", "with"),
    },
    Format.SAV: {"all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"},
}


def refusals(form: Format, columns: Sequence[Column]) -> list[str]:
    """Say which columns a kind of file cannot hold, and why.

    Parameters
    ----------
    form
        The kind of file.
    columns
        Those asked for, measured.
    """
    if form is Format.PARQUET:
        return []
    if form is Format.CSV:
        return [_cannot_be(column, "text") for column in columns if column.kind is Kind.OTHER]
    found = []
    package = PACKAGES[form]
    if columns[0].rows > _ROWS or len(columns) > _COLUMNS.get(form, len(columns)):
        found.append(f"{package} holds {_ROWS:,} rows and {_COLUMNS.get(form, _ROWS):,} columns at most")
    for column in columns:
        unfit = column.unfit_n
        if column.kind is Kind.OTHER:
            found.append(_cannot_be(column, f"a column of {package}"))
        elif column.kind is Kind.TEXT:
            most = _TEXT_BYTES.get(form)
            if most is not None and column.bytes_n > most:
                found.append(
                    f"{column.name} has texts of up to {column.bytes_n:,} bytes, {package} holds {most:,}"
                )
            if unfit:
                found.append(
                    f"{column.name} has {unfit:,} texts with the letter 0, which ends a text in {package}"
                )
        elif column.kind is Kind.WHOLE and unfit:
            found.append(
                f"{column.name} has {unfit:,} whole numbers beyond 2^53, which {package} would round: cast "
                "them to text in a table of your own"
            )
        elif column.kind is Kind.NUMBER and column.type.startswith("DECIMAL") and unfit:
            found.append(f"{column.name} has {unfit:,} decimals that {package} would round")
        elif column.kind is Kind.MOMENT and unfit:
            found.append(f"{column.name} has {unfit:,} times without end, or finer than a millisecond")
        elif column.kind is Kind.DATE and unfit:
            found.append(f"{column.name} has {unfit:,} dates without end")
        elif column.kind is Kind.NUMBER and form is not Format.RDS:
            if unfit:
                found.append(f"{column.name} has {unfit:,} values that are infinite or no number (NaN)")
            elif form is Format.DTA and not column.fits(-_STATA_DOUBLE, _STATA_DOUBLE):
                found.append(f"{column.name} has numbers above 8.98e307, which are missing values in Stata")
    return found


def _cannot_be(column: Column, what: str) -> str:
    return f"{column.name} is {column.type.lower()}, which cannot be {what}"


def notes(form: Format, columns: Sequence[Column]) -> list[str]:
    """Say what is another thing in a kind of file than in the database, with counts.

    Parameters
    ----------
    form
        The kind of file.
    columns
        Those asked for, measured and not refused.
    """
    if form not in (Format.DTA, Format.SAV):
        return []
    said, package = [], PACKAGES[form]
    texts = [column for column in columns if column.kind is Kind.TEXT]
    empty = [column for column in texts if column.nulls_n]
    if empty:
        values = sum(column.nulls_n for column in empty)
        said.append(f"{package} has no NULL in text: {values:,} of {len(empty)} columns are empty texts.")
    for column in empty:
        if column.empty_n:
            said.append(f"{column.name}: {column.empty_n:,} texts were empty before, beside the NULLs.")
    if form is Format.SAV:
        for column in texts:
            if column.ends_in_space_n:
                said.append(
                    f"{column.name}: {column.ends_in_space_n:,} texts end in a space, which SPSS drops."
                )
    return said


def names_in(form: Format, columns: Sequence[Column]) -> dict[str, str]:
    """Return the name of every column in a kind of file, no two of them equal.

    Parameters
    ----------
    form
        The kind of file.
    columns
        Those asked for, in order. Names that the file cannot have are shortened and their signs replaced.
    """
    letters = _NAME_LETTERS.get(form)
    if letters is None:
        return {column.name: column.name for column in columns}
    given: dict[str, str] = {}
    # Names that fit stay; others give way to them.
    for column in sorted(columns, key=lambda column: _named(form, column.name) != column.name):
        name = whole = _named(form, column.name)
        number = 1
        while name.lower() in {other.lower() for other in given.values()}:
            number += 1
            name = f"{whole[: letters - len(str(number)) - 1]}_{number}"
        given[column.name] = name
    return {column.name: given[column.name] for column in columns}


def _named(form: Format, name: str) -> str:
    plain = re.sub("[^A-Za-z0-9_]", "_", name)
    if not re.match("[A-Za-z]" if form is Format.SAV else "[A-Za-z_]", plain):
        plain = f"v{plain}"
    if plain.lower() in _RESERVED[form] or re.fullmatch("str[0-9]+", plain):
        plain = f"{plain}_"
    return plain[: _NAME_LETTERS[form]]


def label_in(form: Format, label: str, *, of_code: bool = False) -> str:
    """Return a label as a kind of file holds it: shortened at a letter, with an ellipsis.

    Parameters
    ----------
    form
        The kind of file.
    label
        Of a column or a code.
    of_code
        Which of the two.
    """

    def fits(text: str) -> bool:
        if form is Format.DTA:
            return len(text) <= _LABEL_LETTERS
        most = _LABEL_OF_CODE_BYTES if of_code else _LABEL_BYTES
        return form is not Format.SAV or len(text.encode()) <= most

    if fits(label):
        return label
    short = label
    while not fits(f"{short.rstrip()}…"):
        short = short[:-1]
    return f"{short.rstrip()}…"


def has_labels(form: Format, column: Column) -> bool:
    """Say whether a kind of file can hold the names of a column's codes beside them."""
    if not column.labels:
        return False
    if column.kind is not Kind.TEXT:
        return form in PACKAGES
    return form is Format.RDS or (form is Format.SAV and column.bytes_n <= _CODE_BYTES)
