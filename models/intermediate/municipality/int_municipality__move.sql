-- Grain: outcome_year, from_code, to_code: pairs of addresses of which at least one resident had both.
-- Purpose: whether the change of address is a move out of the municipality, the county, the centrality level, the
-- centrality class.
--
-- Both addresses are compared in one division, so that a merger, renumbering or split is never a move (2.1.4):
-- up to outcome year 2017 in the division of 2013, where a municipality merged later stands for all its
-- predecessors and a person who may have stayed is taken to have stayed, as who went with the part of Stokke that
-- joined Tønsberg in 2017; later the first address is translated
-- forward to the division of the second, and whoever is in one of the successors of a split stayed. Counties are
-- those of 2013 throughout (2.2), so that the move agrees with county_code and no series breaks with a county reform
-- (choice). A provisional year compares addresses of one division: nothing is translated.
-- An unknown address (0000, 9999) is never a move. Svalbard and the other territories are regions of their own
-- (choice): to leave for one is to leave the municipality, county and centrality level.
-- Centrality is defined up to the division of 2017: of later outcome years it is only known that whoever stayed in
-- the municipality stayed on its level; is_centrality_move is NULL for those who left it.
-- Centrality classes (the index of 2020 and 2024) are compared by one list, that of the division of the second address,
-- so that a municipality that changed class with the list moved nobody. Before the list of 2020 there is none:
-- is_centrality_class_move is NULL for those who left the municipality up to outcome year 2018.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

address as (
    select * from {{ from_year('int_outcome__status', 'base_year + 1') }}
),

region as (
    select * from {{ ref('int_municipality__region') }}
),

-- One for every code up to 2013, several for a municipality that was merged later: 0710 Sandefjord of 2017 stands for
-- three. Of Tønsberg, to which a part of Stokke went, only Tønsberg.
predecessor as (
    select distinct
        municipality_code,
        division_code as municipality_code_2013,
    from {{ ref('int_municipality__division') }}
    where
        division = 2013
        and year <= {{ var('last_outcome_year_in_division_2013') }} + 1
        and not is_transfer
),

municipality_2013 as (
    select * from {{ ref('municipality_2013') }}
),

change as (
    select * from {{ ref('municipality_reform') }}
),

-- Whoever leaves for Svalbard leaves every class.
class_of as (
    select
        centrality_class.municipality_code,
        centrality_class.centrality_class::varchar as centrality_class,
        centrality_class.valid_from,
        centrality_class.valid_to,
    from {{ ref('centrality_class') }} as centrality_class
    union all
    select
        municipality_code,
        kind as centrality_class,
        null as valid_from,
        null as valid_to,
    from region
    where kind <> 'ordinary'
),

pair as (
    select distinct
        outcome_year,
        outcome_is_provisional,
        municipality_code as from_code,
        next_municipality_code as to_code,
    from address
    where municipality_code <> next_municipality_code
),

is_unknown as (
    select municipality_code
    from region
    where kind = 'unknown'
),

-- A code outside the municipalities of 2013 and their kin (Svalbard) stands for itself.
place_2013 as (
    select
        region.municipality_code as code,
        coalesce(predecessor.municipality_code_2013, region.municipality_code) as municipality_code,
        coalesce(municipality_2013.county_code, left(region.municipality_code, 2)) as county_code,
        coalesce(municipality_2013.centrality_level::varchar, region.kind) as centrality_level,
    from region
    left join predecessor on region.municipality_code = predecessor.municipality_code
    left join municipality_2013
        on predecessor.municipality_code_2013 = municipality_2013.municipality_code
),

moved_in_division_2013 as (
    select
        pair.outcome_year,
        pair.from_code,
        pair.to_code,
        not bool_or(origin.municipality_code = destination.municipality_code or change.new_code is not null)
            as is_municipality_move,
        not bool_or(origin.county_code = destination.county_code) as is_county_move,
        not bool_or(origin.centrality_level = destination.centrality_level) as is_centrality_move,
        null::boolean as is_centrality_class_move,
    from pair
    inner join place_2013 as origin on pair.from_code = origin.code
    inner join place_2013 as destination on pair.to_code = destination.code
    left join change
        on
            pair.from_code = change.old_code
            and pair.to_code = change.new_code
            and pair.outcome_year + 1 = year(change.changed_on)
            and not pair.outcome_is_provisional
    where pair.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
    group by pair.outcome_year, pair.from_code, pair.to_code
),

-- The division of the second address is that of 1 January after the outcome year.
translated as (
    select
        pair.outcome_year,
        pair.from_code,
        pair.to_code,
        make_date(pair.outcome_year + (not pair.outcome_is_provisional)::integer, 1, 1) as division_date,
        coalesce(change.new_code, pair.from_code) as translated_code,
    from pair
    left join change
        on
            pair.from_code = change.old_code
            and pair.outcome_year + 1 = year(change.changed_on)
            and not pair.outcome_is_provisional
    where pair.outcome_year > {{ var('last_outcome_year_in_division_2013') }}
),

moved_in_later_division as (
    select
        translated.outcome_year,
        translated.from_code,
        translated.to_code,
        not bool_or(translated.translated_code = translated.to_code) as is_municipality_move,
        not bool_or(
            translated.translated_code = translated.to_code
            or coalesce(origin.county_code, left(translated.translated_code, 2))
            = coalesce(destination.county_code, left(translated.to_code, 2))
        ) as is_county_move,
        null::boolean as is_centrality_move,
        not bool_or(class_before.centrality_class = class_after.centrality_class) as is_centrality_class_move,
    from translated
    left join region as origin on translated.translated_code = origin.municipality_code
    left join region as destination on translated.to_code = destination.municipality_code
    left join class_of as class_before
        on
            translated.translated_code = class_before.municipality_code
            and coalesce(translated.division_date >= class_before.valid_from, true)
            and coalesce(translated.division_date < class_before.valid_to, true)
    left join class_of as class_after
        on
            translated.to_code = class_after.municipality_code
            and coalesce(translated.division_date >= class_after.valid_from, true)
            and coalesce(translated.division_date < class_after.valid_to, true)
    group by translated.outcome_year, translated.from_code, translated.to_code
),

moved as (
    select * from moved_in_division_2013
    union all
    select * from moved_in_later_division
),

final as (
    select
        outcome_year,
        from_code,
        to_code,
        is_municipality_move and not is_unknown_address as is_municipality_move,
        is_county_move and not is_unknown_address as is_county_move,
        is_municipality_move and is_centrality_move and not is_unknown_address as is_centrality_move,
        is_municipality_move and is_centrality_class_move and not is_unknown_address as is_centrality_class_move,
    from (
        select
            *,
            from_code in (select municipality_code from is_unknown)
            or to_code in (select municipality_code from is_unknown) as is_unknown_address,
        from moved
    ) as judged
)

select * from final
order by outcome_year, from_code, to_code
