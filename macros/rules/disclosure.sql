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

{#- The block of an outcome year: whatever counts its residents is judged together, since it adds up across tables. -#}
{% macro outcome_year_block(year) -%}
    concat('outcome year ', {{ year }})
{%- endmacro %}

{#- The name of a count of a table by its key. -#}
{% macro question_cell_id(table_name, key) -%}
    md5_number_lower(concat_ws('/', '{{ table_name }}', {{ key | join(', ') }}))
{%- endmacro %}

{#- The counts of marts.descendant_emigration_rate, the destinations of emigrants last. -#}
{% macro descendant_destinations() -%}
    {{ return([
        'emigrants_parents_country_n',
        'emigrants_nordic_n',
        'emigrants_western_n',
        'emigrants_other_n',
        'emigrants_unknown_n',
    ]) }}
{%- endmacro %}
{% macro descendant_items() -%}
    {{ return(
        ['residents_n', 'never_emigrated_n', 'emigrants_n', 'first_emigrants_n', 'deaths_n'] + descendant_destinations()
    ) }}
{%- endmacro %}

{#- The counts of marts.presence_rate besides the residents. -#}
{% macro presence_items() -%}
    {{ return([
        'with_job_n',
        'with_education_activity_n',
        'with_jobseeker_registration_n',
        'with_occupational_income_n',
        'with_move_n',
        'silent_1_year_n',
        'silent_2_years_n',
        'silent_3_years_n',
    ]) }}
{%- endmacro %}

{#- The years after which shares of stays are released. -#}
{% macro survival_years() -%}
    1, 2, 3, 4, 5, 7, 10, 15, 20
{%- endmacro %}

{#- The measures of the counts on questions beyond the report; those of marts.mobility_rate have the same names. -#}
{% macro question_measures() -%}
    {{ return(['residents_n', 'emigrants_n', 'internal_outmigrants_county_n', 'deaths_n', 'persons_n']) }}
{%- endmacro %}

{#- A count of the questions beyond the report as it is shown, from the rows of its cell. -#}
{% macro shown_item(item) -%}
    max(shown_n) filter (where item = '{{ item }}')
{%- endmacro %}
