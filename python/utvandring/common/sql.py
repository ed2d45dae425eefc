"""Quoting of text, names and paths that go into SQL."""

from pathlib import Path


def literal(text: str) -> str:
    """Return a text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def path_literal(path: Path) -> str:
    """Return a path as a SQL literal for functions that would otherwise expand wildcards in it."""
    escaped = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path.as_posix())
    return literal(escaped)
