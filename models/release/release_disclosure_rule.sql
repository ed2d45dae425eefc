-- Grain: rule: the rules that the tables of this schema were made with (docs/disclosure.md).
with

final as (
    select *
    from (
        values
        (
            'threshold',
            {{ var('disclosure_threshold') }},
            'Counts below it are suppressed; a zero is shown like any other small count.'
        ),
        (
            'rounding_base',
            {{ var('disclosure_rounding_base') }},
            'Other counts are rounded to the nearest multiple of it from the threshold on; rates are of rounded counts.'
        ),
        (
            'protection',
            {{ var('disclosure_protection') }},
            'Values that every count, suppressed or shown, must be able to take; else more is withheld or rounded.'
        ),
        (
            'min_persons',
            {{ var('disclosure_min_persons') }},
            'Persons that an estimate must rest on, in its category and in the reference category; else it is withheld.'
        ),
        (
            'min_events',
            {{ var('disclosure_min_events') }},
            'Events, and persons without the event, that an estimate must rest on; else it is withheld.'
        ),
        (
            'estimate_decimals',
            {{ var('disclosure_estimate_decimals') }},
            'Decimals to which estimates and standard errors are rounded.'
        ),
        (
            'min_degrees_of_freedom',
            {{ var('disclosure_min_degrees_of_freedom') }},
            'Persons less coefficients that a model of a researcher''s own must have; else all of it is withheld.'
        )
    ) as rule (rule, value, description)
)

select * from final
order by rule
