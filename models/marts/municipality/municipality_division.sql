-- Grain: municipality_code, year, division, division_code: every code in force on a 1 January since 2002 and the
-- codes of the division of 2013, 2017, 2020 or 2024 that it may lie in.
-- Purpose: any year in any division (int_municipality__division has the rule).
--
-- Shares are for aggregates: no person is ever assigned by a share. Where a person was found on the next 1 January may
-- decide an outcome or an aggregate, never a covariate or the denominator of a rate.
with

division as (
    select * from {{ ref('int_municipality__division') }}
),

final as (
    select
        municipality_code,
        year,
        division,
        division_code,
        share,
    from division
    where year >= 2002
)

select * from final
order by municipality_code, year, division, division_code
