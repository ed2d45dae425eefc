-- Figure B.15: emigrations by the days from the move to its registration.
-- depends_on: {{ ref('release_registration_lag') }}
--
-- Grain: figure, lag_group, event_year.
with

registration_lag as (
    select * from release.registration_lag
),

final as (
    select
        'B.15' as figure,
        lag_group,
        event_year,
        events_share,
    from registration_lag
    where
        event_type = 'emigration'
        and emigration_basis = 'all'
        and lag_group <> 'all'
)

select * from final
order by lag_group, event_year
