"""Cumulative incidence of emigrating and of dying by age, of descendants and others; private."""


def model(dbt, session):  # noqa: D103
    from utvandring.survival import incidence_by_age

    dbt.config(materialized="table")
    exposure = dbt.ref("int_estimates__descendant_exposure").df()
    return incidence_by_age(exposure, ("emigration", "death"))
