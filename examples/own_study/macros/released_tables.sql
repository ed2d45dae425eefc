{#-
    What this study may release, in the words of the project (macros/disclosure/released_tables.sql there): every column
    is key, text or measure, and everything that adds up is said, so that no small count can be worked out from others.
    dbt takes a macro that is named after the engine before the project's, which is named default.
-#}
{% macro duckdb__released_tables() %}
{%- set declared %}

newcomer_emigration:
  key: [outcome_year, sex, education_group]
  text: [is_suppressed]
  base: newcomers_n
  counts:
    newcomers_n: [newcomers_n]
    emigrants_n: [emigrants_n]
  ratios:
    emigration_rate: [emigrants_n, newcomers_n]
  block: [outcome year, outcome_year]
  cells:
    of: newcomer_emigration
    totals: [sex, education_group]
    rows:
      - {columns: [outcome_year], even_if_small: true}
      - {columns: [sex], even_if_small: true}
      - {columns: [education_group], even_if_small: true}
  sums:
    - {over: [sex]}
    - {over: [education_group]}
  formulas:
    - newcomers_n >= emigrants_n
{% endset %}
{{ return(fromyaml(declared)) }}
{% endmacro %}
