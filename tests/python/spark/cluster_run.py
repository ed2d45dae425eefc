"""A program that builds tables on a cluster: `python cluster_run.py MASTER FOLDER PARTITIONS`.

It says `begun` when the first rows are read, and prints what it counted.
"""

import sys
from pathlib import Path

from utvandring.spark.session import Settings, start
from utvandring.spark.translation import translate

# Enough work for a worker to be lost in the middle of it.
ROWS = "select unnest(generate_series(1, 300000)) as id"
COUNTED = """
    with numbered as (
        select
            id % 1000 as grp, id, md5(id::varchar) as word,
            row_number() over (partition by id % 1000 order by id) as place
        from numbers
    )
    select grp, count(*) as rows_n, min(word) as word, sum(id / 7) as total, max(place) as places
    from numbered
    where grp < 20
    group by all
"""


def main(master, folder, partitions):
    session = start(Settings(Path(folder), master, "1g", int(partitions)))
    session.range(1, 300_001, numPartitions=12).write.parquet((Path(folder) / "numbers").as_uri())
    session.read.parquet((Path(folder) / "numbers").as_uri()).createOrReplaceTempView("numbers")
    print("begun", flush=True)
    for row in session.sql(translate(COUNTED, "counted")).collect():
        print(*row, sep="\t")
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
