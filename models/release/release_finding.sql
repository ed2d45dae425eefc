-- Grain: finding_id: a finding of chapters 4 and 5 in words of our own.
-- Purpose: whether what is released bears out what the report says in words, by intervals, never by a bare comparison.
--
-- A finding is a list of comparisons, each of two rates: the persons and movers of the years together. A comparison
-- holds if the 95 per cent interval of the difference lies above zero. The finding holds if every comparison does. It
-- fails if a difference lies three standard errors below zero: the more comparisons, the likelier is one of them below
-- zero by chance, and so far for one in a thousand. Everything else is undecided, also what is withheld, or not
-- delivered for one of the years.
with

finding as (
    select * from {{ ref('published_findings') }}
),

comparison as (
    select * from {{ ref('published_finding_comparisons') }}
),

mobility_rate as (
    select * from {{ ref('release_mobility_rate') }}
    where not outcome_is_provisional
),

-- A rate is named by its outcome, background, level and code of the region, population, dimension, category, and the
-- first and last of its years.
named as (
    select distinct unnest([higher, lower]) as rate_name
    from comparison
),

asked as (
    select
        rate_name,
        split_part(rate_name, ':', 1) as outcome,
        split_part(rate_name, ':', 2) as immigration_background,
        split_part(rate_name, ':', 3) as region_level,
        split_part(rate_name, ':', 4) as region_code,
        split_part(rate_name, ':', 5) as population,
        split_part(rate_name, ':', 6) as dimension,
        split_part(rate_name, ':', 7) as category,
        split_part(rate_name, ':', 8)::integer as first_year,
        split_part(rate_name, ':', 9)::integer as last_year,
    from named
),

-- All years, with counts that are shown, or no rate.
rate as (
    select
        asked.rate_name,
        case
            when count(movers.movers_n) = asked.last_year - asked.first_year + 1
                then sum(mobility_rate.residents_n)
        end as residents_n,
        sum(movers.movers_n) / nullif(sum(mobility_rate.residents_n), 0) as share,
    from asked
    inner join mobility_rate
        on
            asked.immigration_background = mobility_rate.immigration_background
            and asked.region_level = mobility_rate.region_level
            and asked.region_code = mobility_rate.region_code
            and asked.population = mobility_rate.population
            and asked.dimension = mobility_rate.dimension
            and asked.category = mobility_rate.category
            and mobility_rate.outcome_year between asked.first_year and asked.last_year,
        lateral (
            select
                case asked.outcome
                    when 'emigration' then mobility_rate.emigrants_n
                    when 'internal_centrality' then mobility_rate.internal_outmigrants_centrality_n
                    when 'internal_county' then mobility_rate.internal_outmigrants_county_n
                end as movers_n
        ) as movers
    group by asked.rate_name, asked.first_year, asked.last_year
),

compared as (
    select
        comparison.finding_id,
        100 * (higher.share - lower.share) as difference_points,
        100 * sqrt(
            higher.share * (1 - higher.share) / higher.residents_n + lower.share * (1 - lower.share) / lower.residents_n
        ) as std_error_points,
    from comparison
    left join rate as higher on comparison.higher = higher.rate_name and higher.residents_n > 0
    left join rate as lower on comparison.lower = lower.rate_name and lower.residents_n > 0
),

judged as (
    select
        finding_id,
        count(*) as comparisons_n,
        count(*) filter (where difference_points > 1.959964 * std_error_points) as holding_n,
        count(*) filter (where difference_points < -3 * std_error_points) as failing_n,
        count(*) filter (where difference_points is null) as withheld_n,
    from compared
    group by finding_id
),

final as (
    select
        finding.finding_id,
        finding.section,
        finding.statement,
        finding.statement_nb,
        case
            when judged.failing_n > 0 then 'fails'
            when judged.holding_n = judged.comparisons_n then 'holds'
            else 'undecided'
        end as verdict,
        judged.comparisons_n,
        judged.holding_n,
        judged.failing_n,
        judged.withheld_n,
    from finding
    inner join judged on finding.finding_id = judged.finding_id
)

select * from final
order by finding_id
