"""Work that tests interrupt: run in processes that begin quickly, and killed at a given moment."""

import multiprocessing
import os
import random
import resource
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from utvandring.deliveries.deliver import deliver
from utvandring.errors import UtvandringError
from utvandring.project import DataRoot, project_root
from utvandring.publication import copying_last, publish

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["killing"])


def deliver_folder(root: Path, folder: Path) -> None:
    """Deliver as the command does."""
    os.umask(0o027)
    deliver(DataRoot(root), folder, project_root())


def publish_warehouse(root: Path, anew: bool) -> None:
    """Publish as `utvandring build` does when everything has passed."""
    os.umask(0o027)
    with nullcontext() if anew else copying_last(DataRoot(root)) as copied:
        publish(DataRoot(root), "", copied)


class Killer:
    """Runs work and kills it at a random moment of the time that it takes; says its seed on failure."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.seconds = 0.0
        self.killed = 0

    def measure(self, work: Callable[..., None], *arguments: Any) -> None:
        """Let the work come to its end once, to know how long it takes."""
        begun = time.monotonic()
        process = CONTEXT.Process(target=work, args=arguments)
        process.start()
        process.join()
        assert process.exitcode == 0
        self.seconds = time.monotonic() - begun

    def kill(self, work: Callable[..., None], *arguments: Any) -> None:
        """Kill the work, unless it has ended before."""
        process = CONTEXT.Process(target=work, args=arguments)
        process.start()
        assert process.pid is not None
        process.join(self.random.uniform(0, 1.1 * self.seconds))
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        self.killed += process.exitcode != 0


def without_room(size: int, work: Callable[..., None], *arguments: Any) -> str:
    """Run work that cannot make a file larger than `size`, and return what it complained of."""
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_limited, args=(sender, size, work, arguments))
    process.start()
    said = str(receiver.recv())
    process.join()
    return said


def _limited(sender: Connection, size: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        work(*arguments)
    except (UtvandringError, OSError) as error:
        sender.send(str(error))
    else:
        sender.send("")
