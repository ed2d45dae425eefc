-- Grain: quality_check, calendar_year, category.
-- Purpose: contradictions and gaps of the registers (schema quality), as counts that may leave, with the number of
-- which they are a part.
--   unaccounted                      residents who are gone without emigration or death in the year, of all residents;
--   event_status_mismatch            events that contradict the population register, of all events;
--   unknown_address                  residents in no region, of all residents;
--   person_without_characteristics   residents without a row in the person register, of all residents.
with

counted as (
    select
        'unaccounted' as quality_check,
        outcome_year as calendar_year,
        immigrant_group as category,
        unaccounted_n as affected_n,
        residents_n as total_n,
    from {{ ref('unaccounted') }}
    union all
    select
        'event_status_mismatch' as quality_check,
        calendar_year,
        mismatch as category,
        mismatch_n as affected_n,
        total_n,
    from {{ ref('event_status_mismatch') }}
    union all
    select
        'unknown_address' as quality_check,
        reference_year as calendar_year,
        address_kind as category,
        residents_n as affected_n,
        all_residents_n as total_n,
    from {{ ref('unknown_address') }}
    union all
    select
        'person_without_characteristics' as quality_check,
        reference_year as calendar_year,
        'all' as category,
        without_characteristics_n as affected_n,
        residents_n as total_n,
    from {{ ref('person_without_characteristics') }}
),

shown as (
    select
        quality_check,
        calendar_year,
        category,
        {{ released_count('affected_n') }} as affected_n,
        {{ released_count('total_n') }} as total_n,
    from counted
),

final as (
    select
        *,
        {{ released_ratio('affected_n', 'total_n', per=100) }} as affected_percent,
        affected_n is null or total_n is null as is_suppressed,
    from shown
)

select * from final
order by quality_check, calendar_year, category
