"""What a name or a value that is not there was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches

_AT_MOST = 3
_ALIKE = 0.6


def near(asked: object, there: Iterable[object]) -> str:
    """Return a sentence with what is spelled alike, or an empty text.

    Parameters
    ----------
    asked
        A name or value that does not exist.
    there
        Those that do.

    Returns
    -------
    str
        For example ``" Near is immigration_background."``, with a space before it.
    """
    names = {str(name).lower(): name for name in there}
    asked = str(asked).lower()
    # A part of a long name is less alike than it is meant: background of immigration_background.
    parts = [name for name in names if len(asked) > 2 and asked in name]
    padded = [name for name in names if asked != name and asked.lstrip("0") == name.lstrip("0") != ""]
    alike = get_close_matches(asked, names, n=_AT_MOST, cutoff=_ALIKE)
    found = list(dict.fromkeys([*padded, *alike, *parts]))[:_AT_MOST]
    if not found:
        return ""
    shown = [repr(names[name]) if padded else str(names[name]) for name in found]
    return f" Near {'is' if len(found) == 1 else 'are'} {', '.join(shown)}."
