-- Grain: base_year, dimension, category, item.
-- Purpose: every count of marts.presence_rate that somebody could ask for, zeros included; what cannot be told in a
-- year is no count.
{%- set items = presence_items() %}
with

presence_rate as (
    select * from {{ ref('presence_rate') }}
),

years as (
    select * from presence_rate
    where
        dimension = 'immigrant_group'
        and category = 'all'
        and not {{ is_small('residents_n') }}
),

category as (
    select distinct
        dimension,
        category,
    from presence_rate
    where not {{ is_small('residents_n') }}
),

complete as (
    select
        years.base_year,
        category.*,
        coalesce(counted.residents_n, 0) as residents_n,
        {% for item in items %}
            case when years.{{ item }} is not null then coalesce(counted.{{ item }}, 0) end as {{ item }},
        {% endfor %}
    from years
    cross join category
    left join presence_rate as counted
        on
            years.base_year = counted.base_year
            and category.dimension = counted.dimension
            and category.category = counted.category
),

item as (
    unpivot complete
    on residents_n, {{ items | join(', ') }}
    into name item value n
),

final as (
    select
        {{ outcome_year_block('base_year + 1') }} as block_id,
        {{ question_cell_id('presence_rate', ['base_year', 'dimension', 'category', 'item']) }} as cell_id,
        'residents_n' as measure,
        base_year + 1 as outcome_year,
        *,
    from item
)

select * from final
