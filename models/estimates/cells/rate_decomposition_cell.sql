-- Grain: outcome_year, county_code, sex, age_group, immigration_background, residence_group, labour_status.
-- Population: residents aged 15-74 at the start of the outcome year, everybody of the deliveries.
-- Purpose: residents, emigrants and movers to another county as counts, in the years of the base years asked for and in
-- the years before: what estimates.rate_decomposition is computed from.
--
-- Who is not an immigrant has the background not_immigrant and the longest residence (choice): with a residence of its
-- own the group would be the background once more. Persons whose sex or status is not known are left out; with an
-- unknown county they are in the country alone. Deaths and unaccounted stay among the residents (2.1.4).
{%- set asked = ['estimates_base_years'] %}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year', until=last_base_year(asked)) }}
    where
        ({{ is_base_year(asked) }} or {{ is_base_year(asked, 'base_year + 1') }})
        and age_group is not null
        and sex is not null
        and labour_status is not null
        and outcome_county is not null
),

final as (
    select
        outcome_year,
        county_code,
        sex,
        age_group,
        coalesce(immigration_background, 'not_immigrant') as immigration_background,
        case when is_immigrant then residence_group else '16+' end as residence_group,
        labour_status,
        count(*) as persons_n,
        count(*) filter (where outcome_county = 'emigration') as emigration_n,
        count(*) filter (where outcome_county = 'internal_outmigration') as internal_outmigration_n,
    from person_year
    where not coalesce(is_immigrant, false) or residence_group is not null
    group by all
)

select * from final
order by all
