"""Why the rates of counties, backgrounds and years differ: composition and behaviour; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.decomposition import rate_decompositions

    dbt.config(materialized="table")
    cells = dbt.ref("rate_decomposition_cell").df()
    return rate_decompositions(cells, dbt.config.meta_get("base_years"), dbt.config.meta_get("outcomes"))
