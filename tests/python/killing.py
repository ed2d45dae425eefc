"""Work that tests interrupt: killed, in processes of its own, at points that have names and are counted.

A point is the moment before one thing that changes what is on the disk: a file that is opened for writing, a
rename, a removal, a mode, a folder, the lock, a statement that writes a database, its commit, checkpoint or
close, a process that is started; in a build also every node of which dbt tells. Python announces the first
kinds to an audit hook, connections of DuckDB are wrapped, and of nodes the build tells itself: the program
needs no hook for its tests. Work that runs to its end lists its points; a process that runs the same work
again is killed by itself at exactly one of them. Nothing depends on how long anything takes.

What DuckDB writes within one statement, and what a copy of a file writes, has no point of its own:
`kill_beyond` lets the operating system end the process at the write that would make a file longer than a
number of bytes.
"""

import contextlib
import multiprocessing
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from tqdm import tqdm

from utvandring.builds import building
from utvandring.builds.publication import copying_last, publish
from utvandring.common.errors import UtvandringError
from utvandring.common.project import DataRoot, project_root
from utvandring.deliveries import page
from utvandring.deliveries.deliver import deliver

# What takes long to import is imported once, by the process that all others are forked from.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["killing", "great_expectations.expectations.core"])

# Progress bars of a library would share a lock between processes: a semaphore, which a killed process leaves
# behind, and of which Python warns in the end.
tqdm.set_lock(threading.RLock())

# The name of a point, and how many of the same name came before it.
Point = tuple[str, int]
Work = Callable[..., None]

# In a build: after any node, and with its name after a certain one.
NODE = "after node"

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_EVENTS = {
    "os.rename": "rename",
    "os.remove": "remove",
    "os.rmdir": "remove folder",
    "os.mkdir": "make folder",
    "os.chmod": "mode of",
    "os.truncate": "truncate",
    "os.link": "link",
    "os.symlink": "link",
}
_WRITING_STATEMENT = re.compile(
    "(attach|begin|checkpoint|comment|commit|copy|create|delete|detach|drop|insert|rollback|update)\\b",
    re.IGNORECASE,
)
# What differs from run to run in names of files: of temporary folders, and of what the content decides.
_DIFFERING = [(re.compile(r"\.staging-\w+"), ".staging-*"), (re.compile(r"_[0-9a-f]{12}\."), "_*.")]


def deliver_folder(root: Path, folder: Path) -> None:
    """Deliver as the command does, without the drawing in the report.

    To draw takes longer than all else together, and writes nothing.
    """
    os.umask(0o027)
    with patch.object(page, "_chart", return_value=""):
        deliver(DataRoot(root), folder, project_root())


def publish_warehouse(root: Path, anew: bool) -> None:
    """Publish as `utvandring build` does when everything has passed."""
    os.umask(0o027)
    with nullcontext() if anew else copying_last(DataRoot(root)) as copied:
        publish(DataRoot(root), copied)


def build_warehouse(root: Path, as_of: str | None = None) -> None:
    """Build as the command does; every node that has ended is a point."""
    os.umask(0o027)

    def ended(told: str, fraction: float) -> None:
        # Of nodes is told as "7 of 374: stay"; what else is told is a phase of the build.
        node = re.fullmatch(r"\d+ of \d+: (.+)", told)
        if _Points.counting is not None and node is not None:
            _Points.counting.reach(NODE)
            _Points.counting.reach(f"{NODE} {node[1]}")

    building.build(DataRoot(root), project_root(), building.Request(as_of=as_of), ended)


def run(work: Work, *arguments: Any) -> None:
    """Let work come to its end."""
    process = CONTEXT.Process(target=work, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == 0


def points_of(work: Work, root: Path, *arguments: Any) -> list[Point]:
    """Let work come to its end, and return its points in order."""
    exit_code, told = _counted(None, work, root, *arguments)
    assert exit_code == 0
    points: list[Point] = told[-1]
    return points


def kill_at(point: Point, work: Work, root: Path, *arguments: Any) -> None:
    """Kill work at a point; that it came to its end, or never came there, is a failure.

    Every process that it started must end as well: this waits until all have.
    """
    exit_code, told = _counted(point, work, root, *arguments)
    assert (exit_code, told) == (-signal.SIGKILL, [point]), f"{point}: ended with {exit_code}, told {told}"


def kill_beyond(size: int, work: Work, *arguments: Any) -> None:
    """Kill work in the middle of the first write that makes a file longer than `size` bytes."""
    process = CONTEXT.Process(target=_cut_short, args=(size, work, arguments))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGXFSZ, f"nothing longer than {size} bytes was written"


def without_room(size: int, work: Work, *arguments: Any) -> str:
    """Run work that cannot make a file larger than `size`, and return what it complained of."""
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_limited, args=(sender, size, work, arguments))
    process.start()
    said = str(receiver.recv())
    process.join()
    return said


