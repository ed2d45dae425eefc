"""The hand-written persons (`persons`) through `deliver` and the compiled models, one test each."""

from collections.abc import Callable

import pytest
from persons import CASES, registers_of
from reference.evidence import Row
from reference.story import Case
from reference.warehouse import Warehouse


@pytest.fixture(scope="session")
def marts(reference_warehouse: Warehouse) -> Callable[[str], dict[str, list[Row]]]:
    built: dict[str, dict[str, list[Row]] | AssertionError] = {}

    def build(delivery: str) -> dict[str, list[Row]]:
        if delivery not in built:
            try:
                built[delivery] = reference_warehouse.marts(registers_of(delivery), by_command=True)
            except AssertionError as failure:  # once, not again for every person
                built[delivery] = failure
        result = built[delivery]
        if isinstance(result, AssertionError):
            raise result
        return result

    return build


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_person(one: Case, marts: Callable[[str], dict[str, list[Row]]]) -> None:
    for expectation in one.expectations:
        key = dict(expectation.key)
        if "family_id" in key:
            key["family_id"] = f"{one.person_id}-{key['family_id']}"
        else:
            key["person_id"] = one.person_id
        rows = [
            row
            for row in marts(one.delivery)[expectation.mart]
            if all(row[name] == value for name, value in key.items())
        ]
        assert len(rows) == (1 if expectation.columns else 0), key
        for row in rows:
            expected = dict(expectation.columns)
            if expected.get("family_id") is not None:
                expected["family_id"] = f"{one.person_id}-{expected['family_id']}"
            wrong = {
                name: f"expected {value!r}, found {row[name]!r}"
                for name, value in expected.items()
                if row[name] != value
            }
            assert not wrong, f"{key}: {wrong}"


def test_every_person_has_a_name_of_its_own() -> None:
    names = [one.name for one in CASES]
    assert sorted(names) == sorted(set(names))
    assert len(CASES) > 200
