-- Grain: cell_id, measure.
-- Purpose: every released count with the number that the released tables show of it, under whatever name, for the audit
-- (make audit). `part`, `row_of` and `column_of` say where in its table a cell is, so that the audit can look at a few
-- rows and columns at a time.
with

counted as (
    from (
        unpivot (
            select
                * exclude (is_first_name, outcome_is_provisional),
            from {{ ref('int_disclosure__mobility_count') }}
        )
        on columns('_n$')
        into name measure value n
    )
),

released as (
    from (
        unpivot (
            select
                * exclude (outcome_is_provisional, is_suppressed),
            from {{ ref('release_mobility_rate') }}
        )
        on columns('_n$')
        into name measure value shown_n
    )
),

question_shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where n is not null
),

of_rates as (
    select
        counted.block_id,
        counted.cell_id,
        counted.measure,
        counted.n,
        released.shown_n,
        'rates by ' || case when counted.dimension like 'family_%' then 'family' else counted.dimension end as part,
        counted.region_level || ' ' || counted.region_code as row_of,
        counted.immigration_background as column_of,
    from counted
    left join released
        on
            counted.outcome_year = released.outcome_year
            and counted.region_level = released.region_level
            and counted.region_code = released.region_code
            and counted.immigration_background = released.immigration_background
            and counted.population = released.population
            and counted.dimension = released.dimension
            and counted.category = released.category
            and counted.measure = released.measure
),

of_questions as (
    select
        block_id,
        cell_id,
        measure,
        n,
        shown_n,
        table_name as part,
        concat_ws(
            ' ',
            region_level,
            region_code,
            cohort,
            immigrant_group,
            destination_group,
            event_type,
            emigration_basis,
            basis
        ) as row_of,
        concat_ws(' ', dimension, category, population, immigration_background) as column_of,
    from question_shown
),

every_name as (
    select * from of_rates
    union all
    select * from of_questions
),

final as (
    select
        cell_id,
        measure,
        max(n) as n,
        max(shown_n) as shown_n,
        max(block_id) as block_id,
        max(part) as part,
        max(row_of) as row_of,
        max(column_of) as column_of,
    from every_name
    group by cell_id, measure
)

select * from final