def _limited(sender: Connection, size: int, work: Work, arguments: tuple[Any, ...]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        work(*arguments)
    except (UtvandringError, OSError) as error:
        sender.send(str(error))
    else:
        sender.send("")


def _cut_short(size: int, work: Work, arguments: tuple[Any, ...]) -> None:
    # Python lets the write fail instead.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    work(*arguments)


def _counted(point: Point | None, work: Work, root: Path, *arguments: Any) -> tuple[int | None, list[Any]]:
    """Run work in a process that counts its points; return how it ended, and what it told.

    The pipe is inherited by whatever the process starts, and comes to its end when the last of them is gone.
    """
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_count, args=(sender, point, work, root, arguments))
    process.start()
    sender.close()
    told = []
    with receiver, contextlib.suppress(EOFError):
        while True:
            told.append(receiver.recv())
    process.join()
    return process.exitcode, told


def _count(
    sender: Connection, point: Point | None, work: Work, root: Path, arguments: tuple[Any, ...]
) -> None:
    points = _Points(sender, point, root)
    points.install()
    work(root, *arguments)
    sender.send(points.passed)


class _Points:
    """Counts the points of the process that it is installed in, and kills it at one of them.

    Parameters
    ----------
    sender
        Told the point at which the process is about to be killed.
    deadly
        That point.
    root
        Only what happens below this folder counts.
    """

    counting: "_Points | None" = None

    def __init__(self, sender: Connection, deadly: Point | None, root: Path) -> None:
        self.sender = sender
        self.deadly = deadly
        self.root = str(root)
        self.passed: list[Point] = []
        self.times: Counter[str] = Counter()
        # A publication is copied in a thread of its own.
        self.lock = threading.Lock()

    def install(self) -> None:
        """Count from now on, for as long as the process lives."""
        _Points.counting = self
        really_connect, really_start = duckdb.connect, subprocess.Popen

        def connect(database: str = ":memory:", read_only: bool = False, **others: Any) -> Any:
            place = self.name(database)
            if place is not None and not read_only:
                self.reach(f"open {place}")
            connection = really_connect(database, read_only, **others)
            return connection if read_only else _Connection(connection, place, self)

        def start(*arguments: Any, **others: Any) -> Any:
            self.reach("start a process")
            return really_start(*arguments, **others, pass_fds=(self.sender.fileno(),))

        duckdb.connect = connect
        building.subprocess.Popen = start  # type: ignore[misc,assignment]
        sys.addaudithook(self.hear)

    def reach(self, name: str) -> None:
        """Count a point, or die at it."""
        with self.lock:
            point = name, self.times[name]
            self.times[name] += 1
            self.passed.append(point)
            if point == self.deadly:
                self.sender.send(point)
                os.kill(os.getpid(), signal.SIGKILL)
                # The signal may take a moment to arrive; nothing may happen meanwhile.
                signal.pause()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take what Python announces; called for everything, so what does not matter is left at once."""
        if event == "open":
            if arguments[2] & _WRITING and (name := self.name(arguments[0])) is not None:
                self.reach(f"write {name}")
        elif event == "fcntl.flock":
            self.reach("lock")
        elif event in _EVENTS:
            names = [self.name(arguments[0], arguments[-1])]
            if event == "os.rename":
                names = [self.name(arguments[0]), self.name(arguments[1])]
            if any(name is not None for name in names):
                self.reach(f"{_EVENTS[event]} {' to '.join(map(str, names))}")

    def name(self, path: Any, folder: Any = -1) -> str | None:
        """Return the name of a path below the root, the same in every run; None elsewhere."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        text = os.fsdecode(path)
        # Whole trees are removed file by file, each by its name in a folder that is open.
        if not Path(text).is_absolute() and isinstance(folder, int) and folder >= 0:
            text = f"{self.root}/in a folder: {text}"
        if not text.startswith(f"{self.root}/") and text != self.root:
            return None
        return self.same(text)

    def same(self, text: str) -> str:
        """Return a text without what differs from run to run."""
        text = text.replace(f"{self.root}/", "").replace(self.root, "the root")
        for pattern, shown in _DIFFERING:
            text = pattern.sub(shown, text)
        return text


class _Connection:
    """A connection of DuckDB whose writing statements are points.

    An engine without a file of its own writes none before a database is attached, but for what it copies to a
    file.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, place: str | None, points: _Points) -> None:
        self._connection = connection
        self._place = place
        self._points = points
        self._writes = place is not None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __enter__(self) -> "_Connection":
        self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        if self._writes:
            self._points.reach(f"close {self._place or 'engine'}")
        return self._connection.__exit__(*error)

    def close(self) -> None:
        """Close, which writes what was committed."""
        if self._writes:
            self._points.reach(f"close {self._place or 'engine'}")
        self._connection.close()

    def execute(self, query: str, *parameters: Any, **others: Any) -> Any:
        """Execute a statement."""
        words = " ".join(query.split())
        if found := _WRITING_STATEMENT.match(words):
            verb = found[0].lower()
            self._writes = self._writes or verb == "attach"
            if verb == "copy":
                words = f"copy to {words.rpartition(' to ')[2]}"
            if self._writes or verb == "copy":
                self._points.reach(f"statement {self._points.same(words)}")
        return self._connection.execute(query, *parameters, **others)
