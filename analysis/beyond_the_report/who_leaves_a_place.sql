-- Who left every county in a year, beside those who left it in the four years before (Oslo, county 03, in 2020).
-- depends_on: {{ ref('mover_profile') }}
--
-- Population: residents of the county at the start of the year who left it, for abroad or for another county.
-- Definition: per cent of the movers of the destination; the four years before are pooled.
-- Grain: outcome_year, county_code, destination, dimension, category.
-- Columns: outcome_year, county_code, destination, dimension, category, persons_n, share, share_four_years_before,
--   difference.
-- Read: the category was share per cent of those who left, difference percentage points more than before.
with

mover_profile as (
    select * from marts.mover_profile
    where region_level = 'county'
),

final as (
    select
        outcome_year,
        region_code as county_code,
        destination,
        dimension,
        category,
        persons_n,
        share,
        share_four_years_before,
        share - share_four_years_before as difference,
    from mover_profile
)

select * from final
order by outcome_year, county_code, destination, dimension, category
