-- Grain: outcome_year, region_level, region_code, dimension, category.
-- Purpose: marts.migration_balance of counties and centrality levels, everybody and by background, as it may leave the
-- secure zone: small counts suppressed, others rounded, net migration and shares computed from the rounded counts
-- (docs/disclosure.md).
--
-- Every combination of year, region and background has a row, whether or not anybody is in it.
with

counted as (
    {{ shown_counts('migration_balance') }}
),

final as (
    select
        outcome_year,
        region_level,
        region_code,
        dimension,
        category,
        residents_n,
        emigrants_n,
        internal_outmigrants_n,
        arrivals_from_abroad_n,
        internal_inmigrants_n,
        emigrants_n is null
        or internal_outmigrants_n is null
        or arrivals_from_abroad_n is null
        or internal_inmigrants_n is null as is_suppressed,
        {{ released_ratio(
            '(arrivals_from_abroad_n - emigrants_n + internal_inmigrants_n - internal_outmigrants_n)',
            'residents_n',
            per=100
        ) }} as net_migration_rate,
        {{ released_ratio('emigrants_n', '(emigrants_n + internal_outmigrants_n)', per=100) }}
            as emigration_share_of_leavers,
    from counted
)

select * from final
order by outcome_year, region_level, region_code, dimension, category
