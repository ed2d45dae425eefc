-- Grain: mart, outcome_year, dimension.
-- Purpose: years and characteristics that the marts of flows, children, movers and origin have no rows of because a
-- register or a column of it was not delivered, and which: what is not there is not zero. dimension none is the whole
-- year. Years are those with residents at their start.
--
-- Children need no family numbers: who is a descendant is in the person register.
with

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

outcome as (
    select * from {{ ref('int_outcome__calendar') }}
),

register_period as (
    select * from {{ ref('stg_deliveries__register_period') }}
),

person as (
    select count(*) filter (not list_contains(missing_columns, 'fodeland')) = 0 as is_without_country
    from register_period
    where register = 'person'
),

year as (
    select
        outcome.*,
        at_start.has_family_number,
        before.has_education,
        before.has_occupational_income,
        person.is_without_country,
        format('the population register of 1 January {}', outcome.outcome_year + 1) as next_january,
    from outcome
    inner join calendar as at_start on outcome.outcome_year = at_start.calendar_year
    inner join calendar as before on outcome.outcome_year - 1 = before.calendar_year
    cross join person
    where at_start.has_population
),

asked as (
    select
        year.outcome_year,
        part.*,
    from
        year,
        lateral (
            values
            ('migration_flow', 'none', year.has_next_january, year.next_january),
            ('migration_balance', 'none', year.has_next_january, year.next_january),
            ('mover_profile', 'none', year.has_next_january, year.next_january),
            (
                'mover_profile', 'education_group', year.has_education or not year.has_next_january,
                format('the register of education of {}', year.outcome_year - 1)
            ),
            (
                'mover_profile', 'income_group', year.has_occupational_income or not year.has_next_january,
                format('the register of income of {}', year.outcome_year - 1)
            ),
            (
                'mover_profile', 'family_type', year.has_family_number or not year.has_next_january,
                format('family numbers on 1 January {}', year.outcome_year)
            ),
            (
                'mover_profile', 'family_size', year.has_family_number or not year.has_next_january,
                format('family numbers on 1 January {}', year.outcome_year)
            ),
            (
                'child_emigration', 'none', year.has_next_january or year.has_events,
                format('{}, or the migrations of {}', year.next_january, year.outcome_year)
            ),
            (
                'emigration_by_origin', 'none', year.has_next_january or year.has_events,
                format('{}, or the migrations of {}', year.next_january, year.outcome_year)
            ),
            (
                'emigration_by_origin', 'country_of_birth',
                not year.is_without_country or not (year.has_next_january or year.has_events),
                'the country of birth in the person register'
            )
        ) as part (mart, dimension, is_counted, missing)
),

final as (
    select
        mart,
        outcome_year,
        dimension,
        concat('Not delivered: ', missing, '.') as reason,
    from asked
    where not is_counted
)

select * from final
order by mart, outcome_year, dimension
