"""The regressions of the report and of researchers: specifications as data, designs from cells, tidy frames.

The mathematics is in `utvandring.estimators`; the cells are made in SQL.
"""
