-- Figure B.23: who left Oslo in the last year with known outcomes, by age, beside the four years before.
-- depends_on: {{ ref('release_mover_profile') }}
--
-- Grain: figure, movers, age_group, outcome_year. The movers are those to abroad or elsewhere, of the year or before.
with

mover_profile as (
    select * from release.mover_profile
),

last_year as (
    select max(outcome_year) as outcome_year from mover_profile
),

final as (
    select
        'B.23' as figure,
        movers.movers,
        mover_profile.category as age_group,
        mover_profile.outcome_year,
        movers.share_percent,
    from mover_profile
    inner join last_year on mover_profile.outcome_year = last_year.outcome_year,
        lateral (
            values
            (mover_profile.destination, mover_profile.share),
            (mover_profile.destination || '_before', mover_profile.share_four_years_before)
        ) as movers (movers, share_percent)
    where
        mover_profile.region_code = '03'
        and mover_profile.dimension = 'age_group'
)

select * from final
order by figure, movers, age_group, outcome_year
