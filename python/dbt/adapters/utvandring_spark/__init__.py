"""The place where dbt looks for an adapter of this name; all of it is in `utvandring.spark`."""

from dbt_common.exceptions import DbtRuntimeError

try:
    from utvandring.spark.adapter import Plugin
except ModuleNotFoundError as error:
    if error.name is None or error.name.split(".")[0] not in ("dbt", "pyspark", "sqlglot", "sqlparams"):
        raise
    raise DbtRuntimeError(
        f"The target spark needs packages that are not installed ({error.name}): "
        "pip install --require-hashes -r requirements-spark.lock (docs/spark.md)."
    ) from None

__all__ = ["Plugin"]
