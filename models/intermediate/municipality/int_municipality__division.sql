-- Grain: year, municipality_code, division, division_code.
-- Purpose: the one rule for where a code in force on 1 January of `year` lies in the division of 1 January of
-- `division`. Several rows where several codes are possible.
--
-- From KLASS's graph of changes: from the earlier of the two days each change is followed up to the later one. Where
-- `year` is the later day the same pairs are read the other way round: a municipality lies in all that became it.
-- A direct link replaces the chain where that would be wrong: Haram of 2019 is Haram of 2024, though in between it was
-- a part of Ålesund.
--
-- share: the part of the people of municipality_code who are in division_code, for aggregates only. 1 where the code
-- lies wholly in it; NULL where no share is known: of a merged municipality, and of Stokke, a part of which went to
-- Tønsberg in 2017. is_transfer: division_code has only a part whose borders moved.
-- The year 2001 has the codes that ended on 1 January 2002.
with recursive

municipality as (
    select * from {{ ref('municipality_code') }}
    where kind = 'ordinary'
),

reform as (
    select * from {{ ref('municipality_reform') }}
),

direct_link as (
    select * from {{ ref('municipality_direct_link') }}
),

period as (
    select
        calendar.year::integer as year,
        chosen.division::integer as division,
        make_date(least(calendar.year, chosen.division), 1, 1) as first_day,
        make_date(greatest(calendar.year, chosen.division), 1, 1) as last_day,
    from generate_series(2001, {{ var('last_year_of_municipality_codes') }}) as calendar (year)
    cross join unnest({{ var('municipality_divisions') }}) as chosen (division)
),

link as (
    select
        reform.old_code,
        reform.new_code,
        reform.changed_on,
        reform.share,
        reform.is_transfer,
        direct_link.changed_on as replaced_on,
    from reform
    left join direct_link on reform.old_code = direct_link.old_code
    union all
    select
        old_code,
        new_code,
        changed_on,
        1 as share,
        false as is_transfer,
        null as replaced_on,
    from direct_link
),

followed as (
    select
        day.first_day,
        day.last_day,
        municipality.municipality_code as first_code,
        municipality.municipality_code as code,
        day.first_day as since,
        1::double as share,
        false as is_transfer,
    from (select distinct first_day, last_day from period) as day
    inner join municipality
        on
            coalesce(day.first_day >= municipality.valid_from, true)
            and coalesce(day.first_day < municipality.valid_to, true)
    union all
    select
        followed.first_day,
        followed.last_day,
        followed.first_code,
        link.new_code,
        link.changed_on,
        followed.share * link.share,
        followed.is_transfer or link.is_transfer,
    from followed
    inner join link
        on
            followed.code = link.old_code
            and followed.since < link.changed_on
            and followed.last_day >= link.changed_on
            and coalesce(followed.last_day < link.replaced_on, true)
),

translated as (
    select
        followed.first_day,
        followed.last_day,
        followed.first_code,
        followed.code as last_code,
        case when count(followed.share) = count(*) then sum(followed.share) end as share,
        bool_and(followed.is_transfer) as is_transfer,
    from followed
    inner join municipality on followed.code = municipality.municipality_code
    where coalesce(municipality.valid_to > followed.last_day, true)
    group by all
),

final as (
    select
        period.year,
        translated.first_code as municipality_code,
        period.division,
        translated.last_code as division_code,
        translated.share,
        translated.is_transfer,
    from translated
    inner join period using (first_day, last_day)
    where period.year <= period.division
    union all
    select
        period.year,
        translated.last_code as municipality_code,
        period.division,
        translated.first_code as division_code,
        case when count(*) over later_code = 1 then 1 end as share,
        translated.is_transfer,
    from translated
    inner join period using (first_day, last_day)
    where period.year > period.division
    window later_code as (partition by period.year, period.division, translated.last_code)
)

select * from final
order by year, municipality_code, division, division_code
