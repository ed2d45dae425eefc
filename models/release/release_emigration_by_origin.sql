-- Grain: outcome_year, country_group, country_of_birth, entry_period, dimension, category.
-- Purpose: marts.emigration_by_origin as it may leave the secure zone: small counts suppressed, others rounded, rates
-- computed from the rounded counts (docs/disclosure.md). By country of birth and time of entry in the whole country, by
-- county of groups of countries; years of entry and backgrounds stay inside.
--
-- Every combination of year, origin and county has a row, whether or not anybody is in it. administrative_share is of
-- all emigrants: that the basis is unknown is so seldom that it is hardly ever shown.
with

counted as (
    {{ shown_counts('emigration_by_origin') }}
),

final as (
    select
        * exclude (is_incomplete),
        emigrants_n is null as is_suppressed,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate,
        {{ released_ratio('administrative_n', 'emigrants_n', per=100) }} as administrative_share,
        {{ released_ratio('overcoverage_n', 'judged_n', per=100) }} as overcoverage_rate,
    from counted
)

select * from final
order by outcome_year, country_group, country_of_birth, entry_period, dimension, category
