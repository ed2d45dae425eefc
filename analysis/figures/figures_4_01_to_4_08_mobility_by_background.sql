-- Figures 4.1-4.8: emigration and internal out-migration of immigrants by background, 2004-2013.
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Shows: 4.1 emigration and 4.2 internal out-migration of the six backgrounds together; 4.3-4.8 both rates of one
--   background at a time.
-- Population: immigrants of all ages resident at the start of the outcome year, whole country (4.1).
-- Definition: per 100 residents at the start of the year (2.1.4); internal moves are between centrality levels (2.2).
-- Grain: figure, immigration_background, outcome, outcome_year.
-- Columns: figure, immigration_background, outcome (emigration, internal_outmigration), outcome_year, residents_n,
--   movers_n, rate_percent.
-- Read: of 100 immigrants of this background resident on 1 January, rate_percent had the outcome during the year.
with

mobility_rate as (
    select * from release.mobility_rate
),

-- An empty background or outcome takes all of them.
figure as (
    select *
    from (
        values
        ('4.1', null, 'emigration'),
        ('4.2', null, 'internal_outmigration'),
        ('4.3', 'work', null),
        ('4.4', 'refuge', null),
        ('4.5', 'family', null),
        ('4.6', 'education', null),
        ('4.7', 'nordic', null),
        ('4.8', 'unknown', null)
    ) as figure (figure, immigration_background, outcome)
),

yearly as (
    select
        mobility_rate.immigration_background,
        outcome.outcome,
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
        mobility_rate.region_level = 'country'
        and mobility_rate.population = 'all'
        and mobility_rate.dimension = 'none'
        and mobility_rate.immigration_background <> 'all'
        and mobility_rate.outcome_year between 2004 and 2013
        and not mobility_rate.outcome_is_provisional
),

final as (
    select
        figure.figure,
        yearly.immigration_background,
        yearly.outcome,
        yearly.outcome_year,
        yearly.residents_n,
        yearly.movers_n,
        yearly.rate_percent,
    from figure
    inner join yearly
        on
            coalesce(figure.immigration_background, yearly.immigration_background) = yearly.immigration_background
            and coalesce(figure.outcome, yearly.outcome) = yearly.outcome
)

select * from final
order by
    figure,
    list_position(['work', 'refuge', 'family', 'education', 'nordic', 'unknown'], immigration_background),
    outcome,
    outcome_year
