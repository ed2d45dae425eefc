"""The version that dbt shows for the adapter."""

from dbt.adapters.spark.__version__ import version

__all__ = ["version"]
