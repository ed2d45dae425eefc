-- Figure B.25: emigration of immigrants by group of countries of birth, as registered and what was decided by the
-- authorities, in the last year with known outcomes.
-- depends_on: {{ ref('release_emigration_rate_by_basis') }}
--
-- Grain: figure, basis, origin_group, outcome_year. Groups are those of marts.emigration_by_origin.
with

emigration_rate_by_basis as (
    select * from release.emigration_rate_by_basis
    where
        dimension = 'origin_group'
        and not outcome_is_provisional
),

final as (
    select
        'B.25' as figure,
        rate.basis,
        yearly.category as origin_group,
        yearly.outcome_year,
        rate.rate_percent,
    from
        emigration_rate_by_basis as yearly,
        lateral (
            values
            ('registered', yearly.emigration_rate_registered),
            ('without_administrative', yearly.emigration_rate_without_administrative)
        ) as rate (basis, rate_percent)
    qualify yearly.outcome_year = max(yearly.outcome_year) over ()
)

select * from final
order by figure, basis, origin_group, outcome_year
