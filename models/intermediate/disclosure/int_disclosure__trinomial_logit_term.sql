-- Grain: base_year, model_type, centrality_level, sex, equation, dimension, term.
-- Purpose: how many persons and events each coefficient of the trinomial logits rests on: those of its own category or
-- of the reference category it is compared with, whichever are fewer. Events are those of the equation's outcome or of
-- staying, whichever are fewer. The constant and the terms in numbers (age, family) rest on everybody. The
-- specification says which terms there are (int_disclosure__term).
with

term as (
    select * from {{ ref('int_disclosure__term') }}
),

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
        term.dimension,
        term.term,
        sum(scoped.persons_n) as persons_n,
        least(sum(scoped.events_n), sum(scoped.stay_n)) as events_n,
    from
        scoped,
        lateral (
            values
            ('everybody', 'all'),
            ('sex', scoped.own_sex),
            ('residence_group', scoped.residence_group),
            ('education_group_logit', scoped.education_group_logit),
            ('labour_status', scoped.labour_status),
            ('immigration_background', scoped.immigration_background),
            ('centrality_level', scoped.own_centrality_level::varchar)
        ) as characteristic (dimension, category)
    inner join term
        on
            'type_' || scoped.model_type = term.spec
            and characteristic.dimension = term.dimension
            and characteristic.category = term.category
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
            and counted.model_type = reference.model_type
            and counted.centrality_level is not distinct from reference.centrality_level
            and counted.sex is not distinct from reference.sex
            and counted.equation = reference.equation
            and counted.dimension = reference.dimension
            and reference.term is null
    where counted.term is not null
)

select * from final
