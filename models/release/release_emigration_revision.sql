-- Grain: basis, event_year, development_year.
-- Purpose: marts.emigration_revision as it may leave the secure zone: small counts suppressed, others rounded, the
-- chain ladder of the rounded counts (docs/disclosure.md).
with

known as (
    select
        basis,
        event_year,
        development_year,
        shown_n as emigrations_n,
        development_year = max(development_year) over (partition by basis, event_year) as is_latest,
    from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'emigration_revision'
),

{{ chain_ladder() }},

final as (
    select
        known.basis,
        known.event_year,
        known.development_year,
        known.emigrations_n,
        known.is_latest,
        known.emigrations_n is null as is_suppressed,
        completion.revision_factor::double as revision_factor,
        completion.completion_factor::double as completion_factor,
        case when known.is_latest then known.emigrations_n * completion.completion_factor::double end as expected_n,
    from known
    left join completion
        on
            known.basis = completion.basis
            and known.development_year = completion.development_year
)

select * from final
order by basis, event_year, development_year
