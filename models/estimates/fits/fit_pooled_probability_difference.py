"""Differences in probability for every logit on pooled base years; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.estimates.fitting import probability_differences
    from utvandring.estimates.specification import read_report

    dbt.config(materialized="table")
    report = read_report()
    fits = dbt.ref("fit_pooled_trinomial_logit").df()
    return probability_differences(fits, report.trinomial_logit, report.comparisons)
