-- Figures B.9 and B.10: emigration by county in the last year with known outcomes; moves out of Oslo, all years.
-- depends_on: {{ ref('release_emigration_by_region') }}
--
-- Grain: figure, category, county_code, outcome_year. The category is the population in B.9, the kind of move in B.10.
with

emigration_by_region as (
    select * from release.emigration_by_region
),

county as (
    select *
    from emigration_by_region
    where
        region_level = 'county'
        and immigration_background = 'all'
        and not outcome_is_provisional
),

by_county as (
    select
        'B.9' as figure,
        population as category,
        region_code as county_code,
        outcome_year,
        emigration_rate as rate_percent,
    from county
    qualify outcome_year = max(outcome_year) over ()
),

earliest as (
    select min(outcome_year) as outcome_year from county
),

-- The first four years have no four years before them.
out_of_oslo as (
    select
        'B.10' as figure,
        move.category,
        county.region_code as county_code,
        county.outcome_year,
        move.rate_percent,
    from
        county,
        earliest,
        lateral (
            values
            ('abroad', county.emigration_rate, true),
            ('abroad_before', county.emigration_rate_four_years_before, false),
            ('elsewhere', county.internal_outmigration_rate, true),
            ('elsewhere_before', county.internal_outmigration_rate_four_years_before, false)
        ) as move (category, rate_percent, is_of_the_year)
    where
        county.region_code = '03'
        and county.population = 'all'
        and (move.is_of_the_year or county.outcome_year >= earliest.outcome_year + 4)
),

final as (
    select * from by_county
    union all
    select * from out_of_oslo
)

select * from final
order by figure, category, county_code, outcome_year
