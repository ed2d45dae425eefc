-- Grain: every column but persons_n.
-- Purpose: the person-years of the compared groups as counts, in cells from which rates and regressions add up. The
-- situation is that of base_year; outcome and destination are those of outcome_year.
--
-- By year: as person_year, and where a person's first emigration or group is another than when this was last built.
{{ config(
    materialized='incremental',
    meta={'year': 'base_year', 'follows': {'person_year': 0}, 'rests_on': {'cohort': 0}},
    post_hook="{{ keep_cohort(ref('descendant_emigration')) }}"
) }}
{{ find_changes_of_cohort(ref('descendant_emigration'), ref('person_year')) }}
with

person_year as (
    select * from {{ ref('int_descendant__person_year') }}
    where {{ is_needed('base_year') }}
),

final as (
    select
        * exclude (person_id),
        count(*) as persons_n,
    from person_year
    group by all
)

select * from final
order by all
