"""Great Expectations over one file at a time: the rules of the specification as a suite on a pandas batch.

Great Expectations is used as a library, in memory: no project folder, no HTML of its own (which loads scripts
from the internet), no usage statistics. Only counts are asked of it, so that no value of a person leaves it.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import pandas as pd

from utvandring.common.errors import UtvandringError
from utvandring.common.sql import identifier
from utvandring.deliveries.rules import NOT_NULL, Rule
from utvandring.deliveries.verdict import Level

# Read when the library is imported: it must never report anything to anyone.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
_NAMED_PLACES = 200


def read_batch(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], relation: str) -> pd.DataFrame:
    """Read the different values that the rules judge: rows with the same values break the same rules.

    A file of millions of rows has a few dozen of them. Of a key, which is judged by all rows together, those
    rows are read whose key occurs more than once.

    Parameters
    ----------
    connection
        Where the relation can be read.
    rules
        Rules on values, or a rule on a key alone; each names its columns and the SQL that gives them.
    relation
        SQL of the rows of the file.

    Returns
    -------
    pandas.DataFrame
        One row per row with other values than the rows before it; of a key one per row of the file.
    """
    of = {alias: sql for rule in rules for alias, sql in rule.of.items()}
    if any(rule.is_key for rule in rules):
        key = ", ".join(of.values())
        repeated = f"select {key} from {relation} group by all having count(*) > 1"
        if not connection.sql(f"{repeated} limit 1").fetchall():
            return pd.DataFrame(columns=list(of))
        query = f"select {_named(of)} from {relation} where ({key}) in ({repeated})"
    else:
        judged = {alias for rule in rules if rule.expectation != NOT_NULL for alias in rule.of}
        known = {
            alias: sql if alias in judged else f"if({sql} is null, null, true)" for alias, sql in of.items()
        }
        query = f"select distinct {_named(known)} from {relation}"
    return connection.sql(query).to_arrow_table().to_pandas()


def _named(of: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {identifier(alias)}" for alias, sql in of.items())


def count_violations(batch: pd.DataFrame, rules: Sequence[Rule]) -> list[int]:
    """Return how many rows of a batch break each rule.

    Parameters
    ----------
    batch
        What :func:`read_batch` gave.
    rules
        The rules, in any order.

    Returns
    -------
    list of int
        One count per rule, in their order.

    Raises
    ------
    UtvandringError
        If an expectation could not be evaluated at all.
    """
    if batch.empty:
        return [0] * len(rules)
    return _violations(batch, [_expectation(rule, number) for number, rule in enumerate(rules)])


def outside(values: pd.Series, minimum: float | None, maximum: float | None) -> list[bool]:
    """Tell which numbers of a summary lie outside inclusive bounds; an unknown number lies inside.

    Parameters
    ----------
    values
        One number per row of the summary.
    minimum, maximum
        The bounds, None where there is none.
    """
    from great_expectations.expectations.core import (  # type: ignore[attr-defined]
        ExpectColumnValuesToBeBetween,
    )

    within = ExpectColumnValuesToBeBetween(column="value", min_value=minimum, max_value=maximum)
    found: list[bool] = []
    # Great Expectations names at most 200 places.
    for start in range(0, len(values), _NAMED_PLACES):
        part = pd.DataFrame({"value": values.iloc[start : start + _NAMED_PLACES].astype(float).to_numpy()})
        (result,) = _validate(part, [within], {"result_format": "COMPLETE"})
        places = {place if isinstance(place, int) else place["index"] for place in _places(result)}
        found += [row in places for row in range(len(part))]
    return found


def _expectation(rule: Rule, number: int) -> Any:
    import great_expectations.expectations as gxe

    arguments = dict(rule.arguments)
    if "column_list" not in arguments:
        (arguments["column"],) = rule.of
    severity = "critical" if rule.level is Level.REFUSE else "warning"
    return getattr(gxe, rule.expectation)(**arguments, severity=severity, meta={"number": number})


def _violations(batch: pd.DataFrame, expectations: list[Any]) -> list[int]:
    counts = [0] * len(expectations)
    for result in _validate(batch, expectations, _COUNTS_ONLY):
        counts[result.expectation_config.meta["number"]] = int(result.result["unexpected_count"])
    return counts


def _places(result: Any) -> list[Any]:
    return list(result.result.get("unexpected_index_list") or ())


def _validate(batch: pd.DataFrame, expectations: list[Any], result_format: dict[str, Any]) -> list[Any]:
    import great_expectations as gx

    suite = gx.ExpectationSuite(name="suite", expectations=expectations)
    given = _batch_definition().get_batch({"dataframe": batch})
    results: list[Any] = given.validate(suite, result_format=result_format).results
    for result in results:
        if "unexpected_count" not in result.result:
            name = result.expectation_config.type if result.expectation_config else "unknown"
            raise UtvandringError(
                f"An expectation could not be evaluated ({name}): "
                "this is a fault of the program, not of the delivery."
            )
    return results


@cache
def _batch_definition() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("delivery")
    return source.add_dataframe_asset("file").add_batch_definition_whole_dataframe("rows")
