"""Which known layout an extract looks like, by the names of its columns."""

import re
from collections import Counter
from pathlib import Path

from utvandring.common.errors import UtvandringError
from utvandring.common.files import read_yaml
from utvandring.importing.finding import first_header
from utvandring.importing.folder import SOURCES
from utvandring.importing.headers import FileHeader
from utvandring.importing.patterns import walk

TEMPLATES = Path(__file__).parent / "templates"


def recognised(extract: Path) -> dict[str, int]:
    """Return the templates whose columns the files of a folder have, with the number of files."""
    signs = {
        folder.name: [
            re.compile(sign, re.IGNORECASE) for sign in read_yaml(folder / SOURCES).get("recognised_by", ())
        ]
        for folder in sorted(TEMPLATES.iterdir())
        if (folder / SOURCES).is_file()
    }
    found: Counter[str] = Counter()
    for header in headers(extract):
        for template, patterns in signs.items():
            if any(pattern.search(column.name) for pattern in patterns for column in header.columns):
                found[template] += 1
    return dict(found)


def headers(extract: Path) -> list[FileHeader]:
    """Return the headers of all files that can be read as one of the formats, whatever their encoding."""
    found = []
    for path, location in walk(extract):
        try:
            found.append(first_header(path, location))
        except UtvandringError:
            continue
    return found
