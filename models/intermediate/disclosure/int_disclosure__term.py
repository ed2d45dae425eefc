"""Which persons each coefficient of the report is about, and with whom it compares them, as specified."""


def model(dbt, session):  # noqa: D103
    from utvandring.regressions.specification import categories_of_terms, read_report

    dbt.config(materialized="table")
    return categories_of_terms(read_report())
