-- Grain: outcome_year, country_group, country_of_birth, entry_period, dimension, category.
-- Population: immigrants of all ages, resident at the start of the year.
-- Purpose: emigration per 100 residents by group of countries and country of birth, with administrative emigrations and
-- over-coverage: do people of the EEA leave more since they need no permit (entry before and from 2010), and where, and
-- of whom, does the register lose people without a word (2.1.5)?
--
-- country_of_birth is all for a whole group, country_group all for everybody; a country or group that is not known is
-- unknown. entry_period is all or, for who was born in a Nordic country or in a member of the EU in the year of the
-- first immigration, before_2010 or from_2010 (choice: in October 2009 registration took the place of permits).
-- dimension is none, county (of 2013, at the start of the year), entry_year (of the first immigration) or
-- immigration_background; the last three for whole groups and all periods only (choice: by country they hold next to
-- nobody). Who lacks the category is in none of them.
-- overcoverage_n are probably gone without saying so: two years without a sign of life of the person or the family;
-- judged_n those of whom that can be told. Without any, as where a register of signs is missing, overcoverage_n is
-- NULL. Shares of administrative emigrations are of those whose basis is known.
-- Source: Rapporter 2016/27, 2.1.4 and 2.1.5; EXITNORWAY.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year + 1') }}
    where
        is_immigrant
        and outcome_municipality is not null
),

country_group as (
    select * from {{ ref('country_group') }}
),

described as (
    select
        outcome_year,
        outcome_is_provisional,
        country_of_birth,
        first_immigration_year,
        county_code,
        immigration_background,
        count(*) as residents_n,
        count(*) filter (where outcome_municipality = 'emigration') as emigrants_n,
        count(*) filter (where outcome_municipality = 'emigration' and emigration_basis = 'administrative')
            as administrative_n,
        count(*) filter (where outcome_municipality = 'emigration' and emigration_basis = 'unknown') as unknown_basis_n,
        count(is_probable_overcoverage) as judged_n,
        count(*) filter (where is_probable_overcoverage) as overcoverage_n,
    from person_year
    group by all
),

grouped as (
    select
        described.*,
        coalesce(country_group.origin_group, 'unknown') as origin_group,
        coalesce(described.country_of_birth, 'unknown') as country,
        case
            when
                country_group.origin_group = 'nordic'
                or described.first_immigration_year >= year(country_group.eu_member_from)
                and described.first_immigration_year < coalesce(year(country_group.eu_member_to), 9999)
                then
                    case
                        when described.first_immigration_year < 2010 then 'before_2010'
                        when described.first_immigration_year >= 2010 then 'from_2010'
                    end
        end as eea_entry,
    from described
    left join country_group on described.country_of_birth = country_group.country_code
),

counted as (
    select
        grouped.outcome_year,
        origin.country_group,
        origin.country_of_birth,
        entry.entry_period,
        dimension.dimension,
        dimension.category,
        grouped.outcome_is_provisional,
        sum(grouped.residents_n)::bigint as residents_n,
        sum(grouped.emigrants_n)::bigint as emigrants_n,
        sum(grouped.administrative_n)::bigint as administrative_n,
        sum(grouped.unknown_basis_n)::bigint as unknown_basis_n,
        sum(grouped.judged_n)::bigint as judged_n,
        sum(grouped.overcoverage_n)::bigint as overcoverage_n,
    from
        grouped,
        lateral (
            values
            ('all', 'all'),
            (grouped.origin_group, 'all'),
            (grouped.origin_group, grouped.country)
        ) as origin (country_group, country_of_birth),
        lateral (
            values
            ('all'),
            (grouped.eea_entry)
        ) as entry (entry_period),
        lateral (
            values
            ('none', 'all'),
            ('county', grouped.county_code),
            ('entry_year', grouped.first_immigration_year::varchar),
            ('immigration_background', grouped.immigration_background)
        ) as dimension (dimension, category)
    where
        entry.entry_period is not null
        and dimension.category is not null
        and (dimension.dimension = 'none' or (origin.country_of_birth = 'all' and entry.entry_period = 'all'))
    group by all
),

final as (
    select
        * replace (case when judged_n > 0 then overcoverage_n end as overcoverage_n),
        100.0::double * emigrants_n / residents_n as emigration_rate,
        100.0::double * administrative_n / nullif(emigrants_n - unknown_basis_n, 0) as administrative_share,
        100.0::double * overcoverage_n / nullif(judged_n, 0) as overcoverage_rate,
    from counted
)

select * from final
order by outcome_year, country_group, country_of_birth, entry_period, dimension, category
