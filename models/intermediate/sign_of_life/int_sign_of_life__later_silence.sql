-- Grain: overcoverage_group, base_year, last_silent_year, ends_with_sign.
-- Purpose: what later years say of a resident who was silent in base_year and stayed silent up to last_silent_year,
-- after which a sign came or the history ended: gone_factor is how much more probable that is of who was gone at the
-- end of base_year than of who was here. The odds of being gone by signs up to base_year (int_sign_of_life__silence),
-- times gone_factor, are the odds by all signs. The backward pass of the hidden Markov model that is explained there.
with recursive

parameter as (
    select * from {{ ref('overcoverage_parameter') }}
),

calendar as (
    select * from {{ ref('int_sign_of_life__calendar') }}
),

later_silence as (
    select
        parameter.overcoverage_group,
        calendar.calendar_year as base_year,
        calendar.calendar_year as last_silent_year,
        ending.ends_with_sign,
        case
            when ending.ends_with_sign
                then
                    parameter.coming_back_probability
                    / ((1 - parameter.leaving_probability) * parameter.sign_after_silence_probability)
            else 1
        end as gone_factor,
    from parameter
    cross join calendar
    cross join (values (true), (false)) as ending (ends_with_sign)
    union all
    select
        later_silence.overcoverage_group,
        later_silence.base_year - 1,
        later_silence.last_silent_year,
        later_silence.ends_with_sign,
        case
            when year_after.has_all_sign_registers
                then
                    (1 - parameter.coming_back_probability) * later_silence.gone_factor
                    / (
                        (1 - parameter.leaving_probability) * (1 - parameter.sign_after_silence_probability)
                        + parameter.leaving_probability * later_silence.gone_factor
                    )
            else
                (
                    (1 - parameter.coming_back_probability) * later_silence.gone_factor
                    + parameter.coming_back_probability
                )
                / (1 - parameter.leaving_probability + parameter.leaving_probability * later_silence.gone_factor)
        end,
    from later_silence
    inner join parameter on later_silence.overcoverage_group = parameter.overcoverage_group
    inner join calendar as year_after on later_silence.base_year = year_after.calendar_year
    inner join calendar on later_silence.base_year - 1 = calendar.calendar_year
)

select * from later_silence
