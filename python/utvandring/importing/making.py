"""`utvandring import --new`: the folder of an import from a template."""

import shutil
from pathlib import Path

from utvandring.common.errors import UsageError
from utvandring.deliveries.specification import Register, read_specification
from utvandring.importing.recognising import TEMPLATES

EMPTY = "empty"


def make_import(template: str, folder: Path, project: Path) -> list[str]:
    """Make the folder of an import.

    Parameters
    ----------
    template
        `tsd-csv`, `stata-institute`, `latin1-spells` or `empty`.
    folder
        The folder to make; it must not exist yet.
    project
        The dbt project, whose contract the empty template lists.

    Returns
    -------
    list of str
        The files that were made, below the folder.

    Raises
    ------
    UsageError
        If there is no such template, or the folder exists.
    """
    known = sorted(
        path.name for path in TEMPLATES.iterdir() if path.is_dir() and not path.name.startswith("_")
    )
    if template not in known:
        raise UsageError(f"There is no template {template}: {', '.join(known)} are.")
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise UsageError(f"{folder} exists already: name another folder.")
    shutil.copytree(TEMPLATES / template, folder, dirs_exist_ok=True)
    if template == EMPTY:
        for register in read_specification(project).registers.values():
            (folder / f"{register.name}.sql.txt").write_text(_listed(register), encoding="utf-8")
    for path in folder.rglob("*"):
        path.chmod(0o750 if path.is_dir() else 0o640)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _listed(register: Register) -> str:
    """Return a query that gives every column of a register as unknown, with what the column is."""
    lines = [
        f"-- {register.name}: fill in, leave out the columns that the extract does not have, and name the "
        "file "
        f"{register.name}.sql.",
        "-- Every value may be text. `periode` is the year that a row belongs to"
        + (" (here the program adds it)." if register.name == "person" else "."),
        "select",
    ]
    if register.name != "person":
        lines.append("    null as periode,")
    for column in register.columns:
        needed = " Required." if column.is_required else ""
        lines.append(
            f"    null as {column.name},  -- {column.data_type}: {column.description.rstrip('.')}.{needed}"
        )
    lines.append("from the_name_of_a_source")
    return "\n".join(lines) + "\n"
