-- Grain: reference_year, immigrant_group, origin_group, destination_group, years_since_leaving.
-- Population: persons whose latest stay in Norway ended by emigration before 1 January of reference_year, and who have
-- not come back by then: former residents living abroad.
-- Purpose: the stock of former residents abroad by year, destination and time since leaving.
--
-- Deaths abroad are known only where the register heard of them: the stock contains dead persons, the more the longer
-- ago people left. Onward moves from the first destination are not known. Emigrations before the first year of the
-- migration register are not on record, so that the stock grows from zero in that year.
with

spell as (
    select * from {{ ref('immigration_spell') }}
),

norwegian_born as (
    select * from {{ ref('norwegian_born_group') }}
),

years as (
    select calendar_year as reference_year
    from {{ ref('int_deliveries__calendar') }}
    where has_population
),

absence as (
    select
        spell.person_id,
        case when spell.is_immigrant then 'immigrant' else coalesce(norwegian_born.norwegian_born_group, 'other') end
            as immigrant_group,
        coalesce(spell.origin_group, 'unknown') as origin_group,
        spell.exit_destination_group as destination_group,
        spell.exit_date,
        least(spell.next_entry_date, spell.death_date) as ended_on,
    from spell
    left join norwegian_born on spell.immigration_category = norwegian_born.immigration_category
    where spell.exit_type = 'emigration'
),

final as (
    select
        years.reference_year,
        absence.immigrant_group,
        absence.origin_group,
        absence.destination_group,
        years.reference_year - 1 - year(absence.exit_date - 1)::integer as years_since_leaving,
        count(*) as persons_n,
    from years
    inner join absence
        on
            make_date(years.reference_year, 1, 1) >= absence.exit_date
            and coalesce(absence.ended_on > make_date(years.reference_year, 1, 1), true)
    group by all
)

select * from final
order by reference_year, immigrant_group, origin_group, destination_group, years_since_leaving
