-- Grain: outcome_year, region_code, destination, dimension, category.
-- Purpose: marts.mover_profile of the counties as it may leave the secure zone: small counts suppressed, others
-- rounded, shares of the rounded movers (docs/disclosure.md). Numbers of the four years before are sums of the rounded
-- counts, NULL where one of them is suppressed or missing.
--
-- Every combination of year, county, destination and category has a row, whether or not anybody is in it.
with

counted as (
    {{ shown_counts('mover_profile') }}
),

compared as (
    select
        *,
        max(persons_n) filter (where dimension = 'none') over (partition by outcome_year, region_code, destination)
            as movers_n,
        case when count(persons_n) over four_years_before = 4 then sum(persons_n) over four_years_before end::bigint
            as persons_four_years_before_n,
    from counted
    window four_years_before as (
        partition by region_code, destination, dimension, category
        order by outcome_year
        range between 4 preceding and 1 preceding
    )
),

final as (
    select
        outcome_year,
        region_code,
        destination,
        dimension,
        category,
        persons_n,
        persons_n is null as is_suppressed,
        {{ released_ratio('persons_n', 'movers_n', per=100) }} as share,
        persons_four_years_before_n,
        {{ released_ratio(
            'persons_four_years_before_n',
            "max(persons_four_years_before_n) filter (where dimension = 'none')
                over (partition by outcome_year, region_code, destination)",
            per=100
        ) }} as share_four_years_before,
    from compared
)

select * from final
order by outcome_year, region_code, destination, dimension, category
