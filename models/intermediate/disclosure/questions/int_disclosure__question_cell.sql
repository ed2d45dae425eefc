-- Grain: table_name and the key of its cells: every count of the released tables on questions beyond the report.
-- Purpose: one list of what is counted where. Counts of the same persons in two tables are one cell (cell_id, measure),
-- so that they are judged once; measure names the system of counts that a cell adds up in.
{%- set tables = {
    'emigration_by_region': 'int_disclosure__region_cell',
    'descendant_emigration_rate': 'int_disclosure__descendant_cell',
    'emigration_rate_by_basis': 'int_disclosure__basis_cell',
    'presence_rate': 'int_disclosure__presence_cell',
    'immigration_survival': 'int_disclosure__survival_cell',
    'former_resident': 'int_disclosure__former_resident_cell',
    'registration': 'int_disclosure__registration_cell',
    'stated_number': 'int_disclosure__stated_cell',
} %}
with

final as (
    {% for table_name, cells in tables.items() %}
        {% if not loop.first %}
            union all by name
        {% endif %}
        select
            '{{ table_name }}' as table_name,
            *,
        from {{ ref(cells) }}
    {% endfor %}
)

select * replace (coalesce(is_of_mobility_rate, false) as is_of_mobility_rate)
from final
