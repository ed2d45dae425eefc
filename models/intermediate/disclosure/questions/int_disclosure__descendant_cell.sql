-- Grain: outcome_year, immigrant_group, dimension, category, item.
-- Purpose: every count of marts.descendant_emigration_rate that somebody could ask for, zeros included: a category that
-- any year of the group has enough persons of has a row in every year.
with

descendant_emigration_rate as (
    select * from {{ ref('descendant_emigration_rate') }}
),

years as (
    select
        outcome_year,
        outcome_is_provisional,
        immigrant_group,
    from descendant_emigration_rate
    where
        dimension = 'none'
        and not {{ is_small('residents_n') }}
),

category as (
    select distinct
        immigrant_group,
        dimension,
        category,
    from descendant_emigration_rate
    where not {{ is_small('residents_n') }}
),

complete as (
    select
        years.outcome_year,
        years.outcome_is_provisional,
        category.*,
        {% for item in descendant_items() %}
            coalesce(counted.{{ item }}, 0) as {{ item }},
        {% endfor %}
    from years
    inner join category on years.immigrant_group = category.immigrant_group
    left join descendant_emigration_rate as counted
        on
            years.outcome_year = counted.outcome_year
            and years.immigrant_group = counted.immigrant_group
            and category.dimension = counted.dimension
            and category.category = counted.category
),

item as (
    unpivot complete
    on {{ descendant_items() | join(', ') }}
    into name item value n
),

final as (
    select
        {{ outcome_year_block('outcome_year') }} as block_id,
        {{ question_cell_id(
            'descendant_emigration_rate', ['outcome_year', 'immigrant_group', 'dimension', 'category', 'item']
        ) }} as cell_id,
        case
            when item in ('residents_n', 'never_emigrated_n') then 'residents_n'
            when item = 'deaths_n' then 'deaths_n'
            else 'emigrants_n'
        end as measure,
        *,
    from item
)

select * from final
