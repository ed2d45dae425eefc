"""Takes the pictures of the documentation: `make images`, after `make build`."""

import base64
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from browser import Browser, started
from deliveries import PROJECT

from utvandring.common.project import DataRoot

IMAGES = PROJECT / "docs/images"
DESKTOP, LOW, TELEPHONE = (1280, 1000), (1280, 480), (390, 844)

# Picture: language and place in the report, screen.
REPORT = {
    "report-overview": ("en", "overview", DESKTOP),
    "report-chapter-4": ("en", "chapter-4?background=education", DESKTOP),
    "report-chapter-5": ("en", "figure-5.13", DESKTOP),
    "report-chapter-6.nb": ("nb", "table-6.2", DESKTOP),
    "report-beyond": ("en", "figure-B.1", DESKTOP),
    "report-explore": ("en", "explore?compare=sex&background=family", DESKTOP),
    "report-comparison": ("en", "comparison", DESKTOP),
    "report-quality": ("en", "quality", DESKTOP),
    "report-contradictions": ("en", "contradictions", DESKTOP),
    "report-phone.nb": ("nb", "figure-4.9", TELEPHONE),
}
# Picture: figure, as `utvandring figures` writes it, this wide.
FIGURES = {"figure-5.20": "5.20", "map-centrality": "M.1", "map-emigration": "M.2"}
WIDTH = 832
# The lineage of the table that leaves the secure zone, three steps back and all that reads it.
LINEAGE = "#!/overview?g_v=1&g_i=3%2Brelease_mobility_rate%2B"


def take(browser: Browser, name: str) -> None:
    """Write what is on the screen as a PNG."""
    taken = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {})
    (IMAGES / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))
    print(name)


def drawn(browser: Browser) -> bool:
    """Say whether every chart on the screen is there."""
    waiting: bool = browser.run(
        "return [...document.querySelectorAll('[data-chart]')].some(e => e.checkVisibility() && "
        "!e.dataset.drawn && e.getBoundingClientRect().top < innerHeight)"
    )
    return not waiting


def of_the_report(browser: Browser, report: Path) -> None:
    """Take the pages of the report."""
    for name, (language, place, screen) in REPORT.items():
        browser.resize(*screen)
        browser.open(report / f"utvandring.{language}.html", place)
        browser.wait(lambda: drawn(browser))
        # Charts drawn above may have moved the place: go there again.
        browser.run("document.getElementById(arguments[0])?.scrollIntoView()", place.partition("?")[0])
        if place.partition("?")[0] in ("overview", "chapter-4", "explore", "comparison", "quality"):
            browser.run("window.scrollTo(0, 0)")
        browser.wait(lambda: drawn(browser))
        take(browser, name)


def of_figures(browser: Browser, folder: Path) -> None:
    """Write the figures for papers, as large as a page of the documentation needs them."""
    chosen = [argument for number in FIGURES.values() for argument in ("--figure", number)]
    command = [sys.executable, "-m", "utvandring.cli", "--quiet", "figures", "--out", folder]
    subprocess.run([*command, "--format", "png", "--language", "en", *chosen], check=True)
    for name, number in FIGURES.items():
        page = folder / f"{name}.html"
        picture = (folder / f"figure-{number}.en.png").as_uri()
        page.write_text(
            f'<body style="margin: 0"><img src="{picture}" width="{WIDTH}" style="display: block">'
        )
        browser.driver.get(page.as_uri())
        height = browser.run("return document.images[0].height")
        browser.resize(WIDTH, height)
        take(browser, name)


def refused(root: DataRoot, folder: Path) -> Path:
    """Deliver a folder that lacks a file, to a root of its own; return the page of the refusal."""
    delivery = next(iter(sorted((root.path / "incoming").iterdir())))
    broken = Path(shutil.copytree(delivery, folder / "broken"))
    max(broken.glob("flytting_*")).unlink()
    subprocess.run(
        [sys.executable, "-m", "utvandring.cli", "deliver", broken],
        env={"UTVANDRING_DATA": str(folder / "data")},
        check=False,
    )
    return next((folder / "data/quarantine").glob("*/report.html"))


def main() -> None:
    """Take every picture from the report, the delivery and dbt's documentation of the data root."""
    root = DataRoot.from_environment()
    with tempfile.TemporaryDirectory() as temporary, started(Path(temporary)) as browser:
        browser.resize(*DESKTOP)
        accepted = next(iter(sorted((root.accepted / "reports").glob("*.html"))))
        for name, page in (
            ("delivery-accepted", accepted),
            ("delivery-refused", refused(root, Path(temporary))),
        ):
            browser.driver.get(page.as_uri())
            take(browser, name)
        browser.resize(*LOW)
        browser.driver.get((PROJECT / "target/static_index.html").as_uri() + LINEAGE)
        browser.wait(lambda: browser.all("canvas"))
        take(browser, "docs-lineage")
        of_the_report(browser, root.path / "report")
        of_figures(browser, Path(temporary) / "figures")


if __name__ == "__main__":
    main()
