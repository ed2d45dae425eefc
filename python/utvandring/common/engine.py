"""Threads and memory of the database engine, from the environment; profiles.yml gives dbt the same."""

import os
import re
from typing import Any

from utvandring.common.errors import UsageError

# Each name of the environment with what holds where it is not set.
THREADS = ("UTVANDRING_THREADS", "2")
MEMORY = ("UTVANDRING_MEMORY", "6GB")
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(?:([KMGT])(i?)B?|%)", re.IGNORECASE)


def engine_settings() -> dict[str, Any]:
    """Return the configuration of a connection.

    Raises
    ------
    UsageError
        If `UTVANDRING_THREADS` or `UTVANDRING_MEMORY` cannot be understood.
    """
    threads, memory = os.environ.get(*THREADS), os.environ.get(*MEMORY)
    if not re.fullmatch("[1-9][0-9]*", threads):
        raise UsageError(f"UTVANDRING_THREADS must be a whole number from 1, such as 2, not {threads!r}.")
    if not _AMOUNT.fullmatch(memory):
        raise UsageError(f"UTVANDRING_MEMORY must be an amount of memory, such as 6GB, not {memory!r}.")
    return {"threads": int(threads), "memory_limit": memory}


def bytes_of_memory(amount: str, of: int) -> int:
    """Return an amount of memory as the engine takes it: 1 GB is 10**9 bytes, 1 GiB 2**30.

    Parameters
    ----------
    amount
        As in `UTVANDRING_MEMORY`, such as 6GB, 5.5 GiB or 80%.
    of
        Bytes of which a percentage is.

    Raises
    ------
    ValueError
        If it is no amount of memory.
    """
    found = _AMOUNT.fullmatch(amount)
    if found is None:
        raise ValueError(f"{amount!r} is no amount of memory.")
    number, unit, binary = found.groups()
    if unit is None:
        return int(float(number) / 100 * of)
    return int(float(number) * (1024 if binary else 1000) ** ("KMGT".index(unit.upper()) + 1))
