-- Grain: transition, cohort, dimension, category, years_since, item.
-- Purpose: the counts behind the released rows of estimates.immigration_survival, zeros included: persons (years_since
-- 0), and those to whom each event has happened within so many years.
--
-- The first five years, the seventh and every fifth are released. Categories that hold fewer persons in all cohorts
-- than the threshold are left out; what is followed so long of everybody is asked of every category.
with

duration as (
    select * from {{ ref('int_estimates__duration') }}
),

immigration_survival as (
    select * from {{ ref('immigration_survival') }}
),

-- A duration of up to k times 365.25 days ends within k years.
alike as (
    select
        transition,
        cohort,
        origin_group,
        comparison_country,
        immigration_background,
        event,
        greatest(ceil(duration_days / 365.25), 1)::integer as within_years,
        count(*) as n,
    from duration
    group by all
),

spread as (
    select
        alike.transition,
        cohort.cohort,
        dimension.dimension,
        dimension.category,
        alike.event,
        alike.within_years,
        sum(alike.n) as n,
    from
        alike,
        lateral (values ('all'), (alike.cohort::varchar)) as cohort (cohort),
        lateral (
            values
            ('none', 'all'),
            ('origin_group', alike.origin_group),
            ('comparison_country', alike.comparison_country),
            ('immigration_background', alike.immigration_background)
        ) as dimension (dimension, category)
    where dimension.category is not null
    group by all
),

person as (
    select
        transition,
        cohort,
        dimension,
        category,
        sum(n)::bigint as n,
    from spread
    group by all
),

category as (
    select
        transition,
        dimension,
        category,
    from person
    where
        cohort = 'all'
        and not {{ is_small('n') }}
),

asked as (
    select
        transition,
        cohort,
        years_since,
        event as item,
    from immigration_survival
    where
        dimension = 'none'
        and years_since in ({{ survival_years() }})
    union all
    select distinct
        transition,
        cohort,
        0 as years_since,
        'persons_n' as item,
    from immigration_survival
    where dimension = 'none'
),

complete as (
    select
        asked.transition,
        asked.cohort,
        category.dimension,
        category.category,
        asked.years_since,
        asked.item,
    from asked
    inner join category on asked.transition = category.transition
),

counted as (
    select
        complete.*,
        coalesce(sum(spread.n), 0)::bigint as n,
    from complete
    left join spread
        on
            complete.transition = spread.transition
            and complete.cohort = spread.cohort
            and complete.dimension = spread.dimension
            and complete.category = spread.category
            and (
                complete.item = 'persons_n'
                or (complete.item = spread.event and complete.years_since >= spread.within_years)
            )
    group by all
),

final as (
    select
        concat('stays ', transition) as block_id,
        md5_number_lower(
            concat_ws('/', 'immigration_survival', transition, cohort, dimension, category, years_since, item)
        ) as cell_id,
        'persons_n' as measure,
        *,
    from counted
)

select * from final
