-- Figure B.8: former residents living abroad on 1 January, by destination.
-- depends_on: {{ ref('release_former_resident') }}
--
-- Grain: figure, destination_group, reference_year.
with

former_resident as (
    select * from release.former_resident
),

final as (
    select
        'B.8' as figure,
        destination_group,
        reference_year,
        persons_n,
    from former_resident
    where
        immigrant_group = 'all'
        and years_since_leaving = 'all'
        and destination_group <> 'all'
)

select * from final
order by destination_group, reference_year
