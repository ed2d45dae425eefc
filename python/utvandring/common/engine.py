"""Threads and memory of the database engine, from the environment; profiles.yml gives dbt the same."""

import os
import re
from typing import Any

from utvandring.common.errors import UsageError

# Each name of the environment with what holds where it is not set.
THREADS = ("UTVANDRING_THREADS", "2")
MEMORY = ("UTVANDRING_MEMORY", "6GB")


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
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)? *([KMGT](i?B)?|%)", memory, re.IGNORECASE):
        raise UsageError(f"UTVANDRING_MEMORY must be an amount of memory, such as 6GB, not {memory!r}.")
    return {"threads": int(threads), "memory_limit": memory}
