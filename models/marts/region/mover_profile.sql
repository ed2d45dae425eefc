-- Grain: outcome_year, region_level, region_code, destination, dimension, category.
-- Population: residents of a place at the start of the year who left it, for abroad or for elsewhere in Norway
-- (int_flow__mover).
-- Purpose: what sort of people left a place in a year, beside those who left it in the four years before: by age,
-- education, income, family, background and destination (the study of out-moves from Oslo in 2020).
--
-- share is per cent of the movers of that destination; the four years before are pooled. A category without movers in
-- the year has a row with 0 if somebody of it left in one of the four years before. Where one of these years is
-- missing, or has no movers or not the register, the numbers of the four years are NULL. How many left is in
-- emigration_by_region: a profile says who they were, not whether more went than before.
with

mover as (
    select * from {{ ref('int_flow__mover') }}
),

known as (
    select
        outcome_year,
        region_level,
        region_code,
        destination,
        dimension,
        sum(persons_n) as known_n,
    from mover
    group by all
),

compared as (
    select
        *,
        count(*) over four_years_before = 4 as is_known_before,
        sum(known_n) over four_years_before as known_before_n,
    from known
    window four_years_before as (
        partition by region_level, region_code, destination, dimension
        order by outcome_year
        range between 4 preceding and 1 preceding
    )
),

-- Every category that somebody had in the year or in the four before it.
category as (
    select distinct
        compared.outcome_year,
        compared.region_level,
        compared.region_code,
        compared.destination,
        compared.dimension,
        mover.category,
    from compared
    inner join mover
        on
            compared.region_level = mover.region_level
            and compared.region_code = mover.region_code
            and compared.destination = mover.destination
            and compared.dimension = mover.dimension
            and mover.outcome_year between compared.outcome_year - 4 and compared.outcome_year
),

counted as (
    select
        category.*,
        coalesce(mover.persons_n, 0) as persons_n,
    from category
    left join mover
        on
            category.outcome_year = mover.outcome_year
            and category.region_level = mover.region_level
            and category.region_code = mover.region_code
            and category.destination = mover.destination
            and category.dimension = mover.dimension
            and category.category = mover.category
),

final as (
    select
        counted.outcome_year,
        counted.region_level,
        counted.region_code,
        counted.destination,
        counted.dimension,
        counted.category,
        counted.persons_n,
        100.0::double * counted.persons_n / compared.known_n as share,
        case
            when compared.is_known_before
                then coalesce(
                    sum(counted.persons_n) over (
                        partition by
                            counted.region_level,
                            counted.region_code,
                            counted.destination,
                            counted.dimension,
                            counted.category
                        order by counted.outcome_year
                        range between 4 preceding and 1 preceding
                    ),
                    0
                )
        end::bigint as persons_four_years_before_n,
        100.0::double * persons_four_years_before_n / compared.known_before_n as share_four_years_before,
    from counted
    inner join compared
        on
            counted.outcome_year = compared.outcome_year
            and counted.region_level = compared.region_level
            and counted.region_code = compared.region_code
            and counted.destination = compared.destination
            and counted.dimension = compared.dimension
)

select * from final
order by outcome_year, region_level, region_code, destination, dimension, category
