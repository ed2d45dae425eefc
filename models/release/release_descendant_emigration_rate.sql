-- Grain: outcome_year, immigrant_group, dimension, category.
-- Purpose: marts.descendant_emigration_rate as it may leave the secure zone: small counts suppressed, others rounded,
-- rates computed from the rounded counts (docs/disclosure.md).
with

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'descendant_emigration_rate'
),

counted as (
    select
        outcome_year,
        immigrant_group,
        dimension,
        category,
        outcome_is_provisional,
        {% for item in descendant_items() %}
            {{ shown_item(item) }} as {{ item }},
        {% endfor %}
    from shown
    group by all
),

-- Without residents to relate them to, nothing of a row is shown.
whole as (
    select
        * replace (
            {% for item in descendant_items() if item != 'residents_n' %}
                case when residents_n is not null then {{ item }} end as {{ item }},
            {% endfor %}
        ),
    from counted
),

final as (
    select
        *,
        emigrants_n is null as is_suppressed,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate,
        {{ released_ratio('first_emigrants_n', 'never_emigrated_n', per=100) }} as first_emigration_rate,
    from whole
)

select * from final
order by outcome_year, immigrant_group, dimension, category
