-- Grain: table_name and the key of its cells: every count of the released tables on questions beyond the report.
-- Purpose: one list of what is counted where. Counts of the same persons in two tables are one cell (cell_id, measure),
-- so that they are judged once: immigrants of a country, centrality level or county, all and by background, are cells
-- of marts.mobility_rate already.
with

mobility_count as (
    select * from {{ ref('int_disclosure__mobility_count') }}
    where
        population = 'all'
        and dimension = 'none'
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

-- The region and background by which the immigrants of a cell are counted in marts.mobility_rate.
of_immigrants as (
    select
        *,
        case
            when table_name = 'emigration_by_region' and population = 'immigrants'
                then (region_level, region_code, immigration_background)
            when
                table_name = 'emigration_rate_by_basis'
                and item in ('residents_n', 'emigrants_n')
                and dimension in ('none', 'immigration_background')
                then ('country', '0', category)
        end as immigrants,
    from cell
),

final as (
    select
        of_immigrants.* exclude (immigrants, cell_id),
        coalesce(mobility_count.cell_id, of_immigrants.cell_id) as cell_id,
        mobility_count.cell_id is not null as is_of_mobility_rate,
    from of_immigrants
    left join mobility_count
        on
            of_immigrants.outcome_year = mobility_count.outcome_year
            and of_immigrants.immigrants
            = (mobility_count.region_level, mobility_count.region_code, mobility_count.immigration_background)
)

select * from final
