-- Grain: measure, relation_id, cell_id.
-- Purpose: which counts of the questions beyond the report lie within which, in one table and from table to table, and
-- within counts of marts.mobility_rate: first emigrations of emigrations, the silent of the residents, who left within
-- fewer years, emigrations known a year earlier, residents of 18-66 of those of 15-74, descendants of everybody, ...
--
-- A total and parts of it, not all of it; only descendants are all children of two immigrants. Where a later delivery
-- has fewer events of a year than an earlier one, nothing lies within anything.
{%- set within = [
    ('descendant_emigration_rate', 'residents_n', ['never_emigrated_n']),
    ('descendant_emigration_rate', 'emigrants_n', ['first_emigrants_n']),
    ('emigration_rate_by_basis', 'emigrants_n', ['administrative_n', 'unknown_basis_n']),
    ('emigration_rate_by_basis', 'residents_n', ['residents_activity_n']),
    ('presence_rate', 'residents_n', ['with_job_n']),
    ('presence_rate', 'residents_n', ['with_education_activity_n']),
    ('presence_rate', 'residents_n', ['with_jobseeker_registration_n']),
    ('presence_rate', 'residents_n', ['with_occupational_income_n']),
    ('presence_rate', 'residents_n', ['with_move_n']),
    ('presence_rate', 'residents_n', ['silent_1_year_n']),
    ('presence_rate', 'silent_1_year_n', ['silent_2_years_n']),
    ('presence_rate', 'silent_2_years_n', ['silent_3_years_n']),
    ('stated_number', 'persons_n', ['left_n']),
] %}
with

cell as (
    select * from {{ ref('int_disclosure__question_cell') }}
),

mobility_count as (
    select * from {{ ref('int_disclosure__mobility_count') }}
    where
        region_level = 'country'
        and population = 'age_15_74'
        and dimension = 'none'
),

country as (
    select distinct
        comparison_country,
        origin_group,
    from {{ ref('country_group') }}
    where comparison_country is not null
),

of_one_row as (
    {% for table_name, total, parts in within %}
        {% if not loop.first %}
            union all
        {% endif %}
        select
            'row' as name,
            whole.block_id,
            whole.measure,
            whole.cell_id as total_id,
            part.cell_id as part_id,
            '{{ parts[0] }}' as parts,
            whole.n as total_n,
            part.n,
        from cell as whole
        inner join cell as part
            on
                whole.table_name = part.table_name
                and whole.outcome_year is not distinct from part.outcome_year
                and whole.immigrant_group is not distinct from part.immigrant_group
                and whole.dimension is not distinct from part.dimension
                and whole.category is not distinct from part.category
                and whole.statistic_id is not distinct from part.statistic_id
        where
            whole.table_name = '{{ table_name }}'
            and whole.item = '{{ total }}'
            and part.item in ('{{ parts | join("', '") }}')
    {% endfor %}
),

-- What had happened within k years has happened within more, and what was known after k years is known later.
in_time as (
    select
        'time' as name,
        block_id,
        measure,
        lead(cell_id) over later as total_id,
        cell_id as part_id,
        'earlier' as parts,
        lead(n) over later as total_n,
        n,
    from cell
    where
        years_since > 0
        or development_year is not null
    window later as (
        partition by transition, cohort, dimension, category, item, basis, event_year
        order by years_since, development_year
    )
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
                (whole.population = 'all' and whole.region_level = 'country' and part.category = 'all')
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
),

subset as (
    select * from of_one_row
    union all by name
    select * from in_time
    union all by name
    select * from of_persons
    union all by name
    select * from of_countries
    union all by name
    select * from across_tables
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
        measure,
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
