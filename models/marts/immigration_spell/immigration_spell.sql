-- Grain: person_id, stay_number.
-- Population: every stay in Norway that the registers show, of any length: of immigrants, their descendants and others,
-- also of persons who came and left within one calendar year and are never in person_year.
-- Purpose: the beginning, length and end of every stay, and the return after it (EXITNORWAY).
--
-- A stay begins with a birth in Norway or an immigration. It ends with an emigration, a death, or a 1 January on which
-- the person is missing (unaccounted). Stays without a registered beginning are kept and marked by entry_type. Stays
-- that began before the register are left-truncated, since only persons who stayed long enough are seen: analyses of
-- duration take entry_type immigration alone. Emigrations that the population register contradicts end no stay. Dates
-- of administrative emigrations are those of the decision; deaths abroad are known in part only.
-- Source: rules in models/intermediate/stay; definitions as in Rapporter 2016/27, 2.1.1-2.1.5.
with

spell as (
    select * from {{ ref('int_stay__spell') }}
),

crossing as (
    select * from {{ ref('int_stay__crossing') }}
),

basis as (
    select * from {{ ref('int_migration__emigration_basis') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

region as (
    select * from {{ ref('int_municipality__region') }}
),

country_group as (
    select * from {{ ref('country_group') }}
),

observed as (
    select
        greatest(
            make_date(max(calendar_year) filter (where has_population), 1, 1),
            make_date(max(calendar_year) filter (where has_migration) + 1, 1, 1)
        ) as observed_until,
    from {{ ref('int_deliveries__calendar') }}
),

final as (
    select
        spell.person_id,
        spell.stay_number,
        person.sex,
        person.birth_year,
        person.immigration_category,
        person.is_immigrant,
        person.immigration_background,
        person.country_of_birth,
        origin.origin_group,
        origin.comparison_country,
        spell.entry_type,
        spell.entry_date,
        spell.entry_year,
        coalesce(
            spell.entry_date >= origin.eu_member_from and coalesce(spell.entry_date < origin.eu_member_to, true), false
        ) as is_entry_from_eu_member,
        spell.entry_type = 'immigration'
        and (spell.stay_number > 1 or coalesce(person.first_immigration_year < spell.entry_year, false))
            as is_reimmigration,
        entry.to_municipality_code as entry_municipality_code,
        region.county_code as entry_county_code,
        case
            when spell.entry_year <= {{ var('last_outcome_year_in_division_2013') }} then region.centrality_level
        end as entry_centrality_level,
        spell.exit_type,
        spell.exit_date,
        year(spell.exit_date)::integer as exit_year,
        spell.is_exit_date_exact,
        departure.registered_date as exit_registered_date,
        departure.to_country as exit_country,
        case
            when spell.exit_type = 'emigration' then coalesce(destination.destination_group, 'unknown')
        end as exit_destination_group,
        basis.emigration_basis,
        basis.emigration_basis_source,
        coalesce(year(spell.entry_date) = year(spell.exit_date) and spell.entry_type = 'immigration', false)
            as is_within_calendar_year,
        observed.observed_until,
        (least(coalesce(spell.exit_date, observed.observed_until), observed.observed_until) - spell.entry_date)::integer
            as duration_days,
        spell.next_entry_date,
        spell.next_entry_type,
        person.death_date,
    from spell
    cross join observed
    left join person on spell.person_id = person.person_id
    left join country_group as origin on person.country_of_birth = origin.country_code
    left join crossing as entry
        on
            spell.person_id = entry.person_id
            and spell.entry_crossing_number = entry.crossing_number
    left join region on entry.to_municipality_code = region.municipality_code
    left join crossing as departure
        on
            spell.person_id = departure.person_id
            and spell.exit_crossing_number = departure.crossing_number
    left join country_group as destination on departure.to_country = destination.country_code
    left join basis on departure.event_id = basis.event_id
)

select * from final
order by person_id, stay_number
