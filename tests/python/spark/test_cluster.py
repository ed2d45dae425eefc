import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from cluster_run import COUNTED, ROWS
from engines import ordered

pytestmark = [pytest.mark.spark, pytest.mark.long]

HERE = Path(__file__).parent
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
# Five Java programs start one after the other, on a busy machine in minutes.
PATIENCE = 900


def java_program(name, *arguments, log):
    """Start a daemon of Spark as a process of its own, with all that it starts in one group."""
    import pyspark

    program = Path(pyspark.__file__).parent / "bin" / "spark-class"
    environment = os.environ | {"SPARK_NO_DAEMONIZE": "1", "SPARK_DAEMON_MEMORY": "256m"}
    return subprocess.Popen(
        [str(program), name, *arguments],
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )


def wait_for(words, file):
    deadline = time.monotonic() + PATIENCE
    while words not in file.read_text(errors="replace"):
        assert time.monotonic() < deadline, file.read_text(errors="replace")[-3000:]
        time.sleep(0.2)


@contextmanager
def cluster(folder):
    """A standalone master with two workers, each with one core."""
    started = []
    try:
        with (folder / "master.log").open("w") as log:
            started.append(
                java_program(MASTER, "--host", "127.0.0.1", "--port", "17077", "--webui-port", "0", log=log)
            )
        wait_for("New state: ALIVE", folder / "master.log")
        for number in (1, 2):
            with (folder / f"worker{number}.log").open("w") as log:
                options = ("--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0")
                work = ("--work-dir", str(folder / f"work{number}"))
                started.append(java_program(WORKER, *options, *work, "spark://127.0.0.1:17077", log=log))
        for number in (1, 2):
            wait_for("Successfully registered", folder / f"worker{number}.log")
        yield "spark://127.0.0.1:17077", started[1:]
    finally:
        for process in started:
            stop(process)


def stop(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def expected():
    connection = duckdb.connect()
    connection.execute(f"create table numbers as {ROWS}")
    return ordered(connection.execute(COUNTED).fetchall())


@pytest.mark.parametrize("partitions", [1, 7])
def test_a_worker_that_is_killed_in_the_middle_changes_nothing(tmp_path, expected, partitions):
    output = tmp_path / "output"
    with cluster(tmp_path) as (master, workers):
        command = [
            sys.executable,
            str(HERE / "cluster_run.py"),
            master,
            str(tmp_path / "shared"),
            str(partitions),
        ]
        with output.open("w") as log:
            run = subprocess.Popen(command, stdout=log, stderr=subprocess.DEVNULL)
        try:
            wait_for("begun", output)
            stop(workers[0])
            assert run.wait(PATIENCE) == 0
        finally:
            run.kill()
    lines = output.read_text().splitlines()
    rows = [line.split("\t") for line in lines[lines.index("begun") + 1 :]]
    found = [(int(grp), int(n), word, float(total), int(places)) for grp, n, word, total, places in rows]
    assert ordered(found) == expected
