"""The report: what may leave the warehouse, as pages that people read and figures for papers."""
