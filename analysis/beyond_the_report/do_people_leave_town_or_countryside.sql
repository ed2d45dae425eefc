-- Emigration of immigrants by centrality class, and by town and countryside as Statistics Norway groups the classes.
-- depends_on: {{ ref('person_year') }}
-- depends_on: {{ ref('centrality') }}
--
-- Population: immigrants resident at the start of the year. All years by the list of 2024, carried back to older
--   municipalities; those that were split into municipalities of several classes are left out.
-- Definition: per 100 residents, all years without provisional outcomes pooled. Classes run from 1, most central, to 6;
--   the levels of the report run the other way, from 1, least central, to 4, and are not used here. urban is classes 1
--   to 4, rural 5 and 6. A row without class is all of urban or rural.
-- Grain: urban_rural, centrality_class.
-- Columns: urban_rural, centrality_class (of the list of 2024), label, residents_n (person-years), emigration_rate.
-- Read: of 100 immigrants who live in municipalities of this class, emigration_rate leave Norway in a year.
with

immigrant as (
    select * from marts.person_year
    where
        is_immigrant
        and outcome_municipality is not null
        and not outcome_is_provisional
),

class as (
    select
        centrality_code::integer as centrality_class,
        urban_rural,
        label_en,
    from code_lists.centrality
    where urban_rural is not null
),

final as (
    select
        class.urban_rural,
        class.centrality_class,
        case when class.centrality_class is not null then min(class.label_en) end as label,
        count(*) as residents_n,
        100.0 * count(*) filter (where immigrant.outcome_municipality = 'emigration') / count(*) as emigration_rate,
    from immigrant
    inner join class on immigrant.centrality_class_2024_back = class.centrality_class
    group by grouping sets ((class.urban_rural, class.centrality_class), (class.urban_rural))
)

select * from final
order by urban_rural desc, centrality_class nulls first
