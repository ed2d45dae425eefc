-- Grain: that of marts.mover_profile, with Norwegian column names.
select
    outcome_year as utfallsår,
    region_level as regionnivå,
    region_code as region,
    destination as flyttet_til,
    dimension as kjennetegn,
    category as kategori,
    persons_n as personer,
    share as andel,
    persons_four_years_before_n as personer_fire_år_før,
    share_four_years_before as andel_fire_år_før,
from {{ ref('mover_profile') }}
