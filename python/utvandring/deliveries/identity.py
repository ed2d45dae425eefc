"""Recognising Norwegian national identity numbers, so that none ever enters the warehouse.

Eleven digits DDMMYYIIIKK with two control digits. D-numbers add 40 to the day; numbers for tests and
temporary numbers add 40, 65 or 80 to the month.
"""

from utvandring.common.sql import literal

# Six and five digits, together or apart, not part of a longer word: pseudonyms may be long strings of
# hexadecimal digits and must not be taken for a number by chance.
_CANDIDATE = r"(^|[^0-9A-Za-z])([0-9]{6}[ .-]?[0-9]{5})($|[^0-9A-Za-z])"
_FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def is_candidate(text: str) -> str:
    """Return SQL that is true where a text holds eleven digits in the manner of an identity number.

    Parameters
    ----------
    text
        SQL of a text value.
    """
    return f"(length({text}) >= 11 and regexp_matches({text}, {literal(_CANDIDATE)}))"


def holds_identity_number(text: str) -> str:
    """Return SQL that is true where the eleven digits have a possible day, month and control digits.

    It costs much more than :func:`is_candidate` and is meant for the few texts that are candidates.

    Parameters
    ----------
    text
        SQL of a text value.
    """
    digits = f"regexp_replace(regexp_extract({text}, {literal(_CANDIDATE)}, 2), '[ .-]', '')"
    return f"({is_candidate(text)} and is_identity_number({digits}))"


def macro() -> str:
    """Return the statement that defines `is_identity_number(digits)` in a connection."""

    def remainder(weights: tuple[int, ...]) -> str:
        terms = (
            f"{weight} * cast(substr(digits, {place}, 1) as integer)"
            for place, weight in enumerate(weights, start=1)
        )
        return f"({' + '.join(terms)}) % 11"

    day = "cast(substr(digits, 1, 2) as integer)"
    month = "cast(substr(digits, 3, 2) as integer)"
    return f"""
        create or replace temporary macro is_identity_number(digits) as
            case
                when length(digits) <> 11 then false
                else ({day} between 1 and 31 or {day} between 41 and 71)
                    and ({month} between 1 and 12 or {month} between 41 and 52
                         or {month} between 66 and 77 or {month} between 81 and 92)
                    and {remainder(_FIRST_WEIGHTS)} = 0
                    and {remainder(_SECOND_WEIGHTS)} = 0
            end
    """
