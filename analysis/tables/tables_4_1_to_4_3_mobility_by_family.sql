-- Tables 4.1-4.3: emigration and internal out-migration in 2013 by size and type of family, ours beside the printed.
-- depends_on: {{ ref('release_mobility_rate') }}
-- depends_on: {{ ref('published_rates') }}
--
-- Shows: 4.1 all ages; 4.2 ages 20-35; 4.3 the mixed families of three or more of table 4.1 by who is in the majority.
-- Population: immigrants with a family number resident on 1 January 2013, whole country.
-- Definition: family of 1 January 2013, residents with the same number (2.1.8); per 100 residents in the same group
--   (2.1.4); internal moves are between counties.
-- Grain: table_id, immigration_background, family_size, family_type, outcome.
-- Columns: table_id, immigration_background, family_size (1, 2, 3+), family_type (all, immigrants_only, mixed; in 4.3
--   the three kinds of mixed), outcome (emigration, internal_outmigration), residents_n, movers_n, rate_percent,
--   published_rate_percent (as printed, one decimal), difference_points (ours minus printed, percentage points).
-- Read: a difference within 0.05 is the printed number. A person alone is never in a mixed family: those cells are
--   empty, as in print. In the printed 4.3 the rows refuge and family, and education and nordic, are probably
--   interchanged (our inference); they are kept as printed.
with

mobility_rate as (
    select * from release.mobility_rate
),

published_rates as (
    select * from published_report.published_rates
),

family as (
    select
        mobility_rate.population,
        mobility_rate.immigration_background,
        mobility_rate.category,
        outcome.outcome,
        mobility_rate.residents_n,
        outcome.movers_n,
        outcome.rate_percent,
    from
        mobility_rate,
        lateral (
            values
            ('emigration', mobility_rate.emigrants_n, mobility_rate.emigration_rate),
            (
                'internal_outmigration',
                mobility_rate.internal_outmigrants_county_n,
                mobility_rate.internal_outmigration_county_rate
            )
        ) as outcome (outcome, movers_n, rate_percent)
    where
        mobility_rate.region_level = 'country'
        and mobility_rate.dimension = 'family_size_type'
        and mobility_rate.outcome_year = 2013
        and not mobility_rate.outcome_is_provisional
),

final as (
    select
        published_rates.table_id,
        published_rates.immigration_background,
        published_rates.family_size,
        published_rates.family_type,
        published_rates.outcome,
        family.residents_n,
        family.movers_n,
        family.rate_percent,
        published_rates.rate_percent as published_rate_percent,
        family.rate_percent - published_rates.rate_percent as difference_points,
    from published_rates
    left join family
        on
            case published_rates.table_id when '4.2' then 'age_20_35' else 'all' end = family.population
            and published_rates.immigration_background = family.immigration_background
            and published_rates.family_size || '|' || published_rates.family_type = family.category
            and published_rates.outcome = family.outcome
)

select * from final
order by
    table_id,
    list_position(['work', 'refuge', 'family', 'education', 'nordic', 'unknown'], immigration_background),
    family_size,
    list_position(
        ['all', 'immigrants_only', 'mixed', 'mixed_immigrant_majority', 'mixed_equal', 'mixed_immigrant_minority'],
        family_type
    ),
    outcome
