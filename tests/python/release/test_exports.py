"""The ledger of exports: what left before, what would leave now, and what both together tell."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import Command

from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot
from utvandring.release import exporting
from utvandring.release.exports import read_exports

TEXTS = {
    "delivery": ("delivery_id", "produced_at", "received_at", "is_simulated"),
    "disclosure_rule": ("rule", "value", "description"),
    "declared_column": ("table_name", "column_name", "role", "kind"),
}
COLUMNS = [
    ("rate", "event_year", "key", None),
    ("rate", "place", "key", None),
    ("rate", "residents_n", "measure", "count"),
    ("rate", "emigrants_n", "measure", "count"),
    ("rate", "emigration_rate", "measure", "ratio"),
    *((table, name, "text", None) for table, names in TEXTS.items() for name in names),
]


@pytest.fixture
def root(data_root: Path) -> DataRoot:
    """Give a publication with one table of counts."""
    root = DataRoot(data_root)
    root.prepare()
    with duckdb.connect(str(root.publication)) as connection:
        connection.execute("create schema release")
        connection.execute(
            "create table release.rate as select 2013 as event_year, 'place ' || i as place, "
            "(100 + 5 * i)::bigint as residents_n, case when i <> 2 then 5 * (1 + i) end as emigrants_n, "
            "5.0::double as emigration_rate from range(6) as rows (i)"
        )
        connection.execute(
            "create table release.delivery as select '2014-03-01' as delivery_id, "
            "'2014-03-15' as produced_at, '2014-03-16' as received_at, true as is_simulated"
        )
        connection.execute(
            "create table release.disclosure_rule as "
            "select 'threshold' as rule, 5 as value, 'Small.' as description"
        )
        connection.execute(
            "create table release.declared_column "
            "(table_name varchar, column_name varchar, role varchar, kind varchar)"
        )
        connection.executemany("insert into release.declared_column values (?, ?, ?, ?)", COLUMNS)
    return root


def publish(root: DataRoot, statement: str) -> None:
    with duckdb.connect(str(root.publication)) as connection:
        connection.execute(statement)


def test_what_leaves_is_kept_and_the_same_again_differs_from_nothing(
    root: DataRoot, utvandring: Command, tmp_path: Path
) -> None:
    for number in (1, 2):
        ran = utvandring("export", "--out", tmp_path / f"out{number}", "--json")
        assert ran.code == 0, ran.text
        assert "differences" not in json.loads(ran.out)
        exports = read_exports(root)
        assert [entry.number for entry in exports] == list(range(1, number + 1))
    # Six rows with two counts each; text, ratios and rules are no counts.
    assert [entry.counts_n for entry in exports] == [12, 12]
    # A later year is new, and tells nothing of what has left.
    publish(root, "insert into release.rate select 2014, place, 100, null, null from release.rate")
    assert utvandring("export", "--out", tmp_path / "out3").code == 0


def test_counts_that_change_between_shown_and_withheld_are_told_and_nothing_leaves_without_a_reason(
    root: DataRoot, utvandring: Command, tmp_path: Path
) -> None:
    assert utvandring("export", "--out", tmp_path / "out").code == 0
    # Corrections: 5 emigrants are 4, 0 are 5, two more have other numbers, and one row is gone.
    publish(root, "update release.rate set emigrants_n = null where place = 'place 0'")
    publish(root, "update release.rate set emigrants_n = 5 where place = 'place 2'")
    publish(
        root, "update release.rate set residents_n = residents_n + 5 where place in ('place 3', 'place 4')"
    )
    publish(root, "delete from release.rate where place = 'place 5'")
    ledger = root.exports_ledger.read_bytes()

    for reason in ([], ["--reason", "  "]):
        ran = utvandring("export", "--out", tmp_path / "new", *reason)
        assert ran.code == 1
        assert (
            "rate: 3 shown then and withheld now, 1 withheld then and shown now, 2 shown as another number"
            in ran.err
        )
        assert "--reason" in ran.err
        assert not (tmp_path / "new").exists()
        assert root.exports_ledger.read_bytes() == ledger
        assert len([*root.exports.iterdir()]) == 2

    ran = utvandring("export", "--out", tmp_path / "new", "--reason", "The correction is public.")
    assert ran.code == 0
    assert "Differs: export 1 of" in ran.text
    assert read_exports(root)[1].reason == "The correction is public."
    # Compared with every earlier export, the first one too.
    ran = utvandring("export", "--out", tmp_path / "third", "--reason", "Again.", "--json")
    assert [one["number"] for one in json.loads(ran.out)["differences"]] == [1]


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (True, "1 small counts keep fewer values than asked for (1 in rates), and 0 persons who are alone"),
        (False, "Through what adds up nobody is given away"),
        (None, "could not be worked out. There is no built database at"),
    ],
)
def test_what_both_together_give_away_through_what_adds_up_is_said(
    left: bool | None, says: str, root: DataRoot, utvandring: Command, tmp_path: Path
) -> None:
    """18 emigrants are 7, 8 and 3; the 7 are withheld now, for the sake of the 3, and left as 5 before."""
    rows = [(0, 18, 20), (1, 7, None), (2, 8, 5), (3, 3, None)]
    publish(root, "delete from release.rate where place not in ('place 0', 'place 1', 'place 2', 'place 3')")
    for number, _, shown in rows:
        earlier = 5 if left and number == 1 else shown
        place = f"where place = 'place {number}'"
        publish(root, f"update release.rate set emigrants_n = {earlier if earlier else 'null'} {place}")
    if not left:
        publish(root, "update release.rate set residents_n = 105 where place = 'place 0'")
    assert utvandring("export", "--out", tmp_path / "first").code == 0
    publish(root, "update release.rate set emigrants_n = null where place = 'place 1'")
    publish(root, "update release.rate set residents_n = null where place = 'place 0'")
    if left is not None:
        with duckdb.connect(str(root.warehouse)) as connection:
            connection.execute("create schema intermediate; create schema release")
            connection.execute(
                "create table release.disclosure_rule as select * from (values ('threshold', 5), "
                "('rounding_base', 5), ('protection', 4)) as rules (rule, value)"
            )
            connection.execute(
                "create table intermediate.int_disclosure__audited_cell (block_id varchar, cell_id integer, "
                "measure varchar, n bigint, shown_n bigint, part varchar, row_of varchar, column_of varchar)"
            )
            connection.executemany(
                "insert into intermediate.int_disclosure__audited_cell "
                "values ('a year', ?, 'emigrants_n', ?, ?, 'rates', ?, 'all')",
                [(number, count, shown, number) for number, count, shown in rows],
            )
            connection.execute(
                "create table intermediate.int_disclosure__relation as select 'a year' as block_id, "
                "1 as relation_id, range::integer as cell_id, range = 0 as is_total, true as is_exhaustive "
                "from range(4)"
            )
            connection.execute(
                "create table intermediate.int_disclosure__released_name as select 'rate' as table_name, "
                "'2013/place ' || range as key, 'emigrants_n' as item, range::integer as cell_id, "
                "'emigrants_n' as measure from range(4)"
            )

    ran = utvandring("export", "--out", tmp_path / "second")

    assert ran.code == 1
    assert says in ran.err
    assert not (tmp_path / "second").exists()
    ran = utvandring("export", "--out", tmp_path / "second", "--reason", "Known.")
    assert ran.code == 0
    assert says.split(" (")[0] in " ".join(ran.text.split())


def test_other_numbers_alone_are_told_and_leave(root: DataRoot, utvandring: Command, tmp_path: Path) -> None:
    assert utvandring("export", "--out", tmp_path / "out").code == 0
    publish(root, "update release.rate set residents_n = 500 where place = 'place 1'")
    ran = utvandring("export", "--out", tmp_path / "new")
    assert ran.code == 0
    assert "1 shown as another number" in " ".join(ran.text.split())


def test_tables_that_did_not_leave_before_are_not_compared(
    root: DataRoot, utvandring: Command, tmp_path: Path
) -> None:
    assert utvandring("export", "--out", tmp_path / "out", "--table", "delivery").code == 0
    publish(root, "update release.rate set emigrants_n = null")
    assert utvandring("export", "--out", tmp_path / "new").code == 0


def changed(change: Callable[[list[dict[str, object]]], object]) -> Callable[[DataRoot], object]:
    """Return what changes the entries of a ledger."""

    def spoil(root: DataRoot) -> None:
        document = json.loads(root.exports_ledger.read_text(encoding="utf-8"))
        change(document["exports"])
        root.exports_ledger.write_text(json.dumps(document), encoding="utf-8")

    return spoil


FAULTS: dict[str, tuple[Callable[[DataRoot], object], str]] = {
    "missing": (lambda root: root.exports_ledger.unlink(), "is missing although there are counts of exports"),
    "no JSON": (lambda root: root.exports_ledger.write_text("{"), "is damaged (not JSON)"),
    "another format": (lambda root: root.exports_ledger.write_text("{}"), "another version of the program"),
    "incomplete": (changed(lambda exports: exports[0].pop("counts_sha256")), "is damaged (incomplete)"),
    "edited": (
        changed(lambda exports: exports[0].update(reason="another")),
        "was edited before its export 2",
    ),
    "without its first export": (changed(lambda exports: exports.pop(0)), "was edited before its export 1"),
    "without its last export": (changed(lambda exports: exports.pop()), "was edited in its last export"),
    "without counts": (
        lambda root: (root.exports / "00001.parquet").unlink(),
        "the counts of export 1, is missing",
    ),
    "with other counts": (
        lambda root: (root.exports / "00002.parquet").write_bytes(b"PAR1"),
        "the counts of export 2, was changed",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_with_a_ledger_that_is_missing_or_edited_nothing_leaves(
    fault: str, root: DataRoot, utvandring: Command, tmp_path: Path
) -> None:
    for number in (1, 2):
        assert utvandring("export", "--out", tmp_path / f"out{number}").code == 0
    spoil, says = FAULTS[fault]
    spoil(root)
    ran = utvandring("export", "--out", tmp_path / "new")
    assert ran.code == 1
    assert says in ran.err
    assert ran.err.rstrip().endswith("Nothing was exported.")
    assert not (tmp_path / "new").exists()


def test_an_export_that_cannot_appear_is_not_in_the_ledger(
    root: DataRoot, utvandring: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for before in (0, 1):
        with monkeypatch.context() as patch:
            patch.setattr(exporting, "replace_folder", fail)
            assert utvandring("export", "--out", tmp_path / "new").code == 1
        assert len(read_exports(root)) == before
        assert len([*root.exports.glob("*.parquet")]) == before
        assert utvandring("export", "--out", tmp_path / f"out{before}").code == 0


def test_of_two_exports_at_the_same_time_the_second_begins_again(root: DataRoot) -> None:
    with duckdb.connect(str(root.publication), read_only=True) as connection:
        entry = exporting._keep_counts(connection, root, (), ["rate"], None)
        exporting._record(root, (), entry, lambda: None)
        with pytest.raises(UtvandringError, match="Another export was written meanwhile"):
            exporting._record(root, (), entry, lambda: None)
    assert read_exports(root) == (entry,)
