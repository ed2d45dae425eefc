{#- Whether the target is Spark, where all is built anew and no warehouse records what was built. -#}
{% macro is_on_spark() %}
    {{ return(target.type == 'utvandring_spark') }}
{% endmacro %}

{#- A query about the ledger, which DuckDB reads for every target. -#}
{% macro ask(query) %}
    {{ return(adapter.ask_duckdb(query) if is_on_spark() else run_query(query)) }}
{% endmacro %}
