-- Figures 5.1-5.12: emigration and internal out-migration by centrality level, 2004-2013.
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Shows: one background and one rate a figure, as the captions have it: emigration, then internal out-migration, of
--   work, refuge, family, education, nordic and unknown.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year; unknown addresses and
--   Svalbard have no centrality level and are left out.
-- Definition: level of the municipality at the start of the year, 1 least to 4 most central (2.2, Vedlegg A); per 100
--   residents of the level (2.1.4); internal moves are to another centrality level.
-- Grain: figure, centrality_level, outcome_year.
-- Columns: figure, immigration_background, outcome (emigration, internal_outmigration), centrality_level, outcome_year,
--   residents_n, movers_n, rate_percent.
-- Read: of 100 persons with this background living on this level on 1 January, rate_percent left it in this way.
with

mobility_rate as (
    select * from release.mobility_rate
),

figure as (
    select *
    from (
        values
        ('5.1', 'work', 'emigration'),
        ('5.2', 'work', 'internal_outmigration'),
        ('5.3', 'refuge', 'emigration'),
        ('5.4', 'refuge', 'internal_outmigration'),
        ('5.5', 'family', 'emigration'),
        ('5.6', 'family', 'internal_outmigration'),
        ('5.7', 'education', 'emigration'),
        ('5.8', 'education', 'internal_outmigration'),
        ('5.9', 'nordic', 'emigration'),
        ('5.10', 'nordic', 'internal_outmigration'),
        ('5.11', 'unknown', 'emigration'),
        ('5.12', 'unknown', 'internal_outmigration')
    ) as figure (figure, immigration_background, outcome)
),

yearly as (
    select
        mobility_rate.immigration_background,
        outcome.outcome,
        mobility_rate.region_code::integer as centrality_level,
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
                mobility_rate.internal_outmigrants_centrality_n,
                mobility_rate.internal_outmigration_centrality_rate
            )
        ) as outcome (outcome, movers_n, rate_percent)
    where
        mobility_rate.region_level = 'centrality'
        and mobility_rate.population = 'all'
        and mobility_rate.dimension = 'none'
        and mobility_rate.outcome_year between 2004 and 2013
        and not mobility_rate.outcome_is_provisional
),

final as (
    select
        figure.figure,
        yearly.immigration_background,
        yearly.outcome,
        yearly.centrality_level,
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
    centrality_level,
    outcome_year
