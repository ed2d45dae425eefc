"""Who leaves soon after arriving: a notebook for marimo, over the published database.

    marimo edit examples/notebook.py

`pip install -e '.[notebook]'` installs marimo. The cells read persons: what they show stays in the zone.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")


@app.cell
def _():
    import altair as alt
    import duckdb
    import marimo as mo
    import pandas as pd

    from utvandring.common.project import DataRoot
    from utvandring.lpm import fit_linear_probability_cells

    # data/published/utvandring.duckdb, or where UTVANDRING_DATA says; it is only read.
    warehouse = duckdb.connect(str(DataRoot.from_environment().publication), read_only=True)
    return alt, fit_linear_probability_cells, mo, pd, warehouse


@app.cell
def _(mo, warehouse):
    last_year = warehouse.sql("select max(outcome_year) from marts.person_year").fetchall()[0][0]
    mo.md(f"""
    # Who leaves soon after arriving

    Immigrants by their years in Norway, and the share who emigrated in the year after, up to {last_year}.
    These are exact numbers of persons: they **may not leave the secure zone**.
    """)
    return (last_year,)


@app.cell
def _(warehouse):
    cells = warehouse.sql("""
        select
            outcome_year,
            sex,
            residence_years,
            count(*) as residents,
            count_if(outcome_municipality = 'emigration') as emigrants,
        from marts.person_year
        where is_immigrant and residence_years between 0 and 15 and outcome_municipality is not null
        group by all
        order by all
    """).df()
    cells
    return (cells,)


@app.cell
def _(alt, cells):
    rates = cells.groupby(["sex", "residence_years"], as_index=False)[["residents", "emigrants"]].sum()
    rates["rate"] = 100 * rates["emigrants"] / rates["residents"]
    chart = (
        alt.Chart(rates)
        .mark_line(point=True)
        .encode(
            x=alt.X("residence_years:Q", title="Years in Norway"),
            y=alt.Y("rate:Q", title="Emigrants per 100 residents"),
            color=alt.Color("sex:N", title="Sex"),
        )
    )
    chart
    return (rates,)


@app.cell
def _(cells, fit_linear_probability_cells, pd):
    # One more year in Norway, and being a man: changes of the probability to emigrate, with robust errors.
    regressors = pd.DataFrame(
        {
            "constant": 1.0,
            "residence_years": cells["residence_years"].astype(float),
            "male": (cells["sex"] == "male").astype(float),
        }
    )
    fit = fit_linear_probability_cells(
        regressors, cells[["emigrants"]].astype(float), cells["residents"], vcov="HC1"
    )
    estimates = fit.tidy()
    estimates
    return (estimates,)


@app.cell
def _(last_year, warehouse):
    # What has left already: released numbers have passed disclosure control.
    released = warehouse.sql(f"""
        select category as residence, residents_n, emigrants_n, emigration_rate
        from release.mobility_rate
        where
            outcome_year = {last_year} and region_level = 'country' and immigration_background = 'all'
            and population = 'all' and dimension = 'residence_group'
        order by all
    """).df()
    released
    return (released,)


if __name__ == "__main__":
    app.run()
