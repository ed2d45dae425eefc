"""The models on Spark: an adapter of dbt, the translation of their SQL, and what Spark publishes."""
