-- Grain: person and period of the person register (as known at the end of period).
--
-- forstdato is YYYYMMDD with 00 for an unknown month or day; first_immigration_date is NULL then, the year stands, and
-- first_immigration_earliest_date is the first day of a month that is known.
with

source as (
    select * from {{ source('registers', 'person') }}
),

sex as (
    select * from {{ ref('sex') }}
),

category as (
    select * from {{ ref('immigration_category') }}
),

reason as (
    select * from {{ ref('reason_for_immigration') }}
),

country as (
    select * from {{ ref('country') }}
),

final as (
    select
        source.personid as person_id,
        source.periode as period,
        sex.sex,
        source.foedselsaar_mnd // 100 as birth_year,
        try_cast(try_strptime(source.foedselsaar_mnd::varchar, '%Y%m') as date) as birth_month_date,
        source.fodeland as country_of_birth,
        country.is_nordic as is_born_nordic,
        source.landbak3gen as country_background,
        source.invkat as immigration_category,
        category.is_immigrant,
        category.is_descendant,
        reason.immigration_background as reason_background,
        source.forstdato // 10000 as first_immigration_year,
        try_cast(try_strptime(source.forstdato::varchar, '%Y%m%d') as date) as first_immigration_date,
        coalesce(
            try_cast(try_strptime(source.forstdato::varchar, '%Y%m%d') as date),
            try_cast(try_strptime((source.forstdato // 100)::varchar, '%Y%m') as date)
        ) as first_immigration_earliest_date,
        source.doedsdato as death_date,
        source.mor_id as mother_id,
        source.far_id as father_id,
    from source
    left join sex on source.kjoenn = sex.sex_code
    left join category on source.invkat = category.immigration_category
    left join reason on source.inngrunn1 = reason.reason_code
    left join country on source.fodeland = country.country_code
)

select * from final
