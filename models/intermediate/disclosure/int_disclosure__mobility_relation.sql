-- Grain: relation_id, cell_id.
-- Purpose: which counts add up to which, so that nobody can take the shown parts from a shown total and is left with a
-- suppressed one. A relation is one total and its parts:
--   category        the categories of a characteristic, and everybody;
--   background      the six backgrounds, and all immigrants;
--   county          the counties, and the country;
--   centrality      the centrality levels, and the country;
--   type_of_size    the types of family within a size, and the size;
--   half_of_size    immigrants only and mixed within a size, and the size;
--   mixed_of_size   the mixed types within a size, and mixed;
--   size_of_type    the sizes within a type of family, and the type;
--   working_age, young   ages 15-74 of all ages, 20-35 of 15-74: part of the total, not all of it (not is_exhaustive).
-- Where persons lack a category or a region the parts stay below their total. Nothing adds up across blocks (years).
{%- set year = ['outcome_year'] %}
{%- set region = ['region_level', 'region_code'] %}
{%- set group = ['immigration_background', 'population'] %}
{%- set relations = [
    ('category', year + region + group + ['characteristic'], "dimension = 'none'", 'characteristic is not null'),
    (
        'background',
        year + region + ['population', 'dimension', 'category'],
        "immigration_background = 'all'",
        'true',
    ),
    (
        'county',
        year + group + ['dimension', 'category'],
        "region_level = 'country'",
        "region_level in ('country', 'county')",
    ),
    (
        'centrality',
        year + group + ['dimension', 'category'],
        "region_level = 'country'",
        "region_level in ('country', 'centrality')",
    ),
    ('type_of_size', year + region + group + ['size'], 'type is null', "size is not null and type is distinct from 'mixed'"),
    (
        'half_of_size',
        year + region + group + ['size'],
        'type is null',
        "size is not null and coalesce(type in ('immigrants_only', 'mixed'), true)",
    ),
    ('mixed_of_size', year + region + group + ['size'], "type = 'mixed'", "size is not null and type like 'mixed%'"),
    ('size_of_type', year + region + group + ['type'], 'size is null', "type is not null and type <> 'mixed'"),
    (
        'working_age',
        year + region + ['immigration_background', 'dimension', 'category'],
        "population = 'all'",
        "population in ('all', 'age_15_74')",
    ),
    (
        'young',
        year + region + ['immigration_background', 'dimension', 'category'],
        "population = 'age_15_74'",
        "population in ('age_15_74', 'age_20_35')",
    ),
] %}
with

cell as (
    select
        *,
        case
            when dimension = 'family_size' then category
            when dimension = 'family_size_type' then split_part(category, '|', 1)
        end as size,
        case
            when dimension = 'family_type' then category
            when dimension = 'family_size_type' then split_part(category, '|', 2)
        end as type,
    from {{ ref('int_disclosure__mobility_count') }}
),

characteristic as (
    select distinct
        population,
        dimension as characteristic,
    from cell
    where dimension not in ('none', 'family_size_type')
),

-- Everybody is the total of every characteristic.
described as (
    select
        cell.*,
        characteristic.characteristic,
    from cell
    inner join characteristic
        on
            cell.population = characteristic.population
            and cell.dimension in ('none', characteristic.characteristic)
),

final as (
    {% for name, key, total, members in relations %}
        {% if not loop.first %}
            union all
        {% endif %}
        select
            outcome_year as block_id,
            hash('{{ name }}', {{ key | join(', ') }}) as relation_id,
            cell_id,
            {{ total }} as is_total,
            {{ name not in ('working_age', 'young') }} as is_exhaustive,
        from {{ 'described' if name == 'category' else 'cell' }}
        where {{ members }}
    {% endfor %}
)

select * from final
