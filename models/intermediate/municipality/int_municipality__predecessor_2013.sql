-- Grain: municipality_code, municipality_code_2013.
-- Purpose: the municipalities of 2013 that a code of any division from 2002 to 2018 stands for: one for every code
-- up to 2013, several for a municipality that was merged later (0710 Sandefjord of 2017 stands for three).
-- Used up to outcome year 2017, where both addresses are translated to the division of 2013.
with recursive

municipality_2013 as (
    select municipality_code from {{ ref('municipality_2013') }}
),

change as (
    select * from {{ ref('municipality_reform') }}
),

-- Codes before 2013, one merger after the other towards 2013.
earlier as (
    select
        municipality_code as code,
        municipality_code as municipality_code_2013,
    from municipality_2013
    union
    select
        change.old_code,
        earlier.municipality_code_2013,
    from change
    inner join earlier on change.new_code = earlier.code
    where change.changed_on <= date '2013-01-01'
),

-- Codes after 2013, one merger after the other away from 2013.
later as (
    select
        municipality_code as code,
        municipality_code as municipality_code_2013,
    from municipality_2013
    union
    select
        change.new_code,
        later.municipality_code_2013,
    from change
    inner join later on change.old_code = later.code
    where change.changed_on between date '2013-01-02' and date '2018-01-01'
),

final as (
    select
        code as municipality_code,
        municipality_code_2013,
    from earlier
    union
    select
        code,
        municipality_code_2013,
    from later
)

select * from final
order by municipality_code, municipality_code_2013
