-- Grain: transition, cohort, dimension, category, years_since, event.
-- Purpose: estimates.immigration_survival as it may leave the secure zone: small counts suppressed, others rounded;
-- shares withheld where they have too few persons or events (docs/disclosure.md).
--
-- Where everybody of a cohort is followed, the share is a count divided by a count. So a share is shown as the nearest
-- multiple of the rounding base divided by the rounded persons. Its standard error is that of the shown share, widened
-- by the factor, in tenths, by which the unrounded one exceeds that of a proportion because some persons are not
-- followed so long.
with

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'immigration_survival'
),

immigration_survival as (
    select * from {{ ref('immigration_survival') }}
),

counted as (
    select
        happened.transition,
        happened.cohort,
        happened.dimension,
        happened.category,
        happened.years_since,
        happened.item as event,
        person.n as true_persons_n,
        happened.n as true_events_n,
        person.shown_n as persons_n,
        case when person.shown_n is not null then happened.shown_n end as events_n,
    from shown as happened
    inner join shown as person
        on
            happened.transition = person.transition
            and happened.cohort = person.cohort
            and happened.dimension = person.dimension
            and happened.category = person.category
            and person.item = 'persons_n'
    where happened.item <> 'persons_n'
),

judged as (
    select
        counted.*,
        survival.estimate as true_estimate,
        survival.std_error / nullif(sqrt(survival.estimate * (1 - survival.estimate) / counted.true_persons_n), 0)
            as widened_by,
        coalesce(
            {{ withheld_reason(
                'counted.true_persons_n', 'least(counted.true_events_n, counted.true_persons_n - counted.true_events_n)'
            ) }},
            case
                when survival.estimate is null then 'not_followed'
                when counted.events_n is null then 'suppressed_count'
            end
        ) as withheld_reason,
    from counted
    left join immigration_survival as survival
        on
            counted.transition = survival.transition
            and counted.cohort = survival.cohort
            and counted.dimension = survival.dimension
            and counted.category = survival.category
            and counted.years_since = survival.years_since
            and counted.event = survival.event
),

rounded as (
    select
        *,
        case
            when withheld_reason is null
                then {{ released_ratio(released_count('round(true_estimate * true_persons_n)'), 'persons_n') }}
        end as share,
    from judged
),

with_error as (
    select
        *,
        sqrt(share * (1 - share) / persons_n) * greatest(round(widened_by, 1), 1) as share_error,
    from rounded
),

final as (
    select
        transition,
        cohort,
        dimension,
        category,
        years_since,
        event,
        persons_n,
        events_n,
        {{ released_estimate('share', 'withheld_reason') }} as estimate,
        {{ released_estimate('share_error', 'withheld_reason') }} as std_error,
        {{ released_estimate('greatest(share - 1.959963984540054 * share_error, 0)', 'withheld_reason') }} as conf_low,
        {{ released_estimate('least(share + 1.959963984540054 * share_error, 1)', 'withheld_reason') }} as conf_high,
        withheld_reason,
    from with_error
)

select * from final
order by transition, cohort, dimension, category, years_since, event
