"""`delivery.json`: hostile until shown otherwise."""

import datetime
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from utvandring.deliveries.announcing import Announcement, is_printable, read_announced
from utvandring.deliveries.specification import Specification
from utvandring.deliveries.verdict import Finding, Level

MANIFEST = "delivery.json"
MAXIMUM_BYTES = 16 << 20
FIRST_PERIOD = 1900

_DELIVERY_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_FILE_NAME = re.compile(
    r"(?P<register>[a-z]+)_p(?P<period>[0-9]{4})_v(?P<version>[1-9][0-9]{0,5})\.(?:parquet|csv)"
)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class DeliveredFile:
    """One file as the manifest describes it; `location` is the file itself, inside the delivery."""

    register: str
    period: int
    version: int
    path: str
    location: Path
    rows: int
    sha256: str

    @property
    def key(self) -> tuple[str, int, int]:
        """Register, period and version."""
        return self.register, self.period, self.version


@dataclass(frozen=True)
class Manifest:
    """A well-formed `delivery.json`: the files whose description holds, and what is wrong with the others.

    `imported` holds what an import chose (`choices`), how many events it inferred (`inferred_events`) and
    what it lacks (`lacks`); it is empty for any other delivery. `announced` are the changes that the sender
    knows of.
    """

    delivery_id: str
    produced_at: datetime.date
    is_simulated: bool
    imported: dict[str, Any]
    files: tuple[DeliveredFile, ...]
    findings: tuple[Finding, ...]
    announced: tuple[Announcement, ...] = ()


class ManifestError(Exception):
    """The manifest cannot be used at all; carries the findings, and the delivery_id where it was readable."""

    def __init__(self, findings: Iterable[Finding], delivery_id: str | None = None) -> None:
        self.findings = tuple(findings)
        self.delivery_id = delivery_id
        super().__init__("; ".join(finding.sentence() for finding in self.findings))


def read_manifest(folder: Path, specification: Specification, today: datetime.date) -> Manifest:
    """Read and check the manifest of a delivery, without opening the files it names.

    Parameters
    ----------
    folder
        The delivery.
    specification
        The registers that exist.
    today
        No period lies later than the year after this day.

    Returns
    -------
    Manifest
        With every finding about the description of the files.

    Raises
    ------
    ManifestError
        If it is not JSON, or lacks what every delivery must have.
    """
    document = _read_json(folder / MANIFEST)
    problems: list[Finding] = []
    delivery_id = _delivery_id(document, problems)
    produced_at = _produced_at(document, problems)
    is_simulated = _is_simulated(document, problems)
    imported = _imported(document, problems)
    announced, faults = read_announced(
        document.get("announced", []), specification, lambda period: _period(period, today)
    )
    problems.extend(map(_structure, faults))
    entries = document.get("files")
    if not isinstance(entries, list) or not entries:
        problems.append(_structure("'files' must be a list of at least one file."))
    if problems or delivery_id is None or produced_at is None or not isinstance(entries, list):
        raise ManifestError(problems, delivery_id)

    files = []
    for number, entry in enumerate(entries, start=1):
        file = _file(entry, number, folder, specification, today, problems)
        if file is not None:
            files.append(file)
    problems.extend(_repetitions(files))
    problems.extend(_not_listed(folder, files))
    if produced_at > today + datetime.timedelta(days=1):
        text = f"'produced_at' ({produced_at}) lies in the future."
        problems.append(Finding("manifest", text, file=MANIFEST, level=Level.WARN))
    return Manifest(
        delivery_id, produced_at, is_simulated, imported, tuple(files), tuple(problems), announced
    )


def _structure(text: str) -> Finding:
    return Finding("manifest", text, file=MANIFEST)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file() or path.is_symlink():
        raise ManifestError([_structure("the folder holds no such file, so it is not a delivery.")])
    if path.stat().st_size > MAXIMUM_BYTES:
        raise ManifestError([_structure(f"it is larger than {MAXIMUM_BYTES >> 20} MiB.")])
    try:
        document = json.loads(
            path.read_bytes().decode("utf-8-sig"),
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError as error:
        raise ManifestError([_structure("it is not UTF-8.")]) from error
    except json.JSONDecodeError as error:
        raise ManifestError(
            [_structure(f"it is not JSON (line {error.lineno}, column {error.colno}).")]
        ) from error
    except RecursionError as error:
        raise ManifestError([_structure("it is nested too deeply.")]) from error
    except ValueError as error:
        raise ManifestError([_structure("it repeats a key, or holds a number that is not JSON.")]) from error
    if not isinstance(document, dict):
        raise ManifestError([_structure("it must be an object with delivery_id, produced_at and files.")])
    return document


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError("repeated key")
    return keys


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _delivery_id(document: dict[str, Any], problems: list[Finding]) -> str | None:
    value = document.get("delivery_id")
    if isinstance(value, str) and _DELIVERY_ID.fullmatch(value):
        return value
    problems.append(
        _structure(
            "'delivery_id' must be a text of at most 64 letters, digits, '-', '_' and '.', "
            "beginning with a letter or digit and not ending with '.'."
        )
    )
    return None


def _produced_at(document: dict[str, Any], problems: list[Finding]) -> datetime.date | None:
    value = document.get("produced_at")
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value).date()
        except ValueError:
            pass
    problems.append(_structure("'produced_at' must be a date as text, YYYY-MM-DD."))
    return None


