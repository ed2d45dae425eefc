-- Emigration of descendants of immigrants beside the groups they are compared with, by age and destination.
-- depends_on: {{ ref('descendant_emigration_rate') }}
--
-- Population: residents at the start of the year: Norwegian-born to two immigrants, Norwegian-born with one
--   foreign-born
--   parent, the majority, immigrants who came before age 7. The majority of a simulated delivery is complete only with
--   `utvandring simulate --majority`.
-- Definition: emigrants per 100 residents, all years without provisional outcomes pooled; destinations per 100
--   emigrants.
-- Grain: immigrant_group, age_group.
-- Columns: immigrant_group, age_group (all and four), residents_n (person-years), emigrants_n, emigration_rate,
--   parents_country_share, nordic_share, western_share, other_share, unknown_share.
-- Read: of 100 residents of the group, emigration_rate leave in a year; of 100 of them parents_country_share for the
--   country of their parents.
with

rate as (
    select * from marts.descendant_emigration_rate
    where
        dimension in ('none', 'age_group')
        and not outcome_is_provisional
),

final as (
    select
        immigrant_group,
        category as age_group,
        sum(residents_n)::bigint as residents_n,
        sum(emigrants_n)::bigint as emigrants_n,
        100.0 * sum(emigrants_n) / sum(residents_n) as emigration_rate,
        100.0 * sum(emigrants_parents_country_n) / nullif(sum(emigrants_n), 0) as parents_country_share,
        100.0 * sum(emigrants_nordic_n) / nullif(sum(emigrants_n), 0) as nordic_share,
        100.0 * sum(emigrants_western_n) / nullif(sum(emigrants_n), 0) as western_share,
        100.0 * sum(emigrants_other_n) / nullif(sum(emigrants_n), 0) as other_share,
        100.0 * sum(emigrants_unknown_n) / nullif(sum(emigrants_n), 0) as unknown_share,
    from rate
    group by immigrant_group, category
)

select * from final
order by immigrant_group, age_group
