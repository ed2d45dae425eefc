-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: marts.mobility_rate as it may leave the secure zone: small counts suppressed, others rounded, rates computed
-- from the rounded counts (docs/disclosure.md).
--
-- Every combination of year, region, background and category has a row, so that one without persons looks like one
-- with few: its counts are NULL. Categories that hold fewer persons than the threshold in the whole country are absent.
-- Moves between centrality levels are NULL after outcome year 2017 as in the mart, which is no suppression.
{%- set table = released_tables().mobility_rate %}
with

cell as (
    select * from {{ ref('int_disclosure__mobility_count') }}
),

withheld as (
    select
        cell_id,
        list(measure) as measures,
    from {{ ref('int_disclosure__withheld') }}
    group by cell_id
),

shown as (
    select
        cell.outcome_is_provisional,
        {% for column in table.key %}
            cell.{{ column }},
        {% endfor %}
        {% for measure in counts_of(table) %}
            case
                when not coalesce(list_contains(withheld.measures, '{{ measure }}'), false)
                    then {{ released_count('cell.' ~ measure) }}
            end as {{ measure }},
        {% endfor %}
    from cell
    left join withheld on cell.cell_id = withheld.cell_id
),

-- The names under which the mart shows the same set of persons a second time.
named as (
    select * from shown
    union all by name
    select * replace ('all' as population)
    from shown
    where
        population = 'age_15_74'
        and dimension in ('age_group', 'labour_status')
    union all by name
    select
        * replace (
            'family_size_type' as dimension,
            category || '|all' as category
        ),
    from shown
    where dimension = 'family_size'
),

whole as (
    select {{ with_base(table) }}
    from named
),

final as (
    select
        {{ table.key | join(', ') }},
        outcome_is_provisional,
        {{ counts_of(table) | join(', ') }},
        residents_n is null
        or emigrants_n is null
        or internal_outmigrants_county_n is null
        or (
            internal_outmigrants_centrality_n is null
            and outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
        ) as is_suppressed,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate,
        {{ released_ratio('internal_outmigrants_centrality_n', 'residents_n', per=100) }}
            as internal_outmigration_centrality_rate,
        {{ released_ratio('internal_outmigrants_county_n', 'residents_n', per=100) }}
            as internal_outmigration_county_rate,
    from whole
)

select * from final
order by outcome_year, region_level, region_code, immigration_background, population, dimension, category
