{#-
    The outcome of a resident at one region level: stay, or move out of the region. Other outcomes pass unchanged.
    No pair of addresses (`pair_key` is NULL) means one address; a move that cannot be decided is NULL.
-#}
{% macro outcome_of_resident(status, is_move, pair_key) -%}
    case
        when {{ status }} <> 'resident' or {{ status }} is null then {{ status }}
        when {{ pair_key }} is null or not {{ is_move }} then 'stay'
        when {{ is_move }} then 'internal_outmigration'
    end
{%- endmacro %}
