"""The expectations of every register as files that a person reads: `expectations/<register>.yml`.

They are made from the register specification, which `deliver` reads itself; `make expectations` writes them
again, and a test holds them against it.
"""

from pathlib import Path

import yaml

from utvandring.deliveries.between import FOLDER
from utvandring.deliveries.rules import Rule, rules_of
from utvandring.deliveries.specification import Register, read_specification
from utvandring.project import project_root

# Some expectations depend on the year of the file; the documents show those of one.
EXAMPLE_PERIOD = 2013

_HEAD = """\
# What every file of `{register}` must satisfy. Made from models/staging/registers.yml by `make expectations`;
# do not edit. What depends on the year of the file is shown for {period}, delivered in {delivered}.
# Besides, every file is checked for structure, columns, types, encoding, checksum, number of rows, privacy
# and values that stand for nothing (docs/deliveries.md).
"""


def document(register: Register) -> str:
    """Return the expectations of a register as YAML, in the order in which they are judged."""
    rules = rules_of(register, EXAMPLE_PERIOD, EXAMPLE_PERIOD + 1)
    head = _HEAD.format(register=register.name, period=EXAMPLE_PERIOD, delivered=EXAMPLE_PERIOD + 1)
    entries = [_entry(rule) for rule in rules]
    return head + yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=110)


def _entry(rule: Rule) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": rule.name,
        "level": rule.level.value,
        "waivable": rule.waivable,
        "refuses" if rule.level.value == "refuse" else "warns": rule.say(0).removeprefix("0 "),
        "expectation": rule.expectation,
        "of": list(rule.of),
    }
    if rule.arguments:
        entry["with"] = rule.arguments
    return entry


def write_documents(project: Path) -> None:
    """Write the document of every register of a project."""
    for register in read_specification(project).registers.values():
        path = project / FOLDER / f"{register.name}.yml"
        path.write_text(document(register), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_documents(project_root())
