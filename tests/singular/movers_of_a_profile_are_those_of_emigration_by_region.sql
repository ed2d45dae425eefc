-- marts.mover_profile: each characteristic adds up to all movers of a county, and these are the emigrants and the
-- movers to another county of emigration_by_region.
with

profile as (
    select
        outcome_year,
        region_code,
        destination,
        dimension,
        sum(persons_n) as persons_n,
    from {{ ref('mover_profile') }}
    where
        region_level = 'county'
        and destination <> 'all'
    group by all
),

region as (
    select
        outcome_year,
        region_code,
        unnest(['abroad', 'elsewhere']) as destination,
        unnest([emigrants_n, internal_outmigrants_n]) as persons_n,
    from {{ ref('emigration_by_region') }}
    where
        region_level = 'county'
        and population = 'all'
        and immigration_background = 'all'
        and not outcome_is_provisional
),

final as (
    select
        coalesce(region.outcome_year, profile.outcome_year) as outcome_year,
        coalesce(region.region_code, profile.region_code) as region_code,
        profile.dimension,
    from region
    full join profile
        on
            region.outcome_year = profile.outcome_year
            and region.region_code = profile.region_code
            and region.destination = profile.destination
    where coalesce(region.persons_n, 0) <> coalesce(profile.persons_n, 0)
)

select * from final
