-- Grain: statistic_id.
-- Purpose: quality.stated_number as it may leave the secure zone: numbers that the sources state beside the same
-- statistic, which is simulated if the delivery is. Shares of persons are those of rounded counts; the others are
-- computed from released tables, and missing where one of their years or counties is suppressed (docs/disclosure.md).
with

stated_number as (
    select * from {{ ref('stated_number') }}
),

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'stated_number'
),

emigration_by_region as (
    select * from {{ ref('release_emigration_by_region') }}
    where
        region_level = 'county'
        and population = 'all'
),

emigration_rate_by_basis as (
    select * from {{ ref('release_emigration_rate_by_basis') }}
    where
        dimension = 'none'
        and coalesce(unknown_basis_n, 0) < 0.1 * emigrants_n
),

oslo as (
    select distinct county_code
    from {{ ref('municipality') }}
    where county_name = 'Oslo'
),

person as (
    select
        statistic_id,
        max(shown_n) filter (where item = 'persons_n') as base_n,
        max(shown_n) filter (where item = 'left_n') as left_n,
        {{ released_ratio('left_n', 'base_n', per=100) }} as warehouse_value,
    from shown
    group by statistic_id
),

county as (
    select
        region_code,
        sum(residents_n) as residents_n,
        case when count(emigrants_n) = count(*) then 100.0::double * sum(emigrants_n) / sum(residents_n) end
            as emigration_rate,
    from emigration_by_region
    group by region_code
),

ranked as (
    select
        *,
        case when count(emigration_rate) over () = count(*) over () then rank() over (order by emigration_rate desc) end
            as county_rank,
    from county
),

in_oslo as (
    select ranked.*
    from ranked
    inner join oslo on ranked.region_code = oslo.county_code
),

administrative as (
    select
        sum(emigrants_n) as emigrants_n,
        case when count(administrative_n) = count(*) then 100.0::double * sum(administrative_n) / sum(emigrants_n) end
            as share,
    from emigration_rate_by_basis
),

computed as (
    select * exclude (left_n) from person
    union all by name
    select
        'emigration_rate_oslo' as statistic_id,
        residents_n as base_n,
        emigration_rate as warehouse_value,
    from in_oslo
    union all by name
    select
        'highest_county_is_oslo' as statistic_id,
        residents_n as base_n,
        county_rank as warehouse_value,
    from in_oslo
    union all by name
    select
        'administrative_share' as statistic_id,
        emigrants_n as base_n,
        share as warehouse_value,
    from administrative
),

final as (
    select
        stated_number.statistic_id,
        stated_number.mart,
        stated_number.statistic,
        stated_number.relation,
        stated_number.stated_value,
        stated_number.unit,
        stated_number.source,
        computed.warehouse_value::double as warehouse_value,
        computed.base_n::bigint as base_n,
        computed.warehouse_value is null as is_suppressed,
        stated_number.is_simulated,
    from stated_number
    left join computed on stated_number.statistic_id = computed.statistic_id
)

select * from final
order by statistic_id
