-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: marts.mobility_rate as it may leave the secure zone: small counts suppressed, others rounded, rates computed
-- from the rounded counts (docs/disclosure.md).
--
-- Every combination of year, region, background and category has a row, so that one without persons looks like one
-- with few: its counts are NULL. Categories that hold fewer persons than the threshold in the whole country are absent.
-- Moves between centrality levels are NULL after outcome year 2017 as in the mart, which is no suppression.
with

cell as (
    select
        count.*,
        withheld.cell_id is not null as is_withheld,
    from {{ ref('int_disclosure__mobility_count') }} as count
    left join {{ ref('int_disclosure__mobility_withheld') }} as withheld
        on count.cell_id = withheld.cell_id
),

shown as (
    select
        * exclude (persons_n),
        case when not is_withheld then {{ released_count('persons_n') }} end as persons_n,
    from cell
),

wide as (
    select
        outcome_year,
        outcome_is_provisional,
        region_level,
        region_code,
        immigration_background,
        population,
        dimension,
        category,
        max(case when measure = 'residents_n' then persons_n end) as residents_n,
        max(case when measure = 'emigrants_n' then persons_n end) as emigrants_n,
        max(case when measure = 'internal_outmigrants_centrality_n' then persons_n end)
            as internal_outmigrants_centrality_n,
        max(case when measure = 'internal_outmigrants_county_n' then persons_n end) as internal_outmigrants_county_n,
        max(case when measure = 'deaths_n' then persons_n end) as deaths_n,
        max(case when measure = 'unaccounted_n' then persons_n end) as unaccounted_n,
        bool_or(persons_n is null) as is_suppressed,
    from shown
    group by all
),

-- The names under which the mart shows the same set of persons a second time.
named as (
    select * from wide
    union all by name
    select * replace ('all' as population)
    from wide
    where
        population = 'age_15_74'
        and dimension in ('age_group', 'labour_status')
    union all by name
    select
        * replace (
            'family_size_type' as dimension,
            category || '|all' as category
        ),
    from wide
    where dimension = 'family_size'
),

-- Without residents to relate them to, nothing of a row is shown.
whole as (
    select
        outcome_year,
        region_level,
        region_code,
        immigration_background,
        population,
        dimension,
        category,
        outcome_is_provisional,
        is_suppressed,
        residents_n,
        case when residents_n is not null then emigrants_n end as emigrants_n,
        case when residents_n is not null then internal_outmigrants_centrality_n end
            as internal_outmigrants_centrality_n,
        case when residents_n is not null then internal_outmigrants_county_n end as internal_outmigrants_county_n,
        case when residents_n is not null then deaths_n end as deaths_n,
        case when residents_n is not null then unaccounted_n end as unaccounted_n,
    from named
),

final as (
    select
        *,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate,
        {{ released_ratio('internal_outmigrants_centrality_n', 'residents_n', per=100) }}
            as internal_outmigration_centrality_rate,
        {{ released_ratio('internal_outmigrants_county_n', 'residents_n', per=100) }}
            as internal_outmigration_county_rate,
    from whole
)

select * from final
order by outcome_year, region_level, region_code, immigration_background, population, dimension, category
