-- How much of the difference between the emigration of a county and the country is who lives there?
-- depends_on: {{ ref('rate_decomposition_fit') }}
-- depends_on: {{ ref('municipality') }}
--
-- Population: residents aged 15-74 at the start of the outcome year.
-- Definition: composition by sex, age, background, residence and labour market status, by three methods; the interval
--   allows for the county being part of the country. No share is given where the difference may be none.
-- Grain: outcome_year, county_code, method.
-- Columns: outcome_year, county_code, county_name, method, emigration_rate, difference, composition, rate,
--   composition_share, composition_share_conf_low, composition_share_conf_high, sentence.
-- Read: the sentence. Methods that disagree say that the answer depends on the model.
with

fit as (
    select * from estimates.rate_decomposition_fit
    where
        comparison = 'region'
        and outcome = 'emigration'
        and not_decomposed_reason is null
),

county as (
    select distinct
        county_code,
        county_name,
    from marts.municipality
),

final as (
    select
        fit.outcome_year,
        fit.compared as county_code,
        county.county_name,
        fit.method,
        fit.compared_rate as emigration_rate,
        fit.difference,
        fit.composition,
        fit.rate,
        fit.composition_share,
        fit.composition_share_conf_low,
        fit.composition_share_conf_high,
        format(
            'Of 100 residents of {} {:.2f} left, {:.2f} {} than in the country; {}.',
            county.county_name,
            fit.compared_rate,
            abs(fit.difference),
            case when fit.difference < 0 then 'fewer' else 'more' end,
            case
                when fit.composition_share is null then 'that may be no difference'
                else
                    format(
                        '{:.0f} per cent of the difference ({:.0f} to {:.0f}) is who lives there',
                        fit.composition_share,
                        fit.composition_share_conf_low,
                        fit.composition_share_conf_high
                    )
            end
        ) as sentence,
    from fit
    inner join county on fit.compared = county.county_code
)

select * from final
order by outcome_year, county_code, method
