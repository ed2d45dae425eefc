"""What a file is that is not what its name says, and what to do about it, in the words of what wrote it."""

from pathlib import Path

_AS_CSV = "save it as CSV, UTF-8, and deliver that"
_UNPACK = "unpack it and deliver the file inside, with its own checksum and number of rows"
_DECRYPT = "decrypt it, with the key of the agreement, and deliver the file inside"
_CONVERT = "write it as Parquet or as CSV in UTF-8, and deliver that"

# How a file begins, what it is, and what to do.
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "compressed by gzip (as R writes .rds and .csv.gz)", _UNPACK),
    (b"PK\x03\x04", "a zip archive or an Excel workbook", f"{_UNPACK}; from Excel, {_AS_CSV}"),
    (b"BZh", "compressed by bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed by xz", _UNPACK),
    (b"(\xb5/\xfd", "compressed by zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel file, or one that is protected by a password",
        f"open it and {_AS_CSV}",
    ),
    (b"PARE", "Parquet with an encrypted footer", "write it without encryption, inside the zone"),
    (b"Salted__", "encrypted by OpenSSL", _DECRYPT),
    (b"-----BEGIN PGP", "encrypted by PGP", _DECRYPT),
    (b"\x85\x01", "encrypted by PGP", _DECRYPT),
    (b"\x85\x02", "encrypted by PGP", _DECRYPT),
    (b"\x84\x5e", "encrypted by PGP", _DECRYPT),
    (b"age-encryption.org", "encrypted by age", _DECRYPT),
    (b"-----BEGIN AGE", "encrypted by age", _DECRYPT),
    (b"$FL2", "an SPSS file", _CONVERT),
    (b"$FL3", "an SPSS file", _CONVERT),
    (b"<stata_dta>", "a Stata file", _CONVERT),
    (b"HEADER RECORD*******", "a SAS transport file", _CONVERT),
    (b"RDX", "an R data file", f"{_CONVERT} (arrow::write_parquet)"),
    (b"RDA", "an R data file", f"{_CONVERT} (arrow::write_parquet)"),
    (b"ARROW1", "an Arrow (Feather) file", "write it as Parquet"),
    (b"SQLite format 3", "an SQLite database", _CONVERT),
    (b"%PDF", "a PDF", "ask the register owner for the file itself"),
    (b"<!DOCTYPE", "a web page, such as that of a login", "download the file again"),
    (b"<html", "a web page, such as that of a login", "download the file again"),
    (b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself: git lfs pull"),
)
_SAS = b"\xc2\xea\x81\x60"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 4096


def told_by_content(location: Path) -> str | None:
    """Return what a file is and what to do, if it is neither Parquet nor CSV in UTF-8.

    Parameters
    ----------
    location
        The file.

    Returns
    -------
    str or None
        Half a sentence; None if its beginning is no known one of another format.
    """
    with location.open("rb") as file:
        head = file.read(_LOOKED_AT)
    for beginning, what, remedy in _BEGINNINGS:
        if head.startswith(beginning):
            return f"it is {what}: {remedy}"
    if head[12:16] == _SAS:
        return f"it is a SAS data set: {_CONVERT}"
    if head.startswith(_UTF_16):
        return 'it is text in UTF-16 (Excel: "Unicode text"), not UTF-8: save it as CSV UTF-8'
    if head and not any(head):
        return "it begins with zeros alone: it was not copied to its end; copy it again"
    return None


def is_parquet(location: Path) -> bool:
    """Tell whether a file begins as Parquet does."""
    with location.open("rb") as file:
        return file.read(4) == b"PAR1"


def is_text(location: Path) -> bool:
    """Tell whether a file begins with text."""
    with location.open("rb") as file:
        head = file.read(_LOOKED_AT)
    return bool(head) and all(byte >= 32 or byte in b"\t\r\n" for byte in head)
