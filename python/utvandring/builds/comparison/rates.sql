-- Emigration rates of immigrants per 100 residents at the start of the year, where they moved.
with
before as (
    select * from before.marts.mobility_rate
    where region_level = 'country' and population = 'all' and dimension = 'none'
),

after as (
    select * from after.marts.mobility_rate
    where region_level = 'country' and population = 'all' and dimension = 'none'
)

select
    outcome_year,
    immigration_background,
    before.residents_n as residents_before_n,
    after.residents_n as residents_after_n,
    before.emigrants_n as emigrants_before_n,
    after.emigrants_n as emigrants_after_n,
    before.emigration_rate as emigration_rate_before,
    after.emigration_rate as emigration_rate_after,
    after.emigration_rate - before.emigration_rate as emigration_rate_change,
from before
full join after using (outcome_year, immigration_background)
where
    before.residents_n is distinct from after.residents_n
    or before.emigrants_n is distinct from after.emigrants_n
order by outcome_year, immigration_background
