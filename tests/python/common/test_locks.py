"""The two locks: running needs a part of what development needs, and both hold what pyproject.toml asks."""

import re
import tomllib

import pytest
from deliveries import PROJECT


def pinned(lock: str) -> dict[str, frozenset[str]]:
    """Return the checksums of every pinned version, which is written as name==version."""
    text = (PROJECT / lock).read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9-]+==[^ ]+)[^\\]*((?:\\\n +--hash=\S+ ?)+)", text, re.MULTILINE)
    return {pin: frozenset(re.findall(r"--hash=(\S+)", rest)) for pin, rest in found}


def test_running_needs_nothing_that_development_has_in_another_version() -> None:
    running, development = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert all(running.values())
    assert running.items() <= development.items()
    assert not {pin.partition("==")[0] for pin in running} & {"pytest", "ruff", "mypy", "sqlfluff", "uv"}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_everything_that_the_project_asks_for(lock: str) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + (
        project["optional-dependencies"]["dev"] if lock == "requirements-dev.lock" else []
    )
    names = {re.split(r"[^A-Za-z0-9-]", requirement)[0].lower() for requirement in asked}
    assert names <= {pin.partition("==")[0] for pin in pinned(lock)}
