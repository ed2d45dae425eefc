-- Grain: basis, event_year, development_year.
-- Population: registered emigrations.
-- Purpose: how the emigration of the latest years will be revised: the delay triangle, by date of registration and from
-- what each delivery knew, with the completion that earlier years had from the same age on (chain ladder).
--
-- revision_factor is what the count of this age grew by to the next, over all years for which both are known;
-- completion_factor their product from this age to the oldest observed, after which nothing is expected to change. NULL
-- where no year shows a step. expected_n is given for the latest known count of a year. With one delivery the basis
-- delivery has one count a year and no factors.
-- Source: chain ladder, Mack (1993).
with

known as (
    select * from {{ ref('int_revision__emigration_known') }}
),

followed as (
    select
        known.*,
        later.emigrations_n as emigrations_next_n,
    from known
    left join known as later
        on
            known.basis = later.basis
            and known.event_year = later.event_year
            and known.development_year + 1 = later.development_year
),

step as (
    select
        basis,
        development_year,
        sum(emigrations_next_n)
        / nullif(sum(emigrations_n) filter (where emigrations_next_n is not null), 0) as revision_factor,
        development_year = max(development_year) over (partition by basis) as is_oldest,
    from followed
    group by basis, development_year
),

completion as (
    select
        step.basis,
        step.development_year,
        step.revision_factor,
        case
            when step.is_oldest then 1.0
            when
                count(*) filter (where not later.is_oldest and later.revision_factor is null) = 0
                then product(case when later.is_oldest then 1.0 else later.revision_factor end)
        end as completion_factor,
    from step
    inner join step as later
        on
            step.basis = later.basis
            and step.development_year <= later.development_year
    group by step.basis, step.development_year, step.revision_factor, step.is_oldest
),

final as (
    select
        known.basis,
        known.event_year,
        known.development_year,
        known.emigrations_n::bigint as emigrations_n,
        known.development_year = max(known.development_year) over (partition by known.basis, known.event_year)
            as is_latest,
        completion.revision_factor::double as revision_factor,
        completion.completion_factor::double as completion_factor,
    from known
    left join completion
        on
            known.basis = completion.basis
            and known.development_year = completion.development_year
)

select
    *,
    case when is_latest then emigrations_n * completion_factor end as expected_n,
from final
order by basis, event_year, development_year
