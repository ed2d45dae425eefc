"""One query in both engines, on the same small tables."""

import math
from decimal import Decimal

import duckdb

from utvandring.spark.translation import translate


def in_duckdb(query, tables):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for name, rows in tables.items():
        connection.execute(f"create table {name} as {rows}")
    return ordered(connection.execute(query).fetchall())


def in_spark(session, query, tables):
    for name, rows in tables.items():
        session.sql(translate(rows, name)).createOrReplaceTempView(name)
    names = {name: session.table(name).columns for name in tables}
    found = session.sql(
        translate(query, "the case", lambda table: names.get(table.replace("`", "")))
    ).collect()
    return ordered([tuple(row) for row in found])


def ordered(rows):
    """Rows in an order that both engines have, with numbers as doubles of nine significant digits."""
    return sorted((tuple(plain(value) for value in row) for row in rows), key=repr)


def plain(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float, Decimal)):
        number = float(value)
        return str(number) if math.isnan(number) else float(f"{number:.9e}")
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return str(value).removesuffix(" 00:00:00")
