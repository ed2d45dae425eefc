"""Compare what two warehouses release, row by row: before and after a change that should leave it as it is.

    python benchmarks/same_release.py BEFORE AFTER

BEFORE and AFTER are data roots whose warehouses were built from the same deliveries. Compared are every table
of the schema `release` and `int_disclosure__withheld`, the counts that secondary suppression withholds. The
exit code is 1 if a row differs, or a table or column is in one of them only.
"""

import sys
from pathlib import Path

import duckdb

TABLES = """
select schema_name || '.' || table_name, list(column_name order by column_name)
from duckdb_columns()
where database_name = $database and (schema_name = 'release' or table_name = 'int_disclosure__withheld')
group by all
order by all
"""


def main(before: Path, after: Path) -> int:
    """Print one line for each table, and return the exit code."""
    with duckdb.connect() as connection:
        for name, root in (("before", before), ("after", after)):
            connection.execute(f"attach '{root / 'warehouse.duckdb'}' as {name} (read_only)")
        tables = {
            name: dict(connection.execute(TABLES, {"database": name}).fetchall())
            for name in ("before", "after")
        }
        code = 0
        for table in sorted({*tables["before"], *tables["after"]}):
            columns = {name: tables[name].get(table) for name in tables}
            if columns["before"] != columns["after"]:
                only = [name for name in tables if columns[name]]
                print(f"{table:45} {'other columns' if len(only) == 2 else f'{only[0]} only'}")
                code = 1
                continue
            listed = ", ".join(columns["before"] or ())
            rows, gone, new = (
                connection.execute(f"select count(*) from ({query})").fetchone()[0]
                for query in (
                    f"from before.{table}",
                    f"select {listed} from before.{table} except all select {listed} from after.{table}",
                    f"select {listed} from after.{table} except all select {listed} from before.{table}",
                )
            )
            said = f"{gone:,} gone, {new:,} new" if gone + new else "identical"
            print(f"{table:45} {rows:9,} rows, {said}")
            code = max(code, int(gone + new > 0))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
