-- Grain: person_id, base_year: residents aged 15-74 in the base years of estimates_panel_base_years, immigrants and
-- natives, with an outcome between municipalities.
-- Purpose: the sample of the logits with an effect of each person, after the working paper of EXITNORWAY ("Try another
-- municipality or leave the country?"): who stays, moves to another municipality or leaves.
--
-- Urban are centrality levels 3 and 4, the Oslo area is Oslo and Akershus (choice: the paper's own division is not at
-- hand). Natives are neither immigrants nor their descendants; descendants are in neither group (choice). Persons who
-- died, are unaccounted for, or lack a characteristic are not in the sample. estimates_panel_one_in takes every
-- so-manieth person with all of their years, by a checksum of the pseudonym: the fits are slow.
with

resident as (
    select * from {{ from_year('person_year', 'base_year', until=last_base_year(['estimates_panel_base_years'])) }}
),

final as (
    select
        person_id,
        base_year,
        if(is_immigrant, 'immigrant', 'native') as population,
        if(centrality_level >= 3, 'urban', 'rural') as area,
        coalesce(county_code in ('02', '03'), false) as is_in_oslo_area,
        sex,
        age,
        -- In tens of years from 40: powers of such numbers are of one size.
        (age - 40) / 10 as decades_from_40,
        family_size = 1 as is_single,
        coalesce(labour_status not in ('employed', 'employed_in_education'), true) as is_without_job,
        education_group in ('tertiary_short', 'tertiary_long') as has_tertiary_education,
        coalesce(residence_years <= 5, false) as is_recent,
        if(outcome_municipality = 'stay', 1, 0) as stay_n,
        if(outcome_municipality = 'internal_outmigration', 1, 0) as internal_outmigration_n,
        if(outcome_municipality = 'emigration', 1, 0) as emigration_n,
    from resident
    where
        {{ is_base_year(['estimates_panel_base_years']) }}
        and age between 15 and 74
        and (is_immigrant or not is_descendant)
        and outcome_municipality in ('stay', 'internal_outmigration', 'emigration')
        and centrality_level is not null
        and family_size is not null
        and education_group is not null
        and md5_number_lower(person_id) % {{ var('estimates_panel_one_in') }} = 0
)

select * from final
