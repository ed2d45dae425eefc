"""The session that all statements of a process run in, and what must hold before it begins."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from utvandring.common.errors import UtvandringError
from utvandring.common.sql import literal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_JAVA = (17, 21)
_HOW = "install Java 17 (Debian: apt-get install openjdk-17-jre-headless) and name it in JAVA_HOME"


# The driver plans hundreds of statements, each of them once: Java's second compiler, for code that runs for
# long, took a third of a small build. Executors on a cluster have it.
_COMPILED_ONCE = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"


@dataclass(frozen=True)
class Settings:
    """What a session is started with.

    `master` is `local[n]` or the address of a cluster, `metastore` that of a Hive metastore, empty for one in
    the folder; `folder` must be the same for all workers.
    """

    folder: Path
    master: str = "local[2]"
    memory: str = "2g"
    shuffle_partitions: int = 8
    metastore: str = ""

    @property
    def tables(self) -> Path:
        """Tables as they are built."""
        return self.folder / "warehouse"

    @property
    def published(self) -> Path:
        """The tables of the last build that passed, Parquet files in a folder each."""
        return self.folder / "published"

    @property
    def ledger(self) -> Path:
        """What is read into tables from elsewhere: the ledger of deliveries, code lists."""
        return self.folder / "ledger"

    @property
    def registers(self) -> Path:
        """Links to the accepted files, a folder for each register."""
        return self.folder / "registers"


def require_java() -> None:
    """Make sure that Spark will find a Java that it runs on.

    Raises
    ------
    UtvandringError
        If there is none, or another version.
    """
    home = os.environ.get("JAVA_HOME", "")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    try:
        said = subprocess.run([java or "java", "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        raise UtvandringError(f"Spark needs Java, and none was found: {_HOW}.") from None
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if found is None or int(found.group(1)) not in _JAVA:
        version = found.group(1) if found else "of an unknown version"
        raise UtvandringError(f"Spark runs on Java 17 or 21, and {java} is Java {version}: {_HOW}.")


def start(settings: Settings) -> "SparkSession":
    """Start the session, or return the one that this process has.

    Raises
    ------
    UtvandringError
        If there is no Java, if the metastore cannot be opened, or if the workers cannot read the folder.
    """
    from pyspark.sql import SparkSession

    # Of any thread: the active session is of the thread that asks.
    running = SparkSession._instantiatedSession
    if running is not None and running._jsc.sc().isStopped() is False:
        return running
    require_java()
    # Of the Java process too: what Spark writes is for its owner only.
    os.umask(0o077)
    for folder in (settings.folder, settings.tables, settings.ledger, settings.folder / "tmp"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        session = _configured(settings).getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        session.sql("show databases").collect()
    except Exception as error:
        raise UtvandringError(_why_not(settings, str(error))) from error
    if not settings.master.startswith("local"):
        _require_shared(session, settings)
    return session


def describe_jobs(name: str) -> None:
    """Give a name to what this thread runs next in the session that this process has."""
    from pyspark.sql import SparkSession

    running = SparkSession._instantiatedSession
    if running is not None:
        running.sparkContext.setJobDescription(name)


def _configured(settings: Settings) -> "SparkSession.Builder":
    from pyspark.sql import SparkSession

    options = {
        # An overflow, a bad cast, an item beyond the end of a list: an error, as in DuckDB.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        # Recursive queries end by themselves; the tables that they make are small.
        "spark.sql.cteRecursionRowLimit": "-1",
        "spark.sql.cteRecursionLevelLimit": "1000",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        "spark.sql.warehouse.dir": settings.tables.as_uri(),
        "spark.sql.sources.default": "parquet",
        "spark.local.dir": str(settings.folder / "tmp"),
        "spark.driver.memory": settings.memory,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.hadoop.fs.permissions.umask-mode": "077",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={settings.folder} {_COMPILED_ONCE}",
    }
    if settings.metastore:
        options["spark.hadoop.hive.metastore.uris"] = settings.metastore
    else:
        place = f"jdbc:derby:;databaseName={settings.folder / 'metastore'};create=true"
        options["spark.hadoop.javax.jdo.option.ConnectionURL"] = place
    if settings.master.startswith("local"):
        options["spark.driver.host"] = "127.0.0.1"
        options["spark.driver.bindAddress"] = "127.0.0.1"
    builder = SparkSession.builder.appName("utvandring").master(settings.master).enableHiveSupport()
    for name, value in options.items():
        builder = builder.config(name, value)
    return builder


def _why_not(settings: Settings, said: str) -> str:
    if "another instance of Derby" in said or "Another instance of Derby" in said:
        return f"Another program builds in {settings.folder}: wait until it has ended, and build again."
    if "etastore" in said or "derby" in said.lower():
        where = settings.metastore or settings.folder / "metastore"
        return (
            f"The metastore {where} cannot be opened: start it, or name another in "
            "UTVANDRING_SPARK_METASTORE (empty for one in the data root)."
        )
    if "master" in said.lower():
        return (
            f"The cluster {settings.master} does not answer: start it, or name another in "
            "UTVANDRING_SPARK_MASTER."
        )
    first = said.strip().splitlines()[0] if said.strip() else "no reason given"
    return f"Spark could not be started ({first}): see docs/spark.md."


def in_the_way(said: str) -> str | None:
    """Return a sentence for what a folder of another run causes, None for other errors of Spark."""
    found = re.search(r"LOCATION_ALREADY_EXISTS\].*?file:([^'`\s]+)", said)
    if found is None:
        return None
    return (
        "A table of another run is in the way: let no other build run, remove the folder "
        f"{found.group(1)} and build again."
    )


def _require_shared(session: "SparkSession", settings: Settings) -> None:
    """Let the workers read a file that was written here."""
    probe = settings.ledger / "probe.parquet"
    duckdb.execute(f"copy (select 1 as one) to {literal(str(probe))} (format parquet)")
    try:
        session.read.parquet(probe.as_uri()).collect()
    except Exception as error:
        raise UtvandringError(
            f"The workers cannot read {settings.folder}: put UTVANDRING_DATA in a folder that all of them "
            "share."
        ) from error
