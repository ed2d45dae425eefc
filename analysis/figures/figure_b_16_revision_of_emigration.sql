-- Figure B.16: emigrations known so far and expected in the end, by the dates of registration.
-- depends_on: {{ ref('release_emigration_revision') }}
--
-- Grain: figure, knowledge, event_year.
with

emigration_revision as (
    select * from release.emigration_revision
),

final as (
    select
        'B.16' as figure,
        number.knowledge,
        yearly.event_year,
        number.emigrations_n,
    from
        emigration_revision as yearly,
        lateral (
            values
            ('known', yearly.emigrations_n),
            ('expected', yearly.expected_n)
        ) as number (knowledge, emigrations_n)
    where
        yearly.is_latest
        and yearly.basis = 'registration'
)

select * from final
order by knowledge, event_year
