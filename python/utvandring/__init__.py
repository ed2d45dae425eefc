"""utvandring: the open warehouse for research on who leaves Norway."""

from importlib.metadata import version

__version__ = version("utvandring")
