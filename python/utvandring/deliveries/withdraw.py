"""`utvandring withdraw`: a delivery that was accepted by mistake counts no more; nothing of it is deleted."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utvandring import __version__
from utvandring.builds.locking import exclusive
from utvandring.common.errors import UsageError, UtvandringError
from utvandring.common.project import DataRoot
from utvandring.deliveries.completeness import missing_for_build
from utvandring.deliveries.ledger import WITHDRAWN, AcceptedFile, Delivery, Ledger, read_ledger, write_ledger
from utvandring.deliveries.page import write_page
from utvandring.deliveries.specification import Specification, read_specification

# Registers of which every year is needed; of `person` the latest period serves all.
_OF_EVERY_YEAR = ("befolkning", "flytting")


@dataclass(frozen=True)
class Withdrawal:
    """What counts no more, what is current again in its place, and what the warehouse now lacks."""

    delivery_id: str
    withdrawn: tuple[AcceptedFile, ...]
    current_again: tuple[AcceptedFile, ...]
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what changed, for programs."""

        def named(files: tuple[AcceptedFile, ...]) -> list[dict[str, Any]]:
            return [
                {"register": file.register, "period": file.period, "version": file.version} for file in files
            ]

        return {
            "delivery_id": self.delivery_id,
            "withdrawn": named(self.withdrawn),
            "current_again": named(self.current_again),
            "missing": list(self.missing),
        }


def withdraw(root: DataRoot, delivery_id: str, reason: str, project: Path) -> Withdrawal:
    """Withdraw an accepted delivery: the ledger says so, and the version before is current again.

    Builds as of this delivery, or of an earlier one, are not changed by it.

    Parameters
    ----------
    root
        The data root.
    delivery_id
        The delivery.
    reason
        Why, for the ledger.
    project
        The dbt project, which holds the specification.

    Returns
    -------
    Withdrawal
        What changed.

    Raises
    ------
    UsageError
        If there is no reason, or no such delivery counts.
    UtvandringError
        If the delivery is the only one of a year that is required; then nothing has changed.
    """
    if not reason.strip():
        raise UsageError("Withdrawing a delivery needs a reason, which the ledger keeps: --reason TEXT.")
    specification = read_specification(project)
    root.prepare()
    with exclusive(root, "withdraw"):
        ledger = read_ledger(root)
        delivery = ledger.find_accepted(delivery_id)
        if delivery is None:
            raise UsageError(_why_not(ledger, delivery_id))
        entry = _entry(ledger, delivery, reason)
        after = ledger.with_delivery(entry)
        _require_years(ledger, after, specification)
        write_ledger(root, after)
        write_page(root, entry, after)
    before, now = ledger.current_files(), after.current_files()
    withdrawn = tuple(file for key, file in before.items() if now.get(key) != file)
    return Withdrawal(
        delivery_id,
        withdrawn,
        tuple(now[key] for key, file in before.items() if key in now and now[key] != file),
        missing_for_build(now, specification),
    )


def _why_not(ledger: Ledger, delivery_id: str) -> str:
    judged = [one for one in ledger.deliveries if one.delivery_id == delivery_id]
    if not judged:
        return f"No delivery has the id {delivery_id}: see `utvandring deliveries`."
    if judged[-1].is_withdrawal:
        return f"{delivery_id} was withdrawn before ({judged[-1].received_at[:10]})."
    return f"{delivery_id} was refused, so that nothing of it counts: there is nothing to withdraw."


def _entry(ledger: Ledger, delivery: Delivery, reason: str) -> Delivery:
    """Return the entry that ends a delivery; files that another delivery brought or repeated still count."""
    entry = Delivery(
        delivery_id=delivery.delivery_id,
        produced_at=delivery.produced_at,
        received_at=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        verdict=WITHDRAWN,
        program_version=__version__,
        reasons=(reason,),
        simulated=delivery.simulated,
    )
    counted = {file.path for file in ledger.files().values()}
    left = {file.path for file in ledger.with_delivery(entry).files().values()}
    return Delivery(**{**entry.__dict__, "withdraws": tuple(sorted(counted - left))})


def _require_years(before: Ledger, after: Ledger, specification: Specification) -> None:
    """Check that no year of a required register would be gone.

    Raises
    ------
    UtvandringError
        If one would.
    """
    left = after.current_files()
    gone = [
        f"{register} {period}"
        for register, period in sorted(before.current_files())
        if (register, period) not in left
        and register in specification.required
        and (register in _OF_EVERY_YEAR or not any(name == register for name, _ in left))
    ]
    if gone:
        raise UtvandringError(
            f"It is the only delivery of {', '.join(gone)}, without which the warehouse has a gap: deliver a "
            "corrected version of it instead; nothing was changed."
        )
