"""Persons with deliberately contradictory histories, drawn at random."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from .evidence import Registers, Row
from .regions import municipality_codes, translated_forward

#: Municipalities that merged, were renumbered or split, some others, Svalbard and unknown addresses.
PLACES = """
    0301 0219 1103 1201 0104 0105 0000 9999 2111 2100 1842 1804 1154 1159 1160 1569 1572 1576 1503 1556 1505
    1723 1729 1756 1901 1915 1903 0706 0719 0720 0710 0702 0714 0715 1601 5001 1624 1718 5054 1613 5012 1850
    1612 5011 5055 5056 5059 1805 1849 1806 1875 1507 1508 1580 1504 1534 1566 1567 5061 1571 3002 3024 3103
    3201 1662 5030 5031 1103 1141 5006 1702 5004
""".split()  # noqa: SIM905
COUNTRIES = ("000", "101", "102", "104", "106", "131", "444", "990")
SIGN_REGISTERS = ("sysselsetting", "utdanningsaktivitet", "arbeidssoker", "inntekt")


class Adversary:
    """Draws registers from `first_year` to `last_year` (of the 1 Januaries)."""

    def __init__(
        self, seed: int, persons: int, first_year: int, last_year: int, provisional: bool = True
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.persons = [f"p{number:05}" for number in range(persons)]
        self.januaries = range(first_year, last_year + 1)
        self.event_years = range(first_year - 1, last_year + (1 if provisional else 0))
        self.years = range(first_year - 2, last_year + 1)
        self.registers: Registers = {}

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def one_of(self, *values: Any) -> Any:
        return values[int(self.random.integers(len(values)))]

    def place(self, year: int) -> str:
        while True:
            code = self.one_of(*PLACES)
            row = municipality_codes()[code]
            if (row["valid_from"] or "0") <= f"{year}-01-01" < (row["valid_to"] or "9999"):
                return str(code)

    def day(self, year: int) -> date:
        """Most often near the border of the year."""
        if self.chance(0.45):
            near = [(1, 1), (1, 2), (6, 15), (12, 30), (12, 31)]
            month, day_of_month = near[int(self.random.integers(len(near)))]
            return date(year, month, day_of_month)
        return date(year, 1, 1) + timedelta(days=int(self.random.integers(365)))

    def draw(self) -> Registers:
        for year in self.januaries:
            self.registers["befolkning", year] = []
        for year in self.event_years:
            self.registers["flytting", year] = []
        for year in self.years:
            for register in (*SIGN_REGISTERS, "utdanning"):
                if self.chance(0.9):
                    self.registers[register, year] = []
        last = self.januaries[-1]
        self.registers["person", last - 2] = []
        self.registers["person", last] = []
        for person_id in self.persons:
            self.residence(person_id)
            self.moves(person_id)
            self.activity(person_id)
            self.person(person_id)
        return self.registers

    def residence(self, person_id: str) -> None:
        place = self.place(self.januaries[0])
        family = self.one_of(person_id, f"f{self.random.integers(len(self.persons) // 3)}", None)
        for year in self.januaries:
            if year > self.januaries[0]:
                place = self.one_of(*sorted(translated_forward(place, date(year, 1, 1))))
            if self.chance(0.25):
                place = self.place(year)
            status = int(self.random.choice([1, 3, 5, 4, 0], p=[0.74, 0.14, 0.05, 0.02, 0.05]))
            if status == 0:
                continue
            self.registers["befolkning", year].append(
                {
                    "personid": person_id,
                    "statuskode": status,
                    "kommnr": place if status == 1 or self.chance(0.5) else None,
                    "famnr": family,
                    "personkode": self.one_of(1, 2, 3, None),
                    "sivstand": 1,
                }
            )

    def moves(self, person_id: str) -> None:
        taken: dict[date, set[date | None]] = {}
        for _ in range(int(self.random.poisson(0.5 * len(self.event_years)))):
            day = self.day(int(self.random.choice(self.event_years)))
            registered = self.registration(day)
            others = taken.setdefault(day, set())
            # which of two events of one day came first must be known
            if registered in others or None in others or (others and registered is None):
                continue
            others.add(registered)
            event = self.event(person_id, day, registered)
            self.registers["flytting", day.year].append(event)
            if self.chance(0.04):
                self.registers["flytting", day.year].append(dict(event))

    def registration(self, day: date) -> date | None:
        lag = self.one_of(0, 3, 20, 200, 380, -5, None, -1)
        return None if lag is None else day + timedelta(days=lag) if lag >= 0 else self.day(day.year + 1)

    def event(self, person_id: str, day: date, registered: date | None) -> Row:
        kind = self.one_of("utvandring", "utvandring", "innvandring", "innenlands")
        abroad = self.one_of("131", "106", "990", "990", None, None)
        return {
            "personid": person_id,
            "hendelse": kind,
            "flyttedato": day,
            "regdato": registered,
            "fra_kommnr": self.place(day.year) if kind != "innvandring" else None,
            "til_kommnr": self.place(day.year) if kind != "utvandring" else None,
            "fra_land": abroad if kind == "innvandring" else None,
            "til_land": abroad if kind == "utvandring" else None,
            "utvandringstype": self.one_of("meldt", "administrativ", None, None, None)
            if kind == "utvandring"
            else None,
        }

    def activity(self, person_id: str) -> None:
        busy = self.one_of(0.02, 0.1, 0.4)
        for year in self.years:
            if self.chance(0.8):
                self.add(
                    "utdanning", year, {"personid": person_id, "nus2000": f"{self.random.integers(10)}99999"}
                )
            while self.chance(busy):
                job = {"yrkstat": self.one_of(1, 1, 2, 0, 3), "orgnr": None, "naring": None}
                job |= {
                    "timer": self.one_of(None, 7.5, 20.0, 37.5),
                    "hovedarbeid": self.one_of(True, False, None),
                }
                self.add("sysselsetting", year, {"personid": person_id, **job})
            if self.chance(busy):
                kind, day = self.one_of("igangvaerende", "eksamen"), self.day(year)
                self.add("utdanningsaktivitet", year, {"personid": person_id, "aktivitet": kind, "dato": day})
            if self.chance(busy):
                for _ in range(int(self.random.integers(1, 14))):
                    month, status = int(self.random.integers(1, 13)), self.one_of(1, 1, 1, 2, 3)
                    self.add(
                        "arbeidssoker", year, {"personid": person_id, "maaned": month, "hovedstatus": status}
                    )
            if self.chance(0.5):
                income = self.one_of(None, 0, -100, 0, 250_000) if self.chance(2 * busy) else None
                self.add(
                    "inntekt",
                    year,
                    {"personid": person_id, "wyrkinnt": income, "wies": 100_000, "nettoformue": 5},
                )

    def add(self, register: str, year: int, row: Row) -> None:
        if (register, year) in self.registers:
            self.registers[register, year].append(row)

    def person(self, person_id: str) -> None:
        if self.chance(0.03):
            return
        last = self.januaries[-1]
        first = self.one_of(None, 1989, 1990, 2001, *self.januaries)
        born = int(self.random.integers(last - 85, self.januaries[0] - 2))
        death = self.day(int(self.random.integers(self.januaries[0] - 1, last + 2)))
        row = {
            "personid": person_id,
            "kjoenn": self.one_of(1, 2),
            "foedselsaar_mnd": born * 100 + 7,
            "fodeland": self.one_of(*COUNTRIES),
            "landbak3gen": self.one_of(None, *COUNTRIES),
            "invkat": self.one_of(*"BBBBACDEFG"),
            "inngrunn1": self.one_of(None, "ARB", "FAM", "FLU", "UTD", "ANN", "UKJ"),
            "forstdato": first and first * 10000 + self.one_of(101, 102, 1231),
            "doedsdato": death if self.chance(0.3) else None,
            "mor_id": None,
            "far_id": None,
        }
        if self.chance(0.3):  # an earlier, since corrected, version of the facts
            self.registers["person", last - 2].append(row | {"invkat": "A", "doedsdato": None})
        self.registers["person", last].append(row)
