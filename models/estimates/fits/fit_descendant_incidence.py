"""Cumulative incidence by age of emigrating and dying, for descendants and others (Aalen-Johansen)."""


def model(dbt, session):  # noqa: D103
    from utvandring.estimators.survival import incidence_by_age

    dbt.config(materialized="table")
    exposure = dbt.ref("int_estimates__descendant_exposure").df()
    return incidence_by_age(exposure, ("emigration", "death"))
