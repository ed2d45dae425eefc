"""The warehouse against a second, plain reading of the definitions, on histories that contradict themselves."""

import pytest
from reference import Evidence, Registers, family_year, migration_event, mobility_rate, person_year
from reference.adversary import Adversary
from reference.evidence import Row
from reference.mobility_rate import GRAIN
from reference.warehouse import Warehouse, differences, report

EVENT = ("person_id", "event_type", "event_date", "registered_date", "from_municipality_code")
EVENT += ("to_municipality_code", "from_country", "to_country")
KEYS = {
    "person_year": ("person_id", "base_year"),
    "family_year": ("family_id", "reference_year"),
    "migration_event": EVENT,
    "mobility_rate": GRAIN,
}

# First and last 1 January, persons, and whether the events of a last, provisional year are delivered.
ERAS = {
    "mergers 2004-2017, last year without events": (2004, 2017, 700, False),
    "the division of 2013 against that of 2018, provisional": (2013, 2017, 700, True),
    "reforms 2018-2024, provisional": (2017, 2025, 700, True),
    "provisional in the year before the reform of 2020": (2016, 2019, 700, True),
}


def by_definition(registers: Registers) -> dict[str, list[Row]]:
    evidence = Evidence(registers)
    persons = person_year(evidence)
    return {
        "person_year": persons,
        "family_year": family_year(evidence),
        "migration_event": migration_event(evidence),
        "mobility_rate": mobility_rate(persons),
    }


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(tmp_path_factory.mktemp("adversary"))


@pytest.mark.parametrize("era", ERAS)
def test_marts_follow_the_definitions(era: str, warehouse: Warehouse) -> None:
    first, last, persons, provisional = ERAS[era]
    registers = Adversary(list(ERAS).index(era), persons, first, last, provisional).draw()
    expected, actual = by_definition(registers), warehouse.marts(registers)
    complaints = []
    for mart, key in KEYS.items():
        assert expected[mart]
        found = differences(expected[mart], actual[mart], key)
        if found:
            stories = registers if mart == "person_year" else None
            complaints.append(f"{mart} ({era}): {report(found, stories)}")
    assert not complaints, "\n".join(complaints)
