-- Grain: base_year, model_type, centrality_level, sex, equation, dimension, term.
-- Purpose: how many persons and events each coefficient of the trinomial logits rests on: those of its own category or
-- of the reference category it is compared with, whichever are fewer. Events are those of the equation's outcome or of
-- staying, whichever are fewer. The constant and the terms in numbers (age, family) rest on everybody: term constant.
with

cell as (
    select
        *,
        stay_n + internal_outmigration_n + emigration_n as persons_n,
    from {{ ref('trinomial_logit_cell') }}
),

scoped as (
    select
        cell.* exclude (sex, centrality_level),
        cell.sex as own_sex,
        cell.centrality_level as own_centrality_level,
        scope.model_type,
        scope.centrality_level,
        scope.sex,
        outcome.equation,
        outcome.events_n,
    from
        cell,
        lateral (
            values
            (1, null, null),
            (2, cell.centrality_level, null),
            (3, cell.centrality_level, cell.sex)
        ) as scope (model_type, centrality_level, sex),
        lateral (
            values
            ('internal_outmigration', cell.internal_outmigration_n),
            ('emigration', cell.emigration_n)
        ) as outcome (equation, events_n)
),

-- The term is NULL for the reference category.
counted as (
    select
        scoped.base_year,
        scoped.model_type,
        scoped.centrality_level,
        scoped.sex,
        scoped.equation,
        characteristic.dimension,
        characteristic.term,
        sum(scoped.persons_n) as persons_n,
        least(sum(scoped.events_n), sum(scoped.stay_n)) as events_n,
    from
        scoped,
        lateral (
            values
            ('constant', 'constant', true),
            ('sex', nullif(scoped.own_sex, 'male'), scoped.model_type < 3),
            ('residence_group', 'residence_' || replace(nullif(scoped.residence_group, '16+'), '-', '_'), true),
            ('education_group_logit', nullif(scoped.education_group_logit, 'none_or_unknown'), true),
            ('labour_status', 'status_' || nullif(scoped.labour_status, 'outside_labour_force'), true),
            ('immigration_background', 'bg_' || nullif(scoped.immigration_background, 'nordic'), true),
            ('centrality_level', 'centrality_' || nullif(scoped.own_centrality_level, 4), scoped.model_type = 1)
        ) as characteristic (dimension, term, is_used)
    where characteristic.is_used
    group by all
),

final as (
    select
        counted.base_year,
        counted.model_type,
        counted.centrality_level,
        counted.sex,
        counted.equation,
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
            and counted.model_type = reference.model_type
            and counted.centrality_level is not distinct from reference.centrality_level
            and counted.sex is not distinct from reference.sex
            and counted.equation = reference.equation
            and counted.dimension = reference.dimension
            and reference.term is null
    where counted.term is not null
)

select * from final
