-- Grain: base_year, dimension, category.
-- Population: residents aged 18-66 on 1 January base_year + 1: the ages at which the registers usually show a sign.
-- Purpose: who shows signs of life, by register, and who has shown none for 1, 2 and 3 years, per 100 residents, by
-- origin and background: over-coverage of the population register (2.1.5).
--
-- The share without a sign for k years is of all these residents, those just come included, who cannot have been silent
-- so long. It is NULL where not all sign registers and 1 Januaries of the k years were delivered; residents with a sign
-- are NULL where its register was not delivered for the year. Not all who show no sign have left.
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

presence as (
    select * from {{ from_year('presence', 'base_year') }}
    where age between 18 and 66
),

country_group as (
    select * from {{ ref('country_group') }}
),

calendar as (
    select * from {{ all_years('int_deliveries__calendar', 'calendar_year') }}
),

sign_calendar as (
    select * from {{ all_years('int_sign_of_life__calendar', 'calendar_year') }}
),

-- Years of which silence can be told, and how many of them in a row.
judged as (
    select
        calendar.calendar_year,
        calendar.has_population and sign_calendar.has_all_sign_registers as is_judged,
    from calendar
    inner join sign_calendar on calendar.calendar_year = sign_calendar.calendar_year
),

judged_in_a_row as (
    select
        calendar_year,
        is_judged,
        is_judged and coalesce(lag(is_judged, 1) over (order by calendar_year), false) as is_judged_two_years,
        is_judged
        and coalesce(lag(is_judged, 1) over (order by calendar_year), false)
        and coalesce(lag(is_judged, 2) over (order by calendar_year), false) as is_judged_three_years,
    from judged
),

described as (
    select
        presence.base_year,
        case when presence.is_immigrant then country_group.origin_group end as origin_group,
        case when presence.is_immigrant then presence.immigration_background end as immigration_background,
        case when presence.is_immigrant then 'immigrant' else 'other' end as immigrant_group,
        count(*) as residents_n,
        count(*) filter (where presence.has_job) as with_job_n,
        count(*) filter (where presence.has_education_activity) as with_education_activity_n,
        count(*) filter (where presence.has_jobseeker_registration) as with_jobseeker_registration_n,
        count(*) filter (where presence.has_occupational_income) as with_occupational_income_n,
        count(*) filter (where presence.has_move) as with_move_n,
        count(*) filter (where presence.silent_years_n >= 1) as silent_1_year_n,
        count(*) filter (where presence.silent_years_n >= 2) as silent_2_years_n,
        count(*) filter (where presence.silent_years_n >= 3) as silent_3_years_n,
    from presence
    left join country_group on presence.country_of_birth = country_group.country_code
    group by all
),

counted as (
    select
        described.base_year,
        dimension.dimension,
        dimension.category,
        sum(described.residents_n)::bigint as residents_n,
        sum(described.with_job_n)::bigint as with_job_n,
        sum(described.with_education_activity_n)::bigint as with_education_activity_n,
        sum(described.with_jobseeker_registration_n)::bigint as with_jobseeker_registration_n,
        sum(described.with_occupational_income_n)::bigint as with_occupational_income_n,
        sum(described.with_move_n)::bigint as with_move_n,
        sum(described.silent_1_year_n)::bigint as silent_1_year_n,
        sum(described.silent_2_years_n)::bigint as silent_2_years_n,
        sum(described.silent_3_years_n)::bigint as silent_3_years_n,
    from
        described,
        lateral (
            values
            ('immigrant_group', 'all'),
            ('immigrant_group', described.immigrant_group),
            ('origin_group', described.origin_group),
            ('immigration_background', described.immigration_background)
        ) as dimension (dimension, category)
    where dimension.category is not null
    group by all
),

told as (
    select
        counted.* replace (
            case when calendar.has_employment then counted.with_job_n end as with_job_n,
            case when calendar.has_education_activity then counted.with_education_activity_n end
                as with_education_activity_n,
            case when calendar.has_jobseekers then counted.with_jobseeker_registration_n end
                as with_jobseeker_registration_n,
            case when calendar.has_occupational_income then counted.with_occupational_income_n end
                as with_occupational_income_n,
            case when calendar.has_migration then counted.with_move_n end as with_move_n,
            case when judged_in_a_row.is_judged then counted.silent_1_year_n end as silent_1_year_n,
            case when judged_in_a_row.is_judged_two_years then counted.silent_2_years_n end as silent_2_years_n,
            case when judged_in_a_row.is_judged_three_years then counted.silent_3_years_n end as silent_3_years_n
        ),
    from counted
    inner join judged_in_a_row on counted.base_year = judged_in_a_row.calendar_year
    inner join calendar on counted.base_year = calendar.calendar_year
),

final as (
    select
        *,
        100.0::double * silent_1_year_n / residents_n as silent_1_year_rate,
        100.0::double * silent_2_years_n / residents_n as silent_2_years_rate,
        100.0::double * silent_3_years_n / residents_n as silent_3_years_rate,
    from told
)

select * from final
order by base_year, dimension, category
