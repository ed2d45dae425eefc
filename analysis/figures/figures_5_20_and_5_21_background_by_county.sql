-- Figures 5.20 and 5.21: the background coefficients of tables 5.13-5.31 and their t values, county by county.
-- depends_on: {{ ref('release_linear_probability') }}
--
-- Shows: 5.20 the estimated differences in probability, 5.21 their t values, ours and the printed: these are the two
--   figures of the report whose every number is printed.
-- Population: immigrants aged 15-74 with characteristics of 2012, resident in the county on 1 January 2013.
-- Definition: linear probability models of staying, moving to another county and emigrating in 2013, one a county;
--   reference: unknown background; controlled for sex, age, education, residence and labour market status (5.4.1).
-- Grain: figure, outcome, county_code, immigration_background.
-- Columns: figure, outcome (stay, internal_outmigration, emigration), county_code, immigration_background, value,
--   published_value, withheld_reason (why there is no value of ours).
-- Read: in 5.20 a value of 0.01 means one person more per hundred than of those with unknown background.
with

linear_probability as (
    select * from release.linear_probability
    where
        base_year = 2012
        and spec = 'county_background'
        and term in ('work', 'refuge', 'family', 'education', 'nordic')
),

final as (
    select
        shown.figure,
        linear_probability.outcome,
        linear_probability.scope_code as county_code,
        linear_probability.term as immigration_background,
        shown.value,
        shown.published_value,
        linear_probability.withheld_reason,
    from
        linear_probability,
        lateral (
            values
            ('5.20', linear_probability.estimate, linear_probability.published_estimate),
            ('5.21', linear_probability.statistic, linear_probability.published_t_value)
        ) as shown (figure, value, published_value)
)

select * from final
order by figure, outcome, county_code, immigration_background
