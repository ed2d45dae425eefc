"""The guide to imports, followed word for word."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from conftest import Command, Ran
from deliveries import PROJECT
from extracts import write_tsd_csv

from utvandring.common.project import DataRoot
from utvandring.deliveries.specification import read_specification
from utvandring.importing.consequences import losses, read_losses, table_of_losses
from utvandring.importing.folder import _KEYS

GUIDE = (PROJECT / "docs/import.md").read_text(encoding="utf-8")


@pytest.fixture
def evening(tmp_path: Path, small_delivery: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with an extract, as the guide's reader has one."""
    folder = tmp_path / "evening"
    folder.mkdir()
    write_tsd_csv(small_delivery, folder / "extract")
    monkeypatch.chdir(folder)
    return folder


def follow(utvandring: Command, without: str) -> list[Ran]:
    """Run the commands of the guide in their order, but for one."""
    ran = []
    for line in re.findall(r"^\$ (utvandring .*)$", GUIDE, re.MULTILINE):
        command, _, target = line.partition(" > ")
        words = shlex.split(command)[1:]
        if words[0] != without:
            ran.append(utvandring(*words))
            assert ran[-1].code == 0, ran[-1].err
            if target:
                Path(target).write_text(ran[-1].out, encoding="utf-8")
    return ran


def test_the_evening_ends_with_a_delivery_that_is_accepted(
    evening: Path, utvandring: Command, data_root: Path
) -> None:
    _, _, checked, imported, delivered = follow(utvandring, without="build")
    assert "Nothing in headers and samples refuses it" in checked.out
    assert "Next: utvandring deliver incoming/2015-03-01" in imported.out
    assert "Accepted 2015-03-01" in delivered.out
    draft = yaml.safe_load((evening / "draft.yml").read_text("utf-8"))
    assert "tsd-csv" in (evening / "draft.yml").read_text("utf-8")
    assert {source["id"] for source in draft["sources"].values()} == {"w19_0634_lnr"}
    ledger = json.loads(DataRoot(data_root).ledger.read_text("utf-8"))
    said = ledger["deliveries"][-1]["imported"]
    assert said["choices"]["day_of_death"] == "last"
    assert said["inferred_events"] > 10
    page = (DataRoot(data_root).accepted / "reports/2015-03-01.html").read_text("utf-8")
    assert "day_of_death: last" in page


@pytest.mark.long
def test_the_evening_ends_with_a_built_warehouse(evening: Path, utvandring: Command) -> None:
    assert "Published" in follow(utvandring, without="")[-1].out


def test_the_guide_names_every_option_and_has_the_losses_as_they_were_measured() -> None:
    assert {key for key in _KEYS if f"`{key}`" not in GUIDE} == set()
    assert table_of_losses(read_losses()) in GUIDE
    registers = read_specification(PROJECT).registers
    for loss in read_losses():
        columns = {one.name for one in registers[loss.register].columns}
        assert {loss.column, loss.told_by} - {None} <= columns


def test_every_template_is_in_the_guide_and_has_its_readme() -> None:
    folders = [
        path for path in (PROJECT / "python/utvandring/importing/templates").iterdir() if path.is_dir()
    ]
    assert len(folders) == 4
    for folder in folders:
        assert f"| `{folder.name}` |" in GUIDE
        assert (folder / "README.md").is_file()


def test_the_empty_template_lists_every_column_and_is_told_to_be_filled_in(
    utvandring: Command, tmp_path: Path
) -> None:
    assert utvandring("import", "--new", "empty", tmp_path / "mine").code == 0
    for register in read_specification(PROJECT).registers.values():
        text = (tmp_path / "mine" / f"{register.name}.sql.txt").read_text("utf-8")
        assert all(f"as {column.name}," in text for column in register.columns)
    ran = utvandring("import", tmp_path / "mine", "--from", tmp_path, "--check")
    assert ran.code == 2
    assert "The folder holds no query" in ran.err


def test_wrong_use_of_the_command_says_what_is_missing(utvandring: Command, tmp_path: Path) -> None:
    assert "There is no template x" in utvandring("import", "--new", "x", tmp_path / "mine").err
    assert "Name the folder of the import" in utvandring("import").err
    assert "Name the extract with --from DIR" in utvandring("import", tmp_path).err
    ran = utvandring("import", tmp_path, "--from", tmp_path, "--out", tmp_path / "out")
    assert (ran.code, "is not the folder of an import" in ran.err) == (2, True)


def test_an_import_is_told_what_it_lacks_and_what_it_knows_to_the_month_only() -> None:
    registers = read_specification(PROJECT)
    whole = {name: {one.name for one in register.columns} for name, register in registers.registers.items()}
    only_months = {"er_avledet", "flyttedato_presisjon", "doedsdato_presisjon"}
    exact = {name: columns - only_months for name, columns in whole.items()}
    assert [loss.says for loss in losses(exact, registers) if loss.told_by or loss.column] == []
    without = exact | {"befolkning": exact["befolkning"] - {"famnr"}}
    del without["utdanning"]
    assert {loss.says for loss in losses(without, registers)} == {
        "`befolkning.famnr`",
        "the register `utdanning`",
    }
    assert {loss.told_by for loss in losses(whole, registers) if loss.told_by} == only_months
