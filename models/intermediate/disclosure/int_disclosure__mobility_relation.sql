-- Grain: measure, relation_id, cell_id.
-- Purpose: which counts of marts.mobility_rate add up to which, so that nobody can take the shown parts from a shown
-- total and is left with a suppressed one; what does is declared in released_tables. A relation is one total and its
-- parts, the same for every measure (measure NULL) or one of several measures: residents and what became of them.
-- Where persons lack a category or a region the parts stay below their total. Of a total that is the same persons as
-- its part nothing follows.
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
            when dimension = 'family_size_type' then nullif(split_part(category, '|', 2), 'all')
        end as family_type,
    from {{ ref('int_disclosure__mobility_count') }}
),

-- A total under two names is one member.
final as (
    select distinct *
    from (
        {{ relations_of('mobility_rate') }}
    ) as one
)

select * from final
