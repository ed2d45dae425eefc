-- Grain: language (en, nb). No rows without a delivery.
-- Purpose: how a number of this database is cited: the program that accepted the deliveries, which these are, whether
--   they are simulated, whom the numbers are about, and where their definitions come from.
-- Caveat: no time of the build: the same deliveries give the same bytes. What was received last says how new it all is.
with

files as (
    select * from {{ ref('release_delivery') }}
),

delivery as (
    select
        delivery_id,
        min(received_at) as received_at,
        bool_or(is_simulated) as is_simulated,
    from files
    group by all
),

versions as (
    select string_agg(distinct program_version, ', ' order by program_version) as program_version
    from files
),

deliveries as (
    select
        -- Of many the first and the last.
        if(
            count(*) <= 3,
            string_agg(delivery_id, ', ' order by received_at, delivery_id),
            first(delivery_id order by received_at, delivery_id)
            || ' – ' || last(delivery_id order by received_at, delivery_id)
        ) as deliveries,
        max(received_at) as received_at,
        bool_or(is_simulated) as is_simulated,
    from delivery
    having count(*) > 0
),

words as (
    select *
    from (
        values
        (
            'en',
            'Residents of the delivered population registers; immigrants, where a table does not say otherwise',
            'Statistics Norway, Rapporter 2016/27',
            ', deliveries ',
            ', after disclosure control; definitions: ',
            ' Simulated data.'
        ),
        (
            'nb',
            'Bosatte i de leverte befolkningsregistrene; innvandrere der en tabell ikke sier noe annet',
            'Statistisk sentralbyrå, Rapporter 2016/27',
            ', leveranser ',
            ', etter avsløringskontroll; definisjoner: ',
            ' Simulerte data.'
        )
    ) as words (language, population, definitions, of_deliveries, of_definitions, simulated)
),

final as (
    select
        words.language,
        versions.program_version,
        deliveries.deliveries,
        deliveries.received_at,
        deliveries.is_simulated,
        words.population,
        words.definitions,
        concat(
            'utvandring ', versions.program_version, words.of_deliveries, deliveries.deliveries, words.of_definitions,
            words.definitions, '.', if(deliveries.is_simulated, words.simulated, '')
        ) as cite_as,
    from words
    cross join versions
    cross join deliveries
)

select * from final
order by language
