-- Grain: overcoverage_group, run_start_year, base_year.
-- Purpose: what silence says. Of residents who were certainly here in run_start_year, and of whom nothing was heard
-- since: the probability that they have left without saying so by the end of base_year. A hidden Markov model of two
-- states, here and gone, over the years; a sign proves that a person is here (choice), so that everything before it is
-- forgotten, and only the silent years count.
--
-- In a year a person who is here leaves with leaving_probability, and otherwise shows a sign, after a year with one
-- with sign_after_sign_probability, after silence with sign_after_silence_probability. Who is gone comes back with
-- coming_back_probability, and shows a sign then. So in a silent year the odds of being gone become
-- (odds * (1 - coming back) + leaving) / ((1 - leaving) * (1 - sign)). A year of which a sign register is missing says
-- nothing: people leave and come back unseen.
-- Of whom nothing is known before, the first year with all sign registers has gone_at_first_probability and
-- sign_at_first_probability; run_start_year is the year before it.
{{ config(meta={'year': 'base_year'}) }}
with recursive

parameter as (
    select * from {{ ref('overcoverage_parameter') }}
),

calendar as (
    select
        calendar_year,
        has_all_sign_registers,
        min(calendar_year) filter (has_all_sign_registers) over () as first_year,
    from {{ ref('int_sign_of_life__calendar') }}
),

year_to_judge as (
    select * from calendar
    where calendar_year >= first_year
),

silence as (
    select
        parameter.overcoverage_group,
        year_to_judge.calendar_year as run_start_year,
        year_to_judge.calendar_year as base_year,
        0.0::double as odds,
        false as was_silent,
    from parameter
    cross join year_to_judge
    union all
    select
        parameter.overcoverage_group,
        year_to_judge.calendar_year - 1,
        year_to_judge.calendar_year,
        parameter.gone_at_first_probability
        / ((1 - parameter.gone_at_first_probability) * (1 - parameter.sign_at_first_probability)),
        true,
    from parameter
    inner join year_to_judge on year_to_judge.calendar_year = year_to_judge.first_year
    union all
    select
        silence.overcoverage_group,
        silence.run_start_year,
        year_to_judge.calendar_year,
        (silence.odds * (1 - parameter.coming_back_probability) + parameter.leaving_probability) / here.weight,
        silence.was_silent or year_to_judge.has_all_sign_registers,
    from silence
    inner join parameter on silence.overcoverage_group = parameter.overcoverage_group
    inner join year_to_judge on silence.base_year + 1 = year_to_judge.calendar_year,
        lateral (
            select
                case
                    when not year_to_judge.has_all_sign_registers
                        then 1 - parameter.leaving_probability + silence.odds * parameter.coming_back_probability
                    when silence.was_silent
                        then (1 - parameter.leaving_probability) * (1 - parameter.sign_after_silence_probability)
                    else (1 - parameter.leaving_probability) * (1 - parameter.sign_after_sign_probability)
                end as weight
        ) as here
),

final as (
    select
        overcoverage_group,
        run_start_year,
        base_year,
        odds / (1 + odds) as gone_probability,
    from silence
)

select * from final
