-- Grain: outcome_year, dimension, category, item.
-- Purpose: every count of marts.emigration_rate_by_basis that somebody could ask for, zeros included. Immigrants and
-- emigrants, all and by background, are cells of marts.mobility_rate already, and keep their cell_id.
{%- set items = [
    'residents_n',
    'emigrants_n',
    'administrative_n',
    'unknown_basis_n',
    'residents_activity_n',
    'emigrants_activity_n',
] %}
with

emigration_rate_by_basis as (
    select * from {{ ref('emigration_rate_by_basis') }}
),

mobility_count as (
    select * from {{ ref('int_disclosure__mobility_count') }}
    where
        region_level = 'country'
        and population = 'all'
        and dimension = 'none'
),

years as (
    select
        outcome_year,
        outcome_is_provisional,
    from emigration_rate_by_basis
    where
        dimension = 'none'
        and not {{ is_small('residents_n') }}
),

category as (
    select distinct
        dimension,
        category,
    from emigration_rate_by_basis
    where not {{ is_small('residents_n') }}
),

complete as (
    select
        years.*,
        category.*,
        {% for item in items %}
            coalesce(counted.{{ item }}, 0) as {{ item }},
        {% endfor %}
    from years
    cross join category
    left join emigration_rate_by_basis as counted
        on
            years.outcome_year = counted.outcome_year
            and category.dimension = counted.dimension
            and category.category = counted.category
),

item as (
    unpivot complete
    on {{ items | join(', ') }}
    into name item value n
),

final as (
    select
        {{ outcome_year_block('item.outcome_year') }} as block_id,
        coalesce(
            mobility_count.cell_id,
            {{ question_cell_id(
                'emigration_rate_by_basis', ['item.outcome_year', 'item.dimension', 'item.category', 'item.item']
            ) }}
        ) as cell_id,
        if(item.item in ('residents_n', 'residents_activity_n'), 'residents_n', 'emigrants_n') as measure,
        mobility_count.cell_id is not null as is_of_mobility_rate,
        item.*,
    from item
    left join mobility_count
        on
            item.item in ('residents_n', 'emigrants_n')
            and item.dimension in ('none', 'immigration_background')
            and item.outcome_year = mobility_count.outcome_year
            and item.category = mobility_count.immigration_background
)

select * from final
