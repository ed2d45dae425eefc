-- Emigration of immigrants by the centrality of the first municipality after immigration, and by background.
-- depends_on: {{ ref('emigration_by_region') }}
--
-- Population: immigrants whose first immigration is on record, resident at the start of the year.
-- Definition: per 100 residents, all years without provisional outcomes pooled. No account is taken of how long they
--   have been here: backgrounds differ in where they first live and in when they leave.
-- Grain: first_centrality_level, immigration_background.
-- Columns: first_centrality_level (1 least to 4 most central), immigration_background, residents_n (person-years),
--   emigration_rate, internal_outmigration_rate.
-- Read: of 100 immigrants who first lived on this level, emigration_rate leave Norway in a year.
with

region as (
    select * from marts.emigration_by_region
    where
        region_level = 'first_centrality'
        and not outcome_is_provisional
),

final as (
    select
        region_code::integer as first_centrality_level,
        immigration_background,
        sum(residents_n)::bigint as residents_n,
        100.0 * sum(emigrants_n) / sum(residents_n) as emigration_rate,
        100.0 * sum(internal_outmigrants_n) / sum(residents_n) as internal_outmigration_rate,
    from region
    group by region_code, immigration_background
)

select * from final
order by first_centrality_level, immigration_background
