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
--   size_of_type    the sizes within a type of family, and the type.
-- Where persons lack a category or a region the parts stay below their total.
{%- set year = ['outcome_year', 'measure'] %}
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
    {%- for name, key, total, members in relations %}
    select
        concat_ws('/', '{{ name }}', {{ key | join(', ') }}) as relation_id,
        cell_id,
        persons_n,
        {{ total }} as is_total,
    from {{ 'described' if name == 'category' else 'cell' }}
    where {{ members }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from final
