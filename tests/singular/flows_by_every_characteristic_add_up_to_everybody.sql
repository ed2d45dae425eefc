-- marts.migration_flow: the categories of a characteristic add up to everybody; and in migration_balance as many people
-- arrive from other regions of a level as left for them.
with

flow as (
    select
        outcome_year,
        region_level,
        from_region,
        to_region,
        sum(persons_n) filter (where dimension = 'none') as persons_n,
        sum(persons_n) filter (where dimension = 'sex') as by_sex_n,
        sum(persons_n) filter (where dimension = 'age_group') as by_age_n,
        sum(persons_n) filter (where dimension = 'immigration_background') as by_background_n,
        sum(persons_n) filter (where dimension = 'origin_group') as by_origin_n,
    from {{ ref('migration_flow') }}
    group by all
),

balance as (
    select
        outcome_year,
        region_level,
        dimension,
        category,
        sum(internal_inmigrants_n) as internal_inmigrants_n,
        sum(internal_outmigrants_n) as internal_outmigrants_n,
    from {{ ref('migration_balance') }}
    group by all
),

final as (
    select
        'flow' as what,
        outcome_year,
        region_level,
    from flow
    where
        persons_n is distinct from by_background_n
        or (
            region_level <> 'municipality'
            and (persons_n, persons_n, persons_n) is distinct from (by_sex_n, by_age_n, by_origin_n)
        )
    union all
    select
        'balance' as what,
        outcome_year,
        region_level,
    from balance
    where internal_inmigrants_n <> internal_outmigrants_n
)

select * from final
