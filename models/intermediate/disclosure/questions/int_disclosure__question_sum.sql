-- Grain: measure, relation_id, cell_id.
-- Purpose: which counts of one table on questions beyond the report are the parts of which, as
-- int_disclosure__mobility_relation says of marts.mobility_rate: populations of everybody, counties and centrality
-- levels of the country, categories of a characteristic of everybody, destinations of emigrants, cohorts, former
-- residents by group, destination and time, lags and bases of registration.
--
-- Where persons lack a category or a region the parts stay below their total.
{%- set by_year = ['table_name', 'outcome_year', 'item'] %}
{%- set abroad = ['reference_year', 'immigrant_group', 'destination_group', 'years_since_leaving'] %}
{%- set lag = ['event_year', 'event_type', 'emigration_basis', 'lag_group'] %}
{%- set relations = [
    (
        'population',
        by_year + ['region_level', 'region_code'],
        "population = 'all'",
        "table_name = 'emigration_by_region' and immigration_background = 'all' and region_level <> 'first_centrality'",
    ),
    (
        'county',
        by_year + ['population'],
        "region_level = 'country'",
        "population <> 'immigrants' and region_level in ('country', 'county')",
    ),
    (
        'centrality',
        by_year + ['population'],
        "region_level = 'country'",
        "population <> 'immigrants' and region_level in ('country', 'centrality')",
    ),
    (
        'background',
        by_year + ['region_code'],
        "immigration_background = 'all'",
        "region_level = 'first_centrality'",
    ),
    (
        'category',
        by_year + ['immigrant_group', 'transition', 'cohort', 'years_since', 'characteristic'],
        'is_everybody',
        'characteristic is not null',
    ),
    (
        'destination',
        ['outcome_year', 'immigrant_group', 'dimension', 'category'],
        "item = 'emigrants_n'",
        "table_name = 'descendant_emigration_rate' and item in ('emigrants_n', '"
        ~ descendant_destinations() | join("', '") ~ "')",
    ),
    (
        'cohort',
        ['transition', 'dimension', 'category', 'years_since', 'item'],
        "cohort = 'all'",
        "table_name = 'immigration_survival'",
    ),
    ('abroad_group', abroad | reject('eq', 'immigrant_group') | list, "immigrant_group = 'all'", 'is_abroad'),
    ('abroad_destination', abroad | reject('eq', 'destination_group') | list, "destination_group = 'all'", 'is_abroad'),
    ('abroad_time', abroad | reject('eq', 'years_since_leaving') | list, "years_since_leaving = 'all'", 'is_abroad'),
    ('lag', lag | reject('eq', 'lag_group') | list, "lag_group = 'all'", "item = 'events_n'"),
    ('lag_basis', lag | reject('eq', 'emigration_basis') | list, "emigration_basis = 'all'", "item = 'events_n'"),
] %}
with

cell as (
    select
        *,
        table_name = 'former_resident' as is_abroad,
    from {{ ref('int_disclosure__question_cell') }}
),

characteristic as (
    select distinct
        table_name,
        dimension as characteristic,
    from cell
    where dimension <> 'none'
),

-- Everybody is the total of every characteristic; of residents with signs of life, origin and background are those of
-- the immigrants among them.
described as (
    select
        *,
        dimension as characteristic,
        false as is_everybody,
    from cell
    where
        dimension <> 'none'
        and not (dimension = 'immigrant_group' and category = 'all')
    union all by name
    select
        cell.*,
        characteristic.characteristic,
        true as is_everybody,
    from cell
    inner join characteristic on cell.table_name = characteristic.table_name
    where
        cell.dimension = 'none'
        or (
            cell.dimension = 'immigrant_group'
            and cell.category = if(characteristic.characteristic = 'immigrant_group', 'all', 'immigrant')
        )
),

final as (
    {% for name, key, total, members in relations %}
        {% if not loop.first %}
            union all
        {% endif %}
        select
            block_id,
            measure,
            hash('{{ name }}', {{ key | join(', ') }}) as relation_id,
            cell_id,
            {{ total }} as is_total,
            true as is_exhaustive,
        from {{ 'described' if name == 'category' else 'cell' }}
        where {{ members }}
    {% endfor %}
)

select * from final
