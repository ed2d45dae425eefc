-- Figures 4.9-4.20: emigration and internal out-migration by labour market status, 2004-2013.
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Shows: one background and one rate a figure, as the captions have it: emigration, then internal out-migration, of
--   work, refuge, family, education, nordic and unknown.
-- Population: immigrants aged 15-74 with a known status, resident at the start of the outcome year, whole country.
-- Definition: status of the year before (2.1.6); per 100 residents at the start of the year in the same group (2.1.4);
--   internal moves are between counties.
-- Grain: figure, labour_status, outcome_year.
-- Columns: figure, immigration_background, outcome (emigration, internal_outmigration), labour_status, outcome_year,
--   residents_n, movers_n, rate_percent.
-- Read: of 100 persons with this background and status in the year before, rate_percent had the outcome in the year.
with

mobility_rate as (
    select * from release.mobility_rate
),

figure as (
    select *
    from (
        values
        ('4.9', 'work', 'emigration'),
        ('4.10', 'work', 'internal_outmigration'),
        ('4.11', 'refuge', 'emigration'),
        ('4.12', 'refuge', 'internal_outmigration'),
        ('4.13', 'family', 'emigration'),
        ('4.14', 'family', 'internal_outmigration'),
        ('4.15', 'education', 'emigration'),
        ('4.16', 'education', 'internal_outmigration'),
        ('4.17', 'nordic', 'emigration'),
        ('4.18', 'nordic', 'internal_outmigration'),
        ('4.19', 'unknown', 'emigration'),
        ('4.20', 'unknown', 'internal_outmigration')
    ) as figure (figure, immigration_background, outcome)
),

yearly as (
    select
        mobility_rate.immigration_background,
        outcome.outcome,
        mobility_rate.category as labour_status,
        mobility_rate.outcome_year,
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
        and mobility_rate.population = 'age_15_74'
        and mobility_rate.dimension = 'labour_status'
        and mobility_rate.outcome_year between 2004 and 2013
        and not mobility_rate.outcome_is_provisional
),

final as (
    select
        figure.figure,
        yearly.immigration_background,
        yearly.outcome,
        yearly.labour_status,
        yearly.outcome_year,
        yearly.residents_n,
        yearly.movers_n,
        yearly.rate_percent,
    from figure
    inner join yearly
        on
            figure.immigration_background = yearly.immigration_background
            and figure.outcome = yearly.outcome
)

select * from final
order by
    split_part(figure, '.', 2)::integer,
    list_position(
        ['employed', 'employed_in_education', 'in_education', 'unemployed', 'outside_labour_force'], labour_status
    ),
    outcome_year
