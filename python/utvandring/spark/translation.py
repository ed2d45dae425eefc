"""A statement of DuckDB's SQL as one of Spark's with the same meaning, or a refusal."""

from pathlib import Path

import sqlglot
from sqlglot import exp

from utvandring.common.errors import UtvandringError
from utvandring.common.files import read_yaml
from utvandring.spark.rules import BEFORE, RULES, Columns, RefusedError, Rule

_PASSED_ON = read_yaml(Path(__file__).with_name("same_in_both.yml"))
SAME_IN_BOTH = frozenset(_PASSED_ON["kinds"].split())
FUNCTIONS = frozenset(_PASSED_ON["functions"])
_NOT_WITH = _PASSED_ON["not_with"]


class UntranslatableError(UtvandringError):
    """A model that cannot be run on Spark, with its name and the construct."""


def translate(sql: str, name: str, columns: Columns = lambda table: None) -> str:
    """Return a statement of DuckDB's SQL as Spark's SQL.

    Parameters
    ----------
    sql
        One statement.
    name
        The model or test it belongs to, for messages.
    columns
        Returns the columns of a table by its name, or None; asked where a star must be written out.

    Raises
    ------
    UntranslatableError
        If the statement holds something that has no certain translation.
    """
    try:
        parsed = sqlglot.parse(sql, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise _refused(name, str(error).splitlines()[0]) from error
    statements = [statement for statement in parsed if statement is not None]
    if len(statements) != 1:
        raise _refused(name, f"{len(statements)} statements at once")
    tree = statements[0]
    _require_known(tree, name)
    try:
        for rule in BEFORE:
            tree = _apply(tree, rule, columns)
        tree = _from_the_leaves(tree, columns)
    except RefusedError as error:
        raise _refused(name, str(error)) from error
    translated: str = tree.sql("spark", pretty=True, comments=False)
    return translated


def _refused(name: str, construct: str) -> UntranslatableError:
    return UntranslatableError(
        f"{name} cannot be run on Spark: {construct}. Write it in words that both engines read, or add a "
        "rule to utvandring/spark/rules.py with its case in tests/python/spark."
    )


def _require_known(tree: exp.Expression, name: str) -> None:
    for node in tree.walk():
        kind = type(node).__name__
        if kind not in SAME_IN_BOTH:
            raise _refused(name, f"{kind} ({_shown(node)})")
        if isinstance(node, exp.Anonymous) and node.name.lower() not in FUNCTIONS:
            raise _refused(name, f"the function {node.name.lower()}")
        if kind == "With" and node.args.get("recursive") and any(_merges(cte) for cte in node.expressions):
            raise _refused(name, "a recursive query with union, not union all")
        for detail in _NOT_WITH.get(kind, ()):
            if node.args.get(detail):
                raise _refused(name, f"{detail} of {kind} ({_shown(node)})")


def _merges(cte: exp.Expression) -> bool:
    is_recursive = any(table.name == cte.alias for table in cte.this.find_all(exp.Table))
    return is_recursive and any(union.args.get("distinct") for union in cte.this.find_all(exp.Union))


def _shown(node: exp.Expression) -> str:
    return " ".join(node.sql("duckdb", comments=False).split())[:60]


def _apply(tree: exp.Expression, rule: Rule, columns: Columns) -> exp.Expression:
    for node in [found for found in tree.walk() if isinstance(found, (exp.Query, exp.Join))]:
        changed = rule(node, columns)
        if changed is node:
            continue
        if node is tree:
            tree = changed
        else:
            node.replace(changed)
    return tree


def _from_the_leaves(tree: exp.Expression, columns: Columns) -> exp.Expression:
    nodes = list(tree.walk(bfs=False))
    for node in reversed(nodes):
        changed = node
        for rule in RULES:
            changed = rule(changed, columns)
        if changed is node:
            continue
        if node is tree:
            return changed
        node.replace(changed)
    return tree
