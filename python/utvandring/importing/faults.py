"""What stops an import: one sentence with the file, the column, the number and the next step."""

from utvandring.common.errors import UsageError, UtvandringError

_LONGEST_NAME = 60
_LONGEST_PATH = 160


class ImportFaultError(UtvandringError):
    """The extract cannot be imported as `sources.yml` and the queries say."""


class FolderError(UsageError):
    """The folder of the import says something that cannot be understood."""


def shown_path(path: str) -> str:
    """Return the path of a file of the extract so that it can be printed; the end of a long one."""
    text = "".join(letter if letter.isprintable() else "?" for letter in path)
    return text if len(text) <= _LONGEST_PATH else f"…{text[-_LONGEST_PATH:]}"


def shown(name: str) -> str:
    """Return a name that came with the data as it can be printed: short, without signs that are not seen."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name)
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
