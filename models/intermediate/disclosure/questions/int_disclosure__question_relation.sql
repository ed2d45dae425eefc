-- Grain: measure, relation_id, cell_id.
-- Purpose: which counts of one table on questions beyond the report add up to which and lie within which, as
-- released_tables declares: populations of everybody, counties and centrality levels of the country, categories of a
-- characteristic of everybody, destinations of emigrants, first emigrations of all, cohorts, lags and bases of
-- registration, what had happened within fewer years, ... Where persons lack a category or a region the parts stay
-- below their total.
with

cell as (
    select * from {{ ref('int_disclosure__question_cell') }}
),

renamed as (
    select distinct
        own_id,
        measure,
        cell_id,
    from cell
    where own_id <> cell_id
),

-- The same persons under two names are one member.
final as (
    select distinct one.* replace (coalesce(renamed.cell_id, one.cell_id) as cell_id)
    from (
        {{ declared_relations() }}
    ) as one
    left join renamed
        on
            one.cell_id = renamed.own_id
            and one.measure = renamed.measure
)

select * from final
