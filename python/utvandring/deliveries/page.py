"""The page that a data steward opens: verdict, what was found, and counts against earlier deliveries.

One HTML file that needs nothing else: no script, font or image from anywhere. Beside it is the same in
Norwegian. Everything on it is in the ledger, so it can be written again at any time.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from utvandring.common.files import PRIVATE_FILE, read_yaml
from utvandring.common.project import DataRoot
from utvandring.deliveries.ledger import Delivery, Ledger
from utvandring.deliveries.verdict import Finding, Level, counted

LANGUAGES = ("en", "nb")
# The section of what the sender announced.
ANNOUNCED = "announced"
_TEXTS = Path(__file__).parent / "texts"


@cache
def texts(language: str) -> dict[str, Any]:
    """Return the words of the page in a language."""
    words: dict[str, Any] = read_yaml(_TEXTS / f"{language}.yml")
    return words


def page_path(root: DataRoot, delivery: Delivery, language: str = "en") -> Path:
    """Return where the page of a delivery lies: beside the ledger, or with the report of a refusal."""
    ending = "html" if language == "en" else f"{language}.html"
    if delivery.report is not None:
        return root.path / Path(delivery.report).with_suffix(f".{ending}")
    return root.accepted / "reports" / f"{delivery.delivery_id}.{ending}"


def write_page(root: DataRoot, delivery: Delivery, ledger: Ledger) -> Path:
    """Write the page of a delivery in every language, each in one step.

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
        The page in English.
    """
    for language in LANGUAGES:
        path = page_path(root, delivery, language)
        path.parent.mkdir(mode=0o750, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(render(delivery, ledger, language), encoding="utf-8", newline="\n")
        temporary.chmod(PRIVATE_FILE)
        temporary.replace(path)
    return page_path(root, delivery)


def render(delivery: Delivery, ledger: Ledger, language: str = "en") -> str:
    """Return the page of a delivery as HTML."""
    words = texts(language)
    counts = _counts(delivery, ledger)
    has_this = any(row["is_this"] for row in counts)
    return (
        _environment()
        .get_template("delivery.html")
        .render(
            delivery=delivery,
            words=words,
            verdict=words["verdicts"][delivery.verdict],
            meaning=_meaning(delivery, words),
            brought=_brought(delivery, words),
            sections=_sections(delivery.findings, words),
            counts=counts,
            chart=Markup(_chart(counts, words)) if has_this else None,
            other_page=page_path(DataRoot(Path()), delivery, "en" if language == "nb" else "nb").name,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("utvandring.deliveries"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _counted(number: int, noun: tuple[str, str]) -> str:
    return counted(number, *noun)


def _meaning(delivery: Delivery, words: Mapping[str, Any]) -> str:
    number = Counter(_section(finding) for finding in delivery.findings)
    if delivery.is_withdrawal:
        return str(words["withdrawn"]).format(why=delivery.reasons[0].strip().removesuffix("."))
    if not delivery.is_accepted:
        return str(words["refused"]).format(reasons=_counted(number[Level.REFUSE], words["reason"]))
    if number[Level.WARN]:
        return str(words["warned"]).format(warnings=_counted(number[Level.WARN], words["warning"]))
    if number[ANNOUNCED]:
        return str(words["announced"])
    return str(words["clean"])


def _brought(delivery: Delivery, words: Mapping[str, Any]) -> str:
    if not delivery.is_accepted:
        return str(words["nothing"])
    said = [
        _counted(len(delivery.files), words["file"]),
        _counted(sum(file.rows for file in delivery.files), words["row"]),
    ]
    if delivery.repeated_files:
        said.append(f"{_counted(len(delivery.repeated_files), words['file'])} {words['again']}")
    return ", ".join(said)


def _section(finding: Finding) -> str:
    return ANNOUNCED if finding.announced else finding.level.value


def _sections(
    findings: tuple[Finding, ...], words: Mapping[str, Any]
) -> list[tuple[str, str, list[dict[str, Any]]]]:
    return [
        (heading, section, [_told(finding, words) for finding in findings if _section(finding) == section])
        for section, heading in words["sections"].items()
    ]


def _told(finding: Finding, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding in the words of the page; in English where it has no other text."""
    said, details = finding.text, ""
    if finding.check in words.get("checks", ()):
        codes = ", ".join(f"'{value}' ({_counted(rows, words['row'])})" for value, rows in finding.values)
        said = words["checks"][finding.check] + (f": {codes}" if codes else "") + "."
        if "; waived," in finding.text:
            said += f" {words['waived_values']}"
        details = finding.text
    loses = ""
    if finding.waivable and finding.level is Level.REFUSE:
        persons = _counted(finding.persons, words["person"]) if finding.persons is not None else ""
        loses = str(words["loses"]).format(
            of_persons=f" ({persons})" if persons else "", loses=f": {finding.loses}" if finding.loses else ""
        )
    return {"finding": finding, "said": said, "details": details, "loses": loses}


def _counts(delivery: Delivery, ledger: Ledger) -> list[dict[str, Any]]:
    """Return the current files in order, with the change from the period before."""
    owner = {file.path: one for one in ledger.deliveries for file in one.files}
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


def _chart(counts: list[dict[str, Any]], words: Mapping[str, Any]) -> str:
    """Draw rows by register and period, this delivery beside the earlier ones, as SVG."""
    import altair
    import pandas as pd
    import vl_convert

    frame = pd.DataFrame(counts)
    this, earlier = words["this_delivery"], words["earlier"]
    frame["delivery"] = frame["is_this"].map({True: this, False: earlier})
    chart = (
        altair.Chart(frame[["register", "period", "rows", "delivery"]])
        .mark_bar()
        .encode(
            x=altair.X("period:O", title=None, axis=altair.Axis(labelAngle=-90, labelOverlap=True)),
            y=altair.Y("rows:Q", title=None, axis=altair.Axis(format="~s", tickCount=3)),
            color=altair.Color(
                "delivery:N",
                title=None,
                scale=altair.Scale(domain=[earlier, this], range=["#9fb1b9", "#17623a"]),
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
