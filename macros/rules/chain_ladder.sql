{#-
    The steps of a chain ladder over a delay triangle (Mack 1993): CTEs followed, step and completion over the CTE known
    with basis, event_year, development_year and emigrations_n; a count that is missing takes part in no step.
-#}
{% macro chain_ladder() -%}
    followed as (
        select
            known.*,
            later.emigrations_n as emigrations_next_n,
        from known
        left join known as later
            on
                known.basis = later.basis
                and known.event_year = later.event_year
                and known.development_year + 1 = later.development_year
    ),

    step as (
        select
            basis,
            development_year,
            sum(emigrations_next_n) filter (where emigrations_n is not null)
            / nullif(sum(emigrations_n) filter (where emigrations_next_n is not null), 0) as revision_factor,
            development_year = max(development_year) over (partition by basis) as is_oldest,
        from followed
        group by basis, development_year
    ),

    completion as (
        select
            step.basis,
            step.development_year,
            step.revision_factor,
            case
                when step.is_oldest then 1.0
                when
                    count(*) filter (where not later.is_oldest and later.revision_factor is null) = 0
                    then
                        product(
                            case when later.is_oldest then 1.0 else later.revision_factor end
                            order by later.development_year
                        )
            end as completion_factor,
        from step
        inner join step as later
            on
                step.basis = later.basis
                and step.development_year <= later.development_year
        group by step.basis, step.development_year, step.revision_factor, step.is_oldest
    )
{%- endmacro %}
