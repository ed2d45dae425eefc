"""Average marginal effects for every logit on pooled base years; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import marginal_effects
    from utvandring.regressions.specification import read_report

    dbt.config(materialized="table")
    fits = dbt.ref("fit_pooled_trinomial_logit").df()
    cells = dbt.ref("int_estimates__trinomial_logit_pooled_cell").df()
    return marginal_effects(fits, cells, read_report().trinomial_logit)
