-- Grain: outcome_year, dimension, category.
-- Population: immigrants of all ages, resident at the start of the year.
-- Purpose: three emigration rates side by side (2.1.5): as registered; without administrative emigrations; and with
-- administrative emigrations moved to the year after the last sign of life (activity-dated).
--
-- Without: persons with an administrative emigration leave the population of that year, as in the regressions.
-- Activity-dated: the emigration belongs to the year after the last sign of life, and the person is not among the
-- residents of the silent years after it. Without any sign of life it stays as registered, as in the regressions.
-- Emigrations that will be decided after the last delivery cannot be moved yet: rates of the latest years are too low.
-- Where the register does not say the basis and it cannot be inferred, an emigration counts as reported.
with

cell as (
    select * from {{ ref('int_mobility__basis_cell') }}
),

-- Read twice: by default the engine would write it down first, since it is asked for twice.
person_year as not materialized (
    select * from {{ ref('person_year') }}
    where
        is_immigrant
        and outcome_municipality is not null
),

country_group as (
    select * from {{ ref('country_group') }}
),

administrative as (
    select
        person_id,
        base_year as registered_base_year,
        last_sign_of_life_year,
    from person_year
    where
        outcome_municipality = 'emigration'
        and emigration_basis = 'administrative'
),

-- From the last sign of life on: the year that now has the emigration, and those of which nobody is left.
moved as (
    select
        person_year.person_id,
        person_year.base_year,
        person_year.outcome_year,
        person_year.outcome_is_provisional,
        person_year.outcome_municipality,
        person_year.country_of_birth,
        person_year.immigration_background,
        max(administrative.last_sign_of_life_year) as last_sign_of_life_year,
    from person_year
    inner join administrative
        on
            person_year.person_id = administrative.person_id
            and person_year.base_year
            between administrative.last_sign_of_life_year and administrative.registered_base_year
    group by all
),

-- What is registered, and what moving it changes.
described as (
    select
        *,
        residents_n as residents_activity_n,
        emigrants_n as emigrants_activity_n,
    from cell
    union all by name
    select
        moved.outcome_year,
        moved.outcome_is_provisional,
        country_group.origin_group,
        moved.immigration_background,
        -count(*) filter (where moved.last_sign_of_life_year <> moved.base_year) as residents_activity_n,
        count(*) filter (where moved.last_sign_of_life_year = moved.base_year)
        - count(*) filter (where moved.outcome_municipality = 'emigration') as emigrants_activity_n,
    from moved
    left join country_group on moved.country_of_birth = country_group.country_code
    group by all
),

counted as (
    select
        described.outcome_year,
        dimension.dimension,
        dimension.category,
        described.outcome_is_provisional,
        sum(described.residents_n)::bigint as residents_n,
        sum(described.emigrants_n)::bigint as emigrants_n,
        sum(described.administrative_n)::bigint as administrative_n,
        sum(described.unknown_basis_n)::bigint as unknown_basis_n,
        sum(described.residents_activity_n)::bigint as residents_activity_n,
        sum(described.emigrants_activity_n)::bigint as emigrants_activity_n,
    from
        described,
        lateral (
            values
            ('none', 'all'),
            ('origin_group', described.origin_group),
            ('immigration_background', described.immigration_background)
        ) as dimension (dimension, category)
    where dimension.category is not null
    group by all
),

final as (
    select
        *,
        100.0::double * administrative_n / nullif(emigrants_n, 0) as administrative_share,
        100.0::double * emigrants_n / residents_n as emigration_rate_registered,
        100.0::double * (emigrants_n - administrative_n) / nullif(residents_n - administrative_n, 0)
            as emigration_rate_without_administrative,
        100.0::double * emigrants_activity_n / nullif(residents_activity_n, 0) as emigration_rate_activity_dated,
    from counted
)

select * from final
order by outcome_year, dimension, category
