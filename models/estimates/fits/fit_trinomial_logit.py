"""Every trinomial logit of the report, fitted to cells (chapter 6); private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import trinomial_logits
    from utvandring.regressions.specification import read_report

    dbt.config(materialized="table")
    cells = dbt.ref("trinomial_logit_cell").df()
    return trinomial_logits(cells, read_report().trinomial_logit, dbt.config.meta_get("base_years"))
