-- Between which centrality levels do immigrants move? Level before and after a registered move within Norway, to 2013.
with

-- The codes of every year with the code of 2013, that of 2013 itself included.
code as (
    select
        old_code as municipality_code,
        any_value(municipality_code_2013) as municipality_code_2013,
    from marts.municipality_change
    group by old_code
    having count(distinct municipality_code_2013) = 1
    union
    select
        municipality_code,
        municipality_code as municipality_code_2013,
    from marts.municipality
),

level as (
    select
        code.municipality_code,
        municipality.centrality_level,
    from code
    inner join marts.municipality as municipality on code.municipality_code_2013 = municipality.municipality_code
)

select
    origin.centrality_level as from_level,
    destination.centrality_level as to_level,
    count(*) as moves_n,
    count(distinct move.person_id) as movers_n,
from marts.migration_event as move
inner join level as origin on move.from_municipality_code = origin.municipality_code
inner join level as destination on move.to_municipality_code = destination.municipality_code
where
    move.event_type = 'internal'
    and year(move.event_date) <= 2013
group by all
order by all
