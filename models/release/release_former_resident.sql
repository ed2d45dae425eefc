-- Grain: reference_year, immigrant_group, destination_group, years_since_leaving.
-- Purpose: marts.former_resident as it may leave the secure zone: by destination and four groups of years since
-- leaving, with totals, small counts suppressed and others rounded (docs/disclosure.md). Deaths abroad are known in
-- part only.
with

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'former_resident'
),

final as (
    select
        reference_year,
        immigrant_group,
        destination_group,
        years_since_leaving,
        shown_n as persons_n,
        shown_n is null as is_suppressed,
    from shown
)

select * from final
order by reference_year, immigrant_group, destination_group, years_since_leaving
