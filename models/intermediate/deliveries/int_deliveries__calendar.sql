-- Grain: calendar year from the first to the last period of any register.
-- Purpose: which registers were delivered for the year. What depends on a register that is missing is NULL,
-- never zero, and only this model knows the difference between "no row" and "not delivered". A column that a rule
-- cannot do without (personkode, wyrkinnt, til_land) counts as a register of its own.
{{ config(meta={'year': 'calendar_year'}) }}
with

delivered as (
    select * from {{ ref('stg_deliveries__register_period') }}
),

years as (
    select unnest(generate_series(min(period) - 1, max(period) + 1))::integer as calendar_year
    from delivered
),

final as (
    select
        years.calendar_year,
        coalesce(bool_or(delivered.register = 'befolkning'), false) as has_population,
        coalesce(
            bool_or(delivered.register = 'befolkning' and not list_contains(delivered.missing_columns, 'personkode')),
            false
        ) as has_family_role,
        coalesce(
            bool_or(
                delivered.register = 'befolkning'
                and not list_contains(delivered.missing_columns, 'famnr')
                and not list_contains(delivered.columns_made_unknown, 'famnr')
            ),
            false
        ) as has_family_number,
        coalesce(bool_or(delivered.register = 'flytting'), false) as has_migration,
        coalesce(bool_or(delivered.register = 'utdanning'), false) as has_education,
        coalesce(bool_or(delivered.register = 'utdanningsaktivitet'), false) as has_education_activity,
        coalesce(bool_or(delivered.register = 'sysselsetting'), false) as has_employment,
        coalesce(bool_or(delivered.register = 'arbeidssoker'), false) as has_jobseekers,
        coalesce(
            bool_or(delivered.register = 'inntekt' and not list_contains(delivered.missing_columns, 'wyrkinnt')), false
        ) as has_occupational_income,
        coalesce(
            bool_or(delivered.register = 'flytting' and not list_contains(delivered.missing_columns, 'til_land')), false
        ) as has_emigration_destination,
    from years
    left join delivered on years.calendar_year = delivered.period
    group by years.calendar_year
)

select * from final
