-- Grain: base_year, sample, reason.
-- Purpose: how many immigrants of its ages enter each sample of the regressions (15 and over in the logits, 15-74 in
-- the linear models), and why the others do not: nobody is left out without being counted. The first reason that
-- applies is given.
--
-- Samples: trinomial_logit (chapter 6); main, family_size, family_composition, county_background (5.2-5.4).
with

sample as (
    select * from {{ ref('int_estimates__sample') }}
),

samples as (
    select *
    from (
        values
        ('trinomial_logit', 'centrality', false, 1, {{ var('estimates_oldest_in_logits') or 'null' }}),
        ('main', 'centrality', {{ var('estimates_deaths_in_linear_probability') | lower }}, 0, 74),
        ('family_size', 'centrality', {{ var('estimates_deaths_in_linear_probability') | lower }}, 1, 74),
        ('family_composition', 'centrality', {{ var('estimates_deaths_in_linear_probability') | lower }}, 2, 74),
        ('county_background', 'county', {{ var('estimates_deaths_in_linear_probability') | lower }}, 0, 74)
    ) as samples (sample, region, keeps_deaths, smallest_family, oldest)
),

described as (
    select
        sample.base_year,
        samples.sample,
        samples.keeps_deaths,
        samples.smallest_family,
        sample.family_size,
        sample.lacks_characteristic,
        sample.county_code is null
        or (samples.region = 'centrality' and sample.centrality_level is null) as lacks_region,
        case samples.region when 'centrality' then sample.outcome_centrality else sample.outcome_county end as outcome,
    from sample
    inner join samples on sample.age <= coalesce(samples.oldest, sample.age)
),

reasoned as (
    select
        base_year,
        sample,
        case
            when lacks_region then 'unknown_region'
            when outcome is null then 'no_outcome'
            when outcome = 'administrative' then 'administrative_emigration'
            when outcome = 'already_gone' then 'already_gone'
            when outcome = 'death' and not keeps_deaths then 'death'
            when outcome = 'unaccounted' and not keeps_deaths then 'unaccounted'
            when lacks_characteristic then 'unknown_characteristic'
            when smallest_family > 0 and family_size is null then 'unknown_family'
            when family_size < smallest_family then 'family_of_one'
            else 'in_sample'
        end as reason,
    from described
),

final as (
    select
        base_year,
        sample,
        reason,
        count(*) as persons_n,
    from reasoned
    group by
        base_year,
        sample,
        reason
)

select * from final
order by base_year, sample, reason
