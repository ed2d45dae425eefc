-- Figures 4.21-4.32: emigration and internal out-migration by education, 2004-2013.
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Shows: one background and one rate a figure, as the captions have it: emigration, then internal out-migration, of
--   work, refuge, family, education, nordic and unknown.
-- Population: immigrants aged 15-74 resident at the start of the outcome year, whole country; no rows where the
--   education register of the year before is missing.
-- Definition: highest education on 1 October of the year before (2.1.7); per 100 residents at the start of the year in
--   the same group (2.1.4); internal moves are between counties.
-- Grain: figure, education_group, outcome_year.
-- Columns: figure, immigration_background, outcome (emigration, internal_outmigration), education_group, outcome_year,
--   residents_n, movers_n, rate_percent.
-- Read: of 100 persons with this background and education, rate_percent had the outcome during the year.
with

mobility_rate as (
    select * from release.mobility_rate
),

figure as (
    select *
    from (
        values
        ('4.21', 'work', 'emigration'),
        ('4.22', 'work', 'internal_outmigration'),
        ('4.23', 'refuge', 'emigration'),
        ('4.24', 'refuge', 'internal_outmigration'),
        ('4.25', 'family', 'emigration'),
        ('4.26', 'family', 'internal_outmigration'),
        ('4.27', 'education', 'emigration'),
        ('4.28', 'education', 'internal_outmigration'),
        ('4.29', 'nordic', 'emigration'),
        ('4.30', 'nordic', 'internal_outmigration'),
        ('4.31', 'unknown', 'emigration'),
        ('4.32', 'unknown', 'internal_outmigration')
    ) as figure (figure, immigration_background, outcome)
),

yearly as (
    select
        mobility_rate.immigration_background,
        outcome.outcome,
        mobility_rate.category as education_group,
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
        and mobility_rate.dimension = 'education_group'
        and mobility_rate.outcome_year between 2004 and 2013
        and not mobility_rate.outcome_is_provisional
),

final as (
    select
        figure.figure,
        yearly.immigration_background,
        yearly.outcome,
        yearly.education_group,
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
    list_position(['compulsory', 'upper_secondary', 'tertiary_short', 'tertiary_long', 'unknown'], education_group),
    outcome_year
