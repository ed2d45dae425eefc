"""The logits with an effect of each person, fitted to a panel; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.fitting import person_years
    from utvandring.regressions.panels import panel_logits
    from utvandring.regressions.specification import read_panel_logits

    dbt.config(materialized="table")
    base_years = dbt.config.meta_get("base_years")
    frame = person_years(dbt.ref("int_estimates__panel_person_year"), base_years)
    return panel_logits(frame, read_panel_logits(), base_years)
