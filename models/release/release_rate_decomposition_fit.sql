-- Grain: outcome_year, comparison, compared, reference, outcome, method.
-- Purpose: estimates.rate_decomposition_fit as it may leave the secure zone: how much of a difference of two rates is
-- who is there. Withheld where those compared, or the rest of the reference, are too few or too few of them did or did
-- not leave (docs/disclosure.md).
--
-- Rates are of rounded counts, and what is left of their difference, the rate component and the share, is computed from
-- them: the difference of the rates before rounding would give the counts away. So is the interval of the share, which
-- is shown where the difference is not near none.
with

judged as (
    select
        *,
        case
            when not_decomposed_reason is not null then 'not_decomposed'
            when comparison = 'year'
                then
                    {{ withheld_reason(
                        'least(persons_n, reference_persons_n)',
                        'least(events_n, reference_events_n)',
                    ) }}
            else
                {{ withheld_reason(
                    'least(persons_n, reference_persons_n - persons_n)',
                    'least(events_n, persons_n - events_n, reference_events_n - events_n)',
                ) }}
        end as withheld_reason,
    from {{ ref('rate_decomposition_fit') }}
),

counted as (
    select
        outcome_year,
        comparison,
        compared,
        reference,
        outcome,
        method,
        case when withheld_reason is null then {{ released_count('persons_n') }} end as persons_n,
        case when withheld_reason is null then {{ released_count('events_n') }} end as events_n,
        case when withheld_reason is null then {{ released_count('reference_persons_n') }} end as reference_persons_n,
        case when withheld_reason is null then {{ released_count('reference_events_n') }} end as reference_events_n,
        {{ released_estimate('composition', 'withheld_reason') }} as composition,
        {{ released_estimate('composition_std_error', 'withheld_reason') }} as composition_std_error,
        case
            when composition_share is not null
                then
                    {{ released_estimate(
                        '(composition_share_conf_high - composition_share) / 1.96', 'withheld_reason', decimals=1
                    ) }}
        end as composition_share_std_error,
        withheld_reason,
    from judged
),

rated as (
    select
        *,
        {{ released_ratio('events_n', 'persons_n', per=100) }} as compared_rate,
        {{ released_ratio('reference_events_n', 'reference_persons_n', per=100) }} as reference_rate,
    from counted
),

shared as (
    select
        *,
        compared_rate - reference_rate - composition as rate,
        case
            when composition_share_std_error is not null
                then 100 * composition / nullif(compared_rate - reference_rate, 0)
        end as composition_share,
    from rated
),

final as (
    select
        outcome_year,
        comparison,
        compared,
        reference,
        outcome,
        method,
        persons_n,
        events_n,
        reference_persons_n,
        reference_events_n,
        compared_rate,
        reference_rate,
        composition,
        composition_std_error,
        rate,
        composition_share,
        composition_share_std_error,
        composition_share - 1.96 * composition_share_std_error as composition_share_conf_low,
        composition_share + 1.96 * composition_share_std_error as composition_share_conf_high,
        withheld_reason,
    from shared
)

select * from final
order by outcome_year, comparison, compared, reference, outcome, method
