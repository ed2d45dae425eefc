-- Grain: statistic_id.
-- Purpose: numbers that the sources state, beside the same statistics of the warehouse. From a simulated delivery the
-- number of the warehouse is simulated and says nothing about Norway. The simulation follows the administrative share
-- of the years after, and more people leave Oslo in it; it is calibrated to no other.
--
-- A share that has left is the share of immigrants whose first immigration is on record (of A8, eight of the countries
-- that joined the EU in 2004, since then) who had left by the end of the deliveries. The whole population is that of
-- the deliveries.
with

stated as (
    select * from {{ ref('published_stated_numbers') }}
),

first_stay as (
    select
        spell.person_id,
        spell.origin_group,
        spell.comparison_country,
        case when country.stated_group <> 'a8' or spell.is_entry_from_eu_member then country.stated_group end
            as stated_group,
        coalesce(spell.exit_type = 'emigration', false) as has_left,
    from {{ ref('immigration_spell') }} as spell
    left join {{ ref('country_group') }} as country on spell.country_of_birth = country.country_code
    where
        spell.is_immigrant
        and spell.stay_number = 1
        and spell.entry_type = 'immigration'
        and not spell.is_reimmigration
),

left_by_origin as (
    select
        'left_' || origin.origin as statistic_id,
        100.0 * count(*) filter (where first_stay.has_left) / count(*) as warehouse_value,
        count(*) filter (where first_stay.has_left) as counted_n,
        count(*) as base_n,
    from
        first_stay,
        lateral (
            values
            (first_stay.origin_group),
            (first_stay.comparison_country),
            (first_stay.stated_group)
        ) as origin (origin)
    where origin.origin is not null
    group by origin.origin
),

county as (
    select
        region_code,
        sum(emigrants_n) as emigrants_n,
        sum(residents_n) as residents_n,
    from {{ ref('emigration_by_region') }}
    where
        region_level = 'county'
        and population = 'all'
    group by region_code
),

oslo as (
    select distinct county_code
    from {{ ref('municipality') }}
    where county_name = 'Oslo'
),

ranked as (
    select
        *,
        rank() over (order by emigrants_n / residents_n desc) as county_rank,
    from county
),

in_oslo as (
    select ranked.*
    from ranked
    inner join oslo on ranked.region_code = oslo.county_code
),

administrative as (
    select
        sum(administrative_n) as administrative_n,
        sum(emigrants_n) as emigrants_n,
    from {{ ref('emigration_rate_by_basis') }}
    where
        dimension = 'none'
        and unknown_basis_n < 0.1 * emigrants_n
),

deliveries as (
    select bool_or(is_simulated) as is_simulated
    from {{ ref('delivery_ledger') }}
    where verdict = 'accepted'
),

computed as (
    select * from left_by_origin
    union all
    select
        'emigration_rate_oslo',
        100.0 * emigrants_n / residents_n,
        emigrants_n,
        residents_n,
    from in_oslo
    union all
    select
        'highest_county_is_oslo',
        county_rank,
        null,
        residents_n,
    from in_oslo
    union all
    select
        'administrative_share',
        100.0 * administrative_n / nullif(emigrants_n, 0),
        administrative_n,
        emigrants_n,
    from administrative
),

final as (
    select
        stated.statistic_id,
        stated.mart,
        stated.statistic,
        stated.relation,
        stated.stated_value,
        stated.unit,
        stated.source,
        computed.warehouse_value::double as warehouse_value,
        computed.counted_n::bigint as counted_n,
        computed.base_n::bigint as base_n,
        coalesce(deliveries.is_simulated, false) as is_simulated,
    from stated
    cross join deliveries
    left join computed on stated.statistic_id = computed.statistic_id
)

select * from final
order by statistic_id
