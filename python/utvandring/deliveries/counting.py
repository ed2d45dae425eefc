"""Counts of an accepted file: the ledger keeps them, so that a later delivery can be held against them."""

from pathlib import Path

import duckdb

from utvandring.common.sql import identifier, path_literal
from utvandring.deliveries.specification import Register, Specification

# Longer code lists (municipalities, countries) are checked code by code, but their shares say little.
LARGEST_COUNTED_CODE_LIST = 60


def count_file(
    connection: duckdb.DuckDBPyConnection, specification: Specification, register: Register, path: Path
) -> tuple[int, dict[str, dict[str, int]]]:
    """Count the persons of a stored file, and its rows by code.

    Parameters
    ----------
    connection
        With the code lists loaded.
    specification
        The registers and their code lists.
    register
        The register of the file.
    path
        The stored Parquet file.

    Returns
    -------
    tuple
        Distinct persons; rows by code for every column with a short code list, an unknown value under "".
    """
    relation = f"read_parquet({path_literal(path)})"
    persons = "count(*)" if register.key == ("personid",) else "count(distinct personid)"
    ((persons_n,),) = connection.execute(f"select {persons} from {relation}").fetchall()
    counted = [
        column.name
        for column in register.columns
        if column.code_list is not None
        and _length(connection, column.code_list.seed) <= LARGEST_COUNTED_CODE_LIST
    ]
    counts: dict[str, dict[str, int]] = {}
    if counted:
        sets = ", ".join(f"({identifier(name)})" for name in counted)
        which = f"grouping_id({', '.join(map(identifier, counted))})"
        codes = ", ".join(f"cast({identifier(name)} as varchar) as {identifier(name)}" for name in counted)
        rows = connection.execute(
            f"select {which}, {', '.join(map(identifier, counted))}, count(*) "
            f"from (select {codes} from {relation}) group by grouping sets ({sets}) order by all"
        ).fetchall()
        for which_set, *values, number in rows:
            # grouping_id has a zero bit for the column of the set, the first column being the highest bit.
            position = next(i for i in range(len(counted)) if not which_set >> (len(counted) - 1 - i) & 1)
            counts.setdefault(counted[position], {})[values[position] or ""] = number
    return persons_n, {name: counts.get(name, {}) for name in counted}


def _length(connection: duckdb.DuckDBPyConnection, seed: str) -> int:
    ((length,),) = connection.execute(f"select count(*) from {identifier(f'seed_{seed}')}").fetchall()
    return int(length)
