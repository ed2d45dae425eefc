"""The warehouse against a second, plain reading of the definitions, on contradictory histories."""

from pathlib import Path

import pytest
from reference import (
    Evidence,
    Registers,
    child_emigration,
    descendant_emigration,
    emigration_by_origin,
    family_year,
    immigration_spell,
    migration_balance,
    migration_event,
    migration_flow,
    mobility_rate,
    mover_profile,
    person_year,
)
from reference.adversary import Adversary
from reference.child_emigration import CHILD
from reference.emigration_by_origin import ORIGIN_GRAIN
from reference.evidence import Row
from reference.migration_balance import BALANCE
from reference.migration_flow import FLOW
from reference.mobility_rate import GRAIN
from reference.mover_profile import PROFILE
from reference.warehouse import Warehouse, delivered, differences, report

from utvandring.simulation import simulate

EVENT = ("person_id", "event_type", "event_date", "registered_date", "from_municipality_code")
EVENT += ("to_municipality_code", "from_country", "to_country")
KEYS = {
    "person_year": ("person_id", "base_year"),
    "family_year": ("family_id", "reference_year"),
    "migration_event": EVENT,
    "mobility_rate": GRAIN,
    "migration_flow": FLOW,
    "migration_balance": BALANCE,
    "child_emigration": CHILD,
    "mover_profile": PROFILE,
    "immigration_spell": ("person_id", "stay_number"),
    "descendant_emigration": ("person_id",),
    "emigration_by_origin": ORIGIN_GRAIN,
}
BY_PERSON = ("person_year", "immigration_spell", "descendant_emigration")

# First and last 1 January, persons, and whether the events of a last, provisional year are delivered.
ERAS = {
    "mergers of 2005-2017, provisional": (2004, 2017, 700, True),
    "reforms of 2018-2024": (2017, 2025, 700, False),
    "provisional in the year before the reform of 2020": (2017, 2019, 700, True),
}


def by_definition(registers: Registers) -> dict[str, list[Row]]:
    evidence = Evidence(registers)
    persons = person_year(evidence)
    return {
        "person_year": persons,
        "family_year": family_year(evidence),
        "migration_event": migration_event(evidence),
        "mobility_rate": mobility_rate(persons),
        "migration_flow": migration_flow(evidence),
        "migration_balance": migration_balance(evidence),
        "child_emigration": child_emigration(persons),
        "mover_profile": mover_profile(evidence, persons),
        "immigration_spell": immigration_spell(evidence),
        "descendant_emigration": descendant_emigration(evidence),
        "emigration_by_origin": emigration_by_origin(persons),
    }


def compare(registers: Registers, actual: dict[str, list[Row]]) -> None:
    expected = by_definition(registers)
    complaints = []
    for mart, key in KEYS.items():
        assert expected[mart], mart
        found = differences(expected[mart], actual[mart], key)
        if found:
            complaints.append(f"{mart}: {report(found, registers if mart in BY_PERSON else None)}")
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("era", ERAS)
def test_contradictory_histories(era: str, reference_warehouse: Warehouse) -> None:
    first, last, persons, provisional = ERAS[era]
    registers = Adversary(list(ERAS).index(era), persons, first, last, provisional).draw()
    compare(registers, reference_warehouse.marts(registers))


def test_a_simulated_delivery(tmp_path: Path, reference_warehouse: Warehouse) -> None:
    simulate(tmp_path / "delivery", scale=0.002, first_year=2010, last_year=2013, seed=7)
    registers = delivered(tmp_path / "delivery")
    compare(registers, reference_warehouse.marts(registers))
