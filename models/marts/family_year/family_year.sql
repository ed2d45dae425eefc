-- Grain: family_id, reference_year: families with a member resident on 1 January of reference_year (2.1.8).
with

family as (
    select * from {{ ref('int_family__composition') }}
),

final as (
    select
        family_id,
        reference_year,
        family_size,
        family_immigrants,
        family_non_immigrants,
        family_children,
        family_type,
    from family
)

select * from final
order by reference_year, family_id
