-- Grain: base_year, dimension, category.
-- Purpose: marts.presence_rate as it may leave the secure zone: small counts suppressed, others rounded, rates computed
-- from the rounded counts (docs/disclosure.md). What cannot be told in a year is NULL as in the mart, which is no
-- suppression.
{%- set items = presence_items() %}
with

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'presence_rate'
),

counted as (
    select
        base_year,
        dimension,
        category,
        {{ shown_item('residents_n') }} as residents_n,
        {% for item in items %}
            {{ shown_item(item) }} as {{ item }},
        {% endfor %}
        count(shown_n) < count(*) as is_suppressed,
    from shown
    group by all
),

-- Without residents to relate them to, nothing of a row is shown.
whole as (
    select
        base_year,
        dimension,
        category,
        residents_n,
        {% for item in items %}
            case when residents_n is not null then {{ item }} end as {{ item }},
        {% endfor %}
        is_suppressed,
    from counted
),

final as (
    select
        *,
        {{ released_ratio('silent_1_year_n', 'residents_n', per=100) }} as silent_1_year_rate,
        {{ released_ratio('silent_2_years_n', 'residents_n', per=100) }} as silent_2_years_rate,
        {{ released_ratio('silent_3_years_n', 'residents_n', per=100) }} as silent_3_years_rate,
    from whole
)

select * from final
order by base_year, dimension, category
