"""`utvandring import --suggest`: a first `sources.yml` from the headers of an extract."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from utvandring.importing.faults import NoNamesError, shown
from utvandring.importing.finding import guessed_encoding
from utvandring.importing.headers import FileHeader
from utvandring.importing.recognising import headers, recognised

_ID = re.compile(
    r"^(?:.*_)?(?:lnr|lopenr|lopenr_person|personid|person_id|pnr|snr|koblingsnoekkel|løpenr|unit_id|id|hid_e|shnro)(?:_[a-z0-9]+_?)?$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![0-9])(?:19[5-9][0-9]|20[0-4][0-9])(?![0-9])")
_YEAR_MONTH = re.compile(r"(?<=[a-z_])([0-9]{2})(0[1-9]|1[0-2])(?=\.[a-z0-9]+$)", re.IGNORECASE)
_LAST_NUMBER = re.compile(r"[0-9]{1,3}(?=\.[a-z0-9]+$)", re.IGNORECASE)
_COLUMN_YEAR = re.compile(r"(?<![0-9])(?:19[5-9][0-9]|20[0-4][0-9])$")


def suggested(extract: Path) -> str:
    """Return a first `sources.yml`: sources by the names of the files, ids by the names of the columns.

    Parameters
    ----------
    extract
        The folder with the files.
    """
    groups: dict[str, list[FileHeader]] = defaultdict(list)
    found, unread = headers(extract)
    paths = [*(header.path for header in found), *unread]
    parts = _parts(map(_pattern, paths))
    patterns = {path: parts.get(_pattern(path), _pattern(path)) for path in paths}
    for header in found:
        groups[patterns[header.path]].append(header)
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
    nameless: dict[str, tuple[NoNamesError, str]] = {}
    for path, error in unread.items():
        if isinstance(error, NoNamesError):
            nameless.setdefault(patterns[path], (error, guessed_encoding(extract / path)))
    for pattern, (without, encoding) in nameless.items():
        lines += _source_without_names(pattern, without, encoding, names)
    for path, error in unread.items():
        if not isinstance(error, NoNamesError):
            lines.append(f"  # not read: {shown(path)}: {error}")
    return "\n".join(lines) + "\n"


def _pattern(path: str) -> str:
    """Return the pattern of a path: the last year in the name becomes {yyyy}, earlier ones {from}."""
    folder, _, name = path.rpartition("/")
    folder = folder.replace("{", "*").replace("}", "*")
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
    if not found:
        folder = re.sub(rf"(?:^|(?<=/)){_YEAR.pattern}(?=/|$)", "{yyyy}", folder, count=1)
    return f"{folder}/{name}" if folder else name


def _parts(patterns: Iterable[str]) -> dict[str, str]:
    """Return, for patterns in year folders that differ in a last number only, the one with {part}."""
    alike: dict[str, set[str]] = defaultdict(set)
    for pattern in patterns:
        if "{yyyy}/" in pattern and (end := _LAST_NUMBER.search(pattern)):
            alike[f"{pattern[: end.start()]}{{part}}{pattern[end.end() :]}"].add(pattern)
    return {one: together for together, several in alike.items() if len(several) > 1 for one in several}


def _name(pattern: str, names: set[str]) -> str:
    """Return a name for a source, of the pattern of its files, that no other has."""
    stem = re.sub(r"\{[a-z]+\}", "", pattern.rpartition("/")[2].rpartition(".")[0])
    plain = stem.lower().replace("æ", "ae").replace("ø", "o").replace("å", "a")
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50] or "source"
    name = name if name[0].isalpha() else f"s_{name}"
    while name in names:
        name += "_2"
    names.add(name)
    return name


def _source_without_names(pattern: str, error: NoNamesError, encoding: str, names: set[str]) -> list[str]:
    columns = ", ".join(f"column_{place}" for place in range(1, error.fields + 1))
    return [
        f"  {_name(pattern, names)}:",
        f"    files: {_quoted(pattern)}",
        f"    separator: {_quoted(error.separator)}",
        *([f"    encoding: {encoding}"] if encoding != "utf-8" else []),
        f"    columns: [{columns}]  # the first line holds values: give each its name",
        "    # id: which column is the person's?",
    ]


def _source(pattern: str, files: list[FileHeader], names: set[str]) -> list[str]:
    first, name = files[0], _name(pattern, names)
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
