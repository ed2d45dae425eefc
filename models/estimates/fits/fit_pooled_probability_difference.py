"""Differences in probability for every logit on pooled base years; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import probability_differences
    from utvandring.regressions.specification import read_report

    dbt.config(materialized="table")
    report = read_report()
    fits = dbt.ref("fit_pooled_trinomial_logit").df()
    return probability_differences(fits, report.trinomial_logit, report.comparisons)
