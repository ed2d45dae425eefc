-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: every count of marts.mobility_rate that somebody could ask for, zeros included, once: the same persons under
-- two names (ages 15-24 of all ages and of 15-74) are one cell, so that it is judged once (released_tables).
--
-- Categories that hold fewer persons in the whole country than the threshold are left out, and with them those that
-- cannot occur (62-74 among ages 20-35): nothing of them is ever shown.
with

complete as (
    {{ counts_with_zeros('mobility_rate') }}
),

final as (
    select
        md5_number_lower(
            concat_ws(
                '/',
                outcome_year,
                region_level,
                region_code,
                immigration_background,
                population,
                dimension,
                category
            )
        ) as cell_id,
        *,
    from complete
)

select * from final
