-- Figures B.4-B.7: share of immigrants that has left, and of those who left that has come back.
-- depends_on: {{ ref('release_immigration_survival') }}
--
-- Shows: B.4 who has left by origin, B.5 by background, B.6 by year of coming after 1, 3 and 5 years; B.7 who has come
--   back by background.
-- Grain: figure, category, entry_year, years_since. In B.6 the category is the years since coming.
with

immigration_survival as (
    select * from release.immigration_survival
),

survival as (
    select
        * exclude (std_error),
        100 * estimate as share_percent,
        100 * std_error as std_error,
    from immigration_survival
    where withheld_reason is distinct from 'not_followed'
),

by_group as (
    select
        if(dimension = 'origin_group', 'B.4', 'B.5') as figure,
        category,
        null::integer as entry_year,
        years_since,
        share_percent,
        std_error,
    from survival
    where
        event = 'emigration'
        and cohort = 'all'
        and dimension in ('origin_group', 'immigration_background')
),

by_cohort as (
    select
        'B.6' as figure,
        'after_' || years_since as category,
        cohort::integer as entry_year,
        years_since,
        share_percent,
        std_error,
    from survival
    where
        event = 'emigration'
        and cohort <> 'all'
        and dimension = 'none'
        and years_since in (1, 3, 5)
),

come_back as (
    select
        'B.7' as figure,
        category,
        null::integer as entry_year,
        years_since,
        share_percent,
        std_error,
    from survival
    where
        event = 'reimmigration'
        and cohort = 'all'
        and dimension = 'immigration_background'
),

final as (
    select * from by_group
    union all
    select * from by_cohort
    union all
    select * from come_back
)

select * from final
order by figure, category, entry_year, years_since
