-- Grain: person_id.
-- Population: everyone in the person register, resident or abroad, who was born in Norway (immigration categories A, C
-- and F), and immigrants who first came before age 7.
-- Purpose: the four groups that are compared, with the country of origin of the parents.
--
-- The country of the parents is the country background, where that is a foreign country; otherwise the country of birth
-- of a foreign-born mother, then father; for an immigrant at last the immigrant's own. NULL for the majority.
-- Choice: before age 7 (school age) counts in calendar years, as age does.
with

-- Read twice: by default the engine would write it down first, since it is asked for twice.
person as not materialized (
    select * from {{ ref('int_person__characteristics') }}
),

norwegian_born as (
    select * from {{ ref('norwegian_born_group') }}
),

country_group as (
    select * from {{ ref('country_group') }}
),

grouped as (
    select
        person.*,
        coalesce(
            norwegian_born.norwegian_born_group,
            case
                when person.is_immigrant and person.first_immigration_year - person.birth_year < 7
                    then 'childhood_immigrant'
            end
        ) as immigrant_group,
    from person
    left join norwegian_born on person.immigration_category = norwegian_born.immigration_category
),

foreign_country as (
    select country_code, origin_group
    from country_group
    where origin_group not in ('norway', 'unknown')
),

final as (
    select
        grouped.person_id,
        grouped.immigrant_group,
        grouped.sex,
        grouped.birth_year,
        grouped.birth_month_date,
        grouped.death_date,
        case
            when grouped.immigrant_group <> 'majority'
                then
                    coalesce(
                        background.country_code,
                        mother_country.country_code,
                        father_country.country_code,
                        own.country_code
                    )
        end as parents_country,
        case
            when grouped.immigrant_group <> 'majority'
                then
                    coalesce(
                        background.origin_group,
                        mother_country.origin_group,
                        father_country.origin_group,
                        own.origin_group,
                        'unknown'
                    )
        end as parents_origin_group,
    from grouped
    left join person as mother on grouped.mother_id = mother.person_id
    left join person as father on grouped.father_id = father.person_id
    left join foreign_country as background on grouped.country_background = background.country_code
    left join foreign_country as mother_country on mother.country_of_birth = mother_country.country_code
    left join foreign_country as father_country on father.country_of_birth = father_country.country_code
    left join foreign_country as own on grouped.country_of_birth = own.country_code
    where grouped.immigrant_group is not null
)

select * from final
