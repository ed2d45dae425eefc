-- What every county and level of centrality gained and lost by migration, by background.
-- depends_on: {{ ref('migration_balance') }}
--
-- Population: residents of the region on the first of two 1 Januaries, and who came to it by the second.
-- Definition: persons, not moves; per 100 residents on the first, and emigrants per 100 who left. Up is to a more
--   central level.
-- Grain: outcome_year, region_level, region_code, immigration_background.
-- Columns: outcome_year, region_level, region_code, immigration_background, residents_n, net_migration_rate,
--   net_from_abroad_rate, net_internal_rate, emigration_share_of_leavers, moved_up_rate, moved_down_rate.
-- Read: the region gained net_migration_rate per cent; emigration_share_of_leavers per cent of those who left it left
--   the country.
with

balance as (
    select * from marts.migration_balance
    where
        region_level in ('county', 'centrality')
        and dimension in ('none', 'immigration_background')
),

final as (
    select
        outcome_year,
        region_level,
        region_code,
        category as immigration_background,
        residents_n,
        net_migration_rate,
        100.0::double * net_from_abroad_n / nullif(residents_n, 0) as net_from_abroad_rate,
        100.0::double * net_internal_n / nullif(residents_n, 0) as net_internal_rate,
        emigration_share_of_leavers,
        100.0::double * moved_up_n / nullif(residents_n, 0) as moved_up_rate,
        100.0::double * moved_down_n / nullif(residents_n, 0) as moved_down_rate,
    from balance
)

select * from final
order by outcome_year, region_level, region_code, immigration_background
