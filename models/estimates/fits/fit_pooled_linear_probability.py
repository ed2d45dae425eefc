"""The linear probability models of the report on pooled base years; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import person_years, pooled_linear_probabilities
    from utvandring.regressions.specification import read_report

    dbt.config(materialized="table")
    base_years = dbt.config.meta_get("base_years")
    frame = person_years(dbt.ref("int_estimates__linear_probability_person_year"), base_years)
    return pooled_linear_probabilities(frame, read_report().linear_probability, base_years)
