-- Grain: measure, relation_id, cell_id.
-- Purpose: which counts add up to which, as declared.
with

cell as (
    select * from {{ ref('int_disclosure__question_cell') }}
),

final as (
    select distinct *
    from (
        {{ declared_relations() }}
    ) as one
)

select * from final
