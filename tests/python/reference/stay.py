"""Stays in Norway: a person's life day by day, every 1 January looked at."""

from dataclasses import dataclass
from datetime import date

from .code_lists import norwegian_born
from .evidence import Evidence, Row, in_order

FAR = date.max


@dataclass
class Stay:
    entry_type: str
    entry_date: date | None
    entry_year: int | None
    exit_type: str | None = None
    exit_date: date | None = None
    emigration: Row | None = None


def first_january_after(day: date) -> date:
    return date(day.year + 1, 1, 1)


def known_on(move: Row) -> date:
    return move["regdato"] or move["flyttedato"]


class Life:
    """One person; the state (in Norway, abroad, not known yet) changes sign by sign."""

    def __init__(self, evidence: Evidence, person_id: str) -> None:
        self.evidence, self.person_id = evidence, person_id
        self.person = evidence.person(person_id)
        self.death: date | None = self.person["doedsdato"] if self.person else None
        self.januaries = [date(year, 1, 1) for year in evidence.periods("befolkning")]
        moves = [
            m for m in self.once(evidence.moves(person_id, "utvandring", "innvandring")) if self.alive(m)
        ]
        self.moves = [move for move in moves if not self.is_contradicted(move, moves)]
        self.stays: list[Stay] = []
        self.state: str | None = None

    @staticmethod
    def once(moves: list[Row]) -> list[Row]:
        return [move for position, move in enumerate(moves) if move not in moves[:position]]

    # "emigrations dated on or after the person's death, immigrations dated after it" are left out
    def alive(self, move: Row) -> bool:
        if self.death is None or move["flyttedato"] < self.death:
            return True
        return bool(move["hendelse"] == "innvandring" and move["flyttedato"] == self.death)

    # "the person is resident on the first 1 January after the move and its registration, and no immigration
    # in between brought the person back"
    def is_contradicted(self, move: Row, moves: list[Row]) -> bool:
        if move["hendelse"] != "utvandring":
            return False
        january = first_january_after(max(move["flyttedato"], known_on(move)))
        back = any(
            other["hendelse"] == "innvandring"
            and in_order(other) > in_order(move)
            and other["flyttedato"] <= january
            for other in moves
        )
        return (
            january in self.januaries and self.evidence.is_resident(self.person_id, january.year) and not back
        )

    # "A 1 January says nothing about a move of that very day, nor about one that was registered that day or
    # later"
    def is_silent(self, january: date) -> bool:
        days = [move["flyttedato"] for move in self.moves if move["flyttedato"] <= january]
        if not days:
            return False
        last = [move for move in self.moves if move["flyttedato"] == max(days)]
        return max(days) == january or max(map(known_on, last)) >= january

    def tell(self) -> list[Stay]:
        signs: list[tuple[date, int, tuple[date, date], str, Row | None]] = []
        for move in self.moves:
            kind = "come" if move["hendelse"] == "innvandring" else "leave"
            signs.append((move["flyttedato"], 1, in_order(move), kind, move))
        for january in self.januaries:
            resident = self.evidence.is_resident(self.person_id, january.year)
            dead = self.death is not None and (
                january > self.death or (january == self.death and not resident)
            )
            if not dead and not self.is_silent(january):
                status = self.evidence.status(self.person_id, january.year)
                kind = "seen" if resident else "seen dead" if status == 5 else "missed"
                signs.append((january, 2, (FAR, FAR), kind, None))
        if self.death is not None:
            signs.append((self.death, 3, (FAR, FAR), "die", None))
        for day, _, _, kind, sign_of in sorted(signs, key=lambda sign: sign[:3]):
            if kind in ("come", "seen"):
                self.is_here(day, kind)
            else:
                self.is_not_here(day, kind, sign_of)
        return self.stays

    def is_here(self, day: date, kind: str) -> None:
        if self.state != "here":
            self.stays.append(self.beginning(day, kind))
        self.state = "here"

    def is_not_here(self, day: date, kind: str, move: Row | None) -> None:
        if self.state is None:
            if kind != "leave":  # never seen here: nothing ends
                return
            self.stays.append(self.beginning(day, None))
            self.state = "here"
        stay = self.stays[-1]
        if self.state == "here":
            ends = {"leave": "emigration", "die": "death", "seen dead": "death", "missed": "unaccounted"}
            stay.exit_type, stay.exit_date, stay.emigration = ends[kind], day, move
            self.limit = first_january_after(day)
        # "of emigrations up to the next 1 January with no return between them the last one counts, of several
        # on one day the one registered first"
        elif (
            kind == "leave" and stay.exit_type == "emigration" and day <= self.limit and day != stay.exit_date
        ):
            stay.exit_date, stay.emigration = day, move
        self.state = "gone"

    def beginning(self, day: date, kind: str | None) -> Stay:
        if kind == "come":
            return Stay("immigration", day, day.year)
        from_the_start = day <= self.januaries[0]
        person = self.person or {}
        first = person.get("forstdato")
        if not self.stays:
            born = person["foedselsaar_mnd"] if person else None
            native = person.get("invkat") in norwegian_born() and (first is None or first // 10000 > day.year)
            if native and born is not None and (from_the_start or born // 100 >= day.year - 1):
                return Stay("birth", min(date(born // 100, born % 100, 1), day), born // 100)
            if from_the_start:
                known = first is not None and first // 10000 <= day.year
                exact = date(first // 10000, first // 100 % 100, first % 100) if first else None
                return Stay(
                    "before_register",
                    exact if exact is not None and exact <= day else None,
                    first // 10000 if first is not None and known else None,
                )
        return Stay("unrecorded", day if kind else None, day.year if kind else None)


def immigration_spell(evidence: Evidence) -> list[Row]:
    """Every stay of everybody who is in any register of persons, moves or residents."""
    persons = {row["personid"] for (name, _), rows in evidence.registers.items() for row in rows
               if name in ("befolkning", "person", "flytting")}  # fmt: skip
    result = []
    for person_id in sorted(persons):
        stays = Life(evidence, person_id).tell()
        for number, stay in enumerate(stays, start=1):
            after = stays[number] if number < len(stays) else None
            result.append(
                {
                    "person_id": person_id,
                    "stay_number": number,
                    "entry_type": stay.entry_type,
                    "entry_date": stay.entry_date,
                    "entry_year": stay.entry_year,
                    "exit_type": stay.exit_type,
                    "exit_date": stay.exit_date,
                    "exit_country": stay.emigration["til_land"] if stay.emigration else None,
                    "exit_registered_date": stay.emigration["regdato"] if stay.emigration else None,
                    "next_entry_date": after.entry_date if after else None,
                }
            )
    return result
