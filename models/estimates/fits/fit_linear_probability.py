"""Every linear probability model of the report, fitted to cells (5.2-5.4); private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import linear_probabilities
    from utvandring.regressions.specification import read_report

    dbt.config(materialized="table")
    cells = dbt.ref("linear_probability_cell").df()
    return linear_probabilities(cells, read_report().linear_probability, dbt.config.meta_get("base_years"))
