-- Grain: outcome_year, population, age_group, county_code.
-- Population: residents of all ages at the start of the year: immigrants, descendants (Norwegian-born with two
-- immigrant parents) and natives (everybody else), in the county of 2013, and in the country (county_code 0), unknown
-- addresses among them.
-- Purpose: emigration per 100 residents of those whom the report leaves out: children, and people of 75 and over; the
-- other ages stand beside them. children_of_immigrants in emigration_by_region are the descendants of any age here.
--
-- Ages are those of 31 December before the year, as in person_year: a child born on 1 January is among 0-5. Two sorts
-- of age groups: narrow ones that share out everybody (0-5, 6-14, 15-17, 18-24, 25-35, 36-61, 62-74, 75-84, 85+), and
-- wider ones over them (0-14, 0-17, 15-24 of the report, 75+, all); who is not in the person register is native, in all
-- alone. Children leave with parents: this says how many of them leave, not who decided. Deaths and unaccounted stay in
-- the denominator (2.1.4).
-- Source: Rapporter 2016/27, 2.1.4, for the rate; the age groups are ours (choice).
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year + 1') }}
    where outcome_municipality is not null
),

described as (
    select
        outcome_year,
        outcome_is_provisional,
        case
            when is_immigrant then 'immigrant'
            when is_descendant then 'descendant'
            else 'native'
        end as population,
        age,
        county_code,
        count(*) as residents_n,
        count(*) filter (where outcome_municipality = 'emigration') as emigrants_n,
        count(*) filter (where outcome_county = 'internal_outmigration') as internal_outmigrants_n,
        count(*) filter (where outcome_municipality = 'death') as deaths_n,
    from person_year
    group by all
),

added as (
    select
        described.outcome_year,
        described.population,
        age.age_group,
        county.county_code,
        described.outcome_is_provisional,
        sum(described.residents_n)::bigint as residents_n,
        sum(described.emigrants_n)::bigint as emigrants_n,
        sum(described.internal_outmigrants_n)::bigint as internal_outmigrants_n,
        sum(described.deaths_n)::bigint as deaths_n,
    from
        described,
        lateral (
            values
            ('all', true),
            ('0-14', described.age < 15),
            ('0-17', described.age < 18),
            ('15-24', described.age between 15 and 24),
            ('75+', described.age >= 75),
            ('0-5', described.age < 6),
            ('6-14', described.age between 6 and 14),
            ('15-17', described.age between 15 and 17),
            ('18-24', described.age between 18 and 24),
            ('25-35', described.age between 25 and 35),
            ('36-61', described.age between 36 and 61),
            ('62-74', described.age between 62 and 74),
            ('75-84', described.age between 75 and 84),
            ('85+', described.age >= 85)
        ) as age (age_group, is_member),
        lateral (
            values
            ('0'),
            (described.county_code)
        ) as county (county_code)
    where
        age.is_member
        and county.county_code is not null
    group by all
),

final as (
    select
        *,
        100.0::double * emigrants_n / residents_n as emigration_rate,
        100.0::double * internal_outmigrants_n / residents_n as internal_outmigration_rate,
    from added
)

select * from final
order by outcome_year, population, age_group, county_code
