-- Figure B.11: emigration of immigrants by the centrality of their first municipality.
-- depends_on: {{ ref('release_emigration_by_region') }}
--
-- Grain: figure, first_centrality_level, outcome_year.
with

emigration_by_region as (
    select * from release.emigration_by_region
),

final as (
    select
        'B.11' as figure,
        region_code as first_centrality_level,
        outcome_year,
        emigration_rate,
    from emigration_by_region
    where
        region_level = 'first_centrality'
        and immigration_background = 'all'
        and not outcome_is_provisional
)

select * from final
order by first_centrality_level, outcome_year
