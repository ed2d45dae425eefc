"""Logits of the first emigration of descendants and of their destination; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.descendants import descendant_logits

    dbt.config(materialized="table")
    return descendant_logits(dbt.ref("descendant_cell").df())
