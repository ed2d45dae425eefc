"""What the registers say, indexed by person; nothing here interprets."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

Row = dict[str, Any]
Registers = dict[tuple[str, int], list[Row]]

#: A sign of life may come from each of these; one that is missing for a year could have shown one.
SIGN_REGISTERS = ("sysselsetting", "utdanningsaktivitet", "arbeidssoker", "inntekt", "flytting")


class Evidence:
    """Rows of a set of registers by person and period."""

    def __init__(self, registers: Registers) -> None:
        self.registers = registers
        self._rows: dict[tuple[str, int], dict[str, list[Row]]] = {}
        for key, rows in registers.items():
            by_person = defaultdict(list)
            for row in rows:
                by_person[row["personid"]].append(row)
            self._rows[key] = by_person
        self._persons: dict[str, Row] = {}
        for period in self.periods("person"):  # ascending: the latest known period serves all years
            for row in registers["person", period]:
                self._persons[row["personid"]] = row
        self._moves: dict[str, list[Row]] = defaultdict(list)
        for period in self.periods("flytting"):
            for row in registers["flytting", period]:
                self._moves[row["personid"]].append(row)

    def periods(self, register: str) -> list[int]:
        return sorted(period for name, period in self.registers if name == register)

    def delivered(self, register: str, year: int) -> bool:
        return (register, year) in self.registers

    def rows(self, register: str, year: int, person_id: str) -> list[Row]:
        return self._rows.get((register, year), {}).get(person_id, [])

    def person(self, person_id: str) -> Row | None:
        return self._persons.get(person_id)

    def status(self, person_id: str, year: int) -> int | None:
        """Status on 1 January; None without a row, which is not resident either."""
        rows = self.rows("befolkning", year, person_id)
        return rows[0]["statuskode"] if rows else None

    def is_resident(self, person_id: str, year: int) -> bool:
        return self.status(person_id, year) == 1

    def address(self, person_id: str, year: int) -> str | None:
        rows = self.rows("befolkning", year, person_id)
        return rows[0]["kommnr"] if rows else None

    def residents(self, year: int) -> Iterable[Row]:
        return [row for row in self.registers["befolkning", year] if row["statuskode"] == 1]

    def moves(self, person_id: str, *kinds: str) -> list[Row]:
        """Events of the person in order of date and registration; a registration not dated comes last."""
        events = [row for row in self._moves.get(person_id, []) if row["hendelse"] in kinds]
        return sorted(events, key=in_order)

    # "Sign of life in a calendar year: a job, an enrolment or exam, any jobseeker registration whatever its
    # status, an internal move or immigration, or occupational income (wyrkinnt) above zero (wies and wealth
    # are not ...)." Rows that are not employment (yrkstat 0, 3) are not a job.
    def has_sign(self, person_id: str, year: int) -> bool:
        return bool(
            any(row["yrkstat"] in (1, 2) for row in self.rows("sysselsetting", year, person_id))
            or self.rows("utdanningsaktivitet", year, person_id)
            or self.rows("arbeidssoker", year, person_id)
            or any((row["wyrkinnt"] or 0) > 0 for row in self.rows("inntekt", year, person_id))
            or any(
                row["flyttedato"].year == year for row in self.moves(person_id, "innenlands", "innvandring")
            )
        )

    def all_sign_registers(self, *years: int) -> bool:
        return all(self.delivered(register, year) for year in years for register in SIGN_REGISTERS)

    def sign_years(self) -> list[int]:
        return sorted({period for register, period in self.registers if register in SIGN_REGISTERS})

    # "last_sign_of_life_year: the latest year up to t (not t+1: no leakage) with a sign."
    def last_sign_of_life_year(self, person_id: str, base_year: int) -> int | None:
        years = [y for y in self.sign_years() if y <= base_year and self.has_sign(person_id, y)]
        return max(years, default=None)


def in_order(event: Row) -> tuple[date, date]:
    return event["flyttedato"], event["regdato"] or date.max
