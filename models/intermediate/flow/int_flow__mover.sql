-- Grain: outcome_year, region_level, region_code, destination, dimension, category.
-- Population: residents at the start of the year who left their region: for abroad, or for another region of the level
-- (elsewhere); all is both. Everybody in the deliveries, natives among them.
-- Purpose: who they were: the counts of marts.mover_profile by year.
--
-- Regions and moves are those of person_year: counties of 2013, levels of centrality to 2017, classes from 2020. Years
-- whose outcomes are provisional are left out, as in migration_flow.
-- Education and income are those of people of 15 and over, others are under_15 (choice); income is that of the base
-- year beside the median (int_income__person_year). Each characteristic adds up to everybody. Where the register of one
-- was not delivered for the base year it has no rows, and quality.not_counted says so.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

mover as (
    select * from {{ from_year('person_year', 'base_year + 1') }}
    where
        not outcome_is_provisional
        and (
            outcome_municipality = 'emigration'
            or outcome_county = 'internal_outmigration'
            or outcome_centrality = 'internal_outmigration'
            or outcome_centrality_class = 'internal_outmigration'
        )
),

income as (
    select * from {{ from_year('int_income__person_year', 'income_year + 1') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year + 1') }}
),

described as (
    select
        mover.*,
        {{ age_group_of_all('mover.age') }} as age_group_of_all,
        case
            when mover.is_immigrant then mover.immigration_background
            when mover.is_descendant then 'descendant'
            else 'native'
        end as background,
        coalesce(mover.sex, 'missing') as known_sex,
        case
            when mover.education_group is null then null
            when mover.age < 15 then 'under_15'
            else mover.education_group
        end as education,
        case
            when not calendar.has_occupational_income then null
            when mover.age < 15 then 'under_15'
            else {{ income_group_of_resident() }}
        end as income_group,
        {{ family_size_group('mover.family_size') }} as size_group,
    from mover
    left join income
        on
            mover.person_id = income.person_id
            and mover.base_year = income.income_year
    left join calendar on mover.base_year = calendar.calendar_year
),

final as (
    select
        described.outcome_year,
        region.region_level,
        region.region_code,
        destination.destination,
        dimension.dimension,
        dimension.category,
        count(*) as persons_n,
    from
        described,
        lateral (
            values
            ('county', described.county_code, described.outcome_county),
            ('centrality', described.centrality_level::varchar, described.outcome_centrality),
            ('centrality_class', described.centrality_class::varchar, described.outcome_centrality_class)
        ) as region (region_level, region_code, outcome),
        lateral (
            values
            ('all'),
            (if(region.outcome = 'emigration', 'abroad', 'elsewhere'))
        ) as destination (destination),
        lateral (
            values
            ('none', 'all'),
            ('sex', described.known_sex),
            ('age_group', described.age_group_of_all),
            ('immigration_background', described.background),
            ('education_group', described.education),
            ('income_group', described.income_group),
            ('family_type', described.family_type),
            ('family_size', described.size_group)
        ) as dimension (dimension, category)
    where
        region.outcome in ('emigration', 'internal_outmigration')
        and region.region_code is not null
        and dimension.category is not null
    group by all
)

select * from final
