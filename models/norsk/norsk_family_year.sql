-- Grain: that of marts.family_year, with Norwegian column names.
select
    family_id as familie,
    reference_year as referanseår,
    family_size as familiestørrelse,
    family_immigrants as innvandrere_i_familien,
    family_non_immigrants as andre_enn_innvandrere_i_familien,
    family_children as barn_i_familien,
    family_type as familietype,
from {{ ref('family_year') }}
