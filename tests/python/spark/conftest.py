"""Tests that need Spark: `make test-spark` runs them, in an environment that has it."""

from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("pyspark") and find_spec("sqlglot") else ["test_*.py"]


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A session as builds start it, with a data root of its own."""
    from utvandring.spark.session import Settings, start

    session = start(Settings(tmp_path_factory.mktemp("spark"), memory="1g", shuffle_partitions=2))
    yield session
    session.stop()
