-- Figure B.2: share of descendants and others that has emigrated for the first time before an age.
-- depends_on: {{ ref('release_descendant_incidence') }}
--
-- Grain: figure, immigrant_group, age.
with

descendant_incidence as (
    select * from release.descendant_incidence
),

-- The share at the end of a year of age is the share before the next birthday.
final as (
    select
        'B.2' as figure,
        immigrant_group,
        age + 1 as age,
        100 * estimate as emigrated_percent,
        100 * std_error as std_error,
    from descendant_incidence
    where
        dimension = 'none'
        and event = 'emigration'
)

select * from final
order by immigrant_group, age
