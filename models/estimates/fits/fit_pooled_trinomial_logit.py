"""The trinomial logits of the report on pooled base years; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import person_years, pooled_trinomial_logits
    from utvandring.regressions.specification import read_report

    dbt.config(materialized="table")
    base_years = dbt.config.meta_get("base_years")
    frame = person_years(dbt.ref("int_estimates__trinomial_logit_person_year"), base_years)
    return pooled_trinomial_logits(frame, read_report().trinomial_logit, base_years)
