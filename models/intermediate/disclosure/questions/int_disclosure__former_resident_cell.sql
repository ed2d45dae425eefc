-- Grain: reference_year, immigrant_group, destination_group, years_since_leaving.
-- Purpose: the counts of marts.former_resident as they are released, zeros included: by destination and four groups of
-- years since leaving, with totals. Origins are not released: with them most counts would be small.
with

former_resident as (
    select
        * replace (
            case
                when years_since_leaving <= 1 then '0-1'
                when years_since_leaving <= 4 then '2-4'
                when years_since_leaving <= 9 then '5-9'
                else '10+'
            end as years_since_leaving
        ),
    from {{ ref('former_resident') }}
),

spread as (
    select
        former_resident.reference_year,
        immigrant.immigrant_group,
        destination.destination_group,
        since.years_since_leaving,
        sum(former_resident.persons_n)::bigint as n,
    from
        former_resident,
        lateral (values ('all'), (former_resident.immigrant_group)) as immigrant (immigrant_group),
        lateral (values ('all'), (former_resident.destination_group)) as destination (destination_group),
        lateral (values ('all'), (former_resident.years_since_leaving)) as since (years_since_leaving)
    group by all
),

occurring as (
    select *
    from spread
    where not {{ is_small('n') }}
),

category as (
    select distinct
        immigrant.immigrant_group,
        destination.destination_group,
        since.years_since_leaving,
    from (select distinct immigrant_group from occurring) as immigrant
    cross join (select distinct destination_group from occurring) as destination
    cross join (select distinct years_since_leaving from occurring) as since
),

years as (
    select distinct reference_year
    from spread
),

final as (
    select
        concat('abroad ', years.reference_year) as block_id,
        {{ question_cell_id(
            'former_resident',
            [
                'years.reference_year',
                'category.immigrant_group',
                'category.destination_group',
                'category.years_since_leaving',
            ]
        ) }} as cell_id,
        'persons_n' as measure,
        years.reference_year,
        category.*,
        'persons_n' as item,
        coalesce(spread.n, 0) as n,
    from years
    cross join category
    left join spread
        on
            years.reference_year = spread.reference_year
            and category.immigrant_group = spread.immigrant_group
            and category.destination_group = spread.destination_group
            and category.years_since_leaving = spread.years_since_leaving
)

select * from final