def _is_simulated(document: dict[str, Any], problems: list[Finding]) -> bool:
    """Tell whether the delivery says that it is simulated; whatever is built from it says so too."""
    value = document.get("simulated", False)
    if isinstance(value, bool):
        return value
    problems.append(_structure("'simulated' must be true or false."))
    return False


def _imported(document: dict[str, Any], problems: list[Finding]) -> dict[str, Any]:
    """Return what an import says of itself; short texts and a number, whatever was written there."""
    value = document.get("imported", {})
    choices = value.get("choices", {}) if isinstance(value, dict) else None
    events = value.get("inferred_events", 0) if isinstance(value, dict) else None
    lacks = value.get("lacks", []) if isinstance(value, dict) else None
    texts = (
        [*choices, *choices.values(), *lacks]
        if isinstance(choices, dict) and isinstance(lacks, list)
        else [None]
    )
    if _whole_number(events, 0) is None or not all(_is_short(text) for text in texts) or len(texts) > 1000:
        problems.append(
            _structure(
                "'imported' must hold choices (short texts), inferred_events (a number) and lacks (a list)."
            )
        )
        return {}
    return {"choices": choices, "inferred_events": events, "lacks": lacks} if value else {}


def _is_short(text: Any) -> bool:
    return is_printable(text, 400)


def _file(
    entry: Any,
    number: int,
    folder: Path,
    specification: Specification,
    today: datetime.date,
    problems: list[Finding],
) -> DeliveredFile | None:
    """Check one entry of `files`; None, with at least one more problem, if it cannot be followed further."""
    label = f"entry {number} of 'files'"
    if not isinstance(entry, dict):
        problems.append(_structure(f"{label} must be an object."))
        return None
    faults: list[str] = []
    path = entry.get("path")
    if not isinstance(path, str) or not path or not path.isprintable():
        problems.append(_structure(f"{label}: 'path' must be the name of a file in the delivery."))
        return None
    register = entry.get("register")
    if not isinstance(register, str) or register not in specification.registers:
        faults.append(f"'register' must be one of {', '.join(specification.registers)}.")
    period = _period(entry.get("period"), today)
    if period is None:
        faults.append(f"'period' must be a year from {FIRST_PERIOD} to {today.year + 1}, as text.")
    version = _whole_number(entry.get("version"), 1)
    if version is None:
        faults.append("'version' must be a whole number from 1 up.")
    rows = _whole_number(entry.get("rows"), 0)
    if rows is None:
        faults.append("'rows' must be a whole number, not negative.")
    sha256 = entry.get("sha256")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        faults.append("'sha256' must be 64 hexadecimal digits.")
    shown = path if len(path) <= 120 else f"{path[:117]}..."
    location, place_fault = _location(folder, path)
    if place_fault is not None:
        problems.append(Finding("path", place_fault, file=shown))
    elif not faults:
        name = PurePosixPath(path).name
        match = _FILE_NAME.fullmatch(name)
        if match is None:
            faults.append("the name must be <register>_p<period>_v<version>.parquet or .csv.")
        elif (match["register"], int(match["period"]), int(match["version"])) != (register, period, version):
            faults.append("the name and the register, period and version of delivery.json do not agree.")
    problems.extend(Finding("manifest", fault, file=shown) for fault in faults)
    if faults or location is None or not isinstance(register, str) or not isinstance(sha256, str):
        return None
    if period is None or version is None or rows is None:
        return None
    return DeliveredFile(register, period, version, path, location, rows, sha256.lower())


def _period(value: Any, today: datetime.date) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}", value):
        value = int(value)
    year = _whole_number(value, FIRST_PERIOD)
    return year if year is not None and year <= today.year + 1 else None


def _whole_number(value: Any, minimum: int) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and minimum <= value < 2**53:
        return value
    return None


def _location(folder: Path, path: str) -> tuple[Path | None, str | None]:
    """Return the file that a path of the manifest leads to, or what forbids it."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or "\\" in path or ":" in path or ".." in parts or not parts:
        return None, "the path must stay inside the delivery: no absolute path, no '..', no drive."
    candidate = folder.joinpath(*parts)
    try:
        location = candidate.resolve(strict=True)
    except FileNotFoundError:
        return None, "the file is missing from the delivery."
    except (OSError, RuntimeError):
        return None, "the path cannot be followed."
    if not location.is_relative_to(folder.resolve()):
        return None, "the path leads out of the delivery through a link."
    if location.is_dir() and any(location.glob("*part*")):
        return (
            None,
            "it is a folder of part files: write one file (Spark: coalesce(1)); it is not an ordinary file.",
        )
    if not location.is_file():
        return None, "it is not an ordinary file."
    return location, None


def _repetitions(files: list[DeliveredFile]) -> list[Finding]:
    findings = []
    keys = Counter(file.key for file in files)
    for (register, period, version), times in keys.items():
        if times > 1:
            text = f"{register} {period} version {version} is listed {times} times."
            findings.append(Finding("manifest", text, file=MANIFEST, count=times))
    return findings


def _not_listed(folder: Path, files: list[DeliveredFile]) -> list[Finding]:
    listed = {file.location for file in files}
    return [
        Finding(
            "unlisted",
            "it is in the folder but not in delivery.json, and is not read.",
            file.name,
            level=Level.WARN,
        )
        for file in sorted(folder.iterdir())
        if _FILE_NAME.fullmatch(file.name) and file.resolve() not in listed
    ]
