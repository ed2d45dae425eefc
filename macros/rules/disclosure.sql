{#- Rules of disclosure control (docs/disclosure.md). Every number in the schema release has passed one of them. -#}

{#- Whether a count may not be shown: zero is treated like any other small count. -#}
{% macro is_small(count) -%}
    ({{ count }} < {{ var('disclosure_threshold') }})
{%- endmacro %}

{#- The smallest number that is shown: the first multiple of the rounding base that is not below the threshold. -#}
{% macro smallest_shown() -%}
    (
        ceil({{ var('disclosure_threshold') }} / {{ var('disclosure_rounding_base') }})
        * {{ var('disclosure_rounding_base') }}
    )
{%- endmacro %}

{#-
    A count as it is shown: NULL below the threshold, else the nearest multiple of the rounding base that is not below it.
    The smallest number stands for as many counts as the protection asks for, though some are nearer to the next one.
-#}
{% macro released_count(count) -%}
    case
        when
            {{ count }} >= {{ var('disclosure_threshold') }}
            and {{ count }} < {{ var('disclosure_threshold') }} + {{ var('disclosure_protection') }}
            then cast({{ smallest_shown() }} as bigint)
        when not {{ is_small(count) }}
            then
                cast(
                    greatest(
                        {{ smallest_shown() }},
                        {{ var('disclosure_rounding_base') }} * round({{ count }} / {{ var('disclosure_rounding_base') }})
                    ) as bigint
                )
    end
{%- endmacro %}

{#- A rate or share of two counts that are shown. -#}
{% macro released_ratio(numerator, denominator, per=1) -%}
    cast({{ per }} as double) * {{ numerator }} / {{ denominator }}
{%- endmacro %}

{#- An estimate rounded, and NULL where a rule withholds it. -#}
{% macro released_estimate(estimate, withheld_reason, decimals=none) -%}
    case
        when {{ withheld_reason }} is null
            then round({{ estimate }}, {{ var('disclosure_estimate_decimals') if decimals is none else decimals }})
    end
{%- endmacro %}

{#- Why an estimate is withheld; NULL where it may be shown. `events`: the rarer of what happened and what did not. -#}
{% macro withheld_reason(persons, events) -%}
    case
        when coalesce({{ persons }}, 0) < {{ var('disclosure_min_persons') }} then 'too_few_persons'
        when coalesce({{ events }}, 0) < {{ var('disclosure_min_events') }} then 'too_few_events'
    end
{%- endmacro %}

{#- The years after which shares of stays are released. -#}
{% macro survival_years() -%}
    1, 2, 3, 4, 5, 7, 10, 15, 20
{%- endmacro %}
