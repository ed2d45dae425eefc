-- Grain: outcome_year, region_level, region_code, dimension, category.
-- Population: residents of a region on 1 January of outcome_year, and who is there on the next one and was not before.
-- Purpose: what a region gains and loses: in-, out- and net migration, moves up and down the ladder of centrality, and
-- how many of those who leave a place leave the country ("når en arbeidsinnvandrer velger å flytte").
--
-- Adds up migration_flow, whose header has the choices. Persons are counted, not moves: who left and came back by the
-- next 1 January is in none. The region unknown is left out, and nobody moves from or to it. Svalbard and other
-- territories are regions, on no step of the ladder. What left one region for another arrives there: over the regions
-- of a level internal_inmigrants_n and internal_outmigrants_n are equal.
-- Source: Rapporter 2016/27, 2.1.4 and 2.2 (deaths and unaccounted stay in the denominator).
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

flow as (
    select
        *,
        from_region in ('birth', 'unaccounted') or from_region like 'abroad:%' as is_newcomer,
        to_region in ('death', 'unaccounted') or to_region like 'abroad:%' as is_gone,
        -- 1 is the least central level, and the most central class; codes of territories are longer.
        case
            when length(from_region) > 1 or length(to_region) > 1 then null
            when region_level = 'centrality' then to_region::integer - from_region::integer
            when region_level = 'centrality_class' then from_region::integer - to_region::integer
        end as steps_up,
    from {{ from_year('migration_flow', 'outcome_year') }}
),

seen_from_a_region as (
    select
        *,
        from_region as region_code,
        not is_gone and to_region not in (from_region, 'unknown') as is_out,
        true as is_resident,
        false as is_in,
    from flow
    where not is_newcomer
    union all
    select
        *,
        to_region as region_code,
        false as is_out,
        false as is_resident,
        not is_newcomer and from_region <> 'unknown' as is_in,
    from flow
    where
        not is_gone
        and from_region <> to_region
),

added as (
    select
        outcome_year,
        region_level,
        region_code,
        dimension,
        category,
        coalesce(sum(persons_n) filter (where is_resident), 0)::bigint as residents_n,
        coalesce(sum(persons_n) filter (where is_resident and to_region like 'abroad:%'), 0)::bigint as emigrants_n,
        coalesce(sum(persons_n) filter (where is_out), 0)::bigint as internal_outmigrants_n,
        coalesce(sum(persons_n) filter (where is_out and steps_up > 0), 0)::bigint as moved_up_n,
        coalesce(sum(persons_n) filter (where is_out and steps_up < 0), 0)::bigint as moved_down_n,
        coalesce(sum(persons_n) filter (where is_resident and to_region = 'death'), 0)::bigint as deaths_n,
        coalesce(sum(persons_n) filter (where not is_resident and from_region like 'abroad:%'), 0)::bigint
            as arrivals_from_abroad_n,
        coalesce(sum(persons_n) filter (where is_in), 0)::bigint as internal_inmigrants_n,
        coalesce(sum(persons_n) filter (where not is_resident and from_region = 'birth'), 0)::bigint as births_n,
    from seen_from_a_region
    where region_code <> 'unknown'
    group by all
),

final as (
    select
        * replace (
            case when region_level like 'centrality%' then moved_up_n end as moved_up_n,
            case when region_level like 'centrality%' then moved_down_n end as moved_down_n
        ),
        arrivals_from_abroad_n - emigrants_n as net_from_abroad_n,
        internal_inmigrants_n - internal_outmigrants_n as net_internal_n,
        100.0::double * (arrivals_from_abroad_n - emigrants_n + internal_inmigrants_n - internal_outmigrants_n)
        / nullif(residents_n, 0) as net_migration_rate,
        100.0::double * emigrants_n / nullif(emigrants_n + internal_outmigrants_n, 0) as emigration_share_of_leavers,
    from added
)

select * from final
order by outcome_year, region_level, region_code, dimension, category
