-- Figure B.26: emigration of immigrants born in the EEA by when they first came, before 2010 and from 2010 on, in the
-- last year with known outcomes.
-- depends_on: {{ ref('release_emigration_by_origin') }}
--
-- Grain: figure, entry_period, country_group, outcome_year.
with

emigration_by_origin as (
    select * from release.emigration_by_origin
    where
        country_of_birth = 'all'
        and entry_period <> 'all'
        and not outcome_is_provisional
),

final as (
    select
        'B.26' as figure,
        entry_period,
        country_group,
        outcome_year,
        emigration_rate as rate_percent,
    from emigration_by_origin
    where country_group <> 'all'
    qualify outcome_year = max(outcome_year) over ()
)

select * from final
order by figure, entry_period, country_group, outcome_year
