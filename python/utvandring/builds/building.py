"""`utvandring build`: dbt over the accepted deliveries, and a publication when everything passed."""

import json
import os
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from utvandring.builds.drops import Drop, DroppedError, find_drops, record
from utvandring.builds.failures import Failures, shorten
from utvandring.builds.locking import exclusive
from utvandring.builds.publication import Publication, copying_last, publish, require_years
from utvandring.builds.resources import require_resources
from utvandring.common.engine import engine_settings
from utvandring.common.errors import UtvandringError
from utvandring.common.files import remove
from utvandring.common.opening import held_elsewhere
from utvandring.common.progress import Progress
from utvandring.common.project import DataRoot
from utvandring.deliveries.completeness import missing_for_build
from utvandring.deliveries.ledger import Ledger, read_ledger
from utvandring.deliveries.specification import read_specification
from utvandring.deliveries.store import damaged_files

# A process that was killed a moment ago may still hold the database.
PATIENCE_SECONDS = 3.0
_SHOWN_FAILURES = 20
# Options of dbt in the environment of whoever builds: DBT_EMPTY, DBT_RESOURCE_TYPES, DBT_TARGET, ....
_OF_DBT = "DBT_"
_PACKAGE = Path(__file__).resolve().parents[1]
# What changes how Python runs or what its streams are encoded in. PYTHONPATH is not among them.
_OF_PYTHON = ("PYTHONINSPECT", "PYTHONIOENCODING", "PYTHONOPTIMIZE", "PYTHONWARNINGS")
_OUT_OF_MEMORY = "Out of Memory Error"

# Shares of the work of a build that are done when the first node begins and when the last one has ended.
_READ, _PUBLISHING = 0.1, 0.95


@dataclass(frozen=True)
class Request:
    """What a build was asked for."""

    full_refresh: bool = False
    select: tuple[str, ...] = ()
    as_of: str | None = None
    threads: int | None = None
    only_tables: bool = False
    unit_tests: bool = False
    # Build only what is made of the tables that Spark published (docs/spark.md).
    from_spark: bool = False
    # Why it is right that the publication loses persons, movers or known values; empty if nobody said so.
    accept_drop: str = ""


@dataclass(frozen=True)
class Result:
    """A build in which everything passed; there is no publication if only a part was selected.

    `drops` says what the publication lost, with the reason that was given.
    """

    nodes: int
    tables: int
    data_tests_passed: int
    unit_tests_passed: int
    warnings: tuple[str, ...]
    seconds: float
    publication: Publication | None
    drops: tuple[str, ...] = ()


class BuildFailedError(UtvandringError):
    """dbt did not succeed; `failures` are the nodes that failed, with their messages in short."""

    def __init__(self, message: str, failures: Sequence[str]) -> None:
        super().__init__(message)
        self.failures = tuple(failures)


def build(root: DataRoot, project: Path, request: Request, progress: Progress | None = None) -> Result:
    """Build the warehouse of a data root, and publish it if everything was built and passed.

    Parameters
    ----------
    root
        The data root.
    project
        The dbt project.
    request
        What to build.
    progress
        Told what is being done, and the share of all work that is done.

    Returns
    -------
    Result
        Numbers for the closing lines.

    Raises
    ------
    BuildFailedError
        If a model, seed or test failed; the last publication stays.
    DroppedError
        If the publication would lose what it should hold, and no reason was given.
    UtvandringError
        If the build could not begin or its result could not be published.
    """
    begun = time.monotonic()
    progress = progress or (lambda label, fraction: None)
    if not (project / "dbt_project.yml").is_file():
        raise UtvandringError(f"{project} holds no dbt project (dbt_project.yml is missing).")
    _require_deliveries(root)
    root.prepare()
    with exclusive(root, "build"):
        ledger = read_ledger(root)
        if request.as_of is not None:
            ledger = ledger.as_of(request.as_of)
        # A part may need less, and Spark has made what needs most.
        if not request.select and not request.from_spark:
            require_resources(root, ledger, engine_settings())
        _open_or_set_aside(root)
        with nullcontext() if request.select or request.full_refresh else copying_last(root) as copied:
            results = run_dbt(
                root,
                project,
                request,
                progress,
                check=lambda: require_complete(ledger, root, project),
            )
            publication = None
            drops: list[Drop] = []
            if not request.select:
                require_years(root.warehouse, base_years_of(ledger))
                drops = find_drops(root, with_last=request.as_of is None)
                if drops and not request.accept_drop:
                    raise DroppedError(drops)
                if drops:
                    record(root, drops, request.accept_drop)
                progress("publishing", _PUBLISHING)
                publication = publish(root, copied)
    warned = [result for result in results if result["status"] == "warn"]
    became = Counter((result["unique_id"].partition(".")[0], result["status"]) for result in results)
    return Result(
        nodes=len(results),
        tables=became["model", "success"] + became["seed", "success"],
        data_tests_passed=became["test", "pass"],
        unit_tests_passed=became["unit_test", "pass"],
        warnings=_in_words(root, project, warned),
        seconds=time.monotonic() - begun,
        publication=publication,
        drops=tuple(map(str, drops)),
    )


