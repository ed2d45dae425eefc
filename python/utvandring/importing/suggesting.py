"""`utvandring import --suggest`: a first `sources.yml` from the headers of an extract."""

import json
import re
from collections import defaultdict
from pathlib import Path

from utvandring.importing.faults import shown
from utvandring.importing.finding import guessed_encoding
from utvandring.importing.headers import FileHeader
from utvandring.importing.recognising import headers, recognised

_ID = re.compile(
    r"^(?:.*_)?(?:lnr|lopenr|lopenr_person|personid|person_id|pnr|snr|koblingsnoekkel|unit_id|id|hid_e|shnro)(?:_[a-z0-9]+_?)?$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![0-9])(?:19[5-9][0-9]|20[0-4][0-9])(?![0-9])")
_YEAR_MONTH = re.compile(r"(?<=[a-z_])([0-9]{2})(0[1-9]|1[0-2])(?=\.[a-z0-9]+$)", re.IGNORECASE)
_COLUMN_YEAR = re.compile(r"(?<![0-9])(?:19[5-9][0-9]|20[0-4][0-9])$")


def suggested(extract: Path) -> str:
    """Return a first `sources.yml`: sources by the names of the files, ids by the names of the columns.

    Parameters
    ----------
    extract
        The folder with the files.
    """
    groups: dict[str, list[FileHeader]] = defaultdict(list)
    for header in headers(extract):
        groups[_pattern(header.path)].append(header)
    lines = [
        "# A first draft from the names of files and columns. Read each line: nothing of it is certain.",
        "# What each option means: docs/import.md.",
    ]
    for template, number in recognised(extract).items():
        lines.append(
            f"# {number} of the files look like the layout of `utvandring import --new {template} FOLDER`."
        )
    lines += [
        "",
        "periods: {first: 2009, last: 2015}  # the first and the last 1 January to write",
        "",
        "sources:",
    ]
    names: set[str] = set()
    for pattern, files in groups.items():
        lines += _source(pattern, files, names)
    return "\n".join(lines) + "\n"


def _pattern(path: str) -> str:
    """Return the pattern of a path: the last year in the name becomes {yyyy}, earlier ones {from}."""
    folder, _, name = path.rpartition("/")
    name = name.replace("{", "*").replace("}", "*")
    found = list(_YEAR.finditer(name))
    if len(found) == 1:
        name = f"{name[: found[0].start()]}{{yyyy}}{name[found[0].end() :]}"
        name = re.sub(r"_m(1[0-2]|[1-9])(?=\.)", "_m{m}", name)
    elif len(found) > 1:
        (one, other) = found[-2:]
        name = f"{name[: one.start()]}{{from}}{name[one.end() : other.start()]}{{to}}{name[other.end() :]}"
    else:
        name = _YEAR_MONTH.sub("{yy}{mm}", name)
    return f"{folder}/{name}" if folder else name


def _source(pattern: str, files: list[FileHeader], names: set[str]) -> list[str]:
    first = files[0]
    stem = re.sub(r"\{[a-z]+\}", "", pattern.rpartition("/")[2].rpartition(".")[0])
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:50] or "source"
    name = name if name[0].isalpha() else f"s_{name}"
    while name in names:
        name += "_2"
    names.add(name)
    columns = [column.name for column in first.columns]
    ids = [column for column in columns if _ID.fullmatch(column)]
    lines = [f"  {name}:", f"    files: {_quoted(pattern)}"]
    if len(files) > 1:
        lines[-1] += f"  # {len(files)} files"
    if first.form == "csv":
        lines.append(f"    separator: {_quoted(first.separator)}")
        encoding = guessed_encoding(first.location)
        if encoding != "utf-8":
            lines.append(f"    encoding: {encoding}")
    lines.append(f"    id: {_quoted(ids[0])}" if ids else "    # id: which column is the person's?")
    wide = sorted({_COLUMN_YEAR.sub("{yyyy}", column) for column in columns if _COLUMN_YEAR.search(column)})
    if wide:
        lines.append(f"    years: {_quoted(wide[0])}")
    for column in first.columns:
        if column.unknown_format:
            lines.append(
                f"    # {shown(column.name)} has the format {shown(column.format)}: `dates:` says what it "
                "counts"
            )
    told = ", ".join(shown(column) for column in columns[:30])
    lines.append(f"    # columns: {told}{' …' if len(columns) > 30 else ''}")
    return lines


def _quoted(text: str) -> str:
    """Return a text as YAML, whatever is in it."""
    return json.dumps(text, ensure_ascii=False)
