"""Progress of long work, for its caller."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told what is being done, in a few words, and the share of all work that is done, from 0 to 1."""