def base_years_of(ledger: Ledger) -> frozenset[int]:
    """Return the base years that the accepted population registers must give.

    Everyone resident on 1 January is a person-year of the year before.
    """
    return frozenset(period - 1 for register, period in ledger.current_files() if register == "befolkning")


def _require_deliveries(root: DataRoot) -> None:
    if not read_ledger(root).accepted:
        raise UtvandringError(
            f"No delivery has been accepted yet in {root.path}: begin with utvandring deliver DIR "
            "(utvandring simulate --out DIR makes one)."
        )


def require_complete(ledger: Ledger, root: DataRoot, project: Path) -> None:
    """Make sure that the warehouse can be built from a ledger and that its files are what was accepted.

    Raises
    ------
    UtvandringError
        If a required period is missing, or an accepted file is gone or was changed.
    """
    current = ledger.current_files()
    missing = missing_for_build(current, read_specification(project))
    if missing:
        raise UtvandringError(f"The warehouse cannot be built yet. {' '.join(missing)}")
    damaged = damaged_files(root, tuple(current.values()))
    if damaged:
        raise UtvandringError(
            f"Accepted files are gone or were changed after acceptance: {', '.join(damaged)}. "
            "Restore them from a backup."
        )


def _open_or_set_aside(root: DataRoot) -> None:
    """Make sure that the warehouse can be written; what an interrupted build damaged is set aside."""
    wal = root.warehouse.with_name(root.warehouse.name + ".wal")
    if not root.warehouse.exists():
        remove(wal)
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            duckdb.connect(str(root.warehouse)).close()
            return
        except duckdb.Error as error:
            if not held_elsewhere(error):
                break
            if time.monotonic() > deadline:
                raise UtvandringError(
                    f"{root.warehouse} is open in another program: close it there and build again. "
                    f"Readers should open {root.publication} instead."
                ) from error
        time.sleep(0.2)
    root.warehouse.replace(root.warehouse.with_name(root.warehouse.name + ".damaged"))
    remove(wal)


