-- Grain: person, reference_year: everyone resident on 1 January of reference_year.
-- Purpose: the population at risk (2.1.4), with how long the person has been in it without a break.
--
-- resident_januaries_n counts the 1 Januaries in a row, this one included, up to three: as many as the rule for
-- over-coverage asks about.
with

january as (
    select * from {{ ref('stg_befolkning__january') }}
),

resident as (
    select * from january
    where is_resident
),

previous as (
    select
        *,
        lag(reference_year, 1) over person as previous_reference_year,
        lag(reference_year, 2) over person as second_previous_reference_year,
    from resident
    window person as (partition by person_id order by reference_year)
),

final as (
    select
        person_id,
        reference_year,
        municipality_code,
        family_id,
        is_family_child,
        case
            when previous_reference_year is distinct from reference_year - 1 then 1
            when second_previous_reference_year is distinct from reference_year - 2 then 2
            else 3
        end as resident_januaries_n,
    from previous
)

select * from final
