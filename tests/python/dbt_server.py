"""dbt for tests: a process that has read the project once, and runs each command of dbt in a fork of itself.

    server = DbtServer(scratch)
    server.run(root, "build", "--select", "+person_year")

Starting Python, importing dbt and reading the project take fifteen seconds; a fork begins at once and leaves
nothing behind in the process that it came from.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Model:
    """A model in SQL: key in the manifest, file, table, how that is made, query, keys of its parents."""

    key: str
    path: str
    table: str
    kind: str
    query: str
    parents: tuple[str, ...]


class DbtServer:
    """Commands of dbt over any data root, with the project as it was when the server started.

    Parameters
    ----------
    scratch
        A folder for what dbt keeps of the project.
    read
        What `read_project` left; without it the project is read.
    """

    def __init__(self, scratch: Path, read: Path | None = None) -> None:
        self.scratch = scratch
        self._compiled = (read or scratch) / COMPILED
        self._models: list[Model] | None = None
        self._process = subprocess.Popen(
            # dbt leaves its semaphores to the end of the process, which Python remarks on.
            [sys.executable, "-W", "ignore:resource_tracker", __file__, str(scratch), str(read or scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            # dbt reads everything again where a variable of its settings differs.
            env={**os.environ, "UTVANDRING_DATA": str(read or scratch)},
        )

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def seed(self, root: Path) -> None:
        """Load the code lists into the warehouse of a data root with a ledger."""
        self.run(root, "seed", "--quiet")

    def run(self, root: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """Run a command of dbt over a data root and return what it said; fail if it fails."""
        target = ["--target-path", str(root / "target"), "--log-path", str(root / "logs")]
        order = {
            "arguments": [*arguments, *target, *SETTINGS],
            "environment": {"UTVANDRING_DATA": str(root), **(environment or {})},
            "output": str(self.scratch / f"output-{os.getpid()}"),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        said = Path(order["output"]).read_text(encoding="utf-8", errors="replace") if answer else ""
        assert answer == "0\n", f"dbt {' '.join(arguments)} failed\n{said[-6000:]}"
        return said

    def manifest(self) -> dict[str, Any]:
        """Return the project as dbt read it."""
        self.run(self.scratch, "list", "--quiet", "--select", "person_year")
        manifest: dict[str, Any] = json.loads((self.scratch / "target" / "manifest.json").read_text("utf-8"))
        return manifest

    def models(self) -> list[Model]:
        """Return every model in SQL, each after those that it reads."""
        if self._models is None:
            if not self._compiled.exists():
                root = self._compiled.parents[1]
                root.mkdir(exist_ok=True)
                self.run(root, "compile", "--quiet", "--select", "resource_type:model")
            manifest = json.loads(self._compiled.read_text(encoding="utf-8"))
            self._models = in_order(manifest["nodes"])
        return self._models

    def make(self, root: Path, *tables: str, threads: int = 2) -> None:
        """Make tables, and all that they depend on, by the compiled queries alone.

        Registers and deliveries are laid open by the project's own macro; contracts, tests and builds by year
        have no part in it.

        Parameters
        ----------
        root
            A data root with a ledger, and a warehouse that holds the code lists.
        tables
            Tables of models in SQL with their schemas, such as `marts.person_year`.
        threads
            Threads of the engine.
        """
        self.run(root, "run-operation", "open_registers", "--quiet")
        with duckdb.connect(str(root / "warehouse.duckdb"), config={"threads": threads}) as connection:
            for model in needed(self.models(), tables):
                connection.execute(f"create schema if not exists {model.table.partition('.')[0]}")
                connection.execute(f"create or replace {model.kind} {model.table} as {model.query}")


# Below a folder that the project was read in: what dbt keeps of it, and the compiled queries.
KEPT = Path("target", "partial_parse.msgpack")
COMPILED = Path("compiled", "target", "manifest.json")
SETTINGS = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--no-send-anonymous-usage-stats")


def read_project(folder: Path) -> None:
    """Read the project and compile its models into a folder, for servers of several test processes."""
    folder.mkdir()
    server = DbtServer(folder)
    server.models()
    server.close()


def in_order(nodes: dict[str, Any]) -> list[Model]:
    """Return the models in SQL of a compiled manifest, each after those that it reads."""
    left = {
        key: node
        for key, node in nodes.items()
        if node["resource_type"] == "model" and node["language"] == "sql" and node.get("compiled_code")
    }
    ordered: list[Model] = []
    while left:
        ready = [key for key, node in left.items() if not left.keys() & set(node["depends_on"]["nodes"])]
        for key in ready:
            node = left.pop(key)
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            table = f"{node['schema']}.{node['alias']}"
            parents = tuple(node["depends_on"]["nodes"])
            ordered.append(
                Model(key, node["original_file_path"], table, kind, node["compiled_code"], parents)
            )
    return ordered


def needed(models: list[Model], tables: tuple[str, ...]) -> list[Model]:
    """Return the models that some tables are made from, those of the tables included, in order."""
    wanted: set[str] = set()
    chosen = []
    for model in reversed(models):
        if model.table in tables or model.key in wanted:
            chosen.append(model)
            wanted.update(model.parents)
    return chosen[::-1]


def serve(scratch: Path, read: Path) -> None:
    """Read the project, or take over what was read, then run orders: one line of JSON each, until the end."""
    from dbt.cli.main import dbtRunner

    # What Python models import: once here, not in every fork.
    import utvandring.estimators.survival
    import utvandring.regressions.fitting
    import utvandring.release.suppression  # noqa: F401
    from utvandring.builds.dbt_process import COLLECTION_THRESHOLD
    from utvandring.builds.program import current_program

    current_program()
    if scratch != read:
        (scratch / KEPT).parent.mkdir()
        shutil.copyfile(read / KEPT, scratch / KEPT)
    answers = os.dup(1)
    os.dup2(2, 1)
    parsed = dbtRunner().invoke(
        ["--quiet", "parse", *SETTINGS, "--target-path", str(scratch / "target"), "--log-path", str(scratch)]
    )
    if not parsed.success:
        sys.exit(f"dbt could not read the project: {parsed.exception}")
    # As `utvandring build` does it: dbt keeps nearly all that it makes.
    gc.freeze()
    gc.set_threshold(COLLECTION_THRESHOLD)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            execute(dbtRunner(manifest=parsed.result), json.loads(line))
        _, status = os.waitpid(child, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def execute(dbt: Any, order: dict[str, Any]) -> None:
    """Run one command of dbt in this process and end it."""
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(order["environment"])
    code = 1
    try:
        done = dbt.invoke(order["arguments"])
        code = 0 if done.success else 1
        if done.exception is not None:
            print(done.exception)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
