"""Writing the registers: the simulated lives in the form, and with the flaws, of a delivery."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from utvandring.simulation import parameters as p
from utvandring.simulation.events import BASIS_CODES, EVENT_CODES, NOWHERE, first_day
from utvandring.simulation.geography import division
from utvandring.simulation.population import DEAD, EMIGRATED, BoolArray, IntArray, Population, pseudonym

_PERSON_BITS, _FAMILY_BITS = 40, 36
_UNKNOWN_PLACES = ("0000", "9999")
_INDUSTRIES = (
    "41.200",
    "43.320",
    "47.111",
    "49.320",
    "52.290",
    "55.101",
    "56.101",
    "62.020",
    "71.129",
    "78.200",
    "81.210",
    "85.201",
    "86.101",
    "87.102",
    "88.911",
    "10.203",
    "03.211",
    "06.100",
    "25.110",
    "01.130",
)


def text_ids(numbers: npt.NDArray[np.uint64], prefix: str, bits: int) -> pa.Array:
    """Write numbers as prefix and hexadecimal digits, as one Arrow string array."""
    digits = bits // 4
    alphabet = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    text = np.empty((len(numbers), digits + 1), dtype=np.uint8)
    text[:, 0] = ord(prefix)
    for position in range(digits):
        shift = np.uint64(4 * (digits - 1 - position))
        text[:, position + 1] = alphabet[(numbers >> shift) & np.uint64(15)]
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * (digits + 1)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def coded(positions: npt.ArrayLike, codes: tuple[str | None, ...]) -> pa.Array:
    """Return a dictionary column from positions in `codes`; negative positions and None are NULL."""
    index = np.asarray(positions)
    missing = index < 0
    for position, code in enumerate(codes):
        if code is None:
            missing |= index == position
    indices = pa.array(np.where(missing, 0, index).astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, pa.array([c or "" for c in codes]))


def country_codes(countries: npt.ArrayLike) -> pa.Array:
    """Return three-digit country codes; `NOWHERE` is NULL."""
    return coded(countries, tuple(f"{code:03d}" for code in range(1000)))


@dataclass
class Registers:
    """Writer of one delivery into `folder`."""

    folder: Path
    seed: int
    # People who are simulated apart have pseudonyms of their own: positions from here on.
    first_position: int = 0
    # Written before, from people who are simulated apart: rows that the same file here takes over.
    beside: Registers | None = None
    files: list[dict[str, object]] = field(default_factory=list)
    _persons: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))

    def ids(self, people: IntArray) -> pa.Array:
        """Return the pseudonyms of `people`; negative positions are NULL."""
        size = int(people.max()) + 1 if len(people) else 0
        if size > len(self._persons):
            positions = self.first_position + np.arange(size)
            numbers = pseudonym(positions, self.seed, bits=_PERSON_BITS, topic=1)
            self._persons = text_ids(numbers, "p", _PERSON_BITS)
        return self._persons.take(pa.array(np.maximum(people, 0), mask=people < 0))

    def write(self, register: str, period: int, columns: dict[str, pa.Array]) -> None:
        """Write one file and note it for `delivery.json`."""
        path = self.folder / f"{register}_p{period}_v1.parquet"
        table = pa.table(columns)
        if self.beside is not None:
            table = _appended(table, self.beside.folder / path.name)
        pq.write_table(
            table, path, compression="zstd", compression_level=1, row_group_size=262_144, store_schema=False
        )
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self.files.append(
            {"register": register, "period": str(period), "version": 1, "path": path.name,
             "rows": table.num_rows, "sha256": digest}
        )  # fmt: skip

    def finish(self, last_year: int, announced: list[dict[str, object]] | None = None) -> Path:
        """Write `delivery.json` and return its path; `announced` are changes that the sender knows of."""
        delivery: dict[str, object] = {
            "delivery_id": f"{last_year + 1}-03-01",
            "produced_at": f"{last_year + 1}-03-15",
            "simulated": True,
            **({"announced": announced} if announced else {}),
            "files": sorted(self.files, key=lambda f: (str(f["register"]), str(f["period"]))),
        }
        path = self.folder / "delivery.json"
        path.write_text(json.dumps(delivery, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    def population(
        self, pop: Population, year: int, rng: np.random.Generator,
        citizenship: npt.NDArray[np.int16] | None = None,
    ) -> None:  # fmt: skip
        """Write `befolkning`: status, municipality and family on 1 January `year`.

        Who emigrated or died stays in the register with status 3 or 5; now and then an emigrant keeps a
        family number, which must not be counted as a family member.
        """
        people = np.flatnonzero(~pop.vanished)
        resident = pop.resident[people]
        codes, lookup = division(year)
        place = lookup[pop.municipality[people], pop.part[people]]
        unknown = pop.unknown_address[people].astype(np.int64)
        place = np.where(unknown > 0, len(codes) + unknown - 1, place)
        place[~resident] = NOWHERE
        keeps_family = (pop.status[people] == EMIGRATED) & (rng.random(len(people)) < p.EMIGRANT_KEEPS_FAMILY)
        has_family = np.where(resident, ~pop.hidden_family[people], keeps_family)
        heads = pop.head[people]
        numbers = pseudonym(
            self.first_position + heads.astype(np.int64), self.seed, bits=_FAMILY_BITS, topic=2
        )
        family = text_ids(numbers, "f", _FAMILY_BITS)
        # The older partner is the reference person, other heads and singles as well.
        role = np.where(heads == people, 1, np.where(pop.home[people] >= 0, 3, 2))
        columns = {} if citizenship is None else {"statsborgerskap": country_codes(citizenship[people])}
        self.write(
            "befolkning",
            year,
            {
                "personid": self.ids(people),
                "statuskode": pa.array(pop.status[people].astype(np.int32)),
                "kommnr": coded(place, codes + _UNKNOWN_PLACES),
                "famnr": _masked(family, has_family),
                "personkode": pa.array(role.astype(np.int32), mask=~has_family),
                "sivstand": pa.array(pop.marital[people].astype(np.int32), mask=pop.status[people] == DEAD),
                **columns,
            },
        )

    def persons(self, pop: Population, year: int) -> None:
        """Write `person`: fixed characteristics as known at the end of `year`."""
        people = np.arange(len(pop))
        background_known = (pop.category == p.CATEGORY_B) | (pop.category == p.CATEGORY_C)
        landbak = np.where(background_known | (pop.category == p.CATEGORY_E), pop.country_background, 0)
        self.write(
            "person",
            year,
            {
                "personid": self.ids(people),
                "kjoenn": pa.array(pop.sex.astype(np.int32)),
                "foedselsaar_mnd": pa.array(pop.birth_year.astype(np.int32) * 100 + pop.birth_month),
                "fodeland": country_codes(pop.country),
                "landbak3gen": country_codes(landbak),
                "invkat": coded(pop.category, p.CATEGORIES),
                "inngrunn1": coded(pop.reason, p.REASONS),
                "forstdato": pa.array(pop.first_date, mask=pop.first_date == 0),
                "doedsdato": _dates(pop.death_day),
                "mor_id": self.ids(pop.mother.astype(np.int64)),
                "far_id": self.ids(pop.father.astype(np.int64)),
            },
        )

    def migrations(self, events: dict[str, IntArray], year: int) -> None:
        """Write `flytting`: the events dated in `year`, municipalities in the division of that year."""
        codes, lookup = division(year)

        def place(column: str) -> pa.Array:
            places = events[column]
            known = np.maximum(places, 0)
            return coded(np.where(places < 0, NOWHERE, lookup[known // 256, known % 256]), codes)

        self.write(
            "flytting",
            year,
            {
                "personid": self.ids(events["person"]),
                "hendelse": coded(events["kind"], EVENT_CODES),
                "flyttedato": _dates(events["day"]),
                "regdato": _dates(events["registered"]),
                "fra_kommnr": place("from_place"),
                "til_kommnr": place("to_place"),
                "fra_land": country_codes(events["from_country"]),
                "til_land": country_codes(events["to_country"]),
                "utvandringstype": coded(events["basis"], BASIS_CODES),
            },
        )

    def activity(self, pop: Population, year: int, quiet: BoolArray, rng: np.random.Generator) -> None:
        """Write education, study, jobs, unemployment and income of `year` from the facts of the year.

        Parameters
        ----------
        quiet : persons of whom no register shows a sign of life that year.
        """
        self._education(pop, year, rng)
        self._study(pop, year, rng)
        self._jobs(pop, year, quiet, rng)
        self._jobseekers(pop, year, quiet, rng)
        self._income(pop, year, quiet, rng)

    def _education(self, pop: Population, year: int, rng: np.random.Generator) -> None:
        people = np.flatnonzero(pop.resident & pop.education_known)
        # Level, then field and length: the digits after the first carry no information here.
        subject = rng.integers(0, 8, len(people))
        codes = tuple(f"{level}{f}{10 * f + 1101 + 7 * level:04d}" for level in range(10) for f in range(8))
        level = pop.education_level[people].astype(np.int64)
        # A few are registered as 'unknown' (9) rather than left out.
        level = np.where((level == 0) & (subject < 2), 9, level)
        self.write(
            "utdanning", year, {"personid": self.ids(people), "nus2000": coded(level * 8 + subject, codes)}
        )

    def _study(self, pop: Population, year: int, rng: np.random.Generator) -> None:
        enrolled = np.flatnonzero(pop.enrolled)
        exam = np.flatnonzero(pop.exam)
        several = exam[rng.random(len(exam)) < p.SEVERAL_EXAMS]
        people = np.concatenate([enrolled, exam, several])
        day = np.full(len(people), first_day(year) + 273)
        day[: len(enrolled)] = np.datetime64(f"{year}-10-01", "D").astype(np.int64)
        exams = len(people) - len(enrolled)
        in_june = rng.random(exams) < p.EXAM_IN_JUNE
        day[len(enrolled) :] = np.where(
            in_june,
            first_day(year) + 150 + rng.integers(0, 25, exams),
            first_day(year) + rng.integers(20, 364, exams),
        )
        kind = np.repeat([0, 1], [len(enrolled), exams])
        self.write(
            "utdanningsaktivitet",
            year,
            {
                "personid": self.ids(people),
                "aktivitet": coded(kind, ("igangvaerende", "eksamen")),
                "dato": _dates(day),
            },
        )

    def _jobs(self, pop: Population, year: int, quiet: BoolArray, rng: np.random.Generator) -> None:
        """Write `sysselsetting`; the main job alone says whether a person is employed.

        Some of the employed have a second job, and some of the others a row that is not employment.
        """
        main = np.flatnonzero(pop.employed)
        second = main[rng.random(len(main)) < p.SECOND_JOB]
        age = pop.age(year)
        idle = np.flatnonzero(pop.resident & ~pop.employed & ~quiet & (age >= 16) & (age <= 66))
        not_work = idle[rng.random(len(idle)) < p.ROW_WITHOUT_EMPLOYMENT]
        people = np.concatenate([main, second, not_work])
        sizes = [len(main), len(second), len(not_work)]
        own_business = rng.random(len(people)) < p.SELF_EMPLOYED
        job = np.where(own_business, 2, 1)
        looking = pop.unemployed_months[not_work] > 0
        status = np.concatenate([job[: sizes[0] + sizes[1]], np.where(looking, 3, 0)])
        hours = np.where(
            rng.random(len(people)) < p.FULL_TIME, 37.5, np.round(rng.uniform(4, 40, len(people)) * 2) / 2
        )
        employer = rng.zipf(1.6, len(people)) % 89_999
        without = np.repeat([False, False, True], sizes)
        industry = employer % len(_INDUSTRIES)
        order = np.argsort(people, kind="stable")
        self.write(
            "sysselsetting",
            year,
            {
                "personid": self.ids(people[order]),
                "yrkstat": pa.array(status[order].astype(np.int32)),
                "orgnr": coded(
                    np.where(without, -1, employer)[order],
                    tuple(str(910_000_000 + 97 * k) for k in range(90_000)),
                ),
                "naring": coded(np.where(without, -1, industry)[order], _INDUSTRIES),
                "timer": pa.array(
                    hours[order], mask=(without | (rng.random(len(people)) < p.HOURS_MISSING))[order]
                ),
                "hovedarbeid": pa.array(np.repeat([True, False, True], sizes)[order]),
            },
        )

    def _jobseekers(self, pop: Population, year: int, quiet: BoolArray, rng: np.random.Generator) -> None:
        """Write `arbeidssoker`: unemployed months (some twice) and other statuses that do not count."""
        people = np.flatnonzero(pop.unemployed_months > 0)
        months = pop.unemployed_months[people].astype(np.int64)
        start = 1 + np.floor(rng.random(len(people)) * (13 - months)).astype(np.int64)
        row = np.repeat(people, months)
        step = np.arange(len(row)) - np.repeat(np.cumsum(months) - months, months)
        month = np.repeat(start, months) + step
        status = np.ones(len(row), dtype=np.int64)
        twice = np.flatnonzero(rng.random(len(row)) < p.MONTH_REPEATED)
        beside = np.flatnonzero(rng.random(len(row)) < p.OTHER_STATUS_IN_MONTH)
        age = pop.age(year)
        others = np.flatnonzero(pop.resident & ~quiet & (age >= 18) & (age <= 66))
        chance = np.where(pop.employed[others], p.JOBSEEKER_AT_WORK, p.JOBSEEKER_OUT_OF_WORK)
        others = others[rng.random(len(others)) < chance]
        number = rng.integers(1, 7, len(others))
        other_row = np.repeat(others, number)
        other_month = np.minimum(rng.integers(1, 13, len(other_row)), 12)
        other_status = np.array(p.OTHER_STATUSES)[rng.integers(0, len(p.OTHER_STATUSES), len(others))]
        row = np.concatenate([row, row[twice], row[beside], other_row])
        status = np.concatenate(
            [status, status[twice], np.full(len(beside), 2), np.repeat(other_status, number)]
        )
        month = np.concatenate([month, month[twice], month[beside], other_month])
        order = np.lexsort((status, month, row))
        self.write(
            "arbeidssoker",
            year,
            {
                "personid": self.ids(row[order]),
                "maaned": pa.array(month[order].astype(np.int32)),
                "hovedstatus": pa.array(status[order].astype(np.int32)),
            },
        )

    def _income(self, pop: Population, year: int, quiet: BoolArray, rng: np.random.Generator) -> None:
        age = pop.age(year)
        people = np.flatnonzero((pop.resident & (age >= 17)) | (pop.income > 0))
        earned = np.where(quiet[people], 0, pop.income[people]).astype(np.int64)
        household = (120_000 + 0.5 * earned + rng.exponential(60_000, len(people))) // 100 * 100
        wealth = (rng.normal(0, 250_000, len(people)) + 12_000.0 * (age[people] - 30)) // 100 * 100
        self.write(
            "inntekt",
            year,
            {
                "personid": self.ids(people),
                "wyrkinnt": pa.array(earned),
                "wies": pa.array(household.astype(np.int64)),
                "nettoformue": pa.array(wealth.astype(np.int64)),
            },
        )


def _appended(table: pa.Table, path: Path) -> pa.Table:
    """Return a table with the rows of the file at `path`, which is not needed any more then."""
    more = pq.read_table(path)
    path.unlink()
    return pa.concat_tables([table.cast(more.schema), more])


def _dates(days: npt.ArrayLike) -> pa.Array:
    """Return a date column from days since 1970-01-01; negative is NULL."""
    values = np.asarray(days).astype(np.int32)
    return pa.array(values, type=pa.int32(), mask=values < 0).cast(pa.date32())


def _masked(values: pa.Array, keep: BoolArray) -> pa.Array:
    return pc.if_else(pa.array(keep), values, pa.scalar(None, pa.string()))
