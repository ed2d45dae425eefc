-- Grain: base_year, spec, scope_type, scope_code, outcome, dimension, term.
-- Purpose: how many persons and events each coefficient of the linear probability models rests on: those of its own
-- category or of the reference category it is compared with, whichever are fewer. The constant rests on everybody.
-- The specification says which terms there are (int_disclosure__term).
with

term as (
    select * from {{ ref('int_disclosure__term') }}
),

cell as (
    select * from {{ ref('linear_probability_cell') }}
),

scoped as (
    select
        cell.*,
        scope.spec,
        scope.scope_type,
        scope.scope_code,
    from
        cell,
        lateral (
            values
            ('main', 'centrality', cast(cell.centrality_level as varchar), true),
            ('family_size', 'centrality', cast(cell.centrality_level as varchar), cell.family_size_group is not null),
            (
                'family_composition',
                'centrality',
                cast(cell.centrality_level as varchar),
                cell.family_size_group <> '1' and cell.immigrants_only_size is not null
            ),
            ('county_background', 'county', cell.county_code, true)
        ) as scope (spec, scope_type, scope_code, is_member)
    where
        scope.is_member
        and scope.scope_code is not null
),

-- The term is NULL for the reference category.
category as (
    select
        scoped.base_year,
        scoped.spec,
        scoped.scope_type,
        scoped.scope_code,
        term.dimension,
        term.term,
        sum(scoped.stay_county_n + scoped.internal_outmigration_county_n + scoped.emigration_n + scoped.neither_n)
            as persons_n,
        sum(case scoped.scope_type when 'county' then scoped.stay_county_n else scoped.stay_centrality_n end)
            as stay_n,
        sum(
            case
                when scoped.scope_type = 'county' then scoped.internal_outmigration_county_n
                else scoped.internal_outmigration_centrality_n
            end
        ) as internal_outmigration_n,
        sum(scoped.emigration_n) as emigration_n,
    from
        scoped,
        lateral (
            values
            ('everybody', 'all'),
            ('sex', scoped.sex),
            ('age_group', scoped.age_group),
            ('education_group', scoped.education_group),
            ('residence_group', scoped.residence_group),
            ('labour_status', scoped.labour_status),
            ('immigration_background', scoped.immigration_background),
            ('family_size_group', scoped.family_size_group),
            ('immigrants_only_size', scoped.immigrants_only_size)
        ) as characteristic (dimension, category)
    inner join term
        on
            scoped.spec = term.spec
            and characteristic.dimension = term.dimension
            and characteristic.category = term.category
    group by all
),

counted as (
    select
        category.base_year,
        category.spec,
        category.scope_type,
        category.scope_code,
        outcome.outcome,
        category.dimension,
        category.term,
        category.persons_n,
        least(outcome.events_n, category.persons_n - outcome.events_n) as events_n,
    from
        category,
        lateral (
            values
            ('stay', category.stay_n),
            ('internal_outmigration', category.internal_outmigration_n),
            ('emigration', category.emigration_n)
        ) as outcome (outcome, events_n)
),

final as (
    select
        counted.base_year,
        counted.spec,
        counted.scope_type,
        counted.scope_code,
        counted.outcome,
        counted.dimension,
        counted.term,
        case
            when counted.dimension = 'everybody' then counted.persons_n
            else least(counted.persons_n, coalesce(reference.persons_n, 0))
        end as persons_n,
        case
            when counted.dimension = 'everybody' then counted.events_n
            else least(counted.events_n, coalesce(reference.events_n, 0))
        end as events_n,
    from counted
    left join counted as reference
        on
            counted.base_year = reference.base_year
            and counted.spec = reference.spec
            and counted.scope_type = reference.scope_type
            and counted.scope_code = reference.scope_code
            and counted.outcome = reference.outcome
            and counted.dimension = reference.dimension
            and reference.term is null
    where counted.term is not null
)

select * from final
