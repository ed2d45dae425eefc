-- quality.not_counted: of a year or characteristic that it names the mart has no rows; without countries of birth
-- nobody is in a country or a group of countries that is known.
with

counted as (
    select distinct
        'migration_flow' as mart,
        outcome_year,
        'none' as dimension,
    from {{ ref('migration_flow') }}
    union all
    select distinct
        'migration_balance' as mart,
        outcome_year,
        'none' as dimension,
    from {{ ref('migration_balance') }}
    union all
    select distinct
        'mover_profile' as mart,
        outcome_year,
        dimension,
    from {{ ref('mover_profile') }}
    union all
    select distinct
        'child_emigration' as mart,
        outcome_year,
        'none' as dimension,
    from {{ ref('child_emigration') }}
    union all
    select distinct
        'emigration_by_origin' as mart,
        outcome_year,
        if(country_of_birth in ('all', 'unknown'), 'none', 'country_of_birth') as dimension,
    from {{ ref('emigration_by_origin') }}
),

final as (
    select not_counted.*
    from {{ ref('not_counted') }} as not_counted
    inner join counted
        on
            not_counted.mart = counted.mart
            and not_counted.outcome_year = counted.outcome_year
            and not_counted.dimension = counted.dimension
)

select * from final
