-- Grain: old_code: every code that was in use at some time since 2002 and is not one of the 428 codes of 2013.
-- Purpose: the code of 2013 that a code of another division is translated to when one code is needed (regions of
-- residence). Whether a person moved is decided on all predecessors (int_municipality__move), not on this one.
with

municipality as (
    select * from {{ ref('municipality_code') }}
),

final as (
    select
        municipality_code as old_code,
        municipality_name as old_name,
        municipality_code_2013,
        valid_from,
        valid_to,
    from municipality
    where
        municipality_code_2013 is not null
        and municipality_code <> municipality_code_2013
)

select * from final
order by old_code
