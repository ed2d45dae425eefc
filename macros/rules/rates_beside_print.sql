{#-
    Tables 4.1-4.3 beside rates: a CTE `rate` with one row for each printed cell, as shares. `relation` is
    mobility_rate, of marts or as released. The interval is Wilson's; the standard error is that of the rate.
-#}
{% macro rates_beside_print(relation) -%}
    counted as (
        select
            published.table_id,
            mobility.residents_n,
            mobility.movers_n / mobility.residents_n as estimate,
            -- The 97.5th percentile of the normal distribution.
            1.959964::double as z,
            published.rate_percent / 100 as published_estimate,
        from {{ ref('published_rates') }} as published
        left join (
            select
                *,
                unnest(['emigration', 'internal_outmigration']) as outcome,
                unnest([emigrants_n, internal_outmigrants_county_n]) as movers_n,
            from {{ relation }}
            where
                region_level = 'country'
                and dimension = 'family_size_type'
                and outcome_year = 2013
                and not outcome_is_provisional
                and residents_n > 0
        ) as mobility
            on
                case published.table_id when '4.2' then 'age_20_35' else 'all' end = mobility.population
                and published.immigration_background = mobility.immigration_background
                and published.family_size || '|' || published.family_type = mobility.category
                and published.outcome = mobility.outcome
        where published.rate_percent is not null
    ),

    rate as (
        select
            table_id,
            estimate,
            (
                estimate + z * z / (2 * residents_n)
                - z * sqrt(estimate * (1 - estimate) / residents_n + z * z / (4 * residents_n * residents_n))
            ) / (1 + z * z / residents_n) as conf_low,
            (
                estimate + z * z / (2 * residents_n)
                + z * sqrt(estimate * (1 - estimate) / residents_n + z * z / (4 * residents_n * residents_n))
            ) / (1 + z * z / residents_n) as conf_high,
            published_estimate,
            (estimate - published_estimate)
            / nullif(sqrt(estimate * (1 - estimate) / residents_n), 0) as standardised_difference,
        from counted
    )
{%- endmacro %}
