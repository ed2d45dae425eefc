-- A reform ends the old code on its day, and the new code is in use from that day or was before.
with

reform as (
    select * from {{ ref('municipality_reform') }}
),

municipality as (
    select * from {{ ref('municipality_code') }}
)

select
    reform.old_code,
    reform.new_code,
    reform.changed_on,
from reform
left join municipality as before on reform.old_code = before.municipality_code
left join municipality as after on reform.new_code = after.municipality_code
where
    before.municipality_code is null
    or after.municipality_code is null
    or coalesce(before.valid_to <> reform.changed_on, true)
    or coalesce(after.valid_from > reform.changed_on, false)
    or coalesce(after.valid_to <= reform.changed_on, false)
