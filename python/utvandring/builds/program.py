"""The program of a warehouse: everything besides the deliveries that decides its contents, as one checksum.

It is the one list of the files that a build depends on; a plugin (`dbt_plugin`) gives the checksum to dbt. A
change of the report, the simulation, the checks of deliveries or the command line rebuilds nothing.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import resolve_name
from pathlib import Path

# Not profiles.yml: where the file is, threads and memory make no difference to what is in a table.
_FOLDERS = ("macros", "models", "seeds", "tests/generic", "tests/singular")
_SUFFIXES = (".sql", ".yml", ".yaml", ".md", ".py", ".csv")
_ENGINE = ("dbt-core", "dbt-duckdb", "duckdb")
_PACKAGE = Path(__file__).resolve().parents[1]


def program_of(project: Path, package: Path = _PACKAGE) -> str:
    """Return a checksum of what dbt builds with.

    These are `dbt_project.yml`, models, macros, seeds and data tests; what the Python models import of this
    package, directly or not, with the data files beside it; and the versions of dbt, the engine and the
    libraries that these modules import, with all that they require.

    Parameters
    ----------
    project
        The dbt project.
    package
        The folder of this package, as the Python models import it.

    Returns
    -------
    str
        The checksum, in hexadecimal.
    """
    files = [
        path for folder in _FOLDERS for path in (project / folder).rglob("*") if path.suffix in _SUFFIXES
    ]
    modules, libraries = imported([path for path in files if path.suffix == ".py"], package)
    content = {path.relative_to(project).as_posix(): path for path in (*files, project / "dbt_project.yml")}
    for path in modules:
        for beside in (path, *path.parent.iterdir()):
            if beside == path or (beside.suffix in _SUFFIXES and beside.suffix != ".py"):
                content[f"package {beside.relative_to(package).as_posix()}"] = beside
    digest = hashlib.sha256()
    for name, path in sorted(content.items()):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    digest.update(repr(versions_of(frozenset(libraries))).encode())
    return digest.hexdigest()


@cache
def current_program() -> str:
    """Return the program of the project in the current directory, as it was when this process first asked."""
    return program_of(Path.cwd())


def imported(scripts: Iterable[Path], package: Path) -> tuple[set[Path], set[str]]:
    """Find what scripts import, by reading them; nothing is run.

    Returns
    -------
    set of Path
        Modules of the package, imported directly or by another of them.
    set of str
        Other modules, outermost names only.
    """
    found: set[Path] = set()
    others: set[str] = set()
    left = [(script, "") for script in scripts]
    while left:
        script, inside = left.pop()
        for name in _imports(script, inside):
            first, *rest = name.split(".")
            if first != package.name:
                others.add(first)
                continue
            # A package is imported before its modules; the last name may be a member of a module.
            for depth in range(len(rest) + 1):
                place = package.joinpath(*rest[:depth])
                module = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
                if module.is_file() and module not in found:
                    found.add(module)
                    folder = module.parent.relative_to(package).parts
                    left.append((module, ".".join((package.name, *folder))))
    return found, others


def _imports(script: Path, inside: str) -> Iterator[str]:
    """Yield what a script imports, in functions too, by full name; `inside` is the package it is in."""
    for node in ast.walk(ast.parse(script.read_bytes(), script.name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), inside or None)
            yield from (f"{module}.{alias.name}" for alias in node.names)


@cache
def versions_of(modules: frozenset[str]) -> tuple[str, ...]:
    """Return the versions of the engine, of libraries that hold some modules, and of what they require."""
    holders = packages_distributions()
    left = {
        *_ENGINE,
        *(name for module in modules - sys.stdlib_module_names for name in holders.get(module, ())),
    }
    versions: dict[str, str] = {}
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in versions:
            continue
        try:
            library = distribution(name)
        except PackageNotFoundError:
            continue
        versions[name] = library.version
        # An extra is of those that ask for it: whether it is installed must make no difference.
        asked = (requirement.partition(";") for requirement in library.requires or ())
        left |= {re.split(r"[^\w.-]", name)[0] for name, _, marker in asked if "extra" not in marker}
    return tuple(sorted(f"{name} {version}" for name, version in versions.items()))
