-- Grain: year, sex, age_group (five years, 90 and over together), county (of 2024), centrality_class: residents of a
-- delivery on 1 January. Every address is translated to the division of 2024; a code that lies in several counts in
-- the first of them, and an unknown address in none.
with

division as (
    select
        municipality_code,
        any_value(division_code order by division_code) as municipality_code_2024,
    from municipality_division
    group by municipality_code
),

final as (
    select
        befolkning.periode as year,
        if(person.kjoenn = 2, 'female', 'male') as sex,
        least((befolkning.periode - 1 - person.foedselsaar_mnd // 100) // 5 * 5, 90) as age_group,
        division.municipality_code_2024[:2] as county,
        centrality_class.centrality_class,
        count(*) as n,
    from befolkning
    inner join person on befolkning.personid = person.personid
    left join division on befolkning.kommnr = division.municipality_code
    left join centrality_class
        on division.municipality_code_2024 = centrality_class.municipality_code
    where befolkning.statuskode = 1
    group by all
)

select * from final
order by all
