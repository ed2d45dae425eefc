-- Grain: every column but persons_n.
-- Purpose: the person-years of the compared groups as counts, in cells from which rates and regressions add up. The
-- situation is that of base_year; outcome and destination are those of outcome_year.
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

person_year as (
    select * from {{ from_year('int_descendant__person_year', 'base_year') }}
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
