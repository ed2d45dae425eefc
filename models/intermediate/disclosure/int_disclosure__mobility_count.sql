-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: every count of marts.mobility_rate that somebody could ask for, zeros included, with the cell that it is:
-- the same persons under several names are one cell (int_disclosure__category), so that they are judged once.
--
-- Categories that hold fewer persons in the whole country than the threshold are left out, and with them those that
-- cannot occur (62-74 among ages 20-35): nothing of them is ever shown.
with

complete as (
    {{ counts_with_zeros('mobility_rate') }}
),

category as (
    select * replace (md5(persons) as persons)
    from {{ ref('int_disclosure__category') }}
),

identified as (
    select
        md5_number_lower(
            concat_ws(
                '/',
                complete.outcome_year,
                complete.region_level,
                complete.region_code,
                complete.immigration_background,
                coalesce(
                    category.persons, concat_ws('/', complete.population, complete.dimension, complete.category)
                )
            )
        ) as cell_id,
        complete.*,
    from complete
    left join category
        on
            complete.population = category.population
            and complete.dimension = category.dimension
            and complete.category = category.category
),

final as (
    select
        *,
        (population, dimension, category)
        = min((population, dimension, category)) over (partition by cell_id) as is_first_name,
    from identified
)

select * from final
