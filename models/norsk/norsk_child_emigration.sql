-- Grain: that of marts.child_emigration, with Norwegian column names.
select
    outcome_year as utfallsår,
    population as populasjon,
    age_group as aldersgruppe,
    county_code as fylke,
    outcome_is_provisional as utfall_er_foreløpig,
    residents_n as bosatte,
    emigrants_n as utvandrede,
    internal_outmigrants_n as flyttet_mellom_fylker,
    deaths_n as døde,
    emigration_rate as utvandringsrate,
    internal_outmigration_rate as flytterate_fylke,
from {{ ref('child_emigration') }}
