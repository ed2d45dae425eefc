"""Counts of marts.mobility_rate withheld so that small ones cannot be worked out (secondary suppression)."""


def model(dbt, session):  # noqa: D103
    import pyarrow

    from utvandring.disclosure import Rule, withheld_counts

    dbt.config(materialized="table")
    rule = Rule(
        threshold=int(dbt.config.meta_get("threshold")),
        base=int(dbt.config.meta_get("base")),
        protection=int(dbt.config.meta_get("protection")),
    )
    relations = dbt.ref("int_disclosure__mobility_relation").df()
    counts = dbt.ref("int_disclosure__mobility_count").df().set_index("cell_id").filter(like="_n")
    # Where nothing is withheld, the engine cannot tell the types from the rows.
    schema = pyarrow.schema({"cell_id": pyarrow.uint64(), "measure": pyarrow.string()})
    withheld = withheld_counts(relations, counts, rule)
    return pyarrow.Table.from_pandas(withheld, schema=schema, preserve_index=False)
