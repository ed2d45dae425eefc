"""Released counts withheld so that small ones cannot be worked out (secondary suppression)."""


def model(dbt, session):  # noqa: D103
    import pyarrow

    from utvandring.common.engine import engine_settings
    from utvandring.release.suppression import Rule, withheld_counts

    dbt.config(materialized="table")
    rule = Rule(
        threshold=int(dbt.config.meta_get("threshold")),
        base=int(dbt.config.meta_get("base")),
        protection=int(dbt.config.meta_get("protection")),
    )
    relations = dbt.ref("int_disclosure__relation").to_arrow_table().to_pandas(strings_to_categorical=True)
    counts = dbt.ref("int_disclosure__count").df().set_index("cell_id")
    # Where nothing is withheld, the engine cannot tell the types from the rows.
    schema = pyarrow.schema({"cell_id": pyarrow.uint64(), "measure": pyarrow.string()})
    withheld = withheld_counts(relations, counts, rule, processes=engine_settings()["threads"])
    return pyarrow.Table.from_pandas(withheld, schema=schema, preserve_index=False)
