-- Figure B.1: emigration of descendants of immigrants and the groups they are compared with.
-- depends_on: {{ ref('release_descendant_emigration_rate') }}
--
-- Grain: figure, immigrant_group, outcome_year.
with

descendant_emigration_rate as (
    select * from release.descendant_emigration_rate
),

final as (
    select
        'B.1' as figure,
        immigrant_group,
        outcome_year,
        emigration_rate,
    from descendant_emigration_rate
    where
        dimension = 'none'
        and not outcome_is_provisional
)

select * from final
order by immigrant_group, outcome_year
