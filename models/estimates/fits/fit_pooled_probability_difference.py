"""Differences in probability for every logit on pooled base years; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import probability_differences
    from utvandring.regressions.specification import comparisons_with, read_report

    dbt.config(materialized="table")
    comparisons = comparisons_with(dbt.config.meta_get("profile"))
    fits = dbt.ref("fit_pooled_trinomial_logit").df()
    return probability_differences(fits, read_report().trinomial_logit, comparisons)