def run_dbt(
    root: DataRoot,
    project: Path,
    request: Request,
    progress: Progress,
    check: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Run `dbt build` and return what became of every node.

    Parameters
    ----------
    root, project, request, progress
        As for `build`.
    check
        Called while dbt reads the project; nothing is built before it has returned.

    Raises
    ------
    BuildFailedError
        If dbt says that something failed.
    UtvandringError
        Whatever `check` finds.
    """
    remove(root.target / "run_results.json")
    last_words: deque[str] = deque(maxlen=5)
    with _dbt(_settings(root, project, request), project, root, request) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        progress("reading the project and checking the accepted files", 0.0)
        check()
        # If the project could not be read, nobody listens any more, and what follows says why.
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(_arguments(request)) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            _follow(line, progress, last_words)
        code = process.wait()
    results = _read_results(root)
    failed = [result for result in results if result["status"] in ("error", "fail", "runtime error")]
    if code != 0:
        failures = [*_in_words(root, project, failed[:_SHOWN_FAILURES])] or [*last_words]
        if len(failed) > _SHOWN_FAILURES:
            failures.append(f"and {len(failed) - _SHOWN_FAILURES} more")
        which = f"{len(failed)} of {len(results)} nodes failed" if failed else "dbt could not run"
        log = root.logs / "dbt.log"
        advice = ""
        if any(_OUT_OF_MEMORY in failure for failure in failures):
            advice = " The engine needs more memory: set UTVANDRING_MEMORY to more, and build again."
        raise BuildFailedError(
            f"The build failed: {which}. The last publication is unchanged.{advice} Full log: {log}", failures
        )
    return results


def _settings(root: DataRoot, project: Path, request: Request) -> list[str]:
    settings = ["--project-dir", str(project), "--profiles-dir", str(project)]
    settings += ["--target-path", str(root.target), "--log-path", str(root.logs), "--log-level", "none"]
    if request.unit_tests:
        # dbt keeps the rows of code lists that unit tests read as they were when it last read the test.
        settings.append("--no-partial-parse")
    return [*settings, "--log-format-file", "text", "--no-use-colors", "--no-send-anonymous-usage-stats"]


def _arguments(request: Request) -> list[str]:
    arguments = []
    if request.full_refresh:
        arguments.append("--full-refresh")
    if request.select:
        # A test that reads another table too, which may not be there, is left to the whole build.
        arguments += ["--select", *request.select, "--indirect-selection", "buildable"]
    elif request.from_spark:
        arguments += ["--selector", "after_spark"]
    if request.only_tables:
        arguments += ["--resource-type", "model", "--resource-type", "seed"]
    elif not request.unit_tests:
        # They ask nothing of the data: they guard the program, and are run when it changes.
        arguments += ["--exclude-resource-type", "unit_test"]
    if request.threads is not None:
        arguments += ["--threads", str(request.threads)]
    return arguments


def environment_of_dbt(root: DataRoot, as_of: str, package: Path = _PACKAGE) -> dict[str, str]:
    """Return the environment of dbt: that of the command without what would change what is built.

    Options of dbt are left out, and Python uses UTF-8 in a locale of any kind. PYTHONPATH stays: it
    is how a checkout is used without being installed, and what the command itself runs with. Its folders are
    given in full, since dbt runs in another directory, and none of them is the current one; the package that
    the command was started from comes first, so that dbt runs no other.

    Parameters
    ----------
    root
        The data root.
    as_of
        The delivery to build as of, or an empty text.
    package
        The folder of this package.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_OF_DBT) and name not in _OF_PYTHON
    }
    folders = [
        str(Path(folder).resolve()) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder
    ]
    if package.parent.name not in ("site-packages", "dist-packages"):
        folders.insert(0, str(package.parent))
    environment.pop("PYTHONPATH", None)
    if folders:
        environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
    own = {"PYTHONUTF8": "1", "UTVANDRING_DATA": str(root.path), "UTVANDRING_AS_OF": as_of}
    return environment | own


@contextmanager
def _dbt(
    settings: list[str], project: Path, root: DataRoot, request: Request
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        # -P: no file of the project's folder is taken for a module.
        [sys.executable, "-P", "-m", "utvandring.builds.dbt_process", *settings],
        cwd=project,
        env=environment_of_dbt(root, request.as_of or "")
        | {"UTVANDRING_FROM_SPARK": "1" if request.from_spark else ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _follow(line: str, progress: Progress, last_words: deque[str]) -> None:
    """Take one line of `dbt_process`: progress, or the words that explain a failure to begin."""
    try:
        told = json.loads(line)
    except ValueError:
        told = {"level": "error", "message": line}
    if not isinstance(told, dict):
        told = {"level": "error", "message": line}
    if "node" in told:
        done = told["index"] / told["total"]
        label = f"{told['index']} of {told['total']}: {told['node']}"
        progress(label, _READ + (_PUBLISHING - _READ) * done)
    elif told["level"] == "error" and told["message"].strip():
        last_words.append(shorten(told["message"]))


def _read_results(root: DataRoot) -> list[dict[str, Any]]:
    try:
        document = json.loads((root.target / "run_results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    results: list[dict[str, Any]] = document["results"]
    return results


def _in_words(root: DataRoot, project: Path, results: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    if not results:
        return ()
    failures = Failures(project, root.target / "manifest.json")
    return tuple(failures.describe(result) for result in results)
