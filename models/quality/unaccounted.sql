-- Grain: outcome_year, immigrant_group: residents gone without emigration or death (2.1.4), a small residual that is
-- reported and never hidden.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year + 1') }}
    where outcome_municipality is not null
),

final as (
    select
        outcome_year,
        case
            when is_immigrant then 'immigrant'
            when not is_immigrant then 'other'
            else 'unknown'
        end as immigrant_group,
        outcome_is_provisional,
        count(*) as residents_n,
        count(*) filter (where outcome_municipality = 'unaccounted') as unaccounted_n,
        (count(*) filter (where outcome_municipality = 'unaccounted'))::double / count(*) as unaccounted_share,
    from person_year
    group by all
)

select * from final
order by outcome_year, immigrant_group
