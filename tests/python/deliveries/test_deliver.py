"""Accepted deliveries: stored exactly, versioned, repeated, interrupted, and never half."""

import datetime
import json
import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import Command
from deliveries import Key, Row, day, good_files, read_manifest, reseal, write_delivery, write_manifest
from deliveries import write_parquet as parquet

from utvandring.builds import locking
from utvandring.builds.locking import exclusive
from utvandring.common.project import DataRoot
from utvandring.deliveries import deliver as deliver_module
from utvandring.deliveries.ledger import read_ledger
from utvandring.deliveries.store import damaged_files

EDUCATION: Key = ("utdanning", 2012, 1)


def ledger(data_root: Path) -> list[dict[str, Any]]:
    document: dict[str, Any] = json.loads(
        (data_root / "accepted" / "ledger.json").read_text(encoding="utf-8")
    )
    assert document["format"] == 1
    deliveries: list[dict[str, Any]] = document["deliveries"]
    return deliveries


def stored(data_root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every accepted file by the name it was delivered under, without its ending."""
    content = {}
    for delivery in ledger(data_root):
        for file in delivery["files"]:
            relation = duckdb.read_parquet(str(data_root / "accepted" / file["path"]))
            types = list(zip(relation.columns, map(str, relation.types), strict=True))
            content[Path(file["delivered_path"]).stem] = [tuple(types), *relation.fetchall()]
    return content


def education(folder: Path, delivery_id: str, version: int, nus2000: str, period: int = 2012) -> Path:
    rows: list[Row] = [{"personid": "pseudonym-bo", "nus2000": nus2000}]
    return write_delivery(folder / delivery_id, delivery_id, {("utdanning", period, version): rows})


def current(data_root: Path, utvandring: Command) -> dict[tuple[str, int], int]:
    listed = json.loads(utvandring("deliveries", "--json").out)
    return {
        (file["register"], file["period"]): file["version"]
        for delivery in listed
        for file in delivery["files"]
        if file["is_current"]
    }


def test_a_good_delivery_is_accepted_and_entered_in_the_ledger(
    utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    ran = utvandring("deliver", good_delivery)

    assert ran.code == 0, ran.text
    assert "Accepted 2014-03-01: 9 files, 20 rows." in ran.out
    assert "The warehouse can be built" in ran.out
    (delivery,) = ledger(data_root)
    assert delivery["verdict"] == "accepted"
    assert delivery["reasons"] == []
    assert delivery["produced_at"] == "2014-03-15"
    assert delivery["received_at"].endswith("Z")
    file = delivery["files"][0]
    assert (file["register"], file["period"], file["version"], file["rows"]) == ("befolkning", 2012, 1, 3)
    assert file["path"] == f"files/befolkning/befolkning_p2012_v1_{file['sha256'][:12]}.parquet"
    assert (data_root / "accepted" / file["path"]).is_file()


def test_a_delivery_that_calls_itself_simulated_is_remembered_as_such(
    utvandring: Command, good_delivery: Path, tmp_path: Path, data_root: Path
) -> None:
    made_up = write_delivery(tmp_path / "made_up", "made-up", {EDUCATION: good_files()[EDUCATION]})
    write_manifest(made_up, {**read_manifest(made_up), "simulated": True})
    for folder in (good_delivery, made_up):
        assert utvandring("deliver", folder).code == 0

    assert [delivery["simulated"] for delivery in ledger(data_root)] == [False, True]


def test_accepted_files_are_read_only_and_nothing_is_open_to_others(
    utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    utvandring("deliver", good_delivery)

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [data_root, *data_root.rglob("*")]}
    assert not [path for path, mode in modes.items() if mode & 0o007]
    assert {mode for path, mode in modes.items() if path.suffix == ".parquet"} == {0o440}


@pytest.mark.parametrize("separator", [";", ","])
def test_csv_and_parquet_of_the_same_rows_are_stored_alike(
    separator: str, tmp_path: Path, utvandring: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = []
    for fmt in ("parquet", "csv"):
        root = tmp_path / f"root-{fmt}"
        monkeypatch.setenv("UTVANDRING_DATA", str(root))
        folder = write_delivery(tmp_path / fmt, "2014-03-01", good_files(), fmt, separator)
        assert utvandring("deliver", folder).code == 0
        content.append(stored(root))
    assert content[0] == content[1]
    assert ("kommnr", "VARCHAR") in content[0]["befolkning_p2012_v1"][0]
    assert content[0]["befolkning_p2012_v1"][3][2] == "0101"


def test_csv_may_have_a_byte_order_mark_windows_line_ends_and_quotes(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    folder = write_delivery(tmp_path / "d", "d", {EDUCATION: good_files()[EDUCATION]}, "csv")
    content = '\ufeffpersonid;"nus2000";remark\r\n"pseudonym-bo";641107;"a ; b\nc"\r\n'
    (folder / "utdanning_p2012_v1.csv").write_bytes(content.encode())
    reseal(folder)

    assert utvandring("deliver", folder).code == 0
    assert stored(data_root)["utdanning_p2012_v1"][1:] == [("pseudonym-bo", "641107", 2012)]


def test_types_that_keep_every_value_are_accepted(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    files = good_files()
    folder = write_delivery(tmp_path / "d", "d", files)
    rows = [
        {**row, "personkode": row["personkode"] and float(row["personkode"])}
        for row in files["befolkning", 2013, 1]
    ]
    types = {"statuskode": pa.int8(), "personkode": pa.float64(), "kommnr": pa.large_string()}
    parquet(folder / "befolkning_p2013_v1.parquet", "befolkning", rows, types)
    midnight = datetime.time()
    rows = [
        {
            **row,
            "flyttedato": datetime.datetime.combine(row["flyttedato"], midnight),
            "fra_land": None,
            "kind": "x",
        }
        for row in files["flytting", 2012, 1]
    ]
    types = {
        "flyttedato": pa.timestamp("ns"),
        "fra_land": pa.null(),
        "hendelse": pa.dictionary(pa.int32(), pa.string()),
    }
    parquet(folder / "flytting_p2012_v1.parquet", "flytting", rows, types)
    rows = [{**row, "hovedarbeid": 1, "timer": 37} for row in files["sysselsetting", 2012, 1]]
    parquet(
        folder / "sysselsetting_p2012_v1.parquet",
        "sysselsetting",
        rows,
        {"hovedarbeid": pa.int8(), "timer": pa.int64()},
    )
    reseal(folder)

    ran = utvandring("deliver", folder)

    assert ran.code == 0, ran.text
    content = stored(data_root)
    assert content["befolkning_p2013_v1"][1][1:6] == (1, "0301", "family-of-pseudonym-anna", 1, 1)
    assert content["flytting_p2012_v1"][1][1:3] == ("innenlands", day("2012-06-01"))
    assert content["sysselsetting_p2012_v1"][1][4:6] == (37.0, True)


def test_columns_that_were_not_delivered_are_unknown_and_said_so(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    rows = [{"personid": "pseudonym-anna", "wies": 1, "navn": "not read"}]
    folder = write_delivery(tmp_path / "d", "d", {("inntekt", 2012, 1): rows})

    ran = utvandring("deliver", folder)

    assert ran.code == 0
    assert "inntekt_p2012_v1.parquet, column wyrkinnt: the column was not delivered" in ran.out
    assert ledger(data_root)[0]["files"][0]["missing_columns"] == ["wyrkinnt", "nettoformue"]
    assert stored(data_root)["inntekt_p2012_v1"][1:] == [("pseudonym-anna", None, 1, None, 2012)]


def test_a_file_that_nobody_listed_is_mentioned_and_not_read(
    utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    (good_delivery / "inntekt_p2013_v1.parquet").write_bytes(b"anything")

    ran = utvandring("deliver", good_delivery)

    assert ran.code == 0
    assert "inntekt_p2013_v1.parquet: it is in the folder but not in delivery.json" in ran.out
    assert "inntekt_p2013_v1" not in stored(data_root)


def test_paths_with_wildcards_and_quotes_are_only_names(utvandring: Command, tmp_path: Path) -> None:
    folder = write_delivery(tmp_path / "it's [a] *", "d", good_files())
    (tmp_path / "it's a *").mkdir()

    assert utvandring("deliver", folder).code == 0


def test_late_and_reordered_years_are_accepted_and_the_gaps_are_named(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    files = good_files()
    population = files["befolkning", 2012, 1]
    said = []
    for year in (2013, 2010, 2011, 2012):
        folder = write_delivery(tmp_path / str(year), f"d{year}", {("befolkning", year, 1): population})
        ran = utvandring("deliver", folder)
        assert ran.code == 0, ran.text
        said.append(ran.out)
    assert "befolkning: 2011, 2012 missing between befolkning 2010 and 2013." in said[1]
    assert "missing between" not in said[3]
    assert "person: no period has been accepted yet." in said[3]
    assert "flytting: no period has been accepted yet." in said[3]


def test_the_highest_version_counts_whatever_the_order_of_arrival(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    for version, delivery_id in ((2, "second"), (1, "first"), (3, "third")):
        assert utvandring("deliver", education(tmp_path, delivery_id, version, "641107")).code == 0
        if delivery_id == "first":
            assert current(data_root, utvandring) == {("utdanning", 2012): 2}

    assert current(data_root, utvandring) == {("utdanning", 2012): 3}
    states = {
        entry["delivery_id"]: entry["state"] for entry in json.loads(utvandring("deliveries", "--json").out)
    }
    assert states == {"second": "replaced", "first": "replaced", "third": "accepted"}
    assert len(list((data_root / "accepted" / "files").rglob("*.parquet"))) == 3


def test_a_lower_version_that_comes_late_is_kept_and_said_so(utvandring: Command, tmp_path: Path) -> None:
    utvandring("deliver", education(tmp_path, "second", 2, "641107"))

    ran = utvandring("deliver", education(tmp_path, "first", 1, "741107"))

    assert ran.code == 0
    assert "version 2 of utdanning 2012 stays in use" in ran.out


def test_the_same_version_with_the_same_content_is_a_repetition(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    utvandring("deliver", education(tmp_path, "one", 1, "641107"))

    assert utvandring("deliver", education(tmp_path, "two", 1, "641107")).code == 0
    assert [len(delivery["files"]) for delivery in ledger(data_root)] == [1, 0]
    assert len(list((data_root / "accepted" / "files").rglob("*.parquet"))) == 1


def test_the_same_version_with_other_content_is_refused(utvandring: Command, tmp_path: Path) -> None:
    utvandring("deliver", education(tmp_path, "one", 1, "641107"))

    ran = utvandring("deliver", education(tmp_path, "two", 1, "741107"))

    assert ran.code == 1
    assert "utdanning 2012 version 1 was accepted before with other content: raise the version" in ran.out


def test_the_same_delivery_again_is_no_news(
    utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    utvandring("deliver", good_delivery)
    before = (data_root / "accepted" / "ledger.json").read_bytes()

    ran = utvandring("deliver", good_delivery)

    assert ran.code == 0
    assert "already accepted" in ran.out
    assert (data_root / "accepted" / "ledger.json").read_bytes() == before


def test_another_delivery_under_an_accepted_id_is_refused(
    utvandring: Command, good_delivery: Path, tmp_path: Path
) -> None:
    utvandring("deliver", good_delivery)

    ran = utvandring("deliver", education(tmp_path, "2014-03-01", 2, "741107"))

    assert ran.code == 1
    assert "accepted before with other files: give this one a new id" in ran.out


def test_a_refused_delivery_may_be_corrected_under_its_id(
    utvandring: Command, tmp_path: Path, data_root: Path
) -> None:
    assert utvandring("deliver", education(tmp_path, "one", 1, "64")).code == 1
    assert utvandring("deliver", education(tmp_path, "one", 1, "6")).code == 1
    assert utvandring("deliver", education(tmp_path, "one", 1, "641107")).code == 0

    assert [delivery["verdict"] for delivery in ledger(data_root)] == ["refused", "refused", "accepted"]
    reports = sorted(path.parent.name for path in (data_root / "quarantine").rglob("report.json"))
    assert reports == ["one-1", "one-2"]
    report = json.loads((data_root / "quarantine" / "one-1" / "report.json").read_text(encoding="utf-8"))
    assert report["findings"][0]["values"] == [{"value": "64", "rows": 1}]


# Trouble.


def test_a_crash_before_the_ledger_is_written_changes_nothing(
    utvandring: Command, tmp_path: Path, good_delivery: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    utvandring("deliver", education(tmp_path, "one", 1, "641107", period=2010))
    before = ledger(data_root)

    def crash(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(deliver_module, "write_ledger", crash)
        with pytest.raises(RuntimeError):
            utvandring("deliver", good_delivery)
    assert ledger(data_root) == before
    assert len(list((data_root / "accepted" / "files").rglob("*.parquet"))) == 10

    utvandring("deliver", education(tmp_path, "two", 2, "641107", period=2010))
    assert len(list((data_root / "accepted" / "files").rglob("*.parquet"))) == 2
    assert utvandring("deliver", good_delivery).code == 0
    assert len(ledger(data_root)) == 3


def test_a_full_disk_is_told_in_one_sentence(
    utvandring: Command, good_delivery: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    with monkeypatch.context() as patched:
        patched.setattr(deliver_module, "move_into_place", full)
        ran = utvandring("deliver", good_delivery)
    assert ran.code == 1
    assert ran.err.startswith("The disk is full (somewhere)")
    assert ledger(data_root) == []
    assert utvandring("deliver", good_delivery).code == 0


def test_a_data_root_that_cannot_be_a_folder_is_told(
    utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    data_root.write_text("not a folder", encoding="utf-8")

    for arguments in (("deliver", good_delivery), ("deliveries",), ("build",)):
        ran = utvandring(*arguments)
        assert ran.code == 1
        assert ran.err.startswith("The data root")
        assert ran.err.count("\n") == 1


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="2026-11-21: root may write everywhere"
)
def test_a_data_root_without_permission_is_told(
    utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    data_root.mkdir(mode=0o500)

    ran = utvandring("deliver", good_delivery)

    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_a_second_command_is_told_to_wait(
    utvandring: Command, good_delivery: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = DataRoot(data_root)
    root.prepare()
    monkeypatch.setattr(locking, "PATIENCE_SECONDS", 0)

    with exclusive(root, "build"):
        ran = utvandring("deliver", good_delivery)

    assert ran.code == 1
    assert "Another utvandring command is working" in ran.err
    assert "(build, process" in ran.err
    assert utvandring("deliver", good_delivery).code == 0


def test_a_lock_that_is_given_up_while_a_command_waits_is_taken(
    data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = DataRoot(data_root)
    root.prepare()
    waited: list[float] = []
    with ExitStack() as holder:
        holder.enter_context(exclusive(root, "build"))

        def wait(seconds: float) -> None:
            waited.append(seconds)
            holder.close()

        monkeypatch.setattr(locking, "PATIENCE_SECONDS", 600)
        monkeypatch.setattr(locking.time, "sleep", wait)
        with exclusive(root, "deliver"):
            assert (data_root / ".lock-holder").read_text(encoding="utf-8").startswith("deliver")
    assert len(waited) == 1


def test_a_lost_ledger_is_noticed_and_no_file_is_removed(
    utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    utvandring("deliver", good_delivery)
    (data_root / "accepted" / "ledger.json").unlink()

    ran = utvandring("deliver", good_delivery)

    assert ran.code == 1
    assert "restore it from a backup" in ran.err
    assert len(list((data_root / "accepted" / "files").rglob("*.parquet"))) == 9


@pytest.mark.parametrize(
    "content", ["", "{", '{"format": 2, "deliveries": []}', '{"format": 1, "deliveries": [{}]}']
)
def test_a_damaged_ledger_is_told(
    content: str, utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    utvandring("deliver", good_delivery)
    (data_root / "accepted" / "ledger.json").write_text(content, encoding="utf-8")

    ran = utvandring("deliver", good_delivery)

    assert ran.code == 1
    assert "ledger.json" in ran.err
    assert "Traceback" not in ran.text


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_accepted_file_that_is_gone_or_was_changed_is_found(
    is_gone: bool, utvandring: Command, good_delivery: Path, data_root: Path
) -> None:
    utvandring("deliver", good_delivery)
    root = DataRoot(data_root)
    files = tuple(read_ledger(root).current_files().values())
    path = root.accepted / files[0].path
    assert damaged_files(root, files) == ()

    content = path.read_bytes()
    path.unlink()
    if not is_gone:
        path.write_bytes(content[:-1])

    assert damaged_files(root, files) == (files[0].path,)


def test_a_file_that_changes_while_it_is_read_is_not_accepted(
    utvandring: Command, good_delivery: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_stage = deliver_module.stage

    def stage_and_touch(*arguments: Any) -> Any:
        (good_delivery / "utdanning_p2012_v1.parquet").touch()
        return really_stage(*arguments)

    monkeypatch.setattr(deliver_module, "stage", stage_and_touch)
    ran = utvandring("deliver", good_delivery)

    assert ran.code == 1
    assert "utdanning_p2012_v1.parquet was changed while it was being read" in ran.err
    assert ledger(data_root) == []


def test_a_delivery_id_that_means_something_to_a_shell_is_refused(
    utvandring: Command, good_delivery: Path
) -> None:
    for delivery_id in ("", "a b", "a/b", "..", "[bold]x[/bold]", "x" * 65, "å"):
        write_manifest(good_delivery, {**read_manifest(good_delivery), "delivery_id": delivery_id})
        assert utvandring("deliver", good_delivery).code == 1


def test_an_id_that_was_used_before_hides_no_other_fault(
    utvandring: Command, good_delivery: Path, tmp_path: Path, data_root: Path
) -> None:
    utvandring("deliver", good_delivery)
    files = good_files()
    files["befolkning", 2014, 1] = [{**files["befolkning", 2013, 1][0], "famnr": "01010112377"}]
    files["inntekt", 2013, 1] = [{**files["inntekt", 2012, 1][0], "personid": None}]

    ran = utvandring("deliver", write_delivery(tmp_path / "other", "2014-03-01", files))

    assert ran.code == 1
    assert (
        "a delivery with the id 2014-03-01 was accepted before with other files: give this one a new"
        in ran.out
    )
    assert (
        "befolkning_p2014_v1.parquet, column famnr: 1 row with what looks like a national identity" in ran.out
    )
    assert "inntekt_p2013_v1.parquet, column personid: 1 row without a value" in ran.out
    assert "01010112377" not in ran.text
    assert [delivery["verdict"] for delivery in ledger(data_root)] == ["accepted", "refused"]
