-- Grain: table_name and the key of its cells: every count of the released tables on questions beyond the report.
-- Purpose: one list of what is counted where. Counts of the same persons, in one table or two, are one cell (cell_id,
-- measure), so that they are judged once: those whose categories hold the same persons by definition
-- (int_disclosure__category), and immigrants of a country, centrality level or county, all, by background and by age
-- group, which are cells of marts.mobility_rate already. own_id is the cell by the name of the count alone, by which
-- entries of another table name it.
with

mobility_count as (
    select * from {{ ref('int_disclosure__mobility_count') }}
    where
        population = 'all'
        and dimension in ('none', 'age_group')
),

category as (
    select * from {{ ref('int_disclosure__category') }}
    where population = 'all'
),

cell as (
    select * from {{ ref('int_disclosure__declared_cell') }}
    union all by name
    select
        'immigration_survival' as table_name,
        *,
    from {{ ref('int_disclosure__survival_cell') }}
    union all by name
    select
        'stated_number' as table_name,
        *,
    from {{ ref('int_disclosure__stated_cell') }}
),

-- Of descendants, the groups of origin are those of their parents, and ages other ones.
with_persons as (
    select
        cell.*,
        coalesce(category.persons, cell.cell_id::varchar) as persons,
    from cell
    left join category
        on
            cell.dimension = category.dimension
            and cell.category = category.category
            and cell.dimension in ('origin_group', 'immigration_background')
),

-- The region, background and age by which the immigrants of a cell are counted in marts.mobility_rate.
of_immigrants as (
    select
        *,
        case
            when table_name = 'emigration_by_region' and population = 'immigrants'
                then (region_level, region_code, immigration_background, 'none', 'all')
            when
                table_name = 'emigration_rate_by_basis'
                and item in ('residents_n', 'emigrants_n')
                and dimension in ('none', 'immigration_background')
                then ('country', '0', category, 'none', 'all')
            when
                table_name = 'child_emigration'
                and population = 'immigrant'
                and age_group in ('15-24', '25-35', '36-61', '62-74')
                then (if(county_code = '0', 'country', 'county'), county_code, 'all', 'age_group', age_group)
        end as immigrants,
    from with_persons
),

of_rates as (
    select
        of_immigrants.*,
        mobility_count.cell_id as rate_id,
    from of_immigrants
    left join mobility_count
        on
            of_immigrants.outcome_year = mobility_count.outcome_year
            and of_immigrants.immigrants
            = (
                mobility_count.region_level,
                mobility_count.region_code,
                mobility_count.immigration_background,
                mobility_count.dimension,
                mobility_count.category
            )
),

one as (
    select
        * exclude (cell_id, rate_id, persons, immigrants),
        cell_id as own_id,
        coalesce(max(rate_id) over same_persons, min(cell_id) over same_persons) as cell_id,
        max(rate_id) over same_persons is not null as is_of_mobility_rate,
    from of_rates
    window
        same_persons as (
            partition by
                table_name, block_id, outcome_year, base_year, transition, cohort, years_since, item, persons,
                population, region_level, region_code, immigration_background
        )
),

-- Stated numbers name the stays that they are taken from, and entries of same_as cells that may be those of a rate.
renamed as (
    select distinct
        own_id,
        cell_id,
        is_of_mobility_rate,
    from one
    where own_id <> cell_id
),

final as (
    select
        one.* replace (
            coalesce(renamed.cell_id, one.cell_id) as cell_id,
            coalesce(renamed_stay.cell_id, one.stay_cell_id) as stay_cell_id,
            coalesce(renamed.is_of_mobility_rate, one.is_of_mobility_rate) as is_of_mobility_rate
        ),
    from one
    left join renamed on one.cell_id = renamed.own_id
    left join renamed as renamed_stay on one.stay_cell_id = renamed_stay.own_id
)

select * from final
