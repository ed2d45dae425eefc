"""`utvandring deliver`: from a folder to a verdict, never half."""

import datetime
import difflib
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from utvandring import __version__
from utvandring.builds.locking import exclusive
from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.files import sha256_of, write_json
from utvandring.common.progress import Progress
from utvandring.common.project import DataRoot
from utvandring.common.room import require_room
from utvandring.deliveries import identity
from utvandring.deliveries.announcing import Announcement
from utvandring.deliveries.between import Comparison, compare, read_comparisons, read_prepared
from utvandring.deliveries.checks import CheckedFile, check_file, load_code_lists
from utvandring.deliveries.completeness import missing_for_build
from utvandring.deliveries.corrections import describe_correction
from utvandring.deliveries.counting import count_file
from utvandring.deliveries.ledger import AcceptedFile, Delivery, Ledger, read_ledger, write_ledger
from utvandring.deliveries.manifest import DeliveredFile, Manifest, ManifestError, read_manifest
from utvandring.deliveries.page import write_page
from utvandring.deliveries.positions import collect_into, require_new, write_positions
from utvandring.deliveries.rules import FIRST_YEAR, rules_of, waivable_checks
from utvandring.deliveries.specification import Specification, read_specification
from utvandring.deliveries.store import clean_leftovers, engine, move_into_place, stage, staging_folder
from utvandring.deliveries.verdict import Finding, Level, Status, Verdict, counted

# Told the name of the file being worked on and the share of the delivery that is done.

# The comparison that `--accept-drop` overrides.
ROWS_COLLAPSE = "rows_collapse"
HOW_TO_ACCEPT_A_DROP = " If it is so, accept it: --accept-drop --reason TEXT."

# The name in the ledger of a delivery that does not even say what it is called.
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Waiver:
    """A named value check that a data steward accepts all the same, and why: its values become unknown."""

    check: str
    reason: str


def deliver(
    root: DataRoot,
    folder: Path,
    project: Path,
    progress: Progress | None = None,
    waivers: Sequence[Waiver] = (),
    rows_to: Path | None = None,
    accepted_drop: str | None = None,
) -> Verdict:
    """Check a delivery and accept it whole, or refuse it whole.

    Parameters
    ----------
    root
        The data root that receives it.
    folder
        The delivery, with its `delivery.json`.
    project
        The dbt project, which holds the specification and the code lists.
    progress
        Told how far the work has come.
    waivers
        Value checks that do not refuse the delivery.
    rows_to
        A new file for the positions of the rows at fault, which only its owner can read.
    accepted_drop
        Why registers with far fewer rows than before are accepted; None where they refuse the delivery.

    Returns
    -------
    Verdict
        What became of it, and why.

    Raises
    ------
    UsageError
        If a waiver names no check, or one that is never waived; if the file for positions exists; if a drop
        is accepted without a reason.
    UtvandringError
        If the program could not do its work; then nothing has changed.
    """
    specification = read_specification(project)
    for waiver in waivers:
        _require_waivable(waiver, specification)
    if rows_to is not None:
        require_new(rows_to)
    if accepted_drop is not None and not accepted_drop.strip():
        raise UsageError(
            "Accepting a drop needs a reason, which the ledger keeps: --accept-drop --reason TEXT."
        )
    root.prepare()
    with exclusive(root, "deliver"):
        ledger = read_ledger(root)
        if not root.ledger.exists():
            # From here on a root with accepted files always has a ledger: a lost one is noticed.
            write_ledger(root, ledger)
        clean_leftovers(root, ledger)
        return _Judgement(
            root,
            folder,
            specification,
            read_comparisons(project),
            read_prepared(project),
            ledger,
            progress or (lambda label, fraction: None),
            waivers,
            rows_to,
            accepted_drop,
        ).reach()


def _require_waivable(waiver: Waiver, specification: Specification) -> None:
    """Check the name of a waiver before anything is read.

    Raises
    ------
    UsageError
        If there is no such check, or it is one that is never waived.
    """
    registers = specification.registers.values()
    waivable = {check for register in registers for check in waivable_checks(register)}
    if not waiver.reason.strip():
        raise UsageError(f"Waiving {waiver.check} needs a reason, which the ledger keeps: --reason TEXT.")
    if waiver.check in waivable:
        return
    never = {rule.name for register in registers for rule in rules_of(register, FIRST_YEAR, FIRST_YEAR)}
    likely = difflib.get_close_matches(waiver.check, sorted(waivable), 3) if waiver.check not in never else []
    hint = f" Did you mean {' or '.join(likely)}?" if likely else ""
    raise UsageError(
        f"{waiver.check} is not a check that can be waived: only value checks can, by the name that a "
        f"refusal gives (register.column.check), never one of a key, of the structure or of privacy.{hint}"
    )


