"""Average marginal effects for every logit on pooled base years; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.estimates.fitting import marginal_effects, person_years
    from utvandring.estimates.specification import read_report

    dbt.config(materialized="table")
    base_years = dbt.config.meta_get("base_years")
    fits = dbt.ref("fit_pooled_trinomial_logit").df()
    frame = person_years(dbt.ref("int_estimates__trinomial_logit_person_year"), base_years)
    return marginal_effects(fits, frame, read_report().trinomial_logit)
