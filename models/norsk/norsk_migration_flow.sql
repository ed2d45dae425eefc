-- Grain: that of marts.migration_flow, with Norwegian column names.
select
    outcome_year as utfallsår,
    region_level as regionnivå,
    from_region as fra_region,
    to_region as til_region,
    dimension as kjennetegn,
    category as kategori,
    persons_n as personer,
from {{ ref('migration_flow') }}
