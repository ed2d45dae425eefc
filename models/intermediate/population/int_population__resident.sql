-- Grain: person, reference_year: everyone resident on 1 January of reference_year.
-- Purpose: the population at risk (2.1.4), with how long the person has been in it without a break.
--
-- resident_januaries_n counts the 1 Januaries in a row, this one included, up to three: as many as the rule for
-- over-coverage asks about.
{{ config(materialized='incremental', meta={'year': 'reference_year'}) }}
with

january as (
    select * from {{ from_year('stg_befolkning__january', 'reference_year', earlier=2) }}
),

resident as (
    select * from january
    where is_resident
),

previous as (
    select
        *,
        reference_year - lag(reference_year, 1) over (partition by person_id order by reference_year)
            as years_since_previous,
        reference_year - lag(reference_year, 2) over (partition by person_id order by reference_year)
            as years_since_second_previous,
    from resident
),

final as (
    select
        person_id,
        reference_year,
        municipality_code,
        family_id,
        is_family_child,
        case
            when years_since_second_previous = 2 then 3
            when years_since_previous = 1 then 2
            else 1
        end as resident_januaries_n,
    from previous
)

select * from final
