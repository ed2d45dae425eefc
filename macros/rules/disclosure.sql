{#- Rules of disclosure control (docs/disclosure.md). Every number in the schema release has passed one of them. -#}

{#- Whether a count may not be shown: zero is treated like any other small count. -#}
{% macro is_small(count) -%}
    ({{ count }} < {{ var('disclosure_threshold') }})
{%- endmacro %}

{#- A count as it is shown: NULL below the threshold, else the nearest multiple of the rounding base. -#}
{% macro released_count(count) -%}
    case
        when not {{ is_small(count) }}
            then
                cast(
                    {{ var('disclosure_rounding_base') }} * round({{ count }} / {{ var('disclosure_rounding_base') }})
                    as bigint
                )
    end
{%- endmacro %}

{#- A rate or share of two counts that are shown. -#}
{% macro released_ratio(numerator, denominator, per=1) -%}
    cast({{ per }} as double) * {{ numerator }} / {{ denominator }}
{%- endmacro %}

{#- The smallest and the largest true count that a reader must reckon with, shown or not. -#}
{% macro least_known(count) -%}
    coalesce(
        greatest(
            {{ var('disclosure_threshold') }},
            {{ released_count(count) }} - {{ var('disclosure_rounding_base') // 2 }}
        ),
        0
    )
{%- endmacro %}

{% macro most_known(count) -%}
    coalesce(
        {{ released_count(count) }} + {{ var('disclosure_rounding_base') // 2 }},
        {{ var('disclosure_threshold') - 1 }}
    )
{%- endmacro %}

{#- An estimate rounded, and NULL where a rule withholds it. -#}
{% macro released_estimate(estimate, withheld_reason, decimals=none) -%}
    case
        when {{ withheld_reason }} is null
            then round({{ estimate }}, {{ var('disclosure_estimate_decimals') if decimals is none else decimals }})
    end
{%- endmacro %}

{#-
    Secondary suppression: of relations (relation_id, cell_id, is_total, persons_n), the cells that are not small and
    are withheld all the same, because their relation would narrow a suppressed count to fewer than
    `disclosure_protection` possible values. Withheld is the smallest part that is shown; the total where none is.
-#}
{% macro withheld_cells(relation) %}
    select distinct withheld.cell_id
    from (
        select
            relation_id,
            min(case when is_total then row(persons_n, cell_id) end) as total,
            min(case when not is_total and not {{ is_small('persons_n') }} then row(persons_n, cell_id) end) as least_part,
            sum(case when not is_total then persons_n end) as parts_n,
            sum(case when not is_total then {{ least_known('persons_n') }} end) as least_n,
            sum(case when not is_total then {{ most_known('persons_n') }} end) as most_n,
            max(case when is_total then {{ least_known('persons_n') }} end) as least_total_n,
            max(case when is_total then {{ most_known('persons_n') }} end) as most_total_n,
        from {{ relation }}
        group by relation_id
        having
            bool_or({{ is_small('persons_n') }} and not is_total)
            and bool_or(is_total and not {{ is_small('persons_n') }})
    ) as relation,
    lateral (
        select coalesce(relation.least_part, relation.total)[2] as cell_id
    ) as withheld
    where
        least({{ var('disclosure_threshold') - 1 }}, relation.most_total_n - relation.least_n)
        - greatest(
            0,
            case
                when relation.total[1] = relation.parts_n
                    then relation.least_total_n - relation.most_n + {{ var('disclosure_threshold') - 1 }}
                else 0
            end
        ) + 1 < {{ var('disclosure_protection') }}
{% endmacro %}

{#- Why an estimate is withheld; NULL where it may be shown. `events` is the rarer of what happened and what did not. -#}
{% macro withheld_reason(persons, events) -%}
    case
        when coalesce({{ persons }}, 0) < {{ var('disclosure_min_persons') }} then 'too_few_persons'
        when coalesce({{ events }}, 0) < {{ var('disclosure_min_events') }} then 'too_few_events'
    end
{%- endmacro %}
