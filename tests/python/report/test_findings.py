"""The findings that chapters 4 and 5 state in words: which rates they compare, and when they hold or fail."""

import csv
import re
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[3]
YEARS = range(2004, 2014)
Comparison = tuple[str, str, str]


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds/published" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def comparisons() -> list[Comparison]:
    rows = seed("published_finding_comparisons")
    return [(row["finding_id"], row["higher"], row["lower"]) for row in rows]


def verdicts(shares: dict[str, float]) -> dict[str, str]:
    """Judge the findings by rates of 10,000 residents in each of ten years; without a share: withheld."""
    with duckdb.connect() as connection:
        for name in ("published_findings", "published_finding_comparisons"):
            path = PROJECT / "seeds/published" / f"{name}.csv"
            connection.execute(f"create table {name} as from read_csv('{path}', all_varchar = true)")
        connection.execute(
            "create table release_mobility_rate (immigration_background varchar, region_level varchar, "
            "region_code varchar, population varchar, dimension varchar, category varchar, "
            "outcome_year integer, "
            "outcome_is_provisional boolean, residents_n bigint, emigrants_n bigint, "
            "internal_outmigrants_centrality_n bigint, internal_outmigrants_county_n bigint)"
        )
        cells: dict[tuple[str, ...], dict[str, int]] = {}
        for name, share in shares.items():
            outcome, *cell, _, _ = name.split(":")
            cells.setdefault(tuple(cell), {})[outcome] = round(10_000 * share)
        for cell, movers in cells.items():
            counts = [movers.get(name) for name in ("emigration", "internal_centrality", "internal_county")]
            for year in YEARS:
                connection.execute(
                    "insert into release_mobility_rate values (?, ?, ?, ?, ?, ?, ?, false, 10000, ?, ?, ?)",
                    [*cell, year, *counts],
                )
        model = (PROJECT / "models/release/release_finding.sql").read_text(encoding="utf-8")
        query = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", model)
        return dict(connection.execute(f"select finding_id, verdict from ({query})").fetchall())


def shares_by_the_report(section: str) -> dict[str, float]:
    """Give every rate of a section a share, so that all of its findings hold."""
    lower: dict[str, set[str]] = {}
    for finding, high, low in comparisons():
        if finding.startswith(f"{section}-"):
            lower.setdefault(high, set()).add(low)
            lower.setdefault(low, set())
    ranks: dict[str, int] = {}
    for name in TopologicalSorter(lower).static_order():
        ranks[name] = 1 + max((ranks[low] for low in lower[name]), default=0)
    return {name: rank / 100 for name, rank in ranks.items()}


def test_every_finding_has_comparisons_of_rates_that_exist() -> None:
    findings = [row["finding_id"] for row in seed("published_findings")]
    assert len(findings) == len(set(findings)) > 60
    assert {finding for finding, _, _ in comparisons()} == set(findings)
    for _, high, low in comparisons():
        assert high != low
        for name in (high, low):
            outcome, _, level, _, population, dimension, *_, first, last = name.split(":")
            assert outcome in ("emigration", "internal_centrality", "internal_county")
            assert (level, population) in (
                ("country", "all"),
                ("country", "age_15_74"),
                ("centrality", "all"),
                ("county", "all"),
            )
            assert dimension in ("none", "labour_status", "education_group", "family_size_type")
            assert 2004 <= int(first) <= int(last) <= 2013


def test_rates_that_violate_ten_findings_turn_these_ten_and_no_other() -> None:
    """Emigration by education the other way round, of four backgrounds: the most are the least."""
    shares = shares_by_the_report("4.3")
    before = verdicts(shares)
    of_section = {finding for finding in before if finding.startswith("4.3-")}
    assert {before[finding] for finding in of_section} == {"holds"}

    turned_round = tuple(
        f"emigration:{background}:" for background in ("work", "refuge", "family", "unknown")
    )
    turned = {name: 0.2 - share if name.startswith(turned_round) else share for name, share in shares.items()}
    after = verdicts(turned)

    changed = {finding for finding in before if before[finding] != after[finding]}
    assert len(changed) == 10
    assert {after[finding] for finding in changed} == {"fails"}


def test_what_is_withheld_or_nearly_equal_is_undecided() -> None:
    shares = shares_by_the_report("4.3")
    name = next(name for name in shares if name.startswith("emigration:nordic") and ":unknown:" in name)
    (finding,) = {finding for finding, high, _ in comparisons() if high == name}
    assert verdicts(shares)[finding] == "holds"
    assert (
        verdicts({other: share for other, share in shares.items() if other != name})[finding] == "undecided"
    )
    lowest = max(shares[low] for of, _, low in comparisons() if of == finding)
    assert verdicts(shares | {name: lowest})[finding] == "undecided"
