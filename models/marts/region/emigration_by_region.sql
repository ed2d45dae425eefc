-- Grain: outcome_year, region_level, region_code, population, immigration_background.
-- Population: residents at the start of the year: everyone, immigrants, children of two immigrants, others; immigrants
-- also by background.
-- Purpose: emigration and moves to another county, and to another level of centrality, per 100 residents by region,
-- beside the mean of the four years before: which county people leave (Oslo the most, over 1 per cent a year), how
-- out-moves of a year compare with the four before (the study of out-moves from Oslo in 2020), and emigration by the
-- centrality of the first municipality.
--
-- country, county (of 2013) and centrality are those of the start of the year; first_centrality is the level of the
-- municipality to which the first immigration on record went, NULL for who came before the register: only immigrants.
-- At every level, centrality among them, internal_outmigrants_n are moves to another county, and
-- internal_outmigrants_centrality_n moves to another level of centrality, in the same county or not; neither is part of
-- the other. children_of_immigrants are of any age: Norwegian-born with two immigrant parents (child_emigration has
-- them by age). Rates of the four years before pool these years; NULL where one of them is missing. The whole
-- population is that of the deliveries: a simulated delivery without the majority has immigrants and their families
-- only. Deaths and unaccounted stay in the denominator (2.1.4). Centrality is defined up to outcome year 2017.
-- Source: Rapporter 2016/27, 2.1.4 and 2.2.
with

cell as (
    select * from {{ ref('int_mobility__region_cell') }}
),

person_year as (
    select * from {{ ref('person_year') }}
    where
        is_immigrant
        and outcome_municipality is not null
        and outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
),

first_stay as (
    select
        person_id,
        entry_centrality_level,
    from {{ ref('immigration_spell') }}
    where
        is_immigrant
        and stay_number = 1
        and entry_type = 'immigration'
        and not is_reimmigration
        and entry_centrality_level is not null
),

described_by_first_centrality as (
    select
        person_year.outcome_year,
        person_year.outcome_is_provisional,
        person_year.immigration_background,
        first_stay.entry_centrality_level,
        count(*) as residents_n,
        count(*) filter (where person_year.outcome_municipality = 'emigration') as emigrants_n,
        count(*) filter (where person_year.outcome_county = 'internal_outmigration') as internal_outmigrants_n,
        count(*) filter (where person_year.outcome_centrality = 'internal_outmigration')
            as internal_outmigrants_centrality_n,
        count(*) filter (where person_year.outcome_municipality = 'death') as deaths_n,
    from person_year
    inner join first_stay on person_year.person_id = first_stay.person_id
    group by all
),

by_first_centrality as (
    select
        described.outcome_year,
        'first_centrality' as region_level,
        described.entry_centrality_level::varchar as region_code,
        'immigrants' as population,
        background.immigration_background,
        described.outcome_is_provisional,
        sum(described.residents_n)::bigint as residents_n,
        sum(described.emigrants_n)::bigint as emigrants_n,
        sum(described.internal_outmigrants_n)::bigint as internal_outmigrants_n,
        sum(described.internal_outmigrants_centrality_n)::bigint as internal_outmigrants_centrality_n,
        sum(described.deaths_n)::bigint as deaths_n,
    from
        described_by_first_centrality as described,
        lateral (
            values
            ('all'),
            (described.immigration_background)
        ) as background (immigration_background)
    where background.immigration_background is not null
    group by all
),

counted as (
    select * from cell
    union all by name
    select * from by_first_centrality
),

compared as (
    select
        *,
        case when count(*) over four_years_before = 4 then sum(residents_n) over four_years_before end
            as residents_before_n,
        sum(emigrants_n) over four_years_before as emigrants_before_n,
        sum(internal_outmigrants_n) over four_years_before as internal_outmigrants_before_n,
    from counted
    window four_years_before as (
        partition by region_level, region_code, population, immigration_background
        order by outcome_year
        range between 4 preceding and 1 preceding
    )
),

final as (
    select
        outcome_year,
        region_level,
        region_code,
        population,
        immigration_background,
        outcome_is_provisional,
        residents_n,
        emigrants_n,
        internal_outmigrants_n,
        internal_outmigrants_centrality_n,
        deaths_n,
        100.0::double * emigrants_n / residents_n as emigration_rate,
        100.0::double * internal_outmigrants_n / residents_n as internal_outmigration_rate,
        100.0::double * internal_outmigrants_centrality_n / residents_n as internal_outmigration_centrality_rate,
        100.0::double * emigrants_before_n / residents_before_n as emigration_rate_four_years_before,
        100.0::double * internal_outmigrants_before_n / residents_before_n
            as internal_outmigration_rate_four_years_before,
    from compared
)

select * from final
order by outcome_year, region_level, region_code, population, immigration_background
