-- Grain: person_id of members of the compared groups who ever emigrated.
-- Purpose: the stay that ended with the first emigration on record, the day, and the first outcome year that it can end
-- (one of 1 January ends the year before).
{{ config(meta={'year': 'outcome_year'}) }}
with

cohort as (
    select * from {{ ref('int_descendant__cohort') }}
),

spell as (
    select * from {{ ref('immigration_spell') }}
),

final as (
    select
        spell.person_id,
        min(spell.stay_number) as stay_number,
        first(spell.exit_date order by spell.stay_number) as first_emigration_date,
        year(first_emigration_date - 1)::integer as outcome_year,
    from spell
    semi join cohort on spell.person_id = cohort.person_id
    where spell.exit_type = 'emigration'
    group by spell.person_id
)

select * from final
