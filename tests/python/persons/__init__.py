"""Every sentence of the definitions as a person whose registers and result are written by hand.

A case without `delivery` is part of one delivery with the population from 2003 to 2025 and every register of
2008-2014. The others are about what is missing: a last year with events only, a last year without anything,
registers missing in some years. Cases are in files by subject; `test_hand_written_persons.py` asks them all.
"""

from dataclasses import replace

from reference.evidence import Registers

from .activity import EDUCATION, LABOUR
from .background import AGE, BACKGROUND, RESIDENCE
from .family import FAMILY
from .missing import GAPS, PROVISIONAL
from .outcome import OUTCOME
from .overcoverage import BASIS, LAST_SIGN, OVERCOVERAGE, SIGNS
from .regions import REGIONS
from .stays import DESCENDANTS, STAYS

REGISTERS = ("utdanning", "utdanningsaktivitet", "sysselsetting", "arbeidssoker", "inntekt")

SECTIONS = {
    "outcome": OUTCOME,
    "regions": REGIONS,
    "background": BACKGROUND,
    "residence": RESIDENCE,
    "age": AGE,
    "labour": LABOUR,
    "education": EDUCATION,
    "family": FAMILY,
    "basis": BASIS,
    "last sign": LAST_SIGN,
    "over-coverage": OVERCOVERAGE,
    "gaps": GAPS,
    "provisional": PROVISIONAL,
    "stays": STAYS,
    "descendants": DESCENDANTS,
    "signs": SIGNS,
}

CASES = [
    replace(one, name=f"{section}: {one.name}", person_id=f"{section.replace(' ', '')}{number:03}")
    for section, cases in SECTIONS.items()
    for number, one in enumerate(cases, 1)
]

# 1 Januaries, years with events, years with the other registers, and those of them that were not delivered.
DELIVERIES = {
    "complete": (range(2003, 2026), range(2002, 2025), range(2008, 2015), set()),
    "gaps": (
        range(2010, 2020),
        range(2010, 2019),
        range(2009, 2019),
        {
            ("utdanning", 2011),
            ("sysselsetting", 2012),
            ("utdanningsaktivitet", 2014),
            ("arbeidssoker", 2015),
            ("inntekt", 2017),
        },
    ),
    "provisional 2013": (range(2012, 2014), range(2011, 2014), range(2012, 2014), set()),
    "provisional 2019": (range(2018, 2020), range(2017, 2020), range(2018, 2020), set()),
}


def registers_of(delivery: str) -> Registers:
    januaries, event_years, years, missing = DELIVERIES[delivery]
    registers: Registers = {("befolkning", year): [] for year in januaries}
    registers |= {("flytting", year): [] for year in event_years}
    registers |= {(name, year): [] for name in REGISTERS for year in years if (name, year) not in missing}
    latest = max(januaries[-1], event_years[-1])
    registers["person", 0] = registers["person", latest] = []
    for one in CASES:
        if one.delivery == delivery:
            one.add_to(registers)
    del registers["person", 0]
    return registers
