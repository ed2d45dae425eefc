-- Grain: measure, relation_id, cell_id.
-- Purpose: everything that adds up among the released counts, in one list, since counts of one table give away those of
-- another: marts.mobility_rate (the same for every measure: measure NULL) and the questions beyond the report. Nothing
-- adds up across blocks: outcome years, stays, former residents of a year, moves of a year.
with

final as (
    select * from {{ ref('int_disclosure__mobility_relation') }}
    union all by name
    select * from {{ ref('int_disclosure__question_relation') }}
    union all by name
    select * from {{ ref('int_disclosure__question_subset') }}
)

select * from final
