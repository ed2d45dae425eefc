-- Figure B.12: emigration of immigrants as registered, without administrative emigrations, by the last sign of life.
-- depends_on: {{ ref('release_emigration_rate_by_basis') }}
--
-- Grain: figure, basis, outcome_year. Years in which a tenth of the emigrations or more has no known basis are left
-- out.
with

emigration_rate_by_basis as (
    select * from release.emigration_rate_by_basis
),

final as (
    select
        'B.12' as figure,
        rate.basis,
        yearly.outcome_year,
        rate.rate_percent,
    from
        emigration_rate_by_basis as yearly,
        lateral (
            values
            ('registered', yearly.emigration_rate_registered),
            ('without_administrative', yearly.emigration_rate_without_administrative),
            ('activity_dated', yearly.emigration_rate_activity_dated)
        ) as rate (basis, rate_percent)
    where
        yearly.dimension = 'none'
        and not yearly.outcome_is_provisional
        and coalesce(yearly.unknown_basis_n, 0) < 0.1 * yearly.emigrants_n
)

select * from final
order by basis, outcome_year
