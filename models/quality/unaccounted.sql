-- Grain: outcome_year, immigrant_group: residents gone without emigration or death (2.1.4), a small residual that is
-- reported and never hidden.
--
-- By year: as person_year, which names the base year.
{{ config(
    materialized='incremental',
    meta={'year': 'outcome_year', 'rests_on': {'befolkning': -1, 'outcome': 0, 'death': -1, 'person': 0}}
) }}
with

person_year as (
    select * from {{ ref('person_year') }}
    where
        outcome_municipality is not null
        and {{ is_needed('outcome_year') }}
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
