"""Cumulative incidence of leaving Norway and of coming back (Aalen-Johansen); private."""


def model(dbt, session):  # noqa: D103
    import pandas as pd

    from utvandring.estimators.survival import incidence_by_year

    dbt.config(materialized="table")
    durations = dbt.ref("int_estimates__duration").project("* exclude (person_id)").to_arrow_table()
    spells = durations.to_pandas(strings_to_categorical=True)
    dimensions = ("origin_group", "comparison_country", "immigration_background")
    parts = [
        incidence_by_year(spells[spells["transition"] == transition], events, dimensions)
        for transition, events in (
            ("emigration", ("emigration", "death", "unaccounted")),
            ("reimmigration", ("reimmigration", "death")),
        )
    ]
    return pd.concat(parts, ignore_index=True)
