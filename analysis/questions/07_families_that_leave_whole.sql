-- Do families leave together? Families of two or more on 1 January with an emigrant in the year: how many left whole.
with

family as (
    select
        outcome_year,
        family_id,
        max(family_type) as family_type,
        count(*) as members_n,
        count(*) filter (where outcome_municipality = 'emigration') as emigrants_n,
    from marts.person_year
    where
        family_size >= 2
        and outcome_municipality is not null
    group by
        outcome_year,
        family_id
)

select
    family_type,
    count(*) as families_with_an_emigrant_n,
    count(*) filter (where emigrants_n = members_n) as left_whole_n,
    round(100.0 * count(*) filter (where emigrants_n = members_n) / count(*), 1) as left_whole_percent,
from family
where emigrants_n > 0
group by family_type
order by family_type
