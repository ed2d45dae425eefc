-- Grain: person_id, base_year: immigrants aged 15 and over of the base years asked for, by themselves or pooled.
-- Purpose: the persons of chapters 5.2-5.4 and 6 with the outcome that the regressions use.
--
-- The linear models take those of 15-74. Chapter 6 names no upper age, and prints more persons (545,966) than the
-- linear models (533,635) although the dead are not among them: the logits take everybody of 15 and over (choice; the
-- variable estimates_oldest_in_logits ends them earlier). Above 74 the status follows from the same facts as below.
--
-- estimates_administrative_emigrations says what becomes of administrative emigrations (2.1.5):
--   as_registered        emigrations like others, in the year of the register (the report);
--   without              outcome `administrative`, which no regression takes: the person-year leaves the sample;
--   last_sign_of_life    moved to the year after the last sign of life: the base year with the last sign gets the
--                        emigration, with the age and residence of that year, the silent years after it the outcome
--                        `already_gone`, which no regression takes. Without any sign of life: as registered (choice).
--                        An emigration that is registered after the last delivery cannot be moved.
--
-- Later years than those asked for do not matter; with last_sign_of_life they do.
{%- set asked = ['estimates_base_years', 'estimates_pooled_base_years'] %}
{%- set moves_back = var('estimates_administrative_emigrations') == 'last_sign_of_life' %}
with

immigrant_year as (
    select * from {{ from_year('person_year', 'base_year', until=none if moves_back else last_base_year(asked)) }}
    where is_immigrant
),

administrative as (
    select
        person_id,
        base_year as registered_base_year,
        last_sign_of_life_year,
    from immigrant_year
    where
        outcome_municipality = 'emigration'
        and emigration_basis = 'administrative'
),

asked as (
    select *
    from immigrant_year
    where
        age >= 15
        and {{ is_base_year(asked) }}
),

silent as (
    select
        asked.person_id,
        asked.base_year,
        max(administrative.last_sign_of_life_year) as last_sign_of_life_year,
    from asked
    inner join administrative
        on
            asked.person_id = administrative.person_id
            and asked.base_year
            between administrative.last_sign_of_life_year and administrative.registered_base_year
    group by
        asked.person_id,
        asked.base_year
),

treated as (
    select
        asked.* exclude (labour_status),
        {{ labour_status_by_precedence() }} as labour_status,
        case '{{ var("estimates_administrative_emigrations") }}'
            when 'without'
                then
                    case
                        when asked.outcome_municipality = 'emigration' and asked.emigration_basis = 'administrative'
                            then 'administrative'
                    end
            when 'last_sign_of_life'
                then
                    case
                        when silent.last_sign_of_life_year < asked.base_year then 'already_gone'
                        when silent.last_sign_of_life_year = asked.base_year then 'emigration'
                    end
        end as replaced_outcome,
    from asked
    left join silent
        on
            asked.person_id = silent.person_id
            and asked.base_year = silent.base_year
),

final as (
    select
        person_id,
        base_year,
        sex,
        age,
        age_group,
        residence_group,
        education_group,
        education_group_logit,
        labour_status,
        immigration_background,
        county_code,
        centrality_level,
        family_size,
        family_immigrants,
        case
            when family_size >= 5 then '5+'
            else cast(family_size as varchar)
        end as family_size_group,
        case
            when family_size >= 5 and family_type = 'immigrants_only' then '5+'
            when family_type = 'immigrants_only' then cast(family_size as varchar)
            when family_type is not null then 'mixed'
        end as immigrants_only_size,
        coalesce(replaced_outcome, outcome_centrality) as outcome_centrality,
        coalesce(replaced_outcome, outcome_county) as outcome_county,
        coalesce(
            sex is null
            or residence_group is null
            or education_group is null
            or labour_status is null
            or immigration_background is null,
            false
        ) as lacks_characteristic,
    from treated
)

select * from final
