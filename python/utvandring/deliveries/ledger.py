"""The ledger: every delivery that was judged, in order of arrival."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.files import write_json
from utvandring.common.project import DataRoot
from utvandring.deliveries.verdict import Finding

FORMAT = 1
WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class AcceptedFile:
    """A file as it was stored; `path` is relative to the folder of the ledger.

    `persons` and `counts` (rows by code, per column) are what later deliveries are held against; `unknown`
    tells how many values became unknown by each waiver.
    """

    register: str
    period: int
    version: int
    delivered_path: str
    sha256: str
    path: str
    stored_sha256: str
    rows: int
    missing_columns: tuple[str, ...]
    persons: int | None = None
    counts: dict[str, dict[str, int]] = field(default_factory=dict, hash=False)
    unknown: dict[str, int] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> tuple[str, int, int]:
        """Register, period and version."""
        return self.register, self.period, self.version

    def as_json(self) -> dict[str, Any]:
        """Return the file as the ledger holds it."""
        return {**self.__dict__, "missing_columns": list(self.missing_columns)}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "AcceptedFile":
        """Read a file of the ledger; keys of later versions of the program are passed over."""
        known = {name: entry[name] for name in cls.__dataclass_fields__ if name in entry}
        return cls(**{**known, "missing_columns": tuple(known["missing_columns"])})


@dataclass(frozen=True)
class Delivery:
    """One judged delivery.

    `files` are those that it brought; `repeated_files` (register, period, version, sha256) had been accepted
    before with the same content and were not stored again. `findings` are everything that was found, of every
    level; `waivers` (check, reason, values) what a data steward accepted all the same; `imported` what an
    import chose, inferred and lacks (choices, inferred_events, lacks); `announced` the changes of which the
    sender knows (register, period, column, codes, reason). An entry of verdict
    `withdrawn` is no delivery but the end of one: it has its id, and `withdraws` the paths of the files that
    count no more.
    """

    delivery_id: str
    produced_at: str | None
    received_at: str
    verdict: str
    program_version: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    files: tuple[AcceptedFile, ...] = ()
    repeated_files: tuple[dict[str, Any], ...] = ()
    report: str | None = None
    simulated: bool = False
    findings: tuple[Finding, ...] = ()
    waivers: tuple[dict[str, Any], ...] = ()
    withdraws: tuple[str, ...] = ()
    imported: dict[str, Any] = field(default_factory=dict, hash=False)
    announced: tuple[dict[str, Any], ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether the warehouse may read its files, unless it was withdrawn since."""
        return self.verdict == "accepted"

    @property
    def is_withdrawal(self) -> bool:
        """Whether it is the end of an earlier delivery."""
        return self.verdict == WITHDRAWN

    def as_json(self) -> dict[str, Any]:
        """Return the delivery as the ledger holds it."""
        return {
            "delivery_id": self.delivery_id,
            "produced_at": self.produced_at,
            "received_at": self.received_at,
            "verdict": self.verdict,
            "program_version": self.program_version,
            "reasons": list(self.reasons),
            "warnings": list(self.warnings),
            "report": self.report,
            "simulated": self.simulated,
            "imported": self.imported,
            "announced": list(self.announced),
            "withdraws": list(self.withdraws),
            "waivers": list(self.waivers),
            "findings": [finding.as_json() for finding in self.findings],
            "files": [file.as_json() for file in self.files],
            "repeated_files": list(self.repeated_files),
        }

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Delivery":
        """Read a delivery of the ledger."""
        return cls(
            delivery_id=entry["delivery_id"],
            produced_at=entry["produced_at"],
            received_at=entry["received_at"],
            verdict=entry["verdict"],
            program_version=entry["program_version"],
            reasons=tuple(entry["reasons"]),
            warnings=tuple(entry.get("warnings", ())),
            files=tuple(AcceptedFile.from_json(file) for file in entry["files"]),
            repeated_files=tuple(entry.get("repeated_files", ())),
            report=entry.get("report"),
            simulated=entry.get("simulated", False),
            findings=tuple(Finding.from_json(finding) for finding in entry.get("findings", ())),
            waivers=tuple(entry.get("waivers", ())),
            withdraws=tuple(entry.get("withdraws", ())),
            imported=entry.get("imported", {}),
            announced=tuple(entry.get("announced", ())),
        )


