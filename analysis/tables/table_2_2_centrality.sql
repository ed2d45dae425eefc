-- The box of section 2.2: municipalities, population and immigrants by centrality level on 1 January 2013, ours beside
-- the printed.
-- depends_on: {{ ref('municipality_2013') }}
-- depends_on: {{ ref('release_emigration_by_region') }}
-- depends_on: {{ ref('published_centrality_shares') }}
--
-- Population: residents on 1 January 2013 with a known level, of the deliveries. A delivery of immigrants and their
--   families alone has no other population.
-- Definition: shares of the rounded counts; empty where one of the four is withheld.
-- Grain: table_id, centrality_level.
with

municipality_2013 as (
    select * from code_lists.municipality_2013
),

emigration_by_region as (
    select * from release.emigration_by_region
    where
        region_level = 'centrality'
        and outcome_year = 2013
        and immigration_background = 'all'
),

published_centrality_shares as (
    select * from published_report.published_centrality_shares
),

municipality as (
    select
        centrality_level,
        count(*) as municipalities_n,
    from municipality_2013
    group by centrality_level
),

resident as (
    select
        region_code::integer as centrality_level,
        max(residents_n) filter (where population = 'all') as residents_n,
        max(residents_n) filter (where population = 'immigrants') as immigrants_n,
    from emigration_by_region
    group by region_code
),

share as (
    select
        centrality_level,
        case when count(residents_n) over () = count(*) over () then 100.0 * residents_n / sum(residents_n) over () end
            as population_percent,
        case
            when count(immigrants_n) over () = count(*) over () then 100.0 * immigrants_n / sum(immigrants_n) over ()
        end as immigrants_percent,
    from resident
),

final as (
    select
        '2.2' as table_id,
        printed.centrality_level,
        municipality.municipalities_n,
        printed.municipalities_n as published_municipalities_n,
        share.population_percent,
        printed.population_percent as published_population_percent,
        share.immigrants_percent,
        printed.immigrants_percent as published_immigrants_percent,
    from published_centrality_shares as printed
    left join municipality on printed.centrality_level = municipality.centrality_level
    left join share on printed.centrality_level = share.centrality_level
)

select * from final
order by centrality_level
