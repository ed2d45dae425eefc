-- Emigration of immigrants by country of birth, with administrative ones and over-coverage, all years.
-- depends_on: {{ ref('emigration_by_origin') }}
-- depends_on: {{ ref('country') }}
--
-- Population: immigrants of all ages, resident at the start of the year; countries with 200 residents in some year.
-- Definition: emigrants per 100 residents; by entry before and from 2010 of those born in the EEA.
-- Grain: country_group, country_of_birth, entry_period.
-- Columns: country_group, country_of_birth, country_name, entry_period, residents_n, emigration_rate,
--   administrative_share, overcoverage_rate.
-- Read: of 100 residents of a year who were born there emigration_rate left; of 100 who can be judged
--   overcoverage_rate were probably gone already.
with

origin as (
    select
        country_group,
        country_of_birth,
        entry_period,
        sum(residents_n) as residents_n,
        100.0 * sum(emigrants_n) / sum(residents_n) as emigration_rate,
        100.0 * sum(administrative_n) / nullif(sum(emigrants_n - unknown_basis_n), 0) as administrative_share,
        100.0 * sum(overcoverage_n) / nullif(sum(judged_n), 0) as overcoverage_rate,
    from marts.emigration_by_origin
    where
        dimension = 'none'
        and not outcome_is_provisional
    group by
        country_group,
        country_of_birth,
        entry_period
    having country_of_birth = 'all' or max(residents_n) >= 200
),

country as (
    select * from code_lists.country
),

final as (
    select
        origin.country_group,
        origin.country_of_birth,
        coalesce(country.country_name_nb, origin.country_of_birth) as country_name,
        origin.entry_period,
        origin.residents_n,
        origin.emigration_rate,
        origin.administrative_share,
        origin.overcoverage_rate,
    from origin
    left join country on origin.country_of_birth = country.country_code
)

select * from final
order by country_group, country_of_birth, entry_period
