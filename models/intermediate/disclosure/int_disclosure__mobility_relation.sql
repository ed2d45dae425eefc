-- Grain: relation_id, cell_id.
-- Purpose: which counts of marts.mobility_rate add up to which, so that nobody can take the shown parts from a shown
-- total and is left with a suppressed one; what does is declared in released_tables. A relation is one total and its
-- parts, the same for every measure. Where persons lack a category or a region the parts stay below their total.
with

cell as (
    select
        *,
        case
            when dimension = 'family_size' then category
            when dimension = 'family_size_type' then split_part(category, '|', 1)
        end as family_size,
        case
            when dimension = 'family_type' then category
            when dimension = 'family_size_type' then split_part(category, '|', 2)
        end as family_type,
        -- For everybody only, as the areas are.
        case
            when dimension = 'none' and region_level = 'county' then region_code
            when region_level = 'county_area' then split_part(region_code, '-', 1)
        end as county_2013,
        case region_level
            when 'county_2020' then region_code
            when 'county_area' then split_part(region_code, '-', 2)
        end as county_2020,
        case region_level
            when 'county_2024' then region_code
            when 'county_area' then split_part(region_code, '-', 3)
        end as county_2024,
    from {{ ref('int_disclosure__mobility_count') }}
),

final as (
    {{ relations_of('mobility_rate') }}
)

select * from final
