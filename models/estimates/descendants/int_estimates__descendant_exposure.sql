-- Grain: immigrant_group, dimension, category, age.
-- Population: residents of the four groups of descendant_emigration who never emigrated before, all years together.
-- Purpose: person-years at risk of a first emigration by age, with the emigrations and deaths among them.
-- descendant_incidence is estimated from these counts.
--
-- The age is that at the end of base_year, in completed years; an event happens before the next age. Persons enter at
-- the age at which the registers first show them, and are censored when the registers end or lose them. Ages over 74
-- are left out.
with

cell as (
    select * from {{ ref('int_descendant__cell') }}
    where
        is_at_risk_of_first_emigration
        and age between 0 and 74
),

final as (
    select
        cell.immigrant_group,
        dimension.dimension,
        dimension.category,
        cell.age,
        sum(cell.persons_n)::bigint as at_risk_n,
        coalesce(sum(cell.persons_n) filter (where cell.outcome = 'emigration'), 0)::bigint as emigration_n,
        coalesce(sum(cell.persons_n) filter (where cell.outcome = 'death'), 0)::bigint as death_n,
    from
        cell,
        lateral (
            values
            ('none', 'all'),
            ('sex', cell.sex),
            ('parents_origin_group', cell.parents_origin_group)
        ) as dimension (dimension, category)
    where dimension.category is not null
    group by all
)

select * from final
