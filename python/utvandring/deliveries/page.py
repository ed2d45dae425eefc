"""The page that a data steward opens: verdict, what was found, and counts against earlier deliveries.

One HTML file that needs nothing else: no script, font or image from anywhere. Everything on it is in the
ledger, so it can be written again at any time.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from utvandring.common.files import PRIVATE_FILE
from utvandring.common.project import DataRoot
from utvandring.deliveries.ledger import Delivery, Ledger
from utvandring.deliveries.verdict import Finding, Level, counted

_SECTIONS = {
    "refuse": "Reasons for the refusal",
    "warn": "Warnings",
    "note": "What corrected periods change",
}


def page_path(root: DataRoot, delivery: Delivery) -> Path:
    """Return where the page of a delivery lies: beside the ledger, or with the report of a refusal."""
    if delivery.report is not None:
        return root.path / Path(delivery.report).with_suffix(".html")
    return root.accepted / "reports" / f"{delivery.delivery_id}.html"


def write_page(root: DataRoot, delivery: Delivery, ledger: Ledger) -> Path:
    """Write the page of a delivery in one step.

    Parameters
    ----------
    root
        The data root.
    delivery
        The judged delivery.
    ledger
        The ledger up to and including it.

    Returns
    -------
    Path
        The page.
    """
    path = page_path(root, delivery)
    path.parent.mkdir(mode=0o750, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(render(delivery, ledger), encoding="utf-8", newline="\n")
    temporary.chmod(PRIVATE_FILE)
    temporary.replace(path)
    return path


def render(delivery: Delivery, ledger: Ledger) -> str:
    """Return the page of a delivery as HTML."""
    environment = Environment(
        loader=PackageLoader("utvandring.deliveries"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    refusals = [finding for finding in delivery.findings if finding.level is Level.REFUSE]
    warnings = [finding for finding in delivery.findings if finding.level is Level.WARN]
    counts = _counts(delivery, ledger)
    return environment.get_template("delivery.html").render(
        delivery=delivery,
        verdict="Accepted" if delivery.is_accepted else "Refused",
        meaning=_meaning(delivery, refusals, warnings),
        brought=_brought(delivery),
        sections=_sections(delivery.findings),
        counts=counts,
        chart=Markup(_chart(counts)) if any(row["is_this"] for row in counts) else None,
    )


def _meaning(delivery: Delivery, refusals: list[Finding], warnings: list[Finding]) -> str:
    if not delivery.is_accepted:
        return (
            f"{counted(len(refusals), 'reason')}. Nothing of it is read by any build; earlier deliveries "
            "are as they were. Send the reasons below to the register owner, and deliver the corrected "
            "folder again."
        )
    if warnings:
        told = counted(len(warnings), "warning")
        return f"Every build from now on reads it. {told}: read them before using it."
    return "Every build from now on reads it. Nothing unusual was found."


def _brought(delivery: Delivery) -> str:
    if not delivery.is_accepted:
        return "nothing"
    rows = sum(file.rows for file in delivery.files)
    repeated = f", {counted(len(delivery.repeated_files), 'file')} again" if delivery.repeated_files else ""
    return f"{counted(len(delivery.files), 'file')}, {counted(rows, 'row')}{repeated}"


def _sections(findings: tuple[Finding, ...]) -> list[tuple[str, str, list[Finding]]]:
    return [
        (heading, level, [finding for finding in findings if finding.level.value == level])
        for level, heading in _SECTIONS.items()
    ]


def _counts(delivery: Delivery, ledger: Ledger) -> list[dict[str, Any]]:
    """Return the current files in order, with the change from the period before."""
    owner = {file.path: one for one in ledger.accepted for file in one.files}
    rows: list[dict[str, Any]] = []
    for (register, period), file in sorted(ledger.current_files().items()):
        before = rows[-1] if rows and rows[-1]["register"] == register else None
        follows = before is not None and before["period"] == period - 1 and before["rows"]
        rows.append(
            {
                "register": register,
                "period": period,
                "version": file.version,
                "rows": file.rows,
                "change": 100 * (file.rows / before["rows"] - 1) if follows and before else None,
                "persons": file.persons,
                "delivery_id": owner[file.path].delivery_id,
                "is_this": owner[file.path] is delivery or owner[file.path] == delivery,
            }
        )
    return rows


def _chart(counts: list[dict[str, Any]]) -> str:
    """Draw rows by register and period, this delivery beside the earlier ones, as SVG."""
    import altair
    import pandas as pd
    import vl_convert

    frame = pd.DataFrame(counts)
    frame["delivery"] = frame["is_this"].map({True: "this delivery", False: "earlier"})
    chart = (
        altair.Chart(frame[["register", "period", "rows", "delivery"]])
        .mark_bar()
        .encode(
            x=altair.X("period:O", title=None, axis=altair.Axis(labelAngle=-90, labelOverlap=True)),
            y=altair.Y("rows:Q", title=None, axis=altair.Axis(format="~s", tickCount=3)),
            color=altair.Color(
                "delivery:N",
                title=None,
                scale=altair.Scale(domain=["earlier", "this delivery"], range=["#9fb1b9", "#17623a"]),
                legend=altair.Legend(orient="top"),
            ),
        )
        .properties(width=190, height=90)
        .facet(altair.Facet("register:N", title=None), columns=4)
        .resolve_scale(x="independent", y="independent")
        .configure(font="system-ui, Segoe UI, Helvetica Neue, Arial, sans-serif", background="#ffffff")
    )
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return svg
