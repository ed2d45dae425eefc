-- Grain: outcome_year, sex, education_group; all: of everybody.
-- Purpose: newcomer_emigration as it may leave the secure zone: small counts suppressed, others rounded.
with

counted as (
    {{ shown_counts('newcomer_emigration') }}
),

final as (
    select
        outcome_year,
        sex,
        education_group,
        newcomers_n,
        emigrants_n,
        emigrants_n is null as is_suppressed,
        {{ released_ratio('emigrants_n', 'newcomers_n', per=100) }} as emigration_rate,
    from counted
)

select * from final
order by outcome_year, sex, education_group
