-- Grain: outcome_year, dimension, category.
-- Population: immigrants of all ages, resident at the start of the year.
-- Purpose: emigration rates that count who left when they left, beside the rate as registered; emigration_rate_by_basis
-- has the two others (2.1.5). Everybody counts by the probability to be here, from the signs of all years
-- (overcoverage_smoothed): the residents who are here; of them who is registered as emigrated in the year, and who
-- leaves without saying so. Who had left before is not among them, whenever the emigration is registered.
--
-- The interval holds 95 per cent of what the rate may be, by chance and because nobody knows for certain who left; the
-- parameters of over-coverage are taken as known. NULL for years at whose start nothing could have been heard of
-- residents, and for the last outcome year, of which signs of the next years will tell who left.
with

resident as (
    select
        person_year.person_id,
        person_year.base_year,
        person_year.outcome_year,
        person_year.outcome_municipality = 'emigration' as has_emigrated,
        person_year.immigration_background,
        country_group.origin_group,
        person_year.overcoverage_probability is null as is_unknown,
    from {{ ref('person_year') }} as person_year
    left join {{ ref('country_group') }} as country_group
        on person_year.country_of_birth = country_group.country_code
    where
        person_year.is_immigrant
        and person_year.outcome_municipality is not null
),

smoothed as (
    select * from {{ ref('overcoverage_smoothed') }}
),

last_year as (
    select max(base_year) as base_year from resident
),

-- Of each: the probability to have been here at the start of the year, and to leave in it.
weighed as (
    select
        resident.* exclude (person_id),
        1 - coalesce(before.overcoverage_smoothed_probability, 0) as here,
        case
            when resident.has_emigrated then 1 - coalesce(before.overcoverage_smoothed_probability, 0)
            else
                greatest(
                    coalesce(after.overcoverage_smoothed_probability, 0)
                    - coalesce(before.overcoverage_smoothed_probability, 0),
                    0
                )
        end as leaves,
    from resident
    left join smoothed as before
        on
            resident.person_id = before.person_id
            and resident.base_year = before.base_year
    left join smoothed as after
        on
            resident.person_id = after.person_id
            and resident.outcome_year = after.base_year
),

-- Sums of decimals do not depend on the order.
described as (
    select
        outcome_year,
        origin_group,
        immigration_background,
        count(*) as residents_n,
        count(*) filter (where has_emigrated) as emigrants_n,
        count(*) filter (where is_unknown) as unknown_n,
        sum(here::decimal(18, 9)) as here_n,
        sum(leaves::decimal(18, 9)) as leaving_n,
        sum((leaves * (1 - leaves))::decimal(18, 9)) as leaving_variance,
    from weighed
    group by all
),

counted as (
    select
        described.outcome_year,
        dimension.dimension,
        dimension.category,
        sum(described.residents_n)::bigint as residents_n,
        sum(described.emigrants_n)::bigint as emigrants_n,
        sum(described.unknown_n)::bigint as unknown_n,
        sum(described.here_n)::double as here_n,
        sum(described.leaving_n)::double as leaving_n,
        sum(described.leaving_variance)::double as leaving_variance,
    from
        described,
        lateral (
            values
            ('none', 'all'),
            ('origin_group', described.origin_group),
            ('immigration_background', described.immigration_background)
        ) as dimension (dimension, category)
    where dimension.category is not null
    group by all
),

-- Most residents are known as soon as signs are.
told as (
    select
        counted.outcome_year,
        counted.dimension,
        counted.category,
        counted.residents_n,
        counted.emigrants_n,
        100.0::double * counted.emigrants_n / counted.residents_n as emigration_rate_registered,
        case when is_told.is_told then counted.here_n end as residents_here_n,
        case when is_told.is_told then counted.leaving_n end as emigrants_corrected_n,
        counted.leaving_n / nullif(counted.here_n, 0) as share,
        counted.leaving_variance / nullif(counted.here_n * counted.here_n, 0) as uncertainty,
        counted.here_n,
    from counted
    cross join last_year,
        lateral (
            select
                2 * counted.unknown_n < counted.residents_n and counted.outcome_year <= last_year.base_year as is_told
        ) as is_told
),

final as (
    select
        * exclude (share, uncertainty, here_n),
        100.0::double * emigrants_corrected_n / nullif(residents_here_n, 0) as emigration_rate_corrected,
        case
            when emigrants_corrected_n is not null
                then 100.0::double * greatest(share - 1.96 * sqrt(share * (1 - share) / here_n + uncertainty), 0)
        end as conf_low,
        case
            when emigrants_corrected_n is not null
                then 100.0::double * least(share + 1.96 * sqrt(share * (1 - share) / here_n + uncertainty), 1)
        end as conf_high,
    from told
)

select * from final
order by outcome_year, dimension, category
