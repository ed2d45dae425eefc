-- Grain: basis, event_year, development_year.
-- Population: registered emigrations.
-- Purpose: the expected revision of the emigration of the latest years: the delay triangle, by date of registration and
-- by delivery, with the completion that earlier years had from the same age on (chain ladder).
--
-- revision_factor is the growth of the count from this age to the next, over all years for which both are known.
-- completion_factor is the product of the factors from this age to the oldest observed, after which no change is
-- expected. Both are NULL where no year shows a step. expected_n is given for the latest known count of a year. With
-- one delivery the basis delivery has one count a year and no factors.
-- Source: chain ladder, Mack (1993).
with

known as (
    select * from {{ ref('int_revision__emigration_known') }}
),

{{ chain_ladder() }},

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
