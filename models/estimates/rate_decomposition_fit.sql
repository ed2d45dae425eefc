-- Grain: outcome_year, comparison, compared, reference, outcome, method: one row a difference.
-- Purpose: the differences of rate_decomposition with their sums by component, and the share of each that is
-- composition: "so much of Oslo's excess is who lives there", with an interval. Or the reason why there is none.
--
-- The share has no meaning where the difference may as well be none: it is NULL where that is not 1.96 of its standard
-- errors from zero (choice). It can be below 0 or above 100: who is there and what they do may pull apart.
with

fit as (
    select * from {{ ref('fit_rate_decomposition') }}
),

differing as (
    select distinct
        * exclude (component, term, contribution, std_error),
        compared_rate - reference_rate as difference,
    from fit
),

told as (
    select
        *,
        case when abs(difference) > 1.96 * difference_std_error then composition_share end as share,
        case when abs(difference) > 1.96 * difference_std_error then composition_share_std_error end
            as share_std_error,
    from differing
),

final as (
    select
        *,
        share - 1.96 * share_std_error as share_conf_low,
        share + 1.96 * share_std_error as share_conf_high,
    from told
)

select
    cast(outcome_year as integer) as outcome_year,
    cast(comparison as varchar) as comparison,
    cast(compared as varchar) as compared,
    cast(reference as varchar) as reference,
    cast(outcome as varchar) as outcome,
    cast(method as varchar) as method,
    cast(persons_n as bigint) as persons_n,
    cast(events_n as bigint) as events_n,
    cast(reference_persons_n as bigint) as reference_persons_n,
    cast(reference_events_n as bigint) as reference_events_n,
    cast(case when not isnan(compared_rate) then compared_rate end as double) as compared_rate,
    cast(case when not isnan(reference_rate) then reference_rate end as double) as reference_rate,
    cast(case when not isnan(difference) then difference end as double) as difference,
    cast(case when not isnan(difference_std_error) then difference_std_error end as double) as difference_std_error,
    cast(case when not isnan(composition) then composition end as double) as composition,
    cast(case when not isnan(composition_std_error) then composition_std_error end as double)
        as composition_std_error,
    cast(case when not isnan(rate) then rate end as double) as rate,
    cast(case when not isnan(rate_std_error) then rate_std_error end as double) as rate_std_error,
    cast(case when not isnan(share) then share end as double) as composition_share,
    cast(case when not isnan(share) then share_conf_low end as double) as composition_share_conf_low,
    cast(case when not isnan(share) then share_conf_high end as double) as composition_share_conf_high,
    cast(case when not isnan(only_compared_share) then only_compared_share end as double) as only_compared_share,
    cast(case when not isnan(only_reference_share) then only_reference_share end as double) as only_reference_share,
    cast(not_decomposed_reason as varchar) as not_decomposed_reason,
from final
order by outcome_year, comparison, compared, reference, outcome, method
