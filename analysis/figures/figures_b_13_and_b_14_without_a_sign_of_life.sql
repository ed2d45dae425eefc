-- Figures B.13 and B.14: immigrants without a sign of life for one, two and three years; B.14 by origin, in the last
-- year that has all three.
-- depends_on: {{ ref('release_presence_rate') }}
--
-- Grain: figure, silence, origin_group, base_year.
with

presence_rate as (
    select * from release.presence_rate
),

silent as (
    select
        yearly.dimension,
        yearly.category,
        yearly.base_year,
        rate.silence,
        rate.rate_percent,
    from
        presence_rate as yearly,
        lateral (
            values
            ('silent_1', yearly.silent_1_year_rate),
            ('silent_2', yearly.silent_2_years_rate),
            ('silent_3', yearly.silent_3_years_rate)
        ) as rate (silence, rate_percent)
),

by_year as (
    select
        'B.13' as figure,
        silence,
        'all' as origin_group,
        base_year,
        rate_percent,
    from silent
    where
        dimension = 'immigrant_group'
        and category = 'immigrant'
        and rate_percent is not null
),

latest as (
    select max(base_year) as base_year
    from silent
    where
        silence = 'silent_3'
        and rate_percent is not null
),

by_origin as (
    select
        'B.14' as figure,
        silent.silence,
        silent.category as origin_group,
        silent.base_year,
        silent.rate_percent,
    from silent
    inner join latest on silent.base_year = latest.base_year
    where silent.dimension = 'origin_group'
),

final as (
    select * from by_year
    union all
    select * from by_origin
)

select * from final
order by figure, silence, origin_group, base_year
