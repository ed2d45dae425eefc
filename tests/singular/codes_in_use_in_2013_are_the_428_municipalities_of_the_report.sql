-- Each code is in one list and not in the other.
with

in_use as (
    select municipality_code
    from {{ ref('municipality_code') }}
    where
        kind = 'ordinary'
        and coalesce(valid_from <= date '2013-01-01', true)
        and coalesce(valid_to > date '2013-01-01', true)
),

report as (
    select municipality_code from {{ ref('municipality_2013') }}
)

select *
from in_use
full join report using (municipality_code)
where in_use.municipality_code is null or report.municipality_code is null
