"""Average marginal effects for every fitted logit; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import marginal_effects
    from utvandring.regressions.specification import read_report

    dbt.config(materialized="table")
    fits = dbt.ref("fit_trinomial_logit").df()
    cells = dbt.ref("trinomial_logit_cell").df()
    return marginal_effects(fits, cells, read_report().trinomial_logit)
