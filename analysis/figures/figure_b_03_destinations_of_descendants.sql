-- Figure B.3: where the emigrants of each group go, last year with known outcomes.
-- depends_on: {{ ref('release_descendant_emigration_rate') }}
--
-- Grain: figure, immigrant_group, destination. Nobody of the majority goes to the country of the parents: no row.
with

descendant_emigration_rate as (
    select * from release.descendant_emigration_rate
),

latest as (
    select *
    from descendant_emigration_rate
    where
        dimension = 'none'
        and not outcome_is_provisional
    qualify outcome_year = max(outcome_year) over ()
),

final as (
    select
        'B.3' as figure,
        latest.immigrant_group,
        destination.destination,
        latest.outcome_year,
        100.0 * destination.emigrants_n / latest.emigrants_n as share_percent,
    from
        latest,
        lateral (
            values
            ('parents_country', latest.emigrants_parents_country_n),
            ('nordic', latest.emigrants_nordic_n),
            ('western', latest.emigrants_western_n),
            ('other', latest.emigrants_other_n),
            ('unknown', latest.emigrants_unknown_n)
        ) as destination (destination, emigrants_n)
    where
        latest.immigrant_group <> 'majority'
        or destination.destination <> 'parents_country'
)

select * from final
order by immigrant_group, destination
