"""Released counts withheld so that small ones cannot be worked out (secondary suppression).

Blocks that are known (int_disclosure__block) keep what was withheld. A block with nothing withheld has a row
without a count.
"""


def model(dbt, session):  # noqa: D103
    import pyarrow

    from utvandring.disclosure import Rule, withheld_counts

    dbt.config(materialized="table")
    rule = Rule(
        threshold=int(dbt.config.meta_get("threshold")),
        base=int(dbt.config.meta_get("base")),
        protection=int(dbt.config.meta_get("protection")),
    )
    # Queries find these by name.
    block = dbt.ref("int_disclosure__block")
    relation = dbt.ref("int_disclosure__relation")
    count = dbt.ref("int_disclosure__count")
    anew = session.sql("from relation semi join (from block where not is_known) using (block_id)")
    relations = anew.to_arrow_table().to_pandas(strings_to_categorical=True)
    counts = session.sql("from count semi join anew using (cell_id)").df().set_index("cell_id")
    # Where nothing is withheld, the engine cannot tell the types from the rows.
    schema = pyarrow.schema({"cell_id": pyarrow.uint64(), "measure": pyarrow.string()})
    withheld = withheld_counts(relations, counts, rule)
    found = pyarrow.Table.from_pandas(withheld, schema=schema, preserve_index=False)
    judged = session.sql(
        """
        select block.block_id, block.checksum, placed.cell_id, placed.measure
        from block
        left join (
            select distinct anew.block_id, found.*
            from found inner join anew using (cell_id)
        ) as placed using (block_id)
        where not block.is_known
        """
    )
    if block.filter("is_known").limit(1).fetchall():
        known = session.sql(
            f"from {dbt.this} semi join (from block where is_known) using (block_id, checksum)"
        )
        judged = judged.union(known)
    return judged.order("block_id, measure, cell_id")
