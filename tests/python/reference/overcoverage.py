"""The probability that a resident has left without saying so, year after year from the definition."""

from functools import cache

from . import code_lists
from .evidence import Evidence, Row

AGES = [(18, "0-17"), (25, "18-24"), (50, "25-49"), (62, "50-61"), (67, "62-66"), (75, "67-74"), (999, "75+")]


@cache
def parameters() -> dict[str, dict[str, float]]:
    return {
        row["overcoverage_group"]: {
            name.removesuffix("_probability"): float(value)
            for name, value in row.items()
            if name.endswith("_probability")
        }
        for row in code_lists.rows("overcoverage_parameter")
    }


def group_of(person: Row, family_size: int) -> str:
    origin = "not an immigrant"
    if person["is_immigrant"]:
        region = code_lists.country_groups().get(person["country_of_birth"], {}).get("origin_group")
        far = region in ("africa", "asia")
        origin = f"{person['immigration_background']}, {'Africa or Asia' if far else 'elsewhere'}"
    age = next(name for below, name in AGES if person["age"] < below)
    return f"{origin}, {'alone' if family_size == 1 else 'family'}, {age}"


def overcoverage_probability(
    evidence: Evidence, person_id: str, person: Row, family: list[Row] | None, base_year: int
) -> float | None:
    household = {person_id, *(row["personid"] for row in family or [])}
    heard = {
        year
        for year in evidence.sign_years()
        if year <= base_year and any(evidence.has_sign(member, year) for member in household)
    }
    # Who is born, or found in the population register for the first time, came that year.
    januaries = [year for year in evidence.periods("befolkning") if evidence.is_resident(person_id, year)]
    came = {person["birth_year"]} if person["birth_year"] is not None else set()
    if person["birth_year"] is not None and januaries[0] > evidence.periods("befolkning")[0]:
        came.add(januaries[0] - 1)
    here = max(heard | came, default=None)
    if here is not None and here >= base_year:
        return 0.0
    if family is None or person["age"] is None:
        return None
    judged = [year for year in range(base_year - 60, base_year + 1) if evidence.all_sign_registers(year)]
    if not judged:
        return None
    rates = parameters()[group_of(person, len(family))]
    if here is not None and here >= judged[0]:
        present, gone, was_silent, year = 1.0, 0.0, False, here
    else:
        gone = rates["gone_at_first"]
        present, was_silent, year = (1 - gone) * (1 - rates["sign_at_first"]), True, judged[0]
    # Weights of both states beside all that was seen up to the year.
    for next_year in range(year + 1, base_year + 1):
        stays, leaves = present * (1 - rates["leaving"]), present * rates["leaving"]
        away, returns = gone * (1 - rates["coming_back"]), gone * rates["coming_back"]
        if next_year in judged:  # silent: nobody came back, and who is here showed no sign
            present = stays * (1 - rates["sign_after_silence" if was_silent else "sign_after_sign"])
            was_silent = True
        else:
            present = stays + returns
        gone = away + leaves
    return gone / (gone + present)
