-- Grain: cell_id.
-- Purpose: counts of marts.mobility_rate that are not small and are withheld, so that the small ones cannot be worked
-- out from what they add up to (secondary suppression).
with

relation as (
    select * from {{ ref('int_disclosure__mobility_relation') }}
),

final as (
    {{ withheld_cells('relation') }}
)

select * from final
