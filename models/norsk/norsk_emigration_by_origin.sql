-- Grain: that of marts.emigration_by_origin, with Norwegian column names.
select
    outcome_year as utfallsår,
    country_group as landgruppe,
    country_of_birth as fødeland,
    entry_period as innvandringsperiode,
    dimension as kjennetegn,
    category as kategori,
    outcome_is_provisional as utfall_er_foreløpig,
    residents_n as bosatte,
    emigrants_n as utvandrede,
    administrative_n as utvandret_etter_vedtak,
    unknown_basis_n as ukjent_grunnlag,
    judged_n as vurderte,
    overcoverage_n as trolig_overdekning,
    emigration_rate as utvandringsrate,
    administrative_share as andel_etter_vedtak,
    overcoverage_rate as andel_overdekning,
from {{ ref('emigration_by_origin') }}
