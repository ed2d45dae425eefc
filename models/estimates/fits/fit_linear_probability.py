"""Every linear probability model of the report, fitted to cells (5.2-5.4); private."""


def model(dbt, session):  # noqa: D103
    from utvandring.estimates.fitting import linear_probabilities
    from utvandring.estimates.specification import read_report

    dbt.config(materialized="table")
    return linear_probabilities(dbt.ref("linear_probability_cell").df(), read_report().linear_probability)
