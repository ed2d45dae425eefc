{#-
    What the simulated world took from a printed cell: `drawn_from` (E1-E8: its outcomes are drawn from them),
    `calibrated`, `held_out`: about a fifth of the rows of the others, by a hash of table and term, which take no part.
    `utvandring.simulation.fitting.is_held_out` is the same rule. On real deliveries it says nothing.
-#}
{% macro calibration_use(table_id, term) -%}
    case
        when {{ table_id }} like 'E%' then 'drawn_from'
        when left(md5({{ table_id }} || '|' || {{ term }}), 2) < '33' then 'held_out'
        when {{ table_id }} is not null then 'calibrated'
    end
{%- endmacro %}