class _Judgement:
    def __init__(
        self,
        root: DataRoot,
        folder: Path,
        specification: Specification,
        comparisons: Sequence[Comparison],
        prepared: str,
        ledger: Ledger,
        progress: Progress,
        waivers: Sequence[Waiver],
        rows_to: Path | None,
        accepted_drop: str | None,
    ) -> None:
        self.root = root
        self.folder = folder
        self.specification = specification
        self.comparisons = comparisons
        self.prepared = prepared
        self.ledger = ledger
        self.progress = progress
        self.waivers = waivers
        self.rows_to = rows_to
        self.accepted_drop = accepted_drop
        self.now = datetime.datetime.now(datetime.UTC)

    def reach(self) -> Verdict:
        try:
            manifest = read_manifest(self.folder, self.specification, self.now.date())
        except ManifestError as error:
            return self._refuse(error.delivery_id or UNREADABLE, None, error.findings)

        # Accepted files are about as large; of text it is not known how large they will be.
        sizes = [file.location.stat().st_size for file in manifest.files if file.path.endswith(".parquet")]
        require_room(self.root.path, sum(sizes), "this delivery")
        fingerprints = {file: _fingerprint(file.location) for file in manifest.files}
        intact, findings = self._verify_checksums(manifest)
        findings = [*manifest.findings, *findings]
        earlier = self.ledger.find_accepted(manifest.delivery_id)
        if earlier is not None:
            if not _refusals(findings) and _brought_by(earlier) == _content_of(manifest):
                return Verdict(
                    manifest.delivery_id,
                    Status.REPEATED,
                    files=len(manifest.files),
                    missing=missing_for_build(self.ledger.current_files(), self.specification),
                )
            # Refused, but not before all else that is wrong with it is found.
            findings.append(_id_used_before(manifest.delivery_id))

        accepted = self.ledger.files()
        repeated = [
            file for file in intact if file.key in accepted and accepted[file.key].sha256 == file.sha256
        ]
        findings += [
            _changed_without_version(file) for file in intact if file.key in accepted and file not in repeated
        ]
        fresh = [file for file in intact if file not in repeated]
        with staging_folder(self.root) as staging, engine(staging / "spill") as connection:
            try:
                checked = self._check(connection, fresh, manifest)
                findings += [finding for result in checked for finding in result.findings]
                if not _refusals(findings):
                    files = tuple(self._stage(connection, checked, staging))
                    findings += map(self._drop_accepted, self._compare(connection, files, manifest, staging))
                if _refusals(findings):
                    return self._refuse(manifest.delivery_id, manifest, tuple(findings))
            except duckdb.Error as error:
                raise UtvandringError(_engine_failure(error)) from error
            for file, fingerprint in fingerprints.items():
                if _fingerprint(file.location) != fingerprint:
                    raise UtvandringError(
                        f"{file.path} was changed while it was being read: deliver it again."
                    )
            delivery = Delivery(
                delivery_id=manifest.delivery_id,
                produced_at=manifest.produced_at.isoformat(),
                received_at=self._received_at(),
                verdict="accepted",
                program_version=__version__,
                reasons=(),
                warnings=tuple(finding.sentence() for finding in findings if finding.level is Level.WARN),
                files=files,
                repeated_files=tuple(_repetition(file) for file in repeated),
                simulated=manifest.is_simulated,
                imported=manifest.imported,
                announced=tuple(one.as_json() for one in manifest.announced),
                findings=tuple(findings),
                waivers=self._used_waivers(files, findings),
            )
            ledger = self.ledger.with_delivery(delivery)
            move_into_place(self.root, staging, files)
            write_ledger(self.root, ledger)
        told = (*findings, *_superseded(files_of=delivery, ledger=ledger))
        return Verdict(
            delivery_id=manifest.delivery_id,
            status=Status.ACCEPTED,
            warnings=tuple(finding for finding in told if finding.level is Level.WARN),
            notes=tuple(finding for finding in told if finding.level is Level.NOTE),
            files=len(files),
            rows=sum(file.rows for file in files),
            missing=missing_for_build(ledger.current_files(), self.specification),
            page=self._page(delivery, ledger),
        )

    def _page(self, delivery: Delivery, ledger: Ledger) -> Path | None:
        """Write the steward's page; the verdict stands without it, and it can be written again."""
        self.progress("writing the report", 1.0)
        try:
            return write_page(self.root, delivery, ledger)
        except OSError:
            return None

    def _drop_accepted(self, finding: Finding) -> Finding:
        """Make a warning of a drop that a data steward accepts."""
        if self.accepted_drop is None or finding.check != ROWS_COLLAPSE or finding.level is not Level.REFUSE:
            return finding
        # What refuses says how to accept it.
        text = f"{finding.text.removesuffix(HOW_TO_ACCEPT_A_DROP)} Accepted by the data steward."
        return replace(finding, level=Level.WARN, text=text)

    def _used_waivers(
        self, files: tuple[AcceptedFile, ...], findings: Sequence[Finding]
    ) -> tuple[dict[str, str | int], ...]:
        waived: list[dict[str, str | int]] = [
            {
                "check": waiver.check,
                "reason": waiver.reason,
                "values": sum(file.unknown.get(waiver.check, 0) for file in files),
            }
            for waiver in self.waivers
        ]
        drops = sum(finding.check == ROWS_COLLAPSE for finding in findings)
        if self.accepted_drop is not None and drops:
            waived.append({"check": ROWS_COLLAPSE, "reason": self.accepted_drop, "values": drops})
        return tuple(waived)

    def _compare(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: tuple[AcceptedFile, ...],
        manifest: Manifest,
        staging: Path,
    ) -> list[Finding]:
        """Hold the delivery against itself and against what was accepted before."""
        current = self.ledger.current_files()
        accepted = {file: self.root.accepted / file.path for file in current.values()}
        delivered, findings = {}, []
        for file in files:
            before = current.get((file.register, file.period))
            if before is not None and before.version > file.version:
                continue
            delivered[file] = staging / file.path
            if before is not None:
                register = self.specification.registers[file.register]
                text = describe_correction(connection, register, accepted[before], delivered[file])
                findings.append(
                    Finding(
                        "correction",
                        f"version {file.version} in place of {before.version}: {text}",
                        file.delivered_path,
                        level=Level.NOTE,
                        register=file.register,
                        period=file.period,
                    )
                )
        return findings + compare(
            connection,
            self.specification,
            self.comparisons,
            self.prepared,
            accepted,
            delivered,
            (*manifest.announced, *self._announced_before(manifest, delivered)),
            lambda label, fraction: self.progress(label, 0.85 + 0.15 * fraction),
        )

    def _announced_before(
        self, manifest: Manifest, delivered: Iterable[AcceptedFile]
    ) -> tuple[Announcement, ...]:
        """Return what was announced earlier of years that come again: a correction has the change too."""
        again = {(file.register, file.period) for file in delivered}
        known = {one.key for one in manifest.announced}
        entries = (entry for one in self.ledger.accepted for entry in one.announced)
        earlier = {one.key: one for one in map(Announcement.from_json, entries)}
        return tuple(
            one for one in earlier.values() if one.key not in known and (one.register, one.period) in again
        )

    def _verify_checksums(self, manifest: Manifest) -> tuple[list[DeliveredFile], list[Finding]]:
        intact, findings = [], []
        total = sum(file.location.stat().st_size for file in manifest.files) or 1
        done = 0
        for file in manifest.files:
            try:
                digest = sha256_of(file.location)
            except OSError as error:
                raise UtvandringError(
                    f"{file.path} cannot be read ({error.strerror}): close the program that has it open, or "
                    "copy the delivery to a local disk and deliver it from there; nothing was accepted."
                ) from error
            done += file.location.stat().st_size
            self.progress(f"checksum of {file.path}", 0.1 * done / total)
            if digest == file.sha256:
                intact.append(file)
            else:
                findings.append(
                    Finding("checksum", "the checksum differs from the one in delivery.json.", file.path)
                )
        for digest, times in Counter(file.sha256 for file in intact).items():
            if times > 1:
                first, second, *others = [file.path for file in intact if file.sha256 == digest]
                rest = f" and {counted(len(others), 'other')}" if others else ""
                text = f"{first}, {second}{rest} are the same byte for byte."
                findings.append(Finding("manifest", text, count=times, level=Level.WARN))
        return intact, findings

    def _check(
        self, connection: duckdb.DuckDBPyConnection, files: list[DeliveredFile], manifest: Manifest
    ) -> list[CheckedFile]:
        connection.execute(identity.macro())
        load_code_lists(connection, self.specification)
        collects_rows = self.rows_to is not None
        if collects_rows:
            collect_into(connection)
        results = []
        for number, file in enumerate(files):
            self.progress(f"checking {file.path}", 0.1 + 0.5 * number / len(files))
            register = self.specification.registers[file.register]
            waived = [waiver.check for waiver in self.waivers]
            year = manifest.produced_at.year
            results.append(check_file(connection, file, register, year, waived, collects_rows=collects_rows))
        if self.rows_to is not None:
            write_positions(connection, self.rows_to)
        return results

    def _stage(
        self, connection: duckdb.DuckDBPyConnection, checked: list[CheckedFile], staging: Path
    ) -> list[AcceptedFile]:
        staged = []
        taken = {file.path for file in self.ledger.stored_files}
        for number, result in enumerate(checked):
            self.progress(f"storing {result.file.path}", 0.6 + 0.25 * number / len(checked))
            file = stage(connection, result, staging, taken)
            register = self.specification.registers[file.register]
            persons, counts = count_file(connection, self.specification, register, staging / file.path)
            staged.append(replace(file, persons=persons, counts=counts, unknown=result.unknown))
        return staged

    def _refuse(self, delivery_id: str, manifest: Manifest | None, findings: tuple[Finding, ...]) -> Verdict:
        refusals = _refusals(findings)
        warnings = tuple(finding for finding in findings if finding.level is Level.WARN)
        report = self._report_path(delivery_id)
        delivery = Delivery(
            delivery_id=delivery_id,
            produced_at=manifest.produced_at.isoformat() if manifest else None,
            received_at=self._received_at(),
            verdict="refused",
            program_version=__version__,
            reasons=tuple(finding.sentence() for finding in refusals),
            warnings=tuple(finding.sentence() for finding in warnings),
            report=report.relative_to(self.root.path).as_posix(),
            simulated=manifest.is_simulated if manifest else False,
            imported=manifest.imported if manifest else {},
            announced=tuple(one.as_json() for one in manifest.announced) if manifest else (),
            findings=findings,
        )
        ledger = self.ledger.with_delivery(delivery)
        try:
            report.parent.mkdir(mode=0o750)
            write_json(report, delivery.as_json())
            write_ledger(self.root, ledger)
        except OSError:
            shutil.rmtree(report.parent, ignore_errors=True)
            raise
        return Verdict(
            delivery_id, Status.REFUSED, refusals, warnings, report=report, page=self._page(delivery, ledger)
        )

    def _report_path(self, delivery_id: str) -> Path:
        number = 1
        while (self.root.quarantine / f"{delivery_id}-{number}").exists():
            number += 1
        return self.root.quarantine / f"{delivery_id}-{number}" / "report.json"

    def _received_at(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _refusals(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.level is Level.REFUSE)


def _fingerprint(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _repetition(file: DeliveredFile) -> dict[str, str | int]:
    return {"register": file.register, "period": file.period, "version": file.version, "sha256": file.sha256}


def _brought_by(delivery: Delivery) -> dict[tuple[str, int, int], str]:
    """Return the content of a delivery, the files that it repeated included: checksum by key."""
    return {file.key: file.sha256 for file in delivery.files} | {
        (file["register"], file["period"], file["version"]): file["sha256"]
        for file in delivery.repeated_files
    }


def _content_of(manifest: Manifest) -> dict[tuple[str, int, int], str]:
    return {file.key: file.sha256 for file in manifest.files}


def _id_used_before(delivery_id: str) -> Finding:
    text = (
        f"a delivery with the id {delivery_id} was accepted before with other files: give this one a new id, "
        "or withdraw that one first (utvandring withdraw)."
    )
    return Finding("delivery_id", text)


def _changed_without_version(file: DeliveredFile) -> Finding:
    text = (
        f"{file.register} {file.period} version {file.version} was accepted before with other content: "
        "raise the version of a corrected file."
    )
    return Finding("version", text, file.path)


def _superseded(files_of: Delivery, ledger: Ledger) -> tuple[Finding, ...]:
    current = ledger.current_files()
    return tuple(
        Finding(
            "version",
            f"kept, but version {highest.version} of {file.register} {file.period} stays in use.",
            file.path,
            level=Level.WARN,
        )
        for file in files_of.files
        if (highest := current[file.register, file.period]).version > file.version
    )


def _engine_failure(error: duckdb.Error) -> str:
    if "No space left" in str(error):
        return "The disk is full: make room and deliver again; nothing was accepted."
    if isinstance(error, duckdb.OutOfMemoryException):
        return "The memory did not suffice to check the delivery; nothing was accepted."
    return f"The delivery could not be stored ({type(error).__name__}); nothing was accepted."