@dataclass(frozen=True)
class Ledger:
    """All deliveries, in order of arrival."""

    deliveries: tuple[Delivery, ...] = ()

    @property
    def accepted(self) -> tuple[Delivery, ...]:
        """The deliveries that count: accepted, and not withdrawn since."""
        return tuple(
            delivery
            for place, delivery in enumerate(self.deliveries)
            if delivery.is_accepted
            and not any(
                later.is_withdrawal and later.delivery_id == delivery.delivery_id
                for later in self.deliveries[place + 1 :]
            )
        )

    @property
    def stored_files(self) -> tuple[AcceptedFile, ...]:
        """Every file that was ever stored, those of withdrawn deliveries included."""
        return tuple(file for delivery in self.deliveries for file in delivery.files)

    def find_accepted(self, delivery_id: str) -> Delivery | None:
        """Return the accepted delivery of an id."""
        return next((delivery for delivery in self.accepted if delivery.delivery_id == delivery_id), None)

    def as_of(self, delivery_id: str) -> "Ledger":
        """Return the ledger as it was when a delivery had just been accepted, withdrawn later or not.

        Raises
        ------
        UsageError
            If no such delivery was accepted.
        """
        places = [
            place
            for place, one in enumerate(self.deliveries)
            if one.delivery_id == delivery_id and one.is_accepted
        ]
        if not places:
            raise UsageError(f"No accepted delivery has the id {delivery_id}: see `utvandring deliveries`.")
        return Ledger(self.deliveries[: places[-1] + 1])

    def up_to(self, delivery_id: str) -> "Ledger":
        """Return the ledger as it was when a delivery had just been judged, the last time under this id.

        Raises
        ------
        UsageError
            If no delivery of this id was judged.
        """
        places = [place for place, one in enumerate(self.deliveries) if one.delivery_id == delivery_id]
        if not places:
            raise UsageError(f"No delivery has the id {delivery_id}: see `utvandring deliveries`.")
        return Ledger(self.deliveries[: places[-1] + 1])

    def files(self) -> dict[tuple[str, int, int], AcceptedFile]:
        """Return every file that counts by register, period and version.

        A file that a delivery repeated counts with it, whatever became of the delivery that brought it.
        """
        stored = {(file.key, file.sha256): file for file in self.stored_files}
        return {file.key: file for delivery in self.accepted for file in content(delivery, stored)}

    def current_files(self) -> dict[tuple[str, int], AcceptedFile]:
        """Return the highest version of every register and period: what the warehouse reads."""
        current: dict[tuple[str, int], AcceptedFile] = {}
        for file in self.files().values():
            known = current.get((file.register, file.period))
            if known is None or file.version > known.version:
                current[file.register, file.period] = file
        return current

    def with_delivery(self, delivery: Delivery) -> "Ledger":
        """Return the ledger with one more delivery at its end."""
        return Ledger((*self.deliveries, delivery))


def content(
    delivery: Delivery, stored: Mapping[tuple[tuple[str, int, int], str], AcceptedFile]
) -> list[AcceptedFile]:
    """Return the files of a delivery, those that it repeated included.

    Parameters
    ----------
    delivery
        An accepted delivery.
    stored
        Every stored file by key and checksum.
    """
    repeated = [
        stored[(file["register"], file["period"], file["version"]), file["sha256"]]
        for file in delivery.repeated_files
    ]
    return [*delivery.files, *repeated]


def read_ledger(root: DataRoot) -> Ledger:
    """Read the ledger of a data root; a root without one has had no delivery.

    Raises
    ------
    UtvandringError
        If the ledger was lost or damaged, or written by a later version of the program.
    """
    try:
        document = json.loads(root.ledger.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if any(root.files.glob("*/*.parquet")):
            raise UtvandringError(
                f"{root.ledger} is missing although there are accepted files: restore it from a backup."
            ) from None
        return Ledger()
    except NotADirectoryError as error:
        raise UtvandringError(
            f"The data root {root.path} is not a folder: name one in UTVANDRING_DATA."
        ) from error
    except ValueError as error:
        raise UtvandringError(f"{root.ledger} is damaged (not JSON): restore it from a backup.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UtvandringError(
            f"{root.ledger} was written by another version of the program (format {FORMAT} expected)."
        )
    try:
        return Ledger(tuple(Delivery.from_json(entry) for entry in document["deliveries"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise UtvandringError(f"{root.ledger} is damaged (incomplete): restore it from a backup.") from error


def write_ledger(root: DataRoot, ledger: Ledger) -> None:
    """Replace the ledger in one step: this is the moment at which a delivery is accepted."""
    write_json(
        root.ledger, {"format": FORMAT, "deliveries": [delivery.as_json() for delivery in ledger.deliveries]}
    )
