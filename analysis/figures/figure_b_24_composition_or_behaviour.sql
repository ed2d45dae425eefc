-- Figure B.24: the difference between the emigration rate of a county and the country, in composition and rate.
-- depends_on: {{ ref('release_rate_decomposition_fit') }}
--
-- Grain: figure, component, county_code, outcome_year.
with

fit as (
    select * from release.rate_decomposition_fit
    where
        comparison = 'region'
        and outcome = 'emigration'
        and method = 'kitagawa'
),

final as (
    select
        'B.24' as figure,
        part.component,
        fit.compared as county_code,
        fit.outcome_year,
        part.points,
    from
        fit,
        lateral (
            values
            ('composition', fit.composition),
            ('rate', fit.rate)
        ) as part (component, points)
    qualify fit.outcome_year = max(fit.outcome_year) over ()
)

select * from final
order by figure, component, county_code, outcome_year
