"""The steward's page: one file, verdict first, no persons; and the expectations as written down."""

import json
import re
from pathlib import Path

from conftest import Command
from deliveries import PROJECT, good_files, read_manifest, reseal, write_delivery, write_manifest

from utvandring.deliveries.between import FOLDER, read_comparisons
from utvandring.deliveries.page import texts
from utvandring.deliveries.rules import rules_of
from utvandring.deliveries.specification import read_specification
from utvandring.deliveries.suites import document

PSEUDONYMS = ("pseudonym-anna", "pseudonym-bo", "pseudonym-carl")


def page_of(ran_json: str) -> str:
    path = Path(json.loads(ran_json)["page"])
    assert path.stat().st_mode & 0o777 == 0o640
    return path.read_text(encoding="utf-8")


def is_self_contained(page: str) -> bool:
    """Nothing is fetched: no script, and no address in an attribute or a style but those of SVG itself."""
    addresses = re.findall(r'(?:src|href|action|data)\s*=\s*"([^"]*)"|url\(([^)]*)\)|@import', page)
    outside = [address for pair in addresses for address in pair if address and not address.startswith("#")]
    return "<script" not in page and not outside


def test_an_accepted_delivery_has_a_page_with_verdict_and_counts(
    utvandring: Command, good_delivery: Path
) -> None:
    page = page_of(utvandring("deliver", good_delivery, "--json").out)

    assert is_self_contained(page)
    assert page.index("<strong>Accepted</strong>") < page.index("Counts by register and period")
    assert page.count('class="this"') == 9
    assert "<svg" in page
    for pseudonym in PSEUDONYMS:
        assert pseudonym not in page


def test_a_refused_delivery_has_a_page_with_the_reasons_and_how_to_waive_them(
    utvandring: Command, tmp_path: Path
) -> None:
    files = good_files()
    files["befolkning", 2013, 1][0]["kommnr"] = "0718"
    files["befolkning", 2013, 1][1]["personid"] = "pseudonym-anna"

    page = page_of(utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json").out)

    assert is_self_contained(page)
    assert "<strong>Refused</strong>" in page
    assert "&#39;0718&#39; (1 row)" in page
    assert "--waive befolkning.kommnr.code_list" in page
    assert "--waive befolkning.personid.key" not in page
    for pseudonym in PSEUDONYMS:
        assert pseudonym not in page


def test_names_from_a_delivery_are_text_on_the_page(utvandring: Command, good_delivery: Path) -> None:
    manifest = read_manifest(good_delivery)
    manifest["files"][0]["path"] = '<script>alert("x")</script>.parquet'
    write_manifest(good_delivery, manifest)

    page = page_of(utvandring("deliver", good_delivery, "--json").out)

    assert is_self_contained(page)
    assert "&lt;script&gt;" in page


def test_a_page_can_be_written_again_from_the_ledger(utvandring: Command, good_delivery: Path) -> None:
    path = Path(json.loads(utvandring("deliver", good_delivery, "--json").out)["page"])
    before = path.read_bytes()
    path.unlink()

    ran = utvandring("deliveries", "--page", "2014-03-01")

    assert ran.code == 0, ran.text
    assert ran.out.strip() == str(path)
    assert path.read_bytes() == before
    assert utvandring("deliveries", "--page", "another").code == 2


def test_a_page_written_again_knows_nothing_of_later_deliveries(
    utvandring: Command, good_delivery: Path, tmp_path: Path
) -> None:
    path = Path(json.loads(utvandring("deliver", good_delivery, "--json").out)["page"])
    before = path.read_bytes()
    files = {("befolkning", 2014, 1): good_files()["befolkning", 2013, 1]}
    utvandring("deliver", write_delivery(tmp_path / "next", "next", files))

    ran = utvandring("deliveries", "--page", "2014-03-01")

    assert ran.out.strip() == str(path)
    assert path.read_bytes() == before


def norwegian(ran_json: str) -> str:
    path = Path(json.loads(ran_json)["page"])
    path = path.with_suffix(".nb.html")
    assert path.stat().st_mode & 0o777 == 0o640
    return path.read_text(encoding="utf-8")


def test_every_page_is_there_in_norwegian(utvandring: Command, good_delivery: Path, tmp_path: Path) -> None:
    page = norwegian(utvandring("deliver", good_delivery, "--json").out)
    assert is_self_contained(page)
    assert '<html lang="nb">' in page
    assert "<strong>Godtatt</strong>" in page
    assert "9 filer, 20 rader" in page
    assert "Alle bygginger fra nå av leser den. Ingenting uvanlig ble funnet." in page

    files = good_files()
    files["befolkning", 2013, 1][0]["kommnr"] = "0718"
    files["befolkning", 2013, 1][1]["personid"] = "pseudonym-anna"
    page = norwegian(utvandring("deliver", write_delivery(tmp_path / "d", "d", files), "--json").out)
    assert is_self_contained(page)
    assert "<strong>Avvist</strong>" in page
    assert "Koder som ikke står i kodelisten: &#39;0718&#39; (1 rad)." in page
    assert "Den samme personen står flere ganger." in page
    assert "--waive befolkning.kommnr.code_list" in page
    assert "Verdiene blir ukjente (1 person)." in page
    for pseudonym in PSEUDONYMS:
        assert pseudonym not in page


def test_both_languages_have_the_same_words_and_every_check_is_named_in_norwegian() -> None:
    english, norwegian = texts("en"), texts("nb")
    assert norwegian.keys() - english.keys() == {"checks", "waived_values", "details"}
    assert english.keys() <= norwegian.keys()
    rules = {
        rule.check
        for register in read_specification(PROJECT).registers.values()
        for rule in rules_of(register, 2012, 2014)
    }
    comparisons = {comparison.name for comparison in read_comparisons(PROJECT)}
    written = {
        "manifest",
        "path",
        "checksum",
        "rows",
        "structure",
        "encoding",
        "columns",
        "unlisted",
        "version",
    }
    written |= {"announced", "delivery_id", "correction", "type", "text", "nothing", "rounded", "privacy"}
    assert set(norwegian["checks"]) == rules | comparisons | written


def test_earlier_deliveries_stand_beside_this_one(
    utvandring: Command, good_delivery: Path, tmp_path: Path
) -> None:
    utvandring("deliver", good_delivery)
    files = {("befolkning", 2014, 1): good_files()["befolkning", 2013, 1]}
    folder = write_delivery(tmp_path / "next", "next", files)
    reseal(folder)

    page = page_of(utvandring("deliver", folder, "--json").out)

    assert page.count('class="this"') == 1
    assert page.count("<td>2014-03-01</td>") == 9


def test_the_written_expectations_are_those_of_the_specification() -> None:
    for register in read_specification(PROJECT).registers.values():
        written = (PROJECT / FOLDER / f"{register.name}.yml").read_text(encoding="utf-8")
        assert written == document(register), f"run `make expectations` ({register.name})"
