-- Figures B.20 and B.21: how many of those who leave a county leave the country, by background; net migration by level
-- of centrality over the years.
-- depends_on: {{ ref('release_migration_balance') }}
--
-- Grain: figure, category, region_code, outcome_year. The category is the background in B.20, all in B.21.
with

balance as (
    select * from release.migration_balance
),

leaving as (
    select
        'B.20' as figure,
        category,
        region_code,
        outcome_year,
        emigration_share_of_leavers as value_percent,
    from balance
    where
        region_level = 'county'
        and category in ('all', 'work', 'refuge', 'family', 'native')
    qualify outcome_year = max(outcome_year) over ()
),

net as (
    select
        'B.21' as figure,
        category,
        region_code,
        outcome_year,
        net_migration_rate as value_percent,
    from balance
    where
        region_level = 'centrality'
        and category = 'all'
),

final as (
    select * from leaving
    union all
    select * from net
)

select * from final
order by figure, category, region_code, outcome_year
