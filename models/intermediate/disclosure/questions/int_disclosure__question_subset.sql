-- Grain: measure, relation_id, cell_id.
-- Purpose: which counts lie within which from table to table, and what of stays is not declared in released_tables: who
-- had left by some year of all that came, countries in their group of countries, residents of 18-66 of those of 15-74
-- and of everybody, descendants of everybody, stays behind stated numbers of all stays, immigrants among the movers of
-- a county.
--
-- A total and parts of it, not all of it; only descendants are all children of two immigrants. Where a later delivery
-- has fewer events of a year than an earlier one, nothing lies within anything.
with

-- Signs of life of the year after their base year are of the same residents as the outcomes of that year.
cell as (
    select * replace (coalesce(outcome_year, base_year + 1) as outcome_year)
    from {{ ref('int_disclosure__question_cell') }}
),

rate as (
    select * from {{ ref('int_disclosure__mobility_count') }}
),

mobility_count as (
    select * from rate
    where
        region_level = 'country'
        and population = 'age_15_74'
        and dimension = 'none'
),

-- Children have no education in the profile of movers.
immigrant_mover as (
    select
        outcome_year,
        region_code,
        dimension,
        category,
        cell_id,
        unnest(['abroad', 'elsewhere']) as destination,
        unnest(['emigrants_n', 'internal_outmigrants_county_n']) as measure,
        unnest([emigrants_n, internal_outmigrants_county_n]) as n,
    from rate
    where
        region_level = 'county'
        and immigration_background = 'all'
        and population = 'all'
        and (dimension in ('age_group', 'family_type') or (dimension = 'education_group' and category <> 'unknown'))
),

country as (
    select distinct
        comparison_country,
        origin_group,
    from {{ ref('country_group') }}
    where comparison_country is not null
),

of_persons as (
    select
        'persons' as name,
        whole.block_id,
        whole.measure,
        whole.cell_id as total_id,
        part.cell_id as part_id,
        part.years_since::varchar as parts,
        whole.n as total_n,
        part.n,
    from cell as whole
    inner join cell as part
        on
            whole.transition = part.transition
            and whole.cohort = part.cohort
            and whole.dimension = part.dimension
            and whole.category = part.category
    where
        whole.item = 'persons_n'
        and part.years_since > 0
),

-- Countries that are shown by themselves are part of their group of countries.
of_countries as (
    select
        'countries' as name,
        whole.block_id,
        whole.measure,
        whole.cell_id as total_id,
        part.cell_id as part_id,
        'countries' as parts,
        whole.n as total_n,
        part.n,
    from country
    inner join cell as whole
        on
            whole.dimension = 'origin_group'
            and country.origin_group = whole.category
    inner join cell as part
        on
            part.dimension = 'comparison_country'
            and country.comparison_country = part.category
            and whole.transition = part.transition
            and whole.cohort = part.cohort
            and whole.years_since = part.years_since
            and whole.item = part.item
),

across_tables as (
    select
        'groups' as name,
        whole.block_id,
        whole.measure,
        whole.cell_id as total_id,
        part.cell_id as part_id,
        whole.population as parts,
        whole.n as total_n,
        part.n,
    from cell as whole
    inner join cell as part
        on
            whole.outcome_year = part.outcome_year
            and whole.item = part.item
            and whole.population = case part.immigrant_group
                when 'descendant' then 'children_of_immigrants'
                when 'childhood_immigrant' then 'immigrants'
                else 'others'
            end
    where
        whole.table_name = 'emigration_by_region'
        and whole.region_level = 'country'
        and whole.immigration_background = 'all'
        and part.table_name = 'descendant_emigration_rate'
        and part.dimension = 'none'
    union all
    select
        'ages' as name,
        whole.block_id,
        whole.measure,
        whole.cell_id as total_id,
        part.cell_id as part_id,
        '18-66' as parts,
        whole.n as total_n,
        part.n,
    from cell as whole
    inner join cell as part
        on
            whole.outcome_year = part.outcome_year
            and whole.item = part.item
            and (
                (
                    whole.table_name = 'emigration_by_region'
                    and whole.population = 'all'
                    and whole.region_level = 'country'
                    and part.category = 'all'
                )
                or (
                    whole.table_name = 'emigration_rate_by_basis'
                    and whole.dimension = 'origin_group'
                    and whole.dimension = part.dimension
                    and whole.category = part.category
                )
            )
    where
        whole.item = 'residents_n'
        and part.table_name = 'presence_rate'
    union all
    select
        'ages_15_74' as name,
        part.block_id,
        part.measure,
        whole.cell_id as total_id,
        part.cell_id as part_id,
        '18-66' as parts,
        whole.residents_n as total_n,
        part.n,
    from mobility_count as whole
    inner join cell as part
        on
            whole.outcome_year = part.outcome_year
            and whole.immigration_background = if(part.category = 'immigrant', 'all', part.category)
    where
        part.table_name = 'presence_rate'
        and part.item = 'residents_n'
        and (part.category = 'immigrant' or part.dimension = 'immigration_background')
    union all
    select
        'stays' as name,
        whole.block_id,
        whole.measure,
        whole.cell_id as total_id,
        part.cell_id as part_id,
        part.statistic_id as parts,
        whole.n as total_n,
        part.n,
    from cell as whole
    inner join cell as part on whole.cell_id = part.stay_cell_id
    where
        part.item = 'persons_n'
        and whole.table_name = 'immigration_survival'
        and whole.cell_id <> part.cell_id
    union all by name
    select
        'movers' as name,
        whole.block_id,
        whole.measure,
        part.measure as part_measure,
        whole.cell_id as total_id,
        part.cell_id as part_id,
        'immigrants' as parts,
        whole.n as total_n,
        part.n,
    from cell as whole
    inner join immigrant_mover as part
        on
            whole.outcome_year = part.outcome_year
            and whole.region_code = part.region_code
            and whole.destination = part.destination
            and whole.dimension = part.dimension
            and whole.category = part.category
    where whole.table_name = 'mover_profile'
),

subset as (
    -- The same persons under two names are one member.
    select distinct *
    from (
        select * from of_persons
        union all by name
        select * from of_countries
        union all by name
        select * from across_tables
    ) as one
),

named as (
    select
        *,
        hash(name, measure, total_id, parts) as relation_id,
    from subset
    where total_id is not null
    qualify sum(n) over (partition by name, measure, total_id, parts) <= total_n
),

final as (
    select
        block_id,
        coalesce(part_measure, measure) as measure,
        relation_id,
        part_id as cell_id,
        false as is_total,
        name = 'groups' and parts = 'children_of_immigrants' as is_exhaustive,
    from named
    union all
    select distinct
        block_id,
        measure,
        relation_id,
        total_id as cell_id,
        true as is_total,
        name = 'groups' and parts = 'children_of_immigrants' as is_exhaustive,
    from named
)

select * from final
