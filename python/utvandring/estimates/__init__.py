"""The regressions of the report and of researchers: specifications as data, designs from cells, tidy frames.

The mathematics is in `utvandring.logit` and `utvandring.lpm`; the cells are made in SQL.
"""
