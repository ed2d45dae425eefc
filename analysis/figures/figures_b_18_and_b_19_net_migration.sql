-- Figures B.18 and B.19: net migration by county: all in the last year, six over the years.
-- depends_on: {{ ref('release_migration_flow') }}
--
-- Grain: figure, category, county_code, outcome_year. The category is where people came from and went to; all in B.19.
with

migration_flow as (
    select * from release.migration_flow
),

arrived as (
    select
        outcome_year,
        to_region as county_code,
        from_region as category,
        persons_n,
    from migration_flow
    where from_region in ('abroad', 'other_region')
),

departed as (
    select
        outcome_year,
        from_region as county_code,
        to_region as category,
        persons_n,
    from migration_flow
    where to_region in ('abroad', 'other_region')
),

resident as (
    select
        outcome_year,
        from_region as county_code,
        persons_n as residents_n,
    from migration_flow
    where to_region = 'all'
),

gained as (
    select
        arrived.outcome_year,
        arrived.county_code,
        arrived.category,
        100.0 * (arrived.persons_n - departed.persons_n) / resident.residents_n as net_percent,
    from arrived
    inner join departed using (outcome_year, county_code, category)
    inner join resident using (outcome_year, county_code)
),

-- Missing where one of the two is.
altogether as (
    select
        outcome_year,
        county_code,
        case when count(net_percent) = 2 then sum(net_percent) end as net_percent,
    from gained
    group by outcome_year, county_code
),

last_year as (
    select max(outcome_year) as outcome_year from migration_flow
),

final as (
    select
        'B.18' as figure,
        gained.category,
        gained.county_code,
        gained.outcome_year,
        gained.net_percent,
    from gained
    inner join last_year using (outcome_year)
    union all
    select
        'B.18' as figure,
        'all' as category,
        altogether.county_code,
        altogether.outcome_year,
        altogether.net_percent,
    from altogether
    inner join last_year using (outcome_year)
    union all
    select
        'B.19' as figure,
        'all' as category,
        county_code,
        outcome_year,
        net_percent,
    from altogether
    -- Nineteen lines cannot be told apart: other counties take the place of these.
    where county_code in ('02', '03', '11', '12', '16', '19')
)

select * from final
order by figure, category, county_code, outcome_year
