-- Former residents of Norway living abroad on the last 1 January, by destination and years since leaving.
-- depends_on: {{ ref('former_resident') }}
--
-- Population: persons who emigrated and are not known to be dead or back. Deaths abroad are known in part only.
-- Definition: stock on the last 1 January delivered.
-- Grain: immigrant_group, destination_group, years_since.
-- Columns: immigrant_group, destination_group, years_since (0-1, 2-4, 5-9, 10+), persons_n.
-- Read: persons_n of the group left for this destination so many years ago and are, as far as is known, still abroad.
with

former as (
    select * from marts.former_resident
    qualify reference_year = max(reference_year) over ()
),

final as (
    select
        immigrant_group,
        destination_group,
        case
            when years_since_leaving <= 1 then '0-1'
            when years_since_leaving <= 4 then '2-4'
            when years_since_leaving <= 9 then '5-9'
            else '10+'
        end as years_since,
        sum(persons_n)::bigint as persons_n,
    from former
    group by all
)

select * from final
order by immigrant_group, destination_group, years_since
