"""A real Chromium without a window, for the tests of the report."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
)
# Seconds; only there to end what hangs.
PATIENCE = 600


class Browser:
    """Chromium with the pages of the report.

    Parameters
    ----------
    driver
        The running browser.
    downloads
        Where it puts what it downloads.
    """

    def __init__(self, driver: webdriver.Chrome, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def open(self, path: Path, place: str = "") -> None:
        """Open a page afresh, and wait until its script is done."""
        self.driver.get("about:blank")
        self.messages()
        self.driver.get(f"{path.as_uri()}#{place}")
        self.wait(lambda: self.run("return document.documentElement.dataset.ready") == "yes")

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Any) -> None:
        """Wait until something holds."""
        WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: condition())

    def all(self, selector: str) -> list[WebElement]:
        """Return the elements of a CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        """Return the first element of a CSS selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def shown(self, selector: str) -> list[str]:
        """Return the ids of the elements that are to be seen."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])]"
            ".filter(e => e.checkVisibility()).map(e => e.id)",
            selector,
        )
        return found

    def choose(self, form: str, name: str, value: str) -> None:
        """Choose in a list, as a person would."""
        self.run(
            "const s = document.querySelector(arguments[0]); s.value = arguments[1];"
            "s.dispatchEvent(new Event('change', {bubbles: true}))",
            f"{form} [name={name}]",
            value,
        )

    def cells(self, table: str) -> list[list[str]]:
        """Return the raw values of the rows of a table that are to be seen; withheld ones as shown."""
        rows: list[list[str]] = self.run(
            "return [...document.querySelector(arguments[0]).tBodies[0].rows].filter(r => !r.hidden)"
            ".map(r => [...r.cells].filter(c => !c.hidden)"
            ".map(c => c.dataset.value || c.firstChild?.textContent.trim() || ''))",
            f'table[data-name="{table}"]',
        )
        return rows

    def download(self, button: WebElement) -> str:
        """Press a button and return the text of the file that it downloads."""
        before = set(self.downloads.iterdir())
        self.run("arguments[0].click()", button)
        self.wait(lambda: {p for p in self.downloads.iterdir() if p.suffix == ".csv"} - before)
        (path,) = {p for p in self.downloads.iterdir() if p.suffix == ".csv"} - before
        return path.read_text(encoding="utf-8")

    def messages(self) -> list[str]:
        """Return what the console said since last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return every address that was asked for since last asked."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def resize(self, width: int, height: int) -> None:
        """Show the page as on a screen of this size."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def normal_size(self) -> None:
        """Show the page as in the window."""
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def pdf(self) -> bytes:
        """Print the page."""
        printed = self.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
        return base64.b64decode(printed["data"])


@contextmanager
def started(folder: Path) -> Iterator[Browser]:
    """Start the browser with a profile of its own; where there is none the test says so.

    On CI the test fails then, elsewhere it is skipped.
    """
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    chromedriver = shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        sentence = "Chromium and its driver are needed: make browser (Debian: chromium, chromium-driver)."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    downloads = folder / "downloads"
    downloads.mkdir()
    options = Options()
    options.binary_location = chromium
    for switch in (*SWITCHES, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    try:
        driver.set_page_load_timeout(PATIENCE)
        driver.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
        )
        browser = Browser(driver, downloads)
        # What the browser asks itself for on its first page is no concern of ours.
        driver.get("about:blank")
        browser.requests()
        yield browser
    finally:
        driver.quit()
