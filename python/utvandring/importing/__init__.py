"""`utvandring import`: from the files that a researcher was sent to a delivery of the contract.

An import is a folder that the researcher owns: `sources.yml` says what the files are, a query in SQL for each
register makes its rows of them. `docs/import.md` is the guide.
"""
