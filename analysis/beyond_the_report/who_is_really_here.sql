-- Three emigration rates side by side, and residents without any sign of life for 1, 2 and 3 years.
-- depends_on: {{ ref('emigration_rate_by_basis') }}
-- depends_on: {{ ref('presence_rate') }}
--
-- Population: immigrants resident at the start of the year (rates: all ages; signs of life: 18-66).
-- Definition: emigrants per 100 residents as registered, without administrative emigrations, and with these moved to
--   the
--   year after the last sign of life; residents without a sign in the base year and so many years in a row.
-- Grain: outcome_year, dimension, category.
-- Columns: outcome_year, dimension, category, residents_n, administrative_share, emigration_rate_registered,
--   emigration_rate_without_administrative, emigration_rate_activity_dated, silent_1_year_rate, silent_2_years_rate,
--   silent_3_years_rate.
-- Read: the register says that emigration_rate_registered per cent left in the year; by their last sign of life
--   emigration_rate_activity_dated did, in the latest years too few, since decisions are still to come.
with

basis as (
    select * from marts.emigration_rate_by_basis
),

presence as (
    select
        * exclude (dimension, category),
        case when dimension = 'immigrant_group' then 'none' else dimension end as dimension,
        case when dimension = 'immigrant_group' then 'all' else category end as category,
    from marts.presence_rate
    where
        dimension <> 'immigrant_group'
        or category = 'immigrant'
),

final as (
    select
        basis.outcome_year,
        basis.dimension,
        basis.category,
        basis.residents_n,
        basis.administrative_share,
        basis.emigration_rate_registered,
        basis.emigration_rate_without_administrative,
        basis.emigration_rate_activity_dated,
        presence.silent_1_year_rate,
        presence.silent_2_years_rate,
        presence.silent_3_years_rate,
    from basis
    left join presence
        on
            basis.outcome_year - 1 = presence.base_year
            and basis.dimension = presence.dimension
            and basis.category = presence.category
    where not basis.outcome_is_provisional
)

select * from final
order by outcome_year, dimension, category
