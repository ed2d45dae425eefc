-- Grain: base_year, spec, scope_type, scope_code, outcome, dimension, term.
-- Purpose: how many persons and events each coefficient of the linear probability models rests on: those of its own
-- category or of the reference category it is compared with, whichever are fewer. The constant rests on everybody.
with

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
        characteristic.dimension,
        characteristic.term,
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
            ('constant', 'constant', true),
            ('sex', nullif(scoped.sex, 'female'), true),
            ('age_group', 'age_' || replace(nullif(scoped.age_group, '62-74'), '-', '_'), true),
            ('education_group', nullif(scoped.education_group, 'unknown'), true),
            ('residence_group', 'residence_' || replace(nullif(scoped.residence_group, '16+'), '-', '_'), true),
            ('labour_status', nullif(scoped.labour_status, 'outside_labour_force'), true),
            ('immigration_background', nullif(scoped.immigration_background, 'unknown'), true),
            (
                'family_size_group',
                'family_' || nullif(scoped.family_size_group, '5+'),
                scoped.spec in ('family_size', 'family_composition')
            ),
            (
                'immigrants_only_size',
                'family_' || replace(nullif(scoped.immigrants_only_size, 'mixed'), '+', 'plus') || '_immigrants_only',
                scoped.spec = 'family_composition'
            )
        ) as characteristic (dimension, term, is_used)
    where characteristic.is_used
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
            when counted.dimension = 'constant' then counted.persons_n
            else least(counted.persons_n, coalesce(reference.persons_n, 0))
        end as persons_n,
        case
            when counted.dimension = 'constant' then counted.events_n
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
