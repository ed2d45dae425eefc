-- Grain: outcome_year, comparison, compared, reference, outcome, method, component, term.
-- Purpose: the composition of estimates.rate_decomposition by factor as it may leave the secure zone. Withheld where
-- those compared, or the rest of the reference, are too few or too few of them did or did not leave; others are rounded
-- (docs/disclosure.md). The sums are in rate_decomposition_fit.
--
-- Not shown: parts by factor of kitagawa, since cells that one population alone has may be of a few persons; and parts
-- of the rate, whose sum would be the difference of the rates before rounding.
with

part as (
    select * from {{ ref('rate_decomposition') }}
    where
        component = 'composition'
        and method <> 'kitagawa'
        and contribution is not null
),

fit as (
    select * from {{ ref('release_rate_decomposition_fit') }}
),

judged as (
    select
        part.*,
        fit.withheld_reason,
    from part
    inner join fit
        on
            part.outcome_year = fit.outcome_year
            and part.comparison = fit.comparison
            and part.compared = fit.compared
            and part.reference = fit.reference
            and part.outcome = fit.outcome
            and part.method = fit.method
),

final as (
    select
        outcome_year,
        comparison,
        compared,
        reference,
        outcome,
        method,
        component,
        term,
        {{ released_estimate('contribution', 'withheld_reason') }} as contribution,
        {{ released_estimate('std_error', 'withheld_reason') }} as std_error,
        withheld_reason,
    from judged
)

select * from final
order by outcome_year, comparison, compared, reference, outcome, method, component, term
