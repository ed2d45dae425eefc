"""Wald tests of equal coefficients between the logits of one type; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.equality import equality_tests

    dbt.config(materialized="table")
    return equality_tests(dbt.ref("fit_trinomial_logit").df())
