-- Grain: population, dimension, category.
-- Purpose: which persons a category of a population holds, by definition (persons): the single ages, families and
-- origins that there are in it. Categories with the same persons are one cell of disclosure control, whatever they are
-- called: ages 25-35 of 20-35 and of 15-74, a mixed family of two and one that is half immigrants, Nordic origin and
-- Nordic background.
--
-- Every age, family and origin that there can be is put through the rules that the marts are made by. What is not known
-- from these (sex, education) tells persons apart by its name.
with

mobility_rate as (
    select * from {{ ref('mobility_rate') }}
),

country as (
    select
        country.country_code,
        country.is_nordic,
        country_group.origin_group,
    from {{ ref('country') }} as country
    left join {{ ref('country_group') }} as country_group on country.country_code = country_group.country_code
),

reason as (
    select immigration_background as background
    from {{ ref('reason_for_immigration') }}
    union
    select 'unknown' as background
),

age as (
    select unnest(range(0, 131)) as age
),

-- Of three and more all compositions occur up to six.
family as (
    select
        family_size,
        unnest(range(1, family_size + 1)) as family_immigrants,
    from (select unnest(range(1, 7)) as family_size) as size
),

population as (
    select
        population.population,
        list(age.age order by age.age) as ages,
    from
        age,
        lateral (
            values
            ('all', true),
            ('age_15_74', {{ is_age_15_74('age.age') }}),
            ('age_20_35', {{ is_age_20_35('age.age') }})
        ) as population (population, is_member)
    where population.is_member
    group by population.population
),

of_age as (
    select
        'age_group' as dimension,
        {{ age_group('age') }} as category,
        list(age order by age) as ages,
    from age
    group by all
),

of_family as (
    select
        dimension.dimension,
        dimension.category,
        list((family.family_size, family.family_immigrants) order by family.family_size, family.family_immigrants)
            as families,
    from
        family,
        lateral (
            values
            {{ categories_of_family(
                family_size_group('family.family_size'), family_type('family.family_size', 'family.family_immigrants')
            ) }}
        ) as dimension (dimension, category)
    group by all
),

of_origin as (
    select
        dimension.dimension,
        dimension.category,
        list(country.country_code || reason.background order by country.country_code, reason.background) as origins,
    from
        country,
        reason,
        lateral (
            values
            ('origin_group', country.origin_group),
            ('immigration_background', case when country.is_nordic then 'nordic' else reason.background end)
        ) as dimension (dimension, category)
    group by all
),

by_definition as (
    select * from of_age
    union all by name
    select * from of_family
    union all by name
    select * from of_origin
),

by_name as (
    select distinct
        dimension,
        category,
        case when dimension <> 'none' then dimension || '/' || category end as name,
    from mobility_rate
    where dimension not in (select dimension from by_definition)
),

category as (
    select * from by_definition
    where category is not null
    union all by name
    select
        by_name.*,
        case when by_name.dimension = 'labour_status' then population.ages end as ages,
    from by_name
    cross join population
    where population.population = 'age_15_74'
),

held as (
    select
        population.population,
        category.*,
        list_sort(list_intersect(population.ages, coalesce(category.ages, population.ages))) as ages_held,
    from population
    cross join category
),

final as (
    select
        population,
        dimension,
        category,
        concat_ws(
            ' ',
            case when len(ages_held) < (select count(*) from age) then ages_held::varchar end,
            families::varchar,
            origins::varchar,
            name
        ) as persons,
    from held
    where len(ages_held) > 0
)

select * from final
